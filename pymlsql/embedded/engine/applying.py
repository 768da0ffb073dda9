"""Staged rows into their table: all checks, the write, and what follows from it.

Every change of rows ends here, so that no statement can leave one of them out. To be called inside a statement of the
store, which takes everything back when a check fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.constraints import OLD, STAGE, check_children, check_nulls, check_rows
from pymlsql.embedded.engine.generated import finished, generated_names
from pymlsql.embedded.engine.periods import keep_history
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def needs_old(session: Session, table: Table) -> bool:
    """Whether a DELETE has to know the rows that it removes, not only which they are."""
    return bool(table.history_id) or is_referenced(session, table)


def is_referenced(session: Session, table: Table) -> bool:
    """Whether a foreign key refers to the table: then its old rows have to be known."""
    return any(f.referenced_id == table.object_id for t in session.catalog.tables() for f in t.foreign_keys)


# Writing ----------------------------------------------------------------------------------------------------------


def write_insert(session: Session, table: Table, stage: pa.Table) -> None:
    """Add the staged rows."""
    if stage.num_rows:
        order = ", ".join(quote_name(column.name) for column in table.stored)
        session.store.write(f"INSERT INTO {table.sql} ({order}) SELECT {order} FROM {STAGE}", {}, {STAGE: stage})
        session.count_rows(table, stage.num_rows)


def write_update(session: Session, table: Table, stage: pa.Table, rids: pa.ChunkedArray, changed: set[str]) -> None:
    """Give the rows with these rids the values that ``stage`` has of the columns ``changed`` (lower case)."""
    columns = [column for column in table.stored if column.name.lower() in changed]
    if stage.num_rows and columns:
        whole = stage.append_column("rid", rids)
        sets = ", ".join(f"{quote_name(c.name)} = s.{quote_name(c.name)}" for c in columns)
        session.store.write(f"UPDATE {table.sql} AS t SET {sets} FROM {STAGE} AS s WHERE t.rowid = s.rid", {},
                            {STAGE: whole})  # fmt: skip


def write_delete(session: Session, table: Table, rows: pa.Table) -> None:
    """Remove the rows with these rids."""
    if rows.num_rows:
        ids = rows.select(["rid"])
        session.store.write(f"DELETE FROM {table.sql} WHERE rowid IN (SELECT rid FROM {OLD})", {}, {OLD: ids})
        session.engine.note_change(table)


# Whole changes ----------------------------------------------------------------------------------------------------


def apply_update(session: Session, table: Table, old: pa.Table, stage: pa.Table, changed: set[str],
                 action: str = "UPDATE") -> pa.Table:  # fmt: skip
    """Put ``stage`` in the place of ``old``, row by row: rid and the columns before, the columns after, of which the
    ``changed`` ones (lower case) may differ. Children follow as their foreign keys say. The rows as they are now.
    Raises 515, 547, 2601, 2627."""
    from pymlsql.embedded.engine.cascades import cascade_update, cascading

    changed = changed | generated_names(table)
    stage = finished(session, table, stage)
    check_nulls(session, table, stage, action)
    store, followed = session.store, bool(cascading(session, table, "UPDATE"))
    with store.registered({STAGE: stage, OLD: old}):
        check_rows(session, table, stage, action=action, replaced=OLD, changed=changed)
        if not followed:
            check_children(session, table, action, changed, event="UPDATE")
    write_update(session, table, stage, old.column("rid"), changed)
    keep_history(session, table, old)
    if followed:
        cascade_update(session, table, old, stage, changed, action)
        with store.registered({STAGE: stage, OLD: old}):
            check_children(session, table, action, changed, event="UPDATE")
    return stage


def apply_delete(session: Session, table: Table, old: pa.Table, action: str = "DELETE") -> None:
    """Delete the rows ``old`` by their rid; where it :func:`needs_old` they have all their columns. Raises 547."""
    from pymlsql.embedded.engine.cascades import cascade_delete, cascading

    store, followed = session.store, bool(cascading(session, table, "DELETE"))
    if not followed and is_referenced(session, table):
        with store.registered({OLD: old}):
            check_children(session, table, action)
    write_delete(session, table, old)
    keep_history(session, table, old)
    if followed:
        cascade_delete(session, table, old, action)
        with store.registered({OLD: old}):
            check_children(session, table, action)
