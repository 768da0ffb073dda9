"""System, metadata and error functions: what the session or the catalog knows.

With constant arguments they are run-time values that the session gives when the statement runs; by column they are
look-ups in the catalog views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.asked import asked_by_row
from pymlsql.embedded.tsql.functions.rows import Function
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.typed import Typed, fold, quote_name
from pymlsql.embedded.tsql.types import (
    BIGINT,
    DATETIME,
    INT,
    MAX,
    SMALLINT,
    SQL_VARIANT,
    SYSNAME,
    TINYINT,
    SqlType,
    decimal,
    nvarchar,
    varbinary,
)

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

GLOBALS: dict[str, SqlType] = {
    "@@ROWCOUNT": INT, "@@ERROR": INT, "@@TRANCOUNT": INT, "@@IDENTITY": decimal(38, 0), "@@VERSION": nvarchar(300),
    "@@SERVERNAME": SYSNAME, "@@SERVICENAME": SYSNAME, "@@SPID": SMALLINT, "@@PROCID": INT, "@@NESTLEVEL": INT,
    "@@LANGUAGE": SYSNAME, "@@LANGID": SMALLINT, "@@DATEFIRST": TINYINT, "@@MAX_PRECISION": TINYINT,
    "@@LOCK_TIMEOUT": INT, "@@OPTIONS": INT, "@@MICROSOFTVERSION": INT, "@@FETCH_STATUS": INT, "@@TEXTSIZE": INT,
    "@@CURSOR_ROWS": INT, "@@MAX_CONNECTIONS": INT, "@@DBTS": SqlType("binary", length=8),
}  # fmt: skip
"""The global variables, and their types."""

UNKNOWN_GLOBALS = frozenset(
    """@@CONNECTIONS @@CPU_BUSY @@CURSOR_ROWS @@DEF_SORTORDER_ID @@DEFAULT_LANGID @@IDLE @@IO_BUSY
    @@PACKET_ERRORS @@PACK_RECEIVED @@PACK_SENT @@REMSERVER @@TIMETICKS @@TOTAL_ERRORS @@TOTAL_READ
    @@TOTAL_WRITE""".split()
)
"""Those of SQL Server that are not known here."""


OF_THE_DATABASE = frozenset(
    """DB_NAME DB_ID ORIGINAL_DB_NAME USER USER_NAME USER_ID CURRENT_USER SESSION_USER DATABASE_PRINCIPAL_ID SCHEMA_NAME
    SCHEMA_ID OBJECT_ID OBJECT_NAME OBJECT_SCHEMA_NAME OBJECT_DEFINITION TYPE_ID TYPE_NAME COL_LENGTH COL_NAME IS_MEMBER
    IS_ROLEMEMBER IDENT_CURRENT DATABASEPROPERTYEX HAS_PERMS_BY_NAME OBJECTPROPERTY OBJECTPROPERTYEX COLUMNPROPERTY
    INDEXPROPERTY INDEX_COL TYPEPROPERTY""".split()
)
"""Functions whose value depends on the current database."""


def _refuse_elsewhere(compiler: Compiler, name: str) -> None:
    """Raises 40510 for such a function in the text of another database's view or function."""
    if name in OF_THE_DATABASE and getattr(compiler.names, "elsewhere", False):
        raise unsupported(f"{name} in a view or function of another database", line=compiler.line)


def _database_elsewhere(compiler: Compiler, name: str, args: list[Typed]) -> int | None:
    """The number of the database whose view or function asks for a role of its own, by a constant name."""
    is_asked = name == "IS_MEMBER" and args[0].constant is not None
    elsewhere = is_asked and getattr(compiler.names, "elsewhere", False)
    return getattr(compiler.names, "database_id", None) if elsewhere else None


INNER_VALUE = "\2"
_UNIT = "\x1f"
"""How a run-time value stands among the arguments of another: OBJECT_NAME(@@PROCID)."""


def _as_inner(what: tuple[str, ...]) -> str:
    if any(part.startswith(INNER_VALUE) for part in what):
        raise unsupported("a function of the catalog within another within a third")
    return INNER_VALUE + _UNIT.join(what)


def inner_value(argument: str) -> tuple[str, ...]:
    """The run-time value that an argument holds."""
    return tuple(argument[1:].split(_UNIT))


def _plain(name: str, type_: SqlType) -> Function:
    """A function without arguments."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        _refuse_elsewhere(compiler, name)
        return compiler.runtime_value(type_, name)

    return Function(0, 0, compile)


def _constant(value: Typed) -> str | None:
    """The text of a constant argument, None when it is none."""
    return None if value.constant is None else str(value.constant)


def _asked(name: str, type_: SqlType, n_min: int, n_max: int, lookup: tuple[str, str, str] | None = None) -> Function:
    """A function whose constant arguments the session answers; for one column, ``lookup`` is (view, key, result)."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        there = _database_elsewhere(compiler, name, args)
        if there is not None:
            return compiler.runtime_value(type_, name, str(args[0].constant), str(there))
        _refuse_elsewhere(compiler, name)
        if any(arg.type.name == "null" for arg in args):
            return Typed(f"CAST(NULL AS {type_.duckdb})", type_)
        texts = [_constant(arg) for arg in args]
        if all(text is not None for text in texts):
            return compiler.runtime_value(type_, name, *[text or "" for text in texts])
        if len(args) > 1 or args[0].sql.startswith("CAST($v") or lookup is None:
            return _by_variable(compiler, name, type_, args)
        return _looked_up(compiler, type_, lookup, args[0])

    return Function(n_min, n_max, compile)


def _by_variable(compiler: Compiler, name: str, type_: SqlType, args: list[Typed]) -> Typed:
    """Arguments that are variables are read by the session when it runs the statement."""
    parts = []
    for arg in args:
        parameter = arg.sql.removeprefix("CAST($").split(" ", 1)[0]
        if arg.constant is not None:
            parts.append(str(arg.constant))
        elif arg.sql.startswith("CAST($") and parameter in compiler.runtime:
            parts.append(_as_inner(compiler.runtime[parameter]))
        elif arg.sql.startswith("CAST($") and parameter in compiler.used:
            parts.append("\0" + compiler.used[parameter])
        elif arg.type.name == "null":
            return Typed(f"CAST(NULL AS {type_.duckdb})", type_)
        else:
            return asked_by_row(compiler, name, type_, args)
    return compiler.runtime_value(type_, name, *parts)


def _looked_up(compiler: Compiler, type_: SqlType, lookup: tuple[str, str, str], key: Typed) -> Typed:
    view, column, result = lookup
    everybody = view in ("database_principals", "server_principals")
    relation = compiler.names.principals(view) if everybody else compiler.names.relation(Name(("sys", view)))
    alias = compiler.alias()
    named = Typed(f"{alias}.{quote_name(column)}", next(c.type for c in relation.columns if c.name == column))
    wanted = convert(key, named.type, line=compiler.line)
    return Typed(f"(SELECT first({alias}.{quote_name(result)}) FROM {relation.sql} AS {alias} "
                 f"WHERE {fold(named)} = {fold(wanted)})", type_)  # fmt: skip


def _has_perms(compiler: Compiler, args: list[Typed]) -> Typed:
    """Its first two arguments may be the constant NULL: the server or the current database is meant."""
    if len(args) == 4:
        raise sql_error(189, "has_perms_by_name", 3, 5, line=compiler.line)
    if args[2].type.name == "null":
        return Typed("CAST(NULL AS INTEGER)", INT)
    parts = [Typed("''", SYSNAME, constant="\1") if arg.type.name == "null" else arg for arg in args]
    if all(_constant(part) is not None for part in parts):
        return compiler.runtime_value(INT, "HAS_PERMS_BY_NAME", *[_constant(part) or "" for part in parts])
    return _by_variable(compiler, "HAS_PERMS_BY_NAME", INT, parts)


def _host_name(compiler: Compiler, args: list[Typed]) -> Typed:
    return compiler.runtime_value(nvarchar(128), "HOST_NAME")


SYSTEM = {
    "DB_NAME": _asked("DB_NAME", SYSNAME, 0, 1, ("databases", "database_id", "name")),
    "DB_ID": _asked("DB_ID", SMALLINT, 0, 1, ("databases", "name", "database_id")),
    "SCHEMA_NAME": _asked("SCHEMA_NAME", SYSNAME, 0, 1, ("schemas", "schema_id", "name")),
    "SCHEMA_ID": _asked("SCHEMA_ID", INT, 0, 1, ("schemas", "name", "schema_id")),
    "OBJECT_ID": _asked("OBJECT_ID", INT, 1, 2),
    "OBJECT_NAME": _asked("OBJECT_NAME", SYSNAME, 1, 2, ("all_objects", "object_id", "name")),
    "OBJECT_SCHEMA_NAME": _asked("OBJECT_SCHEMA_NAME", SYSNAME, 1, 2),
    "OBJECT_DEFINITION": _asked("OBJECT_DEFINITION", nvarchar(MAX), 1, 1, ("sql_modules", "object_id", "definition")),
    "COL_LENGTH": _asked("COL_LENGTH", SMALLINT, 2, 2),
    "INDEX_COL": _asked("INDEX_COL", SYSNAME, 3, 3),
    "COL_NAME": _asked("COL_NAME", SYSNAME, 2, 2),
    "TYPE_NAME": _asked("TYPE_NAME", SYSNAME, 1, 1, ("types", "user_type_id", "name")),
    "TYPE_ID": _asked("TYPE_ID", INT, 1, 1),
    "USER_NAME": _asked("USER_NAME", SYSNAME, 0, 1, ("database_principals", "principal_id", "name")),
    "USER_ID": _asked("USER_ID", INT, 0, 1, ("database_principals", "name", "principal_id")),
    "DATABASE_PRINCIPAL_ID": _asked(
        "DATABASE_PRINCIPAL_ID", INT, 0, 1, ("database_principals", "name", "principal_id")
    ),
    "SUSER_SNAME": _asked("SUSER_SNAME", SYSNAME, 0, 1, ("server_principals", "sid", "name")),
    "SUSER_NAME": _asked("SUSER_NAME", SYSNAME, 0, 1, ("server_principals", "principal_id", "name")),
    "SUSER_ID": _asked("SUSER_ID", INT, 0, 1, ("server_principals", "name", "principal_id")),
    "SUSER_SID": _asked("SUSER_SID", varbinary(85), 0, 1, ("server_principals", "name", "sid")),
    "IS_MEMBER": _asked("IS_MEMBER", INT, 1, 1),
    "IS_ROLEMEMBER": _asked("IS_ROLEMEMBER", INT, 1, 2),
    "IS_SRVROLEMEMBER": _asked("IS_SRVROLEMEMBER", INT, 1, 2),
    "HAS_DBACCESS": _asked("HAS_DBACCESS", INT, 1, 1),
    "HAS_PERMS_BY_NAME": Function(3, 5, _has_perms),
    "ORIGINAL_LOGIN": _plain("ORIGINAL_LOGIN", SYSNAME),
    "HOST_NAME": Function(0, 0, _host_name),
    "APP_NAME": _plain("APP_NAME", SYSNAME),
    "SERVERPROPERTY": _asked("SERVERPROPERTY", SQL_VARIANT, 1, 1),
    "DATABASEPROPERTYEX": _asked("DATABASEPROPERTYEX", SQL_VARIANT, 2, 2),
    "SCOPE_IDENTITY": _plain("SCOPE_IDENTITY", decimal(38, 0)),
    "IDENT_CURRENT": _asked("IDENT_CURRENT", decimal(38, 0), 1, 1),
    "XACT_STATE": _plain("XACT_STATE", SMALLINT),
    "ERROR_NUMBER": _plain("ERROR_NUMBER", INT),
    "ERROR_SEVERITY": _plain("ERROR_SEVERITY", INT),
    "ERROR_STATE": _plain("ERROR_STATE", INT),
    "ERROR_LINE": _plain("ERROR_LINE", INT),
    "ERROR_MESSAGE": _plain("ERROR_MESSAGE", nvarchar(4000)),
    "ERROR_PROCEDURE": _plain("ERROR_PROCEDURE", nvarchar(128)),
    "MIN_ACTIVE_ROWVERSION": _plain("MIN_ACTIVE_ROWVERSION", SqlType("binary", length=8)),
    "CURSOR_STATUS": _asked("CURSOR_STATUS", SMALLINT, 2, 2),
    "ROWCOUNT_BIG": _plain("ROWCOUNT_BIG", BIGINT),
    "OBJECTPROPERTY": _asked("OBJECTPROPERTY", INT, 2, 2),
    "OBJECTPROPERTYEX": _asked("OBJECTPROPERTYEX", SQL_VARIANT, 2, 2),
    "COLUMNPROPERTY": _asked("COLUMNPROPERTY", INT, 3, 3),
    "INDEXPROPERTY": _asked("INDEXPROPERTY", INT, 3, 3),
    "TYPEPROPERTY": _asked("TYPEPROPERTY", INT, 2, 2),
    "SESSIONPROPERTY": _asked("SESSIONPROPERTY", SQL_VARIANT, 1, 1),
    "IDENT_SEED": _asked("IDENT_SEED", decimal(38, 0), 1, 1),
    "IDENT_INCR": _asked("IDENT_INCR", decimal(38, 0), 1, 1),
    "GETANSINULL": _asked("GETANSINULL", INT, 0, 1),
    "STATS_DATE": _asked("STATS_DATE", DATETIME, 2, 2),
    "ORIGINAL_DB_NAME": _plain("ORIGINAL_DB_NAME", SYSNAME),
    "CONTEXT_INFO": _plain("CONTEXT_INFO", varbinary(128)),
    "SESSION_CONTEXT": _asked("SESSION_CONTEXT", SQL_VARIANT, 1, 1),
    "CONNECTIONPROPERTY": _asked("CONNECTIONPROPERTY", SQL_VARIANT, 1, 1),
}
