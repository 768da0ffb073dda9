"""SELECT, set operators, FROM and WITH to DuckDB SQL. Every query's columns are named c0, c1 ... in DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.commons import compile_common_tables, max_recursion
from pymlsql.embedded.tsql.forclause import compile_for
from pymlsql.embedded.tsql.grouping import compile_groups, grouped_from, has_aggregate
from pymlsql.embedded.tsql.joins import compile_from
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import as_type, comparison_key, unify
from pymlsql.embedded.tsql.ordering import Ordering, distinct_rows, ordered_rows
from pymlsql.embedded.tsql.references import readable
from pymlsql.embedded.tsql.scope import ROWID, Grouping, Scope, Source, source_matches
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import INT
from pymlsql.embedded.tsql.windownames import named_windows

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_SELECT_PARTS = frozenset(
    {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct", "with_",
     "options", "kind", "hint", "operation_modifiers", "for_",
     "windows"}
)  # fmt: skip

MOST_COLUMNS = 4096
"""The longest select list."""


@dataclass(frozen=True, slots=True)
class Query:
    """Compiled: its columns' ``sql`` are c0, c1 ...; ``single`` says that it gives exactly one row or none."""

    sql: str
    columns: tuple[Typed, ...]
    single: bool = False
    scope: Scope | None = None
    owners: tuple[str, ...] = ()
    """For FOR JSON AUTO: the names of the tables that the columns come from, "" for an expression."""
    counting: str = ""
    """See Compiled."""


def compile_query(compiler: Compiler, node: exp.Expr, *, top: bool = False, references: bool = False) -> Query:
    """A SELECT, a set operation or either in brackets; ``top`` for the outermost, which alone may be ordered freely.
    Without ``references`` its columns hold values only."""
    with_ = node.args.get("with_")
    if with_ is None:
        return _compile_bare(compiler, node, top, references)
    compiler.commons.append({})
    try:
        definitions = compile_common_tables(compiler, with_, max_recursion(compiler, node))
        query = _compile_bare(compiler, node, top, references)
    finally:
        compiler.commons.pop()
    return replace(query, sql=f"{definitions} {query.sql}")


def _compile_bare(compiler: Compiler, node: exp.Expr, top: bool, references: bool) -> Query:
    if node.args.get("for_") is not None:
        return compile_for(compiler, node, top, lambda: _compile_plain(compiler, node, True, False, numbered=True))
    return _compile_plain(compiler, node, top, references)


def _compile_plain(compiler: Compiler, node: exp.Expr, top: bool, references: bool, *, numbered: bool = False) -> Query:
    if isinstance(node, exp.Subquery):
        if node.args.get("order") or node.args.get("limit") or numbered:
            raise unsupported("ORDER BY or FOR behind a query in brackets", line=compiler.line)
        return compile_query(compiler, node.this, top=top, references=references)
    if isinstance(node, exp.SetOperation):
        return _compile_set(compiler, node, top, references, numbered)
    if isinstance(node, exp.Select):
        return _Select(compiler, node, top, references=references, numbered=numbered).compile()
    raise unsupported(node.key.upper(), line=compiler.line)


def compile_member(compiler: Compiler, node: exp.Expr, counter: Callable[[], str]) -> Query:
    """The recursive part of a common table expression, with one more column that ``counter`` writes."""
    if any(has_aggregate(item) for item in node.expressions):
        raise sql_error(467, "recursion", line=compiler.line)
    return _Select(compiler, node, False, counter).compile()


class _Select:
    """One SELECT on its way to DuckDB."""

    def __init__(self, compiler: Compiler, node: exp.Expr, top: bool, counter: Callable[[], str] | None = None,
                 *, references: bool = False, numbered: bool = False) -> None:  # fmt: skip
        self.counter = counter
        self.numbered = numbered
        self.owners: list[str] = []
        self.value = compiler.passed if references else compiler.value
        self.references = references
        self.compiler = compiler
        self.node = node
        self.top = top
        self.line = compiler.line
        self.args = {key: value for key, value in node.args.items() if value not in (None, [], False)}
        unknown = set(self.args) - _SELECT_PARTS
        if unknown:
            names = {"into": "SELECT INTO here"}
            part = sorted(unknown)[0]
            raise unsupported(names.get(part, part.strip("_").upper()), line=self.line)
        if not node.expressions:
            raise sql_error(156, "FROM", line=self.line)
        if len(node.expressions) > MOST_COLUMNS:
            raise sql_error(1056, MOST_COLUMNS, line=self.line)

    def compile(self) -> Query:
        compiler = self.compiler
        scope = Scope(compiler.scopes[-1] if compiler.scopes else None)
        with compiler.entered(scope):
            from_sql = compile_from(compiler, self.args.get("from_"), self.args.get("joins", []))
            where = self._where(scope)
            group_by = self._group(scope)
            having = self._having(scope)
            scope.windows = named_windows(self.args.get("windows") or [], compiler.level, self.line)
            columns = self._columns(scope)
            order = self._order(columns)
            scope.check_grouped(8127, self.line)
        if scope.groups is not None:
            from_sql, where = grouped_from(scope.groups, from_sql, where, group_by), having
        select = ", ".join(f"{column.sql} AS c{index}" for index, column in enumerate(columns))
        counted = self.counter() if self.counter is not None else ""
        pieces = [f"SELECT {select}{order.extra()}{counted}", from_sql, where]
        sql = " ".join(piece for piece in pieces if piece)
        if "distinct" in self.args:
            sql = distinct_rows(compiler, sql, columns)
        limit, offset = self.args.get("limit"), self.args.get("offset")
        sql = ordered_rows(compiler, sql, order, limit, offset, numbered=self.numbered)
        out = tuple(replace(column, sql=f"c{index}", constant=None) for index, column in enumerate(columns))
        single = (scope.groups is not None and not group_by) or ("from_" not in self.args) or self._top_is_one()
        return Query(sql, out, single, scope, tuple(self.owners))

    def _where(self, scope: Scope) -> str:
        where = self.args.get("where")
        if where is None:
            return ""
        if has_aggregate(where.this):
            raise sql_error(147, line=self.line)
        return f"WHERE {self.compiler.condition(where.this)}"

    def _group(self, scope: Scope) -> str:
        """GROUP BY; from here on the scope knows whether the query groups."""
        group = self.args.get("group")
        tested = [*self.node.expressions, self.args.get("having"), self.args.get("order")]
        if group is not None:
            return compile_groups(self.compiler, scope, group)
        if "having" in self.args or any(has_aggregate(part) for part in tested if part is not None):
            scope.groups = Grouping(self.compiler.alias())
        return ""

    def _having(self, scope: Scope) -> str:
        having = self.args.get("having")
        if having is None:
            return ""
        sql = f"WHERE {self.compiler.condition(having.this)}"
        scope.check_grouped(8121, self.line)
        return sql

    def _columns(self, scope: Scope) -> list[Typed]:
        columns: list[Typed] = []
        for node in self.node.expressions:
            found = self._column(scope, node)
            columns.extend(replace(c, hidden=False) if c.hidden else c for c in found)
            if self.numbered:
                self.owners += self._owners(scope, node, found)
            scope.check_grouped(8120, self.line)
        return columns

    def _column(self, scope: Scope, node: exp.Expr) -> list[Typed]:
        star = isinstance(node, exp.Star)
        if star or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
            if node.args.get("except_") or node.args.get("replace") or node.args.get("rename"):
                raise unsupported("* EXCEPT or REPLACE", line=self.line)
            return self._star(scope, None if star else node)
        if isinstance(node, exp.Alias):
            return [replace(self._item(node.this), name=node.alias)]
        if isinstance(node, exp.EQ) and isinstance(node.this, exp.Column) and not node.this.args.get("table"):
            return [replace(self._item(node.expression), name=node.this.name)]
        if isinstance(node, exp.Aliases):
            raise unsupported("several aliases", line=self.line)
        value = self._item(node)
        name = node.name if isinstance(node, exp.Column) else ""
        return [replace(value, name=value.name or name if isinstance(node, exp.Column) else "")]

    def _item(self, node: exp.Expr) -> Typed:
        """The value of an item; only a column keeps its alias type."""
        value = self.value(node)
        return replace(value, user_type=0) if value.user_type and not isinstance(node, exp.Column) else value

    def _owners(self, scope: Scope, node: exp.Expr, found: list[Typed]) -> list[str]:
        """The exposed names of the sources that the columns of one item of the select list come from."""
        item = node.this if isinstance(node, exp.Alias) else node
        if len(scope.sources) == 1:
            return [scope.sources[0].alias] * len(found)
        if isinstance(item, exp.Star) or isinstance(item.this, exp.Star):
            return [source.alias for source in self._starred(scope, item) for _ in source.columns]
        if not isinstance(item, exp.Column):
            return [""]
        qualifiers = tuple(item.args[p].name for p in ("catalog", "db", "table") if item.args.get(p) is not None)
        return [scope.owner(item.name, qualifiers)]

    def _star(self, scope: Scope, node: exp.Expr | None) -> list[Typed]:
        sources = self._starred(scope, node)
        if not sources:
            raise sql_error(263, line=self.line)
        groups, found = scope.groups, []
        for source in sources:
            for column in source.columns:
                if column.name == ROWID or column.hidden:
                    continue
                column = column if self.references and groups is None else readable(column)
                shown = groups.of(column) if groups is not None else column
                if shown is None:
                    raise sql_error(8120, f"{source.alias}.{column.name}", line=self.line)
                source.use(column.name)
                found.append(shown)
        return found

    def _starred(self, scope: Scope, node: exp.Expr | None) -> list[Source]:
        """The sources that * or a qualified * means. Raises 107."""
        if node is None or isinstance(node, exp.Star):
            return scope.sources
        qualifiers = tuple(node.args[p].name for p in ("catalog", "db", "table") if node.args.get(p) is not None)
        sources = [source for source in scope.sources if source_matches(source, qualifiers)]
        if not sources:
            raise sql_error(107, ".".join(qualifiers), line=self.line)
        return sources

    # Order, distinct, top -------------------------------------------------------------------------------------

    def _order(self, columns: list[Typed]) -> Ordering:
        aliases = {node.alias.lower() for node in self.node.expressions if isinstance(node, exp.Alias)}
        ordering = Ordering(self.compiler, columns, aliases)
        order = self.args.get("order")
        if order is None:
            return ordering
        if not self.top and "limit" not in self.args and "offset" not in self.args:
            raise sql_error(1033, line=self.line)
        for item in order.expressions:
            ordering.add(item, distinct="distinct" in self.args)
        return ordering

    def _top_is_one(self) -> bool:
        limit = self.args.get("limit")
        if isinstance(limit, exp.Limit) and isinstance(limit.expression, exp.Literal | exp.Paren):
            options = limit.args.get("limit_options")
            return limit.expression.unnest().name == "1" and not (
                options and (options.args.get("percent") or options.args.get("with_ties")))  # fmt: skip
        return False


# Set operators ----------------------------------------------------------------------------------------------------


def _compile_set(compiler: Compiler, node: exp.Expr, top: bool, references: bool, numbered: bool = False) -> Query:
    left = compile_query(compiler, node.this, references=references)
    right = compile_query(compiler, node.expression, references=references)
    if len(left.columns) != len(right.columns):
        raise sql_error(205, line=compiler.line)
    columns = []
    for first, second in zip(left.columns, right.columns, strict=True):
        type_ = unify((first.type, second.type))
        type_ = INT if type_.name == "null" else type_
        columns.append(replace(first, type=type_, nullable=first.nullable or second.nullable, constant=None, json=False,
                               by_reference=first.by_reference and second.by_reference,
                               untyped=first.is_untyped and second.is_untyped))  # fmt: skip
    sql = _combined(compiler, node, _at(compiler, left, columns), _at(compiler, right, columns), columns)
    order, offset = node.args.get("order"), node.args.get("offset")
    if order is not None and not top and offset is None:
        raise sql_error(1033, line=compiler.line)
    ordering = Ordering(compiler, columns, {column.name.lower() for column in columns})
    for item in order.expressions if order is not None else ():
        ordering.add_column(item, left.scope)
    ordered = ordered_rows(compiler, sql, ordering, node.args.get("limit"), offset, numbered=numbered)
    return Query(ordered, tuple(columns), scope=left.scope, owners=("",) * len(columns))


def _at(compiler: Compiler, query: Query, columns: list[Typed]) -> str:
    """``query`` with its columns at the types they share, and references only where all hold some."""
    if all(a.type == b.type and a.by_reference == b.by_reference for a, b in zip(query.columns, columns, strict=True)):
        return query.sql
    alias = compiler.alias()
    parts = []
    for index, (have, want) in enumerate(zip(query.columns, columns, strict=True)):
        have = replace(have, sql=f"{alias}.c{index}", constant=None)
        value = as_type(have if want.by_reference else readable(have), want.type, compiler.line)
        parts.append(f"{value.sql} AS c{index}")
    return f"SELECT {', '.join(parts)} FROM ({query.sql}) AS {alias}"


def _combined(compiler: Compiler, node: exp.Expr, left: str, right: str, columns: list[Typed]) -> str:
    if node.args.get("by_name") or node.args.get("side"):
        raise unsupported("UNION BY NAME", line=compiler.line)
    distinct = bool(node.args.get("distinct", True))
    if isinstance(node, exp.Union) and not distinct:
        return f"({left}) UNION ALL ({right})"
    if not isinstance(node, exp.Union) and not distinct:
        raise sql_error(156, "ALL", line=compiler.line)
    keys = [comparison_key(replace(column, constant=None)) for column in columns]
    if isinstance(node, exp.Union):
        if not any(column.type.is_string or column.by_reference for column in columns):
            return f"({left}) UNION ({right})"
        return distinct_rows(compiler, f"({left}) UNION ALL ({right})", columns)
    a, b = compiler.alias(), compiler.alias()
    same = " AND ".join(
        f"{comparison_key(replace(c, sql=f'{a}.c{i}', constant=None))} IS NOT DISTINCT FROM "
        f"{comparison_key(replace(c, sql=f'{b}.c{i}', constant=None))}"
        for i, c in enumerate(columns)
    )
    negated = "NOT " if isinstance(node, exp.Except) else ""
    return (
        f"SELECT DISTINCT ON ({', '.join(keys)}) * FROM ({left}) AS {a} "
        f"WHERE {negated}EXISTS (SELECT 1 FROM ({right}) AS {b} WHERE {same})"
    )
