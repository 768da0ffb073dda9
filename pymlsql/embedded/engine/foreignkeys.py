"""Foreign keys as they are declared.

Source: "Primary and foreign key constraints", "CREATE TABLE (Transact-SQL)" of sql-docs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import ForeignKey, Table, TableColumn
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.objectids import ObjectIds, not_created, system_name
from pymlsql.embedded.engine.security.enforcement import check_object
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def with_foreign_key(session: Session, ids: ObjectIds, table: Table, constraint: nodes.Constraint, column: str,
                     ) -> Table:  # fmt: skip
    """The table with a foreign key; a temporary table goes without, as Msg 1756 says. Raises 1761 to 1788, 8139, 8140,
    with 1750 after them."""
    assert constraint.references is not None
    if table.temporary:
        session.send_error(sql_error(1756, constraint.name))
        return table
    number = ids.take()
    name = constraint.name or system_name("FK", table.name, number, column)
    parent = _referenced(session, table, constraint.references, name)
    columns = _own_columns(table, constraint, name)
    referenced = _referenced_columns(table, parent, constraint, columns, column, name)
    _check_key(parent, referenced, name)
    if parent.object_id != table.object_id and not session.identity.rights.unlimited:
        check_object(session, "REFERENCES", parent, {c.name.lower() for c in referenced})
    for own, other in zip(columns, referenced, strict=True):
        _check_pair(table, parent, own, other, name)
    foreign = ForeignKey(
        number, name, tuple(c.name for c in columns), parent.object_id, tuple(c.name for c in referenced),
        not constraint.name, constraint.on_delete, constraint.on_update, untrusted=constraint.unchecked,
    )  # fmt: skip
    _check_actions(session, table, foreign, columns)
    return replace(table, foreign_keys=(*table.foreign_keys, foreign))


def _referenced(session: Session, table: Table, reference: nodes.Name, name: str) -> Table:
    if reference.database and reference.database.lower() != session.database.lower():
        raise not_created(1763, name)
    if reference.object.startswith("#"):
        raise not_created(1766, name)
    schema = (reference.schema or session.path()[0]).lower()
    if reference.object.lower() == table.name.lower() and schema == table.schema.lower():
        return table
    found = lookup(session.catalog, reference, session.path())
    if found is None:
        raise not_created(1767, name, reference)
    if not isinstance(found, Table):
        raise not_created(1768, name, reference)
    return found


def _own_columns(table: Table, constraint: nodes.Constraint, name: str) -> list[TableColumn]:
    found = []
    for wanted, _ in constraint.columns:
        column = table.column(wanted)
        if column is None:
            raise not_created(1769, name, wanted, table.name)
        if column.virtual:
            raise not_created(1764, column.name, table.name, "FOREIGN KEY Constraint")
        found.append(column)
    return found


def _referenced_columns(table: Table, parent: Table, constraint: nodes.Constraint, columns: list[TableColumn],
                        column: str, name: str) -> list[TableColumn]:  # fmt: skip
    wanted = constraint.referenced
    if not wanted:
        if parent.primary_key is None:
            raise not_created(1773, name, parent.name)
        wanted = tuple(n for n, _ in parent.primary_key.columns)
        if len(wanted) != len(columns):
            raise not_created(1774, name, parent.name)
    elif column and len(wanted) > 1:
        raise sql_error(8140, table.name)
    elif len(wanted) != len(columns):
        raise sql_error(8139, table.name)
    found = []
    for n in wanted:
        other = parent.column(n)
        if other is None:
            raise not_created(1770, name, n, parent.name)
        if other.virtual:
            raise not_created(1784, name, parent.name, other.name)
        found.append(other)
    return found


def _check_key(parent: Table, referenced: list[TableColumn], name: str) -> None:
    wanted = sorted(column.name.lower() for column in referenced)
    for key in parent.keys:
        usable = key.unique and not key.where and not key.columnstore and not key.disabled
        if usable and sorted(n.lower() for n, _ in key.columns) == wanted:
            return
    raise not_created(1776, parent.name, name)


def _check_pair(table: Table, parent: Table, own: TableColumn, other: TableColumn, name: str) -> None:
    if own.type == other.type:
        if own.type.is_string and own.collation.lower() != other.collation.lower():
            raise not_created(1757, parent.name, other.name, table.name, own.name, name)
        return
    number = 1753 if own.type.name == other.type.name and _is_sized(own.type) else 1778
    raise not_created(number, parent.name, other.name, table.name, own.name, name)


def _is_sized(type_: SqlType) -> bool:
    return type_.is_string or type_.is_binary


def _check_actions(session: Session, table: Table, foreign: ForeignKey, columns: list[TableColumn]) -> None:
    from pymlsql.embedded.engine.cascades import check_cascades

    actions = {foreign.on_delete, foreign.on_update}
    if actions == {"NO ACTION"}:
        return
    for column in columns:
        if column.computed and foreign.on_update != "NO ACTION":
            raise not_created(1715, foreign.name, column.name)
        if column.computed and foreign.on_delete.startswith("SET"):
            raise not_created(1765, foreign.name, column.name)
    check_cascades(session.catalog, table, foreign)
