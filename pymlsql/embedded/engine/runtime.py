"""Run-time values: what @@ROWCOUNT, GETDATE(), OBJECT_ID(...) and their like are when a statement runs."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.catalog import Catalog, Module, Table, constraint_names
from pymlsql.embedded.engine.chance import CHANCE_VALUES
from pymlsql.embedded.engine.cursorstate import cursor_status
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.properties import PROPERTY_VALUES
from pymlsql.embedded.engine.security.functions import SECURITY_VALUES
from pymlsql.embedded.engine.security.visibility import sees_definition, sees_object
from pymlsql.embedded.engine.sequence_numbers import begin_run
from pymlsql.embedded.engine.signing.functions import SIGNING_VALUES
from pymlsql.embedded.engine.system_views import object_id_of_system_view
from pymlsql.embedded.engine.typeentries import UserType, type_by_id
from pymlsql.embedded.engine.values import LargeValue
from pymlsql.embedded.tsql.functions.system import INNER_VALUE, inner_value
from pymlsql.embedded.tsql.lengths import stored_length
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import SqlError, unsupported
from pymlsql.embedded.tsql.nextvalues import RUN
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

VERSION, YEAR = "16.0.1000.6", "2022"
"""What the server says it is, at whatever compatibility level."""


def runtime_value(session: Session, frame: Frame, what: tuple[str, ...]) -> Any:
    """The value named ``what`` (name, then arguments, see _argument)."""
    name, *arguments = what
    if name == RUN:
        return begin_run(session, frame, *arguments)
    if name == "HASHBYTES":
        data = frame.get(arguments[1][1:]).value
        if isinstance(data, LargeValue):
            return data.digest(arguments[0])
        return None if data is None else hashlib.new(arguments[0], data).digest()
    if name == "DATALENGTH":
        data = frame.get(arguments[0][1:]).value
        return None if data is None else len(data)
    values = [_argument(session, frame, argument) for argument in arguments]
    return None if None in values else _VALUES[name](session, frame, [str(value) for value in values])


def _argument(session: Session, frame: Frame, argument: str) -> Any:
    """An argument: NUL stands before a variable's name, STX before another run-time value."""
    if argument.startswith("\0"):
        return frame.get(argument[1:]).value
    if argument.startswith(INNER_VALUE):
        return runtime_value(session, frame, inner_value(argument))
    return argument


def round_datetime(value: dt.datetime) -> dt.datetime:
    """To datetime's 1/300 s."""
    start = dt.datetime(value.year, value.month, value.day)
    micros = (value - start) // dt.timedelta(microseconds=1)
    ticks = (micros * 3 + 5000) // 10000
    return start + dt.timedelta(milliseconds=(ticks * 10 + 1) // 3)


def _now_with_offset() -> dict[str, Any]:
    now = dt.datetime.now().astimezone()
    offset = now.utcoffset() or dt.timedelta()
    return {"u": now.astimezone(dt.UTC).replace(tzinfo=None), "o": offset // dt.timedelta(minutes=1)}


def _error(attribute: str) -> Callable[[Session, Frame, list[str]], Any]:
    def value(session: Session, frame: Frame, _: list[str]) -> Any:
        caught = session.caught_error()
        if caught is None:
            return None
        found = getattr(caught, attribute)
        return None if attribute == "procedure" and not found else found

    return value


def split_name(text: str) -> tuple[str, ...]:
    """The parts of a name in a string, quotes taken off."""
    try:
        tokens = [t for t in tokenize(text) if t.kind != "end" and not t.is_op(".")]
    except SqlError:
        return (text,)
    return tuple(t.value if t.kind == "quoted" else t.text for t in tokens)


def find_object(session: Session, text: str) -> Table | Module | None:
    """The object a string names, in this database, if the context sees it; temporary tables too."""
    parts = split_name(text)
    if not parts:
        return None
    if parts[-1].startswith("#"):
        return session.temporary.get(parts[-1].lower())
    catalog = reached(session, parts)
    if catalog is None:
        return None
    return _if_seen(session, lookup(catalog, Name(parts), session.path_in(catalog)))


def reached(session: Session, parts: tuple[str, ...]) -> Catalog | None:
    """The catalog that a name in a string is looked for in; None where there is no such database, or none for the
    context."""
    try:
        return session.reach(Name(parts).database)
    except SqlError:
        return None


def _if_seen(session: Session, found: Table | Module | None) -> Table | Module | None:
    return found if found is not None and sees_object(session.identity_for(found), found) else None


_KINDS = {"U": Table}


def _object_id(session: Session, frame: Frame, args: list[str]) -> int | None:
    found = find_object(session, args[0])
    kind = args[1].strip().upper() if len(args) > 1 else ""
    if found is not None:
        actual = "U" if isinstance(found, Table) else found.kind
        return found.object_id if kind in ("", actual) else None
    return _other_object(session, args[0], kind)


def _other_object(session: Session, text: str, kind: str) -> int | None:
    """The id of a constraint or a system view."""
    parts = split_name(text)
    if not parts:
        return None
    schema = parts[-2] if len(parts) > 1 else "dbo"
    system = object_id_of_system_view(schema.lower(), parts[-1].lower())
    if system is not None and kind in ("", "V"):
        return system
    catalog = reached(session, parts)
    table = catalog.constraint_owner(schema, parts[-1]) if catalog is not None else None
    if table is None or not sees_object(session.identity_for(table), table):
        return None
    wanted = parts[-1].lower()
    for items, code in ((table.keys, None), (table.checks, "C"), (table.foreign_keys, "F")):
        for item in items:
            actual = code or {"pk": "PK", "unique": "UQ"}.get(getattr(item, "kind", ""), "")
            if item.object_id and item.name.lower() == wanted:
                return item.object_id if kind in ("", actual) else None
    for column in table.columns:
        if column.default and column.default.name.lower() == wanted:
            return column.default.object_id if kind in ("", "D") else None
    return None


def _by_id(session: Session, text: str, database: str = "") -> Table | Module | None:
    """The object with this number, in the database with the number ``database`` ("": the current one)."""
    catalog: Catalog | None = session.catalog
    if database:
        name = _db_name(session, Frame(), [database])
        catalog = reached(session, (name, "", "")) if name is not None else None
    found = catalog.by_id(int(float(text))) if catalog is not None else None
    if found is None:
        return next((t for t in session.temporary.values() if t.object_id == int(float(text))), None)
    return _if_seen(session, found)


def _object_name(session: Session, frame: Frame, args: list[str]) -> str | None:
    found = _by_id(session, *args)
    return found.name if found else None


def _object_schema_name(session: Session, frame: Frame, args: list[str]) -> str | None:
    found = _by_id(session, *args)
    return found.schema if found else None


def _object_definition(session: Session, frame: Frame, args: list[str]) -> str | None:
    found = _by_id(session, args[0])
    return found.text if isinstance(found, Module) and sees_definition(session.identity, found) else None


def _columns_of(found: Table | Module | None) -> list[tuple[str, SqlType]]:
    return [(column.name, column.type) for column in found.columns] if found else []


def _col_length(session: Session, frame: Frame, args: list[str]) -> int | None:
    for name, type_ in _columns_of(find_object(session, args[0])):
        if name.lower() == args[1].lower():
            return stored_length(type_)
    return None


def _col_name(session: Session, frame: Frame, args: list[str]) -> str | None:
    found, wanted = _by_id(session, args[0]), int(args[1])
    if isinstance(found, Table):
        return next((column.name for column in found.columns if column.column_id == wanted), None)
    columns = _columns_of(found)
    return columns[wanted - 1][0] if 1 <= wanted <= len(columns) else None


def _index_col(session: Session, frame: Frame, args: list[str]) -> str | None:
    """The column at a place of an index's key."""
    found, index, place = find_object(session, args[0]), int(args[1]), int(args[2])
    keys = found.keys if isinstance(found, Table) else ()
    key = next((key for key in keys if key.index_id == index), None)
    return key.columns[place - 1][0] if key is not None and 1 <= place <= len(key.columns) else None


def asked_value(session: Session, name: str, args: list[str]) -> Any:
    """The value of a function of the catalog."""
    return _VALUES[name](session, Frame(), args)


def _schema_id(session: Session, frame: Frame, args: list[str]) -> int | None:
    schema = session.catalog.schemas.get(args[0].lower() if args else session.identity.default_schema.lower())
    return schema.schema_id if schema else None


def _schema_name(session: Session, frame: Frame, args: list[str]) -> str | None:
    if not args:
        return session.identity.default_schema
    wanted = int(float(args[0]))
    return next((s.name for s in session.catalog.schemas.values() if s.schema_id == wanted), None)


def _db_id(session: Session, frame: Frame, args: list[str]) -> int | None:
    found = session.databases.find(args[0]) if args else session.catalog
    return found.database.database_id if found is not None else None


def _db_name(session: Session, frame: Frame, args: list[str]) -> str | None:
    if not args:
        return session.database
    known = {one.database.database_id: one.database.name for one in session.databases.catalogs.values()}
    return known.get(int(args[0]))


def _server_property(session: Session, frame: Frame, args: list[str]) -> str | None:
    version = VERSION
    major = version.split(".")[0]
    known: dict[str, str | None] = {
        "productversion": version, "productlevel": "RTM", "productmajorversion": major, "productminorversion": "0",
        "edition": "Developer Edition (64-bit)", "editionid": "-2117995310", "engineedition": "3",
        "collation": "SQL_Latin1_General_CP1_CI_AS", "servername": "pymlsql", "machinename": "pymlsql",
        "instancename": None, "isclustered": "0", "issingleuser": "0", "isintegratedsecurityonly": "0",
        "isfulltextinstalled": "0", "ishadrenabled": "0", "isxtpsupported": "0", "ispolybaseinstalled": "0",
        "isadvancedanalyticsinstalled": "1", "lcid": "1033", "sqlcharsetname": "iso_1",
        "sqlsortordername": "nocase_iso",
        "resourceversion": version, "processid": str(session.engine.process_id), "productupdatelevel": None,
    }  # fmt: skip
    return known.get(args[0].lower())


def _database_property(session: Session, frame: Frame, args: list[str]) -> str | None:
    known = {
        "collation": "SQL_Latin1_General_CP1_CI_AS", "status": "ONLINE", "updateability": "READ_WRITE",
        "useraccess": "MULTI_USER", "recovery": "SIMPLE", "version": "957", "isautoclose": "0",
    }  # fmt: skip
    return known.get(args[1].lower()) if session.databases.find(args[0]) is not None else None


def _version(session: Session, frame: Frame, _: list[str]) -> str:
    return f"Microsoft SQL Server {YEAR} (pymlsql embedded server) - {VERSION} (X64)"


def _identity_current(session: Session, frame: Frame, args: list[str]) -> Decimal | None:
    found = find_object(session, args[0])
    if not isinstance(found, Table) or found.identity is None:
        return None
    return Decimal(session.identities(found).current(found))


def _type_id(session: Session, frame: Frame, args: list[str]) -> int | None:
    from pymlsql.embedded.engine.system_views import TYPE_IDS

    name = split_name(args[0])
    schema, last = (name[-2] if len(name) > 1 else ""), name[-1]
    if schema.lower() in ("", "sys") and last.lower() in TYPE_IDS:
        return TYPE_IDS[last.lower()]
    path = (schema,) if schema else session.path()
    found = next((one for part in path if (one := session.catalog.entry(UserType, f"{part}.{last}"))), None)
    return found.type_id if found is not None else None


def _type_name(session: Session, frame: Frame, args: list[str]) -> str | None:
    from pymlsql.embedded.engine.system_views import TYPE_IDS

    wanted = int(float(args[0]))
    made = type_by_id(session.catalog, wanted)
    if made is not None:
        return made.name
    return next((name for name, number in TYPE_IDS.items() if number == wanted), None)


def _bulk(session: Session, frame: Frame, args: list[str]) -> Any:
    from pymlsql.embedded.engine.bulk.files import read_whole

    return read_whole(session, args)


def _unknown(session: Session, frame: Frame, args: list[str]) -> Any:
    raise unsupported("this function with arguments")


_VALUES: dict[str, Callable[[Session, Frame, list[str]], Any]] = {
    "@@ROWCOUNT": lambda s, f, a: s.rowcount,
    "ROWCOUNT_BIG": lambda s, f, a: s.rowcount,
    "@@DBTS": lambda s, f, a: s.engine.rowversions.last.to_bytes(8, "big"),
    "MIN_ACTIVE_ROWVERSION": lambda s, f, a: s.engine.rowversions.lowest_active().to_bytes(8, "big"),
    "@@ERROR": lambda s, f, a: s.last_error,
    "@@TRANCOUNT": lambda s, f, a: s.trancount,
    "@@IDENTITY": lambda s, f, a: s.last_identity,
    "SCOPE_IDENTITY": lambda s, f, a: s.scope_identity,
    "IDENT_CURRENT": _identity_current,
    "@@VERSION": _version,
    "@@SERVERNAME": lambda s, f, a: "pymlsql",
    "@@SERVICENAME": lambda s, f, a: "MSSQLSERVER",
    "@@SPID": lambda s, f, a: s.spid,
    "session": lambda s, f, a: s.handle,
    "@@PROCID": lambda s, f, a: f.object_id,
    "@@NESTLEVEL": lambda s, f, a: s.nest_level,
    "@@LANGUAGE": lambda s, f, a: s.options.locale.language,
    "@@LANGID": lambda s, f, a: s.options.locale.language_id,
    "@@DATEFIRST": lambda s, f, a: s.options.locale.first_day,
    "@@MAX_PRECISION": lambda s, f, a: 38,
    "@@LOCK_TIMEOUT": lambda s, f, a: s.options.lock_timeout_ms,
    "@@OPTIONS": lambda s, f, a: 5432 | (512 if s.options.nocount else 0) | (16384 if s.options.xact_abort else 0),
    "@@MICROSOFTVERSION": lambda s, f, a: int(VERSION.split(".")[0]) << 24 | 1000,
    "@@FETCH_STATUS": lambda s, f, a: s.cursors.fetch_status,
    "@@CURSOR_ROWS": lambda s, f, a: s.cursors.n_rows,
    "CURSOR_STATUS": cursor_status,
    "@@MAX_CONNECTIONS": lambda s, f, a: 32767,
    "@@TEXTSIZE": lambda s, f, a: s.options.textsize,
    "GETDATE": lambda s, f, a: round_datetime(dt.datetime.now()),
    "GETUTCDATE": lambda s, f, a: round_datetime(dt.datetime.now(dt.UTC).replace(tzinfo=None)),
    "SYSDATETIME": lambda s, f, a: dt.datetime.now(),
    "SYSUTCDATETIME": lambda s, f, a: dt.datetime.now(dt.UTC).replace(tzinfo=None),
    "SYSDATETIMEOFFSET": lambda s, f, a: _now_with_offset(),
    "XACT_STATE": lambda s, f, a: s.xact_state,
    "ERROR_NUMBER": _error("number"),
    "ERROR_SEVERITY": _error("severity"),
    "ERROR_STATE": _error("state"),
    "ERROR_LINE": _error("line"),
    "ERROR_MESSAGE": _error("message"),
    "ERROR_PROCEDURE": _error("procedure"),
    "DB_ID": _db_id,
    "DB_NAME": _db_name,
    "SCHEMA_ID": _schema_id,
    "SCHEMA_NAME": _schema_name,
    "OBJECT_ID": _object_id,
    "OBJECT_NAME": _object_name,
    "OBJECT_SCHEMA_NAME": _object_schema_name,
    "OBJECT_DEFINITION": _object_definition,
    "COL_LENGTH": _col_length,
    "COL_NAME": _col_name,
    "INDEX_COL": _index_col,
    "SPID AS TEXT": lambda s, f, a: str(s.spid),
    "TYPE_ID": _type_id,
    "TYPE_NAME": _type_name,
    "HOST_NAME": lambda s, f, a: s.host,
    "APP_NAME": lambda s, f, a: s.application,
    "SERVERPROPERTY": _server_property,
    "DATABASEPROPERTYEX": _database_property,
    "CONNECTIONPROPERTY": lambda s, f, a: {"net_transport": "TCP", "auth_scheme": "SQL"}.get(a[0].lower()),
    **PROPERTY_VALUES,
    **CHANCE_VALUES,
    "BULK": _bulk,
    **SECURITY_VALUES,
    **SIGNING_VALUES,
}

__all__ = [
    "VERSION",
    "constraint_names",
    "find_object",
    "round_datetime",
    "runtime_value",
    "split_name",
]
