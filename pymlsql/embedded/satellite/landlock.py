"""Which files a script may touch, as rules of landlock; versions 1 to 7 of its interface differ in what they know.

Runs by path in the child's Python: it must stay valid for Python 3.7.
"""

from __future__ import annotations

import os
from typing import Any, Iterable

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_N_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_BIND_TCP, _CONNECT_TCP = 1, 2
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2

NETWORK_SINCE, SIGNALS_SINCE = 4, 6
"""Versions of the interface since which TCP and signals can be restricted."""

READ = "read"
"""Read, list and execute."""
WRITE = "write"
"""Everything but making devices."""
DEVICE = "device"
"""Read and write a file that is there."""

_RIGHTS = {
    READ: _EXECUTE | _READ_FILE | _READ_DIR,
    DEVICE: _READ_FILE | _WRITE_FILE | _TRUNCATE,
}
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE


class Rules:
    """What may be read and written. Paths are opened once, in the zygote; each child makes a ruleset of them."""

    def __init__(self, kernel: Any, version: int, *, network: bool) -> None:
        """``network``: refuse TCP as well, where the kernel's ``version`` can."""
        self._kernel = kernel
        self._handled = (1 << _N_FILE_RIGHTS.get(version, 16)) - 1
        self._network = _BIND_TCP | _CONNECT_TCP if network and version >= NETWORK_SINCE else 0
        self._scope = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if version >= SIGNALS_SINCE else 0
        self._n_bytes = 8 if version < NETWORK_SINCE else 16 if version < SIGNALS_SINCE else 24
        self.restricts_network = bool(self._network)
        """Whether TCP is refused."""
        self.restricts_signals = bool(self._scope)
        """Whether signals reach the own processes only."""
        self._opened: list[tuple[int, int]] = []

    def allow(self, paths: Iterable[str], what: str) -> None:
        """Allow ``what`` below each of ``paths`` that is there."""
        for path in paths:
            try:
                descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            self._opened.append((descriptor, self._rights(path, what)))

    def _rights(self, path: str, what: str) -> int:
        rights = _RIGHTS.get(what, self._handled & ~(_MAKE_CHAR | _MAKE_BLOCK)) & self._handled
        return rights if os.path.isdir(path) else rights & _OF_FILES

    def enforce(self, connect_to: int = 0) -> None:
        """Hold this process to the rules, for good; the one TCP port that it may connect to is ``connect_to``."""
        kernel = self._kernel
        ruleset = kernel.landlock_create(self._handled, self._network, self._scope, self._n_bytes)
        for descriptor, rights in self._opened:
            kernel.landlock_allow(ruleset, descriptor, rights)
        if connect_to:
            kernel.landlock_allow_port(ruleset, connect_to, _CONNECT_TCP)
        kernel.landlock_restrict(ruleset)
        os.close(ruleset)
