"""String and binary columns as TDS values, and the table of all encoders (MS-TDS 2.2.5.5)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pymlsql.embedded.tds import columns
from pymlsql.embedded.tds.collation import COLLATION, encode_char
from pymlsql.embedded.tds.columns import (
    Encoder,
    Fixed,
    Integers,
    Mask,
    Part,
    Ragged,
    little,
    text_data,
    text_offsets,
    valid_rows,
    without_hidden_data,
)
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.types import MAX, SqlType


def _utf16_units(utf8: memoryview, offsets: Integers) -> Integers:
    """UTF-16 code units of each value: one a character, two above U+FFFF."""
    data = np.frombuffer(utf8, np.uint8)
    weights = ((data & 0xC0) != 0x80).astype(np.int8)
    weights += data >= 0xF0
    sums = np.zeros(len(data) + 1, np.int64)
    np.cumsum(weights, out=sums[1:])
    places = offsets - offsets[0]
    units: Integers = sums[places[1:]] - sums[places[:-1]]
    return units


def _encoded(array: Any, type_: SqlType) -> Ragged:
    """The values as the wire has them, without lengths: UTF-16, code page 1252, or the bytes."""
    offsets = text_offsets(array)
    data = text_data(array, offsets)
    if type_.is_binary:
        return Ragged(np.frombuffer(data, np.uint8), np.diff(offsets))
    text = str(data, "utf-8")
    units = np.diff(offsets) if text.isascii() else _utf16_units(data, offsets)
    if type_.is_unicode or type_.name == "sql_variant":
        return Ragged(np.frombuffer(text.encode("utf-16-le"), np.uint8), 2 * units)
    return Ragged(np.frombuffer(encode_char(text), np.uint8), units)


def _padded(array: Any, type_: SqlType) -> Any:
    """char, nchar and binary values have their full length."""
    if type_.name == "binary":
        short = [v if v is None else v.ljust(type_.length, b"\0") for v in array.to_pylist()]
        return pa.array(short, pa.binary())
    if type_.name in ("char", "nchar"):
        padded = pc.utf8_rpad(array, type_.length, " ")
        if type_.name == "char" or (pc.max(pc.binary_length(array)).as_py() or 0) <= type_.length:
            return padded
        # A character that counts as two leaves one place fewer.
        return pa.array([v and v[: len(v) - sum(c > "\uffff" for c in v)] for v in padded.to_pylist()], array.type)
    return array


def encode_string(array: Any, type_: SqlType) -> list[Part]:
    """USHORTLEN values, PLP for (max), text pointers for text, ntext and image."""
    array = without_hidden_data(_padded(array, type_))
    ragged = _encoded(array, type_)
    valid = valid_rows(array)
    if type_.name in ("text", "ntext", "image"):
        return _text_pointer(ragged, valid)
    if type_.length == MAX:
        return _plp(ragged, valid)
    limit = type_.length * (2 if type_.is_unicode else 1)
    longest = ragged.lengths.max(initial=0)
    if longest > limit:
        raise SqlError(8152, f"String or binary data would be truncated: {longest} bytes in a {type_} column.")
    lengths = ragged.lengths.astype("<u2")
    if valid is not None:
        lengths = np.where(valid, lengths, 0xFFFF).astype("<u2")
    return [Fixed(little(lengths, 2)), ragged]


def _plp(ragged: Ragged, valid: Mask | None) -> list[Part]:
    """One chunk a value, none for an empty one; NULL is all ones."""
    totals = ragged.lengths.astype("<u8")
    if valid is not None:
        totals = np.where(valid, totals, np.uint64(0xFFFFFFFFFFFFFFFF)).astype("<u8")
    chunk = Fixed(little(ragged.lengths, 4), ragged.lengths > 0)
    end = Fixed(np.zeros((len(totals), 4), np.uint8), valid)
    return [Fixed(little(totals, 8)), chunk, ragged, end]


_POINTER = np.frombuffer(b"\x10" + b"pymlsql textptr." + bytes(8), np.uint8)


def _text_pointer(ragged: Ragged, valid: Mask | None) -> list[Part]:
    """A text pointer and a timestamp, which clients skip, a four-byte length, the data; NULL is a zero byte."""
    n_rows = len(ragged.lengths)
    head = np.tile(_POINTER, (n_rows, 1))
    if valid is not None:
        head[~valid, 0] = 0
    return [Fixed(head[:, :1]), Fixed(head[:, 1:], valid), Fixed(little(ragged.lengths, 4), valid), ragged]


_VARIANT = struct.pack("<BB5sH", 0xE7, 7, COLLATION, 8000)


def _variant(array: Any, type_: SqlType) -> list[Part]:
    """A sql_variant that holds nvarchar; NULL is a length of 0."""
    array = without_hidden_data(array)
    ragged = _encoded(array, type_)
    valid = valid_rows(array)
    if len(ragged.lengths) and ragged.lengths.max() > 8000:
        raise SqlError(8152, "String or binary data would be truncated: a sql_variant holds 4000 characters.")
    present = np.ones(len(array), bool) if valid is None else valid
    totals = np.where(present, ragged.lengths + len(_VARIANT), 0)
    head = np.tile(np.frombuffer(_VARIANT, np.uint8), (len(array), 1))
    return [Fixed(little(totals, 4)), Fixed(head, valid), ragged]


# --- the table -------------------------------------------------------------------------------------------------------

ENCODERS: dict[str, Encoder] = {
    "bit": columns.encode_bit,
    "tinyint": columns.encode_number("<u1"),
    "smallint": columns.encode_number("<i2"),
    "int": columns.encode_number("<i4"),
    "bigint": columns.encode_number("<i8"),
    "real": columns.encode_number("<f4"),
    "float": columns.encode_number("<f8"),
    "decimal": columns.encode_decimal,
    "money": columns.encode_money,
    "smallmoney": columns.encode_money,
    "uniqueidentifier": columns.encode_guid,
    "datetime": columns.encode_datetime,
    "smalldatetime": columns.encode_smalldatetime,
    "date": columns.encode_date,
    "time": columns.encode_time,
    "datetime2": columns.encode_datetime2,
    "datetimeoffset": columns.encode_datetimeoffset,
    "sql_variant": _variant,
    **dict.fromkeys(
        ("char", "varchar", "text", "nchar", "nvarchar", "ntext", "binary", "varbinary", "image"), encode_string
    ),
}
"""How a column of each type is sent, by the name of its wire type."""
