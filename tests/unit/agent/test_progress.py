"""A job's way through its steps, and how its history words it."""

from __future__ import annotations

import pytest

from pymlsql.embedded.agent.progress import (
    CANCELED,
    FAILED,
    SUCCEEDED,
    Cause,
    Job,
    Step,
    duration_number,
    follow,
    job_message,
    matches,
    output_line,
    step_message,
)


def step(number: int, success: tuple[int, int] = (1, 0), fail: tuple[int, int] = (2, 0)) -> Step:
    return Step(number, f"step {number}", "", "master", None, 0, *success, *fail, 0, 0)


def job(*steps: Step) -> Job:
    return Job("J", "job", "01", 1, 0, 0, None, steps)


WAYS = {
    "success quits": (step(1), True, True),
    "failure quits": (step(1), False, False),
    "quit with failure after success": (step(1, (2, 0)), True, False),
    "quit with success after failure": (step(1, fail=(1, 0)), False, True),
    "next step": (step(1, (3, 0)), True, 2),
    "next step after failure": (step(1, fail=(3, 0)), False, 2),
    "go to": (step(1, (4, 3)), True, 3),
    "go back after failure": (step(3, fail=(4, 1)), False, 1),
    "behind the last step": (step(3, (3, 0)), True, True),
    "behind the last step after failure": (step(3, fail=(3, 0)), False, False),
    "to a step that is not there": (step(1, (4, 9)), True, True),
}


@pytest.mark.parametrize(("current", "succeeded", "expected"), WAYS.values(), ids=WAYS)
def test_what_follows_a_step(current: Step, succeeded: bool, expected: int | bool) -> None:
    found = follow(job(step(1), step(2), step(3)), current, succeeded)
    assert (type(found), found) == (type(expected), expected)


def test_a_step_s_message_has_user_output_and_outcome() -> None:
    lines = [output_line(0, 0, "done"), output_line(208, 16, "Invalid object name 't'.")]
    assert step_message("sa", lines, FAILED) == (
        "Executed as user: sa. done [SQLSTATE 01000] (Message 0)  Invalid object name 't'. [SQLSTATE 42S02] (Error 208)"
        ".  The step failed."
    )
    long = step_message("sa", ["x" * 9000], SUCCEEDED)
    assert len(long) == 4000
    assert long.endswith(".  The step succeeded.")


def test_a_job_s_message_names_cause_and_last_step() -> None:
    assert job_message(Cause(1, "nightly", 8), SUCCEEDED, step(2), "", "") == (
        "The job succeeded.  The Job was invoked by Schedule 8 (nightly).  The last step to run was step 2 (step 2)."
    )
    assert job_message(Cause(4, "sa"), CANCELED, None, "User sa", "") == (
        "The job was stopped prior to completion by User sa.  The Job was invoked by User sa."
    )


@pytest.mark.parametrize(("level", "outcomes"), [(0, []), (1, [1]), (2, [0]), (3, [0, 1, 3])])
def test_a_level_applies_to_outcomes(level: int, outcomes: list[int]) -> None:
    assert [outcome for outcome in (FAILED, SUCCEEDED, CANCELED) if matches(level, outcome)] == outcomes


def test_a_duration_is_hours_minutes_and_seconds_in_digits() -> None:
    assert [duration_number(s) for s in (0.9, 59, 60, 3661, 360000)] == [0, 59, 100, 10101, 1000000]
