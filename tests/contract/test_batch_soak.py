"""A batch run whose server is killed again and again: what was stored stays, and the next call goes on from there."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyodbc
import pytest
from sklearn.linear_model import LogisticRegression

from pymlsql import connect, deployment, models, signature
from pymlsql.errors import DatabaseError
from pymlsql.features import Attributes, Column, Entity, FeatureSet, OwnLabel, Source
from pymlsql.features.modules import render_features
from pymlsql.procedures import Batch
from pymlsql.runtime import ENABLE_SCRIPTS
from pymlsql.toolkit import Toolkit
from tests import servers

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

N_ROWS, CHUNK_ROWS = 60_000, 1_000
TENS = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
FILL = f"""CREATE TABLE dbo.Many
    (id int NOT NULL PRIMARY KEY, at datetime NOT NULL, x float NOT NULL, y nvarchar(3) NULL)
INSERT INTO dbo.Many (id, at, x)
SELECT n.id, DATEADD(minute, n.id % 5000, '20240101'), SIN(n.id * 0.37E0)
FROM (SELECT a.v + 10 * b.v + 100 * c.v + 1000 * d.v + 10000 * e.v AS id FROM {TENS} AS a (v) CROSS JOIN {TENS} AS b (v)
    CROSS JOIN {TENS} AS c (v) CROSS JOIN {TENS} AS d (v) CROSS JOIN {TENS} AS e (v)) AS n
WHERE n.id < {N_ROWS}"""
FEATURES = FeatureSet(
    view="dbo.ManyFeatures",
    entity=(Entity(name="id", sql_type="int", parameter="id"),),
    time="at",
    rows="many",
    sources={"many": Source(table="dbo.Many")},
    attributes=(Attributes(source="many", columns=(Column(name="x", sql_type="float"),)),),
    label=OwnLabel(kind="column", column="y", name="y", sql_type="nvarchar(3)", values=("no", "yes")),
)
PROCEDURE = Batch(
    kind="batch", name="dbo.ScoreMany", features="many", model="many", predictions="dbo.ManyPredictions",
    served="dbo.ServedMany", chunk_rows=CHUNK_ROWS, alerts_per_period=5,
)  # fmt: skip


def prepare(db: Toolkit) -> Any:
    """The table, the procedure and its model, which is returned."""
    db.upgrade()
    db.execute_batches(ENABLE_SCRIPTS)
    db.execute(FILL)
    rows = pd.DataFrame({"x": np.linspace(-1, 1, 50)})
    estimator = LogisticRegression().fit(rows, np.where(rows["x"] + 0.3 * np.cos(9 * rows["x"]) > 0, "yes", "no"))
    with db.transaction() as connection:
        deployment.deploy(connection, (*render_features(FEATURES), *PROCEDURE.render(FEATURES)))
    made = signature.infer(rows, estimator, sql_types={"x": "float"})
    db.push(models.pack(estimator, made, sample=rows), "many", alias="champion")
    return estimator


def _kill_within(target: servers.Target, rng: random.Random, known: int) -> None:
    """Kill the server a moment after it has stored more than it had."""
    with contextlib.suppress(pyodbc.Error):
        connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if connection.execute("SELECT COUNT(*) FROM dbo.ManyPredictions").fetchval() > known:
                break
        time.sleep(rng.uniform(0, 0.3))
    if target.process is not None:
        target.process.kill()


def _score(target: servers.Target) -> bool:
    """Call the procedure; whether it came to its end."""
    try:
        connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
        connection.execute("EXEC dbo.ScoreMany @unscored = 1, @return_rows = 0")
        connection.close()
    except pyodbc.Error:
        return False
    return True


def test_run_goes_on_where_a_killed_server_left_it(tmp_path: Path, soak_s: float) -> None:
    rng = random.Random(time.time_ns())
    data_dir = tmp_path / "data"
    with servers.running(data_dir) as target, connect(target.sqlalchemy_url) as db:
        estimator = prepare(db)
    until = time.monotonic() + soak_s
    n_stored, n_kills, n_cut_off, is_done = 0, 0, 0, False
    while not is_done:
        target = servers.start(data_dir, scratch=tmp_path)
        is_last = n_kills >= 3 and time.monotonic() > until
        killer = threading.Thread(target=_kill_within, args=(target, rng, n_stored))
        if not is_last:
            killer.start()
        is_done = _score(target)
        assert is_done or not is_last, target.stderr()
        if not is_last:
            killer.join()
            target.stop(how=signal.SIGKILL)
            n_kills += 1
            target = servers.start(data_dir, scratch=tmp_path)
        try:
            with connect(target.sqlalchemy_url) as db:
                n_stored = _check(db, n_stored)
                n_cut_off += 0 < n_stored < N_ROWS
        finally:
            target.stop()
    target = servers.start(data_dir, scratch=tmp_path)
    try:
        with connect(target.sqlalchemy_url) as db:
            _check_end(db, estimator)
    finally:
        target.stop()
    assert n_kills >= n_cut_off > 0


def _check(db: Toolkit, n_before: int) -> int:
    """Whole chunks of one run, none twice, and none lost of those that there were; how many rows there are."""
    (row,) = db.rows("SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS n_ids, COUNT(DISTINCT run_id) AS n_runs"
                     " FROM dbo.ManyPredictions")  # fmt: skip
    assert row.n == row.n_ids >= n_before
    assert row.n % CHUNK_ROWS == 0
    assert row.n_runs <= 1
    assert db.scalar("SELECT COUNT(*) FROM dbo.ServedMany") in (0, N_ROWS)
    return int(row.n)


def _check_end(db: Toolkit, estimator: Any) -> None:
    """Every row once, as the model predicts it, in one run that has succeeded; alerts as if nothing had happened."""
    stored = db.read("SELECT p.*, m.x FROM dbo.ServedMany AS p JOIN dbo.Many AS m ON m.id = p.id ORDER BY p.id")
    assert stored["id"].tolist() == list(range(N_ROWS))
    assert stored["predicted"].tolist() == estimator.predict(stored[["x"]]).tolist()
    np.testing.assert_allclose(stored["p_yes"], estimator.predict_proba(stored[["x"]])[:, 1], rtol=1e-9)
    (run,) = db.rows("SELECT status, rows FROM ml.scoring_runs")
    assert (run.status, run.rows) == ("succeeded", N_ROWS)
    for _, rows in stored.groupby(stored["at"].dt.date):
        wanted = rows[rows["predicted"] == "yes"].sort_values(["p_no", "id"])["id"].head(5)
        assert set(rows.loc[rows["alert"], "id"]) == set(wanted)
    with pytest.raises(DatabaseError, match="51004"):
        db.read("EXEC dbo.ScoreMany @unscored = 1")
