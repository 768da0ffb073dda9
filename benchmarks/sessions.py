"""16 sessions at once, each scoring with one thread, against the best rate of one thread times the cores.

The best one-thread rate is the best round of two: one session alone on the server, and the same script over the same
rows of DuckDB in this process. A call returns one row of sums, so that fetching does not count.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyodbc
from measure import cpu_s, enable_scripts, judged, report, server, sized
from rows import COLUMNS, N_CORES, boosting, fitted, make_direct, make_served, push

N_SESSIONS = 16
N_ROWS = sized(50_000, 10_000)
N_CALLS_EACH = sized(2, 1)
N_ROUNDS = sized(3, 1)
WITHIN_S = 60.0

SCRIPT = """
import pickle
import pandas as pd
import threadpoolctl
model = pickle.loads(model_bytes)
with threadpoolctl.threadpool_limits(1):
    probability = model.predict_proba(InputDataSet.iloc[:, 1:])[:, 1]
OutputDataSet = pd.DataFrame({"n": [len(probability)], "p": [probability.sum()], "square": [(probability**2).sum()]})
"""

PROCEDURE = f"""CREATE PROCEDURE dbo.ScoreAll AS
SET NOCOUNT ON;
DECLARE @model varbinary(max) = (SELECT data FROM dbo.Models WHERE name = N'boosting');
EXEC sp_execute_external_script @language = N'Python', @script = N'{SCRIPT}',
    @input_data_1 = N'SELECT {COLUMNS} FROM dbo.Features',
    @params = N'@model_bytes varbinary(max)', @model_bytes = @model"""


class Session:
    """One connection to the server."""

    def __init__(self, odbc: str) -> None:
        self.connection = pyodbc.connect(odbc, autocommit=True)

    def call(self) -> Any:
        """The row of sums."""
        return self.connection.execute("EXEC dbo.ScoreAll").fetchone()


class Direct:
    """The same in this process."""

    def __init__(self, store: duckdb.DuckDBPyConnection, model: bytes) -> None:
        self.store = store
        self.model = model

    def call(self) -> Any:
        """The row of sums."""
        frame = self.store.execute(f"SELECT {COLUMNS} FROM features").df()
        namespace: dict[str, Any] = {"InputDataSet": frame, "model_bytes": self.model}
        exec(compile(SCRIPT, "<string>", "exec"), namespace)
        return namespace["OutputDataSet"].iloc[0].tolist()


@dataclass
class Speed:
    """Rows per second and processor seconds per million rows, by round."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        rates = ", ".join(f"{rate:,.0f}" for rate in self.rates)
        return f"{rates} rows/s; {statistics.median(self.costs):.2f} processor seconds per million rows"


class Bench:
    """Counts what calls do at once; one that fails, or gives other sums than ``expected``, ends the benchmark."""

    def __init__(self, expected: Any, server_pid: int) -> None:
        self.expected = expected
        self.server_pid = server_pid

    def repeat(self, call: Callable[[], Any], n_calls: int) -> None:
        """One call after the other."""
        for _ in range(n_calls):
            row = call()
            if not np.allclose(np.array(tuple(row), dtype=float), self.expected, rtol=1e-9, atol=0):
                raise SystemExit(f"a call gave {row} instead of {self.expected}")

    def run(self, calls: list[Callable[[], Any]], n_each: int, speed: Speed) -> None:
        """All ``calls`` at once, each made ``n_each`` times in a thread of its own."""
        n_rows = len(calls) * n_each * N_ROWS
        with ThreadPoolExecutor(len(calls)) as threads:
            used, started = self._cpu_s(), time.perf_counter()
            for done in [threads.submit(self.repeat, call, n_each) for call in calls]:
                done.result()
            speed.rates.append(n_rows / (time.perf_counter() - started))
            speed.costs.append((self._cpu_s() - used) / n_rows * 1e6)

    def _cpu_s(self) -> float:
        return cpu_s(self.server_pid) + time.process_time()


def main() -> None:
    """Set up, warm up, then measure one thread here, one session, and all of them, in turn."""
    with server() as target, duckdb.connect(config={"threads": 1}) as store:
        sessions = [Session(target.odbc) for _ in range(N_SESSIONS)]
        connection = sessions[0].connection
        enable_scripts(connection)
        make_served(connection, N_ROWS)
        make_direct(store, N_ROWS)
        model = fitted(boosting(), store)
        push(connection, store, "boosting", model)
        connection.execute(PROCEDURE)
        direct = Direct(store, model)
        bench = Bench(np.array(direct.call(), dtype=float), target.pid)
        every: list[Callable[[], Any]] = [session.call for session in sessions]
        bench.run(every, 1, Speed())
        here, alone, together = Speed(), Speed(), Speed()
        until = time.monotonic() + WITHIN_S
        for number in range(N_ROUNDS):
            if number and time.monotonic() > until:
                break
            bench.run([direct.call], N_CALLS_EACH * 4, here)
            bench.run(every[:1], N_CALLS_EACH * 4, alone)
            bench.run(every, N_CALLS_EACH, together)
        for session in sessions:
            session.connection.close()
    best = max(*here.rates, *alone.rates)
    note = f"{N_ROWS:,} x 30 a call, HistGradientBoosting, {N_CORES} cores"
    report(judged("sessions", statistics.median(together.rates) / (best * N_CORES), note),
           one_thread_here=here, one_session=alone, all_sessions=together)  # fmt: skip


if __name__ == "__main__":
    main()
