CREATE OR ALTER PROCEDURE [dbo].[ScoreFailureRows]
    @rows [dbo].[FailureRows] READONLY,
    @model sysname = N'failures',
    @alias sysname = NULL
AS
BEGIN
-- row_no is the caller's own number of a row: the result gives it back.
SET NOCOUNT ON;

DECLARE @model_version_id int, @version int, @sha256 binary(32), @bytes varbinary(max), @signature nvarchar(max),
    @language nvarchar(128), @missing nvarchar(128), @forgery nvarchar(max), @refusal nvarchar(max),
    @failure nvarchar(max), @number int, @text nvarchar(max), @message nvarchar(2048);
DECLARE @trusted nvarchar(max) = N'';
DECLARE @format nvarchar(20), @name nvarchar(128), @python_version nvarchar(20), @packages nvarchar(max),
    @sample nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64), @statement nvarchar(max) = N'',
    @is_pinned bit = CASE WHEN @trusted = N'' THEN 0 ELSE 1 END;
DECLARE @wrong nvarchar(max), @n_rows int;
DECLARE @route_now int, @route_salt nvarchar(200), @variant_alias nvarchar(128);

DECLARE @declared nvarchar(max) = N'{"form": "table", "columns": [{"name": "voltmean_3h", "sql_type": "float"}, {"name": "rotatemean_3h", "sql_type": "float"}, {"name": "pressuremean_3h", "sql_type": "float"}, {"name": "vibrationmean_3h", "sql_type": "float"}, {"name": "voltsd_3h", "sql_type": "float"}, {"name": "rotatesd_3h", "sql_type": "float"}, {"name": "pressuresd_3h", "sql_type": "float"}, {"name": "vibrationsd_3h", "sql_type": "float"}, {"name": "voltmean_24h", "sql_type": "float"}, {"name": "rotatemean_24h", "sql_type": "float"}, {"name": "pressuremean_24h", "sql_type": "float"}, {"name": "vibrationmean_24h", "sql_type": "float"}, {"name": "voltsd_24h", "sql_type": "float"}, {"name": "rotatesd_24h", "sql_type": "float"}, {"name": "pressuresd_24h", "sql_type": "float"}, {"name": "vibrationsd_24h", "sql_type": "float"}, {"name": "error1count", "sql_type": "int"}, {"name": "error2count", "sql_type": "int"}, {"name": "error3count", "sql_type": "int"}, {"name": "error4count", "sql_type": "int"}, {"name": "error5count", "sql_type": "int"}, {"name": "comp1", "sql_type": "float"}, {"name": "comp2", "sql_type": "float"}, {"name": "comp3", "sql_type": "float"}, {"name": "comp4", "sql_type": "float"}, {"name": "age", "sql_type": "int"}, {"name": "model_model1", "sql_type": "int"}, {"name": "model_model2", "sql_type": "int"}, {"name": "model_model3", "sql_type": "int"}, {"name": "model_model4", "sql_type": "int"}]}';

DECLARE @classes nvarchar(max) = N'["none", "comp1", "comp2", "comp3", "comp4"]';

DECLARE @rule nvarchar(max) = N'{"output": "classification", "probabilities": true, "top_k": 0}';

DECLARE @script nvarchar(max) = N'x = 1
';

DECLARE @scored TABLE (
    row_no int NOT NULL PRIMARY KEY,
    [predicted] nvarchar(20) NOT NULL,
    [p_none] float NOT NULL,
    [p_comp1] float NOT NULL,
    [p_comp2] float NOT NULL,
    [p_comp3] float NOT NULL,
    [p_comp4] float NOT NULL
);

-- The script's query does not see @rows. Numbers travel as float: an int that is NULL has no meaning to Python on SQL Server.
CREATE TABLE #rows (
    row_no int NOT NULL PRIMARY KEY,
    [voltmean_3h] float NULL,
    [rotatemean_3h] float NULL,
    [pressuremean_3h] float NULL,
    [vibrationmean_3h] float NULL,
    [voltsd_3h] float NULL,
    [rotatesd_3h] float NULL,
    [pressuresd_3h] float NULL,
    [vibrationsd_3h] float NULL,
    [voltmean_24h] float NULL,
    [rotatemean_24h] float NULL,
    [pressuremean_24h] float NULL,
    [vibrationmean_24h] float NULL,
    [voltsd_24h] float NULL,
    [rotatesd_24h] float NULL,
    [pressuresd_24h] float NULL,
    [vibrationsd_24h] float NULL,
    [error1count] float NULL,
    [error2count] float NULL,
    [error3count] float NULL,
    [error4count] float NULL,
    [error5count] float NULL,
    [comp1] float NULL,
    [comp2] float NULL,
    [comp3] float NULL,
    [comp4] float NULL,
    [age] float NULL,
    [model_model1] float NULL,
    [model_model2] float NULL,
    [model_model3] float NULL,
    [model_model4] float NULL
);

BEGIN TRY
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
        SET @message = CONCAT(N'Model ''', @model, N''' has a route, and dbo.ScoreFailureRows knows no key of its rows by which to follow it: name an @alias, or declare ',
            N'route_by, the entity''s keys', N' (route = false: always the declared alias).');
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
    INSERT INTO #rows (row_no, [voltmean_3h], [rotatemean_3h], [pressuremean_3h], [vibrationmean_3h], [voltsd_3h], [rotatesd_3h], [pressuresd_3h], [vibrationsd_3h], [voltmean_24h], [rotatemean_24h], [pressuremean_24h], [vibrationmean_24h], [voltsd_24h], [rotatesd_24h], [pressuresd_24h], [vibrationsd_24h], [error1count], [error2count], [error3count], [error4count], [error5count], [comp1], [comp2], [comp3], [comp4], [age], [model_model1], [model_model2], [model_model3], [model_model4])
    SELECT r.row_no, r.[voltmean_3h], r.[rotatemean_3h], r.[pressuremean_3h], r.[vibrationmean_3h], r.[voltsd_3h], r.[rotatesd_3h], r.[pressuresd_3h], r.[vibrationsd_3h], r.[voltmean_24h], r.[rotatemean_24h], r.[pressuremean_24h], r.[vibrationmean_24h], r.[voltsd_24h], r.[rotatesd_24h], r.[pressuresd_24h], r.[vibrationsd_24h], r.[error1count], r.[error2count], r.[error3count], r.[error4count], r.[error5count], r.[comp1], r.[comp2], r.[comp3], r.[comp4], r.[age], r.[model_model1], r.[model_model2], r.[model_model3], r.[model_model4]
    FROM @rows AS r;
    INSERT INTO @scored (row_no, [predicted], [p_none], [p_comp1], [p_comp2], [p_comp3], [p_comp4])
    EXEC sp_execute_external_script
        @language = @language,
        @script = @script,
        @input_data_1 = N'SELECT row_no, [voltmean_3h], [rotatemean_3h], [pressuremean_3h], [vibrationmean_3h], [voltsd_3h], [rotatesd_3h], [pressuresd_3h], [vibrationsd_3h], [voltmean_24h], [rotatemean_24h], [pressuremean_24h], [vibrationmean_24h], [voltsd_24h], [rotatesd_24h], [pressuresd_24h], [vibrationsd_24h], [error1count], [error2count], [error3count], [error4count], [error5count], [comp1], [comp2], [comp3], [comp4], [age], [model_model1], [model_model2], [model_model3], [model_model4] FROM #rows ORDER BY row_no',
        @params = N'@model varbinary(max), @format nvarchar(20), @signature nvarchar(max), @declared nvarchar(max),
            @classes nvarchar(max), @rule nvarchar(max), @statement nvarchar(max), @seal nvarchar(128),
            @seal_key nvarchar(64), @trusted nvarchar(max), @wrong nvarchar(max) OUTPUT,
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
        @wrong = @wrong OUTPUT,
        @forgery = @forgery OUTPUT,
        @refusal = @refusal OUTPUT,
        @failure = @failure OUTPUT;
    SET @n_rows = @@ROWCOUNT;
    IF @n_rows = 0
    BEGIN
        IF @wrong <> N''
        BEGIN
            SET @message = LEFT(CONCAT(N'dbo.ScoreFailureRows does not take these rows: ', @wrong), 2048);
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
            SET @message = CONCAT(N'The script failed: ', LEFT(@failure, 1800));
            THROW 51005, @message, 1;
        END;
        THROW 51004, N'Nothing to score: no row was given.', 1;
    END;

END TRY
BEGIN CATCH
    SELECT @number = ERROR_NUMBER(), @text = ERROR_MESSAGE();
    -- 39000 to 39099 are the messages of external scripts: the script died, or Python could not be started.
    IF @number BETWEEN 39000 AND 39099
    BEGIN
        SET @message = LEFT(CONCAT(N'The script did not run to its end (external scripts switched off, Python not '
            + N'started, killed, or out of memory): Msg ', @number, N': ', @text), 2048);
        THROW 51005, @message, 1;
    END;
    THROW;
END CATCH;

SELECT s.row_no, s.[predicted], s.[p_none], s.[p_comp1], s.[p_comp2], s.[p_comp3], s.[p_comp4], @version AS model_version
FROM @scored AS s
ORDER BY s.row_no;
END;
