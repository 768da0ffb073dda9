"""Schedules in SQL Server Agent's terms: what is a valid one, and when it comes next. No clock, no thread, no zone.

Times here are those of the wall clock: datetimes without a zone, in whole seconds. How a run is found by them where the
clock is put forward or back says :mod:`pymlsql.embedded.agent.planner`. Source: sql-docs, sp_add_schedule and
dbo.sysschedules. What those pages leave open is decided here:

- Weeks begin on Sunday. Every n-th week, month or day is counted from the one of the start date, which is the first.
- A month without the day (31, 30, 29 February) has no run.
- An end time before the start time is one of the next day: the runs go on over midnight, but not beyond the end date.
- An end time of 0 is none: 23:59:59, as msdb's procedures have it.
- What runs once a day runs at the start time, whatever the end time.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from dataclasses import dataclass, fields
from typing import Final

ONCE, DAILY, WEEKLY, MONTHLY, RELATIVE, AT_START, IDLE = 1, 4, 8, 16, 32, 64, 128
FREQUENCIES: Final = (ONCE, DAILY, WEEKLY, MONTHLY, RELATIVE, AT_START, IDLE)
AT_TIME, SECONDS, MINUTES, HOURS = 1, 2, 4, 8
_UNIT_S = {SECONDS: 1, MINUTES: 60, HOURS: 3600}
_DAY_S = 86400
_SHORTEST_S = 10
_EPOCH_SUNDAY = dt.date(2000, 1, 2).toordinal() % 7
_MAX_MONTHS_LOOKED_AT = 400
"""The months a schedule comes to repeat after at most 400 of its steps: the calendar's cycle is 400 years."""

NO_END_DATE, LAST_TIME, FIRST_DATE = 99991231, 235959, 19900101

SCHEDULE_FAULTS: Final[dict[int, str]] = {
    14200: "The specified '{}' is invalid.",
    14266: "The specified '{}' is invalid (valid values are: {}).",
    14278: "The schedule for this job is invalid (reason: {}).",
    14287: "The '{}' supplied has an invalid {}.",
    14288: "{} cannot be before {}.",
    14295: "Frequency Type 0x2 (OnDemand) is no longer supported.",
}
"""number: text of the errors that :func:`verify` raises; all have severity 16."""

_DAILY_INTERVAL = "@freq_interval must be at least 1 for a daily job."
_WEEKLY_INTERVAL = (
    "@freq_interval must be a valid day of the week bitmask [Sunday = 1 .. Saturday = 64] for a weekly job."
)
_MONTHLY_INTERVAL = "@freq_interval must be between 1 and 31 for a monthly job."
_RELATIVE_PLACE = "@freq_relative_interval must be one of 1st (0x1), 2nd (0x2), 3rd [0x4], 4th (0x8) or Last (0x10)."
_RELATIVE_INTERVAL = (
    "@freq_interval must be between 1 and 10 (1 = Sunday .. 7 = Saturday, 8 = Day, 9 = Weekday, 10 = Weekend-day) for "
    "a monthly-relative job."
)
_RECURRENCE = "@freq_recurrence_factor must be at least 1."


class InvalidSchedule(ValueError):
    """What is no schedule; ``number`` and ``arguments`` are those of SQL Server's message, ``str()`` its text."""

    def __init__(self, number: int, *arguments: str) -> None:
        super().__init__(SCHEDULE_FAULTS[number].format(*arguments))
        self.number = number
        self.arguments = arguments


@dataclass(frozen=True, slots=True)
class Schedule:
    """A row of sysschedules as far as it says when: dates YYYYMMDD, times HHMMSS. :func:`verify` makes valid ones.

    ``counted_from`` is the date that weeks and months are counted from; 0 is the start date. Agent counts a weekly or
    monthly schedule whose start date was past when it was made from the day it was made.
    """

    freq_type: int
    freq_interval: int = 1
    freq_subday_type: int = AT_TIME
    freq_subday_interval: int = 0
    freq_relative_interval: int = 0
    freq_recurrence_factor: int = 0
    active_start_date: int = FIRST_DATE
    active_end_date: int = NO_END_DATE
    active_start_time: int = 0
    active_end_time: int = LAST_TIME
    counted_from: int = 0


# What is valid ----------------------------------------------------------------------------------------------------


def verify(terms: Schedule) -> Schedule:
    """The schedule as sysschedules keeps it: terms that its type does not use are 0. Raises InvalidSchedule."""
    if terms.freq_type == 2:
        raise InvalidSchedule(14295)
    if terms.freq_type not in FREQUENCIES:
        raise InvalidSchedule(14266, "@freq_type", ", ".join(map(str, FREQUENCIES)))
    if terms.freq_subday_type not in (0, AT_TIME, SECONDS, MINUTES, HOURS):
        raise InvalidSchedule(14266, "@freq_subday_type", "0x1, 0x2, 0x4, 0x8")
    if terms.active_end_time == 0:
        terms = _changed(terms, active_end_time=LAST_TIME)
    _verify_window(terms)
    if terms.freq_type in (ONCE, AT_START, IDLE):
        return _changed(terms, freq_interval=0, freq_subday_type=0, freq_subday_interval=0, freq_relative_interval=0,
                        freq_recurrence_factor=0)  # fmt: skip
    kept = _changed(terms, freq_subday_type=terms.freq_subday_type or AT_TIME)
    _verify_subday(kept)
    reason = _reason_against(kept)
    if reason:
        raise InvalidSchedule(14278, reason)
    if kept.freq_type == DAILY:
        kept = _changed(kept, freq_recurrence_factor=0)
    return kept


def _changed(schedule: Schedule, **terms: int) -> Schedule:
    return Schedule(**{field.name: terms.get(field.name, getattr(schedule, field.name)) for field in fields(Schedule)})


def _verify_window(terms: Schedule) -> None:
    verify_date(terms.active_start_date, "@active_start_date")
    verify_date(terms.active_end_date, "@active_end_date")
    if terms.active_end_date < terms.active_start_date:
        raise InvalidSchedule(14288, "@active_end_date", "@active_start_date")
    verify_time(terms.active_start_time, "@active_start_time")
    verify_time(terms.active_end_time, "@active_end_time")
    if terms.freq_subday_type in _UNIT_S and terms.active_start_time == terms.active_end_time:
        raise InvalidSchedule(14266, "@active_end_time", "before or after @active_start_time")


def _verify_subday(terms: Schedule) -> None:
    if terms.freq_subday_type == AT_TIME:
        return
    shortest = _SHORTEST_S if terms.freq_subday_type == SECONDS else 1
    if terms.freq_subday_interval < shortest:
        raise InvalidSchedule(14278, SCHEDULE_FAULTS[14200].format("@freq_subday_interval"))


def _reason_against(terms: Schedule) -> str | None:
    """Why the days of a schedule that recurs are none."""
    every = terms.freq_interval
    if terms.freq_type == DAILY:
        return _DAILY_INTERVAL if every < 1 else None
    if terms.freq_type == WEEKLY and not 1 <= every <= 127:
        return _WEEKLY_INTERVAL
    if terms.freq_type == MONTHLY and not 1 <= every <= 31:
        return _MONTHLY_INTERVAL
    if terms.freq_type == RELATIVE and terms.freq_relative_interval not in (1, 2, 4, 8, 16):
        return _RELATIVE_PLACE
    if terms.freq_type == RELATIVE and not 1 <= every <= 10:
        return _RELATIVE_INTERVAL
    return _RECURRENCE if terms.freq_recurrence_factor < 1 else None


def verify_date(date: int, name: str) -> None:
    """Raises InvalidSchedule unless ``date`` is YYYYMMDD, 1990 or later."""
    try:
        _date_of(date)
    except ValueError:
        raise InvalidSchedule(14266, name, f"{FIRST_DATE}..{NO_END_DATE}") from None
    if not FIRST_DATE <= date <= NO_END_DATE:
        raise InvalidSchedule(14266, name, f"{FIRST_DATE}..{NO_END_DATE}")


def verify_time(time: int, name: str) -> None:
    """Raises InvalidSchedule unless ``time`` is HHMMSS."""
    if not 0 <= time <= LAST_TIME:
        raise InvalidSchedule(14266, name, "000000..235959")
    for unit, number in (("minute", time // 100 % 100), ("second", time % 100)):
        if number > 59:
            raise InvalidSchedule(14287, name, unit)


# When it comes ----------------------------------------------------------------------------------------------------


def next_run(schedule: Schedule, after: dt.datetime) -> dt.datetime | None:
    """The first time of a valid ``schedule`` later than ``after``; None when there is none or no clock decides."""
    kind = schedule.freq_type
    if kind in (AT_START, IDLE):
        return None
    stop = _ordinal(schedule.active_end_date)
    begin_s = _seconds(schedule.active_start_time)
    earliest = after.toordinal() * _DAY_S + after.hour * 3600 + after.minute * 60 + after.second + 1
    if kind == ONCE:
        moment = _ordinal(schedule.active_start_date) * _DAY_S + begin_s
        return _moment(moment) if moment >= earliest else None
    step = _UNIT_S.get(schedule.freq_subday_type, 0) * schedule.freq_subday_interval
    end_s = begin_s if not step else _seconds(schedule.active_end_time)
    if end_s < begin_s:
        end_s += _DAY_S
    origin = _origin(schedule)
    day = max(-((end_s - earliest) // _DAY_S), origin)
    while (found := _NEXT_DAY[kind](schedule, day, origin, stop)) is not None:
        day = found
        moment = day * _DAY_S + begin_s
        if moment < earliest and step:
            moment += -(-(earliest - moment) // step) * step
        if moment >= earliest and moment <= day * _DAY_S + end_s:
            return _moment(moment) if moment < (stop + 1) * _DAY_S else None
        day += 1
    return None


def _origin(schedule: Schedule) -> int:
    """The first day on which a run may be; every n-th day, week or month is counted from it."""
    if schedule.freq_type == DAILY:
        return _ordinal(schedule.active_start_date)
    return _ordinal(max(schedule.active_start_date, schedule.counted_from))


def _next_daily(schedule: Schedule, day: int, origin: int, stop: int) -> int | None:
    day += -(day - origin) % schedule.freq_interval
    return day if day <= stop else None


def _next_weekly(schedule: Schedule, day: int, origin: int, stop: int) -> int | None:
    first = origin - (origin - _EPOCH_SUNDAY) % 7
    week, weekday = divmod(day - first, 7)
    late = -week % schedule.freq_recurrence_factor
    if late:
        week, weekday = week + late, 0
    left = schedule.freq_interval >> weekday
    if not left:
        week, weekday, left = week + schedule.freq_recurrence_factor, 0, schedule.freq_interval
    found = first + week * 7 + weekday + (left & -left).bit_length() - 1
    return found if found <= stop else None


def _next_monthly(schedule: Schedule, day: int, origin: int, stop: int) -> int | None:
    """Of the months that count, the first one whose day is there and not before ``day``."""
    if day > stop:
        return None
    begun = dt.date.fromordinal(origin)
    date = dt.date.fromordinal(day)
    first = begun.year * 12 + begun.month - 1
    month = date.year * 12 + date.month - 1
    month += -(month - first) % schedule.freq_recurrence_factor
    for _ in range(_MAX_MONTHS_LOOKED_AT):
        year, number = divmod(month, 12)
        if year > dt.MAXYEAR:
            return None
        which = _day_of_month(schedule, year, number + 1)
        found = dt.date(year, number + 1, which).toordinal() if which else 0
        if found > stop:
            return None
        if found >= day:
            return found
        month += schedule.freq_recurrence_factor
    return None


_NEXT_DAY = {DAILY: _next_daily, WEEKLY: _next_weekly, MONTHLY: _next_monthly, RELATIVE: _next_monthly}


def _day_of_month(schedule: Schedule, year: int, month: int) -> int | None:
    """The day of the month that the schedule names, None when the month has none."""
    weekday, length = monthrange(year, month)
    every = schedule.freq_interval
    if schedule.freq_type == MONTHLY:
        return every if every <= length else None
    first = (weekday + 1) % 7
    if schedule.freq_relative_interval == 16:
        return length - _LAST[(first + length - 1) % 7, every]
    return _FIRST[first, every][schedule.freq_relative_interval.bit_length() - 1]


_NAMED = {**{number + 1: (number,) for number in range(7)}, 8: tuple(range(7)), 9: (1, 2, 3, 4, 5), 10: (0, 6)}
"""The weekdays, Sunday is 0, that freq_interval names in a monthly relative schedule."""
_FIRST = {
    (first, every): tuple(day for day in range(1, 29) if (first + day - 1) % 7 in weekdays)[:4]
    for first in range(7)
    for every, weekdays in _NAMED.items()
}
"""By the weekday of the first: the first to the fourth named day of a month."""
_LAST = {
    (last, every): next(back for back in range(7) if (last - back) % 7 in weekdays)
    for last in range(7)
    for every, weekdays in _NAMED.items()
}
"""By the weekday of the last: how many days before the month's last the last named day is."""


def reason_never(schedule: Schedule, after: dt.datetime) -> str | None:
    """Why a valid ``schedule`` has no run later than ``after``, as a sentence; None when it has one.

    A schedule that waits for Agent's start or an idle processor has one.
    """
    if schedule.freq_type in (AT_START, IDLE) or next_run(schedule, after) is not None:
        return None
    stop = _date_of(schedule.active_end_date)
    if schedule.freq_type == ONCE:
        once = moment_of(schedule.active_start_date, schedule.active_start_time)
        return f"The schedule never fires: it runs once, at {once}, and that is past."
    if stop < after.date():
        return f"The schedule never fires: it ended on {stop}."
    day = schedule.freq_interval
    origin = _origin(schedule)
    if schedule.freq_type == MONTHLY and _next_monthly(schedule, origin, origin, _LAST_DAY) is None:
        return f"The schedule never fires: none of the months that it comes to has a day {day}."
    return f"The schedule never fires: it ends on {stop}, before it has come."


# Numbers ----------------------------------------------------------------------------------------------------------

_LAST_DAY = dt.date.max.toordinal()


def _date_of(date: int) -> dt.date:
    return dt.date(date // 10000, date // 100 % 100, date % 100)


def _ordinal(date: int) -> int:
    return _date_of(date).toordinal()


def _seconds(time: int) -> int:
    return time // 10000 * 3600 + time // 100 % 100 * 60 + time % 100


def _moment(seconds: int) -> dt.datetime:
    day, second = divmod(seconds, _DAY_S)
    return dt.datetime.fromordinal(day) + dt.timedelta(seconds=second)


def date_number(moment: dt.date) -> int:
    """YYYYMMDD."""
    return moment.year * 10000 + moment.month * 100 + moment.day


def time_number(moment: dt.datetime) -> int:
    """HHMMSS."""
    return moment.hour * 10000 + moment.minute * 100 + moment.second


def moment_of(date: int, time: int) -> dt.datetime:
    """The datetime that a date of the form YYYYMMDD and a time of the form HHMMSS mean. Raises ValueError."""
    return dt.datetime.combine(_date_of(date), dt.time(time // 10000, time // 100 % 100, time % 100))
