"""Types that somebody has created: aliases of system types, and table types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.catalog import now_text
from pymlsql.embedded.engine.ddl import schema_of
from pymlsql.embedded.engine.security.belongings import entries_of
from pymlsql.embedded.engine.security.enforcement import check_new_object, denied, may, may_schema
from pymlsql.embedded.engine.security.functions import NAMED_SECURABLES
from pymlsql.embedded.engine.security.grants import SECURABLES
from pymlsql.embedded.engine.security.permissions import CLASSES
from pymlsql.embedded.engine.tables import ObjectIds, build_table
from pymlsql.embedded.engine.typeentries import FIRST_USER_TYPE, UserType, type_tables
from pymlsql.embedded.engine.typenames import (
    TYPE_NAMES,
    TYPE_SECURABLES,
    find_type,
    resolve_type,
    type_securable,
)
from pymlsql.embedded.tsql.datatypes import is_system_type
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import CreateModule, ModuleParameter, Statement
from pymlsql.embedded.tsql.type_nodes import CreateType, DropType
from pymlsql.embedded.tsql.types import TABLE_TYPE, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

def resolved_parameters(session: Session, parameters: tuple[ModuleParameter, ...]) -> tuple[ModuleParameter, ...]:
    """Parameters with what their types are in the catalog. Raises 346, 347, 352, 2715."""
    made = []
    for number, parameter in enumerate(parameters, 1):
        type_, found = resolve_type(session, parameter.type, number)
        if type_ == TABLE_TYPE:
            if not parameter.readonly:
                raise sql_error(352, parameter.name)
            if parameter.output:
                raise sql_error(347, parameter.name)
        elif parameter.readonly:
            raise sql_error(346, parameter.name)
        user_type = found.type_id if found is not None else 0
        if (type_, user_type) != (parameter.type, parameter.user_type):
            parameter = replace(parameter, type=type_, user_type=user_type)
        made.append(parameter)
    return tuple(made)


def returned_type(session: Session, statement: CreateModule) -> SqlType:
    """The type of a scalar function. Raises 2715; refuses types and options that it cannot have here."""
    assert statement.returns is not None
    type_, _ = resolve_type(session, statement.returns, 0, statement.line)
    if type_ == TABLE_TYPE or type_.name in ("timestamp", "text", "ntext", "image", "sql_variant"):
        raise unsupported(f"a function that returns {statement.returns}", line=statement.line)
    if any(parameter.type.name == "sql_variant" for parameter in statement.parameters):
        raise unsupported("a function with a parameter of type sql_variant", line=statement.line)
    return type_


# Statements -------------------------------------------------------------------------------------------------------


def create_type(session: Session, statement: CreateType) -> None:
    """CREATE TYPE. Raises 219, 222, 2760."""
    schema = schema_of(session, statement.name)
    check_new_object(session, "CREATE TYPE", schema)
    name = statement.name.object
    if session.catalog.entry(UserType, f"{schema.name}.{name}") is not None or is_system_type(name):
        raise sql_error(219, f"{schema.name}.{name}")
    if statement.base is not None and statement.base.name in ("timestamp", "xml"):
        raise sql_error(222, statement.base.name)
    ids = ObjectIds(session.catalog)
    table = None
    if statement.definition is not None:
        table = build_table(session, ids, "sys", f"TT_{name}", statement.definition)
        table = replace(table, name=f"TT_{name}_{table.object_id & 0xFFFFFFFF:08X}", modified=now_text())
    highest = max([FIRST_USER_TYPE - 1, *(one.type_id for one in session.catalog.entries(UserType))])
    nullable = statement.nullable and table is None
    made = UserType(highest + 1, schema.name, name, statement.base, nullable, table)
    with session.store.statement():
        session.set_catalog(ids.catalog.with_entries(made), [made])


def drop_type(session: Session, statement: DropType) -> None:
    """DROP TYPE. Raises 218, 3732."""
    found = find_type(session, statement.name.schema, statement.name.object)
    if found is None:
        if statement.if_exists:
            return
        raise sql_error(218, str(statement.name))
    if not (may_schema(session, "ALTER", found.schema) or may(session, "CONTROL", type_securable(session, found))):
        raise denied(218, str(statement.name))
    for module in session.catalog.modules():
        if any(parameter.user_type == found.type_id for parameter in module.parameters):
            raise sql_error(3732, str(statement.name), module.name)
    for table in (*session.catalog.tables(), *type_tables(session.catalog)):
        if any(column.user_type == found.type_id for column in table.columns):
            raise sql_error(3732, str(statement.name), table.name)
    with session.store.statement():
        gone = [found, *entries_of(session.catalog, CLASSES["TYPE"].number, found.type_id)]
        session.set_catalog(session.catalog.without_entries(*gone), [], gone=gone)


SECURABLES.update(TYPE_SECURABLES)
NAMED_SECURABLES.update(TYPE_NAMES)

TYPE_DEFINITIONS: dict[type[Statement], Callable[[Session, Any], None]] = {CreateType: create_type, DropType: drop_type}
