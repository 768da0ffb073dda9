"""Conversion to char, varchar, nchar and nvarchar, by SQL Server's rules, as DuckDB expressions.

Source: "CAST and CONVERT (Transact-SQL)", "money and smallmoney", "binary and varbinary" of sql-docs.
"""

from __future__ import annotations

from pymlsql.embedded.tsql.codepage import (
    NARROW,
    TEXT_OF_BYTES,
    astral_sql,
    in_units,
    length_in_units,
    length_sql,
    narrowed,
)
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.timestyles import time_text
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import MAX, SqlType

_LONGEST = {"tinyint": 3, "smallint": 6, "int": 11, "bigint": 20}


def fits(source: SqlType, target: SqlType) -> bool:
    """Whether every string or binary value of ``source`` has room in ``target``."""
    return target.length == MAX or (0 < source.length <= target.length)


def to_text(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    """``value`` as a string of ``target``. Raises 8115 where a number has no room, 8170 for a uniqueidentifier."""
    source, sql = value.type, value.sql
    if source.is_string:
        return _from_string(value, target)
    if source.name == "bit":
        return _number_text(f"CAST(CAST({sql} AS INTEGER) AS VARCHAR)", SqlType("tinyint"), target, try_)
    if source.name in ("money", "smallmoney"):
        return _number_text(_money_text(value, style or 0), source, target, try_)
    if source.is_exact:
        return _number_text(f"CAST({sql} AS VARCHAR)", source, target, try_)
    if source.is_approximate:
        return _number_text(_float_text(sql, source, style or 0, line), source, target, try_)
    if source.name == "datetimeoffset" and 0 <= target.length < 34:
        return bound(time_text(value, style, line), lambda v: f"CASE WHEN length({v}) > {target.length} THEN "
                     f"{'NULL' if try_ else raise_sql(241)} ELSE {sized(v, target)} END")  # fmt: skip
    if source.is_time:
        return sized(time_text(value, style, line), target)
    if source.name == "uniqueidentifier":
        if target.length != MAX and target.length < 36:
            number = 8115 if target.is_unicode else 8170
            failed = "NULL" if try_ else raise_sql(number, quote_text("expression"), quote_text(target.name))
            return f"CASE WHEN {sql} IS NULL THEN NULL ELSE {failed} END"
        return sized(f"upper(CAST({sql} AS VARCHAR))", target)
    if source.is_binary:
        return _from_binary(sql, target, style, line)
    raise unsupported(f"conversion from {source} to {target}", line=line)


def _from_string(value: Typed, target: SqlType) -> str:
    """The same string, cut; what code page 1252 has not is replaced on the way from nvarchar to varchar."""
    sql = value.sql
    if value.type.is_unicode and not target.is_unicode:
        if isinstance(value.constant, str):
            sql = quote_text(narrowed(value.constant))
        else:
            sql = bound(sql, lambda v: f"CASE WHEN strlen({v}) = length({v}) THEN {v} ELSE {NARROW}({v}) END")
    if fits(value.type, target) and target.name not in ("char", "nchar"):
        return sql
    plain = isinstance(value.constant, str) and length_in_units(value.constant) == len(value.constant)
    if value.type.is_unicode and target.is_unicode and target.length != MAX and not plain:
        return bound(sql, lambda v: f"CASE WHEN {astral_sql(v)} THEN {_with_pairs(v, target)} "
                                    f"ELSE {sized(v, target)} END")  # fmt: skip
    return sized(sql, target)


def _with_pairs(sql: str, target: SqlType) -> str:
    """A string with characters that count as two, cut to the length and filled with blanks."""
    n_missing = f"({target.length} - {length_sql(sql)})"
    filled = f"{sql} || repeat(' ', {n_missing})" if target.name == "nchar" else sql
    cut = in_units(sql, lambda v: f"left({v}, {target.length})")
    return f"CASE WHEN {n_missing} < 0 THEN {cut} ELSE {filled} END"


def sized(sql: str, target: SqlType) -> str:
    """Cut to the length; char and nchar are filled with blanks."""
    if target.length == MAX:
        return sql
    cut = f"left({sql}, {target.length})"
    return f"rpad({cut}, {target.length}, ' ')" if target.name in ("char", "nchar") else cut


def _number_text(sql: str, source: SqlType, target: SqlType, try_: bool) -> str:
    """A number's text; one that does not fit is an error, except an integer in (var)char, which becomes '*'."""
    if target.length == MAX or target.length >= _LONGEST.get(source.name, 41):
        return sized(sql, target)
    if source.is_integer and source.name != "bigint" and not target.is_unicode:
        too_long = "'*'"
    elif try_:
        too_long = "NULL"
    elif source.name in ("money", "smallmoney"):
        too_long = raise_sql(234, quote_text(target.name))
    elif source.is_approximate:
        too_long = raise_sql(232, quote_text(target.name), sql)
    else:
        from_ = "expression" if source.is_integer else "numeric" if source.is_exact else source.name
        too_long = raise_sql(8115, quote_text(from_), quote_text(target.name))

    def body(v: str) -> str:
        return sized(f"CASE WHEN length({v}) > {target.length} THEN {too_long} ELSE {v} END", target)

    return bound(sql, body)


def _money_text(value: Typed, style: int) -> str:
    """Two digits and no commas; 1 has commas, 2 and 126 all four digits."""
    if style in (2, 126):
        return f"CAST(CAST({value.sql} AS DECIMAL(19,4)) AS VARCHAR)"
    rounded = f"CAST(round(CAST({value.sql} AS DECIMAL(19,4)), 2) AS DECIMAL(18,2))"
    if style != 1:
        return f"CAST({rounded} AS VARCHAR)"
    grouped = f"replace(format('{{:,}}', CAST(trunc(abs({rounded})) AS BIGINT)), ' ', ',')"
    return f"(CASE WHEN {rounded} < 0 THEN '-' ELSE '' END || {grouped} || right(CAST({rounded} AS VARCHAR), 3))"


def _float_text(sql: str, source: SqlType, style: int, line: int) -> str:
    """Style 0: six digits at most; 1: eight, 2: sixteen, 3: seventeen, 126: as many as the type has, scientific.
    Exponents have three digits."""
    own = "{:.15e}" if source.name == "float" else "{:.7e}"
    forms = {0: "{:.6g}", 1: "{:.7e}", 2: "{:.15e}", 3: "{:.16e}", 126: own}
    if style in (128, 129):
        raise unsupported(f"CONVERT of {source} with style {style}", line=line)
    if style not in forms:
        raise sql_error(281, style, source.name, line=line)
    text = f"format('{forms[style]}', CAST({sql} AS DOUBLE))"
    return f"regexp_replace({text}, 'e([+-])(\\d\\d)$', 'e\\10\\2')"


def _from_binary(sql: str, target: SqlType, style: int | None, line: int) -> str:
    """Style 0 takes the bytes for characters, 1 and 2 write them in hexadecimal."""
    if style in (1, 2):
        return sized(f"{chr(39) + '0x' + chr(39) + ' || ' if style == 1 else ''}hex({sql})", target)
    if style not in (None, 0):
        raise sql_error(281, style, "varbinary", line=line)
    return sized(f"{TEXT_OF_BYTES}({sql}, {str(target.is_unicode).lower()})", target)
