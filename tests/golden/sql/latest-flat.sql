CREATE OR ALTER VIEW [dbo].[CallClustersLatest]
AS
SELECT
    l.[call_id],
    l.[predicted],
    l.[model_version],
    l.[run_id],
    l.[scored_at]
FROM (
    SELECT
        p.[call_id],
        p.[predicted],
        p.[model_version],
        p.[run_id],
        p.[scored_at],
        ROW_NUMBER() OVER (PARTITION BY p.[call_id] ORDER BY p.run_id DESC) AS row_no
    FROM [dbo].[ServedCallClusters] AS p
) AS l
WHERE l.row_no = 1;
