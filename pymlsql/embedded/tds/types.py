"""TYPE_INFO: how a type is announced, both ways (MS-TDS 2.2.5.4 to 2.2.5.6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pymlsql.embedded.tds.collation import COLLATION
from pymlsql.embedded.tds.login import TDS_7_2, TDS_7_3, TDS_8_0
from pymlsql.embedded.tds.reader import ProtocolError, Reader
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.types import MAX, SqlType, decimal, nvarchar

# --- tokens ----------------------------------------------------------------------------------------------------------

FIXED = {
    0x1F: ("null", 0), 0x30: ("tinyint", 1), 0x32: ("bit", 1), 0x34: ("smallint", 2), 0x38: ("int", 4),
    0x7F: ("bigint", 8), 0x3B: ("real", 4), 0x3E: ("float", 8), 0x3C: ("money", 8), 0x7A: ("smallmoney", 4),
    0x3D: ("datetime", 8), 0x3A: ("smalldatetime", 4),
}  # fmt: skip
"""Types without a length: token -> name and bytes."""

SIZED = {
    0x26: {1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"},
    0x68: {1: "bit"},
    0x6D: {4: "real", 8: "float"},
    0x6E: {4: "smallmoney", 8: "money"},
    0x6F: {4: "smalldatetime", 8: "datetime"},
    0x24: {16: "uniqueidentifier"},
}
"""Nullable types whose length byte says which one it is."""

SCALED = {0x29: "time", 0x2A: "datetime2", 0x2B: "datetimeoffset"}
DECIMALS = frozenset({0x6A, 0x6C, 0x37, 0x3F})
SHORT = {0x2F: "char", 0x27: "varchar", 0x2D: "binary", 0x25: "varbinary"}
"""Legacy types with a length byte."""

LONG = {0xAF: "char", 0xA7: "varchar", 0xEF: "nchar", 0xE7: "nvarchar", 0xAD: "binary", 0xA5: "varbinary"}
"""Types with a two-byte length, 0xFFFF for (max)."""

LARGE = {0x23: "text", 0x63: "ntext", 0x22: "image"}
"""Types with a four-byte length."""

DATE_TOKEN = 0x28
PLP = 0xFFFF
_REFUSED = {
    0x62: "a sql_variant parameter",
    0xF0: "a CLR type parameter",
    0xF1: "an xml parameter",
}


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """A type as a client announced it. ``size`` is the length of the announcement, in bytes."""

    token: int
    type: SqlType
    size: int = 0
    collation: bytes = COLLATION


def read_type_info(reader: Reader) -> TypeInfo:
    """The TYPE_INFO of a parameter. Raises SqlError 40510 for types that are not taken as parameters."""
    token = reader.u8()
    if token in FIXED:
        name, size = FIXED[token]
        return TypeInfo(token, SqlType(name), size)
    if token in SIZED:
        return _read_sized(token, reader.u8())
    if token == DATE_TOKEN:
        return TypeInfo(token, SqlType("date"))
    if token in SCALED:
        return TypeInfo(token, SqlType(SCALED[token], scale=_at_most(7, reader.u8(), "a scale")))
    if token in DECIMALS:
        size, precision, scale = reader.u8(), reader.u8(), reader.u8()
        if not 1 <= precision <= 38 or scale > precision:
            raise ProtocolError(f"decimal({precision}, {scale})")
        return TypeInfo(token, decimal(precision, scale), size)
    if token in SHORT or token in LONG or token in LARGE:
        return _read_string(token, reader)
    if token in _REFUSED:
        raise unsupported(_REFUSED[token])
    raise ProtocolError(f"unknown type token 0x{token:02x}")


def _at_most(limit: int, value: int, what: str) -> int:
    if value > limit:
        raise ProtocolError(f"{what} of {value}")
    return value


def _read_sized(token: int, size: int) -> TypeInfo:
    names = SIZED[token]
    if size not in names:
        raise ProtocolError(f"type token 0x{token:02x} of {size} bytes")
    return TypeInfo(token, SqlType(names[size]), size)


def _read_string(token: int, reader: Reader) -> TypeInfo:
    if token in SHORT:
        name, size = SHORT[token], reader.u8()
    elif token in LONG:
        name, size = LONG[token], reader.u16()
    else:
        name, size = LARGE[token], reader.u32()
    type_ = SqlType(name)
    has_collation = not type_.is_binary and token not in SHORT
    collation = reader.take(5) if has_collation else COLLATION
    if token in LARGE:
        return TypeInfo(token, type_, size, collation)
    length = MAX if size == PLP and token in LONG else (size // 2 if type_.is_unicode else size)
    return TypeInfo(token, SqlType(name, length=length), size, collation)


# --- announcing ------------------------------------------------------------------------------------------------------

_OUT_SIZED = {name: bytes([token, size]) for token, names in SIZED.items() for size, name in names.items()}
_OUT_SCALED = {name: token for token, name in SCALED.items()}
_OUT_LONG = {name: token for token, name in LONG.items()}
_OUT_LARGE = {name: token for token, name in LARGE.items()}
_TEXT_FOR_MAX = {"varchar": "text", "nvarchar": "ntext", "varbinary": "image"}
_NVARCHAR_FOR_TIME = {"date": 10, "time": 16, "datetime2": 27, "datetimeoffset": 34}


def is_before(version: int, needed: int) -> bool:
    """Whether a client of TDS ``version`` is older than ``needed``; 8.0's number sorts below 7.x."""
    return version != TDS_8_0 and version < needed


def wire_type(type_: SqlType, version: int) -> SqlType:
    """What ``type_`` is sent as: an untyped NULL is int, rowversion binary(8), and older clients get older types."""
    if type_.name == "null":
        return SqlType("int")
    if type_.name == "timestamp":
        return SqlType("binary", length=8)
    if type_.name == "sysname":
        return nvarchar(128)
    if type_.name in _NVARCHAR_FOR_TIME and is_before(version, TDS_7_3):
        return nvarchar(_NVARCHAR_FOR_TIME[type_.name])
    if type_.length == MAX and is_before(version, TDS_7_2):
        return SqlType(_TEXT_FOR_MAX[type_.name])
    return type_


def decimal_size(precision: int) -> int:
    """Bytes of a decimal with its sign byte (MS-TDS 2.2.5.5.1.6)."""
    return 5 if precision <= 9 else 9 if precision <= 19 else 13 if precision <= 28 else 17


def render_type_info(type_: SqlType) -> bytes:
    """TYPE_INFO of a type from wire_type()."""
    name = type_.name
    if name in _OUT_SIZED:
        return _OUT_SIZED[name]
    if name == "date":
        return bytes([DATE_TOKEN])
    if name in _OUT_SCALED:
        return bytes([_OUT_SCALED[name], type_.scale])
    if name == "decimal":
        return bytes([0x6A, decimal_size(type_.precision), type_.precision, type_.scale])
    if name in _OUT_LONG:
        size = PLP if type_.length == MAX else max(1, type_.length) * (2 if type_.is_unicode else 1)
        return struct.pack("<BH", _OUT_LONG[name], size) + (b"" if type_.is_binary else COLLATION)
    if name in _OUT_LARGE:
        size = 0x7FFFFFFE if name == "ntext" else 0x7FFFFFFF
        return struct.pack("<BI", _OUT_LARGE[name], size) + (b"" if name == "image" else COLLATION)
    if name == "sql_variant":
        return struct.pack("<BI", 0x62, 8009)
    raise unsupported(f"a result column of type {type_}")
