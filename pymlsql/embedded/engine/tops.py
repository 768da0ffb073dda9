"""How many rows a change takes: TOP and SET ROWCOUNT."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.evaluation import evaluate, plan_scalar
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql.change_nodes import Top
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import BIGINT, FLOAT

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def first_rows(session: Session, frame: Frame, rows: pa.Table, top: Top | None) -> pa.Table:
    """The rows that TOP and SET ROWCOUNT let through. Raises 127, 1014, 1031, 1060."""
    n_rows = rows.num_rows
    if top is not None:
        n_rows = min(n_rows, _top_rows(session, frame, top, n_rows))
    if session.options.rowcount:
        n_rows = min(n_rows, session.options.rowcount)
    return rows.slice(0, n_rows)


def _top_rows(session: Session, frame: Frame, top: Top, n_rows: int) -> int:
    plan = plan_scalar(session, frame, top.count)
    type_ = plan.compiled.columns[0].type
    if not top.percent and not type_.is_integer and type_.name != "null":
        raise sql_error(1060, line=top.count.line)
    value = evaluate(session, frame, top.count, FLOAT if top.percent else BIGINT)
    if value is None:
        raise sql_error(1014 if type_.name != "null" else 1060, line=top.count.line)
    if top.percent:
        if not 0 <= value <= 100:
            raise sql_error(1031, line=top.count.line)
        return math.ceil(n_rows * float(value) / 100)
    if value < 0:
        raise sql_error(127, line=top.count.line)
    return int(value)
