-- Runs: sp_start_job, sp_stop_job, what is shown of jobs, and their history.
CREATE OR ALTER PROCEDURE dbo.sp_verify_job_runner @job_id uniqueidentifier
AS
IF IS_SRVROLEMEMBER('sysadmin') = 1 OR IS_MEMBER('SQLAgentOperatorRole') = 1
        OR EXISTS (SELECT 1 FROM dbo.sysjobs WHERE job_id = @job_id AND owner_sid = SUSER_SID())
    RETURN 0;
RAISERROR (14393, -1, -1);
RETURN 1;
GO
CREATE OR ALTER PROCEDURE dbo.sp_start_job
    @job_name sysname = NULL, @job_id uniqueidentifier = NULL, @error_flag int = 1, @server_name sysname = NULL,
    @step_name sysname = NULL, @output_flag int = 1
AS
SET NOCOUNT ON;
DECLARE @status int, @id nvarchar(40);
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
SET @id = CONVERT(nvarchar(40), @job_id);
EXEC @status = dbo.sp_verify_job_runner @job_id;
IF @status <> 0
    RETURN 1;
IF @server_name IS NOT NULL
BEGIN
    EXEC @status = dbo.sp_verify_local_server @server_name;
    IF @status <> 0
        RETURN 1;
END;
IF NOT EXISTS (SELECT 1 FROM dbo.sysjobservers WHERE job_id = @job_id)
BEGIN
    RAISERROR (14256, -1, -1, @job_name, @id);
    RETURN 1;
END;
IF @step_name IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM dbo.sysjobsteps WHERE job_id = @job_id AND step_name = @step_name)
BEGIN
    RAISERROR (14262, -1, -1, '@step_name', @step_name);
    RETURN 1;
END;
IF NOT EXISTS (SELECT 1 FROM dbo.sysjobsteps WHERE job_id = @job_id)
BEGIN
    DECLARE @refusal nvarchar(400) = N'SQLServerAgent Error: Request to run job ' + @job_name + N' (from User '
        + SUSER_SNAME() + N') refused because the job has no job steps.';
    RAISERROR (22022, -1, -1, @refusal);
    RETURN 1;
END;
SET @status = 1;
EXEC @status = sys.xp_sqlagent_notify N'J', @job_id, NULL, N'S', @step_name;
IF @status = 0 AND @output_flag = 1
    RAISERROR (14243, 0, 1, @job_name);
RETURN @status;
GO
CREATE OR ALTER PROCEDURE dbo.sp_stop_job
    @job_name sysname = NULL, @job_id uniqueidentifier = NULL, @originating_server sysname = NULL,
    @server_name sysname = NULL
AS
SET NOCOUNT ON;
DECLARE @status int, @id nvarchar(40);
IF @originating_server IS NOT NULL
BEGIN
    RAISERROR (40510, -1, -1, 'sp_stop_job with an originating server');
    RETURN 1;
END;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
SET @id = CONVERT(nvarchar(40), @job_id);
EXEC @status = dbo.sp_verify_job_runner @job_id;
IF @status <> 0
    RETURN 1;
IF NOT EXISTS (SELECT 1 FROM dbo.sysjobservers WHERE job_id = @job_id)
BEGIN
    RAISERROR (14257, -1, -1, @job_name, @id);
    RETURN 1;
END;
SET @status = 1;
EXEC @status = sys.xp_sqlagent_notify N'J', @job_id, NULL, N'C';
IF @status = 0
    RAISERROR (14254, 0, 1, @job_name);
RETURN @status;
GO
CREATE OR ALTER PROCEDURE dbo.sp_help_jobschedule
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @schedule_name sysname = NULL,
    @schedule_id int = NULL, @include_description bit = 0
AS
SET NOCOUNT ON;
DECLARE @status int;
IF @include_description = 1
BEGIN
    RAISERROR (40510, -1, -1, 'sp_help_jobschedule with @include_description = 1');
    RETURN 1;
END;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
SELECT s.schedule_id, s.name AS schedule_name, s.enabled, s.freq_type, s.freq_interval, s.freq_subday_type,
    s.freq_subday_interval, s.freq_relative_interval, s.freq_recurrence_factor, s.active_start_date, s.active_end_date,
    s.active_start_time, s.active_end_time, s.date_created,
    CONVERT(nvarchar(4000), N'(Description not requested.)') AS schedule_description, js.next_run_date,
    js.next_run_time, s.schedule_uid,
    (SELECT COUNT(*) FROM dbo.sysjobschedules AS o WHERE o.schedule_id = s.schedule_id) AS job_count
FROM dbo.sysjobschedules AS js JOIN dbo.sysschedules AS s ON s.schedule_id = js.schedule_id
WHERE js.job_id = @job_id AND (@schedule_id IS NULL OR s.schedule_id = @schedule_id)
    AND (@schedule_name IS NULL OR s.name = @schedule_name)
ORDER BY s.schedule_id;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_help_jobserver
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @show_last_run_details tinyint = 0
AS
SET NOCOUNT ON;
DECLARE @status int;
EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
IF @status <> 0
    RETURN 1;
IF @show_last_run_details = 1
    SELECT server_id, CONVERT(nvarchar(30), SERVERPROPERTY('ServerName')) AS server_name,
        CONVERT(datetime, NULL) AS enlist_date, CONVERT(datetime, NULL) AS last_poll_date, last_run_date,
        last_run_time, last_run_duration, last_run_outcome, last_outcome_message
    FROM dbo.sysjobservers WHERE job_id = @job_id;
ELSE
    SELECT server_id, CONVERT(nvarchar(30), SERVERPROPERTY('ServerName')) AS server_name,
        CONVERT(datetime, NULL) AS enlist_date, CONVERT(datetime, NULL) AS last_poll_date
    FROM dbo.sysjobservers WHERE job_id = @job_id;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_help_job
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @job_aspect varchar(9) = NULL,
    @job_type varchar(12) = NULL, @owner_login_name sysname = NULL, @subsystem nvarchar(40) = NULL,
    @category_name sysname = NULL, @enabled tinyint = NULL, @execution_status int = NULL,
    @date_comparator char(1) = NULL, @date_created datetime = NULL, @date_last_modified datetime = NULL,
    @description nvarchar(512) = NULL
AS
SET NOCOUNT ON;
DECLARE @status int, @all bit = CASE WHEN IS_SRVROLEMEMBER('sysadmin') = 1 THEN 1 ELSE 0 END, @me sysname = SUSER_SNAME();
IF @job_id IS NOT NULL OR @job_name IS NOT NULL
BEGIN
    EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
    IF @status <> 0
        RETURN 1;
END;
IF @job_aspect IS NOT NULL AND @job_id IS NULL
BEGIN
    RAISERROR (14280, -1, -1);
    RETURN 1;
END;
SET @job_aspect = CASE WHEN @job_id IS NULL THEN 'JOB' ELSE UPPER(ISNULL(@job_aspect, 'ALL')) END;
IF @job_aspect NOT IN ('ALL', 'JOB', 'STEPS', 'SCHEDULES', 'TARGETS')
BEGIN
    RAISERROR (14266, -1, -1, '@job_aspect', 'ALL, JOB, STEPS, SCHEDULES, TARGETS');
    RETURN 1;
END;
IF (@date_created IS NOT NULL OR @date_last_modified IS NOT NULL) AND @date_comparator IS NULL
    OR (@date_created IS NULL AND @date_last_modified IS NULL AND @date_comparator IS NOT NULL)
BEGIN
    RAISERROR (14282, -1, -1);
    RETURN 1;
END;
IF @job_aspect IN ('ALL', 'JOB')
BEGIN
    DECLARE @now TABLE (job_id uniqueidentifier, last_run_date int, last_run_time int, next_run_date int,
        next_run_time int, next_run_schedule_id int, requested_to_run int, request_source int,
        request_source_id sysname NULL, running int, current_step int, current_retry_attempt int, job_state int);
    INSERT INTO @now EXEC sys.xp_sqlagent_enum_jobs @all, @me, @job_id;
    SELECT j.job_id, CONVERT(nvarchar(30), j.originating_server) AS originating_server, j.name, j.enabled,
        j.description, j.start_step_id, ISNULL(c.name, N'(unknown)') AS category,
        SUSER_SNAME(j.owner_sid) AS owner, j.notify_level_eventlog, j.notify_level_email, j.notify_level_netsend,
        j.notify_level_page, ISNULL(o.name, N'(unknown)') AS notify_email_operator,
        N'(unknown)' AS notify_netsend_operator, N'(unknown)' AS notify_page_operator, j.delete_level,
        j.date_created, j.date_modified, j.version_number, ISNULL(v.last_run_date, 0) AS last_run_date,
        ISNULL(v.last_run_time, 0) AS last_run_time, ISNULL(v.last_run_outcome, 5) AS last_run_outcome,
        ISNULL(n.next_run_date, 0) AS next_run_date, ISNULL(n.next_run_time, 0) AS next_run_time,
        ISNULL(n.next_run_schedule_id, 0) AS next_run_schedule_id,
        ISNULL(n.job_state, 4) AS current_execution_status,
        CASE WHEN s.step_name IS NULL THEN N'0 (unknown)'
            ELSE CONVERT(nvarchar(11), s.step_id) + N' (' + s.step_name + N')' END AS current_execution_step,
        ISNULL(n.current_retry_attempt, 0) AS current_retry_attempt,
        (SELECT COUNT(*) FROM dbo.sysjobsteps AS x WHERE x.job_id = j.job_id) AS has_step,
        (SELECT COUNT(*) FROM dbo.sysjobschedules AS x WHERE x.job_id = j.job_id) AS has_schedule,
        (SELECT COUNT(*) FROM dbo.sysjobservers AS x WHERE x.job_id = j.job_id) AS has_target,
        CASE WHEN v.job_id IS NULL THEN 0 ELSE 1 END AS type
    FROM dbo.sysjobs_view AS j
    LEFT JOIN dbo.syscategories AS c ON c.category_id = j.category_id
    LEFT JOIN dbo.sysoperators AS o ON o.id = j.notify_email_operator_id
    LEFT JOIN dbo.sysjobservers AS v ON v.job_id = j.job_id
    LEFT JOIN @now AS n ON n.job_id = j.job_id
    LEFT JOIN dbo.sysjobsteps AS s ON s.job_id = j.job_id AND s.step_id = n.current_step
    WHERE (@job_id IS NULL OR j.job_id = @job_id)
        AND (@job_type IS NULL OR (UPPER(@job_type) = 'LOCAL' AND v.job_id IS NOT NULL))
        AND (@owner_login_name IS NULL OR j.owner_sid = SUSER_SID(@owner_login_name))
        AND (@subsystem IS NULL OR EXISTS (SELECT 1 FROM dbo.sysjobsteps AS x WHERE x.job_id = j.job_id
            AND x.subsystem = @subsystem))
        AND (@category_name IS NULL OR c.name = @category_name) AND (@enabled IS NULL OR j.enabled = @enabled)
        AND (@execution_status IS NULL OR ISNULL(n.job_state, 4) = @execution_status
            OR (@execution_status = 0 AND ISNULL(n.job_state, 4) NOT IN (4, 5)))
        AND (@description IS NULL OR j.description LIKE @description)
        AND (@date_created IS NULL OR (@date_comparator = '=' AND j.date_created = @date_created)
            OR (@date_comparator = '<' AND j.date_created < @date_created)
            OR (@date_comparator = '>' AND j.date_created > @date_created))
        AND (@date_last_modified IS NULL OR (@date_comparator = '=' AND j.date_modified = @date_last_modified)
            OR (@date_comparator = '<' AND j.date_modified < @date_last_modified)
            OR (@date_comparator = '>' AND j.date_modified > @date_last_modified))
    ORDER BY j.job_id;
END;
IF @job_aspect IN ('ALL', 'STEPS')
    EXEC dbo.sp_help_jobstep @job_id = @job_id;
IF @job_aspect IN ('ALL', 'SCHEDULES')
    EXEC dbo.sp_help_jobschedule @job_id = @job_id;
IF @job_aspect IN ('ALL', 'TARGETS')
    EXEC dbo.sp_help_jobserver @job_id = @job_id, @show_last_run_details = 1;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_help_jobactivity
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @session_id int = NULL
AS
SET NOCOUNT ON;
DECLARE @status int;
IF @job_id IS NOT NULL OR @job_name IS NOT NULL
BEGIN
    EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
    IF @status <> 0
        RETURN 1;
END;
IF @session_id IS NULL
    SELECT @session_id = MAX(session_id) FROM dbo.syssessions;
SELECT a.session_id, a.job_id, j.name AS job_name, a.run_requested_date, a.run_requested_source, a.queued_date,
    a.start_execution_date, a.last_executed_step_id, a.last_executed_step_date AS last_exectued_step_date,
    a.stop_execution_date, a.next_scheduled_run_date, a.job_history_id, h.message, h.run_status,
    h.operator_id_emailed, h.operator_id_netsent, h.operator_id_paged
FROM dbo.sysjobs_view AS j JOIN dbo.sysjobactivity AS a ON a.job_id = j.job_id
LEFT JOIN dbo.sysjobhistory AS h ON h.instance_id = a.job_history_id
WHERE a.session_id = @session_id AND (@job_id IS NULL OR j.job_id = @job_id)
    AND (IS_SRVROLEMEMBER('sysadmin') = 1 OR j.owner_sid = SUSER_SID());
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_help_jobhistory
    @job_id uniqueidentifier = NULL, @job_name sysname = NULL, @step_id int = NULL, @sql_message_id int = NULL,
    @sql_severity int = NULL, @start_run_date int = NULL, @end_run_date int = NULL, @start_run_time int = NULL,
    @end_run_time int = NULL, @minimum_run_duration int = NULL, @run_status int = NULL, @minimum_retries int = NULL,
    @oldest_first int = 0, @server sysname = NULL, @mode varchar(7) = 'SUMMARY'
AS
SET NOCOUNT ON;
DECLARE @status int, @sign int = CASE WHEN @oldest_first = 1 THEN 1 ELSE -1 END;
IF @job_id IS NOT NULL OR @job_name IS NOT NULL
BEGIN
    EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
    IF @status <> 0
        RETURN 1;
END;
IF UPPER(@mode) NOT IN ('SUMMARY', 'FULL')
BEGIN
    RAISERROR (14266, -1, -1, '@mode', 'SUMMARY, FULL');
    RETURN 1;
END;
SELECT h.instance_id, h.job_id, j.name AS job_name, h.step_id, h.step_name, h.sql_message_id, h.sql_severity,
    h.message, h.run_status, h.run_date, h.run_time, h.run_duration, CONVERT(nvarchar(20), o.name) AS operator_emailed,
    CONVERT(nvarchar(20), NULL) AS operator_netsent, CONVERT(nvarchar(20), NULL) AS operator_paged,
    h.retries_attempted, CONVERT(nvarchar(30), h.server) AS server
INTO #found
FROM dbo.sysjobhistory AS h JOIN dbo.sysjobs_view AS j ON j.job_id = h.job_id
LEFT JOIN dbo.sysoperators AS o ON o.id = h.operator_id_emailed
WHERE (@job_id IS NULL OR h.job_id = @job_id) AND (@step_id IS NULL OR h.step_id = @step_id)
    AND (@sql_message_id IS NULL OR h.sql_message_id = @sql_message_id)
    AND (@sql_severity IS NULL OR h.sql_severity = @sql_severity)
    AND (@start_run_date IS NULL OR h.run_date >= @start_run_date)
    AND (@end_run_date IS NULL OR h.run_date <= @end_run_date)
    AND (@start_run_time IS NULL OR h.run_time >= @start_run_time)
    AND (@end_run_time IS NULL OR h.run_time <= @end_run_time)
    AND (@minimum_run_duration IS NULL OR h.run_duration >= @minimum_run_duration)
    AND (@run_status IS NULL OR h.run_status = @run_status)
    AND (@minimum_retries IS NULL OR h.retries_attempted >= @minimum_retries)
    AND (@server IS NULL OR h.server = @server);
IF UPPER(@mode) = 'FULL'
    SELECT instance_id, job_id, job_name, step_id, step_name, sql_message_id, sql_severity, message, run_status,
        run_date, run_time, run_duration, operator_emailed, operator_netsent, operator_paged, retries_attempted, server
    FROM #found ORDER BY @sign * instance_id;
ELSE
    SELECT job_name, run_status, run_date, run_time, run_duration, operator_emailed, operator_netsent, operator_paged,
        retries_attempted, server
    FROM #found ORDER BY @sign * instance_id;
RETURN 0;
GO
CREATE OR ALTER PROCEDURE dbo.sp_purge_jobhistory
    @job_name sysname = NULL, @job_id uniqueidentifier = NULL, @oldest_date datetime = NULL
AS
SET NOCOUNT ON;
DECLARE @status int, @n nvarchar(11);
DECLARE @date int = CONVERT(int, CONVERT(char(8), @oldest_date, 112));
DECLARE @time int = DATEPART(hour, @oldest_date) * 10000 + DATEPART(minute, @oldest_date) * 100
    + DATEPART(second, @oldest_date);
IF @job_id IS NOT NULL OR @job_name IS NOT NULL
BEGIN
    EXEC @status = dbo.sp_verify_job_identifiers '@job_name', '@job_id', @job_name OUTPUT, @job_id OUTPUT;
    IF @status <> 0
        RETURN 1;
END;
IF IS_SRVROLEMEMBER('sysadmin') = 0 AND IS_MEMBER('SQLAgentOperatorRole') = 0
    AND NOT EXISTS (SELECT 1 FROM dbo.sysjobs WHERE job_id = @job_id AND owner_sid = SUSER_SID())
BEGIN
    RAISERROR (14392, -1, -1);
    RETURN 1;
END;
DELETE FROM dbo.sysjobhistory
WHERE (@job_id IS NULL OR job_id = @job_id)
    AND (@date IS NULL OR run_date < @date OR (run_date = @date AND run_time < @time));
SET @n = CONVERT(nvarchar(11), @@ROWCOUNT);
RAISERROR (14226, 0, 1, @n);
RETURN 0;
GO
