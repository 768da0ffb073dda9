"""One prediction: EXEC dbo.PredictFailures @machine_id = 3 over ODBC, warm, on a server with the example trained."""

from __future__ import annotations

import statistics
import time

import pyodbc
from measure import judged, machine_data, prepare, report, server, sized

import pymlsql
from pymlsql.examples.pdm.declaration import PROJECT

CALL = "EXEC dbo.PredictFailures @machine_id = 3"
N_CALLS = sized(100, 10)


def main() -> None:
    """Set up as the demo does, warm up, then time each call to its last row."""
    data, what = machine_data()
    with server() as target:
        with pymlsql.connect(target.url) as toolkit:
            prepare(toolkit)
            toolkit.load(data)
            toolkit.apply(PROJECT)
            toolkit.push(toolkit.train(), alias="champion")
        connection = pyodbc.connect(target.odbc, autocommit=True)
        taken = []
        for number in range(N_CALLS + 10):
            started = time.perf_counter()
            rows = connection.execute(CALL).fetchall()
            if number >= 10:
                taken.append((time.perf_counter() - started) * 1e3)
            if len(rows) != 1:
                raise SystemExit(f"{CALL} gave {len(rows)} rows instead of 1")
        connection.close()
    taken.sort()
    p50 = statistics.median(taken)
    report(
        judged("single", p50, f"over ODBC, {what}"),
        p90_ms=round(taken[int(0.9 * N_CALLS)], 2),
        p99_ms=round(taken[-2], 2),
    )


if __name__ == "__main__":
    main()
