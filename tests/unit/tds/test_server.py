"""The server on a socket: hostile and vanishing clients, certificates, stopping, bounded sending."""

from __future__ import annotations

import asyncio
import socket
import ssl
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyodbc
import pytest

from pymlsql.embedded.certificate import certificate_file, tls_context
from pymlsql.embedded.endpoint import Options
from pymlsql.embedded.server import Server, serve
from pymlsql.embedded.transport import Credit
from pymlsql.embedded.tsql.messages import sql_error
from tests.unit.tds import client_bytes as client
from tests.unit.tds.echo_engine import PASSWORD, EchoEngine, EchoSession
from tests.unit.tds.serving import serving, wait_until
from tests.unit.tds.test_clients import _microsoft_driver

Served = tuple[EchoEngine, int]


@pytest.fixture
def dial(echo_server: Served) -> Iterator[Callable[[], socket.socket]]:
    """Opens sockets to the echo server."""
    opened: list[socket.socket] = []

    def connect() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", echo_server[1]), timeout=10))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


def read_message(one: socket.socket) -> bytes:
    """The payload of the next message; b"" when the server hung up."""
    out = b""
    while True:
        head = one.recv(8, socket.MSG_WAITALL)
        if len(head) < 8:
            return out
        length = struct.unpack(">H", head[2:4])[0]
        out += one.recv(length - 8, socket.MSG_WAITALL) if length > 8 else b""
        if head[1] & 1:
            return out


def log_in(one: socket.socket, password: str = PASSWORD) -> bytes:
    one.sendall(client.prelogin())
    read_message(one)
    one.sendall(client.login7(password=password))
    return read_message(one)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        client.packets(0x12, b"\xff" * 3) + client.packets(0x12, b""),
        client.prelogin(1) + client.packets(0x12, b"not TLS at all"),
        b"\x16\x03\x01\x00\x05nope!",
        client.prelogin() + client.batch("SELECT 1"),
    ],
    ids=["http", "two preludes", "no tls", "no strict tls", "no login"],
)
def test_what_is_no_client_is_hung_up_on_and_logged(
    data: bytes, dial: Callable[[], socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    one = dial()
    one.sendall(data)
    while one.recv(4096):
        pass
    assert wait_until(lambda: any("closed: " in record.getMessage() for record in caplog.records))
    assert b"\xad" in log_in(dial())


def test_a_malformed_request_is_8009_and_the_connection_ends(dial: Callable[[], socket.socket]) -> None:
    one = dial()
    log_in(one)
    one.sendall(client.rpc(client.call("p", client.parameter("", b"\x99", b""))))
    answer = read_message(one)
    assert answer[0] == 0xAA
    assert struct.unpack_from("<i", answer, 3)[0] == 8009
    assert one.recv(1) == b""


def test_a_refused_parameter_is_40510_and_the_connection_lives_on(dial: Callable[[], socket.socket]) -> None:
    one = dial()
    log_in(one)
    one.sendall(client.rpc(client.call("p", client.parameter("", b"\xf1", b"\0"))))
    answer = read_message(one)
    assert struct.unpack_from("<i", answer, 3)[0] == 40510
    assert answer[-13:-10] == b"\xfe\x02\x00"
    one.sendall(client.batch("SELECT 1"))
    assert b"\xd1\x04\x01\0\0\0" in read_message(one)


def test_an_error_of_severity_20_ends_the_connection(
    dial: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EchoSession, *, keep_transaction: bool) -> None:
        raise sql_error(18059)

    monkeypatch.setattr(EchoSession, "reset", refuse)
    one = dial()
    log_in(one)
    one.sendall(client.batch("SELECT 1", status=0x08))
    assert struct.unpack_from("<i", read_message(one), 3)[0] == 18059
    assert one.recv(1) == b""


def test_a_message_in_the_smallest_packets_is_read_and_answered(dial: Callable[[], socket.socket]) -> None:
    one = dial()
    one.sendall(client.prelogin())
    read_message(one)
    one.sendall(client.login7(password=PASSWORD, packet_size=512))
    read_message(one)
    one.sendall(client.batch("PRINT '" + "ü" * 3000 + "'", size=512))
    assert ("ü" * 3000).encode("utf-16-le") in read_message(one)


def test_a_reset_is_acknowledged_first(dial: Callable[[], socket.socket], echo_server: Served) -> None:
    one = dial()
    log_in(one)
    one.sendall(client.batch("SELECT 1", status=0x10))
    assert read_message(one).startswith(bytes.fromhex("e3 0300 12 00 00"))
    assert echo_server[0].sessions[-1].resets == [True]


def test_who_does_not_log_in_is_hung_up_on() -> None:
    with serving(Options(login_timeout_s=0.2)) as (_, port):
        one = socket.create_connection(("127.0.0.1", port), timeout=5)
        start = time.monotonic()
        assert one.recv(1) == b""
        assert time.monotonic() - start < 3
        one.close()


def test_a_client_that_does_not_read_stops_the_sender_not_the_memory(dial: Callable[[], socket.socket]) -> None:
    one = dial()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    log_in(one)
    process = psutil.Process()
    before = process.memory_info().rss
    one.sendall(client.batch("SELECT rows 20000000"))  # 760 MB, if it were kept
    time.sleep(0.7)
    assert process.memory_info().rss - before < 150 << 20
    one.sendall(client.ATTENTION)
    one.settimeout(20)
    tail = b""
    while not tail.endswith(bytes.fromhex("fd 2000 0000 0000000000000000")):
        data = one.recv(1 << 20)
        assert data
        tail = (tail + data)[-64:]


def test_stop_ends_sessions_and_what_they_run() -> None:
    with serving(Options()) as (engine, port):
        one = socket.create_connection(("127.0.0.1", port), timeout=5)
        log_in(one)
        one.sendall(client.batch("WAIT 60"))
        assert wait_until(lambda: len(engine.sessions[-1].requests) == 1)
        start = time.monotonic()
    assert time.monotonic() - start < 4
    assert engine.sessions[-1].is_closed
    one.close()


def test_serve_tells_its_port_and_stops_when_told() -> None:
    async def run() -> list[int]:
        stop, ports = asyncio.Event(), []

        def ready(port: int) -> None:
            ports.append(port)
            stop.set()

        await serve(EchoEngine(), on_ready=ready, stop=stop)
        return ports

    [port] = asyncio.run(run())
    assert port > 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_only_loopback_is_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback only"):
        asyncio.run(Server(EchoEngine()).start(host="0.0.0.0"))


def test_the_certificate_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    path = certificate_file(tmp_path)
    first = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert certificate_file(tmp_path).read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_tds_8_strict_is_served_to_who_trusts_the_certificate(tmp_path: Path) -> None:
    public = tmp_path / "public.pem"
    text = certificate_file(tmp_path).read_text()
    public.write_text(text[text.index("-----BEGIN CERTIFICATE") :])
    with serving(Options(tls=tls_context(tmp_path), strict_tls=tls_context(tmp_path, strict=True))) as (_, port):
        connection = pyodbc.connect(
            f"DRIVER={_microsoft_driver()};SERVER=tcp:127.0.0.1,{port};UID=sa;PWD={PASSWORD};Encrypt=strict;"
            f"ServerCertificate={public}",
            timeout=10,
        )
        assert [tuple(row) for row in connection.execute("SELECT ?, ?", 1, "ü").fetchall()] == [(1, "ü")]
        connection.close()


def test_login_only_tls_hides_the_password_and_ends(echo_server: Served, dial: Callable[[], socket.socket]) -> None:
    """ENCRYPT_OFF: the handshake in PRELOGIN packets, LOGIN7 encrypted, the answer in the clear."""
    one = dial()
    one.sendall(client.prelogin(0))
    assert read_message(one)[-3] == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            if outgoing.pending:
                one.sendall(client.packets(0x12, outgoing.read()))
            incoming.write(read_message(one))
    assert tls.version() == "TLSv1.2"
    tls.write(client.login7(password=PASSWORD))
    one.sendall(outgoing.read())
    assert b"\xad" in read_message(one)
    one.sendall(client.batch("SELECT 1"))
    assert b"\xd1\x04\x01\0\0\0" in read_message(one)


def test_credit_waits_for_room_and_not_after_close() -> None:
    credit = Credit(10)
    assert credit.take(8)
    assert credit.take(8)
    taken: list[bool] = []
    waiting = threading.Thread(target=lambda: taken.append(credit.take(1)))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    credit.give_back(8)
    waiting.join(5)
    assert taken == [True]
    credit.close()
    assert not credit.take(100)
