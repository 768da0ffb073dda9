"""What a project file says of jobs, in tables [jobs.NAME]: when they run, and which steps they have.

[jobs.nightly]
schedule = "0 2 * * *"              # cron's five fields, or Agent's own terms: { freq_type = 4, freq_interval = 1 }
steps = [
    { name = "score", procedure = "predict", arguments = { unscored = 1 }, retries = 2, retry_minutes = 5 },
    { name = "tell", command = "EXEC dbo.TellSomebody" },
]
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator, model_validator

from pymlsql import quoting, schedules
from pymlsql.errors import DeclarationError
from pymlsql.features.terms import Frozen, Name
from pymlsql.jobs.cron import parse_cron
from pymlsql.schedules import InvalidSchedule, Schedule
from pymlsql.wording import first_error, suggest

MSG_NOTHING_TO_SCORE = 51004


def _checked_name(name: str) -> str:
    if "%" in name or not 1 <= len(name.strip()) <= 120 or name != name.strip():
        raise ValueError(f"{name!r} is no name of a job: 1 to 120 characters, without %, without blanks at its ends")
    quoting.string(name)
    return name


JobName = Annotated[str, AfterValidator(_checked_name)]


class AgentTerms(Frozen):
    """A schedule in SQL Server Agent's own terms; their names and codes are those of sp_add_schedule."""

    freq_type: int
    freq_interval: int = 1
    freq_subday_type: int = schedules.AT_TIME
    freq_subday_interval: int = 0
    freq_relative_interval: int = 0
    freq_recurrence_factor: int = 0
    active_start_date: int = schedules.FIRST_DATE
    active_end_date: int = schedules.NO_END_DATE
    active_start_time: int = 0
    active_end_time: int = schedules.LAST_TIME


class JobStep(Frozen):
    """One step: a procedure of the project with its arguments, or T-SQL of one's own.

    A batch procedure that finds nothing to score (Msg 51004) has done its work. `on_failure` is what comes after it
    has failed as often as it may be tried.
    """

    name: JobName
    procedure: str | None = None
    arguments: dict[str, int | float | str | bool] = Field(default_factory=dict)
    command: str | None = None
    database: Name | None = None
    retries: int = Field(default=0, ge=0, le=999)
    retry_minutes: int = Field(default=0, ge=0, le=9999)
    on_failure: Literal["quit", "continue"] = "quit"

    @model_validator(mode="after")
    def _one_work(self) -> JobStep:
        if (self.procedure is None) == (self.command is None):
            raise ValueError("either procedure, the name of a [procedures.NAME], or command, T-SQL")
        if self.command is not None and not self.command.strip():
            raise ValueError("the command is empty")
        if self.command is not None and "$(" in self.command:
            raise ValueError("$( begins a token of SQL Server Agent: write the command without")
        if self.command is not None and self.arguments:
            raise ValueError("arguments belong to a procedure")
        for name in self.arguments:
            if not name.isidentifier():
                raise ValueError(f"{name!r} is no parameter: write its name without @")
        return self


class Job(Frozen):
    """A job of SQL Server Agent with its steps and schedules. Without a schedule it runs when it is started.

    `owner` is a login; by default who applies. `notify` is an operator of Agent's, told by mail `on` an outcome.
    """

    name: JobName | None = None
    description: str = Field(default="", max_length=300)
    enabled: bool = True
    owner: Name | None = None
    schedule: tuple[str | AgentTerms, ...] = ()
    steps: tuple[JobStep, ...] = Field(min_length=1)
    notify: Name | None = None
    notify_on: Literal["success", "failure", "always"] = "failure"

    @field_validator("schedule", mode="before")
    @classmethod
    def _several(cls, given: Any) -> Any:
        return given if isinstance(given, list | tuple) else [given]

    @field_validator("schedule")
    @classmethod
    def _each(cls, given: tuple[str | AgentTerms, ...]) -> tuple[str | AgentTerms, ...]:
        for schedule in (made for one in given for made in _as_schedules(one)):
            reason = schedules.reason_never(schedule, schedules.moment_of(schedule.active_start_date, 0))
            if reason is not None:
                raise ValueError(reason)
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Job:
        names = [step.name.lower() for step in self.steps]
        if len(set(names)) < len(names):
            raise ValueError("two steps have one name")
        return self

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """All schedules as Agent keeps them."""
        return tuple(made for one in self.schedule for made in _as_schedules(one))


def _as_schedules(one: str | AgentTerms) -> tuple[Schedule, ...]:
    """As Agent keeps them. Raises ValueError."""
    found = parse_cron(one) if isinstance(one, str) else (Schedule(**one.model_dump()),)
    try:
        return tuple(schedules.verify(schedule) for schedule in found)
    except InvalidSchedule as error:
        raise ValueError(f"Msg {error.number}: {error}") from None


def parse(values: Mapping[str, object], procedures: Mapping[str, BaseModel], where: tuple[str, ...] = ()) -> Job:
    """A job from plain data (TOML, JSON), which lies at the keys `where` of a file.

    Raises DeclarationError with the first contradiction; its `path` are the keys that lead there.
    """
    try:
        found = Job.model_validate(dict(values))
    except ValidationError as error:
        found_at, message, _ = first_error(error, Job)
        place = tuple(key for key in found_at if key not in ("str", "AgentTerms"))
        raise DeclarationError(f"{'.'.join(map(str, (*where, *place)))}: {message}.", (*where, *place)) from None
    for number, step in enumerate(found.steps):
        if step.procedure is not None and step.procedure not in procedures:
            path: tuple[str | int, ...] = (*where, "steps", number, "procedure")
            known = suggest(step.procedure, procedures)
            shown = ".".join(map(str, path))
            raise DeclarationError(f"{shown}: no procedure is called {step.procedure}{known}.", path)
    return found


def literal(value: object) -> str:
    """An argument as T-SQL."""
    if isinstance(value, bool):
        return str(int(value))
    return json.dumps(value) if isinstance(value, int | float) else quoting.string(value)
