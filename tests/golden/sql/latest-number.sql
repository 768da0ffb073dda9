CREATE OR ALTER VIEW [dbo].[DemandForecastsLatest]
AS
SELECT
    l.[shopID],
    l.[item],
    l.[day],
    l.[predicted],
    l.[model_version],
    l.[run_id],
    l.[scored_at]
FROM (
    SELECT
        p.[shopID],
        p.[item],
        p.[day],
        p.[predicted],
        p.[model_version],
        p.[run_id],
        p.[scored_at],
        ROW_NUMBER() OVER (PARTITION BY p.[shopID], p.[item] ORDER BY p.[day] DESC, p.run_id DESC) AS row_no
    FROM [dbo].[ServedDemandForecasts] AS p
) AS l
WHERE l.row_no = 1;
