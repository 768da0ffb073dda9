"""The server's side of a process that holds an unpickled parameter: how it is made, and how its children are taken."""

from __future__ import annotations

import contextlib
import io
import os
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pymlsql.embedded.satellite import wire
from pymlsql.embedded.satellite.calls import RuntimeUnavailable, SatelliteError
from pymlsql.embedded.satellite.channel import Channel, Limits
from pymlsql.embedded.satellite.launchpad import Launchpad, Satellite, Settings

_LOAD_S = 120.0
_TICK_S = 0.02
_INTRODUCTION_S = 1.0
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.005, 2.0
_BUFFER_BYTES = 1 << 18
_MOST_SAID_BYTES = 1 << 12
_N_DESCRIPTORS = 5
_CREDENTIALS = struct.Struct("iII")


class NotHeld(Exception):
    """The parameter cannot be held; every call unpickles it itself."""


class _NoProcess:
    """In place of a subprocess: the zygote is the parent of what holds a parameter."""

    def wait(self, timeout: float | None = None) -> int:
        return 0

    def kill(self) -> None:
        """The zygote does it."""


class Holder(Launchpad):
    """A running process that holds a parameter, as a zygote whose children run one at a time."""

    def __init__(self, settings: Settings, root: Launchpad, satellite: Satellite, n_bytes: int, load_s: float) -> None:
        self._root = root
        self._satellite = satellite
        self._alive: set[int] = set()
        """Of those that were taken: which have not ended."""
        self._closing = False
        self._patience_s = min(max(_SHORTEST_WAIT_S, load_s), _LONGEST_WAIT_S)
        self.n_bytes = n_bytes
        """The memory that only this process has."""
        super().__init__(replace(settings, n_spares=1))

    @property
    def process(self) -> int:
        """Its id."""
        return self._satellite.pid

    @property
    def broken(self) -> bool:
        """Whether it gives no children any more."""
        return bool(self._broken)

    @property
    def busy(self) -> bool:
        """Whether a call has one of its children."""
        return bool(self._alive) and not self._ended

    def _make_folder(self) -> Path:
        return self._root.folder / f"held-{self._satellite.pid}"  # never made: its children use its own

    def _spawn(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        os.set_blocking(self._satellite.channel.fileno(), True)
        return self._satellite.channel, cast("subprocess.Popen[bytes]", _NoProcess())

    def _order_spares(self) -> None:
        if not (self._spares or self._n_forking or self._broken):
            self._n_forking += 1
            self._order(wire.FORK, 0, int(not self._root.is_busy()))

    def _hear(self, letter: bytes, pid: int, number: int, descriptors: list[int]) -> None:
        if letter == wire.EXITED and pid not in self._alive:
            self._broken = "its child ended before its call"
        elif letter != wire.EXITED and (letter != wire.READY or len(descriptors) != _N_DESCRIPTORS or self._spares):
            for descriptor in descriptors:
                os.close(descriptor)
            raise ConnectionError("what held a parameter says what it may not, or that it forks no more")
        super()._hear(letter, pid, number, descriptors)
        if letter == wire.EXITED:
            self._alive.discard(pid)
            self._order_spares()

    def offer(self, checked: Callable[[], None]) -> tuple[Satellite, int] | None:
        """A child that waits for its call, and its process id for the server; None when it is quicker to do without."""
        deadline = time.monotonic() + self._patience_s
        with self._changed:
            while self._alive or not self._spares:
                checked()
                if self._broken or self._ended or time.monotonic() > deadline:
                    return None
                self._changed.wait(_TICK_S)
            satellite = self._spares.popleft()
            self._deaths[satellite.pid] = None
            self._alive.add(satellite.pid)
            self._order_spares()
        process = _sender(satellite.channel)
        if process:
            return satellite, process
        self.finish(satellite, kill=True)
        return None

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until it has a child for the next call, or gives none any more."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or self._broken or bool(self._spares and not self._alive), timeout_s
            )

    def finish(self, satellite: Satellite, *, kill: bool) -> None:
        super().finish(satellite, kill=kill)
        if kill and satellite.pid in self._alive:  # the script has stopped its parent
            self.close()

    def close(self) -> None:
        """End it and its child; safe to call twice, from any thread but its own."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
        super().close()
        self._root.finish(self._satellite, kill=True)


def _sender(channel: socket.socket) -> int:
    """The process at the other end, as the kernel says, for this side's process namespace; 0 when it is gone."""
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    if not poll.poll(_INTRODUCTION_S * 1000):
        return 0
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    try:
        data, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
    except OSError:
        return 0
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    poll.modify(channel, 0)  # a hangup is told all the same
    if not data or poll.poll(0):
        return 0
    for level, kind, payload in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int(_CREDENTIALS.unpack(payload)[0])
    return 0


def hold(
    settings: Settings,
    root: Launchpad,
    value: Any,
    *,
    environment: Mapping[str, str],
    paths: tuple[str, ...],
    most_bytes: int,
    load_s: float,
    stopping: threading.Event,
) -> Holder:
    """Have a satellite of ``root`` unpickle ``value``, which takes ``load_s``, and hold it.

    Raises NotHeld, or RuntimeUnavailable.
    """
    limits = Limits(stopping, _LOAD_S)
    satellite = root.take(limits.check)
    printed: list[str] = []
    channel = Channel(satellite, lambda stream, text: printed.append(text), limits)
    try:
        _ask(channel, {"hold": most_bytes, "environment": dict(environment), "paths": paths}, value)
        channel.drain()
        if printed:
            raise NotHeld("unpickling it prints")
        n_bytes = private_bytes(satellite.pid)
        if n_bytes > most_bytes:
            raise NotHeld("it is too large")
        return Holder(settings, root, satellite, n_bytes, load_s)
    except wire.Hangup as problem:
        root.finish(satellite, kill=True)
        raise NotHeld("its process ended") from problem
    except (NotHeld, wire.WireError, SatelliteError, OSError, ValueError) as problem:
        root.finish(satellite, kill=True)
        if isinstance(problem, NotHeld | RuntimeUnavailable):
            raise
        raise NotHeld(str(problem)) from problem


def _ask(channel: Channel, order: dict[str, Any], value: Any) -> None:
    writer = io.BufferedWriter(channel, _BUFFER_BYTES)
    try:
        wire.write_json(writer, wire.CALL, order)
        wire.write_values(writer, [("bytes", value)])
        writer.flush()
    except BaseException:
        channel.abandon()
        raise
    finally:
        writer.detach()
    reader = io.BufferedReader(channel, _BUFFER_BYTES)
    kind, n_bytes = wire.read_header(reader)
    answer = wire.read_exactly(reader, min(n_bytes, _MOST_SAID_BYTES))
    reader.detach()
    if kind != wire.RESULT:
        raise NotHeld(answer.decode("utf-8", "replace"))


def private_bytes(process: int) -> int:
    """The memory that only this process has; 0 when it has ended."""
    n_kb = 0
    with contextlib.suppress(OSError), open(f"/proc/{process}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Private_"):
                n_kb += int(line.split()[1])
    return n_kb * 1024
