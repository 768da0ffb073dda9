"""What a session answers: messages, and the rows of a query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from pymlsql.embedded.engine.cells import readable_batches
from pymlsql.embedded.engine.errors import Cancelled, translate
from pymlsql.embedded.engine.store import Store
from pymlsql.embedded.tds.responses import ColMetadata, Column, Message, Rows, Sink
from pymlsql.embedded.tsql.compiler import Compiled
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import INT, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine

_ROWS_A_BATCH = 32768
S = TypeVar("S")


class Replies:
    """The side of a session that its client sees."""

    engine: Engine
    store: Store
    sink: Sink
    rowcount: int
    last_error: int

    def send_error(self, error: SqlError, *, urgent: bool = False) -> None:
        """An ERROR or INFO token, and those of the errors that go with it."""
        for one in (error, *error.further):
            line = max(one.line, 1)
            self.sink(Message(one.number, one.severity, one.state, one.message, error.procedure, line, urgent))

    @staticmethod
    def on_wire(sql: str, type_: SqlType) -> str:
        """What the wire wants of a value: text for uniqueidentifier."""
        return f"upper(CAST({sql} AS VARCHAR))" if type_.name == "uniqueidentifier" else sql

    def wire_sql(self, compiled: Compiled) -> str:
        """The query with its columns as the wire wants them."""
        if not any(column.type.name == "uniqueidentifier" for column in compiled.columns):
            return compiled.sql
        parts = ", ".join(f"{self.on_wire(f'q.c{i}', c.type)} AS c{i}" for i, c in enumerate(compiled.columns))
        return f"SELECT {parts} FROM ({compiled.sql}) AS q"

    def send_rows(self, columns: tuple[Typed, ...], cursor: Any, limit: int = 0) -> int:
        """Column metadata and rows of a query to the sink, no more than ``limit`` unless it is 0; their number."""
        shape = tuple(Column(c.name, INT if c.type.name == "null" else c.type, c.nullable, c.identity) for c in columns)
        self.sink(ColMetadata(shape))
        passed = [place for place, column in enumerate(columns) if column.by_reference]
        count = 0
        try:
            for batch in cursor.to_arrow_reader(_ROWS_A_BATCH):
                for rows in readable_batches(self.engine.values, batch, passed) if passed else (batch,):
                    if self.store.cancelled.is_set():
                        raise Cancelled
                    if limit and count + rows.num_rows > limit:
                        rows = rows.slice(0, limit - count)
                    count += rows.num_rows
                    self.sink(Rows(rows))
                if limit and count >= limit:
                    break
        except (SqlError, Cancelled):
            raise
        except Exception as error:
            self.store.recover()
            raise translate(error) from error
        return count

    def finish_rows(self, count: int) -> None:
        """After a statement that tells how many rows it touched."""
        self.rowcount = count
        self.last_error = 0

    @contextmanager
    def redirected(self, sink: S) -> Iterator[S]:
        """Answers go to ``sink``, which passes on what it does not keep to its ``outer``."""
        outer = self.sink
        sink.outer = outer  # type: ignore[attr-defined]
        self.sink = sink  # type: ignore[assignment]
        try:
            yield sink
        finally:
            self.sink = outer
