CREATE OR ALTER VIEW [dbo].[FailurePredictionsDaily]
AS
SELECT
    CAST(p.[datetime] AS date) AS day,
    p.model_version,
    COUNT_BIG(*) AS n_predictions,
    SUM(CAST(CASE WHEN p.predicted <> N'none' THEN 1 ELSE 0 END AS bigint)) AS n_at_risk
FROM [dbo].[ServedFailurePredictions] AS p
GROUP BY CAST(p.[datetime] AS date), p.model_version;
