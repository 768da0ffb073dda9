"""Values of parameters: bytes to Python (MS-TDS 2.2.5.5)."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

from pymlsql.embedded.tds import types
from pymlsql.embedded.tds.collation import decode_char
from pymlsql.embedded.tds.reader import Outlet, ProtocolError, Reader
from pymlsql.embedded.tds.types import TypeInfo
from pymlsql.embedded.tsql.messages import SqlError, unsupported
from pymlsql.embedded.tsql.references import INLINE_BYTES
from pymlsql.embedded.tsql.types import MAX, SqlType

_PLP_NULL = 0xFFFFFFFFFFFFFFFF
_PLP_UNKNOWN = 0xFFFFFFFFFFFFFFFE
_MAX_BYTES = 0x7FFFFFFF
_EPOCH_1900 = datetime(1900, 1, 1)
_DAY_ONE = date(1, 1, 1).toordinal()
_DAY = timedelta(days=1)

Decoder = Callable[[bytes, SqlType], Any]


def read_value(reader: Reader, info: TypeInfo) -> Any:
    """One value of the announced type; None for NULL.

    Times are rounded to microseconds, datetime to the milliseconds SQL Server shows (.000, .003, .007). Raises
    ProtocolError for impossible lengths and SqlError 8023 for bytes that are no value of the type.
    """
    if info.token in types.LONG and info.type.is_binary and info.type.length == MAX:
        return _read_plp(reader, reader.outlet)
    data = _read_bytes(reader, info)
    if data is None:
        return None
    name = info.type.name
    if info.type.is_binary:
        return data
    if info.type.is_unicode:
        return _decode_utf16(data)
    if info.type.is_string:
        return decode_char(data, info.collation)
    try:
        return DECODERS[name](data, info.type)
    except (struct.error, ValueError, OverflowError, IndexError) as error:
        what = f"The supplied value is not a valid instance of data type {name}."
        raise SqlError(8023, f"{what} Check the source data for invalid values.") from error


def _read_bytes(reader: Reader, info: TypeInfo) -> bytes | None:
    token = info.token
    if token in types.FIXED:
        return reader.take(info.size) if info.size else None
    if token in types.LONG:
        return _read_plp(reader) if info.type.length == MAX else _read_short(reader, info)
    if token in types.LARGE:
        size = reader.u32()
        return None if size == 0xFFFFFFFF else reader.take(size)
    size = reader.u8()
    if token in types.SHORT and size > info.size:
        raise ProtocolError(f"{size} bytes in a {info.type.name} of {info.size}")
    return reader.take(size) if size else None


def _read_short(reader: Reader, info: TypeInfo) -> bytes | None:
    size = reader.u16()
    if size == 0xFFFF:
        return None
    if size > info.size:
        raise ProtocolError(f"{size} bytes in a {info.type.name} of {info.size}")
    return reader.take(size)


def _read_plp(reader: Reader, make_outlet: Callable[[], Outlet] | None = None) -> Any:
    """A partially length-prefixed value: chunks until an empty one. A large one goes through an outlet."""
    total = reader.u64()
    if total == _PLP_NULL:
        return None
    value, outlet, n_bytes = BytesIO(), None, 0
    try:
        while size := reader.u32():
            n_bytes += size
            if n_bytes > _MAX_BYTES:
                raise SqlError(7119, "Attempting to grow LOB beyond maximum allowed size of 2147483647 bytes.")
            if outlet is None and make_outlet is not None and n_bytes >= INLINE_BYTES:
                outlet = make_outlet()
                outlet.write(value.getvalue())
            reader.copy_to(outlet or value, size)
        if total not in (_PLP_UNKNOWN, n_bytes):
            raise ProtocolError(f"{n_bytes} bytes where {total} are announced")
    except BaseException:
        if outlet is not None:
            outlet.abandon()
        raise
    return outlet.finish() if outlet is not None else value.getvalue()


def _decode_utf16(data: bytes) -> str:
    try:
        return data.decode("utf-16-le")
    except UnicodeDecodeError as error:
        if len(data) % 2:
            raise ProtocolError(f"{len(data)} bytes are no UTF-16") from error
        raise unsupported("text with half a surrogate pair") from error


# --- by type ---------------------------------------------------------------------------------------------------------


def _integer(data: bytes, type_: SqlType) -> int:
    return int.from_bytes(data, "little", signed=type_.name != "tinyint")


def _finite(value: float) -> float:
    """SQL Server has neither NaN nor infinity."""
    if not math.isfinite(value):
        raise ValueError(value)
    return value


def _money(data: bytes, type_: SqlType) -> Decimal:
    """Four decimals; money's high half comes first."""
    if len(data) == 8:
        high, low = struct.unpack("<iI", data)
        scaled = high << 32 | low
    else:
        scaled = int.from_bytes(data, "little", signed=True)
    return _scaled_decimal(scaled, 4)


def _scaled_decimal(scaled: int, scale: int) -> Decimal:
    """``scaled`` / 10**``scale``, exact whatever the context's precision."""
    return Decimal(f"{scaled}E-{scale}")


def _decimal(data: bytes, type_: SqlType) -> Decimal:
    magnitude = int.from_bytes(data[1:], "little")
    if len(data) > 17 or magnitude >= 10**38:
        raise ValueError("more than 38 digits")
    return _scaled_decimal(magnitude if data[0] else -magnitude, type_.scale)


def _datetime(data: bytes, type_: SqlType) -> datetime:
    days, ticks = struct.unpack("<iI", data)
    if ticks >= 25_920_000:
        raise ValueError(f"{ticks} ticks in a day")
    return _EPOCH_1900 + timedelta(days=days, milliseconds=(10 * ticks + 1) // 3)


def _smalldatetime(data: bytes, type_: SqlType) -> datetime:
    days, minutes = struct.unpack("<HH", data)
    return _EPOCH_1900 + timedelta(days=days, minutes=minutes)


def _since_midnight(data: bytes, scale: int) -> timedelta:
    units = int.from_bytes(data, "little") * 10 ** (7 - scale)
    if units >= 864_000_000_000:
        raise ValueError("a time of a day or more")
    return timedelta(microseconds=(units + 5) // 10)


def _date(data: bytes, type_: SqlType | None = None) -> date:
    if len(data) != 3:
        raise ValueError("a date has three bytes")
    return date.fromordinal(_DAY_ONE + int.from_bytes(data, "little"))


def _time(data: bytes, type_: SqlType) -> time:
    since = min(_since_midnight(data, type_.scale), _DAY - timedelta(microseconds=1))
    return (datetime.min + since).time()


def _datetime2(data: bytes, type_: SqlType) -> datetime:
    midnight = datetime.combine(_date(data[-3:]), time())
    try:
        return midnight + _since_midnight(data[:-3], type_.scale)
    except OverflowError:  # 9999-12-31 23:59:59.9999999
        return datetime.max


def _datetimeoffset(data: bytes, type_: SqlType) -> dict[str, Any]:
    """As DuckDB keeps it: ``u`` in UTC, ``o`` the minutes of its offset."""
    (minutes,) = struct.unpack("<h", data[-2:])
    return {"u": _datetime2(data[:-2], type_), "o": minutes}


DECODERS: dict[str, Decoder] = {
    "bit": lambda data, type_: data != b"\0",
    "tinyint": _integer,
    "smallint": _integer,
    "int": _integer,
    "bigint": _integer,
    "real": lambda data, type_: _finite(struct.unpack("<f", data)[0]),
    "float": lambda data, type_: _finite(struct.unpack("<d", data)[0]),
    "money": _money,
    "smallmoney": _money,
    "decimal": _decimal,
    "datetime": _datetime,
    "smalldatetime": _smalldatetime,
    "date": _date,
    "time": _time,
    "datetime2": _datetime2,
    "datetimeoffset": _datetimeoffset,
    "uniqueidentifier": lambda data, type_: UUID(bytes_le=data),
}
"""How a value that is not a string is read, by type name."""
