CREATE OR ALTER VIEW [dbo].[FailurePredictionsAtRisk]
AS
SELECT
    l.[machineID],
    l.[datetime],
    l.[predicted],
    l.[p_none],
    l.[p_comp1],
    l.[p_comp2],
    l.[p_comp3],
    l.[p_comp4],
    l.[model_version],
    l.[run_id],
    l.[scored_at]
FROM [dbo].[FailurePredictionsLatest] AS l
WHERE l.predicted <> N'none';
