"""What the Agent reads from msdb and writes into it. Writing has a thread of its own, as a writer may have to wait."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.agent.progress import Job, Step, duration_number
from pymlsql.embedded.engine.agent.inquiry import ask, own_session
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.schedules import Schedule, date_number, time_number

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine
    from pymlsql.embedded.engine.session import Session

log = logging.getLogger("pymlsql.embedded.agent")

_SCHEDULES = """SELECT CONVERT(nvarchar(36), j.job_id), s.schedule_id, s.name, s.freq_type, s.freq_interval,
    s.freq_subday_type, s.freq_subday_interval, s.freq_relative_interval, s.freq_recurrence_factor,
    s.active_start_date, s.active_end_date, s.active_start_time, s.active_end_time,
    CONVERT(int, CONVERT(char(8), s.date_created, 112))
FROM dbo.sysjobs AS j JOIN dbo.sysjobservers AS v ON v.job_id = j.job_id
JOIN dbo.sysjobschedules AS js ON js.job_id = j.job_id JOIN dbo.sysschedules AS s ON s.schedule_id = js.schedule_id
WHERE j.enabled = 1 AND s.enabled = 1 ORDER BY s.schedule_id"""
_JOB = """SELECT j.name, CONVERT(varchar(170), j.owner_sid, 2), j.start_step_id, j.delete_level, j.notify_level_email,
    o.name
FROM dbo.sysjobs AS j LEFT JOIN dbo.sysoperators AS o ON o.id = j.notify_email_operator_id
WHERE j.job_id = CONVERT(uniqueidentifier, @job)"""
_STEPS = """SELECT step_id, step_name, ISNULL(command, N''), database_name, database_user_name, flags,
    on_success_action, on_success_step_id, on_fail_action, on_fail_step_id, retry_attempts, retry_interval
FROM dbo.sysjobsteps WHERE job_id = CONVERT(uniqueidentifier, @job) ORDER BY step_id"""
_NEW_ACTIVITY = """INSERT INTO dbo.sysjobactivity (session_id, job_id)
SELECT @session, j.job_id FROM dbo.sysjobs AS j WHERE NOT EXISTS
    (SELECT 1 FROM dbo.sysjobactivity AS a WHERE a.session_id = @session AND a.job_id = j.job_id)"""
_NEXT_RUN = """UPDATE dbo.sysjobschedules SET next_run_date = @date, next_run_time = @time
WHERE job_id = CONVERT(uniqueidentifier, @job) AND schedule_id = @schedule
    AND (next_run_date <> @date OR next_run_time <> @time)"""
_NEXT_OF_JOB = """UPDATE dbo.sysjobactivity SET next_scheduled_run_date = @next
WHERE session_id = @session AND job_id = CONVERT(uniqueidentifier, @job)
    AND ISNULL(next_scheduled_run_date, '19000101') <> ISNULL(@next, '19000101')"""
_STARTED = """UPDATE dbo.sysjobactivity SET run_requested_date = @at, run_requested_source = @source,
    start_execution_date = @at, last_executed_step_id = NULL, last_executed_step_date = NULL,
    stop_execution_date = NULL, job_history_id = NULL
WHERE session_id = @session AND job_id = CONVERT(uniqueidentifier, @job)"""
_STEP_STARTED = """UPDATE dbo.sysjobactivity SET last_executed_step_id = @step, last_executed_step_date = @at
WHERE session_id = @session AND job_id = CONVERT(uniqueidentifier, @job)"""
_HISTORY = """INSERT INTO dbo.sysjobhistory (job_id, step_id, step_name, sql_message_id, sql_severity, message,
    run_status, run_date, run_time, run_duration, operator_id_emailed, operator_id_netsent, operator_id_paged,
    retries_attempted, server)
VALUES (CONVERT(uniqueidentifier, @job), @step, @name, @number, @severity, @message, @status, @date, @time, @duration,
    0, 0, 0, @retries, CONVERT(sysname, SERVERPROPERTY('ServerName')))"""
_LAST_OF_STEP = """UPDATE dbo.sysjobsteps SET last_run_outcome = @status, last_run_duration = @duration,
    last_run_retries = @retries, last_run_date = @date, last_run_time = @time
WHERE job_id = CONVERT(uniqueidentifier, @job) AND step_id = @step"""
_LAST_OF_JOB = """UPDATE dbo.sysjobservers SET last_run_outcome = @status, last_outcome_message = @message,
    last_run_date = @date, last_run_time = @time, last_run_duration = @duration
WHERE job_id = CONVERT(uniqueidentifier, @job)"""
_ENDED = """UPDATE dbo.sysjobactivity SET stop_execution_date = @stop, job_history_id =
    (SELECT MAX(instance_id) FROM dbo.sysjobhistory WHERE job_id = CONVERT(uniqueidentifier, @job) AND step_id = 0)
WHERE session_id = @session AND job_id = CONVERT(uniqueidentifier, @job)"""

_OUTCOME = f"BEGIN TRANSACTION; {_HISTORY}; {_ENDED}; COMMIT TRANSACTION"


def read_schedules(session: Session) -> dict[tuple[str, int], tuple[str, Schedule]]:
    """What is scheduled: name and terms of each schedule of each enabled job, by job and schedule."""
    return {
        (job, number): (name, Schedule(*terms))
        for job, number, name, *terms in ask(session, _SCHEDULES)
    }


def read_job(session: Session, job_id: str) -> Job | None:
    """A job as it is now."""
    rows = ask(session, _JOB, job=job_id)
    if not rows:
        return None
    name, owner, start, delete_level, email_level, operator = rows[0]
    steps = tuple(Step(*row) for row in ask(session, _STEPS, job=job_id))
    return Job(job_id, name, owner, start, delete_level, email_level, operator, steps)


class Book:
    """What the Agent writes, in order. With ``inline`` it is written at once, by the thread that asks for it."""

    def __init__(self, engine: Engine, database: str, *, inline: bool = False) -> None:
        self._session = own_session(engine, database)
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = None if inline else threading.Thread(target=self._work, name="agent-book", daemon=True)
        self._told: dict[tuple[str, int], dt.datetime | None] = {}
        self.session_id = 0
        if self._thread is not None:
            self._thread.start()

    def begin(self, at: dt.datetime) -> None:
        """A new session of the Agent's."""
        ask(self._session, "INSERT INTO dbo.syssessions (agent_start_date) VALUES (@at)", at=at)
        self.session_id = ask(self._session, "SELECT MAX(session_id) FROM dbo.syssessions")[0][0]

    def note_plan(self, runs: dict[tuple[str, int], dt.datetime | None]) -> None:
        """When each schedule of each job comes next. What has not changed is not written again."""
        changed = {key: at for key, at in runs.items() if key not in self._told or self._told[key] != at}
        self._told = dict(runs)
        if not changed:
            return
        first = {job: min((at for (other, _), at in runs.items() if other == job and at is not None), default=None)
                 for job in {job for job, _ in changed}}  # fmt: skip

        def write() -> None:
            self._write(_NEW_ACTIVITY, session=self.session_id)
            for (job, schedule), at in changed.items():
                date, time = (date_number(at), time_number(at)) if at is not None else (0, 0)
                self._write(_NEXT_RUN, job=job, schedule=schedule, date=date, time=time)
            for job, at in first.items():
                if at is not None:
                    self._write(_NEXT_OF_JOB, session=self.session_id, job=job, next=at)

        self._post(write)

    def note_start(self, job_id: str, source: int, at: dt.datetime) -> None:
        """A job begins."""

        def write() -> None:
            self._write(_NEW_ACTIVITY, session=self.session_id)
            self._write(_STARTED, session=self.session_id, job=job_id, source=str(source), at=at)

        self._post(write)

    def note_step(self, job_id: str, step_id: int, at: dt.datetime) -> None:
        """A step of a job begins."""
        self._post(lambda: self._write(_STEP_STARTED, session=self.session_id, job=job_id, step=step_id, at=at))

    def record_step(self, job_id: str, step: Step, *, status: int, message: str, number: int, severity: int,
                    at: dt.datetime, duration_s: float, retries: int) -> None:  # fmt: skip
        """A step has ended, or ended once and will be tried again."""
        times = {"date": date_number(at), "time": time_number(at)}

        def write() -> None:
            self._write(_HISTORY, job=job_id, step=step.step_id, name=step.name, number=number, severity=severity,
                        message=message, status=status, duration=duration_number(duration_s), retries=retries,
                        **times)  # fmt: skip
            self._write(_LAST_OF_STEP, job=job_id, step=step.step_id, status=status,
                        duration=duration_number(duration_s), retries=retries, **times)  # fmt: skip

        self._post(write)

    def record_job(self, job_id: str, *, status: int, message: str, at: dt.datetime, stop: dt.datetime,
                   duration_s: float, delete: bool, then: Callable[[], None]) -> None:  # fmt: skip
        """A job has ended; ``then`` is called when nothing but its outcome is left to be written."""
        known = {"job": job_id, "status": status, "message": message, "date": date_number(at),
                 "time": time_number(at), "duration": duration_number(duration_s)}  # fmt: skip

        def write() -> None:
            # Who waits for the history's row finds everywhere else that the job has ended, and may start it again.
            with contextlib.ExitStack() as at_last:
                at_last.callback(then)
                self._write(_LAST_OF_JOB, **known)
                if not delete:
                    at_last.close()
                self._write(_OUTCOME, step=0, name="(Job outcome)", number=0, severity=0, retries=0,
                            session=self.session_id, stop=stop, **known)  # fmt: skip
                if delete:
                    self._write("EXEC dbo.sp_delete_job @job_id = @job", job=job_id)

        self._post(write)

    def _write(self, text: str, **values: Any) -> None:
        try:
            ask(self._session, text, **values)
        except SqlError as error:
            log.error("the Agent could not write its records: %s", error)
            with contextlib.suppress(SqlError):
                ask(self._session, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")

    def _post(self, write: Callable[[], None]) -> None:
        if self._thread is None:
            write()
        else:
            self._queue.put(write)

    def _work(self) -> None:
        while (write := self._queue.get()) is not None:
            try:
                write()
            except Exception:
                log.exception("the Agent could not write its records")

    def close(self, within_s: float) -> None:
        """Write what is left, but wait no longer than ``within_s``."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(within_s)
            if self._thread.is_alive():
                self._session.cancel()
                self._thread.join(within_s)
        self._session.close()
