"""The tree of cursor statements."""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.embedded.tsql.slices import Statement, Text


@dataclass(frozen=True, slots=True)
class DeclareCursor(Statement):
    """DECLARE ... CURSOR FOR a query. ``is_local`` is None where neither LOCAL nor GLOBAL is written."""

    name: str
    query: Text
    is_local: bool | None = None
    static: bool = False
    scroll: bool = False


@dataclass(frozen=True, slots=True)
class UseCursor(Statement):
    """OPEN, CLOSE or DEALLOCATE (``action``, in lower case) of a cursor."""

    action: str
    name: str
    is_global: bool = False


@dataclass(frozen=True, slots=True)
class FetchCursor(Statement):
    """FETCH. ``direction`` is next, prior, first, last, absolute or relative, the latter two with ``place``; without
    variables the row goes to the client."""

    name: str
    direction: str = "next"
    place: Text | None = None
    variables: tuple[str, ...] = ()
    is_global: bool = False
