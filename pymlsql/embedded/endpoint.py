"""One client of the embedded server: its socket, TLS, thread and session around tds.ServerConnection."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pymlsql.embedded.tds.connection import VERSION, ResponseWriter, ServerConnection
from pymlsql.embedded.tds.events import (
    AttentionReceived,
    Event,
    LoginReceived,
    LoginRefused,
    PreloginReceived,
    RequestReceived,
    Signal,
    StrictTlsReceived,
    TlsReceived,
)
from pymlsql.embedded.tds.login import Encryption
from pymlsql.embedded.tds.packets import PacketType
from pymlsql.embedded.tds.reader import Outlet, ProtocolError
from pymlsql.embedded.tds.requests import Login, Request
from pymlsql.embedded.tds.responses import Done, EnvChange, Message, Response, Sink
from pymlsql.embedded.transport import Credit, SessionThread, TlsChannel
from pymlsql.embedded.tsql.messages import SqlError

log = logging.getLogger("pymlsql.embedded.server")

LOGIN_TIMEOUT_S = 30.0
REFUSAL_DELAY_S = 1.0
"""How long a failed login waits for its answer, so that passwords cannot be tried fast."""
_CANCEL_AGAIN_S = 0.05
_FATAL = 20
"""Errors of this severity and above end the connection."""
_SEND_BUFFER_BYTES = 1 << 20


class Session(Protocol):
    """One logged-in client, as the engine sees it."""

    @property
    def spid(self) -> int:
        """The session's number, @@SPID."""

    @property
    def database(self) -> str:
        """The current database's name."""


    def run(self, request: Request, sink: Sink) -> None:
        """Carry out ``request``, in the session's thread; errors go to ``sink`` as Message and Done. ``sink`` raises
        SqlError for rows that their columns cannot hold: an error of the statement like any other."""

    def open_value(self) -> Outlet:
        """Where a large binary parameter of a request goes. Called in the session's thread."""

    def reset(self, *, keep_transaction: bool) -> None:
        """RESETCONNECTION, before the request that carried it."""

    def cancel(self) -> None:
        """End ``run`` soon. Called from the loop's thread, again and again until it has ended; harmless when idle."""

    def close(self) -> None:
        """The client is gone: roll back, drop what was its own. Called in the session's thread, last."""


class Engine(Protocol):
    """What executes requests. A server that serves it sets ``listen`` to its own."""

    listen: Callable[..., Callable[[], None]] | None

    def login(self, login: Login, *, client_host: str) -> Session:
        """A new session. Raises SqlError 18456 for a wrong user or password, 4060 for a database that is not there."""

    def close(self) -> None:
        """Nobody logs in any more; called by who opened the engine."""


@dataclass(frozen=True)
class Options:
    """How a Server talks. ``tls`` None: no encryption is offered. ``strict_tls``: for TDS 8.0, None refuses it."""

    tls: ssl.SSLContext | None = None
    strict_tls: ssl.SSLContext | None = None
    version: tuple[int, int, int] = VERSION
    login_timeout_s: float = LOGIN_TIMEOUT_S
    refusal_delay_s: float = REFUSAL_DELAY_S


@dataclass
class _Running:
    """The request that runs, as the loop sees it. ``cancelled`` is read by the session's thread."""

    writer: ResponseWriter
    cancelled: bool = False


class Endpoint(asyncio.Protocol):
    """One client. Everything runs in the loop's thread except what is named ``_session_*``."""

    def __init__(self, engine: Engine, options: Options, on_closed: Callable[[Endpoint], object]) -> None:
        self._engine = engine
        self._options = options
        self._on_closed = on_closed
        self._protocol = ServerConnection(tls=options.tls is not None, version=options.version)
        self._loop = asyncio.get_running_loop()
        self._credit = Credit()
        self._tls: TlsChannel | None = None
        self._thread: SessionThread | None = None
        self._session: Session | None = None
        self._running: _Running | None = None
        self._is_sending_paused = False
        self._n_unsent = 0
        self._closing = False

    @property
    def spid(self) -> int:
        """The session's number, 0 before login."""
        return self._session.spid if self._session else 0

    # --- asyncio -----------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_SEND_BUFFER_BYTES)
        self._peer = str((transport.get_extra_info("peername") or ("?",))[0])
        self._login_timer = self._loop.call_later(self._options.login_timeout_s, self._fail, "no login in time")

    def data_received(self, data: bytes) -> None:
        """Bytes from the client; what is not TDS ends the connection."""
        try:
            if self._tls is not None and (self._tls.is_established or self._protocol.strict):
                self._receive_tls(data)
            else:
                self._protocol.receive_data(data)
            self._handle_events()
        except (ProtocolError, ssl.SSLError) as error:
            self._fail(str(error))

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone: cancel what runs, close the session in its thread."""
        self._login_timer.cancel()
        self._closing = True
        self._credit.close()
        if self._running is not None:
            self._cancel()
        if self._thread is None:
            self._on_closed(self)
            return
        self._thread.submit(self._session_close)
        self._thread.stop()

    def pause_writing(self) -> None:
        """The client takes too little: keep the credit of what is sent from now on."""
        self._is_sending_paused = True

    def resume_writing(self) -> None:
        """The client caught up."""
        self._is_sending_paused = False
        self._credit.give_back(self._n_unsent)
        self._n_unsent = 0

    def close(self) -> None:
        """Cancel what runs and hang up."""
        if self._running is not None:
            self._cancel()
        self._transport.close()
        if self._is_sending_paused:
            self._transport.abort()

    def _fail(self, reason: str) -> None:
        log.warning("connection from %s (session %s) closed: %s", self._peer, self.spid, reason)
        self._closing = True
        self._transport.close()

    # --- bytes -------------------------------------------------------------------------------------------------------

    def _receive_tls(self, data: bytes) -> None:
        assert self._tls is not None
        self._tls.feed(data)
        if not self._tls.is_established:
            self._transport.write(self._tls.continue_handshake())
        if self._tls.is_established:
            self._protocol.receive_data(self._tls.read())

    def _send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data if self._tls is None else self._tls.encrypt(data))

    def _send_block(self, block: bytes) -> None:
        """Send a block of a response, for which credit was taken."""
        self._send(block)
        if self._is_sending_paused:
            self._n_unsent += len(block)
        else:
            self._credit.give_back(len(block))

    # --- events ------------------------------------------------------------------------------------------------------

    def _handle_events(self) -> None:
        while not self._closing:
            event = self._protocol.next_event()
            if event is Signal.NEED_DATA:
                self._transport.resume_reading()
                return
            if event is Signal.PAUSED:
                self._transport.pause_reading()
                return
            self._handle(event)

    def _handle(self, event: Event) -> None:
        match event:
            case PreloginReceived():
                self._send(event.answer)
                if event.encryption in (Encryption.OFF, Encryption.ON) and not self._protocol.strict:
                    assert self._options.tls is not None
                    self._tls = TlsChannel(self._options.tls)
            case TlsReceived():
                self._shake_hands(event.data)
            case StrictTlsReceived():
                if self._options.strict_tls is None:
                    raise ProtocolError("TDS 8.0 (Encrypt=strict) is not offered; use Encrypt=yes")
                self._tls = TlsChannel(self._options.strict_tls)
                self._receive_tls(event.data)
            case LoginReceived():
                self._login_timer.cancel()
                self._end_login_only_tls()
                self._thread = SessionThread(f"pymlsql-session-{self._peer}")
                self._thread.submit(lambda: self._session_login(event.login))
            case LoginRefused():
                self._end_login_only_tls()
                self._refuse(event.error)
            case RequestReceived():
                self._start(event)
            case AttentionReceived():
                self._attend(event)

    def _shake_hands(self, records: bytes) -> None:
        assert self._tls is not None
        self._tls.feed(records)
        answer = self._tls.continue_handshake()
        if answer:
            self._transport.write(self._protocol.wrap_tls(answer))
        if self._tls.is_established:
            rest = self._protocol.tls_established()
            self._tls.feed(rest)
            self._protocol.receive_data(self._tls.read())

    def _end_login_only_tls(self) -> None:
        """After LOGIN7 both sides go on in the clear where ENCRYPT_OFF was agreed (MS-TDS 2.2.6.5)."""
        if self._tls is not None and self._protocol.encryption is Encryption.OFF:
            rest = self._tls.take_rest()
            self._tls = None
            self._protocol.receive_data(rest)

    # --- login -------------------------------------------------------------------------------------------------------

    def _session_login(self, login: Login) -> None:
        try:
            session = self._engine.login(login, client_host=self._peer)
        except SqlError as error:
            log.info("login of %r from %s failed: %s", login.user, self._peer, error.message)
            refused = error
            self._post(lambda: self._loop.call_later(self._options.refusal_delay_s, self._refuse, refused))
        except Exception:
            log.exception("login of %r from %s failed", login.user, self._peer)
            failed = SqlError(17892, "Login failed: the server has an error of its own, see its log.", severity=20)
            self._post(lambda: self._refuse(failed))
        else:
            self._session = session
            self._post(lambda: self._accept(login, session))

    def _accept(self, login: Login, session: Session) -> None:
        self._send(self._protocol.accept_login(login, database=session.database, spid=session.spid))
        self._continue()

    def _refuse(self, error: SqlError) -> None:
        self._send(self._protocol.refuse_login(error))
        self._transport.close()

    # --- requests ----------------------------------------------------------------------------------------------------

    def _start(self, event: RequestReceived) -> None:
        assert self._thread is not None
        running = self._running = _Running(self._protocol.begin_response())
        self._thread.submit(lambda: self._session_run(event, running))

    def _attend(self, event: AttentionReceived) -> None:
        if self._running is None:
            self._send(event.answer)
        else:
            self._cancel()

    def _cancel(self) -> None:
        """Cancel what runs, and again until it has ended: a cancel may come before the session has begun."""
        if self._running is None or self._session is None:
            return
        self._running.cancelled = self._running.writer.cancelled = True
        self._session.cancel()
        self._loop.call_later(_CANCEL_AGAIN_S, self._cancel_again, self._running)

    def _cancel_again(self, running: _Running) -> None:
        if self._running is running:
            self._cancel()

    def _session_run(self, event: RequestReceived, running: _Running) -> None:
        session, sink = self._session, self._session_sink(running.writer)
        assert session is not None
        reason = None
        try:
            if event.reset:
                session.reset(keep_transaction=event.keep_transaction)
                sink(EnvChange("reset"))
            request = event.read(session.open_value)
            if not running.cancelled:
                session.run(request, sink)
        except ProtocolError as error:
            reason = str(error)
            sink(Message(8009, 20, 1, f"The incoming tabular data stream (TDS) is incorrect: {error}."))
            sink(Done(error=True))
        except SqlError as error:
            reason = error.message if error.severity >= _FATAL else None
            sink(Message(error.number, error.severity, error.state, error.message, error.procedure, error.line or 1))
            sink(Done("done_proc" if event.message.type == PacketType.RPC else "done", error=True))
        except Exception as error:
            log.exception("session %s: a request failed in the server", session.spid)
            reason = f"{type(error).__name__}: {error}"
            sink(Message(3624, 20, 1, "The server has an error of its own, see its log. The connection is closed."))
            sink(Done(error=True))
        self._post(lambda: self._end(running, reason))

    def _session_sink(self, writer: ResponseWriter) -> Sink:
        def sink(event: Response) -> None:
            for block in writer.write(event):
                if self._credit.take(len(block)):
                    self._post(lambda block=block: self._send_block(block))  # type: ignore[misc]

        return sink

    def _end(self, running: _Running, failure: str | None) -> None:
        self._running = None
        self._send(self._protocol.end_response(running.writer))
        if failure is not None:
            self._fail(failure)
            return
        self._continue()

    def _continue(self) -> None:
        try:
            self._handle_events()
        except ProtocolError as error:
            self._fail(str(error))

    def _session_close(self) -> None:
        try:
            if self._session is not None:
                self._session.close()
        finally:
            self._post(lambda: self._on_closed(self))

    def _post(self, action: Callable[[], object]) -> None:
        """Have ``action`` run in the loop's thread; a loop that has ended needs nothing any more."""
        try:
            self._loop.call_soon_threadsafe(action)
        except RuntimeError:
            log.debug("the loop has ended")
