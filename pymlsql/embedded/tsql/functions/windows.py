"""OVER: ranking, analytic and aggregate window functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.aggregates import PIECES, compile_pieces
from pymlsql.embedded.tsql.functions.rows import whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import as_type, comparison_key, order_key
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import BIGINT

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_RANKING = {"ROW_NUMBER": "row_number", "RANK": "rank", "DENSE_RANK": "dense_rank"}


def compile_window(compiler: Compiler, node: exp.Expr) -> Typed:
    """``function(...) OVER (PARTITION BY ... ORDER BY ... frame)``."""
    call = node.this
    if node.args.get("alias") or node.args.get("first") or not isinstance(call, exp.Anonymous):
        raise unsupported("OVER here", line=compiler.line)
    name = call.name.upper()
    over = _over(compiler, node, ordered=node.args.get("order") is not None)
    if name in PIECES:
        if name == "STRING_AGG":
            raise sql_error(4113, name, line=compiler.line)
        compiler.scope.in_window = True
        try:
            return compile_pieces(compiler, name, call.expressions).finished(f" OVER ({over})")
        finally:
            compiler.scope.in_window = False
    handler = _ANALYTIC.get(name)
    if name not in _RANKING and handler is None and name != "NTILE":
        raise sql_error(4113, name, line=compiler.line)
    if node.args.get("order") is None:
        raise sql_error(4112, name, line=compiler.line)
    if name in _RANKING:
        return Typed(f"{_RANKING[name]}() OVER ({over})", BIGINT, False)
    if name == "NTILE":
        return Typed(f"ntile({whole(compiler.value(call.expressions[0])).sql}) OVER ({over})", BIGINT, False)
    assert handler is not None
    return handler(compiler, call.expressions, over)


def _over(compiler: Compiler, node: exp.Expr, *, ordered: bool) -> str:
    parts = []
    partition = node.args.get("partition_by") or []
    if partition:
        keys = ", ".join(comparison_key(compiler.value(key)) for key in partition)
        parts.append(f"PARTITION BY {keys}")
    order = node.args.get("order")
    if order is not None:
        keys = ", ".join(_order_item(compiler, item) for item in order.expressions)
        if keys:
            parts.append(f"ORDER BY {keys}")
    spec = node.args.get("spec")
    if spec is not None:
        parts.append(_frame(compiler, spec, ordered))
    return " ".join(parts)


def _order_item(compiler: Compiler, item: exp.Expr) -> str:
    if isinstance(item.this, exp.Subquery):
        # ORDER BY (SELECT NULL) asks for no order in particular.
        return "1"
    value = compiler.value(item.this)
    if value.constant is not None:
        raise sql_error(5308, line=compiler.line)
    return f"{order_key(value)} {'DESC NULLS LAST' if item.args.get('desc') else 'ASC NULLS FIRST'}"


def _frame(compiler: Compiler, spec: exp.Expr, ordered: bool) -> str:
    if not ordered:
        raise sql_error(10756, line=compiler.line)
    kind = spec.args.get("kind")
    edges = []
    for edge in ("start", "end"):
        value, side = spec.args.get(edge), spec.args.get(f"{edge}_side")
        edges.append(_edge(compiler, kind, value, side))
    if edges[1] is None:
        edges[1] = "CURRENT ROW"
    return f"{kind} BETWEEN {edges[0]} AND {edges[1]}"


def _edge(compiler: Compiler, kind: str | None, value: object, side: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return f"{value} {side}" if side else value
    if kind == "RANGE":
        raise sql_error(4194, line=compiler.line)
    if not isinstance(value, exp.Literal) or value.is_string or not value.name.isdigit():
        raise sql_error(102, getattr(value, "name", ""), line=compiler.line)
    return f"{value.name} {side}"


def _shift(function: str) -> Callable[[Compiler, list[exp.Expr], str], Typed]:
    def compile(compiler: Compiler, nodes: list[exp.Expr], over: str) -> Typed:
        value = compiler.value(nodes[0])
        offset = whole(compiler.value(nodes[1]), compiler.line).sql if len(nodes) > 1 else "1"
        default = as_type(compiler.value(nodes[2]), value.type, compiler.line).sql if len(nodes) > 2 else "NULL"
        return Typed(f"{function}({value.sql}, {offset}, {default}) OVER ({over})", value.type, True, value.binary)

    return compile


def _at(function: str) -> Callable[[Compiler, list[exp.Expr], str], Typed]:
    def compile(compiler: Compiler, nodes: list[exp.Expr], over: str) -> Typed:
        value = compiler.value(nodes[0])
        return Typed(f"{function}({value.sql}) OVER ({over})", value.type, True, value.binary)

    return compile


_ANALYTIC: dict[str, Callable[[Compiler, list[exp.Expr], str], Typed]] = {
    "LAG": _shift("lag"),
    "LEAD": _shift("lead"),
    "FIRST_VALUE": _at("first_value"),
    "LAST_VALUE": _at("last_value"),
}

WINDOW_FUNCTIONS = frozenset({*_ANALYTIC, *_RANKING, "NTILE"})
"""Functions that need an OVER clause."""
