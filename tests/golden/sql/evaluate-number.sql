CREATE OR ALTER PROCEDURE [dbo].[EvaluateForecasts]
    @since datetime = NULL,
    @until datetime = NULL,
    @period nvarchar(5) = N'day',
    @model sysname = N'demand',
    @version int = NULL,
    @persist bit = 1
AS
BEGIN
-- A row counts once for each version: by its latest prediction. @period is day, week (from Monday), month or year of the
-- row's time; @since and @until are widened to whole periods, so that no figure is of a part of one. What was kept
-- of the same version and period is replaced. @persist = 0 only returns the figures.
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @message nvarchar(2048);
IF @period IS NULL OR @period NOT IN (N'day', N'week', N'month', N'year')
    THROW 51007, N'@period is day, week, month or year.', 1;
IF @since IS NOT NULL SET @since = CASE @period
    WHEN N'day' THEN DATEADD(day, DATEDIFF(day, '17530101', @since), CAST('17530101' AS datetime))
    WHEN N'week' THEN DATEADD(day, DATEDIFF(day, '17530101', @since) / 7 * 7, CAST('17530101' AS datetime))
    WHEN N'month' THEN DATEADD(month, DATEDIFF(month, '17530101', @since), CAST('17530101' AS datetime))
    ELSE DATEADD(year, DATEDIFF(year, '17530101', @since), CAST('17530101' AS datetime)) END;
IF @until IS NOT NULL SET @until = DATEADD(millisecond, -3, CASE @period
    WHEN N'day' THEN DATEADD(day, DATEDIFF(day, '17530101', @until) + 1, CAST('17530101' AS datetime))
    WHEN N'week' THEN DATEADD(day, (DATEDIFF(day, '17530101', @until) / 7 + 1) * 7, CAST('17530101' AS datetime))
    WHEN N'month' THEN DATEADD(month, DATEDIFF(month, '17530101', @until) + 1, CAST('17530101' AS datetime))
    ELSE DATEADD(year, DATEDIFF(year, '17530101', @until) + 1, CAST('17530101' AS datetime)) END);

CREATE TABLE #judged (
    model_version int NOT NULL,
    period_start datetime NOT NULL,
    actual float NOT NULL,
    predicted float NOT NULL
);
INSERT INTO #judged (model_version, period_start, actual, predicted)
SELECT p.version, CASE @period
    WHEN N'day' THEN DATEADD(day, DATEDIFF(day, '17530101', p.[day]), CAST('17530101' AS datetime))
    WHEN N'week' THEN DATEADD(day, DATEDIFF(day, '17530101', p.[day]) / 7 * 7, CAST('17530101' AS datetime))
    WHEN N'month' THEN DATEADD(month, DATEDIFF(month, '17530101', p.[day]), CAST('17530101' AS datetime))
    ELSE DATEADD(year, DATEDIFF(year, '17530101', p.[day]), CAST('17530101' AS datetime)) END, CAST(f.[quantity_next_7d] AS float), p.predicted
FROM (
    SELECT s.[shopID], s.[item], s.[day], s.predicted, s.scored_at, v.version,
        ROW_NUMBER() OVER (PARTITION BY v.version, s.[shopID], s.[item], s.[day] ORDER BY s.run_id DESC) AS nth
    FROM [dbo].[ServedDemandForecasts] AS s
    JOIN ml.scoring_runs AS r ON r.run_id = s.run_id
    JOIN ml.model_versions AS v ON v.model_version_id = r.model_version_id
    JOIN ml.models AS m ON m.model_id = v.model_id
    WHERE m.name = @model AND (@version IS NULL OR v.version = @version)
) AS p
JOIN [dbo].[DemandFeaturesFor] (NULL, NULL, @since, @until) AS f ON f.[shopID] = p.[shopID] AND f.[item] = p.[item] AND f.[day] = p.[day]
WHERE p.nth = 1 AND f.[quantity_next_7d] IS NOT NULL
    AND (@since IS NULL OR p.[day] >= @since) AND (@until IS NULL OR p.[day] <= @until)
OPTION (RECOMPILE);
IF @@ROWCOUNT = 0
BEGIN
    SET @message = CONCAT(N'Nothing to evaluate: no label has arrived for what model ''', @model, N''' has predicted in the '
        + N'range. A job may take 51004 for success.');
    THROW 51004, @message, 1;
END;

SELECT model_version, period_start, COUNT_BIG(*) AS n, AVG(ABS(predicted - actual)) AS mae,
    SQRT(AVG(SQUARE(predicted - actual))) AS rmse, AVG(predicted - actual) AS bias
INTO #figures
FROM #judged
GROUP BY model_version, period_start;

IF @persist = 1
BEGIN
    BEGIN TRANSACTION;
    DELETE e
    FROM [dbo].[ForecastEvaluations] AS e
    JOIN #figures AS f ON f.model_version = e.model_version AND f.period_start = e.period_start
    WHERE e.model = @model AND e.period = @period;
    INSERT INTO [dbo].[ForecastEvaluations] (model, model_version, period, period_start, n, mae, rmse, bias, evaluated_at)
    SELECT @model, model_version, @period, period_start, n, mae, rmse, bias, GETUTCDATE()
    FROM #figures;
    COMMIT TRANSACTION;
END;

SELECT @model AS model, model_version, @period AS period, period_start, n, mae, rmse, bias
FROM #figures
ORDER BY model_version, period_start;
END;
