"""Where a statement asks whether it may: raises what SQL Server says when it may not.

An object is asked for unless what names it belongs to the same owner: a view or function of that owner, or (static SQL)
the procedure that runs. The text of a batch, of EXEC ('...'), of sp_executesql and of @input_data_1 belongs to nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Module, Schema, Table
from pymlsql.embedded.engine.security.context import Identity, may_connect, object_securable, schema_securable
from pymlsql.embedded.engine.security.principals import owner_of
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, SERVER_SECURABLE, Securable
from pymlsql.embedded.tsql.messages import SqlError, sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.names import Use
    from pymlsql.embedded.engine.session import Session
    from pymlsql.embedded.engine.targets import Target

Object = Table | Module


def _objects(who: Identity) -> dict[int, Object]:
    """The catalog's objects by id."""
    known = who.seen.get("objects")
    if known is None:
        known = who.seen["objects"] = {found.object_id: found for found in who.catalog.objects.values()}
    return known  # type: ignore[return-value]


def _owner(who: Identity, object_id: int) -> int:
    found = _objects(who).get(object_id)
    return owner_of(who.catalog, object_id, found.schema) if found is not None else -1


# Data -------------------------------------------------------------------------------------------------------------


def check_uses(session: Session, uses: Sequence[Use], frame: Frame | None) -> None:
    """SELECT on what a query reads. Raises 229, 230, 916."""
    if not uses:
        return
    here = session.catalog.database.database_id
    for use in uses:
        who = session.identity
        if use.database_id != here:
            who = session.identity_in(session.databases.numbered(use.database_id))
        if who.rights.unlimited:
            continue
        found = _objects(who).get(use.object_id)
        if found is None:  # a plan lives no longer than the catalog it was made for; if one did, it is refused
            raise sql_error(208, f"object {use.object_id}")
        if use.changed and not use.columns:
            continue
        namer = use.via or (frame.object_id if frame is not None else 0)
        if use.permission != "SELECT":
            if not is_chained(who, namer, found):
                check_object(session, use.permission, found)
            continue
        if not is_chained(who, namer, found):
            # Who names no column, as in COUNT(*), is asked for all of them.
            check_object(session, "SELECT", found, use.columns or {name.lower() for name, _ in column_ids(found)})


def check_reading(session: Session, uses: Sequence[Use]) -> None:
    """SELECT on each object that a query names itself, or on some column of it. Raises 229, 916."""
    for use in uses:
        found = session.databases.numbered(use.database_id).by_id(use.object_id)
        if found is not None and not use.via:
            check_object(session, use.permission, found)


def is_chained(who: Identity, namer: int, found: Object) -> bool:
    """Whether the module ``namer`` (0: no module) and what it names have one owner."""
    if not namer:
        return False
    return _owner(who, namer) == owner_of(who.catalog, found.object_id, found.schema)


def check_change(session: Session, frame: Frame, permission: str, table: Table, columns: Collection[str] = ()) -> None:
    """INSERT, UPDATE or DELETE of a table, or ALTER for what changes it as a whole. Raises 229, 230, 916."""
    if table.temporary:
        return
    who = session.identity_for(table)
    if who.rights.unlimited or is_chained(who, frame.object_id, table):
        return
    check_object(session, permission, table, columns)


def check_target(session: Session, frame: Frame, permission: str, target: Target,
                 columns: Collection[str] = ()) -> None:  # fmt: skip
    """The same for what a statement names as its target: a table, or a view, and what is below that unless both have
    one owner. ``columns`` are the target's, in lower case. Raises 229, 230, 916."""
    if target.table.temporary:
        return
    namer = frame.object_id
    below: list[Object] = [*target.views, target.table]
    for found in below:
        who = session.identity_for(found)
        if not who.rights.unlimited and not is_chained(who, namer, found):
            own = {target.columns.get(c, "").lower() for c in columns} if found is target.table else columns
            check_object(session, permission, found, own)
        namer = found.object_id


def check_execute(session: Session, frame: Frame | None, module: Module) -> None:
    """EXECUTE of a procedure. Raises 229, 916."""
    who = session.identity_for(module)
    if who.rights.unlimited or (frame is not None and is_chained(who, frame.object_id, module)):
        return
    check_object(session, "EXECUTE", module)


def check_object(session: Session, permission: str, found: Object, columns: Collection[str] = ()) -> None:
    """``permission`` on an object, or on those of its columns that are used. Raises 229, 230, 916."""
    who = session.identity_for(found)
    database = who.catalog.database.name
    if not may_connect(who):
        raise sql_error(916, session.context.login, database)
    securable = object_securable(who.catalog, found)
    rights = who.rights
    if not rights.columns and rights.holds(permission, securable):
        return
    if not rights.holds_some_column(permission, securable):
        raise sql_error(229, permission, found.name, database, found.schema)
    for name, column_id in column_ids(found):
        if name.lower() in columns and not rights.holds(permission, securable, column_id):
            raise sql_error(230, permission, name, found.name, database, found.schema)


def column_ids(found: Object) -> list[tuple[str, int]]:
    """Names and ids of the columns of a table, view or function."""
    if isinstance(found, Table):
        return [(column.name, column.column_id) for column in found.columns]
    return [(column.name, number) for number, column in enumerate(found.columns, 1)]


# Metadata ---------------------------------------------------------------------------------------------------------

_OWN_STATE_VIEWS = frozenset({"dm_exec_sessions", "dm_exec_requests"})
"""Dynamic management views that show a session itself; all others ask for a permission on the server."""


def _server_state(session: Session) -> str:
    """The permission that dynamic management views ask for: SQL Server 2022 has split it."""
    return "VIEW SERVER STATE" if session.level < 160 else "VIEW SERVER PERFORMANCE STATE"


def may_see_server_state(session: Session) -> bool:
    """Whether dynamic management views show what other sessions do."""
    return session.identity.rights.holds(_server_state(session), SERVER_SECURABLE)


def check_server_state(session: Session, view: str) -> None:
    """What a dynamic management view asks for. Raises 297, after a message 300."""
    if not view.startswith("dm_") or view in _OWN_STATE_VIEWS or may_see_server_state(session):
        return
    if not session.try_depth:
        session.send_error(sql_error(300, _server_state(session), "server", "master"))
    raise sql_error(297)


# Definitions ------------------------------------------------------------------------------------------------------


def may(session: Session, permission: str, securable: Securable, who: Identity | None = None) -> bool:
    """Whether the session holds a permission on a securable of the current database, or of that of ``who``, or of the
    server."""
    who = who if who is not None else session.identity
    if who.rights.holds(permission, securable):
        return securable.kind == "SERVER" or may_connect(who)
    return False


def may_object(session: Session, permission: str, found: Object) -> bool:
    """The same for a table or module."""
    who = session.identity_for(found)
    return who.rights.unlimited or may(session, permission, object_securable(who.catalog, found), who)


def may_schema(session: Session, permission: str, name: str) -> bool:
    """The same for a schema, which is there."""
    if session.identity.rights.unlimited:
        return True
    return may(session, permission, schema_securable(session.identity.catalog, name))


def check_database(session: Session, permission: str) -> None:
    """A permission on the database. Raises 262, 916."""
    who = session.identity
    if who.rights.unlimited:
        return
    if not may_connect(who):
        raise sql_error(916, session.context.login, session.database)
    if not who.rights.holds(permission, DATABASE_SECURABLE):
        raise sql_error(262, permission, session.database)


def check_new_object(session: Session, permission: str, schema: Schema) -> None:
    """CREATE of an object in a schema: the permission to create and ALTER on the schema. Raises 262, 2760."""
    check_database(session, permission)
    if not may_schema(session, "ALTER", schema.name):
        raise sql_error(2760, schema.name)


def check_server(session: Session, permission: str, error: SqlError | None = None) -> None:
    """A permission on the server. Raises ``error``, or 15247."""
    if not session.identity.rights.holds(permission, SERVER_SECURABLE):
        raise error or sql_error(15247)


def denied(number: int, *values: object, state: int = 20) -> SqlError:
    """The message of a thing that is not there, as SQL Server sends it for one that may not be touched."""
    error = sql_error(number, *values, state=state)
    error.severity = 14
    return error


def kind_of(found: Object) -> str:
    """What messages call the object."""
    if isinstance(found, Table):
        return "table"
    return {"V": "view", "P": "procedure", "IF": "function", "FN": "function", "SO": "sequence object"}[found.kind]
