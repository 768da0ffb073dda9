CREATE OR ALTER PROCEDURE [dbo].[TrainDeposits]
    @since datetime = NULL,
    @until datetime = NULL,
    @test_from datetime = NULL,
    @model sysname = N'bank',
    @alias sysname = N'champion',
    @experiment nvarchar(128) = N'bank',
    @promote bit = 0,
    @comment nvarchar(4000) = NULL,
    @run_id bigint = NULL OUTPUT,
    @version int = NULL OUTPUT
AS
BEGIN
-- The run is there from the beginning, and ends as finished or as failed with the reason. The version is registered once
-- the server's Python has loaded its bytes; @promote = 1 points the alias at it then. Call it outside a transaction:
-- inside one, all it stores is part of that transaction, and a failure rolls it back.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @language nvarchar(128) = N'Python', @bytes varbinary(max), @sha256 binary(32), @signature nvarchar(max),
    @packages nvarchar(max), @python_version nvarchar(20), @sample nvarchar(max), @metrics nvarchar(max),
    @logged nvarchar(max), @refusal nvarchar(max), @failure nvarchar(max), @number int, @text nvarchar(max),
    @message nvarchar(2048), @query nvarchar(max), @test_text nvarchar(30) = N'', @training_query nvarchar(max),
    @n_rows bigint, @is_ended bit = 0, @first int = 1, @last int, @kind nvarchar(20), @name nvarchar(250),
    @value nvarchar(max), @metric float, @artifact varbinary(max), @rows_since nvarchar(40) = N'NULL', @rows_until nvarchar(40) = N'NULL';
DECLARE @object_id int, @definition nvarchar(max), @level int = 0, @found int = 1;
DECLARE @modules TABLE (object_id int NOT NULL PRIMARY KEY, level int NOT NULL);
DECLARE @entries TABLE (entry_no int NOT NULL PRIMARY KEY, kind nvarchar(20) NOT NULL, name nvarchar(250) NOT NULL, value nvarchar(max) NULL);

DECLARE @task nvarchar(max) = N'{"view": "dbo.BankFeatures", "columns": [{"name": "age", "sql_type": "int", "dtype": "float64"}, {"name": "job", "sql_type": "nvarchar(20)", "dtype": "str"}, {"name": "marital", "sql_type": "nvarchar(20)", "dtype": "str"}, {"name": "education", "sql_type": "nvarchar(20)", "dtype": "str"}, {"name": "balance", "sql_type": "float", "dtype": "float64"}, {"name": "campaign", "sql_type": "int", "dtype": "float64"}, {"name": "contact_cellular", "sql_type": "int", "dtype": "float64"}, {"name": "contact_telephone", "sql_type": "int", "dtype": "float64"}], "time": "called_at", "label": "y", "kind": "classification", "module": "sklearn.ensemble", "estimator": "HistGradientBoostingClassifier", "parameters": {"max_iter": 100, "learning_rate": 0.1, "class_weight": "balanced", "early_stopping": false}, "seed": 20150101, "gap_s": 0.0, "impute": "median", "scale": true}';

DECLARE @script nvarchar(max) = N'x = 1
';

SELECT @run_id = NULL, @version = NULL;
BEGIN TRY
    EXEC ml.StartRun @experiment = @experiment, @name = N'dbo.TrainDeposits', @source = N'EXEC dbo.TrainDeposits', @run_id = @run_id OUTPUT;

    IF @since IS NOT NULL SET @rows_since = CONCAT(N'''', CONVERT(nvarchar(30), @since, 126), N'''');
    IF @until IS NOT NULL SET @rows_until = CONCAT(N'''', CONVERT(nvarchar(30), @until, 126), N'''');
    IF @test_from IS NOT NULL SET @test_text = CONVERT(nvarchar(30), @test_from, 126);
    -- The function and not the view: it reads no more than the range needs.
    SET @query = CONCAT(CAST(N'SELECT f.[called_at], CAST(f.[age] AS float) AS [age], f.[job], f.[marital], f.[education], CAST(f.[balance] AS float) AS [balance], CAST(f.[campaign] AS float) AS [campaign], CAST(f.[contact_cellular] AS float) AS [contact_cellular], CAST(f.[contact_telephone] AS float) AS [contact_telephone], CAST(f.[y] AS nvarchar(4000)) AS [y] FROM [dbo].[BankFeaturesFor] (NULL, ' AS nvarchar(max)),
        @rows_since, N', ', @rows_until, N') AS f WHERE f.[y] IS NOT NULL ORDER BY f.[called_at], f.[callID]');
    EXEC sp_execute_external_script
        @language = @language,
        @script = @script,
        @input_data_1 = @query,
        @params = N'@task nvarchar(max), @test_from nvarchar(30), @data varbinary(max) OUTPUT, @signature nvarchar(max) OUTPUT,
            @packages nvarchar(max) OUTPUT, @python_version nvarchar(20) OUTPUT, @sample nvarchar(max) OUTPUT,
            @metrics nvarchar(max) OUTPUT, @logged nvarchar(max) OUTPUT, @refusal nvarchar(max) OUTPUT,
            @failure nvarchar(max) OUTPUT',
        @task = @task,
        @test_from = @test_text,
        @data = @bytes OUTPUT,
        @signature = @signature OUTPUT,
        @packages = @packages OUTPUT,
        @python_version = @python_version OUTPUT,
        @sample = @sample OUTPUT,
        @metrics = @metrics OUTPUT,
        @logged = @logged OUTPUT,
        @refusal = @refusal OUTPUT,
        @failure = @failure OUTPUT
        WITH RESULT SETS NONE;
    IF @refusal <> N''
    BEGIN
        SET @message = LEFT(CONCAT(N'dbo.TrainDeposits cannot train: ', @refusal, N'.'), 2048);
        THROW 51007, @message, 1;
    END;
    IF @failure <> N''
    BEGIN
        SET @message = CONCAT(N'The script failed (see ml.runs.error): ', LEFT(@failure, 1800));
        THROW 51005, @message, 1;
    END;

    -- What it was trained on. The definition is what this procedure's certificate may see.
    SET @object_id = OBJECT_ID(N'[dbo].[BankFeatures]');
    INSERT INTO @modules (object_id, level) SELECT object_id, 0 FROM sys.sql_modules WHERE object_id = @object_id;
WHILE @found > 0 AND @level < 32
BEGIN
    INSERT INTO @modules (object_id, level)
    SELECT DISTINCT o.object_id, @level + 1
    FROM @modules AS m
    JOIN sys.sql_modules AS t ON t.object_id = m.object_id
    JOIN sys.objects AS o ON o.type IN ('V', 'IF', 'TF', 'FN')
    JOIN sys.schemas AS s ON s.schema_id = o.schema_id
    WHERE m.level = @level AND o.object_id NOT IN (SELECT object_id FROM @modules)
        AND (t.definition LIKE CONCAT(N'%', REPLACE(REPLACE(REPLACE(CONCAT(s.name, N'.', o.name), N'[', N'[[]'), N'%', N'[%]'), N'_', N'[_]'), N'%')
            OR t.definition LIKE CONCAT(N'%', REPLACE(REPLACE(REPLACE(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'[', N'[[]'), N'%', N'[%]'), N'_', N'[_]'), N'%'));
    SET @found = @@ROWCOUNT;
    SET @level += 1;
END;
SELECT @definition = STRING_AGG(CAST(CONCAT(t.definition, NCHAR(10), N'GO', NCHAR(10)) AS nvarchar(max)), N'')
    WITHIN GROUP (ORDER BY m.level DESC, m.object_id)
FROM @modules AS m
JOIN sys.sql_modules AS t ON t.object_id = m.object_id;
    SET @n_rows = CAST(JSON_VALUE(@logged, N'$.n_rows') AS bigint);
    SET @training_query = CONCAT(CAST(N'SELECT [callID], [called_at], [age], [job], [marital], [education], [balance], [campaign], [contact_cellular], [contact_telephone], [y] FROM [dbo].[BankFeatures] AS f' AS nvarchar(max)),
        N' WHERE f.[y] IS NOT NULL',
        CASE WHEN @since IS NOT NULL THEN CONCAT(N' AND f.[called_at] >= ', @rows_since) END,
        N' AND f.[called_at] <= ''', LEFT(JSON_VALUE(@logged, N'$.until'), 23), N'''',
        N' ORDER BY f.[called_at], f.[callID]');
    UPDATE ml.runs
    SET training_query = @training_query, n_rows = @n_rows, view_name = N'dbo.BankFeatures', view_definition = @definition
    WHERE run_id = @run_id;

    INSERT INTO @entries (entry_no, kind, name, value)
    SELECT ROW_NUMBER() OVER (ORDER BY e.kind, e.name), e.kind, e.name, e.value
    FROM (SELECT N'param' AS kind, p.[key] COLLATE DATABASE_DEFAULT AS name, p.value FROM OPENJSON(@logged, N'$.params') AS p
        UNION ALL
        SELECT N'metric', m.[key] COLLATE DATABASE_DEFAULT, m.value FROM OPENJSON(@logged, N'$.metrics') AS m
        UNION ALL
        SELECT N'tag', t.[key] COLLATE DATABASE_DEFAULT, t.value FROM OPENJSON(@logged, N'$.tags') AS t) AS e;
    SET @last = @@ROWCOUNT;
    WHILE @first <= @last
    BEGIN
        SELECT @kind = kind, @name = name, @value = value FROM @entries WHERE entry_no = @first;
        IF @kind = N'param' EXEC ml.LogParam @run_id, @name, @value;
        IF @kind = N'metric'
        BEGIN
            SET @metric = CAST(@value AS float);
            EXEC ml.LogMetric @run_id, @name, @metric;
        END;
        IF @kind = N'tag' EXEC ml.SetRunTag @run_id, @name, @value;
        SET @first += 1;
    END;
    -- As text of one byte a character: the script wrote nothing else.
    SET @artifact = CAST(CAST(JSON_QUERY(@logged, N'$.confusion') AS varchar(max)) AS varbinary(max));
    EXEC ml.LogArtifact @run_id, N'test_confusion_matrix.json', @artifact;

    SET @sha256 = HASHBYTES('SHA2_256', @bytes);
    EXEC ml.RegisterVersion @model = @model, @sha256 = @sha256, @format = N'pickle', @signature = @signature,
        @python_version = @python_version, @packages = @packages, @metrics = @metrics, @comment = @comment, @run_id = @run_id,
        @language = @language, @sample = @sample, @data = @bytes, @version = @version OUTPUT;
    EXEC ml.EndRun @run_id;
    SET @is_ended = 1;
    IF @promote = 1
        EXEC ml.PromoteModel @model = @model, @version = @version, @alias = @alias;
END TRY
BEGIN CATCH
    SELECT @number = ERROR_NUMBER(), @text = ERROR_MESSAGE();
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    IF @run_id IS NOT NULL AND @is_ended = 0
    BEGIN
        SET @value = CONCAT(N'Msg ', @number, N': ', COALESCE(NULLIF(@failure, N''), @text));
        -- In a caller's transaction the rollback took the run as well: then it is written anew.
        IF NOT EXISTS (SELECT 1 FROM ml.runs WHERE run_id = @run_id)
            EXEC ml.StartRun @experiment = @experiment, @name = N'dbo.TrainDeposits', @source = N'EXEC dbo.TrainDeposits', @run_id = @run_id OUTPUT;
        EXEC ml.EndRun @run_id, N'failed', @value;
    END;
    -- 39000 to 39099 are the messages of external scripts: the script died, or Python could not be started.
    IF @number BETWEEN 39000 AND 39099
    BEGIN
        SET @message = LEFT(CONCAT(N'The script did not run to its end (external scripts switched off, Python not '
            + N'started, killed, or out of memory): Msg ', @number, N': ', @text), 2048);
        THROW 51005, @message, 1;
    END;
    THROW;
END CATCH;

SELECT @model AS model, @version AS version, @run_id AS run_id, @metrics AS metrics;
END;
