"""Arrow batches as ROW tokens.

The parts of all columns are laid side by side in a matrix of bytes with a row per row, and a mask of the same shape
says which bytes are there: ``matrix[mask]`` is the token stream. Rows are cut into chunks so that the matrix stays
small however uneven they are; a row with a very large value goes out by itself, its bytes uncopied.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from pymlsql.embedded.tds import columns as _columns
from pymlsql.embedded.tds.collation import encode_char
from pymlsql.embedded.tds.columns import Fixed, Integers, Part, Ragged
from pymlsql.embedded.tds.login import TDS_7_3
from pymlsql.embedded.tds.packets import Buffer
from pymlsql.embedded.tds.strings import ENCODERS
from pymlsql.embedded.tds.tokens import TOKEN_ROW
from pymlsql.embedded.tds.types import is_before, wire_type
from pymlsql.embedded.tsql.types import MAX, SqlType

CHUNK_ROWS = 16_384
MATRIX_BYTES = 4 << 20
BIG_VALUE_BYTES = 1 << 16
_FIXED_WIDTH = 24
"""What a column adds to a row's width beside its text, at most (a text pointer)."""
_PIECE = 1 << 20


def encode_rows(batch: Any, types: Sequence[SqlType], version: int) -> Iterator[list[Buffer]]:
    """The rows of ``batch`` as buffers, a list for each run of whole rows.

    Raises SqlError for values that the column's type cannot hold, before the first byte of their chunk.
    """
    arrays = [_for_wire(batch.column(place), type_, version) for place, type_ in enumerate(types)]
    wires = [wire_type(type_, version) for type_ in types]
    widths = [_byte_widths(array, wire) for array, wire in zip(arrays, wires, strict=True)]
    for start, stop in _chunks(batch.num_rows, widths):
        sliced = [array.slice(start, stop - start) for array in arrays]
        if stop - start == 1 and sum(int(width[start]) for width in widths if width is not None) > BIG_VALUE_BYTES:
            yield _big_row(sliced, wires)
        else:
            parts = [part for array, wire in zip(sliced, wires, strict=True) for part in _encode(array, wire)]
            yield [_lay_out(parts, stop - start)]


def encode_value(value: Any, type_: SqlType, version: int) -> list[Buffer]:
    """One Python value as a column's: what follows TYPE_INFO in RETURNVALUE."""
    array = _for_wire(_array_of(value, type_), type_, version)
    return _big_values(array, wire_type(type_, version))


def _array_of(value: Any, type_: SqlType) -> Any:
    if type_.is_binary and value is not None:
        offsets = struct.pack("<ii", 0, len(value))
        return pa.Array.from_buffers(pa.binary(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(value)])
    wanted = _columns.arrow_type(type_)
    if wanted == pa.utf8() and value is not None:
        value = str(value)
    return pa.array([value], wanted)


def _for_wire(array: Any, type_: SqlType, version: int) -> Any:
    """The array in the form its encoder reads; times as text for clients before 7.3."""
    array = _columns.as_expected(array, type_)
    if type_.name == "datetimeoffset" and is_before(version, TDS_7_3):
        return pa.array([_offset_text(value, type_.scale) for value in array.to_pylist()], pa.utf8())
    if type_.name in ("date", "time", "datetime2") and is_before(version, TDS_7_3):
        fraction = 1 + type_.scale if type_.scale else 0
        digits = {"date": 10, "time": 8 + fraction, "datetime2": 19 + fraction}[type_.name]
        texts = array.cast(pa.utf8()).to_pylist()
        return pa.array([None if text is None else text.ljust(digits, "0")[:digits] for text in texts], pa.utf8())
    return array


def _offset_text(value: Any, scale: int) -> str | None:
    """A datetimeoffset as yyyy-mm-dd hh:mm:ss[.fraction] +hh:mm."""
    if value is None:
        return None
    local = value["u"] + timedelta(minutes=value["o"])
    fraction = f".{local.microsecond:06d}0"[: scale + 1] if scale else ""
    hours, minutes = divmod(abs(value["o"]), 60)
    return f"{local:%Y-%m-%d %H:%M:%S}{fraction} {'-' if value['o'] < 0 else '+'}{hours:02d}:{minutes:02d}"


def _encode(array: Any, wire: SqlType) -> list[Part]:
    return ENCODERS[wire.name](array, wire)


# --- chunks ----------------------------------------------------------------------------------------------------------


def _is_ragged(wire: SqlType) -> bool:
    return wire.is_string or wire.is_binary or wire.name == "sql_variant"


def _byte_widths(array: Any, wire: SqlType) -> Integers | None:
    """An upper bound of each value's bytes on the wire, None where all are short."""
    if not _is_ragged(wire):
        return None
    lengths = np.diff(_columns.text_offsets(array))
    if wire.name in ("char", "nchar", "binary"):
        lengths = np.maximum(lengths, wire.length)
    return lengths * 2 if wire.is_unicode or wire.name == "sql_variant" else lengths


def _chunks(n_rows: int, widths: Sequence[Integers | None]) -> Iterator[tuple[int, int]]:
    """(start, stop) of runs of rows whose padded matrix is at most MATRIX_BYTES, or that are one row."""
    fixed = _FIXED_WIDTH * len(widths)
    ragged = [width for width in widths if width is not None]
    waiting = [(start, min(start + CHUNK_ROWS, n_rows)) for start in range(0, n_rows, CHUNK_ROWS)][::-1]
    while waiting:
        start, stop = waiting.pop()
        widest = fixed + sum(int(width[start:stop].max()) for width in ragged)
        if stop - start > 1 and widest * (stop - start) > MATRIX_BYTES:
            middle = (start + stop) // 2
            waiting += [(middle, stop), (start, middle)]
        else:
            yield start, stop


def _lay_out(parts: Sequence[Part], n_rows: int) -> bytes:
    """The rows of a chunk, each with its token."""
    widths = [part.data.shape[1] if isinstance(part, Fixed) else int(part.lengths.max(initial=0)) for part in parts]
    matrix = np.empty((n_rows, 1 + sum(widths)), np.uint8)
    matrix[:, 0] = TOKEN_ROW
    sparse = any(isinstance(part, Ragged) or part.present is not None for part in parts)
    mask = np.ones(matrix.shape, bool) if sparse else None
    at = 1
    for part, width in zip(parts, widths, strict=True):
        if isinstance(part, Fixed):
            matrix[:, at : at + width] = part.data
            if mask is not None and part.present is not None:
                mask[:, at : at + width] = part.present[:, None]
        elif mask is not None:
            here = np.arange(width) < part.lengths[:, None]
            mask[:, at : at + width] = here
            matrix[:, at : at + width][here] = part.flat
        at += width
    return (matrix if mask is None else matrix[mask]).tobytes()


# --- large values ----------------------------------------------------------------------------------------------------


def _big_row(arrays: Sequence[Any], wires: Sequence[SqlType]) -> list[Buffer]:
    buffers: list[Buffer] = [bytes([TOKEN_ROW])]
    for array, wire in zip(arrays, wires, strict=True):
        buffers += _big_values(array, wire)
    return buffers


def _big_values(array: Any, wire: SqlType) -> list[Buffer]:
    """One value; a large (max) one in PLP chunks that share the array's memory where they can."""
    if wire.length != MAX or array.null_count or int(np.diff(_columns.text_offsets(array))[0]) <= BIG_VALUE_BYTES:
        return [_lay_out(_encode(array, wire), 1)[1:]]
    data = _columns.text_data(array, _columns.text_offsets(array))
    if wire.is_binary:
        return [struct.pack("<QI", len(data), len(data)), data, bytes(4)]
    return list(_plp_text(data, wire))


def _plp_text(utf8: memoryview, wire: SqlType) -> Iterator[Buffer]:
    """Text of unannounced length, a piece at a time."""
    yield struct.pack("<Q", 0xFFFFFFFFFFFFFFFE)
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(0, len(utf8), _PIECE):
        text = decoder.decode(bytes(utf8[at : at + _PIECE]), final=at + _PIECE >= len(utf8))
        piece = text.encode("utf-16-le") if wire.is_unicode else encode_char(text)
        if piece:
            yield struct.pack("<I", len(piece))
            yield piece
    yield bytes(4)
