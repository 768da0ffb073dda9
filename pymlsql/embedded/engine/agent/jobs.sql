-- Jobs: who they are, and sp_add_job, sp_update_job, sp_delete_job, sp_add_jobserver, sp_delete_jobserver.
CREATE OR ALTER PROCEDURE dbo.sp_verify_job_identifiers
    @name_of_name_parameter varchar(60), @name_of_id_parameter varchar(60), @job_name sysname OUTPUT,
    @job_id uniqueidentifier OUTPUT
AS
SET NOCOUNT ON;
DECLARE @text nvarchar(40) = CONVERT(nvarchar(40), @job_id);
SET @job_name = NULLIF(LTRIM(RTRIM(@job_name)), N'');
IF (@job_name IS NULL AND @job_id IS NULL) OR (@job_name IS NOT NULL AND @job_id IS NOT NULL)
BEGIN
    RAISERROR (14294, -1, -1, @name_of_id_parameter, @name_of_name_parameter);
    RETURN 1;
END;
IF @job_id IS NOT NULL
BEGIN
    SELECT @job_name = name FROM dbo.sysjobs_view WHERE job_id = @job_id;
    IF @job_name IS NULL
    BEGIN
        RAISERROR (14262, -1, -1, @name_of_id_parameter, @text);
        RETURN 1;
    END;
    RETURN 0;
END;
SELECT @job_id = job_id FROM dbo.sysjobs_view WHERE name = @job_name;
IF @job_id IS NULL
BEGIN
    RAISERROR (14262, -1, -1, @name_of_name_parameter, @job_name);
    RETURN 1;
END;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_verify_job_owner @job_id uniqueidentifier
AS
-- Whether the caller may change the job.
IF IS_SRVROLEMEMBER('sysadmin') = 1 OR EXISTS (SELECT 1 FROM dbo.sysjobs WHERE job_id = @job_id AND owner_sid = SUSER_SID())
    RETURN 0;
RAISERROR (14525, -1, -1);
RETURN 1;
GO
CREATE OR ALTER PROCEDURE dbo.sp_verify_job_terms
    @name sysname, @job_id uniqueidentifier, @enabled int, @start_step_id int, @category_name sysname,
    @category_id int OUTPUT, @owner_login_name sysname, @owner_sid varbinary(85) OUTPUT, @notify_level_eventlog int,
    @notify_level_email int OUTPUT, @notify_level_netsend int, @notify_level_page int,
    @notify_email_operator_name sysname, @notify_email_operator_id int OUTPUT, @delete_level int
AS
SET NOCOUNT ON;
DECLARE @most int = 1, @valid varchar(40);
IF @name LIKE N'%[%]%'
BEGIN
    RAISERROR (14289, -1, -1, '@job_name', '%');
    RETURN 1;
END;
IF EXISTS (SELECT 1 FROM dbo.sysjobs WHERE name = @name AND (@job_id IS NULL OR job_id <> @job_id))
BEGIN
    RAISERROR (14261, -1, -1, '@name', @name);
    RETURN 1;
END;
IF @enabled NOT IN (0, 1)
BEGIN
    RAISERROR (14266, -1, -1, '@enabled', '0, 1');
    RETURN 1;
END;
IF @job_id IS NOT NULL
    SELECT @most = ISNULL(MAX(step_id), 0) + 1 FROM dbo.sysjobsteps WHERE job_id = @job_id;
IF @start_step_id < 1 OR @start_step_id > @most
BEGIN
    SET @valid = CASE WHEN @job_id IS NULL THEN '1' ELSE '1..' + CONVERT(varchar(11), @most) END;
    RAISERROR (14266, -1, -1, '@start_step_id', @valid);
    RETURN 1;
END;
DECLARE @bad varchar(40) = CASE
    WHEN @notify_level_eventlog NOT BETWEEN 0 AND 3 THEN '@notify_level_eventlog'
    WHEN @notify_level_email NOT BETWEEN 0 AND 3 THEN '@notify_level_email'
    WHEN @notify_level_netsend NOT BETWEEN 0 AND 3 THEN '@notify_level_netsend'
    WHEN @notify_level_page NOT BETWEEN 0 AND 3 THEN '@notify_level_page'
    WHEN @delete_level NOT BETWEEN 0 AND 3 THEN '@delete_level' END;
IF @bad IS NOT NULL
BEGIN
    RAISERROR (14266, -1, -1, @bad, '0, 1, 2, 3');
    RETURN 1;
END;
IF @category_name = N'[DEFAULT]'
    SET @category_id = 0;
ELSE IF @category_name IS NOT NULL
BEGIN
    SET @category_id = NULL;
    SELECT @category_id = category_id FROM dbo.syscategories WHERE category_class = 1 AND name = @category_name;
    IF @category_id IS NULL
    BEGIN
        RAISERROR (14234, -1, -1, '@category_name', 'sp_help_category');
        RETURN 1;
    END;
END;
IF @category_id = 1
BEGIN
    RAISERROR (14267, -1, -1, N'Jobs from MSX');
    RETURN 1;
END;
IF EXISTS (SELECT 1 FROM dbo.sysjobservers WHERE job_id = @job_id)
    AND EXISTS (SELECT 1 FROM dbo.syscategories WHERE category_class = 1 AND category_type = 2 AND category_id = @category_id)
BEGIN
    RAISERROR (14285, -1, -1);
    RETURN 1;
END;
DECLARE @category nvarchar(20) = CONVERT(nvarchar(20), @category_id);
IF NOT EXISTS (SELECT 1 FROM dbo.syscategories WHERE category_class = 1 AND category_id = @category_id)
BEGIN
    RAISERROR (14262, -1, -1, '@category_id', @category);
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
END;
IF @job_id IS NULL AND @owner_sid <> SUSER_SID() AND IS_SRVROLEMEMBER('sysadmin') = 0
BEGIN
    RAISERROR (14515, -1, -1);
    RETURN 1;
END;
IF @notify_email_operator_name IS NULL
BEGIN
    SELECT @notify_email_operator_id = 0, @notify_level_email = 0;
    RETURN 0;
END;
SET @notify_email_operator_id = NULL;
SELECT @notify_email_operator_id = id FROM dbo.sysoperators WHERE name = @notify_email_operator_name;
IF @notify_email_operator_id IS NULL
BEGIN
    RAISERROR (14234, -1, -1, '@notify_email_operator_name', 'sp_help_operator');
    RETURN 1;
END;
IF @notify_level_email = 0
BEGIN
    RAISERROR (14266, -1, -1, '@notify_level_email', '1, 2, 3');
    RETURN 1;
END;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_add_job
    @job_name sysname, @enabled tinyint = 1, @description nvarchar(512) = NULL, @start_step_id int = 1,
    @category_name sysname = NULL, @category_id int = NULL, @owner_login_name sysname = NULL,
    @notify_level_eventlog int = 2, @notify_level_email int = 0, @notify_level_netsend int = 0,
    @notify_level_page int = 0, @notify_email_operator_name sysname = NULL,
    @notify_netsend_operator_name sysname = NULL, @notify_page_operator_name sysname = NULL, @delete_level int = 0,
    @job_id uniqueidentifier = NULL OUTPUT, @originating_server sysname = NULL
AS
SET NOCOUNT ON;
DECLARE @status int, @owner_sid varbinary(85) = SUSER_SID(), @operator int = 0, @now datetime = GETDATE();
SET @job_name = LTRIM(RTRIM(@job_name));
SET @owner_login_name = NULLIF(LTRIM(RTRIM(@owner_login_name)), N'');
SET @category_name = NULLIF(LTRIM(RTRIM(@category_name)), N'');
SET @notify_email_operator_name = NULLIF(LTRIM(RTRIM(@notify_email_operator_name)), N'');
IF @notify_netsend_operator_name <> N'' OR @notify_page_operator_name <> N'' OR @originating_server IS NOT NULL
BEGIN
    RAISERROR (40510, -1, -1, 'sp_add_job with net send, pager or an originating server');
    RETURN 1;
END;
SET @category_id = ISNULL(@category_id, 0);
EXEC @status = dbo.sp_verify_job_terms @job_name, NULL, @enabled, @start_step_id, @category_name,
    @category_id OUTPUT, @owner_login_name, @owner_sid OUTPUT, @notify_level_eventlog, @notify_level_email OUTPUT,
    @notify_level_netsend, @notify_level_page, @notify_email_operator_name, @operator OUTPUT, @delete_level;
IF @status <> 0
    RETURN 1;
IF @job_id IS NOT NULL
BEGIN
    RAISERROR (14274, -1, -1);
    RETURN 1;
END;
SET @job_id = NEWID();
INSERT INTO dbo.sysjobs (job_id, originating_server_id, name, enabled, description, start_step_id, category_id,
    owner_sid, notify_level_eventlog, notify_level_email, notify_level_netsend, notify_level_page,
    notify_email_operator_id, notify_netsend_operator_id, notify_page_operator_id, delete_level, date_created,
    date_modified, version_number)
VALUES (@job_id, 0, @job_name, @enabled, ISNULL(NULLIF(@description, N''), N'No description available.'), @start_step_id,
    @category_id, @owner_sid, @notify_level_eventlog, @notify_level_email, 0, 0, @operator, 0, 0, @delete_level, @now,
    @now, 1);
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_update_job
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @new_name sysname = NULL, @enabled tinyint = NULL,
    @description nvarchar(512) = NULL, @start_step_id int = NULL, @category_name sysname = NULL,
    @owner_login_name sysname = NULL, @notify_level_eventlog int = NULL, @notify_level_email int = NULL,
    @notify_level_netsend int = NULL, @notify_level_page int = NULL, @notify_email_operator_name sysname = NULL,
    @notify_netsend_operator_name sysname = NULL, @notify_page_operator_name sysname = NULL,
    @delete_level int = NULL, @automatic_post bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int, @owner_sid varbinary(85), @operator int, @category_id int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
-- Whoever is in SQLAgentOperatorRole may switch any job on and off, and change nothing else of it.
IF IS_MEMBER('SQLAgentOperatorRole') = 0 OR @enabled IS NULL
    OR COALESCE(@new_name, @description, @category_name, @owner_login_name, @notify_email_operator_name,
        @notify_netsend_operator_name, @notify_page_operator_name) IS NOT NULL
    OR COALESCE(@start_step_id, @notify_level_eventlog, @notify_level_email, @notify_level_netsend, @notify_level_page,
        @delete_level) IS NOT NULL
BEGIN
    EXEC @status = dbo.sp_verify_job_owner @job_id;
    IF @status <> 0
        RETURN 1;
END;
IF @notify_netsend_operator_name <> N'' OR @notify_page_operator_name <> N''
BEGIN
    RAISERROR (40510, -1, -1, 'sp_update_job with net send or pager');
    RETURN 1;
END;
IF @owner_login_name IS NOT NULL AND IS_SRVROLEMEMBER('sysadmin') = 0
BEGIN
    RAISERROR (14242, -1, -1);
    RETURN 1;
END;
SET @category_name = LTRIM(RTRIM(@category_name));
SELECT @new_name = ISNULL(NULLIF(LTRIM(RTRIM(@new_name)), N''), name), @enabled = ISNULL(@enabled, enabled),
    @description = NULLIF(ISNULL(@description, description), N''), @start_step_id = ISNULL(@start_step_id, start_step_id),
    @category_id = CASE WHEN @category_name = N'' THEN 0 ELSE category_id END, @owner_sid = owner_sid,
    @category_name = NULLIF(@category_name, N''),
    @notify_email_operator_name = NULLIF(ISNULL(LTRIM(RTRIM(@notify_email_operator_name)),
        (SELECT o.name FROM dbo.sysoperators AS o WHERE o.id = notify_email_operator_id)), N''),
    @notify_level_eventlog = ISNULL(@notify_level_eventlog, notify_level_eventlog),
    @notify_level_email = ISNULL(@notify_level_email, notify_level_email),
    @notify_level_netsend = ISNULL(@notify_level_netsend, notify_level_netsend),
    @notify_level_page = ISNULL(@notify_level_page, notify_level_page),
    @delete_level = ISNULL(@delete_level, delete_level)
FROM dbo.sysjobs WHERE job_id = @job_id;
EXEC @status = dbo.sp_verify_job_terms @new_name, @job_id, @enabled, @start_step_id, @category_name,
    @category_id OUTPUT, @owner_login_name, @owner_sid OUTPUT, @notify_level_eventlog, @notify_level_email OUTPUT,
    @notify_level_netsend, @notify_level_page, @notify_email_operator_name, @operator OUTPUT, @delete_level;
IF @status <> 0
    RETURN 1;
UPDATE dbo.sysjobs
SET name = @new_name, enabled = @enabled, description = @description, start_step_id = @start_step_id,
    category_id = @category_id, owner_sid = @owner_sid, notify_level_eventlog = @notify_level_eventlog,
    notify_level_email = @notify_level_email, notify_level_netsend = 0, notify_level_page = 0,
    notify_email_operator_id = @operator, delete_level = @delete_level, date_modified = GETDATE(), version_number = version_number + 1
WHERE job_id = @job_id;
EXEC sys.xp_sqlagent_notify N'J', @job_id, NULL, N'U';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_delete_job
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @originating_server sysname = NULL,
    @delete_history bit = 1, @delete_unused_schedule bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int;
IF @originating_server IS NOT NULL
BEGIN
    RAISERROR (40510, -1, -1, 'sp_delete_job with an originating server');
    RETURN 1;
END;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_job_owner @job_id;
IF @status <> 0
    RETURN 1;
DECLARE @schedules TABLE (schedule_id int NOT NULL);
INSERT INTO @schedules (schedule_id) SELECT schedule_id FROM dbo.sysjobschedules WHERE job_id = @job_id;
DELETE FROM dbo.sysjobactivity WHERE job_id = @job_id;
DELETE FROM dbo.sysjobsteps WHERE job_id = @job_id;
DELETE FROM dbo.sysjobservers WHERE job_id = @job_id;
DELETE FROM dbo.sysjobschedules WHERE job_id = @job_id;
IF @delete_history = 1
    DELETE FROM dbo.sysjobhistory WHERE job_id = @job_id;
DELETE FROM dbo.sysjobs WHERE job_id = @job_id;
IF @delete_unused_schedule = 1
    DELETE FROM dbo.sysschedules
    WHERE schedule_id IN (SELECT schedule_id FROM @schedules)
        AND NOT EXISTS (SELECT 1 FROM dbo.sysjobschedules AS js WHERE js.schedule_id = sysschedules.schedule_id);
EXEC sys.xp_sqlagent_notify N'J', @job_id, NULL, N'D';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_verify_local_server @server_name sysname
AS
IF UPPER(@server_name) IN (N'(LOCAL)', N'LOCAL', N'.', UPPER(CONVERT(nvarchar(128), SERVERPROPERTY('ServerName'))))
    RETURN 0;
RAISERROR (14262, -1, -1, '@server_name', @server_name);
RETURN 1;
GO
CREATE OR ALTER PROCEDURE dbo.sp_add_jobserver
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @server_name sysname = NULL, @automatic_post bit = 1
AS
SET NOCOUNT ON;
DECLARE @status int;
SET @server_name = ISNULL(NULLIF(LTRIM(RTRIM(@server_name)), N''), N'(LOCAL)');
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_job_owner @job_id;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_local_server @server_name;
IF @status <> 0
    RETURN 1;
IF EXISTS (SELECT 1 FROM dbo.sysjobservers WHERE job_id = @job_id AND server_id = 0)
BEGIN
    SET @server_name = CONVERT(sysname, SERVERPROPERTY('ServerName'));
    RAISERROR (14269, -1, -1, @job_name, @server_name);
    RETURN 1;
END;
INSERT INTO dbo.sysjobservers (job_id, server_id, last_run_outcome, last_outcome_message, last_run_date,
    last_run_time, last_run_duration)
VALUES (@job_id, 0, 5, NULL, 0, 0, 0);
UPDATE dbo.sysjobs SET category_id = 0
WHERE job_id = @job_id AND category_id IN (SELECT category_id FROM dbo.syscategories WHERE category_type = 2);
EXEC sys.xp_sqlagent_notify N'J', @job_id, NULL, N'I';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_delete_jobserver
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @server_name sysname
AS
SET NOCOUNT ON;
DECLARE @status int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_job_owner @job_id;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_local_server @server_name;
IF @status <> 0
    RETURN 1;
DELETE FROM dbo.sysjobservers WHERE job_id = @job_id AND server_id = 0;
IF @@ROWCOUNT = 0
BEGIN
    RAISERROR (14270, -1, -1, @job_name, @server_name);
    RETURN 1;
END;
EXEC sys.xp_sqlagent_notify N'J', @job_id, NULL, N'D';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_add_category
    @class varchar(8) = 'JOB', @type varchar(12) = 'LOCAL', @name sysname
AS
SET NOCOUNT ON;
DECLARE @number int = CASE UPPER(@class) WHEN 'JOB' THEN 1 WHEN 'ALERT' THEN 2 WHEN 'OPERATOR' THEN 3 END;
DECLARE @kind tinyint = CASE UPPER(@type) WHEN 'LOCAL' THEN 1 WHEN 'MULTI-SERVER' THEN 2 WHEN 'NONE' THEN 3 END;
IF @number IS NULL
BEGIN
    RAISERROR (14266, -1, -1, '@class', 'JOB, ALERT, OPERATOR');
    RETURN 1;
END;
IF (@number = 1 AND ISNULL(@kind, 3) = 3) OR (@number > 1 AND ISNULL(@kind, 1) <> 3)
BEGIN
    RAISERROR (40510, -1, -1, 'sp_add_category with this @class and @type');
    RETURN 1;
END;
IF EXISTS (SELECT 1 FROM dbo.syscategories WHERE category_class = @number AND name = @name)
BEGIN
    RAISERROR (14261, -1, -1, '@name', @name);
    RETURN 1;
END;
INSERT INTO dbo.syscategories (category_class, category_type, name) VALUES (@number, @kind, @name);
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_delete_category @class varchar(8), @name sysname
AS
SET NOCOUNT ON;
DECLARE @number int = CASE UPPER(@class) WHEN 'JOB' THEN 1 WHEN 'ALERT' THEN 2 WHEN 'OPERATOR' THEN 3 END, @id int;
IF @number IS NULL
BEGIN
    RAISERROR (14266, -1, -1, '@class', 'JOB, ALERT, OPERATOR');
    RETURN 1;
END;
SELECT @id = category_id FROM dbo.syscategories WHERE category_class = @number AND name = @name;
IF @id IS NULL
BEGIN
    RAISERROR (14262, -1, -1, '@name', @name);
    RETURN 1;
END;
IF @id < 100
BEGIN
    RAISERROR (14276, -1, -1, @name, @class);
    RETURN 1;
END;
IF @number = 1
    UPDATE dbo.sysjobs SET category_id = 0 WHERE category_id = @id;
DELETE FROM dbo.syscategories WHERE category_id = @id;
RETURN 0;
GO
