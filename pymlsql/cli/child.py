"""An embedded server of one's own: a child process that never outlives this one."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pymlsql import settings
from pymlsql.errors import PymlsqlError

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
_PR_SET_PDEATHSIG = 1


@contextmanager
def child_server(data_dir: Path, *, port: int = 0) -> Generator[settings.ServerFile]:
    """Run `pymlsql server start` over `data_dir` until the block ends, however it ends.

    Raises PymlsqlError with the server's last words where it does not come up within START_TIMEOUT_S.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    ready = data_dir / "ready" / "server.json"
    ready.parent.mkdir(exist_ok=True)
    ready.unlink(missing_ok=True)
    line = [sys.executable, "-m", "pymlsql.cli.main", "server", "start", "--port", str(port)]
    line += ["--data-dir", str(data_dir), "--ready-file", str(ready)]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=settings.child_environment(),
            start_new_session=True,  # Ctrl-C reaches us alone; we stop the server in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    try:
        yield _wait_until_ready(process, ready, log)
    finally:
        _stop(process)
        ready.unlink(missing_ok=True)
        ready.parent.rmdir()


def _die_with_parent() -> None:
    """Linux: even kill -9 of this process must not leave the server behind (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_ready(process: subprocess.Popen[bytes], ready: Path, log: Path) -> settings.ServerFile:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        server = settings.read_server_file(ready.parent)
        if server is not None:
            return server
        if process.poll() is not None:
            words = log.read_text(encoding="utf-8", errors="replace").split("\n")
            last = next((line for line in reversed(words) if line.strip()), "it said nothing")
            raise PymlsqlError(f"The embedded server did not start: {last.removeprefix('pymlsql: ')}")
        time.sleep(0.02)
    raise PymlsqlError(f"The embedded server was not ready after {START_TIMEOUT_S:.0f} s: see {log}.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
