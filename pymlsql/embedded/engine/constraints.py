"""Constraints on staged rows, checked before anything is applied: SQL Server's own numbers and names.

``stage`` is the DuckDB name of an Arrow table of new rows; its columns are named as the table's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.catalog import Check, ForeignKey, Key, Table, TableColumn
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.generated import rows_of
from pymlsql.embedded.engine.keylengths import check_length, may_be_too_long
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.ordered import find_ordered, is_beyond
from pymlsql.embedded.tsql.compiler import Compiled, compile_condition
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.operators import comparison_key
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.scope import Scope, Source
from pymlsql.embedded.tsql.typed import Typed, quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

STAGE = "pymlsql_stage"
OLD = "pymlsql_old"


def display_name(session: Session, table: Table) -> str:
    """database.schema.table as messages write it."""
    if table.name.startswith("@"):
        return table.name
    database = "tempdb" if table.temporary else session.databases.numbered(table.database_id).database.name
    return f"{database}.{table.schema}.{table.name}"


def check_nulls(session: Session, table: Table, stage: Any, action: str) -> None:
    """Msg 515 for the first column that has a NULL and may not."""
    for column in table.columns:
        if not column.nullable and column.name in stage.column_names and stage.column(column.name).null_count:
            raise sql_error(515, column.name, display_name(session, table), action)


def key_expression(column: TableColumn, alias: str) -> str:
    """What is unique of a column: strings by collation."""
    return comparison_key(Typed(f"{alias}.{quote_name(column.name)}", column.type, column.nullable, column.binary,
                                by_reference=keeps_references(column.type)))  # fmt: skip


def check_rows(session: Session, table: Table, stage: pa.Table, *, action: str, replaced: str = "",
               changed: set[str] | None = None) -> None:  # fmt: skip
    """CHECK, UNIQUE and FOREIGN KEY of the rows of ``stage``, which is registered as STAGE. ``replaced`` is the DuckDB
    name of a table of rowids that they replace; ``changed`` the columns (lower case) an UPDATE touches, all for an
    INSERT."""
    if not stage.num_rows:
        return
    for check in table.checks:
        if not check.disabled:
            _check_condition(session, table, check, action)
    for key in table.keys:
        if not key.disabled and may_be_too_long(table, key):
            where = f"WHERE ({condition_sql(session, table, key.where, 's')})" if key.where else ""
            check_length(session, table, key, STAGE, where)
        # A filter may look at any column: a row can come under it without a change of its key.
        if key.unique and not key.disabled and (key.where or _touched(changed, [name for name, _ in key.columns])):
            _check_key(session, table, key, stage, replaced)
    for foreign in table.foreign_keys:
        if foreign.disabled:
            continue
        own = foreign.referenced_id == table.object_id
        if _touched(changed, list(foreign.columns)) or (own and _touched(changed, list(foreign.referenced))):
            _check_reference(session, table, foreign, action, replaced)


def _touched(changed: set[str] | None, columns: list[str]) -> bool:
    return changed is None or any(name.lower() in changed for name in columns)


def _check_condition(session: Session, table: Table, check: Check, action: str) -> None:
    from pymlsql.embedded.engine.evaluation import bind

    plan = _condition_plan(session, table, check.text, "s")
    sql = f"SELECT 1 FROM {STAGE} AS s WHERE NOT ({plan.compiled.sql}) LIMIT 1"
    found = session.store.run(sql, bind(session, Frame(), plan)).fetchone()
    if found:
        column = f", column '{check.column}'" if check.column else ""
        raise sql_error(547, action, "CHECK", check.name, session.database, f"{table.schema}.{table.name}", column)


def condition_sql(session: Session, table: Table, text: str, alias: str) -> str:
    """A filter's condition over a row source."""
    return _condition_plan(session, table, text, alias).compiled.sql


def _condition_plan(session: Session, table: Table, text: str, alias: str) -> Plan:
    """A CHECK's or filter's condition over a row source."""
    columns = [
        Typed(f"{alias}.{quote_name(c.name)}", c.type, c.nullable, c.binary, None, c.name,
              by_reference=keeps_references(c.type)) for c in table.stored
    ]  # fmt: skip
    key = ("constraint", table, text, alias)
    return session.engine.plans.get(key, lambda: Plan(compiled_condition(session, table, text, columns), {}))


def compiled_condition(session: Session, table: Table, text: str, columns: list[Typed]) -> Compiled:
    """A CHECK's or filter's condition over the table's ``columns``."""
    from pymlsql.embedded.engine.evaluation import names

    parse_constraint(text)
    scope = Scope(sources=[Source(table.name, columns)])
    return compile_condition(Text(text, 1), names(session), {}, level=session.level, scope=scope)


def _check_key(session: Session, table: Table, key: Key, stage: pa.Table, replaced: str) -> None:
    """NULLs count as equal, as in SQL Server; a filtered index looks at the rows of its filter."""
    ordered = find_ordered(key, stage)
    if ordered is not None and not replaced and is_beyond(session, table, ordered):
        return
    columns = [table.column(name) for name, _ in key.columns]
    staged = [key_expression(c, "s") for c in columns if c is not None]
    stored = [key_expression(c, "t") for c in columns if c is not None]
    where_s = f"WHERE ({condition_sql(session, table, key.where, 's')})" if key.where else ""
    shown = ", ".join(f"first(s.{quote_name(c.name)})" for c in columns if c is not None)
    run = session.store.run
    grouped = f"SELECT {shown} FROM {STAGE} AS s {where_s} GROUP BY {', '.join(staged)} HAVING count(*) > 1 LIMIT 1"
    row = run(grouped).fetchone() if stage.num_rows > 1 and ordered is None else None
    if row is None and not (table.temporary and session.row_count(table.sql) == 0):
        same = " AND ".join(_equal(a, b, c) for a, b, c in zip(staged, stored, columns, strict=True))
        left = f"AND t.rowid NOT IN (SELECT rid FROM {replaced})" if replaced else ""
        where_t = f"AND ({condition_sql(session, table, key.where, 't')})" if key.where else ""
        where_both = (where_s + " " if where_s else "WHERE true ") + where_t + " " + left
        values = ", ".join(f"s.{quote_name(c.name)}" for c in columns if c is not None)
        joined = f"{STAGE} AS s JOIN {rows_of(session, table)} AS t ON {same}"
        row = run(f"SELECT {values} FROM {joined} {where_both} LIMIT 1").fetchone()
    if row is None:
        return
    text = ", ".join(shown_value(value) for value in row)
    name = f"{table.schema}.{table.name}"
    if key.object_id:
        kind = "PRIMARY KEY" if key.kind == "pk" else "UNIQUE KEY"
        raise sql_error(2627, kind, key.name, name, text)
    raise sql_error(2601, name, key.name, text)


def _equal(a: str, b: str, column: TableColumn | None) -> str:
    return f"{a} = {b}" if column is not None and not column.nullable else f"{a} IS NOT DISTINCT FROM {b}"


def shown_value(value: Any) -> str:
    """A key value as SQL Server's messages print it."""
    if value is None:
        return "<NULL>"
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if hasattr(value, "strftime"):
        return value.strftime("%b %e %Y %l:%M%p") if hasattr(value, "hour") else str(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _check_reference(session: Session, table: Table, foreign: ForeignKey, action: str, replaced: str) -> None:
    """Each staged row without a NULL in its foreign key has its parent."""
    parent = session.catalog.by_id(foreign.referenced_id)
    assert isinstance(parent, Table)
    pairs = list(zip(foreign.columns, foreign.referenced, strict=True))
    same = " AND ".join(
        f"{key_expression(_column(table, a), 's')} = {key_expression(_column(parent, b), 'p')}" for a, b in pairs
    )
    known = " AND ".join(f"s.{quote_name(_column(table, a).name)} IS NOT NULL" for a, _ in pairs)
    stored = f"SELECT 1 FROM {parent.sql} AS p WHERE {same}"
    if replaced and parent.object_id == table.object_id:
        stored += f" AND p.rowid NOT IN (SELECT rid FROM {replaced})"
    own = f" AND NOT EXISTS (SELECT 1 FROM {STAGE} AS p WHERE {same})" if parent.object_id == table.object_id else ""
    sql = f"SELECT 1 FROM {STAGE} AS s WHERE {known} AND NOT EXISTS ({stored}){own} LIMIT 1"
    if session.store.run(sql).fetchone():
        kind = "FOREIGN KEY SAME TABLE" if own else "FOREIGN KEY"
        column = f", column '{foreign.referenced[0]}'" if len(pairs) == 1 else ""
        raise sql_error(547, action, kind, foreign.name, session.database, f"{parent.schema}.{parent.name}", column)


def _column(table: Table, name: str) -> TableColumn:
    column = table.column(name)
    assert column is not None
    return column


def check_children(session: Session, table: Table, action: str, changed: set[str] | None = None, *,
                   event: str = "DELETE", staged: bool | None = None, gone: str = OLD) -> None:  # fmt: skip
    """No row refers to a key that is going, by an UPDATE or DELETE (``event``): ``gone`` names a table of the old rows,
    OLD one of all rows that go in the statement (their columns and rid). With ``staged`` a new row may bring the key
    again. Foreign keys that do something then are not asked."""
    staged = event == "UPDATE" if staged is None else staged
    for child in session.catalog.tables():
        for foreign in child.foreign_keys:
            if foreign.referenced_id != table.object_id or foreign.disabled:
                continue
            acts = foreign.on_update if event == "UPDATE" else foreign.on_delete
            if acts == "NO ACTION" and _touched(changed, list(foreign.referenced)):
                _check_child(session, table, child, foreign, gone, action, staged)


def _check_child(session: Session, table: Table, child: Table, foreign: ForeignKey, gone: str, action: str,
                 staged: bool) -> None:  # fmt: skip
    pairs = list(zip(foreign.columns, foreign.referenced, strict=True))
    same = " AND ".join(
        f"{key_expression(_column(child, a), 'c')} = {key_expression(_column(table, b), 'g')}" for a, b in pairs
    )
    left = f" AND c.rowid NOT IN (SELECT rid FROM {OLD})" if child.object_id == table.object_id else ""
    still = ""
    if staged:
        kept = " AND ".join(
            f"{key_expression(_column(table, b), 'n')} = {key_expression(_column(table, b), 'g')}" for _, b in pairs
        )
        still = f" AND NOT EXISTS (SELECT 1 FROM {STAGE} AS n WHERE {kept})"
    sql = f"SELECT 1 FROM {gone} AS g JOIN {child.sql} AS c ON {same} WHERE true{left}{still} LIMIT 1"
    if session.store.run(sql).fetchone():
        column = f", column '{foreign.columns[0]}'" if len(pairs) == 1 else ""
        name = f"{child.schema}.{child.name}"
        raise sql_error(547, action, "REFERENCE", foreign.name, session.database, name, column)
