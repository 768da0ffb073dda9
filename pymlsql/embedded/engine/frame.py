"""What a batch or procedure has of its own while it runs: variables, options, the error it catches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.security.context import SecurityContext
from pymlsql.embedded.tsql.locales import US_ENGLISH, Locale
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.cursorstate import Cursor


SNAPSHOT = 5
"""The isolation level of this name, as sys.dm_exec_sessions tells it."""


@dataclass(frozen=True, slots=True)
class SetOptions:
    """SET options of a session. A procedure's changes end with it; the two at the end come from its creation."""

    nocount: bool = False
    xact_abort: bool = False
    implicit_transactions: bool = False
    rowcount: int = 0
    noexec: bool = False
    fmtonly: bool = False
    isolation: int = 2
    locale: Locale = US_ENGLISH
    lock_timeout_ms: int = -1
    textsize: int = -1
    ansi_nulls: bool = True
    quoted_identifier: bool = True
    ansi_warnings: bool = True
    ansi_padding: bool = True
    arithabort: bool = True
    concat_null_yields_null: bool = True
    identity_insert: int = 0


@dataclass(slots=True)
class Value:
    """A variable: its type and its Python value."""

    type: SqlType
    value: Any = None


@dataclass(frozen=True, slots=True)
class TableValue:
    """What is passed as a table-valued parameter: the caller's table variable, or with ``table`` None no rows; and the
    id of its table type, 0 for a table variable of none."""

    table: Table | None
    type_id: int


@dataclass(slots=True)
class Frame:
    """One level of execution. ``procedure`` is its name ("" for a batch), ``object_id`` its id and ``schema`` where its
    names are looked for first ("": in the user's default schema); ``database`` is where a module is, "" for a batch."""

    variables: dict[str, Value] = field(default_factory=dict)
    tables: list[tuple[str, TableValue]] = field(default_factory=list)
    """Table-valued parameters."""
    procedure: str = ""
    object_id: int = 0
    caught: list[SqlError] = field(default_factory=list)
    in_try: int = 0
    return_value: Any = 0
    returns: SqlType | None = None
    """What a function returns; a procedure returns an int."""
    kind: str = "done"
    in_dynamic: bool = False
    schema: str = ""
    database: str = ""
    context_depth: int = 1
    """How many contexts the session had when it began: REVERT takes back none of them."""
    cursors: dict[str, Cursor] = field(default_factory=dict)
    """LOCAL cursors, which end with the frame."""
    declares_inside: bool = False
    """Whether a DECLARE stands inside of another statement."""
    caller: SecurityContext | None = None
    """Of a procedure: in whose name it was called."""

    def get(self, name: str, line: int = 0) -> Value:
        """Raises 137."""
        value = self.variables.get(name)
        if value is None:
            raise sql_error(137, name, line=line)
        return value

    def types(self) -> dict[str, SqlType]:
        return {name: value.type for name, value in self.variables.items()}


class ReturnSignal(Exception):
    """RETURN."""


class BreakSignal(Exception):
    """BREAK."""


class ContinueSignal(Exception):
    """CONTINUE."""


class BatchAborted(Exception):
    """The batch ends here; the error that ended it has been told to the client."""


__all__ = ["BatchAborted", "BreakSignal", "ContinueSignal", "Frame", "ReturnSignal", "SetOptions", "Table", "Value",
           "replace"]  # fmt: skip
