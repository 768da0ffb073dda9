"""ALTER SCHEMA ... TRANSFER."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.binding import modules_bound_to
from pymlsql.embedded.engine.catalog import Module, Table, now_text
from pymlsql.embedded.engine.modulecalls import called, holders
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.security.belongings import entries_of
from pymlsql.embedded.engine.security.enforcement import may_object, may_schema
from pymlsql.embedded.engine.security.permissions import OBJECT, Permission
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def transfer(session: Session, statement: nodes.TransferObject) -> None:
    """An object into another schema; permissions on it are dropped. Raises 15151, 15530."""
    schema = session.catalog.schemas.get(statement.schema.lower())
    if schema is None or not may_schema(session, "ALTER", schema.name):
        raise sql_error(15151, "alter", "schema", statement.schema)
    found = lookup(session.catalog, statement.name, session.path())
    if found is None or not may_object(session, "CONTROL", found):
        raise sql_error(15151, "find", "object", statement.name.object)
    if found.schema.lower() == schema.name.lower():
        return
    if session.catalog.find(schema.name, found.name) or session.catalog.constraint_owner(schema.name, found.name):
        raise sql_error(15530, found.name)
    if isinstance(found, Module) and any(holders(session.catalog, found)):
        raise unsupported("ALTER SCHEMA ... TRANSFER of a function that a table calls")
    if isinstance(found, Table) and any(called(text) for text in _texts(found)):
        raise unsupported("ALTER SCHEMA ... TRANSFER of a table that calls a function")
    if any(modules_bound_to(session.catalog, found.object_id)) or (isinstance(found, Module) and found.is_bound):
        raise unsupported("ALTER SCHEMA ... TRANSFER of what is bound to its schema")
    changed = replace(found, schema=schema.name, modified=now_text())
    gone = [e for e in entries_of(session.catalog, OBJECT, found.object_id) if isinstance(e, Permission)]
    with session.store.statement():
        catalog = session.catalog.without_object(found).with_object(changed).without_entries(*gone)
        session.set_catalog(catalog, [changed], gone)


def _texts(table: Table) -> list[str]:
    """The expressions of a table."""
    defaults = [column.default.text for column in table.columns if column.default is not None]
    return [*(check.text for check in table.checks), *(column.computed for column in table.columns), *defaults]
