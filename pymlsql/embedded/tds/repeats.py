"""Reading a message of calls that repeat the first: the many sp_execute of a fast_executemany.

Such calls differ in their values only, and runs of them even agree in every length. A call is compared with the first
instead of being read again; a run of equal lengths is a matrix with a row per call, whose columns are cut out and
decoded at once. What is not so plain is left to the caller, who reads it call by call.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from pymlsql.embedded.tds import matrices, types
from pymlsql.embedded.tds.collation import decode_char
from pymlsql.embedded.tds.columns import Bytes, arrow_type
from pymlsql.embedded.tds.requests import RepeatedCalls, RpcCall
from pymlsql.embedded.tds.types import TypeInfo
from pymlsql.embedded.tds.values import DECODERS
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.types import MAX

_PLAIN = frozenset({*types.SIZED, *types.SCALED, *types.DECIMALS, types.DATE_TOKEN}) - {0x2B}
"""Values with a length byte; datetimeoffset is not one Arrow type."""

_SHORT_RUN = 8
_ROWS_UNTIL_NEXT_TRY = 32
_FIRST_WINDOW, _LAST_WINDOW = 64, 16_384


@dataclass(frozen=True, slots=True)
class ValueShape:
    """A parameter as it repeats: the bytes before its length, how long that is, and its type."""

    prefix: bytes
    info: TypeInfo

    @property
    def n_length(self) -> int:
        """How many bytes tell the value's length."""
        return 2 if self.info.token in types.LONG else 1

    def decode(self, data: bytes) -> Any:
        """One value that is not NULL. Raises ValueError or struct.error."""
        if self.info.token not in types.LONG:
            return DECODERS[self.info.type.name](data, self.info.type)
        if self.info.type.is_binary:
            return data
        return data.decode("utf-16-le") if self.info.type.is_unicode else decode_char(data, self.info.collation)


@dataclass(frozen=True, slots=True)
class CallShape:
    """A call that was read: the bytes before its first parameter, and its parameters."""

    call: RpcCall
    head: bytes
    values: tuple[ValueShape, ...]

    @classmethod
    def of(
        cls, call: RpcCall, head: bytes | None, prefixes: Sequence[bytes | None], infos: Sequence[TypeInfo]
    ) -> CallShape | None:
        """The shape of ``call``; None where a value is not plain or the bytes before one are not known."""
        if head is None or not infos:
            return None
        values = []
        for prefix, info in zip(prefixes, infos, strict=True):
            is_short = info.token in types.LONG and info.type.length != MAX
            if prefix is None or not (info.token in _PLAIN or is_short):
                return None
            values.append(ValueShape(prefix, info))
        return cls(call, head, tuple(values))


def read_repeats(shape: CallShape, data: bytearray, at: int, separator: int) -> RepeatedCalls | None:
    """All calls of ``data[at:]``; None unless each is like ``shape``, with values that can be, and there are two."""
    columns = [_ColumnReader(value) for value in shape.values]
    try:
        if not _read_columns(shape, columns, data, at, separator):
            return None
        arrays = tuple(column.finish() for column in columns)
    except (ValueError, struct.error, OverflowError, SqlError):
        return None
    return RepeatedCalls(shape.call, arrays) if len(arrays[0]) > 1 else None


def _read_columns(
    shape: CallShape, columns: Sequence[_ColumnReader], data: bytearray, at: int, separator: int
) -> bool:
    flat = np.frombuffer(data, np.uint8)
    rows_until_try = 0
    while at < len(data):
        spans = _find_values(shape, data, at)
        if spans is None:
            return False
        end = max(spans[-1])
        if end < len(data) and data[end] != separator:
            return False
        for column, (start, stop) in zip(columns, spans, strict=True):
            column.add(data, start, stop)
        following = end + 1
        if rows_until_try:
            rows_until_try -= 1
        elif end < len(data):
            n_rows = _run_length(flat, at, following, spans)
            _add_run(columns, flat, at, following, spans, n_rows)
            following += n_rows * (following - at)
            rows_until_try = 0 if n_rows >= _SHORT_RUN else _ROWS_UNTIL_NEXT_TRY
        at = following
    return True


Span = tuple[int, int]
"""Where a value's bytes are; for NULL the end is -1 and the start is where the next thing begins."""


def _find_values(shape: CallShape, data: bytearray, at: int) -> list[Span] | None:
    """The spans of the values of the call at ``at``; None where it is another call or is not wholly there."""
    if not data.startswith(shape.head, at):
        return None
    at += len(shape.head)
    spans: list[Span] = []
    for value in shape.values:
        if not data.startswith(value.prefix, at):
            return None
        start = at + len(value.prefix) + value.n_length
        if start > len(data):
            return None
        size = data[start - 1] if value.n_length == 1 else data[start - 2] | data[start - 1] << 8
        if size == (0 if value.n_length == 1 else 0xFFFF):
            spans.append((start, -1))
            at = start
            continue
        at = start + size
        if at > len(data) or (value.n_length == 2 and size > value.info.size):
            return None
        spans.append((start, at))
    return spans


def _run_length(flat: Bytes, first: int, at: int, spans: Sequence[Span]) -> int:
    """How many calls from ``at`` on have the bytes of the one at ``first`` everywhere but in ``spans``."""
    stride = at - first
    constant = np.ones(stride, bool)
    for start, stop in spans:
        constant[start - first : max(stop, start) - first] = False
    places = np.flatnonzero(constant)
    expected = flat[first:at][places]
    n_rows, window = 0, _FIRST_WINDOW
    while (n_now := min(window, (len(flat) - at) // stride)) > 0:
        matrix = flat[at : at + n_now * stride].reshape(n_now, stride)
        same = (matrix[:, places] == expected).all(axis=1)
        n_same = n_now if same.all() else int(same.argmin())
        n_rows += n_same
        if n_same < n_now:
            break
        at += n_now * stride
        window = min(4 * window, _LAST_WINDOW)
    return n_rows


def _add_run(
    columns: Sequence[_ColumnReader], flat: Bytes, first: int, at: int, spans: Sequence[Span], n_rows: int
) -> None:
    if not n_rows:
        return
    stride = at - first
    matrix = flat[at : at + n_rows * stride].reshape(n_rows, stride)
    for column, (start, stop) in zip(columns, spans, strict=True):
        column.add_run(None if stop < 0 else matrix[:, start - first : stop - first], n_rows)


class _ColumnReader:
    """Gathers one parameter of all calls into an Arrow array."""

    def __init__(self, shape: ValueShape) -> None:
        self._shape = shape
        self._type = arrow_type(shape.info.type)
        self._loose: list[Any] = []
        self._arrays: list[Any] = []
        self._decode: Callable[[bytes], Any] = shape.decode

    def add(self, data: bytearray, start: int, stop: int) -> None:
        value = None if stop < 0 else self._decode(bytes(data[start:stop]))
        self._loose.append(str(value) if isinstance(value, UUID) else value)

    def add_run(self, matrix: Bytes | None, n_rows: int) -> None:
        """``n_rows`` values of equal length, a row each; None for as many NULLs."""
        self._flush()
        if matrix is None:
            self._arrays.append(pa.nulls(n_rows, self._type))
            return
        array = matrices.decode(matrix, self._shape.info)
        if array is not None:
            self._arrays.append(array)
            return
        for row in matrix:
            value = self._decode(row.tobytes())
            self._loose.append(str(value) if isinstance(value, UUID) else value)

    def finish(self) -> Any:
        self._flush()
        return self._arrays[0] if len(self._arrays) == 1 else pa.concat_arrays(self._arrays)

    def _flush(self) -> None:
        if self._loose:
            self._arrays.append(pa.array(self._loose, self._type))
            self._loose = []
