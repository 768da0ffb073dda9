CREATE OR ALTER VIEW [dbo].[CallPredictionsDaily]
AS
SELECT
    CAST(p.[called_at] AS date) AS day,
    p.model_version,
    COUNT_BIG(*) AS n_predictions,
    SUM(CAST(CASE WHEN p.alert = 1 THEN 1 ELSE 0 END AS bigint)) AS n_at_risk
FROM [dbo].[ServedCallPredictions] AS p
GROUP BY CAST(p.[called_at] AS date), p.model_version;
