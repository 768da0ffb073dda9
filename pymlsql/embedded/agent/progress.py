"""A job's way through its steps, and how its history words it. Source: sql-docs, sp_add_jobstep, dbo.sysjobhistory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FAILED, SUCCEEDED, RETRY, CANCELED = 0, 1, 2, 3
QUIT_SUCCESS, QUIT_FAILURE, NEXT_STEP, GO_TO_STEP = 1, 2, 3, 4
_MESSAGE_LENGTH = 4000
_WITH_OUTPUT = 4 | 32
_SQLSTATES = {
    207: "42S22", 208: "42S02", 245: "22018", 515: "23000", 547: "23000", 2601: "23000", 2627: "23000", 8134: "22012",
    8152: "22001", 2628: "22001", 1205: "40001", 3701: "42S02", 2714: "42S01",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A row of sysjobsteps, as far as it says what is done. ``retry_interval`` is in minutes."""

    step_id: int
    name: str
    command: str
    database: str
    user: str | None
    flags: int
    on_success_action: int
    on_success_step_id: int
    on_fail_action: int
    on_fail_step_id: int
    retry_attempts: int
    retry_interval: int

    @property
    def keeps_output(self) -> bool:
        """Whether its rows are written to the history."""
        return bool(self.flags & _WITH_OUTPUT)


@dataclass(frozen=True, slots=True)
class Job:
    """A row of sysjobs with its steps in order; ``owner_sid`` in hexadecimal."""

    job_id: str
    name: str
    owner_sid: str
    start_step_id: int
    delete_level: int
    notify_level_email: int
    operator: str | None
    steps: tuple[Step, ...]

    def step(self, step_id: int) -> Step | None:
        """The step with this number."""
        return next((step for step in self.steps if step.step_id == step_id), None)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a job runs: ``source`` is that of sysjobactivity (1 schedule, 3 Agent's start, 4 user)."""

    source: Literal[1, 3, 4]
    who: str
    schedule_id: int = 0
    step_name: str | None = None

    def __str__(self) -> str:
        if self.source == 4:
            return f"User {self.who}"
        if self.source == 3:
            return f"Start Sequence {self.schedule_id} ({self.who})"
        return f"Schedule {self.schedule_id} ({self.who})"


def follow(job: Job, step: Step, succeeded: bool) -> int | bool:
    """The number of the step that comes after ``step``; or whether the job has succeeded, where it ends.

    A job that goes on behind its last step, or to a step that is not there, ends with what the step has come to.
    """
    action = step.on_success_action if succeeded else step.on_fail_action
    if action in (QUIT_SUCCESS, QUIT_FAILURE):
        return action == QUIT_SUCCESS
    chosen = step.on_success_step_id if succeeded else step.on_fail_step_id
    wanted = step.step_id + 1 if action == NEXT_STEP else chosen
    return wanted if job.step(wanted) is not None else succeeded


def output_line(number: int, severity: int, text: str) -> str:
    """A message of a step as the history shows it."""
    if severity > 10:
        return f"{text} [SQLSTATE {_SQLSTATES.get(number, '42000')}] (Error {number})"
    return f"{text} [SQLSTATE 01000] (Message {number})"


_STEP_ENDS = {
    SUCCEEDED: "The step succeeded.", FAILED: "The step failed.", RETRY: "The step failed.",
    CANCELED: "The step was cancelled.",
}  # fmt: skip
_JOB_ENDS = {SUCCEEDED: "The job succeeded.", FAILED: "The job failed."}


def step_message(user: str, lines: list[str], outcome: int) -> str:
    """The message of a step's row in the history; what is too long is cut in the middle of the output."""
    end = f".  {_STEP_ENDS[outcome]}" if lines else f"  {_STEP_ENDS[outcome]}"
    begin = f"Executed as user: {user}. "
    return begin + "  ".join(lines)[: _MESSAGE_LENGTH - len(begin) - len(end)] + end


def job_message(cause: Cause, outcome: int, last: Step | None, stopped_by: str, note: str) -> str:
    """The message of a job's row in the history."""
    parts = [_JOB_ENDS.get(outcome) or f"The job was stopped prior to completion by {stopped_by}."]
    parts += [f"The Job was invoked by {cause}."]
    parts += [f"The last step to run was step {last.step_id} ({last.name})."] if last is not None else []
    return "  ".join([*parts, note] if note else parts)[:_MESSAGE_LENGTH]


def matches(level: int, outcome: int) -> bool:
    """Whether a level of notification or deletion (1 success, 2 failure, 3 always) applies to the outcome."""
    return level == 3 or (level, outcome) in ((1, SUCCEEDED), (2, FAILED))


def duration_number(seconds: float) -> int:
    """HHMMSS of a length of time."""
    whole = int(seconds)
    return whole // 3600 * 10000 + whole // 60 % 60 * 100 + whole % 60
