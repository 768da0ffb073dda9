"""CAST, CONVERT and implicit conversion, by SQL Server's rules, as DuckDB expressions.

Source: "CAST and CONVERT (Transact-SQL)", "Data type conversion" of sql-docs. What DuckDB would round, accept or
refuse differently is written out; what is not written out yet is refused (529 or 40510).
"""

from __future__ import annotations

from dataclasses import replace

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.numerics import to_bit, to_decimal, to_float, to_integer
from pymlsql.embedded.tsql.references import keeps_references, readable
from pymlsql.embedded.tsql.times import time_text, to_time
from pymlsql.embedded.tsql.typed import Typed, checked, quote_text, raise_sql
from pymlsql.embedded.tsql.types import MAX, SqlType


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
    return value.constant if value.type.is_string and target.is_string and _fits(value.type, target) else None


def _fits(source: SqlType, target: SqlType) -> bool:
    return target.length == MAX or (0 < source.length <= target.length)


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


_NEVER = frozenset(
    {(a, b) for a in ("date", "time", "datetime2") for b in ("exact", "float", "real")}
    | {(b, a) for a in ("date", "time", "datetime2") for b in ("exact", "float", "real")}
    | {("uniqueidentifier", t) for t in ("exact", "float", "real", "date", "time", "datetime", "datetime2")}
    | {(t, "uniqueidentifier") for t in ("exact", "float", "real", "date", "time", "datetime", "datetime2")}
    | {("float", "binary"), ("binary", "float"), ("binary", "real"), ("date", "time"), ("time", "date")}
)
_EXPLICIT_ONLY = frozenset(
    {("string", "binary"), ("unicode", "binary"), ("datetime", "exact"), ("datetime", "float"), ("datetime", "real"),
     ("date", "binary"), ("datetime", "binary"), ("datetime2", "binary"), ("binary", "date"), ("binary", "datetime2"),
     ("sql_variant", "exact"), ("sql_variant", "string"), ("sql_variant", "unicode"), ("sql_variant", "float")}
)  # fmt: skip


def _convert(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    source = value.type
    if target.name == "sql_variant":
        return _to_text(value, SqlType("nvarchar", length=4000), None, line)
    if target.is_string:
        return _to_text(value, target, style, line)
    if target.is_binary:
        return _to_binary(value, target, style, try_, line)
    if target.name == "bit":
        return to_bit(value, try_)
    if target.is_integer:
        return to_integer(value, target, try_, line)
    if target.name in ("decimal", "money", "smallmoney"):
        return to_decimal(value, target, try_, line)
    if target.is_approximate:
        return to_float(value, target, try_, line)
    if target.is_time:
        return to_time(value, target, style, try_, line)
    if target.name == "uniqueidentifier" and source.is_string:
        failed = "NULL" if try_ else raise_sql(8169)
        cast = f"coalesce(TRY_CAST(left({value.sql}, 36) AS UUID), {failed})"
        return f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE {cast} END"
    raise unsupported(f"conversion from {source} to {target}", line=line)


# Strings ----------------------------------------------------------------------------------------------------------


def _to_text(value: Typed, target: SqlType, style: int | None, line: int) -> str:
    source, sql = value.type, value.sql
    if source.is_string:
        if _fits(source, target) and target.name in ("varchar", "nvarchar"):
            return sql
        return _sized(sql, target)
    if source.name == "bit":
        return _sized(f"CAST(CAST({sql} AS INTEGER) AS VARCHAR)", target)
    if source.is_exact:
        return _number_text(f"CAST({sql} AS VARCHAR)", source, target)
    if source.is_approximate:
        return _number_text(_float_text(sql, source, style or 0, line), source, target)
    if source.is_time:
        return _sized(time_text(sql, source, style, line), target)
    if source.name == "uniqueidentifier":
        return _sized(f"upper(CAST({sql} AS VARCHAR))", target)
    if source.is_binary:
        if style in (1, 2):
            prefix = "'0x' || " if style == 1 else ""
            return _sized(f"{prefix}hex({sql})", target)
        raise unsupported(f"conversion from {source} to {target} without style 1 or 2", line=line)
    raise unsupported(f"conversion from {source} to {target}", line=line)


def _sized(sql: str, target: SqlType) -> str:
    """Cut to the length; char and nchar are filled with blanks."""
    if target.length == MAX:
        return sql
    cut = f"left({sql}, {target.length})"
    return f"rpad({cut}, {target.length}, ' ')" if target.name in ("char", "nchar") else cut


def _number_text(sql: str, source: SqlType, target: SqlType) -> str:
    """A number's text; one that does not fit is 8115, except an integer in (var)char, which becomes '*'."""
    longest = {"tinyint": 3, "smallint": 6, "int": 11, "bigint": 20}.get(source.name, 41)
    if target.length == MAX or target.length >= longest:
        return _sized(sql, target)
    if source.is_integer and not target.is_unicode:
        too_long = "'*'"
    else:
        too_long = raise_sql(8115, quote_text(source.name), quote_text(target.name))
    return _sized(f"CASE WHEN length({sql}) > {target.length} THEN {too_long} ELSE {sql} END", target)


def _float_text(sql: str, source: SqlType, style: int, line: int) -> str:
    """Style 0: six digits at most; 1: eight, 2: sixteen, scientific; 3: seventeen. Exponents have three digits."""
    forms = {0: "{:.6g}", 1: "{:.7e}", 2: "{:.15e}", 3: "{:.17g}"}
    if style not in forms:
        raise unsupported(f"CONVERT of {source} with style {style}", line=line)
    text = f"format('{forms[style]}', CAST({sql} AS DOUBLE))"
    return f"regexp_replace({text}, 'e([+-])(\\d\\d)$', 'e\\10\\2')"


# Binary -----------------------------------------------------------------------------------------------------------


def _to_binary(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    source, sql = value.type, value.sql
    if source.is_binary:
        sized = sql
    elif source.is_integer and source.name != "bit":
        digits = {"tinyint": 2, "smallint": 4, "int": 8, "bigint": 16}[source.name]
        unsigned = f"(CASE WHEN {sql} < 0 THEN CAST({sql} AS HUGEINT) + {16**digits} ELSE CAST({sql} AS HUGEINT) END)"
        sized = f"unhex(lpad(hex({unsigned}), {digits}, '0'))"
        if target.length not in (MAX, digits // 2):
            raise unsupported(f"conversion from {source} to {target}", line=line)
        return sized
    elif source.is_string and style in (1, 2):
        sized = _from_hex(sql, style, try_)
    elif source.is_string:
        plain = f"regexp_full_match({sql}, '[\\x00-\\x7F]*')"
        refused = raise_sql(40510, quote_text("conversion of characters outside ASCII to varbinary"))
        encoded = f"encode({sql})"
        if source.is_unicode:
            encoded = f"unhex(regexp_replace(hex(encode({sql})), '(..)', '\\100', 'g'))"
        sized = f"CASE WHEN {sql} IS NULL OR {plain} THEN {encoded} ELSE {refused} END"
    else:
        raise unsupported(f"conversion from {source} to {target}", line=line)
    if target.length == MAX:
        return sized
    if source.is_binary and 0 < source.length <= target.length and target.name == "varbinary":
        return sized
    if target.name == "varbinary":
        return f"unhex(left(hex({sized}), {2 * target.length}))"
    return f"unhex(rpad(left(hex({sized}), {2 * target.length}), {2 * target.length}, '0'))"


def _from_hex(sql: str, style: int, try_: bool) -> str:
    """Style 1 wants 0x before the digits, style 2 does not; their number is even. Raises 8114."""
    shape = "0[xX]([0-9A-Fa-f]{2})*" if style == 1 else "([0-9A-Fa-f]{2})*"
    digits = f"substring({sql}, 3)" if style == 1 else sql
    cast = f"CASE WHEN regexp_full_match({sql}, '{shape}') THEN unhex({digits}) END"
    return checked(sql, cast, 8114, quote_text("varchar"), quote_text("varbinary"), try_=try_)
