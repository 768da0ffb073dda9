"""A small engine for tests of the wire: it echoes parameters, and answers a fixed set of texts.

It knows no SQL. What real clients say after login (SET statements, sp_datatype_info_100) it answers with an empty
response; everything else is one of ANSWERS, or a procedure of CALLS.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from pymlsql.embedded.tds.columns import arrow_type
from pymlsql.embedded.tds.requests import Login, Parameter, Request, Rpc, RpcCall, SqlBatch, TransactionRequest
from pymlsql.embedded.tds.responses import (
    ColMetadata,
    Column,
    Done,
    EnvChange,
    Message,
    ReturnStatus,
    ReturnValue,
    Rows,
    Sink,
)
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.types import DATETIME2, FLOAT, INT, MAX, SqlType, nvarchar, varbinary, varchar

PASSWORD = "s3cret-é"
SELECT = 0xC1


class Gathered:
    """An outlet that gives back the bytes."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes | memoryview) -> None:
        self.data += data

    def finish(self) -> bytes:
        return bytes(self.data)

    def abandon(self) -> None:
        self.data.clear()


class EchoSession:
    """What one client said is in ``requests`` and ``resets``."""

    def __init__(self, spid: int, database: str) -> None:
        self.spid = spid
        self.database = database
        self.requests: list[Request] = []
        self.resets: list[bool] = []
        self.executed: list[tuple[Any, ...]] = []
        self.n_cancels = 0
        self.is_closed = False
        self.cancelled = threading.Event()
        self._transaction = 0
        self.prepared: dict[int, str] = {}

    def run(self, request: Request, sink: Sink) -> None:
        self.cancelled.clear()
        self.requests.append(request)
        match request:
            case SqlBatch(text):
                self.batch(text, sink)
            case Rpc(calls):
                for call in calls:
                    self.call(call, sink)
            case TransactionRequest():
                self.transact(request, sink)

    def open_value(self) -> Gathered:
        return Gathered()

    def reset(self, *, keep_transaction: bool) -> None:
        self.resets.append(keep_transaction)

    def cancel(self) -> None:
        self.n_cancels += 1
        self.cancelled.set()

    def close(self) -> None:
        self.is_closed = True

    # --- answers -----------------------------------------------------------------------------------------------------

    def batch(self, text: str, sink: Sink, kind: Any = "done") -> None:
        for pattern, answer in ANSWERS:
            if found := re.fullmatch(pattern, text.strip(), re.S | re.I):
                answer(self, sink, kind, *found.groups())
                return
        raise AssertionError(f"no answer to {text!r}")

    def call(self, call: RpcCall, sink: Sink) -> None:
        name = call.procedure.rpartition(".")[2].strip("[]")
        values = CALLS.get(name, _nothing)(self, call.parameters, sink)
        sink(ReturnStatus(0))
        for value in values:
            sink(value)
        sink(Done("done_proc"))

    def transact(self, request: TransactionRequest, sink: Sink) -> None:
        descriptor = self._transaction.to_bytes(8, "little")
        if request.action in ("commit", "rollback"):
            sink(EnvChange(request.action, b"", descriptor))  # type: ignore[arg-type]
        if request.action == "begin" or request.begin_next:
            self._transaction += 1
            sink(EnvChange("begin", self._transaction.to_bytes(8, "little"), b""))
        sink(Done())


def echo(parameters: tuple[Parameter, ...], sink: Sink, kind: Any = "done_in_proc") -> None:
    """One row: the parameters, in the types they came in."""
    columns = tuple(Column(p.name.lstrip("@"), p.type) for p in parameters)
    sink(ColMetadata(columns))
    arrays = [_array(p) for p in parameters]
    sink(Rows(pa.record_batch(arrays, names=[str(i) for i in range(len(arrays))])))
    sink(Done(kind, count=1, command=SELECT))


def _array(parameter: Parameter) -> Any:
    value, wanted = parameter.value, arrow_type(parameter.type)
    if isinstance(value, bytes) and len(value) > 1 << 20:
        sizes = np.array([0, len(value)], np.int32)
        return pa.Array.from_buffers(pa.binary(), 1, [None, pa.py_buffer(sizes), pa.py_buffer(value)])
    return pa.array([str(value) if parameter.type.name == "uniqueidentifier" and value is not None else value], wanted)


def _nothing(session: EchoSession, parameters: tuple[Parameter, ...], sink: Sink) -> list[ReturnValue]:
    return []


def _executesql(session: EchoSession, parameters: tuple[Parameter, ...], sink: Sink) -> list[ReturnValue]:
    statement, *rest = parameters
    values = tuple(rest[1:])
    _execute(session, statement.value, values, sink)
    return [ReturnValue(i, p.name, p.type, p.value) for i, p in enumerate(values) if p.output]


def _execute(session: EchoSession, text: str, values: tuple[Parameter, ...], sink: Sink) -> None:
    if text.lstrip().upper().startswith("INSERT"):
        session.executed.append(tuple(p.value for p in values))
        sink(Done("done_in_proc", count=1))
    elif values:
        echo(values, sink)
    else:
        session.batch(text, sink, "done_in_proc")


def _prepare(session: EchoSession, parameters: tuple[Parameter, ...], sink: Sink) -> list[ReturnValue]:
    handle = len(session.prepared) + 1
    session.prepared[handle] = parameters[2].value
    return [ReturnValue(0, "@handle", INT, handle)]


def _prepexec(session: EchoSession, parameters: tuple[Parameter, ...], sink: Sink) -> list[ReturnValue]:
    values = _prepare(session, parameters, sink)
    _execute(session, parameters[2].value, parameters[3:], sink)
    return values


def _execute_prepared(session: EchoSession, parameters: tuple[Parameter, ...], sink: Sink) -> list[ReturnValue]:
    _execute(session, session.prepared[parameters[0].value], parameters[1:], sink)
    return []


DESCRIBED = (
    ("parameter_ordinal", INT), ("name", nvarchar(128)), ("suggested_system_type_id", INT),
    ("suggested_system_type_name", nvarchar(256)), ("suggested_max_length", SqlType("smallint")),
    ("suggested_precision", SqlType("tinyint")), ("suggested_scale", SqlType("tinyint")),
    ("suggested_user_type_id", INT),
    ("suggested_user_type_database", nvarchar(128)), ("suggested_user_type_schema", nvarchar(128)),
    ("suggested_user_type_name", nvarchar(128)), ("suggested_assembly_qualified_type_name", nvarchar(4000)),
    ("suggested_xml_collection_id", INT), ("suggested_xml_collection_database", nvarchar(128)),
    ("suggested_xml_collection_schema", nvarchar(128)), ("suggested_xml_collection_name", nvarchar(128)),
    ("suggested_is_xml_document", SqlType("bit")), ("suggested_is_case_sensitive", SqlType("bit")),
    ("suggested_is_fixed_length_clr_type", SqlType("bit")), ("suggested_is_input", SqlType("bit")),
    ("suggested_is_output", SqlType("bit")), ("formal_parameter_name", nvarchar(128)), ("suggested_tds_type_id", INT),
    ("suggested_tds_length", INT),
)  # fmt: skip


def _describe(session: EchoSession, parameters: tuple[Parameter, ...], sink: Sink) -> list[ReturnValue]:
    """Every statement has the parameters of an INSERT into (int, float, nvarchar(50), datetime2)."""
    types = [(56, "int", 4, 10, 0, 38, 4), (62, "float", 8, 53, 0, 109, 8), (231, "nvarchar(50)", 100, 0, 0, 231, 100),
             (42, "datetime2(7)", 8, 27, 7, 42, 8)]  # fmt: skip
    rows = [
        (i, f"@P{i}", *suggested, *[None] * 9, False, False, False, True, False, None, tds_type, tds_length)
        for i, (*suggested, tds_type, tds_length) in enumerate(types, 1)
    ]
    sink(ColMetadata(tuple(Column(name, type_) for name, type_ in DESCRIBED)))
    arrays = [pa.array([row[i] for row in rows], arrow_type(type_)) for i, (_, type_) in enumerate(DESCRIBED)]
    sink(Rows(pa.record_batch(arrays, names=[name for name, _ in DESCRIBED])))
    sink(Done("done_in_proc", count=len(rows), command=SELECT))
    return []


def _type_info(sink: Sink, kind: Any, data_type: int) -> None:
    """sp_datatype_info_100 for the types that pyodbc asks for after login: from it it learns where (max) begins."""
    name, size = {12: ("varchar", 8000), -9: ("nvarchar", 4000), -3: ("varbinary", 8000), 93: ("datetime2", 27)}[
        data_type
    ]
    number, text = SqlType("smallint"), nvarchar(128)
    columns = (
        ("TYPE_NAME", text, name), ("DATA_TYPE", number, data_type), ("PRECISION", INT, size),
        ("LITERAL_PREFIX", text, None), ("LITERAL_SUFFIX", text, None), ("CREATE_PARAMS", text, "max length"),
        ("NULLABLE", number, 1), ("CASE_SENSITIVE", number, 0), ("SEARCHABLE", number, 3),
        ("UNSIGNED_ATTRIBUTE", number, None), ("MONEY", number, 0), ("AUTO_INCREMENT", number, None),
        ("LOCAL_TYPE_NAME", text, name), ("MINIMUM_SCALE", number, None), ("MAXIMUM_SCALE", number, None),
        ("SQL_DATA_TYPE", number, data_type), ("SQL_DATETIME_SUB", number, None), ("NUM_PREC_RADIX", INT, None),
        ("INTERVAL_PRECISION", number, None), ("USERTYPE", number, 0),
    )  # fmt: skip
    _table(sink, kind, *((name, type_, [value]) for name, type_, value in columns))


def _datatype_info(session: EchoSession, parameters: tuple[Parameter, ...], sink: Sink) -> list[ReturnValue]:
    _type_info(sink, "done_in_proc", parameters[0].value)
    return []


CALLS: dict[str, Callable[[EchoSession, tuple[Parameter, ...], Sink], list[ReturnValue]]] = {
    "sp_executesql": _executesql,
    "sp_prepare": _prepare,
    "sp_prepexec": _prepexec,
    "sp_execute": _execute_prepared,
    "sp_describe_undeclared_parameters": _describe,
    "sp_datatype_info_100": _datatype_info,
}


def _table(sink: Sink, kind: Any, *columns: tuple[str, SqlType, list[Any]]) -> None:
    sink(ColMetadata(tuple(Column(name, type_) for name, type_, _ in columns)))
    arrays = [pa.array(values, arrow_type(type_)) for _, type_, values in columns]
    sink(Rows(pa.record_batch(arrays, names=[str(i) for i in range(len(columns))])))
    sink(Done(kind, count=len(columns[0][2]), command=SELECT))


def _million(session: EchoSession, sink: Sink, kind: Any, count: str) -> None:
    n_rows, size = int(count), 100_000
    columns = (Column("i", INT), Column("f", FLOAT), Column("t", DATETIME2), Column("s", nvarchar(20)))
    sink(ColMetadata(columns))
    for start in range(0, n_rows, size):
        i = np.arange(start, min(start + size, n_rows), dtype=np.int32)
        text = pa.array([f"model{k % 7}" for k in range(len(i))])
        times = pa.array(i.astype(np.int64) * 1_000_000, pa.timestamp("us"))
        sink(Rows(pa.record_batch([pa.array(i), pa.array(i / 2), times, text], names=list("ifts"))))
        if session.cancelled.is_set():
            sink(Done(kind, error=True))
            return
    sink(Done(kind, count=n_rows, command=SELECT))


def _two_sets(session: EchoSession, sink: Sink, kind: Any) -> None:
    _table(sink, kind, ("a", INT, [1, 2]))
    _table(sink, kind, ("b", nvarchar(10), ["x"]), ("c", INT, [None]))


def _print(session: EchoSession, sink: Sink, kind: Any, text: str) -> None:
    sink(Message(0, 0, 1, text))
    sink(Done(kind))


def _fail(session: EchoSession, sink: Sink, kind: Any) -> None:
    sink(Message(208, 16, 1, "Invalid object name 'nothing'.", line=3))
    sink(Done(kind, error=True))


def _fail_in_rows(session: EchoSession, sink: Sink, kind: Any) -> None:
    sink(ColMetadata((Column("v", varchar(3)),)))
    try:
        sink(Rows(pa.record_batch([pa.array(["far too long"])], names=["v"])))
    except SqlError as error:
        sink(Message(error.number, error.severity, error.state, error.message))
        sink(Done(kind, error=True))


def _wait(session: EchoSession, sink: Sink, kind: Any, seconds: str) -> None:
    session.cancelled.wait(float(seconds))
    sink(Done(kind))


def _big(session: EchoSession, sink: Sink, kind: Any, count: str) -> None:
    value = bytes(range(256)) * (int(count) // 256)
    echo((Parameter("b", varbinary(MAX), value),), sink, kind)


def _done(session: EchoSession, sink: Sink, kind: Any, *rest: str) -> None:
    sink(Done(kind))


def _one(session: EchoSession, sink: Sink, kind: Any) -> None:
    _table(sink, kind, ("", INT, [1]))


def _empty(session: EchoSession, sink: Sink, kind: Any) -> None:
    _table(sink, kind, ("a", INT, []), ("b", nvarchar(MAX), []))


def _executed(session: EchoSession, sink: Sink, kind: Any) -> None:
    """What this session's INSERTs carried, of the types that _describe tells."""
    columns = list(zip(*session.executed, strict=True))
    types = (("i", INT), ("f", FLOAT), ("s", nvarchar(50)), ("t", DATETIME2))
    _table(sink, kind, *((name, type_, list(values)) for (name, type_), values in zip(types, columns, strict=True)))


def _most_calls(session: EchoSession, sink: Sink, kind: Any) -> None:
    _table(sink, kind, ("n", INT, [max(len(r.calls) for r in session.requests if isinstance(r, Rpc))]))


def _crash(session: EchoSession, sink: Sink, kind: Any) -> None:
    raise RuntimeError("a bug")


ANSWERS: list[tuple[str, Callable[..., None]]] = [
    (r"SELECT 1", _one),
    (r"SELECT nothing_at_all", _empty),
    (r"SELECT two sets", _two_sets),
    (r"SELECT rows (\d+)", _million),
    (r"SELECT big (\d+)", _big),
    (r"PRINT '(.*)'", _print),
    (r"SELECT \* FROM nothing", _fail),
    (r"SELECT too long", _fail_in_rows),
    (r"WAIT ([\d.]+)", _wait),
    (r"CRASH", _crash),
    (r"SELECT executed", _executed),
    (r"SELECT most calls", _most_calls),
    (r"sp_datatype_info_100 (-?\d+),3", lambda session, sink, kind, number: _type_info(sink, kind, int(number))),
    (r"(SET|USE|IF @@TRANCOUNT|BEGIN TRAN|COMMIT|ROLLBACK).*", _done),
]


class EchoEngine:
    """``sa`` with PASSWORD may log in to "pymlsql"; ``sessions`` holds everyone who did."""

    def __init__(self) -> None:
        self.sessions: list[EchoSession] = []
        self.logins: list[Login] = []

    def login(self, login: Login, *, client_host: str) -> EchoSession:
        self.logins.append(login)
        if (login.user, login.password) != ("sa", PASSWORD):
            raise sql_error(18456, login.user)
        if login.database not in ("", "pymlsql", "master"):
            raise SqlError(4060, f'Cannot open database "{login.database}" requested by the login.', severity=11)
        session = EchoSession(50 + len(self.sessions), login.database or "pymlsql")
        self.sessions.append(session)
        return session

    def close(self) -> None:
        for session in self.sessions:
            session.close()
