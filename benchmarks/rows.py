"""Rows of 30 features that both sides make for themselves, models of them, and the script that both sides run."""

from __future__ import annotations

import os
import pickle
from typing import Any

import duckdb
import numpy as np
import pyodbc
import threadpoolctl
from sklearn.ensemble import HistGradientBoostingClassifier

FEATURES = tuple(f"f{number:02}" for number in range(30))
COLUMNS = ", ".join(("id", *FEATURES))
N_CORES = os.cpu_count() or 1

SCRIPT = """
import pickle
import pandas as pd
model = pickle.loads(model_bytes)
probability = model.predict_proba(InputDataSet.iloc[:, 1:])[:, 1]
OutputDataSet = pd.DataFrame({"id": InputDataSet["id"], "p": probability})
"""
"""Scores InputDataSet (id, 30 features) with the pickled classifier ``model_bytes``: OutputDataSet has id and p."""

_TENS = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
_N_INNER = 1000

# Sines of fixed frequencies: no two rows alike, the same doubles wherever they are computed.
_FORMULAS = tuple(f"SIN(o.n * {0.37 + k / 7:.4f}E0 + i.n * {0.11 + k / 13:.4f}E0)" for k in range(len(FEATURES)))
_SELECTED = ", ".join(
    (f"o.n * {_N_INNER} + i.n AS id", *(f"{text} AS {n}" for text, n in zip(_FORMULAS, FEATURES, strict=True)))
)


def make_served(connection: pyodbc.Connection, n_rows: int) -> None:
    """dbo.Features (id, 30 float columns) with ``n_rows``, whole thousands, and empty dbo.Models (name, data)."""
    columns = ", ".join(f"{name} float NULL" for name in FEATURES)
    connection.execute(f"CREATE TABLE dbo.Features (id int NOT NULL, {columns})")
    connection.execute("CREATE TABLE dbo.Models (name nvarchar(40) NOT NULL, data varbinary(max) NOT NULL)")
    thousand = (f"(SELECT a.v + 10 * b.v + 100 * c.v AS n FROM {_TENS} AS a (v) CROSS JOIN {_TENS} AS b (v) "
                f"CROSS JOIN {_TENS} AS c (v))")  # fmt: skip
    connection.execute(f"INSERT INTO dbo.Features SELECT {_SELECTED} FROM {thousand} AS o CROSS JOIN {thousand} AS i "
                       f"WHERE o.n < {n_rows // _N_INNER}")  # fmt: skip


def make_direct(store: duckdb.DuckDBPyConnection, n_rows: int) -> None:
    """The same two tables in DuckDB, named features and models."""
    thousands = f"(SELECT range::INTEGER AS n FROM range({n_rows // _N_INNER}))"
    store.execute(f"CREATE TABLE features AS SELECT {_SELECTED} FROM {thousands} AS o, "
                  f"(SELECT range::INTEGER AS n FROM range({_N_INNER})) AS i")  # fmt: skip
    store.execute("CREATE TABLE models (name VARCHAR, data BLOB)")


def push(connection: pyodbc.Connection, store: duckdb.DuckDBPyConnection, name: str, data: bytes) -> None:
    """One model into both sides' tables."""
    connection.execute("INSERT INTO dbo.Models VALUES (?, ?)", name, pyodbc.Binary(data))
    store.execute("INSERT INTO models VALUES (?, ?)", [name, data])


def boosting() -> Any:
    """What is promised as HistGradientBoosting: 100 trees, binary."""
    return HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=1)


def fitted(estimator: Any, store: duckdb.DuckDBPyConnection, *, n_rows: int = 20_000) -> bytes:
    """The pickled binary classifier after it has learned from ``n_rows`` of the direct side, one in ten mislabelled."""
    sample = store.execute(f"SELECT {', '.join(FEATURES)} FROM features ORDER BY hash(id) LIMIT {n_rows}").df()
    wrong = np.random.default_rng(1).random(len(sample)) < 0.1
    labels = (sample["f00"] + sample["f07"] * sample["f13"] > 0.2).to_numpy() != wrong
    with threadpoolctl.threadpool_limits(1):  # fitting with several takes many times as long on a busy machine
        return pickle.dumps(estimator.fit(sample, labels), 4)


def run_script(frame: Any, model: bytes) -> Any:
    """OutputDataSet of SCRIPT, run in this process."""
    namespace: dict[str, Any] = {"InputDataSet": frame, "model_bytes": model}
    exec(compile(SCRIPT, "<string>", "exec"), namespace)
    return namespace["OutputDataSet"]


def call(model: str, *, source: str = f"SELECT {COLUMNS} FROM dbo.Features", into: str = "") -> str:
    """The T-SQL that runs SCRIPT over ``source`` with a model of dbo.Models and stores ``into`` a table, or returns."""
    return f"""SET NOCOUNT ON;
DECLARE @model varbinary(max) = (SELECT data FROM dbo.Models WHERE name = N'{model}');
{f"INSERT INTO {into} " if into else ""}EXEC sp_execute_external_script @language = N'Python', @script = N'{SCRIPT}',
    @input_data_1 = N'{source}', @params = N'@model_bytes varbinary(max)', @model_bytes = @model"""


def check_close(name: str, left: Any, right: Any) -> None:
    """Stop unless both sides hold the same ids with the same probabilities; sums over threads may differ by 1e-12."""
    left, right = (np.asarray(side, dtype=float) for side in (left, right))
    left, right = (side[np.argsort(side[:, 0], kind="stable")] for side in (left, right))
    if left.shape != right.shape or not np.allclose(left, right, rtol=0, atol=1e-12, equal_nan=True):
        raise SystemExit(f"{name}: the two sides hold different predictions")
