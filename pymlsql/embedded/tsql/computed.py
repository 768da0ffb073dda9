"""Computed columns: their expressions over a row's other columns, and which of them are deterministic.

Source: "Specify computed columns in a table", "Deterministic and nondeterministic functions", "Indexes on computed
columns" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.dialect import parse_constraint, parse_scalar, read_type
from pymlsql.embedded.tsql.messages import SqlError, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.parsed import ParsedText
from pymlsql.embedded.tsql.scope import Relation, Scope, Source
from pymlsql.embedded.tsql.typed import Typed, quote_name
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_NEVER_DETERMINISTIC = frozenset(
    """
    GETDATE GETUTCDATE SYSDATETIME SYSUTCDATETIME SYSDATETIMEOFFSET NEWID NEWSEQUENTIALID DATENAME FORMAT
    ISDATE RAND TEXTPTR
    """.split()
)
_DATE_FUNCTIONS = frozenset("DATEADD DATEDIFF DATEDIFF_BIG DATEPART YEAR MONTH DAY EOMONTH DATETRUNC".split())
_BY_DATEFIRST = frozenset("weekday dw w".split())
_WEEKS = frozenset("week wk ww".split())


def rows_of(compiler: Compiler, relation: Relation) -> str:
    """The DuckDB source of a table's rows, with those computed columns that are kept nowhere."""
    virtual = [column for column in relation.columns if column.computed]
    if not virtual:
        return relation.sql
    kept = [
        Typed(quote_name(c.name), c.type, c.nullable, c.binary, None, c.name, by_reference=c.by_reference)
        for c in relation.columns
        if not c.computed
    ]
    with compiler.names.inside(relation):  # what the table calls is asked of its owner
        parts = [f"{computed_value(compiler, c.computed, kept).sql} AS {quote_name(c.name)}" for c in virtual]
    rowid = "" if relation.sql.startswith("(") else "rowid, "
    return f"(SELECT {rowid}*, {', '.join(parts)} FROM {relation.sql})"


def computed_value(compiler: Compiler, text: str, columns: Sequence[Typed]) -> Typed:
    """The value of a computed column over ``columns`` of its row. Raises 207, 1046 ..."""
    with compiler.entered(Scope(sources=[Source("", list(columns))])):
        return compiler.value(parse_constraint(text))


def is_deterministic(compiler: Compiler, text: str, columns: Sequence[Typed]) -> bool:
    """Whether equal rows always give equal values, as SQL Server judges it."""
    before = len(compiler.runtime)
    computed_value(compiler, text, columns)
    if len(compiler.runtime) > before:
        return False
    tree = parse_constraint(text)
    with compiler.entered(Scope(sources=[Source("", list(columns))])):
        return all(_is_deterministic_node(compiler, node) for node in tree.walk())


def _is_deterministic_function(compiler: Compiler, node: exp.Expr) -> bool:
    """A function of one's own: bound to its schema, and its expression deterministic."""
    function = compiler.names.scalar_function(Name(tuple(part.name for part in node.flatten())))
    if function is None or not function.bound:
        return False
    if function.expression is None:
        raise unsupported("a function of several statements in a computed column that must be deterministic")
    columns = [Typed(f"${p.name}", p.type, True, False, None, p.name) for p in function.parameters]
    tree = parse_scalar(function.expression.sql)
    compiler.arguments.append({p.name: value for p, value in zip(function.parameters, columns, strict=True)})
    try:
        return all(_is_deterministic_node(compiler, part) for part in tree.walk())
    finally:
        compiler.arguments.pop()


def _is_deterministic_node(compiler: Compiler, node: exp.Expr) -> bool:
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
        return _is_deterministic_function(compiler, node)
    if isinstance(node, exp.Anonymous):
        name = node.name.upper()
        if name in _NEVER_DETERMINISTIC:
            return False
        if name == "DATEPART" and node.expressions:
            if node.expressions[0].name.lower() in _BY_DATEFIRST:
                return False
            if node.expressions[0].name.lower() in _WEEKS:
                raise unsupported("DATEPART(week) in a computed column that must be deterministic")
        return name not in _DATE_FUNCTIONS or not any(_is_text(compiler, part) for part in node.expressions)
    if isinstance(node, ParsedText):
        return False
    if isinstance(node, exp.Cast):
        return _is_deterministic_cast(compiler, node, read_type(node.args["to"]))
    if isinstance(node, exp.Convert):
        return _is_deterministic_convert(compiler, node)
    if isinstance(node, exp.Binary | exp.Between):
        sides = [part for part in node.args.values() if isinstance(part, exp.Expr)]
        return not (any(_is_text(compiler, s) for s in sides) and any(_is_moment(compiler, s) for s in sides))
    return True


def _is_deterministic_cast(compiler: Compiler, node: exp.Expr, target: SqlType) -> bool:
    if target.is_time:
        return not _is_text(compiler, node.this)
    value = _typed(compiler, node.this) if target.is_string else None
    if value is None or not value.type.is_time:
        return True
    if value.type.name not in ("datetime", "smalldatetime"):
        raise unsupported(f"{value.type} as a string in a computed column that must be deterministic")
    return False


def _is_deterministic_convert(compiler: Compiler, node: exp.Expr) -> bool:
    """Between strings and dates a style decides, and only some read and write the same in every language."""
    target, value, style = read_type(node.this), node.expression, node.args.get("style")
    between = target.is_time and _is_text(compiler, value)
    if not between and not (target.is_string and _is_moment(compiler, value)):
        return True
    if style is None or not style.name.isdigit():
        return False
    number = int(style.name)
    return number in (20, 21) or (number > 100 and number not in (106, 107, 109, 113))


def _typed(compiler: Compiler, node: exp.Expr) -> Typed | None:
    try:
        return compiler.value(node)
    except SqlError:
        return None


def _is_text(compiler: Compiler, node: exp.Expr) -> bool:
    value = _typed(compiler, node)
    return value is not None and value.type.is_string


def _is_moment(compiler: Compiler, node: exp.Expr) -> bool:
    value = _typed(compiler, node)
    return value is not None and value.type.is_time


__all__ = ["computed_value", "is_deterministic", "rows_of"]
