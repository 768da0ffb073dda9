"""Cron's lines as schedules of Agent: the same times, held against an independent cron, or refused."""

from __future__ import annotations

import datetime as dt

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from pymlsql import schedules
from pymlsql.jobs.cron import MAX_SCHEDULES, parse_cron

N_RUNS = 20


def field(low: int, high: int) -> st.SearchStrategy[str]:
    """A field of cron: any, a step, a number, a list, a range."""
    number = st.integers(low, high)
    ranges = st.tuples(number, number).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: f"{pair[0]}-{pair[1]}")
    lists = st.lists(number, min_size=1, max_size=4, unique=True).map(lambda found: ",".join(map(str, found)))
    return st.one_of(st.just("*"), st.integers(1, 30).map(lambda step: f"*/{step}"), lists, ranges)


DAYS = st.one_of(
    st.tuples(st.just("*"), field(0, 6)),
    st.tuples(st.lists(st.integers(1, 28), min_size=1, max_size=3, unique=True).map(lambda d: ",".join(map(str, d))),
              st.just("*")),
)  # fmt: skip


def runs(text: str, after: dt.datetime) -> list[dt.datetime]:
    """The next runs of all schedules of a line, each time once."""
    found: set[dt.datetime] = set()
    for schedule in parse_cron(text):
        at = after
        for _ in range(N_RUNS):
            upcoming = schedules.next_run(schedules.verify(schedule), at)
            assert upcoming is not None
            found.add(upcoming)
            at = upcoming
    return sorted(found)[:N_RUNS]


@given(field(0, 59), field(0, 23), DAYS, st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)))
def test_schedules_run_when_cron_does(minutes: str, hours: str, days: tuple[str, str], after: dt.datetime) -> None:
    text = f"{minutes} {hours} {days[0]} * {days[1]}"
    after = after.replace(microsecond=0)
    try:
        assert len(parse_cron(text)) <= MAX_SCHEDULES
    except ValueError as error:
        assert "would take" in str(error)
        return
    cron = croniter(text, after)
    assert runs(text, after) == [cron.get_next(dt.datetime) for _ in range(N_RUNS)]


@pytest.mark.parametrize(
    ("text", "n"),
    [("30 2 * * *", 1), ("*/15 * * * *", 1), ("0 */2 * * *", 1), ("*/15 6-20 * * mon-fri", 15), ("0 8,20 * * 7", 1),
     ("0 0 1,15 * *", 2), ("5 4 * * sun,Sat", 1), ("* * * * *", 1)],
)  # fmt: skip
def test_a_line_takes_as_few_schedules_as_can_be(text: str, n: int) -> None:
    assert len(parse_cron(text)) == n


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30 2 * *", "needs five fields"),
        ("30 2 * * * *", "needs five fields"),
        ("60 2 * * *", "'60' is no minute"),
        ("30 24 * * *", "'24' is no hour"),
        ("30 2 0 * *", "'0' is no day of the month"),
        ("30 2 * * 8", "'8' is no day of the week"),
        ("30 2 * * someday", "'someday' is no day of the week"),
        ("30 2 * * sunny", "'sunny' is no day of the week"),
        ("30 2 5-3 * *", "'5-3' is no day of the month"),
        ("*/0 2 * * *", r"'\*/0' is no minute"),
        ("30 2 1 * 1", "write two schedules"),
        ("30 2 * jan *", "'jan' is no month|names months"),
        ("30 2 * 6 *", "names months"),
        ("1,7,12,40 1,5,6,9,13,17,20 * * *", "would take 28 schedules"),
        ("@daily", "needs five fields"),
    ],
)
def test_what_is_no_line_or_has_no_schedule_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_cron(text)
