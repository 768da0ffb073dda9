CREATE OR ALTER PROCEDURE [dbo].[ScoreFailures]
    @rows nvarchar(max),
    @model sysname = N'failures',
    @alias sysname = NULL
AS
BEGIN
-- An object, or an array of objects, with the keys of @declared, spelt so: each of them a value or null. The result's rows
-- come in the order given, numbered from 1.
SET NOCOUNT ON;

DECLARE @model_version_id int, @version int, @sha256 binary(32), @bytes varbinary(max), @signature nvarchar(max),
    @language nvarchar(128), @missing nvarchar(128), @forgery nvarchar(max), @refusal nvarchar(max),
    @failure nvarchar(max), @number int, @text nvarchar(max), @message nvarchar(2048);
DECLARE @trusted nvarchar(max) = N'';
DECLARE @format nvarchar(20), @name nvarchar(128), @python_version nvarchar(20), @packages nvarchar(max),
    @sample nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64), @statement nvarchar(max) = N'',
    @is_pinned bit = CASE WHEN @trusted = N'' THEN 0 ELSE 1 END;
DECLARE @wrong nvarchar(max), @n_rows int;
DECLARE @route_now int, @route_salt nvarchar(200), @variant_alias nvarchar(128), @base nvarchar(max), @chosen nvarchar(max) = N'',
    @n_whose int, @wrong_row int;
-- Whose a row is, by the route.
DECLARE @whose TABLE (row_no int NOT NULL PRIMARY KEY, alias nvarchar(128) NULL);

DECLARE @declared nvarchar(max) = N'{"form": "objects", "columns": [{"name": "voltmean_3h", "sql_type": "float"}, {"name": "rotatemean_3h", "sql_type": "float"}, {"name": "pressuremean_3h", "sql_type": "float"}, {"name": "vibrationmean_3h", "sql_type": "float"}, {"name": "voltsd_3h", "sql_type": "float"}, {"name": "rotatesd_3h", "sql_type": "float"}, {"name": "pressuresd_3h", "sql_type": "float"}, {"name": "vibrationsd_3h", "sql_type": "float"}, {"name": "voltmean_24h", "sql_type": "float"}, {"name": "rotatemean_24h", "sql_type": "float"}, {"name": "pressuremean_24h", "sql_type": "float"}, {"name": "vibrationmean_24h", "sql_type": "float"}, {"name": "voltsd_24h", "sql_type": "float"}, {"name": "rotatesd_24h", "sql_type": "float"}, {"name": "pressuresd_24h", "sql_type": "float"}, {"name": "vibrationsd_24h", "sql_type": "float"}, {"name": "error1count", "sql_type": "int"}, {"name": "error2count", "sql_type": "int"}, {"name": "error3count", "sql_type": "int"}, {"name": "error4count", "sql_type": "int"}, {"name": "error5count", "sql_type": "int"}, {"name": "comp1", "sql_type": "float"}, {"name": "comp2", "sql_type": "float"}, {"name": "comp3", "sql_type": "float"}, {"name": "comp4", "sql_type": "float"}, {"name": "age", "sql_type": "int"}, {"name": "model_model1", "sql_type": "int"}, {"name": "model_model2", "sql_type": "int"}, {"name": "model_model3", "sql_type": "int"}, {"name": "model_model4", "sql_type": "int"}], "optional": [], "id": "machineID", "splits": true}';

DECLARE @classes nvarchar(max) = N'["none", "comp1", "comp2", "comp3", "comp4"]';

DECLARE @rule nvarchar(max) = N'{"output": "classification", "probabilities": true, "top_k": 0}';

DECLARE @script nvarchar(max) = N'x = 1
';

DECLARE @scored TABLE (
    row_no int NOT NULL PRIMARY KEY,
    [machineID] nvarchar(400) NULL,
    [predicted] nvarchar(20) NOT NULL,
    [p_none] float NOT NULL,
    [p_comp1] float NOT NULL,
    [p_comp2] float NOT NULL,
    [p_comp3] float NOT NULL,
    [p_comp4] float NOT NULL,
    model_version int NULL
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
        SELECT @base = CASE WHEN ISJSON(@rows) = 1 THEN CONCAT(CAST(N'[' AS nvarchar(max)), @rows, N']') END;
        IF EXISTS (SELECT 1 FROM OPENJSON(@base) WHERE type = 4) SET @base = @rows;
        IF EXISTS (SELECT 1 FROM OPENJSON(@base) WHERE type <> 5) SET @base = NULL;
        INSERT INTO @whose (row_no, alias)
        SELECT e.row_no, g.alias
        FROM (SELECT d.row_no, CASE WHEN TRY_CAST(d.given AS int) IS NULL THEN NULL ELSE CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT(@route_salt, CONVERT(nvarchar(41), TRY_CAST(d.given AS int)))), 1, 7) AS bigint) % 10000 END AS slot
            FROM (SELECT CAST(o.[key] AS int) + 1 AS row_no, JSON_VALUE(o.value, N'$."machineID"') AS given
                FROM OPENJSON(@base) AS o) AS d) AS e
        LEFT JOIN ml.route_ranges AS g ON g.route_id = @route_now AND e.slot BETWEEN g.from_slot AND g.to_slot;
        SELECT @n_whose = COUNT(DISTINCT alias), @wrong_row = MIN(CASE WHEN alias IS NULL THEN row_no END), @alias = MIN(alias) FROM @whose;
        IF @wrong_row IS NOT NULL
        BEGIN
            SET @message = CONCAT(N'dbo.ScoreFailures does not take these rows: row ', @wrong_row, N': the route of model ''', @model,
                N''' goes by machineID (int): give it, or name an @alias.');
            THROW 51006, @message, 1;
        END;
        IF @alias IS NULL
            SELECT TOP (1) @alias = alias FROM ml.route_ranges WHERE route_id = @route_now
            GROUP BY alias ORDER BY SUM(to_slot - from_slot + 1) DESC, alias;
        SET @base = @script;
        IF @n_whose > 1
            SET @chosen = (SELECT CONCAT(N'[', STRING_AGG(CAST(row_no AS nvarchar(max)), N', '), N']') FROM @whose WHERE alias = @alias);

    END;
    -- Once for each version whose rows there are.
    WHILE 1 = 1
    BEGIN
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
    INSERT INTO @scored (row_no, [machineID], [predicted], [p_none], [p_comp1], [p_comp2], [p_comp3], [p_comp4])
    EXEC sp_execute_external_script
        @language = @language,
        @script = @script,
        @params = N'@model varbinary(max), @format nvarchar(20), @signature nvarchar(max), @declared nvarchar(max),
            @classes nvarchar(max), @rule nvarchar(max), @statement nvarchar(max), @seal nvarchar(128),
            @seal_key nvarchar(64), @trusted nvarchar(max), @rows nvarchar(max), @chosen nvarchar(max), @wrong nvarchar(max) OUTPUT,
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
        @chosen = @chosen,
        @wrong = @wrong OUTPUT,
        @forgery = @forgery OUTPUT,
        @refusal = @refusal OUTPUT,
        @failure = @failure OUTPUT;
    SET @n_rows = @@ROWCOUNT;
    IF @n_rows = 0
    BEGIN
        IF @wrong <> N''
        BEGIN
            SET @message = LEFT(CONCAT(N'dbo.ScoreFailures does not take these rows: ', @wrong), 2048);
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

        IF @route_now IS NULL BREAK;
        UPDATE @scored SET model_version = @version WHERE model_version IS NULL;
        SELECT @variant_alias = @alias, @alias = NULL, @model_version_id = NULL, @script = @base;
        SET @alias = (SELECT MIN(alias) FROM @whose WHERE alias > @variant_alias);
        IF @alias IS NULL BREAK;
        IF @n_whose > 1
            SET @chosen = (SELECT CONCAT(N'[', STRING_AGG(CAST(row_no AS nvarchar(max)), N', '), N']') FROM @whose WHERE alias = @alias);

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

SELECT s.row_no, s.[machineID], s.[predicted], s.[p_none], s.[p_comp1], s.[p_comp2], s.[p_comp3], s.[p_comp4], COALESCE(s.model_version, @version) AS model_version
FROM @scored AS s
ORDER BY s.row_no;
END;
