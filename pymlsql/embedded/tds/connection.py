"""A server's end of a TDS connection: bytes in, events out; responses in, bytes out. No sockets.

After the manner of h11: feed receive_data, ask next_event until it returns a Signal, send what the methods return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pymlsql.embedded.tds import events, tokens
from pymlsql.embedded.tds.events import Event, Signal
from pymlsql.embedded.tds.login import (
    TDS_7_4,
    Encryption,
    answer_encryption,
    read_login,
    read_prelogin,
    render_prelogin,
)
from pymlsql.embedded.tds.packets import (
    DEFAULT_PACKET_SIZE,
    MAX_PACKET_SIZE,
    MAX_TLS_PACKET_SIZE,
    MIN_PACKET_SIZE,
    Buffer,
    PacketReader,
    PacketType,
    PacketWriter,
    RawMessage,
    Status,
    write_message,
)
from pymlsql.embedded.tds.reader import ProtocolError, Reader
from pymlsql.embedded.tds.requests import Login
from pymlsql.embedded.tds.responses import (
    ColMetadata,
    Done,
    EnvChange,
    Message,
    Response,
    ReturnStatus,
    ReturnValue,
    Rows,
)
from pymlsql.embedded.tds.rows import encode_rows, encode_value
from pymlsql.embedded.tds.states import ACCEPTS, MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES, PAUSES, State
from pymlsql.embedded.tsql.messages import SqlError

STRICT_TLS_BYTE = 0x16
_TLS_CONTENT_TYPES = frozenset({0x14, 0x15, 0x16, 0x17})

VERSION = (16, 0, 1000)
"""SQL Server 2022's major version."""


class ResponseWriter:
    """The response to one request: events in, blocks of whole packets out.

    A Done is held back until the next event shows whether more follows. ``write`` may run in another thread than the
    connection, one thread at a time. Set ``cancelled`` to have rows dropped from the next chunk on.
    """

    def __init__(self, *, version: int, packet_size: int, spid: int, server: str) -> None:
        self.cancelled = False
        self._version = version
        self._server = server
        self._packets = PacketWriter(packet_size, spid=spid)
        self._held: Done | None = None
        self._columns: ColMetadata | None = None

    def write(self, event: Response) -> Iterator[bytes]:
        """Blocks to send; exhaust it. Raises SqlError for rows that their columns cannot hold."""
        if isinstance(event, Rows):
            if self._columns is None:
                raise ValueError("Rows come after a ColMetadata")
            for buffers in encode_rows(event.batch, [column.type for column in self._columns.columns], self._version):
                if self.cancelled:
                    return
                yield from self._packets.write(buffers)
            return
        yield from self._packets.write(self._release(more=True))
        if isinstance(event, Done):
            self._held = event
            return
        if isinstance(event, ColMetadata):
            self._columns = event
        yield from self._packets.write(RENDERERS[type(event)](event, self._version, self._server))
        if isinstance(event, Message) and event.urgent:
            yield self._packets.flush()

    def finish(self, *, attention: bool) -> bytes:
        """The last packet: the held Done, or one that acknowledges an attention."""
        if attention:
            last = [*self._release(more=True), tokens.render_done_attention(self._version)]
        else:
            self._held = self._held or Done()
            last = self._release(more=False)
        return b"".join([*self._packets.write(last), self._packets.finish()])

    def _release(self, *, more: bool) -> list[Buffer]:
        if self._held is None:
            return []
        held, self._held = self._held, None
        return [tokens.render_done(held, self._version, more=more)]


def _render_return_value(value: ReturnValue, version: int, server: str) -> list[Buffer]:
    return [tokens.render_return_value_head(value, version), *encode_value(value.value, value.type, version)]


RENDERERS: dict[type, Callable[[Any, int, str], list[Buffer]]] = {
    ColMetadata: lambda event, version, server: [tokens.render_col_metadata(event, version)],
    Message: lambda event, version, server: [tokens.render_message(event, version, server)],
    EnvChange: lambda event, version, server: [tokens.render_env_change(event)],
    ReturnStatus: lambda event, version, server: [tokens.render_return_status(event)],
    ReturnValue: _render_return_value,
}
"""How each event becomes buffers; Rows and Done are the writer's own."""


class ServerConnection:
    """The protocol of one connection, from its first byte to its last.

    ``tls`` tells whether TLS can be offered; ``version`` is what the server says it is; ``server`` its name in
    messages. next_event raises ProtocolError when the bytes are not TDS: log it and close.
    """

    def __init__(
        self, *, tls: bool = True, version: tuple[int, int, int] = VERSION, server: str = "pymlsql"
    ) -> None:
        self.state = State.INITIAL
        self.encryption = Encryption.NOT_SUPPORTED
        self.tds_version = TDS_7_4
        self.packet_size = DEFAULT_PACKET_SIZE
        self.strict = False
        self._tls = tls
        self._version = version
        self._server = server
        self._spid = 0
        self._packets = PacketReader(MAX_MESSAGE_BYTES[State.INITIAL])
        self._waiting: RawMessage | None = None
        self._n_attentions = 0

    # --- bytes in ----------------------------------------------------------------------------------------------------

    def receive_data(self, data: Buffer) -> None:
        """Bytes from the client; decrypted ones where TLS is on."""
        self._packets.receive_data(data)

    def next_event(self) -> Event:
        """What happened next, or why nothing did."""
        if self.state is State.CLOSED:
            return Signal.NEED_DATA
        tls_bytes = self._take_tls_bytes()
        if tls_bytes is not None:
            return tls_bytes
        message = self._next_message()
        if message is None:
            return Signal.NEED_DATA
        if message.type not in ACCEPTS[self.state]:
            if self.state in PAUSES and message.type in ACCEPTS[State.READY]:
                self._waiting = message
                return Signal.PAUSED
            raise ProtocolError(f"a packet of type 0x{message.type:02x} in state {self.state.name}")
        if message.status & Status.IGNORE:
            return self.next_event()
        return HANDLERS[message.type](self, message)

    def _take_tls_bytes(self) -> Event | None:
        """TLS records that are not inside packets: TDS 8.0, or the client's first ones after a handshake."""
        first = self._packets.first_byte()
        if not self._packets.is_between_messages():
            return None
        if self.state is State.INITIAL and first == STRICT_TLS_BYTE and not self.strict:
            self.strict = True
            return events.StrictTlsReceived(self._packets.take_rest())
        if self.state is State.TLS_HANDSHAKE and first in _TLS_CONTENT_TYPES:
            return events.TlsReceived(self._packets.take_rest())
        return None

    def _next_message(self) -> RawMessage | None:
        if self._waiting is None:
            return self._packets.next_message()
        if self.state in PAUSES:
            later = self._packets.next_message()
            if later is not None and later.type != PacketType.ATTENTION:
                raise ProtocolError("two requests while one is running (MARS is off)")
            return later
        message, self._waiting = self._waiting, None
        return message

    def _on_prelogin(self, message: RawMessage) -> Event:
        if self.state is State.TLS_HANDSHAKE:
            return events.TlsReceived(Reader(message.body).take_all())
        prelogin = read_prelogin(message.body)
        if self.strict:
            self.encryption, self.state = Encryption.ON, State.LOGIN
        else:
            self.encryption = answer_encryption(prelogin.encryption, tls=self._tls)
            plain = self.encryption is Encryption.NOT_SUPPORTED
            self.state = State.LOGIN if plain else State.TLS_HANDSHAKE
        answer = render_prelogin(self.encryption, self._version)
        return events.PreloginReceived(write_message(PacketType.RESPONSE, answer), self.encryption)

    def _on_login(self, message: RawMessage) -> Event:
        self.state = State.LOGGING_IN
        try:
            login = read_login(message.body)
        except SqlError as error:
            return events.LoginRefused(error)
        self.tds_version = min(login.tds_version, TDS_7_4)
        return events.LoginReceived(login)

    def _on_request(self, message: RawMessage) -> Event:
        self.state = State.BUSY
        return events.RequestReceived(message, self.tds_version)

    def _on_attention(self, message: RawMessage) -> Event:
        if self.state is State.BUSY:
            self._n_attentions += 1
            return events.AttentionReceived(b"")
        answer = tokens.render_done_attention(self.tds_version)
        return events.AttentionReceived(write_message(PacketType.RESPONSE, answer, self.packet_size, spid=self._spid))

    # --- TLS ---------------------------------------------------------------------------------------------------------

    def wrap_tls(self, records: bytes) -> bytes:
        """TLS records of the handshake inside PRELOGIN packets."""
        return write_message(PacketType.PRELOGIN, records)

    def tls_established(self) -> bytes:
        """The handshake is over: from now on receive_data takes decrypted bytes. Returns raw TLS bytes left over."""
        self.state = State.LOGIN
        return self._packets.take_rest()

    # --- login -------------------------------------------------------------------------------------------------------

    def accept_login(self, login: Login, *, database: str, spid: int) -> bytes:
        """The response to LOGIN7: ENVCHANGEs, LOGINACK, DONE. Later packets have the negotiated size."""
        old_size = self.packet_size
        new_size = self._negotiate(login.packet_size)
        self._spid = spid
        version = self.tds_version
        payload = [
            tokens.render_env_change(EnvChange("database", database, "master")),
            self._info(5701, 2, f"Changed database context to '{database}'."),
            tokens.render_collation_change(),
            tokens.render_language_change("us_english"),
            self._info(5703, 1, "Changed language setting to us_english."),
            tokens.render_login_ack(version, self._version),
            tokens.render_packet_size_change(new_size, old_size),
            tokens.render_done(Done(), version, more=False),
        ]
        answer = write_message(PacketType.RESPONSE, b"".join(payload), old_size, spid=spid)
        self.packet_size = new_size
        self.state = State.READY
        self._packets.max_message_bytes = MAX_REQUEST_BYTES
        return answer

    def refuse_login(self, error: SqlError) -> bytes:
        """The response to a LOGIN7 that fails; the connection is to be closed after it."""
        message = Message(error.number, error.severity, error.state, error.message, line=1)
        payload = tokens.render_message(message, self.tds_version, self._server)
        payload += tokens.render_done(Done(error=True), self.tds_version, more=False)
        self.state = State.CLOSED
        return write_message(PacketType.RESPONSE, payload)

    def _info(self, number: int, state: int, text: str) -> bytes:
        return tokens.render_message(Message(number, 10, state, text), self.tds_version, self._server)

    def _negotiate(self, asked: int) -> int:
        """The packet size: what the client asks, 0 leaving it to the server."""
        most = MAX_PACKET_SIZE if self.encryption is Encryption.NOT_SUPPORTED else MAX_TLS_PACKET_SIZE
        return DEFAULT_PACKET_SIZE if asked == 0 else min(max(asked, MIN_PACKET_SIZE), most)

    # --- responses ---------------------------------------------------------------------------------------------------

    def begin_response(self) -> ResponseWriter:
        """The writer for the request that next_event returned last."""
        return ResponseWriter(
            version=self.tds_version, packet_size=self.packet_size, spid=self._spid, server=self._server
        )

    def end_response(self, writer: ResponseWriter) -> bytes:
        """The end of the response; acknowledges an attention that came meanwhile. Ask next_event again afterwards."""
        last = writer.finish(attention=self._n_attentions > 0)
        self._n_attentions = 0
        self.state = State.READY
        return last


HANDLERS: dict[PacketType, Callable[[ServerConnection, RawMessage], Event]] = {
    PacketType.PRELOGIN: ServerConnection._on_prelogin,
    PacketType.LOGIN7: ServerConnection._on_login,
    PacketType.SQL_BATCH: ServerConnection._on_request,
    PacketType.RPC: ServerConnection._on_request,
    PacketType.TRANSACTION: ServerConnection._on_request,
    PacketType.BULK_LOAD: ServerConnection._on_request,
    PacketType.ATTENTION: ServerConnection._on_attention,
}
"""What is done with a message, by packet type."""
