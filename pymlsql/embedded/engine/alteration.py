"""ALTER TABLE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import (
    Key,
    Table,
    TableColumn,
    now_text,
)
from pymlsql.embedded.engine.cells import settle_column
from pymlsql.embedded.engine.constraints import STAGE, check_rows
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.security.belongings import entries_of_column
from pymlsql.embedded.engine.security.enforcement import may_object
from pymlsql.embedded.engine.security.permissions import Permission
from pymlsql.embedded.engine.tables import ObjectIds, with_column, with_constraint
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def alter_table(session: Session, statement: nodes.AlterTable) -> None:
    """ALTER TABLE ADD, DROP COLUMN, DROP CONSTRAINT, ALTER COLUMN. Raises 4902 and what each form refuses."""
    if statement.name.object.startswith("#"):
        raise unsupported("ALTER TABLE of a temporary table", line=statement.line)
    table = lookup(session.catalog, statement.name, session.path())
    if not isinstance(table, Table):
        raise sql_error(4902, str(statement.name))
    if not may_object(session, "ALTER", table):
        raise sql_error(1088, table.name, state=13)
    handlers = {"add": _alter_add, "drop_column": _alter_drop_columns, "drop_constraint": _alter_drop_constraints,
                "alter_column": _alter_column}  # fmt: skip
    with session.store.statement():
        handlers[statement.action](session, table, statement)


def _alter_add(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    assert statement.definition is not None
    ids = ObjectIds(session.catalog)
    before = table
    for column in statement.definition.columns:
        table = with_column(ids, table, column)
        _add_column(session, before, table)
        for constraint in column.constraints:
            if constraint.kind != "default":
                table = with_constraint(session, ids, table, constraint, column.name)
    for constraint in statement.definition.constraints:
        table = with_constraint(session, ids, table, constraint, "")
    table = replace(table, modified=now_text())
    check_existing(session, table, before)
    session.set_catalog(ids.catalog.with_object(table), [table])


def _add_column(session: Session, before: Table, table: Table) -> None:
    from pymlsql.embedded.engine.dml import stored
    from pymlsql.embedded.engine.evaluation import bind, names
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.names import Plan
    from pymlsql.embedded.tsql.compiler import Compiled, Compiler
    from pymlsql.embedded.tsql.dialect import parse_constraint
    from pymlsql.embedded.tsql.scope import Scope

    column = table.columns[-1]
    row = session.store.run(f"SELECT count(*) FROM {table.sql}").fetchone()
    n_rows = row[0] if row else 0
    if not column.nullable and column.default is None and n_rows and column.identity is None:
        raise sql_error(4901, column.name, table.name)
    if column.identity is not None and n_rows:
        raise unsupported("adding an identity column to a table with rows")
    session.store.write(f"ALTER TABLE {table.sql} ADD COLUMN {quote_name(column.name)} {column.type.duckdb}")
    if column.default is not None and not column.nullable and n_rows:
        compiler = Compiler(names(session), {}, session.engine.level)
        compiler.scopes.append(Scope())
        value = stored(compiler.value(parse_constraint(column.default.text)), column, table.name)
        plan = Plan(Compiled("", (), {}, compiler.runtime), {})
        update = f"UPDATE {table.sql} SET {quote_name(column.name)} = {value.sql}"
        session.store.write(update, bind(session, Frame(), plan))
        if keeps_references(column.type):
            settle_column(session, table, column.name)


def check_existing(session: Session, table: Table, before: Table) -> None:
    """New constraints hold for the rows that are there, as WITH CHECK says."""
    new = replace(
        table,
        keys=tuple(key for key in table.keys if key not in before.keys),
        checks=tuple(check for check in table.checks if check not in before.checks),
        foreign_keys=tuple(foreign for foreign in table.foreign_keys if foreign not in before.foreign_keys),
    )
    if not (new.keys or new.checks or new.foreign_keys):
        return
    rows = session.store.run(f"SELECT * FROM {table.sql}").to_arrow_table()
    rids = session.store.run(f"SELECT rowid AS rid FROM {table.sql}").to_arrow_table()
    with session.store.registered({STAGE: rows, "pymlsql_old": rids}):
        check_rows(session, new, rows.num_rows, action="ALTER TABLE", replaced="pymlsql_old")


def _alter_drop_constraints(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    for name in statement.names:
        table = _without_constraint(session, table, name, statement.if_exists)
    table = replace(table, modified=now_text())
    session.set_catalog(session.catalog.with_object(table), [table])


def _without_constraint(session: Session, table: Table, name: str, if_exists: bool) -> Table:
    wanted = name.lower()
    for key in table.keys:
        if key.object_id and key.name.lower() == wanted:
            _refuse_if_referenced(session, table, key, name)
            return replace(table, keys=tuple(k for k in table.keys if k != key))
    if any(check.name.lower() == wanted for check in table.checks):
        return replace(table, checks=tuple(c for c in table.checks if c.name.lower() != wanted))
    if any(foreign.name.lower() == wanted for foreign in table.foreign_keys):
        return replace(table, foreign_keys=tuple(f for f in table.foreign_keys if f.name.lower() != wanted))
    for column in table.columns:
        if column.default and column.default.name.lower() == wanted:
            columns = tuple(replace(c, default=None) if c == column else c for c in table.columns)
            return replace(table, columns=columns)
    if if_exists:
        return table
    raise sql_error(3728, name)


def _refuse_if_referenced(session: Session, table: Table, key: Key, name: str) -> None:
    wanted = sorted(column.lower() for column, _ in key.columns)
    for other in session.catalog.tables():
        for foreign in other.foreign_keys:
            if foreign.referenced_id == table.object_id and sorted(c.lower() for c in foreign.referenced) == wanted:
                raise sql_error(3725, name, other.name, foreign.name)


def _alter_drop_columns(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    gone: list[Permission] = []
    for name in statement.names:
        column = table.column(name)
        if column is None:
            if statement.if_exists:
                continue
            raise sql_error(4924, "ALTER TABLE DROP COLUMN", name, table.name)
        _refuse_if_used(table, column)
        session.store.write(f"ALTER TABLE {table.sql} DROP COLUMN {quote_name(column.name)}")
        session.engine.note_change(table)
        table = replace(table, columns=tuple(c for c in table.columns if c != column))
        gone += entries_of_column(session.catalog, table.object_id, column.column_id)
    table = replace(table, modified=now_text())
    session.set_catalog(session.catalog.with_object(table).without_entries(*gone), [table], gone)


def _refuse_if_used(table: Table, column: TableColumn) -> None:
    name = column.name.lower()
    used = [
        key.name
        for key in table.keys
        if name in {c.lower() for c, _ in key.columns} | set(map(str.lower, key.included))
    ]
    used += [foreign.name for foreign in table.foreign_keys if name in map(str.lower, foreign.columns)]
    used += [check.name for check in table.checks if check.column.lower() == name or name in check.text.lower()]
    used += [column.default.name] if column.default else []
    if used:
        raise sql_error(5074, "object", used[0], "column", column.name)


def _alter_column(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    assert statement.definition is not None
    wanted = statement.definition.columns[0]
    column = table.column(wanted.name)
    if column is None:
        raise sql_error(4924, "ALTER TABLE ALTER COLUMN", wanted.name, table.name)
    keyed = [key.name for key in table.keys if column.name in {name for name, _ in key.columns}]
    if keyed and wanted.type != column.type and not _widens(column, wanted):
        raise sql_error(5074, "object", keyed[0], "column", column.name)
    nullable = True if wanted.nullable is None else wanted.nullable
    changed = replace(column, type=wanted.type, nullable=nullable)
    if wanted.type != column.type:
        if not _widens(column, wanted):
            raise unsupported(f"ALTER COLUMN from {column.type} to {wanted.type}")
        kind = f"SET DATA TYPE {wanted.type.duckdb}"
        session.store.write(f"ALTER TABLE {table.sql} ALTER COLUMN {quote_name(column.name)} {kind}")
        if keeps_references(wanted.type):
            settle_column(session, table, column.name)
    if not nullable and column.nullable:
        found = session.store.run(
            f"SELECT 1 FROM {table.sql} WHERE {quote_name(column.name)} IS NULL LIMIT 1"
        ).fetchone()
        if found:
            raise sql_error(515, column.name, f"{session.database}.{table.schema}.{table.name}", "UPDATE")
    table = replace(table, columns=tuple(changed if c == column else c for c in table.columns), modified=now_text())
    session.set_catalog(session.catalog.with_object(table), [table])


def _widens(column: TableColumn, wanted: nodes.ColumnDefinition) -> bool:
    """Whether every stored value stays as it is."""
    a, b = column.type, wanted.type
    if a.is_string and b.is_string and "var" in a.name and "var" in b.name:
        return (b.length == -1 or 0 < a.length <= b.length) and (b.is_unicode or not a.is_unicode)
    if a.is_binary and b.is_binary and "var" in a.name and "var" in b.name:
        return b.length == -1 or 0 < a.length <= b.length
    if a.is_integer and b.is_integer and a.name != "bit":
        return b.rank >= a.rank
    return a == b or (a.name, b.name) in {("real", "float"), ("int", "float"), ("smallint", "float")}
