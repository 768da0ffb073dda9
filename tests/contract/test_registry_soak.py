"""The registry under many clients, and with client or server killed at every step of a push and a promotion."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import pymlsql
from pymlsql import registry
from pymlsql.errors import PymlsqlError, RegistryError
from pymlsql.registry import statements
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.registries import check_replay, packed, prepared

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

N_CLIENTS = 20
MODELS = ("one", "two", "three")
N_BYTES, CHUNK_BYTES = 250_000, 100_000
EXPECTED = {51038, 51039}
"""Somebody else has moved the alias; there is nothing to go back to."""

SCORE = """CREATE PROCEDURE dbo.Score @model nvarchar(128) AS
SET NOCOUNT ON;
DECLARE @bytes varbinary(max), @id int, @p float;
SELECT @bytes = b.data, @id = v.model_version_id
FROM ml.models AS m
JOIN ml.model_aliases AS a ON a.model_id = m.model_id AND a.alias = N'champion'
JOIN ml.model_versions AS v ON v.model_id = a.model_id AND v.version = a.version
JOIN ml.blobs AS b ON b.sha256 = v.sha256
WHERE m.name = @model;
IF @id IS NULL RETURN;
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pickle
import numpy as np
import warnings
warnings.simplefilter("ignore")
p = float(pickle.loads(model).predict_proba(np.array([[0.1, 0.2]]))[0][0])',
    @params = N'@model varbinary(max), @p float OUTPUT', @model = @bytes, @p = @p OUTPUT;
INSERT INTO ml.scoring_runs (model_version_id, procedure_name, status, rows)
VALUES (@id, N'dbo.Score', N'succeeded', 1);
SELECT @p AS p"""


class Client:
    """One of many: pushes, promotes, rolls back and scores, and keeps what was acknowledged."""

    def __init__(self, url: str, seed: int, until: float) -> None:
        self._rng = random.Random(seed)
        self._url = url
        self._until = until
        self.pushed: list[tuple[str, int]] = []
        self.scored = 0
        self.moved = 0
        self.failures: list[str] = []

    def run(self) -> None:
        """Until the time is over; what should not happen is kept."""
        try:
            with pymlsql.connect(self._url) as db:
                while time.monotonic() < self._until:
                    self._step(db, self._rng.choice(MODELS))
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}")

    def _step(self, db: Toolkit, model: str) -> None:
        what = self._rng.random()
        if what < 0.2:
            self.pushed.append((model, db.push(packed(self._rng.randrange(10)), model).version))
            return
        if what < 0.6:
            self.scored += len(db.rows("EXEC dbo.Score @model = ?", (model,)))
            return
        try:
            if what < 0.9:
                latest = registry.show_model(db, model).latest_version or 1
                db.promote(model, self._rng.randint(1, latest))
            else:
                db.rollback(model, steps=self._rng.randint(1, 3))
            self.moved += 1
        except RegistryError as error:
            if error.number not in EXPECTED:
                raise


def test_many_clients_lose_nothing(tmp_path: Path, soak_s: float) -> None:
    with servers.running(tmp_path / "data") as target, prepared(target) as db:
        db.execute(SCORE)
        for model in MODELS:
            db.push(packed(), model, alias="champion")
        until = time.monotonic() + min(soak_s, 60.0)
        clients = [Client(target.sqlalchemy_url, seed, until) for seed in range(N_CLIENTS)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(min(soak_s, 60.0) + 120)
        assert not any(thread.is_alive() for thread in threads)
        assert [failure for client in clients for failure in client.failures] == []
        check_replay(db)
        acknowledged = sorted(pushed for client in clients for pushed in client.pushed)
        assert acknowledged
        assert len(set(acknowledged)) == len(acknowledged)
        rows = db.rows("""SELECT m.name, v.version
            FROM ml.model_versions AS v JOIN ml.models AS m ON m.model_id = v.model_id
            WHERE v.version > 1 ORDER BY m.name, v.version""")
        assert [(row.name, row.version) for row in rows] == acknowledged
        n_moved = db.scalar("SELECT COUNT(*) FROM ml.events WHERE action IN (N'promote', N'rollback')")
        assert 0 < n_moved <= len(MODELS) + sum(client.moved for client in clients)
        assert db.scalar("SELECT COUNT(*) FROM ml.scoring_runs") == sum(client.scored for client in clients) > 0


PUSHER = f"""
import os, signal, sys
from pymlsql.registry import statements, uploads, versions
import pymlsql
from tests.contract.registries import packed
for where in (uploads, versions):
    where.CHUNK_BYTES = {CHUNK_BYTES}
uploads.upload.__kwdefaults__["chunk_bytes"] = {CHUNK_BYTES}
real, calls, last = statements.fetch, [], int(sys.argv[2])
def fetch(*arguments):
    calls.append(1)
    if len(calls) == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
statements.fetch = fetch
with pymlsql.connect(sys.argv[1]) as db:
    db.push(packed(seed=3, n_bytes={N_BYTES}), "killed", alias="champion")
print("pushed", len(calls))
"""
"""Pushes and promotes; kills itself before its so many-th call of a procedure, which is after the one before."""


def _push(url: str, last: int) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", PUSHER, url, str(last)]
    root = str(Path(__file__).resolve().parents[2])
    environment = servers.clean_environment(PYTHONPATH=root)
    return subprocess.run(line, capture_output=True, text=True, timeout=300, check=False, env=environment, cwd=root)


def _check(db: Toolkit) -> None:
    """The state that a push leaves, wherever it ended: whole versions, or none; and nothing that does not fit."""
    check_replay(db)
    assert db.scalar("SELECT COUNT(*) FROM ml.model_versions WHERE sha256 NOT IN (SELECT sha256 FROM ml.blobs)") == 0
    assert db.scalar("SELECT COUNT(*) FROM ml.blobs WHERE HASHBYTES('SHA2_256', data) <> sha256") == 0


def _clear(db: Toolkit) -> None:
    """Without the model and its bytes, for the next time."""
    if "killed" in [model.name for model in db.models()]:
        with contextlib.suppress(RegistryError):
            registry.remove_alias(db, "killed", "champion")
        registry.delete(db, "killed")
    registry.purge(db, grace_hours=0)
    assert db.scalar("SELECT COUNT(*) FROM ml.upload_chunks") == 0


def _n_steps(db: Toolkit, target: servers.Target) -> int:
    done = _push(target.sqlalchemy_url, 0)
    assert done.stdout.startswith("pushed"), done.stderr
    _clear(db)
    n_steps = int(done.stdout.split()[1])
    assert n_steps >= 7  # begin, three chunks, finish, register, promote
    return n_steps


def test_a_client_killed_at_every_step_is_repaired_by_the_next_push() -> None:
    with servers.running() as target, prepared(target) as db:
        for step in range(1, _n_steps(db, target) + 1):
            killed = _push(target.sqlalchemy_url, step)
            assert killed.returncode == -signal.SIGKILL, (step, killed.stderr)
            _check(db)
            again = db.push(packed(seed=3, n_bytes=N_BYTES), "killed", alias="champion")
            assert again.aliases == ("champion",), step
            _check(db)
            _clear(db)


class Killer:
    """Kills a server while the so many-th call of a procedure runs."""

    def __init__(self, target: servers.Target, last: int, delay_s: float) -> None:
        self._target, self._last, self._delay_s = target, last, delay_s
        self._real = statements.fetch
        self.n_calls = 0
        self.timers: list[threading.Timer] = []

    def fetch(self, *arguments: Any) -> Any:
        self.n_calls += 1
        if self.n_calls == self._last and self._target.process is not None:
            self.timers.append(threading.Timer(self._delay_s, self._target.process.kill))
            self.timers[0].start()
        return self._real(*arguments)


@pytest.mark.parametrize("delay_s", [0.0, 0.01], ids=["at once", "within"])
def test_a_server_killed_at_every_step_is_repaired_by_the_next_push(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delay_s: float
) -> None:
    monkeypatch.setitem(registry.upload.__kwdefaults__, "chunk_bytes", CHUNK_BYTES)
    monkeypatch.setattr("pymlsql.registry.versions.CHUNK_BYTES", CHUNK_BYTES)
    model = packed(seed=3, n_bytes=N_BYTES)
    data_dir = tmp_path / "data"
    target = servers.start(data_dir, scratch=tmp_path)
    try:
        with prepared(target) as db, monkeypatch.context() as patched:
            counter = Killer(target, 0, 0.0)
            patched.setattr(statements, "fetch", counter.fetch)
            db.push(model, "killed", alias="champion")
            patched.undo()
            _clear(db)
        for step in range(1, counter.n_calls + 1):
            with pymlsql.connect(target.sqlalchemy_url) as db, monkeypatch.context() as patched:
                killer = Killer(target, step, delay_s)
                patched.setattr(statements, "fetch", killer.fetch)
                with contextlib.suppress(PymlsqlError):  # the answer may have come before the end
                    db.push(model, "killed", alias="champion")
                for timer in killer.timers:
                    timer.join(10)
            target.stop(how=signal.SIGKILL)
            target = servers.start(data_dir, scratch=tmp_path)
            with pymlsql.connect(target.sqlalchemy_url) as db:
                _check(db)
                assert db.push(model, "killed", alias="champion").aliases == ("champion",), step
                _check(db)
                _clear(db)
    finally:
        target.stop()
