"""Agent's schedules as systemd's OnCalendar and as lines of crontab: exactly the same times, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pymlsql.schedules import (
    AT_START,
    AT_TIME,
    DAILY,
    HOURS,
    IDLE,
    MINUTES,
    MONTHLY,
    NO_END_DATE,
    ONCE,
    RELATIVE,
    SECONDS,
    WEEKLY,
    Schedule,
)

MAX_LINES = 60
"""One job has at most so many lines."""

_DAY_S = 86400
_UNIT_S = {SECONDS: 1, MINUTES: 60, HOURS: 3600}
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_EVERY_DAY = 8

Days = tuple[tuple[int, ...], str]
"""Days of the week (Sunday is 0; none for any), and the date as OnCalendar writes it."""


def on_calendar(schedules: Iterable[Schedule], today: int) -> list[str]:
    """The lines of OnCalendar that are due exactly when one of the schedules is; `today` is YYYYMMDD.

    Raises ValueError, with what cannot be said, for a schedule that systemd has no terms for.
    """
    lines = [
        " ".join([*([",".join(_WEEKDAYS[day] for day in weekdays)] if weekdays else []), f"{date} {time}"])
        for (weekdays, date), seconds in _by_days(schedules, today).items()
        for time in _clock_times(seconds)
    ]
    return _checked(lines)


def crontab(schedules: Iterable[Schedule], today: int) -> list[str]:
    """The same as the first five fields of crontab's lines."""
    lines = []
    for (weekdays, date), seconds in _by_days(schedules, today).items():
        if "~" in date or ".." in date or not date.startswith("*-*-"):
            raise ValueError("it names a date, or a day by its place in the month, for which cron has no terms")
        day = date.removeprefix("*-*-").lstrip("0")
        on = ",".join(map(str, weekdays)) or "*"
        lines += [f"{minutes} {hours} {day} * {on}" for minutes, hours in _cron_times(seconds)]
    return _checked(lines)


def _checked(lines: list[str]) -> list[str]:
    if len(lines) > MAX_LINES:
        raise ValueError(f"it would take {len(lines)} lines, {MAX_LINES} at most: declare it otherwise")
    return lines


def _by_days(schedules: Iterable[Schedule], today: int) -> dict[Days, set[int]]:
    """The seconds of the day at which schedules run, by the days on which they do."""
    made: dict[Days, set[int]] = {}
    for schedule in schedules:
        days = _days(schedule, today)
        seconds = list(_seconds_of_day(schedule))
        if seconds[-1] >= _DAY_S and (schedule.freq_type != DAILY or schedule.freq_interval != 1):
            raise ValueError("it goes on over midnight, into a day of another kind")
        made.setdefault(days, set()).update(second % _DAY_S for second in seconds)
    return made


def _days(schedule: Schedule, today: int) -> Days:
    """Which days; raises ValueError for those that are counted from a date, or end."""
    if schedule.freq_type == ONCE:
        date = schedule.active_start_date
        return (), f"{date // 10000:04d}-{date // 100 % 100:02d}-{date % 100:02d}"
    if schedule.freq_type in (AT_START, IDLE):
        raise ValueError("it waits for Agent's start, or for an idle processor: there is no Agent")
    if schedule.active_start_date > today or schedule.active_end_date != NO_END_DATE:
        raise ValueError("it begins or ends on a date, which a timer does not know")
    if schedule.freq_type == DAILY and schedule.freq_interval == 1:
        return (), "*-*-*"
    if schedule.freq_type == DAILY or schedule.freq_recurrence_factor != 1:
        raise ValueError("it runs every so many days, weeks or months, counted from a date that no timer knows")
    if schedule.freq_type == WEEKLY:
        on = tuple(day for day in range(7) if schedule.freq_interval >> day & 1)
        return (() if len(on) == len(_WEEKDAYS) else on), "*-*-*"
    if schedule.freq_type == MONTHLY:
        return (), f"*-*-{schedule.freq_interval:02d}"
    assert schedule.freq_type == RELATIVE
    return _relative(schedule.freq_interval, schedule.freq_relative_interval)


def _relative(every: int, place: int) -> Days:
    """The first to the fourth, or the last, of a day of the week or of all days in a month."""
    nth = place.bit_length()
    is_last = nth == 5
    if every == _EVERY_DAY:
        return (), "*-*~01" if is_last else f"*-*-{nth:02d}"
    if every > _EVERY_DAY:
        raise ValueError("it names a workday, or a day of the weekend, by its place in the month")
    first = 7 * nth - 6
    return (every - 1,), "*-*~07/1" if is_last else f"*-*-{first:02d}..{first + 6:02d}"


def _seconds_of_day(schedule: Schedule) -> Iterator[int]:
    begin, end = map(_seconds, (schedule.active_start_time, schedule.active_end_time))
    if schedule.freq_type == ONCE or schedule.freq_subday_type == AT_TIME:
        yield begin
        return
    end += _DAY_S if end < begin else 0
    yield from range(begin, end + 1, _UNIT_S[schedule.freq_subday_type] * schedule.freq_subday_interval)


def _seconds(time: int) -> int:
    return time // 10000 * 3600 + time // 100 % 100 * 60 + time % 100


def _hours(seconds: Iterable[int]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Hours that have the same minutes and seconds, given as seconds of the hour: each such group once."""
    within: dict[int, list[int]] = {}
    for second in sorted(seconds):
        within.setdefault(second // 3600, []).append(second % 3600)
    groups: dict[tuple[int, ...], list[int]] = {}
    for hour, rest in within.items():
        groups.setdefault(tuple(rest), []).append(hour)
    return [(tuple(hours), rest) for rest, hours in groups.items()]


def _clock_times(seconds: Iterable[int]) -> Iterator[str]:
    for hours, rest in _hours(seconds):
        by_second: dict[int, list[int]] = {}
        for one in rest:
            by_second.setdefault(one % 60, []).append(one // 60)
        same: dict[tuple[int, ...], list[int]] = {}
        for second, minutes in by_second.items():
            same.setdefault(tuple(minutes), []).append(second)
        for minutes_of, found in same.items():
            yield f"{_listed(hours, 24)}:{_listed(minutes_of, 60)}:{_listed(found, 60)}"


def _listed(values: Iterable[int], n_all: int) -> str:
    found = sorted(values)
    return "*" if len(found) == n_all else ",".join(f"{value:02d}" for value in found)


def _cron_times(seconds: Iterable[int]) -> Iterator[tuple[str, str]]:
    for hours, rest in _hours(seconds):
        if any(one % 60 for one in rest):
            raise ValueError("it runs at seconds, and cron knows minutes")
        minutes = ["*"] if len(rest) == 60 else [str(one // 60) for one in rest]
        yield ",".join(minutes), "*" if len(hours) == 24 else ",".join(map(str, hours))
