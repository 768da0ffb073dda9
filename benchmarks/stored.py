"""1,000,000 rows of 30 features through sp_execute_external_script, stored, against the same work in this process.

Both sides hold the same rows in a DuckDB file, read the pickled model from a table, run the same script over all rows
at once and insert what it leaves into an empty table. Here every library has all cores; a satellite may have no more.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pyodbc
from measure import Result, enable_scripts, interleaved, judged, median_ratio, report, server, sized
from rows import COLUMNS, N_CORES, boosting, call, check_close, fitted, make_direct, make_served, push, run_script
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

N_ROWS = sized(1_000_000, 50_000)
N_ROUNDS = sized(5, 2)

THREADS_SCRIPT = """
import pandas, sklearn.ensemble, threadpoolctl
OutputDataSet = pandas.DataFrame({"n": [max(pool["num_threads"] for pool in threadpoolctl.threadpool_info())]})
"""


def estimators() -> dict[str, Any]:
    """What is trained, by the last part of its promise."""
    return {
        "linear": LogisticRegression(max_iter=200),
        "boosting": boosting(),
        "forest": RandomForestClassifier(n_estimators=100, max_depth=10, n_jobs=N_CORES, random_state=1),
    }


def check_threads(connection: pyodbc.Connection) -> int:
    """The threads of a satellite's libraries at so many rows; stop where they are more than this side's."""
    row = connection.execute(
        "EXEC sp_execute_external_script @language = N'Python', @script = ?, @input_data_1 = ?",
        THREADS_SCRIPT, f"SELECT {COLUMNS} FROM dbo.Features",
    ).fetchone()  # fmt: skip
    if row is None or row[0] > N_CORES:
        raise SystemExit(f"the satellite has {row} threads, this process {N_CORES}")
    return int(row[0])


class Sides:
    """One model on both sides."""

    def __init__(self, connection: pyodbc.Connection, store: duckdb.DuckDBPyConnection, model: str) -> None:
        self.connection, self.store, self.model = connection, store, model
        self.batch = call(model, into="dbo.Predictions")

    def clear(self) -> None:
        """Empty what the last round has stored."""
        self.connection.execute("TRUNCATE TABLE dbo.Predictions")
        self.store.execute("TRUNCATE predictions")

    def through(self) -> None:
        """Score and store on the server."""
        self.connection.execute(self.batch).close()

    def inside(self) -> None:
        """Score and store here."""
        row = self.store.execute("SELECT data FROM models WHERE name = ?", [self.model]).fetchone()
        assert row is not None
        scored = run_script(self.store.execute(f"SELECT {COLUMNS} FROM features").df(), row[0])
        self.store.register("scored", scored)
        self.store.execute("INSERT INTO predictions SELECT id, p FROM scored")
        self.store.unregister("scored")

    def measure(self) -> tuple[list[float], list[float]]:
        """Seconds through the server and in this process; stop unless both have stored the same."""
        self.clear()
        self.through()
        self.inside()
        check_close(
            self.model,
            self.connection.execute("SELECT id, p FROM dbo.Predictions").fetchall(),
            self.store.execute("SELECT id, p FROM predictions").fetchall(),
        )
        through, inside = interleaved(N_ROUNDS, self.through, self.inside, before=self.clear, within_s=60)
        return through, inside


def main() -> None:
    """Make the rows and models on both sides, then time one model after the other."""
    results: list[Result] = []
    details: dict[str, list[float]] = {}
    with server() as target, tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as folder:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        store = duckdb.connect(str(Path(folder, "direct.duckdb")), config={"threads": N_CORES})
        enable_scripts(connection)
        make_served(connection, N_ROWS)
        make_direct(store, N_ROWS)
        connection.execute("CREATE TABLE dbo.Predictions (id int NOT NULL, p float NULL)")
        store.execute("CREATE TABLE predictions (id INTEGER NOT NULL, p DOUBLE)")
        threads = check_threads(connection)
        for name, estimator in estimators().items():
            push(connection, store, name, fitted(estimator, store))
            through, inside = Sides(connection, store, name).measure()
            results.append(judged(f"stored.{name}", median_ratio(through, inside)))
            details |= {f"{name}_through_s": sorted(through), f"{name}_inside_s": sorted(inside)}
        connection.close()
        store.close()
    report(*results, **details, satellite_threads=threads, threads_here=N_CORES)


if __name__ == "__main__":
    main()
