"""The states of a connection: what is taken when, what is answered, what ends it."""

from __future__ import annotations

import struct

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymlsql.embedded.tds.connection import ServerConnection
from pymlsql.embedded.tds.events import (
    AttentionReceived,
    LoginReceived,
    LoginRefused,
    PreloginReceived,
    RequestReceived,
    Signal,
    StrictTlsReceived,
    TlsReceived,
)
from pymlsql.embedded.tds.login import Encryption
from pymlsql.embedded.tds.packets import PacketReader, PacketType, PacketWriter
from pymlsql.embedded.tds.reader import ProtocolError
from pymlsql.embedded.tds.requests import SqlBatch
from pymlsql.embedded.tds.responses import ColMetadata, Column, Done, Message, ReturnStatus, ReturnValue, Rows
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.types import INT, MAX, varbinary
from tests.unit.tds import client_bytes as client

DONE_ATTN = bytes.fromhex("fd 2000 0000 0000000000000000")
DONE = bytes.fromhex("fd 0000 0000 0000000000000000")
DONE_MORE = bytes.fromhex("fd 0100 0000 0000000000000000")


@pytest.mark.parametrize(
    ("asked", "tls", "answered"),
    [
        (Encryption.OFF, True, Encryption.OFF),
        (Encryption.ON, True, Encryption.ON),
        (Encryption.NOT_SUPPORTED, True, Encryption.NOT_SUPPORTED),
        (Encryption.REQUIRED, True, Encryption.ON),
        (Encryption.OFF, False, Encryption.NOT_SUPPORTED),
        (Encryption.ON, False, Encryption.NOT_SUPPORTED),
    ],
    ids=str,
)
def test_prelogin_answers_encryption_and_no_mars(asked: Encryption, tls: bool, answered: Encryption) -> None:
    connection = ServerConnection(tls=tls)
    connection.receive_data(client.prelogin(asked, mars=1))
    event = connection.next_event()
    assert isinstance(event, PreloginReceived)
    assert event.encryption is answered
    options = client.payload_of(event.answer)
    assert options[-3:] == bytes([answered, 0, 0])  # ENCRYPTION, INSTOPT, MARS
    assert options[26:32] == bytes([16, 0, 0x03, 0xE8, 0, 0])


def test_bytes_may_arrive_one_by_one() -> None:
    connection = ServerConnection(tls=False)
    events = []
    for byte in client.prelogin() + client.login7(user="sa", password="pässwört"):
        connection.receive_data(bytes([byte]))
        event = connection.next_event()
        if event is not Signal.NEED_DATA:
            events.append(event)
    assert [type(event) for event in events] == [PreloginReceived, LoginReceived]
    login = events[1].login
    assert (login.user, login.password, login.database, login.host) == ("sa", "pässwört", "pymlsql", "desk")
    assert (login.application, login.library, login.client_pid) == ("tests", "hand", 4711)
    assert "pässwört" not in repr(login)


def test_a_login_without_prelogin_is_taken_as_jtds_sends_it() -> None:
    connection = ServerConnection()
    connection.receive_data(client.login7(version=client.TDS_7_1))
    assert isinstance(connection.next_event(), LoginReceived)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"flags_2": 0x80}, "Integrated authentication"), ({"version": 0x70000000}, "TDS version")],
)
def test_a_login_of_another_kind_is_refused_by_number(options: dict[str, int], words: str) -> None:
    connection = ServerConnection(tls=False)
    connection.receive_data(client.login7(**options))  # type: ignore[arg-type]
    event = connection.next_event()
    assert isinstance(event, LoginRefused)
    assert event.error.number == 18452
    assert words in event.error.message
    answer = client.payload_of(connection.refuse_login(event.error))
    assert answer[0] == 0xAA
    assert answer[-13:-10] == b"\xfd\x02\x00"


@pytest.mark.parametrize(
    ("asked", "encryption", "given"),
    [(0, 2, 4096), (4096, 2, 4096), (100, 2, 512), (32767, 2, 32767), (32767, 1, 16384), (16384, 1, 16384)],
)
def test_the_packet_size_is_the_clients_within_bounds(asked: int, encryption: int, given: int) -> None:
    connection = ServerConnection(tls=True)
    connection.receive_data(client.prelogin(encryption))
    connection.next_event()
    if encryption != 2:
        connection.tls_established()
    connection.receive_data(client.login7(packet_size=asked))
    event = connection.next_event()
    assert isinstance(event, LoginReceived)
    answer = client.payload_of(connection.accept_login(event.login, database="pymlsql", spid=51))
    assert connection.packet_size == given
    text = str(given).encode("utf-16-le")
    assert b"\x04" + bytes([len(text) // 2]) + text in answer


def test_tls_records_travel_in_prelogin_packets_until_established() -> None:
    connection = ServerConnection()
    connection.receive_data(client.prelogin(1))
    connection.next_event()
    connection.receive_data(client.packets(0x12, b"\x16\x03\x01 hello"))
    event = connection.next_event()
    assert isinstance(event, TlsReceived)
    assert event.data == b"\x16\x03\x01 hello"
    assert connection.wrap_tls(b"abc") == bytes.fromhex("12 01 000b 0000 01 00") + b"abc"
    connection.receive_data(client.packets(0x12, b"\x14 finished") + b"\x17\x03\x03 login")
    assert connection.next_event() == TlsReceived(b"\x14 finished")
    assert connection.tls_established() == b"\x17\x03\x03 login"


def test_a_first_byte_of_0x16_is_tds_8() -> None:
    connection = ServerConnection()
    connection.receive_data(b"\x16\x03\x01 hello")
    assert connection.next_event() == StrictTlsReceived(b"\x16\x03\x01 hello")
    connection.receive_data(client.prelogin(1))
    event = connection.next_event()
    assert isinstance(event, PreloginReceived)


def run(connection: ServerConnection, data: bytes) -> RequestReceived:
    connection.receive_data(data)
    event = connection.next_event()
    assert isinstance(event, RequestReceived)
    return event


def test_a_request_waits_while_another_runs() -> None:
    connection = client.logged_in()
    assert run(connection, client.batch("SELECT 1") + client.batch("SELECT 2")).read() == SqlBatch("SELECT 1")
    assert connection.next_event() is Signal.PAUSED
    client.responded(connection, Done())
    event = connection.next_event()
    assert isinstance(event, RequestReceived)
    assert event.read() == SqlBatch("SELECT 2")


def test_attention_during_a_request_ends_with_done_attn() -> None:
    connection = client.logged_in()
    run(connection, client.batch("SELECT 1") + client.ATTENTION)
    assert connection.next_event() == AttentionReceived(b"")
    assert client.payload_of(client.responded(connection, Done())) == DONE_MORE + DONE_ATTN
    run(connection, client.batch("SELECT 1"))
    assert client.payload_of(client.responded(connection, Done())) == DONE


def test_attention_after_the_query_ended_is_answered_by_itself() -> None:
    connection = client.logged_in()
    connection.receive_data(client.ATTENTION)
    event = connection.next_event()
    assert isinstance(event, AttentionReceived)
    assert client.payload_of(event.answer) == DONE_ATTN
    assert event.answer[1] == 0x01


def test_rows_stop_between_rows_once_cancelled() -> None:
    connection = client.logged_in()
    run(connection, client.batch("SELECT"))
    writer = connection.begin_response()
    batch = pa.record_batch([pa.array(range(100_000), pa.int32())], names=["i"])
    out = b"".join(writer.write(ColMetadata((Column("i", INT),))))
    blocks = writer.write(Rows(batch))
    out += next(blocks)
    writer.cancelled = True
    out += b"".join(blocks) + connection.end_response(writer)
    payload = client.payload_of(out)
    head = payload.index(b"\xd1\x04")
    assert payload.endswith(DONE)
    n_rows, rest = divmod(len(payload) - head - len(DONE), 6)
    assert rest == 0
    assert 0 < n_rows < 100_000


@pytest.mark.parametrize(
    ("status", "reset", "keep"), [(0x00, False, False), (0x08, True, False), (0x10, True, True)], ids=hex
)
def test_reset_bits_are_read_from_the_first_packet(status: int, reset: bool, keep: bool) -> None:
    event = run(client.logged_in(), client.batch("SELECT '" + "x" * 5000 + "'", status=status))
    assert (event.reset, event.keep_transaction) == (reset, keep)


def test_a_message_marked_ignore_is_dropped() -> None:
    connection = client.logged_in()
    connection.receive_data(client.batch("DELETE FROM t", status=0x02) + client.batch("SELECT 1"))
    event = connection.next_event()
    assert isinstance(event, RequestReceived)
    assert event.read() == SqlBatch("SELECT 1")


def test_the_last_done_has_no_more_flag_and_the_others_have() -> None:
    connection = client.logged_in()
    run(connection, client.batch("SELECT 1"))
    out = client.payload_of(client.responded(connection, Done(), Done(), Done()))
    assert out == DONE_MORE + DONE_MORE + DONE


def test_a_response_without_done_gets_one() -> None:
    connection = client.logged_in()
    run(connection, client.batch("PRINT 1"))
    out = client.payload_of(client.responded(connection, Message(0, 0, 1, "x")))
    assert out.endswith(DONE)


def test_a_procedures_end_comes_in_the_protocols_order() -> None:
    connection = client.logged_in()
    run(connection, client.rpc(client.call("p", client.int_parameter(1, "@a", 1))))
    out = client.payload_of(
        client.responded(
            connection, Done("done_in_proc", count=3), ReturnStatus(7), ReturnValue(0, "@a", INT, 5), Done("done_proc")
        )
    )
    assert out == bytes.fromhex(
        "ff 1100 0000 0300000000000000  79 07000000"
        "ac 0000 02 4000 6100 01 00000000 0100 2604 04 05000000"
        "fe 0000 0000 0000000000000000"
    )


def test_rows_before_their_columns_are_a_fault_of_the_caller() -> None:
    writer = client.logged_in().begin_response()
    with pytest.raises(ValueError, match="ColMetadata"):
        list(writer.write(Rows(pa.record_batch([pa.array([1])], names=["a"]))))


@pytest.mark.parametrize("size", [512, 4096, 16384, 32767])
@pytest.mark.parametrize("n_bytes", [0, 1, 503, 504, 505, 4088, 4089, 1_000_000])
def test_packets_are_full_and_the_last_is_marked(size: int, n_bytes: int) -> None:
    data = bytes(i % 251 for i in range(n_bytes))
    writer = PacketWriter(size, spid=51)
    out = b"".join([*writer.write([data[:300], data[300:]]), writer.finish()])
    reader = PacketReader(1 << 21)
    at, statuses = 0, []
    while at < len(out):
        kind, status, length, spid, number, _ = struct.unpack_from(">BBHHBB", out, at)
        assert (kind, spid, number) == (4, 51, (len(statuses) + 1) & 0xFF)
        statuses.append(status)
        at += length
        assert length == size or at == len(out)
    assert statuses == [0] * (len(statuses) - 1) + [1]
    reader.receive_data(out)
    message = reader.next_message()
    assert message is not None
    assert b"".join(message.body.segments) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "unknown type 0x47"),
        (bytes.fromhex("12 01 0007 0000 01 00"), "7 bytes"),
        (bytes.fromhex("12 01 ffff 0000 01 00"), "65535 bytes"),
        (client.batch("SELECT 1"), "state INITIAL"),
        (client.packets(0x12, b"\x00\x00\x06\xff"), "option list"),
        (client.packets(0x12, b"\x01\x00\x50\x00\x01\xff"), "outside the message"),
        (client.packets(0x12, b"\x01\x00\x06\x00\x01\xff\x09"), "encryption 09"),
        (client.packets(0x12, b""), "no terminator"),
        (client.packets(0x10, b"\x00" * 40), "LOGIN7"),
        (client.packets(0x12, b"x" * 200_000), "more than"),
    ],
)
def test_what_is_not_tds_is_a_protocol_error(data: bytes, words: str) -> None:
    connection = ServerConnection()
    connection.receive_data(data)
    with pytest.raises(ProtocolError, match=words):
        connection.next_event()


def test_a_packet_of_another_type_inside_a_message_is_a_protocol_error() -> None:
    connection = client.logged_in()
    first = bytearray(client.batch("SELECT 1"))
    first[1] = 0
    connection.receive_data(bytes(first) + client.rpc(client.call("p")))
    with pytest.raises(ProtocolError, match="inside a message"):
        connection.next_event()


def drain(connection: ServerConnection) -> None:
    """Ask for events and read requests until nothing is left; only the two errors of the contract may come out."""
    try:
        for _ in range(50):
            event = connection.next_event()
            if isinstance(event, Signal):
                return
            if isinstance(event, RequestReceived):
                try:
                    event.read()
                except SqlError as error:
                    assert error.number in (40510, 8023, 7119)
                client.responded(connection, Done())
            if isinstance(event, LoginReceived):
                connection.accept_login(event.login, database="d", spid=1)
    except ProtocolError as error:
        assert str(error)


SEEDS = [
    client.prelogin(1),
    client.prelogin() + client.login7(),
    client.batch("SELECT 1", status=8),
    client.rpc(client.call(10, client.nvarchar_parameter("SELECT @a"), client.int_parameter(5, "@a"))),
    client.rpc(client.call("p", client.parameter("", b"\xa5\xff\xff", struct.pack("<QI", 3, 3) + b"abc" + bytes(4)))),
    client.rpc(*[client.call(12, client.int_parameter(i)) for i in range(3)]),
    client.transaction(5, b"\x00\x00"),
    client.transaction(7, b"\x00\x01\x02\x04a\x00b\x00"),
    client.ATTENTION,
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_no_mutation_of_a_message_raises_anything_else(seed: bytes, data: st.DataObject) -> None:
    changed = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not changed:
            return
    for connection in (ServerConnection(tls=False), client.logged_in()):
        connection.receive_data(bytes(changed))
        drain(connection)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([1, 3, 7, 14, 16, 18]), st.binary(max_size=200))
def test_no_body_raises_anything_else(kind: int, body: bytes) -> None:
    for prefix in (b"", client.ALL_HEADERS):
        for connection in (ServerConnection(tls=False), client.logged_in()):
            connection.receive_data(client.packets(kind, prefix + body))
            drain(connection)


def test_a_large_value_is_sent_without_joining_it() -> None:
    connection = client.logged_in()
    run(connection, client.batch("SELECT"))
    writer = connection.begin_response()
    list(writer.write(ColMetadata((Column("b", varbinary(MAX)),))))
    value = bytes(8_000_000)
    sizes = [len(block) for block in writer.write(Rows(pa.record_batch([pa.array([value])], names=["b"])))]
    assert sum(sizes) > len(value)
    assert max(sizes) < 400_000


def test_unknown_message_types_are_named() -> None:
    assert {PacketType.SQL_BATCH, PacketType.RPC} < set(PacketType)
    connection = client.logged_in()
    with pytest.raises(SqlError, match="INSERT BULK"):
        run(connection, client.packets(0x07, b"\x81\x00")).read()
