"""The tree of a table's definition: columns, constraints, indexes."""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.embedded.tsql.slices import Name, Text
from pymlsql.embedded.tsql.types import SqlType


@dataclass(frozen=True, slots=True)
class Constraint:
    """PRIMARY KEY, UNIQUE, FOREIGN KEY, CHECK or DEFAULT (``kind`` pk, unique, fk, check, default)."""

    kind: str
    name: str = ""
    columns: tuple[tuple[str, bool], ...] = ()
    """(column, descending) for keys."""
    clustered: bool | None = None
    expression: Text | None = None
    references: Name | None = None
    referenced: tuple[str, ...] = ()
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    unchecked: bool = False
    """WITH NOCHECK: rows that are there are not looked at."""
    with_values: bool = False
    """DEFAULT ... WITH VALUES: rows that are there get it in a column that admits NULL too."""


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """A column of CREATE TABLE, ALTER TABLE ADD, DECLARE @t TABLE."""

    name: str
    type: SqlType
    nullable: bool | None = None
    identity: tuple[int, int] | None = None
    computed: Text | None = None
    persisted: bool = False
    constraints: tuple[Constraint, ...] = ()
    collation: str = ""
    generated: str = ""
    """start or end, for GENERATED ALWAYS AS ROW ..."""
    hidden: bool = False
    user_type: int = 0
    """The id of its type where that is an alias type; ``type`` is then what it is an alias of."""


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """An index: its key as (column, descending), what it includes, and its filter."""

    name: str
    columns: tuple[tuple[str, bool], ...]
    unique: bool = False
    clustered: bool = False
    included: tuple[str, ...] = ()
    where: Text | None = None
    columnstore: bool = False


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """What stands in the brackets of CREATE TABLE."""

    columns: tuple[ColumnDefinition, ...]
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[IndexDefinition, ...] = ()
    period: tuple[str, str] | None = None
    """The columns of PERIOD FOR SYSTEM_TIME."""


@dataclass(frozen=True, slots=True)
class Versioning:
    """SYSTEM_VERSIONING: its history table, and whether the rows that this has are checked."""

    on: bool
    history: Name | None = None
    check: bool = True
