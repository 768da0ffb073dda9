"""One run of a job: its steps, their retries, and what the history says of them."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymlsql.embedded.agent import progress
from pymlsql.embedded.agent.progress import CANCELED, FAILED, RETRY, SUCCEEDED, Cause, Job, Step
from pymlsql.embedded.engine.agent.inquiry import own_session
from pymlsql.embedded.engine.agent.records import Book, read_job
from pymlsql.embedded.engine.agent.steps import Output, open_step, owner_of, run_step
from pymlsql.embedded.tsql.messages import SqlError

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine
    from pymlsql.embedded.engine.session import Session

log = logging.getLogger("pymlsql.embedded.agent")

EXECUTING, BETWEEN_RETRIES = 1, 3
_MINUTE_S = 60.0


@dataclass(frozen=True)
class Surroundings:
    """What a run needs: where its job is, the clock, and how to wait (True when the run is to stop)."""

    engine: Engine
    database: str
    book: Book
    clock: Callable[[], dt.datetime]
    wait: Callable[[threading.Event, float], bool]


class Run:
    """A job that runs. ``step_id``, ``retry`` and ``state`` say what it does now."""

    def __init__(self, around: Surroundings, job_id: str, cause: Cause, ended: Callable[[], None]) -> None:
        self.job_id = job_id
        self.cause = cause
        self.step_id = 0
        self.retry = 0
        self.state = EXECUTING
        self.stopped_by = ""
        self._around = around
        self._ended = ended
        self._stop = threading.Event()
        self._session: Session | None = None
        self._note = ""

    def stop(self, by: str) -> None:
        """End soon, in the name of ``by``. May be called again and again."""
        self.stopped_by = self.stopped_by or by
        self._stop.set()
        session = self._session
        if session is not None:
            session.cancel()

    def carry_out(self) -> None:
        """Run the job to its end; called once, in a thread of the run's own."""
        try:
            self._carry_out()
        except Exception:
            log.exception("a run of job %s failed", self.job_id)
            self._ended()

    def _carry_out(self) -> None:
        around = self._around
        begun = around.clock()
        job = self._read()
        if job is None:
            self._ended()
            return
        around.book.note_start(self.job_id, self.cause.source, begun)
        succeeded, last = self._steps(job)
        status = CANCELED if self._stop.is_set() else SUCCEEDED if succeeded else FAILED
        end = around.clock()
        if job.operator is not None and progress.matches(job.notify_level_email, status):
            self._note = f"{self._note}  NOTE: Failed to notify '{job.operator}' via email.".strip()
        message = progress.job_message(self.cause, status, last, self.stopped_by, self._note)
        around.book.record_job(
            self.job_id, status=status, message=message, at=begun, stop=end, duration_s=(end - begun).total_seconds(),
            delete=status != CANCELED and progress.matches(job.delete_level, status), then=self._ended,
        )  # fmt: skip

    def _read(self) -> Job | None:
        session = own_session(self._around.engine, self._around.database)
        try:
            return read_job(session, self.job_id)
        finally:
            session.close()

    def _steps(self, job: Job) -> tuple[bool, Step | None]:
        """Whether the job has succeeded, and its last step that ran."""
        chosen = next((s for s in job.steps if s.name.lower() == (self.cause.step_name or "").lower()), None)
        step = chosen or job.step(job.start_step_id)
        if step is None:
            self._note = f"There is no step {job.start_step_id} to start at."
            return False, None
        while True:
            succeeded = self._step(job, step)
            onward = progress.follow(job, step, succeeded)
            if isinstance(onward, bool) or self._stop.is_set():
                return bool(onward) and not self._stop.is_set(), step
            following = job.step(onward)
            assert following is not None
            step = following

    def _step(self, job: Job, step: Step) -> bool:
        """Run a step, again where it fails and may be tried again; whether it has succeeded in the end."""
        self.step_id, self.retry = step.step_id, 0
        while True:
            status = self._attempt(job, step)
            if status != RETRY:
                return status == SUCCEEDED
            self.retry += 1
            self.state = BETWEEN_RETRIES
            self._around.wait(self._stop, step.retry_interval * _MINUTE_S)
            self.state = EXECUTING
            if self._stop.is_set():
                return False

    def _attempt(self, job: Job, step: Step) -> int:
        around = self._around
        begun = around.clock()
        around.book.note_step(self.job_id, step.step_id, begun)
        output = Output(step.keeps_output)
        account = owner_of(around.engine, job)
        user = account.name if account is not None else "(unknown)"
        try:
            if account is None:
                raise SqlError(18456, "The owner of the job is no login that may log in.")
            self._session = open_step(around.engine, job, step, account)
            try:
                run_step(self._session, step, output, self._stop.is_set)
            finally:
                session, self._session = self._session, None
                session.close()
        except SqlError as error:
            output.number, output.severity = error.number, max(error.severity, 11)
            output.lines.append(progress.output_line(error.number, output.severity, error.message))
        status = CANCELED if self._stop.is_set() else FAILED if output.failed else SUCCEEDED
        if status == FAILED and self.retry < step.retry_attempts:
            status = RETRY
        end = around.clock()
        around.book.record_step(
            self.job_id, step, status=status, message=progress.step_message(user, output.lines, status),
            number=output.number, severity=output.severity, at=begun, duration_s=(end - begun).total_seconds(),
            retries=self.retry,
        )  # fmt: skip
        return status
