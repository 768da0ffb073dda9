CREATE OR ALTER PROCEDURE [dbo].[PredictRows]
    @machine_id int = NULL,
    @since datetime = NULL,
    @until datetime = NULL,
    @unscored bit = 0,
    @model sysname = N'rows',
    @alias sysname = N'champion',
    @persist bit = 1,
    @run_id bigint = NULL OUTPUT
AS
BEGIN
-- Without a range: the latest slot of each [machineID]. With one: all its slots, both ends included. @unscored = 1: the slots
-- (of the range, if there is one) that this model version has not scored in a succeeded run. @persist = 0 stores
-- nothing, not even the run. Call it outside a transaction: inside one, all it stores is part of that transaction,
-- and a failure rolls it back.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @started_at datetime = GETUTCDATE(), @model_version_id int, @version int, @sha256 binary(32),
    @bytes varbinary(max), @signature nvarchar(max), @missing nvarchar(128), @from datetime, @to datetime,
    @n_rows int, @first int = 1, @last int, @query nvarchar(max), @refusal nvarchar(max), @failure nvarchar(max),
    @number int, @text nvarchar(max), @message nvarchar(2048), @language nvarchar(128), @forgery nvarchar(max);
DECLARE @trusted nvarchar(max) = N'';
DECLARE @format nvarchar(20), @name nvarchar(128), @python_version nvarchar(20), @packages nvarchar(max),
    @sample nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64), @statement nvarchar(max) = N'',
    @is_pinned bit = CASE WHEN @trusted = N'' THEN 0 ELSE 1 END;

DECLARE @route_id int, @is_shadow bit = 0;

DECLARE @columns nvarchar(max) = N'[{"name": "a", "sql_type": "float"}, {"name": "b", "sql_type": "int"}]';

DECLARE @classes nvarchar(max) = N'["none", "comp1"]';

DECLARE @script nvarchar(max) = N'x = 1
';

CREATE TABLE #slots (
    [machineID] int NOT NULL,
    [datetime] datetime NOT NULL
);
-- Numbers travel as float: an int that is NULL has no meaning to Python on SQL Server. Keys stay here; the script
-- gets and gives back row_no.
CREATE TABLE #features (
    row_no int NOT NULL PRIMARY KEY,
    [machineID] int NOT NULL,
    [datetime] datetime NOT NULL,
    [a] float NULL,
    [b] float NULL
);
CREATE TABLE #scored (
    row_no int NOT NULL PRIMARY KEY,
    predicted nvarchar(20) COLLATE DATABASE_DEFAULT NOT NULL,
    [p_none] float NOT NULL,
    [p_comp1] float NOT NULL
);

SET @run_id = NULL;
BEGIN TRY
    SELECT @model_version_id = v.model_version_id, @version = v.version, @sha256 = v.sha256, @signature = v.signature,
        @language = v.language, @format = v.format, @name = m.name, @python_version = v.python_version,
        @packages = v.packages, @sample = COALESCE(v.sample, N''), @seal = COALESCE(CONVERT(nvarchar(128), v.seal, 2), N''),
        @seal_key = COALESCE(CONVERT(nvarchar(64), v.seal_key, 2), N'')
    FROM ml.models AS m
    JOIN ml.model_aliases AS a ON a.model_id = m.model_id
    JOIN ml.model_versions AS v ON v.model_id = a.model_id AND v.version = a.version
    WHERE m.name = @model AND a.alias = @alias;
    IF @model_version_id IS NULL
    BEGIN
        SET @message = CONCAT(N'No version of model ''', @model, N''' has the alias ''', @alias,
            N''': push one and promote it (pymlsql model push, pymlsql model promote).');
        THROW 51001, @message, 1;
    END;
    SELECT @bytes = data FROM ml.blobs WHERE sha256 = @sha256;
    IF HASHBYTES('SHA2_256', @bytes) <> @sha256
    BEGIN
        SET @message = CONCAT(N'The bytes of model ''', @model, N''' version ', @version,
            N' do not match their sha256: restore ml.blobs from a backup, or push the model again as a new version.');
        THROW 51002, @message, 1;
    END;
    IF @is_pinned = 1
    BEGIN
        SET @statement = CONCAT(
        N'model ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @name), 2), NCHAR(10),
        N'format ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @format), 2), NCHAR(10),
        N'python_version ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @python_version), 2), NCHAR(10),
        N'packages ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @packages), 2), NCHAR(10),
        N'signature ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @signature), 2), NCHAR(10),
        N'sample ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @sample), 2), NCHAR(10));
        IF @seal = N''
        BEGIN
            SET @message = CONCAT(N'Model ''', @name, N''' version ', @version,
                N' carries no seal, and this procedure runs sealed models only: push it again where there is a key (pymlsql keys create), or promote a sealed version.');
            THROW 51050, @message, 1;
        END;
    END;
    ELSE IF EXISTS (SELECT 1 FROM ml.policies WHERE name = N'require_signature' AND value = N'1')
        THROW 51052, N'The policy require_signature is on, and this procedure trusts no key: apply it with one (pymlsql apply --trust-key KEY).', 1;
    -- Who may not see the view's definition gets error 207 from the statements below instead of this sentence.
    SELECT TOP (1) @missing = wanted.name
    FROM (VALUES
        (N'a'),
        (N'b')
    ) AS wanted (name)
    WHERE OBJECT_ID(N'[dbo].[FeatureRows]') IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sys.columns AS c
            WHERE c.object_id = OBJECT_ID(N'[dbo].[FeatureRows]') AND c.name = wanted.name);
    IF @missing IS NOT NULL
    BEGIN
        SET @message = CONCAT(N'dbo.FeatureRows has no column ', @missing,
            N', which this procedure was made for: apply view and procedure again (pymlsql apply).');
        THROW 51003, @message, 1;
    END;

    IF @unscored = 1
        INSERT INTO #slots ([machineID], [datetime])
        SELECT s.[machineID], s.[datetime]
        FROM (SELECT t.* FROM [dbo].[FeatureRows] AS t WHERE (@machine_id IS NULL OR t.[machineID] = @machine_id) AND (@since IS NULL OR t.[datetime] >= @since) AND (@until IS NULL OR t.[datetime] <= @until)) AS s
        WHERE NOT EXISTS (SELECT 1
            FROM [dbo].[RowPredictions] AS p
            JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
            WHERE p.[datetime] = s.[datetime] AND p.[machineID] = s.[machineID]
                AND r.model_version_id = @model_version_id AND r.status = N'succeeded' AND r.is_shadow = @is_shadow)
        OPTION (RECOMPILE);
    ELSE IF @since IS NULL AND @until IS NULL
        INSERT INTO #slots ([machineID], [datetime])
        SELECT s.[machineID], MAX(s.[datetime])
        FROM (SELECT t.* FROM [dbo].[FeatureRows] AS t WHERE (@machine_id IS NULL OR t.[machineID] = @machine_id) AND (@since IS NULL OR t.[datetime] >= @since) AND (@until IS NULL OR t.[datetime] <= @until)) AS s
        GROUP BY s.[machineID]
        OPTION (RECOMPILE);
    ELSE
        INSERT INTO #slots ([machineID], [datetime])
        SELECT s.[machineID], s.[datetime]
        FROM (SELECT t.* FROM [dbo].[FeatureRows] AS t WHERE (@machine_id IS NULL OR t.[machineID] = @machine_id) AND (@since IS NULL OR t.[datetime] >= @since) AND (@until IS NULL OR t.[datetime] <= @until)) AS s
        OPTION (RECOMPILE);

    -- From here on @since and @until are the range that is read: no more than the slots need.
    SELECT @from = MIN([datetime]), @to = MAX([datetime]) FROM #slots;
    IF @from IS NULL
    BEGIN
        SET @message = CASE
            WHEN @unscored = 1 THEN N'Nothing to score: this version has scored every slot in the range already. '
                + N'A job may take 51004 for success; to score again, leave @unscored out.'
            ELSE N'Nothing to score: no slot lies in the range. Compare @since, @until and the machine with the times in the feature view, and load data where they are missing.'
        END;
        THROW 51004, @message, 1;
    END;
    SELECT @since = @from, @until = @to;
    INSERT INTO #features (row_no, [machineID], [datetime],
        [a],
        [b])
    SELECT ROW_NUMBER() OVER (ORDER BY f.[machineID], f.[datetime]), f.[machineID], f.[datetime],
        f.[a],
        f.[b]
    FROM (SELECT t.* FROM [dbo].[FeatureRows] AS t WHERE (@machine_id IS NULL OR t.[machineID] = @machine_id) AND (@since IS NULL OR t.[datetime] >= @since) AND (@until IS NULL OR t.[datetime] <= @until)) AS f
    JOIN #slots AS s ON s.[machineID] = f.[machineID] AND s.[datetime] = f.[datetime]
    OPTION (RECOMPILE);
    SET @n_rows = @@ROWCOUNT;

    IF @persist = 1
    BEGIN
        INSERT INTO ml.scoring_runs (model_version_id, procedure_name, since, until, status, started_at,
            alias, route_id, is_shadow)
        VALUES (@model_version_id, N'dbo.PredictRows', @since, @until, N'running', @started_at,
            @alias, @route_id, @is_shadow);
        SET @run_id = SCOPE_IDENTITY();
    END;

    WHILE @first <= @n_rows
    BEGIN
        SET @last = @first + 49999;
        IF @last > @n_rows SET @last = @n_rows;
        SET @query = CONCAT(N'SELECT row_no, [a], [b] FROM #features WHERE row_no BETWEEN ', @first, N' AND ', @last, N' ORDER BY row_no');
        INSERT INTO #scored (row_no, predicted, [p_none], [p_comp1])
        EXEC sp_execute_external_script
            @language = @language,
            @script = @script,
            @input_data_1 = @query,
            @params = N'@model varbinary(max), @format nvarchar(20), @signature nvarchar(max), @columns nvarchar(max),
                @classes nvarchar(max), @statement nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64),
                @trusted nvarchar(max), @forgery nvarchar(max) OUTPUT, @refusal nvarchar(max) OUTPUT, @failure nvarchar(max) OUTPUT',
            @model = @bytes,
            @format = @format,
            @signature = @signature,
            @columns = @columns,
            @classes = @classes,
            @statement = @statement,
            @seal = @seal,
            @seal_key = @seal_key,
            @trusted = @trusted,
            @forgery = @forgery OUTPUT,
            @refusal = @refusal OUTPUT,
            @failure = @failure OUTPUT;
        IF @forgery <> N''
        BEGIN
            SET @message = CONCAT(N'Model ''', @model, N''' version ', @version, N' was not loaded: ', @forgery,
                N'. Push it again from where the trusted key is, or promote another version.');
            THROW 51051, @message, 1;
        END;
        IF @refusal <> N''
        BEGIN
            SET @message = CONCAT(N'Model ''', @model, N''' version ', @version, N' does not fit this procedure: ',
                LEFT(@refusal, 1500), N'. Train it on the feature view as it is, push and promote it.');
            THROW 51003, @message, 1;
        END;
        IF @failure <> N''
        BEGIN
            SET @message = CONCAT(N'The script failed on rows ', @first, N' to ', @last,
                N' (see ml.scoring_runs.error): ', LEFT(@failure, 1800));
            THROW 51005, @message, 1;
        END;
        IF (SELECT COUNT(*) FROM #scored WHERE row_no BETWEEN @first AND @last) <> @last - @first + 1
            THROW 51005, N'The script gave back other rows than it was given: apply the procedure again (pymlsql apply).', 1;

        IF @persist = 1
        BEGIN
            BEGIN TRANSACTION;
            INSERT INTO [dbo].[RowPredictions] ([machineID], [datetime], predicted, [p_none], [p_comp1],
                model_version, run_id, scored_at)
            SELECT f.[machineID], f.[datetime], s.predicted, s.[p_none], s.[p_comp1], @version, @run_id, GETUTCDATE()
            FROM #scored AS s
            JOIN #features AS f ON f.row_no = s.row_no
            WHERE s.row_no BETWEEN @first AND @last;
            COMMIT TRANSACTION;
        END;
        SET @first = @last + 1;
    END;

    IF @persist = 1
        UPDATE ml.scoring_runs
        SET status = N'succeeded', rows = @n_rows, finished_at = GETUTCDATE(),
            duration_s = DATEDIFF(millisecond, @started_at, GETUTCDATE()) / 1000E0
        WHERE run_id = @run_id;
END TRY
BEGIN CATCH
    SELECT @number = ERROR_NUMBER(), @text = ERROR_MESSAGE();
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    IF @persist = 1 AND @model_version_id IS NOT NULL AND @number <> 51004
    BEGIN
        DELETE FROM [dbo].[RowPredictions] WHERE run_id = @run_id;
        -- In a caller's transaction the rollback took the run as well: then it is written anew.
        UPDATE ml.scoring_runs
        SET status = N'failed', rows = 0, finished_at = GETUTCDATE(),
            duration_s = DATEDIFF(millisecond, @started_at, GETUTCDATE()) / 1000E0,
            error = CONCAT(N'Msg ', @number, N': ', COALESCE(NULLIF(@failure, N''), @text))
        WHERE run_id = @run_id;
        IF @@ROWCOUNT = 0
        BEGIN
            INSERT INTO ml.scoring_runs (model_version_id, procedure_name, since, until, status, rows, started_at,
                alias, route_id, is_shadow, finished_at, duration_s, error)
            VALUES (@model_version_id, N'dbo.PredictRows', @since, @until, N'failed', 0, @started_at,
                @alias, @route_id, @is_shadow, GETUTCDATE(), DATEDIFF(millisecond, @started_at, GETUTCDATE()) / 1000E0,
                CONCAT(N'Msg ', @number, N': ', @text));
            SET @run_id = SCOPE_IDENTITY();
        END;
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

SELECT f.[machineID], f.[datetime], s.predicted, s.[p_none], s.[p_comp1], @version AS model_version
FROM #scored AS s
JOIN #features AS f ON f.row_no = s.row_no
ORDER BY s.[p_none], f.[machineID], f.[datetime];
END;
