"""The embedded server as a process: data directory, password, satellites, ready file, signals."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import json
import os
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pymlsql.embedded.certificate import tls_context
from pymlsql.embedded.engine.agent.installation import install
from pymlsql.embedded.engine.agent.runner import Runner
from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.engine.extensibility.contents import Allowed
from pymlsql.embedded.engine.extensibility.folders import make_root, remove_tree
from pymlsql.embedded.engine.extensibility.runtimes import MakePool
from pymlsql.embedded.satellite.calls import RuntimeUnavailable
from pymlsql.embedded.satellite.isolation import Mode, detect
from pymlsql.embedded.satellite.pool import PRELOAD, SatellitePool
from pymlsql.embedded.server import Options, serve

USER = "sa"
DATABASE = "pymlsql"
_VERSION = (16, 0, 1000)
_N_SPARES = 2
_STACK_BYTES = 256 << 20
_RECURSION_LIMIT = 30_000

Describe = Callable[[str, int, str, str, str], dict[str, str]]
"""(host, port, database, user, password) to the connection strings of the ready file: ``odbc``, ``sqlalchemy_url``."""


class ServiceError(Exception):
    """The server cannot start; the message is a sentence for the user."""


def run(
    *,
    port: int,
    data_dir: Path | None,
    compat: int,
    ready_file: Path | None,
    describe: Describe,
    allow_files: tuple[Path, ...] = (),
    bulk_folders: tuple[Path, ...] = (),
    pythons: tuple[Path, ...] = (),
    sandbox: Mode = "auto",
    agent: bool = True,
) -> None:
    """Serve until SIGTERM or Ctrl-C. ``data_dir`` None keeps everything in memory. Raises ServiceError.

    ``allow_files`` are folders whose files T-SQL may name, ``bulk_folders`` those whose files bulk operations may read,
    ``pythons`` those whose Python it may. ``sandbox``
    is what is to be laid around scripts; ServiceError when that is ``required`` and the system lacks a part of it.
    Without ``agent`` msdb's procedures are there, but no job runs.
    """
    # A statement of a few thousand terms is a tree as deep; what is deeper still is Msg 191.
    threading.stack_size(_STACK_BYTES)
    sys.setrecursionlimit(_RECURSION_LIMIT)
    if data_dir is not None:
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ServiceError(f"{data_dir} cannot be used as a data directory: {error.strerror}.") from None
    with _locked(data_dir), _library_folder(data_dir) as libraries:
        password = _password(data_dir)
        secret_paths = tuple(str(path.absolute()) for path in (data_dir, ready_file) if path)
        pools = _Pools(sandbox, secret_paths, str(libraries))
        satellites = pools.make_own()
        allowed = Allowed(allow_files, pythons, bulk_folders)
        engine = _open(data_dir, password, compat, satellites, pools.make, allowed, libraries)
        satellites.start()
        install(engine)
        runner = Runner(engine) if agent else None
        files = [path for path in (ready_file, data_dir / "server.json" if data_dir else None) if path]
        tls = tls_context(data_dir)
        options = Options(tls=tls, strict_tls=tls_context(data_dir, strict=True), version=_VERSION)

        def on_ready(bound: int) -> None:
            values = {
                "host": "127.0.0.1", "port": bound, "database": DATABASE, "user": USER, "password": password,
                **describe("127.0.0.1", bound, DATABASE, USER, password), "pid": os.getpid(),
            }  # fmt: skip
            if runner is not None:
                runner.start()
            for path in files:
                write_private(path, json.dumps(values, indent=2) + "\n")
            print(f"pymlsql embedded server: 127.0.0.1,{bound}, process {os.getpid()}", file=sys.stderr, flush=True)
            if satellites.sandbox is not None:
                print(f"pymlsql embedded server: {satellites.sandbox.describe()}", file=sys.stderr, flush=True)

        # What is there now stays to the end: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        try:
            asyncio.run(_serve(engine, port, options, on_ready))
        except OSError as error:
            raise ServiceError(f"Port {port} cannot be used ({error.strerror}): choose another with --port.") from None
        finally:
            for path in files:
                path.unlink(missing_ok=True)
            if runner is not None:
                runner.close()
            engine.close()


async def _serve(engine: Engine, port: int, options: Options, on_ready: Callable[[int], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(engine, port=port, options=options, on_ready=on_ready, stop=stop)


@dataclass(frozen=True)
class _Pools:
    """Makes the pools of interpreters, each in the sandbox that is to be had with it."""

    mode: Mode
    secrets: tuple[str, ...]
    libraries: str

    def make_own(self) -> SatellitePool:
        try:
            found = detect(mode=self.mode, secrets=self.secrets, libraries=self.libraries)
        except RuntimeUnavailable as problem:
            raise ServiceError(str(problem)) from None
        return SatellitePool(n_spares=_N_SPARES, sandbox=found)

    def make(self, python: str, bare: bool) -> SatellitePool:
        found = detect(python or sys.executable, self.mode, secrets=self.secrets, libraries=self.libraries)
        return SatellitePool(python=python or None, n_spares=1, preload=() if bare else PRELOAD, sandbox=found)


def _open(
    data_dir: Path | None,
    password: str,
    compat: int,
    satellites: SatellitePool,
    make_pool: MakePool,
    allowed: Allowed,
    libraries: Path,
) -> Engine:
    try:
        return Engine(
            data_dir / "pymlsql.duckdb" if data_dir else None, password=password, level=compat, satellites=satellites,
            database=DATABASE, n_threads=os.cpu_count() or 1, process_id=os.getpid(), allowed=allowed,
            make_pool=make_pool, service_key=_service_key(data_dir), libraries=libraries,
        )  # fmt: skip
    except ValueError as error:
        raise ServiceError(f"{data_dir}: {error}.") from None


@contextlib.contextmanager
def _library_folder(data_dir: Path | None) -> Iterator[Path]:
    """Where external libraries lie unpacked; there before the first script's sandbox is laid, which shows it."""
    found = make_root(data_dir.absolute() / "libraries" if data_dir else None)
    try:
        yield found
    finally:
        if data_dir is None:
            remove_tree(found)


@contextlib.contextmanager
def _locked(data_dir: Path | None) -> Iterator[None]:
    """One server a data directory."""
    if data_dir is None:
        yield
        return
    with open(data_dir / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ServiceError(f"A server runs over {data_dir} already: stop it or choose another folder.") from None
        yield


def _password(data_dir: Path | None) -> str:
    """sa's password: random, made once per data directory, readable by its owner only."""
    if data_dir is None:
        return secrets.token_urlsafe(18)
    path = data_dir / "password"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(18))
    return path.read_text(encoding="utf-8").strip()


def _service_key(data_dir: Path | None) -> bytes | None:
    """The key that opens master keys without their password: made once per data directory, beside the database."""
    if data_dir is None:
        return None
    path = data_dir / "service.key"
    if not path.exists():
        write_private(path, secrets.token_hex(32))
    return bytes.fromhex(path.read_text(encoding="utf-8").strip())


def write_private(path: Path, text: str) -> None:
    """Write ``path`` at once or not at all, mode 0600."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
