"""10 million rows of a feature view through a batch procedure, with the server killed in the middle.

The server is killed (SIGKILL) when half of the rows are stored; then it is started again, and the same call goes on.
Chunk times are the differences between the times at which chunks were stored: their median over the last tenth of the
run, relative to that over the first. Memory is that of all the server's processes: the peak over the last tenth of each
part, relative to the peak over its first third, in which the first rows were staged. At the end every row is stored
exactly once, or the benchmark fails.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyodbc
from measure import judged, n_bytes, prepare, report, server, sized
from sklearn.linear_model import LogisticRegression

import pymlsql
from pymlsql import deployment, models, signature
from pymlsql.features import Attributes, Column, Entity, FeatureSet, OwnLabel, Source
from pymlsql.features.modules import render_features
from pymlsql.procedures import Batch

N_TIMES = sized(10_000, 500)
N_ENTITIES = 1_000
N_ROWS = N_TIMES * N_ENTITIES
NAMES = tuple(f"f{number}" for number in range(10))

TENS = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
HUNDREDS = f"(SELECT a.v + 10 * b.v AS v FROM {TENS} AS a (v) CROSS JOIN {TENS} AS b (v))"
THOUSANDS = f"(SELECT a.v + 100 * b.v AS n FROM {HUNDREDS} AS a CROSS JOIN {TENS} AS b (v))"
CREATE = f"""CREATE TABLE dbo.Many (id int NOT NULL, at datetime NOT NULL, y nvarchar(3) NULL,
    {", ".join(f"{name} float NULL" for name in NAMES)}, CONSTRAINT PK_Many PRIMARY KEY (at, id))"""
FILL = f"""INSERT INTO dbo.Many (id, at, {", ".join(NAMES)})
SELECT e.n, DATEADD(minute, t.n + 1000 * ?, '20200101'),
    {", ".join(f"SIN(e.n * {0.37 + k / 7:.4f}E0 + t.n * {0.11 + k / 13:.4f}E0)" for k in range(len(NAMES)))}
FROM {THOUSANDS} AS t CROSS JOIN {THOUSANDS} AS e WHERE t.n < {min(N_TIMES, 1000)}"""

FEATURES = FeatureSet(
    view="dbo.ManyFeatures",
    entity=(Entity(name="id", sql_type="int", parameter="id"),),
    time="at",
    rows="many",
    sources={"many": Source(table="dbo.Many")},
    attributes=(Attributes(source="many", columns=tuple(Column(name=name, sql_type="float") for name in NAMES)),),
    label=OwnLabel(kind="column", column="y", name="y", sql_type="nvarchar(3)", values=("no", "yes")),
)
PROCEDURE = Batch(
    kind="batch", name="dbo.ScoreMany", features="many", model="many", predictions="dbo.ManyPredictions",
    served="dbo.ServedMany",
)  # fmt: skip


def make(toolkit: Any) -> None:
    """The rows, the procedure and its model."""
    prepare(toolkit)
    toolkit.execute(CREATE)
    for part in range(max(1, N_TIMES // 1000)):
        toolkit.execute(FILL, (part,))
    with toolkit.transaction() as transaction:
        deployment.deploy(transaction, (*render_features(FEATURES), *PROCEDURE.render(FEATURES)))
    rows = pd.DataFrame(np.random.default_rng(1).normal(size=(1_000, len(NAMES))), columns=list(NAMES))
    estimator = LogisticRegression().fit(rows, np.where(rows["f0"] + rows["f1"] ** 2 > 1, "yes", "no"))
    made = signature.infer(rows, estimator, sql_types=dict.fromkeys(NAMES, "float"))
    toolkit.push(models.pack(estimator, made), "many", alias="champion")


class Part:
    """One call of the procedure on a server of its own; memory is sampled while it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.samples: list[int] = []
        self.seconds = 0.0

    def run(self, kill_at: int | None = None) -> None:
        """Score what is unscored; kill the server when so many rows are stored."""
        with server(self.folder) as target:
            over = threading.Event()
            watcher = threading.Thread(target=self._watch, args=(target, over, kill_at))
            watcher.start()
            started = time.perf_counter()
            try:
                connection = pyodbc.connect(target.odbc, autocommit=True)
                with contextlib.suppress(*([pyodbc.Error] if kill_at else [])):
                    connection.execute("EXEC dbo.ScoreMany @unscored = 1, @return_rows = 0")
            finally:
                self.seconds = time.perf_counter() - started
                over.set()
                watcher.join()

    def _watch(self, target: Any, over: threading.Event, kill_at: int | None) -> None:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        while not over.wait(0.5):
            self.samples.append(n_bytes(target.pid))
            if kill_at and connection.execute("SELECT COUNT(*) FROM dbo.ManyPredictions").fetchval() >= kill_at:
                os.kill(target.pid, signal.SIGKILL)
                return

    @property
    def growth(self) -> float:
        """The peak at the end, relative to that of the first third."""
        third, tenth = max(1, len(self.samples) // 3), max(1, len(self.samples) // 10)
        return max(self.samples[-tenth:]) / max(self.samples[:third])


def chunk_times(connection: pyodbc.Connection) -> list[float]:
    """Seconds from each chunk to the next."""
    rows = connection.execute("SELECT scored_at FROM dbo.ManyPredictions GROUP BY scored_at ORDER BY scored_at")
    stamps = [row[0].timestamp() for row in rows.fetchall()]
    return [later - earlier for earlier, later in itertools.pairwise(stamps)]


def main() -> None:
    """Make the rows, score half, kill, score the rest, and look at what is there."""
    with tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as name:
        folder = Path(name, "data")
        started = time.perf_counter()
        with server(folder) as target, pymlsql.connect(target.url) as toolkit:
            make(toolkit)
        made_s = time.perf_counter() - started
        first, second = Part(folder), Part(folder)
        first.run(kill_at=N_ROWS // 2)
        second.run()
        with server(folder) as target:
            connection = pyodbc.connect(target.odbc, autocommit=True)
            stored = connection.execute("SELECT COUNT(*), COUNT(DISTINCT run_id) FROM dbo.ServedMany").fetchone()
            distinct = "SELECT COUNT(*) FROM (SELECT DISTINCT at, id FROM dbo.ServedMany) AS t"
            keys = connection.execute(distinct).fetchval()
            times = chunk_times(connection)
            connection.close()
    if tuple(stored) != (N_ROWS, 1) or keys != N_ROWS:
        raise SystemExit(f"{stored[0]} rows of {stored[1]} runs are stored, {keys} different ones, of {N_ROWS}")
    tenth = max(1, len(times) // 10)
    flat = statistics.median(times[-tenth:]) / statistics.median(times[:tenth])
    report(
        judged("many.chunks", flat),
        judged("many.memory", max(first.growth, second.growth)),
        made_s=made_s, seconds=[first.seconds, second.seconds], growth=[first.growth, second.growth],
        chunk_s=[round(one, 2) for one in times],
        megabytes=[[one >> 20 for one in part.samples] for part in (first, second)],
    )  # fmt: skip


if __name__ == "__main__":
    main()
