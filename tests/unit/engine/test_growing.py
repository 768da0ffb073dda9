"""Values that a variable grows: none ever changes, none is copied to grow, and no file outlives them."""

from __future__ import annotations

import errno
import gc
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pymlsql.embedded.engine.growing import GrownValue, appended
from pymlsql.embedded.engine.values import LargeValue, ValueStore
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.references import INLINE_BYTES

PIECE = bytes(range(256)) * (INLINE_BYTES // 256)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ValueStore]:
    made = ValueStore(tmp_path / "values")
    yield made
    made.close()


def grow(store: ValueStore, *parts: bytes) -> GrownValue:
    value: bytes | LargeValue = b""
    for part in parts:
        value = appended(store, value, part)
    assert isinstance(value, GrownValue)
    return value


def test_small_values_stay_bytes(store: ValueStore) -> None:
    assert appended(store, b"a", b"b") == b"ab"
    assert store.is_empty()


def test_pieces_are_appended_to_one_file(store: ValueStore) -> None:
    value = grow(store, PIECE, b"one", PIECE, b"two")
    assert [len(list(store.folder.iterdir())), len(value)] == [1, 2 * len(PIECE) + 6]
    whole = PIECE + b"one" + PIECE + b"two"
    assert value.read() == whole
    assert value.sha256 == hashlib.sha256(whole).hexdigest()
    assert [path.name for path in store.folder.iterdir()] == [value.sha256]


@pytest.mark.parametrize("look", [lambda value: None, lambda value: value.verify()], ids=["unseen", "seen"])
def test_an_older_value_stays_what_it_was(store: ValueStore, look: Callable[[LargeValue], None]) -> None:
    first = grow(store, PIECE)
    look(first)
    second, other = appended(store, first, b"2"), appended(store, first, b"3")
    assert isinstance(second, LargeValue)
    assert isinstance(other, LargeValue)
    assert [first.read(), second.read(), other.read()] == [PIECE, PIECE + b"2", PIECE + b"3"]


def test_a_value_can_be_appended_to_itself(store: ValueStore) -> None:
    value = grow(store, PIECE, b"x")
    twice = appended(store, value, value)
    assert isinstance(twice, LargeValue)
    assert twice.read() == (PIECE + b"x") * 2
    shorter = grow(store, PIECE)
    longer = appended(store, shorter, b"y")
    again = appended(store, longer, shorter)
    assert isinstance(again, LargeValue)
    assert again.read() == PIECE + b"y" + PIECE


def test_a_stored_value_is_a_piece_and_a_beginning(store: ValueStore) -> None:
    stored = store.add(PIECE)
    behind, before = appended(store, stored, b"1"), appended(store, b"1", stored)
    assert isinstance(behind, LargeValue)
    assert isinstance(before, LargeValue)
    assert (behind.read(), before.read(), stored.read()) == (PIECE + b"1", b"1" + PIECE, PIECE)


def test_what_cannot_be_written_leaves_the_value_as_it_was(store: ValueStore, monkeypatch: pytest.MonkeyPatch) -> None:
    value = grow(store, PIECE, b"x")
    with monkeypatch.context() as patched:
        real, calls = os.write, []

        def write(file: int, data: memoryview) -> int:
            calls.append(file)
            if len(calls) == 1:
                return real(file, data[:5])
            raise OSError(errno.ENOSPC, "full")

        patched.setattr(os, "write", write)
        with pytest.raises(SqlError) as caught:
            appended(store, value, PIECE)
    assert caught.value.number == 1105
    longer = appended(store, value, b"y")
    assert isinstance(longer, LargeValue)
    assert (value.read(), longer.read()) == (PIECE + b"x", PIECE + b"xy")


def test_no_file_outlives_the_values(store: ValueStore) -> None:
    values = [grow(store, PIECE, b"1"), grow(store, PIECE, b"2")]
    values[0].verify()
    del values
    gc.collect()
    store.sweep()
    assert list(store.folder.iterdir()) == []


def test_too_long_a_value_is_refused(store: ValueStore) -> None:
    long = LargeValue(store, "0" * 64, 2**31 - 1)
    with pytest.raises(SqlError) as caught:
        appended(store, long, b"1")
    assert caught.value.number == 7119
