"""Parameters that scripts unpickle: noticed in a call, unpickled ahead in a process that holds them, found by its
children.

Runs by path in the script's process: valid for Python 3.7. What is found is what pickle.loads would have made: it is
used once, for the very bytes of the parameter, and only while nothing that unpickling uses has been changed.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import random
import signal
import socket
import struct
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_KNOWN_PACKAGES = ("numpy", "pandas", "scipy", "sklearn", "joblib", "collections", "_codecs", "builtins", "copyreg")
"""Whose classes do nothing but fill themselves: all that is held where Python does not say what unpickling does."""
_NEVER = frozenset([
    "os", "posix", "time", "uuid", "secrets", "random", "_random", "subprocess", "socket", "_socket", "sys",
    "threading", "_thread", "tempfile", "io", "_io", "importlib", "runpy", "shutil", "ctypes", "signal", "gc",
    "warnings", "__main__",
])  # fmt: skip
"""Modules whose functions look at the moment or reach out of the process."""
_NEVER_BUILTIN = frozenset(["eval", "exec", "compile", "open", "__import__", "input", "print", "setattr", "delattr",
                            "globals", "locals", "vars", "id", "breakpoint"])  # fmt: skip
_HARMLESS_EVENTS = ("import", "exec", "compile", "marshal.", "pickle.find_class", "code.", "function.", "object.",
                    "array.", "sys._", "cpython.", "builtins.id", "os.listdir", "os.scandir", "ctypes.dl",
                    "ctypes.addressof", "ctypes.cdata", "mmap.")  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PR_SET_DUMPABLE = 4
_N_ROUNDS = 50
_ROUND_S = 0.002


class Unsuitable(Exception):
    """The parameter is unpickled by every call itself; the message says why."""


class _Audit:
    """What Python reports while it unpickles. A hook stays for ever, so it listens only ``while`` it is asked to."""

    def __init__(self) -> None:
        self.complaint = ""
        self._listening = False
        self.exists = hasattr(sys, "addaudithook")
        self._trees = tuple(
            os.path.join(os.path.realpath(path), "") for path in [sys.prefix, sys.base_prefix, *sys.path] if path
        )
        if self.exists:
            sys.addaudithook(self._hear)

    def __enter__(self) -> _Audit:
        self._listening = True
        return self

    def __exit__(self, *error: object) -> None:
        self._listening = False

    def _hear(self, event: str, arguments: Any) -> None:
        if not self._listening or event.startswith(_HARMLESS_EVENTS):
            return
        if arguments and "__pycache__" in str(arguments[0]):  # what an import compiles, it keeps
            return
        if event == "open" and self._is_code(*arguments):
            return
        self.complaint = self.complaint or event

    def _is_code(self, path: Any, mode: Any, flags: int) -> bool:
        if not isinstance(path, str) or flags & _WRITING:
            return False
        return os.path.realpath(path).startswith(self._trees)


class _Unpickler(pickle.Unpickler):
    """Notes the globals that a pickle names."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.found: dict[tuple[str, str], Any] = {}

    def find_class(self, module: str, name: str) -> Any:
        found = self.found[module, name] = super().find_class(module, name)
        return found


# A call -----------------------------------------------------------------------------------------------------------

_loads, _load = pickle.loads, pickle.load


class _Watch:
    """The parameters of a call whose unpickling is of interest; ``seen`` maps each to whether it may be held, and the
    seconds that it took."""

    def __init__(self, values: list[Any], places: list[int], held: tuple[int, _Held] | None) -> None:
        self._values = [(place, values[place]) for place in places]
        self._held = [held] if held else []
        self._surroundings = _surroundings()
        self._filters = _other_filters()
        self._audit = _Audit() if places else None
        self.seen: dict[int, tuple[bool, float]] = {}
        if held:
            self._held_value = values[held[0]]

    def loads(self, *arguments: Any, **options: Any) -> Any:
        """pickle.loads."""
        if len(arguments) == 1 and not options:
            ready = self._ready(arguments[0])
            if ready is not None:
                return ready.value
            place = self._place(arguments[0])
            if place >= 0:
                return self._noticed(place, _loads, arguments[0])
        return _loads(*arguments, **options)

    def load(self, *arguments: Any, **options: Any) -> Any:
        """pickle.load."""
        if len(arguments) == 1 and not options and type(arguments[0]) is io.BytesIO and arguments[0].tell() == 0:
            content = arguments[0].getvalue()  # the very bytes that it was made of, until they are changed
            ready = self._ready(content)
            if ready is not None:
                arguments[0].seek(ready.n_bytes)
                return ready.value
            place = self._place(content)
            if place >= 0:
                return self._noticed(place, _load, arguments[0])
        return _load(*arguments, **options)

    def _place(self, data: Any) -> int:
        return next((place for place, value in self._values if value is data and place not in self.seen), -1)

    def _noticed(self, place: int, function: Callable[[Any], Any], argument: Any) -> Any:
        assert self._audit is not None
        self.seen[place] = (False, 0.0)
        started = time.monotonic()
        with self._audit:
            value = function(argument)
        self.seen[place] = (not self._audit.complaint, time.monotonic() - started)
        return value

    def _ready(self, data: Any) -> _Held | None:
        if not self._held or data is not self._held_value:
            return None
        try:
            _, held = self._held.pop()  # in one step: another thread may ask too
        except IndexError:
            return None
        return held if self._is_unchanged() and held.is_valid() else None

    def _is_unchanged(self) -> bool:
        return self._surroundings == _surroundings() and self._filters == _other_filters()


_watch: _Watch | None = None
_held: _Held | None = None
"""Where this process holds something, or inherited it."""


def watch(values: list[Any], places: list[int], inherited: int | None) -> None:
    """Before a script runs with the parameters ``values``: notice which of those at ``places`` it unpickles, and give
    it what was inherited for the one at ``inherited``."""
    global _watch, _held
    if not places and inherited is None:
        return
    held = None
    if inherited is not None and _held is not None:
        held, _held = (inherited, _held), None
    _watch = _Watch(values, places, held)
    pickle.loads, pickle.load = _watch.loads, _watch.load


def noticed() -> list[tuple[int, bool, float]]:
    """The places of the parameters that the script unpickled, whether they may be held, and how long it took."""
    return [] if _watch is None else [(place, *seen) for place, seen in _watch.seen.items()]


def without_frames(trace: types.TracebackType | None) -> types.TracebackType | None:
    """A traceback without the frames of this module."""
    first, last = None, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename != __file__:
            if last is None:
                first = trace
            else:
                last.tb_next = trace
            last = trace
        trace = trace.tb_next
    if last is not None:
        last.tb_next = None
    return first


def _surroundings() -> tuple[Any, ...]:
    return dict(os.environ), list(sys.path), sys.getrecursionlimit()


def _other_filters() -> list[Any]:
    """What is done with warnings, save which are ignored: unpickling a held value showed none."""
    return [row for row in warnings.filters if row[0] != "ignore"]


# The process that holds a value -----------------------------------------------------------------------------------


class _Held:
    """A parameter's bytes, what they unpickle to, how many of them that takes, and what it was made with."""

    def __init__(self, data: bytes, value: Any, n_bytes: int, found: dict[tuple[str, str], Any]) -> None:
        self.data = data
        self.value = value
        self.n_bytes = n_bytes
        self._found = found
        names = {name for name, _ in found} | {"builtins", "copyreg"}
        classes = {cls for one in found.values() if isinstance(one, type) for cls in one.__mro__}
        self._modules = {name: (sys.modules[name], dict(vars(sys.modules[name]))) for name in names}
        self._classes = [(cls, dict(vars(cls))) for cls in classes]

    def is_valid(self) -> bool:
        """Whether modules and classes are what they were."""
        try:
            return all(
                sys.modules.get(name) is module and vars(module) == before
                for name, (module, before) in self._modules.items()
            ) and all(vars(cls) == before for cls, before in self._classes)
        except Exception:  # values that cannot be compared were exchanged
            return False


@contextlib.contextmanager
def limited(n_bytes: int) -> Iterator[None]:
    """At most so much private memory beyond what there is now, until the end of the block."""
    if sys.platform != "linux":
        yield
        return
    import resource

    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[5]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = used + n_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def inherited_bytes() -> bytes:
    """In a child of the process that holds a value: the parameter."""
    assert _held is not None
    hide(hidden=False)
    return _held.data


def hold(data: bytes) -> None:
    """Unpickle ``data`` for the children of this process. Raises Unsuitable when doing so has any other effect."""
    global _held
    sys.modules["__main__"] = types.ModuleType("__main__")
    before = _state()
    modules = {name: (module, dict(vars(module))) for name, module in _modules().items()}
    file = io.BytesIO(data)
    unpickler = _Unpickler(file)
    audit = _Audit()
    try:
        with audit:
            value = unpickler.load()
    except BaseException as problem:
        raise Unsuitable(f"it cannot be unpickled by itself ({type(problem).__name__})") from problem
    _check_globals(unpickler.found, audited=audit.exists)
    if audit.complaint:
        raise Unsuitable("unpickling it does more: " + audit.complaint)
    after = _state()
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        raise Unsuitable("unpickling it changes its process: " + changed[0])
    _check_modules(modules)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
        raise Unsuitable("unpickling it starts processes")
    _held = _Held(data, value, file.tell(), unpickler.found)


def _state() -> dict[str, Any]:
    generator = np.random.get_state()
    drawn = (random.getstate(), [part.tobytes() if hasattr(part, "tobytes") else part for part in generator])
    files = (sorted(os.listdir("/dev/fd")), sorted(os.listdir(".")), os.getcwd())
    around = (_surroundings(), list(warnings.filters), sys.stdout, sys.stderr, sys.excepthook)
    return {"files": files, "threads": _n_threads(), "random numbers": drawn, "surroundings": around}


def _n_threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def _modules() -> dict[str, Any]:
    return {name: module for name, module in list(sys.modules.items()) if isinstance(module, types.ModuleType)}


def _check_modules(before: dict[str, Any]) -> None:
    """Raise Unsuitable when a module was exchanged or changed; what was imported is a new one, and its parents'."""
    for name, (module, was) in before.items():
        now = vars(module)
        changed = sys.modules.get(name) is not module or any(
            now.get(key, now) is not value for key, value in was.items()
        )
        added = [key for key in now.keys() - was.keys() if not isinstance(now[key], types.ModuleType)]
        if changed or (added and not set(added) <= {"__warningregistry__"}):
            raise Unsuitable("unpickling it changes the module " + name)


def _check_globals(found: dict[tuple[str, str], Any], *, audited: bool) -> None:
    for (module, name), value in found.items():
        package = module.split(".")[0]
        known = audited or package in _KNOWN_PACKAGES
        outside = package in _NEVER or (module in ("builtins", "__builtin__") and name in _NEVER_BUILTIN)
        if outside or not known or ("." in name and not isinstance(value, type)):
            raise Unsuitable(f"it names {module}.{name}")


def hide(*, hidden: bool) -> None:
    """Whether processes of the same user may look into this one; those that it forks begin as it is."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0 if hidden else 1, 0, 0, 0)


def introduce(channel: socket.socket) -> None:
    """In a child: say who it is. The kernel vouches for the number, and translates it for the server."""
    identity = struct.pack("iII", os.getpid(), os.getuid(), os.getgid())
    channel.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, identity)])


def end_others(kept: list[int]) -> None:
    """In a process namespace of its own: end every process but the first and ``kept``. Raises OSError when more and
    more of them come."""
    for _ in range(_N_ROUNDS):
        others = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, *kept)]
        others = [pid for pid in others if _is_alive(pid)]
        if not others:
            return
        for pid in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_ROUND_S)
    raise OSError("a script has left processes that cannot be ended")


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def empty(folder: str) -> None:
    """Remove everything in ``folder``. Raises OSError."""
    os.makedirs(folder, 0o700, exist_ok=True)
    os.chmod(folder, 0o700)
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            empty(entry.path)
            os.rmdir(entry.path)
        else:
            os.unlink(entry.path)
