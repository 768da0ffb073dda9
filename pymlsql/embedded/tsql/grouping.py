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
_AGGREGATES = frozenset(
    """
    SUM COUNT COUNT_BIG AVG MIN MAX STDEV STDEVP VAR VARP STRING_AGG CHECKSUM_AGG APPROX_COUNT_DISTINCT GROUPING
    GROUPING_ID
    """.split()
)
_PARENTS: dict[str, tuple[type, ...]] = {
    "closed": (exp.Query, exp.Subquery, exp.Column, exp.Identifier, exp.Literal, exp.DataType),
    "window": (exp.Window,), "aggregate": (exp.WithinGroup,), "named": (exp.Anonymous,),
}  # fmt: skip
_ROLES: dict[type[exp.Expr], str] = {}
_PARTS = ("grouping_sets", "rollup", "cube")


def has_aggregate(node: exp.Expr) -> bool:
    """Whether an aggregate stands in ``node`` outside of subqueries and OVER."""
    waiting: list[object] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
            continue
        if not isinstance(part, exp.Expr):
            continue
        role = _ROLES.get(type(part)) or _role(type(part))
        if (role == "named" and part.name.upper() in _AGGREGATES) or role == "aggregate":
            return True
        if role == "window":
            waiting += (part.args.get("partition_by"), part.args.get("order"), *part.this.args.values())
        elif role != "closed":
            waiting += part.args.values()
    return False


def _role(kind: type[exp.Expr]) -> str:
    """What nodes of ``kind`` are to :func:`has_aggregate`, noted: it asks about every node of every query."""
    role = next((role for role, parents in _PARENTS.items() if issubclass(kind, parents)), "open")
    return _ROLES.setdefault(kind, role)


def has_subquery(node: exp.Expr) -> bool:
    """Whether a subquery stands in ``node``."""
    return node.find(exp.Query, exp.Exists) is not None


def compile_groups(compiler: Compiler, scope: Scope, group: exp.Expr) -> str:
    """GROUP BY's text; from here on the scope groups. Raises 144, 164; refuses GROUP BY ALL."""
    grouping = Grouping(compiler.alias())
    behind = [node for part in ("rollup", "cube") for node in group.args.get(part) or [] if not node.expressions]
    if behind:
        return _behind(compiler, scope, grouping, group, behind)
    for part, value in group.args.items():
        if value and part != "expressions" and part not in _PARTS:
            raise unsupported(f"GROUP BY {part.upper()}", line=compiler.line)
    nodes = [*group.expressions, *(node for part in _PARTS for node in group.args.get(part) or [])]
    nodes = [node for node in nodes if not (isinstance(node, exp.Tuple) and not node.expressions)]
    items = [_item(compiler, scope, grouping, node) for node in nodes]
    scope.groups = grouping
    return f"GROUP BY {', '.join(items)}" if items else ""


def _behind(compiler: Compiler, scope: Scope, grouping: Grouping, group: exp.Expr, behind: list[exp.Expr]) -> str:
    """GROUP BY list WITH ROLLUP or WITH CUBE: what ROLLUP (list) and CUBE (list) are, without further items."""
    if len(behind) > 1 or len(group.expressions) == 0 or any(
            value for part, value in group.args.items() if part != "expressions" and value != behind):  # fmt: skip
        raise sql_error(102, "WITH", line=compiler.line)
    grouping.sets = True
    keys = [_key(compiler, scope, grouping, node) for node in group.expressions]
    scope.groups = grouping
    return f"GROUP BY {_KINDS[type(behind[0])]} ({', '.join(keys)})"


def _item(compiler: Compiler, scope: Scope, grouping: Grouping, node: exp.Expr) -> str:
    """A value, or ROLLUP, CUBE and GROUPING SETS of values, lists of them and each other."""
    kind = _KINDS.get(type(node))
    if kind is None:
        return _key(compiler, scope, grouping, node)
    grouping.sets = True
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
        raise sql_error(102, ",", line=compiler.line)
    if has_aggregate(node) or has_subquery(node):
        raise sql_error(144, line=compiler.line)
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
