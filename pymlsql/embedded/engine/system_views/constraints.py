"""Keys, checks, defaults and foreign keys. Columns are those of SQL Server 2019, from sql-docs."""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.catalog import Catalog, ForeignKey, Key, Table
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, view
from pymlsql.embedded.engine.system_views.definition import normal_form
from pymlsql.embedded.engine.system_views.objects import OBJECT, object_fact
from pymlsql.embedded.engine.system_views.relations import column_id, column_names
from pymlsql.embedded.engine.system_views.state import SystemState

KEY_CONSTRAINTS = OBJECT + columns("unique_index_id int, is_system_named bit, is_enforced bit=1")

CHECK_CONSTRAINTS = OBJECT + columns("""
    is_disabled bit=0, is_not_for_replication bit=0, is_not_trusted bit=0, parent_column_id int,
    definition nvarchar(max)?, uses_database_collation bit=1, is_system_named bit""")

DEFAULT_CONSTRAINTS = OBJECT + columns("parent_column_id int, definition nvarchar(max)?, is_system_named bit")

FOREIGN_KEYS = OBJECT + columns("""
    referenced_object_id int, key_index_id int?, is_disabled bit=0, is_not_for_replication bit=0,
    is_not_trusted bit=0, delete_referential_action tinyint=0,
    delete_referential_action_desc nvarchar(60)=NO_ACTION, update_referential_action tinyint=0,
    update_referential_action_desc nvarchar(60)=NO_ACTION, is_system_named bit""")

FOREIGN_KEY_COLUMNS = columns("""
    constraint_object_id int, constraint_column_id int, parent_object_id int, parent_column_id int,
    referenced_object_id int, referenced_column_id int""")


ACTIONS = ("NO ACTION", "CASCADE", "SET NULL", "SET DEFAULT")
"""By their numbers in sys.foreign_keys."""


def referenced_table(catalog: Catalog, foreign: ForeignKey) -> Table:
    """The table a foreign key points to. Raises LookupError when the catalog has lost it."""
    found = catalog.by_id(foreign.referenced_id)
    if not isinstance(found, Table):
        raise LookupError(f"foreign key {foreign.name} refers to object {foreign.referenced_id}, which is no table")
    return found


def referenced_key(table: Table, foreign: ForeignKey) -> Key | None:
    """The key or unique index over the referenced columns, in whatever order; a primary key before others."""
    wanted = sorted(name.lower() for name in foreign.referenced)
    matching = [
        key
        for key in table.keys
        if key.unique and not key.where and sorted(name.lower() for name, _ in key.columns) == wanted
    ]
    return min(matching, key=lambda key: (key.kind != "pk", key.index_id), default=None)


def _key_constraints(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        for key in table.keys:
            if key.object_id:
                yield object_fact(state, table, key.name, key.object_id, "PK" if key.kind == "pk" else "UQ") | {
                    "unique_index_id": key.index_id, "is_system_named": key.named_by_system}  # fmt: skip


def _check_constraints(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        for check in table.checks:
            yield object_fact(state, table, check.name, check.object_id, "C ") | {
                "parent_column_id": column_id(table, check.column) if check.column else 0,
                "definition": state.sight.text(table.object_id, normal_form(check.text, column_names(table))),
                "is_system_named": check.named_by_system, "is_disabled": check.disabled,
                "is_not_trusted": check.untrusted,
            }  # fmt: skip


def _default_constraints(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        for column in table.columns:
            default = column.default
            if default is not None:
                yield object_fact(state, table, default.name, default.object_id, "D ") | {
                    "parent_column_id": column.column_id,
                    "definition": state.sight.text(table.object_id, normal_form(default.text)),
                    "is_system_named": default.named_by_system,
                }  # fmt: skip


def _foreign_keys(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        for foreign in table.foreign_keys:
            key = referenced_key(referenced_table(state.all_catalog, foreign), foreign)
            yield object_fact(state, table, foreign.name, foreign.object_id, "F ") | {
                "referenced_object_id": foreign.referenced_id, "key_index_id": key.index_id if key else None,
                "is_system_named": foreign.named_by_system, "is_disabled": foreign.disabled,
                "is_not_trusted": foreign.untrusted,
                "delete_referential_action": ACTIONS.index(foreign.on_delete),
                "delete_referential_action_desc": foreign.on_delete.replace(" ", "_"),
                "update_referential_action": ACTIONS.index(foreign.on_update),
                "update_referential_action_desc": foreign.on_update.replace(" ", "_"),
            }  # fmt: skip


def _foreign_key_columns(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        for foreign in table.foreign_keys:
            target = referenced_table(state.all_catalog, foreign)
            for number, (name, referenced) in enumerate(zip(foreign.columns, foreign.referenced, strict=True), 1):
                yield {
                    "constraint_object_id": foreign.object_id, "constraint_column_id": number,
                    "parent_object_id": table.object_id, "parent_column_id": column_id(table, name),
                    "referenced_object_id": target.object_id, "referenced_column_id": column_id(target, referenced),
                }  # fmt: skip


CONSTRAINT_VIEWS: dict[str, SystemView] = {
    "key_constraints": view(KEY_CONSTRAINTS, _key_constraints),
    "check_constraints": view(CHECK_CONSTRAINTS, _check_constraints),
    "default_constraints": view(DEFAULT_CONSTRAINTS, _default_constraints),
    "foreign_keys": view(FOREIGN_KEYS, _foreign_keys),
    "foreign_key_columns": view(FOREIGN_KEY_COLUMNS, _foreign_key_columns),
}
