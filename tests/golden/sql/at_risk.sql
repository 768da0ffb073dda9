CREATE OR ALTER VIEW [dbo].[CallPredictionsAtRisk]
AS
SELECT
    l.[callID],
    l.[called_at],
    l.[predicted],
    l.[p_no],
    l.[p_yes],
    l.[alert],
    l.[model_version],
    l.[run_id],
    l.[scored_at]
FROM [dbo].[CallPredictionsLatest] AS l
WHERE l.alert = 1;
