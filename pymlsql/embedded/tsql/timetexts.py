"""Strings as dates and times, by the forms that SQL Server documents.

Source: "Supported string literal formats" of the pages of date, time, datetime, datetime2 and datetimeoffset, "CAST and
CONVERT", "SET DATEFORMAT" and "two digit year cutoff" of sql-docs.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

OLD_TYPES = frozenset({"datetime", "smalldatetime"})
"""The types whose texts hang on DATEFORMAT even where the year comes first, and that know no offset."""

_STYLE_ORDERS = {
    "mdy": {1, 101, 10, 110}, "dmy": {3, 4, 5, 103, 104, 105}, "ymd": {2, 11, 12, 102, 111, 112},
}  # fmt: skip
_ISO_STYLES = frozenset({20, 21, 23, 25, 120, 121, 126, 127})
_FREE_STYLES = frozenset({0, 100, 6, 7, 8, 9, 13, 14, 106, 107, 108, 109, 113, 114})
_WITH_CENTURY = _ISO_STYLES | {style for styles in _STYLE_ORDERS.values() for style in styles if style > 99}
STYLES = frozenset().union(*_STYLE_ORDERS.values()) | _ISO_STYLES | _FREE_STYLES
"""The styles with which strings are read."""

_MONTHS = {name: number for number, name in enumerate(
    "january february march april may june july august september october november december".split(), 1)}  # fmt: skip
_TIME = r"(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?P<fraction>[.:]\d{1,9})?)?)?" \
        r"\s*(?P<half>[AaPp][Mm])?"  # fmt: skip
_ZONE = r"\s*(?P<zone>[Zz]|[+-]\d{1,2}:\d{1,2})?"
_NUMBERS = r"(?P<a>\d{1,4})\s*(?P<separator>[-/.])\s*(?P<b>\d{1,4})\s*(?P=separator)\s*(?P<c>\d{1,4})"
_WORDS = r"(?P<words>(?=[\d\s,.-]*[A-Za-z]{3})(?:\d{1,4}[\s,.-]*){0,2}(?P<month>[A-Za-z]{3,9})\.?" \
         r"(?:[\s,-]*\d{1,4}){0,2})"  # fmt: skip
_DATE = rf"(?:(?P<solid>\d{{8}}|\d{{6}}|\d{{4}})|{_NUMBERS}|{_WORDS})"
_FORM = re.compile(rf"{_DATE}(?:(?P<t>T|\s+){_TIME}{_ZONE})?")
_TIME_ONLY = re.compile(_TIME + _ZONE)
_EPOCH = dt.datetime(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A text as a time of the clock at its place; ``offset`` is what the text says of the place, in minutes."""

    stamp: dt.datetime
    offset: int | None = None


class UnsureForm(Exception):
    """A form whose meaning the documentation leaves open."""


def style_order(style: int | None, order: str) -> str:
    """In which order a style has day, month and year."""
    return next((name for name, styles in _STYLE_ORDERS.items() if style in styles), order)


def read_time(text: str, type_name: str, style: int | None = None, order: str = "mdy", scale: int = 7) -> Moment | int:
    """A string as a moment, or the number of the error: 241 for no known form, 242 for a date that is none.

    A time alone is of 1900-01-01, a date alone begins at midnight, an empty string is 1900-01-01. Beyond microseconds
    a fraction is rounded where ``scale`` is 6 and cut otherwise: coarser scales round later. Raises UnsureForm.
    """
    text = text.strip(" \t\r\n")
    if not text:
        return Moment(_EPOCH)
    old = type_name in OLD_TYPES
    match = _FORM.fullmatch(text)
    if match is None:
        return _time_alone(text, old, scale)
    if match["hour"] and not _is_time(match):
        return 241
    try:
        date = _date_of(match, old, style, style_order(style, order))
        if date is None:
            return 241
        if match["t"] == "T" and not _follows_iso(match, old):
            return 241
        time, ticks = _time_of(match, old)
    except _NoForm:
        return 241
    except ValueError:
        return 242
    return _moment(dt.datetime.combine(date, time), _micros(ticks, scale), match["zone"], old, style)


class _NoForm(ValueError):
    """What stands there is no form of the type."""


def _time_alone(text: str, old: bool, scale: int) -> Moment | int:
    match = _TIME_ONLY.fullmatch(text)
    if match is None or not _is_time(match):
        return 241
    try:
        time, ticks = _time_of(match, old)
    except _NoForm:
        return 241
    except ValueError:
        return 242
    return _moment(dt.datetime.combine(_EPOCH, time), _micros(ticks, scale), match["zone"], old, None)


def _micros(ticks: int, scale: int) -> int:
    return (ticks + 5) // 10 if scale == 6 else ticks // 10


def _is_time(match: re.Match[str]) -> bool:
    return bool(match["minute"] or match["half"])


def _follows_iso(match: re.Match[str], old: bool) -> bool:
    """The form with T: all of year, month and day with hyphens; the old types want the seconds, too."""
    if match["solid"]:
        raise UnsureForm("a date without separators before T")
    if match["separator"] != "-" or len(match["a"] or "") != 4 or match["half"]:
        return False
    return bool(match["second"]) or not old


def _date_of(match: re.Match[str], old: bool, style: int | None, order: str) -> dt.date | None:
    solid = match["solid"]
    if solid:
        if len(solid) == 4:
            return dt.date(int(solid), 1, 1)
        year = solid[:-4]
        return dt.date(_year(year), int(solid[-4:-2]), int(solid[-2:]))
    if match["words"]:
        return _date_in_words(match["words"], match["month"], order)
    parts = match["a"], match["b"], match["c"]
    lengths = [len(part) for part in parts]
    if 3 in lengths or lengths.count(4) > 1:
        return None
    if lengths[0] == 4 and match["separator"] == "-" and (not old or match["t"] == "T" or style in _ISO_STYLES):
        return dt.date(int(parts[0]), int(parts[1]), int(parts[2]))
    if 4 in lengths:
        place = lengths.index(4)
        if style in STYLES and style not in _FREE_STYLES and order.index("y") != place:
            raise UnsureForm(f"a date with the year in another place than style {style} has it")
        rest = order.replace("y", "")
        if place == 0 and not old:
            rest = "md"
        order = rest[:place] + "y" + rest[place:]
    elif style in _WITH_CENTURY:
        raise UnsureForm(f"a year of two digits with style {style}")
    values = dict(zip(order, parts, strict=True))
    return dt.date(_year(values["y"]), int(values["m"]), int(values["d"]))


def _date_in_words(text: str, name: str, order: str) -> dt.date | None:
    """A month by name; of two numbers the one of four digits is the year, else their order decides."""
    month = next((n for full, n in _MONTHS.items() if name.lower() in (full, full[:3])), None)
    if month is None and name.lower() == "sept":
        raise UnsureForm("Sept")
    numbers = re.findall(r"\d+", text)
    if month is None or not numbers or any(len(number) == 3 for number in numbers):
        return None
    if len(numbers) == 1:
        return dt.date(int(numbers[0]), month, 1) if len(numbers[0]) == 4 else None
    first, second = numbers
    if len(first) == 4 and len(second) == 4:
        return None
    year_first = len(first) == 4 or (len(second) != 4 and order.index("y") < order.index("d"))
    year, day = (first, second) if year_first else (second, first)
    return dt.date(_year(year), month, int(day))


def _year(text: str) -> int:
    """Two digits up to 49 are of this century (the two digit year cutoff is 2049)."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year <= 49 else 1900)


def _time_of(match: re.Match[str], old: bool) -> tuple[dt.time, int]:
    """The time without its fraction, and that in tenths of microseconds."""
    if not match["hour"]:
        return dt.time(), 0
    hour, half = int(match["hour"]), (match["half"] or "").upper()
    if half == "AM" and hour == 12:
        hour = 0
    elif half == "PM" and 0 < hour < 12:
        hour += 12
    elif (half == "AM" and hour > 12) or (half == "PM" and hour == 0):
        raise _NoForm
    ticks, fraction = 0, match["fraction"]
    if fraction:
        digits = fraction[1:]
        if len(digits) > (3 if old or fraction[0] == ":" else 7):
            raise _NoForm
        ticks = int(digits) * 10_000 if fraction[0] == ":" else int(digits.ljust(7, "0"))
    return dt.time(hour, int(match["minute"] or 0), int(match["second"] or 0)), ticks


def _moment(stamp: dt.datetime, micros: int, zone: str | None, old: bool, style: int | None) -> Moment | int:
    try:
        stamp += dt.timedelta(microseconds=micros)
    except OverflowError:
        return 241
    if not zone:
        return Moment(stamp)
    if zone in "Zz":
        return Moment(stamp, 0)
    if old and style != 127:
        return 241
    hours, minutes = zone[1:].split(":")
    offset = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or offset > 14 * 60:
        return 241
    offset = -offset if zone[0] == "-" else offset
    # Style 127 tells the old types to take the time of UTC.
    return Moment(stamp - dt.timedelta(minutes=offset) if old else stamp, offset)
