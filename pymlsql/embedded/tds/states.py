"""The states of a connection and what a client may send in each (MS-TDS 3.3.5)."""

from __future__ import annotations

from enum import Enum, auto

from pymlsql.embedded.tds.packets import PacketType


class State(Enum):
    """Where a connection is, seen from the server."""

    INITIAL = auto()
    """Nothing read yet."""
    TLS_HANDSHAKE = auto()
    """TLS records travel inside PRELOGIN packets."""
    LOGIN = auto()
    """PRELOGIN is answered; LOGIN7 is due."""
    LOGGING_IN = auto()
    """LOGIN7 was read and is not answered yet."""
    READY = auto()
    """Logged in; no request is running."""
    BUSY = auto()
    """A request was read and its response has not ended."""
    CLOSED = auto()


_REQUESTS = frozenset({PacketType.SQL_BATCH, PacketType.RPC, PacketType.TRANSACTION, PacketType.BULK_LOAD})

ACCEPTS: dict[State, frozenset[PacketType]] = {
    State.INITIAL: frozenset({PacketType.PRELOGIN, PacketType.LOGIN7}),
    State.TLS_HANDSHAKE: frozenset({PacketType.PRELOGIN}),
    State.LOGIN: frozenset({PacketType.LOGIN7}),
    State.LOGGING_IN: frozenset(),
    State.READY: _REQUESTS | {PacketType.ATTENTION},
    State.BUSY: frozenset({PacketType.ATTENTION}),
    State.CLOSED: frozenset(),
}
"""The packet types a connection takes, by state; in BUSY and LOGGING_IN others wait."""

PAUSES = frozenset({State.LOGGING_IN, State.BUSY})
"""States in which a request that came too early waits for the response to end."""

MAX_MESSAGE_BYTES = {
    State.INITIAL: 128 << 10,
    State.TLS_HANDSHAKE: 128 << 10,
    State.LOGIN: 128 << 10,
}
"""Bounds for those who have not logged in; MAX_REQUEST_BYTES for the others."""

MAX_REQUEST_BYTES = (2 << 30) + (64 << 20)
"""A varbinary(max) of 2 GB and what surrounds it."""
