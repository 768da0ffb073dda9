"""Aggregates, alone and as windows: result types of SQL Server, NULLs left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, text
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import comparison_key, order_key
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import BIGINT, FLOAT, INT, MAX, SqlType, decimal, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def _argument(compiler: Compiler, node: exp.Expr) -> tuple[Typed, bool]:
    """An aggregate's argument, compiled outside of the groups, and whether it is DISTINCT."""
    distinct = isinstance(node, exp.Distinct)
    inner = node.expressions[0] if distinct else node
    if distinct and len(node.expressions) != 1:
        raise sql_error(102, ",", line=compiler.line)
    scope = compiler.scope
    if scope.in_aggregate:
        raise sql_error(130, line=compiler.line)
    scope.in_aggregate = True
    try:
        return compiler.value(inner), distinct
    finally:
        scope.in_aggregate = False


def _count(result: SqlType, name: str) -> Function:
    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
        if isinstance(nodes[0], exp.Star):
            return Typed("count(*)", result, False)
        value, distinct = _argument(compiler, nodes[0])
        key = comparison_key(value) if distinct else value.sql
        return Typed(f"count({'DISTINCT ' if distinct else ''}{key})", result, False)

    return Function(1, 1, compile_nodes=compile)


def _numeric(compiler: Compiler, node: exp.Expr, name: str) -> tuple[Typed, str]:
    value, distinct = _argument(compiler, node)
    if value.type.name == "null" or not value.type.is_number or value.type.name == "bit":
        raise sql_error(8117, value.type.name, name, line=compiler.line)
    return value, "DISTINCT " if distinct else ""


def _sum_type(type_: SqlType) -> SqlType:
    if type_.name in ("tinyint", "smallint", "int"):
        return INT
    if type_.name == "decimal":
        return decimal(38, type_.scale)
    if type_.name == "smallmoney":
        return SqlType("money")
    return FLOAT if type_.is_approximate else type_


def _sum(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    value, distinct = _numeric(compiler, nodes[0], "sum")
    inner = f"CAST({value.sql} AS DOUBLE)" if value.type.name == "real" else value.sql
    return Typed(f"sum({distinct}{inner})", _sum_type(value.type))


def _avg(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """Whole numbers give a whole number, cut; decimals at least six digits."""
    value, distinct = _numeric(compiler, nodes[0], "avg")
    if value.type.is_approximate:
        return Typed(f"avg({distinct}CAST({value.sql} AS DOUBLE))", FLOAT)
    if value.type.is_integer:
        result = _sum_type(value.type)
        return Typed(f"avg({distinct}{value.sql})", result)
    raise unsupported(f"AVG of {value.type}", line=compiler.line)


def _extreme(function: str) -> Function:
    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
        value, _ = _argument(compiler, nodes[0])
        if value.type.name in ("bit", "null"):
            raise sql_error(8117, value.type.name, function, line=compiler.line)
        if value.type.is_string:
            return Typed(f"arg_{function}({value.sql}, {order_key(value)})", value.type, True, value.binary)
        return Typed(f"{function}({value.sql})", value.type)

    return Function(1, 1, compile_nodes=compile)


def _spread(function: str) -> Function:
    """Standard deviation and variance of a sample or population, as float."""

    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
        value, distinct = _numeric(compiler, nodes[0], function)
        return Typed(f"{function}({distinct}{convert(value, FLOAT, line=compiler.line).sql})", FLOAT)

    return Function(1, 1, compile_nodes=compile)


def _string_agg(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    return _joined(compiler, nodes, [])


def _joined(compiler: Compiler, nodes: list[exp.Expr], order: list[exp.Expr]) -> Typed:
    value, _ = _argument(compiler, nodes[0])
    value = text(value, compiler.line)
    separator = text(compiler.value(nodes[1]), compiler.line)
    keys = []
    for item in order:
        key, _ = _argument(compiler, item.this)
        keys.append(f"{order_key(key)} {'DESC NULLS LAST' if item.args.get('desc') else 'ASC NULLS FIRST'}")
    by = f" ORDER BY {', '.join(keys)}" if keys else ""
    length = MAX if value.type.length == MAX else (4000 if value.type.is_unicode else 8000)
    result = nvarchar(length) if value.type.is_unicode else varchar(length)
    return Typed(f"string_agg({value.sql}, {separator.sql}{by})", result)


def compile_within_group(compiler: Compiler, node: exp.Expr) -> Typed:
    """STRING_AGG(...) WITHIN GROUP (ORDER BY ...)."""
    inner = node.this
    if not isinstance(inner, exp.Anonymous) or inner.name.upper() != "STRING_AGG" or len(inner.expressions) != 2:
        raise unsupported("WITHIN GROUP", line=compiler.line)
    return finished(_joined(compiler, inner.expressions, node.expression.expressions))


def finished(value: Typed) -> Typed:
    """The aggregate (with its OVER, if any) at its result type; a sum that does not fit overflows (8115)."""
    if value.type.is_integer and value.sql.startswith("avg("):
        return Typed(f"CAST(trunc({value.sql}) AS {value.type.duckdb})", value.type)
    if value.sql.startswith(("sum(", "count(")):
        return Typed(f"CAST({value.sql} AS {value.type.duckdb})", value.type, value.nullable)
    return value


def _plain(function: Function) -> Function:
    """An aggregate as it stands without OVER."""

    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
        return finished(function.compile_nodes(compiler, nodes))

    return Function(function.n_min, function.n_max, compile_nodes=compile)


BARE = {
    "COUNT": _count(INT, "count"),
    "COUNT_BIG": _count(BIGINT, "count_big"),
    "SUM": Function(1, 1, compile_nodes=_sum),
    "AVG": Function(1, 1, compile_nodes=_avg),
    "MIN": _extreme("min"),
    "MAX": _extreme("max"),
    "STDEV": _spread("stddev_samp"),
    "STDEVP": _spread("stddev_pop"),
    "VAR": _spread("var_samp"),
    "VARP": _spread("var_pop"),
    "STRING_AGG": Function(2, 2, compile_nodes=_string_agg),
}
"""The aggregates before their OVER clause and the cast to their result type."""

AGGREGATES = {name: _plain(function) for name, function in BARE.items()}
