"""The file system that scripts see: a root of their own, of what an interpreter needs and nothing else.

Runs by path in the child's Python: it must stay valid for Python 3.7.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Iterable

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt/microsoft", "/sys/devices/system")
"""Trees of programs and libraries."""

CONFIGURATION = (
    "alternatives", "ca-certificates", "debian_version", "fonts", "gai.conf", "host.conf", "hosts", "krb5.conf",
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld-musl-x86_64.path", "localtime", "matplotlibrc", "mime.types",
    "nsswitch.conf", "odbcinst.ini", "openssl", "os-release", "pki/tls/certs", "protocols", "services", "ssl/certs",
    "ssl/openssl.cnf", "timezone",
)  # fmt: skip
"""What libraries read in /etc, and no secret of anybody's is in."""

READ_DEVICES = ("/dev/random", "/dev/urandom")
WRITE_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")

WORK = "/run/satellite"
"""The folder of the one call inside the enclosure."""

LIBRARIES = "/run/libraries"
"""Where the folder of unpacked external libraries is inside the enclosure."""

_USERS = {
    "passwd": "root:x:0:0::/:/bin/false\n{name}:x:{id}:{id}::{home}:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    "group": "root:x:0:\n{name}:x:{id}:\nnogroup:x:65534:\n",
}
_LINKS = {"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1",
          "/dev/stderr": "/proc/self/fd/2", "/dev/shm": WORK + "/shm", "/tmp": WORK + "/tmp",
          "/var/tmp": WORK + "/tmp"}  # fmt: skip
SUBFOLDERS = ("home", "shm", "tmp")
"""Of WORK: the script's own folder, shared memory, and what programs call /tmp."""

USER_ID = 1000
USER_NAME = "satellite"


def interpreter_trees() -> list[str]:
    """Where this interpreter keeps itself and its libraries."""
    real = os.path.realpath(sys.executable)
    return [os.path.dirname(real), sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix,
            *(path for path in sys.path if os.path.isabs(path) and os.path.exists(path))]  # fmt: skip


def readable_paths(more: Iterable[str], secrets: Iterable[str]) -> list[str]:
    """Every path that a script may read, save devices and /proc: the system's, the interpreter's and ``more``.

    A tree that holds one of ``secrets`` is replaced by what is in it beside that.
    """
    wanted = [*SYSTEM, *("/etc/" + name for name in CONFIGURATION), *interpreter_trees(), *more]
    hidden = {os.path.realpath(path) for path in secrets}
    paths: list[str] = []
    for path in wanted:
        if os.path.exists(path):
            paths += _carve(path, hidden)
    return paths


def _carve(path: str, hidden: set[str]) -> list[str]:
    """``path`` itself when nothing hidden is in it, else what is in it and is not hidden."""
    real = os.path.realpath(path)
    if real in hidden:
        return []
    if not any(_is_below(secret, real) for secret in hidden):
        return [path]
    return [kept for name in sorted(os.listdir(real)) for kept in _carve(os.path.join(real, name), hidden)]


def _is_below(path: str, tree: str) -> bool:
    return path.startswith(tree.rstrip("/") + "/")


class Layout:
    """Where ``paths`` are to be shown: trees at their real places, and the symbolic links that lead there."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.links: dict[str, str] = {}
        found = {self._resolve(path) for path in paths}
        self.trees: list[str] = []
        for tree in sorted(found, key=len):
            if not any(tree == other or _is_below(tree, other) for other in self.trees):
                self.trees.append(tree)
        self.links = {link: to for link, to in self.links.items() if not self.holds(link)}

    def holds(self, path: str) -> bool:
        """Whether a tree has ``path`` in it."""
        return any(_is_below(path, tree) for tree in self.trees)

    def _resolve(self, path: str) -> str:
        """The real path, noting every link on the way."""
        place = "/"
        rest = [part for part in path.split("/") if part not in ("", ".")]
        while rest:
            part = rest.pop(0)
            if part == "..":
                place = os.path.dirname(place)
                continue
            step = os.path.join(place, part)
            if not os.path.islink(step):
                place = step
                continue
            target = os.readlink(step)
            self.links[step] = target
            rest = [piece for piece in target.split("/") if piece not in ("", ".")] + rest
            if target.startswith("/"):
                place = "/"
        return place


def build(kernel: Any, root: str, folder: str, paths: Iterable[str], libraries: str = "") -> None:
    """Make the enclosure at ``root`` and go into it. ``folder`` becomes WORK, until a child puts its own over it;
    ``libraries``, when there is one, LIBRARIES.

    In a new mount namespace, with the right to mount. Raises OSError.
    """
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=4m,mode=755")
    layout = Layout([*paths, *READ_DEVICES, *WRITE_DEVICES])
    mask = os.umask(0o022)
    try:
        for path in ("/proc", "/etc", "/dev", "/tmp", "/var", os.path.dirname(WORK), WORK):
            if path != "/tmp" or any(_is_below(tree, path) for tree in layout.trees):
                os.makedirs(root + path, exist_ok=True)
        for tree in layout.trees:
            _make_place(root, tree)
        if libraries:
            os.makedirs(root + LIBRARIES, exist_ok=True)
        for link, target in [*layout.links.items(), *_LINKS.items()]:
            if not layout.holds(link) and not os.path.lexists(root + link):
                os.makedirs(os.path.dirname(root + link), exist_ok=True)
                os.symlink(target, root + link)
        _write_users(root)
    finally:
        os.umask(mask)
    for tree in layout.trees:
        kernel.bind(tree, root + tree)
        kernel.restrict_mount(root + tree, read_only=not tree.startswith("/dev/"), devices=tree.startswith("/dev/"))
    if libraries:
        kernel.bind(libraries, root + LIBRARIES)
        kernel.restrict_mount(root + LIBRARIES, read_only=True, devices=False)
    kernel.bind("/proc", root + "/proc")
    kernel.mount(folder, root + WORK, flags=kernel.MS_BIND)  # not what is mounted in it: that is this root
    kernel.pivot(root)
    kernel.mount("", "/", flags=kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID
                 | kernel.MS_NODEV)  # fmt: skip


def _make_place(root: str, tree: str) -> None:
    """An empty folder or file for ``tree`` to be shown at."""
    if os.path.isdir(tree):
        os.makedirs(root + tree, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(root + tree), exist_ok=True)
        with open(root + tree, "w"):
            pass


def _write_users(root: str) -> None:
    for name, text in _USERS.items():
        with open(os.path.join(root + "/etc", name), "w") as file:
            file.write(text.format(name=USER_NAME, id=USER_ID, home=WORK + "/home"))


def mount_work(kernel: Any, owner: int, n_bytes: int) -> None:
    """In a child, in a mount namespace of its own: a folder in memory of at most ``n_bytes`` that ends with it."""
    options = f"size={n_bytes},nr_inodes={1 << 16},mode=700,uid={owner},gid={owner}"
    kernel.mount("tmpfs", WORK, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    for name in SUBFOLDERS:
        os.mkdir(os.path.join(WORK, name), 0o700)
        os.chown(os.path.join(WORK, name), owner, owner)
