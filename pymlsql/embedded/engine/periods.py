"""Periods of temporal tables while rows change: what GENERATED ALWAYS columns hold, and what goes into the history.

All changes of a transaction bear its begin time, as on SQL Server.
Source: "Temporal tables" of sql-docs.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_FORMER = "pymlsql_former"
END = dt.datetime(9999, 12, 31, 23, 59, 59, 999999)


def refuse_history(table: Table, number: int) -> None:
    """Rows of a history table are the server's: raises ``number``, 13559 to 13562."""
    if table.history_of:
        raise sql_error(number, shown_name(table))


def shown_name(table: Table, database: str = "") -> str:
    """A table as these messages write it."""
    return f"{database}.{table.schema}.{table.name}" if database else f"{table.schema}.{table.name}"


def rounded(moment: dt.datetime, column: TableColumn) -> dt.datetime:
    """At the column's precision."""
    step = 10 ** max(0, 6 - column.type.scale)
    return moment.replace(microsecond=moment.microsecond // step * step)


def with_periods(session: Session, table: Table, stage: pa.Table) -> pa.Table:
    """Staged rows, all of which begin to be current now."""
    for column in table.columns:
        if not column.generated:
            continue
        value = rounded(session.change_time() if column.generated == "start" else END, column)
        made = pa.array([value] * stage.num_rows, pa.timestamp("us"))
        if column.name in stage.column_names:
            stage = stage.set_column(stage.column_names.index(column.name), column.name, made)
        else:
            stage = stage.append_column(column.name, made)
    return stage


def keep_history(session: Session, table: Table, old: pa.Table) -> None:
    """The rows ``old``, with all their columns, go into the history: they were current until now. Raises 13535."""
    from pymlsql.embedded.engine.generated import computed_sql

    history = session.catalog.by_id(table.history_id) if table.history_id else None
    if not isinstance(history, Table) or not old.num_rows:
        return
    start, end = (next(c for c in table.columns if c.generated == which) for which in ("start", "end"))
    now = rounded(session.change_time(), end)
    if pc.any(pc.greater(old.column(start.name), pa.scalar(now, pa.timestamp("us")))).as_py():
        raise sql_error(13535, shown_name(table, session.database))
    former = old.set_column(old.column_names.index(end.name), end.name,
                            pa.array([now] * old.num_rows, pa.timestamp("us")))  # fmt: skip
    names = ", ".join(quote_name(column.name) for column in history.stored)
    parts = []
    for column in history.stored:
        own = table.column(column.name)
        virtual = own is not None and own.virtual
        parts.append(computed_sql(session, table, own, "u") if own is not None and virtual
                     else f"u.{quote_name(column.name)}")  # fmt: skip
    sql = f"INSERT INTO {history.sql} ({names}) SELECT {', '.join(parts)} FROM {_FORMER} AS u"
    session.store.write(sql, {}, {_FORMER: former})
    session.count_rows(history, old.num_rows)
