"""What a session knows of its cursors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql.cursor_nodes import DeclareCursor
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


@dataclass(slots=True)
class Cursor:
    """A declared cursor; ``rows`` is None while it is closed, ``place`` the row that was fetched last, from 1 on."""

    name: str
    statement: DeclareCursor
    frame: Frame
    columns: tuple[Typed, ...] = ()
    rows: list[tuple[Any, ...]] | None = None
    place: int = 0


@dataclass(slots=True)
class Cursors:
    """The cursors of a session that are not a batch's or module's own, and what FETCH told last."""

    shared: dict[str, Cursor] = field(default_factory=dict)
    fetch_status: int = 0
    n_rows: int = 0
    """@@CURSOR_ROWS."""


def find_cursor(session: Session, frame: Frame, name: str, *, shared_only: bool = False) -> Cursor | None:
    """The cursor of this name: the frame's own, else the session's."""
    own = None if shared_only else frame.cursors.get(name.lower())
    return own or session.cursors.shared.get(name.lower())


def cursor_status(session: Session, frame: Frame, arguments: list[str]) -> int:
    """CURSOR_STATUS: 1 open, 0 open without rows, -1 closed, -3 not there."""
    kind, name = arguments[0].lower(), arguments[1].lower()
    held = {"local": frame.cursors, "global": session.cursors.shared}.get(kind, {})
    cursor = held.get(name)
    if cursor is None:
        return -3
    if cursor.rows is None:
        return -1
    return 1 if cursor.rows or not cursor.statement.static else 0
