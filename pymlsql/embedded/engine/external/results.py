"""The output of a script as a result set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.tds.responses import ColMetadata, Column, Done, Rows
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.types import (
    BIGINT,
    BIT,
    DATETIME,
    FLOAT,
    INT,
    MAX,
    REAL,
    SMALLINT,
    TINYINT,
    SqlType,
    nvarchar,
    varbinary,
)

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_ROWS_A_BATCH = 65536


def send_output(session: Session, table: pa.Table) -> None:
    """The output frame as a result set without column names, as SQL Server sends it without WITH RESULT SETS."""
    columns, arrays = [], []
    for index in range(table.num_columns):
        type_, array = _column(table.column(index))
        columns.append(Column("", type_))
        arrays.append(array)
    session.sink(ColMetadata(tuple(columns)))
    made = pa.table(dict(zip([f"c{i}" for i in range(len(arrays))], arrays, strict=True)))
    for batch in made.to_batches(max_chunksize=_ROWS_A_BATCH):
        session.sink(Rows(batch))
    session.rowcount = table.num_rows
    count = None if session.options.nocount else table.num_rows
    session.sink(Done("done_in_proc", count=count, command=0xC1))


_RESULT_TYPES: dict[str, tuple[SqlType, pa.DataType]] = {
    "bool": (BIT, pa.bool_()), "int8": (SMALLINT, pa.int16()), "uint8": (TINYINT, pa.uint8()),
    "int16": (SMALLINT, pa.int16()), "int32": (INT, pa.int32()), "int64": (BIGINT, pa.int64()),
    "float": (REAL, pa.float32()), "double": (FLOAT, pa.float64()), "string": (nvarchar(MAX), pa.utf8()),
    "large_string": (nvarchar(MAX), pa.utf8()), "binary": (varbinary(MAX), pa.binary()),
    "large_binary": (varbinary(MAX), pa.binary()), "timestamp[us]": (DATETIME, pa.timestamp("us")),
    "null": (INT, pa.int32()),
}  # fmt: skip


def _column(array: Any) -> tuple[SqlType, Any]:
    known = _RESULT_TYPES.get(str(array.type))
    if known is None:
        raise unsupported(f"an output column of Arrow type {array.type}")
    type_, arrow = known
    return type_, array if array.type == arrow else array.cast(arrow)
