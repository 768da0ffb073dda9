"""Conversion to binary and varbinary, and from them to uniqueidentifier, as DuckDB expressions.

Source: "CAST and CONVERT (Transact-SQL)", "binary and varbinary (Transact-SQL)" of sql-docs.
"""

from __future__ import annotations

from pymlsql.embedded.tsql.codepage import BYTES_OF_TEXT
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed, bound, checked, quote_text, raise_sql
from pymlsql.embedded.tsql.types import MAX, SqlType

_HEX_DIGITS = {"bit": 2, "tinyint": 2, "smallint": 4, "int": 8, "bigint": 16}
_MIXED = ((7, 2), (5, 2), (3, 2), (1, 2), (11, 2), (9, 2), (15, 2), (13, 2), (17, 16))
"""Where the bytes of a uniqueidentifier stand in the digits of its text: its first three fields lie backwards."""


def to_binary(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    """``value`` as binary or varbinary. Numbers are cut and filled at the left, all else at the right."""
    source, sql = value.type, value.sql
    if source.is_integer:
        return _of_integer(value, target)
    if source.is_binary:
        if source.length == target.length == MAX or (0 < source.length <= target.length and target.name == "varbinary"):
            return sql
        return _sized(sql, target)
    if source.is_string and style in (1, 2):
        return _sized(_of_digits(sql, source, style, try_), target)
    if source.is_string:
        if style not in (None, 0):
            raise sql_error(281, style, source.name, line=line)
        return _sized(_of_text(value), target)
    if source.name == "uniqueidentifier":
        digits = f"replace(CAST({sql} AS VARCHAR), '-', '')"
        return _sized(f"unhex({_mixed(digits)})", target)
    raise unsupported(f"conversion from {source} to {target}", line=line)


def _sized(sql: str, target: SqlType) -> str:
    if target.length == MAX:
        return sql
    digits = f"left(hex({sql}), {2 * target.length})"
    return f"unhex({digits})" if target.name == "varbinary" else f"unhex(rpad({digits}, {2 * target.length}, '0'))"


def _of_integer(value: Typed, target: SqlType) -> str:
    sql, digits = value.sql, _HEX_DIGITS[value.type.name]
    if value.type.name == "bit":
        unsigned = f"CAST({sql} AS HUGEINT)"
    else:
        wide = f"CAST({sql} AS HUGEINT)"
        unsigned = f"(CASE WHEN {sql} < 0 THEN {wide} + {16**digits} ELSE {wide} END)"
    text = f"lpad(hex({unsigned}), {digits}, '0')"
    if target.length != MAX and (2 * target.length < digits or target.name == "binary"):
        wanted = 2 * target.length
        text = f"right(repeat('0', {max(0, wanted - digits)}) || {text}, {wanted})"
    return f"unhex({text})"


def _of_text(value: Typed) -> str:
    """Each character of varchar is a byte of code page 1252, each of nvarchar two of UTF-16."""
    if value.type.is_unicode:
        return f"{BYTES_OF_TEXT}({value.sql}, true)"
    return bound(value.sql, lambda v: f"CASE WHEN strlen({v}) = length({v}) THEN encode({v}) "
                                      f"ELSE {BYTES_OF_TEXT}({v}, false) END")  # fmt: skip


def _of_digits(sql: str, source: SqlType, style: int, try_: bool) -> str:
    """Style 1 wants 0x before the digits, style 2 does not; their number is even. Raises 8114."""
    shape = "0[xX]([0-9A-Fa-f]{2})*" if style == 1 else "([0-9A-Fa-f]{2})*"
    digits = f"substring({sql}, 3)" if style == 1 else sql
    cast = f"CASE WHEN regexp_full_match({sql}, '{shape}') THEN unhex({digits}) END"
    return checked(sql, cast, 8114, quote_text(source.name), quote_text("varbinary"), try_=try_)


def _mixed(digits: str) -> str:
    return bound(digits, lambda v: " || ".join(f"substring({v}, {at}, {n})" for at, n in _MIXED))


def to_uniqueidentifier(value: Typed, try_: bool, line: int) -> str:
    """A string of 36 characters, with braces 38, or bytes, filled with zeros to 16. Raises 8169."""
    sql = value.sql
    if value.type.is_string:
        failed = "NULL" if try_ else raise_sql(8169)
        braced = f"CASE WHEN substring({sql}, 38, 1) = '}}' THEN substring({sql}, 2, 36) END"
        bare = f"CASE WHEN starts_with({sql}, '{{') THEN {braced} ELSE left({sql}, 36) END"
        shape = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
        cast = bound(bare, lambda v: f"CASE WHEN regexp_full_match({v}, '{shape}') THEN CAST({v} AS UUID) END")
        return f"CASE WHEN {sql} IS NULL THEN NULL ELSE coalesce({cast}, {failed}) END"
    if value.type.is_binary:
        digits = f"rpad(left(hex({sql}), 32), 32, '0')"
        return f"CAST({_mixed(digits)} AS UUID)"
    raise unsupported(f"conversion from {value.type} to uniqueidentifier", line=line)
