-- Schedules: sp_add_schedule, sp_update_schedule, sp_delete_schedule, sp_attach_schedule, sp_detach_schedule, and the
-- older sp_add_jobschedule, sp_update_jobschedule, sp_delete_jobschedule.
CREATE OR ALTER PROCEDURE dbo.sp_verify_schedule_identifiers
    @name_of_name_parameter varchar(60), @name_of_id_parameter varchar(60), @schedule_name sysname OUTPUT,
    @schedule_id int OUTPUT
AS
SET NOCOUNT ON;
DECLARE @text nvarchar(20) = CONVERT(nvarchar(20), @schedule_id), @n int;
DECLARE @sees_all bit = CASE WHEN IS_SRVROLEMEMBER('sysadmin') = 1 OR IS_MEMBER('SQLAgentReaderRole') = 1 THEN 1 ELSE 0 END;
SET @schedule_name = NULLIF(LTRIM(RTRIM(@schedule_name)), N'');
IF (@schedule_name IS NULL AND @schedule_id IS NULL) OR (@schedule_name IS NOT NULL AND @schedule_id IS NOT NULL)
BEGIN
    RAISERROR (14373, -1, -1, @name_of_id_parameter, @name_of_name_parameter);
    RETURN 1;
END;
IF @schedule_id IS NOT NULL
BEGIN
    SELECT @schedule_name = name FROM dbo.sysschedules
    WHERE schedule_id = @schedule_id AND (@sees_all = 1 OR owner_sid = SUSER_SID());
    IF @schedule_name IS NULL
    BEGIN
        RAISERROR (14262, -1, -1, @name_of_id_parameter, @text);
        RETURN 1;
    END;
    RETURN 0;
END;
SELECT @n = COUNT(*), @schedule_id = MAX(schedule_id) FROM dbo.sysschedules
WHERE name = @schedule_name AND (@sees_all = 1 OR owner_sid = SUSER_SID());
IF @n = 0
BEGIN
    RAISERROR (14262, -1, -1, @name_of_name_parameter, @schedule_name);
    RETURN 1;
END;
IF @n > 1
BEGIN
    RAISERROR (14371, -1, -1, @schedule_name, @name_of_id_parameter, @name_of_name_parameter);
    RETURN 1;
END;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_verify_schedule_owner @schedule_id int
AS
IF IS_SRVROLEMEMBER('sysadmin') = 1
        OR EXISTS (SELECT 1 FROM dbo.sysschedules WHERE schedule_id = @schedule_id AND owner_sid = SUSER_SID())
    RETURN 0;
RAISERROR (14394, -1, -1);
RETURN 1;
GO
CREATE OR ALTER PROCEDURE dbo.sp_verify_schedule
    @enabled int, @freq_type int OUTPUT, @freq_interval int OUTPUT, @freq_subday_type int OUTPUT,
    @freq_subday_interval int OUTPUT, @freq_relative_interval int OUTPUT, @freq_recurrence_factor int OUTPUT,
    @active_start_date int OUTPUT, @active_end_date int OUTPUT, @active_start_time int OUTPUT,
    @active_end_time int OUTPUT
AS
SET NOCOUNT ON;
DECLARE @number int = 0, @first nvarchar(400), @second nvarchar(400);
IF @enabled NOT IN (0, 1)
BEGIN
    RAISERROR (14266, -1, -1, '@enabled', '0, 1');
    RETURN 1;
END;
IF @freq_type = 128
BEGIN
    RAISERROR (40510, -1, -1, 'a schedule that waits for an idle computer');
    RETURN 1;
END;
SELECT @active_start_date = ISNULL(NULLIF(@active_start_date, 0), CONVERT(int, CONVERT(char(8), GETDATE(), 112))),
    @active_end_date = ISNULL(NULLIF(@active_end_date, 0), 99991231),
    @active_start_time = ISNULL(@active_start_time, 0),
    @active_end_time = ISNULL(NULLIF(@active_end_time, 0), 235959);
EXEC sys.xp_sqlagent_schedule @freq_type OUTPUT, @freq_interval OUTPUT, @freq_subday_type OUTPUT,
    @freq_subday_interval OUTPUT, @freq_relative_interval OUTPUT, @freq_recurrence_factor OUTPUT,
    @active_start_date OUTPUT, @active_end_date OUTPUT, @active_start_time OUTPUT, @active_end_time OUTPUT,
    @number OUTPUT, @first OUTPUT, @second OUTPUT;
IF @number = 0
    RETURN 0;
RAISERROR (@number, -1, -1, @first, @second);
RETURN 1;
GO
CREATE OR ALTER PROCEDURE dbo.sp_add_schedule
    @schedule_name sysname, @enabled tinyint = 1, @freq_type int = 0, @freq_interval int = 1,
    @freq_subday_type int = 0, @freq_subday_interval int = 0, @freq_relative_interval int = 0,
    @freq_recurrence_factor int = 0, @active_start_date int = NULL, @active_end_date int = 99991231,
    @active_start_time int = 000000, @active_end_time int = 235959, @owner_login_name sysname = NULL,
    @schedule_uid uniqueidentifier = NULL OUTPUT, @schedule_id int = NULL OUTPUT, @originating_server sysname = NULL
AS
SET NOCOUNT ON;
DECLARE @status int, @owner_sid varbinary(85) = SUSER_SID(), @now datetime = GETDATE();
SET @owner_login_name = NULLIF(LTRIM(RTRIM(@owner_login_name)), N'');
IF UPPER(LTRIM(RTRIM(@schedule_name))) = N'ALL'
BEGIN
    RAISERROR (14200, -1, -1, '@name');
    RETURN 1;
END;
IF @owner_login_name IS NOT NULL
BEGIN
    SET @owner_sid = SUSER_SID(@owner_login_name);
    IF @owner_sid IS NULL
    BEGIN
        RAISERROR (14234, -1, -1, '@owner_login_name', 'sp_helplogins [excluding Windows NT groups]');
        RETURN 1;
    END;
    IF @owner_sid <> SUSER_SID() AND IS_SRVROLEMEMBER('sysadmin') = 0
    BEGIN
        RAISERROR (14366, -1, -1);
        RETURN 1;
    END;
END;
EXEC @status = dbo.sp_verify_schedule @enabled, @freq_type OUTPUT, @freq_interval OUTPUT, @freq_subday_type OUTPUT,
    @freq_subday_interval OUTPUT, @freq_relative_interval OUTPUT, @freq_recurrence_factor OUTPUT,
    @active_start_date OUTPUT, @active_end_date OUTPUT, @active_start_time OUTPUT, @active_end_time OUTPUT;
IF @status <> 0
    RETURN 1;
SET @schedule_uid = NEWID();
INSERT INTO dbo.sysschedules (schedule_uid, originating_server_id, name, owner_sid, enabled, freq_type, freq_interval,
    freq_subday_type, freq_subday_interval, freq_relative_interval, freq_recurrence_factor, active_start_date,
    active_end_date, active_start_time, active_end_time, date_created, date_modified, version_number)
VALUES (@schedule_uid, 0, LTRIM(RTRIM(@schedule_name)), @owner_sid, @enabled, @freq_type, @freq_interval,
    @freq_subday_type, @freq_subday_interval, @freq_relative_interval, @freq_recurrence_factor, @active_start_date,
    @active_end_date, @active_start_time, @active_end_time, @now, @now, 1);
SET @schedule_id = SCOPE_IDENTITY();
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_update_schedule
    @schedule_id int = NULL, @name sysname = NULL, @new_name sysname = NULL, @enabled tinyint = NULL,
    @freq_type int = NULL, @freq_interval int = NULL, @freq_subday_type int = NULL, @freq_subday_interval int = NULL,
    @freq_relative_interval int = NULL, @freq_recurrence_factor int = NULL, @active_start_date int = NULL,
    @active_end_date int = NULL, @active_start_time int = NULL, @active_end_time int = NULL,
    @owner_login_name sysname = NULL, @automatic_post bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int, @owner_sid varbinary(85);
EXEC @status = dbo.sp_verify_schedule_identifiers '@name', '@schedule_id', @name OUTPUT, @schedule_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_schedule_owner @schedule_id;
IF @status <> 0
    RETURN 1;
IF @owner_login_name IS NOT NULL
BEGIN
    IF IS_SRVROLEMEMBER('sysadmin') = 0
    BEGIN
        RAISERROR (14366, -1, -1);
        RETURN 1;
    END;
    SET @owner_sid = SUSER_SID(@owner_login_name);
    IF @owner_sid IS NULL
    BEGIN
        RAISERROR (14234, -1, -1, '@owner_login_name', 'sp_helplogins [excluding Windows NT groups]');
        RETURN 1;
    END;
END;
SELECT @new_name = ISNULL(LTRIM(RTRIM(@new_name)), name), @enabled = ISNULL(@enabled, enabled),
    @owner_sid = ISNULL(@owner_sid, owner_sid), @freq_type = ISNULL(@freq_type, freq_type),
    @freq_interval = ISNULL(@freq_interval, freq_interval),
    @freq_subday_type = ISNULL(@freq_subday_type, freq_subday_type),
    @freq_subday_interval = ISNULL(@freq_subday_interval, freq_subday_interval),
    @freq_relative_interval = ISNULL(@freq_relative_interval, freq_relative_interval),
    @freq_recurrence_factor = ISNULL(@freq_recurrence_factor, freq_recurrence_factor),
    @active_start_date = ISNULL(@active_start_date, active_start_date),
    @active_end_date = ISNULL(@active_end_date, active_end_date),
    @active_start_time = ISNULL(@active_start_time, active_start_time),
    @active_end_time = ISNULL(@active_end_time, active_end_time)
FROM dbo.sysschedules WHERE schedule_id = @schedule_id;
IF UPPER(@new_name) = N'ALL'
BEGIN
    RAISERROR (14200, -1, -1, '@name');
    RETURN 1;
END;
EXEC @status = dbo.sp_verify_schedule @enabled, @freq_type OUTPUT, @freq_interval OUTPUT, @freq_subday_type OUTPUT,
    @freq_subday_interval OUTPUT, @freq_relative_interval OUTPUT, @freq_recurrence_factor OUTPUT,
    @active_start_date OUTPUT, @active_end_date OUTPUT, @active_start_time OUTPUT, @active_end_time OUTPUT;
IF @status <> 0
    RETURN 1;
UPDATE dbo.sysschedules
SET name = @new_name, owner_sid = @owner_sid, enabled = @enabled, freq_type = @freq_type,
    freq_interval = @freq_interval, freq_subday_type = @freq_subday_type, freq_subday_interval = @freq_subday_interval,
    freq_relative_interval = @freq_relative_interval, freq_recurrence_factor = @freq_recurrence_factor,
    active_start_date = @active_start_date, active_end_date = @active_end_date,
    active_start_time = @active_start_time, active_end_time = @active_end_time, date_modified = GETDATE(),
    version_number = version_number + 1
WHERE schedule_id = @schedule_id;
EXEC sys.xp_sqlagent_notify N'S', NULL, @schedule_id, N'U';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_delete_schedule
    @schedule_id int = NULL, @schedule_name sysname = NULL, @force_delete bit = 0, @automatic_post bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int;
EXEC @status = dbo.sp_verify_schedule_identifiers '@schedule_name', '@schedule_id', @schedule_name OUTPUT,
    @schedule_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_schedule_owner @schedule_id;
IF @status <> 0
    RETURN 1;
IF @force_delete = 0 AND EXISTS (SELECT 1 FROM dbo.sysjobschedules WHERE schedule_id = @schedule_id)
BEGIN
    RAISERROR (14372, -1, -1);
    RETURN 1;
END;
DELETE FROM dbo.sysjobschedules WHERE schedule_id = @schedule_id;
DELETE FROM dbo.sysschedules WHERE schedule_id = @schedule_id;
EXEC sys.xp_sqlagent_notify N'S', NULL, @schedule_id, N'D';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_attach_schedule
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @schedule_id int = NULL, @schedule_name sysname = NULL,
    @automatic_post bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_schedule_identifiers '@schedule_name', '@schedule_id', @schedule_name OUTPUT,
    @schedule_id OUTPUT;
IF @status <> 0
    RETURN 1;
IF IS_SRVROLEMEMBER('sysadmin') = 0
    AND NOT EXISTS (SELECT 1 FROM dbo.sysjobs WHERE job_id = @job_id AND owner_sid = SUSER_SID())
BEGIN
    RAISERROR (14377, -1, -1);
    RETURN 1;
END;
IF EXISTS (SELECT 1 FROM dbo.sysjobschedules WHERE job_id = @job_id AND schedule_id = @schedule_id)
    RETURN 0;
INSERT INTO dbo.sysjobschedules (schedule_id, job_id) VALUES (@schedule_id, @job_id);
UPDATE dbo.sysjobs SET date_modified = GETDATE() WHERE job_id = @job_id;
EXEC sys.xp_sqlagent_notify N'S', @job_id, @schedule_id, N'I';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_detach_schedule
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @schedule_id int = NULL, @schedule_name sysname = NULL,
    @delete_unused_schedule bit = 0, @automatic_post bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_schedule_identifiers '@schedule_name', '@schedule_id', @schedule_name OUTPUT,
    @schedule_id OUTPUT;
IF @status <> 0
    RETURN 1;
IF IS_SRVROLEMEMBER('sysadmin') = 0
    AND NOT EXISTS (SELECT 1 FROM dbo.sysjobs WHERE job_id = @job_id AND owner_sid = SUSER_SID())
BEGIN
    RAISERROR (14391, -1, -1);
    RETURN 1;
END;
DELETE FROM dbo.sysjobschedules WHERE job_id = @job_id AND schedule_id = @schedule_id;
IF @@ROWCOUNT = 0
BEGIN
    RAISERROR (14374, -1, -1, @schedule_name, @job_name);
    RETURN 1;
END;
IF @delete_unused_schedule = 1 AND NOT EXISTS (SELECT 1 FROM dbo.sysjobschedules WHERE schedule_id = @schedule_id)
    DELETE FROM dbo.sysschedules WHERE schedule_id = @schedule_id;
UPDATE dbo.sysjobs SET date_modified = GETDATE() WHERE job_id = @job_id;
EXEC sys.xp_sqlagent_notify N'S', @job_id, @schedule_id, N'D';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_add_jobschedule
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @name sysname, @enabled tinyint = 1, @freq_type int = 0,
    @freq_interval int = 0, @freq_subday_type int = 0, @freq_subday_interval int = 0, @freq_relative_interval int = 0,
    @freq_recurrence_factor int = 0, @active_start_date int = NULL, @active_end_date int = 99991231,
    @active_start_time int = 000000, @active_end_time int = 235959, @schedule_id int = NULL OUTPUT,
    @automatic_post bit = 1, @schedule_uid uniqueidentifier = NULL OUTPUT
AS
SET NOCOUNT ON;
DECLARE @status int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_job_owner @job_id;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_add_schedule @schedule_name = @name, @enabled = @enabled, @freq_type = @freq_type,
    @freq_interval = @freq_interval, @freq_subday_type = @freq_subday_type,
    @freq_subday_interval = @freq_subday_interval, @freq_relative_interval = @freq_relative_interval,
    @freq_recurrence_factor = @freq_recurrence_factor, @active_start_date = @active_start_date,
    @active_end_date = @active_end_date, @active_start_time = @active_start_time, @active_end_time = @active_end_time,
    @schedule_uid = @schedule_uid OUTPUT, @schedule_id = @schedule_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
RETURN @status;
GO
CREATE OR ALTER PROCEDURE dbo.sp_verify_jobschedule
    @job_id uniqueidentifier, @job_name sysname, @name sysname, @many int, @schedule_id int OUTPUT
AS
-- The schedule of this name that is attached to the job.
DECLARE @n int;
SELECT @n = COUNT(*), @schedule_id = MAX(s.schedule_id)
FROM dbo.sysjobschedules AS js JOIN dbo.sysschedules AS s ON s.schedule_id = js.schedule_id
WHERE js.job_id = @job_id AND s.name = @name;
IF @n = 0
BEGIN
    RAISERROR (14374, -1, -1, @name, @job_name);
    RETURN 1;
END;
IF @n > 1
BEGIN
    RAISERROR (@many, -1, -1, @name, @job_name);
    RETURN 1;
END;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_update_jobschedule
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @name sysname, @new_name sysname = NULL,
    @enabled tinyint = NULL, @freq_type int = NULL, @freq_interval int = NULL, @freq_subday_type int = NULL,
    @freq_subday_interval int = NULL, @freq_relative_interval int = NULL, @freq_recurrence_factor int = NULL,
    @active_start_date int = NULL, @active_end_date int = NULL, @active_start_time int = NULL,
    @active_end_time int = NULL, @automatic_post bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int, @schedule_id int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_jobschedule @job_id, @job_name, @name, 14375, @schedule_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_update_schedule @schedule_id = @schedule_id, @new_name = @new_name, @enabled = @enabled,
    @freq_type = @freq_type, @freq_interval = @freq_interval, @freq_subday_type = @freq_subday_type,
    @freq_subday_interval = @freq_subday_interval, @freq_relative_interval = @freq_relative_interval,
    @freq_recurrence_factor = @freq_recurrence_factor, @active_start_date = @active_start_date,
    @active_end_date = @active_end_date, @active_start_time = @active_start_time, @active_end_time = @active_end_time;
RETURN @status;
GO
CREATE OR ALTER PROCEDURE dbo.sp_delete_jobschedule
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @name sysname, @keep_schedule int = 0,
    @automatic_post bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int, @schedule_id int, @unused bit = CASE WHEN @keep_schedule = 0 THEN 1 ELSE 0 END;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_jobschedule @job_id, @job_name, @name, 14376, @schedule_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_detach_schedule @job_id = @job_id, @schedule_id = @schedule_id,
    @delete_unused_schedule = @unused;
RETURN @status;
GO
