"""ON DELETE and ON UPDATE of foreign keys: what happens to the rows that refer to changed ones.

Source: "Primary and foreign key constraints", "Cascading referential integrity" of sql-docs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.applying import apply_delete, apply_update
from pymlsql.embedded.engine.catalog import Catalog, ForeignKey, Table, TableColumn
from pymlsql.embedded.engine.constraints import OLD, key_expression
from pymlsql.embedded.engine.dml import stored
from pymlsql.embedded.engine.evaluation import bind, names
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.objectids import not_created
from pymlsql.embedded.tsql.compiler import Compiled, Compiler
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.scope import Scope
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_NOTHING = "NO ACTION"


def _action(foreign: ForeignKey, event: str) -> str:
    return foreign.on_delete if event == "DELETE" else foreign.on_update


def cascading(session: Session, table: Table, event: str) -> list[tuple[Table, ForeignKey]]:
    """The foreign keys that do something when rows of the table are deleted, or updated (``event``)."""
    return [
        (child, foreign)
        for child in session.catalog.tables()
        for foreign in child.foreign_keys
        if foreign.referenced_id == table.object_id and not foreign.disabled and _action(foreign, event) != _NOTHING
    ]


def cascade_delete(session: Session, table: Table, old: pa.Table, action: str) -> None:
    """After ``old`` rows are gone: their children go, or lose what they refer to."""
    for child, foreign in cascading(session, table, "DELETE"):
        rows = _children(session, table, child, foreign, old, None)
        if not rows.num_rows:
            continue
        if foreign.on_delete == "CASCADE":
            apply_delete(session, child, rows, action)
        else:
            _set_columns(session, child, foreign, rows, foreign.on_delete, action)


def cascade_update(session: Session, table: Table, old: pa.Table, stage: pa.Table, changed: set[str],
                   action: str) -> None:  # fmt: skip
    """After the keys of ``old`` rows have become those of ``stage``: their children follow."""
    for child, foreign in cascading(session, table, "UPDATE"):
        if not any(name.lower() in changed for name in foreign.referenced):
            continue
        rows = _children(session, table, child, foreign, old, stage)
        if not rows.num_rows:
            continue
        if foreign.on_update != "CASCADE":
            _set_columns(session, child, foreign, rows, foreign.on_update, action)
            continue
        pairs = zip(foreign.columns, foreign.referenced, strict=True)
        values = {own: rows.column("to." + _column(table, name).name) for own, name in pairs}
        _apply(session, child, rows, values, action)


def _column(table: Table, name: str) -> TableColumn:
    column = table.column(name)
    assert column is not None
    return column


def _children(session: Session, table: Table, child: Table, foreign: ForeignKey, old: pa.Table,
              stage: pa.Table | None) -> pa.Table:  # fmt: skip
    """The rows of ``child`` that refer to ``old`` ones: rid, their columns, and the new key of an update as ``to.``
    columns; only of keys that are no longer what they were."""
    pairs = [(_column(child, a), _column(table, b)) for a, b in zip(foreign.columns, foreign.referenced, strict=True)]
    same = " AND ".join(f"{key_expression(a, 'c')} = {key_expression(b, 'g')}" for a, b in pairs)
    parts = [f"c.{quote_name(column.name)}" for column in child.stored]
    where = ""
    if stage is not None:
        for _, b in pairs:
            old = old.append_column("to." + b.name, stage.column(b.name))
        parts += [f"g.{quote_name('to.' + b.name)}" for _, b in pairs]
        moved = " OR ".join(
            f"g.{quote_name(b.name)} IS DISTINCT FROM g.{quote_name('to.' + b.name)}" for _, b in pairs
        )
        where = f" WHERE {moved}"
    sql = f"SELECT c.rowid AS rid, {', '.join(parts)} FROM {child.sql} AS c JOIN {OLD} AS g ON {same}{where}"
    with session.store.registered({OLD: old}):
        return session.store.run(sql).to_arrow_table()


def _set_columns(session: Session, child: Table, foreign: ForeignKey, rows: pa.Table, kind: str, action: str) -> None:
    values = {}
    for name in foreign.columns:
        column = _column(child, name)
        value = _default(session, child, column) if kind == "SET DEFAULT" and column.default else None
        values[name] = pa.array([value] * rows.num_rows, rows.column(column.name).type)
    _apply(session, child, rows, values, action)


def _default(session: Session, table: Table, column: TableColumn) -> object:
    assert column.default is not None
    compiler = Compiler(names(session), {}, session.level)
    compiler.scopes.append(Scope())
    value = stored(compiler.value(parse_constraint(column.default.text)), column, table.name)
    plan = Plan(Compiled("", (), {}, compiler.runtime), {})
    row = session.store.run(f"SELECT {value.sql}", bind(session, Frame(), plan)).fetchone()
    return row[0] if row else None


def _apply(session: Session, child: Table, rows: pa.Table, values: dict[str, pa.Array], action: str) -> None:
    kept = [column.name for column in child.stored]
    old, stage = rows.select(["rid", *kept]), rows.select(kept)
    for name, array in values.items():
        place = kept.index(_column(child, name).name)
        stage = stage.set_column(place, kept[place], array)
    apply_update(session, child, old, stage, {name.lower() for name in values}, action)


# Definitions ------------------------------------------------------------------------------------------------------


def check_cascades(catalog: Catalog, table: Table, foreign: ForeignKey) -> None:
    """Whether the actions of a new foreign key may stand beside those that are there: what one DELETE or UPDATE sets
    off reaches no table twice. Raises 1761, 1762, 1785."""
    _check_settable(table, foreign)
    others = [t for t in catalog.tables() if t.object_id != table.object_id]
    whole = [*others, replace(table, foreign_keys=(*table.foreign_keys, foreign))]
    for event in ("DELETE", "UPDATE"):
        if _action(foreign, event) == _NOTHING:
            continue
        edges: dict[int, list[int]] = {}
        for child in whole:
            for known in child.foreign_keys:
                if _action(known, event) != _NOTHING:
                    edges.setdefault(known.referenced_id, []).append(child.object_id)
        if any(_meets_twice(edges, start) for start in edges):
            raise not_created(1785, foreign.name, table.name)


def _meets_twice(edges: dict[int, list[int]], start: int) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        for child in edges.get(waiting.pop(), ()):
            if child in seen:
                return True
            seen.add(child)
            waiting.append(child)
    return False


def _check_settable(table: Table, foreign: ForeignKey) -> None:
    columns = [_column(table, name) for name in foreign.columns]
    actions = (foreign.on_delete, foreign.on_update)
    if "SET NULL" in actions and any(not column.nullable for column in columns):
        raise not_created(1761, foreign.name)
    if "SET DEFAULT" in actions and any(not column.nullable and column.default is None for column in columns):
        raise not_created(1762, foreign.name)
