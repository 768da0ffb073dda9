CREATE OR ALTER VIEW [dbo].[DemandForecastsDaily]
AS
SELECT
    CAST(p.[day] AS date) AS day,
    p.model_version,
    COUNT_BIG(*) AS n_predictions
FROM [dbo].[ServedDemandForecasts] AS p
GROUP BY CAST(p.[day] AS date), p.model_version;
