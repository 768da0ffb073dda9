"""Jobs through a client: msdb's procedures and their errors, runs, the Agent switched off, a restart."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from pymlsql.batches import split
from tests import servers
from tests.contract.cases import error_number
from tests.contract.people import outcome, people
from tests.tsqlcheck import judge, unavailable

JOB = "pymlsql test job"
WAIT_S = 60.0

REFUSALS = {
    "a job of this name": (f"sp_add_job @job_name = N'{JOB}'", 14261),
    "a percent sign in the name": ("sp_add_job @job_name = N'50%'", 14289),
    "an unknown category": ("sp_add_job @job_name = N'x', @category_name = N'nobody'", 14234),
    "an unknown owner": ("sp_add_job @job_name = N'x', @owner_login_name = N'nobody'", 14234),
    "a level that is none": ("sp_add_job @job_name = N'x', @delete_level = 4", 14266),
    "no job": ("sp_update_job @job_name = N'nobody', @enabled = 0", 14262),
    "neither name nor number": ("sp_update_job @enabled = 0", 14294),
    "a step of this name": (f"sp_add_jobstep @job_name = N'{JOB}', @step_name = N'one'", 14261),
    "a step behind the last but one": (f"sp_add_jobstep @job_name = N'{JOB}', @step_name = N'x', @step_id = 9", 14266),
    "an action that is none": (f"sp_add_jobstep @job_name = N'{JOB}', @step_name = N'x', @on_fail_action = 5", 14266),
    "an unknown database": (f"sp_add_jobstep @job_name = N'{JOB}', @step_name = N'x', @database_name = N'nix'", 14262),
    "an unknown subsystem": (f"sp_add_jobstep @job_name = N'{JOB}', @step_name = N'x', @subsystem = N'nix'", 14234),
    "a step that is not there": (f"sp_delete_jobstep @job_name = N'{JOB}', @step_id = 9", 14266),
    "a schedule of no type": ("sp_add_schedule @schedule_name = N'x'", 14266),
    "every zeroth day": ("sp_add_schedule @schedule_name = N'x', @freq_type = 4, @freq_interval = 0", 14278),
    "a date that is none": ("sp_add_schedule @schedule_name = N'x', @freq_type = 1, @active_start_date = 5", 14266),
    "an unknown schedule": (f"sp_attach_schedule @job_name = N'{JOB}', @schedule_name = N'nobody'", 14262),
    "a schedule in use": ("sp_delete_schedule @schedule_name = N'pymlsql test schedule'", 14372),
    "a target twice": (f"sp_add_jobserver @job_name = N'{JOB}'", 14269),
    "a target that is none": (f"sp_add_jobserver @job_name = N'{JOB}', @server_name = N'nobody'", 14262),
    "an alert": ("sp_add_notification @alert_name = N'a', @operator_name = N'b', @notification_method = 1", 40510),
    "an operator that is not there": ("sp_update_operator @name = N'nobody', @enabled = 0", 14262),
    "to stop what does not run": (f"sp_stop_job @job_name = N'{JOB}'", 22022),
}


def add_job(connection: Any, name: str, command: str, database: str) -> None:
    for text in (
        f"sp_add_job @job_name = N'{name}'",
        f"sp_add_jobstep @job_name = N'{name}', @step_name = N'one', @command = N'{command}', "
        f"@database_name = N'{database}'",
        f"sp_add_jobserver @job_name = N'{name}'",
    ):
        connection.execute(f"EXEC msdb.dbo.{text}")


def outcomes(connection: Any, name: str, at_least: int) -> list[tuple[int, str]]:
    """Status and message of a job's runs, once there are so many."""
    until = time.monotonic() + WAIT_S
    while True:
        rows = connection.execute(
            "SELECT h.run_status, h.message FROM msdb.dbo.sysjobhistory AS h JOIN msdb.dbo.sysjobs AS j "
            "ON j.job_id = h.job_id WHERE j.name = ? AND h.step_id = 0 ORDER BY h.instance_id", name,
        ).fetchall()  # fmt: skip
        if len(rows) >= at_least or time.monotonic() > until:
            return [tuple(row) for row in rows]
        time.sleep(0.05)


@pytest.fixture(scope="module")
def job(server: servers.Target, connection: Any) -> Iterator[str]:
    with contextlib.suppress(pyodbc.Error):
        connection.execute(f"EXEC msdb.dbo.sp_delete_job @job_name = N'{JOB}'")
    add_job(connection, JOB, "PRINT ''hello''", server.database)
    connection.execute(f"EXEC msdb.dbo.sp_add_jobschedule @job_name = N'{JOB}', @name = N'pymlsql test schedule', "
                       "@freq_type = 8, @freq_interval = 64, @freq_recurrence_factor = 1, @active_start_time = 20000, "
                       "@enabled = 0")  # fmt: skip
    yield JOB
    connection.execute(f"EXEC msdb.dbo.sp_delete_job @job_name = N'{JOB}'")


@pytest.mark.parametrize(("call", "number"), REFUSALS.values(), ids=REFUSALS)
def test_a_procedure_refuses_with_its_number(job: str, connection: Any, call: str, number: int) -> None:
    with pytest.raises(pyodbc.Error) as refused:
        connection.execute(f"EXEC msdb.dbo.{call}")
    assert error_number(refused.value) == number


def test_a_job_is_started_and_its_history_tells_of_it(job: str, connection: Any) -> None:
    connection.execute(f"EXEC msdb.dbo.sp_start_job @job_name = N'{job}'")
    ((status, message),) = outcomes(connection, job, 1)
    assert status == 1
    assert message.startswith("The job succeeded.  The Job was invoked by User")
    (step,) = connection.execute("SELECT message FROM msdb.dbo.sysjobhistory WHERE step_id = 1 AND job_id = "
                                 "(SELECT job_id FROM msdb.dbo.sysjobs WHERE name = ?)", job).fetchone()  # fmt: skip
    assert "hello [SQLSTATE 01000] (Message 0)" in step
    shown = connection.execute(f"EXEC msdb.dbo.sp_help_job @job_name = N'{job}', @job_aspect = N'JOB'").fetchone()
    assert (shown.name, shown.enabled, shown.last_run_outcome, shown.has_step, shown.has_schedule, shown.type) == (
        job, 1, 1, 1, 1, 1)  # fmt: skip


def test_a_step_with_a_token_fails_and_says_so(server: servers.Target, connection: Any) -> None:
    name = "pymlsql token job"
    add_job(connection, name, "PRINT ''$(ESCAPE_NONE(JOBID))''", server.database)
    try:
        connection.execute(f"EXEC msdb.dbo.sp_start_job @job_name = N'{name}'")
        assert outcomes(connection, name, 1)[0][0] == 0
        (step,) = connection.execute(
            "SELECT message FROM msdb.dbo.sysjobhistory WHERE step_id = 1 AND job_id = "
            "(SELECT job_id FROM msdb.dbo.sysjobs WHERE name = ?)",
            name,
        ).fetchone()
        assert "(Error 40510)" in step
    finally:
        connection.execute(f"EXEC msdb.dbo.sp_delete_job @job_name = N'{name}'")


RIGHTS = [
    # what, for nobody, SQLAgentUserRole, SQLAgentReaderRole, SQLAgentOperatorRole; 0 is allowed
    (f"sp_help_job @job_name = N'{JOB}', @job_aspect = N'JOB'", 229, 14262, 0, 0),
    (f"sp_start_job @job_name = N'{JOB}'", 229, 14262, 14393, 0),
    (f"sp_delete_job @job_name = N'{JOB}'", 229, 14262, 14525, 14525),
    (f"sp_update_job @job_name = N'{JOB}', @description = N'mine'", 229, 14262, 14525, 14525),
    (f"sp_update_job @job_name = N'{JOB}', @enabled = 1", 229, 14262, 14525, 0),
    ("sp_add_job @job_name = N'own', @owner_login_name = N'sa'", 229, 14515, 14515, 14515),
    ("sp_purge_jobhistory @job_name = N'nobody''s'", 229, 229, 229, 14262),
]


@pytest.mark.parametrize("place", range(4), ids=["nobody", "user", "reader", "operator"])
def test_what_the_agent_s_roles_may(job: str, server: servers.Target, connection: Any, place: int) -> None:
    """A job of their own each may have, and run; what they may do with the administrator's job hangs on the role."""
    role = ("", "SQLAgentUserRole", "SQLAgentReaderRole", "SQLAgentOperatorRole")[place]
    with people(server) as found:
        found.make("Agent_Ann", user=False)
        connection.execute("USE msdb; CREATE USER Agent_Ann FOR LOGIN Agent_Ann")
        try:
            if role:
                connection.execute(f"ALTER ROLE {role} ADD MEMBER Agent_Ann")
            ann = found.connect("Agent_Ann", "msdb")
            numbers = [outcome(ann, f"EXEC dbo.{row[0]}") for row in RIGHTS]
            assert numbers == [row[1 + place] for row in RIGHTS]
            own = [
                "sp_add_job @job_name = N'own'",
                "sp_add_jobstep @job_name = N'own', @step_name = N'one', @command = N'SELECT 1'",
                "sp_add_jobserver @job_name = N'own'",
                "sp_delete_job @job_name = N'own'",
            ]
            assert [outcome(ann, f"EXEC dbo.{text}") for text in own] == [0 if role else 229] * 4
            ann.close()
        finally:
            connection.execute(f"USE msdb; DROP USER Agent_Ann; USE [{server.database}]")


def test_microsofts_parser_reads_what_msdb_is_made_of() -> None:
    reason = unavailable()
    if reason is not None:
        pytest.skip(reason)
    folder = files("pymlsql.embedded.engine.agent")
    texts = [entry.read_text() for entry in folder.iterdir() if entry.name.endswith(".sql")]
    assert len(texts) == 8
    assert judge([batch for text in texts for batch in split(text)]) == []


def test_jobs_outlive_the_server_and_rest_without_the_agent(data_dir: Path, tmp_path: Path) -> None:
    target = servers.start(data_dir, scratch=tmp_path)
    with contextlib.closing(pyodbc.connect(target.odbc, autocommit=True)) as connection:
        add_job(connection, "kept", "PRINT 1", target.database)
        connection.execute("EXEC msdb.dbo.sp_add_jobschedule @job_name = N'kept', @name = N'often', @freq_type = 4, "
                           "@freq_interval = 1, @freq_subday_type = 2, @freq_subday_interval = 10")  # fmt: skip
        assert outcomes(connection, "kept", 1)[0][0] == 1
    target.stop(how=signal.SIGKILL)
    target = servers.start(data_dir, scratch=tmp_path, options=("--no-agent",))
    with contextlib.closing(pyodbc.connect(target.odbc, autocommit=True)) as connection:
        n_before = len(outcomes(connection, "kept", 1))
        with pytest.raises(pyodbc.Error) as refused:
            connection.execute("EXEC msdb.dbo.sp_start_job @job_name = N'kept'")
        assert error_number(refused.value) == 22022
    target.stop()
    target = servers.start(data_dir, scratch=tmp_path)
    with contextlib.closing(pyodbc.connect(target.odbc, autocommit=True)) as connection:
        assert len(outcomes(connection, "kept", n_before + 1)) > n_before
    target.stop()
