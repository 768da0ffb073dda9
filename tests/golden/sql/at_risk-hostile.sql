CREATE OR ALTER VIEW [odd].[it's ü]]berAtRisk]
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
FROM [odd].[it's ü]]berLatest] AS l
WHERE l.alert = 1;
