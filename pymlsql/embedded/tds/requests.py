"""What a client asks, after it was bytes (MS-TDS 2.2.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pymlsql.embedded.tsql.types import SqlType


@dataclass(frozen=True, slots=True)
class Login:
    """LOGIN7, without what the server does not use. ``tds_version`` is the client's, 0x74000004 for 7.4."""

    user: str
    password: str = field(repr=False)
    database: str = ""
    host: str = ""
    application: str = ""
    library: str = ""
    language: str = ""
    tds_version: int = 0x74000004
    packet_size: int = 4096
    client_pid: int = 0


@dataclass(frozen=True, slots=True)
class SqlBatch:
    """A batch of T-SQL."""

    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an RPC: ``value`` is a Python value (None, bool, int, float, Decimal, str, bytes, date, datetime,
    time, UUID); ``default`` says that the client asked for the procedure's default."""

    name: str
    type: SqlType
    value: Any
    output: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One procedure call; ``procedure`` is a name (well-known numbers are already names, "sp_executesql" ...)."""

    procedure: str
    parameters: tuple[Parameter, ...]
    no_metadata: bool = False


@dataclass(frozen=True, slots=True)
class Rpc:
    """One message of one or many calls (fast_executemany sends one with N sp_execute)."""

    calls: tuple[RpcCall, ...]


@dataclass(frozen=True, slots=True)
class TransactionRequest:
    """A transaction manager request. ``isolation`` is 0 (leave), 1 read uncommitted ... 4 serializable, 5 snapshot;
    ``begin_next`` is fBeginXact of commit and rollback."""

    action: Literal["begin", "commit", "rollback", "save"]
    name: str = ""
    isolation: int = 0
    begin_next: bool = False
    next_isolation: int = 0


Request = SqlBatch | Rpc | TransactionRequest
