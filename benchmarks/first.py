"""The first call after a server has started, and the first call of a new session, with a binary model.

A start counts from the moment at which the server says that it accepts logins, log-in included. A new session's call
counts from when it is logged in; the server has answered others before.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import pyodbc
from measure import judged, report, server, sized
from row import set_up

N_STARTS = sized(5, 1)
N_SESSIONS = sized(30, 3)


class Timings:
    """Seconds by what they were spent on."""

    def __init__(self, expected: list[tuple[object, ...]]) -> None:
        self.expected = expected
        self.start: list[float] = []
        self.first: list[float] = []
        self.login: list[float] = []
        self.session: list[float] = []

    def call(self, connection: pyodbc.Connection) -> None:
        """One call to its last row; stop where the row is another one than expected."""
        rows = [tuple(row) for row in connection.execute("EXEC dbo.ScoreOne").fetchall()]
        if rows != self.expected:
            raise SystemExit(f"a call gave {rows} instead of {self.expected}")

    def start_server(self, data_dir: Path, n_sessions: int) -> None:
        """Start a server, time its first call, then sessions one after the other."""
        launched = time.perf_counter()
        with server(data_dir) as target:
            ready = time.perf_counter()
            first = pyodbc.connect(target.odbc, autocommit=True)
            self.call(first)
            self.first.append(time.perf_counter() - ready)
            self.start.append(ready - launched)
            for _ in range(n_sessions):
                started = time.perf_counter()
                connection = pyodbc.connect(target.odbc, autocommit=True)
                logged_in = time.perf_counter()
                self.call(connection)
                self.session.append(time.perf_counter() - logged_in)
                self.login.append(logged_in - started)
                connection.close()
            first.close()


def main() -> None:
    """Start the server a few times over the same data."""
    pyodbc.pooling = False
    with tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as folder:
        data_dir = Path(folder, "data")
        with server(data_dir) as target:
            connection = pyodbc.connect(target.odbc, autocommit=True)
            timings = Timings(set_up(connection))
            connection.close()
        for _ in range(N_STARTS):
            timings.start_server(data_dir, N_SESSIONS // N_STARTS)
    report(
        judged("first.server", statistics.median(timings.first)),
        judged("first.session", statistics.median(timings.session) * 1e3),
        server_s=sorted(timings.first), until_logins_are_accepted_s=sorted(timings.start),
        log_in_ms=round(statistics.median(timings.login) * 1e3, 1),
        session_ms=[round(seconds * 1e3, 1) for seconds in sorted(timings.session)],
    )  # fmt: skip


if __name__ == "__main__":
    main()
