"""CAST, CONVERT and implicit conversion, by SQL Server's rules, as DuckDB expressions.

Source: "CAST and CONVERT (Transact-SQL)", "Data type conversion" of sql-docs. What DuckDB would round, accept or
refuse differently is written out; what is not written out yet is refused (529 or 40510).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed, quote_text, raise_sql
from pymlsql.embedded.tsql.types import MAX, SqlType

_DATE_STYLES = {
    0: "%b %e %Y %l:%M%p", 100: "%b %e %Y %l:%M%p", 1: "%m/%d/%y", 101: "%m/%d/%Y", 2: "%y.%m.%d", 102: "%Y.%m.%d",
    3: "%d/%m/%y", 103: "%d/%m/%Y", 4: "%d.%m.%y", 104: "%d.%m.%Y", 5: "%d-%m-%y", 105: "%d-%m-%Y", 8: "%H:%M:%S",
    108: "%H:%M:%S", 10: "%m-%d-%y", 110: "%m-%d-%Y", 11: "%y/%m/%d", 111: "%Y/%m/%d", 12: "%y%m%d", 112: "%Y%m%d",
    20: "%Y-%m-%d %H:%M:%S", 120: "%Y-%m-%d %H:%M:%S", 21: "%Y-%m-%d %H:%M:%S.%f", 121: "%Y-%m-%d %H:%M:%S.%f",
    25: "%Y-%m-%d %H:%M:%S.%f", 23: "%Y-%m-%d", 126: "%Y-%m-%dT%H:%M:%S.%f", 127: "%Y-%m-%dT%H:%M:%S.%fZ",
}  # fmt: skip
_FRACTION_DIGITS = {"datetime": 3, "smalldatetime": 0}
_WHOLE_SECOND = re.compile(r"TIMESTAMP '[-0-9]{10} [:0-9]{8}'")
_INTEGER_TEXT = r"[+-]?\d+"
_NUMBER_TEXT = r"[+-]?(\d+\.?\d*|\.\d+)"
_FLOAT_TEXT = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_RANGES = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
           "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip


def convert(value: Typed, target: SqlType, *, style: int | None = None, try_: bool = False,
            implicit: bool = False, line: int = 0) -> Typed:  # fmt: skip
    """``value`` as ``target``. ``try_`` gives NULL where a conversion would fail at run time."""
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
        return _to_binary(value, target, line)
    if target.name == "bit":
        return _to_bit(value, try_)
    if target.is_integer:
        return _to_integer(value, target, try_, line)
    if target.name in ("decimal", "money", "smallmoney"):
        return _to_decimal(value, target, try_, line)
    if target.is_approximate:
        return _to_float(value, target, try_, line)
    if target.is_time:
        return _to_time(value, target, style, try_, line)
    if target.name == "uniqueidentifier" and source.is_string:
        failed = "NULL" if try_ else raise_sql(8169)
        cast = f"coalesce(TRY_CAST(left({value.sql}, 36) AS UUID), {failed})"
        return f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE {cast} END"
    raise unsupported(f"conversion from {source} to {target}", line=line)


def checked(sql: str, cast: str, number: int, *values: str, try_: bool) -> str:
    """``cast`` of ``sql``, which is NULL when it fails, with message ``number`` for the failure."""
    if try_:
        return cast
    return f"CASE WHEN {sql} IS NULL THEN NULL ELSE coalesce({cast}, {raise_sql(number, *values)}) END"


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
        return _sized(_time_text(sql, source, style, line), target)
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


def _time_text(sql: str, source: SqlType, style: int | None, line: int) -> str:
    default = {"datetime": 0, "smalldatetime": 0}.get(source.name, 121)
    if style is None:
        style = default
    if style not in _DATE_STYLES:
        raise unsupported(f"CONVERT of {source} with style {style}", line=line)
    pattern = _DATE_STYLES[style]
    if source.name == "date" and style in (20, 21, 25, 120, 121):
        pattern = "%Y-%m-%d"
    elif source.name == "date" and style in (0, 100):
        pattern = "%b %e %Y"
    elif source.name == "time":
        if style not in (121, 21, 25, 108, 8, 114, 126):
            raise unsupported(f"CONVERT of {source} with style {style}", line=line)
        pattern = "%H:%M:%S" if style in (8, 108) else "%H:%M:%S.%f"
        sql = f"(DATE '1900-01-01' + {sql})"
    stamp = f"CAST({sql} AS TIMESTAMP)"
    return _strftime(stamp, pattern, source)


def _strftime(stamp: str, pattern: str, source: SqlType) -> str:
    if "%e" in pattern or "%l" in pattern:
        # DuckDB has no blank-padded day and hour.
        day = f"lpad(CAST(day({stamp}) AS VARCHAR), 2, ' ')"
        text = f"strftime({stamp}, '%b ') || {day} || strftime({stamp}, ' %Y')"
        if "%l" in pattern:
            hour = f"lpad(CAST((hour({stamp}) + 11) % 12 + 1 AS VARCHAR), 2, ' ')"
            text += f" || ' ' || {hour} || strftime({stamp}, ':%M%p')"
        return f"({text})"
    if "%f" not in pattern:
        return f"strftime({stamp}, {quote_text(pattern)})"
    digits = _FRACTION_DIGITS.get(source.name, source.scale)
    head, tail = pattern.split(".%f")
    micros = f"lpad(CAST(microsecond({stamp}) % 1000000 AS VARCHAR), 6, '0')"
    if "T" in pattern and source.name in ("datetime", "smalldatetime"):
        # ISO 8601 styles print no fraction when it is zero.
        fraction = f"CASE WHEN microsecond({stamp}) % 1000000 = 0 THEN '' ELSE '.' || left({micros}, 3) END"
    elif source.name == "smalldatetime":
        fraction = "'.000'"
    elif digits == 0:
        fraction = "''"
    else:
        fraction = f"'.' || left({micros} || '0', {digits})"
    return f"(strftime({stamp}, {quote_text(head)}) || {fraction} || {quote_text(tail)})"


# Numbers ----------------------------------------------------------------------------------------------------------


def _to_bit(value: Typed, try_: bool) -> str:
    if value.type.is_string:
        text = f"lower(trim({value.sql}))"
        cast = f"CASE WHEN {text} IN ('true') THEN true WHEN {text} IN ('false', '') THEN false WHEN " \
               f"regexp_full_match({text}, '{_INTEGER_TEXT}') THEN TRY_CAST({text} AS HUGEINT) <> 0 END"  # fmt: skip
        return checked(value.sql, cast, 245, quote_text(value.type.name), value.sql, "'bit'", try_=try_)
    return f"({value.sql} <> 0)"


def _to_integer(value: Typed, target: SqlType, try_: bool, line: int) -> str:
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
    n_bytes = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[target.name]
    unsigned = f"CAST('0x' || right(lpad(hex({value.sql}), {2 * n_bytes}, '0'), {2 * n_bytes}) AS HUGEINT)"
    if target.name == "tinyint":
        return f"CAST({unsigned} AS UTINYINT)"
    half, full = 2 ** (8 * n_bytes - 1), 2 ** (8 * n_bytes)
    return f"CAST(CASE WHEN {unsigned} >= {half} THEN {unsigned} - {full} ELSE {unsigned} END AS {target.duckdb})"


def _to_decimal(value: Typed, target: SqlType, try_: bool, line: int) -> str:
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


def _to_float(value: Typed, target: SqlType, try_: bool, line: int) -> str:
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


# Dates and times --------------------------------------------------------------------------------------------------


def rounded_datetime(sql: str) -> str:
    """A timestamp to datetime's 1/300 s, as milliseconds ending in 0, 3 or 7."""
    micros = f"epoch_us({sql})"
    return f"make_timestamp(CAST(round(round({micros} * 3 / 10000.0) * 10 / 3.0) AS BIGINT) * 1000)"


def rounded_scale(sql: str, scale: int) -> str:
    """A timestamp rounded to ``scale`` fractional digits; beyond six nothing is left to round."""
    if scale >= 6:
        return sql
    unit = 10 ** (6 - scale)
    return f"make_timestamp(CAST(round(epoch_us({sql}) / {unit}.0) AS BIGINT) * {unit})"


def _to_time(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    source, sql = value.type, value.sql
    if source.is_string:
        sql = _parsed_time(value, target, style, try_, line)
    elif source.is_number:
        if target.name not in ("datetime", "smalldatetime"):
            raise unsupported(f"conversion from {source} to {target}", line=line)
        sql = f"(TIMESTAMP '1900-01-01' + to_microseconds(CAST(round({sql} * 86400000000.0) AS BIGINT)))"
    elif source.is_time:
        sql = _between_times(sql, source, target)
    else:
        raise unsupported(f"conversion from {source} to {target}", line=line)
    return _rounded(sql, source, target)


def _between_times(sql: str, source: SqlType, target: SqlType) -> str:
    if source.name == "time" and target.name != "time":
        return f"(DATE '1900-01-01' + {sql})"
    return sql


def _rounded(sql: str, source: SqlType, target: SqlType) -> str:
    if target.name in ("date", "time"):
        return f"CAST({sql} AS {target.duckdb})"
    if target.name == "datetime" and _WHOLE_SECOND.fullmatch(sql):
        return sql
    if target.name == "datetime":
        exact = source.name in ("date", "smalldatetime", "datetime")
        return f"CAST({sql} AS TIMESTAMP)" if exact else rounded_datetime(f"CAST({sql} AS TIMESTAMP)")
    if target.name == "smalldatetime":
        return f"make_timestamp(CAST(round(epoch_us(CAST({sql} AS TIMESTAMP)) / 60000000.0) AS BIGINT) * 60000000)"
    return rounded_scale(f"CAST({sql} AS TIMESTAMP)", target.scale)


_PATTERNS = (
    "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y%m%d", "%Y%m%d %H:%M:%S", "%Y%m%d %H:%M", "%m/%d/%Y",
    "%m/%d/%Y %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S", "%H:%M",
)  # fmt: skip


def _parsed_time(value: Typed, target: SqlType, style: int | None, try_: bool, line: int) -> str:
    """A string as a timestamp, for the documented unambiguous formats (language us_english, DATEFORMAT mdy)."""
    if style not in (None, 0, 20, 21, 120, 121, 126, 127, 112, 23, 101, 111):
        raise unsupported(f"CONVERT to {target} with style {style}", line=line)
    if isinstance(value.constant, str):
        return _literal_time(value.constant, target, try_)
    text = f"trim({value.sql})"
    # datetime takes three digits of a fraction at most; datetime2 and time seven, of which six are kept.
    text = f"regexp_replace(regexp_replace({text}, 'Z$', ''), '(\\.\\d{{6}})\\d$', '\\1')"
    formats = ", ".join(quote_text(pattern) for pattern in _PATTERNS)
    parsed = f"CAST(try_strptime({text}, [{formats}]) AS TIMESTAMP)"
    empty = "TIMESTAMP '1900-01-01'"
    time_only = f"regexp_full_match({text}, '\\d+:\\d+(:\\d+(\\.\\d+)?)?')"
    at_time = f"{empty} + ({parsed} - date_trunc('day', {parsed}))"
    cast = f"CASE WHEN {text} = '' THEN {empty} WHEN {time_only} THEN {at_time} ELSE {parsed} END"
    result = checked(value.sql, cast, 241, try_=try_)
    if target.name == "datetime":
        limit = raise_sql(242, quote_text(value.type.name), "'datetime'") if not try_ else "NULL"
        return f"CASE WHEN {result} < TIMESTAMP '1753-01-01' THEN {limit} ELSE {result} END"
    return result


def _literal_time(text: str, target: SqlType, try_: bool) -> str:
    """A string constant as a timestamp, read once and for all."""
    text = re.sub(r"(\.\d{6})\d$", r"\1", re.sub(r"Z$", "", text.strip(" ")))
    found = dt.datetime(1900, 1, 1) if not text else None
    for pattern in _PATTERNS if text else ():
        try:
            found = dt.datetime.strptime(text, pattern)
        except ValueError:
            continue
        break
    if found is None:
        return "CAST(NULL AS TIMESTAMP)" if try_ else f"CAST({raise_sql(241)} AS TIMESTAMP)"
    if target.name == "datetime" and found.year < 1753:
        refused = raise_sql(242, "'varchar'", "'datetime'")
        return "CAST(NULL AS TIMESTAMP)" if try_ else f"CAST({refused} AS TIMESTAMP)"
    return f"TIMESTAMP '{found.isoformat(' ')}'"


# Binary -----------------------------------------------------------------------------------------------------------


def _to_binary(value: Typed, target: SqlType, line: int) -> str:
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
