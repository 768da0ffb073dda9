"""The keys that strings are ordered by, for a chunk of rows at once: what is not digits, letters and blanks alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pymlsql.embedded.tsql.sortkeys import MARKS, NARROW, SEPARATOR, SORT_NARROW, SORT_WIDE, WIDE, Order, sort_key


def register_sorting(connection: duckdb.DuckDBPyConnection) -> None:
    """Give DuckDB both functions."""
    create: Any = connection.create_function
    for name, order in ((SORT_NARROW, NARROW), (SORT_WIDE, WIDE)):
        create(name, _keys_of(order), ["VARCHAR"], "VARCHAR", type="arrow", null_handling="special")


def _keys_of(order: Order) -> Callable[[Any], Any]:
    table, by_row = np.array(order.table, np.uint8), _key_of(order)

    def keys(column: Any) -> Any:
        given = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        texts = given.cast(pa.large_utf8())
        validity, ends, data = texts.buffers()
        offsets = np.frombuffer(ends, np.int64, len(texts) + 1, texts.offset * 8)
        octets = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data is not None else np.zeros(0, np.uint8)
        made = table[octets]
        if not validity and made.all():
            return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets - offsets[0]), pa.py_buffer(made))
        rows = texts.cast(pa.large_binary()).to_pylist()
        return pa.array([None if row is None else by_row(row) for row in rows], pa.large_binary()).cast(pa.large_utf8())

    return keys


def _key_of(order: Order) -> Callable[[bytes], bytes]:
    """The key of one text, in UTF-8."""
    simple = bytes(b for b in range(256) if order.table[b])
    minimal = bytes(ord(mark) for mark in MARKS if mark in order.minimal)
    letters = bytes(order.table)
    places = bytes(ord(order.minimal[chr(b)]) if b in minimal else ord("h") for b in range(256))
    between, known, space = SEPARATOR.encode() * 2, simple + minimal, order.space.encode()

    def key(text: bytes) -> bytes:
        if text.translate(None, known):
            return sort_key(text.decode(), order).encode()
        marks = text.translate(places).rstrip(b"h")
        made = text.translate(letters, minimal).rstrip(space)
        return made + between + marks if marks else made

    return key
