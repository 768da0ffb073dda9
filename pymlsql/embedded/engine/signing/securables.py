"""Certificates, users and logins as what GRANT, DENY and REVOKE are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.grants import Target
from pymlsql.embedded.engine.security.rights import Securable
from pymlsql.embedded.engine.signing.entries import Certificate, certificate_securable
from pymlsql.embedded.engine.signing.impersonation import login_securable, user_securable
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.slices import Name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def named_certificate(session: Session, name: str) -> Securable | None:
    """The certificate of this name."""
    found = session.catalog.entry(Certificate, name)
    return certificate_securable(found) if found is not None else None


def named_user(session: Session, name: str) -> Securable | None:
    """The user of this name."""
    found = p.principal_named(session.catalog, name)
    return user_securable(found) if isinstance(found, p.User) else None


def named_login(session: Session, name: str) -> Securable | None:
    """The login of this name."""
    found = p.login_named(session.catalog, name)
    return login_securable(found) if found is not None else None


def _certificate(session: Session, name: Name) -> Target:
    found = named_certificate(session, name.object)
    if found is None or not session.identity.rights.holds_any(found):
        raise sql_error(15151, "find", "certificate", name.object)
    return Target(found, "certificate", name.object)


def _user(session: Session, name: Name) -> Target:
    found = named_user(session, name.object)
    if found is None:
        raise sql_error(15151, "find", "user", name.object)
    return Target(found, "user", name.object)


def _login(session: Session, name: Name) -> Target:
    found = named_login(session, name.object)
    if found is None:
        raise sql_error(15151, "find", "login", name.object)
    return Target(found, "login", name.object)


SIGNING_SECURABLES: dict[str, Callable[[Session, Name], Target]] = {
    "CERTIFICATE": _certificate, "USER": _user, "LOGIN": _login,
}  # fmt: skip

SIGNING_NAMES: dict[str, Callable[[Session, str], Securable | None]] = {
    "CERTIFICATE": named_certificate, "USER": named_user, "LOGIN": named_login,
}  # fmt: skip
