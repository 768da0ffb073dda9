"""What a session answers, before it becomes bytes: the events of a TDS response stream (MS-TDS 2.2.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pymlsql.embedded.tsql.types import SqlType


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result: its name ("" when it has none), type, and what ColMetadata flags say of it."""

    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False
    computed: bool = False


@dataclass(frozen=True, slots=True)
class ColMetadata:
    """The shape of the rows that follow."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the last ColMetadata: a pyarrow RecordBatch, its columns in that order.

    Arrow types by SqlType: bit bool; tinyint uint8; smallint int16; int int32; bigint int64; real float32; float
    float64; decimal, money, smallmoney decimal128; date date32; time time64[us]; smalldatetime, datetime and
    datetime2 timestamp[us]; strings, uniqueidentifier and sql_variant utf8; binaries binary.
    """

    batch: Any


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a statement (``done``), of a statement in a procedure (``done_in_proc``) or of an RPC (``done_proc``).

    ``count`` is the row count, None when none is sent (SET NOCOUNT ON, DDL). The MORE flag is the writer's: it holds
    a Done back until it knows whether another follows.
    """

    kind: Literal["done", "done_in_proc", "done_proc"] = "done"
    count: int | None = None
    error: bool = False
    command: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """An ERROR token (severity above 10) or an INFO token; an ``urgent`` one does not wait for a packet to be full."""

    number: int
    severity: int
    state: int
    text: str
    procedure: str = ""
    line: int = 1
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class ReturnStatus:
    """What the procedure returned."""

    value: int


@dataclass(frozen=True, slots=True)
class ReturnValue:
    """An OUTPUT parameter of an RPC; ``value`` is a Python value (int, float, Decimal, str, bytes, date ...)."""

    ordinal: int
    name: str
    type: SqlType
    value: Any


@dataclass(frozen=True, slots=True)
class EnvChange:
    """A change of environment: ``database`` (1), ``begin`` (8), ``commit`` (9), ``rollback`` (10), ``reset`` (18).

    For begin, ``new`` is the 8-byte transaction descriptor; for commit and rollback, ``old`` is. For database both
    are names.
    """

    kind: Literal["database", "begin", "commit", "rollback", "reset"]
    new: str | bytes = b""
    old: str | bytes = b""


Response = ColMetadata | Rows | Done | Message | ReturnStatus | ReturnValue | EnvChange
Sink = Callable[[Response], None]
"""Where a session puts its answers, in order; it may block until the client has taken enough (back-pressure)."""
