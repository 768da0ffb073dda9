"""Reading the bytes of a client's message, piece by piece, giving memory back as it goes.

A message arrives in packets and may be 2 GB long (a varbinary(max) parameter). It is kept in segments so that what
has been read can be freed while its value grows: the peak is one copy of the message and one segment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol

SEGMENT_BYTES = 64 << 20
"""Above glibc's largest mmap threshold (32 MiB), so that a consumed segment goes back to the system at once."""

_PIECE = 1 << 20


class ProtocolError(Exception):
    """The byte stream is not TDS; the connection cannot go on. The text is for the log."""


class Body:
    """The payload of one message: bytes appended packet by packet."""

    def __init__(self, data: bytes = b"") -> None:
        self.segments: deque[bytearray] = deque()
        self.n_bytes = 0
        if data:
            self.append(memoryview(data))

    def append(self, data: memoryview) -> None:
        """Add a packet's payload."""
        if not self.segments or len(self.segments[-1]) >= SEGMENT_BYTES:
            self.segments.append(bytearray())
        self.segments[-1] += data
        self.n_bytes += len(data)


class Outlet(Protocol):
    """Where a large value goes while it is read, so that it need not be in memory as a whole."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Take a piece; it is copied, not kept."""

    def finish(self) -> Any:
        """The whole value, as what a parameter's value is."""

    def abandon(self) -> None:
        """There will be no value."""


class Reader:
    """Reads a Body once, front to back. Every method raises ProtocolError where the bytes end too soon.

    ``outlet``, if there is one, makes an Outlet for a large binary value.
    """

    def __init__(self, body: Body | bytes, outlet: Callable[[], Outlet] | None = None) -> None:
        self.outlet = outlet
        source = Body(body) if isinstance(body, bytes) else body
        self._segments = source.segments
        self._segment = self._segments.popleft() if self._segments else bytearray()
        self._view = memoryview(self._segment)
        self._at = 0
        self._tape_start = 0
        self._left_behind = source.n_bytes - len(self._view)
        source.n_bytes = 0

    @property
    def remaining(self) -> int:
        """How many bytes are left."""
        return len(self._view) - self._at + self._left_behind

    def _next_segment(self) -> None:
        self._view.release()
        self._segment = self._segments.popleft()
        self._view, self._at, self._tape_start = memoryview(self._segment), 0, -1
        self._left_behind -= len(self._view)

    def _check(self, n_bytes: int) -> None:
        if n_bytes > self.remaining:
            raise ProtocolError(f"{n_bytes} bytes are announced where {self.remaining} are left")

    def take(self, n_bytes: int) -> bytes:
        """The next ``n_bytes`` bytes, copied."""
        at = self._at
        data = self._view[at : at + n_bytes].tobytes()
        if len(data) == n_bytes:
            self._at = at + n_bytes
            return data
        whole = BytesIO()
        self.copy_to(whole, n_bytes)
        return whole.getvalue()

    def take_all(self) -> bytes:
        """Everything that is left."""
        return self.take(self.remaining)

    def copy_to(self, target: BytesIO | Outlet, n_bytes: int) -> None:
        """Append the next ``n_bytes`` bytes to ``target``, dropping every segment that is used up."""
        self._check(n_bytes)
        left = n_bytes
        while left:
            if self._at == len(self._view):
                self._next_segment()
            n_now = min(left, len(self._view) - self._at, _PIECE)
            target.write(self._view[self._at : self._at + n_now])
            self._at += n_now
            left -= n_now

    def here(self) -> tuple[bytearray, int]:
        """The segment at hand and the place in it, to read ahead."""
        return self._segment, self._at

    def is_last_segment(self, segment: bytearray) -> bool:
        """Whether ``segment`` is at hand and nothing comes after it."""
        return segment is self._segment and not self._left_behind

    def start_tape(self) -> None:
        """Remember this place."""
        self._tape_start = self._at

    def tape(self) -> bytes | None:
        """The bytes since start_tape; None where they lie in two segments."""
        return None if self._tape_start < 0 else self._view[self._tape_start : self._at].tobytes()

    def peek(self) -> int:
        """The next byte, left where it is."""
        self._check(1)
        if self._at == len(self._view):
            self._next_segment()
        return self._view[self._at]

    def u8(self) -> int:
        """An unsigned byte."""
        at = self._at
        if at == len(self._view):
            self.peek()
            at = 0
        self._at = at + 1
        return self._view[at]

    def u16(self) -> int:
        """Two bytes, little-endian."""
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        """Four bytes, little-endian."""
        return int.from_bytes(self.take(4), "little")

    def u64(self) -> int:
        """Eight bytes, little-endian."""
        return int.from_bytes(self.take(8), "little")

    def utf16(self, n_units: int) -> str:
        """Text of ``n_units`` UTF-16 code units; a half surrogate pair, which names never hold, is an error."""
        if not n_units:
            return ""
        data = self.take(2 * n_units)
        try:
            return data.decode("utf-16-le")
        except UnicodeDecodeError as error:
            raise ProtocolError(f"text is not UTF-16: {error.reason}") from error

    def b_varchar(self) -> str:
        """B_VARCHAR of MS-TDS 2.2.5.1.2: a byte that counts characters, then UTF-16."""
        return self.utf16(self.u8())
