"""What the benchmarks share: a server of their own, interleaved timing, and the form of a result."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
from promises import PROMISES, Promise

QUICK = "--quick" in sys.argv[1:]
"""Small sizes, to see that a benchmark works; its values are held against nothing."""

_T = TypeVar("_T")


def sized(full: _T, quick: _T) -> _T:
    """One of two sizes."""
    return quick if QUICK else full


@dataclass(frozen=True)
class Result:
    """One row of results.json: ``value`` is held against ``floor``, both in ``unit``; ``ok`` is None when it is not."""

    name: str
    value: float | None
    unit: str
    bound: str
    floor: float
    ok: bool | None


def judged(key: str, value: float, note: str = "") -> Result:
    """The value of the promise ``key``; ``note`` says what it was measured with."""
    promise = PROMISES[key]
    notes = [note] * bool(note) + ["small sizes"] * QUICK
    title = f"{promise.title} ({', '.join(notes)})" if notes else promise.title
    kept = None if QUICK else promise.kept_by(value)
    return Result(title, round(value, 4), promise.unit, promise.bound, promise.floor, kept)


def failed(promise: Promise) -> Result:
    """The row of a promise whose benchmark has failed."""
    return Result(promise.title, None, promise.unit, promise.bound, promise.floor, False)


def report(*results: Result, **details: Any) -> None:
    """Print the results as the last line of stdout, for run.py; details go to stderr, for people."""
    for name, value in details.items():
        print(f"  {name}: {value}", file=sys.stderr)
    print(json.dumps([asdict(result) for result in results]))


def interleaved(
    n_rounds: int,
    *actions: Callable[[], object],
    before: Callable[[], object] = lambda: None,
    within_s: float = 120.0,
) -> list[list[float]]:
    """Seconds of each action in each round: a, b, a, b ... after one round that is not counted.

    ``before`` runs before each action and is not timed. A round that would begin after ``within_s`` is left out, the
    first two excepted, so that a busy machine gives fewer rounds instead of an endless benchmark.
    """
    taken: list[list[float]] = [[] for _ in actions]
    until = time.monotonic() + within_s
    for number in range(n_rounds + 1):
        if number > 2 and time.monotonic() > until:
            break
        for action, seconds in zip(actions, taken, strict=True):
            before()
            started = time.perf_counter()
            action()
            if number:
                seconds.append(time.perf_counter() - started)
    return taken


def median_ratio(above: list[float], below: list[float]) -> float:
    """Ratio of the medians."""
    return statistics.median(above) / statistics.median(below)


@dataclass(frozen=True)
class Server:
    """An embedded server that runs as a child process."""

    odbc: str
    url: str
    pid: int


def command(*arguments: str) -> list[str]:
    """The command line of pymlsql in this environment."""
    return [str(Path(sys.executable).with_name("pymlsql")), *arguments]


def _wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes], within_s: float) -> None:
    until = time.monotonic() + within_s
    while not condition():
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        if time.monotonic() > until:
            raise RuntimeError(f"the server was not ready within {within_s:g} s")
        time.sleep(0.002)


@contextlib.contextmanager
def server(data_dir: Path | None = None) -> Iterator[Server]:
    """A server for the length of a with block, its data on the disk: in ``data_dir``, or fresh."""
    with tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as folder:
        ready = Path(folder, "ready.json")
        place = str(data_dir or Path(folder, "data"))
        line = command("server", "start", "--port", "0", "--data-dir", place, "--ready-file", str(ready))
        environment = {name: value for name, value in os.environ.items() if name != "PYMLSQL_URL"}
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
        try:
            _wait_until(ready.exists, process, 60)
            facts = json.loads(ready.read_text())
            yield Server(facts["odbc"], facts["sqlalchemy_url"], process.pid)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def machine_data() -> tuple[Any, str]:
    """What `Toolkit.load` takes, and what it is: the real CSV files where PYMLSQL_PDM_DATA names them."""
    named = os.environ.get("PYMLSQL_PDM_DATA")
    if named:
        return Path(named), "real data"
    from pymlsql.examples.pdm import generator

    return generator.generate(n_machines=20, n_days=90, seed=1), "generated data"


def prepare(toolkit: Any) -> None:
    """What an administrator does once: external scripts on, the tables made."""
    from pymlsql.runtime import ENABLE_SCRIPTS

    toolkit.execute_batches(ENABLE_SCRIPTS)
    toolkit.upgrade()


def enable_scripts(connection: Any) -> None:
    """External scripts on, without the toolkit's tables; ``connection`` is in autocommit."""
    connection.execute("EXEC sp_configure 'external scripts enabled', 1")
    connection.execute("RECONFIGURE")


def n_bytes(process_id: int) -> int:
    """Proportional set size of a process and its descendants in bytes; shared pages count once."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(process_id)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
    return total


def cpu_s(process_id: int) -> float:
    """Processor seconds that a process and its descendants have used so far, those that have ended included."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(process_id)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


class Peak:
    """Samples the memory of some process trees in a thread, for the length of a with block; ``n_bytes`` is the peak."""

    def __init__(self, *process_ids: int, every_s: float = 0.05) -> None:
        self.n_bytes = 0
        self._ids = process_ids
        self._every_s = every_s
        self._over = threading.Event()
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._sample)

    def _sample(self) -> None:
        try:
            while not self._over.is_set():
                self.n_bytes = max(self.n_bytes, sum(map(n_bytes, self._ids)))
                self._over.wait(self._every_s)
        except Exception as problem:  # a process that may not be looked at: the peak would be too small
            self._problem = problem

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._problem is not None:
            raise self._problem
