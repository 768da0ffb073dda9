"""1,000,000 rows of 30 features through a batch procedure by a route of two aliases, against a call that names one.

Both aliases mean the same version, so that both calls score the same rows with the same model and store the same. The
rows are 1,000 of each of 1,000 entities, as readings are; the model has five classes, as in the benchmark `batch`.
"""

from __future__ import annotations

import os

import numpy as np
import pyodbc
from measure import interleaved, judged, median_ratio, prepare, report, server, sized
from rows import FEATURES, boosting, make_served
from threadpoolctl import threadpool_limits

import pymlsql
from pymlsql import deployment, models, routes, signature
from pymlsql.features import Attributes, Column, Entity, FeatureSet, OwnLabel, Source
from pymlsql.features.modules import render_features
from pymlsql.procedures import Batch

N_ROWS = sized(1_000_000, 20_000)
N_ROUNDS = sized(3, 2)
CLASSES = ("none", "comp1", "comp2", "comp3", "comp4")
VIEW = FeatureSet(
    view="dbo.BenchView",
    entity=(Entity(name="machine", sql_type="int", parameter="machine"),),
    time="at",
    rows="readings",
    sources={"readings": Source(table="dbo.Readings")},
    attributes=(Attributes(source="readings", columns=tuple(Column(name=one, sql_type="float") for one in FEATURES)),),
    label=OwnLabel(kind="column", column="y", name="y", sql_type="nvarchar(5)", values=CLASSES),
)
BATCH = Batch.model_validate({
    "kind": "batch", "name": "dbo.BenchScore", "features": "view", "model": "bench",
    "predictions": "dbo.BenchPredictions", "served": "dbo.BenchServed",
})  # fmt: skip
MAKE = f"""\
SELECT id / 1000 AS machine, DATEADD(hour, id % 1000, CAST('20200101' AS datetime)) AS at, {", ".join(FEATURES)},
    CAST(NULL AS nvarchar(5)) AS y
INTO dbo.Readings FROM dbo.Features"""
CALL = "EXEC dbo.BenchScore @since = '20200101', @return_rows = 0"
COUNT = "SELECT COUNT(*) AS n, AVG(p_none) AS p FROM dbo.BenchPredictions"


def set_up(connection: pyodbc.Connection, toolkit: pymlsql.Toolkit) -> None:
    """Rows, view, procedure, a model under two aliases, and the route."""
    prepare(toolkit)
    make_served(connection, N_ROWS)
    connection.execute(MAKE)
    features = toolkit.read(f"SELECT TOP (20000) {', '.join(FEATURES)} FROM dbo.Readings ORDER BY at, machine")
    labels = np.array(CLASSES)[np.digitize(features["f00"] + features["f07"] * features["f13"], [0.0, 0.5, 1.0, 1.4])]
    estimator = boosting()
    with threadpool_limits(1):  # fitting with several takes many times as long on a busy machine
        estimator.fit(features, labels)
    packed = models.pack(estimator, signature.infer(features, estimator, sql_types=dict.fromkeys(FEATURES, "float")))
    pushed = toolkit.push(packed, "bench", alias="champion")
    toolkit.promote("bench", pushed.version, alias="challenger")
    with toolkit.transaction() as transaction:
        deployment.deploy(transaction, (*render_features(VIEW), *BATCH.render(VIEW)))
    routes.set_route(toolkit, "bench", {"champion": 90, "challenger": 10})


def main() -> None:
    """Set up, then time both calls in turn and compare what they stored."""
    with server() as target, pymlsql.connect(target.url) as toolkit:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        set_up(connection, toolkit)
        stored = []

        def call(more: str) -> None:
            connection.execute("TRUNCATE TABLE dbo.BenchPredictions")
            connection.execute(CALL + more).close()
            n, p = connection.execute(COUNT).fetchone()
            stored.append((n, round(p, 12)))

        routed, named = interleaved(N_ROUNDS, lambda: call(""), lambda: call(", @alias = N'champion'"))
        n_versions = connection.execute("SELECT COUNT(DISTINCT alias) FROM ml.scoring_runs").fetchval()
        connection.close()
    if set(stored) != {(N_ROWS, stored[0][1])} or n_versions != 2:
        raise SystemExit(f"the calls stored different predictions: {set(stored)}")
    report(judged("routing", median_ratio(routed, named)), routed_s=sorted(routed), named_s=sorted(named),
           cores=os.cpu_count())  # fmt: skip


if __name__ == "__main__":
    main()
