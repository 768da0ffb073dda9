"""What is stored of FeaturesAndLabels, refreshed, and one machine's latest slot, over a year of 570 machines.

A full refresh, all rows deleted and made anew, against one that takes in one more day of readings, its labels and what
may have come late; both through the procedure, over the same server. The latest slot is asked of the inline function
over ODBC, machine after machine.
"""

from __future__ import annotations

import statistics
import time

import pyodbc
from measure import judged, prepare, report, server, sized
from telemetry import N_DAYS, N_HOURS, N_MACHINES, SERVED, first_hour

import pymlsql
from pymlsql.examples.pdm import generator
from pymlsql.examples.pdm.declaration import FEATURES, PROJECT
from pymlsql.features import Store
from pymlsql.features.modules import render_features

N_MORE_DAYS = sized(4, 2)
N_CALLS = sized(100, 10)
STORED = FEATURES.model_copy(update={"store": Store(table="dbo.FeaturesAndLabelsStored")})
SLOT = """SET NOCOUNT ON; DECLARE @at datetime = ?;
SELECT * FROM dbo.FeaturesAndLabelsFor(?, @at, @at) OPTION (RECOMPILE)"""


def readings(since: int, until: int) -> str:
    """T-SQL that inserts the hours from ``since`` to ``until`` of all machines."""
    return SERVED.replace(f"BETWEEN 1 AND {N_HOURS - 1}", f"BETWEEN {since} AND {until}")


def refresh(connection: pyodbc.Connection, full: int) -> tuple[float, int]:
    """Seconds that the procedure takes, and the rows that it makes."""
    text = f"SET NOCOUNT ON; DECLARE @n bigint; EXEC {STORED.refresh} @full = {full}, @n_rows = @n OUTPUT; SELECT @n"
    started = time.perf_counter()
    n_rows = connection.execute(text).fetchval()
    return time.perf_counter() - started, n_rows


def check(connection: pyodbc.Connection) -> None:
    """Stop unless the table holds what the view says."""
    made = [
        connection.execute(
            f"SELECT COUNT_BIG(*), COUNT_BIG(failure), SUM(voltmean_24h), SUM(comp1), SUM(vibrationsd_3h) FROM {source}"
        ).fetchone()
        for source in (STORED.stored, STORED.view)
    ]
    if any(abs(a - b) > 1e-9 * abs(b) for a, b in zip(*made, strict=True)):
        raise SystemExit(f"the table is not the view: {made}")


def latest_slots(connection: pyodbc.Connection) -> list[float]:
    """Milliseconds of each call for one machine's latest slot."""
    at = connection.execute("SELECT MAX(datetime) FROM dbo.FeaturesAndLabelsStored").fetchval()
    taken = []
    for number in range(N_CALLS + 10):
        started = time.perf_counter()
        rows = connection.execute(SLOT, at, 1 + number % N_MACHINES).fetchall()
        if number >= 10:
            taken.append((time.perf_counter() - started) * 1e3)
        if len(rows) != 1:
            raise SystemExit(f"machine {1 + number % N_MACHINES} has {len(rows)} rows at {at} instead of 1")
    return sorted(taken)


def main() -> None:
    """Load, store, then time."""
    frames = generator.generate(n_machines=N_MACHINES, n_days=N_DAYS, seed=1)
    frames["telemetry"] = first_hour(frames["telemetry"])
    with server() as target:
        with pymlsql.connect(target.url) as toolkit:
            prepare(toolkit)
            toolkit.load(frames)
            toolkit.apply(PROJECT)
        frames.clear()
        connection = pyodbc.connect(target.odbc, autocommit=True)
        connection.execute(readings(1, N_HOURS - 1))
        for module in render_features(STORED)[3:]:
            connection.execute(module.text)
        full = [refresh(connection, 1) for _ in range(2)]
        days = []
        for day in range(N_MORE_DAYS):
            connection.execute(readings(N_HOURS + 24 * day, N_HOURS + 24 * day + 23))
            days.append(refresh(connection, 0))
        check(connection)
        slots = latest_slots(connection)
        connection.close()
    note = f"{N_MACHINES * N_HOURS:,} rows"
    report(
        judged("features.refresh", full[1][0] / statistics.median(taken for taken, _ in days), note),
        judged("features.slot", statistics.median(slots), note),
        full=full, days=days, slot_p90_ms=round(slots[int(0.9 * N_CALLS)], 2),
    )  # fmt: skip


if __name__ == "__main__":
    main()
