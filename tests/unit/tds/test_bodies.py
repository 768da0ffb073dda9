"""Requests out of bytes: batches, calls, repeated calls, transaction requests."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymlsql.embedded.tds.bodies import read_request
from pymlsql.embedded.tds.collation import encode_char
from pymlsql.embedded.tds.packets import PacketReader, PacketType, RawMessage, Status
from pymlsql.embedded.tds.reader import Body, ProtocolError, Reader
from pymlsql.embedded.tds.requests import Parameter, RepeatedCalls, Rpc, RpcCall, SqlBatch, TransactionRequest
from pymlsql.embedded.tsql import types as t
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.types import SqlType
from tests.unit.tds import client_bytes as client
from tests.unit.tds.test_values import ROUND, V74, encoded


def message(data: bytes) -> RawMessage:
    reader = PacketReader(1 << 20)
    reader.receive_data(data)
    found = reader.next_message()
    assert found is not None
    return found


@pytest.mark.parametrize("version", [client.TDS_7_1, client.TDS_7_4], ids=hex)
def test_one_message_may_hold_many_calls(version: int) -> None:
    calls = [client.call(12, client.int_parameter(1), client.int_parameter(i, "@a")) for i in range(3)]
    request = read_request(message(client.rpc(*calls, version=version)), version)
    assert isinstance(request, Rpc)
    assert list(request.calls) == [
        RpcCall("sp_execute", (Parameter("", t.INT, 1), Parameter("@a", t.INT, i))) for i in range(3)
    ]


def plain(type_info: str, render: Callable[[Any], bytes], null: str = "00") -> Callable[[Any], bytes]:
    """A parameter of one type with any value, NULL for None."""

    def build(value: Any) -> bytes:
        data = bytes.fromhex(null) if value is None else render(value)
        return client.parameter("", bytes.fromhex(type_info), data)

    return build


def counted(data: bytes) -> bytes:
    return bytes([len(data)]) + data


def wide(data: bytes) -> bytes:
    return struct.pack("<H", len(data)) + data


REPEATED: dict[str, tuple[Callable[[Any], bytes], st.SearchStrategy[Any]]] = {
    "int": (plain("26 04", lambda v: counted(struct.pack("<i", v))), ROUND["int"][1]),
    "tinyint": (plain("26 01", lambda v: counted(bytes([v]))), ROUND["tinyint"][1]),
    "bit": (plain("68 01", lambda v: counted(bytes([v]))), st.booleans()),
    "float": (plain("6d 08", lambda v: counted(struct.pack("<d", v))), ROUND["float"][1]),
    "date": (plain("28", lambda v: encoded(v, t.DATE)), st.dates()),
    "datetime": (
        plain("6f 08", lambda v: encoded(v, t.DATETIME)),
        st.datetimes(dt.datetime(1753, 1, 1), dt.datetime(9999, 12, 31)).map(lambda v: v.replace(microsecond=0)),
    ),
    "datetime2": (plain("2a 07", lambda v: encoded(v, t.DATETIME2)), st.datetimes()),
    "datetime2(3)": (
        plain("2a 03", lambda v: encoded(v, SqlType("datetime2", scale=3))),
        st.datetimes().map(lambda v: v.replace(microsecond=v.microsecond // 1000 * 1000)),
    ),
    "decimal": (plain("6a 11 26 0a", lambda v: encoded(v, t.decimal(38, 10))), ROUND["decimal"][1]),
    "guid": (plain("24 10", lambda v: encoded(v, t.UNIQUEIDENTIFIER)), st.uuids()),
    "nvarchar": (
        plain("e7 5000 0904d00034", lambda v: wide(v.encode("utf-16-le")), "ffff"),
        st.sampled_from(["", "error1", "error2", "größe1", "\U0001f600aaaa"]) | ROUND["nvarchar"][1],
    ),
    "varchar": (
        plain("a7 5000 0904d00034", lambda v: wide(encode_char(v)), "ffff"),
        st.sampled_from(["", "comp1", "comp2", "compé"]),
    ),
    "varbinary": (plain("a5 1400", wide, "ffff"), st.binary(max_size=3)),
}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_repeated_calls_read_the_same_however_they_are_read(data: st.DataObject) -> None:
    """Runs of equal lengths, lengths that change, NULLs in between; the values must be the ones that were sent."""
    names = data.draw(st.lists(st.sampled_from(sorted(REPEATED)), min_size=1, max_size=4))
    one_row = st.tuples(*(st.none() | REPEATED[name][1] for name in names))
    sent: list[tuple[Any, ...]] = []
    for row, count in data.draw(st.lists(st.tuples(one_row, st.integers(1, 100)), min_size=1, max_size=5)):
        sent += [row] * count
    calls = [client.call(12, *(REPEATED[n][0](v) for n, v in zip(names, row, strict=True))) for row in sent]
    payload = client.ALL_HEADERS + b"\xff".join(calls)
    request = read_request(RawMessage(PacketType.RPC, Status.EOM, Body(payload)), V74)
    assert isinstance(request, Rpc)
    assert isinstance(request.calls, RepeatedCalls) == (len(sent) > 1)
    assert [tuple(p.value for p in call.parameters) for call in request.calls] == sent
    assert request.calls[-1] == list(request.calls)[-1]
    assert len(request.calls) == len(sent)


DIFFERENT: dict[str, list[bytes]] = {
    "another procedure": [client.call(12, client.int_parameter(1)), client.call(13, client.int_parameter(1))],
    "one more parameter": [client.call(12, client.int_parameter(1)), client.call(12, *[client.int_parameter(1)] * 2)],
    "one fewer": [client.call(12, *[client.int_parameter(1)] * 2), client.call(12, client.int_parameter(1))],
    "another name": [client.call(12, client.int_parameter(1)), client.call(12, client.int_parameter(1, "@a"))],
    "another type": [client.call(12, client.int_parameter(1)), client.call(12, client.nvarchar_parameter("a"))],
    "a (max) value": [client.call(12, client.parameter("", b"\xa5\xff\xff", bytes(12)))] * 2,
    "no parameters": [client.call(12)] * 2,
}


@pytest.mark.parametrize("calls", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_calls_that_differ_are_read_one_by_one(calls: list[bytes]) -> None:
    request = read_request(message(client.rpc(*calls)), V74)
    assert isinstance(request, Rpc)
    assert isinstance(request.calls, tuple)
    single = [read_request(message(client.rpc(one)), V74) for one in calls]
    assert [Rpc((call,)) for call in request.calls] == single


@pytest.mark.parametrize("cut", [1, 5, 12, 20])
def test_repeated_calls_that_end_too_soon_are_a_protocol_error(cut: int) -> None:
    data = b"\xff".join(client.call(12, client.int_parameter(i)) for i in range(100))
    with pytest.raises(ProtocolError):
        read_request(message(client.rpc(data[:-cut])), V74)


def test_a_bad_value_among_repeated_ones_is_refused_by_number() -> None:
    def nan(value: float) -> bytes:
        return client.call(12, client.parameter("", b"\x6d\x08", counted(struct.pack("<d", value))))

    with pytest.raises(SqlError) as caught:
        read_request(message(client.rpc(*[nan(1.0)] * 50, nan(float("nan")), *[nan(1.0)] * 50)), V74)
    assert caught.value.number == 8023


def test_a_call_by_name_has_its_options_and_flags() -> None:
    data = client.rpc(client.call("[dbo].p", client.int_parameter(None, "@a", 3), options=2))
    parameter = Parameter("@a", t.INT, None, output=True, default=True)
    assert read_request(message(data), V74) == Rpc((RpcCall("[dbo].p", (parameter,), no_metadata=True),))


@pytest.mark.parametrize(
    ("number", "payload", "expected"),
    [
        (5, b"\x02\x02a\x00", TransactionRequest("begin", "a", 2)),
        (7, b"\x00\x00", TransactionRequest("commit")),
        (7, b"\x00\x01\x03\x00", TransactionRequest("commit", begin_next=True, next_isolation=3)),
        (8, b"\x02s\x00\x00", TransactionRequest("rollback", "s")),
        (9, b"\x02s\x00", TransactionRequest("save", "s")),
    ],
)
def test_transaction_requests_are_read(number: int, payload: bytes, expected: TransactionRequest) -> None:
    assert read_request(message(client.transaction(number, payload)), V74) == expected


def test_distributed_transactions_are_refused() -> None:
    with pytest.raises(SqlError, match="TM_PROMOTE_XACT"):
        read_request(message(client.transaction(6, b"")), V74)


def test_a_batch_of_7_1_has_no_headers() -> None:
    data = client.batch("SELECT 'ü'", version=client.TDS_7_1)
    assert read_request(message(data), client.TDS_7_1) == SqlBatch("SELECT 'ü'")


def test_a_body_in_many_segments_reads_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pymlsql.embedded.tds.reader.SEGMENT_BYTES", 5)
    body = Body()
    for at in range(0, 90, 3):
        body.append(memoryview(bytes(range(at, at + 3))))
    assert len(body.segments) > 10
    reader = Reader(body)
    assert [reader.u8(), reader.u16(), reader.u32(), reader.take(20)] == [
        0, 0x0201, 0x06050403, bytes(range(7, 27))
    ]  # fmt: skip
    assert reader.take_all() == bytes(range(27, 90))
    with pytest.raises(ProtocolError):
        reader.u8()
