"""Between msdb's procedures and the Agent that runs: the internal procedures by which they ask and tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pymlsql.embedded.engine.answers import send_table
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import INT, SYSNAME, UNIQUEIDENTIFIER
from pymlsql.schedules import InvalidSchedule, Schedule, verify

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

NOT_RUNNING = "SQLServerAgent is not currently running so it cannot be notified of this action."
IDLE = 4


@dataclass(frozen=True)
class JobState:
    """What a job does now. ``state`` is 1 executing, 3 between retries, 4 idle; dates and times are numbers."""

    job_id: str
    last_run_date: int = 0
    last_run_time: int = 0
    next_run_date: int = 0
    next_run_time: int = 0
    next_run_schedule_id: int = 0
    requested_to_run: int = 0
    request_source: int = 0
    request_source_id: str | None = None
    running: int = 0
    current_step: int = 0
    current_retry_attempt: int = 0
    state: int = IDLE


class Agent(Protocol):
    """The Agent that runs."""

    def request_start(self, job_id: str, login: str, step_name: str | None) -> str | None:
        """Start a job now; why not, as a sentence."""

    def request_stop(self, job_id: str, login: str) -> str | None:
        """Cancel a job's run; why not, as a sentence."""

    def note_change(self, in_transaction: Callable[[], bool]) -> None:
        """Jobs or schedules were changed, by a session that may yet have to commit it."""

    def states(self) -> list[JobState]:
        """What every job does now."""


@dataclass
class AgentLink:
    """What the engine knows of the Agent: it runs (``agent``), and which procedures may speak to it."""

    agent: Agent | None = None
    modules: frozenset[int] = field(default_factory=frozenset)


def _check_caller(session: Session, frame: Frame, name: str, line: int) -> None:
    """The internal procedures are there for msdb's own, and for nobody else. Raises 2812."""
    if frame.object_id not in session.engine.agent.modules:
        raise sql_error(2812, name, line=line, state=62)


def xp_sqlagent_notify(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """op ('J' or 'S'), job id, schedule id, action: S start, C cancel, I, U and D changes; step name. Raises 22022."""
    _check_caller(session, frame, "sys.xp_sqlagent_notify", line)
    job_id, action = actuals[1].value, str(actuals[3].value)
    agent = session.engine.agent.agent
    if action not in ("S", "C"):
        if agent is not None:
            agent.note_change(lambda: session.trancount > 0)
        return 0
    if agent is None:
        raise sql_error(22022, NOT_RUNNING, line=line)
    login = session.context.login or session.login
    if action == "S":
        step = actuals[4].value if len(actuals) > 4 else None
        refusal = agent.request_start(str(job_id).upper(), login, step)
    else:
        refusal = agent.request_stop(str(job_id).upper(), login)
    if refusal:
        raise sql_error(22022, f"SQLServerAgent Error: {refusal}", line=line)
    return 0


_STATE_COLUMNS = [
    ("Job ID", UNIQUEIDENTIFIER), ("Last Run Date", INT), ("Last Run Time", INT), ("Next Run Date", INT),
    ("Next Run Time", INT), ("Next Run Schedule ID", INT), ("Requested To Run", INT), ("Request Source", INT),
    ("Request Source ID", SYSNAME), ("Running", INT), ("Current Step", INT), ("Current Retry Attempt", INT),
    ("State", INT),
]  # fmt: skip


def xp_sqlagent_enum_jobs(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """What every job does now; who sees which is for the procedure that asks to decide."""
    _check_caller(session, frame, "sys.xp_sqlagent_enum_jobs", line)
    agent = session.engine.agent.agent
    rows = [tuple(getattr(state, name) for name in state.__dataclass_fields__) for state in agent.states()] \
        if agent is not None else []  # fmt: skip
    send_table(session, _STATE_COLUMNS, rows)
    return 0


_TERMS = ("freq_type", "freq_interval", "freq_subday_type", "freq_subday_interval", "freq_relative_interval",
          "freq_recurrence_factor", "active_start_date", "active_end_date", "active_start_time",
          "active_end_time")  # fmt: skip


def xp_sqlagent_schedule(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The terms of a schedule, which come back as they are kept; then number and arguments of the error, if any."""
    _check_caller(session, frame, "sys.xp_sqlagent_schedule", line)
    terms = {name: int(actuals[place].value or 0) for place, name in enumerate(_TERMS)}
    try:
        kept = verify(Schedule(**terms))
    except InvalidSchedule as fault:
        _give(actuals, len(_TERMS), (fault.number, *fault.arguments))
    else:
        _give(actuals, 0, tuple(getattr(kept, name) for name in _TERMS))
    return 0


def _give(actuals: list[Actual], first: int, values: tuple[Any, ...]) -> None:
    for actual, value in zip(actuals[first:], values, strict=False):
        assert actual.target is not None
        actual.target.value = value


AGENT_PROCEDURES = {
    "xp_sqlagent_notify": xp_sqlagent_notify,
    "xp_sqlagent_enum_jobs": xp_sqlagent_enum_jobs,
    "xp_sqlagent_schedule": xp_sqlagent_schedule,
}

__all__ = ["AGENT_PROCEDURES", "Agent", "AgentLink", "JobState"]
