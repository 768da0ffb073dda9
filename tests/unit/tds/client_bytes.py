"""A client's side of TDS, by hand: bytes for tests of the protocol."""

from __future__ import annotations

import struct

from pymlsql.embedded.tds.connection import ServerConnection
from pymlsql.embedded.tds.events import LoginReceived, PreloginReceived
from pymlsql.embedded.tds.responses import Response

TDS_7_4 = 0x74000004
TDS_7_1 = 0x71000001

ALL_HEADERS = struct.pack("<IIHQI", 22, 18, 2, 0, 1)
"""The transaction descriptor header: no transaction, one outstanding request."""


def packets(kind: int, payload: bytes, *, size: int = 4096, status: int = 0) -> bytes:
    """A message in packets of ``size``; ``status`` bits are set on the first."""
    room = size - 8
    pieces = [payload[at : at + room] for at in range(0, len(payload), room)] or [b""]
    out = b""
    for number, piece in enumerate(pieces):
        bits = (status if number == 0 else 0) | (number == len(pieces) - 1)
        out += struct.pack(">BBHHBB", kind, bits, len(piece) + 8, 0, (number + 1) & 0xFF, 0) + piece
    return out


def prelogin(encryption: int = 2, mars: int = 0) -> bytes:
    options = [(0, bytes([17, 0, 0, 0, 0, 0])), (1, bytes([encryption])), (4, bytes([mars]))]
    head, data, start = b"", b"", 5 * len(options) + 1
    for token, value in options:
        head += struct.pack(">BHH", token, start + len(data), len(value))
        data += value
    return packets(0x12, head + b"\xff" + data)


def obfuscated(password: str) -> bytes:
    return bytes(((byte << 4 | byte >> 4) & 0xFF) ^ 0xA5 for byte in password.encode("utf-16-le"))


def login7(
    user: str = "sa",
    password: str = "secret",
    database: str = "pymlsql",
    *,
    version: int = TDS_7_4,
    packet_size: int = 0,
    flags_2: int = 0,
) -> bytes:
    names = ["desk", user, None, "tests", "server", "", "hand", "", database]
    head_size = 36 + 4 * 9 + 6 + 4 * 3 + 4
    table, data = b"", b""
    for name in names:
        raw = obfuscated(password) if name is None else name.encode("utf-16-le")
        table += struct.pack("<HH", head_size + len(data), len(raw) // 2)
        data += raw
    table += b"\1\2\3\4\5\6" + struct.pack("<HHHHHH", *[head_size + len(data), 0] * 3) + bytes(4)
    fixed = struct.pack(
        "<IIIIIIBBBBiI", head_size + len(data), version, packet_size, 7, 4711, 0, 0xE0, flags_2, 0, 0, 0, 0x409
    )
    return packets(0x10, fixed + table + data)


def batch(text: str, *, version: int = TDS_7_4, status: int = 0, size: int = 4096) -> bytes:
    headers = ALL_HEADERS if version >= 0x72000000 else b""
    return packets(0x01, headers + text.encode("utf-16-le"), status=status, size=size)


def parameter(name: str, type_info: bytes, value: bytes, status: int = 0) -> bytes:
    return bytes([len(name)]) + name.encode("utf-16-le") + bytes([status]) + type_info + value


def int_parameter(value: int | None, name: str = "", status: int = 0) -> bytes:
    return parameter(name, b"\x26\x04", b"\0" if value is None else b"\x04" + struct.pack("<i", value), status)


def nvarchar_parameter(text: str, name: str = "") -> bytes:
    data = text.encode("utf-16-le")
    collation = bytes.fromhex("0904d00034")
    return parameter(name, struct.pack("<BH", 0xE7, 8000) + collation, struct.pack("<H", len(data)) + data)


def call(procedure: int | str, *parameters: bytes, options: int = 0) -> bytes:
    if isinstance(procedure, int):
        head = struct.pack("<HH", 0xFFFF, procedure)
    else:
        head = struct.pack("<H", len(procedure)) + procedure.encode("utf-16-le")
    return head + struct.pack("<H", options) + b"".join(parameters)


def rpc(*calls: bytes, version: int = TDS_7_4, status: int = 0) -> bytes:
    new = version >= 0x72000000
    return packets(0x03, (ALL_HEADERS if new else b"") + (b"\xff" if new else b"\x80").join(calls), status=status)


def transaction(number: int, payload: bytes) -> bytes:
    return packets(0x0E, ALL_HEADERS + struct.pack("<H", number) + payload)


ATTENTION = packets(0x06, b"")


def logged_in(*, version: int = TDS_7_4, packet_size: int = 0) -> ServerConnection:
    """A connection that has just answered a login without TLS."""
    connection = ServerConnection(tls=False)
    if version >= 0x72000000:
        connection.receive_data(prelogin())
        assert isinstance(connection.next_event(), PreloginReceived)
    connection.receive_data(login7(version=version, packet_size=packet_size))
    event = connection.next_event()
    assert isinstance(event, LoginReceived)
    connection.accept_login(event.login, database="pymlsql", spid=51)
    return connection


def responded(connection: ServerConnection, *responses: Response) -> bytes:
    """The bytes of a whole response to the request that next_event returned last."""
    writer = connection.begin_response()
    blocks = [block for response in responses for block in writer.write(response)]
    return b"".join(blocks) + connection.end_response(writer)


def payload_of(data: bytes) -> bytes:
    """What packets carry."""
    out, at = b"", 0
    while at < len(data):
        length = struct.unpack_from(">H", data, at + 2)[0]
        out += data[at + 8 : at + length]
        at += length
    return out
