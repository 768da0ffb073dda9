"""The sandbox of satellites: layers that the zygote and each of its children lay around a script.

Runs by path in the child's Python: it must stay valid for Python 3.7. Which layers a system has is probing's to find
out; the zygote uses those, and fails where one of them cannot be laid.

The zygote does once what can be done once: it gets a right to make namespaces, and a root directory with nothing in it
but what scripts may see. A child does the rest before it hears of its call.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import resource
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, Iterator


def _beside(name: str) -> Any:
    """The module ``name`` next to this file, kept out of the scripts' import path."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("pymlsql_satellite_" + name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from pymlsql.embedded.satellite import enclosure, identity, kernel, landlock, loopback, processes, seccomp
else:
    loopback = _beside("loopback")
    enclosure, landlock, seccomp = _beside("enclosure"), _beside("landlock"), _beside("seccomp")
    identity, processes = _beside("identity"), _beside("processes")
    kernel = _beside("kernel") if sys.platform == "linux" else None

LAYERS = (
    "resource_limits", "no_new_privs", "user_namespace", "own_user_id", "mount_namespace", "pid_namespace",
    "network_namespace", "ipc_namespace", "process_limit", "landlock", "seccomp",
)  # fmt: skip
"""In the order in which they are laid."""
NEED_RIGHTS = ("mount_namespace", "pid_namespace", "network_namespace", "ipc_namespace")
OFF_LINUX = ("resource_limits",)
"""What there is on systems without Linux's means."""

_N_FILES = 4096


class Missing(Exception):
    """A layer cannot be laid; the reason is the end of a sentence that begins with its name."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"{layer}: {reason}")
        self.layer = layer
        self.reason = reason


@contextlib.contextmanager
def _laying(layer: str, step: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise Missing(layer, f"{step} failed ({reason})") from problem


class Jail:
    """The sandbox as a zygote makes it for its children.

    ``settings``: ``layers``, a list of LAYERS; ``secrets``, paths that no script may see; ``readable``, folders beside
    the interpreter's that it may; ``libraries``, the folder of unpacked external libraries, or ""; ``work_bytes``, how
    much a call may write; ``memory_bytes`` of address space and ``n_processes``, which it may have.
    """

    def __init__(self, settings: dict[str, Any], folder: str) -> None:
        self._layers = frozenset(settings["layers"])
        self._settings = settings
        self._first: dict[int, tuple[int, int]] = {}
        """Child to the first process of its namespace and the pipe that keeps that alive."""
        self._renumbered = False
        self._user_ids = (0, 0)
        self._rules: Any = None
        self._filter = b""
        self._namespace = self._parent_of_folder = -1
        self._folder_name = os.path.basename(folder)
        self.folder = folder
        """Where the zygote finds its own folder."""

    @property
    def secrets(self) -> list[str]:
        """Paths that no script may see."""
        return list(self._settings["secrets"])

    def has(self, layer: str) -> bool:
        return layer in self._layers

    # The zygote --------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """In the zygote, before it has loaded anything. Raises Missing."""
        if any(self.has(layer) for layer in NEED_RIGHTS) and not kernel.may_administrate():
            with _laying("user_namespace", "making it"):
                identity.become_administrator(kernel)
            if self.has("pid_namespace"):
                with _laying("pid_namespace", "making the zygote's"):
                    processes.enter_namespace(kernel)
                self._renumbered = True
        if self.has("own_user_id"):
            with _laying("own_user_id", "finding free user ids"):
                self._user_ids = identity.free_user_ids(kernel)
        if self.has("pid_namespace"):
            self._namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        paths = enclosure.readable_paths([_here(), *self._settings["readable"]], self._settings["secrets"])
        if self.has("mount_namespace"):
            self._enclose(paths)
        elif self.has("own_user_id"):
            os.chmod(self.folder, 0o711)
        if self.has("landlock"):
            self._write_rules(paths)
        if self.has("seccomp"):
            with _laying("seccomp", "making the filter"):
                self._filter = self._make_filter()

    def _enclose(self, paths: list[str]) -> None:
        with _laying("mount_namespace", "making a root directory"):
            # Its parent is gone once the enclosure is there, and the folder is to be removed at the end.
            self._parent_of_folder = os.open(os.path.dirname(self.folder), os.O_PATH | os.O_CLOEXEC)
            root = os.path.join(self.folder, "root")
            os.mkdir(root, 0o700)
            kernel.unshare(kernel.NEW_MOUNT)
            enclosure.build(kernel, root, self.folder, paths, self._settings["libraries"])
            self.folder = enclosure.WORK
            os.rmdir(os.path.join(self.folder, "root"))
            for name in enclosure.SUBFOLDERS:  # joblib looks for shared memory when it is imported
                os.mkdir(os.path.join(self.folder, name), 0o700)
            os.chdir(self.folder)
            os.environ.update(HOME=self.folder, TMPDIR=self.folder)
        sys.dont_write_bytecode = True

    def _write_rules(self, paths: list[str]) -> None:
        with _laying("landlock", "opening what may be read"):
            network = not self.has("network_namespace")
            self._rules = landlock.Rules(kernel, kernel.landlock_version(), network=network)
            enclosed = self.has("mount_namespace")
            readable = [*enclosure.Layout(paths).trees, *(["/etc"] if enclosed else ["/etc/passwd", "/etc/group"])]
            if self._settings["libraries"]:
                readable.append(enclosure.LIBRARIES if enclosed else self._settings["libraries"])
            self._rules.allow(readable, landlock.READ)
            self._rules.allow(enclosure.READ_DEVICES, landlock.READ)
            self._rules.allow(enclosure.WRITE_DEVICES, landlock.DEVICE)

    def _make_filter(self, process: int | None = None) -> bytes:
        """The filter of system calls; b"" where it depends on the ``process`` and none is given."""
        if self.has("pid_namespace") or (self._rules is not None and self._rules.restricts_signals):
            process = None
        elif process is None:
            return b""
        return bytes(seccomp.program(platform.machine(), udp=self.has("network_namespace"), signals_only_to=process))

    def remove_folder(self) -> None:
        """At the zygote's end, when its folder is empty."""
        if self._parent_of_folder >= 0:
            with contextlib.suppress(OSError):
                os.rmdir(self._folder_name, dir_fd=self._parent_of_folder)

    def fork(self) -> int:
        """os.fork, with a process namespace of its own for the child. Raises OSError, Missing."""
        if not self.has("pid_namespace"):
            return os.fork()
        with _laying("pid_namespace", "making it"):
            kernel.unshare(kernel.NEW_PID)
        pid = -1
        try:
            first, pipe = processes.start_first()
            try:
                pid = os.fork()
            finally:
                if pid < 0:
                    processes.end_first(first, pipe)
        finally:
            if pid != 0:
                kernel.join(self._namespace, kernel.NEW_PID)
        if pid > 0:
            self._first[pid] = (first, pipe)
        return pid

    def outer_id(self, pid: int) -> int:
        """The number that a child has for the server."""
        return int(processes.outer_id(kernel, pid)) if self._renumbered else pid

    def ended(self, pid: int) -> None:
        """The child was reaped: whatever it has left running ends now."""
        first, pipe = self._first.pop(pid, (0, -1))
        if first:
            processes.end_first(first, pipe)

    # A child -----------------------------------------------------------------------------------------------------

    def settle(self, parent: int, memory_bytes: int | None) -> socket.socket | None:
        """In a child of the zygote ``parent``: lay every layer, and go to the script's folder. Raises Missing.

        ``memory_bytes`` is the address space beyond what is mapped already, None for no limit. The result is a socket
        that listens on loopback, where the script itself may not make one.
        """
        number = os.readlink("/proc/self")  # as the server counts
        user_id = self._user_ids[0] + int(number) % self._user_ids[1] if self.has("own_user_id") else None
        folder = os.path.join(self.folder, number)
        home = self._lay_mounts(folder, os.geteuid() if user_id is None else user_id)
        if self.has("network_namespace"):
            with _laying("network_namespace", "making it"):
                kernel.unshare(kernel.NEW_NETWORK)
                kernel.raise_loopback()
        if self.has("ipc_namespace"):
            with _laying("ipc_namespace", "making it"):
                kernel.unshare(kernel.NEW_IPC)
        if user_id is not None:
            with _laying("own_user_id", f"becoming user {user_id}"):
                identity.become(kernel, user_id)
        if self.has("user_namespace"):
            with _laying("user_namespace", "making it"):
                identity.leave_rights(kernel, enclosure.USER_ID if self.has("mount_namespace") else os.geteuid())
        kernel.die_with_parent(signal.SIGKILL)
        if not self.has("pid_namespace") and os.getppid() != parent:
            os._exit(1)
        self._limit(memory_bytes)
        listener = self._lock(home)
        os.chdir(home)
        os.environ.update(HOME=home, TMPDIR=home, PWD=home, USER=enclosure.USER_NAME, LOGNAME=enclosure.USER_NAME)
        return listener

    def _lay_mounts(self, folder: str, owner: int) -> str:
        """The folder that the script starts in, owned by ``owner``."""
        if not self.has("mount_namespace"):
            os.mkdir(folder, 0o700)
            if owner != os.geteuid():
                os.chown(folder, owner, owner)
            return folder
        with _laying("mount_namespace", "mounting the call's folder"):
            kernel.unshare(kernel.NEW_MOUNT)
            enclosure.mount_work(kernel, owner, self._settings["work_bytes"])
        if self.has("pid_namespace"):
            with _laying("pid_namespace", "mounting /proc"):
                kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        return os.path.join(enclosure.WORK, "home")

    def _limit(self, memory_bytes: int | None) -> None:
        limits = {}
        if self.has("resource_limits"):
            limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: self._settings["work_bytes"]}
            limits.update({resource.RLIMIT_NOFILE: _N_FILES, resource.RLIMIT_MSGQUEUE: 0})
            with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")
            memory_bytes = min(memory_bytes or self._settings["memory_bytes"], self._settings["memory_bytes"])
        if memory_bytes is not None:
            limits[resource.RLIMIT_AS] = memory_bytes + mapped_bytes()
        if self.has("process_limit"):
            limits[resource.RLIMIT_NPROC] = self._settings["n_processes"]
        with _laying("resource_limits", "setting them"):
            for limit, value in limits.items():
                highest = resource.getrlimit(limit)[1]
                value = value if highest == resource.RLIM_INFINITY else min(value, highest)
                resource.setrlimit(limit, (value, value))

    def _lock(self, home: str) -> socket.socket | None:
        """The last layers, after which nothing of the sandbox can be changed any more."""
        listener = None
        if self.has("no_new_privs"):
            with _laying("no_new_privs", "setting it"):
                kernel.set_no_new_privs()
        if self._rules is not None:
            with _laying("landlock", "enforcing it"):
                own = self.has("pid_namespace") and self.has("mount_namespace")
                work = enclosure.WORK if self.has("mount_namespace") else home
                self._rules.allow([work], landlock.WRITE)
                self._rules.allow(_process_files(own=own), landlock.READ)
                if self._rules.restricts_network:
                    listener = loopback.make_listener()
                self._rules.enforce(connect_to=listener.getsockname()[1] if listener else 0)
        with _laying("no_new_privs", "giving up capabilities"):
            kernel.drop_capabilities()
        if self.has("seccomp"):
            with _laying("seccomp", "installing the filter"):
                kernel.install_filter(self._filter or self._make_filter(os.getpid()))
        return listener


def _here() -> str:
    return os.path.dirname(os.path.abspath(__file__))


def may_administrate() -> bool:
    """Whether this process may make namespaces of every kind as it is."""
    return bool(kernel.may_administrate())


def mapped_bytes() -> int:
    """The address space of this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def _process_files(*, own: bool) -> list[str]:
    """What of /proc may be read: all of it where only the script's own processes are in it."""
    if own:
        return ["/proc"]
    names = ("cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems", "sys/kernel/osrelease",
             "sys/vm/overcommit_memory")  # fmt: skip
    return ["/proc/self", *("/proc/" + name for name in names)]
