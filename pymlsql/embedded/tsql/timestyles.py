"""Dates and times as text: the styles of CONVERT, and what CAST gives.

Source: "CAST and CONVERT (Transact-SQL)" of sql-docs.
"""

from __future__ import annotations

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text
from pymlsql.embedded.tsql.types import SqlType

_DATES = {
    0: "mon", 100: "mon", 9: "mon", 109: "mon", 13: "dd mon", 113: "dd mon", 1: "%m/%d/%y", 101: "%m/%d/%Y",
    2: "%y.%m.%d", 102: "%Y.%m.%d", 3: "%d/%m/%y", 103: "%d/%m/%Y", 4: "%d.%m.%y", 104: "%d.%m.%Y", 5: "%d-%m-%y",
    105: "%d-%m-%Y", 6: "%d %b %y", 106: "%d %b %Y", 7: "%b %d, %y", 107: "%b %d, %Y", 10: "%m-%d-%y", 110: "%m-%d-%Y",
    11: "%y/%m/%d", 111: "%Y/%m/%d", 12: "%y%m%d", 112: "%Y%m%d", 20: "%Y-%m-%d", 120: "%Y-%m-%d", 21: "%Y-%m-%d",
    25: "%Y-%m-%d", 121: "%Y-%m-%d", 22: "%m/%d/%y", 23: "%Y-%m-%d", 126: "%Y-%m-%d", 127: "%Y-%m-%d",
}  # fmt: skip
"""The date of each style that has one, for DuckDB's strftime; two of them have blanks that it does not know."""

_TIMES = {
    0: "short", 100: "short", 9: "half", 109: "half", 13: "colon", 113: "colon", 14: "colon", 114: "colon", 8: "whole",
    24: "whole", 108: "whole", 20: "whole", 120: "whole", 21: "point", 25: "point", 121: "point", 22: "half whole",
    126: "iso", 127: "iso",
}  # fmt: skip
"""The form of the time of each style that has one."""

_DIGITS = {"datetime": 3, "smalldatetime": 3}


def style_of(source: SqlType, style: int | None, line: int) -> int:
    """The style in force: CAST's own where none is given. Raises 281, 8114 for a style of a part that is not there."""
    if style is None:
        return 0 if source.name in _DIGITS else 121
    if style in (130, 131):
        raise unsupported(f"CONVERT of {source} with style {style}", line=line)
    if (style not in _DATES and style not in _TIMES) or (source.name == "date" and style in (14, 114)):
        raise sql_error(281, style, source.name, line=line)
    if style not in (_DATES if source.name == "date" else _TIMES if source.name == "time" else {**_DATES, **_TIMES}):
        raise sql_error(8114, source.name, "varchar", line=line)
    return style


def time_text(value: Typed, style: int | None, line: int) -> str:
    """A date or time as text by style; without one the style that CAST uses for its type."""
    source = value.type
    number = style_of(source, style, line)
    if source.name == "datetimeoffset":
        return bound(value.sql, lambda v: _with_offset(v, source, number, line))
    stamp = f"(DATE '1900-01-01' + {value.sql})" if source.name == "time" else f"CAST({value.sql} AS TIMESTAMP)"
    return bound(stamp, lambda v: _text(v, source, number))


def _with_offset(value: str, source: SqlType, style: int, line: int) -> str:
    """Local time, then the offset; with style 127 the time of UTC and Z."""
    if style == 127:
        return f"({_text(f'({value}).u', source, 126)} || 'Z')"
    if style not in (0, 20, 21, 25, 100, 120, 121, 126, 9, 109, 13, 113):
        raise unsupported(f"CONVERT of {source} with style {style}", line=line)
    local = f"(({value}).u + to_minutes(({value}).o))"
    blank = "" if style == 126 else " || ' '"
    return f"({_text(local, source, style)}{blank} || {offset_text(f'({value}).o')})"


def offset_text(minutes: str) -> str:
    """Minutes as +hh:mm."""
    return f"format('{{}}{{:02d}}:{{:02d}}', CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END, " \
           f"abs({minutes}) // 60, abs({minutes}) % 60)"  # fmt: skip


def _text(stamp: str, source: SqlType, style: int) -> str:
    date = _date(stamp, _DATES[style]) if style in _DATES and source.name != "time" else ""
    time = _time(stamp, source, style) if style in _TIMES and source.name != "date" else ""
    between = "'T'" if _TIMES.get(style) == "iso" else "' '"
    return f"({f' || {between} || '.join(part for part in (date, time) if part)})"


def _date(stamp: str, form: str) -> str:
    if form == "mon":
        return f"strftime({stamp}, '%b ') || lpad(CAST(day({stamp}) AS VARCHAR), 2, ' ') || strftime({stamp}, ' %Y')"
    return f"strftime({stamp}, {quote_text('%d %b %Y' if form == 'dd mon' else form)})"


def _time(stamp: str, source: SqlType, style: int) -> str:
    form = _TIMES[style]
    if form == "whole":
        return f"strftime({stamp}, '%H:%M:%S')"
    hour = f"CAST((hour({stamp}) + 11) % 12 + 1 AS VARCHAR)"
    if source.name != "time" or form == "half whole":
        hour = f"lpad({hour}, 2, ' ')"
    if form == "short":
        return f"{hour} || strftime({stamp}, ':%M%p')"
    if form == "half whole":
        return f"{hour} || strftime({stamp}, ':%M:%S %p')"
    old = source.name in _DIGITS
    point = ":" if old and form in ("half", "colon") else "."
    fraction = _fraction(stamp, _DIGITS.get(source.name, source.scale), point)
    if form == "half":
        return f"{hour} || strftime({stamp}, ':%M:%S') || {fraction} || strftime({stamp}, '%p')"
    if form == "iso":
        fraction = f"CASE WHEN microsecond({stamp}) % 1000000 = 0 THEN '' ELSE {fraction} END"
    return f"strftime({stamp}, '%H:%M:%S') || {fraction}"


def _fraction(stamp: str, digits: int, point: str) -> str:
    if digits == 0:
        return "''"
    micros = f"lpad(CAST(microsecond({stamp}) % 1000000 AS VARCHAR), 6, '0')"
    return f"'{point}' || left({micros} || '0', {digits})"
