"""What ServerConnection.next_event returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from pymlsql.embedded.tds.bodies import read_request
from pymlsql.embedded.tds.login import Encryption
from pymlsql.embedded.tds.packets import RawMessage, Status
from pymlsql.embedded.tds.reader import Outlet
from pymlsql.embedded.tds.requests import Login, Request
from pymlsql.embedded.tsql.messages import SqlError


class Signal(Enum):
    """Why there is no event."""

    NEED_DATA = auto()
    """Feed more bytes."""
    PAUSED = auto()
    """A whole message waits until the running response has ended; stop reading."""


@dataclass(frozen=True, slots=True)
class PreloginReceived:
    """Send ``answer``. With ``encryption`` OFF or ON, TLS begins: bytes come as TlsReceived."""

    answer: bytes
    encryption: Encryption


@dataclass(frozen=True, slots=True)
class TlsReceived:
    """TLS records of the handshake, out of their packets."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StrictTlsReceived:
    """The first byte was 0x16: TDS 8.0, TLS before everything. ``data`` is what was read, raw TLS."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginReceived:
    """Answer with accept_login or refuse_login."""

    login: Login


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """A login of a kind the server does not do; answer with refuse_login(error)."""

    error: SqlError


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request, not decoded yet: ``read`` may take long and belongs in the session's thread.

    ``reset`` is RESETCONNECTION; ``keep_transaction`` its variant RESETCONNECTIONSKIPTRAN. Both are to be carried out
    before the request.
    """

    message: RawMessage
    version: int

    @property
    def reset(self) -> bool:
        """Whether the session is to be reset first."""
        return bool(self.message.status & (Status.RESET | Status.RESET_KEEP_TRANSACTION))

    @property
    def keep_transaction(self) -> bool:
        """Whether the reset leaves the transaction open."""
        return bool(self.message.status & Status.RESET_KEEP_TRANSACTION)

    def read(self, outlet: Callable[[], Outlet] | None = None) -> Request:
        """The request; once only. Raises ProtocolError or SqlError as bodies.read_request does."""
        return read_request(self.message, self.version, outlet)


@dataclass(frozen=True, slots=True)
class AttentionReceived:
    """Cancel the running request; end_response acknowledges. When none ran, ``answer`` is the acknowledgement."""

    answer: bytes


Event = (
    PreloginReceived
    | TlsReceived
    | StrictTlsReceived
    | LoginReceived
    | LoginRefused
    | RequestReceived
    | AttentionReceived
    | Signal
)
