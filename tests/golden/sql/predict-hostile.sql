CREATE OR ALTER PROCEDURE [odd].[score]]s]
    @asset nvarchar(40) = NULL,
    @since datetime = NULL,
    @until datetime = NULL,
    @unscored bit = 0,
    @model sysname = N'O''Brien',
    @alias sysname = NULL,
    @persist bit = 1,
    @run_id bigint = NULL OUTPUT,
    @route_id int = NULL
AS
BEGIN
-- Without a range: the latest slot of each [asset]]id]. With one: all its slots, both ends included. @unscored = 1: the slots
-- (of the range, if there is one) that this model version has not scored in a succeeded run. @persist = 0 stores
-- nothing, not even the run. Call it outside a transaction: inside one, all it stores is part of that transaction,
-- and a failure rolls it back.
-- Without @alias the model's route says which rows which version scores, each in a run of its own; @run_id is the first of
-- them, and in ml.scoring_runs the others name it in call_run_id.
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

DECLARE @route_now int, @route_salt nvarchar(200), @is_shadow bit = 0, @in_transaction bit = CASE WHEN @@TRANCOUNT > 0 THEN 1 ELSE 0 END,
    @variant_nth int = 0, @variant_alias nvarchar(128), @variant_run bigint, @nothing_scored int, @variant_number int,
    @variant_text nvarchar(max);
-- Without @alias: as the model's route says, if it has one, else [champion]. @route_id is for the calls that this
-- procedure makes of itself, one for each alias of the route; which rows are whose, they find in #routed.
IF @alias IS NULL
    SELECT TOP (1) @route_now = CASE WHEN r.active = 1 THEN r.route_id END, @route_salt = CONCAT(DATALENGTH(m.name) / 2, N':', m.name)
    FROM ml.models AS m
    JOIN ml.routes AS r ON r.model_id = m.model_id
    WHERE m.name = @model
    ORDER BY r.route_id DESC;
IF @route_now IS NULL SET @alias = COALESCE(@alias, N'champion');
IF @route_id IS NULL
    CREATE TABLE #routed (
        [asset]]id] nvarchar(40) COLLATE DATABASE_DEFAULT NOT NULL,
        alias nvarchar(128) COLLATE DATABASE_DEFAULT NOT NULL
    );
ELSE IF OBJECT_ID(N'tempdb..#routed') IS NULL
    THROW 51007, N'@route_id is what the procedure says to itself: leave it out.', 1;
ELSE IF EXISTS (SELECT 1 FROM ml.route_shadows WHERE route_id = @route_id AND alias = @alias)
    SET @is_shadow = 1;

IF @route_now IS NOT NULL
BEGIN
    SELECT TOP (1) @variant_alias = g.alias
    FROM ml.route_ranges AS g
    WHERE g.route_id = @route_now AND NOT EXISTS (SELECT 1
        FROM ml.models AS m
        JOIN ml.model_aliases AS a ON a.model_id = m.model_id
        WHERE m.name = @model AND a.alias = g.alias);
    IF @variant_alias IS NOT NULL
    BEGIN
        SET @message = CONCAT(N'The route of model ''', @model, N''' gives a share to the alias ''', @variant_alias,
            N''', which no version has any more; nothing was scored: promote a version to it, or change the route (pymlsql route set).');
        THROW 51001, @message, 1;
    END;
    CREATE TABLE #variants (
        nth int NOT NULL PRIMARY KEY,
        alias nvarchar(128) COLLATE DATABASE_DEFAULT NOT NULL,
        is_shadow bit NOT NULL,
        run_id bigint NULL,
        is_scored bit NOT NULL,
        is_locked bit NOT NULL,
        first_row int NULL,
        last_row int NULL,
        number int NULL,
        error nvarchar(max) COLLATE DATABASE_DEFAULT NULL
    );
    -- What the calls score without storing it.
    CREATE TABLE #answers (
        [asset]]id] nvarchar(40) COLLATE DATABASE_DEFAULT NOT NULL,
        [time stamp] datetime NOT NULL,
        [predicted] nvarchar(10) COLLATE DATABASE_DEFAULT NOT NULL,
        [p_no'ne] float NOT NULL,
        [p_e'1] float NOT NULL,
        [model_version] int NOT NULL
    );
    INSERT INTO #variants (nth, alias, is_shadow, is_scored, is_locked)
    SELECT ROW_NUMBER() OVER (ORDER BY a.is_shadow, a.n_slots DESC, a.alias), a.alias, a.is_shadow, 0, 0
    FROM (
        SELECT alias, 0 AS is_shadow, SUM(to_slot - from_slot + 1) AS n_slots
        FROM ml.route_ranges WHERE route_id = @route_now GROUP BY alias
        UNION ALL
        SELECT alias, 1, 0 FROM ml.route_shadows WHERE route_id = @route_now
    ) AS a;
    SET @run_id = NULL;
    BEGIN TRY
        INSERT INTO #routed ([asset]]id], alias)
        SELECT e.[asset]]id], g.alias
        FROM (SELECT d.[asset]]id], CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT(@route_salt, UPPER(RTRIM(d.[asset]]id])))), 1, 7) AS bigint) % 10000 AS slot
            FROM (SELECT DISTINCT t.[asset]]id] FROM [odd].[O'Brien's viewSlots] (@asset, @since, @until) AS t) AS d) AS e
        JOIN ml.route_ranges AS g ON g.route_id = @route_now AND e.slot BETWEEN g.from_slot AND g.to_slot
        OPTION (RECOMPILE);
        WHILE 1 = 1
        BEGIN
            SELECT @variant_alias = NULL, @variant_run = NULL;
            SELECT TOP (1) @variant_nth = nth, @variant_alias = alias
            FROM #variants
            WHERE nth > @variant_nth AND is_shadow = 0 AND alias IN (SELECT alias FROM #routed)
            ORDER BY nth;
            IF @variant_alias IS NULL BREAK;
            BEGIN TRY
                EXEC @nothing_scored = [odd].[score]]s] @asset = @asset, @since = @since, @until = @until, @unscored = @unscored, @model = @model, @alias = @variant_alias, @persist = @persist,
                @run_id = @variant_run OUTPUT, @route_id = @route_now;
                UPDATE #variants
                SET run_id = @variant_run, is_scored = CASE WHEN @nothing_scored = 0 THEN 1 ELSE 0 END
                WHERE nth = @variant_nth;
            END TRY
            BEGIN CATCH
                -- Inside a caller's transaction all of it is rolled back, what the other versions have scored too.
                IF @in_transaction = 1 THROW;
                UPDATE #variants SET number = ERROR_NUMBER(), error = ERROR_MESSAGE() WHERE nth = @variant_nth;
            END CATCH;
        END;
        IF NOT EXISTS (SELECT 1 FROM #variants WHERE is_scored = 1 OR number IS NOT NULL)
        BEGIN
            SET @message = CASE
                WHEN @unscored = 1 THEN N'Nothing to score: the versions of the route have scored every row in the range already. '
                    + N'A job may take 51004 for success; to score again, leave @unscored out.'
                ELSE N'Nothing to score: no slot lies in the range. Compare @since, @until and the machine with the times in the feature view, and load data where they are missing.'
            END;
            THROW 51004, @message, 1;
        END;
        SET @run_id = (SELECT TOP (1) run_id FROM #variants WHERE is_shadow = 0 AND run_id IS NOT NULL ORDER BY nth);
        IF @run_id IS NOT NULL
        BEGIN
            BEGIN TRANSACTION;
            UPDATE ml.scoring_runs
            SET call_run_id = @run_id
            WHERE run_id IN (SELECT run_id FROM #variants WHERE is_shadow = 0 AND run_id IS NOT NULL);
            COMMIT TRANSACTION;
        END;
        SELECT TOP (1) @variant_alias = alias, @variant_number = number, @variant_text = error
        FROM #variants WHERE number IS NOT NULL ORDER BY nth;
        IF @variant_number IS NOT NULL
        BEGIN
            SET @message = LEFT(CONCAT(N'The alias ''', @variant_alias, N''' of the route of model ''', @model, N''': ', CASE WHEN @variant_number < 50000 THEN CONCAT(N'Msg ', @variant_number, N': ') END, LEFT(@variant_text, 1800),
                CASE WHEN @run_id IS NOT NULL THEN CONCAT(N' What the others had to score is stored (run ', @run_id,
                    N'): with @unscored = 1 the next call scores the rest.') END), 2048);
            IF @variant_number < 50000 SET @variant_number = 51009;
            THROW @variant_number, @message, 1;
        END;
        IF @persist = 1
            SELECT k.[asset]]id], k.[time stamp], k.[predicted], k.[p_no'ne], k.[p_e'1], k.[model_version]
            FROM [odd].[O'Brien's] AS k
            WHERE k.run_id IN (SELECT run_id FROM #variants WHERE is_shadow = 0 AND run_id IS NOT NULL)
            ORDER BY k.[p_no'ne], k.[asset]]id], k.[time stamp];
        ELSE
            SELECT k.[asset]]id], k.[time stamp], k.[predicted], k.[p_no'ne], k.[p_e'1], k.[model_version] FROM #answers AS k ORDER BY k.[p_no'ne], k.[asset]]id], k.[time stamp];
        SET @variant_nth = 0;
        WHILE @persist = 1
        BEGIN
            SELECT @variant_alias = NULL, @variant_run = NULL;
            SELECT TOP (1) @variant_nth = nth, @variant_alias = alias FROM #variants WHERE nth > @variant_nth AND is_shadow = 1 ORDER BY nth;
            IF @variant_alias IS NULL BREAK;
            IF @in_transaction = 1
            BEGIN
                RAISERROR(N'The shadow %s was left out: inside a transaction its failure would be the call''s.', 10, 1, @variant_alias);
                CONTINUE;
            END;
            BEGIN TRY
                EXEC @nothing_scored = [odd].[score]]s] @asset = @asset, @since = @since, @until = @until, @unscored = @unscored, @model = @model, @alias = @variant_alias, @persist = @persist,
                @run_id = @variant_run OUTPUT, @route_id = @route_now;
                UPDATE ml.scoring_runs SET call_run_id = @run_id WHERE run_id = @variant_run;
            END TRY
            BEGIN CATCH
                SET @message = LEFT(CONCAT(N'The shadow ', @variant_alias, N' failed, which the call does not: Msg ', ERROR_NUMBER(), N': ', ERROR_MESSAGE()), 1800);
                RAISERROR(N'%s', 10, 1, @message);
            END CATCH;
        END;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN;
END;

DECLARE @columns nvarchar(max) = N'[{"name": "score]smean_6h", "sql_type": "float"}, {"name": "selectmean_6h", "sql_type": "float"}, {"name": "score]ssd_6h", "sql_type": "float"}, {"name": "selectsd_6h", "sql_type": "float"}, {"name": "score]smean_12h", "sql_type": "float"}, {"name": "selectmean_12h", "sql_type": "float"}, {"name": "score]ssd_12h", "sql_type": "float"}, {"name": "selectsd_12h", "sql_type": "float"}, {"name": "score]smean_48h", "sql_type": "float"}, {"name": "selectmean_48h", "sql_type": "float"}, {"name": "score]ssd_48h", "sql_type": "float"}, {"name": "selectsd_48h", "sql_type": "float"}, {"name": "n]1", "sql_type": "int"}, {"name": "n 2", "sql_type": "int"}, {"name": "alarms", "sql_type": "int"}, {"name": "since O''Brien", "sql_type": "float"}, {"name": "group", "sql_type": "nvarchar(10)"}, {"name": "built", "sql_type": "datetime"}, {"name": "make_A''1", "sql_type": "int"}, {"name": "make_B]2", "sql_type": "int"}, {"name": "it''s]it", "sql_type": "nvarchar(20)"}]';

DECLARE @classes nvarchar(max) = N'["no''ne", "e''1"]';

DECLARE @script nvarchar(max) = N'x = ''O''''Brien''
';

CREATE TABLE #slots (
    [asset]]id] nvarchar(40) COLLATE DATABASE_DEFAULT NOT NULL,
    [time stamp] datetime NOT NULL
);
-- Numbers travel as float: an int that is NULL has no meaning to Python on SQL Server. Keys stay here; the script
-- gets and gives back row_no.
CREATE TABLE #features (
    row_no int NOT NULL PRIMARY KEY,
    [asset]]id] nvarchar(40) COLLATE DATABASE_DEFAULT NOT NULL,
    [time stamp] datetime NOT NULL,
    [score]]smean_6h] float NULL,
    [selectmean_6h] float NULL,
    [score]]ssd_6h] float NULL,
    [selectsd_6h] float NULL,
    [score]]smean_12h] float NULL,
    [selectmean_12h] float NULL,
    [score]]ssd_12h] float NULL,
    [selectsd_12h] float NULL,
    [score]]smean_48h] float NULL,
    [selectmean_48h] float NULL,
    [score]]ssd_48h] float NULL,
    [selectsd_48h] float NULL,
    [n]]1] float NULL,
    [n 2] float NULL,
    [alarms] float NULL,
    [since O'Brien] float NULL,
    [group] nvarchar(10) NULL,
    [built] datetime NULL,
    [make_A'1] float NULL,
    [make_B]]2] float NULL,
    [it's]]it] nvarchar(20) NULL
);
CREATE TABLE #scored (
    row_no int NOT NULL PRIMARY KEY,
    predicted nvarchar(10) COLLATE DATABASE_DEFAULT NOT NULL,
    [p_no'ne] float NOT NULL,
    [p_e'1] float NOT NULL
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
        (N'score]smean_6h'),
        (N'selectmean_6h'),
        (N'score]ssd_6h'),
        (N'selectsd_6h'),
        (N'score]smean_12h'),
        (N'selectmean_12h'),
        (N'score]ssd_12h'),
        (N'selectsd_12h'),
        (N'score]smean_48h'),
        (N'selectmean_48h'),
        (N'score]ssd_48h'),
        (N'selectsd_48h'),
        (N'n]1'),
        (N'n 2'),
        (N'alarms'),
        (N'since O''Brien'),
        (N'group'),
        (N'built'),
        (N'make_A''1'),
        (N'make_B]2'),
        (N'it''s]it')
    ) AS wanted (name)
    WHERE OBJECT_ID(N'[odd].[O''Brien''s view]') IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sys.columns AS c
            WHERE c.object_id = OBJECT_ID(N'[odd].[O''Brien''s view]') AND c.name = wanted.name);
    IF @missing IS NOT NULL
    BEGIN
        SET @message = CONCAT(N'odd.[O''Brien''s view] has no column ', @missing,
            N', which this procedure was made for: apply view and procedure again (pymlsql apply).');
        THROW 51003, @message, 1;
    END;

    IF @unscored = 1
        INSERT INTO #slots ([asset]]id], [time stamp])
        SELECT s.[asset]]id], s.[time stamp]
        FROM [odd].[O'Brien's viewSlots] (@asset, @since, @until) AS s
        WHERE NOT EXISTS (SELECT 1
            FROM [odd].[O'Brien's] AS p
            JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
            WHERE p.[time stamp] = s.[time stamp] AND p.[asset]]id] = s.[asset]]id]
                AND r.model_version_id = @model_version_id AND r.status = N'succeeded' AND r.is_shadow = @is_shadow)
            AND (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[asset]]id] = s.[asset]]id] AND (e.alias = @alias OR @is_shadow = 1)))
        OPTION (RECOMPILE);
    ELSE IF @since IS NULL AND @until IS NULL
        INSERT INTO #slots ([asset]]id], [time stamp])
        SELECT s.[asset]]id], MAX(s.[time stamp])
        FROM [odd].[O'Brien's viewSlots] (@asset, @since, @until) AS s
        WHERE (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[asset]]id] = s.[asset]]id] AND (e.alias = @alias OR @is_shadow = 1)))
        GROUP BY s.[asset]]id]
        OPTION (RECOMPILE);
    ELSE
        INSERT INTO #slots ([asset]]id], [time stamp])
        SELECT s.[asset]]id], s.[time stamp]
        FROM [odd].[O'Brien's viewSlots] (@asset, @since, @until) AS s
        WHERE (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[asset]]id] = s.[asset]]id] AND (e.alias = @alias OR @is_shadow = 1)))
        OPTION (RECOMPILE);

    -- From here on @since and @until are the range that is read: no more than the slots need.
    SELECT @from = MIN([time stamp]), @to = MAX([time stamp]) FROM #slots;
    IF @from IS NULL
    BEGIN
        -- Another version of the route may have some.
        IF @route_id IS NOT NULL RETURN 1;
        SET @message = CASE
            WHEN @unscored = 1 THEN N'Nothing to score: this version has scored every slot in the range already. '
                + N'A job may take 51004 for success; to score again, leave @unscored out.'
            ELSE N'Nothing to score: no slot lies in the range. Compare @since, @until and the machine with the times in the feature view, and load data where they are missing.'
        END;
        THROW 51004, @message, 1;
    END;
    SELECT @since = @from, @until = @to;
    INSERT INTO #features (row_no, [asset]]id], [time stamp],
        [score]]smean_6h],
        [selectmean_6h],
        [score]]ssd_6h],
        [selectsd_6h],
        [score]]smean_12h],
        [selectmean_12h],
        [score]]ssd_12h],
        [selectsd_12h],
        [score]]smean_48h],
        [selectmean_48h],
        [score]]ssd_48h],
        [selectsd_48h],
        [n]]1],
        [n 2],
        [alarms],
        [since O'Brien],
        [group],
        [built],
        [make_A'1],
        [make_B]]2],
        [it's]]it])
    SELECT ROW_NUMBER() OVER (ORDER BY f.[asset]]id], f.[time stamp]), f.[asset]]id], f.[time stamp],
        f.[score]]smean_6h],
        f.[selectmean_6h],
        f.[score]]ssd_6h],
        f.[selectsd_6h],
        f.[score]]smean_12h],
        f.[selectmean_12h],
        f.[score]]ssd_12h],
        f.[selectsd_12h],
        f.[score]]smean_48h],
        f.[selectmean_48h],
        f.[score]]ssd_48h],
        f.[selectsd_48h],
        f.[n]]1],
        f.[n 2],
        f.[alarms],
        f.[since O'Brien],
        f.[group],
        f.[built],
        f.[make_A'1],
        f.[make_B]]2],
        f.[it's]]it]
    FROM [odd].[O'Brien's viewFor] (@asset, @since, @until) AS f
    JOIN #slots AS s ON s.[asset]]id] = f.[asset]]id] AND s.[time stamp] = f.[time stamp]
    OPTION (RECOMPILE);
    SET @n_rows = @@ROWCOUNT;

    IF @persist = 1
    BEGIN
        INSERT INTO ml.scoring_runs (model_version_id, procedure_name, since, until, status, started_at,
            alias, route_id, is_shadow)
        VALUES (@model_version_id, N'odd.[score]]s]', @since, @until, N'running', @started_at,
            @alias, @route_id, @is_shadow);
        SET @run_id = SCOPE_IDENTITY();
    END;

    WHILE @first <= @n_rows
    BEGIN
        SET @last = @first + 99999;
        IF @last > @n_rows SET @last = @n_rows;
        SET @query = CONCAT(N'SELECT row_no, [score]]smean_6h], [selectmean_6h], [score]]ssd_6h], [selectsd_6h], [score]]smean_12h], [selectmean_12h], [score]]ssd_12h], [selectsd_12h], [score]]smean_48h], [selectmean_48h], [score]]ssd_48h], [selectsd_48h], [n]]1], [n 2], [alarms], [since O''Brien], [group], [built], [make_A''1], [make_B]]2], [it''s]]it] FROM #features WHERE row_no BETWEEN ', @first, N' AND ', @last, N' ORDER BY row_no');
        INSERT INTO #scored (row_no, predicted, [p_no'ne], [p_e'1])
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
            INSERT INTO [odd].[O'Brien's] ([asset]]id], [time stamp], predicted, [p_no'ne], [p_e'1],
                model_version, run_id, scored_at)
            SELECT f.[asset]]id], f.[time stamp], s.predicted, s.[p_no'ne], s.[p_e'1], @version, @run_id, GETUTCDATE()
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
        DELETE FROM [odd].[O'Brien's] WHERE run_id = @run_id;
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
            VALUES (@model_version_id, N'odd.[score]]s]', @since, @until, N'failed', 0, @started_at,
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

IF @route_id IS NOT NULL
BEGIN
    IF @persist = 0 AND @is_shadow = 0
        INSERT INTO #answers ([asset]]id], [time stamp], predicted, [p_no'ne], [p_e'1], model_version)
        SELECT f.[asset]]id], f.[time stamp], s.predicted, s.[p_no'ne], s.[p_e'1], @version
        FROM #scored AS s
        JOIN #features AS f ON f.row_no = s.row_no;
    RETURN 0;
END;
SELECT f.[asset]]id], f.[time stamp], s.predicted, s.[p_no'ne], s.[p_e'1], @version AS model_version
FROM #scored AS s
JOIN #features AS f ON f.row_no = s.row_no
ORDER BY s.[p_no'ne], f.[asset]]id], f.[time stamp];
END;
