"""Date and time functions (sql-docs, "Date and time data types and functions")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.dateparts import (
    TIME_PARTS,
    check_part,
    date_field,
    dated,
    datepart,
    timestamp,
)
from pymlsql.embedded.tsql.functions.rows import Function, whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.times import exact_datetime, offset_value, rounded_datetime, rounded_scale, to_minutes
from pymlsql.embedded.tsql.timestyles import offset_text
from pymlsql.embedded.tsql.timetexts import UnsureForm, read_time
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import (
    BIGINT,
    DATE,
    DATETIME,
    DATETIME2,
    DATETIMEOFFSET,
    INT,
    SqlType,
    nvarchar,
)

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_INTERVALS = {
    "year": "to_months({} * 12)", "quarter": "to_months({} * 3)", "month": "to_months({})", "dayofyear": "to_days({})",
    "day": "to_days({})", "weekday": "to_days({})", "week": "to_days({} * 7)", "hour": "to_hours({})",
    "minute": "to_minutes({})", "second": "to_seconds({})", "millisecond": "to_milliseconds({})",
    "microsecond": "to_microseconds({})",
}  # fmt: skip
_REACH = {"year": 9999, "quarter": 39996, "month": 119988, "dayofyear": 3652059, "day": 3652059, "weekday": 3652059,
          "week": 521723, "hour": 87649416}  # fmt: skip
"""More of a part than lie between year 1 and year 9999; of smaller parts an int never has that many."""
_EARLIEST = {"datetime": "1753-01-01", "smalldatetime": "1900-01-01"}
_LATEST = {"smalldatetime": "2079-06-06 23:59:59.999"}


def _dateadd(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """The result has the date's type, of a string datetime; the number is cut to a whole one. Raises 517, 9810."""
    part = datepart(compiler, nodes[0], "dateadd")
    amount, value = whole(compiler.value(nodes[1]), compiler.line), compiler.value(nodes[2])
    if not value.type.is_time:
        value = convert(value, DATETIME, implicit=True, line=compiler.line)
    check_part(part, value, "dateadd", compiler.line)
    fine = part in ("microsecond", "nanosecond") and value.type.name in ("datetime", "smalldatetime")
    if fine or part in ("iso_week", "tzoffset"):
        raise sql_error(9810 if fine else 9806, part, "dateadd", value.type.name, line=compiler.line)
    if part == "nanosecond":
        raise unsupported("DATEADD of nanoseconds", line=compiler.line)
    interval = _INTERVALS[part].format(_within_reach(part, amount, value.type))
    nullable = amount.nullable or value.nullable
    if value.type.name == "time":
        return Typed(f"({value.sql} + {interval})", value.type, nullable)
    if value.type.name == "datetimeoffset":
        return Typed(bound(value.sql, lambda v: _offset_moved(v, interval, value.type)), value.type, nullable)
    moved = bound(f"({timestamp(value)} + {interval})", lambda v: _in_range(v, part, value.type))
    return Typed(f"CAST({moved} AS DATE)" if value.type.name == "date" else moved, value.type, nullable)


def _within_reach(part: str, amount: Typed, type_: SqlType) -> str:
    """The number of DATEADD. One that leads out of every calendar is 517 before DuckDB adds it."""
    most = _REACH.get(part)
    if most is None or (isinstance(amount.constant, int) and abs(amount.constant) <= most):
        return amount.sql
    overflow = raise_sql(517, f"'{type_.name}'")
    return bound(amount.sql, lambda v: f"CASE WHEN abs({v}) > {most} THEN {overflow} ELSE {v} END")


def _in_range(moved: str, part: str, type_: SqlType) -> str:
    """Rounded as the type is, within its range."""
    low = _EARLIEST.get(type_.name, "0001-01-01")
    high = _LATEST.get(type_.name, "9999-12-31 23:59:59.999999")
    rounded = moved
    if type_.name == "datetime" and part == "millisecond":
        rounded = rounded_datetime(moved)
    elif type_.name == "smalldatetime" and part in TIME_PARTS:
        rounded = to_minutes(moved)
    elif type_.name == "datetime2" and part in ("millisecond", "microsecond"):
        rounded = rounded_scale(moved, type_.scale)
    overflow = raise_sql(517, quote_text(type_.name))
    inside = f"({moved} BETWEEN TIMESTAMP '{low}' AND TIMESTAMP '{high}')"
    return f"CASE WHEN {inside} IS FALSE THEN {overflow} ELSE {rounded} END"


def _offset_moved(value: str, interval: str, type_: SqlType) -> str:
    """Months and years are added by the clock at the place."""
    moved = f"(({value}).u + to_minutes(({value}).o) + {interval} - to_minutes(({value}).o))"
    outside = f"{moved} NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
    overflow = f"CAST({raise_sql(517, quote_text(type_.name))} AS {type_.duckdb})"
    made = offset_value(rounded_scale(moved, type_.scale), f"({value}).o", moved)
    return f"CASE WHEN {outside} THEN {overflow} ELSE {made} END"


def _instant(compiler: Compiler, node: exp.Expr) -> Typed:
    """An end of DATEDIFF: datetimeoffsets count by UTC."""
    value = dated(compiler.value(node), compiler.line)
    if value.type.name == "datetimeoffset":
        return Typed(f"({value.sql}).u", DATETIME2, value.nullable)
    return value


def _refuse_offset(compiler: Compiler, node: exp.Expr) -> None:
    """What DATEDIFF makes of a string with an offset is not documented."""
    text = compiler.value(node).constant
    if isinstance(text, str):
        try:
            found = read_time(text, "datetimeoffset")
        except UnsureForm:
            return
        if not isinstance(found, int) and found.offset:
            raise unsupported("DATEDIFF of a string with an offset", line=compiler.line)


def _difference(compiler: Compiler, nodes: list[exp.Expr], name: str, result: SqlType) -> Typed:
    """How many boundaries of the part lie between; weeks begin on Sunday whatever DATEFIRST says. Raises 535, 9806."""
    part = datepart(compiler, nodes[0], name)
    if part in ("iso_week", "tzoffset"):
        raise sql_error(9806, part, name, line=compiler.line)
    for node in nodes[1:]:
        _refuse_offset(compiler, node)
    start, end = (_instant(compiler, node) for node in nodes[1:])
    a, b = (timestamp(value) for value in (start, end))
    if part in ("microsecond", "nanosecond"):
        a, b = (bound(sql, exact_datetime) if value.type.name == "datetime" else sql
                for sql, value in ((a, start), (b, end)))  # fmt: skip
    if part == "week":
        weeks = "CAST(floor(date_diff('day', TIMESTAMP '0001-12-30', {}) / 7.0) AS BIGINT)"
        sql = f"({weeks.format(b)} - {weeks.format(a)})"
    else:
        unit = {"dayofyear": "day", "weekday": "day", "nanosecond": "microsecond"}.get(part, part)
        sql = f"date_diff('{unit}', {a}, {b})"
    if part == "nanosecond":
        sql = f"(CAST({sql} AS HUGEINT) * 1000)"
    if part in TIME_PARTS and (result == INT or part == "nanosecond"):
        limit = 2**31 if result == INT else 2**63
        overflow = raise_sql(535, f"'{name}'", f"'{name}'")
        sql = bound(sql, lambda v: f"CASE WHEN {v} < -{limit} OR {v} >= {limit} THEN {overflow} ELSE {v} END")
    return Typed(f"CAST({sql} AS {result.duckdb})", result, start.nullable or end.nullable)


def _datediff(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    return _difference(compiler, nodes, "datediff", INT)


def _datediff_big(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    return _difference(compiler, nodes, "datediff_big", BIGINT)


def _with_offset(compiler: Compiler, node: exp.Expr, part: str, function: str) -> Typed:
    """The date of DATEPART and DATENAME; of a string also its offset is asked for."""
    value = compiler.value(node)
    if part == "tzoffset" and value.type.is_string:
        value = convert(value, DATETIMEOFFSET, line=compiler.line)
    value = dated(value, compiler.line)
    check_part(part, value, function, compiler.line)
    return value


def _datepart(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    part = datepart(compiler, nodes[0], "datepart")
    value = _with_offset(compiler, nodes[1], part, "datepart")
    return Typed(f"CAST({date_field(part, value)} AS INTEGER)", INT, value.nullable)


def _datename(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    part = datepart(compiler, nodes[0], "datename")
    value = _with_offset(compiler, nodes[1], part, "datename")
    if part == "tzoffset":
        minutes = f"CAST({date_field(part, value)} AS INTEGER)"
        sql = f"CASE WHEN {value.sql} IS NOT NULL THEN {offset_text(minutes)} END"
    elif part in ("month", "weekday"):
        sql = f"{'monthname' if part == 'month' else 'dayname'}({timestamp(value)})"
    else:
        sql = f"CAST({date_field(part, value)} AS VARCHAR)"
    return Typed(sql, nvarchar(30), value.nullable)


def _field(part: str) -> Function:
    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        value = dated(args[0], compiler.line)
        check_part(part, value, part, compiler.line)
        return Typed(f"CAST({date_field(part, value)} AS INTEGER)", INT, value.nullable)

    return Function(1, 1, compile)


def _eomonth(compiler: Compiler, args: list[Typed]) -> Typed:
    """The last day of a month. Raises 517, 8116."""
    value = args[0]
    if value.type.name != "null" and (value.type.name == "time" or not (value.type.is_string or value.type.is_time)):
        raise sql_error(8116, value.type.name, 1, "eomonth", line=compiler.line)
    moved = timestamp(dated(value, compiler.line))
    if len(args) == 2:
        reach = _within_reach("month", whole(args[1], compiler.line), DATE)
        unknown = raise_sql(40510, quote_text("EOMONTH with NULL months"))
        moved = f"({moved} + to_months(coalesce({reach}, CAST({unknown} AS INTEGER))))"
    overflow = raise_sql(517, "'date'")

    def body(v: str) -> str:
        return f"CASE WHEN year({v}) NOT BETWEEN 1 AND 9999 THEN {overflow} ELSE CAST(last_day({v}) AS DATE) END"

    return Typed(bound(moved, body), DATE)


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
    "GETDATE": _now("GETDATE", DATETIME),
    "GETUTCDATE": _now("GETUTCDATE", DATETIME),
    "SYSDATETIME": _now("SYSDATETIME", DATETIME2),
    "SYSUTCDATETIME": _now("SYSUTCDATETIME", DATETIME2),
    "SYSDATETIMEOFFSET": _now("SYSDATETIMEOFFSET", DATETIMEOFFSET),
}
