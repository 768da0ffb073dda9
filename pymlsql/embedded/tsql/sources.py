"""FROM, joins, APPLY, derived tables, views, inline functions and common table expressions to DuckDB SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.arguments import compile_arguments
from pymlsql.embedded.tsql.computed import rows_of
from pymlsql.embedded.tsql.dialect import parse_query
from pymlsql.embedded.tsql.grammar.hints import TABLE_HINTS
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.openjson import compile_open_json
from pymlsql.embedded.tsql.operators import as_type, unify
from pymlsql.embedded.tsql.pivots import compile_pivot
from pymlsql.embedded.tsql.scope import ROWID, Relation, Source
from pymlsql.embedded.tsql.system_time import with_history
from pymlsql.embedded.tsql.typed import Typed, quote_name
from pymlsql.embedded.tsql.types import INT

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_TABLE_PARTS = frozenset({"this", "db", "catalog", "alias", "hints", "joins", "pivots", "version"})
_LOCKING_HINTS = frozenset({"UPDLOCK", "XLOCK", "TABLOCKX", "HOLDLOCK", "SERIALIZABLE", "REPEATABLEREAD"})


def source_sql(compiler: Compiler, node: exp.Expr, alias: exp.Expr | None = None, *, lateral: bool = False) -> str:
    """One source with what PIVOT makes of it; ``lateral``: it stands behind APPLY and sees the sources before it."""
    alias = alias or node.args.get("alias")
    pivots = node.args.get("pivots")
    if pivots:
        return pivoted_over(compiler, list(pivots), lambda: _plain_source(compiler, node, alias, False))
    return _plain_source(compiler, node, alias, lateral)


def pivoted_over(compiler: Compiler, pivots: list[exp.Expr], source: Callable[[], str]) -> str:
    """A source with PIVOT and UNPIVOT behind it, each over the one before."""
    *inner, pivot = pivots
    below = source if not inner else lambda: pivoted_over(compiler, inner, source)
    sql, columns = compile_pivot(compiler, pivot, lambda: f"FROM {below()}")
    name, names = alias_name(pivot.args.get("alias"))
    if not name or names:
        raise sql_error(102, names[0] if names else ")", line=compiler.line)
    check_names(columns, name, compiler.line)
    duck = compiler.alias()
    _add(compiler, name, columns, duck)
    return f"({sql}) AS {duck}"


def _plain_source(compiler: Compiler, node: exp.Expr, alias: exp.Expr | None, lateral: bool) -> str:
    if isinstance(node, exp.Subquery):
        return _derived(compiler, node, alias, lateral)
    if isinstance(node, exp.Values):
        return _values(compiler, node, alias, lateral)
    if isinstance(node, exp.Dot):
        parts = [part.name for part in node.flatten() if not isinstance(part, exp.Anonymous)]
        call = node.expression
        if not isinstance(call, exp.Anonymous):
            raise unsupported(node.key.upper(), line=compiler.line)
        return _function(compiler, Name((*parts, call.name)), call.expressions, alias, lateral)
    if isinstance(node, exp.Anonymous):
        return _function(compiler, Name((node.name,)), node.expressions, alias, lateral)
    if isinstance(node, exp.OpenJSON):
        return _open_json(compiler, node, alias, lateral)
    if not isinstance(node, exp.Table):
        raise unsupported(f"{node.key.upper()} in FROM", line=compiler.line)
    _check_table(compiler, node)
    # In database..name the schema between the dots is left out, and sqlglot has "" for it.
    qualifiers = tuple(getattr(node.args[part], "name", "") for part in ("catalog", "db")
                       if node.args.get(part) is not None)  # fmt: skip
    if isinstance(node.this, exp.Anonymous):
        return _function(compiler, Name((*qualifiers, node.this.name)), node.this.expressions, alias, lateral)
    if isinstance(node.this, exp.OpenJSON):
        return _open_json(compiler, node.this, alias, lateral)
    if isinstance(node.this, exp.Values):
        return _values(compiler, node.this, alias, lateral)
    if isinstance(node.this, exp.Parameter):
        return _relation(compiler, Name(("@" + node.this.name.lower(),)), alias, _hints(node))
    if not isinstance(node.this, exp.Identifier):
        raise unsupported(f"{node.this.key.upper()} in FROM", line=compiler.line)
    name = node.this.name
    # sqlglot takes the # of a temporary table for a mark of its own.
    if node.this.args.get("temporary"):
        name = "#" + name
    return _relation(compiler, Name((*qualifiers, name)), alias, _hints(node), node.args.get("version"))


def _check_table(compiler: Compiler, node: exp.Expr) -> None:
    for part, value in node.args.items():
        if value in (None, [], False) or part in _TABLE_PARTS:
            continue
        names = {"sample": "TABLESAMPLE"}
        raise unsupported(names.get(part, part.upper()), line=compiler.line)
    for hint in _hints(node):
        word = hint.name.upper()
        if word not in TABLE_HINTS:
            raise sql_error(321, word, line=compiler.line)
        compiler.locking = compiler.locking or word in _LOCKING_HINTS


def _hints(node: exp.Expr) -> list[exp.Expr]:
    return [hint for hints in node.args.get("hints") or [] for hint in hints.expressions]


def _check_indexes(compiler: Compiler, hints: list[exp.Expr], relation: Relation) -> None:
    """What a hint names is there. Raises 308 for an index, 8171 for NOEXPAND: no view has an index."""
    for hint in hints:
        if hint.name.upper() == "NOEXPAND":
            raise sql_error(8171, "noexpand", relation.name.local, line=compiler.line)
        for index in hint.expressions if relation.indexes is not None else ():
            if isinstance(index, exp.Column) and index.name.lower() not in (relation.indexes or ()):
                raise sql_error(308, index.name, relation.name.local, line=compiler.line)


def alias_name(alias: exp.Expr | None) -> tuple[str, list[str]]:
    """The name and the columns of an alias."""
    if alias is None:
        return "", []
    return (alias.name if alias.this is not None else ""), [column.name for column in alias.args.get("columns") or []]


def renamed(columns: list[Typed], names: list[str], of: str, line: int) -> list[Typed]:
    """The columns under ``names``, if any are given. Raises 8158 or 8159 when their numbers differ."""
    if not names:
        return columns
    if len(names) < len(columns):
        raise sql_error(8158, of, line=line)
    if len(names) > len(columns):
        raise sql_error(8159, of, line=line)
    return [replace(column, name=name) for column, name in zip(columns, names, strict=True)]


def check_names(columns: list[Typed], of: str, line: int) -> None:
    """A derived table's columns all have names, and no two the same. Raises 8155 or 8156."""
    seen: set[str] = set()
    for index, column in enumerate(columns, 1):
        if not column.name:
            raise sql_error(8155, index, of, line=line)
        if column.name.lower() in seen:
            raise sql_error(8156, column.name, of, line=line)
        seen.add(column.name.lower())


def _add(compiler: Compiler, alias: str, columns: list[Typed], duck: str, name: Name | None = None,
         used: set[str] | None = None) -> None:  # fmt: skip
    placed = [replace(column, sql=f"{duck}.{column.sql}", constant=None) for column in columns]
    compiler.scope.add(Source(alias, placed, name, used), compiler.line)


def _derived(compiler: Compiler, node: exp.Expr, alias: exp.Expr | None, lateral: bool) -> str:
    if isinstance(node.this, exp.Table) or (isinstance(node.this, exp.Subquery) and alias is None):
        # A join in brackets.
        from pymlsql.embedded.tsql.joins import joined

        return f"({joined(compiler, node.this, node.this.args.get('joins') or [])})"
    if isinstance(node.this, exp.Values):
        return _values(compiler, node.this, alias, lateral)
    name, names = alias_name(alias)
    if not name:
        raise sql_error(102, ")", line=compiler.line)
    with compiler.scope.alone(lateral):
        query = compiler.subquery(node.this, references=True)
    columns = renamed(list(query.columns), names, name, compiler.line)
    check_names(columns, name, compiler.line)
    duck = compiler.alias()
    _add(compiler, name, columns, duck)
    return f"({query.sql}) AS {duck}"


def _values(compiler: Compiler, node: exp.Expr, alias: exp.Expr | None, lateral: bool) -> str:
    name, names = alias_name(alias)
    if not name or not names:
        raise sql_error(102, ")", line=compiler.line)
    with compiler.scope.alone(lateral):
        sql, columns = compile_rows(compiler, [list(row.expressions) for row in node.expressions])
    duck = compiler.alias()
    _add(compiler, name, renamed(columns, names, name, compiler.line), duck)
    return f"({sql}) AS {duck}"


def compile_rows(compiler: Compiler, rows: list[list[exp.Expr]]) -> tuple[str, list[Typed]]:
    """A table value constructor as a DuckDB query. Raises 10709 when rows differ in length."""
    if len({len(row) for row in rows}) != 1:
        raise sql_error(10709, line=compiler.line)
    columns, by_column = [], [_given(compiler, column) for column in zip(*rows, strict=True)]
    values = list(zip(*by_column, strict=True))
    for index, given in enumerate(by_column):
        type_ = unify(value.type for value in given)
        type_ = INT if type_.name == "null" else type_
        columns.append(Typed(f"c{index}", type_, any(value.nullable for value in given),
                             by_reference=any(value.by_reference for value in given),
                             untyped=all(value.is_untyped for value in given)))  # fmt: skip
    written = (
        ", ".join(as_type(value, column.type, compiler.line).sql for value, column in zip(row, columns, strict=True))
        for row in values
    )
    names = ", ".join(f"c{index}" for index in range(len(columns)))
    body = ", ".join(f"({row})" for row in written)
    return f"SELECT {names} FROM (VALUES {body}) AS {compiler.alias()}({names})", columns


def _given(compiler: Compiler, nodes: tuple[exp.Expr, ...]) -> list[Typed]:
    """A column of a table value constructor; it holds references where all its values are passed on, or NULL."""
    passed = [compiler.passed(node) for node in nodes]
    if all(value.by_reference or value.type.name == "null" for value in passed):
        return passed
    return [compiler.value(node) for node in nodes]


# Named things -----------------------------------------------------------------------------------------------------


def _relation(compiler: Compiler, name: Name, alias: exp.Expr | None, hints: list[exp.Expr],
              version: exp.Expr | None = None) -> str:  # fmt: skip
    written, names = alias_name(alias)
    if names:
        raise unsupported("column aliases of a table", line=compiler.line)
    exposed = written or name.object
    duck = compiler.alias()
    if len(name.parts) == 1:
        common = _common_table(compiler, name.object)
        if common is not None:
            if version is not None:
                raise sql_error(13544, name, line=compiler.line)
            if common[0] in compiler.recursions:
                compiler.recursions[common[0]].aliases.append(duck)
            _add(compiler, exposed, list(common[1]), duck)
            return f"{common[0]} AS {duck}"
    relation = compiler.names.relation(name)
    if hints:
        _check_indexes(compiler, hints, relation)
    bare = None if written else relation.name
    if version is not None:
        relation = with_history(compiler, relation, version)
    if relation.query is not None:
        sql, columns = _expanded(compiler, relation, {})
        _add(compiler, exposed, columns, duck, bare, relation.used)
        return f"({sql}) AS {duck}"
    columns = [
        Typed("rowid" if c.name == ROWID else quote_name(c.name), c.type, c.nullable, c.binary, None, c.name,
              c.identity, c.by_reference, hidden=c.hidden, user_type=c.user_type)
        for c in relation.columns
    ]
    _add(compiler, exposed, columns, duck, bare, relation.used)
    return f"{rows_of(compiler, relation)} AS {duck}"


def _expanded(compiler: Compiler, relation: Relation, arguments: dict[str, Typed]) -> tuple[str, list[Typed]]:
    """A view's or inline function's query, in a scope of its own; its parameters are the argument expressions."""
    assert relation.query is not None
    line, scopes, commons, n_queries = compiler.line, compiler.scopes, compiler.commons, compiler.n_queries
    compiler.scopes, compiler.commons, compiler.n_queries = [], [], 0
    compiler.arguments.append(arguments)
    try:
        with compiler.nested(), compiler.names.inside(relation):
            tree = parse_query(relation.query.sql, 1)
            tree = with_rowid(tree, relation.rowid_of) if relation.rowid_of else tree
            query = compiler.subquery(tree, references=True)
    finally:
        compiler.arguments.pop()
        compiler.line, compiler.scopes, compiler.commons, compiler.n_queries = line, scopes, commons, n_queries
    names = list(relation.column_names)
    names += [ROWID] if names and relation.rowid_of else []
    return query.sql, renamed(list(query.columns), names, str(relation.name), line)


def with_rowid(tree: exp.Expr, alias: str) -> exp.Expr:
    """The query with one more column: the ROWID of ``alias`` in its FROM."""
    changed = tree.copy()
    column = exp.Column(this=exp.to_identifier(ROWID, quoted=True), table=exp.to_identifier(alias, quoted=True))
    changed.append("expressions", exp.Alias(this=column, alias=exp.to_identifier(ROWID)))
    return changed


def _function(compiler: Compiler, name: Name, arguments: list[exp.Expr], alias: exp.Expr | None, lateral: bool) -> str:
    from pymlsql.embedded.tsql.functions.tables import TABLE_FUNCTIONS

    written, names = alias_name(alias)
    exposed = written or name.object
    duck = compiler.alias()
    known = TABLE_FUNCTIONS.get(name.object.upper()) if len(name.parts) == 1 or name.schema.lower() == "sys" else None
    used = None
    if not written and name.object.upper() == "OPENROWSET":
        raise sql_error(491, line=compiler.line)
    if known is not None:
        with compiler.scope.alone(lateral):
            sql, columns = known(compiler, arguments)
    else:
        relation = compiler.names.table_function(name)
        used = relation.used
        with compiler.scope.alone(lateral):
            bound = compile_arguments(compiler, relation.name, relation.parameters, arguments)
        sql, columns = _expanded(compiler, relation, bound)
        if names and used is not None:  # under other names: all of them count as used
            used.update(column.name.lower() for column in columns)
    _add(compiler, exposed, renamed(columns, names, exposed, compiler.line), duck, used=used)
    return f"({sql}) AS {duck}"


def _open_json(compiler: Compiler, node: exp.Expr, alias: exp.Expr | None, lateral: bool) -> str:
    written, names = alias_name(alias)
    name = written or "OPENJSON"
    with compiler.scope.alone(lateral):
        sql, columns = compile_open_json(compiler, node)
    duck = compiler.alias()
    _add(compiler, name, renamed(columns, names, name, compiler.line), duck)
    return f"({sql}) AS {duck}"


def _common_table(compiler: Compiler, name: str) -> tuple[str, tuple[Typed, ...]] | None:
    for frame in reversed(compiler.commons):
        if name.lower() in frame:
            return frame[name.lower()]
    return None
