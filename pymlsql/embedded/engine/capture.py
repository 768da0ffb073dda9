"""Results that do not go to the client: captured for INSERT ... EXEC, or given the shape of WITH RESULT SETS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.tds.columns import arrow_type
from pymlsql.embedded.tds.responses import ColMetadata, Column, Message, Response, Rows, Sink
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiled
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


class Capture:
    """A sink that keeps result sets and passes messages on to ``outer``."""

    def __init__(self) -> None:
        self.outer: Sink | None = None
        self.results: list[tuple[tuple[Column, ...], list[Any]]] = []

    def __call__(self, response: Response) -> None:
        if isinstance(response, ColMetadata):
            self.results.append((response.columns, []))
        elif isinstance(response, Rows):
            self.results[-1][1].append(response.batch)
        elif isinstance(response, Message) and self.outer is not None:
            self.outer(response)

    def plan(self, number: int, batches: list[Any]) -> tuple[Plan, dict[str, pa.Table]]:
        """A plan that reads result set ``number``, and the Arrow table it reads."""
        columns = self.results[number][0]
        name = f"pymlsql_result_{number}"
        table = arrow_result(columns, batches)
        typed = tuple(Typed(_read(f"r.c{i}", c), c.type, c.nullable, name=c.name) for i, c in enumerate(columns))
        sql = ", ".join(f"{column.sql} AS c{i}" for i, column in enumerate(typed))
        return Plan(Compiled(f"SELECT {sql} FROM {name} AS r", typed, {}, {}), {}), {name: table}


def _read(sql: str, column: Column) -> str:
    return f"CAST({sql} AS UUID)" if column.type.name == "uniqueidentifier" else sql


def arrow_result(columns: tuple[Column, ...], batches: list[Any]) -> pa.Table:
    """Batches as one table with columns c0, c1 ..."""
    names = [f"c{i}" for i in range(len(columns))]
    if not batches:
        return pa.table({n: pa.array([], arrow_type(c.type)) for n, c in zip(names, columns, strict=True)})
    return pa.Table.from_batches([pa.RecordBatch.from_arrays(b.columns, names=names) for b in batches])


class Reshape:
    """A sink that gives each result set its declared columns, and refuses what does not fit (11535 to 11553)."""

    def __init__(self, session: Session, shapes: tuple[tuple[nodes.ResultColumn, ...], ...]) -> None:
        self.outer: Sink | None = None
        self.session = session
        self.shapes = shapes
        self.n_sent = 0
        self._columns: tuple[Column, ...] = ()

    def __call__(self, response: Response) -> None:
        assert self.outer is not None
        if isinstance(response, ColMetadata):
            self._begin(response)
        elif isinstance(response, Rows):
            self._rows(response)
        else:
            self.outer(response)

    def _begin(self, response: ColMetadata) -> None:
        assert self.outer is not None
        if self.n_sent >= len(self.shapes):
            raise sql_error(11535, len(self.shapes))
        shape = self.shapes[self.n_sent]
        self.n_sent += 1
        if len(shape) != len(response.columns):
            raise sql_error(11537, len(shape), self.n_sent, len(response.columns))
        self._columns = response.columns
        self.outer(ColMetadata(tuple(Column(c.name, c.type, c.nullable) for c in shape)))

    def _rows(self, response: Rows) -> None:
        assert self.outer is not None
        shape = self.shapes[self.n_sent - 1]
        columns = self._columns
        table = arrow_result(columns, [response.batch])
        parts = []
        for index, (have, want) in enumerate(zip(columns, shape, strict=True)):
            value = Typed(_read(f"r.c{index}", have), have.type, have.nullable)
            try:
                sql = convert(value, want.type, implicit=True).sql
            except SqlError as error:
                if error.number == 40510:
                    raise
                raise sql_error(11538, want.type, index + 1, self.n_sent, have.type) from None
            parts.append(f"{self.session.on_wire(sql, want.type)} AS c{index}")
        with self.session.store.registered({"pymlsql_reshaped": table}):
            made = self.session.store.run(f"SELECT {', '.join(parts)} FROM pymlsql_reshaped AS r").to_arrow_table()
        for index, want in enumerate(shape):
            if not want.nullable and made.column(index).null_count:
                raise sql_error(11553, index + 1, self.n_sent)
        for batch in made.to_batches():
            self.outer(Rows(batch))

    def finish(self) -> None:
        """Raises 11536 when fewer result sets came than were declared."""
        if self.n_sent < len(self.shapes):
            raise sql_error(11536, len(self.shapes), self.n_sent)
