CREATE OR ALTER VIEW [dbo].[ServedFailurePredictions]
AS
SELECT
    p.[machineID],
    p.[datetime],
    p.predicted,
    p.[p_none],
    p.[p_comp1],
    p.[p_comp2],
    p.[p_comp3],
    p.[p_comp4],
    p.model_version,
    p.run_id,
    p.scored_at
FROM [dbo].[FailurePredictions] AS p
JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
WHERE r.status = N'succeeded' AND r.is_shadow = 0;
