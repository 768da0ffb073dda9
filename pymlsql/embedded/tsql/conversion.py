"""CAST, CONVERT and implicit conversion, by SQL Server's rules, as DuckDB expressions.

Source: "CAST and CONVERT (Transact-SQL)", "Data type conversion" of sql-docs. What DuckDB would round, accept or
refuse differently is written out; what is not written out yet is refused (529 or 40510).
"""

from __future__ import annotations

from dataclasses import replace

from pymlsql.embedded.tsql.codepage import length_in_units, narrowed
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.numerics import to_bit, to_decimal, to_float, to_integer
from pymlsql.embedded.tsql.octets import to_binary, to_uniqueidentifier
from pymlsql.embedded.tsql.references import keeps_references, readable
from pymlsql.embedded.tsql.texts import fits, to_text
from pymlsql.embedded.tsql.times import to_time
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import SqlType


def convert(value: Typed, target: SqlType, *, style: int | None = None, try_: bool = False,
            implicit: bool = False, line: int = 0) -> Typed:  # fmt: skip
    """``value`` as ``target``. ``try_`` gives NULL where a conversion would fail at run time."""
    if value.by_reference:
        if keeps_references(target):
            return replace(value, type=target, name="")
        value = readable(value)
    source = value.type
    if source == target and style is None:
        return replace(value, name="")
    if source.name == "null":
        return Typed(f"CAST(NULL AS {target.duckdb})", target)
    _refuse_impossible(source, target, implicit, line)
    if source.name == "sql_variant":
        source = SqlType("nvarchar", length=4000)
        value = value.retyped(source)
    sql = _convert(value, target, style, try_, line)
    return Typed(sql, target, value.nullable or try_, binary=value.binary, constant=_constant(value, target))


def _constant(value: Typed, target: SqlType) -> object:
    """What a string constant is after the conversion, if that is known without DuckDB."""
    if not (isinstance(value.constant, str) and target.is_string and fits(value.type, target)):
        return None
    text = narrowed(value.constant) if value.type.is_unicode and not target.is_unicode else value.constant
    n_missing = target.length - length_in_units(text) if target.name in ("char", "nchar") else 0
    return text + " " * n_missing


def _refuse_impossible(source: SqlType, target: SqlType, implicit: bool, line: int) -> None:
    pair = (_family(source), _family(target))
    if pair in _NEVER:
        raise sql_error(206 if implicit else 529, source.name, target.name, line=line)
    if implicit and pair in _EXPLICIT_ONLY:
        raise sql_error(257, source.name, target.name, line=line)
    if implicit and target.name == "timestamp":
        raise sql_error(257, source.name, target.name, line=line)


def _family(type_: SqlType) -> str:
    if type_.is_string:
        return "unicode" if type_.is_unicode else "string"
    if type_.is_binary:
        return "binary"
    if type_.name in ("datetime", "smalldatetime"):
        return "datetime"
    if type_.is_exact:
        return "exact"
    return type_.name


_NUMBERS = ("exact", "float", "real")
_NEW_TIMES = ("date", "time", "datetime2", "datetimeoffset")
_NEVER = frozenset(
    {pair for a in _NEW_TIMES for b in _NUMBERS for pair in ((a, b), (b, a))}
    | {(t, "uniqueidentifier") for t in (*_NUMBERS, *_NEW_TIMES, "datetime")}
    | {("uniqueidentifier", t) for t in (*_NUMBERS, *_NEW_TIMES, "datetime")}
    | {("binary", "float"), ("binary", "real"), ("date", "time"), ("time", "date")}
)
_EXPLICIT_ONLY = frozenset(
    {("string", "binary"), ("unicode", "binary"), ("datetime", "exact"), ("datetime", "float"), ("datetime", "real"),
     ("datetime", "binary"), *((t, "binary") for t in _NEW_TIMES), *(("binary", t) for t in _NEW_TIMES),
     ("sql_variant", "exact"), ("sql_variant", "string"), ("sql_variant", "unicode"), ("sql_variant", "float")}
)  # fmt: skip


def _convert(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    source = value.type
    if target.name == "sql_variant":
        return to_text(value, SqlType("nvarchar", length=4000), None, try_, line)
    if target.is_string:
        return to_text(value, target, style, try_, line)
    if target.is_binary:
        return to_binary(value, target, style, try_, line)
    if target.name == "bit":
        return to_bit(value, try_, line)
    if target.is_integer:
        return to_integer(value, target, try_, line)
    if target.name in ("decimal", "money", "smallmoney"):
        return to_decimal(value, target, try_, line)
    if target.is_approximate:
        return to_float(value, target, try_, line)
    if target.is_time:
        return to_time(value, target, style, try_, line)
    if target.name == "uniqueidentifier":
        return to_uniqueidentifier(value, try_, line)
    raise unsupported(f"conversion from {source} to {target}", line=line)
