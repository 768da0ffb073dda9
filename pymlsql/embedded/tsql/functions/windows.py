"""OVER: ranking, analytic and aggregate window functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.tsql.functions.aggregates import PIECES, compile_pieces
from pymlsql.embedded.tsql.functions.percentiles import PERCENTILES, compile_percentile
from pymlsql.embedded.tsql.functions.rows import whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import as_type, comparison_key, order_key
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import BIGINT, FLOAT
from pymlsql.embedded.tsql.windownames import resolved

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_RANKING = {
    "ROW_NUMBER": ("row_number", BIGINT), "RANK": ("rank", BIGINT), "DENSE_RANK": ("dense_rank", BIGINT),
    "PERCENT_RANK": ("percent_rank", FLOAT), "CUME_DIST": ("cume_dist", FLOAT),
}  # fmt: skip
_NOT_WINDOWED = frozenset({"STRING_AGG", "APPROX_COUNT_DISTINCT"})


def compile_window(compiler: Compiler, node: exp.Expr) -> Typed:
    """``function(...) OVER (PARTITION BY ... ORDER BY ... frame)``. Raises 4108 where none may stand, 4109."""
    scope = compiler.scope
    if scope.in_over or scope.in_aggregate:
        raise sql_error(4109, line=compiler.line)
    if scope.windows is None:
        raise sql_error(4108, line=compiler.line)
    parts = resolved(node, scope.windows, compiler.line)
    scope.in_over = True
    try:
        return _compiled(compiler, node, parts)
    finally:
        scope.in_over = False


def _compiled(compiler: Compiler, node: exp.Expr, parts: Mapping[str, Any]) -> Typed:
    call, nulls = node.this, ""
    if isinstance(call, exp.IgnoreNulls | exp.RespectNulls):
        nulls = " IGNORE NULLS" if isinstance(call, exp.IgnoreNulls) else " "
        call = call.this
    if isinstance(call, exp.WithinGroup):
        return compile_percentile(compiler, call, parts, _partition(compiler, parts))
    if node.args.get("first") or not isinstance(call, exp.Anonymous):
        raise unsupported("OVER here", line=compiler.line)
    name = call.name.upper()
    if name in PERCENTILES:
        raise sql_error(10754, name, line=compiler.line)
    if name in PIECES and not nulls:
        return _aggregate(compiler, name, call, parts)
    handler = _ANALYTIC.get(name)
    if (name not in _RANKING and handler is None and name != "NTILE") or (name in PIECES):
        raise sql_error(4113, name, line=compiler.line)
    if nulls and (handler is None or compiler.level < 160):
        raise sql_error(102, nulls.split()[0] if nulls.strip() else "RESPECT", line=compiler.line)
    if parts.get("spec") is not None and name not in _FRAMED:
        raise sql_error(10752, name, line=compiler.line)
    if parts.get("order") is None:
        raise sql_error(4112, name, line=compiler.line)
    over = _over(compiler, parts)
    if handler is not None:
        return handler(compiler, call.expressions, nulls.rstrip(), over)
    if name == "NTILE":
        return _ntile(compiler, call.expressions, over)
    if call.expressions:
        raise sql_error(174, name.lower(), 0, line=compiler.line)
    function, type_ = _RANKING[name]
    return Typed(f"{function}() OVER ({over})", type_, False)


def _aggregate(compiler: Compiler, name: str, call: exp.Expr, parts: Mapping[str, Any]) -> Typed:
    if name in _NOT_WINDOWED:
        raise sql_error(4113, name, line=compiler.line)
    if any(isinstance(argument, exp.Distinct) for argument in call.expressions):
        raise sql_error(10759, line=compiler.line)
    over = _over(compiler, parts)
    compiler.scope.in_window = True
    try:
        return compile_pieces(compiler, name, call.expressions).finished(f" OVER ({over})")
    finally:
        compiler.scope.in_window = False


def _ntile(compiler: Compiler, nodes: list[exp.Expr], over: str) -> Typed:
    if len(nodes) != 1:
        raise sql_error(174, "ntile", 1, line=compiler.line)
    value = compiler.value(nodes[0])
    if not value.type.is_integer or (isinstance(value.constant, int) and value.constant < 1):
        raise sql_error(4116, line=compiler.line)
    return Typed(f"ntile({whole(value, compiler.line).sql}) OVER ({over})", BIGINT, False)


def _partition(compiler: Compiler, parts: Mapping[str, Any]) -> str:
    keys = ", ".join(comparison_key(compiler.value(key)) for key in parts.get("partition_by") or [])
    return f"PARTITION BY {keys}" if keys else ""


def _over(compiler: Compiler, parts: Mapping[str, Any]) -> str:
    written = [_partition(compiler, parts)]
    order, spec = parts.get("order"), parts.get("spec")
    if order is not None:
        keys = ", ".join(_order_item(compiler, item) for item in order.expressions)
        written.append(f"ORDER BY {keys}")
    if spec is not None:
        if order is None:
            kind = str(spec.args.get("kind"))
            raise sql_error(10756, line=compiler.line) if written[0] else sql_error(102, kind, line=compiler.line)
        written.append(_frame(compiler, spec))
    return " ".join(part for part in written if part)


def _order_item(compiler: Compiler, item: exp.Expr) -> str:
    if isinstance(item.this, exp.Subquery):
        # ORDER BY (SELECT NULL) asks for no order in particular.
        compiler.value(item.this)
        return "1"
    value = compiler.value(item.this)
    if value.constant is not None or value.type.name == "null":
        raise sql_error(5308 if type(value.constant) is int and value.constant > 0 else 5309, line=compiler.line)
    return f"{order_key(value)} {'DESC NULLS LAST' if item.args.get('desc') else 'ASC NULLS FIRST'}"


# Frames -----------------------------------------------------------------------------------------------------------


def _frame(compiler: Compiler, spec: exp.Expr) -> str:
    """ROWS and RANGE. Raises 102, 4193 for a frame that ends before it begins, 4194."""
    kind = _upper(spec.args.get("kind"))
    if kind not in ("ROWS", "RANGE") or spec.args.get("exclude"):
        raise sql_error(102, str(kind), line=compiler.line)
    edges = []
    for edge in ("start", "end"):
        value, side = _upper(spec.args.get(edge)), _upper(spec.args.get(f"{edge}_side"))
        edges.append(_edge(compiler, kind, value, side))
    start, end = edges[0], edges[1] or "CURRENT ROW"
    if start == "UNBOUNDED FOLLOWING" or end == "UNBOUNDED PRECEDING":
        raise sql_error(102, (start if start == "UNBOUNDED FOLLOWING" else end or "").split()[1], line=compiler.line)
    later = {"PRECEDING": 0, "ROW": 1, "FOLLOWING": 2}
    if start is None or later[start.split()[1]] > later[end.split()[1]]:
        raise sql_error(4193, line=compiler.line)
    return f"{kind} BETWEEN {start} AND {end}"


def _upper(word: object) -> Any:
    """A word of the frame as the comparisons here have it; sqlglot keeps it as it is written."""
    return word.upper() if isinstance(word, str) else word


def _edge(compiler: Compiler, kind: str | None, value: object, side: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return f"{value} {side}" if side else value
    if kind == "RANGE":
        raise sql_error(4194, line=compiler.line)
    if not isinstance(value, exp.Literal) or value.is_string or not value.name.isdigit() \
            or int(value.name) > 2**31 - 1:  # fmt: skip
        raise sql_error(102, getattr(value, "name", ""), line=compiler.line)
    return f"{value.name} {side}"


# Analytic functions -----------------------------------------------------------------------------------------------


def _shift(function: str) -> Callable[[Compiler, list[exp.Expr], str, str], Typed]:
    def compile(compiler: Compiler, nodes: list[exp.Expr], nulls: str, over: str) -> Typed:
        if not 1 <= len(nodes) <= 3:
            raise sql_error(10755, function, 1, 3, line=compiler.line)
        value = compiler.value(nodes[0])
        offset = _offset(compiler, nodes[1], function) if len(nodes) > 1 else "1"
        default = as_type(compiler.value(nodes[2]), value.type, compiler.line).sql if len(nodes) > 2 else "NULL"
        return Typed(f"{function}({value.sql}, {offset}, {default}{nulls}) OVER ({over})", value.type, True,
                     value.binary)  # fmt: skip

    return compile


def _offset(compiler: Compiler, node: exp.Expr, function: str) -> str:
    """How many rows away; a negative number is 8730."""
    value = compiler.value(node)
    if isinstance(value.constant, int | float) and value.constant < 0:
        raise sql_error(8730, function, line=compiler.line)
    return whole(value, compiler.line).sql


def _at(function: str) -> Callable[[Compiler, list[exp.Expr], str, str], Typed]:
    def compile(compiler: Compiler, nodes: list[exp.Expr], nulls: str, over: str) -> Typed:
        if len(nodes) != 1:
            raise sql_error(174, function, 1, line=compiler.line)
        value = compiler.value(nodes[0])
        return Typed(f"{function}({value.sql}{nulls}) OVER ({over})", value.type, True, value.binary)

    return compile


_ANALYTIC: dict[str, Callable[[Compiler, list[exp.Expr], str, str], Typed]] = {
    "LAG": _shift("lag"),
    "LEAD": _shift("lead"),
    "FIRST_VALUE": _at("first_value"),
    "LAST_VALUE": _at("last_value"),
}
_FRAMED = frozenset({"FIRST_VALUE", "LAST_VALUE"})

WINDOW_FUNCTIONS = frozenset({*_ANALYTIC, *_RANKING, "NTILE", *PERCENTILES})
"""Functions that need an OVER clause."""
