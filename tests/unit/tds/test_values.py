"""Values both ways: Arrow to bytes, bytes to Python, exact bytes for each type, NULLs, slices and very long ones."""

from __future__ import annotations

import datetime as dt
import struct
import uuid
from decimal import Decimal as D
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymlsql.embedded.tds import rows
from pymlsql.embedded.tds.collation import decode_char, encode_char
from pymlsql.embedded.tds.columns import arrow_type
from pymlsql.embedded.tds.reader import ProtocolError, Reader
from pymlsql.embedded.tds.rows import encode_rows, encode_value
from pymlsql.embedded.tds.types import read_type_info, render_type_info, wire_type
from pymlsql.embedded.tds.values import read_value
from pymlsql.embedded.tsql import types as t
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.types import MAX, SqlType
from tests.unit.tds import client_bytes as client

V74 = client.TDS_7_4


def encoded(value: Any, type_: SqlType, version: int = V74) -> bytes:
    return b"".join(bytes(buffer) for buffer in encode_value(value, type_, version))


BYTES: list[tuple[SqlType, Any, str]] = [
    (t.BIT, True, "01 01"),
    (t.TINYINT, 255, "01 ff"),
    (t.SMALLINT, -2, "02 feff"),
    (t.INT, -2, "04 feffffff"),
    (t.BIGINT, 2**40, "08 0000000000010000"),
    (t.REAL, 1.5, "04 0000c03f"),
    (t.FLOAT, 1.5, "08 000000000000f83f"),
    (t.MONEY, D("1.0000"), "08 00000000 10270000"),
    (t.MONEY, D("-922337203685477.5808"), "08 00000080 00000000"),
    (SqlType("smallmoney"), D("-1.0000"), "04 f0d8ffff"),
    (t.decimal(9, 2), D("-1.23"), "05 00 7b000000"),
    (t.decimal(38, 0), D(10**38 - 1), "11 01 ffffffff3f228a097ac4865aa84c3b4b"),
    (t.decimal(19, 4), D("0.0001"), "09 01 0100000000000000"),
    (t.decimal(28, 0), D(-(2**64)), "0d 00 000000000000000001000000"),
    (t.DATE, dt.date(1, 1, 1), "03 000000"),
    (t.DATE, dt.date(9999, 12, 31), "03 dab937"),
    (t.DATETIME, dt.datetime(1900, 1, 1, 0, 0, 0, 3_333), "08 00000000 01000000"),
    (t.DATETIME, dt.datetime(1753, 1, 1), "08 462effff 00000000"),
    (t.DATETIME, dt.datetime(2015, 1, 1, 23, 59, 59, 999_000), "08 14a40000 00000000"),
    (t.SMALLDATETIME, dt.datetime(1900, 1, 2, 0, 0, 29, 998_000), "04 0100 0000"),
    (t.SMALLDATETIME, dt.datetime(1900, 1, 1, 23, 59, 29, 999_000), "04 0100 0000"),
    (SqlType("time", scale=0), dt.time(0, 0, 1), "03 010000"),
    (SqlType("time", scale=3), dt.time(0, 0, 0, 1_500), "04 02000000"),
    (t.TIME, dt.time(23, 59, 59, 999_999), "05 f6bf692ac9"),
    (t.DATETIME2, dt.datetime(1, 1, 1, 0, 0, 0, 1), "08 0a00000000 000000"),
    (SqlType("datetime2", scale=3), dt.datetime(1, 1, 1, 23, 59, 59, 999_500), "07 00000000 010000"),
    (SqlType("datetime2", scale=0), dt.datetime(9999, 12, 31, 23, 59, 59, 600_000), "06 7f5101 dab937"),
    (t.UNIQUEIDENTIFIER, uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"), "10 33221100 5544 7766 8899aabbccddeeff"),
    (t.varchar(5), "aé€", "0300 61e980"),
    (t.varchar(5), "", "0000"),
    (t.varchar(9), "ł\U0001f600", "0300 3f3f3f"),
    (SqlType("char", length=3), "a", "0300 612020"),
    (t.nvarchar(5), "a€", "0400 6100 ac20"),
    (SqlType("nchar", length=2), "a", "0400 6100 2000"),
    (t.varbinary(5), b"\0\xff", "0200 00ff"),
    (SqlType("binary", length=3), b"\1", "0300 010000"),
    (t.varchar(MAX), "ab", "0200000000000000 02000000 6162 00000000"),
    (t.varbinary(MAX), b"", "0000000000000000 00000000"),
    (t.SQL_VARIANT, "a", "0b000000 e7 07 0904d00034 401f 6100"),
    (SqlType("image"), b"ab", "10 70796d6c73716c2074657874707472 2e 0000000000000000 02000000 6162"),
]


@pytest.mark.parametrize(("type_", "value", "expected"), BYTES, ids=[f"{c[0]} {str(c[1])[:24]}" for c in BYTES])
def test_a_value_has_these_bytes(type_: SqlType, value: Any, expected: str) -> None:
    assert encoded(value, type_).hex() == bytes.fromhex(expected).hex()


NULLS = [
    (t.NULL, "00"), (t.INT, "00"), (t.MONEY, "00"), (t.decimal(5, 1), "00"), (t.DATE, "00"), (t.DATETIME, "00"),
    (t.DATETIME2, "00"), (t.UNIQUEIDENTIFIER, "00"), (t.varchar(3), "ffff"), (t.varbinary(3), "ffff"),
    (t.nvarchar(MAX), "ffffffffffffffff"), (t.SQL_VARIANT, "00000000"), (SqlType("ntext"), "00"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "expected"), NULLS, ids=lambda v: str(v))
def test_null_has_these_bytes(type_: SqlType, expected: str) -> None:
    assert encoded(None, type_).hex() == expected


ROUND: dict[str, tuple[SqlType, st.SearchStrategy[Any]]] = {
    "bit": (t.BIT, st.booleans()),
    "tinyint": (t.TINYINT, st.integers(0, 255)),
    "smallint": (t.SMALLINT, st.integers(-(2**15), 2**15 - 1)),
    "int": (t.INT, st.integers(-(2**31), 2**31 - 1)),
    "bigint": (t.BIGINT, st.integers(-(2**63), 2**63 - 1)),
    "float": (t.FLOAT, st.floats(allow_nan=False, allow_infinity=False)),
    "real": (t.REAL, st.floats(width=32, allow_nan=False, allow_infinity=False)),
    "decimal": (t.decimal(38, 10), st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: D(f"{n}E-10"))),
    "small decimal": (t.decimal(5, 2), st.integers(-99999, 99999).map(lambda n: D(f"{n}E-2"))),
    "money": (t.MONEY, st.integers(-(2**63), 2**63 - 1).map(lambda n: D(f"{n}E-4"))),
    "smallmoney": (SqlType("smallmoney"), st.integers(-(2**31), 2**31 - 1).map(lambda n: D(f"{n}E-4"))),
    "date": (t.DATE, st.dates()),
    "time": (t.TIME, st.times()),
    "datetime2": (t.DATETIME2, st.datetimes()),
    "guid": (t.UNIQUEIDENTIFIER, st.uuids()),
    "nvarchar": (t.nvarchar(40), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    "nvarchar(max)": (t.nvarchar(MAX), st.text(st.characters(exclude_categories=["Cs"]), max_size=50)),
    "varchar": (t.varchar(20), st.text(st.characters(codec="cp1252"), max_size=20)),
    "varbinary": (t.varbinary(20), st.binary(max_size=20)),
    "varbinary(max)": (t.varbinary(MAX), st.binary(max_size=50)),
}


@pytest.mark.parametrize(("type_", "values"), ROUND.values(), ids=ROUND.keys())
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_column_is_read_back_as_it_was(type_: SqlType, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    """Any length, any NULLs, any slice of an Arrow array, beside another column."""
    column = data.draw(st.lists(st.none() | values, max_size=12))
    start = data.draw(st.integers(0, len(column)))
    plain = [str(v) if isinstance(v, uuid.UUID) else v for v in column]
    batch = pa.record_batch(
        [pa.array(plain, arrow_type(type_)), pa.array(range(len(plain)), pa.int32())], names=["a", "b"]
    ).slice(start)
    out = b"".join(bytes(b) for buffers in encode_rows(batch, [type_, t.INT], V74) for b in buffers)
    info = read_type_info(Reader(render_type_info(wire_type(type_, V74))))
    other = read_type_info(Reader(render_type_info(t.INT)))
    reader = Reader(out)
    for place in range(start, len(column)):
        assert reader.u8() == 0xD1
        assert read_value(reader, info) == column[place]
        assert read_value(reader, other) == place
    assert reader.remaining == 0


def test_rows_of_very_uneven_lengths_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks are cut by size, and very large values leave the matrix; the bytes must not change."""
    monkeypatch.setattr(rows, "MATRIX_BYTES", 20_000)
    monkeypatch.setattr(rows, "BIG_VALUE_BYTES", 1_000)
    texts = [None if i % 7 == 0 else "ü" * (5_000 if i % 50 == 3 else i % 11) for i in range(500)]
    blobs = [None if i % 5 == 0 else bytes([i % 256]) * (9_000 if i % 90 == 3 else i % 3) for i in range(500)]
    types = [t.nvarchar(MAX), t.varchar(MAX), t.varbinary(MAX), t.INT]
    batch = pa.record_batch(
        [pa.array(texts), pa.array(texts, pa.large_utf8()), pa.array(blobs, pa.large_binary()), pa.array(range(500))],
        names=list("abcd"),
    )
    out = b"".join(bytes(b) for buffers in encode_rows(batch, types, V74) for b in buffers)
    infos = [read_type_info(Reader(render_type_info(type_))) for type_ in types]
    reader = Reader(out)
    for i in range(500):
        assert reader.u8() == 0xD1
        assert [read_value(reader, info) for info in infos] == [texts[i], texts[i], blobs[i], i]


def test_bytes_under_nulls_do_not_leak() -> None:
    hidden = pa.Array.from_buffers(
        pa.utf8(), 2, [pa.py_buffer(b"\x02"), pa.py_buffer(struct.pack("<iii", 0, 3, 4)), pa.py_buffer(b"abcd")]
    )
    assert hidden.to_pylist() == [None, "d"]
    batch = pa.record_batch([hidden], names=["a"])
    [[out]] = list(encode_rows(batch, [t.varchar(5)], V74))
    assert bytes(out).hex() == "d1ffff" + "d1010064"


REFUSED: list[tuple[SqlType, Any, int]] = [
    (t.varchar(3), "abcd", 8152),
    (t.nvarchar(1), "\U0001f600", 8152),
    (t.varbinary(1), b"ab", 8152),
    (t.DATETIME, dt.datetime(1752, 12, 31), 8115),
    (t.SMALLDATETIME, dt.datetime(1899, 12, 31), 8115),
    (t.SMALLDATETIME, dt.datetime(2079, 6, 7), 8115),
    (t.FLOAT, float("nan"), 3623),
    (t.REAL, float("inf"), 8115),
    (t.UNIQUEIDENTIFIER, "no guid", 8169),
    (t.UNIQUEIDENTIFIER, "g0112233-4455-6677-8899-aabbccddeeff", 8169),
]


@pytest.mark.parametrize(("type_", "value", "number"), REFUSED, ids=[f"{c[0]} {c[1]!r}" for c in REFUSED])
def test_what_a_column_cannot_hold_is_refused_by_number(type_: SqlType, value: Any, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        encoded(value, type_)
    assert caught.value.number == number


@pytest.mark.parametrize(
    ("type_", "value", "older"),
    [
        (t.DATE, dt.date(2015, 1, 2), "2015-01-02"),
        (t.TIME, dt.time(1, 2, 3, 4), "01:02:03.0000040"),
        (t.DATETIME2, dt.datetime(2015, 1, 2, 3, 4, 5), "2015-01-02 03:04:05.0000000"),
        (SqlType("datetime2", scale=0), dt.datetime(2015, 1, 2, 3, 4, 5), "2015-01-02 03:04:05"),
    ],
    ids=str,
)
def test_clients_before_7_3_get_times_as_text(type_: SqlType, value: Any, older: str) -> None:
    data = older.encode("utf-16-le")
    assert encoded(value, type_, client.TDS_7_1) == struct.pack("<H", len(data)) + data
    assert wire_type(type_, client.TDS_7_1).name == "nvarchar"


def test_code_page_1252_is_windows_own() -> None:
    every = bytes(range(256))
    assert encode_char(decode_char(every)) == every
    assert decode_char(b"\x80\x81") == "€\x81"
    assert decode_char("ü".encode(), bytes.fromhex("0904d00034")) == "Ã¼"
    assert decode_char("ü".encode(), (0x04000409).to_bytes(4, "little") + b"\0") == "ü"
    with pytest.raises(SqlError, match="collation"):
        decode_char(b"\xff", bytes.fromhex("1904d00000"))


# --- parameters ------------------------------------------------------------------------------------------------------

PARAMETERS: list[tuple[str, str, SqlType, Any]] = [
    ("ntext as FreeTDS sends it", "63 10000000 0904d00034 04000000 61006200", SqlType("ntext"), "ab"),
    ("text", "23 10000000 0904d00034 02000000 61e9", SqlType("text"), "aé"),
    ("image", "22 10000000 02000000 00ff", SqlType("image"), b"\0\xff"),
    ("text NULL", "23 10000000 0904d00034 ffffffff", SqlType("text"), None),
    ("plp of unknown length", "a5 ffff feffffffffffffff 01000000 61 02000000 6263 00000000", t.varbinary(MAX), b"abc"),
    ("nvarchar(max) split in a character", "e7 ffff 0904d00034 0400000000000000 01000000 61 03000000 006200 00000000",
     t.nvarchar(MAX), "ab"),
    ("int fixed", "38 05000000", t.INT, 5),
    ("bit null", "68 01 00", t.BIT, None),
    ("money", "6e 08 08 ffffffff f0d8ffff", t.MONEY, D("-1.0000")),
    ("numeric", "6c 05 0902 05 00 7b000000", t.decimal(9, 2), D("-1.23")),
    ("datetime at .007", "6f 08 08 00000000 02000000", t.DATETIME, dt.datetime(1900, 1, 1, 0, 0, 0, 7_000)),
    ("datetime2 rounded to microseconds", "2a 07 08 0500000000 000000", t.DATETIME2, dt.datetime(1, 1, 1, 0, 0, 0, 1)),
    ("datetimeoffset", "2b 07 0a 0000000000 010000 3c00",
     SqlType("datetimeoffset", scale=7),
     {"u": dt.datetime(1, 1, 2), "o": 60}),
    ("guid", "24 10 10 33221100 5544 7766 8899aabbccddeeff", t.UNIQUEIDENTIFIER,
     uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")),
    ("legacy varchar", "27 05 02 6162", t.varchar(5), "ab"),
    ("typeless null", "1f", t.NULL, None),
]  # fmt: skip


@pytest.mark.parametrize(("data", "type_", "value"), [c[1:] for c in PARAMETERS], ids=[c[0] for c in PARAMETERS])
def test_a_parameter_of_these_bytes_is(data: str, type_: SqlType, value: Any) -> None:
    reader = Reader(bytes.fromhex(data))
    info = read_type_info(reader)
    assert (info.type, read_value(reader, info)) == (type_, value)
    assert reader.remaining == 0


BROKEN: list[tuple[str, str]] = [
    ("plp shorter than announced", "a5 ffff 0500000000000000 01000000 61 00000000"),
    ("plp without its end", "a5 ffff 0100000000000000 01000000 61"),
    ("value longer than its type", "a5 0200 0300 616263"),
    ("int of three bytes", "26 03 00"),
    ("decimal(39, 0)", "6a 11 2700 00"),
    ("time of scale 8", "29 08 00"),
    ("half a character", "e7 0800 0904d00034 0300 616263"),
    ("unknown type", "99"),
    ("nothing", ""),
]


@pytest.mark.parametrize("data", [c[1] for c in BROKEN], ids=[c[0] for c in BROKEN])
def test_broken_parameters_are_protocol_errors(data: str) -> None:
    reader = Reader(bytes.fromhex(data))
    with pytest.raises(ProtocolError):
        read_value(reader, read_type_info(reader))


NO_VALUES: list[tuple[str, str, int]] = [
    ("a date after 9999", "28 03 ffffff", 8023),
    ("a time of a day", "29 07 05 00c0692ac9", 8023),
    ("NaN", "6d 08 08 000000000000f87f", 8023),
    ("a float of two bytes", "6d 08 02 0000", 8023),
    ("half a surrogate pair", "e7 0800 0904d00034 0200 00d8", 40510),
    ("xml", "f1", 40510),
]


@pytest.mark.parametrize(("data", "number"), [c[1:] for c in NO_VALUES], ids=[c[0] for c in NO_VALUES])
def test_values_that_cannot_be_are_refused_by_number(data: str, number: int) -> None:
    reader = Reader(bytes.fromhex(data))
    with pytest.raises(SqlError) as caught:
        read_value(reader, read_type_info(reader))
    assert caught.value.number == number
