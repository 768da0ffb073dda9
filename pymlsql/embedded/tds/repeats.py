"""Reading calls that repeat the one before: the many sp_execute of a fast_executemany.

Such calls differ in their values only. The bytes before each value are compared as a whole, not read again; where
they differ, or a value is not plain, the caller reads the call the long way.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pymlsql.embedded.tds import types
from pymlsql.embedded.tds.collation import decode_char
from pymlsql.embedded.tds.requests import Parameter, RpcCall
from pymlsql.embedded.tds.types import TypeInfo
from pymlsql.embedded.tds.values import DECODERS
from pymlsql.embedded.tsql.types import MAX

Plain = Callable[[bytearray, int], tuple[Any, int]]
"""A value and where it ends, from a segment and where it begins. Raises ValueError, IndexError or struct.error."""

_PLAIN = frozenset({*types.SIZED, *types.SCALED, *types.DECIMALS, types.DATE_TOKEN})


@dataclass(frozen=True, slots=True)
class CallShape:
    """A call that was read: the bytes before its first parameter, and of each parameter those before its value."""

    call: RpcCall
    head: bytes
    prefixes: tuple[bytes, ...]
    readers: tuple[Plain, ...]

    @classmethod
    def of(
        cls, call: RpcCall, head: bytes | None, prefixes: Sequence[bytes | None], infos: Sequence[TypeInfo]
    ) -> CallShape | None:
        """The shape of ``call``; None where a value is not plain or the bytes before one are not known."""
        known = tuple(prefix for prefix in prefixes if prefix is not None)
        readers = tuple(reader for info in infos if (reader := _plain_reader(info)) is not None)
        if head is None or len(known) < len(prefixes) or len(readers) < len(infos):
            return None
        return cls(call, head, known, readers)


def read_same(shape: CallShape, data: bytearray, at: int) -> tuple[RpcCall, int] | None:
    """The call at ``data[at:]`` and where it ends; None where it is another call, or is not wholly there."""
    if not data.startswith(shape.head, at):
        return None
    at += len(shape.head)
    parameters = []
    try:
        for prefix, read, old in zip(shape.prefixes, shape.readers, shape.call.parameters, strict=True):
            if not data.startswith(prefix, at):
                return None
            value, at = read(data, at + len(prefix))
            parameters.append(Parameter(old.name, old.type, value, old.output, old.default))
    except (ValueError, IndexError, struct.error, OverflowError):
        return None
    return RpcCall(shape.call.procedure, tuple(parameters), shape.call.no_metadata), at


def _plain_reader(info: TypeInfo) -> Plain | None:
    if info.token in types.LONG and info.type.length != MAX:
        return _short_reader(info)
    if info.token not in _PLAIN:
        return None
    decode, type_ = DECODERS[info.type.name], info.type

    def read(data: bytearray, at: int) -> tuple[Any, int]:
        size = data[at]
        end = at + 1 + size
        if not size:
            return None, end
        return decode(_slice(data, at + 1, end), type_), end

    return read


def _short_reader(info: TypeInfo) -> Plain:
    is_binary, is_unicode, collation, limit = info.type.is_binary, info.type.is_unicode, info.collation, info.size

    def read(data: bytearray, at: int) -> tuple[Any, int]:
        size = data[at] | data[at + 1] << 8
        if size == 0xFFFF:
            return None, at + 2
        end = at + 2 + size
        if size > limit:
            raise ValueError(f"{size} bytes in a {info.type}")
        raw = _slice(data, at + 2, end)
        if is_binary:
            return raw, end
        return (raw.decode("utf-16-le") if is_unicode else decode_char(raw, collation)), end

    return read


def _slice(data: bytearray, start: int, end: int) -> bytes:
    if end > len(data):
        raise IndexError(f"{end} of {len(data)}")
    return bytes(data[start:end])
