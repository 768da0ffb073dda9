"""Cursors that only read: their rows are those of the moment they are opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.cells import from_cell
from pymlsql.embedded.engine.cursorstate import Cursor, find_cursor
from pymlsql.embedded.engine.evaluation import bind, evaluate, plan_query, running
from pymlsql.embedded.engine.frame import Frame, Value
from pymlsql.embedded.engine.values import LargeValue
from pymlsql.embedded.tds.columns import arrow_type
from pymlsql.embedded.tds.responses import ColMetadata, Column, Done, Rows
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.cursor_nodes import DeclareCursor, FetchCursor, UseCursor
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import BIGINT, INT

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def _known(session: Session, frame: Frame, name: str, is_global: bool) -> Cursor:
    found = find_cursor(session, frame, name, shared_only=is_global)
    if found is None:
        raise sql_error(16916, name)
    return found


def declare_cursor(session: Session, frame: Frame, statement: DeclareCursor) -> None:
    """DECLARE CURSOR: variables have the values of this moment. Raises 16915."""
    plan_query(session, frame, statement.query, references=True)
    held = frame.cursors if statement.is_local else session.cursors.shared
    if statement.name.lower() in held:
        raise sql_error(16915, statement.name)
    own = Frame(variables={name: Value(v.type, v.value) for name, v in frame.variables.items()},
                procedure=frame.procedure, object_id=frame.object_id, schema=frame.schema)  # fmt: skip
    held[statement.name.lower()] = Cursor(statement.name, statement, own)
    _done(session, frame)


def use_cursor(session: Session, frame: Frame, statement: UseCursor) -> None:
    """OPEN, CLOSE, DEALLOCATE. Raises 16905, 16916, 16917."""
    cursor = _known(session, frame, statement.name, statement.is_global)
    if statement.action == "deallocate":
        for held in (frame.cursors, session.cursors.shared):
            if held.get(cursor.name.lower()) is cursor:
                del held[cursor.name.lower()]
    elif statement.action == "close":
        if cursor.rows is None:
            raise sql_error(16917)
        cursor.rows = None
    else:
        _open(session, cursor)
    if statement.action != "open":
        session.rowcount = 0
    _done(session, frame)


def _open(session: Session, cursor: Cursor) -> None:
    if cursor.rows is not None:
        raise sql_error(16905)
    plan = plan_query(session, cursor.frame, cursor.statement.query, references=True)
    with running(session, plan, cursor.frame):
        cursor.rows = session.store.run(plan.compiled.sql, bind(session, cursor.frame, plan)).fetchall()
    cursor.columns, cursor.place = plan.compiled.columns, 0
    session.cursors.n_rows = len(cursor.rows) if cursor.statement.static else -1


def fetch_cursor(session: Session, frame: Frame, statement: FetchCursor) -> None:
    """FETCH. Raises 16911, 16916, 16917, 16924."""
    cursor = _known(session, frame, statement.name, statement.is_global)
    if cursor.rows is None:
        raise sql_error(16917)
    if statement.direction != "next" and not cursor.statement.scroll:
        raise sql_error(16911, "fetch", statement.direction)
    if statement.variables and len(statement.variables) != len(cursor.columns):
        raise sql_error(16924)
    cursor.place = _place(session, frame, statement, cursor.place, len(cursor.rows))
    found = 1 <= cursor.place <= len(cursor.rows)
    row = cursor.rows[cursor.place - 1] if found else None
    if statement.variables:
        if row is not None:
            _assign(session, frame, statement, cursor.columns, row)
    else:
        _send(session, cursor.columns, row)
    session.cursors.fetch_status = 0 if found else -1
    session.rowcount = int(found)
    session.last_error = 0
    count = None if session.options.nocount or statement.variables else int(found)
    session.sink(Done(frame.kind, count=count, command=0xC1))  # type: ignore[arg-type]


def _place(session: Session, frame: Frame, statement: FetchCursor, place: int, n_rows: int) -> int:
    """The row to go to: 0 lies before the first, n_rows + 1 behind the last."""
    if statement.direction == "next":
        wanted = place + 1
    elif statement.direction == "prior":
        wanted = place - 1
    elif statement.direction in ("first", "last"):
        wanted = 1 if statement.direction == "first" else n_rows
    else:
        assert statement.place is not None
        number = int(evaluate(session, frame, statement.place, BIGINT) or 0)
        absolute = number if number >= 0 else n_rows + 1 + number
        wanted = absolute if statement.direction == "absolute" else place + number
    return max(0, min(wanted, n_rows + 1))


def _assign(session: Session, frame: Frame, statement: FetchCursor, columns: tuple[Typed, ...],
            row: tuple[Any, ...]) -> None:  # fmt: skip
    from pymlsql.embedded.engine.procedures import convert_value

    for name, column, cell in zip(statement.variables, columns, row, strict=True):
        target = frame.get(name, statement.line)
        value = from_cell(session.engine.values, cell) if column.by_reference else cell
        try:
            target.value = convert_value(session, value, column.type, target.type)
        except SqlError as error:
            if error.number not in (206, 257):
                raise
            raise sql_error(16922, column.type, target.type, line=statement.line) from None


def _send(session: Session, columns: tuple[Typed, ...], row: tuple[Any, ...] | None) -> None:
    """The row as a result set of its own; none where there is no row."""
    types = [INT if column.type.name == "null" else column.type for column in columns]
    session.sink(ColMetadata(tuple(Column(c.name, t, c.nullable) for c, t in zip(columns, types, strict=True))))
    if row is None:
        return
    cells = [from_cell(session.engine.values, cell) if c.by_reference else cell
             for c, cell in zip(columns, row, strict=True)]  # fmt: skip
    plain = [value.read() if isinstance(value, LargeValue) else value for value in cells]
    arrays = []
    for type_, value in zip(types, plain, strict=True):
        shown = str(value).upper() if type_.name == "uniqueidentifier" and value is not None else value
        arrays.append(pa.array([shown], arrow_type(type_)))
    session.sink(Rows(pa.record_batch(arrays, names=[f"c{i}" for i in range(len(arrays))])))


def _done(session: Session, frame: Frame) -> None:
    session.last_error = 0
    session.sink(Done(frame.kind))  # type: ignore[arg-type]


CURSOR_HANDLERS: dict[type[nodes.Statement], Callable[[Session, Frame, Any], None]] = {
    DeclareCursor: declare_cursor, UseCursor: use_cursor, FetchCursor: fetch_cursor,
}  # fmt: skip
