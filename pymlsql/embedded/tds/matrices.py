"""Many values of one length at once: a matrix of bytes with a row per value to an Arrow array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from pymlsql.embedded.tds import types
from pymlsql.embedded.tds.columns import Bytes, Integers, arrow_type
from pymlsql.embedded.tds.types import TypeInfo
from pymlsql.embedded.tsql.types import SqlType

_US_A_DAY = 86_400_000_000
_DAYS_1900 = 25_567
_DAYS_0001 = 719_162
_DAYS_9999 = 2_932_896


def decode(matrix: Bytes, info: TypeInfo) -> Any:
    """The values of uint8 (n, width) as the Arrow array of their type; None where they must be read one by one."""
    if info.token in types.LONG:
        return _decode_text(matrix, info.type)
    decoder = _DECODERS.get(info.type.name)
    return None if decoder is None else decoder(matrix, info.type)


def _decode_text(matrix: Bytes, type_: SqlType) -> Any:
    """Binaries as they are, text where it is ASCII."""
    if type_.is_unicode:
        if matrix.shape[1] % 2 or matrix[:, 1::2].any():
            return None
        matrix = matrix[:, 0::2]
    if not type_.is_binary and (matrix >= 0x80).any():
        return None
    n_rows, width = matrix.shape
    if n_rows * width > 0x7FFFFFFF:
        return None
    offsets = np.arange(n_rows + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(matrix)
    return pa.Array.from_buffers(arrow_type(type_), n_rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _unsigned(matrix: Bytes) -> Integers:
    """Little-endian integers of up to seven bytes."""
    wide = np.zeros((len(matrix), 8), np.uint8)
    wide[:, : matrix.shape[1]] = matrix
    return wide.view("<i8")[:, 0]


def _number(kind: str) -> Callable[[Bytes, SqlType], Any]:
    width = np.dtype(kind).itemsize

    def decode_numbers(matrix: Bytes, type_: SqlType) -> Any:
        if matrix.shape[1] != width:
            return None
        values = np.ascontiguousarray(matrix).view(kind)[:, 0]
        if kind.startswith("<f") and not np.isfinite(values).all():
            return None
        return pa.array(values, arrow_type(type_))

    return decode_numbers


def _moments(days: Integers, microseconds: Integers) -> Any:
    return pa.array((days * _US_A_DAY + microseconds).view("M8[us]"), pa.timestamp("us"))


def _datetime(matrix: Bytes, type_: SqlType) -> Any:
    if matrix.shape[1] != 8:
        return None
    days = np.ascontiguousarray(matrix[:, :4]).view("<i4")[:, 0].astype(np.int64) - _DAYS_1900
    ticks = _unsigned(matrix[:, 4:])
    if (ticks >= 25_920_000).any() or (days < -53_690 - _DAYS_1900).any() or (days > _DAYS_9999).any():
        return None
    return _moments(days, (10 * ticks + 1) // 3 * 1000)


def _datetime2(matrix: Bytes, type_: SqlType) -> Any:
    if matrix.shape[1] < 6:
        return None
    units = _unsigned(matrix[:, :-3]) * 10 ** (7 - type_.scale)
    days = _unsigned(matrix[:, -3:]) - _DAYS_0001
    if (units >= 10 * _US_A_DAY).any() or (days >= _DAYS_9999).any():  # the last day may round out of the calendar
        return None
    return _moments(days, (units + 5) // 10)


def _date(matrix: Bytes, type_: SqlType) -> Any:
    days = _unsigned(matrix) - _DAYS_0001
    if matrix.shape[1] != 3 or (days > _DAYS_9999).any():
        return None
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def _bit(matrix: Bytes, type_: SqlType) -> Any:
    return pa.array(matrix[:, 0] != 0) if matrix.shape[1] == 1 else None


_DECODERS: dict[str, Callable[[Bytes, SqlType], Any]] = {
    "bit": _bit,
    "tinyint": _number("<u1"),
    "smallint": _number("<i2"),
    "int": _number("<i4"),
    "bigint": _number("<i8"),
    "real": _number("<f4"),
    "float": _number("<f8"),
    "datetime": _datetime,
    "datetime2": _datetime2,
    "date": _date,
}
"""Types that are read many at a time; the others go value by value."""
