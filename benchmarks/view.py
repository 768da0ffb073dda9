"""The feature view fetched over ODBC against the same SQL run by DuckDB in this process, interleaved.

DuckDB's text is the view's own function body, translated by sqlglot as it comes, with REPAIRS for what that gets
wrong; both sides hold the same rows, and the results are compared before anything is timed.
"""

from __future__ import annotations

import math
import os
import re
import sys
from typing import Any

import duckdb
import pyodbc
import sqlglot
from measure import interleaved, judged, machine_data, median_ratio, prepare, report, server

import pymlsql
from pymlsql import templates
from pymlsql.examples.pdm.declaration import FEATURES, PROJECT
from pymlsql.features.rendering import Plan

N_ROUNDS = 7
QUERY = "SELECT * FROM dbo.FeaturesAndLabels"
TABLES = ("PdM_telemetry", "PdM_errors", "PdM_maint", "PdM_machines", "PdM_failures")

REPAIRS = (
    (r"\bAS REAL\)", "AS DOUBLE)"),
    (r"\bN'", "'"),
    (r"\) / (\d+) \+ 1", r") // \1 + 1"),
    (r"'17530101'", "'1753-01-01'"),
    (r"\) AS (since_\d+)", r") AS \1 ON TRUE"),
    (r"TEXT\(\d+\)", "TEXT"),
)


def duckdb_text() -> str:
    """The body of dbo.FeaturesAndLabelsFor without limits, in DuckDB's words."""
    text = templates.render("functions/features.sql.j2", plan=Plan(FEATURES))
    body = text[text.index("RETURN\n") + len("RETURN\n") :].rstrip().rstrip(";")
    body = re.sub(r"--.*$", "", body, flags=re.MULTILINE)
    body = body.replace(f"@{FEATURES.entity[0].parameter}", "CAST(NULL AS int)")
    body = re.sub("@(since|until)", "CAST(NULL AS datetime)", body)
    translated = sqlglot.transpile(body, read="tsql", write="duckdb")[0]
    for pattern, replacement in REPAIRS:
        translated = re.sub(pattern, replacement, translated)
    return translated


def copy_tables(connection: pyodbc.Connection, store: duckdb.DuckDBPyConnection) -> int:
    """The example's tables from the server into DuckDB; the number of telemetry rows."""
    import pandas as pd

    store.execute("CREATE SCHEMA dbo")
    n_telemetry = 0
    for table in TABLES:
        cursor = connection.execute(f"SELECT * FROM dbo.{table}")
        names = [column[0] for column in cursor.description]
        frame = pd.DataFrame.from_records([tuple(row) for row in cursor.fetchall()], columns=names)
        store.register("frame", frame)
        store.execute(f"CREATE TABLE dbo.{table} AS SELECT * FROM frame")
        store.unregister("frame")
        n_telemetry = len(frame) if table == "PdM_telemetry" else n_telemetry
    return n_telemetry


def check_equal(left: list[Any], right: list[Any]) -> None:
    """Stop unless both results hold the same rows."""
    for a, b in zip(sorted(left, key=lambda r: r[:2]), sorted(right, key=lambda r: r[:2]), strict=True):
        for x, y in zip(a, b, strict=True):
            close = isinstance(x, float) and isinstance(y, float) and math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-6)
            if x != y and not close:
                sys.exit(f"the two results differ: {x!r} and {y!r} in {a[:2]}")


def main() -> None:
    """Load, compare, then time."""
    data, what = machine_data()
    with server() as target:
        with pymlsql.connect(target.url) as toolkit:
            prepare(toolkit)
            toolkit.load(data)
            toolkit.apply(PROJECT)
        connection = pyodbc.connect(target.odbc, autocommit=True)
        store = duckdb.connect()
        n_telemetry = copy_tables(connection, store)
        text = duckdb_text()
        check_equal([tuple(row) for row in connection.execute(QUERY).fetchall()], store.execute(text).fetchall())
        served, direct = interleaved(
            N_ROUNDS, lambda: connection.execute(QUERY).fetchall(), lambda: store.execute(text).fetchall()
        )
        connection.close()
    ratio = median_ratio(served, direct)
    note = f"{n_telemetry:,} rows, {what}"
    report(judged("view", ratio, note), over_odbc_s=sorted(served), duckdb_s=sorted(direct), cores=os.cpu_count())


if __name__ == "__main__":
    main()
