"""Schedules in Agent's terms: what is refused, what is kept, and when a schedule comes next."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from croniter import croniter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pymlsql.schedules import (
    AT_START,
    AT_TIME,
    DAILY,
    HOURS,
    IDLE,
    MINUTES,
    MONTHLY,
    ONCE,
    RELATIVE,
    SECONDS,
    WEEKLY,
    InvalidSchedule,
    Schedule,
    date_number,
    moment_of,
    next_run,
    reason_never,
    time_number,
    verify,
)

AT = dt.datetime.fromisoformat
SETTINGS = settings(max_examples=300, deadline=None, derandomize=True)


# --- what is no schedule ---------------------------------------------------------------------------------------------

FAULTS: dict[str, tuple[Schedule, int, str]] = {
    "a type that is none": (Schedule(3), 14266, "@freq_type"),
    "no type": (Schedule(0), 14266, "@freq_type"),
    "on demand": (Schedule(2), 14295, "OnDemand"),
    "a unit that is none": (Schedule(DAILY, freq_subday_type=3), 14266, "@freq_subday_type"),
    "a date before 1990": (Schedule(DAILY, active_start_date=19891231), 14266, "@active_start_date"),
    "a day that is none": (Schedule(DAILY, active_end_date=20270229), 14266, "19900101..99991231"),
    "an end before the start": (
        Schedule(DAILY, active_start_date=20270102, active_end_date=20270101), 14288, "@active_end_date cannot"),
    "a negative time": (Schedule(DAILY, active_start_time=-1), 14266, "000000..235959"),
    "the 24th hour": (Schedule(DAILY, active_end_time=240000), 14266, "@active_end_time"),
    "the 60th minute": (Schedule(DAILY, active_start_time=6000), 14287, "invalid minute"),
    "the 60th second": (Schedule(DAILY, active_start_time=60), 14287, "invalid second"),
    "a window of no length": (
        Schedule(DAILY, freq_subday_type=HOURS, freq_subday_interval=1, active_start_time=90000,
                 active_end_time=90000), 14266, "before or after @active_start_time"),
    "no interval within the day": (Schedule(DAILY, freq_subday_type=MINUTES), 14278, "@freq_subday_interval"),
    "every nine seconds": (
        Schedule(DAILY, freq_subday_type=SECONDS, freq_subday_interval=9), 14278, "@freq_subday_interval"),
    "every zeroth day": (Schedule(DAILY, freq_interval=0), 14278, "at least 1 for a daily job"),
    "no weekday": (Schedule(WEEKLY, freq_interval=0, freq_recurrence_factor=1), 14278, "day of the week bitmask"),
    "an eighth weekday": (Schedule(WEEKLY, freq_interval=128, freq_recurrence_factor=1), 14278, "bitmask"),
    "the 32nd": (Schedule(MONTHLY, freq_interval=32, freq_recurrence_factor=1), 14278, "between 1 and 31"),
    "the third bit's neighbour": (
        Schedule(RELATIVE, freq_interval=1, freq_relative_interval=3, freq_recurrence_factor=1), 14278, "Last (0x10)"),
    "an eleventh kind of day": (
        Schedule(RELATIVE, freq_interval=11, freq_relative_interval=1, freq_recurrence_factor=1), 14278,
        "between 1 and 10"),
    "every zeroth week": (Schedule(WEEKLY, freq_interval=1), 14278, "@freq_recurrence_factor"),
    "every zeroth month": (Schedule(MONTHLY, freq_interval=1), 14278, "@freq_recurrence_factor"),
}  # fmt: skip


@pytest.mark.parametrize(("schedule", "number", "text"), FAULTS.values(), ids=FAULTS)
def test_what_is_no_schedule_is_refused_with_agents_number(schedule: Schedule, number: int, text: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        verify(schedule)
    assert refused.value.number == number
    assert text in str(refused.value)


def test_terms_that_a_type_does_not_use_are_kept_as_zero() -> None:
    given_terms = Schedule(ONCE, 5, SECONDS, 3, 7, 9, 20270101, active_start_time=233000)
    assert verify(given_terms) == Schedule(ONCE, 0, 0, 0, 0, 0, 20270101, active_start_time=233000)
    assert verify(Schedule(DAILY, freq_recurrence_factor=4)).freq_recurrence_factor == 0
    assert verify(Schedule(DAILY, freq_subday_type=0)).freq_subday_type == AT_TIME


# --- when it comes ---------------------------------------------------------------------------------------------------

WEEKDAYS = Schedule(WEEKLY, 62, freq_recurrence_factor=1, active_start_date=20260101, active_start_time=60000)
LAST_WORKDAY = Schedule(RELATIVE, 9, freq_relative_interval=16, freq_recurrence_factor=1, active_start_date=20260101)
NIGHT = Schedule(DAILY, 1, HOURS, 2, active_start_date=20260101, active_start_time=220000, active_end_time=50000)

RUNS: dict[str, tuple[Schedule, str, str | None]] = {
    "once, to come": (Schedule(ONCE, active_start_date=20261121, active_start_time=233000), "2026-11-21 23:29:59",
                      "2026-11-21 23:30:00"),
    "once, gone": (Schedule(ONCE, active_start_date=20261121, active_start_time=233000), "2026-11-21 23:30:00", None),
    "at start": (Schedule(AT_START), "2026-11-21 00:00:00", None),
    "idle": (Schedule(IDLE), "2026-11-21 00:00:00", None),
    "workdays, on a Friday": (WEEKDAYS, "2026-11-20 06:00:00", "2026-11-23 06:00:00"),
    "every third day is counted from the start": (
        Schedule(DAILY, 3, active_start_date=20260101), "2026-01-02 00:00:00", "2026-01-04 00:00:00"),
    "every second week is counted by calendar weeks": (
        Schedule(WEEKLY, 2, freq_recurrence_factor=2, active_start_date=20261118), "2026-11-18 00:00:00",
        "2026-11-30 00:00:00"),
    "a start long past counts from the day it was made": (
        Schedule(WEEKLY, 2, freq_recurrence_factor=2, active_start_date=20260101, counted_from=20261125),
        "2026-11-25 00:00:00", "2026-12-07 00:00:00"),
    "the 31st skips short months": (
        Schedule(MONTHLY, 31, freq_recurrence_factor=1, active_start_date=20260101), "2026-03-31 00:00:00",
        "2026-05-31 00:00:00"),
    "29 February waits for a leap year": (
        Schedule(MONTHLY, 29, freq_recurrence_factor=12, active_start_date=20260201), "2026-02-01 00:00:00",
        "2028-02-29 00:00:00"),
    "the last workday": (LAST_WORKDAY, "2026-05-01 00:00:00", "2026-05-29 00:00:00"),
    "the second weekend day": (replace(LAST_WORKDAY, freq_interval=10, freq_relative_interval=2),
                               "2026-11-02 00:00:00", "2026-11-07 00:00:00"),
    "the last day": (replace(LAST_WORKDAY, freq_interval=8), "2028-02-01 00:00:00", "2028-02-29 00:00:00"),
    "over midnight": (NIGHT, "2026-11-21 22:00:00", "2026-11-22 00:00:00"),
    "after the night": (NIGHT, "2026-11-22 04:00:00", "2026-11-22 22:00:00"),
    "not in the night before the start": (NIGHT, "2025-12-31 23:30:00", "2026-01-01 22:00:00"),
    "not in the night after the end": (replace(NIGHT, active_end_date=20261121), "2026-11-21 22:00:00", None),
    "once a day needs no end time": (
        Schedule(DAILY, active_start_date=20260101, active_start_time=220000, active_end_time=10000),
        "2026-11-21 22:00:00", "2026-11-22 22:00:00"),
    "the window's last second": (
        Schedule(DAILY, 1, SECONDS, 10, active_start_date=20260101, active_end_time=20), "2026-11-21 00:00:10",
        "2026-11-21 00:00:20"),
    "after the window's last second": (
        Schedule(DAILY, 1, SECONDS, 10, active_start_date=20260101, active_end_time=20), "2026-11-21 00:00:20",
        "2026-11-22 00:00:00"),
    "a part of a second is not a second": (WEEKDAYS, "2026-11-20 05:59:59.900000", "2026-11-20 06:00:00"),
    "nothing after the calendar's end": (Schedule(DAILY), "9999-12-31 00:00:00", None),
}  # fmt: skip


@pytest.mark.parametrize(("schedule", "after", "expected"), RUNS.values(), ids=RUNS)
def test_next_run(schedule: Schedule, after: str, expected: str | None) -> None:
    assert next_run(verify(schedule), AT(after)) == (AT(expected) if expected else None)


NEVER: dict[str, tuple[Schedule, str]] = {
    "30 February": (Schedule(MONTHLY, 30, freq_recurrence_factor=12, active_start_date=20270201), "has a day 30"),
    "29 February of years that are no leap years": (
        Schedule(MONTHLY, 29, freq_recurrence_factor=48, active_start_date=20270201), "has a day 29"),
    "over": (Schedule(DAILY, active_end_date=20261120), "ended on 2026-11-20"),
    "once, past": (Schedule(ONCE, active_start_date=20261121), "runs once, at 2026-11-21 00:00:00"),
    "ends before it has come": (
        Schedule(WEEKLY, 1, freq_recurrence_factor=1, active_start_date=20261123, active_end_date=20261128),
        "ends on 2026-11-28"),
}  # fmt: skip


@pytest.mark.parametrize(("schedule", "reason"), NEVER.values(), ids=NEVER)
def test_a_schedule_that_never_fires_is_found(schedule: Schedule, reason: str) -> None:
    found = reason_never(verify(schedule), AT("2026-11-21 12:00:00"))
    assert found is not None
    assert reason in found


@pytest.mark.parametrize("schedule", [WEEKDAYS, Schedule(AT_START), Schedule(IDLE)], ids=["weekly", "start", "idle"])
def test_a_schedule_that_may_fire_has_no_reason_against_it(schedule: Schedule) -> None:
    assert reason_never(verify(schedule), AT("2026-11-21 12:00:00")) is None


def test_numbers_and_moments_are_each_others_inverse() -> None:
    moment = AT("2026-11-21 07:08:09")
    assert (date_number(moment), time_number(moment)) == (20261121, 70809)
    assert moment_of(20261121, 70809) == moment


# --- against an independent library and an independent reading -------------------------------------------------------

MOMENTS = st.datetimes(dt.datetime(2023, 1, 1), dt.datetime(2030, 12, 31)).map(lambda m: m.replace(microsecond=0))
N_RUNS = 12


def runs(schedule: Schedule, after: dt.datetime, count: int = N_RUNS) -> list[dt.datetime]:
    found: list[dt.datetime] = []
    while len(found) < count and (moment := next_run(schedule, found[-1] if found else after)) is not None:
        found.append(moment)
    return found


@st.composite
def days(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """The days of a schedule, in Agent's terms and as cron's last three fields (day of month, month, weekday)."""
    kind = draw(st.sampled_from([DAILY, WEEKLY, MONTHLY, RELATIVE]))
    if kind == DAILY:
        return {"freq_type": DAILY, "freq_interval": 1}, "* * *"
    if kind == WEEKLY:
        chosen = draw(st.sets(st.integers(0, 6), min_size=1))
        return {"freq_type": WEEKLY, "freq_interval": sum(1 << day for day in chosen),
                "freq_recurrence_factor": 1}, f"* * {','.join(map(str, sorted(chosen)))}"  # fmt: skip
    factor = draw(st.sampled_from([1, 2, 3, 4, 6, 12]))
    start = draw(st.integers(1, 12))
    months = ",".join(str(month) for month in range(1, 13) if (month - start) % factor == 0)
    terms = {"freq_recurrence_factor": factor, "active_start_date": 20200001 + start * 100}
    if kind == MONTHLY:
        day = draw(st.integers(1, 28))
        return {"freq_type": MONTHLY, "freq_interval": day, **terms}, f"{day} {months} *"
    place = draw(st.integers(0, 4))
    terms |= {"freq_type": RELATIVE, "freq_relative_interval": 1 << place}
    if draw(st.booleans()):
        weekday = draw(st.integers(0, 6))
        which = f"L{weekday}" if place == 4 else f"{weekday}#{place + 1}"
        return {**terms, "freq_interval": weekday + 1}, f"* {months} {which}"
    return {**terms, "freq_interval": 8}, f"{'L' if place == 4 else place + 1} {months} *"


@st.composite
def times(draw: st.DrawFn) -> tuple[dict[str, int], str]:
    """The times of a day, in Agent's terms and as cron's first three fields (second, minute, hour)."""
    kind = draw(st.sampled_from([AT_TIME, SECONDS, MINUTES, HOURS]))
    hour, last = sorted((draw(st.integers(0, 23)), draw(st.integers(0, 23))))
    minute, second = draw(st.integers(0, 59)), draw(st.integers(0, 59))
    if kind == AT_TIME:
        return {"freq_subday_type": kind, "active_start_time": hour * 10000 + minute * 100 + second}, \
            f"{second} {minute} {hour}"  # fmt: skip
    if kind == HOURS:
        step = draw(st.integers(1, 23))
        return {"freq_subday_type": kind, "freq_subday_interval": step,
                "active_start_time": hour * 10000 + minute * 100, "active_end_time": last * 10000 + 5959}, \
            f"0 {minute} {','.join(map(str, range(hour, last + 1, step)))}"  # fmt: skip
    step = draw(st.sampled_from([10, 12, 15, 20, 30]))
    fields = f"*/{step} *" if kind == SECONDS else f"0 */{step}"
    hours = ",".join(map(str, range(hour, last + 1)))
    return {"freq_subday_type": kind, "freq_subday_interval": step, "active_start_time": hour * 10000,
            "active_end_time": last * 10000 + 5959}, f"{fields} {hours}"  # fmt: skip


@SETTINGS
@given(days(), times(), MOMENTS)
def test_the_runs_are_crons_where_the_terms_are(
    which: tuple[dict[str, Any], str], at: tuple[dict[str, int], str], after: dt.datetime
) -> None:
    schedule = verify(Schedule(**{"active_start_date": 20200101, **which[0], **at[0]}))
    cron = croniter(f"{at[1]} {which[1]}", after, second_at_beginning=True)
    assert runs(schedule, after) == [cron.get_next(dt.datetime) for _ in range(N_RUNS)]


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any valid schedule that recurs, in a window of some months."""
    kind = draw(st.sampled_from([DAILY, WEEKLY, MONTHLY, RELATIVE]))
    interval = {DAILY: st.integers(1, 9), WEEKLY: st.integers(1, 127), MONTHLY: st.integers(1, 31),
                RELATIVE: st.integers(1, 10)}[kind]  # fmt: skip
    unit = draw(st.sampled_from([AT_TIME, MINUTES, HOURS]))
    start = draw(st.dates(dt.date(2024, 1, 1), dt.date(2024, 12, 31)))
    end = start + dt.timedelta(days=draw(st.integers(0, 200)))
    begin, stop = (draw(st.times()) for _ in range(2))
    assume(unit == AT_TIME or (begin.hour, begin.minute) != (stop.hour, stop.minute))
    return verify(Schedule(
        kind, draw(interval), unit, draw(st.integers(20, 300)), draw(st.sampled_from([1, 2, 4, 8, 16])),
        draw(st.integers(1, 5)), date_number(start), date_number(end), begin.hour * 10000 + begin.minute * 100,
        stop.hour * 10000 + stop.minute * 100,
    ))  # fmt: skip


def is_day(schedule: Schedule, day: dt.date) -> bool:
    """Whether the schedule names this day, read off the documentation's table one day at a time."""
    start = dt.date.fromisoformat(str(schedule.active_start_date))
    every, factor, weekday = schedule.freq_interval, schedule.freq_recurrence_factor, day.isoweekday() % 7
    if schedule.freq_type == DAILY:
        return (day - start).days % every == 0
    if schedule.freq_type == WEEKLY:
        sundays = [date - dt.timedelta(days=date.isoweekday() % 7) for date in (start, day)]
        return bool(every >> weekday & 1) and (sundays[1] - sundays[0]).days // 7 % factor == 0
    if ((day.year - start.year) * 12 + day.month - start.month) % factor:
        return False
    if schedule.freq_type == MONTHLY:
        return day.day == every
    month = [day.replace(day=1) + dt.timedelta(days=n) for n in range(31)]
    named = [date for date in month if date.month == day.month and (
        every == 8 or date.isoweekday() % 7 + 1 == every
        or (every == 9 and date.isoweekday() < 6) or (every == 10 and date.isoweekday() > 5))]  # fmt: skip
    return day == (named[-1] if schedule.freq_relative_interval == 16
                   else named[schedule.freq_relative_interval.bit_length() - 1])  # fmt: skip


def all_runs(schedule: Schedule) -> list[dt.datetime]:
    """Every run of a schedule, found by going through its days."""
    start, end = (dt.date.fromisoformat(str(date)) for date in (schedule.active_start_date, schedule.active_end_date))
    found = []
    for day in (start + dt.timedelta(days=n) for n in range((end - start).days + 1)):
        if not is_day(schedule, day):
            continue
        at = moment_of(date_number(day), schedule.active_start_time)
        last = moment_of(date_number(day), schedule.active_end_time)
        last += dt.timedelta(days=last < at)
        found.append(at)
        step = dt.timedelta(minutes=schedule.freq_subday_interval * (60 if schedule.freq_subday_type == HOURS else 1))
        while schedule.freq_subday_type != AT_TIME and at + step <= last:
            at += step
            found.append(at)
    return [at for at in found if at.date() <= end]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(schedules())
def test_the_runs_are_those_of_going_through_all_days(schedule: Schedule) -> None:
    assert runs(schedule, dt.datetime(2023, 1, 1), 100_000) == all_runs(schedule)
