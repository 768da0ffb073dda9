CREATE OR ALTER VIEW [odd].[it's ü]]berLatest]
AS
SELECT
    l.[asset]]id],
    l.[time stamp],
    l.[predicted],
    l.[p_no'ne],
    l.[p_e'1],
    l.[top_1],
    l.[top_1_p],
    l.[top_2],
    l.[top_2_p],
    l.[alert],
    l.[model_version],
    l.[run_id],
    l.[scored_at]
FROM (
    SELECT
        p.[asset]]id],
        p.[time stamp],
        p.[predicted],
        p.[p_no'ne],
        p.[p_e'1],
        p.[top_1],
        p.[top_1_p],
        p.[top_2],
        p.[top_2_p],
        p.[model_version],
        p.[run_id],
        p.[scored_at],
        -- What was an alert stays one when its row is scored again.
        CAST(MAX(CAST(p.alert AS tinyint)) OVER (PARTITION BY p.[asset]]id], p.[time stamp]) AS bit) AS alert,
        ROW_NUMBER() OVER (PARTITION BY p.[asset]]id] ORDER BY p.[time stamp] DESC, p.run_id DESC) AS row_no
    FROM [odd].[serv]]ed ü] AS p
) AS l
WHERE l.row_no = 1;
