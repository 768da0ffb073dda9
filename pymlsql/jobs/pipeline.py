"""The steps of a job, run from here instead of by an Agent: for a shell, CI, and servers without one.

Each run is one of the experiment `pipelines`, with the metric `seconds` a step; where one failed stands in its tags, so
that the next can go on there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymlsql.database import fetch, translated_errors
from pymlsql.errors import DatabaseError, JobError
from pymlsql.jobs.rendering import QUIT_FAILURE, RenderedJob, RenderedStep
from pymlsql.quoting import ident
from pymlsql.tracking import start_run

if TYPE_CHECKING:
    from pymlsql.database import Database
    from pymlsql.tracking import ActiveRun

EXPERIMENT = "pipelines"
_FAILED_AT, _SHA256 = "failed_at", "sha256"

_LAST = """\
SELECT TOP (1) r.run_id, r.status, f.value AS failed_at, s.value AS sha256
FROM ml.runs AS r
JOIN ml.experiments AS e ON e.experiment_id = r.experiment_id
LEFT JOIN ml.run_tags AS f ON f.run_id = r.run_id AND f.name = N'failed_at'
LEFT JOIN ml.run_tags AS s ON s.run_id = r.run_id AND s.name = N'sha256'
WHERE e.name = N'pipelines' AND r.name = ?
ORDER BY r.run_id DESC"""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one attempt at a step; `error` is None where it has succeeded."""

    number: int
    step: str
    duration_s: float
    error: str | None


def run_pipeline(
    db: Database,
    job: RenderedJob,
    *,
    resume: bool = False,
    on_step: Callable[[StepResult], None] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Run the steps of a job in order, with their retries; the number of the run in ml.runs.

    With `resume` they begin with the one at which the last run failed. Raises JobError where a step fails that ends
    the job, where it runs already, and where there is nothing to resume: the last run has not failed, or was one of
    another declaration.
    """
    with _alone(db, job.name):
        return _run(db, job, _find_failed(db, job) if resume else 0, on_step, wait)


_LOCK = """\
SET NOCOUNT ON;
DECLARE @rc int;
EXEC @rc = sp_getapplock @Resource = ?, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0;
SELECT @rc AS rc;"""


_UNLOCK = "EXEC sp_releaseapplock @Resource = ?, @LockOwner = 'Session';"


@contextlib.contextmanager
def _alone(db: Database, name: str) -> Generator[None]:
    """As Agent has it, one run of a job at a time: a lock of a session that ends with the run, or with this process."""
    resource = f"pymlsql.pipeline {name}"
    with db.connect(autocommit=True) as connection:
        if fetch(connection, _LOCK, (resource,)).rows[0].rc < 0:
            raise JobError(f"{name} is running already: wait for its end.")
        try:
            yield
        finally:
            if not connection.invalidated:
                with contextlib.suppress(DatabaseError), translated_errors():
                    fetch(connection, _UNLOCK, (resource,))
                connection.invalidate()


def _run(
    db: Database,
    job: RenderedJob,
    first: int,
    on_step: Callable[[StepResult], None] | None,
    wait: Callable[[float], None],
) -> int:
    with start_run(db, EXPERIMENT, name=job.name, tags={_SHA256: job.sha256, "first_step": first + 1}) as run:
        for number, step in enumerate(job.steps[first:], start=first + 1):
            error = _run_step(db, run, number, step, on_step, wait)
            if error is not None and step.on_fail_action == QUIT_FAILURE:
                run.set_tags({_FAILED_AT: step.name})
                raise JobError(f"{job.name} failed at step {number}, {step.name}: {error}")
        return run.run_id


def _find_failed(db: Database, job: RenderedJob) -> int:
    rows = db.rows(_LAST, (job.name,))
    if not rows or rows[0].failed_at is None:
        raise JobError(f"The last run of {job.name} has not failed: run it without --resume.")
    names = [step.name for step in job.steps]
    if rows[0].sha256 != job.sha256 or rows[0].failed_at not in names:
        raise JobError(f"{job.name} was declared otherwise when it failed at {rows[0].failed_at}: run it whole.")
    return names.index(rows[0].failed_at)


def _run_step(
    db: Database,
    run: ActiveRun,
    number: int,
    step: RenderedStep,
    on_step: Callable[[StepResult], None] | None,
    wait: Callable[[float], None],
) -> str | None:
    """The error of the last attempt, None where one has succeeded."""
    error: str | None = None
    for attempt in range(step.retries + 1):
        if attempt:
            wait(60.0 * step.retry_minutes)
        started = time.monotonic()
        error = _attempt(db, step)
        taken = time.monotonic() - started
        run.log_metric(f"seconds of {step.name}", taken, step=attempt)
        if on_step is not None:
            on_step(StepResult(number, step.name, taken, error))
        if error is None:
            return None
    return error


def _attempt(db: Database, step: RenderedStep) -> str | None:
    try:
        with db.connect(autocommit=True) as connection:
            if step.database is not None:
                fetch(connection, f"USE {ident(step.database)};")
            try:
                fetch(connection, step.command)
            finally:
                if not connection.invalidated:
                    connection.invalidate()  # what a step has set stays with its session
    except DatabaseError as error:
        return str(error)
    return None
