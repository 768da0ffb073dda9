"""Whose process a satellite is: user namespaces, and for a server that is run by root a user id of its own.

Runs by path in the child's Python: it must stay valid for Python 3.7. Functions get the module kernel, and raise
OSError, or ValueError with the end of a sentence.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_USER_IDS = 1 << 22


def become_administrator(kernel: Any) -> None:
    """A user namespace for the zygote, in which it may make the others, without rights outside of it."""
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.NEW_USER)
    _map_ids((user, user), (group, group))


def leave_rights(kernel: Any, inside: int) -> None:
    """A user namespace for a script, with one user in it, whose number there is ``inside``."""
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.NEW_USER)
    _map_ids((inside, user), (inside, group))


def _map_ids(user: tuple[int, int], group: tuple[int, int]) -> None:
    texts = {"setgroups": "deny", "uid_map": "{} {} 1".format(*user), "gid_map": "{} {} 1".format(*group)}
    for name, text in texts.items():
        with open("/proc/self/" + name, "w") as file:
            file.write(text)


def free_user_ids(kernel: Any) -> tuple[int, int]:
    """The first of the user ids that satellites get, and how many there are.

    They lie at the end of what the system has, where nobody else's are; a process's own follows from its number.
    """
    if os.geteuid() != 0 or not kernel.may_change_user():
        raise ValueError("the server is not run by root")
    with open("/proc/self/uid_map") as file:
        ranges = [tuple(int(word) for word in line.split()) for line in file]
    inside, _, n = max(ranges, key=lambda line: line[2])
    n = min(n, (1 << 31) - inside)
    if n < 1 << 15:
        raise ValueError(f"this container has {n} user ids")
    return inside + n // 16 * 15, min(n // 32, _USER_IDS)


def become(kernel: Any, user_id: int) -> None:
    """Be ``user_id`` from here on, and of no group but its own."""
    for descriptor in (1, 2):
        os.fchown(descriptor, user_id, user_id)
    os.setgroups([])
    os.setresgid(user_id, user_id, user_id)
    os.setresuid(user_id, user_id, user_id)
    kernel.set_dumpable()


def hidden_folders() -> list[str]:
    """What of the interpreter's folders the user of this process cannot read."""
    folders = {os.path.dirname(os.__file__), *(path for path in sys.path if os.path.isdir(path))}
    return sorted(path for path in folders if not os.access(path, os.R_OK | os.X_OK))
