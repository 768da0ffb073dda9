"""What is due, on clocks that run, leap and are put back."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from pymlsql.embedded.agent.planner import Planner
from pymlsql.jobs.cron import parse_cron
from pymlsql.schedules import DAILY, MINUTES, ONCE, Schedule, next_run, verify

AT = dt.datetime.fromisoformat
BERLIN = ZoneInfo("Europe/Berlin")
HALF_PAST_TWO = Schedule(DAILY, active_start_time=23000)
EVERY_HALF_HOUR = Schedule(DAILY, 1, MINUTES, 30)
NOON = Schedule(DAILY, active_start_time=120000)


def runs_in_berlin(schedules: dict[str, Schedule], start: str, hours: int) -> list[tuple[str, str]]:
    """Who is due when, as its clock shows, looked at every 30 seconds of ``hours`` true hours."""
    instant = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)
    planner: Planner[str] = Planner(instant.astimezone(BERLIN).replace(tzinfo=None))
    planner.keep(schedules, instant.astimezone(BERLIN).replace(tzinfo=None))
    found = []
    for _ in range(hours * 120):
        instant += dt.timedelta(seconds=30)
        wall = instant.astimezone(BERLIN).replace(tzinfo=None)
        found += [(key, f"{wall:%d %H:%M}") for key in planner.due(wall)]
    return found


def test_a_time_that_the_clock_leaps_over_is_due_at_once_and_only_once() -> None:
    runs = runs_in_berlin({"daily": HALF_PAST_TWO, "half hour": EVERY_HALF_HOUR}, "2026-03-28T23:45", 3)
    assert runs == [
        ("half hour", "29 01:00"), ("half hour", "29 01:30"), ("half hour", "29 03:00"), ("daily", "29 03:00"),
        ("half hour", "29 03:30"), ("half hour", "29 04:00"), ("half hour", "29 04:30"),
    ]  # fmt: skip


def test_an_hour_that_comes_twice_has_its_runs_once() -> None:
    runs = runs_in_berlin({"daily": HALF_PAST_TWO, "half hour": EVERY_HALF_HOUR}, "2026-10-24T23:45", 4)
    assert runs == [
        ("half hour", "25 02:00"), ("daily", "25 02:30"), ("half hour", "25 02:30"), ("half hour", "25 03:00"),
        ("half hour", "25 03:30"), ("half hour", "25 04:00"), ("half hour", "25 04:30"),
    ]  # fmt: skip


def test_the_day_after_a_change_is_as_any_other() -> None:
    assert runs_in_berlin({"daily": HALF_PAST_TWO}, "2026-03-29T12:00", 24) == [("daily", "30 02:30")]
    assert runs_in_berlin({"daily": HALF_PAST_TWO}, "2026-10-25T12:00", 24) == [("daily", "26 02:30")]


def test_a_clock_that_was_wrong_and_is_put_back_is_planned_anew() -> None:
    planner: Planner[str] = Planner(AT("2027-11-21 11:00"))
    planner.keep({"noon": NOON}, AT("2027-11-21 11:00"))
    assert planner.due(AT("2026-11-21 11:00")) == []
    assert planner.planned("noon") == AT("2026-11-21 12:00")
    assert planner.due(AT("2026-11-21 12:00")) == ["noon"]


def test_what_was_due_before_anybody_looked_is_not_made_up_for() -> None:
    planner: Planner[str] = Planner(AT("2026-11-21 12:30"))
    planner.keep({"noon": NOON, "once": Schedule(ONCE, active_start_date=20261121)}, AT("2026-11-21 12:30"))
    assert planner.due(AT("2026-11-21 12:31")) == []
    assert planner.planned("once") is None
    assert planner.next_due == AT("2026-11-22 12:00")


def test_a_schedule_that_stays_keeps_its_plan_and_one_that_is_changed_is_planned_anew() -> None:
    planner: Planner[str] = Planner(AT("2026-11-21 11:00"))
    planner.keep({"a": NOON, "b": NOON}, AT("2026-11-21 11:00"))
    planner.keep({"a": NOON, "b": EVERY_HALF_HOUR}, AT("2026-11-21 12:10"))
    assert planner.due(AT("2026-11-21 12:10")) == ["a"]
    assert planner.planned("b") == AT("2026-11-21 12:30")
    planner.keep({}, AT("2026-11-21 12:10"))
    assert planner.next_due is None
    assert planner.planned("a") is None


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 235959 // 10000), st.integers(1, 90)), min_size=1, max_size=8),
       st.integers(0, 86399))  # fmt: skip
def test_a_clock_that_runs_gives_exactly_the_runs_of_the_schedules(terms: list[tuple[int, int]], second: int) -> None:
    schedules = {n: Schedule(DAILY, 1, MINUTES, step, active_start_time=hour * 10000 + n)
                 for n, (hour, step) in enumerate(terms)}  # fmt: skip
    now = start = AT("2026-06-01 00:00") + dt.timedelta(seconds=second)
    planner: Planner[int] = Planner(now)
    planner.keep(schedules, now)
    found = []
    while planner.next_due is not None and planner.next_due <= start + dt.timedelta(days=1):
        now = planner.next_due
        found += [(now, key) for key in planner.due(now)]
    expected = []
    for key, schedule in schedules.items():
        at = next_run(schedule, start)
        while at is not None and at <= start + dt.timedelta(days=1):
            expected.append((at, key))
            at = next_run(schedule, at)
    assert sorted(found) == sorted(expected)


def field(low: int, high: int, step: int) -> st.SearchStrategy[str]:
    """A field of cron that names few values."""
    number = st.integers(low, high)
    lists = st.lists(number, min_size=1, max_size=3, unique=True).map(lambda found: ",".join(map(str, sorted(found))))
    return st.one_of(lists, st.integers(step, 30).map(lambda n: f"*/{n}"))


LINES = st.builds(
    lambda minute, hour, day: f"{minute} {hour} {day}",
    field(0, 59, 10), st.one_of(st.just("*"), field(0, 23, 2)),
    st.one_of(st.just("* * *"), field(0, 6, 2).map(lambda days: f"* * {days}"), st.just("1,15 * *")),
).filter(lambda text: len(text) < 40 and is_said(text))  # fmt: skip


def is_said(text: str) -> bool:
    """Whether Agent has terms for it."""
    try:
        return bool(parse_cron(text))
    except ValueError:
        return False


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.lists(LINES, min_size=50, max_size=50), st.integers(0, 6 * 86400))
def test_fifty_jobs_on_a_day_s_clock_run_when_cron_says(lines: list[str], second: int) -> None:
    """A clock that is looked at each second that matters, against an independent reading of cron's lines."""
    start = AT("2026-06-01 00:00") + dt.timedelta(seconds=second)
    end = start + dt.timedelta(days=1)
    kept = {
        (job, n): verify(schedule) for job, line in enumerate(lines) for n, schedule in enumerate(parse_cron(line))
    }
    planner: Planner[tuple[int, int]] = Planner(start)
    planner.keep(kept, start)
    found: set[tuple[int, dt.datetime]] = set()
    while planner.next_due is not None and planner.next_due <= end:
        now = planner.next_due
        found |= {(job, now) for job, _ in planner.due(now)}
    expected = set()
    for job, line in enumerate(lines):
        cron = croniter(line, start)
        while (at := cron.get_next(dt.datetime)) <= end:
            expected.add((job, at))
    assert found == expected
