"""500,000 rows of 30 features through a procedure of the example's template, against the same work in this process.

Both sides hold the same rows in DuckDB on the disk, stage them in order, score them with the same pickled model in
chunks of the same size and store the predictions chunk by chunk in transactions of their own. The procedure is timed
until its result begins, that is when everything is stored; the direct side until its last commit.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import warnings
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyodbc
import threadpoolctl
from measure import interleaved, judged, median_ratio, prepare, report, server, sized
from sklearn.ensemble import HistGradientBoostingClassifier

import pymlsql
from pymlsql import deployment, models, procedures
from pymlsql.features.declaration import Column

N_MACHINES = 500
N_HOURS = sized(1000, 100)
N_ROWS = N_MACHINES * N_HOURS
N_ROUNDS = 3
FEATURES = tuple(f"f{number:02}" for number in range(30))
CLASSES = ("none", "comp1", "comp2", "comp3", "comp4")
SINCE, UNTIL = "20200101", "20300101"

PROCEDURE = procedures.ScoringProcedure(
    name="dbo.BenchScore", source="dbo.BenchFeatures", entity=Column(name="machineID", sql_type="int"),
    parameter="machine_id", time="datetime", features=tuple(Column(name=name, sql_type="float") for name in FEATURES),
    classes=CLASSES, predictions="dbo.BenchPredictions", served="dbo.BenchServed", model="bench",
)  # fmt: skip

TENS = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
MAKE = f"""
CREATE TABLE dbo.BenchFeatures (machineID int NOT NULL, [datetime] datetime NOT NULL,
    {", ".join(f"{name} float NULL" for name in FEATURES)},
    CONSTRAINT PK_BenchFeatures PRIMARY KEY ([datetime], machineID))
GO
CREATE TABLE dbo.BenchPredictions (machineID int NOT NULL, [datetime] datetime NOT NULL,
    predicted nvarchar(20) NOT NULL, {", ".join(f"p_{name} float NOT NULL" for name in CLASSES)},
    model_version int NOT NULL, run_id bigint NOT NULL, scored_at datetime NOT NULL,
    CONSTRAINT PK_BenchPredictions PRIMARY KEY ([datetime], machineID, model_version, run_id))
GO
INSERT INTO dbo.BenchFeatures
SELECT m.n, DATEADD(hour, h.n, CAST('20200101' AS datetime)),
    {", ".join(f"SIN(m.n * {0.37 + k / 7:.4f}E0 + h.n * {0.11 + k / 13:.4f}E0)" for k in range(len(FEATURES)))}
FROM (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM {TENS} AS a (v) CROSS JOIN {TENS} AS b (v)
      CROSS JOIN (VALUES (0), (1), (2), (3), (4)) AS c (v)) AS m
CROSS JOIN (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM {TENS} AS a (v) CROSS JOIN {TENS} AS b (v)
      CROSS JOIN {TENS} AS c (v)) AS h
WHERE h.n < {N_HOURS}
"""


def make_model(sample: pd.DataFrame) -> models.PackedModel:
    """HistGradientBoosting, 100 iterations, five classes that depend on the features."""
    score = sample["f00"] + sample["f07"] * sample["f13"] + 0.3 * np.random.default_rng(1).normal(size=len(sample))
    labels = np.array(CLASSES)[np.clip(np.digitize(score, [0.0, 0.5, 1.0, 1.4]), 0, 4)]
    estimator = HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=1)
    with threadpoolctl.threadpool_limits(1):  # fitting with several takes many times as long on a busy machine
        estimator.fit(sample, labels)
    inputs = tuple(models.Input(name=name, sql_type="float", dtype=models.dtype_for("float")) for name in FEATURES)
    output = models.Output(kind="classification", classes=tuple(str(name) for name in estimator.classes_))
    return models.pack(estimator, models.Signature(inputs=inputs, output=output))


def read_all(connection: pyodbc.Connection) -> pd.DataFrame:
    """The feature table over ODBC, in pieces."""
    cursor = connection.execute("SELECT * FROM dbo.BenchFeatures ORDER BY [datetime], machineID")
    names = [column[0] for column in cursor.description]
    pieces = []
    while rows := cursor.fetchmany(50_000):
        pieces.append(pd.DataFrame(np.array(rows, dtype=object), columns=names))
    frame = pd.concat(pieces, ignore_index=True)
    kinds: dict[Any, Any] = dict.fromkeys(FEATURES, "float64")
    return frame.astype({**kinds, "machineID": "int32", "datetime": "datetime64[us]"})


class Direct:
    """The same work in this process over a DuckDB file."""

    def __init__(self, path: Path, frame: pd.DataFrame, model: bytes) -> None:
        self.store = duckdb.connect(str(path))
        self.store.execute("CREATE TABLE features AS SELECT * FROM frame")
        probabilities = ", ".join(f"p_{name} DOUBLE" for name in CLASSES)
        self.store.execute("CREATE TABLE predictions (machineID INTEGER, datetime TIMESTAMP, predicted VARCHAR, "
                           f"{probabilities}, model_version INTEGER, run_id BIGINT, scored_at TIMESTAMP)")  # fmt: skip
        self.store.execute("CREATE TABLE models AS SELECT ? AS data", [model])
        self.run_id = 0

    def run(self) -> None:
        """Stage, score and store once."""
        self.run_id += 1
        execute = self.store.execute
        row = execute("SELECT data FROM models").fetchone()
        assert row is not None
        columns = ", ".join(FEATURES)
        execute(f"""CREATE OR REPLACE TEMP TABLE staged AS
            SELECT ROW_NUMBER() OVER (ORDER BY machineID, datetime) AS row_no, machineID, datetime, {columns}
            FROM features WHERE datetime BETWEEN '2020-01-01' AND '2030-01-01'""")
        for first in range(1, N_ROWS + 1, PROCEDURE.chunk_rows):
            last = min(first + PROCEDURE.chunk_rows - 1, N_ROWS)
            chunk = execute(f"SELECT row_no, {columns} FROM staged WHERE row_no BETWEEN {first} AND {last} "
                            "ORDER BY row_no").df()  # fmt: skip
            scored = self.score(pickle.loads(row[0]), chunk)
            self.store.register("scored", scored)
            names = ", ".join(f"s.p_{name}" for name in CLASSES)
            execute("BEGIN")
            execute(f"INSERT INTO predictions SELECT f.machineID, f.datetime, s.predicted, {names}, 1, {self.run_id}, "
                    "now()::TIMESTAMP FROM scored AS s JOIN staged AS f ON f.row_no = s.row_no")  # fmt: skip
            execute("COMMIT")
            self.store.unregister("scored")

    @staticmethod
    def score(model: Any, chunk: pd.DataFrame) -> pd.DataFrame:
        """predict_proba and the most probable class."""
        probabilities = model.predict_proba(chunk[list(FEATURES)])
        scored = pd.DataFrame({"row_no": chunk["row_no"], "predicted": model.classes_[probabilities.argmax(axis=1)]})
        for position, name in enumerate(model.classes_):
            scored[f"p_{name}"] = probabilities[:, position]
        return scored


def summary(rows: Any) -> list[tuple[Any, ...]]:
    """What both sides must have stored alike: rows and mean probability by class."""
    return [(name, count, round(mean, 9)) for name, count, mean in rows]


SUMMARY = ("SELECT predicted, COUNT(*) AS n, AVG(p_none) AS m FROM {} WHERE run_id = (SELECT MAX(run_id) FROM {}) "
           "GROUP BY predicted ORDER BY predicted")  # fmt: skip


def main() -> None:
    """Make the data on the server, copy it, then time both sides in turn and compare what they stored."""
    with server() as target, tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as folder:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        with pymlsql.connect(target.url) as toolkit:
            prepare(toolkit)
            for batch in MAKE.split("\nGO\n"):
                connection.execute(batch)
            with toolkit.transaction() as transaction:
                deployment.deploy(transaction, procedures.render_procedure(PROCEDURE))
            frame = read_all(connection)
            packed = make_model(frame.loc[:, list(FEATURES)].sample(20_000, random_state=1))
            toolkit.push(packed, "bench", alias="champion")
        direct = Direct(Path(folder, "direct.duckdb"), frame, packed.data)
        del frame

        def served() -> None:
            cursor = connection.cursor()
            cursor.execute(f"EXEC dbo.BenchScore @since = '{SINCE}', @until = '{UNTIL}'")
            cursor.close()

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            through, inside = interleaved(N_ROUNDS, served, direct.run)
        left = summary(connection.execute(SUMMARY.format("dbo.BenchPredictions", "dbo.BenchPredictions")).fetchall())
        right = summary(direct.store.execute(SUMMARY.format("predictions", "predictions")).fetchall())
        connection.close()
    if left != right:
        raise SystemExit(f"the two sides stored different predictions: {left} and {right}")
    report(judged("batch", median_ratio(through, inside)), through_s=sorted(through), inside_s=sorted(inside),
           cores=os.cpu_count(), threads="whatever each process chooses for itself")  # fmt: skip


if __name__ == "__main__":
    main()
