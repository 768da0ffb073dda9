"""What scripts unpickle from their parameters, held by content for the next call of the same caller."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymlsql.embedded.satellite import wire
from pymlsql.embedded.satellite.calls import RuntimeUnavailable, ScriptCall
from pymlsql.embedded.satellite.holder import Holder, NotHeld, hold
from pymlsql.embedded.satellite.isolation import total_memory
from pymlsql.embedded.satellite.launchpad import Launchpad, Satellite, Settings

SMALLEST_BYTES = 4096
"""What is smaller is unpickled faster than it is found."""
MAX_PROCESSES = 8
IDLE_S = 600.0
WORTH_S = 0.005
"""A process that holds something is found in about that time."""

_MAX_REFUSED = 1024
_MAX_DIGESTS_BYTES = 32 << 20
_ENDING_S = 2.0
_TICK_S = 0.005


def default_bytes() -> int:
    """The private memory that all held parameters may take: 5 percent of the machine's, a quarter of what scripts get
    by default; at least 2 GiB, but never more than a quarter of the machine's.
    """
    memory = total_memory()
    return min(max(2 << 30, memory // 20), memory // 4)


@dataclass(frozen=True)
class Key:
    """Whose parameter with which content, unpickled in which surroundings."""

    owner: str
    digest: str
    environment: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]


@dataclass
class Plan:
    """What is known of a call's parameters: ``keys`` by place; ``inherited`` is the place of the one its process
    has. ``begun`` and ``unpickled`` are what the process says of itself.
    """

    keys: dict[int, Key] = field(default_factory=dict)
    watched: list[int] = field(default_factory=list)
    inherited: int | None = None
    begun: bool = False
    unpickled: list[tuple[int, bool, float]] = field(default_factory=list)

    def hear(self, told: Any) -> None:
        """Take what the process says that its script unpickled. Raises WireError when it makes no sense."""
        try:
            self.unpickled = [(place, bool(suitable), float(took_s)) for place, suitable, took_s in told]
        except (TypeError, ValueError) as problem:
            raise wire.WireError("a list of unpickled parameters is none") from problem
        if not {place for place, _, _ in self.unpickled} <= set(self.watched):
            raise wire.WireError("a parameter was unpickled that nobody asked for")


@dataclass(frozen=True)
class Offer:
    """A child of ``holder`` for a call, with its process id for the server."""

    holder: Holder
    satellite: Satellite
    process: int


@dataclass(frozen=True)
class _Job:
    key: Key
    value: Any
    took_s: float
    launchpad: Launchpad
    process: int


class _Digests:
    """SHA-256 of parameters. Comparing bytes is much faster than digesting them, so those of late are kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, bytes, bytes], tuple[bytes, str]] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def of(self, value: Any) -> str:
        """The digest of bytes, or of a value that knows its own."""
        if not isinstance(value, bytes):
            return str(value.sha256)
        mark = (len(value), value[:64], value[-64:])
        with self._lock:
            known = self._known.get(mark)
        if known is not None and known[0] == value:
            return known[1]
        digest = hashlib.sha256(value).hexdigest()
        if len(value) <= _MAX_DIGESTS_BYTES // 4:
            with self._lock:
                self._keep(mark, value, digest)
        return digest

    def _keep(self, mark: tuple[int, bytes, bytes], value: bytes, digest: str) -> None:
        if self._known.pop(mark, None) is None:
            self._n_bytes += len(value)
        self._known[mark] = (value, digest)
        while self._n_bytes > _MAX_DIGESTS_BYTES:
            (n_bytes, _, _), _ = self._known.popitem(last=False)
            self._n_bytes -= n_bytes


class ModelCache:
    """The processes that hold parameters, the least recently used first.

    ``limit_bytes`` bounds their private memory, ``max_processes`` their number; one that was not used for ``idle_s``
    ends. What is unpickled within ``worth_s`` is not held. A thread makes and ends them; any thread may ask.
    """

    def __init__(
        self, settings: Settings, *, limit_bytes: int, max_processes: int, idle_s: float, worth_s: float
    ) -> None:
        self._settings = settings
        self._limit_bytes = limit_bytes if _possible(settings) else 0
        self._max_processes = max_processes
        self._idle_s = idle_s
        self._worth_s = worth_s
        self._digests = _Digests()
        self._changed = threading.Condition()
        self._held: OrderedDict[Key, tuple[Holder, float]] = OrderedDict()
        self._refused: OrderedDict[Key, None] = OrderedDict()
        self._jobs: deque[_Job] = deque()
        self._working: Key | None = None
        self._unwanted: list[Holder] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def plan(self, call: ScriptCall) -> Plan:
        """What of the call's parameters is of interest."""
        plan = Plan()
        if not self._limit_bytes:
            return plan
        environment = tuple(sorted(call.environment.items()))
        for place, parameter in enumerate(call.parameters):
            if parameter.kind == "bytes" and parameter.value is not None and _length(parameter.value) >= SMALLEST_BYTES:
                plan.keys[place] = Key(call.owner, self._digests.of(parameter.value), environment, call.paths)
        with self._changed:
            plan.watched = [
                place
                for place, key in plan.keys.items()
                if key not in self._refused and key not in self._held and 2 * _length(call.parameters[place].value)
                <= self._limit_bytes
            ]  # fmt: skip
        return plan

    def offer(self, plan: Plan, checked: Callable[[], None]) -> Offer | None:
        """A process that has one of the parameters, the largest that is held; None when there is none now."""
        with self._changed:
            found = [(self._held[key][0], place) for place, key in plan.keys.items() if key in self._held]
        for holder, place in sorted(found, key=lambda one: -one[0].n_bytes):
            taken = None if holder.ended else holder.offer(checked)
            if taken is not None:
                plan.inherited = place
                self._touch(plan.keys[place], holder)
                return Offer(holder, *taken)
            if holder.ended or holder.broken:
                self._drop(plan.keys[place], holder)
                plan.watched.append(place)
        return None

    def learn(self, plan: Plan, call: ScriptCall, launchpad: Launchpad, process: int) -> None:
        """A script has unpickled parameters: hold those that can be, once its process has ended."""
        with self._changed:
            for place, suitable, took_s in plan.unpickled:
                key = plan.keys[place]
                if not suitable or took_s < self._worth_s:
                    self._refuse(key)
                elif not (self._stopping.is_set() or key in self._held or self._is_wanted(key)):
                    self._jobs.append(_Job(key, call.parameters[place].value, took_s, launchpad, process))
                    self._start()
            self._changed.notify_all()

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until nothing is being unpickled ahead or ended, and what is held has a child for the next call."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._jobs or self._working or self._unwanted), timeout_s)
            holders = [holder for holder, _ in self._held.values()]
        for holder in holders:
            holder.wait_ready(timeout_s)

    def processes(self) -> list[int]:
        """The processes that hold something."""
        with self._changed:
            return [holder.process for holder, _ in self._held.values()]

    def close(self) -> None:
        """End all of them."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        for holder, _ in self._held.values():
            holder.close()
        self._held.clear()

    def _is_wanted(self, key: Key) -> bool:
        return key == self._working or any(job.key == key for job in self._jobs)

    def _refuse(self, key: Key) -> None:
        self._refused[key] = None
        while len(self._refused) > _MAX_REFUSED:
            self._refused.popitem(last=False)

    def _touch(self, key: Key, holder: Holder) -> None:
        with self._changed:
            if key in self._held:
                self._held[key] = (holder, time.monotonic())
                self._held.move_to_end(key)

    def _drop(self, key: Key, holder: Holder) -> None:
        with self._changed:
            if key in self._held and self._held[key][0] is holder:
                del self._held[key]
                self._unwanted.append(holder)
                self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="pymlsql-model-cache", daemon=True)
            self._thread.start()

    # The thread ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stopping.is_set():
            job = None
            with self._changed:
                if not (self._jobs or any(not holder.busy for holder in self._unwanted)):
                    self._changed.wait(self._patience_s())
                self._expire()
                idle = [holder for holder in self._unwanted if not holder.busy]
                if self._jobs:
                    job = self._jobs.popleft()
                    self._working = job.key
            self._end(idle)
            if job is not None:
                self._carry_out(job)
        with self._changed:
            rest, self._unwanted = self._unwanted, []
        self._end(rest)

    def _end(self, holders: Iterable[Holder]) -> None:
        for holder in holders:
            holder.close()
            with self._changed:
                self._unwanted = [one for one in self._unwanted if one is not holder]
                self._changed.notify_all()

    def _patience_s(self) -> float | None:
        if self._unwanted:
            return 0.1
        oldest = min((used for _, used in self._held.values()), default=None)
        return None if oldest is None else max(0.0, oldest + self._idle_s - time.monotonic()) + _TICK_S

    def _expire(self) -> None:
        now = time.monotonic()
        for key, (holder, used) in list(self._held.items()):
            if holder.ended or (now - used > self._idle_s and not holder.busy):
                del self._held[key]
                self._unwanted.append(holder)

    def _carry_out(self, job: _Job) -> None:
        holder: Holder | None = None
        refused = False
        _wait_for_end(job.process)
        try:
            holder = hold(self._settings, job.launchpad, job.value, environment=dict(job.key.environment),
                          paths=job.key.paths, most_bytes=self._limit_bytes, load_s=job.took_s,
                          stopping=self._stopping)  # fmt: skip
        except NotHeld:
            refused = not self._stopping.is_set()
        except RuntimeUnavailable:  # the zygote has ended; the next call says so, or unpickles again
            holder = None
        with self._changed:
            self._working = None
            if refused:
                self._refuse(job.key)
            if holder is not None:
                self._held[job.key] = (holder, time.monotonic())
                self._make_room()
            self._changed.notify_all()

    def _make_room(self) -> None:
        """Give up the least recently used until the rest is within the bounds; calls that run end first."""
        while self._held and (
            len(self._held) > self._max_processes
            or sum(holder.n_bytes for holder, _ in self._held.values()) > self._limit_bytes
        ):
            _, (holder, _) = self._held.popitem(last=False)
            self._unwanted.append(holder)


def _possible(settings: Settings) -> bool:
    """Whether a satellite can have children that run scripts: on Linux, and where it may end them."""
    layers = settings.sandbox.settings() if settings.sandbox else None
    return sys.platform == "linux" and (layers is None or "pid_namespace" in layers["layers"])


def _length(value: Any) -> int:
    return len(value) if isinstance(value, bytes) else int(value.length)


def _wait_for_end(process: int) -> None:
    """Wait a little for a call's process to end, so that a large parameter is not there once more than it has to be."""
    deadline = time.monotonic() + _ENDING_S
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(_TICK_S)
