"""ALTER TABLE ... ALTER COLUMN: which columns may change, to what, and what becomes of their values.

Source: "ALTER TABLE (Transact-SQL)", ALTER COLUMN, of sql-docs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.binding import modules_bound_to
from pymlsql.embedded.engine.catalog import Catalog, Table, TableColumn
from pymlsql.embedded.engine.computed_columns import has_fixed_value, with_expressions
from pymlsql.embedded.engine.constraints import display_name
from pymlsql.embedded.engine.dml import stored
from pymlsql.embedded.engine.rebuilding import rebuilt
from pymlsql.embedded.engine.system_views.definition import columns_in
from pymlsql.embedded.engine.typenames import resolved_columns
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.typed import Typed, quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_COMMAND = "ALTER TABLE ALTER COLUMN"
Dependent = tuple[str, str, str]
"""What hangs on a column: object, index or column, its name, and which kind of constraint it is."""


def dependents(catalog: Catalog, table: Table, column: TableColumn) -> list[Dependent]:
    """What would be lost with the column, and the modules that are bound to it."""
    name = column.name.lower()
    spelt = (column.name,)
    found: list[Dependent] = []
    for key in table.keys:
        used = {c.lower() for c, _ in key.columns} | set(map(str.lower, key.included))
        if name in used or (key.where and columns_in(key.where, spelt)) or (key.columnstore and key.clustered):
            if key.columnstore and key.clustered:
                continue
            found.append(("object" if key.object_id else "index", key.name, key.kind))
    found += [("object", f.name, "fk") for f in table.foreign_keys if name in map(str.lower, f.columns)]
    found += [("object", c.name, "check") for c in table.checks if columns_in(c.text, spelt)]
    found += [("column", c.name, "computed") for c in table.columns if c.computed and columns_in(c.computed, spelt)]
    if column.default:
        found.append(("object", column.default.name, "default"))
    found += [("object", m.name, "module") for m in modules_bound_to(catalog, table.object_id, column.name)]
    return found


def refuse_dependents(found: list[Dependent], column: TableColumn, command: str) -> None:
    """Raises 5074 for each, and 4922 behind them, when there are any."""
    if not found:
        return
    errors = [sql_error(5074, kind, name, "column", column.name) for kind, name, _ in found]
    errors[0].further = (*errors[1:], sql_error(4922, command, column.name))
    raise errors[0]


def alter_column(session: Session, table: Table, statement: nodes.AlterTable) -> Table:
    """The table with a changed column. Raises 515, 4924, 4928, 5074 and what converting its values does."""
    assert statement.definition is not None
    wanted = resolved_columns(session, statement.definition, table.name).columns[0]
    column = table.column(wanted.name)
    if column is None:
        raise sql_error(4924, _COMMAND, wanted.name, table.name)
    if statement.names:
        return _with_property(session, table, column, statement.names)
    if column.computed:
        raise sql_error(4928, column.name, "COMPUTED")
    if column.is_rowversion:
        raise sql_error(4928, column.name, "timestamp")
    if wanted.type.name == "timestamp":
        raise sql_error(4927, column.name, "timestamp")
    if wanted.type.name in ("sql_variant", "text", "ntext", "image"):
        raise unsupported(f"column of type {wanted.type}")
    return _changed(session, table, column, wanted)


def _changed(session: Session, table: Table, column: TableColumn, wanted: nodes.ColumnDefinition) -> Table:
    nullable = _nullable(column, wanted, table)
    binary = column.binary if not wanted.collation else wanted.collation.upper().endswith(("_BIN", "_BIN2"))
    collation = column.collation if not wanted.collation else wanted.collation if binary else ""
    known = ("", "SQL_LATIN1_GENERAL_CP1_CI_AS", "DATABASE_DEFAULT")
    if not binary and wanted.collation.upper() not in known:
        raise unsupported(f"COLLATE {wanted.collation}")
    changed = replace(column, type=wanted.type, nullable=nullable, binary=binary, collation=collation,
                      user_type=wanted.user_type)  # fmt: skip
    if changed == column:
        return table
    refuse_dependents(_hindering(session.catalog, table, column, changed), column, _COMMAND)
    if column.identity and not wanted.type.is_integer and not (
            wanted.type.name == "decimal" and wanted.type.scale == 0):  # fmt: skip
        raise sql_error(2749, column.name)
    if not nullable and column.nullable:
        _refuse_nulls(session, table, column)
    new = replace(table, columns=tuple(changed if c == column else c for c in table.columns))
    return _converted(session, table, new, column, changed) if wanted.type != column.type else new


def _nullable(column: TableColumn, wanted: nodes.ColumnDefinition, table: Table) -> bool:
    primary = table.primary_key is not None and any(n == column.name for n, _ in table.primary_key.columns)
    if wanted.nullable is None:
        return not (column.identity or primary)
    if wanted.nullable and column.identity:
        raise sql_error(8147, column.name, table.name)
    return wanted.nullable


def _grows(column: TableColumn, changed: TableColumn) -> bool:
    """Whether a string or binary of varying length gets no shorter."""
    old, new = column.type, changed.type
    same = old.name == new.name and "var" in old.name and column.collation == changed.collation
    return same and (new.length == -1 or 0 < old.length <= new.length)


def _hindering(catalog: Catalog, table: Table, column: TableColumn, changed: TableColumn) -> list[Dependent]:
    """What of the column's dependents does not let it change so."""
    found, grows = [], _grows(column, changed)
    same_type = column.type == changed.type and column.collation == changed.collation
    for dependent in dependents(catalog, table, column):
        kind = dependent[2]
        if kind == "default" and column.type.name == changed.type.name:
            continue
        if kind in ("check", "unique") and (grows or same_type):
            continue
        if kind == "index" and grows:
            continue
        if kind in ("fk", "pk") and same_type and (kind == "fk" or column.nullable == changed.nullable):
            continue
        found.append(dependent)
    return found


def _converted(session: Session, table: Table, new: Table, column: TableColumn, changed: TableColumn) -> Table:
    if keeps_references(column.type) and keeps_references(changed.type):
        return new
    old = Typed(quote_name(column.name), column.type, column.nullable, column.binary,
                by_reference=keeps_references(column.type))  # fmt: skip
    return rebuilt(session, table, new, {column.name: stored(old, changed, display_name(session, table)).sql})


def _refuse_nulls(session: Session, table: Table, column: TableColumn) -> None:
    sql = f"SELECT 1 FROM {table.sql} WHERE {quote_name(column.name)} IS NULL LIMIT 1"
    if session.store.run(sql).fetchone():
        raise sql_error(515, column.name, display_name(session, table), "UPDATE")


def _with_property(session: Session, table: Table, column: TableColumn, words: tuple[str, ...]) -> Table:
    """ADD or DROP PERSISTED. Raises 4936."""
    action, what = words
    if what != "PERSISTED":
        raise unsupported(f"ALTER COLUMN {action} {what}")
    if not column.computed:
        raise sql_error(4928, column.name, "NOT COMPUTED")
    if column.persisted == (action == "ADD"):
        return table
    changed = replace(column, persisted=action == "ADD")
    if changed.persisted and not has_fixed_value(session, table, column):
        raise sql_error(4936, column.name, table.name)
    new = replace(table, columns=tuple(changed if c == column else c for c in table.columns))
    definition = nodes.ColumnDefinition(column.name, column.type, None if changed.nullable else False,
                                        computed=Text(column.computed, 1), persisted=changed.persisted)  # fmt: skip
    return rebuilt(session, table, with_expressions(session, new, [definition]))
