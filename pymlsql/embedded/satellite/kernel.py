"""What the sandbox asks of the kernel and Python has no function for, by ctypes. Linux only.

Runs by path in the child's Python: it must stay valid for Python 3.7. Every function raises OSError as Python's own do.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from typing import Any

NEW_MOUNT, NEW_IPC, NEW_USER, NEW_PID, NEW_NETWORK = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
"""Kinds of namespaces, for unshare."""

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MNT_DETACH = 2

_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVS = 1, 4, 22, 38
_CLEAR_AMBIENT = (47, 4)
_FILTER = 2
_CAPABILITY_VERSION = 0x20080522
_SYS_ADMIN, _SETUID = 21, 7

_PIDFD_OPEN, _MOUNT_SETATTR, _LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 434, 442, 444, 445, 446
"""Numbers of system calls, the same on every machine since Linux 5.1."""
_AT_RECURSIVE = 0x8000

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _call(number: int, *arguments: Any) -> int:
    return _check(_libc.syscall(ctypes.c_long(number), *arguments))


def _prctl(option: int, first: int = 0, second: Any = 0) -> int:
    rest = second if isinstance(second, ctypes.c_void_p) else ctypes.c_ulong(second)
    return _check(_libc.prctl(option, ctypes.c_ulong(first), rest, ctypes.c_ulong(0), ctypes.c_ulong(0)))


def unshare(kinds: int) -> None:
    """Leave the namespaces of ``kinds`` for new ones; of NEW_PID the next child is the first process."""
    _check(_libc.unshare(kinds))


def join(descriptor: int, kind: int) -> None:
    """Go back into the namespace of an open /proc/PID/ns file."""
    _check(_libc.setns(descriptor, kind))


def open_process(pid: int) -> int:
    """A descriptor that stands for a process."""
    return _call(_PIDFD_OPEN, ctypes.c_int(pid), ctypes.c_uint(0))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    words = [text.encode() if text else None for text in (source, target, kind, data)]
    _check(_libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]))


def bind(source: str, target: str) -> None:
    """Show ``source``, with all that is mounted below it, at ``target`` too."""
    mount(source, target, flags=MS_BIND | MS_REC)


def restrict_mount(target: str, *, read_only: bool, devices: bool = False) -> None:
    """Take from everything mounted at ``target`` and below it what a script must not have."""
    added = MS_NOSUID | (MS_RDONLY if read_only else 0) | (0 if devices else MS_NODEV)
    values = struct.pack("=QQQQ", added, 0, 0, 0)
    folder = ctypes.c_int(-100)
    _call(_MOUNT_SETATTR, folder, target.encode(), ctypes.c_uint(_AT_RECURSIVE), values, ctypes.c_size_t(32))


def pivot(root: str) -> None:
    """Make the mount at ``root`` the root of this process's mount namespace, and drop the old one."""
    os.chdir(root)
    _check(_libc.pivot_root(b".", b"."))
    _check(_libc.umount2(b".", _MNT_DETACH))
    os.chdir("/")


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send this process ``signal_number`` when its parent ends. A change of user undoes it."""
    _prctl(_SET_DEATH_SIGNAL, signal_number)


def set_dumpable() -> None:
    """Give this process its own /proc files back, which a change of user takes."""
    _prctl(_SET_DUMPABLE, 1)


def set_no_new_privs() -> None:
    """No program that this process or its children start gains rights by it."""
    _prctl(_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability; with no_new_privs no program brings one back."""
    _prctl(_CLEAR_AMBIENT[0], _CLEAR_AMBIENT[1])
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _check(_libc.capset(header, bytes(24)))


def _has_capability(number: int) -> bool:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> number & 1)
    return False


def may_administrate() -> bool:
    """Whether this process may make namespaces without one of users."""
    return _has_capability(_SYS_ADMIN)


def may_change_user() -> bool:
    """Whether this process may become any user."""
    return _has_capability(_SETUID)


def raise_loopback() -> None:
    """Switch on ``lo`` in a new network namespace, where it is off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("=16sH14x", b"lo", 0)
        flags = struct.unpack("=16sH14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("=16sH14x", b"lo", flags | _IFF_UP))


def install_filter(program: bytes) -> None:
    """Have the kernel run the seccomp ``program`` at every system call of this process and its children."""
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
    _prctl(_SET_SECCOMP, _FILTER, ctypes.c_void_p(ctypes.addressof(header)))


def landlock_version() -> int:
    """The version of landlock's interface. Raises OSError where the kernel has none or it is switched off."""
    return _call(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))


def landlock_create(files: int, network: int, scope: int, n_bytes: int) -> int:
    """A ruleset that handles these rights, of which ``n_bytes`` (8, 16 or 24) are known to the kernel; a descriptor."""
    rights = struct.pack("=QQQ", files, network, scope)[:n_bytes]
    return _call(_LANDLOCK_CREATE, rights, ctypes.c_size_t(n_bytes), ctypes.c_uint(0))


def landlock_allow(ruleset: int, folder: int, rights: int) -> None:
    """Allow ``rights`` below the file or folder that the descriptor ``folder`` stands for."""
    rule = struct.pack("=Qi", rights, folder)
    _call(_LANDLOCK_ADD, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint(0))


def landlock_allow_port(ruleset: int, port: int, rights: int) -> None:
    """Allow ``rights`` with a TCP port."""
    rule = struct.pack("=QQ", rights, port)
    _call(_LANDLOCK_ADD, ctypes.c_int(ruleset), ctypes.c_int(2), rule, ctypes.c_uint(0))


def landlock_restrict(ruleset: int) -> None:
    """Hold this process and its children to the ruleset, for good."""
    _call(_LANDLOCK_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint(0))
