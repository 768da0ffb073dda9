"""Reading the bytes of a client's message, piece by piece, giving memory back as it goes.

A message arrives in packets and may be 2 GB long (a varbinary(max) parameter). It is kept in segments so that what
has been read can be freed while its value grows: the peak is one copy of the message and one segment.
"""

from __future__ import annotations

import struct
from collections import deque
from io import BytesIO

SEGMENT_BYTES = 64 << 20
"""Above glibc's largest mmap threshold (32 MiB), so that a consumed segment goes back to the system at once."""

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_U64 = struct.Struct("<Q")
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


class Reader:
    """Reads a Body once, front to back. Every method raises ProtocolError where the bytes end too soon."""

    def __init__(self, body: Body | bytes) -> None:
        source = Body(body) if isinstance(body, bytes) else body
        self._segments = source.segments
        self._segment: bytearray = self._segments.popleft() if self._segments else bytearray()
        self._at = 0
        self.remaining = source.n_bytes
        source.n_bytes = 0

    def take(self, n_bytes: int) -> bytes:
        """The next ``n_bytes`` bytes, copied."""
        if n_bytes > self.remaining:
            raise ProtocolError(f"{n_bytes} bytes are announced where {self.remaining} are left")
        end = self._at + n_bytes
        if end <= len(self._segment):
            data = bytes(memoryview(self._segment)[self._at : end])
            self._at = end
            self.remaining -= n_bytes
            return data
        whole = BytesIO()
        self.copy_to(whole, n_bytes)
        return whole.getvalue()

    def take_all(self) -> bytes:
        """Everything that is left."""
        return self.take(self.remaining)

    def copy_to(self, target: BytesIO, n_bytes: int) -> None:
        """Append the next ``n_bytes`` bytes to ``target``, dropping every segment that is used up."""
        if n_bytes > self.remaining:
            raise ProtocolError(f"{n_bytes} bytes are announced where {self.remaining} are left")
        left = n_bytes
        while left:
            if self._at == len(self._segment):
                self._segment, self._at = self._segments.popleft(), 0
            n_now = min(left, len(self._segment) - self._at, _PIECE)
            with memoryview(self._segment) as view:
                target.write(view[self._at : self._at + n_now])
            self._at += n_now
            left -= n_now
        self.remaining -= n_bytes

    def peek(self) -> int:
        """The next byte, left where it is."""
        if self.remaining < 1:
            raise ProtocolError("the message ends where a byte is expected")
        if self._at == len(self._segment):
            self._segment, self._at = self._segments.popleft(), 0
        return self._segment[self._at]

    def u8(self) -> int:
        value = self.peek()
        self._at += 1
        self.remaining -= 1
        return value

    def u16(self) -> int:
        return int(_U16.unpack(self.take(2))[0])

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def i32(self) -> int:
        return int(_I32.unpack(self.take(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.take(8))[0])

    def utf16(self, n_units: int) -> str:
        """Text of ``n_units`` UTF-16 code units; a half surrogate pair, which names never hold, is an error."""
        data = self.take(2 * n_units)
        try:
            return data.decode("utf-16-le")
        except UnicodeDecodeError as error:
            raise ProtocolError(f"text is not UTF-16: {error.reason}") from error

    def b_varchar(self) -> str:
        """B_VARCHAR of MS-TDS 2.2.5.1.2: a byte that counts characters, then UTF-16."""
        return self.utf16(self.u8())
