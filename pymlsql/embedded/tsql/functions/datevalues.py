"""Dates made of parts, cut, put into buckets, and moved between offsets and time zones.

Source: the pages of these functions and "AT TIME ZONE (Transact-SQL)" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.dateparts import check_part, datepart, days_into_week, timestamp
from pymlsql.embedded.tsql.functions.rows import Function, whole
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.times import offset_value, rounded_datetime
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import (
    DATE,
    DATETIME,
    DATETIME2,
    DATETIMEOFFSET,
    INT,
    SMALLDATETIME,
    SqlType,
)
from pymlsql.embedded.tsql.zones import AT_ZONE, ZONES

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


# From parts -------------------------------------------------------------------------------------------------------


def _made(parts: list[Typed], type_: SqlType, sql: str, valid: str = "true") -> Typed:
    """A date of parts: NULL where one is NULL, 289 where they make none."""
    known = " AND ".join(f"{part.sql} IS NOT NULL" for part in parts)
    failed = f"CAST({raise_sql(289, quote_text(type_.name))} AS {type_.duckdb})"
    tried = f"CASE WHEN {valid} THEN TRY({sql}) END"
    return Typed(f"CASE WHEN {known} THEN coalesce({tried}, {failed}) END", type_)


def _years(first: int, last: int, part: Typed) -> str:
    return f"{part.sql} BETWEEN {first} AND {last}"


def _datefromparts(compiler: Compiler, args: list[Typed]) -> Typed:
    parts = [whole(arg, compiler.line) for arg in args]
    return _made(parts, DATE, f"make_date({', '.join(part.sql for part in parts)})", _years(1, 9999, parts[0]))


def _stamp_sql(parts: list[Typed], micros: str = "0") -> str:
    """Year to minute or second as a timestamp; the parts are checked by DuckDB, but for 60 seconds and 24 hours."""
    second = f"CAST({parts[5].sql} AS DOUBLE)" if len(parts) > 5 else "0.0"
    made = f"make_timestamp({', '.join(part.sql for part in parts[:5])}, {second})"
    return made if micros == "0" else f"({made} + to_microseconds({micros}))"


def _clock(parts: list[Typed]) -> str:
    limits = zip(parts, (23, 59, 59), strict=False)
    return " AND ".join(f"{part.sql} BETWEEN 0 AND {most}" for part, most in limits)


def _datetimefromparts(compiler: Compiler, args: list[Typed]) -> Typed:
    parts = [whole(arg, compiler.line) for arg in args]
    valid = f"{_years(1753, 9999, parts[0])} AND {_clock(parts[3:6])} AND {parts[6].sql} BETWEEN 0 AND 999"
    return _made(parts, DATETIME, rounded_datetime(_stamp_sql(parts, f"{parts[6].sql} * 1000")), valid)


def _smalldatetimefromparts(compiler: Compiler, args: list[Typed]) -> Typed:
    parts = [whole(arg, compiler.line) for arg in args]
    stamp = _stamp_sql(parts)
    valid = f"{_clock(parts[3:5])} AND {_years(1900, 2079, parts[0])}"
    limited = f"CASE WHEN {stamp} < TIMESTAMP '2079-06-07' THEN {stamp} END"
    return _made(parts, SMALLDATETIME, limited, valid)


def _scale(compiler: Compiler, value: Typed, type_: str) -> int:
    """The precision argument, a constant. Raises 10760, 1002."""
    scale = value.constant
    if not isinstance(scale, int) or value.type != INT:
        raise sql_error(10760, type_, line=compiler.line)
    if not 0 <= scale <= 7:
        raise SqlError(1002, f"Line {compiler.line}: Specified scale {scale} is invalid.", line=compiler.line)
    return scale


def _fraction(value: Typed, scale: int) -> tuple[str, str]:
    """Microseconds of a fraction counted in units of ``scale``, and the condition that there are not too many."""
    micros = f"{value.sql} * {10 ** (6 - scale)}" if scale <= 6 else f"{value.sql} // 10"
    return micros, f"{value.sql} BETWEEN 0 AND {10**scale - 1}"


def _datetime2fromparts(compiler: Compiler, args: list[Typed]) -> Typed:
    scale = _scale(compiler, args[7], "datetime2")
    parts = [whole(arg, compiler.line) for arg in args[:7]]
    micros, few = _fraction(parts[6], scale)
    valid = f"{_years(1, 9999, parts[0])} AND {_clock(parts[3:6])} AND {few}"
    return _made(parts, SqlType("datetime2", scale=scale), _stamp_sql(parts[:6], micros), valid)


def _timefromparts(compiler: Compiler, args: list[Typed]) -> Typed:
    scale = _scale(compiler, args[4], "time")
    parts = [whole(arg, compiler.line) for arg in args[:4]]
    micros, few = _fraction(parts[3], scale)
    hour, minute, second = (part.sql for part in parts[:3])
    made = f"(make_time({hour}, {minute}, CAST({second} AS DOUBLE)) + to_microseconds({micros}))"
    return _made(parts, SqlType("time", scale=scale), made, f"{_clock(parts[:3])} AND {few}")


def _datetimeoffsetfromparts(compiler: Compiler, args: list[Typed]) -> Typed:
    scale = _scale(compiler, args[9], "datetimeoffset")
    type_ = SqlType("datetimeoffset", scale=scale)
    parts = [whole(arg, compiler.line) for arg in args[:9]]
    micros, few = _fraction(parts[6], scale)
    hours, minutes = parts[7].sql, parts[8].sql
    offset = f"({hours} * 60 + {minutes})"
    same_sign = f"({hours} >= 0 AND {minutes} >= 0 OR {hours} <= 0 AND {minutes} <= 0)"
    valid = f"{_years(1, 9999, parts[0])} AND {_clock(parts[3:6])} AND {few} AND {same_sign} AND " \
            f"{minutes} BETWEEN -59 AND 59 AND {offset} BETWEEN -840 AND 840"  # fmt: skip
    utc = f"({_stamp_sql(parts[:6], micros)} - to_minutes({offset}))"
    return _made(parts, type_, offset_value(utc, offset, "1"), valid)


# Cut and counted --------------------------------------------------------------------------------------------------


def _of_date(compiler: Compiler, node: exp.Expr, index: int, function: str) -> Typed:
    value = compiler.value(node)
    if value.type.is_string or value.type.name == "null":
        return convert(value, DATETIME2, implicit=True, line=compiler.line)
    if not value.type.is_time:
        raise sql_error(8116, value.type.name, index, function, line=compiler.line)
    return value


def _datetrunc(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """The type stays. Raises 9806, 9810, 9837."""
    part = datepart(compiler, nodes[0], "datetrunc")
    value = _of_date(compiler, nodes[1], 2, "datetrunc")
    if part in ("weekday", "tzoffset", "nanosecond"):
        raise sql_error(9806, part, "datetrunc", line=compiler.line)
    check_part(part, value, "datetrunc", compiler.line)
    digits = {"datetime": 3, "smalldatetime": 3}.get(value.type.name, value.type.scale)
    if digits < {"millisecond": 3, "microsecond": 6}.get(part, 0):
        raise sql_error(9810, part, "datetrunc", value.type.name, line=compiler.line)
    if value.type.name == "datetime" and part == "millisecond":
        return value
    return _back(value, lambda stamp: _cut(stamp, part))


def _cut(stamp: str, part: str) -> str:
    if part == "week":
        moved = f"(date_trunc('day', {stamp}) - to_days(CAST({days_into_week(stamp)} AS INTEGER)))"
        return f"CASE WHEN {moved} < TIMESTAMP '0001-01-01' THEN CAST({raise_sql(9837)} AS TIMESTAMP) ELSE {moved} END"
    unit = {"iso_week": "week", "dayofyear": "day"}.get(part, part)
    return f"date_trunc('{unit}', {stamp})"


def _back(value: Typed, change: Callable[[str], str]) -> Typed:
    """``value`` changed as a timestamp of its clock, in its own type."""
    type_ = value.type
    if type_.name == "datetimeoffset":

        def moved(v: str) -> str:
            stamp = change(f"(({v}).u + to_minutes(({v}).o))")
            return offset_value(f"({stamp} - to_minutes(({v}).o))", f"({v}).o", v)

        return Typed(bound(value.sql, moved), type_, value.nullable)
    sql = bound(timestamp(value), change)
    cast = type_.name in ("date", "time")
    return Typed(f"CAST({sql} AS {type_.duckdb})" if cast else f"CAST({sql} AS TIMESTAMP)", type_, value.nullable)


_BUCKETS = frozenset({"year", "quarter", "month", "week", "dayofyear", "day", "weekday", "hour", "minute", "second",
                      "millisecond"})  # fmt: skip
_UNITS = {"week": 604_800_000_000, "day": 86_400_000_000, "dayofyear": 86_400_000_000, "weekday": 86_400_000_000,
          "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000, "millisecond": 1000}  # fmt: skip
_MONTHS = {"year": 12, "quarter": 3, "month": 1}


def _date_bucket(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """The start of the bucket; buckets are counted from the origin, 1900-01-01. Raises 8116, 9806, 9810, 9834."""
    part = datepart(compiler, nodes[0], "date_bucket")
    if part not in _BUCKETS:
        raise sql_error(9806, part, "date_bucket", line=compiler.line)
    width, value = whole(compiler.value(nodes[1]), compiler.line), compiler.value(nodes[2])
    if not value.type.is_time:
        raise sql_error(8116, value.type.name, 3, "Date_Bucket", line=compiler.line)
    check_part(part, value, "date_bucket", compiler.line)
    if value.type.name in ("datetimeoffset", "time") or (value.type.name == "datetime" and part == "millisecond"):
        raise unsupported(f"DATE_BUCKET of {value.type} by {part}", line=compiler.line)
    origin = "TIMESTAMP '1900-01-01'"
    if len(nodes) == 4:
        start = compiler.value(nodes[3])
        if start.type.name != value.type.name:
            raise sql_error(8116, start.type.name, 4, "Date_Bucket", line=compiler.line)
        origin = timestamp(start)
    wrong = raise_sql(9834, "'DATE_BUCKET'")
    n = bound(width.sql, lambda v: f"CASE WHEN {v} <= 0 THEN {wrong} ELSE {v} END")
    return _back(value, lambda stamp: _bucket(stamp, part, n, origin))


def _bucket(stamp: str, part: str, n: str, origin: str) -> str:
    if part in _UNITS:
        size = f"(CAST({n} AS BIGINT) * {_UNITS[part]})"
        since = f"(epoch_us({stamp}) - epoch_us({origin}))"
        count = f"(({since} - ({since} % {size} + {size}) % {size}) // {size})"
        return f"make_timestamp(epoch_us({origin}) + {count} * {size})"
    size = f"({n} * {_MONTHS[part]})"
    # Whole months from the origin: one less where the day and time of the month are not reached yet.
    months = f"((year({stamp}) - year({origin})) * 12 + month({stamp}) - month({origin}))"
    whole_months = f"({months} - CASE WHEN {origin} + to_months(CAST({months} AS INTEGER)) > {stamp} THEN 1 ELSE 0 END)"
    count = f"CAST(floor({whole_months} / CAST({size} AS DOUBLE)) AS INTEGER)"
    return f"({origin} + to_months({count} * {size}))"


# Offsets and zones ------------------------------------------------------------------------------------------------


def _offset_minutes(compiler: Compiler, value: Typed, function: str) -> str:
    """An offset as +hh:mm or in minutes. Raises 9812."""
    wrong = f"CAST({raise_sql(9812, quote_text(function))} AS INTEGER)"
    if value.type.is_string:
        sql = value.sql
        shape = r"[+-](0?\d|1[0-4]):[0-5]\d"
        count = f"(CAST(regexp_extract({sql}, '^.(\\d+)', 1) AS INTEGER) * 60 + CAST(right({sql}, 2) AS INTEGER))"
        minutes = f"CASE WHEN left({sql}, 1) = '-' THEN -1 ELSE 1 END * {count}"
        minutes = f"CASE WHEN {sql} IS NULL THEN NULL WHEN regexp_full_match({sql}, {quote_text(shape)}) " \
                  f"THEN {minutes} ELSE {wrong} END"  # fmt: skip
    else:
        minutes = whole(value, compiler.line).sql
    return bound(minutes, lambda v: f"CASE WHEN {v} NOT BETWEEN -840 AND 840 THEN {wrong} ELSE {v} END")


def _switchoffset(compiler: Compiler, args: list[Typed]) -> Typed:
    """The same instant with another offset."""
    value = args[0]
    if value.type.name != "datetimeoffset":
        value = convert(value, DATETIMEOFFSET, implicit=True, line=compiler.line)
    minutes = _offset_minutes(compiler, args[1], "switchoffset")
    known = f"CASE WHEN {value.sql} IS NOT NULL THEN {minutes} END"
    made = bound(known, lambda m: offset_value(f"({value.sql}).u", m, m))
    return Typed(made, value.type, True)


def _todatetimeoffset(compiler: Compiler, args: list[Typed]) -> Typed:
    """The same clock with an offset."""
    value = args[0]
    if value.type.name != "datetime2":
        value = convert(value, DATETIME2, implicit=True, line=compiler.line)
    minutes = _offset_minutes(compiler, args[1], "todatetimeoffset")
    known = f"CASE WHEN {value.sql} IS NOT NULL THEN {minutes} END"
    made = bound(known, lambda m: offset_value(f"({value.sql} - to_minutes({m}))", m, m))
    return Typed(made, SqlType("datetimeoffset", scale=value.type.scale), True)


def at_time_zone(compiler: Compiler, value: Typed, zone: Typed) -> Typed:
    """``value AT TIME ZONE zone``: a datetimeoffset there; a time without offset is that of the zone. Raises 8116."""
    if value.type.is_string or value.type.name in ("date", "time") or not value.type.is_time:
        raise sql_error(8116, value.type.name, 1, "AT TIME ZONE", line=compiler.line)
    name = zone.constant if zone.constant is not None else None
    if not isinstance(name, str):
        raise unsupported("AT TIME ZONE with a name that is not a constant", line=compiler.line)
    if name.lower() not in ZONES:
        raise unsupported(f"time zone {name}", line=compiler.line)
    quoted = quote_text(name.lower())
    is_utc = value.type.name == "datetimeoffset"
    stamp = f"({value.sql}).u" if is_utc else value.sql
    scale = {"datetime": 3, "smalldatetime": 0}.get(value.type.name, value.type.scale)
    made = f"{AT_ZONE}({stamp}, {quoted}, {str(is_utc).lower()})"
    return Typed(made, SqlType("datetimeoffset", scale=scale), value.nullable)


DATE_VALUES = {
    "DATEFROMPARTS": Function(3, 3, _datefromparts),
    "DATETIMEFROMPARTS": Function(7, 7, _datetimefromparts),
    "DATETIME2FROMPARTS": Function(8, 8, _datetime2fromparts),
    "SMALLDATETIMEFROMPARTS": Function(5, 5, _smalldatetimefromparts),
    "TIMEFROMPARTS": Function(5, 5, _timefromparts),
    "DATETIMEOFFSETFROMPARTS": Function(10, 10, _datetimeoffsetfromparts),
    "DATETRUNC": Function(2, 2, compile_nodes=_datetrunc, level=160),
    "DATE_BUCKET": Function(3, 4, compile_nodes=_date_bucket, level=160),
    "SWITCHOFFSET": Function(2, 2, _switchoffset),
    "TODATETIMEOFFSET": Function(2, 2, _todatetimeoffset),
}
