CREATE OR ALTER PROCEDURE [dbo].[ScoreFailure]
    @voltmean_3h float,
    @rotatemean_3h float,
    @pressuremean_3h float,
    @vibrationmean_3h float,
    @voltsd_3h float,
    @rotatesd_3h float,
    @pressuresd_3h float,
    @vibrationsd_3h float,
    @voltmean_24h float,
    @rotatemean_24h float,
    @pressuremean_24h float,
    @vibrationmean_24h float,
    @voltsd_24h float,
    @rotatesd_24h float,
    @pressuresd_24h float,
    @vibrationsd_24h float,
    @error1count int,
    @error2count int,
    @error3count int,
    @error4count int,
    @error5count int,
    @comp1 float,
    @comp2 float,
    @comp3 float,
    @comp4 float,
    @age int,
    @model_model1 int,
    @model_model2 int,
    @model_model3 int,
    @model_model4 int,
    @model sysname = N'failures',
    @alias sysname = NULL,
    @route_key nvarchar(400) = NULL
AS
BEGIN
-- The parameters are the model's columns; NULL is a value that is not known. Text parameters have no length, so that
-- a text that is too long is refused instead of cut.
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

DECLARE @declared nvarchar(max) = N'{"form": "values", "columns": [{"name": "voltmean_3h", "sql_type": "float"}, {"name": "rotatemean_3h", "sql_type": "float"}, {"name": "pressuremean_3h", "sql_type": "float"}, {"name": "vibrationmean_3h", "sql_type": "float"}, {"name": "voltsd_3h", "sql_type": "float"}, {"name": "rotatesd_3h", "sql_type": "float"}, {"name": "pressuresd_3h", "sql_type": "float"}, {"name": "vibrationsd_3h", "sql_type": "float"}, {"name": "voltmean_24h", "sql_type": "float"}, {"name": "rotatemean_24h", "sql_type": "float"}, {"name": "pressuremean_24h", "sql_type": "float"}, {"name": "vibrationmean_24h", "sql_type": "float"}, {"name": "voltsd_24h", "sql_type": "float"}, {"name": "rotatesd_24h", "sql_type": "float"}, {"name": "pressuresd_24h", "sql_type": "float"}, {"name": "vibrationsd_24h", "sql_type": "float"}, {"name": "error1count", "sql_type": "int"}, {"name": "error2count", "sql_type": "int"}, {"name": "error3count", "sql_type": "int"}, {"name": "error4count", "sql_type": "int"}, {"name": "error5count", "sql_type": "int"}, {"name": "comp1", "sql_type": "float"}, {"name": "comp2", "sql_type": "float"}, {"name": "comp3", "sql_type": "float"}, {"name": "comp4", "sql_type": "float"}, {"name": "age", "sql_type": "int"}, {"name": "model_model1", "sql_type": "int"}, {"name": "model_model2", "sql_type": "int"}, {"name": "model_model3", "sql_type": "int"}, {"name": "model_model4", "sql_type": "int"}]}';

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

-- Numbers with all their digits: style 3 gives a float 17 of them, which is the same float again.
DECLARE @given nvarchar(max) = CONCAT(CAST(N'[' AS nvarchar(max)),
    CONCAT(
        COALESCE(CONVERT(nvarchar(40), CAST(@voltmean_3h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@rotatemean_3h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@pressuremean_3h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@vibrationmean_3h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@voltsd_3h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@rotatesd_3h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@pressuresd_3h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@vibrationsd_3h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@voltmean_24h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@rotatemean_24h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@pressuremean_24h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@vibrationmean_24h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@voltsd_24h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@rotatesd_24h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@pressuresd_24h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@vibrationsd_24h AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @error1count), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @error2count), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @error3count), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @error4count), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @error5count), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@comp1 AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@comp2 AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@comp3 AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(40), CAST(@comp4 AS float), 3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @age), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @model_model1), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @model_model2), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @model_model3), N'null'), N',',
        COALESCE(CONVERT(nvarchar(50), @model_model4), N'null'), N''),
    N']');

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
        SELECT @alias = g.alias
        FROM ml.route_ranges AS g
        WHERE g.route_id = @route_now AND CASE WHEN TRY_CAST(@route_key AS int) IS NULL THEN NULL ELSE CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT(@route_salt, CONVERT(nvarchar(41), TRY_CAST(@route_key AS int)))), 1, 7) AS bigint) % 10000 END BETWEEN g.from_slot AND g.to_slot;
        IF @alias IS NULL
        BEGIN
            SET @message = CONCAT(N'The route of model ''', @model, N''' goes by machineID: give it as @route_key (int), or name an @alias',
                CASE WHEN @route_key IS NOT NULL THEN CONCAT(N'; ''', @route_key, N''' is none') END, N'.');
            THROW 51006, @message, 1;
        END;
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
    INSERT INTO @scored (row_no, [predicted], [p_none], [p_comp1], [p_comp2], [p_comp3], [p_comp4])
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
        @rows = @given,
        @wrong = @wrong OUTPUT,
        @forgery = @forgery OUTPUT,
        @refusal = @refusal OUTPUT,
        @failure = @failure OUTPUT;
    SET @n_rows = @@ROWCOUNT;
    IF @n_rows = 0
    BEGIN
        IF @wrong <> N''
        BEGIN
            SET @message = LEFT(CONCAT(N'dbo.ScoreFailure does not take these rows: ', @wrong), 2048);
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

SELECT s.[predicted], s.[p_none], s.[p_comp1], s.[p_comp2], s.[p_comp3], s.[p_comp4], @version AS model_version
FROM @scored AS s;
END;
