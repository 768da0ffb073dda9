"""FOR SYSTEM_TIME: a system-versioned table together with its history, and the rows of a time among them.

Source: "FROM clause plus JOIN, APPLY, PIVOT", FOR SYSTEM_TIME, of sql-docs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.scope import ROWID, Relation
from pymlsql.embedded.tsql.typed import quote_name
from pymlsql.embedded.tsql.types import DATETIME2

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def with_history(compiler: Compiler, relation: Relation, version: exp.Expr) -> Relation:
    """The relation with former rows too, as far as ``version`` asks for them. Raises 102, 206, 402, 13544."""
    if relation.query is not None:
        raise unsupported("FOR SYSTEM_TIME of a view", line=compiler.line)
    if not relation.history:
        raise sql_error(13544, relation.name.local, line=compiler.line)
    if any(column.name == ROWID for column in relation.columns):
        raise unsupported("changing rows through FOR SYSTEM_TIME", line=compiler.line)
    compiler.names.use_history(relation)
    names = ", ".join(quote_name(column.name) for column in relation.columns if not column.computed)
    both = f"SELECT {names} FROM {relation.sql} UNION ALL SELECT {names} FROM {relation.history}"
    start, end = (quote_name(name) for name in relation.period)
    # A version that began and ended at once is seen by no form.
    tests = [f"{start} <> {end}", *_tests(compiler, version, start, end)]
    return replace(relation, sql=f"(SELECT * FROM ({both}) WHERE {' AND '.join(tests)})")


def _tests(compiler: Compiler, version: exp.Expr, start: str, end: str) -> list[str]:
    kind = str(version.args.get("kind") or "").upper()
    if kind == "ALL":
        return []
    given = version.args.get("expression")
    bounds = list(given.expressions) if isinstance(given, exp.Tuple) else [given]
    times = [_time(compiler, bound, first=number == 0 and kind == "AS OF") for number, bound in enumerate(bounds)]
    if kind == "AS OF" and len(times) == 1:
        return [f"{start} <= {times[0]}", f"{end} > {times[0]}"]
    if len(times) != 2:
        raise sql_error(102, kind, line=compiler.line)
    if kind == "FROM":
        return [f"{start} < {times[1]}", f"{end} > {times[0]}"]
    if kind == "BETWEEN":
        return [f"{start} <= {times[1]}", f"{end} > {times[0]}"]
    if kind == "CONTAINED IN":
        return [f"{start} >= {times[0]}", f"{end} <= {times[1]}"]
    raise sql_error(102, kind, line=compiler.line)


def _time(compiler: Compiler, node: exp.Expr | None, *, first: bool) -> str:
    """A bound: a literal or a variable, and nothing else."""
    if not isinstance(node, exp.Literal | exp.National | exp.Parameter | exp.Null):
        raise sql_error(102, node.sql()[:20] if node is not None else "", line=compiler.line)
    value = compiler.value(node)
    if value.type.name == "time" or value.type.is_binary:
        operator = "less than or equal to" if first else "greater than"
        raise sql_error(402, "datetime2", value.type.name, operator, line=compiler.line)
    if value.type.is_number or value.type.name == "uniqueidentifier":
        raise sql_error(206, "datetime2", value.type.name, line=compiler.line)
    return convert(value, DATETIME2, implicit=True, line=compiler.line).sql
