"""ALTER DATABASE and DROP DATABASE: there is one database of the user's, and it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.names import SYSTEM_DATABASES
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.tsql.database_statements import AlterDatabase, DropDatabase
from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

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


def alter_database(session: Session, statement: AlterDatabase) -> None:
    """ALTER DATABASE SET: the compatibility level; other options may be set to what they are. Raises 226, 5011,
    15048."""
    if session.trancount:
        raise sql_error(226, "ALTER DATABASE")
    name = statement.name or session.database
    if name.lower() in SYSTEM_DATABASES:
        raise unsupported(f"ALTER DATABASE {name}", line=statement.line)
    if name.lower() != session.engine.database.lower() or not may(session, "ALTER", DATABASE_SECURABLE):
        error = sql_error(5011, name)
        error.further = (sql_error(5069),)
        raise error
    if statement.option == "COMPATIBILITY_LEVEL":
        _set_level(session, statement)
    elif _AS_THEY_ARE.get(statement.option) != statement.value:
        raise unsupported(f"ALTER DATABASE ... SET {statement.option} {statement.value}", line=statement.line)


def _set_level(session: Session, statement: AlterDatabase) -> None:
    if statement.value not in LEVELS:
        error = sql_error(15048, ", ".join(LEVELS[:-1]), LEVELS[-1])
        error.further = (sql_error(5069),)
        raise error
    if statement.value not in ("150", "160"):
        raise unsupported(f"compatibility level {statement.value}", line=statement.line)
    session.engine.set_level(session.store, int(statement.value))


def drop_database(session: Session, statement: DropDatabase) -> None:
    """DROP DATABASE: of what is not there, or may not go. Raises 226, 3701, 3708."""
    if session.trancount:
        raise sql_error(226, "DROP DATABASE")
    for name in statement.names:
        if name.lower() in SYSTEM_DATABASES:
            raise sql_error(3708, "drop", name)
        if name.lower() == session.engine.database.lower():
            raise unsupported("DROP DATABASE of the user's database", line=statement.line)
        if not statement.if_exists:
            raise sql_error(3701, "drop", "database", name)
