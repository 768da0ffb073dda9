"""The registry's bytes: foreign and changed ones, uploads that are broken off and resumed, and what purge frees."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pymlsql import registry
from pymlsql.content import FileBytes
from pymlsql.errors import ModelError, RegistryError, RuntimeMismatch
from pymlsql.registry import uploads
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.registries import check_replay, of_bytes, packed, prepared, refused

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def db() -> Iterator[Toolkit]:
    with servers.running() as target, prepared(target) as found:
        yield found


FOREIGN = {
    "a truncated pickle": bytes(packed().data)[:-20],
    "no pickle": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "a pickle of nothing": b"N.",
    "text": b"hello\n",
}


@pytest.mark.parametrize("case", FOREIGN)
def test_foreign_bytes_become_no_version(db: Toolkit, case: str) -> None:
    with pytest.raises(RuntimeMismatch, match="cannot use this model"):
        db.push(of_bytes(FOREIGN[case]), "foreign")
    assert "foreign" not in [found.name for found in db.models(archived=True)]


def test_bytes_changed_by_hand_are_found(db: Toolkit, tmp_path: Path) -> None:
    one = packed(seed=11)
    db.push(one, "changed")
    db.execute("UPDATE ml.blobs SET data = data + 0x00 WHERE sha256 = ?", (one.sha256,))
    assert refused(lambda: db.push(one, "changed")) == 51034
    with pytest.raises(RegistryError, match="somebody changed them"):
        db.pull("changed", 1, tmp_path / "changed.pkl")
    assert list(tmp_path.iterdir()) == []
    db.execute("UPDATE ml.blobs SET data = ? WHERE sha256 = ?", (one.data, one.sha256))
    assert db.push(one, "changed").version == 2


# Uploads ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 300_000)
    monkeypatch.setattr("pymlsql.registry.versions.CHUNK_BYTES", 300_000)
    monkeypatch.setitem(uploads.upload.__kwdefaults__, "chunk_bytes", 300_000)
    return 300_000


class Stop(Exception):
    """The client ends here."""


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("n_before", [0, 1, 3])
def test_an_upload_goes_on_at_the_first_missing_chunk(db: Toolkit, tmp_path: Path, n_before: int) -> None:
    one = packed(seed=20 + n_before, n_bytes=1_000_000)
    path = tmp_path / "model.pkl"
    path.write_bytes(bytes(one.data))
    file = of_bytes(FileBytes(path), one.sha256)
    steps: list[int] = []

    def stop(done: int, total: int) -> None:
        steps.append(done)
        if len(steps) > n_before:
            raise Stop

    with pytest.raises(Stop):
        db.push(file, "resumed", progress=stop)
    assert db.scalar("SELECT COUNT(*) FROM ml.blobs WHERE sha256 = ?", (one.sha256,)) == 0
    steps.clear()
    version = db.push(file, "resumed", progress=lambda done, total: steps.append(done))
    assert steps == [*range(300_000 * n_before, len(one.data), 300_000), len(one.data)]
    assert version.size_bytes == len(one.data)
    assert db.pull("resumed", version.version, tmp_path / "back.pkl").read_bytes() == one.data
    steps.clear()
    db.push(file, "resumed", progress=lambda done, total: steps.append(done))
    assert steps == [len(one.data)]  # nothing was sent
    assert db.scalar("SELECT COUNT(*) FROM ml.upload_chunks") == 0


@pytest.mark.usefixtures("small_chunks")
def test_a_file_that_changes_is_not_stored(db: Toolkit, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(bytes(packed(seed=30, n_bytes=1_000_000).data))
    content = FileBytes(path)
    digest = hashlib.sha256(bytes(content)).digest()

    def change(done: int, total: int) -> None:
        path.write_bytes(bytes(1_000_000))

    with pytest.raises(ModelError, match="changed while it was read"):
        registry.upload(db, content, digest, progress=change)
    assert db.scalar("SELECT COUNT(*) FROM ml.blobs WHERE sha256 = ?", (digest,)) == 0


def test_bytes_without_their_digest_are_dropped(db: Toolkit) -> None:
    assert refused(lambda: registry.upload(db, b"x" * 100, b"\1" * 32, chunk_bytes=30)) == 51034
    assert db.scalar("SELECT COUNT(*) FROM ml.upload_chunks") == 0
    assert registry.upload(db, b"x" * 100, hashlib.sha256(b"x" * 100).digest(), chunk_bytes=30) == 100


# Retention ----------------------------------------------------------------------------------------------------------


def test_purge_frees_what_nobody_refers_to(db: Toolkit) -> None:
    registry.purge(db, grace_hours=0)
    shared, lonely = packed(seed=40), packed(seed=41)
    for one in (shared, lonely):
        db.push(one, "purged")
    db.push(shared, "kept")
    registry.archive(db, "purged", 1)
    registry.archive(db, "purged", 2)
    db.execute("UPDATE ml.model_versions SET archived_at = DATEADD(day, -31, archived_at)")
    assert registry.purge(db, archived_days=30).n_bytes == 0  # the bytes are too young
    assert "purged" in [found.name for found in db.models()]
    assert registry.purge(db, grace_hours=0, dry_run=True).n_bytes == len(lonely.data)
    assert registry.purge(db, grace_hours=0).n_bytes == len(lonely.data)
    assert registry.purge(db, grace_hours=0).n_blobs == 0
    assert db.push(lonely, "purged").version == 3
    check_replay(db)


def test_bytes_purged_during_a_push_are_sent_again(db: Toolkit, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymlsql.registry import versions

    one = packed(seed=50)
    registry.upload(db, one.data, one.sha256)
    real, purged = versions.call, []

    def call(database: Toolkit, sql: str, values: Any = ()) -> Any:
        if sql == versions._PUSH and not purged:
            purged.append(registry.purge(db, grace_hours=0))
        return real(database, sql, values)

    monkeypatch.setattr(versions, "call", call)
    assert db.push(one, "late").version == 1
    assert purged[0].n_blobs >= 1
