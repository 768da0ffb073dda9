"""Running jobs, their history, and switching them on and off: what `pymlsql job` does, through msdb's procedures."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pymlsql.database import fetch
from pymlsql.errors import DatabaseError, JobError
from pymlsql.jobs import state
from pymlsql.jobs.state import OUTCOMES, JobStatus
from pymlsql.schedules import moment_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from pymlsql.database import Database

_T = TypeVar("_T")

POLL_S, PATIENT_POLL_S, PATIENT_AFTER_S = 0.05, 0.15, 10.0
"""How often a job that is waited for is looked at: at first, and when it takes longer."""

_NO_JOB = 14262
_NO_OBJECT = frozenset({208, 2812})
_SUCCEEDED = 1


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row of a job's history; step 0 is the job itself. Times are those of the server's clock."""

    job: str
    step_id: int
    step: str
    outcome: str
    started_at: datetime.datetime
    duration_s: int
    message: str


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a job, as its history tells it."""

    job: str
    succeeded: bool
    rows: tuple[HistoryRow, ...]

    @property
    def message(self) -> str:
        """What the job's own row says."""
        return self.rows[-1].message if self.rows else ""


def list_jobs(db: Database, project: str | None = None) -> list[JobStatus]:
    """The jobs of a project, or all that this login may see."""
    with db.connect(autocommit=True) as connection:
        found = _asked(lambda: state.read_status(connection))
    return [one for one in found if project is None or one.project == project]


_LAST = "SELECT COALESCE(MAX(instance_id), 0) AS id FROM msdb.dbo.sysjobhistory"

_HISTORY = """\
SELECT j.name, h.instance_id, h.step_id, h.step_name, h.run_status, h.run_date, h.run_time, h.run_duration, h.message
FROM msdb.dbo.sysjobhistory AS h
JOIN msdb.dbo.sysjobs_view AS j ON j.job_id = h.job_id
WHERE j.name = ? AND h.instance_id > ?
ORDER BY h.instance_id"""

_NEWEST = """\
SELECT TOP (?) j.name, h.instance_id, h.step_id, h.step_name, h.run_status, h.run_date, h.run_time, h.run_duration,
    h.message
FROM msdb.dbo.sysjobhistory AS h
JOIN msdb.dbo.sysjobs_view AS j ON j.job_id = h.job_id
WHERE ? IS NULL OR j.name = ?
ORDER BY h.instance_id DESC"""


def run_job(db: Database, name: str, *, wait: bool = True, timeout_s: float | None = None,
            on_step: Callable[[HistoryRow], None] | None = None) -> JobRun | None:  # fmt: skip
    """Start a job, and wait for its end unless told otherwise; `on_step` is called for each step that has ended.

    Raises JobError where there is no such job, where it runs already or the Agent does not, and where it has not ended
    within `timeout_s`: it then goes on.
    """
    started = time.monotonic()
    until = None if timeout_s is None else started + timeout_s
    with db.connect(autocommit=True) as connection:
        last = int(_asked(lambda: fetch(connection, _LAST)).rows[0].id)
        _call(connection, "EXEC msdb.dbo.sp_start_job @job_name = ?", name)
        if not wait:
            return None
        rows: list[HistoryRow] = []
        while True:
            for row in fetch(connection, _HISTORY, (name, last)).rows:
                last = row.instance_id
                rows.append(_history(row))
                if row.step_id == 0:
                    return JobRun(row.name, row.run_status == _SUCCEEDED, tuple(rows))
                if on_step is not None:
                    on_step(rows[-1])
            if until is not None and time.monotonic() > until:
                raise JobError(f"The job {name} has not ended within {timeout_s:g} s, and goes on: pymlsql job history "
                               "tells when it has.")  # fmt: skip
            time.sleep(POLL_S if time.monotonic() - started < PATIENT_AFTER_S else PATIENT_POLL_S)


def read_history(db: Database, name: str | None = None, *, limit: int = 50) -> list[HistoryRow]:
    """The newest rows of the history of one job, or of all, the newest first."""
    with db.connect(autocommit=True) as connection:
        found = _asked(lambda: fetch(connection, _NEWEST, (limit, name, name)))
    return [_history(row) for row in found.rows]


def enable_job(db: Database, name: str, *, enabled: bool) -> None:
    """Let a job's schedules start it, or not. Raises JobError where there is no such job."""
    with db.connect(autocommit=True) as connection:
        _call(connection, "EXEC msdb.dbo.sp_update_job @job_name = ?, @enabled = ?", name, int(enabled))


def stop_job(db: Database, name: str) -> None:
    """Cancel a job's run. Raises JobError where it does not run."""
    with db.connect(autocommit=True) as connection:
        _call(connection, "EXEC msdb.dbo.sp_stop_job @job_name = ?", name)


def remove_job(db: Database, name: str) -> None:
    """Delete a job with its history, and its schedules that no other job has. Raises JobError where there is none."""
    with db.connect(autocommit=True) as connection:
        _call(connection, "EXEC msdb.dbo.sp_delete_job @job_name = ?", name)


def _call(connection: Connection, sql: str, *values: Any) -> None:
    _asked(lambda: fetch(connection, sql, values))


def _asked(work: Callable[[], _T]) -> _T:
    """What msdb answers, its refusals as JobError."""
    from pymlsql.database import translated_errors

    try:
        with translated_errors():
            return work()
    except DatabaseError as error:
        if error.number in _NO_OBJECT:
            raise JobError("This server has no SQL Server Agent whose tables this login may see.") from error
        if error.number == _NO_JOB:
            raise JobError(f"{error.message} pymlsql job list shows which there are.") from error
        raise JobError(str(error)) from error


def _history(row: Any) -> HistoryRow:
    hours, rest = divmod(int(row.run_duration), 10_000)
    return HistoryRow(
        row.name,
        row.step_id,
        row.step_name,
        OUTCOMES.get(row.run_status, "running"),
        moment_of(row.run_date, row.run_time),
        hours * 3600 + rest // 100 * 60 + rest % 100,
        row.message or "",
    )
