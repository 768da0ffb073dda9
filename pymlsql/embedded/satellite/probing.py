"""Which layers of the sandbox this system has: found out by laying them in throwaway processes, and by testing each.

Run by path by the interpreter that scripts are to have: ``python probing.py SETTINGS`` prints a JSON list of
[layer, reason], the reason being empty for a layer that holds. It must stay valid for Python 3.7.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import json
import os
import platform
import resource
import shutil
import socket
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING, Any, Callable


def _beside(name: str) -> Any:
    """The module ``name`` next to this file, kept out of the scripts' import path."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("pymlsql_satellite_" + name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from pymlsql.embedded.satellite import identity, sandbox, seccomp
else:
    sandbox = _beside("sandbox")
    identity, seccomp = sandbox.identity, sandbox.seccomp

_PTRACE_TRACE_ME = 0


def _status(field: str) -> str:
    with open("/proc/self/status") as file:
        return next(line.split(":", 1)[1].strip() for line in file if line.startswith(field + ":"))


def _limits() -> bool:
    core, files = resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_FSIZE)
    return core == (0, 0) and resource.RLIM_INFINITY not in files


def _process_limit() -> bool:
    """A fork beyond the limit fails; root, whom the kernel exempts, shows here."""
    highest = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    resource.setrlimit(resource.RLIMIT_NPROC, (1, highest))
    try:
        pid = os.fork()
    except BlockingIOError:
        return True
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, (highest, highest))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return False


def _refused(number: int, *arguments: int) -> bool:
    """Whether a system call, which would do no harm here, is refused with EPERM."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    result = library.syscall(ctypes.c_long(number), *(ctypes.c_long(value) for value in arguments))
    return bool(result == -1 and ctypes.get_errno() == errno.EPERM)


def _seccomp() -> bool:
    which = seccomp.MACHINES.index(platform.machine())
    return _status("Seccomp") == "2" and _refused(seccomp.DENIED["ptrace"][which], _PTRACE_TRACE_ME, 0, 0, 0)


def _landlock() -> bool:
    """A folder that every system has is not listed, and the own one can be written."""
    try:
        os.listdir("/proc/sys/kernel" if not os.path.isdir("/run") else "/run")
    except PermissionError:
        with open("landlock", "w"):
            pass
        os.remove("landlock")
        return True
    return False


def _namespaces() -> dict[str, str]:
    with contextlib.suppress(OSError):
        return {kind: os.readlink("/proc/self/ns/" + kind) for kind in ("net", "ipc", "mnt", "pid", "user")}
    return {}


def _own(kind: str) -> bool:
    return bool(_BEFORE) and _namespaces()[kind] != _BEFORE[kind]


def _network() -> bool:
    """Nothing but a loopback interface, and that is up."""
    with open("/proc/self/net/dev") as file:
        names = [line.split(":")[0].strip() for line in file if ":" in line]
    with contextlib.closing(socket.socket()) as listener, contextlib.closing(socket.socket()) as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        client.connect(listener.getsockname())
    return names == ["lo"] and _own("net")


def _mounts() -> bool:
    return _own("mnt") and not os.path.exists("/etc/shadow") and os.access(os.__file__, os.R_OK)


_BEFORE = _namespaces()

CHECKS: dict[str, Callable[[], bool]] = {
    "resource_limits": _limits,
    "no_new_privs": lambda: _status("NoNewPrivs") == "1",
    "user_namespace": lambda: int(_status("CapEff"), 16) == int(_status("CapPrm"), 16) == 0,
    "own_user_id": lambda: os.getuid() != 0,
    "mount_namespace": _mounts,
    "pid_namespace": lambda: os.getppid() == 0 and _own("pid"),
    "network_namespace": _network,
    "ipc_namespace": lambda: _own("ipc"),
    "process_limit": _process_limit,
    "landlock": _landlock,
    "seccomp": _seccomp,
}
"""Whether a layer that was laid around this process holds."""


def in_child(jail: Any, memory_bytes: int | None = None) -> list[str]:
    """Lay the sandbox around a throwaway child: [] where every layer holds, else [layer, reason]."""
    waiting, answer = os.pipe()
    parent = os.getpid()
    pid = jail.fork()
    if pid == 0:
        try:
            said: list[str] = []
            try:
                jail.settle(parent, memory_bytes)
                said = _first_that_fails(jail)
                shutil.rmtree(os.getcwd(), ignore_errors=True)
            except sandbox.Missing as problem:
                said = [problem.layer, problem.reason]
            os.write(answer, json.dumps(said).encode("ascii"))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(answer)
    with open(waiting, "rb") as file:
        text = file.read()
    os.waitpid(pid, 0)
    jail.ended(pid)
    return json.loads(text.decode("ascii")) if text else ["user_namespace", "a process in the sandbox ended at once"]


def _first_that_fails(jail: Any) -> list[str]:
    for layer, check in CHECKS.items():
        if jail.has(layer) and not check():
            return [layer, "it was laid and does not hold"]
    hidden = identity.hidden_folders() if jail.has("own_user_id") else []
    if hidden:
        return ["own_user_id", f"{hidden[0]} can be read by root only"]
    seen = [path for path in jail.secrets if jail.has("mount_namespace") and os.path.lexists(path)]
    return ["mount_namespace", f"it shows {seen[0]}"] if seen else []


def _attempt(settings: dict[str, Any], folder: str) -> list[str]:
    """Everything that a zygote and a child do, in a throwaway process, as the zygote's change is for good."""
    waiting, answer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            jail = sandbox.Jail(settings, folder)
            try:
                jail.enter()
                said = in_child(jail)
            except sandbox.Missing as problem:
                said = [problem.layer, problem.reason]
            os.write(answer, json.dumps(said).encode("ascii"))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(answer)
    with open(waiting, "rb") as file:
        text = file.read()
    os.waitpid(pid, 0)
    return json.loads(text.decode("ascii")) if text else ["mount_namespace", "the process that tried it ended"]


def probe(settings: dict[str, Any]) -> list[list[str]]:
    """Every layer with the reason why it is not to be had, "" where it holds together with the others."""
    if sys.platform != "linux":
        return [[layer, "" if layer in sandbox.OFF_LINUX else "needs Linux"] for layer in sandbox.LAYERS]
    reasons = dict.fromkeys(settings.get("without", ()), "left out")
    while len(reasons) < len(sandbox.LAYERS):
        layers = [layer for layer in sandbox.LAYERS if layer not in reasons]
        folder = tempfile.mkdtemp(prefix="pymlsql-probe-")
        try:
            said = _attempt(dict(settings, layers=layers), folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if not said:
            break
        if said[0] in reasons:  # it fails without that layer too: nothing is known to hold
            return [[layer, reasons.get(layer, said[1])] for layer in sandbox.LAYERS]
        reasons[said[0]] = said[1]
        if said[0] == "user_namespace" and not sandbox.may_administrate():
            for layer in sandbox.NEED_RIGHTS:
                reasons.setdefault(layer, "it needs user_namespace, as the server is not run by root")
    return [[layer, reasons.get(layer, "")] for layer in sandbox.LAYERS]


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(probe(json.loads(sys.argv[1]))))
