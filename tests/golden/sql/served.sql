CREATE OR ALTER VIEW [dbo].[ServedCallPredictions]
AS
SELECT
    p.[callID],
    p.[called_at],
    p.[predicted],
    p.[p_no],
    p.[p_yes],
    p.[alert],
    p.[model_version],
    p.[run_id],
    p.[scored_at]
FROM [dbo].[CallPredictions] AS p
JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
WHERE r.status = N'succeeded' AND r.is_shadow = 0;
