"""Temporal tables: PERIOD FOR SYSTEM_TIME, SYSTEM_VERSIONING ON and OFF, history tables.

Source: "Temporal tables", "CREATE TABLE", "ALTER TABLE" of sql-docs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog, Key, Module, Schema, Table, TableColumn, now_text
from pymlsql.embedded.engine.objectids import ObjectIds
from pymlsql.embedded.engine.periods import shown_name
from pymlsql.embedded.engine.security.enforcement import check_new_object, may_object
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.table_nodes import Versioning
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def with_period(table: Table, period: tuple[str, str] | None) -> Table:
    """The table with its period. Raises 13509, 13513, 13587, 13597."""
    generated = [column for column in table.columns if column.generated]
    if period is None:
        if generated and not table.period:
            raise sql_error(13509)
        return table
    if table.period:
        raise sql_error(13597, shown_name(table))
    start, end = (table.column(name) for name in period)
    if start is None or end is None or (start.generated, end.generated) != ("start", "end") or len(generated) != 2:
        raise unsupported("PERIOD FOR SYSTEM_TIME over other columns than its two GENERATED ALWAYS ones")
    for column in (start, end):
        if column.type.name != "datetime2":
            raise unsupported(f"period column of type {column.type}")
        if column.nullable:
            raise sql_error(13587, column.name)
    if start.type != end.type:
        raise sql_error(13513)
    return replace(table, period=(start.name, end.name))


# System versioning ------------------------------------------------------------------------------------------------


def versioned(session: Session, ids: ObjectIds, table: Table, versioning: Versioning) -> tuple[Table, Table, bool]:
    """The table and its history, which is new (True) or one that is there. Raises 262, 1088, 2760,
    13510 to 13574."""
    if table.temporary:
        raise sql_error(13568, table.name)
    if not table.period:
        raise sql_error(13510)
    if table.primary_key is None:
        raise sql_error(13553, shown_name(table, session.database))
    name = versioning.history or nodes.Name((table.schema, f"MSSQL_TemporalHistoryFor_{table.object_id}"))
    schema = session.catalog.schemas.get((name.schema or table.schema).lower())
    if schema is None:
        raise sql_error(2760, name.schema)
    found = session.catalog.find(schema.name, name.object)
    _check_rights(session, schema, found)
    if found is None:
        history, new = _history(ids, table, schema.name, name.object), True
    elif isinstance(found, Table):
        _check_history(session, table, found)
        history, new = replace(found, history_of=table.object_id), False
        if versioning.check:
            _check_consistency(session, table, found)
    else:
        raise sql_error(2714, name.object)
    return replace(table, history_id=history.object_id), history, new


def _check_rights(session: Session, schema: Schema, found: Table | Module | None) -> None:
    """CONTROL on a table that becomes a history, or what creating one asks for. Raises 262, 1088, 2760."""
    if found is None:
        check_new_object(session, "CREATE TABLE", schema)
    elif not may_object(session, "CONTROL", found):
        raise sql_error(1088, f"{found.schema}.{found.name}", state=13)


def _history(ids: ObjectIds, table: Table, schema: str, name: str) -> Table:
    columns = tuple(_plain(column) for column in table.columns)
    assert table.period
    start, end = table.period
    index = Key(0, 1, f"ix_{name}", "index", ((end, False), (start, False)), True, False)
    return Table(ids.take(), schema, name, columns, (index,), created=now_text(), modified=now_text(),
                 max_column_id=table.max_column_id, history_of=table.object_id,
                 database_id=table.database_id)  # fmt: skip


def _plain(column: TableColumn) -> TableColumn:
    """A column as the history has it: values only."""
    kept = replace(column, identity=None, default=None, computed="", persisted=False, generated="", hidden=False)
    return replace(kept, type=replace(kept.type, name="binary", length=8)) if column.is_rowversion else kept


def _check_history(session: Session, table: Table, history: Table) -> None:
    name, own = shown_name(history, session.database), shown_name(table, session.database)
    if history.history_of:
        raise sql_error(13514, name)
    if history.history_id:
        raise sql_error(13566, name)
    if history.period:
        raise sql_error(13574, name)
    if any(key.unique for key in history.keys):
        raise sql_error(13515, name)
    if history.foreign_keys:
        raise sql_error(13516, name)
    if history.checks:
        raise sql_error(13517, name)
    if history.identity is not None:
        raise sql_error(13518, name)
    if any(column.computed for column in history.columns):
        raise sql_error(13519, name)
    if len(history.columns) != len(table.columns):
        raise sql_error(13523, own, len(table.columns), name, len(history.columns))
    for place, (a, b) in enumerate(zip(table.columns, history.columns, strict=True), 1):
        if a.name.lower() != b.name.lower():
            raise sql_error(13524, b.name, place, name, a.name, own)
        if _plain(a).type != b.type:
            raise sql_error(13525, b.name, b.type, name, a.type, own)
        if a.collation.lower() != b.collation.lower():
            raise sql_error(13526, b.name, own, name)
        if a.generated and b.nullable:
            raise sql_error(13530, b.name, name, own)
        if a.nullable != b.nullable:
            raise sql_error(13531, b.name, own, name)


def _check_consistency(session: Session, table: Table, history: Table) -> None:
    """DATA_CONSISTENCY_CHECK: no row ends before it starts, or in the future, and none of one key overlap."""
    assert table.period and table.primary_key is not None
    start, end = (quote_name(name) for name in table.period)
    name, run = shown_name(history, session.database), session.store.run
    if run(f"SELECT 1 FROM {history.sql} WHERE {end} < {start} LIMIT 1").fetchone():
        raise sql_error(13541, name)
    now = session.change_time()
    if run(f"SELECT 1 FROM {history.sql} WHERE {end} > $now LIMIT 1", {"now": now}).fetchone():
        raise sql_error(13543, name)
    keys = ", ".join(quote_name(column) for column, _ in table.primary_key.columns)
    before = f"SELECT {start} AS s, lag({end}) OVER (PARTITION BY {keys} ORDER BY {start}, {end}) AS e " \
             f"FROM {history.sql} WHERE {start} <> {end}"  # fmt: skip
    if run(f"SELECT 1 FROM ({before}) WHERE s < e LIMIT 1").fetchone():
        raise sql_error(13573, name)


def set_versioning(session: Session, table: Table, versioning: Versioning) -> None:
    """ALTER TABLE SET (SYSTEM_VERSIONING = ...). Raises 1088, 13591, 13595, 13596 and what :func:`versioned` does."""
    if not may_object(session, "CONTROL", table):
        raise sql_error(1088, table.name, state=13)
    if not versioning.on:
        _switch_off(session, table)
        return
    if table.history_id:
        _again(session, table, versioning)
        return
    ids = ObjectIds(session.catalog)
    table, history, new = versioned(session, ids, table, versioning)
    if new:
        create_history(session, history)
    table = replace(table, modified=now_text())
    session.set_catalog(ids.catalog.with_object(history).with_object(table), [history, table])


def _again(session: Session, table: Table, versioning: Versioning) -> None:
    name = shown_name(table, session.database)
    if versioning.history is None:
        raise sql_error(13596, name)
    found = session.catalog.find(versioning.history.schema, versioning.history.object)
    if found is None:
        raise unsupported("another history table")
    if found.object_id != table.history_id:
        raise sql_error(13595, versioning.history, name)


def _switch_off(session: Session, table: Table) -> None:
    if not table.history_id:
        raise sql_error(13591, shown_name(table, session.database))
    history = session.catalog.by_id(table.history_id)
    assert isinstance(history, Table)
    if not may_object(session, "CONTROL", history):
        raise sql_error(1088, history.name, state=13)
    changed, former = replace(table, history_id=0, modified=now_text()), replace(history, history_of=0)
    session.set_catalog(session.catalog.with_object(changed).with_object(former), [changed, former])


def create_history(session: Session, history: Table) -> None:
    """The history's table in DuckDB."""
    columns = ", ".join(f"{quote_name(column.name)} {column.type.duckdb}" for column in history.stored)
    session.store.write(f"CREATE TABLE {history.sql} ({columns})")


def drop_period(session: Session, table: Table) -> Table:
    """ALTER TABLE DROP PERIOD FOR SYSTEM_TIME: the columns stay, as plain ones. Raises 13592, 13593."""
    if table.history_id:
        raise sql_error(13592, shown_name(table, session.database))
    if not table.period:
        raise sql_error(13593, shown_name(table, session.database))
    return replace(table, period=(), columns=tuple(replace(c, generated="", hidden=False) for c in table.columns))


# Changes of the definition ----------------------------------------------------------------------------------------


def refuse_alteration(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    """What a history table, or a table with one, does not take. Raises 13548 to 13564, 13588, 13599, 13704, 13724."""
    name = shown_name(table, session.database)
    definition = statement.definition
    if table.history_of:
        _refuse_of_history(name, statement)
    if statement.action == "drop_column":
        for column in statement.names:
            if table.period and column.lower() in {n.lower() for n in table.period}:
                raise sql_error(13588, column, name)
    if not table.history_id or definition is None:
        return
    if statement.action == "alter_column" and definition.columns[0].name.lower() in {n.lower() for n in table.period}:
        raise sql_error(13599, definition.columns[0].name)
    if statement.action == "add":
        if any(column.computed is not None for column in definition.columns):
            raise sql_error(13724)
        if any(column.identity is not None for column in definition.columns):
            history = session.catalog.by_id(table.history_id)
            assert isinstance(history, Table)
            raise sql_error(13704, shown_name(history, session.database))


def _refuse_of_history(name: str, statement: nodes.AlterTable) -> None:
    definition = statement.definition
    if statement.action == "drop_column":
        raise sql_error(13551, name)
    if statement.action == "alter_column" and definition is not None:
        raise sql_error(13548, definition.columns[0].name, name)
    if statement.action == "add" and definition is not None:
        if definition.columns:
            raise sql_error(13550, name)
        numbers = {"check": 13564, "pk": 13558, "unique": 13583}
        for constraint in definition.constraints:
            if constraint.kind in numbers:
                error = sql_error(numbers[constraint.kind], name)
                error.further = (sql_error(1750),)
                raise error
            if constraint.kind == "fk":
                raise unsupported("FOREIGN KEY of a history table")


def followed(session: Session, catalog: Catalog, table: Table) -> tuple[Catalog, list[Table]]:
    """After a change of the table's columns its history has the same ones. Its rows follow too."""
    from pymlsql.embedded.engine.dml import stored
    from pymlsql.embedded.engine.rebuilding import rebuilt
    from pymlsql.embedded.tsql.typed import Typed

    history = catalog.by_id(table.history_id) if table.history_id else None
    if not isinstance(history, Table):
        return catalog, []
    by_id = {column.column_id: column for column in history.columns}
    wanted = tuple(_plain(column) for column in table.columns)
    if wanted == history.columns:
        return catalog, []
    values: dict[str, str] = {}
    for column in wanted:
        old = by_id.get(column.column_id)
        if old is None:
            continue
        plain = Typed(quote_name(old.name), old.type, old.nullable, old.binary)
        if old.type != column.type:
            values[column.name] = stored(plain, column, shown_name(history, session.database)).sql
        elif old.name != column.name:
            values[column.name] = plain.sql
        if old.nullable and not column.nullable:
            found = session.store.run(f"SELECT 1 FROM {history.sql} WHERE {plain.sql} IS NULL LIMIT 1").fetchone()
            if found:
                raise sql_error(515, column.name, shown_name(history, session.database), "UPDATE")
    added = [c for c in wanted if c.column_id not in by_id]
    for column in added:
        own = table.column(column.name)
        if own is not None and own.default is not None and not own.nullable:
            raise unsupported("adding a NOT NULL column to a system-versioned table")
    changed = rebuilt(session, history, replace(history, columns=wanted), values)
    return catalog.with_object(changed), [changed]
