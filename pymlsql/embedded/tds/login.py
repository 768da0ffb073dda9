"""PRELOGIN and LOGIN7, and what the server answers (MS-TDS 2.2.6.4, 2.2.6.5)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from pymlsql.embedded.tds.reader import Body, ProtocolError, Reader
from pymlsql.embedded.tds.requests import Login
from pymlsql.embedded.tsql.messages import SqlError

TDS_7_1 = 0x71000000
TDS_7_2 = 0x72090002
TDS_7_3 = 0x730A0003
TDS_7_4 = 0x74000004
TDS_8_0 = 0x08000000


class Encryption(IntEnum):
    """The ENCRYPTION option. OFF means: TLS for the login packet only."""

    OFF = 0
    ON = 1
    NOT_SUPPORTED = 2
    REQUIRED = 3


_TOKEN_VERSION, _TOKEN_ENCRYPTION, _TOKEN_INSTANCE, _TOKEN_THREAD, _TOKEN_MARS = range(5)
_TERMINATOR = 0xFF

_ANSWERS = {
    Encryption.OFF: Encryption.OFF,
    Encryption.ON: Encryption.ON,
    Encryption.NOT_SUPPORTED: Encryption.NOT_SUPPORTED,
    Encryption.REQUIRED: Encryption.ON,
}


@dataclass(frozen=True, slots=True)
class Prelogin:
    """What of a client's PRELOGIN matters here."""

    encryption: Encryption = Encryption.NOT_SUPPORTED
    mars: bool = False


def read_prelogin(body: Body) -> Prelogin:
    """A client's PRELOGIN; unknown options are skipped as the protocol demands."""
    data = Reader(body).take_all()
    options: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != _TERMINATOR:
        if at + 5 > len(data):
            raise ProtocolError("PRELOGIN ends inside its option list")
        token, offset, length = struct.unpack_from(">BHH", data, at)
        if offset + length > len(data):
            raise ProtocolError(f"PRELOGIN option {token} lies outside the message")
        options[token] = data[offset : offset + length]
        at += 5
    if at >= len(data):
        raise ProtocolError("PRELOGIN has no terminator")
    asked = options.get(_TOKEN_ENCRYPTION, b"\x02")[:1]
    if asked not in (b"\x00", b"\x01", b"\x02", b"\x03"):
        raise ProtocolError(f"PRELOGIN asks for encryption {asked.hex() or 'nothing'}")
    return Prelogin(Encryption(asked[0]), options.get(_TOKEN_MARS, b"\0")[:1] == b"\x01")


def answer_encryption(asked: Encryption, *, tls: bool) -> Encryption:
    """What the server answers; ``tls`` tells whether it has a certificate."""
    return _ANSWERS[asked] if tls else Encryption.NOT_SUPPORTED


def render_prelogin(encryption: Encryption, version: tuple[int, int, int]) -> bytes:
    """The server's PRELOGIN. MARS is always answered 0."""
    major, minor, build = version
    values = {
        _TOKEN_VERSION: struct.pack(">BBHH", major, minor, build, 0),
        _TOKEN_ENCRYPTION: bytes([encryption]),
        _TOKEN_INSTANCE: b"\0",
        _TOKEN_THREAD: b"",
        _TOKEN_MARS: b"\0",
    }
    head, data = b"", b""
    start = 5 * len(values) + 1
    for token, value in values.items():
        head += struct.pack(">BHH", token, start + len(data), len(value))
        data += value
    return head + bytes([_TERMINATOR]) + data


_FIXED = struct.Struct("<IIIIIIBBBBiI")
_INTEGRATED = 0x80
_NAMES = ("host", "user", "password", "application", "server", "extension", "library", "language", "database")


def deobfuscate_password(data: bytes) -> bytes:
    """Undo what MS-TDS 2.2.6.4 does to a password's bytes: nibbles swapped, then XOR 0xA5."""
    plain = bytes(byte ^ 0xA5 for byte in data)
    return bytes((byte << 4 | byte >> 4) & 0xFF for byte in plain)


def read_login(body: Body) -> Login:
    """A LOGIN7. Raises SqlError where the login is sound but of a kind the server does not do."""
    data = Reader(body).take_all()
    if len(data) < _FIXED.size + 4 * len(_NAMES) or struct.unpack_from("<I", data)[0] != len(data):
        raise ProtocolError("LOGIN7 is shorter or longer than it says")
    _, version, packet_size, _, client_pid, _, _, flags_2, _, _, _, _ = _FIXED.unpack_from(data)
    if version < TDS_7_1 and version != TDS_8_0:
        text = f"Login failed. TDS version 0x{version:08x} is not supported; use 7.1 to 7.4."
        raise SqlError(18452, text, severity=14)
    if flags_2 & _INTEGRATED:
        raise SqlError(
            18452, "Login failed. Integrated authentication is not supported; give a user and a password.", severity=14
        )
    values = {name: _name(data, place, name) for place, name in enumerate(_NAMES)}
    return Login(
        user=values["user"],
        password=values["password"],
        database=values["database"],
        host=values["host"],
        application=values["application"],
        library=values["library"],
        language=values["language"],
        tds_version=version,
        packet_size=packet_size,
        client_pid=client_pid,
    )


def _name(data: bytes, place: int, name: str) -> str:
    offset, n_units = struct.unpack_from("<HH", data, _FIXED.size + 4 * place)
    if name == "extension":
        return ""
    raw = data[offset : offset + 2 * n_units]
    if len(raw) != 2 * n_units:
        raise ProtocolError(f"LOGIN7 field {name} lies outside the message")
    try:
        return (deobfuscate_password(raw) if name == "password" else raw).decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"LOGIN7 field {name} is not UTF-16") from error
