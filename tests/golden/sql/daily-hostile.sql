CREATE OR ALTER VIEW [odd].[it's ü]]berDaily]
AS
SELECT
    CAST(p.[time stamp] AS date) AS day,
    p.model_version,
    COUNT_BIG(*) AS n_predictions,
    SUM(CAST(CASE WHEN p.alert = 1 THEN 1 ELSE 0 END AS bigint)) AS n_at_risk
FROM [odd].[serv]]ed ü] AS p
GROUP BY CAST(p.[time stamp] AS date), p.model_version;
