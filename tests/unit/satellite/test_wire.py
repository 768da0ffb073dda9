"""Frames and values as bytes."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymlsql.embedded.satellite import wire


def test_a_frame_is_type_length_and_payload() -> None:
    file = io.BytesIO()
    wire.write_frame(file, wire.SCRIPT, b"x = 1")
    assert file.getvalue() == bytes.fromhex(
        "02"  # type: SCRIPT
        "0000000000000005"  # length
        "78203d2031"  # "x = 1"
    )


@pytest.mark.parametrize("n_bytes", range(14))
def test_a_frame_that_breaks_off_is_a_hangup(n_bytes: int) -> None:
    file = io.BytesIO()
    wire.write_frame(file, wire.SCRIPT, b"x = 1")
    with pytest.raises(wire.Hangup):
        wire.read_frame(io.BytesIO(file.getvalue()[:n_bytes]), wire.SCRIPT)


def test_a_frame_of_another_type_is_refused() -> None:
    file = io.BytesIO()
    wire.write_frame(file, wire.END)
    file.seek(0)
    with pytest.raises(wire.WireError, match="type 8"):
        wire.read_frame(file, wire.RESULT)


VALUES: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.just("int"), st.none() | st.integers()),
    st.tuples(st.just("float"), st.none() | st.floats(allow_nan=False)),
    st.tuples(st.just("bool"), st.none() | st.booleans()),
    st.tuples(st.just("str"), st.none() | st.text(st.characters())),
    st.tuples(st.just("bytes"), st.none() | st.binary()),
    st.tuples(st.just("datetime"), st.none() | st.datetimes(min_value=datetime.datetime(1753, 1, 1))),
)


@given(st.lists(VALUES))
def test_values_survive(values: list[tuple[str, Any]]) -> None:
    file = io.BytesIO()
    wire.write_values(file, values)
    file.seek(0)
    assert wire.read_values(file) == [value for _, value in values]
    assert file.read() == b""


class InFile:
    """A value of kind bytes that lies in a file."""

    def __init__(self, path: Path, length: int) -> None:
        self.sha256, self.length, self._path = "", length, path

    def open(self) -> io.FileIO:
        return io.FileIO(self._path)


def test_a_file_stands_for_its_bytes(tmp_path: Path) -> None:
    data, file = bytes(range(256)) * 10_000, io.BytesIO()
    (tmp_path / "value").write_bytes(data)
    wire.write_values(file, [("bytes", InFile(tmp_path / "value", len(data))), ("int", 1), ("bytes", b"x")])
    file.seek(0)
    assert wire.read_values(file) == [data, 1, b"x"]
    with pytest.raises(OSError, match="shorter"):
        wire.write_values(io.BytesIO(), [("bytes", InFile(tmp_path / "value", len(data) + 1))])


def test_what_follows_a_table_is_left_to_the_next_reader() -> None:
    table = pa.table({"a": [1, 2, 3], "s": ["x", None, "z"]})
    file = io.BytesIO()
    wire.write_table(file, table.schema, table.to_batches(max_chunksize=2))
    wire.write_frame(file, wire.END)
    file.seek(0)
    assert wire.read_header(file) == (wire.TABLE, wire.STREAMED)
    assert wire.read_table(file).equals(table)
    assert wire.read_frame(file, wire.END) == b""
