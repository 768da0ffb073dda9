SET NOCOUNT ON;
SET XACT_ABORT ON;
-- Steps are made anew: SQL Server has nothing to alter one by its name. The job itself is kept, and with it its history.
DECLARE @job_id uniqueidentifier, @schedule_id int, @database sysname, @command nvarchar(max);

-- msdb's procedures raise errors that XACT_ABORT does not see: CATCH does.
BEGIN TRY
BEGIN TRANSACTION;
IF NOT EXISTS (SELECT 1 FROM msdb.dbo.syscategories WHERE category_class = 1 AND name = N'pymlsql')
    EXEC msdb.dbo.sp_add_category @class = 'JOB', @type = 'LOCAL', @name = N'pymlsql';
SELECT @job_id = job_id FROM msdb.dbo.sysjobs_view WHERE name = N'O''Brien''s [job]';
IF @job_id IS NULL
    EXEC msdb.dbo.sp_add_job @job_name = N'O''Brien''s [job]', @category_name = N'pymlsql',
        @job_id = @job_id OUTPUT;
EXEC msdb.dbo.sp_update_job @job_id = @job_id, @enabled = 0,
    @description = N'it''s [pymlsql project odd, sha256 c7ebd904077c2056d6d60f4c8d501650a30c5edaa86724dd549c42d3e4a55715]', @category_name = N'pymlsql',
    @owner_login_name = N'DOM\O''Brien',
    @notify_level_email = 2, @notify_email_operator_name = N'o''p';

WHILE EXISTS (SELECT 1 FROM msdb.dbo.sysjobsteps WHERE job_id = @job_id)
    EXEC msdb.dbo.sp_delete_jobstep @job_id = @job_id, @step_id = 1;

SET @command = N'SET QUOTED_IDENTIFIER ON;
SET ANSI_NULLS ON;
SET ANSI_WARNINGS ON;
SET ARITHABORT ON;
SET CONCAT_NULL_YIELDS_NULL ON;
SET NOCOUNT ON;
-- On a secondary of an availability group there is nothing to be done.
IF CONVERT(nvarchar(20), DATABASEPROPERTYEX(DB_NAME(), ''Updateability'')) <> N''READ_WRITE'' RETURN;
PRINT N''it''''s''
';
SET @database = N'da''ta]';
EXEC msdb.dbo.sp_add_jobstep @job_id = @job_id, @step_id = 1, @step_name = N'st''ep]',
    @subsystem = N'TSQL', @database_name = @database, @command = @command,
    @on_success_action = 1, @on_fail_action = 2,
    @retry_attempts = 0, @retry_interval = 0;
EXEC msdb.dbo.sp_update_job @job_id = @job_id, @start_step_id = 1;

-- Schedules are found by the job, since their names are not unique. Those that are not declared any more are taken off.
WHILE 1 = 1
BEGIN
    SET @schedule_id = NULL;
    SELECT @schedule_id = MIN(s.schedule_id)
    FROM msdb.dbo.sysjobschedules AS j
    JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
    WHERE j.job_id = @job_id;
    IF @schedule_id IS NULL BREAK;
    EXEC msdb.dbo.sp_detach_schedule @job_id = @job_id, @schedule_id = @schedule_id, @delete_unused_schedule = 1;
END;

-- Without a target a job never runs.
IF NOT EXISTS (SELECT 1 FROM msdb.dbo.sysjobservers WHERE job_id = @job_id)
    EXEC msdb.dbo.sp_add_jobserver @job_id = @job_id, @server_name = N'(LOCAL)';
COMMIT TRANSACTION;
END TRY
BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
END CATCH;
