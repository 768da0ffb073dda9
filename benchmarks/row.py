"""One row through sp_execute_external_script, warm, over ODBC, call after call: an empty script, and a binary model."""

from __future__ import annotations

import statistics
import time

import duckdb
import pyodbc
from measure import Result, enable_scripts, judged, report, server, sized
from rows import COLUMNS, boosting, call, fitted, make_direct, make_served, push, run_script

N_CALLS = sized(2000, 50)
N_WARM = 20
WITHIN_S = 60.0
MAX_MODEL_BYTES = 5 * 1024 * 1024
ROW_ID = 7
SOURCE = f"SELECT {COLUMNS} FROM dbo.Features WHERE id = {ROW_ID}"
EMPTY = "EXEC sp_execute_external_script @language = N'Python', @script = N'pass', @input_data_1 = N'SELECT 1 AS a'"


def set_up(connection: pyodbc.Connection) -> list[tuple[object, ...]]:
    """dbo.ScoreOne, which scores one row with a model of a table; the row that it must give, from this process."""
    enable_scripts(connection)
    make_served(connection, 1000)
    with duckdb.connect() as store:
        make_direct(store, 20_000)
        model = fitted(boosting(), store)
        if len(model) > MAX_MODEL_BYTES:
            raise SystemExit(f"the model has {len(model):,} bytes")
        push(connection, store, "boosting", model)
        connection.execute(f"CREATE PROCEDURE dbo.ScoreOne AS\n{call('boosting', source=SOURCE)}")
        scored = run_script(store.execute(f"SELECT {COLUMNS} FROM features WHERE id = {ROW_ID}").df(), model)
    return [tuple(row) for row in scored.itertuples(index=False, name=None)]


def timed(connection: pyodbc.Connection, batch: str, expected: list[tuple[object, ...]]) -> list[float]:
    """Milliseconds of each call to its last row, sorted; stop where one gives anything but ``expected``.

    Fewer than N_CALLS where they take longer than WITHIN_S in all.
    """
    taken: list[float] = []
    until = time.monotonic() + WITHIN_S
    for number in range(N_CALLS + N_WARM):
        started = time.perf_counter()
        if len(taken) >= N_CALLS // 10 and time.monotonic() > until:
            break
        cursor = connection.execute(batch)
        rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        if number >= N_WARM:
            taken.append((time.perf_counter() - started) * 1e3)
        cursor.close()
        if rows != expected:
            raise SystemExit(f"a call gave {rows} instead of {expected}")
    return sorted(taken)


def percentile(taken: list[float], percent: float) -> float:
    """The least sample that so many percent do not exceed."""
    return taken[min(len(taken) - 1, round(len(taken) * percent / 100))]


def rows_of(name: str, taken: list[float]) -> list[Result]:
    """Median and 99th percentile of one script."""
    note = "" if len(taken) == N_CALLS else f"{len(taken):,} calls only"
    return [judged(f"row.{name}", statistics.median(taken), note),
            judged(f"row.{name}_p99", percentile(taken, 99), note)]  # fmt: skip


def main() -> None:
    """Set up, then time the calls."""
    with server() as target:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        expected = set_up(connection)
        empty = timed(connection, EMPTY, [])
        boosting = timed(connection, "EXEC dbo.ScoreOne", expected)
        connection.close()
    report(*rows_of("empty", empty), *rows_of("boosting", boosting),
           empty_ms=summary(empty), boosting_ms=summary(boosting))  # fmt: skip


def summary(taken: list[float]) -> dict[str, float]:
    """Some percentiles for people."""
    return {f"p{percent:g}": round(percentile(taken, percent), 2) for percent in (0, 10, 50, 90, 99, 99.9, 100)}


if __name__ == "__main__":
    main()
