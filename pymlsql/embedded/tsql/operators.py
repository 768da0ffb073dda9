"""T-SQL operators on typed values: precedence, arithmetic with its result types, comparison by collation.

Source: "Data type precedence", "Precision, scale, and length", "Arithmetic operators" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.decimals import decimal_arithmetic, divided
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.references import identity_sql, readable
from pymlsql.embedded.tsql.sortkeys import sort_sql
from pymlsql.embedded.tsql.times import rounded_datetime
from pymlsql.embedded.tsql.typed import Typed, bound, fold, quote_text, raise_sql
from pymlsql.embedded.tsql.types import DATETIME, INT, MAX, NULL, SqlType, decimal

_WRITTEN_TWICE = 4000
"""Up to this length an expression of floats stands twice in DuckDB's text rather than in a lambda, which is slow."""
_NAMES = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo", "&": "boolean AND",
          "|": "boolean OR", "^": "boolean XOR"}  # fmt: skip


def unify(types: Iterable[SqlType]) -> SqlType:
    """The type that values of ``types`` take together in CASE, COALESCE, UNION, IN: by precedence, wide enough."""
    result = NULL
    for type_ in types:
        result = _wider(result, type_)
    return result


def _wider(a: SqlType, b: SqlType) -> SqlType:
    if a == b or b.name == "null":
        return a
    if a.name == "null":
        return b
    high, low = (a, b) if a.rank >= b.rank else (b, a)
    if high.is_string and low.is_string:
        longest = MAX if MAX in (a.length, b.length) else max(a.length, b.length)
        varying = "var" in a.name or "var" in b.name
        name = ("nvarchar" if varying else "nchar") if high.is_unicode else ("varchar" if varying else "char")
        return SqlType(name, length=longest)
    if high.is_binary and low.is_binary:
        longest = MAX if MAX in (a.length, b.length) else max(a.length, b.length)
        return SqlType("varbinary" if "var" in a.name + b.name else "binary", length=longest)
    if high.name == "decimal" and low.is_exact:
        (p1, s1), (p2, s2) = high.digits, low.digits
        scale = max(s1, s2)
        return decimal(min(38, max(p1 - s1, p2 - s2) + scale), scale)
    if high.name == low.name and high.is_time:
        return SqlType(high.name, scale=max(high.scale, low.scale))
    return high


def as_type(value: Typed, target: SqlType, line: int = 0) -> Typed:
    """``value`` converted implicitly."""
    return value if value.type == target else convert(value, target, implicit=True, line=line)


# Arithmetic -------------------------------------------------------------------------------------------------------


def arithmetic(operator: str, left: Typed, right: Typed, line: int = 0) -> Typed:
    """``left operator right`` for + - * / % & | ^. Raises 402, 8117, 206 for types that do not go together."""
    if left.type.name == "null" and right.type.name == "null":
        left = right = Typed("CAST(NULL AS INTEGER)", INT)
    if operator == "+" and _joins(left, right):
        return _concatenate(left, right, line)
    if left.type.name == "null":
        left = Typed(f"CAST(NULL AS {right.type.duckdb})", right.type)
    if right.type.name == "null":
        right = Typed(f"CAST(NULL AS {left.type.duckdb})", left.type)
    if left.type.is_string and right.type.is_string:
        raise sql_error(8117, left.type.name, _NAMES[operator], line=line)
    if left.type.is_time or right.type.is_time:
        return _datetime_arithmetic(operator, left, right, line)
    if operator in "&|^":
        return _bitwise(operator, left, right, line)
    target = left.type if left.type.rank >= right.type.rank else right.type
    if not target.is_number:
        raise sql_error(8117 if left.type == right.type else 402, *_clash(operator, left, right), line=line)
    if target.name == "bit":
        raise sql_error(8117, "bit", _NAMES[operator], line=line)
    given = left, right
    left, right = _number(left, target, line), _number(right, target, line)
    if target.is_approximate:
        result = _approximate(operator, left, right, target, line)
    elif target.is_integer:
        result = _integer(operator, left, right, target)
    else:
        result = decimal_arithmetic(operator, left, right, line)
    return replace(result, sql=_converting_first(result.sql, given, (left, right)))


def _converting_first(sql: str, given: tuple[Typed, Typed], converted: tuple[Typed, Typed]) -> str:
    """``sql`` of a variable and a constant string that was converted: DuckDB leaves out the conversion, and with it its
    error, where the variable is NULL."""
    for index, value in enumerate(given):
        other, made = given[1 - index], converted[index]
        if isinstance(value.constant, str) and value.type.is_string and not made.type.is_string and "$v" in other.sql:
            return f"CASE WHEN {made.sql} IS NULL THEN NULL ELSE {sql} END"
    return sql


def _clash(operator: str, left: Typed, right: Typed) -> tuple[str, ...]:
    if left.type == right.type:
        return left.type.name, _NAMES[operator]
    return left.type.name, right.type.name, _NAMES[operator]


def _joins(left: Typed, right: Typed) -> bool:
    """Both sides are strings, or both binary (or one is NULL, not both)."""
    kinds = [t for t in (left.type, right.type) if t.name != "null"]
    return (bool(kinds) and all(t.is_string for t in kinds)) or (
        bool(kinds) and all(t.is_binary for t in kinds))  # fmt: skip


def _concatenate(left: Typed, right: Typed, line: int) -> Typed:
    both = unify((left.type, right.type))
    limit = 4000 if both.is_unicode else 8000
    length = MAX if MAX in (left.type.length, right.type.length) else min(limit, left.type.length + right.type.length)
    name = both.name if both.is_binary else ("nvarchar" if both.is_unicode else "varchar")
    result = SqlType(name if name != "binary" else "varbinary", length=length)
    sql = f"({left.sql} || {right.sql})"
    if length == limit and left.type.length + right.type.length > limit and not both.is_binary:
        sql = f"left({sql}, {limit})"
    return Typed(sql, result, left.nullable or right.nullable, left.binary or right.binary)


def _number(value: Typed, target: SqlType, line: int) -> Typed:
    """An operand at ``target``'s kind: as it is among decimals, whose result type has rules of its own."""
    if target.name in ("decimal", "money", "smallmoney") and value.type.is_exact:
        if value.type.name == "bit":
            return convert(value, INT)
        return value
    return as_type(value, target, line)


def _approximate(operator: str, left: Typed, right: Typed, target: SqlType, line: int) -> Typed:
    if operator == "%":
        raise sql_error(402, left.type.name, right.type.name, "modulo", line=line)
    nullable = left.nullable or right.nullable
    if operator == "/":
        return Typed(divided(left, right, lambda dividend, by: f"({dividend.sql} / {by})"), target, nullable)
    return Typed(f"({left.sql} {operator} {right.sql})", target, nullable)


def finite(value: Typed) -> Typed:
    """A float that raises 8115 beyond its range. DuckDB evaluates a part that stands twice once only."""
    overflow = f"CAST({raise_sql(8115, quote_text('expression'), quote_text(value.type.name))} AS {value.type.duckdb})"

    def guard(v: str) -> str:
        return f"CASE WHEN NOT isfinite({v}) THEN {overflow} ELSE {v} END"

    sql = guard(value.sql) if len(value.sql) <= _WRITTEN_TWICE else bound(value.sql, guard)
    return replace(value, sql=sql)


def _integer(operator: str, left: Typed, right: Typed, target: SqlType) -> Typed:
    nullable = left.nullable or right.nullable
    if operator in "/%":
        written = "//" if operator == "/" else operator
        return Typed(divided(left, right, lambda dividend, by: f"({dividend.sql} {written} {by})"), target, nullable)
    return Typed(f"({left.sql} {operator} {right.sql})", target, nullable)


def _bitwise(operator: str, left: Typed, right: Typed, line: int) -> Typed:
    target = left.type if left.type.rank >= right.type.rank else right.type
    if not (left.type.is_integer and right.type.is_integer):
        raise sql_error(402, left.type.name, right.type.name, _NAMES[operator], line=line)
    work = INT if target.name == "bit" else target
    left, right = as_type(left, work, line), as_type(right, work, line)
    sql = f"xor({left.sql}, {right.sql})" if operator == "^" else f"({left.sql} {operator} {right.sql})"
    return Typed(f"({sql} <> 0)" if target.name == "bit" else sql, target, left.nullable or right.nullable)


def _datetime_arithmetic(operator: str, left: Typed, right: Typed, line: int) -> Typed:
    """datetime + days, datetime - days; datetime2, date and time have no arithmetic (206, 402)."""
    first, second = (left, right) if left.type.is_time else (right, left)
    if first.type.name not in ("datetime", "smalldatetime") or operator not in "+-":
        raise sql_error(402 if first.type.is_time and second.type.is_time else 206,
                        *((left.type.name, right.type.name, _NAMES[operator])), line=line)  # fmt: skip
    if second.type.is_string or second.type.is_time:
        one, other = (as_type(side, DATETIME, line) if side.type.is_string else side for side in (left, right))
        if {one.type.name, other.type.name} - {"datetime", "smalldatetime"}:
            raise sql_error(402, left.type.name, right.type.name, _NAMES[operator], line=line)
        micros = f"epoch_us({other.sql} - TIMESTAMP '1900-01-01')"
        result = one.type if one.type.rank >= other.type.rank else other.type
        return Typed(f"({one.sql} {operator} to_microseconds({micros}))", result, one.nullable or other.nullable)
    if operator == "-" and not left.type.is_time:
        raise unsupported("number - datetime", line=line)
    days = f"to_microseconds(CAST(round({second.sql} * 86400000000.0) AS BIGINT))"
    if second.type.is_integer:
        days = f"to_days(CAST({second.sql} AS INTEGER))"
    moved = f"({first.sql} {operator} {days})"
    sql = moved if second.type.is_integer else rounded_datetime(moved)
    return Typed(sql, first.type, left.nullable or right.nullable)


def negate(value: Typed, line: int = 0) -> Typed:
    """``- value``; a tinyint becomes a smallint. Raises 8117 for what has no sign."""
    if value.type.name == "null":
        return value
    if not value.type.is_number or value.type.name == "bit":
        raise sql_error(8117, value.type.name, "minus", line=line)
    constant = -value.constant if isinstance(value.constant, int | float) else None
    if value.type.name == "tinyint":
        value = convert(value, SqlType("smallint"))
    return Typed(f"(- {value.sql})", value.type, value.nullable, constant=constant, cast=value.cast)


# Comparison -------------------------------------------------------------------------------------------------------


_EQUALITY = frozenset({"=", "<>", "!=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"})


def compare(operator: str, left: Typed, right: Typed, line: int = 0) -> str:
    """``left operator right`` as a DuckDB condition; strings by SQL_Latin1_General_CP1_CI_AS."""
    given = left, right
    left, right = comparable(left, right, line)
    if operator not in _EQUALITY and _is_sorted(left) and _is_sorted(right):
        wide = left.type.is_unicode or right.type.is_unicode
        sql = f"({sort_sql(left, wide)} {operator} {sort_sql(right, wide)})"
    else:
        sql = f"({comparison_key(left)} {operator} {comparison_key(right)})"
    return _converting_first(sql, given, (left, right))


def _is_sorted(value: Typed) -> bool:
    """Whether the weights of the collation decide which comes first."""
    return value.type.is_string and not value.binary


def comparable(left: Typed, right: Typed, line: int = 0) -> tuple[Typed, Typed]:
    """Both sides at the type in which they compare."""
    target = unify((left.type, right.type))
    if target.name == "null":
        target = INT
    if target.name == "sql_variant":
        raise unsupported("comparison of sql_variant", line=line)
    binary = left.binary or right.binary
    if target.is_string and left.type.is_string and right.type.is_string:
        return replace(left, binary=binary), replace(right, binary=binary)
    if left.type.is_integer and right.type.is_integer and "bit" not in (left.type.name, right.type.name):
        return left, right
    if target.name == "decimal" and left.type.is_exact and right.type.is_exact:
        return _number(left, target, line), _number(right, target, line)
    return as_type(left, target, line), as_type(right, target, line)


def comparison_key(value: Typed) -> str:
    """What is compared, grouped and joined by: strings folded, cells that may be references by what they refer to."""
    if value.by_reference:
        return identity_sql(value.sql)
    if value.type.name == "datetimeoffset":
        # Times compare as UTC, whatever their offset.
        return f"({value.sql}).u"
    return fold(value) if value.type.is_string else value.sql


def order_key(value: Typed) -> str:
    """What is ordered by: strings by the weights of the collation."""
    value = readable(value)
    return sort_sql(value, value.type.is_unicode) if _is_sorted(value) else comparison_key(value)
