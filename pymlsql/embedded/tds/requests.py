"""What a client asks, after it was bytes (MS-TDS 2.2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload
from uuid import UUID

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
    time, UUID, or what an outlet made of a large binary); ``default`` says that the client asked for the procedure's
    default."""

    name: str
    type: SqlType
    value: Any
    output: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class TableRows:
    """The value of a table-valued parameter: its type's schema and name ("" where the client left them out), the types
    of its columns, which of these take their defaults, and rows of Python values for the others."""

    schema: str
    name: str
    types: tuple[SqlType, ...]
    defaults: tuple[bool, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One procedure call; ``procedure`` is a name (well-known numbers are already names, "sp_executesql" ...)."""

    procedure: str
    parameters: tuple[Parameter, ...]
    no_metadata: bool = False


class RepeatedCalls(Sequence[RpcCall]):
    """Many calls of one procedure that differ in their values only, kept as columns.

    ``first`` is the first call. ``columns`` holds a pyarrow array per parameter, as long as there are calls, of the
    Arrow type that responses.Rows tells for the parameter's type. As a sequence it makes each call when asked.
    """

    def __init__(self, first: RpcCall, columns: tuple[Any, ...]) -> None:
        self.first = first
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, place: int) -> RpcCall: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[RpcCall]: ...
    def __getitem__(self, place: int | slice) -> RpcCall | Sequence[RpcCall]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(f"call {place} of {len(self)}")
        return self._call(column[place].as_py() for column in self.columns)

    def __iter__(self) -> Iterator[RpcCall]:
        for values in zip(*(column.to_pylist() for column in self.columns), strict=True):
            yield self._call(values)

    def _call(self, values: Iterable[Any]) -> RpcCall:
        parameters = tuple(
            Parameter(old.name, old.type, _as_python(value, old.type), old.output, old.default)
            for old, value in zip(self.first.parameters, values, strict=True)
        )
        return RpcCall(self.first.procedure, parameters, self.first.no_metadata)


def _as_python(value: Any, type_: SqlType) -> Any:
    return UUID(value) if type_.name == "uniqueidentifier" and value is not None else value


@dataclass(frozen=True, slots=True)
class Rpc:
    """One message of one or many calls (fast_executemany sends one with N sp_execute: RepeatedCalls)."""

    calls: Sequence[RpcCall]


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
