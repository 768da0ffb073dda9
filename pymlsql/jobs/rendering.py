"""A declared job as T-SQL against msdb, and as what msdb is to hold of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pymlsql import templates
from pymlsql.jobs.declaration import MSG_NOTHING_TO_SCORE, Job, JobStep, literal
from pymlsql.procedures import Batch, ProcedureDeclaration
from pymlsql.quoting import qualified, string
from pymlsql.schedules import Schedule

CATEGORY = "pymlsql"

QUIT_SUCCESS, QUIT_FAILURE, NEXT_STEP = 1, 2, 3
_LEVELS = {"success": 1, "failure": 2, "always": 3}
_MARK = re.compile(r"\[pymlsql project (\S+), sha256 ([0-9a-f]{64})\]$")

HEAD = """\
SET QUOTED_IDENTIFIER ON;
SET ANSI_NULLS ON;
SET ANSI_WARNINGS ON;
SET ARITHABORT ON;
SET CONCAT_NULL_YIELDS_NULL ON;
SET NOCOUNT ON;
-- On a secondary of an availability group there is nothing to be done.
IF CONVERT(nvarchar(20), DATABASEPROPERTYEX(DB_NAME(), 'Updateability')) <> N'READ_WRITE' RETURN;
"""
"""How each step begins: Agent starts them with QUOTED_IDENTIFIER off."""


@dataclass(frozen=True, slots=True)
class RenderedStep:
    """A step as sysjobsteps holds it; `database` None is the one that is deployed to."""

    name: str
    command: str
    database: str | None
    on_success_action: int
    on_fail_action: int
    retries: int
    retry_minutes: int


@dataclass(frozen=True, slots=True)
class RenderedSchedule:
    """A schedule as sysschedules holds it."""

    name: str
    schedule: Schedule

    @property
    def terms(self) -> str:
        """T-SQL: the arguments of sp_add_schedule and sp_update_schedule."""
        found = {name: value for name, value in asdict(self.schedule).items() if name != "counted_from"}
        return ", ".join(f"@{name} = {value}" for name, value in found.items())


@dataclass(frozen=True, slots=True)
class RenderedJob:
    """A job as msdb is to hold it. The end of its description says whose it is, and the hash of all of this.

    `procedures` are those of the project that its steps execute in the database that is deployed to.
    """

    name: str
    project: str
    text: str
    enabled: int
    owner: str | None
    notify: str | None
    notify_level: int
    steps: tuple[RenderedStep, ...]
    schedules: tuple[RenderedSchedule, ...]
    declared: tuple[str | int, ...]
    procedures: tuple[str, ...] = ()

    @property
    def category(self) -> str:
        """Where SSMS shows it."""
        return CATEGORY

    @property
    def sha256(self) -> str:
        """The hash of what is declared."""
        facts = asdict(self)
        del facts["declared"], facts["procedures"]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def description(self) -> str:
        """What the job is for, and its mark."""
        return f"{self.text} [pymlsql project {self.project}, sha256 {self.sha256}]".strip()

    def render(self) -> str:
        """The batch that makes the job what it is to be."""
        return templates.render("agent/job.sql.j2", job=self)


def parse_mark(description: str | None) -> tuple[str, str] | None:
    """Project and hash of a job's description; None for a job that is not pymlsql's."""
    found = _MARK.search(description or "")
    return None if found is None else (found[1], found[2])


def render_job(key: str, job: Job, project: str, procedures: Mapping[str, ProcedureDeclaration]) -> RenderedJob:
    """A declared job with its commands and schedules."""
    name = job.name or f"{project}: {key}"
    return RenderedJob(
        name=name,
        project=project,
        text=job.description,
        enabled=int(job.enabled),
        owner=job.owner,
        notify=job.notify,
        notify_level=_LEVELS[job.notify_on] if job.notify else 0,
        steps=tuple(_step(step, procedures, step is job.steps[-1]) for step in job.steps),
        schedules=tuple(RenderedSchedule(f"{name} ({n})", one) for n, one in enumerate(job.schedules, start=1)),
        declared=("jobs", key),
        procedures=tuple(
            qualified(procedures[step.procedure].name)
            for step in job.steps
            if step.procedure is not None and step.database is None
        ),
    )


def _step(step: JobStep, procedures: Mapping[str, ProcedureDeclaration], is_last: bool) -> RenderedStep:
    return RenderedStep(
        name=step.name,
        command=HEAD + render_command(step, procedures),
        database=step.database,
        on_success_action=QUIT_SUCCESS if is_last else NEXT_STEP,
        on_fail_action=QUIT_FAILURE if step.on_failure == "quit" or is_last else NEXT_STEP,
        retries=step.retries,
        retry_minutes=step.retry_minutes,
    )


def render_command(step: JobStep, procedures: Mapping[str, ProcedureDeclaration]) -> str:
    """What the step does, without how it begins."""
    if step.command is not None:
        return step.command.rstrip() + "\n"
    assert step.procedure is not None
    declared = procedures[step.procedure]
    arguments = ", ".join(f"@{name} = {literal(value)}" for name, value in step.arguments.items())
    call = f"EXEC {qualified(declared.name)} {arguments}".rstrip() + ";"
    if not isinstance(declared, Batch):
        return call + "\n"
    said = string(f"{declared.name}: nothing to score.")
    return (
        f"BEGIN TRY\n    {call}\nEND TRY\nBEGIN CATCH\n"
        f"    IF ERROR_NUMBER() <> {MSG_NOTHING_TO_SCORE} THROW;\n    PRINT {said};\nEND CATCH;\n"
    )
