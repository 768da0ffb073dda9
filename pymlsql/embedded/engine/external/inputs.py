"""The input of a script: the rows of @input_data_1 as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.evaluation import bind, plan_query, running
from pymlsql.embedded.engine.external.arguments import text_of
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.parser import parse_batch
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_SMALL_BATCH = 5_000
"""Rows up to which one thread scores faster than two, whose start costs more than the work."""


def read_input(session: Session, frame: Frame, own: dict[str, Actual], line: int) -> pa.Table | None:
    """@input_data_1 as Arrow: bigint and real as float64, dates as datetime, uniqueidentifier as text."""
    text = text_of(own, "@input_data_1")
    if not text.strip():
        return None
    batch = parse_batch(text)
    if len(batch.statements) != 1 or not isinstance(batch.statements[0], nodes.Select):
        raise sql_error(39001, line=line)
    select = batch.statements[0]
    if select.into is not None:
        raise sql_error(39015, line=line)
    if select.assignments:
        raise sql_error(39001, line=line)
    inner = Frame()
    plan = plan_query(session, inner, Text(select.query.sql, line))
    parts = []
    for index, column in enumerate(plan.compiled.columns):
        parts.append(f"{_as_input(column, index, line)} AS c{index}")
    sql = f"SELECT {', '.join(parts)} FROM ({plan.compiled.sql}) AS q"
    with running(session, plan):
        table = session.store.run(sql, bind(session, inner, plan)).to_arrow_table()
    return table.rename_columns([column.name for column in plan.compiled.columns])


def _as_input(column: Typed, index: int, line: int) -> str:
    name, sql = column.type.name, f"q.c{index}"
    if name in ("bigint", "float", "real"):
        return f"CAST({sql} AS DOUBLE)"
    if name in ("tinyint", "smallint", "int"):
        return f"CAST({sql} AS INTEGER)"
    if name in ("decimal", "money", "smallmoney"):
        return f"CAST({sql} AS DOUBLE)"
    if name in ("date", "datetime", "smalldatetime"):
        return f"CAST({sql} AS TIMESTAMP)"
    if name == "uniqueidentifier":
        return f"upper(CAST({sql} AS VARCHAR))"
    if column.type.is_string or name == "bit":
        return sql
    if name == "null":
        return f"CAST({sql} AS INTEGER)"
    raise sql_error(39017, index + 1, name, "Python", line=line)


def threads_for(session: Session, table: pa.Table | None) -> int:
    """One thread for small inputs; for large ones as many as there are cores for this call."""
    if table is None or table.num_rows <= _SMALL_BATCH:
        return 1
    return session.engine.threads_for_script()
