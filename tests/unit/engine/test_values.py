"""Files of large values: written once, checked before use, and never removed while somebody may want them."""

from __future__ import annotations

import gc
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql.embedded.engine.values import LargeValue, ValueStore, ValueWriter
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.references import (
    INLINE_BYTES,
    MAGIC,
    REFERENCE_BYTES,
    decode_reference,
    is_reference,
    lies_outside,
)

DATA = bytes(range(256)) * 2048
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "values"


@pytest.fixture
def store(folder: Path) -> Iterator[ValueStore]:
    made = ValueStore(folder)
    yield made
    made.close()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def number(work: object) -> int:
    with pytest.raises(SqlError) as caught:
        work()  # type: ignore[operator]
    assert caught.value.severity == 24
    return caught.value.number


def test_a_reference_tells_digest_and_length() -> None:
    value = LargeValue(ValueStore(None), NAME, len(DATA))
    assert len(value.reference) == REFERENCE_BYTES
    assert is_reference(value.reference)
    assert decode_reference(value.reference) == (NAME, len(DATA))


@pytest.mark.parametrize(
    ("value", "outside"),
    [(b"", False), (bytes(INLINE_BYTES - 1), False), (bytes(INLINE_BYTES), True), (MAGIC[:15], False), (MAGIC, True),
     (MAGIC + b"x", True)],
    ids=["empty", "below", "at", "part of the mark", "the mark", "marked"],
)  # fmt: skip
def test_what_lies_outside(value: bytes, outside: bool) -> None:
    assert lies_outside(value) is outside


def test_a_value_has_one_private_file_named_by_its_content(store: ValueStore, folder: Path) -> None:
    first, second = store.add(DATA), store.add(memoryview(DATA))
    assert first is second
    assert files(folder) == [NAME]
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert first.read() == DATA
    assert (first.digest("sha256"), first.digest("md5")) == (bytes.fromhex(NAME), hashlib.md5(DATA).digest())
    assert store.find(first.reference) is first


def test_an_abandoned_value_leaves_nothing(store: ValueStore, folder: Path) -> None:
    writer = ValueWriter(store)
    writer.write(DATA)
    writer.abandon()
    assert files(folder) == []


def test_unfinished_files_are_removed_at_the_start(store: ValueStore, folder: Path) -> None:
    writer = ValueWriter(store)
    writer.write(DATA)
    assert len(files(folder)) == 1
    ValueStore(folder)
    assert files(folder) == []


def _cut(path: Path) -> None:
    os.truncate(path, len(DATA) - 1)


def _turn(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"!")


DAMAGES = {"cut": (_cut, 824), "turned": (_turn, 824), "gone": (Path.unlink, 823)}


@pytest.mark.parametrize("started_anew", [False, True])
@pytest.mark.parametrize(("damage", "expected"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_an_error_and_never_other_bytes(
    store: ValueStore, folder: Path, damage: object, expected: int, started_anew: bool
) -> None:
    value = store.add(DATA)
    assert value.read() == DATA
    damage(folder / NAME)  # type: ignore[operator]
    found = ValueStore(folder).find(value.reference) if started_anew else value
    for use in (found.read, found.verify, found.open, lambda: found.digest("sha256"), lambda: found.digest("md5")):
        assert number(use) == expected


@pytest.mark.parametrize(("damage", "expected"), DAMAGES.values(), ids=DAMAGES)
def test_the_same_bytes_again_heal_a_damaged_file(
    store: ValueStore, folder: Path, damage: object, expected: int
) -> None:
    value = store.add(DATA)
    damage(folder / NAME)  # type: ignore[operator]
    assert store.add(DATA).read() == value.read() == DATA


def test_a_value_that_nobody_keeps_goes_with_its_last_holder(store: ValueStore, folder: Path) -> None:
    value = store.add(DATA)
    store.sweep()
    assert files(folder) == [NAME]
    del value
    gc.collect()
    store.sweep()
    assert files(folder) == []


def test_a_settled_value_stays_until_no_row_refers_to_it(store: ValueStore, folder: Path) -> None:
    value = store.add(DATA)
    reference = value.reference
    store.settle([value])
    del value
    gc.collect()
    store.sweep()
    assert store.keep_only([reference])
    assert files(folder) == [NAME]
    assert store.keep_only([])
    assert files(folder) == []


def test_nothing_is_removed_while_a_statement_runs_or_a_value_lives(store: ValueStore, folder: Path) -> None:
    value = store.add(DATA)
    store.settle([value])
    assert not store.keep_only([])
    assert files(folder) == [NAME]
    del value
    gc.collect()
    with store.reading():
        assert not store.keep_only([])
    assert files(folder) == [NAME]


def test_an_open_file_outlives_its_name(store: ValueStore, folder: Path) -> None:
    file = store.add(DATA).open()
    gc.collect()
    store.sweep()
    assert files(folder) == []
    with file:
        assert file.read() == DATA


def test_a_full_disk_is_an_error_of_the_statement(store: ValueStore, folder: Path) -> None:
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        with pytest.raises(SqlError) as caught:
            store.add(DATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert caught.value.number == 1105
    assert files(folder) == []


def test_a_store_in_memory_leaves_no_folder() -> None:
    store = ValueStore(None)
    store.add(DATA)
    folder = store.folder
    store.close()
    assert not folder.exists()
