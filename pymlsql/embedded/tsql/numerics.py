"""Conversion to bit, whole numbers, decimal, money and float, by SQL Server's rules, as DuckDB expressions."""

from __future__ import annotations

from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.typed import Typed, bound, checked, checked_by, quote_text, raise_sql
from pymlsql.embedded.tsql.types import SqlType

_INTEGER_TEXT = r"[+-]?\d+"
_NUMBER_TEXT = r"[+-]?(\d+\.?\d*|\.\d+)"
_FLOAT_TEXT = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_CURRENCY = "[$¢£¤¥€]"
_RANGES = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
           "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip


def to_bit(value: Typed, try_: bool, line: int) -> str:
    """``value`` as bit: anything but zero is 1; strings may say true and false."""
    if not (value.type.is_number or value.type.is_string):
        raise unsupported(f"conversion from {value.type} to bit", line=line)
    if value.type.is_string:
        text = f"lower(trim({value.sql}))"
        cast = f"CASE WHEN {text} IN ('true') THEN true WHEN {text} IN ('false', '') THEN false WHEN " \
               f"regexp_full_match({text}, '{_INTEGER_TEXT}') THEN TRY_CAST({text} AS HUGEINT) <> 0 END"  # fmt: skip
        return checked(value.sql, cast, 245, quote_text(value.type.name), value.sql, "'bit'", try_=try_)
    if value.type.name in ("datetime", "smalldatetime"):  # the beginning of 1900 is 0
        return f"({value.sql} <> TIMESTAMP '1900-01-01')"
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
        # money is rounded, whatever else has a fraction is cut.
        money = source.name in ("money", "smallmoney")
        cast = f"TRY_CAST({'round' if money else 'trunc'}({sql}) AS {duck})"
        return checked(sql, cast, 8115, quote_text(source.name if source.is_approximate or money else "numeric"),
                       quote_text(target.name), try_=try_)  # fmt: skip
    if source.is_string:
        return _integer_of_text(value, target, try_)
    if source.name in ("datetime", "smalldatetime"):
        days = f"round(epoch_us({sql} - TIMESTAMP '1900-01-01') / 86400000000.0)"
        return f"CAST({days} AS {duck})"
    if source.is_binary:
        return _binary_to_integer(value, target)
    raise unsupported(f"conversion from {source} to {target}", line=line)


def _integer_of_text(value: Typed, target: SqlType, try_: bool) -> str:
    source, sql = value.type, value.sql
    text = f"trim({sql})"
    plain = f"regexp_full_match({text}, '{_INTEGER_TEXT}')"
    duck = target.duckdb
    cast = f"CASE WHEN {text} = '' THEN CAST(0 AS {duck}) WHEN {plain} THEN TRY_CAST({text} AS {duck}) END"
    if try_:
        return cast
    names = quote_text(source.name), quote_text(target.name)
    if target.name == "bigint":
        error, overflow = raise_sql(8114, *names), raise_sql(8115, *names)
    else:
        error = raise_sql(245, names[0], sql, names[1])
        size = {"tinyint": "INT1", "smallint": "INT2"}.get(target.name)
        overflow = raise_sql(244, names[0], sql, quote_text(size)) if size else raise_sql(248, names[0], sql)
    return f"CASE WHEN {sql} IS NULL THEN NULL WHEN {text} <> '' AND NOT {plain} THEN {error} " \
           f"ELSE coalesce({cast}, {overflow}) END"  # fmt: skip


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
    """``value`` as decimal or money, rounded. Raises 235, 293, 8114 or 8115."""
    made = _to_decimal(value, target, try_, line)
    small = value.type.is_integer and value.type.name != "bigint"
    if target.name == "decimal" or value.type.is_string or (small and target.name == "money"):
        return made
    return money_bounds(made, target, try_)


def _to_decimal(value: Typed, target: SqlType, try_: bool, line: int) -> str:
    source, sql, duck = value.type, value.sql, target.duckdb
    to_name = "numeric" if target.name == "decimal" else target.name
    names = (quote_text("numeric" if source.is_exact else source.name), quote_text(to_name))
    if target.name != "decimal" and source.is_string:
        return _money_of_text(value, target, try_)
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
        plain = f"regexp_full_match({text}, '{_NUMBER_TEXT}')"
        cast = f"CASE WHEN {plain} THEN TRY_CAST({text} AS {duck}) END"
        error = f"CASE WHEN {plain} THEN {raise_sql(8115, *names)} ELSE {raise_sql(8114, *names)} END"
        return checked_by(sql, cast, error, try_)
    if source.name in ("datetime", "smalldatetime"):
        days = f"CAST(epoch_us({sql} - TIMESTAMP '1900-01-01') AS DECIMAL(38,0))"
        return checked(sql, f"TRY_CAST({days} / 86400000000.0 AS {duck})", 8115, *names, try_=try_)
    raise unsupported(f"conversion from {source} to {target}", line=line)


def _money_of_text(value: Typed, target: SqlType, try_: bool) -> str:
    """A currency sign may stand before or behind the sign, commas anywhere before the point; nothing is zero. Raises
    235, 293."""
    sql, limit = value.sql, target.duckdb
    bare = f"replace(trim({sql}), ',', '')"
    number = rf"([+-]?\s*{_CURRENCY}?|{_CURRENCY}\s*[+-]?)\s*(\d+\.?\d*|\.\d+)?"

    def body(v: str) -> str:
        digits = rf"regexp_replace({v}, '{_CURRENCY}|\s', '', 'g')"
        zero = f"WHEN regexp_full_match({digits}, '[+-]?') THEN 0"
        plain = f"regexp_full_match({v}, {quote_text(number)})"
        made = f"TRY_CAST(TRY_CAST({digits} AS DECIMAL(38,10)) AS {limit})"
        cast = f"CASE WHEN NOT {plain} THEN NULL {zero} ELSE {made} END"
        overflow = raise_sql(8115, quote_text(value.type.name), quote_text(target.name))
        error = f"CASE WHEN {plain} THEN {overflow} ELSE {raise_sql(235 if target.name == 'money' else 293)} END"
        return cast if try_ else f"CASE WHEN {v} IS NULL THEN NULL ELSE coalesce({cast}, {error}) END"

    return money_bounds(bound(bare, body), target, try_)


def money_bounds(sql: str, target: SqlType, try_: bool) -> str:
    """DuckDB's decimal holds more than smallmoney and money do."""
    edge = "922337203685477.5807" if target.name == "money" else "214748.3647"
    low = "-922337203685477.5808" if target.name == "money" else "-214748.3648"
    overflow = "NULL" if try_ else raise_sql(8115, quote_text("expression"), quote_text(target.name))
    return bound(sql, lambda v: f"CASE WHEN {v} NOT BETWEEN {low} AND {edge} THEN {overflow} ELSE {v} END")


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
