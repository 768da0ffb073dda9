"""Rows that a caller gives as JSON, through a declared procedure, warm, over ODBC: one, and a hundred in one call.

A five-class HistGradientBoosting behind one-hot columns, as a declaration, its tables and the registry make it.
"""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import numpy as np
import pandas as pd
import pyodbc
import threadpoolctl
from measure import Result, judged, prepare, report, server, sized
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

import pymlsql
from pymlsql import deployment, models, procedures, signature
from pymlsql.features import FeatureSet

N_CALLS = sized(600, 20)
N_WARM = 20
WITHIN_S = 40.0
MANY = 100
MAX_MODEL_BYTES = 5 * 1024 * 1024
NUMBERS = tuple(f"f{number:02}" for number in range(24))
CLASSES = ("none", "comp1", "comp2", "comp3", "comp4")

FEATURES = FeatureSet.parse({
    "view": "dbo.BenchFeatures", "entity": [{"name": "id", "type": "int", "parameter": "id"}], "rows": "rows",
    "sources": {"rows": {"table": "dbo.BenchRows", "static": True}},
    "attributes": [{"source": "rows", "columns": [
        *({"name": name, "type": "float"} for name in NUMBERS), {"name": "kind", "type": "nvarchar(20)"}]}],
    "label": {"kind": "column", "column": "y", "name": "y", "type": "nvarchar(20)", "values": list(CLASSES)},
})  # fmt: skip
PROCEDURE = {"kind": "json", "name": "dbo.ScoreBench", "features": "bench", "model": "bench"}


def made_rows(n_rows: int) -> pd.DataFrame:
    """Features and label, always the same."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.normal(size=n_rows) for name in NUMBERS})
    frame["kind"] = rng.choice(["a", "b", "c", "d"], n_rows)
    place = (2 * frame["f00"] + frame["f01"] * frame["f02"] + rng.normal(size=n_rows)).round().clip(0, 4)
    frame["y"] = np.array(CLASSES)[place.astype(int)]
    return frame


def fitted(frame: pd.DataFrame) -> Any:
    """The pipeline that `pymlsql train` would make of such a view."""
    columns = ColumnTransformer(
        [("numbers", "passthrough", list(NUMBERS)), ("strings", OneHotEncoder(sparse_output=False), ["kind"])],
        verbose_feature_names_out=False,
    )
    trees = HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=1)
    with threadpoolctl.threadpool_limits(1):
        return Pipeline([("columns", columns), ("trees", trees)]).fit(frame[[*NUMBERS, "kind"]], frame["y"])


def set_up(url: str, estimator: Any, frame: pd.DataFrame) -> None:
    """The registry, the model as champion, and the procedure, all by the toolkit."""
    declared = procedures.parse(PROCEDURE, {"bench": FEATURES})
    features = frame[[*NUMBERS, "kind"]]
    types = {column.name: column.sql_type for column in FEATURES.features}
    packed = models.pack(estimator, signature.infer(features, estimator, sql_types=types), sample=features[:20])
    if packed.size_bytes > MAX_MODEL_BYTES:
        raise SystemExit(f"the model has {packed.size_bytes:,} bytes")
    with pymlsql.connect(url) as toolkit:
        prepare(toolkit)
        toolkit.push(packed, "bench", alias="champion")
        with toolkit.transaction() as connection:
            deployment.deploy(connection, declared.render(FEATURES))


def timed(connection: pyodbc.Connection, rows: pd.DataFrame, expected: Any) -> list[float]:
    """Milliseconds of each call to its last row, sorted; stop where one gives anything but ``expected``."""
    text = json.dumps(rows.to_dict("records"))
    taken: list[float] = []
    until = time.monotonic() + WITHIN_S
    for number in range(N_CALLS + N_WARM):
        if len(taken) >= N_CALLS // 10 and time.monotonic() > until:
            break
        started = time.perf_counter()
        found = connection.execute("EXEC dbo.ScoreBench @rows = ?", text).fetchall()
        if number >= N_WARM:
            taken.append((time.perf_counter() - started) * 1e3)
        given = [list(row)[2:-1] for row in found]
        if number in (0, N_WARM) and not np.allclose(given, expected, rtol=0, atol=1e-12):
            raise SystemExit("a call gave something else than the model does here")
    return sorted(taken)


def result(key: str, taken: list[float]) -> Result:
    """The median of the calls."""
    return judged(key, statistics.median(taken), "" if len(taken) == N_CALLS else f"{len(taken):,} calls only")


def main() -> None:
    """Set up, then time the calls."""
    frame = made_rows(sized(8_000, 500))
    estimator = fitted(frame)
    order = [list(estimator.classes_).index(name) for name in CLASSES]
    with server() as target:
        set_up(target.url, estimator, frame)
        with pyodbc.connect(target.odbc, autocommit=True) as connection:
            taken = []
            for n_rows in (1, MANY):
                rows = frame[[*NUMBERS, "kind"]][:n_rows]
                with threadpoolctl.threadpool_limits(1):
                    expected = estimator.predict_proba(rows)[:, order]
                taken.append(timed(connection, rows, expected))
    fast = [f"p10 {one[len(one) // 10]:.1f}" for one in taken]
    report(result("demand.one", taken[0]), result("demand.many", taken[1]), one_ms=fast[0], many_ms=fast[1])


if __name__ == "__main__":
    main()
