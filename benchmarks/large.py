"""A model of 500 MB that nobody can compress, as a parameter read from a table: time and memory.

First calls are those after a start of the server, which has run a script with a small model before; the next calls have
the same model. Memory is measured over a start of its own, since looking at it takes time: the peak of the
proportional set sizes of the server and of all processes below it, over what they had before the first call.
"""

from __future__ import annotations

import hashlib
import pickle
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyodbc
from measure import Peak, enable_scripts, judged, n_bytes, report, server, sized
from sklearn.linear_model import LinearRegression

N_MODEL_BYTES = sized(500, 20) * 1024 * 1024
N_STARTS = sized(3, 1)
N_AGAIN = 5

SCRIPT = """
import hashlib
import pickle
import pandas as pd
model = pickle.loads(model_bytes)
ballast = model.ballast_
digest = hashlib.sha256(memoryview(ballast)[::every]).hexdigest() if every == 1 else float(ballast[::every].sum())
OutputDataSet = pd.DataFrame({"p": model.predict(InputDataSet), "n": [len(ballast)], "digest": [str(digest)]})
"""
"""Predicts, and looks at every so many-th number of what makes the model large; at all of them if ``every`` is 1."""

PROCEDURE = f"""CREATE PROCEDURE dbo.ScoreWith @name nvarchar(40), @every int AS
SET NOCOUNT ON;
DECLARE @model varbinary(max) = (SELECT data FROM dbo.Models WHERE name = @name);
EXEC sp_execute_external_script @language = N'Python', @script = N'{SCRIPT}',
    @input_data_1 = N'SELECT CAST(3 AS float) AS a, CAST(4 AS float) AS b',
    @params = N'@model_bytes varbinary(max), @every int', @model_bytes = @model, @every = @every"""
SPARSE = 65_536


def make_model(n_model_bytes: int) -> Any:
    """A linear model with so many random bytes in an array of its own."""
    model = LinearRegression().fit(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0]]), np.array([1.0, 2.0, 9.0]))
    model.ballast_ = np.random.default_rng(1).random(n_model_bytes // 8)
    return model


class Expected:
    """What calls with one model must give."""

    def __init__(self, model: Any) -> None:
        self.predicted = float(model.predict(np.array([[3.0, 4.0]]))[0])
        self.n = len(model.ballast_)
        self.digests = {SPARSE: str(float(model.ballast_[::SPARSE].sum())),
                        1: hashlib.sha256(memoryview(model.ballast_)).hexdigest()}  # fmt: skip

    def check(self, row: Any, every: int) -> None:
        """Stop unless ``row`` is the expected one."""
        expected = (self.n, self.digests[every])
        if row is None or abs(row[0] - self.predicted) > 1e-9 or (row[1], row[2]) != expected:
            raise SystemExit(f"a call gave {row} instead of {(self.predicted, *expected)}")


def call(connection: pyodbc.Connection, name: str, expected: Expected, every: int = SPARSE) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    row = connection.execute(f"EXEC dbo.ScoreWith @name = N'{name}', @every = {every}").fetchone()
    taken = time.perf_counter() - started
    expected.check(row, every)
    return taken


def set_up(data_dir: Path) -> tuple[Expected, Expected, int]:
    """Two models on the disk; what they must give, small and large, and the bytes of the large one."""
    with server(data_dir) as target:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        enable_scripts(connection)
        connection.execute("CREATE TABLE dbo.Models (name nvarchar(40) NOT NULL, data varbinary(max) NOT NULL)")
        connection.execute(PROCEDURE)
        made, size = [], 0
        for name, n_model_bytes in (("small", 8 * SPARSE), ("large", N_MODEL_BYTES)):
            model = make_model(n_model_bytes)
            made.append(Expected(model))
            data = pickle.dumps(model, 4)
            del model
            size = len(data)
            connection.execute("INSERT INTO dbo.Models VALUES (?, ?)", name, data)
            del data
        connection.close()
    return made[0], made[1], size


def time_calls(data_dir: Path, small: Expected, large: Expected) -> tuple[float, list[float]]:
    """Seconds of the first call and of the next, after a start."""
    with server(data_dir) as target:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        call(connection, "small", small)
        first = call(connection, "large", large)
        again = [call(connection, "large", large) for _ in range(N_AGAIN)]
        call(connection, "large", large, every=1)
        connection.close()
    return first, again


def weigh_calls(data_dir: Path, small: Expected, large: Expected) -> tuple[int, int, int, int]:
    """Bytes of all processes idle, at their peak and after the calls; by how much shared memory grew on the machine."""
    with server(data_dir) as target:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        call(connection, "small", small)
        time.sleep(1)  # spares that are being forked belong to the idle server
        idle, shared = n_bytes(target.pid), psutil.virtual_memory().shared
        with Peak(target.pid, every_s=0.02) as peak:
            for _ in range(2):
                call(connection, "large", large)
        time.sleep(1)
        after, shared = n_bytes(target.pid), psutil.virtual_memory().shared - shared
        connection.close()
    return idle, peak.n_bytes, after, shared


def main() -> None:
    """Set up once, then start the server over the same data again and again."""
    with tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as folder:
        data_dir = Path(folder, "data")
        small, large, size = set_up(data_dir)
        firsts, agains = [], []
        for _ in range(N_STARTS):
            first, again = time_calls(data_dir, small, large)
            firsts.append(first)
            agains += again
        idle, peak, after, shared = weigh_calls(data_dir, small, large)
    report(
        judged("large.first", statistics.median(firsts)), judged("large.again", statistics.median(agains)),
        judged("large.memory", (peak - idle) / size), first_s=sorted(firsts), again_s=sorted(agains),
        idle_mb=idle >> 20, peak_mb=peak >> 20, after_mb=after >> 20, shared_by_all_mb=shared >> 20,
        free_mb=psutil.virtual_memory().available >> 20,
    )  # fmt: skip


if __name__ == "__main__":
    main()
