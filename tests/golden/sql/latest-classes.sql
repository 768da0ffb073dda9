CREATE OR ALTER VIEW [dbo].[FailurePredictionsLatest]
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
FROM (
    SELECT
        p.[machineID],
        p.[datetime],
        p.[predicted],
        p.[p_none],
        p.[p_comp1],
        p.[p_comp2],
        p.[p_comp3],
        p.[p_comp4],
        p.[model_version],
        p.[run_id],
        p.[scored_at],
        ROW_NUMBER() OVER (PARTITION BY p.[machineID] ORDER BY p.[datetime] DESC, p.run_id DESC) AS row_no
    FROM [dbo].[ServedFailurePredictions] AS p
) AS l
WHERE l.row_no = 1;
