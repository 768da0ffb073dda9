-- Operators: sp_add_operator, sp_update_operator, sp_delete_operator, sp_help_operator. Only a sysadmin changes them.
CREATE OR ALTER PROCEDURE dbo.sp_verify_operator
    @id int, @name sysname, @enabled int, @pager_days int, @category_name sysname, @category_id int OUTPUT
AS
SET NOCOUNT ON;
IF @name LIKE N'%[%]%'
BEGIN
    RAISERROR (14289, -1, -1, '@name', '%');
    RETURN 1;
END;
IF EXISTS (SELECT 1 FROM dbo.sysoperators WHERE name = @name AND (@id IS NULL OR id <> @id))
BEGIN
    RAISERROR (14261, 16, 1, '@name', @name);
    RETURN 1;
END;
IF @enabled NOT IN (0, 1)
BEGIN
    RAISERROR (14266, 16, 1, '@enabled', '0, 1');
    RETURN 1;
END;
IF @pager_days > 127
BEGIN
    RAISERROR (14266, 16, 1, '@pager_days', '0..127 [1 = Sunday .. 64 = Saturday]');
    RETURN 1;
END;
IF @category_name = N'[DEFAULT]'
    SET @category_id = 99;
ELSE IF @category_name IS NOT NULL
BEGIN
    SET @category_id = NULL;
    SELECT @category_id = category_id FROM dbo.syscategories WHERE category_class = 3 AND name = @category_name;
    IF @category_id IS NULL
    BEGIN
        RAISERROR (14262, -1, -1, '@category_name', @category_name);
        RETURN 1;
    END;
END;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_verify_pager_time @time int, @parameter varchar(60)
AS
IF @time BETWEEN 0 AND 235959 AND @time / 100 % 100 < 60 AND @time % 100 < 60
    RETURN 0;
IF @time NOT BETWEEN 0 AND 235959
    RAISERROR (14266, -1, -1, @parameter, '000000..235959');
ELSE IF @time / 100 % 100 > 59
    RAISERROR (14287, -1, -1, @parameter, 'minute');
ELSE
    RAISERROR (14287, -1, -1, @parameter, 'second');
RETURN 1;
GO
CREATE OR ALTER PROCEDURE dbo.sp_verify_pager_times
    @weekday_start int, @weekday_end int, @saturday_start int, @saturday_end int, @sunday_start int, @sunday_end int
AS
DECLARE @status int;
EXEC @status = dbo.sp_verify_pager_time @weekday_start, '@weekday_pager_start_time';
IF @status = 0
    EXEC @status = dbo.sp_verify_pager_time @weekday_end, '@weekday_pager_end_time';
IF @status = 0
    EXEC @status = dbo.sp_verify_pager_time @saturday_start, '@saturday_pager_start_time';
IF @status = 0
    EXEC @status = dbo.sp_verify_pager_time @saturday_end, '@saturday_pager_end_time';
IF @status = 0
    EXEC @status = dbo.sp_verify_pager_time @sunday_start, '@sunday_pager_start_time';
IF @status = 0
    EXEC @status = dbo.sp_verify_pager_time @sunday_end, '@sunday_pager_end_time';
RETURN @status;
GO
CREATE OR ALTER PROCEDURE dbo.sp_add_operator
    @name sysname, @enabled tinyint = 1, @email_address nvarchar(100) = NULL, @pager_address nvarchar(100) = NULL,
    @weekday_pager_start_time int = 090000, @weekday_pager_end_time int = 180000,
    @saturday_pager_start_time int = 090000, @saturday_pager_end_time int = 180000,
    @sunday_pager_start_time int = 090000, @sunday_pager_end_time int = 180000, @pager_days tinyint = 0,
    @netsend_address nvarchar(100) = NULL, @category_name sysname = NULL
AS
SET NOCOUNT ON;
DECLARE @status int, @category_id int = 99;
SELECT @name = LTRIM(RTRIM(@name)), @category_name = NULLIF(LTRIM(RTRIM(@category_name)), N''),
    @email_address = NULLIF(LTRIM(RTRIM(@email_address)), N''), @pager_address = NULLIF(LTRIM(RTRIM(@pager_address)), N''),
    @netsend_address = NULLIF(LTRIM(RTRIM(@netsend_address)), N'');
EXEC @status = dbo.sp_verify_operator NULL, @name, @enabled, @pager_days, @category_name, @category_id OUTPUT;
IF @status = 0
    EXEC @status = dbo.sp_verify_pager_times @weekday_pager_start_time, @weekday_pager_end_time,
        @saturday_pager_start_time, @saturday_pager_end_time, @sunday_pager_start_time, @sunday_pager_end_time;
IF @status <> 0
    RETURN 1;
INSERT INTO dbo.sysoperators (name, enabled, email_address, last_email_date, last_email_time, pager_address,
    last_pager_date, last_pager_time, weekday_pager_start_time, weekday_pager_end_time, saturday_pager_start_time,
    saturday_pager_end_time, sunday_pager_start_time, sunday_pager_end_time, pager_days, netsend_address,
    last_netsend_date, last_netsend_time, category_id)
VALUES (@name, @enabled, @email_address, 0, 0, @pager_address, 0, 0, @weekday_pager_start_time,
    @weekday_pager_end_time, @saturday_pager_start_time, @saturday_pager_end_time, @sunday_pager_start_time,
    @sunday_pager_end_time, @pager_days, @netsend_address, 0, 0, @category_id);
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_update_operator
    @name sysname, @new_name sysname = NULL, @enabled tinyint = NULL, @email_address nvarchar(100) = NULL,
    @pager_address nvarchar(100) = NULL, @weekday_pager_start_time int = NULL, @weekday_pager_end_time int = NULL,
    @saturday_pager_start_time int = NULL, @saturday_pager_end_time int = NULL, @sunday_pager_start_time int = NULL,
    @sunday_pager_end_time int = NULL, @pager_days tinyint = NULL, @netsend_address nvarchar(100) = NULL,
    @category_name sysname = NULL
AS
SET NOCOUNT ON;
DECLARE @status int, @id int, @category_id int;
SELECT @name = LTRIM(RTRIM(@name)), @category_name = NULLIF(LTRIM(RTRIM(@category_name)), N'');
SELECT @id = id, @category_id = category_id, @new_name = ISNULL(NULLIF(LTRIM(RTRIM(@new_name)), N''), name),
    @enabled = ISNULL(@enabled, enabled),
    @email_address = NULLIF(ISNULL(LTRIM(RTRIM(@email_address)), email_address), N''),
    @pager_address = NULLIF(ISNULL(LTRIM(RTRIM(@pager_address)), pager_address), N''),
    @netsend_address = NULLIF(ISNULL(LTRIM(RTRIM(@netsend_address)), netsend_address), N''),
    @pager_days = ISNULL(@pager_days, pager_days),
    @weekday_pager_start_time = ISNULL(@weekday_pager_start_time, weekday_pager_start_time),
    @weekday_pager_end_time = ISNULL(@weekday_pager_end_time, weekday_pager_end_time),
    @saturday_pager_start_time = ISNULL(@saturday_pager_start_time, saturday_pager_start_time),
    @saturday_pager_end_time = ISNULL(@saturday_pager_end_time, saturday_pager_end_time),
    @sunday_pager_start_time = ISNULL(@sunday_pager_start_time, sunday_pager_start_time),
    @sunday_pager_end_time = ISNULL(@sunday_pager_end_time, sunday_pager_end_time)
FROM dbo.sysoperators WHERE name = @name;
IF @id IS NULL
BEGIN
    RAISERROR (14262, 16, 1, '@name', @name);
    RETURN 1;
END;
EXEC @status = dbo.sp_verify_operator @id, @new_name, @enabled, @pager_days, @category_name, @category_id OUTPUT;
IF @status = 0
    EXEC @status = dbo.sp_verify_pager_times @weekday_pager_start_time, @weekday_pager_end_time,
        @saturday_pager_start_time, @saturday_pager_end_time, @sunday_pager_start_time, @sunday_pager_end_time;
IF @status <> 0
    RETURN 1;
UPDATE dbo.sysoperators
SET name = @new_name, enabled = @enabled, email_address = @email_address, pager_address = @pager_address,
    weekday_pager_start_time = @weekday_pager_start_time, weekday_pager_end_time = @weekday_pager_end_time,
    saturday_pager_start_time = @saturday_pager_start_time, saturday_pager_end_time = @saturday_pager_end_time,
    sunday_pager_start_time = @sunday_pager_start_time, sunday_pager_end_time = @sunday_pager_end_time,
    pager_days = @pager_days, netsend_address = @netsend_address, category_id = @category_id
WHERE id = @id;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_delete_operator @name sysname, @reassign_to_operator sysname = NULL
AS
SET NOCOUNT ON;
DECLARE @id int, @other int = 0;
SELECT @name = LTRIM(RTRIM(@name)), @reassign_to_operator = NULLIF(LTRIM(RTRIM(@reassign_to_operator)), N'');
SELECT @id = id FROM dbo.sysoperators WHERE name = @name;
IF @id IS NULL
BEGIN
    RAISERROR (14262, 16, 1, '@name', @name);
    RETURN 1;
END;
IF @reassign_to_operator IS NOT NULL
BEGIN
    SET @other = NULL;
    SELECT @other = id FROM dbo.sysoperators WHERE name = @reassign_to_operator;
    IF @other IS NULL
    BEGIN
        RAISERROR (14262, -1, -1, '@reassign_to_operator', @reassign_to_operator);
        RETURN 1;
    END;
END;
UPDATE dbo.sysjobs
SET notify_email_operator_id = @other, notify_level_email = CASE WHEN @other = 0 THEN 0 ELSE notify_level_email END,
    version_number = version_number + 1, date_modified = GETDATE()
WHERE notify_email_operator_id = @id;
DELETE FROM dbo.sysoperators WHERE id = @id;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_help_operator @operator_name sysname = NULL, @operator_id int = NULL
AS
SET NOCOUNT ON;
DECLARE @text nvarchar(11) = CONVERT(nvarchar(11), @operator_id);
SET @operator_name = NULLIF(LTRIM(RTRIM(@operator_name)), N'');
IF @operator_name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dbo.sysoperators WHERE name = @operator_name)
BEGIN
    RAISERROR (14262, -1, -1, '@operator_name', @operator_name);
    RETURN 1;
END;
IF @operator_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dbo.sysoperators WHERE id = @operator_id)
BEGIN
    RAISERROR (14262, -1, -1, '@operator_id', @text);
    RETURN 1;
END;
SELECT o.id, o.name, o.enabled, o.email_address, o.last_email_date, o.last_email_time, o.pager_address,
    o.last_pager_date, o.last_pager_time, o.weekday_pager_start_time, o.weekday_pager_end_time,
    o.saturday_pager_start_time, o.saturday_pager_end_time, o.sunday_pager_start_time, o.sunday_pager_end_time,
    o.pager_days, o.netsend_address, o.last_netsend_date, o.last_netsend_time, c.name AS category_name
FROM dbo.sysoperators AS o
LEFT JOIN dbo.syscategories AS c ON c.category_id = o.category_id
WHERE (@operator_name IS NULL OR o.name = @operator_name) AND (@operator_id IS NULL OR o.id = @operator_id)
ORDER BY o.name;
RETURN 0;
GO
