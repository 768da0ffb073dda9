"""GROUP BY to DuckDB SQL. A query that groups is two: keys and aggregates below, the select list above.

Above, every key and aggregate is a plain column; so window functions over aggregates, subqueries that refer to a
group and ORDER BY need no rules of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import comparison_key
from pymlsql.embedded.tsql.scope import Grouping, Scope

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_KINDS: dict[type[exp.Expr], str] = {exp.GroupingSets: "GROUPING SETS", exp.Rollup: "ROLLUP", exp.Cube: "CUBE"}
_PARTS = ("grouping_sets", "rollup", "cube")


def compile_groups(compiler: Compiler, scope: Scope, group: exp.Expr) -> str:
    """GROUP BY's text; from here on the scope groups. Raises 164; refuses GROUP BY ALL and WITH ROLLUP or CUBE."""
    grouping = Grouping(compiler.alias())
    for part, value in group.args.items():
        if value and part != "expressions" and part not in _PARTS:
            raise unsupported(f"GROUP BY {part.upper()}", line=compiler.line)
    nodes = [*group.expressions, *(node for part in _PARTS for node in group.args.get(part) or [])]
    items = [_item(compiler, scope, grouping, node) for node in nodes]
    scope.groups = grouping
    return f"GROUP BY {', '.join(items)}"


def _item(compiler: Compiler, scope: Scope, grouping: Grouping, node: exp.Expr) -> str:
    """A value, or ROLLUP, CUBE and GROUPING SETS of values, lists of them and each other."""
    kind = _KINDS.get(type(node))
    if kind is None:
        return _key(compiler, scope, grouping, node)
    grouping.sets = True
    if not node.expressions:
        raise unsupported(f"WITH {kind}", line=compiler.line)
    elements = []
    for element in node.expressions:
        if type(element) in _KINDS:
            elements.append(_item(compiler, scope, grouping, element))
            continue
        values = element.expressions if isinstance(element, exp.Tuple) else [element.unnest()]
        elements.append("(" + ", ".join(_key(compiler, scope, grouping, value) for value in values) + ")")
    return f"{kind} ({', '.join(elements)})"


def _key(compiler: Compiler, scope: Scope, grouping: Grouping, node: exp.Expr) -> str:
    """What DuckDB groups by for one value: strings by the collation."""
    if isinstance(node, exp.Tuple):
        raise unsupported("a list in brackets in GROUP BY", line=compiler.line)
    before = scope.n_own
    value = compiler.value(node)
    if scope.n_own == before:
        raise sql_error(164, line=compiler.line)
    if value.sql not in grouping.keys:
        grouping.tests[value.sql] = comparison_key(value)
        grouping.keys[value.sql] = f"{grouping.alias}.g{len(grouping.keys)}"
    return grouping.tests[value.sql]


def grouped_from(groups: Grouping, from_sql: str, where: str, group_by: str) -> str:
    """FROM of the query above: keys (strings as the first of the group is written) and aggregates, computed below."""
    columns = []
    for value, column in groups.keys.items():
        key = groups.tests[value]
        shown = value
        if key != value:
            # Where a grouping set leaves a string out, its key is NULL and so is what is shown.
            shown = f"CASE WHEN {key} IS NOT NULL THEN first({value}) END"
        columns.append(f"{shown} AS {column.split('.', 1)[1]}")
    columns += [f"{call} AS {name}" for call, name in groups.aggregates.items()]
    if not columns:
        columns = ["count(*) AS one"]
    body = " ".join(part for part in (", ".join(columns), from_sql, where, group_by) if part)
    return f"FROM (SELECT {body}) AS {groups.alias}"
