"""A column of an Arrow batch as TDS values, many rows at once (MS-TDS 2.2.5.5).

An encoder turns an Arrow array of n rows into parts. A part is a matrix of bytes with a row per value, or flat bytes
with a length per value; rows.py lays the parts of all columns side by side and drops what is not present.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pymlsql.embedded.tds.types import decimal_size
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import SqlType

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_DAYS_1900 = 25_567
"""From 1900-01-01 to 1970-01-01."""
_DAYS_0001 = 719_162
"""From 0001-01-01 to 1970-01-01."""
_DAYS_9999 = 2_932_896
"""From 1970-01-01 to 9999-12-31."""
_US_A_DAY = 86_400_000_000


@dataclass(slots=True)
class Fixed:
    """``data`` is uint8 (n, width); rows where ``present`` is False send nothing of it (None: all are present)."""

    data: Bytes
    present: Mask | None = None


@dataclass(slots=True)
class Ragged:
    """``flat`` is uint8 (sum of lengths,), the rows' bytes one after the other; ``lengths`` is (n,)."""

    flat: Bytes
    lengths: Integers


Part = Fixed | Ragged

Encoder = Callable[[Any, SqlType], list[Part]]
"""An Arrow array in its expected type and the wire type to its parts."""

# --- Arrow types -----------------------------------------------------------------------------------------------------

_ARROW = {
    "null": pa.int32(), "bit": pa.bool_(), "tinyint": pa.uint8(), "smallint": pa.int16(), "int": pa.int32(),
    "bigint": pa.int64(), "real": pa.float32(), "float": pa.float64(), "money": pa.decimal128(19, 4),
    "smallmoney": pa.decimal128(10, 4), "date": pa.date32(), "time": pa.time64("us"),
    "smalldatetime": pa.timestamp("us"), "datetime": pa.timestamp("us"), "datetime2": pa.timestamp("us"),
    "uniqueidentifier": pa.utf8(), "sql_variant": pa.utf8(),
}  # fmt: skip


def arrow_type(type_: SqlType) -> Any:
    """The pyarrow type whose arrays Rows carries for ``type_`` (see responses.Rows)."""
    if type_.is_string:
        return pa.utf8()
    if type_.is_binary:
        return pa.binary()
    if type_.name == "decimal":
        return pa.decimal128(type_.precision, type_.scale)
    if type_.name == "datetimeoffset":
        return pa.struct([("u", pa.timestamp("us")), ("o", pa.int16())])
    return _ARROW[type_.name]


_WIDE = ((pa.large_utf8(), pa.utf8()), (pa.large_binary(), pa.binary()))
"""Arrays with 64-bit offsets are read as they are."""


def as_expected(array: Any, type_: SqlType) -> Any:
    """``array`` in the Arrow type that the encoder of ``type_`` reads; casts only where nothing is lost."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    wanted = arrow_type(type_)
    have = array.type
    if have == wanted or (have, wanted) in _WIDE:
        return array
    if array.null_count == len(array):  # DuckDB forgets the type of an expression that it finds to be NULL
        return pa.nulls(len(array), wanted)
    return array.cast(wanted)


# --- what arrays hold ------------------------------------------------------------------------------------------------


def valid_rows(array: Any) -> Mask | None:
    """Which values are not NULL; None where all are."""
    if array.null_count == 0:
        return None
    mask: Mask = array.is_valid().to_numpy(zero_copy_only=False)
    return mask


def _fixed_values(array: Any, dtype: Any) -> npt.NDArray[Any]:
    """The values of a primitive array without a copy; whatever lies under NULLs."""
    if not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)]


def text_offsets(array: Any) -> Integers:
    """Where the n values of a string or binary array lie in its data buffer: (n + 1,)."""
    wide = array.type in (pa.large_utf8(), pa.large_binary())
    if not len(array):
        return np.zeros(1, np.int64)
    offsets = np.frombuffer(array.buffers()[1], np.int64 if wide else np.int32)
    here: Integers = offsets[array.offset : array.offset + len(array) + 1].astype(np.int64)
    return here


def text_data(array: Any, offsets: Integers) -> memoryview:
    """The bytes of all values, without a copy. NULLs must have no length: see without_hidden_data."""
    buffer = array.buffers()[2]
    return memoryview(buffer)[int(offsets[0]) : int(offsets[-1])] if buffer is not None else memoryview(b"")


def without_hidden_data(array: Any) -> Any:
    """The same array, with nothing under its NULLs (Arrow allows bytes there)."""
    if array.null_count:
        lengths = np.diff(text_offsets(array))
        valid = valid_rows(array)
        if valid is not None and lengths[~valid].any():
            return pa.array(array.to_pylist(), array.type)
    return array


# --- fixed widths ----------------------------------------------------------------------------------------------------


def _with_length(data: Bytes, valid: Mask | None) -> list[Part]:
    """BYTELEN values: the length, then the bytes; NULL is a length of 0."""
    n_rows, width = data.shape
    out = np.empty((n_rows, width + 1), np.uint8)
    out[:, 0] = width
    out[:, 1:] = data
    if valid is None:
        return [Fixed(out)]
    out[:, 0] = np.where(valid, width, 0)
    return [Fixed(out[:, :1]), Fixed(out[:, 1:], valid)]


def little(values: npt.NDArray[Any], n_bytes: int) -> Bytes:
    """The low ``n_bytes`` of each integer or float, little-endian: (n, n_bytes)."""
    contiguous = np.ascontiguousarray(values)
    return contiguous.view(np.uint8).reshape(len(contiguous), contiguous.itemsize)[:, :n_bytes]


def encode_number(dtype: str) -> Encoder:
    """The encoder of a little-endian numpy type; it raises SqlError 3623 for NaN, 8115 for infinity."""
    width = np.dtype(dtype).itemsize

    def encode(array: Any, type_: SqlType) -> list[Part]:
        values = _fixed_values(array, dtype)
        valid = valid_rows(array)
        if dtype.startswith("<f") and not np.isfinite(values if valid is None else values[valid]).all():
            raise sql_error(3623) if np.isnan(values).any() else sql_error(8115, "expression", type_.name)
        return _with_length(little(values, width), valid)

    return encode


def encode_bit(array: Any, type_: SqlType) -> list[Part]:
    """One byte, 0 or 1."""
    values = array.fill_null(False).to_numpy(zero_copy_only=False).astype(np.uint8)
    return _with_length(values[:, None], valid_rows(array))


def _decimal_words(array: Any) -> tuple[npt.NDArray[np.uint64], Mask]:
    """Magnitudes as two 64-bit words (n, 2), low first, and which values are negative."""
    words = _fixed_values(array, np.dtype((np.uint64, 2))).copy() if len(array) else np.empty((0, 2), np.uint64)
    negative: Mask = (words[:, 1] >> np.uint64(63)).astype(bool)
    words[negative] = ~words[negative]
    words[negative, 0] += np.uint64(1)
    carried = negative & (words[:, 0] == 0)
    words[carried, 1] += np.uint64(1)
    return words, negative


def encode_decimal(array: Any, type_: SqlType) -> list[Part]:
    """A sign byte (1 is positive), then the magnitude in the bytes of its precision."""
    words, negative = _decimal_words(array)
    size = decimal_size(type_.precision)
    out = np.empty((len(array), size), np.uint8)
    out[:, 0] = ~negative
    out[:, 1:] = words.view(np.uint8).reshape(len(array), 16)[:, : size - 1]
    return _with_length(out, valid_rows(array))


def encode_money(array: Any, type_: SqlType) -> list[Part]:
    """Ten-thousandths; money's high half comes first."""
    words = _fixed_values(array, np.dtype((np.int64, 2)))[:, 0] if len(array) else np.empty(0, np.int64)
    low_first = little(words, 8)
    if type_.name == "smallmoney":
        return _with_length(low_first[:, :4], valid_rows(array))
    return _with_length(low_first[:, [4, 5, 6, 7, 0, 1, 2, 3]], valid_rows(array))


_HEX = np.full(256, 255, np.uint8)
_HEX[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_HEX[np.frombuffer(b"ABCDEF", np.uint8)] = np.arange(10, 16)
_HYPHENS = [8, 13, 18, 23]
_DIGITS = [place for place in range(36) if place not in _HYPHENS]
_MIXED_ENDIAN = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]


def encode_guid(array: Any, type_: SqlType) -> list[Part]:
    """The first three fields are little-endian (MS-DTYP 2.3.4)."""
    array = without_hidden_data(array)
    offsets = text_offsets(array)
    valid = valid_rows(array)
    present = np.ones(len(array), bool) if valid is None else valid
    if (np.diff(offsets)[present] != 36).any():
        raise sql_error(8169)
    texts = np.frombuffer(text_data(array, offsets), np.uint8).reshape(-1, 36)
    nibbles = _HEX[texts[:, _DIGITS]]
    if (nibbles == 255).any():
        raise sql_error(8169)
    out = np.zeros((len(array), 16), np.uint8)
    out[present] = (nibbles[:, 0::2] << 4 | nibbles[:, 1::2])[:, _MIXED_ENDIAN]
    return _with_length(out, valid)


# --- times -----------------------------------------------------------------------------------------------------------


_CALENDARS = {
    "datetime": (-53_690 - _DAYS_1900, _DAYS_9999),
    "smalldatetime": (-_DAYS_1900, 65_535 - _DAYS_1900),
    "datetime2": (-_DAYS_0001, _DAYS_9999),
    "datetimeoffset": (-_DAYS_0001, _DAYS_9999),
}
"""The first and the last day of each type, counted from 1970-01-01."""


def _moments(array: Any, type_: SqlType) -> tuple[Integers, Mask | None]:
    """Microseconds since 1970-01-01, 0 under NULLs; raises where SQL Server has no such date."""
    values = _fixed_values(array, np.int64)
    valid = valid_rows(array)
    if valid is not None:
        values = np.where(valid, values, 0)
    first, last = _CALENDARS[type_.name]
    if len(values) and (values.min() < first * _US_A_DAY or values.max() >= (last + 1) * _US_A_DAY):
        raise sql_error(8115, "expression", type_.name)
    return values, valid


def encode_datetime(array: Any, type_: SqlType) -> list[Part]:
    """Days since 1900 and 1/300 seconds, rounded to the nearest."""
    moments, valid = _moments(array, type_)
    days, of_day = np.divmod(moments, _US_A_DAY)
    ticks = (of_day * 3 + 5_000) // 10_000
    days += ticks // 25_920_000
    ticks %= 25_920_000
    return _with_length(np.hstack([little(days + _DAYS_1900, 4), little(ticks, 4)]), valid)


def encode_smalldatetime(array: Any, type_: SqlType) -> list[Part]:
    """Days since 1900 and minutes; 29.999 s and more round up."""
    moments, valid = _moments(array, type_)
    days, of_day = np.divmod(moments + 30_001_000, _US_A_DAY)
    return _with_length(np.hstack([little(days + _DAYS_1900, 2), little(of_day // 60_000_000, 2)]), valid)


def encode_date(array: Any, type_: SqlType) -> list[Part]:
    """Days since 0001-01-01 in three bytes."""
    valid = valid_rows(array)
    days = _fixed_values(array, np.int32).astype(np.int64)
    if valid is not None:
        days = np.where(valid, days, 0)
    if len(days) and (days.min() < -_DAYS_0001 or days.max() > _DAYS_9999):
        raise sql_error(8115, "expression", "date")
    return _with_length(little(days + _DAYS_0001, 3), valid)


def _units(microseconds: Integers, scale: int) -> Bytes:
    """Microseconds of a day in units of 10**-scale seconds, in the 3 to 5 bytes of that scale."""
    units = microseconds * 10 ** (scale - 6) if scale >= 6 else microseconds // 10 ** (6 - scale)
    return little(units, 3 if scale <= 2 else 4 if scale <= 4 else 5)


def _rounded(microseconds: Integers, scale: int) -> Integers:
    unit = np.int64(10 ** max(0, 6 - scale))
    return (microseconds + unit // 2) // unit * unit


def encode_time(array: Any, type_: SqlType) -> list[Part]:
    """Units of the scale since midnight, rounded to the nearest; 24:00 is 00:00."""
    valid = valid_rows(array)
    of_day = _rounded(_fixed_values(array, np.int64), type_.scale) % _US_A_DAY
    return _with_length(_units(of_day, type_.scale), valid)


def encode_datetime2(array: Any, type_: SqlType) -> list[Part]:
    """Units of the scale since midnight, then days since 0001-01-01."""
    moments, valid = _moments(array, type_)
    days, of_day = np.divmod(_rounded(moments, type_.scale), _US_A_DAY)
    too_late = days > _DAYS_9999
    if too_late.any():  # SQL Server cuts off where rounding would leave the calendar
        days = np.where(too_late, _DAYS_9999, days)
        of_day = np.where(too_late, _US_A_DAY - 1, of_day)
    return _with_length(np.hstack([_units(of_day, type_.scale), little(days + _DAYS_0001, 3)]), valid)


def encode_datetimeoffset(array: Any, type_: SqlType) -> list[Part]:
    """UTC as datetime2, then the minutes of its offset, from a structure of both."""
    valid = valid_rows(array)
    times, offsets = array.flatten()
    moments, _ = _moments(times, type_)
    days, of_day = np.divmod(_rounded(moments, type_.scale), _US_A_DAY)
    minutes = _fixed_values(offsets, np.int16)
    zones = little(minutes if valid is None else np.where(valid, minutes, np.int16(0)), 2)
    return _with_length(np.hstack([_units(of_day, type_.scale), little(days + _DAYS_0001, 3), zones]), valid)
