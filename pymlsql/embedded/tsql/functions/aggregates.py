"""Aggregates, alone and as windows: result types of SQL Server, NULLs left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.decimals import quotient
from pymlsql.embedded.tsql.functions.rows import Function, text
from pymlsql.embedded.tsql.grouping import has_subquery
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.operators import comparison_key, order_key
from pymlsql.embedded.tsql.typed import Typed, raise_sql
from pymlsql.embedded.tsql.types import BIGINT, FLOAT, INT, MAX, MONEY, SqlType, decimal, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


@dataclass(frozen=True, slots=True)
class Pieces:
    """An aggregate: the DuckDB aggregate ``calls`` it needs, and what makes its value of their results."""

    calls: tuple[str, ...]
    type: SqlType
    finish: Callable[[list[str]], str] = lambda results: results[0]
    nullable: bool = True
    binary: bool = False

    def finished(self, behind: str = "") -> Typed:
        """The value, with ``behind`` (OVER or FILTER) after each call."""
        return Typed(self.finish([call + behind for call in self.calls]), self.type, self.nullable, self.binary)


def _cast(type_: SqlType) -> Callable[[list[str]], str]:
    """A result at its type: a sum that does not fit overflows (8115)."""
    return lambda results: f"CAST({results[0]} AS {type_.duckdb})"


def _argument(
    compiler: Compiler, node: exp.Expr, compile: Callable[[exp.Expr], Typed] | None = None
) -> tuple[Typed, bool]:
    """An aggregate's argument, compiled below the groups, and whether it is DISTINCT. Under OVER it is any value."""
    compile = compile or compiler.value
    distinct = isinstance(node, exp.Distinct)
    inner = node.expressions[0] if distinct else node
    if distinct and len(node.expressions) != 1:
        raise sql_error(102, ",", line=compiler.line)
    scope = compiler.scope
    if scope.in_window:
        scope.in_window = False
        try:
            return compile(inner), distinct
        finally:
            scope.in_window = True
    if scope.in_aggregate or has_subquery(inner):
        raise sql_error(130, line=compiler.line)
    scope.in_aggregate = True
    try:
        return compile(inner), distinct
    finally:
        scope.in_aggregate = False


def _count(result: SqlType) -> Compile:
    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Pieces:
        if isinstance(nodes[0], exp.Star):
            if compiler.scope.in_aggregate:
                raise sql_error(130, line=compiler.line)
            return Pieces(("count(*)",), result, _cast(result), False)
        value, distinct = _argument(compiler, nodes[0], compiler.passed)
        inner = f"DISTINCT {comparison_key(value)}" if distinct else value.sql
        return Pieces((f"count({inner})",), result, _cast(result), False)

    return compile


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
        return MONEY
    return FLOAT if type_.is_approximate else type_


def _sum(compiler: Compiler, nodes: list[exp.Expr]) -> Pieces:
    value, distinct = _numeric(compiler, nodes[0], "sum")
    inner = f"CAST({value.sql} AS DOUBLE)" if value.type.name == "real" else value.sql
    result = _sum_type(value.type)
    return Pieces((f"sum({distinct}{inner})",), result, _cast(result))


def _avg(compiler: Compiler, nodes: list[exp.Expr]) -> Pieces:
    """Whole numbers give a whole number, decimals at least six digits behind the point; both are cut, not rounded."""
    value, distinct = _numeric(compiler, nodes[0], "avg")
    if value.type.is_approximate:
        return Pieces((f"avg({distinct}CAST({value.sql} AS DOUBLE))",), FLOAT)
    calls = (f"sum({distinct}{value.sql})", f"count({distinct}{value.sql})")
    total = _sum_type(value.type)
    result = total if value.type.is_integer or total == MONEY else decimal(38, max(6, total.scale))

    def finish(results: list[str]) -> str:
        summed, count = f"CAST({results[0]} AS {total.duckdb})", f"nullif({results[1]}, 0)"
        if result.is_integer:
            return f"({summed} // CAST({count} AS {result.duckdb}))"
        return quotient(Typed(summed, total), Typed(count, BIGINT), result)

    return Pieces(calls, result, finish)


def _extreme(function: str) -> Compile:
    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Pieces:
        value, _ = _argument(compiler, nodes[0])
        if value.type.name in ("bit", "null"):
            raise sql_error(8117, value.type.name, function, line=compiler.line)
        if value.type.is_string:
            return Pieces((f"arg_{function}({value.sql}, {order_key(value)})",), value.type, binary=value.binary)
        return Pieces((f"{function}({value.sql})",), value.type)

    return compile


def _spread(function: str) -> Compile:
    """Standard deviation and variance of a sample or population, as float."""

    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Pieces:
        value, distinct = _numeric(compiler, nodes[0], function)
        return Pieces((f"{function}({distinct}{convert(value, FLOAT, line=compiler.line).sql})",), FLOAT)

    return compile


def _string_agg(compiler: Compiler, nodes: list[exp.Expr]) -> Pieces:
    return _joined(compiler, nodes, [])


def _joined(compiler: Compiler, nodes: list[exp.Expr], order: list[exp.Expr]) -> Pieces:
    value, _ = _argument(compiler, nodes[0])
    if not value.type.is_string:
        value = convert(value, nvarchar(4000), implicit=True, line=compiler.line)
    separator = text(_separator(compiler, nodes[1]), compiler.line)
    keys = []
    for item in order:
        key, _ = _argument(compiler, item.this)
        if isinstance(key.constant, int):
            raise sql_error(5308, line=compiler.line)
        keys.append(f"{order_key(key)} {'DESC NULLS LAST' if item.args.get('desc') else 'ASC NULLS FIRST'}")
    by = f" ORDER BY {', '.join(keys)}" if keys else ""
    length = MAX if value.type.length == MAX else (4000 if value.type.is_unicode else 8000)
    result = nvarchar(length) if value.type.is_unicode else varchar(length)
    if separator.type.is_unicode and not value.type.is_unicode:
        raise sql_error(8116, separator.type.name, 2, "string_agg", line=compiler.line)
    finish = None if length == MAX else lambda results: _bounded(results[0], 2 if result.is_unicode else 1)
    calls = (f"string_agg({value.sql}, {separator.sql}{by})",)
    return Pieces(calls, result, finish) if finish is not None else Pieces(calls, result)


def _separator(compiler: Compiler, node: exp.Expr) -> Typed:
    """A literal or a variable. Raises 8733."""
    if node.find(exp.Column) is not None or isinstance(node.unnest(), exp.Cast | exp.Convert):
        raise sql_error(8733, line=compiler.line)
    return compiler.value(node)


def _bounded(sql: str, n_bytes: int) -> str:
    """A result of at most 8,000 bytes; a longer one is 9829."""
    return f"CASE WHEN length({sql}) * {n_bytes} > 8000 THEN {raise_sql(9829)} ELSE {sql} END"


def _checksum(compiler: Compiler, nodes: list[exp.Expr]) -> Pieces:
    value, distinct = _argument(compiler, nodes[0])
    if value.type != INT:
        raise sql_error(8117, value.type.name, "checksum_agg", line=compiler.line)
    return Pieces((f"bit_xor({'DISTINCT ' if distinct else ''}{value.sql})",), INT)


def _approximate_count(compiler: Compiler, nodes: list[exp.Expr]) -> Pieces:
    """The exact number, which is as near as can be."""
    if isinstance(nodes[0], exp.Star):
        raise sql_error(102, "*", line=compiler.line)
    value, distinct = _argument(compiler, nodes[0])
    if distinct:
        raise sql_error(102, "DISTINCT", line=compiler.line)
    return Pieces((f"count(DISTINCT {comparison_key(value)})",), BIGINT, _cast(BIGINT))


def compile_within_group(compiler: Compiler, node: exp.Expr) -> Typed:
    """STRING_AGG(...) WITHIN GROUP (ORDER BY ...). Raises 10753 and 10757 for other functions."""
    inner = node.this
    name = inner.name.upper()
    if name in ("PERCENTILE_CONT", "PERCENTILE_DISC"):
        raise sql_error(10753, name, line=compiler.line)
    if name != "STRING_AGG":
        raise sql_error(10757, name, line=compiler.line)
    if len(inner.expressions) != 2:
        raise sql_error(174, "string_agg", 2, line=compiler.line)
    return grouped(compiler, _joined(compiler, inner.expressions, node.expression.expressions))


Compile = Callable[["Compiler", list[exp.Expr]], Pieces]

PIECES: dict[str, tuple[int, Compile]] = {
    "COUNT": (1, _count(INT)),
    "COUNT_BIG": (1, _count(BIGINT)),
    "SUM": (1, _sum),
    "AVG": (1, _avg),
    "MIN": (1, _extreme("min")),
    "MAX": (1, _extreme("max")),
    "STDEV": (1, _spread("stddev_samp")),
    "STDEVP": (1, _spread("stddev_pop")),
    "VAR": (1, _spread("var_samp")),
    "VARP": (1, _spread("var_pop")),
    "STRING_AGG": (2, _string_agg),
    "CHECKSUM_AGG": (1, _checksum),
    "APPROX_COUNT_DISTINCT": (1, _approximate_count),
}
"""The aggregates: how many arguments each takes, and what compiles them for groups, OVER and PIVOT alike."""


def compile_pieces(compiler: Compiler, name: str, nodes: list[exp.Expr]) -> Pieces:
    """The parts of the aggregate ``name``. Raises 174 for a wrong number of arguments."""
    count, compile_ = PIECES[name]
    if len(nodes) != count:
        raise sql_error(174, name.lower(), count, line=compiler.line)
    return compile_(compiler, nodes)


def grouped(compiler: Compiler, pieces: Pieces) -> Typed:
    """An aggregate's value from the columns that the query computes for its groups. Raises 147 where none are."""
    groups = compiler.scope.groups
    if groups is None:
        raise sql_error(147, line=compiler.line)
    results = [groups.column(call) for call in pieces.calls]
    return Typed(pieces.finish(results), pieces.type, pieces.nullable, pieces.binary)


def _grouping(name: str) -> Function:
    """GROUPING and GROUPING_ID: which grouping expressions are not part of a row's grouping set, as bits."""

    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
        scope, tests = compiler.scope, []
        for number, node in enumerate(nodes, 1):
            mark = len(scope.ungrouped)
            shown = compiler.value(node).sql
            del scope.ungrouped[mark:]
            found = [text for text, column in scope.groups.keys.items() if column == shown] if scope.groups else []
            if not found or scope.groups is None:
                raise sql_error(8161, number, name, line=compiler.line)
            tests.append(scope.groups.tests[found[0]])
        assert scope.groups is not None
        type_ = SqlType("tinyint") if name == "GROUPING" else INT
        column = scope.groups.column(f"grouping({', '.join(tests)})")
        return Typed(f"CAST({column} AS {type_.duckdb})", type_, False)

    return Function(1, 1 if name == "GROUPING" else 32, compile_nodes=compile)


def _alone(name: str) -> Function:
    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
        return grouped(compiler, compile_pieces(compiler, name, nodes))

    count = PIECES[name][0]
    return Function(count, count, compile_nodes=compile)


AGGREGATES = {**{name: _alone(name) for name in PIECES}, **{n: _grouping(n) for n in ("GROUPING", "GROUPING_ID")}}
"""The aggregates as they stand without OVER."""
