"""Common table expressions to DuckDB SQL, recursive ones with SQL Server's limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.sources import alias_name, check_names, renamed
from pymlsql.embedded.tsql.typed import Typed, quote_text, raise_sql

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

DEFAULT_RECURSION = 100


@dataclass(frozen=True, slots=True)
class Recursion:
    """The recursive part that is being compiled: the aliases under which it reads itself, and the most rounds."""

    aliases: list[str]
    limit: int


def max_recursion(compiler: Compiler, node: exp.Expr) -> int:
    """OPTION (MAXRECURSION n) of a query; 0 is no limit."""
    for option in node.args.get("options") or []:
        if str(option.this).upper() == "MAXRECURSION" and option.expression is not None:
            return int(option.expression.name)
    return DEFAULT_RECURSION


def compile_common_tables(compiler: Compiler, with_: exp.Expr, limit: int) -> str:
    """``WITH name AS (query), ...``; each is known in the compiler's innermost frame from its definition on."""
    definitions, recursive = [], False
    for common in with_.expressions:
        name, names = alias_name(common.args.get("alias"))
        if name.lower() in compiler.commons[-1]:
            raise sql_error(239, name, line=compiler.line)
        outer, compiler.scopes = compiler.scopes, []
        try:
            if _refers_to(common.this, name):
                recursive = True
                definitions.append(_recursive(compiler, common.this, name, names, limit))
            else:
                query = compiler.subquery(common.this, references=True)
                duck, columns = _known(compiler, name, names, query.columns)
                compiler.commons[-1][name.lower()] = (duck, tuple(columns))
                definitions.append(f"{duck} AS ({query.sql})")
        finally:
            compiler.scopes = outer
    return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(definitions)}"


def _known(compiler: Compiler, name: str, names: list[str], columns: tuple[Typed, ...]) -> tuple[str, list[Typed]]:
    found = renamed(list(columns), names, name, compiler.line)
    check_names(found, name, compiler.line)
    return f"w{compiler.alias()}", found


def _refers_to(node: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name.lower() and not table.args.get("db") for table in node.find_all(exp.Table))


def _members(node: exp.Expr) -> list[exp.Expr]:
    """The queries that UNION ALL connects."""
    if isinstance(node, exp.Union) and not node.args.get("distinct", True):
        return [*_members(node.this), *_members(node.expression)]
    return [node]


def _recursive(compiler: Compiler, node: exp.Expr, name: str, names: list[str], limit: int) -> str:
    """Anchors UNION ALL members that refer to the name. A column counts the rounds; one too many is 530."""
    members = _members(node)
    recursive = [member for member in members if _refers_to(member, name)]
    if len(members) < 2:
        raise sql_error(252, name, line=compiler.line)
    if len(recursive) == len(members):
        raise sql_error(246, name, line=compiler.line)
    if members[len(members) - len(recursive) :] != recursive:
        raise sql_error(247, name, line=compiler.line)
    anchors = node
    for _ in recursive:
        anchors = anchors.this
    anchor = compiler.subquery(anchors)
    duck, columns = _known(compiler, name, names, anchor.columns)
    columns = [replace(column, nullable=True, identity=False) for column in columns]
    compiler.commons[-1][name.lower()] = (duck, tuple(columns))
    queries = [_member(compiler, member, name, duck, columns, limit) for member in recursive]
    outputs = ", ".join([*(f"c{index}" for index in range(len(columns))), "recursion"])
    joined = " UNION ALL ".join(f"({query})" for query in queries)
    if len(queries) > 1:  # what DuckDB takes as the recursive part is one query
        joined = f"SELECT * FROM ({joined}) AS {compiler.alias()}"
    return f"{duck}({outputs}) AS (SELECT *, 0 AS recursion FROM ({anchor.sql}) UNION ALL ({joined}))"


def _member(compiler: Compiler, node: exp.Expr, name: str, duck: str, columns: list[Typed], limit: int) -> str:
    recursion = Recursion([], limit)
    compiler.recursions[duck] = recursion
    _check_member(compiler, node, name)
    member = compiler.recursive_member(node, lambda: _round(compiler, recursion, name))
    del compiler.recursions[duck]
    if len(member.columns) != len(columns):
        raise sql_error(205, line=compiler.line)
    for have, want in zip(member.columns, columns, strict=True):
        if have.type != want.type:
            raise sql_error(240, want.name, name, line=compiler.line)
    return member.sql


def _round(compiler: Compiler, recursion: Recursion, name: str) -> str:
    """The number of the round as one more column of the select list."""
    if len(recursion.aliases) != 1:
        raise sql_error(253, name, line=compiler.line)
    level = f"{recursion.aliases[0]}.recursion"
    if not recursion.limit:
        return f", {level} + 1 AS recursion"
    error = raise_sql(530, quote_text(str(recursion.limit)))
    return f", CASE WHEN {level} < {recursion.limit} THEN {level} + 1 ELSE {error} END AS recursion"


def _check_member(compiler: Compiler, node: exp.Expr, name: str) -> None:
    """What SQL Server does not allow in the recursive part. Raises 460 to 467: 465 for itself in a subquery."""
    if not isinstance(node, exp.Select):
        raise unsupported("a set operator in the recursive part of a common table expression", line=compiler.line)
    for query in node.find_all(exp.Query):
        if query is not node and _refers_to(query, name) and not isinstance(query.parent, exp.From | exp.Join):
            raise sql_error(465, name, line=compiler.line)
    numbers = {"distinct": 460, "limit": 461, "offset": 461, "group": 467, "having": 467}
    for part, number in numbers.items():
        if node.args.get(part):
            raise sql_error(number, name, line=compiler.line)
    for join in node.args.get("joins") or []:
        if join.args.get("side"):
            raise sql_error(462, name, line=compiler.line)
