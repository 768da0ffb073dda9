"""What the procedures of SQL Server share: their arguments, and result sets made of Python rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.tds.columns import arrow_type
from pymlsql.embedded.tds.responses import ColMetadata, Column, Done, Rows
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session


def send_table(session: Session, columns: list[tuple[str, SqlType]], rows: list[tuple[Any, ...]]) -> None:
    """A result set made of Python rows."""
    session.sink(ColMetadata(tuple(Column(name, type_) for name, type_ in columns)))
    arrays = [pa.array([row[i] for row in rows], arrow_type(type_)) for i, (_, type_) in enumerate(columns)]
    if rows:
        session.sink(Rows(pa.record_batch(arrays, names=[f"c{i}" for i in range(len(arrays))])))
    session.rowcount = len(rows)
    session.sink(Done("done_in_proc", count=None if session.options.nocount else len(rows), command=0xC1))


def argument(actuals: list[Actual], index: int, name: str) -> Any:
    """An argument's value by name or position; None when it is not given."""
    for position, actual in enumerate(actuals):
        if (actual.name.lower() == name) if actual.name else position == index:
            return actual.value
    return None


def require(actuals: list[Actual], procedure: str, *names: str, line: int) -> None:
    """Raises 201 for the first of the parameters ``names``, the first of the procedure in order, that is not given."""
    for index, name in enumerate(names):
        if not any((a.name.lower() == name) if a.name else place == index for place, a in enumerate(actuals)):
            raise sql_error(201, procedure, name, line=line)


def check_qualifier(session: Session, actuals: list[Actual], index: int, name: str, line: int) -> None:
    """Procedures of the catalog tell of the current database only. Raises 15250 where an argument names another."""
    given = argument(actuals, index, name)
    if given and str(given).lower() != session.database.lower():
        raise sql_error(15250, line=line)
