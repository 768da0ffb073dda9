"""The text of a data file's field as a value, by the rules of bulk operations, which are not those of CAST.

A whole number has no decimal point, bit is 0 or 1, money has separators of thousands and no currency, bytes are digits
in base sixteen without 0x, and a string that is too long is an error. Source: "BULK INSERT", "Use Character Format to
Import or Export Data" of sql-docs, and the messages 4863, 4864 and 4867.
"""

from __future__ import annotations

from pymlsql.embedded.tsql.codepage import length_sql
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import DATETIME2, DATETIMEOFFSET, MAX, SqlType, nvarchar, varbinary

_BLANKS = r" \t\n\r\v\f"
_BLANK = f"[{_BLANKS}]*"
_WHOLE = rf"{_BLANK}[+-]?{_BLANK}[0-9]+{_BLANK}"
_FIXED = rf"{_BLANK}[+-]?([0-9]+\.?[0-9]*|\.[0-9]+){_BLANK}"
_MONEY = rf"{_BLANK}[+-]?([0-9][0-9,]*\.?[0-9]*|\.[0-9]+){_BLANK}"
_FLOAT = rf"{_BLANK}[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?{_BLANK}"
TRUNCATED, MISMATCHED, OVERFLOWN = 4863, 4864, 4867


def bulk_value(sql: str, type_: SqlType) -> str:
    """The value of the text ``sql`` as a DuckDB expression; NULL where :func:`bulk_error` has a number, and for NULL.
    """
    if type_.name == "bit":
        return f"CASE {sql} WHEN '1' THEN true WHEN '0' THEN false END"
    if type_.is_integer:
        return f"TRY_CAST({_without(sql, _BLANKS + '+')} AS {type_.duckdb})"
    if type_.is_approximate:
        number = f"TRY_CAST(ltrim(trim({sql}, ' \t\n\r\v\f'), '+') AS {type_.duckdb})"
        return f"CASE WHEN isfinite({number}) THEN {number} END"
    if type_.is_exact:
        return _tried(_without(sql, _BLANKS + ","), type_)
    if type_.is_time:
        wide = Typed(_tried(sql, DATETIMEOFFSET), DATETIMEOFFSET) if type_.name == "datetimeoffset" else \
            Typed(_tried(sql, DATETIME2), DATETIME2)  # fmt: skip
        return f"coalesce({convert(wide, type_, try_=True).sql}, {_tried(sql, type_)})"
    if type_.is_binary:
        return convert(Typed(f"from_hex({sql})", varbinary(MAX)), type_).sql
    return _tried(sql, type_)


def _without(sql: str, characters: str) -> str:
    return f"regexp_replace({sql}, '[{characters}]', '', 'g')"


def _tried(sql: str, type_: SqlType) -> str:
    return convert(Typed(sql, nvarchar(MAX)), type_, try_=True).sql


def bulk_error(sql: str, type_: SqlType) -> str:
    """The number of the message for the text ``sql``, as a DuckDB expression; NULL where it is a value, or NULL."""
    if type_.name == "bit":
        return f"CASE WHEN {sql} NOT IN ('0', '1') THEN {MISMATCHED} END"
    if type_.is_string:
        if type_.length == MAX:
            return "CAST(NULL AS INTEGER)"
        number = MISMATCHED if type_.is_unicode else TRUNCATED
        return f"CASE WHEN {length_sql(sql)} > {type_.length} THEN {number} END"
    if type_.is_binary:
        too_long = f"length({sql}) > {2 * type_.length}" if type_.length != MAX else "false"
        return (f"CASE WHEN length({sql}) % 2 = 1 THEN {TRUNCATED} WHEN NOT regexp_full_match({sql}, '[0-9A-Fa-f]*') "
                f"THEN {MISMATCHED} WHEN {too_long} THEN {TRUNCATED} END")  # fmt: skip
    value, form, beyond = bulk_value(sql, type_), "", MISMATCHED
    if type_.is_integer:
        form, beyond = _WHOLE, OVERFLOWN
    elif type_.name == "decimal":
        form, beyond = _FIXED, TRUNCATED
    elif type_.is_exact:
        form, beyond = _MONEY, OVERFLOWN
    elif type_.is_approximate:
        form = _FLOAT
    unread = f"WHEN NOT regexp_full_match({sql}, '{form}') THEN {MISMATCHED} " if form else ""
    return f"CASE WHEN {sql} IS NULL THEN NULL {unread}WHEN {value} IS NULL THEN {beyond} END"
