"""Who may change external languages and libraries, and to whom they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.principals import principal_named
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.tsql.messages import sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def require(session: Session, permission: str) -> None:
    """Raises 15247 where the session lacks a permission on its database."""
    if not may(session, permission, DATABASE_SECURABLE):
        raise sql_error(15247)


def current_user(session: Session) -> str:
    """The database user of the session."""
    return session.identity.user_name


def find_user(session: Session, name: str) -> str | None:
    """The user or role of this name, in any case, as it is written where it was made."""
    found = principal_named(session.user_catalog, name)
    return found.name if found is not None else None
