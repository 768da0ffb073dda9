"""NEXT VALUE FOR: where it may stand, and the DuckDB call that gives each row its number.

A reference becomes a call with a token and a row number. The token names one run of the statement; all references to a
sequence in it share the token, so that a row gets one number however often it asks.
Source: "NEXT VALUE FOR (Transact-SQL)" of sql-docs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

NEXT = "pymlsql_next"
"""The DuckDB function: (token, row number) to a number as text."""
RUN = "NEXT VALUE FOR"
"""The run-time value that is a token: its arguments are the sequence's id and the object whose text asks for it."""

_CHOOSING = frozenset({"CHOOSE", "COALESCE", "IIF", "ISNULL", "NULLIF"})
_AGGREGATES = frozenset("SUM COUNT COUNT_BIG AVG MIN MAX STDEV STDEVP VAR VARP STRING_AGG".split())


def compile_next_value(compiler: Compiler, node: exp.Expr) -> Typed:
    """A sequence's next number for the row. Raises 208, 11719 to 11741."""
    line = compiler.line
    _check_place(node, line)
    if compiler.arguments:
        raise sql_error(11719, line=line)
    parts = node.this
    name = Name(tuple(parts.args[p].name for p in ("catalog", "db", "table", "this") if parts.args.get(p) is not None))
    object_id, type_ = compiler.names.sequence(name)
    token = compiler.runtime_value(nvarchar(60), RUN, str(object_id), str(compiler.owner_id))
    return Typed(f"CAST({NEXT}({token.sql}, {_row(compiler, node)}) AS {type_.duckdb})", type_, False)


def _row(compiler: Compiler, node: exp.Expr) -> str:
    values = node.find_ancestor(exp.Values)
    if values is not None:
        return str(_place_in_values(node, values))
    order = node.args.get("order")
    if not order:
        return "row_number() OVER ()"
    if compiler.owner_id:
        raise sql_error(11717, line=compiler.line)
    keys = []
    for item in order.expressions:
        key = compiler.value(item.this)
        if key.type.is_string:
            raise unsupported("NEXT VALUE FOR ... OVER with a string", line=compiler.line)
        keys.append(f"{key.sql} {'DESC NULLS LAST' if item.args.get('desc') else 'ASC NULLS FIRST'}")
    return f"row_number() OVER (ORDER BY {', '.join(keys)})"


def _place_in_values(node: exp.Expr, values: exp.Expr) -> int:
    """Which of the rows that ask the sequence the row of ``node`` is."""
    count = 0
    wanted = node.this.sql().lower()
    for row in values.expressions:
        asks = [found for found in row.find_all(exp.NextValueFor) if found.this.sql().lower() == wanted]
        count += bool(asks)
        if any(found is node for found in asks):
            return count
    return count


def _check_place(node: exp.Expr, line: int) -> None:
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, exp.Case | exp.If | exp.Coalesce) or (
                isinstance(parent, exp.Anonymous) and parent.name.upper() in _CHOOSING):  # fmt: skip
            raise sql_error(11741, line=line)
        if isinstance(parent, exp.Anonymous) and parent.name.upper() in _AGGREGATES:
            raise sql_error(11725, line=line)
        if isinstance(parent, exp.Values):
            _check_values(parent, line)
            return
        if isinstance(parent, exp.Select):
            _check_select(node, child, parent, line)
            return
        child, parent = parent, parent.parent


def _check_values(values: exp.Expr, line: int) -> None:
    """Only the rows of an INSERT, which stand in a derived table [v] here, may ask."""
    alias = values.args.get("alias") or (values.parent.args.get("alias") if values.parent is not None else None)
    if alias is None or alias.name != "v" or [c.name for c in alias.args.get("columns") or []][:1] != ["c0"]:
        raise sql_error(11719, line=line)


def _check_select(node: exp.Expr, child: exp.Expr, select: exp.Expr, line: int) -> None:
    alone = select.args.get("from_") is None and len(select.expressions) == 1 and select.expressions[0].name == "1"
    if isinstance(child, exp.Where) and alone:
        return  # an expression by itself is parsed behind SELECT 1 WHERE
    if child not in select.expressions:
        raise sql_error(11720, line=line)
    if isinstance(select.parent, exp.SetOperation) or select.args.get("distinct"):
        raise sql_error(11721, line=line)
    if select.parent is not None:
        raise sql_error(11719, line=line)
    if select.args.get("limit") or select.args.get("offset"):
        raise sql_error(11739, line=line)
    if select.args.get("order") and not node.args.get("order"):
        raise sql_error(11723, line=line)
    if select.args.get("group") or select.args.get("having"):
        raise unsupported("NEXT VALUE FOR in a query that groups", line=line)
