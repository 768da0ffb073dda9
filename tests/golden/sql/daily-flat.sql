CREATE OR ALTER VIEW [dbo].[CallClustersDaily]
AS
SELECT
    CAST(p.scored_at AS date) AS day,
    p.model_version,
    COUNT_BIG(*) AS n_predictions
FROM [dbo].[ServedCallClusters] AS p
GROUP BY CAST(p.scored_at AS date), p.model_version;
