"""ALTER TABLE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.alter_column import alter_column, dependents, refuse_dependents
from pymlsql.embedded.engine.catalog import Catalog, Entry, Key, Table, TableColumn, now_text
from pymlsql.embedded.engine.computed_columns import with_expressions
from pymlsql.embedded.engine.constraints import STAGE, check_rows
from pymlsql.embedded.engine.dml import stored
from pymlsql.embedded.engine.evaluation import bind, names
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.generated import rows_of
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.objectids import ObjectIds
from pymlsql.embedded.engine.periods import END, rounded, shown_name
from pymlsql.embedded.engine.property_entries import lost_properties
from pymlsql.embedded.engine.rebuilding import rebuilt
from pymlsql.embedded.engine.security.belongings import entries_of_column
from pymlsql.embedded.engine.security.enforcement import may_object
from pymlsql.embedded.engine.tables import MAX_COLUMNS, with_column, with_constraint
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.engine.temporal import (
    drop_period,
    followed,
    refuse_alteration,
    set_versioning,
    with_period,
)
from pymlsql.embedded.engine.typenames import resolved_columns
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiled, Compiler
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.scope import Scope
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def alter_table(session: Session, statement: nodes.AlterTable) -> None:
    """ALTER TABLE, in all its forms. Raises 1088, 4902 and what each form refuses."""
    table = altered_table(session, statement.name)
    with session.store.statement(locked=not table.temporary):
        refuse_alteration(session, table, statement)
        _HANDLERS[statement.action](session, table, statement)


def altered_table(session: Session, name: nodes.Name) -> Table:
    """The table to be altered. Raises 1088, 4902."""
    if name.object.startswith("#"):
        try:
            return target_table(session, name)
        except SqlError:
            raise sql_error(4902, name) from None
    table = names(session).find(name)
    if not isinstance(table, Table):
        raise sql_error(4902, name)
    if not may_object(session, "ALTER", table):
        raise sql_error(1088, table.name, state=13)
    return table


def keep(session: Session, catalog: Catalog, table: Table, gone: list[Entry] | None = None) -> None:
    """The changed table is what the session has from now on."""
    if table.temporary:
        session.replace_temporary(table)
        return
    table = replace(table, modified=now_text())
    catalog, histories = followed(session, catalog, table)
    gone = [*(gone or []), *lost_properties(catalog, table)]
    session.set_catalog(catalog.with_object(table).without_entries(*gone), [table, *histories], gone)


# ADD --------------------------------------------------------------------------------------------------------------


def _alter_add(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    assert statement.definition is not None
    ids, before = ObjectIds(session.catalog), table
    definition = resolved_columns(session, statement.definition, table.name)
    for column in definition.columns:
        table = with_column(session, ids, table, column)
    if len(table.columns) > MAX_COLUMNS:
        raise sql_error(1702, table.columns[-1].name, table.name, MAX_COLUMNS)
    table = with_period(with_expressions(session, table, definition.columns), definition.period)
    if any(not column.virtual for column in table.columns[len(before.columns) :]):
        table = _with_rows(session, before, table, definition)
    for column in definition.columns:
        for constraint in column.constraints:
            if constraint.kind != "default":
                table = with_constraint(session, ids, table, constraint, column.name)
    for constraint in definition.constraints:
        table = with_constraint(session, ids, table, constraint, "")
    check_existing(session, table, before)
    _check_period(session, table, before)
    keep(session, ids.catalog, table)


def _check_period(session: Session, table: Table, before: Table) -> None:
    """A new period is that of rows which are current. Raises 13575."""
    if not table.period or before.period:
        return
    end = table.column(table.period[1])
    assert end is not None
    last = rounded(END, end)
    sql = f"SELECT 1 FROM {table.sql} WHERE {quote_name(end.name)} <> $last LIMIT 1"
    if session.store.run(sql, {"last": last}).fetchone():
        raise sql_error(13575, shown_name(table, session.database))


def _with_rows(session: Session, before: Table, table: Table, definition: nodes.TableDefinition) -> Table:
    """What the rows that are there have of the new columns. Raises 4901."""
    row = session.store.run(f"SELECT count(*) FROM {before.sql}").fetchone()
    n_rows = row[0] if row else 0
    compiler = Compiler(names(session), {}, session.level)
    compiler.scopes.append(Scope())
    values: dict[str, str] = {}
    for declared in definition.columns:
        column = table.column(declared.name)
        assert column is not None
        made = column.identity or column.is_rowversion or column.computed
        if not column.nullable and column.default is None and n_rows and not made:
            raise sql_error(4901, column.name, before.name)
        with_values = any(c.kind == "default" and c.with_values for c in declared.constraints)
        if n_rows and (column.identity is not None or column.is_rowversion):
            values[column.name] = _numbers(session, table, column, n_rows)
        elif n_rows and column.default is not None and (with_values or not column.nullable):
            values[column.name] = stored(compiler.value(parse_constraint(column.default.text)), column, table.name).sql
    parameters = bind(session, Frame(), Plan(Compiled("", (), {}, compiler.runtime), {}))
    return rebuilt(session, before, table, values, parameters)


def _numbers(session: Session, table: Table, column: TableColumn, n_rows: int) -> str:
    """New numbers for rows that are there, in the order in which they are stored."""
    place = "row_number() OVER (ORDER BY rowid) - 1"
    if column.is_rowversion:
        first = session.engine.rowversions.take(session.store, n_rows)
        return f"unhex(lpad(hex(CAST({first} + {place} AS BIGINT)), 16, '0'))"
    first, step = session.identities(table).take(table, n_rows)
    return f"CAST({first} + {step} * ({place}) AS {column.type.duckdb})"


def check_existing(session: Session, table: Table, before: Table) -> None:
    """New constraints hold for the rows that are there, as WITH CHECK says. Raises 547, and 1505 for a key, which 1750
    follows."""
    new = replace(
        table,
        keys=tuple(key for key in table.keys if key not in before.keys),
        checks=tuple(check for check in table.checks if check not in before.checks and not check.untrusted),
        foreign_keys=tuple(f for f in table.foreign_keys if f not in before.foreign_keys and not f.untrusted),
    )
    if not (new.keys or new.checks or new.foreign_keys):
        return
    rows = session.store.run(f"SELECT * EXCLUDE (rid) FROM (SELECT rowid AS rid, * FROM {rows_of(session, table)})")
    stage = rows.to_arrow_table()
    rids = session.store.run(f"SELECT rowid AS rid FROM {table.sql}").to_arrow_table()
    with session.store.registered({STAGE: stage, "pymlsql_old": rids}):
        try:
            check_rows(session, new, stage, action="ALTER TABLE", replaced="pymlsql_old")
        except SqlError as error:
            if error.number not in (2601, 2627):
                raise
            raise _duplicate(table, new, error) from None


def _duplicate(table: Table, new: Table, error: SqlError) -> SqlError:
    """Msg 1505 for the key whose name the message of a duplicate has."""
    key = next((k for k in new.keys if f"'{k.name}'" in error.message), new.keys[-1])
    value = error.message.rpartition("(")[2].removesuffix(").")
    found = sql_error(1505, f"{table.schema}.{table.name}", key.name, value)
    if key.object_id:
        found.further = (sql_error(1750),)
    return found


# DROP -------------------------------------------------------------------------------------------------------------


def _alter_drop_constraints(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    for name in statement.names:
        try:
            table = _without_constraint(session, table, name, statement.if_exists)
        except SqlError as error:
            error.further = (sql_error(3727),)
            raise
    keep(session, session.catalog, table)


def _without_constraint(session: Session, table: Table, name: str, if_exists: bool) -> Table:
    wanted = name.lower()
    for key in table.keys:
        if key.object_id and key.name.lower() == wanted:
            if key.kind == "pk" and table.history_id:
                raise sql_error(13557, shown_name(table, session.database))
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
    gone: list[Entry] = []
    before = table
    for name in statement.names:
        column = table.column(name)
        if column is None:
            if statement.if_exists:
                continue
            raise sql_error(4924, "ALTER TABLE DROP COLUMN", name, table.name)
        refuse_dependents(dependents(session.catalog, table, column), column, "ALTER TABLE DROP COLUMN")
        if sum(1 for c in table.columns if not c.computed) == 1 and not column.computed:
            raise sql_error(4923, column.name, table.name)
        table = replace(table, columns=tuple(c for c in table.columns if c != column))
        gone += entries_of_column(session.catalog, table.object_id, column.column_id)
    if len(table.stored) != len(before.stored):
        table = rebuilt(session, before, table)
    keep(session, session.catalog, table, gone)


def _alter_drop_several(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    """Constraints, then columns that may have been theirs; all or none."""
    for part in statement.parts:
        table = altered_table(session, statement.name)
        refuse_alteration(session, table, part)
        _HANDLERS[part.action](session, table, part)


def _alter_column(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    keep(session, session.catalog, alter_column(session, table, statement))


# CHECK and NOCHECK ------------------------------------------------------------------------------------------------


def _alter_enforcement(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    """[WITH CHECK] CHECK CONSTRAINT, NOCHECK CONSTRAINT; no names are ALL. Raises 547, 4917, 11415."""
    enabled, trusted = statement.action != "nocheck", statement.action == "check_trusted"
    wanted = {name.lower() for name in statement.names}
    known = {c.name.lower() for c in table.checks} | {f.name.lower() for f in table.foreign_keys}
    for name in statement.names:
        if name.lower() not in known:
            others = {k.name.lower() for k in table.keys} | {c.default.name.lower() for c in table.columns if c.default}
            error = sql_error(11415, name) if name.lower() in others else sql_error(4917, name)
            error.further = (sql_error(4916),)
            raise error

    def named(name: str) -> bool:
        return not wanted or name.lower() in wanted

    checks = tuple(
        replace(c, disabled=not enabled, untrusted=not trusted and (c.untrusted or not enabled)) if named(c.name) else c
        for c in table.checks
    )
    foreign = tuple(
        replace(f, disabled=not enabled, untrusted=not trusted and (f.untrusted or not enabled)) if named(f.name) else f
        for f in table.foreign_keys
    )
    changed = replace(table, checks=checks, foreign_keys=foreign)
    if trusted:
        asked = replace(changed, keys=(), checks=tuple(c for c in checks if named(c.name)),
                        foreign_keys=tuple(f for f in foreign if named(f.name)))  # fmt: skip
        check_existing(session, asked, replace(asked, checks=(), foreign_keys=()))
    keep(session, session.catalog, changed)


def _alter_versioning(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    assert statement.versioning is not None
    set_versioning(session, table, statement.versioning)


def _alter_drop_period(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    keep(session, session.catalog, drop_period(session, table))


def _alter_nothing(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    """REBUILD, SET (LOCK_ESCALATION = ...): how it is stored and locked, of no meaning here."""


_HANDLERS = {
    "add": _alter_add, "drop_column": _alter_drop_columns, "drop_constraint": _alter_drop_constraints,
    "alter_column": _alter_column, "check": _alter_enforcement, "check_trusted": _alter_enforcement,
    "nocheck": _alter_enforcement, "nothing": _alter_nothing, "versioning": _alter_versioning,
    "drop_period": _alter_drop_period, "drop_several": _alter_drop_several,
}  # fmt: skip
