"""The output of a script as a result set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pymlsql.embedded.engine.capture import Capture, Reshape
from pymlsql.embedded.engine.external.values import FIRST_DATETIME, too_early
from pymlsql.embedded.satellite.calls import UnusableResult
from pymlsql.embedded.tds.responses import ColMetadata, Column, Done, Rows
from pymlsql.embedded.tsql.types import (
    BIGINT,
    BIT,
    DATETIME,
    FLOAT,
    INT,
    MAX,
    NULL,
    REAL,
    SMALLINT,
    TINYINT,
    SqlType,
    nvarchar,
    varbinary,
)

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_ROWS_A_BATCH = 65_536
_BYTES_A_BATCH = 1 << 24
"""A batch is converted as a whole: these bound what one takes, however large the output is."""

_TYPES: dict[str, tuple[SqlType, pa.DataType]] = {
    "bool": (BIT, pa.bool_()), "int8": (SMALLINT, pa.int16()), "uint8": (TINYINT, pa.uint8()),
    "int16": (SMALLINT, pa.int16()), "int32": (INT, pa.int32()), "int64": (BIGINT, pa.int64()),
    "float": (REAL, pa.float32()), "double": (FLOAT, pa.float64()), "string": (nvarchar(MAX), pa.utf8()),
    "large_string": (nvarchar(MAX), pa.utf8()), "binary": (varbinary(MAX), pa.binary()),
    "large_binary": (varbinary(MAX), pa.binary()), "timestamp[us]": (DATETIME, pa.timestamp("us")),
    "null": (NULL, pa.int32()),
}  # fmt: skip
"""T-SQL's type of each that a satellite may send, and the Arrow type of its rows."""


def send_output(session: Session, table: pa.Table) -> None:
    """The output frame as a result set without column names, as SQL Server sends it without WITH RESULT SETS.

    A column of NULLs alone has no type of its own: it takes any that it is given. Raises UnusableResult for a date
    before 1753.
    """
    names = list(table.column_names)
    table = table.rename_columns([f"c{place}" for place in range(len(names))])
    types = [_TYPES[str(kind)] for kind in table.schema.types]
    shaped = isinstance(session.sink, Capture | Reshape)
    session.sink(ColMetadata(tuple(Column("", nvarchar(1) if t is NULL and not shaped else t) for t, _ in types)))
    for batch in _batches(table):
        session.sink(Rows(_converted(batch, [arrow for _, arrow in types], names, shaped)))
    session.rowcount = table.num_rows
    count = None if session.options.nocount else table.num_rows
    session.sink(Done("done_in_proc", count=count, command=0xC1))


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    bytes_a_row = table.nbytes // max(table.num_rows, 1) + 1
    n_rows = max(1, min(_ROWS_A_BATCH, _BYTES_A_BATCH // bytes_a_row))
    yield from table.to_batches(max_chunksize=n_rows)


def _converted(batch: pa.RecordBatch, wanted: list[pa.DataType], names: list[str], shaped: bool) -> pa.RecordBatch:
    columns = []
    for name, column, arrow in zip(names, batch.columns, wanted, strict=True):
        if pa.types.is_timestamp(arrow):
            columns.append(_datetimes(column, name))
        elif pa.types.is_null(column.type) and not shaped:
            columns.append(pa.nulls(len(column), pa.utf8()))
        else:
            columns.append(column.cast(arrow))
    return pa.record_batch(columns, names=batch.schema.names)


def _datetimes(column: Any, name: str) -> Any:
    """Timestamps at datetime's 1/300 s, in which a millisecond ends in 0, 3 or 7."""
    first = pc.min(column).as_py()
    if first is not None and first < FIRST_DATETIME:
        raise UnusableResult(too_early(f"Column '{name}' of the output"))
    micros = column.cast(pa.int64())
    days = pc.multiply(_floor(micros, _US_A_DAY), _US_A_DAY)
    ticks = _floor(pc.add(pc.multiply(pc.subtract(micros, days), 3), 5_000), 10_000)
    millis = _floor(pc.add(pc.multiply(ticks, 10), 1), 3)
    return pc.add(days, pc.multiply(millis, 1_000)).cast(pa.timestamp("us"))


_US_A_DAY = 86_400_000_000


def _floor(numbers: Any, by: int) -> Any:
    """Integers divided and rounded down; Arrow's own division rounds towards zero."""
    quotient = pc.divide(numbers, by)
    return pc.if_else(pc.less(numbers, pc.multiply(quotient, by)), pc.subtract(quotient, 1), quotient)
