"""Tokens of a response, each a pure function from values to bytes (MS-TDS 2.2.7)."""

from __future__ import annotations

import struct

from pymlsql.embedded.tds.collation import COLLATION
from pymlsql.embedded.tds.login import TDS_7_2
from pymlsql.embedded.tds.responses import ColMetadata, Column, Done, EnvChange, Message, ReturnStatus, ReturnValue
from pymlsql.embedded.tds.types import is_before, render_type_info, wire_type

TOKEN_COL_METADATA = 0x81
TOKEN_ERROR = 0xAA
TOKEN_INFO = 0xAB
TOKEN_RETURN_STATUS = 0x79
TOKEN_RETURN_VALUE = 0xAC
TOKEN_LOGIN_ACK = 0xAD
TOKEN_ROW = 0xD1
TOKEN_ENV_CHANGE = 0xE3
TOKEN_DONE = {"done": 0xFD, "done_proc": 0xFE, "done_in_proc": 0xFF}

DONE_MORE, DONE_ERROR, DONE_COUNT, DONE_ATTN = 0x0001, 0x0002, 0x0010, 0x0020

_LANGUAGE, _COLLATION_CHANGE, _PACKET_SIZE = 2, 7, 4
_ENV_TYPES = {"database": 1, "begin": 8, "commit": 9, "rollback": 10, "reset": 18}

_NULLABLE, _UNKNOWN_UPDATABLE, _IDENTITY, _COMPUTED = 0x0001, 0x0008, 0x0010, 0x0020
_USER_TYPE_TIMESTAMP = 80
_MESSAGE_UNITS = 30_000
"""A token is at most 65,535 bytes long, so a message's text has an end."""


def _b_varchar(text: str) -> bytes:
    data = text[:255].encode("utf-16-le", "replace")[:510]
    return bytes([len(data) // 2]) + data


def _us_varchar(text: str, limit: int) -> bytes:
    data = text.encode("utf-16-le", "replace")[: 2 * limit]
    return struct.pack("<H", len(data) // 2) + data


def render_done(done: Done, version: int, *, more: bool) -> bytes:
    """DONE, DONEPROC or DONEINPROC."""
    status = DONE_MORE * more | DONE_ERROR * done.error | DONE_COUNT * (done.count is not None)
    return _done(TOKEN_DONE[done.kind], status, done.command, done.count or 0, version)


def render_done_attention(version: int) -> bytes:
    """The DONE that acknowledges an attention."""
    return _done(TOKEN_DONE["done"], DONE_ATTN, 0, 0, version)


def _done(token: int, status: int, command: int, count: int, version: int) -> bytes:
    if is_before(version, TDS_7_2):
        return struct.pack("<BHHI", token, status, command, min(count, 0xFFFFFFFF))
    return struct.pack("<BHHQ", token, status, command, count)


def render_message(message: Message, version: int, server: str) -> bytes:
    """ERROR for severities above 10, else INFO. Text ends after 30,000 characters: the token's length has 16 bits."""
    token = TOKEN_ERROR if message.severity > 10 else TOKEN_INFO
    line = max(message.line, 0)
    body = (
        struct.pack("<iBB", message.number, message.state & 0xFF, message.severity)
        + _us_varchar(message.text, _MESSAGE_UNITS)
        + _b_varchar(server)
        + _b_varchar(message.procedure)
        + (struct.pack("<H", line & 0xFFFF) if is_before(version, TDS_7_2) else struct.pack("<I", line))
    )
    return struct.pack("<BH", token, len(body)) + body


def render_env_change(change: EnvChange) -> bytes:
    """ENVCHANGE of a response: names as text, transaction descriptors as bytes."""
    return _env_change(_ENV_TYPES[change.kind], _env_value(change.new), _env_value(change.old))


def _env_value(value: str | bytes) -> bytes:
    return _b_varchar(value) if isinstance(value, str) else bytes([len(value)]) + value


def _env_change(kind: int, new: bytes, old: bytes) -> bytes:
    return struct.pack("<BHB", TOKEN_ENV_CHANGE, 1 + len(new) + len(old), kind) + new + old


def render_collation_change() -> bytes:
    """ENVCHANGE 7: the collation of the connection's strings."""
    return _env_change(_COLLATION_CHANGE, _env_value(COLLATION), b"\0")


def render_language_change(language: str) -> bytes:
    """ENVCHANGE 2: the language of messages."""
    return _env_change(_LANGUAGE, _b_varchar(language), b"\0")


def render_packet_size_change(new: int, old: int) -> bytes:
    """ENVCHANGE 4: the size of packets from the next message on."""
    return _env_change(_PACKET_SIZE, _b_varchar(str(new)), _b_varchar(str(old)))


def render_login_ack(tds_version: int, server_version: tuple[int, int, int]) -> bytes:
    """LOGINACK. The TDS version is big-endian here, little-endian in LOGIN7."""
    major, minor, build = server_version
    body = struct.pack(">BI", 1, tds_version) + _b_varchar("Microsoft SQL Server")
    body += struct.pack(">BBH", major, minor, build)
    return struct.pack("<BH", TOKEN_LOGIN_ACK, len(body)) + body


def render_return_status(status: ReturnStatus) -> bytes:
    """RETURNSTATUS."""
    return struct.pack("<Bi", TOKEN_RETURN_STATUS, status.value)


def render_return_value_head(value: ReturnValue, version: int) -> bytes:
    """RETURNVALUE up to its value, which is encoded like a column's."""
    wire = wire_type(value.type, version)
    head = struct.pack("<BH", TOKEN_RETURN_VALUE, value.ordinal) + _b_varchar(value.name) + b"\x01"
    return head + _user_type(value.type.name, version) + struct.pack("<H", _NULLABLE) + render_type_info(wire)


def _user_type(name: str, version: int) -> bytes:
    number = _USER_TYPE_TIMESTAMP if name == "timestamp" else 0
    return struct.pack("<H" if is_before(version, TDS_7_2) else "<I", number)


def render_col_metadata(metadata: ColMetadata, version: int) -> bytes:
    """COLMETADATA; no columns are announced as 0xFFFF."""
    if not metadata.columns:
        return struct.pack("<BH", TOKEN_COL_METADATA, 0xFFFF)
    columns = b"".join(_render_column(column, version) for column in metadata.columns)
    return struct.pack("<BH", TOKEN_COL_METADATA, len(metadata.columns)) + columns


def _render_column(column: Column, version: int) -> bytes:
    wire = wire_type(column.type, version)
    flags = (
        _NULLABLE * column.nullable
        | (_IDENTITY if column.identity else _COMPUTED if column.computed else _UNKNOWN_UPDATABLE)
    )
    head = _user_type(column.type.name, version) + struct.pack("<H", flags) + render_type_info(wire)
    if wire.name in ("text", "ntext", "image"):
        head += b"\0\0" if is_before(version, TDS_7_2) else b"\0"
    return head + _b_varchar(column.name)
