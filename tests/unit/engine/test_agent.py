"""SQL Server Agent over an engine in this process, on a clock that the test moves."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest

from pymlsql.embedded.engine.agent.inquiry import ask, own_session
from pymlsql.embedded.engine.agent.installation import install
from pymlsql.embedded.engine.agent.records import read_schedules
from pymlsql.embedded.engine.agent.runner import Runner
from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.schedules import (
    AT_TIME,
    DAILY,
    HOURS,
    MINUTES,
    MONTHLY,
    RELATIVE,
    WEEKLY,
    Schedule,
    date_number,
    next_run,
    time_number,
    verify,
)

START = dt.datetime(2099, 11, 21, 22, 17, 3)
"""Later than any day on which this test runs: the server stamps what is made with its own clock."""


class Machine:
    """An engine with msdb, an administrator, a clock that stands still, and an Agent that runs in this thread."""

    def __init__(self) -> None:
        self.engine = Engine(None, password="p")
        install(self.engine)
        self.session = own_session(self.engine, "msdb")
        self.now = START
        self.waits: list[float] = []
        self.spawned: list[Callable[[], None]] = []
        self.spawn: Callable[[Callable[[], None]], None] = lambda work: work()
        self.runner = self.boot()

    def boot(self) -> Runner:
        """A new Agent, which begins."""
        runner = Runner(self.engine, clock=lambda: self.now, spawn=lambda work: self.spawn(work), wait=self._wait,
                        inline=True)  # fmt: skip
        runner.begin()
        return runner

    def _wait(self, stop: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += dt.timedelta(seconds=seconds)
        return stop.is_set()

    def ask(self, text: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of a batch in msdb, as the administrator."""
        return ask(self.session, text, **values)

    def job(self, name: str, *commands: str, more: str = "", step: str = "@on_success_action = 3") -> None:
        """A job of T-SQL steps in the database pymlsql; the last step quits with success."""
        self.ask(f"EXEC dbo.sp_add_job @job_name = N'{name}' {more}")
        for number, command in enumerate(commands, 1):
            last = number == len(commands)
            self.ask(f"EXEC dbo.sp_add_jobstep @job_name = @job, @step_name = @step, @command = @command, "
                     f"@database_name = N'pymlsql'{'' if last else ', ' + step}",
                     job=name, step=f"s{number}", command=command)  # fmt: skip
        self.ask(f"EXEC dbo.sp_add_jobserver @job_name = N'{name}'")

    def history(self, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of the history, the oldest row first."""
        return self.ask(f"SELECT {', '.join(columns)} FROM dbo.sysjobhistory ORDER BY instance_id")

    def run_for(self, length: dt.timedelta, step: dt.timedelta = dt.timedelta(seconds=20)) -> None:
        """Let the clock run, and the Agent look at it."""
        end = self.now + length
        while self.now < end:
            self.now += step
            self.runner.tick()


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    made.runner.close()
    made.engine.close()


# --- at their times --------------------------------------------------------------------------------------------------


def _schedule(number: int) -> Schedule:
    """Some schedule: of any kind, several times in the day or once."""
    kind, interval = [(DAILY, 1), (WEEKLY, 127), (WEEKLY, 1 << number % 7), (MONTHLY, 21 + number % 3),
                      (RELATIVE, 8)][number % 5]  # fmt: skip
    subday, every = [(AT_TIME, 0), (MINUTES, 200 + 13 * number), (HOURS, 5 + number % 7)][number % 3]
    return verify(Schedule(
        kind, interval, subday, every, 16, 1, 20991101, active_start_time=number % 24 * 10000 + number,
        active_end_time=number * 7 % 24 * 10000 + 3007,
    ))  # fmt: skip


def _fill(machine: Machine, schedules: list[Schedule]) -> None:
    """A job with one step for each schedule, copied from one that the procedures made."""
    machine.job("job 0", "DECLARE @nothing int")
    machine.ask("EXEC dbo.sp_add_schedule @schedule_name = N's', @freq_type = 4")
    terms = [field.name for field in fields(Schedule) if field.name != "counted_from"]
    rows = ", ".join(str(tuple(getattr(one, name) for name in terms)) for one in schedules)
    named, taken = ", ".join(terms), ", ".join(f"v.{name}" for name in terms)
    machine.ask(f"""INSERT INTO dbo.sysschedules (schedule_uid, originating_server_id, name, owner_sid, enabled,
            date_created, date_modified, version_number, {named})
        SELECT NEWID(), 0, N's', s.owner_sid, 1, s.date_created, s.date_created, 1, {taken}
        FROM dbo.sysschedules AS s CROSS JOIN (VALUES {rows}) AS v ({named});
        DELETE FROM dbo.sysschedules WHERE schedule_id = 1;
        INSERT INTO dbo.sysjobschedules (schedule_id, job_id) SELECT schedule_id, NEWID() FROM dbo.sysschedules;
        SELECT * INTO #job FROM dbo.sysjobs""")
    new = {"job_id": "n.job_id", "name": "CONCAT(j.name, n.schedule_id)"}
    for table in ("sysjobs", "sysjobsteps", "sysjobservers"):
        known = machine.ask("SELECT name FROM sys.columns WHERE object_id = OBJECT_ID(@table)", table=table)
        values = ", ".join(new.get(column, f"j.{column}") for (column,) in known)
        machine.ask(f"INSERT INTO dbo.{table} SELECT {values} FROM dbo.{table} AS j CROSS JOIN sysjobschedules AS n "
                    "WHERE j.job_id = (SELECT job_id FROM #job)")  # fmt: skip


@pytest.mark.timeout(600)
def test_a_day_of_fifty_jobs_has_exactly_the_runs_of_their_schedules(machine: Machine) -> None:
    schedules = [_schedule(number) for number in range(50)]
    _fill(machine, schedules)
    machine.runner.close()
    machine.runner = machine.boot()
    assert len(read_schedules(machine.session)) == 50
    until = START + dt.timedelta(days=1)
    expected = []
    for number, schedule in enumerate(schedules, 2):
        at = next_run(schedule, START)
        while at is not None and at <= until:
            expected.append((f"job 0{number}", date_number(at), time_number(at)))
            at = next_run(schedule, at)
    while (due := machine.runner.next_due) is not None and due <= until:
        machine.now = due
        machine.runner.tick()
    found = machine.ask("SELECT j.name, h.run_date, h.run_time FROM dbo.sysjobhistory AS h JOIN dbo.sysjobs AS j "
                        "ON j.job_id = h.job_id WHERE h.step_id = 0 AND h.run_status = 1")  # fmt: skip
    assert len(found) > 30
    assert sorted(found) == sorted(expected)


def test_a_run_s_time_and_the_next_are_shown(machine: Machine) -> None:
    machine.job("j", "PRINT 'x'")
    machine.ask("EXEC dbo.sp_add_jobschedule @job_name = N'j', @name = N's', @freq_type = 4, @freq_interval = 1, "
                "@active_start_time = 223000")  # fmt: skip
    machine.runner.tick()
    next_of = "SELECT next_run_date, next_run_time FROM dbo.sysjobschedules"
    assert machine.ask(next_of) == [(20991121, 223000)]
    machine.run_for(dt.timedelta(minutes=13))
    assert machine.ask(next_of) == [(20991122, 223000)]
    assert machine.history("step_id", "run_status", "run_date", "run_time") == [
        (1, 1, 20991121, 223003), (0, 1, 20991121, 223003)]  # fmt: skip
    shown = machine.ask("SELECT run_requested_source, last_executed_step_id, job_history_id, next_scheduled_run_date "
                        "FROM dbo.sysjobactivity")  # fmt: skip
    assert shown == [("1", 1, 2, dt.datetime(2099, 11, 22, 22, 30))]


OFF = {
    "job": "EXEC dbo.sp_update_job @job_name = N'j', @enabled = 0",
    "schedule": "EXEC dbo.sp_update_schedule @name = N's', @enabled = 0",
    "server": "EXEC dbo.sp_delete_jobserver @job_name = N'j', @server_name = N'(LOCAL)'",
    "attachment": "EXEC dbo.sp_detach_schedule @job_name = N'j', @schedule_name = N's'",
    "deletion": "EXEC dbo.sp_delete_job @job_name = N'j'",
}


@pytest.mark.parametrize("change", OFF.values(), ids=OFF)
def test_a_job_that_is_switched_off_does_not_run(machine: Machine, change: str) -> None:
    machine.job("j", "PRINT 'x'")
    machine.ask("EXEC dbo.sp_add_jobschedule @job_name = N'j', @name = N's', @freq_type = 4, @freq_interval = 1, "
                "@freq_subday_type = 4, @freq_subday_interval = 5")  # fmt: skip
    machine.run_for(dt.timedelta(minutes=5))
    n_before = len(machine.history("step_id"))
    assert n_before == 2
    machine.ask(change)
    machine.run_for(dt.timedelta(minutes=20))
    assert len(machine.history("step_id")) <= n_before


def test_a_change_that_is_not_committed_counts_when_it_is(machine: Machine) -> None:
    machine.job("j", "PRINT 'x'")
    machine.ask("BEGIN TRANSACTION; EXEC dbo.sp_add_jobschedule @job_name = N'j', @name = N's', @freq_type = 4, "
                "@freq_interval = 1, @freq_subday_type = 4, @freq_subday_interval = 5")  # fmt: skip
    machine.runner.tick()
    assert machine.runner.next_due is None
    machine.ask("COMMIT")
    machine.runner.tick()
    assert machine.runner.next_due is not None


def test_what_was_due_while_the_agent_was_stopped_is_not_made_up_for(machine: Machine) -> None:
    machine.job("j", "PRINT 'x'")
    machine.ask("EXEC dbo.sp_add_jobschedule @job_name = N'j', @name = N's', @freq_type = 4, @freq_interval = 1, "
                "@active_start_time = 223000")  # fmt: skip
    machine.job("at start", "PRINT 'y'")
    machine.ask("EXEC dbo.sp_add_jobschedule @job_name = N'at start', @name = N'boot', @freq_type = 64")
    machine.runner.tick()
    machine.runner.close()
    machine.now += dt.timedelta(hours=1)
    machine.runner = machine.boot()
    machine.runner.tick()
    (message,) = [row[0] for row in machine.history("message") if "invoked by" in row[0]]
    assert "The job succeeded.  The Job was invoked by Start Sequence 2 (boot)." in message
    assert machine.runner.next_due == dt.datetime(2099, 11, 22, 22, 30)
    assert machine.ask("SELECT COUNT(*) FROM dbo.syssessions") == [(2,)]


# --- its steps -------------------------------------------------------------------------------------------------------


def test_a_failed_step_is_tried_again_after_its_interval(machine: Machine) -> None:
    machine.ask("USE pymlsql; CREATE TABLE dbo.tries (n int); USE msdb")
    machine.job("j", "INSERT dbo.tries VALUES (1); IF (SELECT COUNT(*) FROM dbo.tries) < 3 THROW 50001, 'not yet', 1")
    machine.ask("EXEC dbo.sp_update_jobstep @job_name = N'j', @step_id = 1, @retry_attempts = 5, @retry_interval = 2")
    machine.ask("EXEC dbo.sp_start_job N'j'")
    rows = machine.history("step_id", "run_status", "sql_message_id", "sql_severity", "retries_attempted", "run_time")
    assert rows == [(1, 2, 50001, 16, 0, 221703), (1, 2, 50001, 16, 1, 221903), (1, 1, 0, 0, 2, 222103),
                    (0, 1, 0, 0, 0, 221703)]  # fmt: skip
    assert machine.waits == [120.0, 120.0]
    assert machine.history("run_duration")[-1] == (400,)


def test_steps_follow_their_actions(machine: Machine) -> None:
    machine.job("j", "SELECT 1 / 0", "PRINT 'two'", "PRINT 'three'",
                step="@on_success_action = 3, @on_fail_action = 4, @on_fail_step_id = 3")  # fmt: skip
    machine.ask("EXEC dbo.sp_start_job N'j'")
    assert machine.history("step_id", "run_status") == [(1, 0), (3, 1), (0, 1)]
    machine.ask("EXEC dbo.sp_purge_jobhistory")
    machine.ask("EXEC dbo.sp_start_job N'j', @step_name = N's2'")
    assert machine.history("step_id", "run_status") == [(2, 1), (3, 1), (0, 1)]


def test_a_failure_ends_the_step_and_the_job(machine: Machine) -> None:
    machine.job("j", "PRINT 'before'\nGO\nSELECT * FROM dbo.missing\nGO\nPRINT 'after'", "PRINT 'never'")
    machine.ask("EXEC dbo.sp_start_job N'j'")
    ((message,), (outcome,)) = machine.history("message")
    assert message == ("Executed as user: sa. before [SQLSTATE 01000] (Message 0)  Invalid object name 'dbo.missing'. "
                       "[SQLSTATE 42S02] (Error 208).  The step failed.")  # fmt: skip
    assert outcome == "The job failed.  The Job was invoked by User sa.  The last step to run was step 1 (s1)."
    last = machine.ask("SELECT last_run_outcome, last_outcome_message FROM dbo.sysjobservers")
    assert last == [(0, outcome)]


def test_a_step_runs_as_the_owner_with_quoted_identifier_off(machine: Machine) -> None:
    machine.ask("CREATE LOGIN ana WITH PASSWORD = 'Xy12!xy12'; USE pymlsql; CREATE USER ana; "
                "CREATE TABLE dbo.secret (n int); USE msdb")  # fmt: skip
    machine.job("j", "PRINT SUSER_SNAME() + ' ' + CONVERT(varchar, SESSIONPROPERTY('QUOTED_IDENTIFIER')) + ' ' "
                     "+ DB_NAME()\nGO\nSELECT * FROM dbo.secret", more=", @owner_login_name = N'ana'")  # fmt: skip
    machine.ask("EXEC dbo.sp_start_job N'j'")
    ((message,), _) = machine.history("message")
    assert message.startswith("Executed as user: ana. ana 0 pymlsql [SQLSTATE 01000] (Message 0)  The SELECT perm")
    machine.ask("DROP USER IF EXISTS nobody; USE pymlsql; DROP USER ana; USE msdb; DROP LOGIN ana")
    machine.ask("EXEC dbo.sp_start_job N'j'")
    assert machine.history("step_id", "run_status")[-1] == (0, 0)


def test_output_is_in_the_history_where_the_step_says_so(machine: Machine) -> None:
    machine.job("j", "SELECT 1 AS a, N'x' AS b")
    machine.ask("EXEC dbo.sp_start_job N'j'")
    machine.ask("EXEC dbo.sp_update_jobstep @job_name = N'j', @step_id = 1, @flags = 4")
    machine.ask("EXEC dbo.sp_start_job N'j'")
    rows = machine.history("message")
    assert rows[0] == ("Executed as user: sa.   The step succeeded.",)
    assert rows[2] == ("Executed as user: sa. a b  1 x.  The step succeeded.",)


def test_a_job_may_delete_itself(machine: Machine) -> None:
    machine.job("j", "PRINT 'x'", more=", @delete_level = 1")
    machine.ask("EXEC dbo.sp_start_job N'j'")
    assert machine.ask("SELECT COUNT(*) FROM dbo.sysjobs") == [(0,)]
    assert machine.history("step_id") == []


def test_an_operator_hears_nothing_and_the_history_says_so(machine: Machine) -> None:
    machine.ask("INSERT INTO dbo.sysoperators SELECT N'DBA', 1, N'dba@example.com', 0, 0, NULL, 0, 0, 0, 0, 0, 0, 0, "
                "0, 0, NULL, 0, 0, 99")  # fmt: skip
    machine.job("j", "SELECT 1 / 0", more=", @notify_level_email = 2, @notify_email_operator_name = N'DBA'")
    machine.ask("EXEC dbo.sp_start_job N'j'")
    assert machine.history("message")[-1][0].endswith("NOTE: Failed to notify 'DBA' via email.")


# --- one run at a time -----------------------------------------------------------------------------------------------


def test_a_job_that_runs_is_not_started_again(machine: Machine) -> None:
    machine.job("j", "PRINT 'x'")
    machine.ask("EXEC dbo.sp_add_jobschedule @job_name = N'j', @name = N's', @freq_type = 4, @freq_interval = 1, "
                "@freq_subday_type = 4, @freq_subday_interval = 1")  # fmt: skip
    machine.spawn = machine.spawned.append
    machine.ask("EXEC dbo.sp_start_job N'j'")
    with pytest.raises(SqlError) as refused:
        machine.ask("EXEC dbo.sp_start_job N'j'")
    assert refused.value.number == 22022
    assert "Request to run job j (from User sa) refused because the job is already running" in refused.value.message
    machine.run_for(dt.timedelta(minutes=3))
    assert len(machine.spawned) == 1
    machine.spawned.pop()()
    machine.run_for(dt.timedelta(minutes=1))
    assert len(machine.spawned) == 1
    machine.spawned.pop()()
    assert [row[0] for row in machine.history("step_id")] == [1, 0, 1, 0]


def test_a_job_is_stopped_before_its_next_step(machine: Machine) -> None:
    machine.job("j", "PRINT 'one'", "PRINT 'two'")
    machine.spawn = machine.spawned.append
    with pytest.raises(SqlError) as refused:
        machine.ask("EXEC dbo.sp_stop_job N'j'")
    assert (refused.value.number, "not currently running" in refused.value.message) == (22022, True)
    machine.ask("EXEC dbo.sp_start_job N'j'")
    machine.ask("EXEC dbo.sp_stop_job N'j'")
    machine.spawned.pop()()
    assert machine.history("step_id", "run_status") == [(1, 3), (0, 3)]
    assert machine.history("message")[-1][0].startswith("The job was stopped prior to completion by User sa.")


# --- msdb ------------------------------------------------------------------------------------------------------------


def test_installing_again_keeps_jobs_and_changes_nothing(machine: Machine) -> None:
    machine.job("kept", "PRINT 'x'")
    objects = machine.ask("SELECT name, object_id FROM sys.objects ORDER BY object_id")
    install(machine.engine)
    assert machine.ask("SELECT name, object_id FROM sys.objects ORDER BY object_id") == objects
    assert machine.ask("SELECT name FROM dbo.sysjobs") == [("kept",)]


def test_nobody_else_speaks_to_the_agent(machine: Machine) -> None:
    for text in ("EXEC sys.xp_sqlagent_notify N'J', NULL, NULL, N'S'", "EXEC sys.xp_sqlagent_enum_jobs 1, N'sa'"):
        with pytest.raises(SqlError) as refused:
            machine.ask(text)
        assert refused.value.number == 2812
    machine.ask("CREATE PROCEDURE dbo.mine AS EXEC sys.xp_sqlagent_notify N'J', NULL, NULL, N'S'")
    with pytest.raises(SqlError) as refused:
        machine.ask("EXEC dbo.mine")
    assert refused.value.number == 2812
