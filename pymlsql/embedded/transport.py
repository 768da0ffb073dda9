"""What lies between sockets and the protocol: TLS on memory buffers, a thread per session, bounded sending."""

from __future__ import annotations

import logging
import queue
import ssl
import threading
from collections.abc import Callable

log = logging.getLogger("pymlsql.embedded.server")

IN_FLIGHT_BYTES = 4 << 20
"""How much of a response may wait for its client before the session's thread waits too."""

_READ_BYTES = 256 << 10


class TlsChannel:
    """TLS without a socket. Raises ssl.SSLError when the peer does not speak it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.is_established = False

    def feed(self, records: bytes) -> None:
        """Records from the client."""
        self._incoming.write(records)

    def continue_handshake(self) -> bytes:
        """Records to send; sets is_established when the handshake is over."""
        try:
            self._tls.do_handshake()
            self.is_established = True
        except ssl.SSLWantReadError:
            pass
        return self._outgoing.read()

    def read(self) -> bytes:
        """What the records fed so far say; b"" when a record is not complete."""
        pieces: list[bytes] = []
        try:
            while piece := self._tls.read(_READ_BYTES):
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        return b"".join(pieces)

    def encrypt(self, data: bytes) -> bytes:
        """Records to send."""
        self._tls.write(data)
        return self._outgoing.read()

    def take_rest(self) -> bytes:
        """Bytes fed and not read: plain ones, after a login-only TLS has ended."""
        return self._incoming.read()


class SessionThread:
    """Runs a session's work in order, in a thread of its own. A daemon: an endless request cannot hold the process."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], None]) -> None:
        """Run ``job`` after those before it."""
        self._jobs.put(job)

    def stop(self) -> None:
        """End after the jobs submitted so far."""
        self._jobs.put(None)

    def join(self, timeout_s: float) -> bool:
        """Whether the thread ended within ``timeout_s``."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:
                log.exception("a job of %s failed", threading.current_thread().name)


class Credit:
    """How many bytes are on their way: the sender waits in ``take`` until others were given back."""

    def __init__(self, limit: int = IN_FLIGHT_BYTES) -> None:
        self._limit = limit
        self._taken = 0
        self._closed = False
        self._changed = threading.Condition()

    def take(self, n_bytes: int) -> bool:
        """Wait for room, then take it; False once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken < self._limit or self._closed)
            self._taken += n_bytes
            return not self._closed

    def give_back(self, n_bytes: int) -> None:
        """So many bytes have gone out."""
        with self._changed:
            self._taken -= n_bytes
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits any more; whatever is sent is dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
