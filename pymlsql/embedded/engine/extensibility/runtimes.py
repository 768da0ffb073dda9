"""The pools of satellites: the server's own, and one for each other interpreter while it is in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pymlsql.embedded.satellite.calls import RuntimeUnavailable
from pymlsql.embedded.satellite.pool import PRELOAD, SatellitePool

MAX_POOLS = 4
"""Pools beside the server's own; each keeps an interpreter with its libraries in memory."""

IDLE_S = 300.0
"""How long a pool that nobody uses is kept."""

_SWEEP_S = 2.0

MakePool = Callable[[str, bool], SatellitePool]
"""(interpreter, "" for the server's own; whether nothing but what it needs is to be imported ahead of time)."""


def make_plain_pool(python: str, bare: bool) -> SatellitePool:
    """A pool of ``python`` with one process that waits warm."""
    return SatellitePool(python=python or None, n_spares=1, preload=() if bare else PRELOAD)


@dataclass
class _Held:
    pool: SatellitePool
    n_users: int = 0
    last_used: float = field(default_factory=time.monotonic)


class Runtimes:
    """Lends pools; those beside the server's ``own`` begin with their first use, and end when they are idle.

    ``wanted`` says which interpreters there still is a language for: the pools of others end as soon as nobody uses
    them, so that a dropped or altered language leaves no process. Any number of threads may use it at once.
    """

    def __init__(self, own: SatellitePool, make: MakePool, wanted: Callable[[], frozenset[str]]) -> None:
        self.own = own
        self._make = make
        self._wanted = wanted
        self._held: dict[tuple[str, bool], _Held] = {}
        self._changed = threading.Condition()
        self._sweeper: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def using(self, python: str, *, bare: bool = False) -> Iterator[SatellitePool]:
        """The pool of an interpreter while the block runs. Raises RuntimeUnavailable when too many are in use."""
        if not python and not bare:
            yield self.own
            return
        held = self._take((python, bare))
        try:
            yield held.pool
        finally:
            with self._changed:
                held.n_users -= 1
                held.last_used = time.monotonic()

    def _take(self, key: tuple[str, bool]) -> _Held:
        surplus: _Held | None = None
        with self._changed:
            if self._closed:
                raise RuntimeUnavailable("No script can be started because the server is stopping.")
            held = self._held.get(key)
            if held is None:
                surplus = self._make_room()
                held = self._held[key] = _Held(self._make(*key))
                self._start_sweeper()
            held.n_users += 1
        if surplus is not None:
            surplus.pool.close()
        return held

    def _make_room(self) -> _Held | None:
        if len(self._held) < MAX_POOLS:
            return None
        idle = [(held.last_used, key) for key, held in self._held.items() if not held.n_users]
        if not idle:
            raise RuntimeUnavailable(
                f"{MAX_POOLS} other interpreters are running scripts, and no more may at once; try again later."
            )
        return self._held.pop(min(idle)[1])

    def _start_sweeper(self) -> None:
        if self._sweeper is None:
            self._sweeper = threading.Thread(target=self._sweep, name="pymlsql-runtimes", daemon=True)
            self._sweeper.start()

    def _sweep(self) -> None:
        """End what is idle or not wanted; the thread ends when there is nothing left to look after."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, _SWEEP_S)
                gone = [] if self._closed else self._take_ended()
                if self._closed or not self._held:
                    self._sweeper = None
            for held in gone:
                held.pool.close()
            if self._sweeper is not threading.current_thread():
                return

    def _take_ended(self) -> list[_Held]:
        wanted, now = self._wanted(), time.monotonic()
        ended = [key for key, held in self._held.items() if not held.n_users
                 and (now - held.last_used > IDLE_S or (key[0] and key[0] not in wanted))]  # fmt: skip
        return [self._held.pop(key) for key in ended]

    def close(self) -> None:
        """End all pools; scripts that are running fail."""
        with self._changed:
            self._closed = True
            held, self._held = list(self._held.values()), {}
            self._changed.notify_all()
        for one in held:
            one.pool.close()
        self.own.close()

    @property
    def n_pools(self) -> int:
        """How many pools there are beside the server's own."""
        with self._changed:
            return len(self._held)
