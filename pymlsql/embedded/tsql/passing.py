"""Large values that a query passes on without a look at them: a bare column, variable or subquery.

Everything else that is done with a value is an expression of its bytes. So what may be a reference is proven by the
tree: only the nodes below give one, and only to whoever asks for references.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.dialect import read_type
from pymlsql.embedded.tsql.references import identity_sql, keeps_references
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def compile_passed(compiler: Compiler, node: exp.Expr) -> Typed:
    """A scalar for a varbinary(max) column or variable, or for a select list that may hold references: as it is kept
    (``by_reference``) where that is possible, else its value."""
    scope = compiler.scope
    if scope.groups is not None and not scope.in_aggregate:
        return compiler.value(node)
    core = _core(compiler, node)
    if isinstance(core, exp.Subquery | exp.Select):
        value: Typed | None = compiler.scalar_subquery(core, references=True)
        assert value is not None
        return value if value.by_reference or core is node else compiler.value(node)
    return passed_atom(compiler, core) or compiler.value(node)


def _core(compiler: Compiler, node: exp.Expr) -> exp.Expr:
    """What stands inside of brackets and conversions to varbinary(max), which change nothing about a varbinary(max)."""
    while True:
        if isinstance(node, exp.Paren) or (
            type(node) is exp.Cast and keeps_references(read_type(node.args["to"], line=compiler.line))
        ):
            node = node.this
        elif isinstance(node, exp.Convert) and not node.args.get("style") and not node.args.get("safe") \
                and keeps_references(read_type(node.this, line=compiler.line)):  # fmt: skip
            node = node.expression
        else:
            return node


def passed_atom(compiler: Compiler, node: exp.Expr) -> Typed | None:
    """The column or variable that ``node`` is, if it may hold a reference; None for anything else."""
    if isinstance(node, exp.Parameter) and not isinstance(node.this, exp.Parameter):
        return compiler.passed_variable("@" + node.name.lower())
    return passed_column(compiler, node)


def compare_passed(compiler: Compiler, operator: str, left: exp.Expr, right: exp.Expr) -> str | None:
    """Whether two columns or variables that may hold references have equal values, told without reading these."""
    if operator not in ("=", "<>"):
        return None
    a, b = passed_atom(compiler, left), passed_atom(compiler, right)
    return f"({identity_sql(a.sql)} {operator} {identity_sql(b.sql)})" if a is not None and b is not None else None


def passed_column(compiler: Compiler, node: exp.Expr) -> Typed | None:
    """The column that ``node`` is, if it may hold references; None for anything else."""
    from pymlsql.embedded.tsql.expressions import column_parts

    if not isinstance(node, exp.Column):
        return None
    scope, parts = compiler.scope, column_parts(node)
    if scope.groups is not None and not scope.in_aggregate:
        return None
    column = scope.resolve_column(*parts, compiler.line) if parts is not None else None
    return column if column is not None and column.by_reference else None
