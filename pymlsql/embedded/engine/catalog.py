"""What exists in a database: schemas, tables, modules and other entries, and how that is stored.

A catalog is a value. A statement that defines something makes a new one; the session's transaction decides whether
others ever see it. Writers are serialised, so that two transactions never change it at once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from pymlsql.embedded.engine.catalog_json import decode, encode, register, stored
from pymlsql.embedded.engine.database_entries import MAIN, NOWHERE, Database
from pymlsql.embedded.tsql.nodes import ModuleParameter, Name, Text
from pymlsql.embedded.tsql.types import BIGINT, SqlType

FIRST_OBJECT_ID = 245575913


@dataclass(frozen=True, slots=True)
class Default:
    """A DEFAULT constraint; ``text`` as it was written."""

    object_id: int
    name: str
    text: str
    named_by_system: bool = False


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table; ``column_id`` is never used again after a drop."""

    name: str
    type: SqlType
    nullable: bool
    column_id: int
    identity: tuple[int, int] | None = None
    default: Default | None = None
    binary: bool = False
    collation: str = ""
    computed: str = ""
    """The expression of a computed column, as it was written."""
    persisted: bool = False
    generated: str = ""
    """start or end, for GENERATED ALWAYS AS ROW ..."""
    hidden: bool = False
    """Whether * leaves it out."""
    user_type: int = 0
    """The id of its alias type, 0 for a system type."""

    @property
    def virtual(self) -> bool:
        """Whether its values are kept nowhere: it is computed where it is read."""
        return bool(self.computed) and not self.persisted

    @property
    def is_rowversion(self) -> bool:
        """Whether every change of a row gives it a new number."""
        return self.type.name == "timestamp"


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key, a unique constraint or an index; ``object_id`` is 0 for an index that is no constraint."""

    object_id: int
    index_id: int
    name: str
    kind: str
    columns: tuple[tuple[str, bool], ...]
    clustered: bool = False
    unique: bool = True
    included: tuple[str, ...] = ()
    where: str = ""
    columnstore: bool = False
    named_by_system: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint; ``column`` is the one it was written behind, if any. Disabled and untrusted as a
    ForeignKey."""

    object_id: int
    name: str
    text: str
    column: str = ""
    named_by_system: bool = False
    disabled: bool = False
    untrusted: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A FOREIGN KEY; an action is NO ACTION, CASCADE, SET NULL or SET DEFAULT. While it is ``disabled`` nothing is
    checked; it is ``untrusted`` when there may be rows that nobody has checked."""

    object_id: int
    name: str
    columns: tuple[str, ...]
    referenced_id: int
    referenced: tuple[str, ...]
    named_by_system: bool = False
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    disabled: bool = False
    untrusted: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, a temporary one too."""

    object_id: int
    schema: str
    name: str
    columns: tuple[TableColumn, ...]
    keys: tuple[Key, ...] = ()
    checks: tuple[Check, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    created: str = ""
    modified: str = ""
    max_column_id: int = 0
    temporary: bool = False
    generation: int = 0
    """How often its rows were copied into a new DuckDB table (see rebuilding.py)."""
    period: tuple[str, ...] = ()
    """The columns of PERIOD FOR SYSTEM_TIME, where it has one."""
    history_id: int = 0
    """Of a system-versioned table: its history table."""
    history_of: int = 0
    """Of a history table: whose it is."""
    database_id: int = MAIN

    def __hash__(self) -> int:  # of what tells most tables apart: tables are in the keys of plans
        return hash((self.object_id, self.name, len(self.columns)))

    @property
    def sql(self) -> str:
        """The DuckDB table that holds its rows: named by id, so that no T-SQL name can clash or need care."""
        name = f"t{self.object_id}_{self.generation}" if self.generation else f"t{self.object_id}"
        return f"temp.{name}" if self.temporary else f"store.{name}"

    def column(self, name: str) -> TableColumn | None:
        """The column of this name, in any case."""
        wanted = name.lower()
        return next((column for column in self.columns if column.name.lower() == wanted), None)

    @property
    def stored(self) -> tuple[TableColumn, ...]:
        """The columns that DuckDB keeps."""
        return tuple(column for column in self.columns if not column.virtual)

    @property
    def identity(self) -> TableColumn | None:
        """The identity column, if there is one."""
        return next((column for column in self.columns if column.identity), None)

    @property
    def primary_key(self) -> Key | None:
        """The primary key, if there is one."""
        return next((key for key in self.keys if key.kind == "pk"), None)


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view or inline function."""

    name: str
    type: SqlType
    nullable: bool = True
    user_type: int = 0


@dataclass(frozen=True, slots=True)
class Module:
    """A view (V), procedure (P) or inline function (IF); ``text`` as SQL Server keeps it."""

    object_id: int
    schema: str
    name: str
    kind: str
    text: str
    query: Text | None = None
    column_names: tuple[str, ...] = ()
    columns: tuple[ViewColumn, ...] = ()
    parameters: tuple[ModuleParameter, ...] = ()
    ansi_nulls: bool = True
    quoted_identifier: bool = True
    created: str = ""
    modified: str = ""
    returns: SqlType | None = None
    """Of a scalar function."""
    execute_as: int | None = None
    """As in sys.sql_modules: the user's id, -2 for OWNER, None for CALLER."""
    database_id: int = MAIN
    is_bound: bool = False
    """WITH SCHEMABINDING."""
    binds: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Of one that is bound to its schema: the objects that it names, and the columns (in lower case) of each."""


@dataclass(frozen=True, slots=True)
class Sequence(Module):
    """A sequence (SO). Its numbers are kept under ``counter``, a new one after each RESTART; ``cache`` is 0 for NO
    CACHE and None where the server chooses the size."""

    type: SqlType = BIGINT
    start: int = 0
    increment: int = 1
    minimum: int = 0
    maximum: int = 0
    cycling: bool = False
    cache: int | None = None
    counter: int = 0


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema and its owner."""

    schema_id: int
    name: str
    owner: str = "dbo"


class Entry(Protocol):
    """Anything else that is declared: principals, permissions, external languages. A frozen dataclass, :func:`stored`.

    ``kind`` says which class of entry it is, ``key`` which of that class: names in lower case.
    """

    @property
    def kind(self) -> str: ...

    @property
    def key(self) -> str: ...


E = TypeVar("E")


def is_of_server(entry: Any) -> bool:
    """Whether an entry belongs to the server, and so to no database."""
    return bool(getattr(entry, "of_server", False))


@dataclass(frozen=True, slots=True)
class Catalog:
    """One database. Names are looked up without regard to case. ``server`` are the entries of the server, which the
    catalogs of all databases share; so are the numbers of objects, which are given once on the whole server."""

    schemas: dict[str, Schema] = field(default_factory=dict)
    objects: dict[tuple[str, str], Table | Module] = field(default_factory=dict)
    others: dict[tuple[str, str], Entry] = field(default_factory=dict)
    next_id: int = FIRST_OBJECT_ID
    version: int = 0
    server: dict[tuple[str, str], Entry] = field(default_factory=dict)
    database: Database = NOWHERE

    def find(self, schema: str, name: str) -> Table | Module | None:
        """The object of this name, in any case."""
        return self.objects.get((schema.lower(), name.lower()))

    def by_id(self, object_id: int) -> Table | Module | None:
        """The object with this id."""
        return next((found for found in self.objects.values() if found.object_id == object_id), None)

    def constraint_owner(self, schema: str, name: str) -> Table | None:
        """The table that has a constraint of this name in this schema."""
        wanted = name.lower()
        for table in self.tables():
            if table.schema.lower() == schema.lower() and any(n.lower() == wanted for n in constraint_names(table)):
                return table
        return None

    def tables(self) -> list[Table]:
        """All tables."""
        return [found for found in self.objects.values() if isinstance(found, Table)]

    def modules(self) -> list[Module]:
        """All modules."""
        return [f for f in self.objects.values() if isinstance(f, Module) and not isinstance(f, Sequence)]

    def sequences(self) -> list[Sequence]:
        """All sequences."""
        return [found for found in self.objects.values() if isinstance(found, Sequence)]

    def with_object(self, found: Table | Module) -> Catalog:
        """The catalog with this object, new or changed."""
        if found.database_id != self.database.database_id:
            found = replace(found, database_id=self.database.database_id)
        objects = dict(self.objects)
        objects[(found.schema.lower(), found.name.lower())] = found
        return replace(self, objects=objects, version=self.version + 1)

    def without_object(self, found: Table | Module) -> Catalog:
        """The catalog without this object."""
        objects = dict(self.objects)
        del objects[(found.schema.lower(), found.name.lower())]
        return replace(self, objects=objects, version=self.version + 1)

    def with_schema(self, schema: Schema) -> Catalog:
        """The catalog with this schema."""
        return replace(self, schemas={**self.schemas, schema.name.lower(): schema}, version=self.version + 1)

    def without_schema(self, name: str) -> Catalog:
        """The catalog without this schema."""
        schemas = {key: value for key, value in self.schemas.items() if key != name.lower()}
        return replace(self, schemas=schemas, version=self.version + 1)

    def entry(self, kind: type[E], key: str) -> E | None:
        """The entry of this class and key, in any case."""
        place = (kind.kind, key.lower())  # type: ignore[attr-defined]
        found = self.others.get(place) or self.server.get(place)
        return found if isinstance(found, kind) else None

    def entries(self, kind: type[E]) -> list[E]:
        """All entries of this class."""
        return [found for kept in (self.others, self.server) for found in kept.values() if isinstance(found, kind)]

    def with_entries(self, *entries: Entry) -> Catalog:
        """The catalog with these entries, new or changed."""
        own = {(entry.kind, entry.key.lower()): entry for entry in entries if not is_of_server(entry)}
        shared = {(entry.kind, entry.key.lower()): entry for entry in entries if is_of_server(entry)}
        server = {**self.server, **shared} if shared else self.server
        return replace(self, others={**self.others, **own}, server=server, version=self.version + 1)

    def without_entries(self, *entries: Entry) -> Catalog:
        """The catalog without these entries."""
        own = {(entry.kind, entry.key.lower()) for entry in entries if not is_of_server(entry)}
        shared = {(entry.kind, entry.key.lower()) for entry in entries if is_of_server(entry)}
        others = {place: entry for place, entry in self.others.items() if place not in own}
        server = {place: e for place, e in self.server.items() if place not in shared} if shared else self.server
        return replace(self, others=others, server=server, version=self.version + 1)

    def allocate(self, count: int = 1) -> tuple[Catalog, int]:
        """``count`` new object ids, the first of which is returned."""
        return replace(self, next_id=self.next_id + count), self.next_id


def constraint_names(table: Table) -> list[str]:
    """The names of a table's constraints (indexes have a name space of their own)."""
    names = [key.name for key in table.keys if key.object_id]
    names += [check.name for check in table.checks]
    names += [foreign.name for foreign in table.foreign_keys]
    return names + [column.default.name for column in table.columns if column.default]


SYSTEM_SCHEMAS = {"dbo": 1, "guest": 2, "INFORMATION_SCHEMA": 3, "sys": 4}


def new_catalog(database: Database = NOWHERE) -> Catalog:
    """A database as CREATE DATABASE makes it."""
    schemas = {name.lower(): Schema(number, name, name) for name, number in SYSTEM_SCHEMAS.items()}
    return Catalog(schemas=schemas, database=database)


def now_text() -> str:
    """The time, in UTC, as the catalog keeps it."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


# As JSON ----------------------------------------------------------------------------------------------------------

Anything = Table | Module | Schema | Entry

for _kind, _class in (("table", Table), ("module", Module), ("sequence", Sequence), ("schema", Schema)):
    register(_kind, _class)


def storage_key(entry: Anything) -> str:
    """Under which one entry is stored."""
    if isinstance(entry, Schema):
        return f"schema:{entry.name.lower()}"
    if isinstance(entry, Table | Module):
        return f"object:{entry.object_id}"
    return f"{entry.kind}:{entry.key.lower()}"


__all__ = ["Anything", "Catalog", "Check", "Default", "Entry", "ForeignKey", "Key", "Module", "Name", "Schema",
           "Sequence", "Table", "TableColumn", "ViewColumn", "constraint_names", "decode", "encode", "is_of_server",
           "new_catalog", "now_text", "storage_key", "stored"]  # fmt: skip
