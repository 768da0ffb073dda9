"""Strings as dates and times: constants are read here, all others by DuckDB with the same forms.

Source: "Supported string literal formats for datetime" and the pages of date, time and datetime2 of sql-docs.
"""

from __future__ import annotations

import datetime as dt
import re

from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import SqlType

_DAY_FIRST = frozenset({3, 4, 5, 13, 103, 104, 105, 113})
_YEAR_FIRST = frozenset({2, 11, 12})
_KNOWN_STYLES = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20, 21, 23, 25, 100, 101, 102, 103, 104, 105,
                           106, 107, 108, 109, 110, 111, 112, 113, 120, 121, 126, 127})  # fmt: skip
_MONTHS = {name: number for number, name in enumerate(
    "january february march april may june july august september october november december".split(), 1)}  # fmt: skip
_TIME = r"(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.:](?P<fraction>\d{1,7}))?)?)?" \
        r"\s*(?P<half>[AaPp][Mm])?"  # fmt: skip
_NUMBERS = r"(?P<a>\d{1,4})(?P<separator>[-/.])(?P<b>\d{1,2})(?P=separator)(?P<c>\d{1,4})"
_WORDS = r"(?:(?P<month>[A-Za-z]{3,9})\.?\s*(?P<day>\d{1,2})\s*,?\s+(?P<year>\d{4})" \
         r"|(?P<day2>\d{1,2})[\s-]*(?P<month2>[A-Za-z]{3,9})\.?[\s,-]*(?P<year2>\d{4}))"  # fmt: skip
_FORM = re.compile(rf"(?:(?:(?P<solid>\d{{8}}|\d{{6}})|{_NUMBERS}|{_WORDS})(?:(?P<t>T|\s+){_TIME})?|{_TIME.replace('?P<', '?P<t_')})(?P<z>Z)?")  # noqa: E501
_OFFSET = re.compile(r".*:\d\d(\.\d+)?\s*[+-]\d\d:\d\d")

_DATES = ("%Y-%m-%d", "%m-%d-%Y", "%Y%m%d", "%b %d %Y", "%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%B %d %Y")
_DATES_DAY_FIRST = ("%d-%m-%Y", "%Y-%m-%d", "%Y%m%d", "%d %b %Y")
_TIMES = ("", " %H:%M:%S", " %H:%M:%S.%f", " %H:%M", " %I:%M%p", " %I:%M %p", " %I:%M:%S %p", " %I:%M:%S%p")


def _year(text: str) -> int:
    """Two digits up to 49 are of this century (the two-digit year cutoff is 2049)."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year <= 49 else 1900)


def _date_of(match: re.Match[str], style: int | None) -> tuple[int, int, int]:
    solid = match["solid"]
    if solid:
        return (int(solid[:4]), int(solid[4:6]), int(solid[6:])) if len(solid) == 8 else (
            _year(solid[:2]), int(solid[2:4]), int(solid[4:]))  # fmt: skip
    if match["month"] or match["month2"]:
        name = (match["month"] or match["month2"]).lower()
        found = [number for month, number in _MONTHS.items() if month == name or month[:3] == name]
        return int(match["year"] or match["year2"]), found[0] if found else 0, int(match["day"] or match["day2"])
    a, b, c = match["a"], match["b"], match["c"]
    if len(a) == 4:
        return int(a), int(b), int(c)
    if style in _YEAR_FIRST:
        return _year(a), int(b), int(c)
    return (_year(c), int(b), int(a)) if style in _DAY_FIRST else (_year(c), int(a), int(b))


def _time_of(match: re.Match[str], prefix: str) -> dt.time:
    hour = int(match[prefix + "hour"] or 0)
    half = (match[prefix + "half"] or "").upper()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if half == "PM" else 0)
    fraction = (match[prefix + "fraction"] or "")[:6]
    if fraction and len(fraction) < 6:
        fraction = fraction.ljust(6, "0")
    return dt.time(hour, int(match[prefix + "minute"] or 0), int(match[prefix + "second"] or 0), int(fraction or 0))


def read_time(text: str, style: int | None = None) -> dt.datetime | int:
    """A string as a timestamp, or the number of the error: 241 for no known form, 242 for a date that is none.

    A time alone is of 1900-01-01, a date alone begins at midnight, an empty string is 1900-01-01.
    """
    text = text.strip(" ")
    if not text:
        return dt.datetime(1900, 1, 1)
    match = _FORM.fullmatch(text)
    if match is None or not (match["t_minute"] or match["t_half"] or match["t_hour"] is None):
        return 241
    if match["t_hour"] is None and match["hour"] and not (match["minute"] or match["half"]):
        return 241
    try:
        if match["t_hour"] is not None:
            return dt.datetime.combine(dt.date(1900, 1, 1), _time_of(match, "t_"))
        return dt.datetime.combine(dt.date(*_date_of(match, style)), _time_of(match, ""))
    except ValueError:
        return 242


def literal_time(text: str, target: SqlType, style: int | None, try_: bool, source: SqlType) -> str:
    """A string constant as a DuckDB timestamp, read once and for all."""
    if _OFFSET.fullmatch(text.strip()):
        raise unsupported("a time with an offset")
    found = read_time(text, style)
    if isinstance(found, dt.datetime) and target.name == "datetime" and found.year < 1753:
        found = 242
    if isinstance(found, dt.datetime):
        return f"TIMESTAMP '{found.isoformat(' ')}'"
    return "CAST(NULL AS TIMESTAMP)" if try_ else f"CAST({_error(found, source, target)} AS TIMESTAMP)"


def _error(number: int, source: SqlType, target: SqlType) -> str:
    """datetime and smalldatetime tell a date that is none (242) from what is no date; the newer types do not."""
    if number == 242 and target.name in ("datetime", "smalldatetime"):
        return raise_sql(242, quote_text(source.name), quote_text(target.name))
    return raise_sql(241)


def check_style(style: int | None, target: SqlType, line: int) -> None:
    """Raises 281 for a style that is none, 40510 for one that is not read."""
    if style is not None and style not in _KNOWN_STYLES:
        raise unsupported(f"CONVERT to {target} with style {style}", line=line)


def parsed_time(value: Typed, target: SqlType, style: int | None, try_: bool) -> str:
    """A string that is known only at run time as a DuckDB timestamp."""
    dates = _DATES_DAY_FIRST if style in _DAY_FIRST else _DATES
    formats = ", ".join(quote_text(date + time) for time in _TIMES for date in dates)
    # One separator, a blank for T, no Z, six digits of a fraction: then the forms are few.
    text = f"regexp_replace(trim({value.sql}), '^(\\d{{1,4}})[/.](\\d{{1,2}})[/.](\\d{{1,4}})', '\\1-\\2-\\3')"
    text = f"regexp_replace({text}, ' +', ' ', 'g')"
    text = f"regexp_replace({text}, '^(\\d\\S*\\d)T(\\d\\d:)', '\\1 \\2')"
    text = f"regexp_replace(regexp_replace({text}, 'Z$', ''), '(\\.\\d{{6}})\\d$', '\\1')"

    def body(v: str) -> str:
        at_time = f"try_strptime('1900-01-01 ' || {v}, [{formats}])"
        empty = "TIMESTAMP '1900-01-01'"
        is_time = f"regexp_full_match({v}, '\\d{{1,2}}:\\d+(:\\d+(\\.\\d+)?)?( ?[AaPp][Mm])?')"
        two_digits = f"regexp_matches({v}, '^\\d{{1,2}}-\\d{{1,2}}-\\d\\d(\\D|$)|^\\d{{6}}( |$)')"
        refused = raise_sql(40510, quote_text("a string with a year of two digits that is no constant"))
        parsed = f"try_strptime({v}, [{formats}])"
        cast = f"CASE WHEN {v} = '' THEN {empty} WHEN {is_time} THEN {at_time} WHEN {two_digits} THEN {refused} " \
               f"ELSE {parsed} END"  # fmt: skip
        if try_:
            return cast
        shape = f"regexp_matches({v}, '^(\\d{{1,4}}-\\d{{1,2}}-\\d{{1,4}}|\\d{{8}})( \\d{{1,2}}:[0-9:.]+)?$')"
        error = f"CASE WHEN {shape} THEN {_error(242, value.type, target)} ELSE {raise_sql(241)} END"
        return f"CASE WHEN {v} IS NULL THEN NULL ELSE coalesce({cast}, CAST({error} AS TIMESTAMP)) END"

    result = bound(text, body)
    if target.name != "datetime":
        return result
    limit = "NULL" if try_ else _error(242, value.type, target)
    return bound(result, lambda v: f"CASE WHEN {v} < TIMESTAMP '1753-01-01' THEN {limit} ELSE {v} END")
