"""The feature view over a year of hourly readings of 570 machines, against DuckDB in this process.

Both sides compute every column of every row and give sums, so that fetching does not count. DuckDB's SQL is the view's
own, as in the benchmark of the view, over the same rows.
"""

from __future__ import annotations

import math
from typing import Any

import duckdb
import pandas as pd
import pyodbc
from measure import Peak, interleaved, judged, median_ratio, prepare, report, server, sized
from view import TABLES, duckdb_text

import pymlsql
from pymlsql.examples.pdm import generator

N_MACHINES = sized(570, 20)
N_DAYS = sized(365, 30)
N_ROUNDS = sized(3, 1)
GIGABYTE = 1e9


def sums(columns: list[tuple[str, str]], source: str, *, count: str) -> str:
    """A query that sums every number of ``source`` and counts all else; ``columns`` are names and types."""
    parts = [
        f"SUM(CAST({name} AS float))" if kind in ("int", "float") else f"{count}({name})" for name, kind in columns
    ]
    return f"SELECT {count}(*), {', '.join(parts)} FROM {source}"


def copy_frames(frames: dict[str, pd.DataFrame], store: duckdb.DuckDBPyConnection) -> None:
    """The example's tables in DuckDB."""
    store.execute("CREATE SCHEMA dbo")
    for table in TABLES:
        store.register("frame", frames[table.removeprefix("PdM_")])
        store.execute(f"CREATE TABLE dbo.{table} AS SELECT * FROM frame")
        store.unregister("frame")


def check_close(left: tuple[Any, ...], right: tuple[Any, ...]) -> None:
    """Stop unless both sides have the same sums."""
    if len(left) != len(right) or not all(
        math.isclose(float(a), float(b), rel_tol=1e-9) for a, b in zip(left, right, strict=True)
    ):
        raise SystemExit(f"the two results differ:\n{left}\n{right}")


def main() -> None:
    """Load, compare, then time."""
    frames = generator.generate(n_machines=N_MACHINES, n_days=N_DAYS, seed=1)
    n_rows = len(frames["telemetry"])
    with server() as target, duckdb.connect() as store:
        copy_frames(frames, store)
        with pymlsql.connect(target.url) as toolkit:
            prepare(toolkit)
            toolkit.load(frames)
            toolkit.apply()
        frames.clear()
        connection = pyodbc.connect(target.odbc, autocommit=True)
        columns = [
            (name, kind)
            for name, kind in connection.execute(
                "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = N'FeaturesAndLabels'"
            ).fetchall()
        ]
        served_text = sums(columns, "dbo.FeaturesAndLabels", count="COUNT_BIG")
        direct_text = sums(columns, f"({duckdb_text()}) AS f", count="COUNT")
        with Peak(target.pid) as peak:
            row = tuple(connection.execute(served_text).fetchone() or ())
        check_close(row, store.execute(direct_text).fetchone() or ())
        served, direct = interleaved(
            N_ROUNDS, lambda: connection.execute(served_text).fetchone(), lambda: store.execute(direct_text).fetchone()
        )
        connection.close()
    note = f"{n_rows:,} rows"
    report(
        judged("telemetry.time", median_ratio(served, direct), note),
        judged("telemetry.memory", peak.n_bytes / GIGABYTE, note),
        over_odbc_s=sorted(served), duckdb_s=sorted(direct),
    )  # fmt: skip


if __name__ == "__main__":
    main()
