"""The feature view over a year of hourly readings of 570 machines, against DuckDB in this process.

Both sides compute every column of every row and give sums, so that fetching does not count. DuckDB's SQL is the view's
own, as in the benchmark of the view, over the same rows in the same order, on the disk as the server's. Readings are
sines, made where they lie; all else is the example's generator's.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyodbc
from measure import Peak, interleaved, judged, median_ratio, prepare, report, server, sized
from view import TABLES, duckdb_text

import pymlsql
from pymlsql.examples.pdm import generator
from pymlsql.examples.pdm.declaration import PROJECT

N_MACHINES = sized(570, 20)
N_DAYS = sized(365, 30)
N_ROUNDS = sized(3, 1)
GIGABYTE = 1e9
N_HOURS = N_DAYS * 24

_READINGS = ", ".join(
    f"{mean}E0 + {sd}E0 * SIN(m.machineID * {0.37 + k / 7:.4f}E0 + h.n * {0.11 + k / 13:.4f}E0)"
    for k, (mean, sd) in enumerate(generator.SENSORS.values())
)
_DIGITS = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
_HOURS = (
    f"(SELECT a.v + 10 * b.v + 100 * c.v + 1000 * d.v AS n FROM {_DIGITS} AS a(v) CROSS JOIN {_DIGITS} AS b(v) "
    f"CROSS JOIN {_DIGITS} AS c(v) CROSS JOIN {_DIGITS} AS d(v)) AS h"
)
_BEGIN = f"CAST('{generator.START}' AS {{}})"
SERVED = f"""INSERT INTO dbo.PdM_telemetry (machineID, datetime, volt, rotate, pressure, vibration)
SELECT m.machineID, DATEADD(hour, h.n, {_BEGIN.format("datetime")}), {_READINGS}
FROM dbo.PdM_machines AS m CROSS JOIN {_HOURS} WHERE h.n BETWEEN 1 AND {N_HOURS - 1} ORDER BY m.machineID, h.n"""
DIRECT = f"""CREATE OR REPLACE TABLE dbo.PdM_telemetry AS
SELECT m.machineID, {_BEGIN.format("timestamp")} + to_hours(h.n::INT) AS datetime, {{}}
FROM dbo.PdM_machines AS m CROSS JOIN range({N_HOURS}) AS h(n) ORDER BY m.machineID, h.n"""
"""With the names of the readings."""


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


def first_hour(telemetry: pd.DataFrame) -> pd.DataFrame:
    """One row of each machine with the readings that the formulas give."""
    rows = telemetry[telemetry["datetime"] == telemetry["datetime"].min()].copy()
    for k, (name, (mean, sd)) in enumerate(generator.SENSORS.items()):
        rows[name] = mean + sd * np.sin(rows["machineID"] * float(f"{0.37 + k / 7:.4f}"))
    return rows


def make_readings(store: duckdb.DuckDBPyConnection) -> None:
    """The telemetry in DuckDB."""
    readings = zip(_READINGS.split(", "), generator.SENSORS, strict=True)
    store.execute(DIRECT.format(", ".join(f"{text} AS {name}" for text, name in readings)))


def check_close(left: tuple[Any, ...], right: tuple[Any, ...]) -> None:
    """Stop unless both sides have the same sums."""
    if len(left) != len(right) or not all(
        math.isclose(float(a), float(b), rel_tol=1e-9) for a, b in zip(left, right, strict=True)
    ):
        raise SystemExit(f"the two results differ:\n{left}\n{right}")


def main() -> None:
    """Load, compare, then time."""
    frames = generator.generate(n_machines=N_MACHINES, n_days=N_DAYS, seed=1)
    frames["telemetry"] = first_hour(frames["telemetry"])
    n_rows = N_MACHINES * N_HOURS
    folder = tempfile.TemporaryDirectory(prefix="pymlsql-bench-")
    with folder as place, server() as target, duckdb.connect(str(Path(place, "direct.duckdb"))) as store:
        copy_frames(frames, store)
        connection = pyodbc.connect(target.odbc, autocommit=True)
        with pymlsql.connect(target.url) as toolkit:
            prepare(toolkit)
            toolkit.load(frames)
            toolkit.apply(PROJECT)
        frames.clear()
        connection.execute(SERVED)
        make_readings(store)
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
