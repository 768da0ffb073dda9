"""Names of types that somebody has created: of variables, parameters and columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.security.context import schema_securable
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.grants import Target
from pymlsql.embedded.engine.security.rights import Securable
from pymlsql.embedded.engine.typeentries import UserType
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import ColumnDefinition, Name, TableDefinition
from pymlsql.embedded.tsql.types import TABLE_TYPE, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def find_type(session: Session, schema: str, name: str) -> UserType | None:
    """The type of this name; without a schema it is looked for where names without one are."""
    path = (schema,) if schema else session.path()
    found = (session.catalog.entry(UserType, f"{one}.{name}") for one in path)
    return next((one for one in found if one is not None), None)


def type_securable(session: Session, found: UserType) -> Securable:
    """A type as what permissions are given on; its schema's owner owns it."""
    container = schema_securable(session.catalog, found.schema)
    return Securable("TYPE", found.type_id, container.owner, container)


def named_type(session: Session, written: str) -> Securable | None:
    """The type of this name, with or without its schema."""
    from pymlsql.embedded.engine.runtime import split_name

    parts = split_name(written)
    found = find_type(session, parts[-2] if len(parts) > 1 else "", parts[-1]) if len(parts) in (1, 2) else None
    return type_securable(session, found) if found is not None else None


def _type(session: Session, name: Name) -> Target:
    found = find_type(session, name.schema, name.object)
    if found is None or not session.identity.rights.holds_any(type_securable(session, found)):
        raise sql_error(15151, "find", "type", name.object)
    return Target(type_securable(session, found), "type", name.object)


TYPE_SECURABLES: dict[str, Callable[[Session, Name], Target]] = {"TYPE": _type}
TYPE_NAMES: dict[str, Callable[[Session, str], Securable | None]] = {"TYPE": named_type}


def resolve_type(session: Session, type_: SqlType, number: int = 1, line: int = 0) -> tuple[SqlType, UserType | None]:
    """A type as written: the system type that it is or stands for, TABLE_TYPE for a table type, and the created one.
    Raises 2715, 2716, 229."""
    named = type_.user_name
    if named is None:
        return type_, None
    found = find_type(session, *named)
    if found is None:
        raise sql_error(2715, number, str(type_), line=line)
    if type_.length:
        raise sql_error(2716, number, str(type_), line=line)
    if found.table is not None:
        check_type(session, found)
        return TABLE_TYPE, found
    assert found.base is not None
    return found.base, found


def check_type(session: Session, found: UserType) -> None:
    """EXECUTE on a table type, which who has it on its schema has. Raises 229."""
    if not may(session, "EXECUTE", type_securable(session, found)):
        raise sql_error(229, "EXECUTE", found.name, session.database, found.schema)


def resolved_columns(session: Session, definition: TableDefinition, table: str) -> TableDefinition:
    """The definition with what its columns' types are in the catalog: a column that does not say whether it takes NULL
    has that of its alias type. Temporary tables know none of the database's types. Raises 350, 2715."""
    if all(column.type.user_name is None for column in definition.columns):
        return definition
    columns = [_resolved(session, column, number, table) for number, column in enumerate(definition.columns, 1)]
    return replace(definition, columns=tuple(columns))


def _resolved(session: Session, column: ColumnDefinition, number: int, table: str) -> ColumnDefinition:
    if column.type.user_name is None:
        return column
    if table.startswith("#"):
        raise sql_error(2715, number, str(column.type))
    type_, found = resolve_type(session, column.type, number)
    if type_ == TABLE_TYPE or found is None:
        raise sql_error(350, column.name)
    nullable = False if column.nullable is None and not found.nullable else column.nullable
    return replace(column, type=type_, nullable=nullable, user_type=found.type_id)
