"""The promises that the benchmarks measure; the part of a key before the dot is the name of the benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Promise:
    """What is measured, and the floor that the value is held against, both in ``unit``."""

    title: str
    bound: Literal["at most", "at least"]
    floor: float
    unit: str

    def kept_by(self, value: float) -> bool:
        """Whether ``value`` lies on the right side of the floor."""
        return value <= self.floor if self.bound == "at most" else value >= self.floor


_STORED = "1,000,000 x 30 through EXEC, stored, relative to the same in-process:"
_MANY = "10,000,000 x 10 through the procedure, the server killed in the middle:"
_ROW = "one row through EXEC, warm, over ODBC,"
_LARGE = "a 500 MB model as a parameter:"
_REGISTRY = "1,000 models x 20 versions:"
_TEXT = "parse and rewrite a statement:"

PROMISES = {
    "demo": Promise("pymlsql demo", "at most", 60, "s"),
    "view": Promise("feature view over telemetry, fetched, relative to the same SQL in DuckDB", "at most", 3, "x"),
    "batch": Promise("500,000 x 30 through the procedure, stored, relative to in-process", "at most", 1.3, "x"),
    "routing": Promise("1,000,000 x 30 by a route of two aliases, stored, relative to one alias", "at most", 1.05, "x"),
    "many.chunks": Promise(f"{_MANY} the last tenth's chunk times over the first's, median", "at most", 1.25, "x"),
    "many.memory": Promise(f"{_MANY} memory at the end over that of the first third, peak", "at most", 1.25, "x"),
    "single": Promise("EXEC dbo.PredictFailures @machine_id = 3, warm, p50", "at most", 40, "ms"),
    "memory": Promise(
        "growth of all processes for a 200 MB model pushed and used, relative to its size", "at most", 4, "x"
    ),
    "stored.linear": Promise(f"{_STORED} linear", "at most", 1.4, "x"),
    "stored.boosting": Promise(f"{_STORED} HistGradientBoosting, 100 trees", "at most", 1.1, "x"),
    "stored.forest": Promise(f"{_STORED} RandomForest, 100 trees", "at most", 1.1, "x"),
    "client": Promise(
        "200,000 x 30, HistGradientBoosting: read_sql, predict, executemany over EXEC", "at least", 3, "x"
    ),
    "row.empty": Promise(f"{_ROW} an empty script, p50", "at most", 3, "ms"),
    "row.empty_p99": Promise(f"{_ROW} an empty script, p99", "at most", 25, "ms"),
    "row.boosting": Promise(f"{_ROW} HistGradientBoosting, p50", "at most", 5, "ms"),
    "row.boosting_p99": Promise(f"{_ROW} HistGradientBoosting, p99", "at most", 25, "ms"),
    "demand.one": Promise("one row of JSON, five-class HistGradientBoosting behind one-hot, p50", "at most", 15, "ms"),
    "demand.many": Promise("100 rows of JSON in one call, the same model, p50", "at most", 25, "ms"),
    "first.server": Promise("the first call after the server accepts logins, log in included", "at most", 1.5, "s"),
    "first.session": Promise("the first call of a new session", "at most", 80, "ms"),
    "sessions": Promise("rows/s of 16 sessions at once over the best one-thread rate x cores", "at least", 0.85, "x"),
    "large.first": Promise(f"{_LARGE} first call", "at most", 4, "s"),
    "large.again": Promise(f"{_LARGE} from the cache", "at most", 0.3, "s"),
    "language.seen": Promise(f"{_TEXT} seen before, p50", "at most", 0.3, "ms"),
    "language.new": Promise(f"{_TEXT} a new one of 100 lines, p50", "at most", 30, "ms"),
    "language.one": Promise("INSERT of one row with identity, default, foreign key, CHECK, p50", "at most", 3, "ms"),
    "language.many": Promise("INSERT of 10,000 rows in one statement", "at most", 0.15, "s"),
    "language.large": Promise("INSERT ... SELECT into a constrained table over bare DuckDB", "at most", 4, "x"),
    "language.loop": Promise("a loop of 10,000 turns with arithmetic and a one-row SELECT", "at most", 6, "s"),
    "agent.next_run": Promise("the next runs of 1,000 schedules of SQL Server Agent", "at most", 10, "ms"),
    "agent.wait": Promise("pymlsql job run --wait over the job's step itself, p50", "at most", 0.3, "s"),
    "telemetry.time": Promise("feature view, all rows and columns, over the same SQL in DuckDB", "at most", 1.5, "x"),
    "telemetry.memory": Promise("feature view, all rows and columns: peak of the server", "at most", 4, "GB"),
    "features.refresh": Promise("stored feature view: a full refresh over one of one more day", "at least", 20, "x"),
    "features.slot": Promise("one machine's latest slot through the inline function, p50", "at most", 40, "ms"),
    "registry.list": Promise(f"{_REGISTRY} pymlsql.Toolkit.models()", "at most", 0.5, "s"),
    "registry.alias": Promise(f"{_REGISTRY} alias to version and sha256 in T-SQL", "at most", 5, "ms"),
    "registry.promote": Promise(f"{_REGISTRY} ml.PromoteModel, without a check", "at most", 50, "ms"),
    "registry.checked": Promise("promotion of a 1 MB model from Python, with its check", "at most", 1, "s"),
    "registry.push": Promise("push of 200 MB over the same bytes as one bare parameter", "at most", 2, "x"),
    "registry.memory": Promise("growth of a client that uploads a file of 1.5 GB", "at most", 200, "MB"),
    "deployment": Promise("plan and apply of 50 views and functions, nothing changed", "at most", 2, "s"),
    "large.memory": Promise(f"{_LARGE} peak of the server's processes above idle over its size", "at most", 4, "x"),
}


def benchmark_of(key: str) -> str:
    """The name of the benchmark that measures the promise ``key``."""
    return key.partition(".")[0]


def promises_of(benchmark: str) -> dict[str, Promise]:
    """The promises that one benchmark measures."""
    return {key: promise for key, promise in PROMISES.items() if benchmark_of(key) == benchmark}


BENCHMARKS = tuple(dict.fromkeys(map(benchmark_of, PROMISES)))
"""The names of all benchmarks in the order in which they run."""
