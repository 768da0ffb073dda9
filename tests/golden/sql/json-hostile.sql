CREATE OR ALTER PROCEDURE [odd].[js]]on]
    @rows nvarchar(max),
    @model sysname = N'O''Brien',
    @alias sysname = NULL,
    @run_id bigint = NULL OUTPUT
AS
BEGIN
-- An object, or an array of objects, with the keys of @declared, spelt so: each of them a value or null. The result's rows
-- come in the order given, numbered from 1.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @model_version_id int, @version int, @sha256 binary(32), @bytes varbinary(max), @signature nvarchar(max),
    @language nvarchar(128), @missing nvarchar(128), @forgery nvarchar(max), @refusal nvarchar(max),
    @failure nvarchar(max), @number int, @text nvarchar(max), @message nvarchar(2048);
DECLARE @trusted nvarchar(max) = N'';
DECLARE @format nvarchar(20), @name nvarchar(128), @python_version nvarchar(20), @packages nvarchar(max),
    @sample nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64), @statement nvarchar(max) = N'',
    @is_pinned bit = CASE WHEN @trusted = N'' THEN 0 ELSE 1 END;
DECLARE @wrong nvarchar(max), @n_rows int, @started_at datetime = GETUTCDATE(), @call_run_id bigint;
DECLARE @route_now int, @route_salt nvarchar(200), @variant_alias nvarchar(128);

DECLARE @declared nvarchar(max) = N'{"form": "objects", "columns": [{"name": "score]smean_6h", "sql_type": "float"}, {"name": "selectmean_6h", "sql_type": "float"}, {"name": "score]ssd_6h", "sql_type": "float"}, {"name": "selectsd_6h", "sql_type": "float"}, {"name": "score]smean_12h", "sql_type": "float"}, {"name": "selectmean_12h", "sql_type": "float"}, {"name": "score]ssd_12h", "sql_type": "float"}, {"name": "selectsd_12h", "sql_type": "float"}, {"name": "score]smean_48h", "sql_type": "float"}, {"name": "selectmean_48h", "sql_type": "float"}, {"name": "score]ssd_48h", "sql_type": "float"}, {"name": "selectsd_48h", "sql_type": "float"}, {"name": "n]1", "sql_type": "int"}, {"name": "n 2", "sql_type": "int"}, {"name": "alarms", "sql_type": "int"}, {"name": "since O''Brien", "sql_type": "float"}, {"name": "group", "sql_type": "nvarchar(10)"}, {"name": "built", "sql_type": "datetime"}, {"name": "make_A''1", "sql_type": "int"}, {"name": "make_B]2", "sql_type": "int"}, {"name": "it''s]it", "sql_type": "nvarchar(20)"}], "optional": ["since O''Brien"], "id": "it''s]"}';

DECLARE @classes nvarchar(max) = N'["no''ne", "e''1"]';

DECLARE @rule nvarchar(max) = N'{"output": "classification", "probabilities": true, "top_k": 0}';

DECLARE @script nvarchar(max) = N'x = 1
';

DECLARE @scored TABLE (
    row_no int NOT NULL PRIMARY KEY,
    [it's]]] nvarchar(400) NULL,
    [predicted] nvarchar(10) NOT NULL,
    [p_no'ne] float NOT NULL,
    [p_e'1] float NOT NULL
);

BEGIN TRY
    IF @rows IS NULL
        THROW 51004, N'Nothing to score: @rows is NULL.', 1;
    -- Without @alias: as the model's route says, if it has one, else [champion].
    IF @alias IS NULL
        SELECT TOP (1) @route_now = CASE WHEN r.active = 1 THEN r.route_id END, @route_salt = CONCAT(DATALENGTH(m.name) / 2, N':', m.name)
        FROM ml.models AS m
        JOIN ml.routes AS r ON r.model_id = m.model_id
        WHERE m.name = @model
        ORDER BY r.route_id DESC;
    IF @route_now IS NULL SET @alias = COALESCE(@alias, N'champion');
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
        SET @message = CONCAT(N'Model ''', @model, N''' has a route, and odd.[js]]on] knows no key of its rows by which to follow it: name an @alias, or declare ',
            N'id, the entity''s key', N' (route = false: always the declared alias).');
        THROW 51006, @message, 1;
    END;
    SELECT @model_version_id = v.model_version_id, @version = v.version, @sha256 = v.sha256, @signature = v.signature,
        @language = v.language, @format = v.format, @name = m.name, @python_version = v.python_version,
        @packages = v.packages, @sample = CASE WHEN @trusted = N'' THEN N'' ELSE COALESCE(v.sample, N'') END, @seal = COALESCE(CONVERT(nvarchar(128), v.seal, 2), N''),
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
    IF @format <> N'pickle' SET @script = CONCAT(N'f = ''O''''Brien''
', @script);
    IF @is_pinned = 1 SET @script = CONCAT(N'v = 1
', @script);
    INSERT INTO @scored (row_no, [it's]]], [predicted], [p_no'ne], [p_e'1])
    EXEC sp_execute_external_script
        @language = @language,
        @script = @script,
        @params = N'@model varbinary(max), @format nvarchar(20), @signature nvarchar(max), @declared nvarchar(max),
            @classes nvarchar(max), @rule nvarchar(max), @statement nvarchar(max), @seal nvarchar(128),
            @seal_key nvarchar(64), @trusted nvarchar(max), @rows nvarchar(max), @wrong nvarchar(max) OUTPUT,
            @forgery nvarchar(max) OUTPUT, @refusal nvarchar(max) OUTPUT, @failure nvarchar(max) OUTPUT',
        @model = @bytes,
        @format = @format,
        @signature = @signature,
        @declared = @declared,
        @classes = @classes,
        @rule = @rule,
        @statement = @statement,
        @seal = @seal,
        @seal_key = @seal_key,
        @trusted = @trusted,
        @rows = @rows,
        @wrong = @wrong OUTPUT,
        @forgery = @forgery OUTPUT,
        @refusal = @refusal OUTPUT,
        @failure = @failure OUTPUT;
    SET @n_rows = @@ROWCOUNT;
    IF @n_rows = 0
    BEGIN
        IF @wrong <> N''
        BEGIN
            SET @message = LEFT(CONCAT(N'odd.[js]]on] does not take these rows: ', @wrong), 2048);
            THROW 51006, @message, 1;
        END;
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
            SET @message = CONCAT(N'The script failed (see ml.scoring_runs.error): ', LEFT(@failure, 1800));
            THROW 51005, @message, 1;
        END;
        THROW 51004, N'Nothing to score: no row was given.', 1;
    END;
    INSERT INTO ml.scoring_runs (model_version_id, procedure_name, status, rows, started_at, finished_at, duration_s,
        alias, route_id, call_run_id)
    VALUES (@model_version_id, N'odd.[js]]on]', N'succeeded', @n_rows, @started_at, GETUTCDATE(),
        DATEDIFF(millisecond, @started_at, GETUTCDATE()) / 1000E0, @alias, @route_now, @call_run_id);
    SET @run_id = COALESCE(@call_run_id, SCOPE_IDENTITY());

END TRY
BEGIN CATCH
    SELECT @number = ERROR_NUMBER(), @text = ERROR_MESSAGE();
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    IF @model_version_id IS NOT NULL AND @number <> 51004
    BEGIN
        INSERT INTO ml.scoring_runs (model_version_id, procedure_name, status, rows, started_at, finished_at,
            duration_s, alias, route_id, call_run_id, error)
        VALUES (@model_version_id, N'odd.[js]]on]', N'failed', 0, @started_at, GETUTCDATE(),
            DATEDIFF(millisecond, @started_at, GETUTCDATE()) / 1000E0, @alias, @route_now, @call_run_id,
            CONCAT(N'Msg ', @number, N': ', COALESCE(NULLIF(@failure, N''), @text)));
        SET @run_id = SCOPE_IDENTITY();
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

SELECT s.row_no, s.[it's]]], s.[predicted], s.[p_no'ne], s.[p_e'1], @version AS model_version
FROM @scored AS s
ORDER BY s.row_no;
END;
