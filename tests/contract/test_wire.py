"""TDS as bytes, against whichever server is under test: what drivers hide and rely on."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from tests.servers import Target
from tests.unit.tds import client_bytes as client

DONE_ATTN = 0x0020


class Client:
    """A client by hand, logged in without encryption."""

    def __init__(self, server: Target, *, password: str | None = None) -> None:
        self.socket = socket.create_connection((server.host, server.port), timeout=20)
        self.socket.sendall(client.prelogin())
        assert self.read()
        secret = server.password if password is None else password
        self.socket.sendall(client.login7(server.user, secret, server.database))
        self.login_answer = self.read()

    def ask(self, data: bytes) -> bytes:
        """The payload of the answer to ``data``."""
        self.socket.sendall(data)
        return self.read()

    def read(self) -> bytes:
        """The payload of the next message; b"" when the server hung up."""
        out = b""
        while len(head := self.socket.recv(8, socket.MSG_WAITALL)) == 8:
            length = struct.unpack(">H", head[2:4])[0]
            if length > 8:
                out += self.socket.recv(length - 8, socket.MSG_WAITALL)
            if head[1] & 1:
                break
        return out


@pytest.fixture
def wire(server: Target) -> Iterator[Client]:
    one = Client(server)
    yield one
    one.socket.close()


def last_done(payload: bytes) -> tuple[int, int, int]:
    """Token, status and count of the DONE that ends a response."""
    token, status, _, count = struct.unpack("<BHHQ", payload[-13:])
    return token, status, count


def first_error(payload: bytes) -> int:
    """The number of the ERROR token that a response begins with."""
    assert payload[0] == 0xAA
    return int(struct.unpack_from("<i", payload, 3)[0])


def test_login_is_acknowledged_with_database_collation_and_version(wire: Client) -> None:
    answer = wire.login_answer
    assert b"\xad" in answer
    assert struct.pack(">I", client.TDS_7_4) + b"\x14" + "Microsoft SQL Server".encode("utf-16-le") in answer
    assert bytes.fromhex("07 05 0904d00034") in answer
    assert last_done(answer)[:2] == (0xFD, 0)


def test_a_wrong_password_is_18456_and_the_end(server: Target) -> None:
    one = Client(server, password="no such password")
    assert first_error(one.login_answer) == 18456
    assert one.read() == b""
    one.socket.close()


def test_a_batch_ends_with_its_row_count_and_no_more_flag(wire: Client) -> None:
    payload = wire.ask(client.batch("SELECT CAST(1 AS int) AS a UNION ALL SELECT 2"))
    assert payload[:3] == bytes.fromhex("81 0100")
    assert last_done(payload) == (0xFD, 0x0010, 2)


def test_an_error_leaves_the_connection_usable(wire: Client) -> None:
    assert first_error(wire.ask(client.batch("SELECT * FROM dbo.no_such_table_anywhere"))) == 208
    assert last_done(wire.ask(client.batch("SELECT 1"))) == (0xFD, 0x0010, 1)


def test_attention_when_nothing_runs_is_acknowledged(wire: Client) -> None:
    assert last_done(wire.ask(client.ATTENTION)) == (0xFD, DONE_ATTN, 0)
    assert last_done(wire.ask(client.batch("SELECT 1"))) == (0xFD, 0x0010, 1)


def test_attention_ends_a_query_that_runs(wire: Client) -> None:
    wire.socket.sendall(client.batch("DECLARE @i int = 0; WHILE @i >= 0 SET @i = @i + 1 - @i"))
    payload = wire.ask(client.ATTENTION)
    assert last_done(payload)[1] & DONE_ATTN


def test_a_reset_is_acknowledged_and_drops_temporary_tables(wire: Client) -> None:
    wire.ask(client.batch("CREATE TABLE #t (a int)"))
    assert last_done(wire.ask(client.batch("SELECT a FROM #t")))[1] == 0x0010
    payload = wire.ask(client.batch("SELECT 1", status=0x08))
    assert bytes.fromhex("e3 0300 12 00 00") in payload
    assert first_error(wire.ask(client.batch("SELECT a FROM #t"))) == 208


def test_an_output_parameter_comes_after_the_return_status(wire: Client) -> None:
    statement = client.nvarchar_parameter("SET @a = @a + 1")
    declared = client.nvarchar_parameter("@a int OUTPUT")
    payload = wire.ask(client.rpc(client.call(10, statement, declared, client.int_parameter(41, "@a", 1))))
    status, value = payload.index(b"\x79\0\0\0\0"), payload.index(b"\xac")
    assert status < value
    assert b"\x26\x04\x04" + struct.pack("<i", 42) in payload[value:]
    assert last_done(payload)[0] == 0xFE


def test_many_calls_in_one_message_are_each_answered(wire: Client) -> None:
    calls = [
        client.call(10, client.nvarchar_parameter("SELECT @a"), client.nvarchar_parameter("@a int"),
                    client.int_parameter(i, "@a"))
        for i in range(3)
    ]  # fmt: skip
    payload = wire.ask(client.rpc(*calls))
    for i in range(3):
        assert b"\xd1\x04" + struct.pack("<i", i) in payload
    assert payload.count(b"\x79\0\0\0\0") == 3


def test_what_is_not_tds_ends_its_own_connection_only(server: Target, wire: Client) -> None:
    with socket.create_connection((server.host, server.port), timeout=20) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert stranger.recv(4096) == b""
    assert last_done(wire.ask(client.batch("SELECT 1"))) == (0xFD, 0x0010, 1)
