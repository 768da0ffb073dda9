-- Steps: sp_add_jobstep, sp_update_jobstep, sp_delete_jobstep, sp_help_jobstep.
CREATE OR ALTER PROCEDURE dbo.sp_verify_jobstep
    @job_id uniqueidentifier, @own_id int, @step_id int, @most int, @step_name sysname, @subsystem nvarchar(40),
    @flags int, @on_success_action tinyint, @on_success_step_id int, @on_fail_action tinyint, @on_fail_step_id int,
    @database_name sysname, @database_user_name sysname, @retry_attempts int, @retry_interval int,
    @output_file_name nvarchar(200), @proxy_id int, @os_run_priority int
AS
SET NOCOUNT ON;
DECLARE @valid nvarchar(40) = N'1..' + CONVERT(nvarchar(11), @most), @other nvarchar(200),
    @text nvarchar(11) = CONVERT(nvarchar(11), @step_id);
IF @subsystem IN (N'ActiveScripting', N'CmdExec', N'Distribution', N'Snapshot', N'LogReader', N'Merge', N'QueueReader',
        N'AnalysisQuery', N'AnalysisCommand', N'Dts', N'SSIS', N'PowerShell')
BEGIN
    SET @other = N'a job step of the subsystem ' + @subsystem;
    RAISERROR (40510, -1, -1, @other);
    RETURN 1;
END;
IF @subsystem <> N'TSQL'
BEGIN
    RAISERROR (14234, -1, -1, '@subsystem', 'sp_enum_sqlagent_subsystems');
    RETURN 1;
END;
IF @step_id < 1 OR @step_id > @most
BEGIN
    RAISERROR (14266, -1, -1, '@step_id', @valid);
    RETURN 1;
END;
IF EXISTS (SELECT 1 FROM dbo.sysjobsteps WHERE job_id = @job_id AND step_name = @step_name
        AND (@own_id IS NULL OR step_id <> @own_id))
BEGIN
    RAISERROR (14261, -1, -1, '@step_name', @step_name);
    RETURN 1;
END;
IF @on_success_action NOT BETWEEN 1 AND 4
BEGIN
    RAISERROR (14266, -1, -1, '@on_success_action', '1, 2, 3, 4');
    RETURN 1;
END;
IF @on_fail_action NOT BETWEEN 1 AND 4
BEGIN
    RAISERROR (14266, -1, -1, '@on_failure_action', '1, 2, 3, 4');
    RETURN 1;
END;
IF @on_success_action = 4 AND (@on_success_step_id < 1 OR @on_success_step_id = @step_id)
BEGIN
    RAISERROR (14235, -1, -1, '@on_success_step', @text);
    RETURN 1;
END;
IF @on_fail_action = 4 AND (@on_fail_step_id < 1 OR @on_fail_step_id = @step_id)
BEGIN
    RAISERROR (14235, -1, -1, '@on_failure_step', @text);
    RETURN 1;
END;
IF @database_name IS NOT NULL AND DB_ID(@database_name) IS NULL
BEGIN
    RAISERROR (14262, -1, -1, '@database_name', @database_name);
    RETURN 1;
END;
IF @database_user_name IS NOT NULL AND IS_SRVROLEMEMBER('sysadmin') = 0
BEGIN
    RAISERROR (14583, -1, -1);
    RETURN 1;
END;
IF @output_file_name IS NOT NULL AND IS_SRVROLEMEMBER('sysadmin') = 0
BEGIN
    RAISERROR (14582, -1, -1);
    RETURN 1;
END;
IF @proxy_id IS NOT NULL
BEGIN
    RAISERROR (14517, -1, -1);
    RETURN 1;
END;
IF @os_run_priority NOT IN (-15, -1, 0, 1, 15)
BEGIN
    RAISERROR (14266, -1, -1, '@os_run_priority', '-15, -1, 0, 1, 15');
    RETURN 1;
END;
IF @flags NOT BETWEEN 0 AND 114
BEGIN
    RAISERROR (14266, -1, -1, '@flags', '0..114');
    RETURN 1;
END;
SET @other = CASE WHEN @output_file_name IS NOT NULL THEN N'a job step with @output_file_name'
    WHEN @flags NOT IN (0, 2, 4, 6, 32, 34, 36, 38) THEN N'a job step with these @flags'
    WHEN @retry_attempts < 0 OR @retry_interval < 0 THEN N'a job step with negative retries' END;
IF @other IS NOT NULL
BEGIN
    RAISERROR (40510, -1, -1, @other);
    RETURN 1;
END;
IF @on_success_action = 4 AND @on_success_step_id > @most
    RAISERROR (14236, 0, 1, '@on_success_step_id');
IF @on_fail_action = 4 AND @on_fail_step_id > @most
    RAISERROR (14236, 0, 1, '@on_fail_step_id');
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_add_jobstep
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @step_id int = NULL, @step_name sysname,
    @subsystem nvarchar(40) = N'TSQL', @command nvarchar(max) = NULL, @additional_parameters nvarchar(max) = NULL,
    @cmdexec_success_code int = 0, @on_success_action tinyint = 1, @on_success_step_id int = 0,
    @on_fail_action tinyint = 2, @on_fail_step_id int = 0, @server sysname = NULL, @database_name sysname = NULL,
    @database_user_name sysname = NULL, @retry_attempts int = 0, @retry_interval int = 0, @os_run_priority int = 0,
    @output_file_name nvarchar(200) = NULL, @flags int = 0, @proxy_id int = NULL, @proxy_name sysname = NULL,
    @step_uid uniqueidentifier = NULL OUTPUT
AS
SET NOCOUNT ON;
DECLARE @status int, @most int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_job_owner @job_id;
IF @status <> 0
    RETURN 1;
SELECT @step_name = LTRIM(RTRIM(@step_name)), @subsystem = LTRIM(RTRIM(@subsystem)),
    @database_name = NULLIF(LTRIM(RTRIM(@database_name)), N''),
    @database_user_name = NULLIF(LTRIM(RTRIM(@database_user_name)), N''),
    @output_file_name = NULLIF(LTRIM(RTRIM(@output_file_name)), N''),
    @proxy_id = CASE WHEN @proxy_name <> N'' THEN 0 ELSE @proxy_id END;
SELECT @most = ISNULL(MAX(step_id), 0) + 1 FROM dbo.sysjobsteps WHERE job_id = @job_id;
SET @step_id = ISNULL(@step_id, @most);
EXEC @status = dbo.sp_verify_jobstep @job_id, NULL, @step_id, @most, @step_name, @subsystem, @flags,
    @on_success_action, @on_success_step_id, @on_fail_action, @on_fail_step_id, @database_name, @database_user_name,
    @retry_attempts, @retry_interval, @output_file_name, @proxy_id, @os_run_priority;
IF @status <> 0
    RETURN 1;
IF @step_id < @most
    UPDATE dbo.sysjobsteps
    SET step_id = CASE WHEN step_id >= @step_id THEN step_id + 1 ELSE step_id END,
        on_success_step_id = CASE WHEN on_success_action = 4 AND on_success_step_id >= @step_id
            THEN on_success_step_id + 1 ELSE on_success_step_id END,
        on_fail_step_id = CASE WHEN on_fail_action = 4 AND on_fail_step_id >= @step_id
            THEN on_fail_step_id + 1 ELSE on_fail_step_id END
    WHERE job_id = @job_id;
SET @step_uid = NEWID();
INSERT INTO dbo.sysjobsteps (job_id, step_id, step_name, subsystem, command, flags, additional_parameters,
    cmdexec_success_code, on_success_action, on_success_step_id, on_fail_action, on_fail_step_id, server,
    database_name, database_user_name, retry_attempts, retry_interval, os_run_priority, output_file_name,
    last_run_outcome, last_run_duration, last_run_retries, last_run_date, last_run_time, proxy_id, step_uid)
VALUES (@job_id, @step_id, @step_name, N'TSQL', @command, @flags, @additional_parameters, @cmdexec_success_code,
    @on_success_action, @on_success_step_id, @on_fail_action, @on_fail_step_id, @server,
    ISNULL(@database_name, N'master'), @database_user_name, @retry_attempts, @retry_interval, @os_run_priority, NULL,
    0, 0, 0, 0, 0, NULL, @step_uid);
UPDATE dbo.sysjobs SET version_number = version_number + 1, date_modified = GETDATE() WHERE job_id = @job_id;
EXEC sys.xp_sqlagent_notify N'J', @job_id, NULL, N'U';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_update_jobstep
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @step_id int, @step_name sysname = NULL,
    @subsystem nvarchar(40) = NULL, @command nvarchar(max) = NULL, @additional_parameters nvarchar(max) = NULL,
    @cmdexec_success_code int = NULL, @on_success_action tinyint = NULL, @on_success_step_id int = NULL,
    @on_fail_action tinyint = NULL, @on_fail_step_id int = NULL, @server sysname = NULL, @database_name sysname = NULL,
    @database_user_name sysname = NULL, @retry_attempts int = NULL, @retry_interval int = NULL,
    @os_run_priority int = NULL, @output_file_name nvarchar(200) = NULL, @flags int = NULL, @proxy_id int = NULL,
    @proxy_name sysname = NULL
AS
SET NOCOUNT ON;
DECLARE @status int, @most int, @text nvarchar(11) = CONVERT(nvarchar(11), @step_id);
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_job_owner @job_id;
IF @status <> 0
    RETURN 1;
IF NOT EXISTS (SELECT 1 FROM dbo.sysjobsteps WHERE job_id = @job_id AND step_id = @step_id)
BEGIN
    RAISERROR (14262, -1, -1, '@step_id', @text);
    RETURN 1;
END;
SELECT @most = MAX(step_id) FROM dbo.sysjobsteps WHERE job_id = @job_id;
SELECT @step_name = ISNULL(LTRIM(RTRIM(@step_name)), step_name), @subsystem = ISNULL(LTRIM(RTRIM(@subsystem)), subsystem),
    @command = NULLIF(ISNULL(LTRIM(RTRIM(@command)), command), N''), @cmdexec_success_code = ISNULL(@cmdexec_success_code, cmdexec_success_code),
    @on_success_action = ISNULL(@on_success_action, on_success_action),
    @on_success_step_id = ISNULL(@on_success_step_id, on_success_step_id),
    @on_fail_action = ISNULL(@on_fail_action, on_fail_action),
    @on_fail_step_id = ISNULL(@on_fail_step_id, on_fail_step_id),
    @database_name = NULLIF(ISNULL(@database_name, database_name), N''),
    @database_user_name = NULLIF(ISNULL(@database_user_name, database_user_name), N''),
    @retry_attempts = ISNULL(@retry_attempts, retry_attempts), @retry_interval = ISNULL(@retry_interval, retry_interval),
    @os_run_priority = ISNULL(@os_run_priority, os_run_priority), @flags = ISNULL(@flags, flags),
    @output_file_name = NULLIF(LTRIM(RTRIM(@output_file_name)), N''),
    @proxy_id = CASE WHEN @proxy_name <> N'' THEN 0 ELSE @proxy_id END
FROM dbo.sysjobsteps WHERE job_id = @job_id AND step_id = @step_id;
EXEC @status = dbo.sp_verify_jobstep @job_id, @step_id, @step_id, @most, @step_name, @subsystem, @flags,
    @on_success_action, @on_success_step_id, @on_fail_action, @on_fail_step_id, @database_name, @database_user_name,
    @retry_attempts, @retry_interval, @output_file_name, @proxy_id, @os_run_priority;
IF @status <> 0
    RETURN 1;
UPDATE dbo.sysjobsteps
SET step_name = @step_name, subsystem = N'TSQL', command = @command, flags = @flags,
    additional_parameters = @additional_parameters,
    cmdexec_success_code = @cmdexec_success_code, on_success_action = @on_success_action,
    on_success_step_id = @on_success_step_id, on_fail_action = @on_fail_action, on_fail_step_id = @on_fail_step_id,
    database_name = ISNULL(@database_name, N'master'), database_user_name = @database_user_name,
    retry_attempts = @retry_attempts, retry_interval = @retry_interval, os_run_priority = @os_run_priority
WHERE job_id = @job_id AND step_id = @step_id;
UPDATE dbo.sysjobs SET version_number = version_number + 1, date_modified = GETDATE() WHERE job_id = @job_id;
EXEC sys.xp_sqlagent_notify N'J', @job_id, NULL, N'U';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_delete_jobstep
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @step_id int
AS
SET NOCOUNT ON;
DECLARE @status int, @most int, @valid nvarchar(40);
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
EXEC @status = dbo.sp_verify_job_owner @job_id;
IF @status <> 0
    RETURN 1;
SELECT @most = ISNULL(MAX(step_id), 0) FROM dbo.sysjobsteps WHERE job_id = @job_id;
IF @step_id < 0 OR @step_id > @most
BEGIN
    SET @valid = N'0 (all steps) ..' + CONVERT(nvarchar(11), @most);
    RAISERROR (14266, -1, -1, '@step_id', @valid);
    RETURN 1;
END;
DELETE FROM dbo.sysjobsteps WHERE job_id = @job_id AND (@step_id = 0 OR step_id = @step_id);
IF @step_id > 0
    UPDATE dbo.sysjobsteps
    SET step_id = CASE WHEN step_id > @step_id THEN step_id - 1 ELSE step_id END,
        -- A step that went on to the one behind the deleted one loses that, too: as it is on SQL Server.
        on_success_action = CASE WHEN on_success_step_id IN (@step_id, @step_id + 1) THEN 1 ELSE on_success_action END,
        on_fail_action = CASE WHEN on_fail_step_id IN (@step_id, @step_id + 1) THEN 2 ELSE on_fail_action END,
        on_success_step_id = CASE WHEN on_success_step_id IN (@step_id, @step_id + 1) THEN 0
            WHEN on_success_step_id > @step_id THEN on_success_step_id - 1 ELSE on_success_step_id END,
        on_fail_step_id = CASE WHEN on_fail_step_id IN (@step_id, @step_id + 1) THEN 0
            WHEN on_fail_step_id > @step_id THEN on_fail_step_id - 1 ELSE on_fail_step_id END
    WHERE job_id = @job_id;
UPDATE dbo.sysjobs SET version_number = version_number + 1, date_modified = GETDATE() WHERE job_id = @job_id;
EXEC sys.xp_sqlagent_notify N'J', @job_id, NULL, N'U';
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_help_jobstep
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @step_id int = NULL, @step_name sysname = NULL,
    @suffix bit = 0
AS
SET NOCOUNT ON;
DECLARE @status int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
IF @suffix = 1
BEGIN
    RAISERROR (40510, -1, -1, 'sp_help_jobstep with @suffix = 1');
    RETURN 1;
END;
SELECT step_id, step_name, subsystem, command, flags, cmdexec_success_code, on_success_action, on_success_step_id,
    on_fail_action, on_fail_step_id, server, database_name, database_user_name, retry_attempts, retry_interval,
    os_run_priority, output_file_name, last_run_outcome, last_run_duration, last_run_retries, last_run_date,
    last_run_time, proxy_id
FROM dbo.sysjobsteps
WHERE job_id = @job_id AND (@step_id IS NULL OR step_id = @step_id) AND (@step_name IS NULL OR step_name = @step_name)
ORDER BY step_id;
RETURN 0;
GO
