"""Who may change external languages and libraries, and to whom they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.system_views.server import DATABASE_PRINCIPALS

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def require(session: Session, permission: str) -> None:
    """Raises 15247 or 300 where the session lacks a permission of its database; sa, the only login, lacks none."""


def current_user(session: Session) -> str:
    """The database user of the session."""
    return "dbo"


def find_user(session: Session, name: str) -> str | None:
    """The user or role of this name, in any case, as it is written where it was made."""
    found = DATABASE_PRINCIPALS.get(name.lower())
    return found.name if found else None
