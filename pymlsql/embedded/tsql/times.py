"""Dates and times: their text by style, strings as dates, rounding, for language us_english and DATEFORMAT mdy.

Source: "CAST and CONVERT (Transact-SQL)", "Supported string literal formats" of the date types' pages of sql-docs.
"""

from __future__ import annotations

import re

from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.timetexts import check_style, literal_time, parsed_time
from pymlsql.embedded.tsql.typed import Typed, quote_text
from pymlsql.embedded.tsql.types import SqlType

_DATE_STYLES = {
    0: "%b %e %Y %l:%M%p", 100: "%b %e %Y %l:%M%p", 1: "%m/%d/%y", 101: "%m/%d/%Y", 2: "%y.%m.%d", 102: "%Y.%m.%d",
    3: "%d/%m/%y", 103: "%d/%m/%Y", 4: "%d.%m.%y", 104: "%d.%m.%Y", 5: "%d-%m-%y", 105: "%d-%m-%Y", 8: "%H:%M:%S",
    108: "%H:%M:%S", 10: "%m-%d-%y", 110: "%m-%d-%Y", 11: "%y/%m/%d", 111: "%Y/%m/%d", 12: "%y%m%d", 112: "%Y%m%d",
    20: "%Y-%m-%d %H:%M:%S", 120: "%Y-%m-%d %H:%M:%S", 21: "%Y-%m-%d %H:%M:%S.%f", 121: "%Y-%m-%d %H:%M:%S.%f",
    25: "%Y-%m-%d %H:%M:%S.%f", 23: "%Y-%m-%d", 126: "%Y-%m-%dT%H:%M:%S.%f", 127: "%Y-%m-%dT%H:%M:%S.%fZ",
}  # fmt: skip
_WHOLE_SECOND = re.compile(r"TIMESTAMP '[-0-9]{10} [:0-9]{8}'")
_FRACTION_DIGITS = {"datetime": 3, "smalldatetime": 0}


def time_text(sql: str, source: SqlType, style: int | None, line: int) -> str:
    """A date or time as text by style; without one the style that CAST uses for its type."""
    default = {"datetime": 0, "smalldatetime": 0}.get(source.name, 121)
    if style is None:
        style = default
    if style not in _DATE_STYLES:
        raise unsupported(f"CONVERT of {source} with style {style}", line=line)
    pattern = _DATE_STYLES[style]
    if source.name == "date" and style in (20, 21, 25, 120, 121):
        pattern = "%Y-%m-%d"
    elif source.name == "date" and style in (0, 100):
        pattern = "%b %e %Y"
    elif source.name == "time":
        if style not in (121, 21, 25, 108, 8, 114, 126):
            raise unsupported(f"CONVERT of {source} with style {style}", line=line)
        pattern = "%H:%M:%S" if style in (8, 108) else "%H:%M:%S.%f"
        sql = f"(DATE '1900-01-01' + {sql})"
    stamp = f"CAST({sql} AS TIMESTAMP)"
    return _strftime(stamp, pattern, source)


def _strftime(stamp: str, pattern: str, source: SqlType) -> str:
    if "%e" in pattern or "%l" in pattern:
        # DuckDB has no blank-padded day and hour.
        day = f"lpad(CAST(day({stamp}) AS VARCHAR), 2, ' ')"
        text = f"strftime({stamp}, '%b ') || {day} || strftime({stamp}, ' %Y')"
        if "%l" in pattern:
            hour = f"lpad(CAST((hour({stamp}) + 11) % 12 + 1 AS VARCHAR), 2, ' ')"
            text += f" || ' ' || {hour} || strftime({stamp}, ':%M%p')"
        return f"({text})"
    if "%f" not in pattern:
        return f"strftime({stamp}, {quote_text(pattern)})"
    digits = _FRACTION_DIGITS.get(source.name, source.scale)
    head, tail = pattern.split(".%f")
    micros = f"lpad(CAST(microsecond({stamp}) % 1000000 AS VARCHAR), 6, '0')"
    if "T" in pattern and source.name in ("datetime", "smalldatetime"):
        # ISO 8601 styles print no fraction when it is zero.
        fraction = f"CASE WHEN microsecond({stamp}) % 1000000 = 0 THEN '' ELSE '.' || left({micros}, 3) END"
    elif source.name == "smalldatetime":
        fraction = "'.000'"
    elif digits == 0:
        fraction = "''"
    else:
        fraction = f"'.' || left({micros} || '0', {digits})"
    return f"(strftime({stamp}, {quote_text(head)}) || {fraction} || {quote_text(tail)})"


def rounded_datetime(sql: str) -> str:
    """A timestamp to datetime's 1/300 s, as milliseconds ending in 0, 3 or 7."""
    micros = f"epoch_us({sql})"
    return f"make_timestamp(CAST(round(round({micros} * 3 / 10000.0) * 10 / 3.0) AS BIGINT) * 1000)"


def rounded_scale(sql: str, scale: int) -> str:
    """A timestamp rounded to ``scale`` fractional digits; beyond six nothing is left to round."""
    if scale >= 6:
        return sql
    unit = 10 ** (6 - scale)
    return f"make_timestamp(CAST(round(epoch_us({sql}) / {unit}.0) AS BIGINT) * {unit})"


def to_time(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    """``value`` as a date or time of type ``target``, rounded as that type rounds."""
    source, sql = value.type, value.sql
    if source.is_string:
        check_style(style, target, line)
        known = value.constant if isinstance(value.constant, str) else None
        sql = parsed_time(value, target, style, try_) if known is None else \
            literal_time(known, target, style, try_, source)  # fmt: skip
    elif source.is_number:
        if target.name not in ("datetime", "smalldatetime"):
            raise unsupported(f"conversion from {source} to {target}", line=line)
        sql = f"(TIMESTAMP '1900-01-01' + to_microseconds(CAST(round({sql} * 86400000000.0) AS BIGINT)))"
    elif source.is_time:
        sql = _between_times(sql, source, target)
    else:
        raise unsupported(f"conversion from {source} to {target}", line=line)
    return _rounded(sql, source, target)


def _between_times(sql: str, source: SqlType, target: SqlType) -> str:
    if source.name == "time" and target.name != "time":
        return f"(DATE '1900-01-01' + {sql})"
    return sql


def _rounded(sql: str, source: SqlType, target: SqlType) -> str:
    if target.name in ("date", "time"):
        return f"CAST({sql} AS {target.duckdb})"
    if target.name == "datetime" and _WHOLE_SECOND.fullmatch(sql):
        return sql
    if target.name == "datetime":
        exact = source.name in ("date", "smalldatetime", "datetime")
        return f"CAST({sql} AS TIMESTAMP)" if exact else rounded_datetime(f"CAST({sql} AS TIMESTAMP)")
    if target.name == "smalldatetime":
        return f"make_timestamp(CAST(round(epoch_us(CAST({sql} AS TIMESTAMP)) / 60000000.0) AS BIGINT) * 60000000)"
    return rounded_scale(f"CAST({sql} AS TIMESTAMP)", target.scale)
