"""Dateparts: their names, what a date has of each, and which functions and types know which.

Source: "DATEPART", "DATEADD", "DATEDIFF", "SET DATEFIRST (Transact-SQL)" of sql-docs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.locales import LOCALE
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.times import exact_datetime, local_time
from pymlsql.embedded.tsql.typed import Typed, bound
from pymlsql.embedded.tsql.types import DATETIME, DATETIME2

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

PARTS = {
    "YEAR": "year", "YY": "year", "YYYY": "year", "QUARTER": "quarter", "QQ": "quarter", "Q": "quarter",
    "MONTH": "month", "MM": "month", "M": "month", "DAYOFYEAR": "dayofyear", "DY": "dayofyear", "Y": "dayofyear",
    "DAY": "day", "DD": "day", "D": "day", "WEEK": "week", "WK": "week", "WW": "week", "WEEKDAY": "weekday",
    "DW": "weekday", "W": "weekday", "HOUR": "hour", "HH": "hour", "MINUTE": "minute", "MI": "minute", "N": "minute",
    "SECOND": "second", "SS": "second", "S": "second", "MILLISECOND": "millisecond", "MS": "millisecond",
    "MICROSECOND": "microsecond", "MCS": "microsecond", "NANOSECOND": "nanosecond", "NS": "nanosecond",
    "ISO_WEEK": "iso_week", "ISOWK": "iso_week", "ISOWW": "iso_week", "TZOFFSET": "tzoffset", "TZ": "tzoffset",
}  # fmt: skip
TIME_PARTS = frozenset({"hour", "minute", "second", "millisecond", "microsecond", "nanosecond"})


def datepart(compiler: Compiler, node: exp.Expr, function: str) -> str:
    """The datepart that an argument names. Raises 155."""
    name = node.name if isinstance(node, exp.Column) else ""
    part = PARTS.get(name.upper())
    if part is None:
        raise sql_error(155, name or node.sql()[:40], f"{function} option", line=compiler.line)
    return part


def check_part(part: str, value: Typed, function: str, line: int) -> None:
    """Raises 9810 where a date has no time, a time no date, or neither has an offset."""
    name = value.type.name
    missing = (name == "date" and part in TIME_PARTS) or (name == "time" and part not in TIME_PARTS)
    if missing or (part == "tzoffset" and name not in ("datetimeoffset", "datetime2")):
        raise sql_error(9810, part, function, name, line=line)


def dated(value: Typed, line: int) -> Typed:
    """A date argument: strings become datetime2, all else that is no date datetime. Raises 206, 257."""
    if value.type.is_time:
        return value
    if value.type.name == "uniqueidentifier":
        raise sql_error(206, "uniqueidentifier", "datetime", line=line)
    return convert(value, DATETIME2 if value.type.is_string else DATETIME, implicit=True, line=line)


def timestamp(value: Typed) -> str:
    """A date or time as a DuckDB timestamp of the clock at its place; a time is of 1900-01-01."""
    if value.type.name == "time":
        return f"(DATE '1900-01-01' + {value.sql})"
    if value.type.name == "datetimeoffset":
        return local_time(value.sql)
    return f"CAST({value.sql} AS TIMESTAMP)" if value.type.name == "date" else value.sql


_FIELDS = {"year": "year", "quarter": "quarter", "month": "month", "dayofyear": "dayofyear", "day": "day",
           "hour": "hour", "minute": "minute", "second": "second", "iso_week": "weekofyear"}  # fmt: skip


def days_into_week(sql: str) -> str:
    """How many days the week of DATEFIRST has gone on: 0 on its first day."""
    first = LOCALE.get().first_day % 7
    return f"dayofweek({sql})" if first == 0 else f"((dayofweek({sql}) + {7 - first}) % 7)"


def date_field(part: str, value: Typed) -> str:
    """DATEPART as a DuckDB expression."""
    if part == "tzoffset":
        plain = f"CASE WHEN {value.sql} IS NOT NULL THEN 0 END"
        return f"({value.sql}).o" if value.type.name == "datetimeoffset" else plain
    sql = timestamp(value)
    if part in _FIELDS:
        return f"{_FIELDS[part]}({sql})"
    if part == "weekday":
        return f"({days_into_week(sql)} + 1)"
    if part == "week":
        # 1 January is always in week 1.
        start = days_into_week(f"date_trunc('year', {sql})")
        return f"((dayofyear({sql}) + {start} - 1) // 7 + 1)"
    if part == "millisecond":
        return f"(microsecond({sql}) % 1000000 // 1000)"
    if value.type.name == "datetime":
        sql = bound(sql, exact_datetime)
    return f"(microsecond({sql}) % 1000000{' * 1000' if part == 'nanosecond' else ''})"
