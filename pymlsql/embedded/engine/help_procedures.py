"""Procedures that tell of tables' indexes and keys: sp_helpindex, sp_pkeys, sp_fkeys, sp_databases.

Source: their pages in sql-docs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.answers import argument, check_qualifier, require, send_table
from pymlsql.embedded.engine.catalog import Key, Table
from pymlsql.embedded.engine.runtime import find_object
from pymlsql.embedded.engine.security.context import may_connect
from pymlsql.embedded.engine.security.visibility import sees_object
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import INT, SMALLINT, SYSNAME, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_RULES = {"CASCADE": 0, "NO ACTION": 1, "SET NULL": 2, "SET DEFAULT": 3}
_NOT_DEFERRABLE = 7


def sp_helpindex(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@objname. Raises 201, 15009; Msg 15472 where there are no indexes."""
    require(actuals, "sp_helpindex", "@objname", line=line)
    name = str(argument(actuals, 0, "@objname") or "")
    found = find_object(session, name)
    if found is None:
        raise sql_error(15009, name, session.database, line=line)
    keys = sorted(found.keys, key=lambda key: key.name.lower()) if isinstance(found, Table) else []
    if not keys:
        session.send_error(sql_error(15472, name, line=line))
        return 0
    rows = [(key.name, _description(key), _key_text(key)) for key in keys]
    columns = [("index_name", SYSNAME), ("index_description", varchar(210)), ("index_keys", nvarchar(2126))]
    send_table(session, columns, rows)
    return 0


def _description(key: Key) -> str:
    parts = ["clustered" if key.clustered else "nonclustered"]
    parts += ["unique"] if key.unique and not key.columnstore else []
    parts += {"pk": ["primary key"], "unique": ["unique key"]}.get(key.kind, [])
    parts += ["columnstore"] if key.columnstore else []
    return f"{', '.join(parts)} located on PRIMARY"


def _key_text(key: Key) -> str | None:
    if key.columnstore:
        return None
    return ", ".join(f"{name}(-)" if descending else name for name, descending in key.columns)


def sp_pkeys(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@table_name, @table_owner, @table_qualifier: the columns of the primary key."""
    check_qualifier(session, actuals, 2, "@table_qualifier", line)
    rows: list[tuple[Any, ...]] = []
    for table in tables_named(session, argument(actuals, 0, "@table_name"), argument(actuals, 1, "@table_owner")):
        key = table.primary_key
        for number, (column, _) in enumerate(key.columns if key is not None else (), 1):
            assert key is not None
            rows.append((session.database, table.schema, table.name, column, number, key.name))
    columns = [("TABLE_QUALIFIER", SYSNAME), ("TABLE_OWNER", SYSNAME), ("TABLE_NAME", SYSNAME),
               ("COLUMN_NAME", SYSNAME), ("KEY_SEQ", SMALLINT), ("PK_NAME", SYSNAME)]  # fmt: skip
    send_table(session, columns, rows)
    return 0


def tables_named(session: Session, name: Any, owner: Any) -> list[Table]:
    """The tables of this name that the context sees, in any schema where none is named and none is its own."""
    wanted = str(name or "").lower()
    found = [t for t in session.catalog.tables() if t.name.lower() == wanted and sees_object(session.identity, t)]
    if owner:
        return [table for table in found if table.schema.lower() == str(owner).lower()]
    for schema in session.path():
        own = [table for table in found if table.schema.lower() == schema.lower()]
        if own:
            return own
    return []


def sp_fkeys(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@pktable_name, @pktable_owner, @pktable_qualifier, @fktable_name, @fktable_owner. Raises 15600."""
    check_qualifier(session, actuals, 2, "@pktable_qualifier", line)
    check_qualifier(session, actuals, 5, "@fktable_qualifier", line)
    names = ("@pktable_name", "@pktable_owner", "@pktable_qualifier", "@fktable_name", "@fktable_owner")
    given = {name: argument(actuals, place, name) for place, name in enumerate(names)}
    if not given["@pktable_name"] and not given["@fktable_name"]:
        raise sql_error(15252, line=line)
    parents = _ids(session, given["@pktable_name"], given["@pktable_owner"])
    children = _ids(session, given["@fktable_name"], given["@fktable_owner"])
    rows: list[tuple[Any, ...]] = []
    for child in session.catalog.tables():
        for foreign in child.foreign_keys:
            parent = session.catalog.by_id(foreign.referenced_id)
            if not isinstance(parent, Table) or (parents is not None and parent.object_id not in parents):
                continue
            if (children is not None and child.object_id not in children) or not sees_object(session.identity, child):
                continue
            wanted = sorted(name.lower() for name in foreign.referenced)
            key = next((k for k in parent.keys if k.unique and sorted(n.lower() for n, _ in k.columns) == wanted), None)
            for number, (own, other) in enumerate(zip(foreign.columns, foreign.referenced, strict=True), 1):
                rows.append((session.database, parent.schema, parent.name, other, session.database, child.schema,
                             child.name, own, number, _RULES[foreign.on_update], _RULES[foreign.on_delete],
                             foreign.name, key.name if key else None, _NOT_DEFERRABLE))  # fmt: skip
    by_parent = given["@pktable_name"] is None or given["@pktable_name"] == ""
    rows.sort(key=lambda r: (r[1], r[2], r[8]) if by_parent else (r[5], r[6], r[8]))
    sysnames = ("PKTABLE_QUALIFIER", "PKTABLE_OWNER", "PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_QUALIFIER",
                "FKTABLE_OWNER", "FKTABLE_NAME", "FKCOLUMN_NAME")  # fmt: skip
    columns = [(name, SYSNAME) for name in sysnames]
    columns += [("KEY_SEQ", SMALLINT), ("UPDATE_RULE", SMALLINT), ("DELETE_RULE", SMALLINT), ("FK_NAME", SYSNAME),
                ("PK_NAME", SYSNAME), ("DEFERRABILITY", SMALLINT)]  # fmt: skip
    send_table(session, columns, rows)
    return 0


def _ids(session: Session, name: Any, owner: Any) -> set[int] | None:
    return {table.object_id for table in tables_named(session, name, owner)} if name else None


def sp_databases(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The databases that the context may use; their sizes are not known."""
    databases = session.databases.catalogs.values()
    names = sorted(one.database.name for one in databases if may_connect(session.identity_in(one)))
    columns = [("DATABASE_NAME", SYSNAME), ("DATABASE_SIZE", INT), ("REMARKS", varchar(254))]
    send_table(session, columns, [(name, None, None) for name in names])
    return 0
