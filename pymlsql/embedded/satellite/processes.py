"""Process namespaces: the zygote's where it needs one, and the first process of each child's.

Runs by path in the child's Python: it must stay valid for Python 3.7. Functions raise OSError.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import Any

_PROGRAM = "cat"
"""The first process of a namespace waits for the end of a pipe that the zygote holds; the kernel ends the namespace
with it. It is no Python, so that a child has no second copy of the zygote's page tables, and it is not the script's
own process, because the kernel keeps from a first process the signals that it does not handle."""


def enter_namespace(kernel: Any) -> None:
    """Go on in a child that has a process namespace of the zygote's user namespace: only there may it make others.

    What is left of this process waits for that child and ends as it does.
    """
    kernel.unshare(kernel.NEW_PID)
    pid = os.fork()
    if pid == 0:
        kernel.die_with_parent(signal.SIGKILL)
        return
    _, status = os.waitpid(pid, 0)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def outer_id(kernel: Any, pid: int) -> int:
    """The number that a child has where /proc comes from: in the server's process namespace."""
    descriptor = kernel.open_process(pid)
    try:
        with open(f"/proc/self/fdinfo/{descriptor}") as info:
            return next(int(line.split()[1]) for line in info if line.startswith("Pid:"))
    finally:
        os.close(descriptor)


def start_first() -> tuple[int, int]:
    """The first process of the namespace that this process's next child gets: its id, and the pipe that it waits at."""
    path = _find_program()
    waiting, pipe = os.pipe()
    try:
        if hasattr(os, "posix_spawn"):
            actions = [(os.POSIX_SPAWN_DUP2, waiting, 0), (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
            return os.posix_spawn(path, [_PROGRAM], {}, file_actions=actions), pipe
        process = subprocess.Popen([path], stdin=waiting, stdout=subprocess.DEVNULL, env={})
        process.returncode = 0  # end_first reaps it
        return process.pid, pipe
    except BaseException:
        os.close(pipe)
        raise
    finally:
        os.close(waiting)


def end_first(pid: int, pipe: int) -> None:
    """End the first process, and with it whatever is left in its namespace; returns when all that is gone."""
    os.close(pipe)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _find_program() -> str:
    for folder in ("/usr/bin", "/bin"):
        if os.access(os.path.join(folder, _PROGRAM), os.X_OK):
            return os.path.join(folder, _PROGRAM)
    raise FileNotFoundError(2, f"there is no {_PROGRAM}")
