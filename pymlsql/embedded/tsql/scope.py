"""Names in a query: which column a reference means, and what the catalog must answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import ModuleParameter, Name, Text
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import SqlType


@dataclass(frozen=True, slots=True)
class RelationColumn:
    """A column of a table or system view."""

    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """What a name in FROM stands for: ``sql`` (a DuckDB table) with its columns, or the ``query`` of a view.

    ``columns`` of a view are its declared column names, if any; ``parameters`` are those of an inline function.
    ``schema`` is where names inside a view or function are looked up first.
    """

    sql: str = ""
    columns: tuple[RelationColumn, ...] = ()
    query: Text | None = None
    column_names: tuple[str, ...] = ()
    parameters: tuple[ModuleParameter, ...] = ()
    name: Name = Name(("",))


class Names(Protocol):
    """What the compiler asks the catalog."""

    def relation(self, name: Name) -> Relation:
        """The table, view or table variable; raises 208 or 1087."""

    def table_function(self, name: Name) -> Relation:
        """The inline table-valued function; raises 208."""


@dataclass(slots=True)
class Source:
    """One entry of FROM: its T-SQL alias (or name), and its columns as DuckDB expressions."""

    alias: str
    columns: list[Typed]
    name: Name | None = None


@dataclass(slots=True)
class Scope:
    """The sources a query sees, and those of the queries around it.

    ``groups`` maps the DuckDB text of a GROUP BY expression to what stands for it in the select list; None before
    grouping. ``in_aggregate`` is true inside an aggregate's argument.
    """

    parent: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    groups: dict[str, str] | None = None
    in_aggregate: bool = False
    clause: str = "SELECT"

    def resolve(self, name: str, qualifiers: tuple[str, ...], line: int) -> Typed:
        """The column ``qualifiers.name``. Raises 207, 209 or 4104."""
        found = self._lookup(name, qualifiers, line)
        if found is not None:
            return found
        if qualifiers:
            if self._has_source(qualifiers):
                raise sql_error(207, name, line=line)
            raise sql_error(4104, ".".join((*qualifiers, name)), line=line)
        raise sql_error(207, name, line=line)

    def _lookup(self, name: str, qualifiers: tuple[str, ...], line: int) -> Typed | None:
        wanted = name.lower()
        matches = [
            column
            for source in self.sources
            if not qualifiers or source_matches(source, qualifiers)
            for column in source.columns
            if column.name.lower() == wanted
        ]
        if len(matches) > 1:
            raise sql_error(209, name, line=line)
        if matches:
            return matches[0]
        if qualifiers and any(source_matches(source, qualifiers) for source in self.sources):
            return None
        return self.parent._lookup(name, qualifiers, line) if self.parent else None

    def _has_source(self, qualifiers: tuple[str, ...]) -> bool:
        if any(source_matches(source, qualifiers) for source in self.sources):
            return True
        return self.parent._has_source(qualifiers) if self.parent else False

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
