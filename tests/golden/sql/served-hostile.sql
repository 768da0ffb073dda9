CREATE OR ALTER VIEW [odd].[serv]]ed ü]
AS
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
    p.[alert],
    p.[model_version],
    p.[run_id],
    p.[scored_at]
FROM [odd].[it's ü]]ber] AS p
JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
WHERE r.status = N'succeeded' AND r.is_shadow = 0;
