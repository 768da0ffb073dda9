CREATE OR ALTER PROCEDURE [dbo].[ForecastDemand]
    @shop_id int = NULL,
    @item nvarchar(20) = NULL,
    @since datetime = NULL,
    @until datetime = NULL,
    @unscored bit = 0,
    @model sysname = N'demand',
    @alias sysname = NULL,
    @persist bit = 1,
    @return_rows bit = 1,
    @run_id bigint = NULL OUTPUT,
    @route_id int = NULL
AS
BEGIN
-- Without a range: the latest row of each [shopID], [item].
-- With one: all its rows, both ends included.
-- @unscored = 1: the rows (of the range, if there is one) that this model version has not scored in a succeeded run. A
-- run that was cut off, the server stopped or its client gone, is taken up then: what it has stored counts as scored.
-- @persist = 0 stores nothing, not even the run; @return_rows = 0 returns nothing. Call it outside a transaction:
-- inside one, all it stores is part of that transaction, and a failure rolls it back.
-- Without @alias the model's route says which rows which version scores, each in a run of its own; @run_id is the first of
-- them, and in ml.scoring_runs the others name it in call_run_id.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @model_version_id int, @version int, @sha256 binary(32), @bytes varbinary(max), @signature nvarchar(max),
    @language nvarchar(128), @missing nvarchar(128), @forgery nvarchar(max), @refusal nvarchar(max),
    @failure nvarchar(max), @number int, @text nvarchar(max), @message nvarchar(2048);
DECLARE @started_at datetime = GETUTCDATE(), @n_rows int, @n_stored bigint = 0, @first int, @last int = 0, @chunk int,
    @chunk_end int, @query nvarchar(max), @locked int, @lock nvarchar(255), @run_lock nvarchar(255),
    @cut_off bigint, @from datetime, @to datetime;
DECLARE @trusted nvarchar(max) = N'';
DECLARE @format nvarchar(20), @name nvarchar(128), @python_version nvarchar(20), @packages nvarchar(max),
    @sample nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64), @statement nvarchar(max) = N'',
    @is_pinned bit = CASE WHEN @trusted = N'' THEN 0 ELSE 1 END;

DECLARE @route_now int, @route_salt nvarchar(200), @is_shadow bit = 0, @in_transaction bit = CASE WHEN @@TRANCOUNT > 0 THEN 1 ELSE 0 END,
    @variant_nth int = 0, @variant_alias nvarchar(128), @variant_run bigint, @nothing_scored int, @variant_number int,
    @variant_text nvarchar(max), @is_shared bit = 0, @shared_rows int;
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
        [shopID] int NOT NULL,
        [item] nvarchar(20) COLLATE DATABASE_DEFAULT NOT NULL,
        alias nvarchar(128) COLLATE DATABASE_DEFAULT NOT NULL
    );
ELSE IF OBJECT_ID(N'tempdb..#routed') IS NULL
    THROW 51007, N'@route_id is what the procedure says to itself: leave it out.', 1;
ELSE IF EXISTS (SELECT 1 FROM ml.route_shadows WHERE route_id = @route_id AND alias = @alias)
    SET @is_shadow = 1;
-- The rows @last + 1 to @shared_rows of #slots and #features, if the call with the route has listed and staged all.
IF @route_id IS NOT NULL
    SELECT @is_shared = 1, @last = first_row - 1, @shared_rows = last_row
    FROM #variants WHERE alias = @alias AND first_row IS NOT NULL;


IF @is_shared = 0
BEGIN
    -- The rows to score, without their features; row_no is their order in time.
    CREATE TABLE #slots (
        row_no int NOT NULL PRIMARY KEY,
        [day] datetime NOT NULL,
        [shopID] int NOT NULL,
        [item] nvarchar(20) COLLATE DATABASE_DEFAULT NOT NULL
    );
    -- The features of a part of them. Numbers travel as float: an int that is NULL has no meaning to Python on SQL Server.
    -- Keys stay here; the script gets and gives back row_no.
    CREATE TABLE #features (
        row_no int NOT NULL PRIMARY KEY,
        [quantitymean_7d] float NULL,
        [quantitysd_7d] float NULL,
        [quantitymax_7d] float NULL,
        [quantityslope_7d] float NULL,
        [quantitymean_28d] float NULL,
        [quantitysd_28d] float NULL,
        [quantitymax_28d] float NULL,
        [quantityslope_28d] float NULL,
        [quantity_lag_1d] float NULL,
        [quantity_lag_6d] float NULL,
        [quantity_lag_1] float NULL,
        [promotions_14d] float NULL,
        [days_since_promotion] float NULL,
        [quantity] float NULL,
        [price] float NULL,
        [list_price] float NULL,
        [category_fresh] float NULL,
        [category_dry] float NULL,
        [category_drinks] float NULL,
        [trend] float NULL
    );
END;
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
        [shopID] int NOT NULL,
        [item] nvarchar(20) COLLATE DATABASE_DEFAULT NOT NULL,
        [day] datetime NOT NULL,
        [predicted] float NOT NULL,
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
        IF @unscored = 1 AND @persist = 1
        BEGIN
            EXEC @locked = sp_getapplock @Resource = N'pymlsql.unscored dbo.DemandForecasts', @LockMode = N'Exclusive',
                @LockOwner = N'Session', @LockTimeout = 0;
            IF @locked < 0
                THROW 51006, N'Another session is scoring what dbo.DemandForecasts lacks: wait for it, so that nothing is scored twice.', 1;
            SET @lock = N'pymlsql.unscored dbo.DemandForecasts';
        END;
        INSERT INTO #routed ([shopID], [item], alias)
        SELECT e.[shopID], e.[item], g.alias
        FROM (SELECT d.[shopID], d.[item], CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT(@route_salt, DATALENGTH(CONVERT(nvarchar(41), d.[shopID])) / 2, N':', CONVERT(nvarchar(41), d.[shopID]), UPPER(RTRIM(d.[item])))), 1, 7) AS bigint) % 10000 AS slot
            FROM (SELECT DISTINCT t.[shopID], t.[item] FROM [dbo].[DemandFeaturesSlots] (@shop_id, @item, @since, @until) AS t) AS d) AS e
        JOIN ml.route_ranges AS g ON g.route_id = @route_now AND e.slot BETWEEN g.from_slot AND g.to_slot
        OPTION (RECOMPILE);
        IF @unscored = 0
        BEGIN
            -- Who may not see the view's definition gets error 207 from the statements below instead of this sentence.
            SELECT TOP (1) @missing = wanted.name
            FROM (VALUES
                (N'quantitymean_7d'),
                (N'quantitysd_7d'),
                (N'quantitymax_7d'),
                (N'quantityslope_7d'),
                (N'quantitymean_28d'),
                (N'quantitysd_28d'),
                (N'quantitymax_28d'),
                (N'quantityslope_28d'),
                (N'quantity_lag_1d'),
                (N'quantity_lag_6d'),
                (N'quantity_lag_1'),
                (N'promotions_14d'),
                (N'days_since_promotion'),
                (N'quantity'),
                (N'price'),
                (N'list_price'),
                (N'category_fresh'),
                (N'category_dry'),
                (N'category_drinks'),
                (N'trend')
            ) AS wanted (name)
            WHERE OBJECT_ID(N'[dbo].[DemandFeatures]') IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM sys.columns AS c
                    WHERE c.object_id = OBJECT_ID(N'[dbo].[DemandFeatures]') AND c.name = wanted.name);
            IF @missing IS NOT NULL
            BEGIN
                SET @message = CONCAT(N'dbo.DemandFeatures has no column ', @missing,
                    N', which this procedure was made for: apply view and procedure again (pymlsql apply).');
                THROW 51003, @message, 1;
            END;
            IF @since IS NULL AND @until IS NULL
                INSERT INTO #slots (row_no, [day], [shopID], [item])
                SELECT ROW_NUMBER() OVER (ORDER BY v.nth, s.[day], s.[shopID], s.[item]), s.[day], s.[shopID], s.[item]
                FROM (SELECT MAX(t.[day]) AS [day], t.[shopID], t.[item]
                    FROM [dbo].[DemandFeaturesSlots] (@shop_id, @item, @since, @until) AS t
                    GROUP BY t.[shopID], t.[item]) AS s
                JOIN #routed AS e ON e.[shopID] = s.[shopID] AND e.[item] = s.[item]
                JOIN #variants AS v ON v.alias = e.alias
                OPTION (RECOMPILE);
            ELSE
                INSERT INTO #slots (row_no, [day], [shopID], [item])
                SELECT ROW_NUMBER() OVER (ORDER BY v.nth, s.[day], s.[shopID], s.[item]), s.[day], s.[shopID], s.[item]
                FROM [dbo].[DemandFeaturesSlots] (@shop_id, @item, @since, @until) AS s
                JOIN #routed AS e ON e.[shopID] = s.[shopID] AND e.[item] = s.[item]
                JOIN #variants AS v ON v.alias = e.alias
                OPTION (RECOMPILE);
            SET @n_rows = @@ROWCOUNT;
            IF @n_rows > 1000000
                TRUNCATE TABLE #slots;
            ELSE IF @n_rows > 0
            BEGIN
                IF EXISTS (SELECT 1 FROM #slots AS s GROUP BY s.[day], s.[shopID], s.[item] HAVING COUNT(*) > 1)
                THROW 51003, N'dbo.DemandFeatures has two rows of one key: its rows cannot be told apart (pymlsql features check names them).', 1;

                SELECT @first = 1, @last = @n_rows;
                TRUNCATE TABLE #features;
                SELECT @from = MIN([day]), @to = MAX([day])
                FROM #slots WHERE row_no BETWEEN @first AND @last;
                INSERT INTO #features (row_no,
                    [quantitymean_7d],
                    [quantitysd_7d],
                    [quantitymax_7d],
                    [quantityslope_7d],
                    [quantitymean_28d],
                    [quantitysd_28d],
                    [quantitymax_28d],
                    [quantityslope_28d],
                    [quantity_lag_1d],
                    [quantity_lag_6d],
                    [quantity_lag_1],
                    [promotions_14d],
                    [days_since_promotion],
                    [quantity],
                    [price],
                    [list_price],
                    [category_fresh],
                    [category_dry],
                    [category_drinks],
                    [trend])
                SELECT s.row_no,
                    f.[quantitymean_7d],
                    f.[quantitysd_7d],
                    f.[quantitymax_7d],
                    f.[quantityslope_7d],
                    f.[quantitymean_28d],
                    f.[quantitysd_28d],
                    f.[quantitymax_28d],
                    f.[quantityslope_28d],
                    f.[quantity_lag_1d],
                    f.[quantity_lag_6d],
                    f.[quantity_lag_1],
                    f.[promotions_14d],
                    f.[days_since_promotion],
                    f.[quantity],
                    f.[price],
                    f.[list_price],
                    f.[category_fresh],
                    f.[category_dry],
                    f.[category_drinks],
                    f.[trend]
                FROM #slots AS s
                JOIN [dbo].[DemandFeaturesFor] (@shop_id, @item, @from, @to) AS f ON f.[day] = s.[day] AND f.[shopID] = s.[shopID] AND f.[item] = s.[item]
                WHERE s.row_no BETWEEN @first AND @last
                ORDER BY s.row_no
                OPTION (RECOMPILE);
                UPDATE v
                SET first_row = c.first_row, last_row = c.last_row
                FROM #variants AS v
                JOIN (SELECT e.alias, MIN(s.row_no) AS first_row, MAX(s.row_no) AS last_row
                    FROM #slots AS s
                    JOIN #routed AS e ON e.[shopID] = s.[shopID] AND e.[item] = s.[item]
                    GROUP BY e.alias) AS c ON c.alias = v.alias;
                UPDATE #variants SET first_row = 1, last_row = @n_rows WHERE is_shadow = 1;
            END;
        END;
        WHILE 1 = 1
        BEGIN
            SELECT @variant_alias = NULL, @variant_run = NULL;
            SELECT TOP (1) @variant_nth = nth, @variant_alias = alias
            FROM #variants
            WHERE nth > @variant_nth AND is_shadow = 0 AND alias IN (SELECT alias FROM #routed)
            ORDER BY nth;
            IF @variant_alias IS NULL BREAK;
            BEGIN TRY
                EXEC @nothing_scored = [dbo].[ForecastDemand] @shop_id = @shop_id, @item = @item, @since = @since, @until = @until, @unscored = @unscored, @model = @model, @alias = @variant_alias, @persist = @persist,
                @return_rows = @return_rows, @run_id = @variant_run OUTPUT, @route_id = @route_now;
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
                ELSE N'Nothing to score: no row lies in the range. Compare @since, @until and the keys with the feature view, and load data where they are missing.'
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
        IF @return_rows = 1 AND @persist = 1
            SELECT k.[shopID], k.[item], k.[day], k.[predicted], k.[model_version]
            FROM [dbo].[DemandForecasts] AS k
            WHERE k.run_id IN (SELECT run_id FROM #variants WHERE is_shadow = 0 AND run_id IS NOT NULL)
            ORDER BY k.[predicted] DESC, k.[shopID], k.[item], k.[day];
        ELSE IF @return_rows = 1
            SELECT k.[shopID], k.[item], k.[day], k.[predicted], k.[model_version] FROM #answers AS k ORDER BY k.[predicted] DESC, k.[shopID], k.[item], k.[day];
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
                EXEC @nothing_scored = [dbo].[ForecastDemand] @shop_id = @shop_id, @item = @item, @since = @since, @until = @until, @unscored = @unscored, @model = @model, @alias = @variant_alias, @persist = @persist,
                @return_rows = 0, @run_id = @variant_run OUTPUT, @route_id = @route_now;
                UPDATE ml.scoring_runs SET call_run_id = @run_id WHERE run_id = @variant_run;
            END TRY
            BEGIN CATCH
                SET @message = LEFT(CONCAT(N'The shadow ', @variant_alias, N' failed, which the call does not: Msg ', ERROR_NUMBER(), N': ', ERROR_MESSAGE()), 1800);
                RAISERROR(N'%s', 10, 1, @message);
            END CATCH;
        END;
        IF @lock IS NOT NULL
        BEGIN
            EXEC sp_releaseapplock @Resource = @lock, @LockOwner = N'Session';
            SET @lock = NULL;
        END;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
        IF @lock IS NOT NULL
        BEGIN
            EXEC sp_releaseapplock @Resource = @lock, @LockOwner = N'Session';
            SET @lock = NULL;
        END;
        THROW;
    END CATCH;
    RETURN;
END;

DECLARE @columns nvarchar(max) = N'[{"name": "quantitymean_7d", "sql_type": "float"}, {"name": "quantitysd_7d", "sql_type": "float"}, {"name": "quantitymax_7d", "sql_type": "float"}, {"name": "quantityslope_7d", "sql_type": "float"}, {"name": "quantitymean_28d", "sql_type": "float"}, {"name": "quantitysd_28d", "sql_type": "float"}, {"name": "quantitymax_28d", "sql_type": "float"}, {"name": "quantityslope_28d", "sql_type": "float"}, {"name": "quantity_lag_1d", "sql_type": "float"}, {"name": "quantity_lag_6d", "sql_type": "float"}, {"name": "quantity_lag_1", "sql_type": "float"}, {"name": "promotions_14d", "sql_type": "int"}, {"name": "days_since_promotion", "sql_type": "float"}, {"name": "quantity", "sql_type": "float"}, {"name": "price", "sql_type": "float"}, {"name": "list_price", "sql_type": "float"}, {"name": "category_fresh", "sql_type": "int"}, {"name": "category_dry", "sql_type": "int"}, {"name": "category_drinks", "sql_type": "int"}, {"name": "trend", "sql_type": "float"}]';

DECLARE @classes nvarchar(max) = N'[]';

DECLARE @rule nvarchar(max) = N'{"output": "regression"}';

DECLARE @script nvarchar(max) = N'x = 1
';

-- What the script said of a chunk; with @persist = 0 of all.
CREATE TABLE #scored (
    row_no int NOT NULL PRIMARY KEY,
    [predicted] float NOT NULL
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
        (N'quantitymean_7d'),
        (N'quantitysd_7d'),
        (N'quantitymax_7d'),
        (N'quantityslope_7d'),
        (N'quantitymean_28d'),
        (N'quantitysd_28d'),
        (N'quantitymax_28d'),
        (N'quantityslope_28d'),
        (N'quantity_lag_1d'),
        (N'quantity_lag_6d'),
        (N'quantity_lag_1'),
        (N'promotions_14d'),
        (N'days_since_promotion'),
        (N'quantity'),
        (N'price'),
        (N'list_price'),
        (N'category_fresh'),
        (N'category_dry'),
        (N'category_drinks'),
        (N'trend')
    ) AS wanted (name)
    WHERE OBJECT_ID(N'[dbo].[DemandFeatures]') IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sys.columns AS c
            WHERE c.object_id = OBJECT_ID(N'[dbo].[DemandFeatures]') AND c.name = wanted.name);
    IF @missing IS NOT NULL
    BEGIN
        SET @message = CONCAT(N'dbo.DemandFeatures has no column ', @missing,
            N', which this procedure was made for: apply view and procedure again (pymlsql apply).');
        THROW 51003, @message, 1;
    END;

    IF @unscored = 1 AND @persist = 1
    BEGIN
        IF @route_id IS NULL
        BEGIN
            EXEC @locked = sp_getapplock @Resource = N'pymlsql.unscored dbo.DemandForecasts', @LockMode = N'Exclusive',
                @LockOwner = N'Session', @LockTimeout = 0;
            IF @locked < 0
                THROW 51006, N'Another session is scoring what dbo.DemandForecasts lacks: wait for it, so that nothing is scored twice.', 1;
            SET @lock = N'pymlsql.unscored dbo.DemandForecasts';
        END;
        -- A run that is under way holds a lock of its own, which ends with its session.
        SET @cut_off = (SELECT MAX(run_id) FROM ml.scoring_runs
            WHERE model_version_id = @model_version_id AND procedure_name = N'dbo.ForecastDemand' AND status = N'running'
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
                    WHERE model_version_id = @model_version_id AND procedure_name = N'dbo.ForecastDemand'
                        AND status = N'running' AND is_shadow = @is_shadow AND (alias = @alias OR alias IS NULL)
                        AND run_id < @cut_off);
        END;
    END;

    -- Which rows, in the order of their times; those of a route that share their features are listed already.
    IF @is_shared = 1
        SET @first = @last + 1;
    ELSE IF @unscored = 1
        INSERT INTO #slots (row_no, [day], [shopID], [item])
        SELECT ROW_NUMBER() OVER (ORDER BY s.[day], s.[shopID], s.[item]), s.[day], s.[shopID], s.[item]
        FROM [dbo].[DemandFeaturesSlots] (@shop_id, @item, @since, @until) AS s
        WHERE NOT EXISTS (SELECT 1
            FROM [dbo].[DemandForecasts] AS p
            JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
            WHERE p.[day] = s.[day] AND p.[shopID] = s.[shopID] AND p.[item] = s.[item]
                AND r.model_version_id = @model_version_id AND r.is_shadow = @is_shadow
                AND (r.status = N'succeeded' OR r.run_id = @run_id))
            AND (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[shopID] = s.[shopID] AND e.[item] = s.[item] AND (e.alias = @alias OR @is_shadow = 1)))
        OPTION (RECOMPILE);
    ELSE IF @since IS NULL AND @until IS NULL
        INSERT INTO #slots (row_no, [day], [shopID], [item])
        SELECT ROW_NUMBER() OVER (ORDER BY s.[day], s.[shopID], s.[item]), s.[day], s.[shopID], s.[item]
        FROM (SELECT MAX(t.[day]) AS [day], t.[shopID], t.[item]
            FROM [dbo].[DemandFeaturesSlots] (@shop_id, @item, @since, @until) AS t
            GROUP BY t.[shopID], t.[item]) AS s
        WHERE (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[shopID] = s.[shopID] AND e.[item] = s.[item] AND (e.alias = @alias OR @is_shadow = 1)))
        OPTION (RECOMPILE);
    ELSE
        INSERT INTO #slots (row_no, [day], [shopID], [item])
        SELECT ROW_NUMBER() OVER (ORDER BY s.[day], s.[shopID], s.[item]), s.[day], s.[shopID], s.[item]
        FROM [dbo].[DemandFeaturesSlots] (@shop_id, @item, @since, @until) AS s
        WHERE (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[shopID] = s.[shopID] AND e.[item] = s.[item] AND (e.alias = @alias OR @is_shadow = 1)))
        OPTION (RECOMPILE);
    SET @n_rows = @@ROWCOUNT;
    IF @is_shared = 1 SET @n_rows = @shared_rows;
    IF @n_rows = 0 AND @run_id IS NULL
    BEGIN
        -- Another version of the route may have some.
        IF @route_id IS NOT NULL RETURN 1;
        SET @message = CASE
            WHEN @unscored = 1 THEN N'Nothing to score: this version has scored every row in the range already. '
                + N'A job may take 51004 for success; to score again, leave @unscored out.'
            ELSE N'Nothing to score: no row lies in the range. Compare @since, @until and the keys with the feature view, and load data where they are missing.'
        END;
        THROW 51004, @message, 1;
    END;
    IF @is_shared = 0 AND EXISTS (SELECT 1 FROM #slots AS s GROUP BY s.[day], s.[shopID], s.[item] HAVING COUNT(*) > 1)
        THROW 51003, N'dbo.DemandFeatures has two rows of one key: its rows cannot be told apart (pymlsql features check names them).', 1;

    -- From here on @since and @until are the range that is read: no more than the rows need.
    SELECT @since = MIN([day]), @until = MAX([day]) FROM #slots
    WHERE row_no > @last AND row_no <= @n_rows;

    IF @persist = 1
    BEGIN
        IF @run_id IS NULL
        BEGIN
            INSERT INTO ml.scoring_runs (model_version_id, procedure_name, since, until, status, started_at,
                alias, route_id, is_shadow)
            VALUES (@model_version_id, N'dbo.ForecastDemand', @since, @until, N'running', @started_at,
                @alias, @route_id, @is_shadow);
            SET @run_id = SCOPE_IDENTITY();
            SET @run_lock = CONCAT(N'pymlsql.run ', @run_id);
            EXEC sp_getapplock @Resource = @run_lock, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0;
        END;
        ELSE
        BEGIN
            SET @n_stored = (SELECT COUNT_BIG(*) FROM [dbo].[DemandForecasts] WHERE run_id = @run_id);
            UPDATE ml.scoring_runs
            SET since = CASE WHEN since <= @since OR @since IS NULL THEN since ELSE @since END,
                until = CASE WHEN until >= @until OR @until IS NULL THEN until ELSE @until END
            WHERE run_id = @run_id;
        END;
    END;

    WHILE @last < @n_rows
    BEGIN
        SET @first = @last + 1;
        SET @last = IIF(@n_rows - @last > 1000000, @last + 1000000, @n_rows);
        IF @is_shared = 0
        BEGIN
            TRUNCATE TABLE #features;
                    SELECT @from = MIN([day]), @to = MAX([day])
                    FROM #slots WHERE row_no BETWEEN @first AND @last;
                    INSERT INTO #features (row_no,
                        [quantitymean_7d],
                        [quantitysd_7d],
                        [quantitymax_7d],
                        [quantityslope_7d],
                        [quantitymean_28d],
                        [quantitysd_28d],
                        [quantitymax_28d],
                        [quantityslope_28d],
                        [quantity_lag_1d],
                        [quantity_lag_6d],
                        [quantity_lag_1],
                        [promotions_14d],
                        [days_since_promotion],
                        [quantity],
                        [price],
                        [list_price],
                        [category_fresh],
                        [category_dry],
                        [category_drinks],
                        [trend])
                    SELECT s.row_no,
                        f.[quantitymean_7d],
                        f.[quantitysd_7d],
                        f.[quantitymax_7d],
                        f.[quantityslope_7d],
                        f.[quantitymean_28d],
                        f.[quantitysd_28d],
                        f.[quantitymax_28d],
                        f.[quantityslope_28d],
                        f.[quantity_lag_1d],
                        f.[quantity_lag_6d],
                        f.[quantity_lag_1],
                        f.[promotions_14d],
                        f.[days_since_promotion],
                        f.[quantity],
                        f.[price],
                        f.[list_price],
                        f.[category_fresh],
                        f.[category_dry],
                        f.[category_drinks],
                        f.[trend]
                    FROM #slots AS s
                    JOIN [dbo].[DemandFeaturesFor] (@shop_id, @item, @from, @to) AS f ON f.[day] = s.[day] AND f.[shopID] = s.[shopID] AND f.[item] = s.[item]
                    WHERE s.row_no BETWEEN @first AND @last
                    ORDER BY s.row_no
                    OPTION (RECOMPILE);
        END;

        SET @chunk = @first;
        WHILE @chunk <= @last
        BEGIN
            SET @chunk_end = IIF(@last - @chunk >= 100000, @chunk + 99999, @last);
            SET @query = CONCAT(N'SELECT row_no, [quantitymean_7d], [quantitysd_7d], [quantitymax_7d], [quantityslope_7d], [quantitymean_28d], [quantitysd_28d], [quantitymax_28d], [quantityslope_28d], [quantity_lag_1d], [quantity_lag_6d], [quantity_lag_1], [promotions_14d], [days_since_promotion], [quantity], [price], [list_price], [category_fresh], [category_dry], [category_drinks], [trend] FROM #features WHERE row_no BETWEEN ', @chunk, N' AND ', @chunk_end, N' ORDER BY row_no');
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
                INSERT INTO [dbo].[DemandForecasts] ([day], [shopID], [item],
                    [predicted], model_version, run_id, scored_at)
                SELECT k.[day], k.[shopID], k.[item],
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
            DELETE TOP (100000) FROM [dbo].[DemandForecasts] WHERE run_id = @run_id;
            SET @n_stored = @@ROWCOUNT;
        END;
        UPDATE ml.scoring_runs
        SET status = N'failed', rows = 0, finished_at = GETUTCDATE(),
            duration_s = DATEDIFF_BIG(millisecond, started_at, GETUTCDATE()) / 1000E0,
            error = CONCAT(N'Msg ', @number, N': ', COALESCE(NULLIF(@failure, N''), @text))
        WHERE run_id = @run_id;
        IF @@ROWCOUNT = 0
        BEGIN
            INSERT INTO ml.scoring_runs (model_version_id, procedure_name, since, until, status, rows, started_at,
                alias, route_id, is_shadow, finished_at, duration_s, error)
            VALUES (@model_version_id, N'dbo.ForecastDemand', @since, @until, N'failed', 0, @started_at,
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

IF @route_id IS NOT NULL
BEGIN
    IF @return_rows = 1 AND @persist = 0
        INSERT INTO #answers ([shopID], [item], [day], [predicted], model_version)
        SELECT k.[shopID], k.[item], k.[day], s.[predicted], @version
        FROM #scored AS s
        JOIN #slots AS k ON k.row_no = s.row_no;
    RETURN 0;
END;
IF @return_rows = 1 AND @persist = 1
    SELECT p.[shopID], p.[item], p.[day], p.[predicted], p.model_version
    FROM [dbo].[DemandForecasts] AS p
    WHERE p.run_id = @run_id
    ORDER BY p.[predicted] DESC, p.[shopID], p.[item], p.[day];
ELSE IF @return_rows = 1
    SELECT k.[shopID], k.[item], k.[day], s.[predicted], @version AS model_version
    FROM #scored AS s
    JOIN #slots AS k ON k.row_no = s.row_no
    ORDER BY s.[predicted] DESC, k.[shopID], k.[item], k.[day];
END;
