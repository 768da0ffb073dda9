"""All databases of the server as one value, and how it is read from the store.

A transaction that spans databases makes one new value, which is published or dropped as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pymlsql.embedded.engine.catalog import (
    Anything,
    Catalog,
    Entry,
    Module,
    Schema,
    Table,
    decode,
    is_of_server,
    new_catalog,
    storage_key,
)
from pymlsql.embedded.engine.database_entries import MAIN, SYSTEM_DATABASES, TEMPDB, Database
from pymlsql.embedded.engine.security.permissions import DATABASE, GRANTED, Permission
from pymlsql.embedded.engine.security.principals import DBO, GUEST
from pymlsql.embedded.tsql.messages import sql_error

_GUESTS = Permission(DATABASE, 0, 0, GUEST, DBO, "CONNECT", GRANTED)
"""Guests may connect to master, tempdb and msdb, but not to model."""


@dataclass(frozen=True, slots=True)
class Databases:
    """The catalogs by their database's name in lower case."""

    catalogs: dict[str, Catalog]
    version: int = 0

    def find(self, name: str) -> Catalog | None:
        """The catalog of the database of this name, in any case."""
        return self.catalogs.get(name.lower())

    def named(self, name: str) -> Catalog:
        """The same. Raises 911."""
        found = self.catalogs.get(name.lower())
        if found is None:
            raise sql_error(911, name)
        return found

    def numbered(self, database_id: int) -> Catalog:
        """The catalog of the database with this number, which is there."""
        return next(one for one in self.catalogs.values() if one.database.database_id == database_id)

    @property
    def main(self) -> Catalog:
        """That of the user database that the server was made with."""
        return self.numbered(MAIN)

    def by_id(self, object_id: int) -> Table | Module | None:
        """The object with this number, in whatever database."""
        return next((o for one in self.catalogs.values() if (o := one.by_id(object_id)) is not None), None)

    def tables(self) -> list[Table]:
        """The tables of all databases."""
        return [table for catalog in self.catalogs.values() for table in catalog.tables()]

    def with_catalog(self, changed: Catalog, version: int) -> Databases:
        """With a database's new catalog; what belongs to the server is new in all of them."""
        changed = replace(changed, version=version)
        catalogs = {changed.database.name.lower(): changed}
        for name, other in self.catalogs.items():
            if other.database.database_id == changed.database.database_id:
                continue
            if other.server is not changed.server:
                other = replace(other, server=changed.server, version=version)
            if other.next_id < changed.next_id:
                other = replace(other, next_id=changed.next_id)
            catalogs[name] = other
        return Databases(dict(sorted(catalogs.items(), key=lambda item: item[1].database.database_id)), version)

    def without(self, database: Database, version: int) -> Databases:
        """Without a database and the server's entry of it."""
        master = self.numbered(1).without_entries(database)
        left = {name: one for name, one in self.catalogs.items() if one.database.database_id != database.database_id}
        return Databases(left, version).with_catalog(master, version)


def place_of(entry: Anything, database_id: int) -> str:
    """Under which an entry of a database is stored; those of the server and of the main database as they are."""
    if database_id == MAIN or is_of_server(entry):
        return storage_key(entry)
    return f"{database_prefix(database_id)}{storage_key(entry)}"


def database_prefix(database_id: int) -> str:
    """With what the keys of a database's stored entries begin."""
    return f"@{database_id}/"


def read_databases(rows: Iterable[tuple[str, str]], main: Database, level: int, next_id: int,
                   version: int) -> Databases:  # fmt: skip
    """The value that the stored ``rows``, keys and entries, make; ``level`` is that of the system databases. Raises
    ValueError for a name that is there twice."""
    server: dict[tuple[str, str], Any] = {}
    entries: dict[int, list[Anything]] = {}
    for key, data in rows:
        entry = decode(data)
        if is_of_server(entry):
            server[(entry.kind, entry.key.lower())] = entry
            continue
        number = int(key[1:].partition("/")[0]) if key.startswith("@") else MAIN
        entries.setdefault(number, []).append(entry)
    system = [Database(number, name, level=level) for name, number in SYSTEM_DATABASES.items()]
    users = sorted((e for e in server.values() if isinstance(e, Database)), key=lambda e: e.database_id)
    catalogs: dict[str, Catalog] = {}
    for database in (*system, main, *users):
        if database.name.lower() in catalogs:
            raise ValueError(f"there is a database {database.name} already: choose another name for the first one")
        catalog = replace(_filled(database, entries.get(database.database_id, [])), server=server, version=version,
                          next_id=next_id)  # fmt: skip
        catalogs[database.name.lower()] = catalog
    return Databases(catalogs, version)


def _filled(database: Database, entries: list[Anything]) -> Catalog:
    catalog = new_catalog(database)
    schemas, objects = dict(catalog.schemas), dict(catalog.objects)
    others: dict[tuple[str, str], Entry] = {}
    if database.is_system and database.name != "model":
        others[(_GUESTS.kind, _GUESTS.key.lower())] = _GUESTS
    number = database.database_id
    for entry in entries:
        if isinstance(entry, Schema):
            schemas[entry.name.lower()] = entry
        elif isinstance(entry, Table | Module):
            found = entry if entry.database_id == number else replace(entry, database_id=number)
            objects[(entry.schema.lower(), entry.name.lower())] = found
        else:
            others[(entry.kind, entry.key.lower())] = entry
    return replace(catalog, schemas=schemas, objects=objects, others=others)


def clear_tempdb(run: Callable[..., Any]) -> None:
    """tempdb is new at each start of the server."""
    prefix = database_prefix(TEMPDB)
    rows = run("SELECT data FROM store.catalog WHERE starts_with(entry, $prefix)", {"prefix": prefix}).fetchall()
    for (data,) in rows:
        entry = decode(data)
        if isinstance(entry, Table):
            run(f"DROP TABLE IF EXISTS {entry.sql}")
    run("DELETE FROM store.catalog WHERE starts_with(entry, $prefix)", {"prefix": prefix})
