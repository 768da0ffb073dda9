"""PERCENTILE_CONT and PERCENTILE_DISC: windowed functions with an order of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed, raise_sql
from pymlsql.embedded.tsql.types import FLOAT

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

PERCENTILES = frozenset({"PERCENTILE_CONT", "PERCENTILE_DISC"})


def compile_percentile(compiler: Compiler, node: exp.Expr, parts: Mapping[str, Any], partition: str) -> Typed:
    """``PERCENTILE_x(p) WITHIN GROUP (ORDER BY key) OVER (PARTITION BY ...)``. Raises 10751 to 10758, 8726, 8727."""
    call = node.this
    name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
    if name not in PERCENTILES:
        raise sql_error(4113 if name == "STRING_AGG" else 10757, name, line=compiler.line)
    if parts.get("order") is not None:
        raise sql_error(10758, name, line=compiler.line)
    if parts.get("spec") is not None:
        raise sql_error(10752, name, line=compiler.line)
    items = node.expression.expressions
    if len(items) != 1:
        raise sql_error(10751, name, line=compiler.line)
    if len(call.expressions) != 1:
        raise sql_error(174, name.lower(), 1, line=compiler.line)
    place = _place(compiler, call.expressions[0])
    key, descending = compiler.value(items[0].this), bool(items[0].args.get("desc"))
    if key.constant is not None:
        raise sql_error(5308 if isinstance(key.constant, int) else 5309, line=compiler.line)
    make = _continuous if name == "PERCENTILE_CONT" else _discrete
    return make(compiler, key, place, descending, partition)


def _place(compiler: Compiler, node: exp.Expr) -> str:
    """The percentile as float; it reads no column. Raises 8726, and 8727 where it is known not to be from 0 to 1."""
    if node.find(exp.Column) is not None:
        raise sql_error(8726, line=compiler.line)
    value = compiler.value(node)
    if value.type.name == "null" or (isinstance(value.constant, int | float) and not 0 <= value.constant <= 1):
        raise sql_error(8727, line=compiler.line)
    return convert(value, FLOAT, line=compiler.line).sql


def _within(place: str) -> str:
    """DuckDB wants to know the place when it plans: a constant, and one that is in range whatever is bound."""
    return f"least(greatest(coalesce({place}, 0.0), 0.0), 1.0)"


def _checked(sql: str, place: str) -> str:
    return f"CASE WHEN {place} BETWEEN 0 AND 1 THEN {sql} ELSE {raise_sql(8727)} END"


def _continuous(compiler: Compiler, key: Typed, place: str, descending: bool, partition: str) -> Typed:
    """Between the two values around the place, by their distance from it; downwards by the values' opposites."""
    if not key.type.is_number or key.type.name == "bit":
        raise sql_error(402, "numeric", key.type.name, "percentile_cont", line=compiler.line)
    sign = "-" if descending else ""
    value = f"{sign}{_checked(convert(key, FLOAT, line=compiler.line).sql, place)}"
    value = f"-({value[1:]})" if descending else value
    return Typed(f"({sign}quantile_cont({value}, {_within(place)}) OVER ({partition}))", FLOAT)


def _discrete(compiler: Compiler, key: Typed, place: str, descending: bool, partition: str) -> Typed:
    """The first value whose share of the rows up to it reaches the place."""
    if key.type.is_string or key.type.is_binary:
        raise unsupported(f"PERCENTILE_DISC of {key.type}", line=compiler.line)
    value = _checked(key.sql, place)
    found = f"quantile_disc({value}, {'-' if descending else ''}{_within(place)}) OVER ({partition})"
    if descending:  # DuckDB counts from the end for a place below 0, and there is none for 0.
        found = f"CASE WHEN {place} = 0 THEN max({key.sql}) OVER ({partition}) ELSE {found} END"
    return Typed(f"({found})", key.type, key.nullable)
