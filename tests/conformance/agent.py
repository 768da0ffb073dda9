"""msdb's procedures and tables of SQL Server Agent: their defaults, what they keep, and the numbers of their errors."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_REMOVE = ("""
IF EXISTS (SELECT 1 FROM msdb.dbo.sysjobs WHERE name = N'cf job') EXEC msdb.dbo.sp_delete_job @job_name = N'cf job';
IF EXISTS (SELECT 1 FROM msdb.dbo.sysjobs WHERE name = N'cf two') EXEC msdb.dbo.sp_delete_job @job_name = N'cf two';
DECLARE @id int;
WHILE EXISTS (SELECT 1 FROM msdb.dbo.sysschedules WHERE name LIKE N'cf %')
BEGIN
    SELECT @id = MIN(schedule_id) FROM msdb.dbo.sysschedules WHERE name LIKE N'cf %';
    EXEC msdb.dbo.sp_delete_schedule @schedule_id = @id, @force_delete = 1;
END;
IF EXISTS (SELECT 1 FROM msdb.dbo.sysoperators WHERE name = N'cf op')
    EXEC msdb.dbo.sp_delete_operator @name = N'cf op';
IF EXISTS (SELECT 1 FROM msdb.dbo.sysoperators WHERE name = N'cf op 2')
    EXEC msdb.dbo.sp_delete_operator @name = N'cf op 2';
IF EXISTS (SELECT 1 FROM msdb.dbo.syscategories WHERE name = N'cf kind')
    EXEC msdb.dbo.sp_delete_category @class = N'JOB', @name = N'cf kind';
""",)
"""Nothing is left of what the rows make, whether they went through or not."""

_JOB = "EXEC msdb.dbo.sp_add_job @job_name = N'cf job'"
_ONE = "EXEC msdb.dbo.sp_add_jobstep @job_name = N'cf job', @step_name = N'one', @command = N'SELECT 1'"
_TWO = "EXEC msdb.dbo.sp_add_jobstep @job_name = N'cf job', @step_name = N'two', @command = N'SELECT 2'"
_OPERATOR = "EXEC msdb.dbo.sp_add_operator @name = N'cf op', @email_address = N'op@example.com'"
_KEPT = "FROM msdb.dbo.sysjobs WHERE name = N'cf job'"
_STEPS = ("FROM msdb.dbo.sysjobsteps AS s JOIN msdb.dbo.sysjobs AS j ON j.job_id = s.job_id WHERE j.name = N'cf job' "
          "ORDER BY s.step_id")  # fmt: skip

_ADD_JOB = around((), [
    query(f"{_JOB}; SELECT enabled, description, start_step_id, category_id, notify_level_eventlog, "
          f"notify_level_email, "
          f"notify_level_netsend, notify_level_page, delete_level {_KEPT}",
          (1, "No description available.", 1, 0, 2, 0, 0, 0, 0)),
    query(f"{_JOB}, @enabled = 0, @description = N'why', @notify_level_eventlog = 0, @delete_level = 1; "
          f"SELECT enabled, description, notify_level_eventlog, delete_level {_KEPT}", (0, "why", 0, 1)),
    query(f"{_JOB}; SELECT SUSER_SNAME(owner_sid), version_number {_KEPT} AND owner_sid <> SUSER_SID()"),
    query("EXEC msdb.dbo.sp_add_job @job_name = N'  cf job '; SELECT name " + _KEPT, ("cf job",)),
    query(f"DECLARE @id uniqueidentifier; {_JOB}, @job_id = @id OUTPUT; SELECT name FROM msdb.dbo.sysjobs "
          "WHERE job_id = @id", ("cf job",)),
    query("DECLARE @r int; EXEC @r = msdb.dbo.sp_add_job @job_name = N'cf job'; SELECT @r", (0,)),
    query(f"{_JOB}, @category_name = N'Database Maintenance'; SELECT c.name FROM msdb.dbo.sysjobs AS j JOIN "
          "msdb.dbo.syscategories AS c ON c.category_id = j.category_id WHERE j.name = N'cf job'",
          ("Database Maintenance",)),
    fails(f"{_JOB}; {_JOB}", 14261),
    fails(f"DECLARE @id uniqueidentifier = NEWID(); {_JOB}, @job_id = @id OUTPUT", 14274),
    fails(f"{_JOB}, @enabled = 2", 14266),
    fails(f"{_JOB}, @start_step_id = 2", 14266),
    fails(f"{_JOB}, @category_name = N'cf nothing'", 14234),
    fails(f"{_JOB}, @owner_login_name = N'cf nobody'", 14234),
    fails(f"{_JOB}, @notify_level_email = 2, @notify_email_operator_name = N'cf nobody'", 14234),
    fails(f"{_JOB}, @notify_level_eventlog = 4", 14266),
    fails(f"{_JOB}, @notify_level_email = 4", 14266),
    fails(f"{_JOB}, @delete_level = 4", 14266),
    query(f"{_JOB}, @notify_level_email = 3; SELECT notify_level_email, notify_email_operator_id {_KEPT}", (0, 0)),
], _REMOVE) + around((_OPERATOR,), [
    fails(f"{_JOB}, @notify_email_operator_name = N'cf op'", 14266),
    query(f"{_JOB}, @notify_level_email = 2, @notify_email_operator_name = N'cf op'; SELECT o.name, "
          f"j.notify_level_email "
          "FROM msdb.dbo.sysjobs AS j JOIN msdb.dbo.sysoperators AS o ON o.id = j.notify_email_operator_id "
          "WHERE j.name = N'cf job'", ("cf op", 2)),
], _REMOVE)  # fmt: skip

_UPDATE = "EXEC msdb.dbo.sp_update_job @job_name = N'cf job'"
_UPDATE_JOB = around((_JOB,), [
    fails("EXEC msdb.dbo.sp_update_job @enabled = 0", 14294),
    fails("DECLARE @id uniqueidentifier = NEWID(); EXEC msdb.dbo.sp_update_job @job_name = N'cf job', @job_id = @id",
          14294),
    fails("EXEC msdb.dbo.sp_update_job @job_name = N'cf nothing', @enabled = 0", 14262),
    query(f"{_UPDATE}, @enabled = 0, @description = N'new'; SELECT enabled, description, version_number {_KEPT}",
          (0, "new", 2)),
    query(f"{_UPDATE}, @new_name = N'cf two'; SELECT COUNT(*) FROM msdb.dbo.sysjobs WHERE name IN (N'cf job', "
          f"N'cf two') "
          "AND enabled = 1", (1,)),
    fails(f"EXEC msdb.dbo.sp_add_job @job_name = N'cf two'; {_UPDATE}, @new_name = N'cf two'", 14261),
    fails(f"{_UPDATE}, @owner_login_name = N'cf nobody'", 14234),
    fails(f"{_UPDATE}, @category_name = N'cf nothing'", 14234),
    fails(f"{_UPDATE}, @notify_level_email = 1, @notify_email_operator_name = N'cf nobody'", 14234),
    fails(f"{_UPDATE}, @start_step_id = 2", 14266),
    query(f"{_UPDATE}, @start_step_id = 1; SELECT start_step_id {_KEPT}", (1,)),
], _REMOVE) + around((_OPERATOR, f"{_JOB}, @notify_level_email = 2, @notify_email_operator_name = N'cf op'"), [
    query(f"{_UPDATE}, @notify_email_operator_name = N'', @notify_level_email = 0; "
          f"SELECT notify_level_email, notify_email_operator_id {_KEPT}", (0, 0)),
    fails(f"{_UPDATE}, @notify_level_email = 0", 14266),
], _REMOVE)  # fmt: skip

_DELETE_JOB = around((_JOB, _ONE), [
    fails("EXEC msdb.dbo.sp_delete_job @job_name = N'cf nothing'", 14262),
    fails("EXEC msdb.dbo.sp_delete_job", 14294),
    query("EXEC msdb.dbo.sp_delete_job @job_name = N'cf job'; SELECT COUNT(*) " + _KEPT, (0,)),
    batch("a job goes with the schedules that no other job has",
          "EXEC msdb.dbo.sp_add_jobschedule @job_name = N'cf job', @name = N'cf a', @freq_type = 4, "
          "@freq_interval = 1; "
          "EXEC msdb.dbo.sp_delete_job @job_name = N'cf job'; "
          "SELECT COUNT(*) FROM msdb.dbo.sysschedules WHERE name = N'cf a'", [(0,)]),
    batch("a job's schedules are kept where that is asked for",
          "EXEC msdb.dbo.sp_add_jobschedule @job_name = N'cf job', @name = N'cf a', @freq_type = 4, "
          "@freq_interval = 1; "
          "EXEC msdb.dbo.sp_delete_job @job_name = N'cf job', @delete_unused_schedule = 0; "
          "SELECT COUNT(*) FROM msdb.dbo.sysschedules WHERE name = N'cf a'", [(1,)]),
], _REMOVE)  # fmt: skip

_ADD = "EXEC msdb.dbo.sp_add_jobstep @job_name = N'cf job', @step_name = N'x'"
_ADD_STEP = around((_JOB,), [
    query(f"{_ONE}; SELECT s.step_id, s.step_name, s.subsystem, s.command, s.flags, s.cmdexec_success_code, "
          "s.on_success_action, s.on_success_step_id, s.on_fail_action, s.on_fail_step_id, s.database_name, "
          f"s.retry_attempts, s.retry_interval, s.os_run_priority, s.output_file_name, s.proxy_id {_STEPS}",
          (1, "one", "TSQL", "SELECT 1", 0, 0, 1, 0, 2, 0, "master", 0, 0, 0, None, None)),
    query(f"{_ONE}; {_TWO}; SELECT s.step_id, s.step_name {_STEPS}", (1, "one"), (2, "two")),
    query(f"{_ONE}; {_TWO}, @step_id = 1; SELECT s.step_id, s.step_name {_STEPS}", (1, "two"), (2, "one")),
    fails(f"{_ONE}; {_ONE}", 14261),
    fails(f"{_ADD}, @step_id = 2", 14266),
    fails(f"{_ADD}, @step_id = 0", 14266),
    fails(f"{_ADD}, @subsystem = N'cf nothing'", 14234),
    fails(f"{_ADD}, @on_success_action = 0", 14266),
    fails(f"{_ADD}, @on_fail_action = 5", 14266),
    fails(f"{_ADD}, @on_success_action = 4, @on_success_step_id = 1", 14235),
    fails(f"{_ADD}, @on_fail_action = 4, @on_fail_step_id = 0", 14235),
    fails(f"{_ADD}, @database_name = N'cf_nothing'", 14262),
    fails(f"{_ADD}, @os_run_priority = 2", 14266),
    fails(f"{_ADD}, @flags = 115", 14266),
    fails("EXEC msdb.dbo.sp_add_jobstep @job_name = N'cf nothing', @step_name = N'x'", 14262),
    fails("EXEC msdb.dbo.sp_add_jobstep @step_name = N'x'", 14294),
], _REMOVE)  # fmt: skip

_CHANGE = "EXEC msdb.dbo.sp_update_jobstep @job_name = N'cf job'"
_UPDATE_STEP = around((_JOB, _ONE, _TWO), [
    query(f"{_CHANGE}, @step_id = 1, @command = N'SELECT 3', @retry_attempts = 2; "
          f"SELECT s.command, s.retry_attempts, s.on_success_action {_STEPS}", ("SELECT 3", 2, 1), ("SELECT 2", 0, 1)),
    fails(f"{_CHANGE}, @step_id = 3, @command = N'x'", 14262),
    fails(f"{_CHANGE}, @step_id = 1, @step_name = N'two'", 14261),
    fails(f"{_CHANGE}, @step_id = 1, @database_name = N'cf_nothing'", 14262),
    fails(f"{_CHANGE}, @step_id = 1, @on_fail_action = 9", 14266),
], _REMOVE)  # fmt: skip

_DROP = "EXEC msdb.dbo.sp_delete_jobstep @job_name = N'cf job'"
_DELETE_STEP = around((_JOB, _ONE, _TWO), [
    query(f"{_DROP}, @step_id = 1; SELECT s.step_id, s.step_name {_STEPS}", (1, "two")),
    query(f"{_DROP}, @step_id = 0; SELECT COUNT(*) FROM msdb.dbo.sysjobsteps AS s JOIN msdb.dbo.sysjobs AS j "
          "ON j.job_id = s.job_id WHERE j.name = N'cf job'", (0,)),
    query(f"{_CHANGE}, @step_id = 2, @on_fail_action = 4, @on_fail_step_id = 1; {_DROP}, @step_id = 1; "
          f"SELECT s.on_fail_action, s.on_fail_step_id {_STEPS}", (2, 0)),
    fails(f"{_DROP}, @step_id = 3", 14266),
    fails(f"{_DROP}, @step_id = -1", 14266),
], _REMOVE)  # fmt: skip

_HELP_STEP = around((_JOB, _ONE), [
    query("EXEC msdb.dbo.sp_help_jobstep @job_name = N'cf job'",
          (1, "one", "TSQL", "SELECT 1", 0, 0, 1, 0, 2, 0, None, "master", None, 0, 0, 0, None, 0, 0, 0, 0, 0, None)),
    fails("EXEC msdb.dbo.sp_help_jobstep @job_name = N'cf nothing'", 14262),
], _REMOVE)  # fmt: skip

_S = "EXEC msdb.dbo.sp_add_schedule @schedule_name = N'cf a'"
_TERMS = "FROM msdb.dbo.sysschedules WHERE name = N'cf a'"
_ADD_SCHEDULE = around((), [
    query(f"{_S}, @freq_type = 4; SELECT enabled, freq_interval, freq_subday_type, freq_subday_interval, "
          f"freq_relative_interval, freq_recurrence_factor, active_end_date, active_start_time, active_end_time "
          f"{_TERMS}",
          (1, 1, 1, 0, 0, 0, 99991231, 0, 235959)),
    query(f"{_S}, @freq_type = 4; SELECT active_start_date - CONVERT(int, CONVERT(char(8), GETDATE(), 112)) {_TERMS}",
          (0,)),
    query(f"{_S}, @freq_type = 1, @freq_interval = 5, @freq_recurrence_factor = 3; "
          f"SELECT freq_interval, freq_subday_type, freq_recurrence_factor {_TERMS}", (0, 0, 0)),
    query(f"{_S}, @freq_type = 4, @active_end_time = 0; SELECT active_end_time {_TERMS}", (235959,)),
    query(f"{_S}, @freq_type = 4; {_S}, @freq_type = 4; SELECT COUNT(*) {_TERMS}", (2,)),
    query(f"DECLARE @id int; {_S}, @freq_type = 64, @schedule_id = @id OUTPUT; SELECT name FROM msdb.dbo.sysschedules "
          "WHERE schedule_id = @id", ("cf a",)),
    fails(f"{_S}", 14266),
    fails(f"{_S}, @freq_type = 3", 14266),
    fails(f"{_S}, @freq_type = 2", 14295),
    fails(f"{_S}, @freq_type = 4, @freq_interval = 0", 14278),
    fails(f"{_S}, @freq_type = 8, @freq_interval = 0, @freq_recurrence_factor = 1", 14278),
    fails(f"{_S}, @freq_type = 8, @freq_interval = 128, @freq_recurrence_factor = 1", 14278),
    fails(f"{_S}, @freq_type = 8, @freq_interval = 1", 14278),
    fails(f"{_S}, @freq_type = 16, @freq_interval = 32, @freq_recurrence_factor = 1", 14278),
    fails(f"{_S}, @freq_type = 32, @freq_interval = 1, @freq_relative_interval = 3, @freq_recurrence_factor = "
          f"1", 14278),
    fails(f"{_S}, @freq_type = 32, @freq_interval = 11, @freq_relative_interval = 1, @freq_recurrence_factor = "
          f"1", 14278),
    fails(f"{_S}, @freq_type = 4, @freq_subday_type = 3", 14266),
    fails(f"{_S}, @freq_type = 4, @freq_subday_type = 8, @freq_subday_interval = 0", 14278),
    fails(f"{_S}, @freq_type = 4, @freq_subday_type = 2, @freq_subday_interval = 9", 14278),
    fails(f"{_S}, @freq_type = 4, @active_start_date = 20240102, @active_end_date = 20240101", 14288),
    fails(f"{_S}, @freq_type = 4, @active_start_time = 240000", 14266),
    fails(f"{_S}, @freq_type = 4, @active_start_time = 6000", 14287),
    fails(f"{_S}, @freq_type = 4, @enabled = 2", 14266),
    fails(f"{_S}, @freq_type = 4, @owner_login_name = N'cf nobody'", 14234),
    fails("EXEC msdb.dbo.sp_add_schedule @schedule_name = N'ALL', @freq_type = 4", 14200),
], _REMOVE)  # fmt: skip

_DAILY = f"{_S}, @freq_type = 4"
_ATTACHED = ("FROM msdb.dbo.sysjobschedules AS a JOIN msdb.dbo.sysjobs AS j ON j.job_id = a.job_id "
             "WHERE j.name = N'cf job'")  # fmt: skip
_ATTACH = "EXEC msdb.dbo.sp_attach_schedule @job_name = N'cf job', @schedule_name = N'cf a'"
_ATTACH_SCHEDULE = around((_JOB, _DAILY), [
    query(f"{_ATTACH}; SELECT COUNT(*) {_ATTACHED}", (1,)),
    query(f"{_ATTACH}; {_ATTACH}; SELECT COUNT(*) {_ATTACHED}", (1,)),
    fails("EXEC msdb.dbo.sp_attach_schedule @job_name = N'cf job', @schedule_name = N'cf nothing'", 14262),
    fails("EXEC msdb.dbo.sp_attach_schedule @job_name = N'cf nothing', @schedule_name = N'cf a'", 14262),
    fails("EXEC msdb.dbo.sp_attach_schedule @job_name = N'cf job'", 14373),
    fails(f"{_DAILY}; {_ATTACH}", 14371),
], _REMOVE)  # fmt: skip

_DETACH = "EXEC msdb.dbo.sp_detach_schedule @job_name = N'cf job', @schedule_name = N'cf a'"
_DETACH_SCHEDULE = around((_JOB, _DAILY, _ATTACH), [
    query(f"{_DETACH}; SELECT COUNT(*) {_TERMS}", (1,)),
    query(f"{_DETACH}, @delete_unused_schedule = 1; SELECT COUNT(*) {_TERMS}", (0,)),
    fails(f"{_DETACH}; {_DETACH}", 14374),
], _REMOVE)  # fmt: skip

_CHANGE_SCHEDULE = around((_JOB, _DAILY, _ATTACH), [
    query("EXEC msdb.dbo.sp_update_schedule @name = N'cf a', @enabled = 0, @active_start_time = 20000; "
          f"SELECT enabled, active_start_time, freq_type {_TERMS}", (0, 20000, 4)),
    query("EXEC msdb.dbo.sp_update_schedule @name = N'cf a', @new_name = N'cf b'; SELECT name FROM "
          "msdb.dbo.sysschedules WHERE name LIKE N'cf %'", ("cf b",)),
    fails("EXEC msdb.dbo.sp_update_schedule @name = N'cf nothing', @enabled = 0", 14262),
    fails("EXEC msdb.dbo.sp_update_schedule @enabled = 0", 14373),
    fails("EXEC msdb.dbo.sp_update_schedule @name = N'cf a', @freq_interval = 0", 14278),
], _REMOVE)  # fmt: skip

_DELETE_SCHEDULE = around((_JOB, _DAILY, _ATTACH), [
    fails("EXEC msdb.dbo.sp_delete_schedule @schedule_name = N'cf a'", 14372),
    query(f"EXEC msdb.dbo.sp_delete_schedule @schedule_name = N'cf a', @force_delete = 1; SELECT COUNT(*) {_ATTACHED}",
          (0,)),
    fails("EXEC msdb.dbo.sp_delete_schedule @schedule_name = N'cf nothing'", 14262),
], _REMOVE)  # fmt: skip

_JOB_SCHEDULE = around((_JOB,), [
    query("EXEC msdb.dbo.sp_add_jobschedule @job_name = N'cf job', @name = N'cf a', @freq_type = 4, "
          "@freq_interval = 1; "
          f"SELECT COUNT(*) {_ATTACHED}", (1,)),
    fails("EXEC msdb.dbo.sp_add_jobschedule @job_name = N'cf job', @name = N'cf a', @freq_type = 4", 14278),
    fails("EXEC msdb.dbo.sp_add_jobschedule @job_name = N'cf nothing', @name = N'cf a', @freq_type = 64", 14262),
], _REMOVE)  # fmt: skip

_SERVER = "EXEC msdb.dbo.sp_add_jobserver @job_name = N'cf job'"
_JOB_SERVER = around((_JOB,), [
    query(f"{_SERVER}; SELECT v.server_id, v.last_run_outcome, v.last_run_date FROM msdb.dbo.sysjobservers AS v JOIN "
          "msdb.dbo.sysjobs AS j ON j.job_id = v.job_id WHERE j.name = N'cf job'", (0, 5, 0)),
    query(f"{_SERVER}, @server_name = N'(LOCAL)'; SELECT COUNT(*) FROM msdb.dbo.sysjobservers AS v JOIN "
          "msdb.dbo.sysjobs AS j ON j.job_id = v.job_id WHERE j.name = N'cf job'", (1,)),
    fails(f"{_SERVER}; {_SERVER}", 14269),
    fails(f"{_SERVER}, @server_name = N'cf-nowhere'", 14262),
    fails("EXEC msdb.dbo.sp_add_jobserver @job_name = N'cf nothing'", 14262),
], _REMOVE)  # fmt: skip

_NO_SERVER = around((_JOB,), [
    fails("EXEC msdb.dbo.sp_delete_jobserver @job_name = N'cf job', @server_name = N'(LOCAL)'", 14270),
    query(f"{_SERVER}; EXEC msdb.dbo.sp_delete_jobserver @job_name = N'cf job', @server_name = N'(LOCAL)'; "
          f"SELECT COUNT(*) "
          "FROM msdb.dbo.sysjobservers AS v JOIN msdb.dbo.sysjobs AS j ON j.job_id = v.job_id WHERE j.name = N'cf job'",
          (0,)),
], _REMOVE)  # fmt: skip

_START = around((_JOB, _ONE), [
    fails("EXEC msdb.dbo.sp_start_job @job_name = N'cf job'", 14256),
    fails("EXEC msdb.dbo.sp_start_job @job_name = N'cf nothing'", 14262),
    fails("EXEC msdb.dbo.sp_start_job", 14294),
    fails(f"{_SERVER}; EXEC msdb.dbo.sp_start_job @job_name = N'cf job', @step_name = N'two'", 14262),
], _REMOVE)  # fmt: skip

_STOP = around((_JOB, _ONE), [
    fails("EXEC msdb.dbo.sp_stop_job @job_name = N'cf job'", 14257),
    fails("EXEC msdb.dbo.sp_stop_job @job_name = N'cf nothing'", 14262),
    fails(f"{_SERVER}; EXEC msdb.dbo.sp_stop_job @job_name = N'cf job'", 22022),
], _REMOVE)  # fmt: skip

_HELP = around((_JOB,), [
    fails("EXEC msdb.dbo.sp_help_job @job_name = N'cf nothing'", 14262),
    fails("EXEC msdb.dbo.sp_help_job @job_name = N'cf job', @job_aspect = 'x'", 14266),
    query("EXEC msdb.dbo.sp_help_jobschedule @job_name = N'cf job'"),
], _REMOVE)  # fmt: skip

_HISTORY = around((_JOB,), [
    query("EXEC msdb.dbo.sp_help_jobhistory @job_name = N'cf job'"),
    query("EXEC msdb.dbo.sp_help_jobhistory @job_name = N'cf job', @mode = 'FULL'"),
    fails("EXEC msdb.dbo.sp_help_jobhistory @job_name = N'cf nothing'", 14262),
    fails("EXEC msdb.dbo.sp_help_jobhistory @job_name = N'cf job', @mode = 'x'", 14266),
], _REMOVE)  # fmt: skip

_PURGE = around((_JOB,), [
    query("DECLARE @r int; EXEC @r = msdb.dbo.sp_purge_jobhistory @job_name = N'cf job'; SELECT @r", (0,)),
    fails("EXEC msdb.dbo.sp_purge_jobhistory @job_name = N'cf nothing'", 14262),
], _REMOVE)  # fmt: skip

_KIND = "EXEC msdb.dbo.sp_add_category @class = N'JOB', @type = N'LOCAL', @name = N'cf kind'"
_CATEGORY = around((), [
    query(f"{_KIND}; SELECT category_class, category_type FROM msdb.dbo.syscategories WHERE name = N'cf kind'", (1, 1)),
    fails(f"{_KIND}; {_KIND}", 14261),
    fails("EXEC msdb.dbo.sp_add_category @class = N'x', @type = N'LOCAL', @name = N'cf kind'", 14266),
    fails("EXEC msdb.dbo.sp_delete_category @class = N'JOB', @name = N'cf kind'", 14262),
    fails("EXEC msdb.dbo.sp_delete_category @class = N'JOB', @name = N'[Uncategorized (Local)]'", 14276),
    query(f"{_KIND}; {_JOB}, @category_name = N'cf kind'; "
          f"EXEC msdb.dbo.sp_delete_category @class = N'JOB', @name = N'cf kind'; SELECT category_id {_KEPT}", (0,)),
], _REMOVE)  # fmt: skip

_OP = "FROM msdb.dbo.sysoperators WHERE name = N'cf op'"
_ADD_OPERATOR = around((), [
    query("EXEC msdb.dbo.sp_add_operator @name = N'cf op'; SELECT enabled, email_address, weekday_pager_start_time, "
          "weekday_pager_end_time, saturday_pager_start_time, sunday_pager_end_time, pager_days, netsend_address, "
          f"last_email_date {_OP}", (1, None, 90000, 180000, 90000, 180000, 0, None, 0)),
    query("EXEC msdb.dbo.sp_add_operator @name = N'cf op', @enabled = 1, @email_address = N'danwi', @pager_address = "
          "N'5551290AW@pager.example.com', @weekday_pager_start_time = 080000, @weekday_pager_end_time = 170000, "
          f"@pager_days = 62; SELECT email_address, weekday_pager_start_time, weekday_pager_end_time, pager_days {_OP}",
          ("danwi", 80000, 170000, 62)),
    fails(f"{_OPERATOR}; {_OPERATOR}", 14261),
    fails(f"{_OPERATOR}, @enabled = 2", 14266),
    fails(f"{_OPERATOR}, @pager_days = 128", 14266),
    fails(f"{_OPERATOR}, @weekday_pager_start_time = 240000", 14266),
    fails(f"{_OPERATOR}, @sunday_pager_end_time = 126000", 14287),
    fails(f"{_OPERATOR}, @category_name = N'cf nothing'", 14262),
], _REMOVE)  # fmt: skip

_UPDATE_OPERATOR = around((_OPERATOR,), [
    query("EXEC msdb.dbo.sp_update_operator @name = N'cf op', @enabled = 0, @pager_days = 64; "
          f"SELECT enabled, email_address, pager_days {_OP}", (0, "op@example.com", 64)),
    query("EXEC msdb.dbo.sp_update_operator @name = N'cf op', @new_name = N'cf op 2'; SELECT COUNT(*) "
          "FROM msdb.dbo.sysoperators WHERE name = N'cf op 2'", (1,)),
    fails("EXEC msdb.dbo.sp_update_operator @name = N'cf nobody', @enabled = 0", 14262),
], _REMOVE)  # fmt: skip

_DELETE_OPERATOR = around(
    (_OPERATOR, f"{_JOB}, @notify_level_email = 3, @notify_email_operator_name = N'cf op'"), [
        query("EXEC msdb.dbo.sp_delete_operator @name = N'cf op'; SELECT notify_level_email, notify_email_operator_id "
              + _KEPT, (0, 0)),
        query("EXEC msdb.dbo.sp_add_operator @name = N'cf op 2'; EXEC msdb.dbo.sp_delete_operator @name = N'cf op', "
              "@reassign_to_operator = N'cf op 2'; SELECT o.name, j.notify_level_email FROM msdb.dbo.sysjobs AS j JOIN "
              "msdb.dbo.sysoperators AS o ON o.id = j.notify_email_operator_id WHERE j.name = N'cf job'",
              ("cf op 2", 3)),
        fails("EXEC msdb.dbo.sp_delete_operator @name = N'cf nobody'", 14262),
        fails("EXEC msdb.dbo.sp_delete_operator @name = N'cf op', @reassign_to_operator = N'cf nobody'", 14262),
    ], _REMOVE)  # fmt: skip

_HELP_OPERATOR = around((_OPERATOR,), [fails("EXEC msdb.dbo.sp_help_operator @operator_name = N'cf nobody'", 14262)],
                        _REMOVE)  # fmt: skip

_P = "relational-databases/system-stored-procedures"
PAGES: list[Page] = [
    page(f"{_P}/sp-add-job-transact-sql", *_ADD_JOB),
    page(f"{_P}/sp-update-job-transact-sql", *_UPDATE_JOB),
    page(f"{_P}/sp-delete-job-transact-sql", *_DELETE_JOB),
    page(f"{_P}/sp-add-jobstep-transact-sql", *_ADD_STEP),
    page(f"{_P}/sp-update-jobstep-transact-sql", *_UPDATE_STEP),
    page(f"{_P}/sp-delete-jobstep-transact-sql", *_DELETE_STEP),
    page(f"{_P}/sp-help-jobstep-transact-sql", *_HELP_STEP),
    page(f"{_P}/sp-add-schedule-transact-sql", *_ADD_SCHEDULE),
    page(f"{_P}/sp-attach-schedule-transact-sql", *_ATTACH_SCHEDULE),
    page(f"{_P}/sp-detach-schedule-transact-sql", *_DETACH_SCHEDULE),
    page(f"{_P}/sp-update-schedule-transact-sql", *_CHANGE_SCHEDULE),
    page(f"{_P}/sp-delete-schedule-transact-sql", *_DELETE_SCHEDULE),
    page(f"{_P}/sp-add-jobschedule-transact-sql", *_JOB_SCHEDULE),
    page(f"{_P}/sp-add-jobserver-transact-sql", *_JOB_SERVER),
    page(f"{_P}/sp-delete-jobserver-transact-sql", *_NO_SERVER),
    page(f"{_P}/sp-start-job-transact-sql", *_START),
    page(f"{_P}/sp-stop-job-transact-sql", *_STOP),
    page(f"{_P}/sp-help-job-transact-sql", *_HELP),
    page(f"{_P}/sp-help-jobhistory-transact-sql", *_HISTORY),
    page(f"{_P}/sp-purge-jobhistory-transact-sql", *_PURGE),
    page(f"{_P}/sp-add-category-transact-sql", *_CATEGORY),
    page(f"{_P}/sp-add-operator-transact-sql", *_ADD_OPERATOR),
    page(f"{_P}/sp-update-operator-transact-sql", *_UPDATE_OPERATOR),
    page(f"{_P}/sp-delete-operator-transact-sql", *_DELETE_OPERATOR),
    page(f"{_P}/sp-help-operator-transact-sql", *_HELP_OPERATOR),
]
