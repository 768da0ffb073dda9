"""Names in a query: which column a reference means, and what the catalog must answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import ModuleParameter, Name, Text
from pymlsql.embedded.tsql.references import readable
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.bulk import BulkRows
    from pymlsql.embedded.tsql.formatfields import FormatFile

ROWID = "\x01rowid"
"""The column by which a changing statement knows the rows of its table. No T-SQL text can name it, * leaves it out."""


@dataclass(frozen=True, slots=True)
class RelationColumn:
    """A column of a table or system view."""

    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False
    binary: bool = False
    by_reference: bool = False
    computed: str = ""
    """The T-SQL expression over the other columns of one that is kept nowhere."""
    hidden: bool = False
    user_type: int = 0
    """The id of its alias type."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What a name in FROM stands for: ``sql`` (a DuckDB table) with its columns, or the ``query`` of a view.

    ``columns`` of a view are its declared column names, if any; ``parameters`` are those of an inline function.
    ``used`` collects the names of the columns that the query refers to, in lower case; each reference has its own.
    """

    sql: str = ""
    columns: tuple[RelationColumn, ...] = ()
    query: Text | None = None
    column_names: tuple[str, ...] = ()
    parameters: tuple[ModuleParameter, ...] = ()
    name: Name = Name(("",))
    object_id: int = 0
    database_id: int = 0
    """The database that has it."""
    used: set[str] | None = None
    indexes: frozenset[str] | None = None
    """A table's index names in lower case."""
    history: str = ""
    """Of a system-versioned table: the DuckDB table with its former rows, and the columns of its period."""
    history_id: int = 0
    period: tuple[str, ...] = ()
    rowid_of: str = ""
    """Of a view that a statement changes: the name in its FROM of the table whose ROWID its query gives too."""


@dataclass(frozen=True, slots=True)
class ScalarFunction:
    """A function that somebody has created. With ``expression`` it is the value of that; else ``sql`` is the DuckDB
    function that runs it, given the session's number and the arguments."""

    name: Name
    object_id: int
    parameters: tuple[ModuleParameter, ...]
    returns: SqlType
    expression: Text | None = None
    sql: str = ""
    null_on_null: bool = False
    database_id: int = 0
    bound: bool = False
    """Whether it was created WITH SCHEMABINDING."""


class Names(Protocol):
    """What the compiler asks the catalog."""

    def relation(self, name: Name) -> Relation:
        """The table, view or table variable; raises 208 or 1087."""

    def use_history(self, relation: Relation) -> None:
        """The statement reads the history of the relation's table."""

    def table_function(self, name: Name) -> Relation:
        """The inline table-valued function; raises 208."""

    def bulk_rows(self, rows: BulkRows) -> tuple[str, FormatFile]:
        """The rows of a data file: their DuckDB name, and what the format file says; raises 4860, 482x."""

    def sequence(self, name: Name) -> tuple[int, SqlType]:
        """The number and the type of a sequence; raises 208 or 11726."""

    def scalar_function(self, name: Name) -> ScalarFunction | None:
        """The scalar function of a schema, None where there is none."""

    def inside_function(self, function: ScalarFunction) -> AbstractContextManager[None]:
        """While its expression is compiled: names mean what they mean there."""

    def principals(self, view: str) -> Relation:
        """A catalog view of principals with all its rows, also those that the session does not see."""

    def inside(self, relation: Relation) -> AbstractContextManager[None]:
        """While the query of this view or function is compiled: names mean what they mean there."""


@dataclass(slots=True)
class Source:
    """One entry of FROM: its T-SQL alias (or name), and its columns as DuckDB expressions."""

    alias: str
    columns: list[Typed]
    name: Name | None = None
    used: set[str] | None = None

    def use(self, column: str) -> None:
        """A query refers to this column."""
        if self.used is not None and column != ROWID:
            self.used.add(column.lower())


@dataclass(slots=True)
class Grouping:
    """What a query that groups computes below its select list: group keys and aggregates, as columns of ``alias``.

    ``keys`` maps the DuckDB text of a grouping expression to its column, ``tests`` to what DuckDB groups by for it.
    """

    alias: str
    keys: dict[str, str] = field(default_factory=dict)
    tests: dict[str, str] = field(default_factory=dict)
    aggregates: dict[str, str] = field(default_factory=dict)
    sets: bool = False
    """Whether there are grouping sets: then every key may be NULL."""

    def of(self, value: Typed) -> Typed | None:
        """The group's value where ``value`` is grouped by, else None."""
        key = self.keys.get(value.sql)
        if key is None:
            return None
        return replace(value, sql=key, constant=None, nullable=value.nullable or self.sets)

    def column(self, call: str) -> str:
        """The column that holds the DuckDB aggregate ``call``."""
        return f"{self.alias}.{self.aggregates.setdefault(call, f'a{len(self.aggregates)}')}"


@dataclass(slots=True)
class Scope:
    """The sources a query sees, and those of the queries around it.

    ``groups`` is None before grouping, or where nothing is grouped. ``in_aggregate`` is true inside an aggregate's
    argument, ``in_window`` inside that of an aggregate with OVER. ``ungrouped`` are the columns used outside of
    aggregates that no grouping expression has covered yet. ``n_own`` counts references to own columns. ``hidden`` is
    true while a source is compiled that does not see the sources beside it: all but that of APPLY. ``windows`` are
    those that the WINDOW clause names; None where no windowed function may stand. ``in_over`` is true within one.
    """

    parent: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    groups: Grouping | None = None
    in_aggregate: bool = False
    in_window: bool = False
    hidden: bool = False
    windows: Mapping[str, exp.Expr] | None = None
    in_over: bool = False
    ungrouped: list[str] = field(default_factory=list)
    n_own: int = 0

    @contextmanager
    def alone(self, lateral: bool) -> Iterator[None]:
        """While a source is compiled: it sees the sources beside it only if it is ``lateral``."""
        hidden, self.hidden = self.hidden, not lateral
        try:
            yield
        finally:
            self.hidden = hidden

    def resolve(self, name: str, qualifiers: tuple[str, ...], line: int) -> Typed:
        """The value of ``qualifiers.name``. Raises 207, 209, 4104; 8120 for one of a query around that groups."""
        return readable(self.resolve_column(name, qualifiers, line))

    def resolve_column(self, name: str, qualifiers: tuple[str, ...], line: int) -> Typed:
        """The same, but the column itself: it may hold references."""
        scope: Scope | None = self
        while scope is not None:
            found = scope._lookup(name, qualifiers, line)
            if found is not None:
                found[0].use(name)
                return self._own(*found) if scope is self else scope._seen_from_within(*found, line)
            sources = [] if scope.hidden else scope.sources
            if qualifiers and any(source_matches(source, qualifiers) for source in sources):
                raise sql_error(207, name, line=line)
            scope = scope.parent
        if qualifiers:
            raise sql_error(4104, ".".join((*qualifiers, name)), line=line)
        raise sql_error(207, name, line=line)

    def _own(self, source: Source, column: Typed) -> Typed:
        self.n_own += 1
        if self.groups is not None and not self.in_aggregate and readable(column).sql not in self.groups.keys:
            self.ungrouped.append(f"{source.alias}.{column.name}")
        return column

    def _seen_from_within(self, source: Source, column: Typed, line: int) -> Typed:
        """A column as a subquery refers to it: where this query groups, the group's value."""
        if self.groups is None or self.in_aggregate:
            return column
        found = self.groups.of(readable(column))
        if found is None:
            raise sql_error(8120, f"{source.alias}.{column.name}", line=line)
        return found

    def sees(self, name: str) -> bool:
        """Whether one of its own sources has a column of this name."""
        wanted = name.lower()
        return any(column.name.lower() == wanted for source in self.sources for column in source.columns)

    def owner(self, name: str, qualifiers: tuple[str, ...]) -> str:
        """The exposed name of the own source that a column comes from, "" for a query around."""
        found = self._lookup(name, qualifiers, 0)
        return found[0].alias if found is not None else ""

    def _lookup(self, name: str, qualifiers: tuple[str, ...], line: int) -> tuple[Source, Typed] | None:
        if self.hidden:
            return None
        wanted = name.lower()
        matches = [
            (source, column)
            for source in self.sources
            if not qualifiers or source_matches(source, qualifiers)
            for column in source.columns
            if column.name.lower() == wanted
        ]
        if len(matches) > 1:
            raise sql_error(209, name, line=line)
        return matches[0] if matches else None

    def check_grouped(self, number: int, line: int) -> None:
        """Raises ``number`` when a column was used that is neither grouped by nor aggregated."""
        if self.ungrouped:
            raise sql_error(number, self.ungrouped[0], line=line)

    def add(self, source: Source, line: int) -> None:
        """Add a source. Raises 1013 when its exposed name is taken."""
        if source.alias and any(
            s.alias.lower() == source.alias.lower() and (s.name is None or source.name is None or s.name == source.name)
            for s in self.sources
        ):
            raise sql_error(1013, source.alias, source.alias, line=line)
        self.sources.append(source)


def source_matches(source: Source, qualifiers: tuple[str, ...]) -> bool:
    """Whether ``qualifiers`` (outermost first) name this source."""
    if source.alias.lower() != qualifiers[-1].lower():
        return False
    if len(qualifiers) == 1:
        return True
    if source.name is None:
        return False
    parts = [part.lower() for part in source.name.parts]
    wanted = [part.lower() for part in qualifiers]
    if len(parts) < len(wanted):
        parts = ["dbo", *parts] if len(parts) == 1 else parts
    return parts[-len(wanted) :] == wanted


def as_nullable(columns: list[Typed]) -> list[Typed]:
    """Columns on the outer side of an outer join."""
    return [replace(column, nullable=True) for column in columns]
