"""The connection with one satellite: whoever reads or writes it also forwards what the script prints."""

from __future__ import annotations

import codecs
import io
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from pymlsql.embedded.satellite import loopback, wire
from pymlsql.embedded.satellite.calls import SatelliteDied, ScriptCancelled
from pymlsql.embedded.satellite.launchpad import Satellite

Stream = Literal["stdout", "stderr"]
_TICK_MS = 50
_CHUNK_BYTES = 1 << 16
_DRAIN_BYTES = 1 << 20
_MOST_ASKED = 10_000
"""How often a script may ask for its loopback connection; one that floods the server with it is no longer heard."""


class Output:
    """One of the two standard streams of a satellite, decoded as it comes."""

    def __init__(self, descriptor: int, stream: Stream, on_output: Callable[[Stream, str], None]) -> None:
        self.descriptor = descriptor
        self._stream = stream
        self._on_output = on_output
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.refusal: Exception | None = None
        """What ``on_output`` raised."""

    def forward(self) -> int:
        """Hand on what is there; the number of bytes, 0 at the end of the stream, -1 when there is nothing yet."""
        try:
            data = os.read(self.descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return -1
        text = self._decoder.decode(data, final=not data)
        if text:
            try:
                self._on_output(self._stream, text)
            except Exception as error:
                self.refusal = error
                raise
        return len(data)

    def drain(self) -> None:
        """Hand on what the script had printed; no more than a pipe can hold, for its threads may print on for ever."""
        n_bytes = 0
        while n_bytes < _DRAIN_BYTES and (n := self.forward()) > 0:
            n_bytes += n


class Limits:
    """When a call has to stop: the caller's event and a time limit in seconds."""

    def __init__(self, cancelled: threading.Event, timeout_s: float | None) -> None:
        self._cancelled = cancelled
        self._timeout_s = timeout_s
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s

    def check(self) -> None:
        """Raise ScriptCancelled or SatelliteDied when it is time."""
        if self._cancelled.is_set():
            raise ScriptCancelled("The external script was cancelled.")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise SatelliteDied(f"it ran longer than the limit of {self._timeout_s:g} s and was ended")


class Channel(io.RawIOBase):
    """Raw bytes to and from one satellite. While it waits, output is forwarded and the limits are looked at."""

    def __init__(
        self,
        satellite: Satellite,
        on_output: Callable[[Stream, str], None],
        limits: Limits,
        let_back: Callable[[socket.socket], dict[str, Any]] | None = None,
    ) -> None:
        """``let_back`` answers a script that asks for a connection back; it is called once at most."""
        self._socket = satellite.channel
        self._loopback = satellite.loopback
        self._answer_loopback = let_back
        self._answer: dict[str, Any] | None = None
        self._n_asked = 0
        self._limits = limits
        self._outputs = {
            satellite.stdout: Output(satellite.stdout, "stdout", on_output),
            satellite.stderr: Output(satellite.stderr, "stderr", on_output),
        }
        self._abandoned = False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes; 0 when the satellite has closed its end."""
        self._limits.check()
        while True:
            try:
                return self._socket.recv_into(buffer)
            except BlockingIOError:
                self._wait(select.POLLIN)
            except ConnectionResetError:
                return 0

    def write(self, data: Any) -> int:
        """Some of ``data``; raises Hangup when the satellite has closed its end."""
        if self._abandoned:
            return memoryview(data).nbytes
        self._limits.check()
        while True:
            try:
                return self._socket.send(data)
            except BlockingIOError:
                self._wait(select.POLLOUT)
            except (BrokenPipeError, ConnectionResetError) as problem:
                raise wire.Hangup("the satellite closed its connection") from problem

    def is_callers(self, error: Exception) -> bool:
        """Whether ``error`` was raised by the caller's own ``on_output``."""
        return any(output.refusal is error for output in self._outputs.values())

    def abandon(self) -> None:
        """From here on what is written is thrown away: buffers above may still flush when they are collected."""
        self._abandoned = True

    def drain(self) -> None:
        """Forward what the script printed before it ended."""
        for output in self._outputs.values():
            output.drain()

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self._socket, event)
        for descriptor in self._outputs:
            poll.register(descriptor, select.POLLIN)
        if self._n_asked < _MOST_ASKED:
            poll.register(self._loopback, select.POLLIN)
        while True:
            self._limits.check()
            ready = False
            for descriptor, _ in poll.poll(_TICK_MS):
                output = self._outputs.get(descriptor)
                if descriptor == self._loopback.fileno():
                    if not self._let_back():
                        poll.unregister(descriptor)
                elif output is None:
                    ready = True
                elif output.forward() == 0:
                    poll.unregister(descriptor)
            if ready:
                return

    def _let_back(self) -> bool:
        """Answer a script that asks for a connection back; whether it may ask again."""
        try:
            listener = loopback.take_request(self._loopback)
        except BlockingIOError:
            return True
        except (EOFError, OSError):
            return False
        if self._answer is None and listener is not None and self._answer_loopback is not None:
            self._answer = self._answer_loopback(listener)
        elif listener is not None:
            listener.close()
        refusal = "A loopback connection needs a server, and a socket that listens on 127.0.0.1."
        loopback.send_answer(self._loopback, self._answer or {"error": refusal})
        self._n_asked += 1
        return self._n_asked < _MOST_ASKED
