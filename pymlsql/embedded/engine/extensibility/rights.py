"""Who may change external languages and libraries, and to whom they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.principals import principal_by_id, principal_named
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.tsql.messages import sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def require(session: Session, permission: str) -> None:
    """Raises 15247 where the session lacks a permission on its database."""
    if not may(session, permission, DATABASE_SECURABLE):
        raise sql_error(15247)


def require_sysadmin(session: Session) -> None:
    """Raises 15247 where the login is no member of sysadmin."""
    if not session.identity.rights.sysadmin:
        raise sql_error(15247)


NOBODY = -1


def current_user_id(session: Session) -> int:
    """The database user of the session; NOBODY for a login without one."""
    number = session.identity.user_id
    return NOBODY if number is None else number


def find_user_id(session: Session, name: str) -> int | None:
    """The user or role of this name, in any case."""
    found = principal_named(session.catalog, name)
    return found.principal_id if found is not None else None


def owns(session: Session, owner: int) -> bool:
    """Whether what belongs to ``owner`` is the session's own: its user's, or that of a role which it is a member of."""
    return owner in session.identity.rights.principals


def owner_name(session: Session, owner: int) -> str:
    """What the user or role is called now."""
    found = principal_by_id(session.catalog, owner)
    return found.name if found is not None else str(owner)
