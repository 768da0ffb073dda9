"""What a client's messages hold: batches, procedure calls, transaction requests (MS-TDS 2.2.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pymlsql.embedded.tds.login import TDS_7_2
from pymlsql.embedded.tds.packets import PacketType, RawMessage
from pymlsql.embedded.tds.reader import Outlet, ProtocolError, Reader
from pymlsql.embedded.tds.repeats import CallShape, read_repeats
from pymlsql.embedded.tds.requests import Parameter, Request, Rpc, RpcCall, SqlBatch, TransactionRequest
from pymlsql.embedded.tds.tables import TABLE_TOKEN, read_table
from pymlsql.embedded.tds.types import TypeInfo, is_before, read_type_info
from pymlsql.embedded.tds.values import read_value
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.types import TABLE_TYPE

PROCEDURES = {
    1: "sp_cursor", 2: "sp_cursoropen", 3: "sp_cursorprepare", 4: "sp_cursorexecute", 5: "sp_cursorprepexec",
    6: "sp_cursorunprepare", 7: "sp_cursorfetch", 8: "sp_cursoroption", 9: "sp_cursorclose", 10: "sp_executesql",
    11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 14: "sp_prepexecrpc", 15: "sp_unprepare",
}  # fmt: skip
"""The well-known procedure ids (MS-TDS 2.2.6.6)."""

_BY_ID = 0xFFFF
_NO_METADATA = 0x0002
_BY_REF, _DEFAULT, _ENCRYPTED = 0x01, 0x02, 0x08
_NO_EXEC = 0xFE

_ACTIONS: dict[int, Literal["begin", "commit", "rollback", "save"]] = {
    5: "begin",
    7: "commit",
    8: "rollback",
    9: "save",
}
_REFUSED_ACTIONS = {0: "TM_GET_DTC_ADDRESS", 1: "TM_PROPAGATE_XACT", 6: "TM_PROMOTE_XACT"}


def read_request(message: RawMessage, version: int, outlet: Callable[[], Outlet] | None = None) -> Request:
    """The request in a message of a client that speaks TDS ``version``.

    The message's bytes are consumed. Large binary parameters go through an ``outlet`` and are what it makes of them.
    Raises ProtocolError where they are not TDS, SqlError where they ask for what the server does not do.
    """
    try:
        read = READERS[message.type]
    except KeyError:
        raise ProtocolError(f"a message of type 0x{message.type:02x} after login") from None
    reader = Reader(message.body, outlet)
    if not is_before(version, TDS_7_2) and message.type != PacketType.BULK_LOAD:
        _skip_all_headers(reader)
    return read(reader, version)


def _skip_all_headers(reader: Reader) -> None:
    """ALL_HEADERS (2.2.5.3): the transaction descriptor and notifications, which nothing here needs."""
    total = reader.u32()
    left = total - 4
    while left > 0:
        length = reader.u32()
        if not 6 <= length <= left:
            raise ProtocolError(f"a header of {length} bytes in ALL_HEADERS of {total}")
        reader.take(length - 4)
        left -= length
    if left < 0:
        raise ProtocolError(f"ALL_HEADERS of {total} bytes")


def _read_sql_batch(reader: Reader, version: int) -> Request:
    if reader.remaining % 2:
        raise ProtocolError("a batch with half a character")
    return SqlBatch(reader.utf16(reader.remaining // 2))


def _read_rpc(reader: Reader, version: int) -> Request:
    separator = 0x80 if is_before(version, TDS_7_2) else 0xFF
    calls: list[RpcCall] = []
    segment, start = reader.here()
    while reader.remaining:
        call, shape = _read_call(reader, separator)
        if shape is not None and not calls and reader.is_last_segment(segment):
            repeated = read_repeats(shape, segment, start, separator)
            if repeated is not None:
                return Rpc(repeated)
        calls.append(call)
        if reader.remaining and reader.u8() == _NO_EXEC:
            raise unsupported("a procedure call that is not to be executed (NoExecFlag)")
    if not calls:
        raise ProtocolError("an RPC message without a call")
    return Rpc(tuple(calls))


def _read_call(reader: Reader, separator: int) -> tuple[RpcCall, CallShape | None]:
    """A call, and its shape if all its values are plain and lie in one segment."""
    reader.start_tape()
    length = reader.u16()
    if length == _BY_ID:
        number = reader.u16()
        if number not in PROCEDURES:
            raise ProtocolError(f"procedure id {number}")
        name = PROCEDURES[number]
    else:
        name = reader.utf16(length)
    options = reader.u16()
    head, prefixes, infos, parameters = reader.tape(), [], [], []
    while reader.remaining and reader.peek() not in (separator, _NO_EXEC):
        parameter, info, prefix = _read_parameter(reader)
        parameters.append(parameter)
        infos.append(info)
        prefixes.append(prefix)
    call = RpcCall(name, tuple(parameters), no_metadata=bool(options & _NO_METADATA))
    return call, CallShape.of(call, head, prefixes, infos)


def _read_parameter(reader: Reader) -> tuple[Parameter, TypeInfo, bytes | None]:
    """A parameter, its type, and the bytes before its value where they lie in one segment."""
    reader.start_tape()
    name = reader.b_varchar()
    status = reader.u8()
    if status & _ENCRYPTED:
        raise unsupported("an encrypted parameter (Always Encrypted)")
    if reader.peek() == TABLE_TOKEN:
        table = Parameter(name, TABLE_TYPE, read_table(reader), default=bool(status & _DEFAULT))
        return table, TypeInfo(TABLE_TOKEN, TABLE_TYPE), None
    info = read_type_info(reader)
    prefix = reader.tape()
    value = read_value(reader, info)
    output, default = bool(status & _BY_REF), bool(status & _DEFAULT)
    return Parameter(name, info.type, value, output=output, default=default), info, prefix


def _read_transaction(reader: Reader, version: int) -> Request:
    number = reader.u16()
    if number in _REFUSED_ACTIONS:
        raise unsupported(f"{_REFUSED_ACTIONS[number]} (distributed transactions)")
    if number not in _ACTIONS:
        raise ProtocolError(f"transaction manager request {number}")
    action = _ACTIONS[number]
    if action == "begin":
        isolation = _read_isolation(reader)
        return TransactionRequest(action, _read_name(reader), isolation)
    name = _read_name(reader)
    if action == "save":
        return TransactionRequest(action, name)
    if not reader.u8() & 0x01:
        return TransactionRequest(action, name)
    next_isolation = _read_isolation(reader)
    _read_name(reader)
    return TransactionRequest(action, name, begin_next=True, next_isolation=next_isolation)


def _read_isolation(reader: Reader) -> int:
    level = reader.u8()
    if level > 5:
        raise ProtocolError(f"isolation level {level}")
    return level


def _read_name(reader: Reader) -> str:
    """A transaction's name: a byte that counts bytes, then UTF-16."""
    n_bytes = reader.u8()
    if n_bytes % 2:
        raise ProtocolError("a transaction name with half a character")
    return reader.utf16(n_bytes // 2)


def _refuse_bulk_load(reader: Reader, version: int) -> Request:
    raise unsupported("INSERT BULK")


READERS: dict[PacketType, Callable[[Reader, int], Request]] = {
    PacketType.SQL_BATCH: _read_sql_batch,
    PacketType.RPC: _read_rpc,
    PacketType.TRANSACTION: _read_transaction,
    PacketType.BULK_LOAD: _refuse_bulk_load,
}
"""How each kind of message is read, by packet type."""
