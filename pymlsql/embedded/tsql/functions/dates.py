"""Date and time functions (sql-docs, "Date and time data types and functions")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.times import rounded_datetime
from pymlsql.embedded.tsql.typed import Typed, bound, raise_sql
from pymlsql.embedded.tsql.types import BIGINT, DATE, DATETIME, DATETIME2, INT, SqlType, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

PARTS = {
    "YEAR": "year", "YY": "year", "YYYY": "year", "QUARTER": "quarter", "QQ": "quarter", "Q": "quarter",
    "MONTH": "month", "MM": "month", "M": "month", "DAYOFYEAR": "dayofyear", "DY": "dayofyear", "Y": "dayofyear",
    "DAY": "day", "DD": "day", "D": "day", "WEEK": "week", "WK": "week", "WW": "week", "WEEKDAY": "weekday",
    "DW": "weekday", "HOUR": "hour", "HH": "hour", "MINUTE": "minute", "MI": "minute", "N": "minute",
    "SECOND": "second", "SS": "second", "S": "second", "MILLISECOND": "millisecond", "MS": "millisecond",
    "MICROSECOND": "microsecond", "MCS": "microsecond", "NANOSECOND": "nanosecond", "NS": "nanosecond",
    "ISO_WEEK": "iso_week", "ISOWK": "iso_week", "ISOWW": "iso_week",
}  # fmt: skip


def _part(compiler: Compiler, node: exp.Expr, function: str) -> str:
    name = node.name if isinstance(node, exp.Column) else ""
    part = PARTS.get(name.upper())
    if part is None:
        raise sql_error(155, name or node.sql()[:40], f"{function.lower()} option", line=compiler.line)
    return part


def _stamp(value: Typed, line: int) -> Typed:
    """A date argument: strings and numbers become datetime (strings datetime2 where they carry more digits)."""
    if value.type.is_time:
        return value
    if value.type.is_string:
        return convert(value, DATETIME2, line=line)
    return convert(value, DATETIME, line=line)


def _dateadd(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """The result has the date's type; the number is cut to a whole one. Beyond the type's range: 517."""
    part = _part(compiler, nodes[0], "dateadd")
    amount = whole(compiler.value(nodes[1]), compiler.line)
    value = compiler.value(nodes[2])
    number = _within_reach(part, amount, value.type if value.type.is_time else DATETIME)
    if not value.type.is_time:
        value = convert(value, DATETIME, line=compiler.line)
    intervals = {
        "year": f"to_months({number} * 12)", "quarter": f"to_months({number} * 3)", "month": f"to_months({number})",
        "dayofyear": f"to_days({number})", "day": f"to_days({number})", "weekday": f"to_days({number})",
        "week": f"to_days({number} * 7)", "hour": f"to_hours({number})", "minute": f"to_minutes({number})",
        "second": f"to_seconds({number})", "millisecond": f"to_milliseconds({number})",
        "microsecond": f"to_microseconds({number})",
    }  # fmt: skip
    if part not in intervals:
        raise sql_error(9810, part, "dateadd", value.type.name, line=compiler.line)
    if value.type.name == "date" and part in ("hour", "minute", "second", "millisecond", "microsecond"):
        raise sql_error(9810, part, "dateadd", "date", line=compiler.line)
    if value.type.name == "time":
        if part not in ("hour", "minute", "second", "millisecond", "microsecond"):
            raise sql_error(9810, part, "dateadd", "time", line=compiler.line)
        return Typed(f"({value.sql} + {intervals[part]})", value.type, True)
    moved = f"({value.sql} + {intervals[part]})"
    if value.type.name == "datetime" and part in ("millisecond", "microsecond"):
        moved = rounded_datetime(moved)
    low = "1753-01-01" if value.type.name == "datetime" else "0001-01-01"
    inside = f"({moved} BETWEEN TIMESTAMP '{low}' AND TIMESTAMP '9999-12-31 23:59:59.999999')"
    overflow = raise_sql(517, f"'{value.type.name}'")
    cast = f"CAST({moved} AS {value.type.duckdb})" if value.type.name == "date" else moved
    return Typed(f"CASE WHEN {inside} IS FALSE THEN {overflow} ELSE {cast} END", value.type, True)


_REACH = {"year": 9999, "quarter": 39996, "month": 119988, "dayofyear": 3652059, "day": 3652059, "weekday": 3652059,
          "week": 521723, "hour": 87649416}  # fmt: skip
"""More of a part than lie between year 1 and year 9999; of smaller parts an int never has that many."""


def _within_reach(part: str, amount: Typed, type_: SqlType) -> str:
    """The number of DATEADD. One that leads out of every calendar is 517 before DuckDB adds it."""
    most = _REACH.get(part)
    if most is None or (isinstance(amount.constant, int) and abs(amount.constant) <= most):
        return amount.sql
    overflow = raise_sql(517, f"'{type_.name}'")
    return bound(amount.sql, lambda v: f"CASE WHEN abs({v}) > {most} THEN {overflow} ELSE {v} END")


def _difference(compiler: Compiler, nodes: list[exp.Expr], result: SqlType) -> Typed:
    """How many boundaries of the part lie between; weeks begin on Sunday whatever DATEFIRST says. Too many: 535."""
    part = _part(compiler, nodes[0], "datediff")
    start, end = (_stamp(compiler.value(node), compiler.line) for node in nodes[1:])
    a, b = (_timestamp(value) for value in (start, end))
    if part in ("nanosecond", "iso_week"):
        raise unsupported(f"DATEDIFF({part})", line=compiler.line)
    if part == "week":
        sql = (
            f"(CAST(floor(date_diff('day', TIMESTAMP '0001-12-30', {b}) / 7.0) AS BIGINT) - "
            f"CAST(floor(date_diff('day', TIMESTAMP '0001-12-30', {a}) / 7.0) AS BIGINT))"
        )
    else:
        unit = "day" if part in ("dayofyear", "weekday") else part
        sql = f"date_diff('{unit}', {a}, {b})"
    if result == INT and part in ("second", "millisecond", "microsecond", "minute"):
        fits = f"{sql} BETWEEN -2147483648 AND 2147483647 OR {sql} IS NULL"
        sql = f"CASE WHEN {fits} THEN {sql} ELSE {raise_sql(535)} END"
    return Typed(f"CAST({sql} AS {result.duckdb})", result, start.nullable or end.nullable)


def _timestamp(value: Typed) -> str:
    if value.type.name == "time":
        return f"(DATE '1900-01-01' + {value.sql})"
    return f"CAST({value.sql} AS TIMESTAMP)" if value.type.name == "date" else value.sql


def _datediff(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    return _difference(compiler, nodes, INT)


def _datediff_big(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    return _difference(compiler, nodes, BIGINT)


_FIELDS = {"year": "year", "quarter": "quarter", "month": "month", "dayofyear": "dayofyear", "day": "day",
           "hour": "hour", "minute": "minute", "second": "second", "iso_week": "weekofyear"}  # fmt: skip


def date_field(part: str, sql: str) -> str:
    """DATEPART as a DuckDB expression, for DATEFIRST 7 (us_english)."""
    if part in _FIELDS:
        return f"{_FIELDS[part]}({sql})"
    if part == "weekday":
        return f"(dayofweek({sql}) + 1)"
    if part == "week":
        return f"((dayofyear({sql}) + dayofweek(date_trunc('year', {sql})) - 1) // 7 + 1)"
    if part == "millisecond":
        return f"(microsecond({sql}) % 1000000 // 1000)"
    if part == "microsecond":
        return f"(microsecond({sql}) % 1000000)"
    return f"(microsecond({sql}) % 1000000 * 1000)"


def _datepart(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    part = _part(compiler, nodes[0], "datepart")
    value = _stamp(compiler.value(nodes[1]), compiler.line)
    if value.type.name == "date" and part in ("hour", "minute", "second", "millisecond", "microsecond"):
        raise sql_error(9810, part, "datepart", "date", line=compiler.line)
    return Typed(f"CAST({date_field(part, _timestamp(value))} AS INTEGER)", INT, value.nullable)


def _datename(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    part = _part(compiler, nodes[0], "datename")
    value = _stamp(compiler.value(nodes[1]), compiler.line)
    stamp = _timestamp(value)
    names = {"month": f"monthname({stamp})", "weekday": f"dayname({stamp})"}
    return Typed(names.get(part, f"CAST({date_field(part, stamp)} AS VARCHAR)"), nvarchar(30), value.nullable)


def _field(part: str) -> Function:
    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        value = _stamp(args[0], compiler.line)
        return Typed(f"CAST({date_field(part, _timestamp(value))} AS INTEGER)", INT, value.nullable)

    return Function(1, 1, compile)


def _eomonth(compiler: Compiler, args: list[Typed]) -> Typed:
    value = _timestamp(_stamp(args[0], compiler.line))
    if len(args) == 2:
        value = f"({value} + to_months({whole(args[1], compiler.line).sql}))"
    return Typed(f"CAST(last_day({value}) AS DATE)", DATE)


def _from_parts(compiler: Compiler, args: list[Typed], type_: SqlType) -> Typed:
    parts = [whole(arg, compiler.line).sql for arg in args]
    if type_ == DATE:
        made = f"make_date({', '.join(parts)})"
    else:
        made = f"make_timestamp({', '.join(parts[:5])}, {parts[5]} + {parts[6]} / 1000.0)"
        made = rounded_datetime(made)
    return Typed(made, type_)


def _datefromparts(compiler: Compiler, args: list[Typed]) -> Typed:
    return _from_parts(compiler, args, DATE)


def _datetimefromparts(compiler: Compiler, args: list[Typed]) -> Typed:
    return _from_parts(compiler, args, DATETIME)


def _now(name: str, type_: SqlType) -> Function:
    """The clock at the statement's start: the same value for all its rows, as SQL Server's runtime constants."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        return compiler.runtime_value(type_, name, nullable=False)

    return Function(0, 0, compile)


DATES = {
    "DATEADD": Function(3, 3, compile_nodes=_dateadd),
    "DATEDIFF": Function(3, 3, compile_nodes=_datediff),
    "DATEDIFF_BIG": Function(3, 3, compile_nodes=_datediff_big),
    "DATEPART": Function(2, 2, compile_nodes=_datepart),
    "DATENAME": Function(2, 2, compile_nodes=_datename),
    "YEAR": _field("year"),
    "MONTH": _field("month"),
    "DAY": _field("day"),
    "EOMONTH": Function(1, 2, _eomonth),
    "DATEFROMPARTS": Function(3, 3, _datefromparts),
    "DATETIMEFROMPARTS": Function(7, 7, _datetimefromparts),
    "GETDATE": _now("GETDATE", DATETIME),
    "GETUTCDATE": _now("GETUTCDATE", DATETIME),
    "SYSDATETIME": _now("SYSDATETIME", DATETIME2),
    "SYSUTCDATETIME": _now("SYSUTCDATETIME", DATETIME2),
}
