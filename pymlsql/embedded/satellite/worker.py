"""The processes that run scripts: a zygote, which loads the libraries once, and the children it forks, one for a call.

Run by path by the interpreter that the scripts are to have: ``python worker.py DESCRIPTOR``; there the server says its
settings first, as a command line can be read by others, scripts among them. It must stay valid for Python 3.7. Nothing
of a call outlives it: each runs in a child that has run nothing before, and the zygote itself runs no script.

Law of forking: the zygote has one thread, or a lock held by another one would stay locked in every child for ever.
"""

from __future__ import annotations

import array
import contextlib
import faulthandler
import gc
import importlib
import importlib.util
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

_GRACE_S = 5.0
"""How long a process may still close its files after its result has been taken."""
_IDLE_S = 0.2
"""How long nothing was wanted when there is time for what need not be done at once."""
_PR_SET_PDEATHSIG = 1
_NEEDED = ("numpy", "pandas", "pyarrow", "pyarrow.compute")
_USED_LATER = ("resource", "unicodedata")
_MAX_DESCRIPTORS = 1024
"""More than a zygote ever has open: it keeps next to nothing of its children."""
_RESERVED_BYTES = 72 << 20
"""About what Python's objects take once the usual libraries are loaded."""


def _beside(name: str) -> Any:
    """The module ``name`` next to this file, kept out of the scripts' import path."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("pymlsql_satellite_" + name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from pymlsql.embedded.satellite import loopback, memory, probing, sandbox, wire
    from pymlsql.embedded.satellite import models as models
    from pymlsql.embedded.satellite import script as script
else:
    loopback = _beside("loopback")
    memory = _beside("memory")
    wire = _beside("wire")
    probing = _beside("probing")
    sandbox = probing.sandbox


class Unavailable(Exception):
    """The zygote cannot work; the message says why."""


def _n_threads() -> int:
    """How many threads this process has; 1 where the system does not say."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def preload(modules: list[str]) -> None:
    """Import what the worker needs and what of ``modules`` is there; raise Unavailable when one starts a thread."""
    global script, models
    for name in [*_NEEDED, *_USED_LATER, *modules]:
        needed = name in _NEEDED
        try:
            importlib.import_module(name)
        except ImportError as problem:
            if needed:
                raise Unavailable(f"{sys.executable} has no usable {name} ({problem})") from problem
        if _n_threads() > 1:
            raise Unavailable(f"importing {name} starts a thread, so it cannot be preloaded; leave it out")
    script = _beside("script")
    models = _beside("models")
    script.prepare(_beside("conversion"), wire, models)
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim"))
    if _n_threads() > 1:
        raise Unavailable("pyarrow started a thread while it was being prepared")


def _die_with_parent(parent: int) -> None:
    """Have the kernel end this process when ``parent`` ends (Linux; elsewhere the closed socket does it)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _limit(n_bytes: int | None) -> None:
    """No core files; with ``n_bytes``, that much address space beyond what is mapped already."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if n_bytes is not None:
        with open("/proc/self/statm") as statm:
            mapped = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + n_bytes, mapped + n_bytes))


def _keep_only(*descriptors: int) -> None:
    """Close every other file descriptor of the zygote, save standard input, output and error."""
    first = 3
    for descriptor in sorted(descriptors):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, _MAX_DESCRIPTORS)


def _settle(folder: str) -> None:
    """Give the process a folder of its own for its files."""
    os.mkdir(folder, 0o700)
    os.chdir(folder)
    os.environ.update(HOME=folder, TMPDIR=folder, PWD=folder)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # EPERM: only a zombie is left, on macOS
        os.killpg(pid, signal.SIGKILL)


def _ended_child() -> int:
    """A child that has ended and is not yet reaped, or 0."""
    ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    return 0 if ended is None else ended.si_pid


class Zygote:
    """Forks children on request, ends them on request, and tells the server when they have ended."""

    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self._control = control
        self._folder: str = settings["folder"]
        self._memory_limit_bytes: int | None = settings["memory_limit_bytes"]
        self._jail = sandbox.Jail(settings["sandbox"], self._folder) if settings["sandbox"] else None
        self.reserved: list[bytes] = []
        """What memory.reserve returned, until there is time to compact."""
        self._children: dict[int, float | None] = {}
        """Process id to the time at which it is to be killed."""
        self._numbers: dict[int, int] = {}
        """The number that a child has for the server to its process id; they differ in a process namespace."""

    def enter_sandbox(self) -> None:
        """Before anything is loaded: lay the sandbox, and see that it holds. Raises Unavailable."""
        if self._jail is None:
            return
        try:
            self._jail.enter()
            lacking = probing.in_child(self._jail, self._memory_limit_bytes)
        except sandbox.Missing as problem:
            lacking = [problem.layer, problem.reason]
        if lacking:
            raise Unavailable(f"the sandbox's layer {lacking[0]} cannot be laid: {lacking[1]}")
        self._folder = self._jail.folder

    def serve(self) -> None:
        """Work until the server closes the control connection; then nothing of this process is left."""
        wakeup, alarm = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(alarm, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(alarm)
        try:
            while True:
                ready, _, _ = select.select([self._control.fileno(), wakeup], [], [], self._patience_s())
                if wakeup in ready:
                    os.read(wakeup, 4096)
                if not ready and self.reserved:
                    memory.compact(self.reserved)
                    self.reserved = []
                if self._control.fileno() in ready and not self._obey():
                    return
                self._reap()
        except (BrokenPipeError, ConnectionResetError):
            return
        finally:
            self._end()

    def _patience_s(self) -> float | None:
        times = [at - time.monotonic() for at in self._children.values() if at is not None]
        if self.reserved:
            times.append(_IDLE_S)
        return max(0.0, min(times)) if times else None

    def _obey(self) -> bool:
        order = self._control.recv(wire.RECORD.size, socket.MSG_WAITALL)
        if len(order) < wire.RECORD.size:
            return False
        letter, number, idle = wire.RECORD.unpack(order)
        pid = self._numbers.get(number, 0)
        if letter == wire.FORK:
            self._fork(idle=bool(idle))
        elif pid in self._children:
            if letter == wire.KILL:
                _kill_group(pid)
            else:
                self._children[pid] = time.monotonic() + _GRACE_S
        return True

    def _fork(self, *, idle: bool) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours_back, theirs_back = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        out, err, crash = os.pipe(), os.pipe(), os.pipe()  # the last for faulthandler
        script.reseed()
        parent = os.getpid()
        try:
            pid = self._jail.fork() if self._jail else os.fork()
        except (OSError, sandbox.Missing) as problem:
            self.tell_broken(f"the system forks no further process ({problem})")
        else:
            if pid == 0:
                self._become_satellite(parent, theirs, theirs_back, (out[1], err[1], crash[1]), idle=idle)
            with contextlib.suppress(OSError):  # the child has done it itself, and may have ended
                os.setpgid(pid, pid)
            self._children[pid] = None
            number = self._jail.outer_id(pid) if self._jail else pid
            self._numbers[number] = pid
            self._tell(wire.READY, number, 0, [ours.fileno(), out[0], err[0], ours_back.fileno(), crash[0]])
        finally:
            for connection in (ours, theirs, ours_back, theirs_back):
                connection.close()
            for descriptor in (*out, *err, *crash):
                os.close(descriptor)

    def _become_satellite(
        self, parent: int, channel: socket.socket, back: socket.socket, outputs: tuple[int, int, int], *, idle: bool
    ) -> None:
        """In the child: leave everything of the zygote behind, wait for a call, carry it out, end."""
        out, err, crash = outputs
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.set_blocking(crash, False)
            listener = self._settle(parent, channel)
            kept = (channel.fileno(), back.fileno(), crash)
            _keep_only(*kept, *(() if listener is None else (listener.fileno(),)))
            faulthandler.enable(crash, all_threads=False)
            if script.answer(channel, loopback.Guest(back, listener), idle=idle):
                gc.collect()
                gc.freeze()
                Holder(channel, self._jail, listener).serve()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _settle(self, parent: int, channel: socket.socket) -> socket.socket | None:
        """Lay the sandbox around a child; a socket that listens on loopback where a script cannot make one."""
        if self._jail:
            listener: socket.socket | None = self._jail.settle(parent, self._memory_limit_bytes)
            return listener
        _die_with_parent(parent)
        _settle(os.path.join(self._folder, str(os.getpid())))
        _limit(self._memory_limit_bytes)
        return None

    def _reap(self) -> None:
        now = time.monotonic()
        for pid, at in list(self._children.items()):
            if at is not None and at <= now:
                _kill_group(pid)
                self._children[pid] = None
        while self._children:
            pid = _ended_child()
            if pid == 0:
                return
            # While the dead leader is there its number is taken, so this reaches its own group and no other.
            _kill_group(pid)
            number, status = self._bury(pid)
            self._tell(wire.EXITED, number, status)

    def _bury(self, pid: int) -> tuple[int, int]:
        """Reap a child and end what it left running; its number and status."""
        _, status = os.waitpid(pid, 0)
        del self._children[pid]
        number = next(number for number, known in self._numbers.items() if known == pid)
        del self._numbers[number]
        if self._jail:
            self._jail.ended(pid)
        return number, status

    def _end(self) -> None:
        """Leave nothing: neither processes nor files."""
        for pid in list(self._children):
            _kill_group(pid)
            self._bury(pid)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._jail:
            self._jail.remove_folder()

    def _tell(self, letter: bytes, pid: int, number: int, descriptors: list[int] | None = None) -> None:
        record = wire.RECORD.pack(letter, pid, number)
        if descriptors:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
            self._control.sendmsg([record], [rights])
        else:
            self._control.sendall(record)

    def tell_broken(self, reason: str) -> None:
        """Say that there will be no satellite, and why."""
        text = reason.encode("utf-8", "replace")
        self._control.sendall(wire.RECORD.pack(wire.BROKEN, 0, len(text)) + text)


class Holder(Zygote):
    """What a satellite becomes that holds an unpickled parameter: its children find it, one after the other.

    They run in its sandbox and in its folder, so the server gives a call to one of them at a time, and what a call
    leaves there is gone before the server hears of its end. The next child waits meanwhile: it cannot be looked into.
    """

    def __init__(self, control: socket.socket, jail: Any, listener: socket.socket | None) -> None:
        folder = os.getcwd()
        self._listener = listener
        super().__init__(control, {"folder": folder, "memory_limit_bytes": None, "sandbox": None})
        enclosed = jail is not None and jail.has("mount_namespace")
        self._work = [os.path.join(os.path.dirname(folder), name) for name in ("shm", "tmp")] if enclosed else []
        self._work.append(folder)
        self._owns_processes = jail is not None and jail.has("pid_namespace") and os.getppid() == 0
        """Whether it has a process namespace of its own, in which nothing but its children's processes can be."""

    def _fork(self, *, idle: bool) -> None:
        models.hide(hidden=True)
        super()._fork(idle=idle)

    def _settle(self, parent: int, channel: socket.socket) -> socket.socket | None:
        _die_with_parent(parent)
        models.introduce(channel)
        return self._listener

    def _bury(self, pid: int) -> tuple[int, int]:
        number, status = super()._bury(pid)
        if self._owns_processes:
            models.end_others([os.getpid(), *self._children])
        for folder in self._work:
            models.empty(folder)
        if os.stat(".").st_nlink == 0:
            raise OSError("a script has removed the folder")
        return number, status


def main(arguments: list[str]) -> None:
    """Load the libraries and serve at the control connection; where they cannot be used, say so there and end."""
    control = socket.socket(fileno=int(arguments[0]))
    control.set_inheritable(False)
    n_bytes = wire.SETTINGS.unpack(control.recv(wire.SETTINGS.size, socket.MSG_WAITALL))[0]
    settings = json.loads(control.recv(n_bytes, socket.MSG_WAITALL).decode("ascii"))
    zygote = Zygote(control, settings)
    try:
        zygote.enter_sandbox()
        zygote.reserved = memory.reserve(_RESERVED_BYTES)
        preload(settings["preload"])
    except Unavailable as problem:
        zygote.tell_broken(str(problem))
        return
    gc.collect()
    gc.freeze()
    zygote.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
