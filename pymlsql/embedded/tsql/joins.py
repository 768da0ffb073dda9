"""FROM with its joins, APPLY, and PIVOT behind them, to DuckDB SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.grouping import has_aggregate
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.scope import Scope, as_nullable
from pymlsql.embedded.tsql.sources import pivoted_over, source_sql

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def compile_from(compiler: Compiler, from_: exp.Expr | None, joins: list[exp.Expr]) -> str:
    """FROM with its joins; the sources go into the compiler's current scope."""
    if from_ is None:
        return ""
    nested = from_.this.args.get("joins")
    return f"FROM {joined(compiler, from_.this, [*(nested or []), *joins])}"


def joined(compiler: Compiler, first: exp.Expr, joins: list[exp.Expr]) -> str:
    """A source and what is joined to it. PIVOT behind a join's condition is over all that is joined up to there."""
    for index in range(len(joins) - 1, -1, -1):
        pivots = joins[index].args.get("pivots")
        if pivots:
            before, behind = joins[: index + 1], joins[index + 1 :]
            sql = pivoted_over(compiler, list(pivots), lambda: _joined_plainly(compiler, first, before))  # noqa: B023
            return _joined_to(compiler, sql, behind)
    return _joined_plainly(compiler, first, joins)


def _joined_plainly(compiler: Compiler, first: exp.Expr, joins: list[exp.Expr]) -> str:
    return _joined_to(compiler, source_sql(compiler, first), joins)


def _joined_to(compiler: Compiler, sql: str, joins: list[exp.Expr]) -> str:
    for join in joins:
        sql = _join(compiler, sql, join)
    return sql


_JOIN_PARTS = frozenset({"this", "side", "kind", "on", "hint", "pivots"})
_JOIN_HINTS = frozenset({"LOOP", "HASH", "MERGE", "REMOTE"})


def _join(compiler: Compiler, left: str, join: exp.Expr) -> str:
    scope = compiler.scope
    side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
    further = [part for part, value in join.args.items() if value and part not in _JOIN_PARTS]
    hint = str(join.args.get("hint") or "").upper()
    if further or kind not in ("", "INNER", "CROSS", "OUTER") or (hint and hint not in _JOIN_HINTS):
        raise unsupported(f"JOIN with {(further or [kind or hint])[0].upper()}", line=compiler.line)
    if isinstance(join.this, exp.Lateral):
        return _apply(compiler, left, join.this)
    before = len(scope.sources)
    right = source_sql(compiler, join.this)
    on = join.args.get("on")
    if on is None:
        if side or kind not in ("CROSS", ""):
            raise sql_error(102, join.this.alias_or_name, line=compiler.line)
        return f"{left} CROSS JOIN {right}"
    if kind == "CROSS":
        raise sql_error(156, "ON", line=compiler.line)
    if has_aggregate(on):
        raise sql_error(1015, line=compiler.line)
    condition = compiler.condition(on)
    if side in ("LEFT", "FULL"):
        for source in scope.sources[before:]:
            source.columns = as_nullable(source.columns)
    if side in ("RIGHT", "FULL"):
        for source in scope.sources[:before]:
            source.columns = as_nullable(source.columns)
    return f"{left} {side or 'INNER'} JOIN {right} ON {condition}"


def _apply(compiler: Compiler, left: str, lateral: exp.Expr) -> str:
    """CROSS APPLY and OUTER APPLY: the right side sees the sources to its left."""
    outer = not lateral.args.get("cross_apply")
    before = len(compiler.scope.sources)
    right = source_sql(compiler, lateral.this, lateral.args.get("alias"), lateral=True)
    if outer:
        for source in compiler.scope.sources[before:]:
            source.columns = as_nullable(source.columns)
        return f"{left} LEFT JOIN LATERAL {right} ON TRUE"
    return f"{left} CROSS JOIN LATERAL {right}"


def compile_scope(compiler: Compiler, tree: exp.Expr) -> tuple[str, str, Scope]:
    """A query's WITH and FROM alone: their DuckDB texts and the scope they make, for what changes rows. The compiler
    knows the common tables from then on."""
    definitions, scope = "", Scope()
    with_ = tree.args.get("with_")
    compiler.commons.append({})
    if with_ is not None:
        from pymlsql.embedded.tsql.commons import compile_common_tables, max_recursion

        definitions = compile_common_tables(compiler, with_, max_recursion(compiler, tree))
    with compiler.entered(scope):
        sql = compile_from(compiler, tree.args.get("from_"), tree.args.get("joins") or [])
    return definitions, sql, scope
