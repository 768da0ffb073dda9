"""CREATE, ALTER and DROP DATABASE. They stand in no transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog, new_catalog, now_text
from pymlsql.embedded.engine.database_entries import MAIN, Database
from pymlsql.embedded.engine.databases_value import database_prefix, place_of
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.principals import SA_SID
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, SERVER_SECURABLE
from pymlsql.embedded.tsql.database_statements import AlterDatabase, CreateDatabase, DropDatabase
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_LONGEST_NAME = 123
"""A name that is longer leaves no room for the name of the log's file."""
LEVELS = ("100", "110", "120", "130", "140", "150", "160")
_AS_THEY_ARE = {
    "READ_COMMITTED_SNAPSHOT": "ON", "ALLOW_SNAPSHOT_ISOLATION": "OFF", "RECOVERY": "SIMPLE", "AUTO_CLOSE": "OFF",
    "AUTO_SHRINK": "OFF", "AUTO_CREATE_STATISTICS": "ON", "AUTO_UPDATE_STATISTICS": "ON",
    "AUTO_UPDATE_STATISTICS_ASYNC": "OFF", "PAGE_VERIFY": "CHECKSUM", "TRUSTWORTHY": "OFF", "DB_CHAINING": "OFF",
    "ANSI_NULL_DEFAULT": "OFF", "ANSI_NULLS": "OFF", "ANSI_PADDING": "OFF", "ANSI_WARNINGS": "OFF",
    "ARITHABORT": "OFF", "CONCAT_NULL_YIELDS_NULL": "OFF", "NUMERIC_ROUNDABORT": "OFF", "QUOTED_IDENTIFIER": "OFF",
    "RECURSIVE_TRIGGERS": "OFF", "CURSOR_CLOSE_ON_COMMIT": "OFF", "CURSOR_DEFAULT": "GLOBAL",
    "PARAMETERIZATION": "SIMPLE", "QUERY_STORE": "OFF", "ENCRYPTION": "OFF", "ENABLE_BROKER": "",
    "DATE_CORRELATION_OPTIMIZATION": "OFF", "DELAYED_DURABILITY": "DISABLED",
}  # fmt: skip
"""The options that a database has here, with their values: setting one to what it is changes nothing."""


def create_database(session: Session, statement: CreateDatabase) -> None:
    """CREATE DATABASE: it belongs to the login that makes it. Raises 226, 262, 1801."""
    _outside_transaction(session, "CREATE DATABASE")
    master = session.databases.numbered(1)
    if not session.identity_in(master).rights.holds("CREATE ANY DATABASE", SERVER_SECURABLE):
        raise sql_error(262, "CREATE DATABASE", "master")
    if session.databases.find(statement.name) is not None:
        raise sql_error(1801, statement.name, state=3)
    if len(statement.name) > _LONGEST_NAME:
        raise unsupported(f"a database's name of more than {_LONGEST_NAME} characters", line=statement.line)
    used = {one.database.database_id for one in session.databases.catalogs.values()}
    number = next(n for n in range(MAIN, 32767) if n not in used)
    owner = session.context.sid or SA_SID
    made = Database(number, statement.name, owner, session.databases.numbered(3).database.level, now_text())
    with session.store.statement():
        session.set_catalog(master.with_entries(made), [made])
        master = session.databases.numbered(1)
        empty = replace(new_catalog(made), server=master.server, next_id=master.next_id)
        session.set_databases(session.databases.with_catalog(empty, session.engine.next_version()))


def _outside_transaction(session: Session, statement: str) -> None:
    if session.trancount:
        raise sql_error(226, statement)


def alter_database(session: Session, statement: AlterDatabase) -> None:
    """ALTER DATABASE SET: the compatibility level; other options may be set to what they are. Raises 226, 5011,
    15048."""
    _outside_transaction(session, "ALTER DATABASE")
    name = statement.name or session.database
    catalog = session.databases.find(name)
    if catalog is not None and catalog.database.is_system:
        raise unsupported(f"ALTER DATABASE {name}", line=statement.line)
    if catalog is None or not session.identity_in(catalog).rights.holds("ALTER", DATABASE_SECURABLE):
        raise _failed(sql_error(5011, name))
    if statement.option == "COMPATIBILITY_LEVEL":
        _set_level(session, catalog, statement)
    elif _AS_THEY_ARE.get(statement.option) != statement.value:
        raise unsupported(f"ALTER DATABASE ... SET {statement.option} {statement.value}", line=statement.line)


def _failed(error: SqlError) -> SqlError:
    error.further = (sql_error(5069),)
    return error


def _set_level(session: Session, catalog: Catalog, statement: AlterDatabase) -> None:
    if statement.value not in LEVELS:
        raise _failed(sql_error(15048, ", ".join(LEVELS[:-1]), LEVELS[-1]))
    if statement.value not in ("150", "160"):
        raise unsupported(f"compatibility level {statement.value}", line=statement.line)
    changed = replace(catalog.database, level=int(statement.value))
    with session.store.statement():
        if changed.database_id == MAIN:
            session.engine.keep_level(session.store, changed.level)
            session.set_catalog(replace(catalog, database=changed), [])
        else:
            session.set_catalog(replace(catalog, database=changed).with_entries(changed), [changed])


def drop_database(session: Session, statement: DropDatabase) -> None:
    """DROP DATABASE, one after the other. Raises 226, 3701, 3702, 3708."""
    _outside_transaction(session, "DROP DATABASE")
    for name in statement.names:
        found = session.databases.find(name)
        if found is None and statement.if_exists:
            continue
        if found is None or not _may_drop(session, found):
            raise sql_error(3701, "drop", "database", name)
        if found.database.is_system:
            raise sql_error(3708, "drop", name)
        if session.engine.users_of(name):
            raise sql_error(3702, name)
        if found.database.database_id == MAIN:
            raise unsupported("DROP DATABASE of the database that the server was made with", line=statement.line)
        _drop(session, found)


def _may_drop(session: Session, catalog: Catalog) -> bool:
    who = session.identity_in(catalog)
    return may(session, "CONTROL", DATABASE_SECURABLE, who) or may(session, "ALTER ANY DATABASE", SERVER_SECURABLE)


def _drop(session: Session, catalog: Catalog) -> None:
    database, store = catalog.database, session.store
    with store.statement():
        for table in catalog.tables():
            store.write(f"DROP TABLE {table.sql}")
            session.engine.note_change(table)
            session.reset_identity(table)
        prefix, entry = database_prefix(database.database_id), place_of(database, database.database_id)
        store.write("DELETE FROM store.catalog WHERE starts_with(entry, $prefix)", {"prefix": prefix})
        store.write("DELETE FROM store.catalog WHERE entry = $entry", {"entry": entry})
        session.set_databases(session.databases.without(database, session.engine.next_version()))
