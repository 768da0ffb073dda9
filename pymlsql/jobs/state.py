"""What msdb holds of jobs, and how that differs from what is declared."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pymlsql.database import fetch
from pymlsql.jobs.rendering import RenderedJob, parse_mark
from pymlsql.schedules import Schedule, moment_of, next_run

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

OUTCOMES = {0: "failed", 1: "succeeded", 2: "retry", 3: "canceled", 5: "unknown"}
"""run_status of sysjobhistory, and last_run_outcome."""

JobAction = Literal["create", "alter", "drop", "same"]


@dataclass(frozen=True, slots=True)
class ServerJob:
    """A job as msdb has it: `facts` are what a declaration can say, in its words."""

    name: str
    description: str
    facts: Mapping[str, Any]

    @property
    def mark(self) -> tuple[str, str] | None:
        """Project and hash of the declaration that it was made from."""
        return parse_mark(self.description)


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job of a plan; `differences` are the facts that are not as declared, `conflict` why apply refuses."""

    name: str
    action: JobAction
    job: RenderedJob | None
    differences: tuple[str, ...] = ()
    conflict: str | None = None


_HAS_AGENT = "SELECT OBJECT_ID(N'msdb.dbo.sysjobs') AS id"

_JOBS = """\
SELECT j.name, j.description, j.enabled, SUSER_SNAME(j.owner_sid) AS owner, j.notify_level_email, o.name AS operator,
    CASE WHEN v.job_id IS NULL THEN 0 ELSE 1 END AS has_target
FROM msdb.dbo.sysjobs AS j
LEFT JOIN msdb.dbo.sysoperators AS o ON o.id = j.notify_email_operator_id AND j.notify_level_email > 0
LEFT JOIN msdb.dbo.sysjobservers AS v ON v.job_id = j.job_id
ORDER BY j.name"""

_STEPS = """\
SELECT j.name AS job, t.step_name, t.command, t.database_name, t.on_success_action, t.on_fail_action, t.retry_attempts,
    t.retry_interval, t.subsystem
FROM msdb.dbo.sysjobsteps AS t
JOIN msdb.dbo.sysjobs AS j ON j.job_id = t.job_id
ORDER BY j.name, t.step_id"""

_SCHEDULES = """\
SELECT j.name AS job, s.name, s.enabled, s.freq_type, s.freq_interval, s.freq_subday_type, s.freq_subday_interval,
    s.freq_relative_interval, s.freq_recurrence_factor, s.active_start_date, s.active_end_date, s.active_start_time,
    s.active_end_time
FROM msdb.dbo.sysjobschedules AS a
JOIN msdb.dbo.sysjobs AS j ON j.job_id = a.job_id
JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = a.schedule_id
ORDER BY j.name, s.name"""

_TERMS = (
    "freq_type", "freq_interval", "freq_subday_type", "freq_subday_interval", "freq_relative_interval",
    "freq_recurrence_factor", "active_start_date", "active_end_date", "active_start_time", "active_end_time",
)  # fmt: skip


def has_agent(connection: Connection) -> bool:
    """Whether the server has the tables of SQL Server Agent."""
    return fetch(connection, _HAS_AGENT).rows[0].id is not None


def read_jobs(connection: Connection, project: str, names: Iterable[str]) -> dict[str, ServerJob]:
    """The jobs of these names, and all that a project has made, by their names in lower case."""
    if not has_agent(connection):
        return {}
    wanted = {name.lower() for name in names}
    made: dict[str, ServerJob] = {}
    for row in fetch(connection, _JOBS).rows:
        mark = parse_mark(row.description)
        if row.name.lower() in wanted or (mark is not None and mark[0] == project):
            facts = {
                "enabled": int(row.enabled), "owner": row.owner, "notify": row.operator,
                "notify_level": int(row.notify_level_email), "target": bool(row.has_target),
            }  # fmt: skip
            made[row.name.lower()] = ServerJob(row.name, row.description or "", {**facts, **_none()})
    if made:
        _add_parts(connection, made)
    return made


def _none() -> dict[str, list[Any]]:
    return {"steps": [], "schedules": []}


def _add_parts(connection: Connection, made: Mapping[str, ServerJob]) -> None:
    for row in fetch(connection, _STEPS).rows:
        if row.job.lower() in made:
            values = (row.step_name, row.command.replace("\r\n", "\n"), row.database_name, row.on_success_action,
                      row.on_fail_action, row.retry_attempts, row.retry_interval, row.subsystem)  # fmt: skip
            made[row.job.lower()].facts["steps"].append(values)
    for row in fetch(connection, _SCHEDULES).rows:
        if row.job.lower() in made:
            values = (row.name, int(row.enabled), *(getattr(row, term) for term in _TERMS))
            made[row.job.lower()].facts["schedules"].append(values)


def compare(job: RenderedJob, found: ServerJob, database: str) -> tuple[str, ...]:
    """In what a job of msdb's differs from its declaration."""
    wanted: dict[str, Any] = {
        "enabled": job.enabled,
        "owner": job.owner if job.owner is not None else found.facts["owner"],
        "notify": job.notify,
        "notify_level": job.notify_level,
        "target": True,
        "steps": [_step(step, database) for step in job.steps],
        "schedules": sorted(_schedule(one) for one in job.schedules),
    }
    there = {**found.facts, "schedules": sorted(found.facts["schedules"])}
    return tuple(name for name, value in wanted.items() if there[name] != value)


def _step(step: Any, database: str) -> tuple[Any, ...]:
    return (step.name, step.command, step.database or database, step.on_success_action, step.on_fail_action,
            step.retries, step.retry_minutes, "TSQL")  # fmt: skip


def _schedule(one: Any) -> tuple[Any, ...]:
    return (one.name, 1, *(getattr(one.schedule, term) for term in _TERMS))


def plan_jobs(
    jobs: Sequence[RenderedJob], found: Mapping[str, ServerJob], project: str, database: str,
    obstacles: Mapping[str, str] = MappingProxyType({}),
) -> tuple[JobChange, ...]:  # fmt: skip
    """What apply would do to the jobs of a project; `obstacles` say by name why some would never run."""
    changes = [_plan(job, found.get(job.name.lower()), project, database) for job in jobs]
    changes = [
        replace(one, action="same", conflict=obstacles[one.name])
        if one.action != "same" and one.name in obstacles
        else one
        for one in changes
    ]
    declared = {job.name.lower() for job in jobs}
    changes += [
        JobChange(one.name, "drop", None)
        for name, one in found.items()
        if name not in declared and one.mark is not None and one.mark[0] == project
    ]
    return tuple(changes)


def _plan(job: RenderedJob, found: ServerJob | None, project: str, database: str) -> JobChange:
    if found is None:
        return JobChange(job.name, "create", job)
    if found.mark is None:
        return JobChange(
            job.name, "alter", job, conflict=f"the job {job.name} is there already, and no project made it"
        )
    if found.mark[0] != project:
        return JobChange(job.name, "same", job, conflict=f"the job {job.name} belongs to the project {found.mark[0]}")
    differences = compare(job, found, database)
    if not differences and found.mark[1] == job.sha256:
        return JobChange(job.name, "same", job)
    if found.mark[1] == job.sha256:
        said = ", ".join(differences)
        return JobChange(job.name, "alter", job, differences,
                         f"the job {job.name} was changed on the server since it was applied ({said})")  # fmt: skip
    return JobChange(job.name, "alter", job, differences)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job for a listing: times are those of the server's clock. One that runs now has that run as its last."""

    name: str
    project: str | None
    enabled: bool
    last_run: datetime.datetime | None
    last_outcome: str
    next_run: datetime.datetime | None


_STATUS = """\
SELECT j.name, j.description, j.enabled, v.last_run_date, v.last_run_time, v.last_run_outcome, GETDATE() AS now,
    (SELECT MAX(a.start_execution_date) FROM msdb.dbo.sysjobactivity AS a
        WHERE a.job_id = j.job_id AND a.session_id = (SELECT MAX(s.session_id) FROM msdb.dbo.syssessions AS s)
            AND a.start_execution_date IS NOT NULL AND a.stop_execution_date IS NULL) AS running_since
FROM msdb.dbo.sysjobs_view AS j
LEFT JOIN msdb.dbo.sysjobservers AS v ON v.job_id = j.job_id
ORDER BY j.name"""


def read_status(connection: Connection) -> list[JobStatus]:
    """All jobs that this login may see. When they run next is computed: msdb's own columns are up to 20 minutes old."""
    upcoming: dict[str, list[Schedule]] = {}
    for row in fetch(connection, _SCHEDULES).rows:
        if row.enabled:
            upcoming.setdefault(row.job, []).append(Schedule(**{term: getattr(row, term) for term in _TERMS}))
    made = []
    for row in fetch(connection, _STATUS).rows:
        mark = parse_mark(row.description)
        last = moment_of(row.last_run_date, row.last_run_time) if row.last_run_date else None
        outcome = "never run" if last is None else OUTCOMES.get(row.last_run_outcome, "unknown")
        if row.running_since is not None:
            last, outcome = row.running_since.replace(microsecond=0), "running"
        times = [next_run(one, row.now) for one in upcoming.get(row.name, []) if row.enabled]
        coming = min((time for time in times if time is not None), default=None)
        made.append(JobStatus(row.name, None if mark is None else mark[0], bool(row.enabled), last, outcome, coming))
    return made
