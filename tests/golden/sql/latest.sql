CREATE OR ALTER VIEW [dbo].[CallPredictionsLatest]
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
FROM (
    SELECT
        p.[callID],
        p.[called_at],
        p.[predicted],
        p.[p_no],
        p.[p_yes],
        p.[model_version],
        p.[run_id],
        p.[scored_at],
        -- What was an alert stays one when its row is scored again.
        CAST(MAX(CAST(p.alert AS tinyint)) OVER (PARTITION BY p.[callID], p.[called_at]) AS bit) AS alert,
        ROW_NUMBER() OVER (PARTITION BY p.[callID] ORDER BY p.[called_at] DESC, p.run_id DESC) AS row_no
    FROM [dbo].[ServedCallPredictions] AS p
) AS l
WHERE l.row_no = 1;
