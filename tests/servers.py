"""Servers for tests: an embedded one as a child process, or the real one that PYMLSQL_TEST_URL names."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

START_S = 60.0
"""How long a server may take until it accepts logins."""


class ServerFailed(Exception):
    """The server did not start; the text holds what it wrote to stderr."""


@dataclass
class Target:
    """A SQL Server to test against. ``odbc`` works as it is in pyodbc.connect, ``sqlalchemy_url`` in create_engine."""

    host: str
    port: int
    database: str
    user: str
    password: str
    odbc: str
    sqlalchemy_url: str
    embedded: bool
    pid: int | None = None
    data_dir: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    log: Path | None = None

    def is_running(self) -> bool:
        """Whether the child process lives; a real server counts as running."""
        return self.process is None or self.process.poll() is None

    def stderr(self) -> str:
        """What the server has written so far."""
        return self.log.read_text(errors="replace") if self.log else ""

    def stop(self, *, how: signal.Signals = signal.SIGTERM, within_s: float = 20.0) -> int:
        """Send ``how`` and wait; SIGKILL after ``within_s``. The exit status."""
        assert self.process is not None, "a real server is not ours to stop"
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise


def command(*arguments: str) -> list[str]:
    """The command line of pymlsql in the environment that runs the tests."""
    script = Path(sys.executable).with_name("pymlsql")
    start = [str(script)] if script.exists() else [sys.executable, "-c", "from pymlsql.cli.main import main; main()"]
    return [*start, *arguments]


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would point pymlsql at another server."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYMLSQL_URL", "PYMLSQL_TEST_URL"}}
    return {**kept, **more}


def start(data_dir: Path | None = None, *, scratch: Path, options: tuple[str, ...] = ()) -> Target:
    """Start an embedded server: in memory, or over ``data_dir``. Its files for this run lie in ``scratch``."""
    ready = scratch / f"ready-{os.getpid()}-{time.monotonic_ns()}.json"
    log_path = ready.with_suffix(".log")
    place = ["--memory"] if data_dir is None else ["--data-dir", str(data_dir)]
    line = command("server", "start", "--port", "0", *place, "--ready-file", str(ready), *options)
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment(), cwd=scratch
        )
    until = time.monotonic() + START_S
    while not ready.exists():
        if process.poll() is not None:
            raise ServerFailed(f"the server ended with {process.returncode}:\n{log_path.read_text(errors='replace')}")
        if time.monotonic() > until:
            process.kill()
            process.wait(10)
            raise ServerFailed(f"not ready after {START_S:g} s:\n{log_path.read_text(errors='replace')}")
        time.sleep(0.02)
    facts = json.loads(ready.read_text())
    return Target(
        host=facts["host"],
        port=facts["port"],
        database=facts["database"],
        user=facts["user"],
        password=facts["password"],
        odbc=facts["odbc"],
        sqlalchemy_url=facts["sqlalchemy_url"],
        embedded=True,
        pid=facts["pid"],
        data_dir=data_dir,
        process=process,
        log=log_path,
    )


@contextlib.contextmanager
def running(data_dir: Path | None = None, *, options: tuple[str, ...] = ()) -> Iterator[Target]:
    """An embedded server for the length of a with block."""
    with tempfile.TemporaryDirectory(prefix="pymlsql-test-") as scratch:
        target = start(data_dir, scratch=Path(scratch), options=options)
        try:
            yield target
        finally:
            if target.is_running():
                target.stop()


@contextlib.contextmanager
def under_test() -> Iterator[Target]:
    """The server that PYMLSQL_TEST_URL names, else an embedded one for the length of a with block."""
    url = os.environ.get("PYMLSQL_TEST_URL")
    with contextlib.nullcontext(real(url)) if url else running() as target:
        yield target


def real(url: str) -> Target:
    """The server behind a SQLAlchemy URL (mssql+pyodbc://user:password@host:port/database?driver=...)."""
    from sqlalchemy import create_engine, make_url

    parsed = make_url(url)
    engine = create_engine(url)
    arguments, _ = engine.dialect.create_connect_args(parsed)
    engine.dispose()
    return Target(
        host=parsed.host or "127.0.0.1",
        port=parsed.port or 1433,
        database=parsed.database or "master",
        user=parsed.username or "",
        password=str(parsed.password or ""),
        odbc=str(arguments[0]),
        sqlalchemy_url=url,
        embedded=False,
    )


def n_bytes_of(process_id: int) -> int:
    """Proportional set size of a process and all its descendants, in bytes; what they share counts once."""
    import psutil

    total = 0
    root = psutil.Process(process_id)
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total

