CREATE OR ALTER PROCEDURE [dbo].[EvaluateCalls]
    @since datetime = NULL,
    @until datetime = NULL,
    @period nvarchar(5) = N'day',
    @model sysname = N'bank',
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
    actual nvarchar(3) COLLATE DATABASE_DEFAULT NOT NULL,
    predicted nvarchar(3) COLLATE DATABASE_DEFAULT NOT NULL
);
INSERT INTO #judged (model_version, period_start, actual, predicted)
SELECT p.version, CASE @period
    WHEN N'day' THEN DATEADD(day, DATEDIFF(day, '17530101', p.[called_at]), CAST('17530101' AS datetime))
    WHEN N'week' THEN DATEADD(day, DATEDIFF(day, '17530101', p.[called_at]) / 7 * 7, CAST('17530101' AS datetime))
    WHEN N'month' THEN DATEADD(month, DATEDIFF(month, '17530101', p.[called_at]), CAST('17530101' AS datetime))
    ELSE DATEADD(year, DATEDIFF(year, '17530101', p.[called_at]), CAST('17530101' AS datetime)) END, CAST(f.[y] AS nvarchar(3)), p.predicted
FROM (
    SELECT s.[callID], s.[called_at], s.predicted, s.scored_at, v.version,
        ROW_NUMBER() OVER (PARTITION BY v.version, s.[callID], s.[called_at] ORDER BY s.run_id DESC) AS nth
    FROM [dbo].[ServedCallPredictions] AS s
    JOIN ml.scoring_runs AS r ON r.run_id = s.run_id
    JOIN ml.model_versions AS v ON v.model_version_id = r.model_version_id
    JOIN ml.models AS m ON m.model_id = v.model_id
    WHERE m.name = @model AND (@version IS NULL OR v.version = @version)
) AS p
JOIN [dbo].[BankFeaturesFor] (NULL, @since, @until) AS f ON f.[callID] = p.[callID] AND f.[called_at] = p.[called_at]
WHERE p.nth = 1 AND f.[y] IS NOT NULL
    AND (@since IS NULL OR p.[called_at] >= @since) AND (@until IS NULL OR p.[called_at] <= @until)
OPTION (RECOMPILE);
IF @@ROWCOUNT = 0
BEGIN
    SET @message = CONCAT(N'Nothing to evaluate: no label has arrived for what model ''', @model, N''' has predicted in the '
        + N'range. A job may take 51004 for success.');
    THROW 51004, @message, 1;
END;

SELECT model_version, period_start, actual, predicted, COUNT_BIG(*) AS n
INTO #confusion
FROM #judged
GROUP BY model_version, period_start, actual, predicted;

-- F1 of a class is 2 * right / (actual + predicted); macro F1 their mean over the classes that the period has in either.
SELECT a.model_version, a.period_start, a.n, a.accuracy, f.macro_f1
INTO #figures
FROM (
    SELECT model_version, period_start, SUM(n) AS n,
        SUM(CASE WHEN actual = predicted THEN n ELSE 0 END) / CAST(SUM(n) AS float) AS accuracy
    FROM #confusion
    GROUP BY model_version, period_start
) AS a
JOIN (
    SELECT c.model_version, c.period_start, AVG(2E0 * c.n_right / c.n_both) AS macro_f1
    FROM (
        SELECT b.model_version, b.period_start, b.class, SUM(b.n_right) AS n_right, SUM(b.n) AS n_both
        FROM (
            SELECT model_version, period_start, actual AS class, n, CASE WHEN actual = predicted THEN n ELSE 0 END AS n_right
            FROM #confusion
            UNION ALL
            SELECT model_version, period_start, predicted, n, 0 FROM #confusion
        ) AS b
        GROUP BY b.model_version, b.period_start, b.class
    ) AS c
    GROUP BY c.model_version, c.period_start
) AS f ON f.model_version = a.model_version AND f.period_start = a.period_start;

IF @persist = 1
BEGIN
    BEGIN TRANSACTION;
    DELETE e
    FROM [dbo].[CallEvaluations] AS e
    JOIN #figures AS f ON f.model_version = e.model_version AND f.period_start = e.period_start
    WHERE e.model = @model AND e.period = @period;
    INSERT INTO [dbo].[CallEvaluations] (model, model_version, period, period_start, n, accuracy, macro_f1, evaluated_at)
    SELECT @model, model_version, @period, period_start, n, accuracy, macro_f1, GETUTCDATE()
    FROM #figures;
    DELETE e
    FROM [dbo].[CallConfusion] AS e
    JOIN #figures AS f ON f.model_version = e.model_version AND f.period_start = e.period_start
    WHERE e.model = @model AND e.period = @period;
    INSERT INTO [dbo].[CallConfusion] (model, model_version, period, period_start, actual, predicted, n)
    SELECT @model, model_version, @period, period_start, actual, predicted, n
    FROM #confusion;
    COMMIT TRANSACTION;
END;

SELECT @model AS model, model_version, @period AS period, period_start, n, accuracy, macro_f1
FROM #figures
ORDER BY model_version, period_start;

SELECT @model AS model, model_version, @period AS period, period_start, actual, predicted, n
FROM #confusion
ORDER BY model_version, period_start, actual, predicted;
END;
