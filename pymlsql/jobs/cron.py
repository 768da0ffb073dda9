"""Times as cron writes them, as schedules of SQL Server Agent: exactly, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymlsql.schedules import AT_TIME, DAILY, HOURS, MINUTES, MONTHLY, WEEKLY, Schedule

MAX_SCHEDULES = 24
"""One cron line becomes at most so many schedules."""

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_NAMES = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
"""Days of the week as cron calls them."""
_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")


@dataclass(frozen=True, slots=True)
class _Field:
    """The values of a field, and whether it says no more than `every`."""

    values: tuple[int, ...]
    is_any: bool


def parse_cron(text: str) -> tuple[Schedule, ...]:
    """The schedules of `minute hour day month weekday`; days of the week are 0 to 7 or names, Sunday is 0 and 7.

    Raises ValueError for what is no such line, and for what Agent has no terms for: months, and days of the month
    together with days of the week.
    """
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"{text!r} needs five fields: minute hour day month weekday")
    minutes, hours, days, months, weekdays = (_parse(part, *field) for part, field in zip(parts, _FIELDS, strict=True))
    if not months.is_any:
        raise ValueError(f"{text!r} names months, for which SQL Server Agent has no schedule: leave the fourth field *")
    if not days.is_any and not weekdays.is_any:
        raise ValueError(f"{text!r} names days of the month and of the week: write two schedules")
    if days.is_any:
        mask = sum(1 << day for day in {day % 7 for day in weekdays.values})
        on = [Schedule(DAILY, 1)] if mask == 127 else [Schedule(WEEKLY, mask, freq_recurrence_factor=1)]
    else:
        on = [Schedule(MONTHLY, day, freq_recurrence_factor=1) for day in days.values]
    made = [_at(day, *times) for day in on for times in _times(minutes, hours)]
    if len(made) > MAX_SCHEDULES:
        raise ValueError(f"{text!r} would take {len(made)} schedules, {MAX_SCHEDULES} at most: write it otherwise")
    return tuple(made)


def _at(day: Schedule, kind: int, interval: int, start: int, end: int) -> Schedule:
    return Schedule(
        day.freq_type,
        day.freq_interval,
        freq_subday_type=kind,
        freq_subday_interval=interval,
        freq_recurrence_factor=day.freq_recurrence_factor,
        active_start_time=start,
        active_end_time=end,
    )


def _times(minutes: _Field, hours: _Field) -> list[tuple[int, int, int, int]]:
    """Subday type, interval, first and last time of what a day has, as few as can be."""
    step = _step(minutes.values, 60)
    if step is not None and _step(hours.values, 24) == 1:
        return [(MINUTES, step, minutes.values[0] * 100, 235959)]
    if step is not None and len(minutes.values) > 1:
        first = minutes.values[0] * 100
        return [(MINUTES, step, hour * 10000 + first, hour * 10000 + 5959) for hour in hours.values]
    every = _step(hours.values, 24)
    if every is not None and len(hours.values) > 1:
        first = hours.values[0] * 10000
        return [(HOURS, every, first + minute * 100, 235959) for minute in minutes.values]
    return [(AT_TIME, 0, hour * 10000 + minute * 100, 235959) for hour in hours.values for minute in minutes.values]


def _step(values: tuple[int, ...], size: int) -> int | None:
    """The step of values that go on evenly to the end of the hour or day, or None."""
    if len(values) < 2:
        return None
    step = values[1] - values[0]
    goes_on = tuple(range(values[0], size, step)) == values
    wraps = size % step == 0 and values[0] < step
    return step if goes_on and wraps else None


def _parse(text: str, name: str, low: int, high: int) -> _Field:
    values: set[int] = set()
    for part in text.lower().split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is no {name} of cron")
        every, first, last, step = found.groups()
        start = low if every else _number(str(first), name, low, high)
        end = high if every or (step and not last) else _number(str(last), name, low, high) if last else start
        if start > end or step == "0":
            raise ValueError(f"{part!r} is no {name} of cron")
        values.update(range(start, end + 1, int(step or 1)))
    if high == 7:
        values = {value % 7 for value in values}
        return _Field(tuple(sorted(values)), len(values) == 7)
    return _Field(tuple(sorted(values)), len(values) == high - low + 1)


def _number(text: str, name: str, low: int, high: int) -> int:
    number = _NAMES.get(text) if high == 7 and not text.isdigit() else int(text) if text.isdigit() else None
    if number is None or not low <= number <= high:
        raise ValueError(f"{text!r} is no {name} of cron: {low} to {high}")
    return number
