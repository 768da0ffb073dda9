SET NOCOUNT ON;
SET XACT_ABORT ON;
-- Steps are made anew: SQL Server has nothing to alter one by its name. The job itself is kept, and with it its history.
DECLARE @job_id uniqueidentifier, @schedule_id int, @database sysname, @command nvarchar(max);

-- msdb's procedures raise errors that XACT_ABORT does not see: CATCH does.
BEGIN TRY
BEGIN TRANSACTION;
IF NOT EXISTS (SELECT 1 FROM msdb.dbo.syscategories WHERE category_class = 1 AND name = N'pymlsql')
    EXEC msdb.dbo.sp_add_category @class = 'JOB', @type = 'LOCAL', @name = N'pymlsql';
SELECT @job_id = job_id FROM msdb.dbo.sysjobs_view WHERE name = N'pdm: nightly';
IF @job_id IS NULL
    EXEC msdb.dbo.sp_add_job @job_name = N'pdm: nightly', @category_name = N'pymlsql',
        @job_id = @job_id OUTPUT;
EXEC msdb.dbo.sp_update_job @job_id = @job_id, @enabled = 1,
    @description = N'[pymlsql project pdm, sha256 0a6cdf48f66164a4b48d042b3e60940102ae26f4a7e16777ebc564831177f96e]', @category_name = N'pymlsql',
    @notify_level_email = 0, @notify_email_operator_name = N'';

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
BEGIN TRY
    EXEC [dbo].[PredictFailures] @unscored = 1;
END TRY
BEGIN CATCH
    IF ERROR_NUMBER() <> 51004 THROW;
    PRINT N''dbo.PredictFailures: nothing to score.'';
END CATCH;
';
SET @database = DB_NAME();
EXEC msdb.dbo.sp_add_jobstep @job_id = @job_id, @step_id = 1, @step_name = N'score',
    @subsystem = N'TSQL', @database_name = @database, @command = @command,
    @on_success_action = 3, @on_fail_action = 2,
    @retry_attempts = 2, @retry_interval = 0;

SET @command = N'SET QUOTED_IDENTIFIER ON;
SET ANSI_NULLS ON;
SET ANSI_WARNINGS ON;
SET ARITHABORT ON;
SET CONCAT_NULL_YIELDS_NULL ON;
SET NOCOUNT ON;
-- On a secondary of an availability group there is nothing to be done.
IF CONVERT(nvarchar(20), DATABASEPROPERTYEX(DB_NAME(), ''Updateability'')) <> N''READ_WRITE'' RETURN;
EXEC dbo.TellSomebody;
';
SET @database = DB_NAME();
EXEC msdb.dbo.sp_add_jobstep @job_id = @job_id, @step_id = 2, @step_name = N'tell',
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
    WHERE j.job_id = @job_id AND s.name NOT IN (N'pdm: nightly (1)', N'pdm: nightly (2)', N'pdm: nightly (3)', N'pdm: nightly (4)', N'pdm: nightly (5)', N'pdm: nightly (6)', N'pdm: nightly (7)', N'pdm: nightly (8)', N'pdm: nightly (9)', N'pdm: nightly (10)', N'pdm: nightly (11)', N'pdm: nightly (12)', N'pdm: nightly (13)', N'pdm: nightly (14)', N'pdm: nightly (15)', N'pdm: nightly (16)');
    IF @schedule_id IS NULL BREAK;
    EXEC msdb.dbo.sp_detach_schedule @job_id = @job_id, @schedule_id = @schedule_id, @delete_unused_schedule = 1;
END;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (1)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (1)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 60000, @active_end_time = 65959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 60000, @active_end_time = 65959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (2)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (2)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 70000, @active_end_time = 75959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 70000, @active_end_time = 75959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (3)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (3)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 80000, @active_end_time = 85959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 80000, @active_end_time = 85959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (4)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (4)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 90000, @active_end_time = 95959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 90000, @active_end_time = 95959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (5)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (5)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 100000, @active_end_time = 105959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 100000, @active_end_time = 105959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (6)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (6)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 110000, @active_end_time = 115959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 110000, @active_end_time = 115959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (7)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (7)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 120000, @active_end_time = 125959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 120000, @active_end_time = 125959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (8)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (8)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 130000, @active_end_time = 135959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 130000, @active_end_time = 135959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (9)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (9)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 140000, @active_end_time = 145959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 140000, @active_end_time = 145959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (10)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (10)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 150000, @active_end_time = 155959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 150000, @active_end_time = 155959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (11)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (11)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 160000, @active_end_time = 165959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 160000, @active_end_time = 165959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (12)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (12)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 170000, @active_end_time = 175959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 170000, @active_end_time = 175959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (13)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (13)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 180000, @active_end_time = 185959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 180000, @active_end_time = 185959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (14)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (14)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 190000, @active_end_time = 195959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 190000, @active_end_time = 195959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (15)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (15)', @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 200000, @active_end_time = 205959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 8, @freq_interval = 62, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 200000, @active_end_time = 205959;

SET @schedule_id = NULL;
SELECT @schedule_id = MIN(s.schedule_id)
FROM msdb.dbo.sysjobschedules AS j
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id
WHERE j.job_id = @job_id AND s.name = N'pdm: nightly (16)';
IF @schedule_id IS NULL
BEGIN
    EXEC msdb.dbo.sp_add_schedule @schedule_name = N'pdm: nightly (16)', @freq_type = 16, @freq_interval = 1, @freq_subday_type = 1, @freq_subday_interval = 0, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 0, @active_end_time = 235959,
        @schedule_id = @schedule_id OUTPUT;
    EXEC msdb.dbo.sp_attach_schedule @job_id = @job_id, @schedule_id = @schedule_id;
END;
ELSE
    EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule_id, @freq_type = 16, @freq_interval = 1, @freq_subday_type = 1, @freq_subday_interval = 0, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @active_start_date = 19900101, @active_end_date = 99991231, @active_start_time = 0, @active_end_time = 235959;

-- Without a target a job never runs.
IF NOT EXISTS (SELECT 1 FROM msdb.dbo.sysjobservers WHERE job_id = @job_id)
    EXEC msdb.dbo.sp_add_jobserver @job_id = @job_id, @server_name = N'(LOCAL)';
COMMIT TRANSACTION;
END TRY
BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
END CATCH;
