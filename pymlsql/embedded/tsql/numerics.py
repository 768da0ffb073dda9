"""Conversion to bit, whole numbers, decimal, money and float, by SQL Server's rules, as DuckDB expressions."""

from __future__ import annotations

from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.typed import Typed, checked, checked_by, quote_text, raise_sql
from pymlsql.embedded.tsql.types import SqlType

_INTEGER_TEXT = r"[+-]?\d+"
_NUMBER_TEXT = r"[+-]?(\d+\.?\d*|\.\d+)"
_FLOAT_TEXT = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_RANGES = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
           "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip


def to_bit(value: Typed, try_: bool) -> str:
    """``value`` as bit: anything but zero is 1; strings may say true and false."""
    if value.type.is_string:
        text = f"lower(trim({value.sql}))"
        cast = f"CASE WHEN {text} IN ('true') THEN true WHEN {text} IN ('false', '') THEN false WHEN " \
               f"regexp_full_match({text}, '{_INTEGER_TEXT}') THEN TRY_CAST({text} AS HUGEINT) <> 0 END"  # fmt: skip
        return checked(value.sql, cast, 245, quote_text(value.type.name), value.sql, "'bit'", try_=try_)
    return f"({value.sql} <> 0)"


def to_integer(value: Typed, target: SqlType, try_: bool, line: int) -> str:
    """``value`` as a whole number, cut. Raises 220, 232, 245, 248, 8114 or 8115 where it is none or does not fit."""
    source, sql, duck = value.type, value.sql, target.duckdb
    low, high = _RANGES[target.name]
    if source.name == "bit":
        return f"CAST({sql} AS {duck})"
    if source.is_integer:
        if source.rank <= target.rank and not (source.name == "smallint" and target.name == "tinyint"):
            return f"CAST({sql} AS {duck})"
        if try_:
            return f"TRY_CAST({sql} AS {duck})"
        error = raise_sql(8115, quote_text("expression"), quote_text(target.name)) if target.name == "int" else \
            raise_sql(220, quote_text(target.name), sql)  # fmt: skip
        return f"CASE WHEN {sql} BETWEEN {low} AND {high} OR {sql} IS NULL THEN CAST({sql} AS {duck}) ELSE {error} END"
    if source.is_approximate and target.name != "bigint":
        error = raise_sql(232, quote_text(target.name), f"printf('%.6f', CAST({sql} AS DOUBLE))")
        return checked_by(sql, f"TRY_CAST(trunc({sql}) AS {duck})", error, try_)
    if source.is_exact or source.is_approximate:
        cast = f"TRY_CAST(trunc({sql}) AS {duck})"
        return checked(sql, cast, 8115, quote_text(source.name if source.is_approximate else "numeric"),
                       quote_text(target.name), try_=try_)  # fmt: skip
    if source.is_string:
        text = f"trim({sql})"
        cast = (
            f"CASE WHEN {text} = '' THEN 0 WHEN regexp_full_match({text}, '{_INTEGER_TEXT}') "
            f"THEN TRY_CAST({text} AS {duck}) END"
        )
        if try_:
            return cast
        number = 8114 if target.name == "bigint" else 245
        error = raise_sql(8114, quote_text(source.name), quote_text(target.name)) if number == 8114 else raise_sql(
            245, quote_text(source.name), sql, quote_text(target.name))  # fmt: skip
        overflow = raise_sql(248, quote_text(source.name), sql) if target.name == "int" else raise_sql(
            8115, quote_text(source.name), quote_text(target.name))  # fmt: skip
        return (
            f"CASE WHEN {sql} IS NULL THEN NULL WHEN {text} <> '' AND NOT regexp_full_match({text}, '{_INTEGER_TEXT}') "
            f"THEN {error} ELSE coalesce({cast}, {overflow}) END"
        )
    if source.name in ("datetime", "smalldatetime"):
        days = f"round(epoch_us({sql} - TIMESTAMP '1900-01-01') / 86400000000.0)"
        return f"CAST({days} AS {duck})"
    if source.is_binary:
        return _binary_to_integer(value, target)
    raise unsupported(f"conversion from {source} to {target}", line=line)


def _binary_to_integer(value: Typed, target: SqlType) -> str:
    """The last bytes, the first of them the highest; fewer than the type has are filled with zeros in front."""
    n_digits = {"tinyint": 2, "smallint": 4, "int": 8, "bigint": 16}[target.name]
    if target.name == "tinyint":
        # DuckDB has no bit string of one unsigned byte: two bytes hold it.
        bits = f"CAST(unhex('00' || right('00' || hex({value.sql}), 2)) AS BIT)"
        return f"CAST(CAST({bits} AS SMALLINT) AS UTINYINT)"
    last = f"unhex(right(repeat('0', {n_digits}) || hex({value.sql}), {n_digits}))"
    return f"CAST(CAST({last} AS BIT) AS {target.duckdb})"


def to_decimal(value: Typed, target: SqlType, try_: bool, line: int) -> str:
    """``value`` as decimal or money, rounded. Raises 8114 or 8115."""
    source, sql, duck = value.type, value.sql, target.duckdb
    names = (quote_text("numeric" if source.is_exact else source.name), quote_text("numeric"))
    if source.is_exact:
        p, s = source.digits
        tp, ts = target.digits
        inner = f"CAST({sql} AS INTEGER)" if source.name == "bit" else sql
        if tp - ts >= p - s and ts >= s:
            return f"CAST({inner} AS {duck})"
        return checked(sql, f"TRY_CAST({inner} AS {duck})", 8115, *names, try_=try_)
    if source.is_approximate:
        return checked(sql, f"TRY_CAST({sql} AS {duck})", 8115, *names, try_=try_)
    if source.is_string:
        text = f"trim({sql})"
        cast = f"CASE WHEN regexp_full_match({text}, '{_NUMBER_TEXT}') THEN TRY_CAST({text} AS {duck}) END"
        return checked(sql, cast, 8114, quote_text(source.name), quote_text("numeric"), try_=try_)
    raise unsupported(f"conversion from {source} to {target}", line=line)


def to_float(value: Typed, target: SqlType, try_: bool, line: int) -> str:
    """``value`` as float or real. Raises 8114 or 8115."""
    source, sql, duck = value.type, value.sql, target.duckdb
    if source.name == "bit":
        return f"CAST(CAST({sql} AS INTEGER) AS {duck})"
    if source.is_exact or (source.is_approximate and target.name == "float"):
        return f"CAST({sql} AS {duck})"
    if source.is_approximate:
        return checked(sql, f"TRY_CAST({sql} AS {duck})", 8115, quote_text("float"), quote_text("real"), try_=try_)
    if source.is_string:
        text = f"trim({sql})"
        cast = (
            f"CASE WHEN {text} = '' THEN 0 WHEN regexp_full_match({text}, '{_FLOAT_TEXT}') "
            f"THEN TRY_CAST({text} AS {duck}) END"
        )
        return checked(sql, cast, 8114, quote_text(source.name), quote_text(target.name), try_=try_)
    if source.name in ("datetime", "smalldatetime"):
        return f"(epoch_us({sql} - TIMESTAMP '1900-01-01') / 86400000000.0)"
    raise unsupported(f"conversion from {source} to {target}", line=line)
