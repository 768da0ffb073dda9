"""The server's side of a zygote: starts it, takes warm satellites from it, ends them, and learns how they ended.

Launchpad is Microsoft's word for the service that starts the processes of external scripts.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pymlsql.embedded.satellite import wire
from pymlsql.embedded.satellite.calls import RuntimeUnavailable
from pymlsql.embedded.satellite.isolation import Sandbox

_WORKER = Path(__file__).with_name("worker.py")
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_START_S = 60.0
_END_S = 5.0
_TICK_S = 0.05
_CRASH_LINE = re.compile(r'File "<string>", line (\d+)')
_CRASH_BYTES = 1 << 16
_N_PROCESSORS = os.cpu_count() or 1
_BLAS_PATIENCE = "10"
"""OpenBLAS's threads wait for work in a loop: 2 to this power cycles, instead of 2 to the 26th, before they sleep."""
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


@dataclass(frozen=True)
class Settings:
    """What all satellites of one zygote share; see SatellitePool."""

    python: str
    n_spares: int
    preload: tuple[str, ...]
    memory_limit_bytes: int | None
    environment: Mapping[str, str]
    sandbox: Sandbox | None = None


@dataclass(frozen=True)
class Satellite:
    """A process that waits for its one call: where to talk to it, where its standard output and error come out,
    where it asks for a loopback connection, and the pipe into which its traceback goes when native code crashes.
    """

    pid: int
    channel: socket.socket
    stdout: int
    stderr: int
    loopback: socket.socket
    crash: int

    def close(self) -> None:
        """Give back the descriptors; the process sees the end of its connection."""
        self.channel.close()
        self.loopback.close()
        for descriptor in (self.stdout, self.stderr, self.crash):
            os.close(descriptor)

    def crash_line(self) -> int:
        """The line of the script where native code crashed, or 0."""
        with contextlib.suppress(BlockingIOError):
            found = _CRASH_LINE.search(os.read(self.crash, _CRASH_BYTES).decode("utf-8", "replace"))
            return int(found[1]) if found else 0
        return 0


@dataclass(frozen=True)
class Death:
    """How a process ended: the ``status`` of os.waitpid, and the script's ``line`` where native code crashed, or 0."""

    status: int
    line: int = 0

    def __str__(self) -> str:
        if not os.WIFSIGNALED(self.status):
            return f"its process ended with exit code {os.waitstatus_to_exitcode(self.status)}"
        number = os.WTERMSIG(self.status)
        hint = ", as the system does when memory runs out" if number == signal.SIGKILL else ""
        where = f" at line {self.line} of the script" if self.line else ""
        return f"its process was ended by {_signal_name(number)} ({signal.strsignal(number)}){where}{hint}"


def _remove(folder: Path) -> None:
    """Remove a satellite's folder, which is empty most of the time."""
    try:
        folder.rmdir()
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Launchpad:
    """One running zygote. Once it has ended it stays ended: make another one.

    A thread reads what the zygote says; everything else is called from the threads of the callers.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._changed = threading.Condition()
        self._spares: deque[Satellite] = deque()
        self._n_forking = 0
        self._n_waiting = 0
        self._deaths: dict[int, int | None] = {}
        """Of the satellites that were taken: the status with which each ended, None while it runs."""
        self._broken = ""
        self._ended = False
        self._folder = self._make_folder()
        try:
            self._control, self._process = self._spawn()
        except OSError as problem:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise RuntimeUnavailable(
                f"The Python for external scripts, {settings.python}, cannot be started: {problem}."
            ) from problem
        self._reader = threading.Thread(target=self._listen, name="pymlsql-launchpad", daemon=True)
        self._reader.start()
        with self._changed:
            self._order_spares()

    def _make_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="pymlsql-satellites-"))

    def _spawn(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        settings = {
            "folder": str(self._folder),
            "preload": self._settings.preload,
            "memory_limit_bytes": self._settings.memory_limit_bytes,
            "sandbox": self._settings.sandbox.settings() if self._settings.sandbox else None,
        }
        with theirs, (self._folder / "zygote.log").open("wb") as log:
            try:
                process = subprocess.Popen(
                    [self._settings.python, "-I", "-X", "utf8", str(_WORKER), str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[theirs.fileno()],
                    env=self._environment(),
                    cwd=self._folder,
                    umask=0o077,
                    start_new_session=True,
                )
                text = json.dumps(settings).encode("ascii")
                ours.sendall(wire.SETTINGS.pack(len(text)) + text)
            except BaseException:
                ours.close()
                raise
        return ours, process

    def _environment(self) -> dict[str, str]:
        """Nothing of the server's own environment; one thread in every library until a call says otherwise."""
        folder = str(self._folder)
        return {
            "PATH": f"{Path(self._settings.python).parent}:{_SYSTEM_PATH}",
            "LANG": "C.UTF-8",
            "HOME": folder,
            "TMPDIR": folder,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "OPENBLAS_THREAD_TIMEOUT": _BLAS_PATIENCE,
            "MKL_NUM_THREADS": "1",
            "NUMEXPR_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
            **self._settings.environment,
        }

    @property
    def folder(self) -> Path:
        """Where the folders of its satellites are."""
        return self._folder

    @property
    def ended(self) -> bool:
        """Whether the zygote is gone."""
        return self._ended

    def take(self, checked: Callable[[], None]) -> Satellite:
        """A warm satellite, forked anew when no spare is left; ``checked`` is called often and may raise.

        Raises RuntimeUnavailable when the zygote says so, ends, or takes more than a minute.
        """
        deadline = time.monotonic() + _START_S
        with self._changed:
            self._n_waiting += 1
            try:
                while not self._spares:
                    checked()
                    if self._broken or self._ended:
                        raise RuntimeUnavailable(self._why_not())
                    if time.monotonic() > deadline:
                        raise RuntimeUnavailable(f"{self._settings.python} gave no satellite within {_START_S:.0f} s.")
                    self._order_spares()
                    self._changed.wait(_TICK_S)
                satellite = self._spares.popleft()
                self._deaths[satellite.pid] = None
                return satellite
            finally:
                self._n_waiting -= 1

    def _why_not(self) -> str:
        if self._broken:
            reason, self._broken = self._broken, ""
            return f"No satellite can be started: {reason}."
        with contextlib.suppress(OSError):
            self._process.wait(_END_S)
        log = (self._folder / "zygote.log").read_text("utf-8", "replace").strip() if self._folder.exists() else ""
        last = log.splitlines()[-1] if log else "It said nothing."
        return f"The Python for external scripts, {self._settings.python}, ended while it was starting: {last}"

    def finish(self, satellite: Satellite, *, kill: bool) -> None:
        """The call is over: with ``kill`` the process and its group end now, else it may close its files first."""
        self._order(wire.KILL if kill else wire.FINISH, satellite.pid)
        if kill:
            self.death_of(satellite)
        satellite.close()
        with self._changed:
            self._deaths.pop(satellite.pid, None)
            self._order_spares()

    def death_of(self, satellite: Satellite) -> Death | None:
        """How the process ended; None when it has not ended within a second."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._deaths.get(satellite.pid) is not None, 1.0)
            status = self._deaths.get(satellite.pid)
        return None if status is None else Death(status, satellite.crash_line())

    def close(self) -> None:
        """End the zygote and all its satellites; when this returns they are gone, and their files with them."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _order_spares(self) -> None:
        n_missing = self._settings.n_spares + self._n_waiting - len(self._spares) - self._n_forking
        for _ in range(n_missing):
            self._n_forking += 1
            self._order(wire.FORK, 0, int(not self.is_busy()))

    def is_busy(self) -> bool:
        """Whether as many scripts run as there are processors."""
        return len(self._deaths) >= _N_PROCESSORS

    def _order(self, letter: bytes, pid: int, number: int = 0) -> None:
        with contextlib.suppress(OSError):  # it has ended: the listening thread says so to whom it concerns
            self._control.sendall(wire.RECORD.pack(letter, pid, number))

    def _listen(self) -> None:
        size = wire.RECORD.size
        try:
            while True:
                record, descriptors, _, _ = socket.recv_fds(self._control, size, 5, _CLOSE_ON_EXEC)
                if len(record) < size:
                    return
                letter, pid, number = wire.RECORD.unpack(record)
                with self._changed:
                    self._hear(letter, pid, number, descriptors)
                    self._changed.notify_all()
                if letter == wire.EXITED:
                    _remove(self._folder / str(pid))
        except OSError:
            return
        finally:
            self._end()

    def _hear(self, letter: bytes, pid: int, number: int, descriptors: list[int]) -> None:
        if letter == wire.READY:
            self._n_forking -= 1
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
                os.set_blocking(descriptor, False)
            channel, stdout, stderr, loopback, crash = descriptors
            connections = [socket.socket(fileno=descriptor) for descriptor in (channel, loopback)]
            self._spares.append(Satellite(pid, connections[0], stdout, stderr, connections[1], crash))
        elif letter == wire.EXITED:
            if pid in self._deaths:
                self._deaths[pid] = number
            for spare in [one for one in self._spares if one.pid == pid]:
                self._spares.remove(spare)
                spare.close()
        else:
            self._n_forking = max(0, self._n_forking - 1)
            self._broken = self._control.recv(number, socket.MSG_WAITALL).decode("utf-8", "replace")

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            for spare in self._spares:
                spare.close()
            self._spares.clear()
            self._changed.notify_all()
        self._control.close()
