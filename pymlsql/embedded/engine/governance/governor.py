"""What is in force: who may start a script now, with how much memory, on which processors; and what has been used.

Laws. The processes of a pool's scripts together hold no more anonymous memory than the pool's share of the machine's:
each process is limited to all of it when it begins, and a watcher ends the largest script when their sum is above it.
A script beyond MAX_PROCESSES waits until another one has ended. MAX_CPU_PERCENT is a number of processors, rounded up.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pymlsql.embedded.engine.governance.entries import Configuration, ExternalPool
from pymlsql.embedded.engine.governance.memory import physical_bytes, private_bytes

_WAIT_S = 0.05
_WATCH_S = 0.25
_WATCH_SHARE = 0.02
"""Of one processor's time, what looking at the memory of what runs may take."""


@dataclass
class Grant:
    """A script's leave to run: at most ``memory_bytes`` for its pool's processes, on ``cpus``.

    ``began`` is told the processes that carry it out; ``exceeded`` is set when the watcher ended them.
    """

    pool: ExternalPool
    language: str
    user: str
    request_id: uuid.UUID
    memory_bytes: int
    cpus: tuple[int, ...]
    processes: set[int] = field(default_factory=set)
    exceeded: bool = False

    def began(self, process: int) -> None:
        """One of the script's processes has begun; its process group has its number."""
        self.processes.add(process)

    def reason(self) -> str:
        """Why the watcher ended it."""
        return (
            f"its processes, with others of the external resource pool '{self.pool.name}', took more memory than the "
            f"{self.memory_bytes >> 20:,} MB that MAX_MEMORY_PERCENT = {self.pool.max_memory_percent} allows"
        )


@dataclass(frozen=True)
class Usage:
    """What a pool's scripts have used since the statistics began, and how many run now."""

    peak_memory_kb: int = 0
    n_scripts: int = 0
    n_active: int = 0
    cpu_ms: int = 0


class Governor:
    """Holds the configuration in force. Any number of threads may ask at once."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.statistics_began = dt.datetime.now()
        self._grants: list[Grant] = []
        self._usage: dict[int, Usage] = {}
        self._changed = threading.Condition()
        self._watcher: threading.Thread | None = None

    def configure(self, configuration: Configuration) -> None:
        """From now on this is in force; scripts that run keep what they were given."""
        with self._changed:
            self.configuration = configuration
            self._changed.notify_all()

    def reset_statistics(self) -> None:
        """Begin to count anew."""
        with self._changed:
            self.statistics_began = dt.datetime.now()
            self._usage = {}

    @contextmanager
    def admitted(
        self, group: str, language: str, user: str, request_id: str, check: Callable[[], None]
    ) -> Iterator[Grant]:
        """Leave to run one script of a session of ``group``, as soon as its pool has room; ``check`` may raise."""
        with self._changed:
            while True:
                check()
                pool = self.configuration.pool_of(group)
                n_active = sum(grant.pool.pool_id == pool.pool_id for grant in self._grants)
                if not pool.max_processes or n_active < pool.max_processes:
                    break
                self._changed.wait(_WAIT_S)
            grant = Grant(pool, language, user, uuid.UUID(request_id), _share(pool), _processors(pool))
            self._grants.append(grant)
            self._count(pool, n_scripts=1)
            self._watch()
        try:
            yield grant
        finally:
            with self._changed:
                self._grants.remove(grant)
                self._changed.notify_all()

    def _count(self, pool: ExternalPool, *, n_scripts: int = 0, memory_kb: int = 0) -> None:
        usage = self._usage.get(pool.pool_id, Usage())
        self._usage[pool.pool_id] = replace(
            usage, n_scripts=usage.n_scripts + n_scripts, peak_memory_kb=max(usage.peak_memory_kb, memory_kb)
        )

    def usage(self, pool: ExternalPool) -> Usage:
        """What the pool's scripts use and have used."""
        with self._changed:
            n_active = sum(grant.pool.pool_id == pool.pool_id for grant in self._grants)
            return replace(self._usage.get(pool.pool_id, Usage()), n_active=n_active)

    def running(self) -> tuple[Grant, ...]:
        """The scripts that run now."""
        with self._changed:
            return tuple(self._grants)

    # The watcher ----------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._look, name="pymlsql-governor", daemon=True)
            self._watcher.start()

    def _look(self) -> None:
        """Look at the memory of what runs; the thread ends when nothing does."""
        took_s = 0.0
        while True:
            time.sleep(max(_WATCH_S, took_s / _WATCH_SHARE))
            with self._changed:
                if not self._grants:
                    self._watcher = None
                    return
                grants = list(self._grants)
            began = time.thread_time()
            held = private_bytes({process for grant in grants for process in list(grant.processes)})
            took_s = time.thread_time() - began
            sizes = {id(grant): sum(held.get(process, 0) for process in list(grant.processes)) for grant in grants}
            for pool_id in {grant.pool.pool_id for grant in grants}:
                self._hold([grant for grant in grants if grant.pool.pool_id == pool_id], sizes)

    def _hold(self, grants: list[Grant], sizes: dict[int, int]) -> None:
        """End the largest script of one pool when all of them are above its share."""
        total = sum(sizes[id(grant)] for grant in grants)
        with self._changed:
            self._count(grants[0].pool, memory_kb=total >> 10)
        if total <= grants[0].memory_bytes:
            return
        largest = max(grants, key=lambda grant: sizes[id(grant)])
        largest.exceeded = True
        for process in list(largest.processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)


def _share(pool: ExternalPool) -> int:
    return physical_bytes() * pool.max_memory_percent // 100


def _processors(pool: ExternalPool) -> tuple[int, ...]:
    """The processors of a pool: as many of those it may use as its percentage is, rounded up."""
    there = sorted(os.sched_getaffinity(0))
    chosen = [cpu for cpu in pool.cpus if cpu in there] or there
    return tuple(chosen[: max(1, math.ceil(len(there) * pool.max_cpu_percent / 100))])
