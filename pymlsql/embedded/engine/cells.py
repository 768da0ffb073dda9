"""Cells of varbinary(max) columns, as DuckDB and Arrow have them: bytes, or references to values in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.values import LargeValue, ValueStore, ValueWriter
from pymlsql.embedded.tsql.compiler import PASSED
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.references import (
    DIGEST,
    INLINE_BYTES,
    MAGIC,
    READ,
    REFERENCE_BYTES,
    SLICE,
    is_reference,
    is_reference_sql,
    keeps_references,
    lies_outside,
    lies_outside_sql,
)
from pymlsql.embedded.tsql.typed import ERROR_MARK, quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


# One value --------------------------------------------------------------------------------------------------------


def from_cell(values: ValueStore, cell: Any) -> Any:
    """What a variable gets of a cell: a LargeValue for a reference, anything else as it is."""
    return values.find(cell) if isinstance(cell, bytes) and is_reference(cell) else cell


def parameter_value(values: ValueStore, parameter: str, holder: Any) -> Any:
    """What DuckDB gets for a variable: its value, or for a PASSED parameter what a column keeps of it. ``holder`` has
    the variable's ``value``, which becomes a LargeValue when it went into a file, so that it does so once."""
    value = holder.value
    if not parameter.startswith(PASSED):
        return value.read() if isinstance(value, LargeValue) else value
    if isinstance(value, bytes) and lies_outside(value):
        holder.value = value = values.add(value)
    return value.reference if isinstance(value, LargeValue) else value


def one_binary(value: bytes) -> pa.Array:
    """An Arrow array of one value, without a copy of it."""
    offsets = pa.array([0, len(value)], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(value)])


# Columns ----------------------------------------------------------------------------------------------------------


def _among(array: Any, *, references: bool) -> list[int]:
    """The places of the references, or of the values that are to become some."""
    if not len(array):
        return []
    marked = pc.starts_with(array, pattern=MAGIC)
    lengths = pc.binary_length(array)
    if references:
        found = pc.and_(marked, pc.equal(lengths, REFERENCE_BYTES))
    else:
        found = pc.or_(marked, pc.greater_equal(lengths, INLINE_BYTES))
    places: list[int] = pc.indices_nonzero(pc.fill_null(found, False)).to_pylist()
    return places


def _outside(values: ValueStore, array: Any) -> tuple[Any, list[LargeValue]]:
    """The column ``array`` of values with references for those that lie in files, and these."""
    places = _among(array, references=False)
    if not places:
        return array, []
    made = {place: values.add(memoryview(array[place].as_buffer())) for place in places}
    cells = [made[place].reference if place in made else array[place].as_py() for place in range(len(array))]
    return pa.chunked_array([pa.array(cells, pa.binary())]), list(made.values())


def settled(session: Session, table: Table, rows: pa.Table, passed: Iterable[str], prefix: str = "") -> pa.Table:
    """Staged ``rows`` as the table keeps them: large values in files that stay. The columns ``passed`` hold references
    already; ``prefix`` stands before the columns' names."""
    values, known = session.engine.values, {name.lower() for name in passed}
    for column in table.columns:
        name = prefix + column.name
        if not keeps_references(column.type) or name not in rows.column_names:
            continue
        array = rows.column(name)
        if column.name.lower() in known:
            found = [values.find(array[place].as_py()) for place in _among(array, references=True)]
        else:
            array, found = _outside(values, array)
            rows = rows.set_column(rows.column_names.index(name), name, array) if found else rows
        if table.temporary:
            session.pinned.update(found)
        else:
            values.settle(found)
            session.engine.note_change(table)
    return rows


def append_cells(values: ValueStore, rows: pa.Table, name: str, passed: bool) -> tuple[pa.Array, list[Any]]:
    """The column ``old.name`` with the pieces of ``new.name`` appended, as cells, and what the large ones refer to; the
    caller holds that until the rows are settled. ``passed`` says that pieces may be references too."""
    whole: list[Any] = []
    for old, piece in zip(rows.column("old." + name), rows.column("new." + name), strict=True):
        first, second = from_cell(values, old.as_py()), piece.as_py()
        whole.append(_joined(values, first, from_cell(values, second) if passed else second))
    cells = [value.reference if isinstance(value, LargeValue) else value for value in whole]
    return pa.array(cells, pa.binary()), whole


def _joined(values: ValueStore, first: Any, second: Any) -> Any:
    """One value behind the other, as a column keeps it; NULL where one is."""
    if first is None or second is None:
        return None
    if isinstance(first, bytes) and isinstance(second, bytes) and not lies_outside(first + second):
        return first + second
    writer = ValueWriter(values)
    try:
        for part in (first, second):
            if isinstance(part, LargeValue):
                part.copy_to(writer)
            else:
                writer.write(part)
    except BaseException:
        writer.abandon()
        raise
    return writer.finish()


def readable_batches(values: ValueStore, batch: pa.RecordBatch, places: list[int]) -> Iterator[pa.RecordBatch]:
    """The rows with values instead of references in the columns at ``places``; a row that has one comes by itself."""
    large = sorted({row for place in places for row in _among(batch.column(place), references=True)})
    start = 0
    for row in large:
        if row > start:
            yield batch.slice(start, row - start)
        yield _readable_row(values, batch.slice(row, 1), places)
        start = row + 1
    if start < batch.num_rows:
        yield batch.slice(start)


def _readable_row(values: ValueStore, row: pa.RecordBatch, places: list[int]) -> pa.RecordBatch:
    arrays = list(row.columns)
    for place in places:
        if _among(arrays[place], references=True):
            arrays[place] = one_binary(values.find(arrays[place][0].as_py()).read())
    return pa.RecordBatch.from_arrays(arrays, names=row.schema.names)


# DuckDB -----------------------------------------------------------------------------------------------------------


def settle_column(session: Session, table: Table, name: str) -> None:
    """A column of a lasting table has become varbinary(max), or got values from DuckDB alone: put the large ones into
    files. Inside a statement of the store."""
    store, column = session.store, quote_name(name)
    found = f"SELECT rowid AS rid, {column} AS cell FROM {table.sql} WHERE {lies_outside_sql(column)}"
    rids = [row[0] for row in store.run(f"SELECT rid FROM ({found})").fetchall()]
    for rid in rids:
        row = store.run(f"SELECT {column} FROM {table.sql} WHERE rowid = $rid", {"rid": rid}).fetchone()
        assert row is not None
        value = session.engine.values.add(row[0])
        session.engine.values.settle([value])
        step = f"UPDATE {table.sql} SET {column} = $cell WHERE rowid = $rid"
        store.write(step, {"cell": value.reference, "rid": rid})


def references_of(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> Iterator[bytes]:
    """All references in the rows of ``tables``."""
    for table in tables:
        for column in table.columns:
            if keeps_references(column.type):
                name = quote_name(column.name)
                sql = f"SELECT DISTINCT {name} FROM {table.sql} WHERE {is_reference_sql(name)}"
                for (reference,) in connection.execute(sql).fetchall():
                    yield reference


def register_functions(connection: duckdb.DuckDBPyConnection, values: ValueStore) -> None:
    """The functions by which DuckDB reads what references refer to."""

    def read(cell: Any) -> Any:
        return _told(lambda: values.find(cell).read())

    def digest(cell: Any, algorithm: Any) -> Any:
        return _told(lambda: values.find(cell).digest(algorithm))

    def piece(cell: Any, first: Any, length: Any) -> Any:
        return _told(lambda: values.find(cell).read_piece(first - 1, length))

    # Native, so that DuckDB copies what they give: COALESCE over what an Arrow function gives reads freed bytes.
    create: Any = connection.create_function
    create(SLICE, piece, ["BLOB", "BIGINT", "BIGINT"], "BLOB", type="native")
    create(READ, read, ["BLOB"], "BLOB", type="native")
    create(DIGEST, digest, ["BLOB", "VARCHAR"], "BLOB", type="native")


def _told(work: Any) -> Any:
    """What ``work`` gives; its error in the form in which one crosses DuckDB."""
    try:
        return work()
    except SqlError as error:
        raise ValueError(f"{ERROR_MARK}{error.number}|{error.severity}|{error.message}") from error
