"""TDS packets: taking messages apart and putting them together (MS-TDS 2.2.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from pymlsql.embedded.tds.reader import Body, ProtocolError

HEADER = struct.Struct(">BBHHBB")
"""Type, status, length with this header, SPID, packet id, window."""

DEFAULT_PACKET_SIZE = 4096
MIN_PACKET_SIZE = 512
MAX_PACKET_SIZE = 32767
MAX_TLS_PACKET_SIZE = 16384
"""One TLS record. Microsoft's driver hangs on larger packets under TLS."""

BLOCK_BYTES = 256 << 10
"""How much a PacketWriter gathers before it hands a block over."""

Buffer = bytes | bytearray | memoryview


class PacketType(IntEnum):
    """The types a client may send, and RESPONSE."""

    SQL_BATCH = 0x01
    RPC = 0x03
    RESPONSE = 0x04
    ATTENTION = 0x06
    BULK_LOAD = 0x07
    FEDERATED_TOKEN = 0x08
    TRANSACTION = 0x0E
    LOGIN7 = 0x10
    SSPI = 0x11
    PRELOGIN = 0x12


class Status(IntFlag):
    """Bits of a packet's status byte."""

    NORMAL = 0x00
    EOM = 0x01
    IGNORE = 0x02
    RESET = 0x08
    RESET_KEEP_TRANSACTION = 0x10


_KNOWN_TYPES = frozenset(PacketType)


@dataclass(slots=True)
class RawMessage:
    """A whole message. ``status`` is the first packet's, where RESETCONNECTION is valid, with EOM of the last."""

    type: PacketType
    status: Status
    body: Body = field(repr=False)


class PacketReader:
    """Bytes in, messages out. ``max_message_bytes`` bounds what one message may gather."""

    def __init__(self, max_message_bytes: int) -> None:
        self.max_message_bytes = max_message_bytes
        self._buffer = bytearray()
        self._message: RawMessage | None = None

    def receive_data(self, data: Buffer) -> None:
        """Keep ``data`` for next_message."""
        self._buffer += data

    def first_byte(self) -> int | None:
        """The next packet's first byte, None before there is one."""
        return self._buffer[0] if self._buffer else None

    def is_between_messages(self) -> bool:
        """Whether no message has begun."""
        return self._message is None

    def take_rest(self) -> bytes:
        """All bytes not yet read, which are not packets (TLS records)."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def next_message(self) -> RawMessage | None:
        """The next message whose last packet has arrived; None while it has not."""
        at, done = 0, None
        with memoryview(self._buffer) as view:
            while done is None and len(view) - at >= HEADER.size:
                kind, status, length = HEADER.unpack_from(view, at)[:3]
                self._check_header(kind, length)
                if len(view) - at < length:
                    break
                with view[at + HEADER.size : at + length] as payload:
                    done = self._take_packet(PacketType(kind), Status(status & 0x1B), payload)
                at += length
        del self._buffer[:at]
        return done

    def _check_header(self, kind: int, length: int) -> None:
        if kind not in _KNOWN_TYPES:
            raise ProtocolError(f"a packet of unknown type 0x{kind:02x}")
        if not HEADER.size <= length <= MAX_PACKET_SIZE:
            raise ProtocolError(f"a packet of {length} bytes")
        if self._message is not None and self._message.type != kind:
            raise ProtocolError(f"a packet of type 0x{kind:02x} inside a message of type 0x{self._message.type:02x}")

    def _take_packet(self, kind: PacketType, status: Status, payload: memoryview) -> RawMessage | None:
        message = self._message
        if message is None:
            message = self._message = RawMessage(kind, status, Body())
        message.body.append(payload)
        if message.body.n_bytes > self.max_message_bytes:
            raise ProtocolError(f"a message of more than {self.max_message_bytes} bytes")
        if not status & Status.EOM:
            return None
        message.status |= status & (Status.EOM | Status.IGNORE)
        self._message = None
        return message


class PacketWriter:
    """Payload in, packets out. The last packet waits for finish(), which marks it as the end of the message."""

    def __init__(self, packet_size: int, *, spid: int = 0, kind: PacketType = PacketType.RESPONSE) -> None:
        self._room = packet_size - HEADER.size
        self._spid = spid & 0xFFFF
        self._kind = kind
        self._id = 0
        self._pending = b""

    def write(self, buffers: Iterable[Buffer]) -> Iterator[bytes]:
        """Blocks of whole packets, about BLOCK_BYTES each; less than a packet stays behind."""
        parts: list[Buffer] = [self._pending] if self._pending else []
        n_open, n_block = len(self._pending), 0
        block: list[Buffer] = []
        self._pending = b""
        for buffer in buffers:
            view, at = memoryview(buffer), 0
            while at < len(view):
                if n_open == self._room:
                    block += [self._header(n_open, Status.NORMAL), *parts]
                    parts, n_block, n_open = [], n_block + n_open, 0
                    if n_block >= BLOCK_BYTES:
                        yield b"".join(block)
                        block, n_block = [], 0
                n_now = min(self._room - n_open, len(view) - at)
                parts.append(view[at : at + n_now])
                n_open += n_now
                at += n_now
        self._pending = b"".join(parts)
        if block:
            yield b"".join(block)

    def flush(self) -> bytes:
        """What is there so far as a packet that is not full; the message goes on."""
        packet = self._header(len(self._pending), Status.NORMAL) + self._pending
        self._pending = b""
        return packet

    def finish(self) -> bytes:
        """The last packet."""
        last = self._header(len(self._pending), Status.EOM) + self._pending
        self._pending, self._id = b"", 0
        return last

    def _header(self, n_payload: int, status: Status) -> bytes:
        self._id = (self._id + 1) & 0xFF
        return HEADER.pack(self._kind, status, n_payload + HEADER.size, self._spid, self._id, 0)


def write_message(kind: PacketType, payload: Buffer, packet_size: int = DEFAULT_PACKET_SIZE, *, spid: int = 0) -> bytes:
    """One whole message in packets."""
    writer = PacketWriter(packet_size, spid=spid, kind=kind)
    return b"".join([*writer.write([payload]), writer.finish()])
