"""Text as numbers and times the way a culture writes them: PARSE and TRY_PARSE, for en-US, en-GB, numbers of de-DE.

Source: "PARSE", "TRY_PARSE" of sql-docs, which name the styles of .NET; "Parsing numeric strings", "Parsing date and
time strings" of the .NET documentation. A form that the two do not decide is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from pymlsql.embedded.tsql.messages import unsupported

PARSE_NUMBER, PARSE_STAMP, PARSE_OFFSET = "pymlsql_parse_number", "pymlsql_parse_time", "pymlsql_parse_offset"


@dataclass(frozen=True, slots=True)
class Culture:
    """``currency`` is its symbol, ``order`` that of day and month in numeric dates ("": its dates are not known here),
    ``point`` what stands before a fraction."""

    currency: str
    order: str
    point: str = "."


CULTURES = {"en-us": Culture("$", "mdy"), "en-gb": Culture("£", "dmy"), "de-de": Culture("€", "", ",")}
_POINTS = str.maketrans(",.", ".,")
_BLANK = " \t\n\v\f\r"
_DIGITS = re.compile(r"(?P<whole>[0-9][0-9,]*)?(?:\.(?P<fraction>[0-9]*))?(?P<exponent>[eE][+-]?[0-9]+)?")
_MOST_DIGITS = 28
"""What System.Decimal holds whatever the digits are."""


def _is_known(text: str, culture: str) -> bool:
    """Whether the culture is known here; text without a digit is no value in any."""
    if culture not in CULTURES and any(char.isnumeric() for char in text):
        raise unsupported(f"PARSE with culture {culture}")
    return culture in CULTURES


# Numbers ----------------------------------------------------------------------------------------------------------


def parse_number(text: str, kind: str, culture: str) -> str | None:
    """A number with a point and without separators; None where it is none. ``kind`` is whole, decimal, money or float:
    NumberStyles.Number twice, Currency, Float. Raises 40510 for more digits than System.Decimal surely holds."""
    if not _is_known(text, culture):
        return None
    symbol = CULTURES[culture].currency if kind == "money" else ""
    if CULTURES[culture].point == ",":
        text = text.translate(_POINTS)
    position, negative, signed, bracket, marked = 0, False, False, False, False
    while position < len(text):  # what may stand before the digits
        char = text[position]
        if char in _BLANK and (not signed or marked):
            pass
        elif char in "+-" and not signed:
            signed, negative = True, char == "-"
        elif char == "(" and symbol and not signed:
            signed = negative = bracket = True
        elif symbol and char == symbol and not marked:
            marked = True
        else:
            break
        position += 1
    match = _DIGITS.match(text, position)
    assert match is not None
    whole, fraction, exponent = match["whole"] or "", match["fraction"] or "", match["exponent"] or ""
    if not (whole or fraction) or (exponent and kind != "float") or ("," in whole and kind == "float"):
        return None
    for char in text[match.end() :]:  # and behind them
        if char in _BLANK:
            continue
        if char in "+-" and not signed and kind != "float":
            signed, negative = True, char == "-"
        elif char == ")" and bracket:
            bracket = False
        elif symbol and char == symbol and not marked:
            marked = True
        else:
            return None
    if bracket:
        return None
    return _written("-" if negative else "", whole.replace(",", ""), fraction, exponent, kind)


def _written(sign: str, whole: str, fraction: str, exponent: str, kind: str) -> str | None:
    if kind == "float":
        return f"{sign}{whole or '0'}.{fraction or '0'}{exponent}"
    if kind == "whole":
        return None if fraction.strip("0") else f"{sign}{whole or '0'}"
    if len((whole + fraction.rstrip("0")).lstrip("0")) > _MOST_DIGITS or len(fraction) > _MOST_DIGITS:
        raise unsupported("PARSE of more than 28 digits")
    if kind == "money" and re.fullmatch(r"[0-9]{4}50*", fraction):
        raise unsupported("PARSE of money that lies between two values")
    return f"{sign}{whole or '0'}.{fraction or '0'}"


# Times ------------------------------------------------------------------------------------------------------------

_MONTHS = "january february march april may june july august september october november december".split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTH = "|".join(name for month in _MONTHS for name in dict.fromkeys((month, month[:3])))
_DAY = "|".join(name for day in _DAYS for name in (day, day[:3]))
_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,9}))?)?" \
         r"(?:\s*(?P<half>[AaPp][Mm]))?"  # fmt: skip
_ZONE = r"(?:\s*(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2}))?"
_DATES = (
    re.compile(rf"(?P<year>[0-9]{{4}})(?P<s>[-/])(?P<month>[0-9]{{1,2}})(?P=s)(?P<day>[0-9]{{1,2}})"
               rf"(?:(?:[Tt]|\s+){_CLOCK}{_ZONE})?"),
    re.compile(rf"(?P<first>[0-9]{{1,2}})(?P<s>[-/])(?P<other>[0-9]{{1,2}})(?P=s)(?P<year>[0-9]{{4}})"
               rf"(?:\s+{_CLOCK}{_ZONE})?"),
    re.compile(rf"(?:(?P<weekday>{_DAY}),?\s+)?(?P<day>[0-9]{{1,2}})(?:\s+|-)(?P<word>{_MONTH})(?:,?\s+|-)"
               rf"(?P<year>[0-9]{{4}})(?:\s+{_CLOCK}{_ZONE})?", re.IGNORECASE),
    re.compile(rf"(?:(?P<weekday>{_DAY}),?\s+)?(?P<word>{_MONTH})\s+(?P<day>[0-9]{{1,2}})(?:,\s*|\s+)"
               rf"(?P<year>[0-9]{{4}})(?:\s+{_CLOCK}{_ZONE})?", re.IGNORECASE),
)  # fmt: skip
_CLOCK_ALONE = re.compile(_CLOCK)
_COMPACT = re.compile(r"[0-9]{8}")
_EARLIEST = dt.datetime(1753, 1, 1)


class _None(Exception):
    """The text is no time."""


def parse_stamp(text: str, kind: str, culture: str) -> dt.datetime | None:
    """A time without an offset, of the type ``kind``; None where the text is none. Raises 40510 for other forms."""
    found = _moment(text, kind, culture)
    if found is None:
        return None
    stamp, zone = found
    if zone:
        raise unsupported(f"PARSE of a time with an offset as {kind}")
    if kind == "datetime" and stamp < _EARLIEST:
        return None
    return stamp


def parse_offset(text: str, kind: str, culture: str) -> dict[str, object] | None:
    """The same with its offset, as datetimeoffset is kept; without one it is of UTC."""
    found = _moment(text, kind, culture)
    if found is None:
        return None
    stamp, zone = found
    minutes = 0
    if zone not in ("", "Z", "z"):
        minutes = int(zone[:1] + "1") * (int(zone[1:3]) * 60 + int(zone[4:]))
        if abs(minutes) > 14 * 60 or int(zone[4:]) > 59:
            return None
    try:
        return {"u": stamp - dt.timedelta(minutes=minutes), "o": minutes}
    except OverflowError:
        return None


def _moment(text: str, kind: str, culture: str) -> tuple[dt.datetime, str] | None:
    text = text.strip(_BLANK)
    if not any(char.isnumeric() for char in text) or _COMPACT.fullmatch(text):
        return None
    if culture not in CULTURES or not CULTURES[culture].order:
        raise unsupported(f"PARSE of {kind} with culture {culture}")
    match = next((found for form in _DATES if (found := form.fullmatch(text))), None)
    clock = match or _CLOCK_ALONE.fullmatch(text)
    if clock is None or (match is None and kind != "time"):
        raise unsupported(f"PARSE of text in this form as {kind}")
    try:
        date = _date(match, culture) if match is not None else dt.date(1900, 1, 1)
        return dt.datetime.combine(date, _time(clock)), (match and match["zone"]) or ""
    except (_None, ValueError):
        return None


def _date(match: re.Match[str], culture: str) -> dt.date:
    parts = match.groupdict()
    if parts.get("word"):
        month, day = [name[:3] for name in _MONTHS].index(parts["word"][:3].lower()) + 1, int(parts["day"])
    elif parts.get("first"):
        numbers = int(parts["first"]), int(parts["other"])
        month, day = numbers if CULTURES[culture].order == "mdy" else numbers[::-1]
    else:
        month, day = int(parts["month"]), int(parts["day"])
    date = dt.date(int(parts["year"]), month, day)
    weekday = parts.get("weekday")
    if weekday and _DAYS[date.weekday()][:3] != weekday[:3].lower():
        raise _None
    return date


def _time(match: re.Match[str]) -> dt.time:
    if match["hour"] is None:
        return dt.time()
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise unsupported("PARSE of a time with AM or PM and such an hour")
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    elif hour == 24:
        raise unsupported("PARSE of the hour 24")
    return dt.time(hour, minute, second, int((match["fraction"] or "").ljust(6, "0")[:6]))
