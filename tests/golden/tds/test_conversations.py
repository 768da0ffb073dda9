"""Whole conversations as hex with a comment per field: ``>`` is what a client sends, ``<`` what the server answers.

The files were written from MS-TDS, not by the code: UPDATE_GOLDEN does not apply to them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pymlsql.embedded.tds.columns import arrow_type
from pymlsql.embedded.tds.connection import ServerConnection
from pymlsql.embedded.tds.events import (
    AttentionReceived,
    LoginReceived,
    LoginRefused,
    PreloginReceived,
    RequestReceived,
    Signal,
)
from pymlsql.embedded.tds.requests import Parameter, Rpc, RpcCall, SqlBatch, TransactionRequest
from pymlsql.embedded.tds.responses import (
    ColMetadata,
    Column,
    Done,
    EnvChange,
    Message,
    Response,
    ReturnStatus,
    ReturnValue,
    Rows,
)
from pymlsql.embedded.tsql import types as t
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import SqlType
from tests.unit.tds import client_bytes as client

FOLDER = Path(__file__).parent


def rows(types: Sequence[SqlType], *values: Sequence[Any]) -> Rows:
    columns = zip(*values, strict=True)
    arrays = [pa.array(list(column), arrow_type(type_)) for type_, column in zip(types, columns, strict=True)]
    return Rows(pa.record_batch(arrays, names=[str(place) for place in range(len(types))]))


EVERY = {
    "bit": (t.BIT, True),
    "int": (t.INT, 1),
    "bigint": (t.BIGINT, -1),
    "float": (t.FLOAT, 1.0),
    "decimal": (t.decimal(10, 2), D("-1.23")),
    "money": (t.MONEY, D("1")),
    "date": (t.DATE, dt.date(2015, 1, 1)),
    "datetime": (t.DATETIME, dt.datetime(2015, 1, 1, 6)),
    "datetime2": (SqlType("datetime2", scale=3), dt.datetime(2015, 1, 1, 6)),
    "guid": (t.UNIQUEIDENTIFIER, "00112233-4455-6677-8899-aabbccddeeff"),
    "varchar": (t.varchar(10), "é"),
    "nvarchar": (t.nvarchar(10), "é"),
    "varbinary": (t.varbinary(10), b"\x01\x02"),
    "max": (t.varbinary(t.MAX), b"\x01\x02\x03"),
}
TYPES = [type_ for type_, _ in EVERY.values()]

SELECT = 0xC1
RESPONSES: dict[str, list[tuple[Any, list[Response]]]] = {
    "login": [],
    "login_refused": [],
    "select": [
        (
            SqlBatch("SELECT 1 AS a"),
            [ColMetadata((Column("a", t.INT, nullable=False),)), rows([t.INT], [1]), Done(count=1, command=SELECT)],
        )
    ],
    "prepexec": [
        (
            Rpc(
                (
                    RpcCall(
                        "sp_prepexec",
                        (
                            Parameter("", t.INT, None, output=True),
                            Parameter("", t.nvarchar(4000), "@P1 int"),
                            Parameter("", t.nvarchar(4000), "SELECT @P1"),
                            Parameter("", t.INT, 7),
                        ),
                    ),
                )
            ),
            [
                ColMetadata((Column("", t.INT, computed=True),)),
                rows([t.INT], [7]),
                Done("done_in_proc", count=1, command=SELECT),
                ReturnStatus(0),
                ReturnValue(0, "", t.INT, 1),
                Done("done_proc"),
            ],
        )
    ],
    "error": [
        (
            SqlBatch("SELECT x"),
            [Message(207, 16, 1, "Invalid column name 'x'."), Done(error=True)],
        )
    ],
    "print": [(SqlBatch("PRINT 'a'"), [Message(0, 0, 1, "a"), Done()])],
    "transaction": [
        (TransactionRequest("begin"), [EnvChange("begin", b"\1\0\0\0\0\0\0\0", b""), Done()]),
        (
            TransactionRequest("commit", begin_next=True),
            [
                EnvChange("commit", b"", b"\1\0\0\0\0\0\0\0"),
                EnvChange("begin", b"\2\0\0\0\0\0\0\0", b""),
                Done(),
            ],
        ),
        (TransactionRequest("rollback"), [EnvChange("rollback", b"", b"\2\0\0\0\0\0\0\0"), Done()]),
    ],
    "attention": [(SqlBatch("WAIT"), [Done(error=True)])],
    "types": [
        (
            SqlBatch("t"),
            [
                ColMetadata(tuple(Column(name, type_) for name, (type_, _) in EVERY.items())),
                rows(TYPES, [value for _, value in EVERY.values()], [None] * len(TYPES)),
                Done(count=2, command=SELECT),
            ],
        )
    ],
}
"""By file: the requests that its client sends and what is answered to each."""


def read_file(name: str) -> list[tuple[str, bytes]]:
    """Runs of lines of one direction: ('>' or '<', bytes)."""
    turns: list[tuple[str, bytes]] = []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        found = re.fullmatch(r"([<>]) ((?:[0-9a-f]+ ?)*)(?: .*)?", line)
        assert found, f"{name}: {line}"
        data = bytes.fromhex(found[2])
        if turns and turns[-1][0] == found[1]:
            turns[-1] = (found[1], turns[-1][1] + data)
        else:
            turns.append((found[1], data))
    return turns


class Script:
    """Answers a connection's events with the responses of one file."""

    def __init__(self, name: str, connection: ServerConnection) -> None:
        self.waiting = list(RESPONSES[name])
        self.connection = connection

    def answer(self, data: bytes) -> bytes:
        self.connection.receive_data(data)
        out, request = b"", None
        while not isinstance(event := self.connection.next_event(), Signal):
            match event:
                case PreloginReceived(answer) | AttentionReceived(answer):
                    out += answer
                case LoginReceived(login):
                    if login.password == "secret":
                        out += self.connection.accept_login(login, database="pymlsql", spid=51)
                    else:
                        out += self.connection.refuse_login(sql_error(18456, login.user))
                case LoginRefused(error):
                    out += self.connection.refuse_login(error)
                case RequestReceived():
                    request = event
        if request is not None:
            expected, responses = self.waiting.pop(0)
            assert request.read() == expected
            out += client.responded(self.connection, *responses)
        return out


@pytest.mark.parametrize("name", RESPONSES)
def test_the_conversation_is_as_written(name: str) -> None:
    logs_in = name.startswith("login")
    connection = ServerConnection(tls=False) if logs_in else client.logged_in()
    script = Script(name, connection)
    turns = read_file(name)
    for (asks, sent), (answers, expected) in zip(turns[::2], turns[1::2], strict=True):
        assert (asks, answers) == (">", "<")
        assert script.answer(sent).hex(" ") == expected.hex(" ")
    assert script.waiting == []


def test_every_file_has_its_responses() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(RESPONSES)
