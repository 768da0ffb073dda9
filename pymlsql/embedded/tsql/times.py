"""Conversion to dates and times: strings, numbers and other times, rounded and bounded as each type is.

Source: "CAST and CONVERT (Transact-SQL)" and the pages of the date and time types of sql-docs. datetimeoffset is kept
as a structure: ``u`` is the time of UTC, ``o`` the offset in minutes.
"""

from __future__ import annotations

import datetime as dt
import re

from pymlsql.embedded.tsql.locales import LOCALE
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.timetexts import OLD_TYPES, STYLES, Moment, UnsureForm, read_time, style_order
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import SqlType

READ_TIME = "pymlsql_time"
READ_OFFSET = "pymlsql_offset_time"
"""The functions by which DuckDB reads strings that are no constants; see engine/scalars.py."""

_WHOLE_SECOND = re.compile(r"TIMESTAMP '[-0-9]{10} [:0-9]{8}'")
_ISO = r"'\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,3})?)?'"
_BOUNDS = {
    "datetime": ("1753-01-01", "9999-12-31 23:59:59.998"), "smalldatetime": ("1900-01-01", "2079-06-06 23:59:59.999"),
}  # fmt: skip
_PARTS = {0: "second", 3: "millisecond"}
"""Scales that DuckDB has a word for."""
_OFFSET_BOUNDS = ("0001-01-01", "9999-12-31 23:59:59.999999")


def rounded_datetime(sql: str) -> str:
    """A timestamp to datetime's 1/300 s, as milliseconds ending in 0, 3 or 7."""
    micros = f"epoch_us({sql})"
    return f"make_timestamp(CAST(round(round({micros} * 3 / 10000.0) * 10 / 3.0) AS BIGINT) * 1000)"


def exact_datetime(sql: str) -> str:
    """A datetime as the newer types see it: its 1/300 s with all digits, and not the milliseconds that it shows."""
    ticks = f"round((epoch_us({sql}) % 1000000) * 3 / 10000.0)"
    return f"(date_trunc('second', {sql}) + to_microseconds(CAST(round({ticks} * 10000 / 3.0) AS BIGINT)))"


def rounded_scale(sql: str, scale: int) -> str:
    """A timestamp rounded to ``scale`` fractional digits, halves up, before 1970 too; beyond six nothing is left to
    round."""
    if scale >= 6:
        return sql
    unit = 10 ** (6 - scale)
    if scale in _PARTS:
        return f"date_trunc('{_PARTS[scale]}', {sql} + to_microseconds({unit // 2}))"
    return f"make_timestamp(epoch_us({sql}) + {unit // 2} - (microsecond({sql}) + {unit // 2}) % {unit})"


def to_time(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    """``value`` as a date or time of type ``target``, rounded as that type rounds. Raises 241, 242, 8115."""
    source = value.type
    if source.is_string:
        return _from_text(value, target, style, try_, line)
    if source.is_number and target.name in OLD_TYPES:
        return _from_number(value, target, try_)
    if not source.is_time:
        raise unsupported(f"conversion from {source} to {target}", line=line)
    if style not in (None, 0) and "datetimeoffset" in (source.name, target.name):
        raise unsupported(f"CONVERT of {source} to {target} with style {style}", line=line)
    if target.name == "datetimeoffset":
        return _to_offset(value, target)
    stamp = stamp_of(value, target)
    return _rounded(stamp, source, target, try_)


def stamp_of(value: Typed, target: SqlType) -> str:
    """A date or time as a DuckDB timestamp (a time on 1900-01-01), with the digits that ``target`` sees."""
    name = value.type.name
    if name == "time":
        return value.sql if target.name == "time" else f"(DATE '1900-01-01' + {value.sql})"
    if name == "datetimeoffset":
        return local_time(value.sql)
    if name == "datetime" and target.name in ("datetime2", "time", "datetimeoffset"):
        return bound(value.sql, exact_datetime)
    return value.sql


def local_time(sql: str) -> str:
    """The time of the clock of a datetimeoffset."""
    return bound(sql, lambda v: f"(({v}).u + to_minutes(({v}).o))")


def offset_value(utc: str, minutes: str, nullable_by: str) -> str:
    """A datetimeoffset of a UTC time and an offset; NULL where ``nullable_by`` is."""
    made = f"CAST({{'u': {utc}, 'o': {minutes}}} AS STRUCT(u TIMESTAMP, o SMALLINT))"
    return f"CASE WHEN {nullable_by} IS NOT NULL THEN {made} END"


def _to_offset(value: Typed, target: SqlType) -> str:
    """Other types are taken to be of UTC; among datetimeoffsets the fraction is rounded."""
    if value.type.name == "datetimeoffset":
        if target.scale >= min(value.type.scale, 6):
            return value.sql
        return bound(value.sql, lambda v: offset_value(rounded_scale(f"({v}).u", target.scale), f"({v}).o", v))
    stamp = f"CAST({stamp_of(value, target)} AS TIMESTAMP)"
    return bound(stamp, lambda v: offset_value(rounded_scale(v, target.scale), "0", v))


# Strings ----------------------------------------------------------------------------------------------------------


def _from_text(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    if style is not None and style not in STYLES:
        raise unsupported(f"CONVERT to {target} with style {style}", line=line)
    if isinstance(value.constant, str):
        return _literal(value.constant, value.type, target, style, try_, line)
    order = style_order(style, LOCALE.get().order)
    text = "-" if style is None else str(style)
    spec = quote_text("|".join((target.name, text, order, str(target.scale), value.type.name, "try" if try_ else "")))
    if target.name == "datetimeoffset":
        return _to_offset(Typed(f"{READ_OFFSET}({value.sql}, {spec})", SqlType("datetimeoffset", scale=7)), target)
    year_first = target.name not in OLD_TYPES or order.index("m") < order.index("d")
    plain = style in (None, 0, 20, 21, 120, 121) and year_first

    def body(v: str) -> str:
        called = f"{READ_TIME}({v}, {spec})"
        if not plain:
            return called
        # What programs write most is read by DuckDB itself; whatever it does not know goes the long way.
        cast = f"CASE WHEN regexp_full_match({v}, {_ISO}) THEN TRY_CAST({v} AS TIMESTAMP) END"
        return f"coalesce({cast}, {called})"

    return _rounded(bound(value.sql, body), value.type, target, try_)


def _literal(text: str, source: SqlType, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    """A string constant, read once and for all."""
    try:
        found = read_time(text, target.name, style, LOCALE.get().order, target.scale)
    except UnsureForm as unsure:
        raise unsupported(str(unsure), line=line) from None
    if isinstance(found, Moment):
        stamp = f"TIMESTAMP '{found.stamp.isoformat(' ')}'"
        if target.name != "datetimeoffset":
            return _rounded(stamp, source, target, try_)
        utc = utc_of(found)
        if utc is not None:
            made = offset_value(f"TIMESTAMP '{utc.isoformat(' ')}'", str(found.offset or 0), "1")
            return _to_offset(Typed(made, SqlType("datetimeoffset", scale=7)), target)
        found = 241
    if try_:
        return f"CAST(NULL AS {target.duckdb})"
    return f"CAST({time_error(found, source, target)} AS {target.duckdb})"


def utc_of(moment: Moment) -> dt.datetime | None:
    """The moment in UTC; None beyond the calendar."""
    try:
        return moment.stamp - dt.timedelta(minutes=moment.offset or 0)
    except OverflowError:
        return None


def time_error(number: int, source: SqlType, target: SqlType) -> str:
    """datetime and smalldatetime tell a date that is none (242) from what is no date; the newer types do not."""
    if number == 242 and target.name in OLD_TYPES:
        return raise_sql(242, quote_text(source.name), quote_text(target.name))
    return raise_sql(241)


# Numbers ----------------------------------------------------------------------------------------------------------


def _from_number(value: Typed, target: SqlType, try_: bool) -> str:
    """Days since 1900-01-01, their fraction to 1/300 s."""
    low, high = (-53690, 2958464) if target.name == "datetime" else (0, 65536)
    number = f"CAST({value.sql} AS INTEGER)" if value.type.name == "bit" else value.sql
    failed = "NULL" if try_ else raise_sql(8115, quote_text("expression"), quote_text(target.name))

    def body(v: str) -> str:
        if value.type.is_integer:
            made = f"(TIMESTAMP '1900-01-01' + to_days(CAST({v} AS INTEGER)))"
        else:
            made = f"(TIMESTAMP '1900-01-01' + to_microseconds(CAST(round({v} * 86400000000.0) AS BIGINT)))"
            made = rounded_datetime(made) if target.name == "datetime" else to_minutes(made)
        return f"CASE WHEN {v} < {low} OR {v} >= {high} THEN {failed} ELSE {made} END"

    return bound(number, body)


# Rounding ---------------------------------------------------------------------------------------------------------


def to_minutes(sql: str) -> str:
    """smalldatetime: 29.998 s and less go down, 29.999 s and more up."""
    return f"make_timestamp(CAST(floor((epoch_us({sql}) + 30001000) / 60000000.0) AS BIGINT) * 60000000)"


def _rounded(sql: str, source: SqlType, target: SqlType, try_: bool) -> str:
    if target.name == "date":
        return f"CAST({sql} AS DATE)"
    if target.name == "time":
        return _rounded_time(sql, source, target)
    if target.name == "datetime2":
        return rounded_scale(f"CAST({sql} AS TIMESTAMP)", target.scale)
    stamp = f"CAST({sql} AS TIMESTAMP)"
    if target.name == "datetime":
        if _WHOLE_SECOND.fullmatch(sql) and sql > "TIMESTAMP '1753":
            return sql
        exact = source.name in ("date", "smalldatetime", "datetime")
        made = stamp if exact else rounded_datetime(stamp)
        if source.name in OLD_TYPES:
            return made
    else:
        made = to_minutes(stamp)
    low, high = _BOUNDS[target.name]
    failed = "NULL" if try_ else f"CAST({time_error(242, source, target)} AS TIMESTAMP)"
    outside = "{v} < TIMESTAMP '" + low + "' OR {v} > TIMESTAMP '" + high + "'"
    return bound(made, lambda v: f"CASE WHEN {outside.format(v=v)} THEN {failed} ELSE {v} END")


def _rounded_time(sql: str, source: SqlType, target: SqlType) -> str:
    """Rounding up to midnight goes round to 00:00."""
    finer = source.is_string or source.name in ("datetime", "datetime2", "datetimeoffset", "time")
    if target.scale >= 6 or not finer or (source.name == "time" and source.scale <= target.scale):
        return f"CAST({sql} AS TIME)"
    stamp = f"(DATE '1900-01-01' + {sql})" if source.name == "time" else f"CAST({sql} AS TIMESTAMP)"
    return f"CAST({rounded_scale(stamp, target.scale)} AS TIME)"
