CREATE OR ALTER PROCEDURE [dbo].[ClusterCalls]
    @call_id int = NULL,
    @unscored bit = 0,
    @model sysname = N'clusters',
    @alias sysname = N'champion',
    @persist bit = 1,
    @return_rows bit = 1,
    @run_id bigint = NULL OUTPUT
AS
BEGIN
-- Without a key: all rows of the view. With one ([call_id]): its rows.
-- @unscored = 1: the rows (of the range, if there is one) that this model version has not scored in a succeeded run. A
-- run that was cut off, the server stopped or its client gone, is taken up then: what it has stored counts as scored.
-- @persist = 0 stores nothing, not even the run; @return_rows = 0 returns nothing. Call it outside a transaction:
-- inside one, all it stores is part of that transaction, and a failure rolls it back.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @model_version_id int, @version int, @sha256 binary(32), @bytes varbinary(max), @signature nvarchar(max),
    @language nvarchar(128), @missing nvarchar(128), @forgery nvarchar(max), @refusal nvarchar(max),
    @failure nvarchar(max), @number int, @text nvarchar(max), @message nvarchar(2048);
DECLARE @started_at datetime = GETUTCDATE(), @n_rows int, @n_stored bigint = 0, @first int, @last int = 0, @chunk int,
    @chunk_end int, @query nvarchar(max), @locked int, @lock nvarchar(255), @run_lock nvarchar(255),
    @cut_off bigint;
DECLARE @trusted nvarchar(max) = N'';
DECLARE @format nvarchar(20), @name nvarchar(128), @python_version nvarchar(20), @packages nvarchar(max),
    @sample nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64), @statement nvarchar(max) = N'',
    @is_pinned bit = CASE WHEN @trusted = N'' THEN 0 ELSE 1 END;

DECLARE @route_id int, @is_shadow bit = 0, @is_shared bit = 0, @shared_rows int;

IF @is_shared = 0
BEGIN
    -- The rows to score, without their features; row_no is their order in time.
    CREATE TABLE #slots (
        row_no int NOT NULL PRIMARY KEY,
        [call_id] int NOT NULL
    );
    -- The features of a part of them. Numbers travel as float: an int that is NULL has no meaning to Python on SQL Server.
    -- Keys stay here; the script gets and gives back row_no.
    CREATE TABLE #features (
        row_no int NOT NULL PRIMARY KEY,
        [job] nvarchar(20) NULL,
        [age] float NULL,
        [job_clerk] float NULL,
        [job_nurse] float NULL
    );
END;

DECLARE @columns nvarchar(max) = N'[{"name": "job", "sql_type": "nvarchar(20)"}, {"name": "age", "sql_type": "int"}, {"name": "job_clerk", "sql_type": "int"}, {"name": "job_nurse", "sql_type": "int"}]';

DECLARE @classes nvarchar(max) = N'[]';

DECLARE @rule nvarchar(max) = N'{"output": "clustering"}';

DECLARE @script nvarchar(max) = N'x = 1
';

-- What the script said of a chunk; with @persist = 0 of all.
CREATE TABLE #scored (
    row_no int NOT NULL PRIMARY KEY,
    [predicted] int NOT NULL
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
        (N'job'),
        (N'age'),
        (N'job_clerk'),
        (N'job_nurse')
    ) AS wanted (name)
    WHERE OBJECT_ID(N'[dbo].[V_Calls]') IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sys.columns AS c
            WHERE c.object_id = OBJECT_ID(N'[dbo].[V_Calls]') AND c.name = wanted.name);
    IF @missing IS NOT NULL
    BEGIN
        SET @message = CONCAT(N'dbo.V_Calls has no column ', @missing,
            N', which this procedure was made for: apply view and procedure again (pymlsql apply).');
        THROW 51003, @message, 1;
    END;

    IF @unscored = 1 AND @persist = 1
    BEGIN
        IF @route_id IS NULL
        BEGIN
            EXEC @locked = sp_getapplock @Resource = N'pymlsql.unscored dbo.CallClusters', @LockMode = N'Exclusive',
                @LockOwner = N'Session', @LockTimeout = 0;
            IF @locked < 0
                THROW 51006, N'Another session is scoring what dbo.CallClusters lacks: wait for it, so that nothing is scored twice.', 1;
            SET @lock = N'pymlsql.unscored dbo.CallClusters';
        END;
        -- A run that is under way holds a lock of its own, which ends with its session.
        SET @cut_off = (SELECT MAX(run_id) FROM ml.scoring_runs
            WHERE model_version_id = @model_version_id AND procedure_name = N'dbo.ClusterCalls' AND status = N'running'
                AND is_shadow = @is_shadow AND (alias = @alias OR alias IS NULL));
        WHILE @cut_off IS NOT NULL AND @run_id IS NULL
        BEGIN
            SET @query = CONCAT(N'pymlsql.run ', @cut_off);
            EXEC @locked = sp_getapplock @Resource = @query, @LockMode = N'Exclusive', @LockOwner = N'Session',
                @LockTimeout = 0;
            IF @locked >= 0
                SELECT @run_id = @cut_off, @run_lock = @query;
            ELSE
                SET @cut_off = (SELECT MAX(run_id) FROM ml.scoring_runs
                    WHERE model_version_id = @model_version_id AND procedure_name = N'dbo.ClusterCalls'
                        AND status = N'running' AND is_shadow = @is_shadow AND (alias = @alias OR alias IS NULL)
                        AND run_id < @cut_off);
        END;
    END;

    -- Which rows, in the order of their times; those of a route that share their features are listed already.
    IF @is_shared = 1
        SET @first = @last + 1;
    ELSE IF @unscored = 1
        INSERT INTO #slots (row_no, [call_id])
        SELECT ROW_NUMBER() OVER (ORDER BY s.[call_id]), s.[call_id]
        FROM [dbo].[V_CallsSlots] (@call_id) AS s
        WHERE NOT EXISTS (SELECT 1
            FROM [dbo].[CallClusters] AS p
            JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
            WHERE p.[call_id] = s.[call_id]
                AND r.model_version_id = @model_version_id AND r.is_shadow = @is_shadow
                AND (r.status = N'succeeded' OR r.run_id = @run_id))
        OPTION (RECOMPILE);
    ELSE
        INSERT INTO #slots (row_no, [call_id])
        SELECT ROW_NUMBER() OVER (ORDER BY s.[call_id]), s.[call_id]
        FROM [dbo].[V_CallsSlots] (@call_id) AS s
        OPTION (RECOMPILE);
    SET @n_rows = @@ROWCOUNT;
    IF @is_shared = 1 SET @n_rows = @shared_rows;
    IF @n_rows = 0 AND @run_id IS NULL
    BEGIN
        SET @message = CASE
            WHEN @unscored = 1 THEN N'Nothing to score: this version has scored every row in the range already. '
                + N'A job may take 51004 for success; to score again, leave @unscored out.'
            ELSE N'Nothing to score: dbo.V_Calls has no such row.'
        END;
        THROW 51004, @message, 1;
    END;
    IF @is_shared = 0 AND EXISTS (SELECT 1 FROM #slots AS s GROUP BY s.[call_id] HAVING COUNT(*) > 1)
        THROW 51003, N'dbo.V_Calls has two rows of one key: its rows cannot be told apart (pymlsql features check names them).', 1;


    IF @persist = 1
    BEGIN
        IF @run_id IS NULL
        BEGIN
            INSERT INTO ml.scoring_runs (model_version_id, procedure_name, status, started_at,
                alias, route_id, is_shadow)
            VALUES (@model_version_id, N'dbo.ClusterCalls', N'running', @started_at,
                @alias, @route_id, @is_shadow);
            SET @run_id = SCOPE_IDENTITY();
            SET @run_lock = CONCAT(N'pymlsql.run ', @run_id);
            EXEC sp_getapplock @Resource = @run_lock, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0;
        END;
        ELSE
        BEGIN
            SET @n_stored = (SELECT COUNT_BIG(*) FROM [dbo].[CallClusters] WHERE run_id = @run_id);
        END;
    END;

    WHILE @last < @n_rows
    BEGIN
        SET @first = @last + 1;
        SET @last = IIF(@n_rows - @last > 1000000, @last + 1000000, @n_rows);
        IF @is_shared = 0
        BEGIN
            TRUNCATE TABLE #features;
                    INSERT INTO #features (row_no,
                        [job],
                        [age],
                        [job_clerk],
                        [job_nurse])
                    SELECT s.row_no,
                        f.[job],
                        f.[age],
                        f.[job_clerk],
                        f.[job_nurse]
                    FROM #slots AS s
                    JOIN [dbo].[V_CallsFor] (@call_id) AS f ON f.[call_id] = s.[call_id]
                    WHERE s.row_no BETWEEN @first AND @last
                    ORDER BY s.row_no
                    OPTION (RECOMPILE);
        END;

        SET @chunk = @first;
        WHILE @chunk <= @last
        BEGIN
            SET @chunk_end = IIF(@last - @chunk >= 100000, @chunk + 99999, @last);
            SET @query = CONCAT(N'SELECT row_no, [job], [age], [job_clerk], [job_nurse] FROM #features WHERE row_no BETWEEN ', @chunk, N' AND ', @chunk_end, N' ORDER BY row_no');
            INSERT INTO #scored (row_no, [predicted])
            EXEC sp_execute_external_script
                @language = @language,
                @script = @script,
                @input_data_1 = @query,
                @params = N'@model varbinary(max), @format nvarchar(20), @signature nvarchar(max),
                    @columns nvarchar(max), @classes nvarchar(max), @rule nvarchar(max), @statement nvarchar(max),
                    @seal nvarchar(128), @seal_key nvarchar(64), @trusted nvarchar(max), @forgery nvarchar(max) OUTPUT,
                    @refusal nvarchar(max) OUTPUT, @failure nvarchar(max) OUTPUT',
                @model = @bytes,
                @format = @format,
                @signature = @signature,
                @columns = @columns,
                @classes = @classes,
                @rule = @rule,
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
                SET @message = CONCAT(N'The script failed on rows ', @chunk, N' to ', @chunk_end,
                    N' (see ml.scoring_runs.error): ', LEFT(@failure, 1800));
                THROW 51005, @message, 1;
            END;
            IF (SELECT COUNT(*) FROM #features AS f JOIN #scored AS s ON s.row_no = f.row_no
                    WHERE f.row_no BETWEEN @chunk AND @chunk_end)
                <> (SELECT COUNT(*) FROM #features WHERE row_no BETWEEN @chunk AND @chunk_end)
                THROW 51005, N'The script gave back other rows than it was given: apply the procedure again (pymlsql apply).', 1;

            IF @persist = 1
            BEGIN
                BEGIN TRANSACTION;
                INSERT INTO [dbo].[CallClusters] ([call_id],
                    [predicted], model_version, run_id, scored_at)
                SELECT k.[call_id],
                    s.[predicted], @version, @run_id, GETUTCDATE()
                FROM #scored AS s
                JOIN #slots AS k ON k.row_no = s.row_no
                WHERE k.row_no BETWEEN @chunk AND @chunk_end
                ORDER BY k.row_no;
                SET @n_stored += @@ROWCOUNT;
                COMMIT TRANSACTION;
                TRUNCATE TABLE #scored;
            END;
            SET @chunk = @chunk_end + 1;
        END;
    END;

    IF @persist = 1
    BEGIN
        BEGIN TRANSACTION;
        UPDATE ml.scoring_runs
        SET status = N'succeeded', rows = @n_stored, finished_at = GETUTCDATE(),
            duration_s = DATEDIFF_BIG(millisecond, started_at, GETUTCDATE()) / 1000E0
        WHERE run_id = @run_id;
        COMMIT TRANSACTION;
    END;
    IF @run_lock IS NOT NULL
    BEGIN
        EXEC sp_releaseapplock @Resource = @run_lock, @LockOwner = N'Session';
        SET @run_lock = NULL;
    END;
    IF @lock IS NOT NULL
    BEGIN
        EXEC sp_releaseapplock @Resource = @lock, @LockOwner = N'Session';
        SET @lock = NULL;
    END;
END TRY
BEGIN CATCH
    SELECT @number = ERROR_NUMBER(), @text = ERROR_MESSAGE();
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    IF @persist = 1 AND @model_version_id IS NOT NULL AND @number NOT IN (51004, 51006)
    BEGIN
        SET @n_stored = 1;
        WHILE @n_stored > 0
        BEGIN
            DELETE TOP (100000) FROM [dbo].[CallClusters] WHERE run_id = @run_id;
            SET @n_stored = @@ROWCOUNT;
        END;
        UPDATE ml.scoring_runs
        SET status = N'failed', rows = 0, finished_at = GETUTCDATE(),
            duration_s = DATEDIFF_BIG(millisecond, started_at, GETUTCDATE()) / 1000E0,
            error = CONCAT(N'Msg ', @number, N': ', COALESCE(NULLIF(@failure, N''), @text))
        WHERE run_id = @run_id;
        IF @@ROWCOUNT = 0
        BEGIN
            INSERT INTO ml.scoring_runs (model_version_id, procedure_name, status, rows, started_at,
                alias, route_id, is_shadow, finished_at, duration_s, error)
            VALUES (@model_version_id, N'dbo.ClusterCalls', N'failed', 0, @started_at,
                @alias, @route_id, @is_shadow, GETUTCDATE(), DATEDIFF_BIG(millisecond, @started_at, GETUTCDATE()) / 1000E0,
                CONCAT(N'Msg ', @number, N': ', COALESCE(NULLIF(@failure, N''), @text)));
            SET @run_id = SCOPE_IDENTITY();
        END;
    END;
    IF @run_lock IS NOT NULL
    BEGIN
        EXEC sp_releaseapplock @Resource = @run_lock, @LockOwner = N'Session';
        SET @run_lock = NULL;
    END;
    IF @lock IS NOT NULL
    BEGIN
        EXEC sp_releaseapplock @Resource = @lock, @LockOwner = N'Session';
        SET @lock = NULL;
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

IF @return_rows = 1 AND @persist = 1
    SELECT p.[call_id], p.[predicted], p.model_version
    FROM [dbo].[CallClusters] AS p
    WHERE p.run_id = @run_id
    ORDER BY p.[predicted], p.[call_id];
ELSE IF @return_rows = 1
    SELECT k.[call_id], s.[predicted], @version AS model_version
    FROM #scored AS s
    JOIN #slots AS k ON k.row_no = s.row_no
    ORDER BY s.[predicted], k.[call_id];
END;
