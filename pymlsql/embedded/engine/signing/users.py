"""CREATE USER ... FROM CERTIFICATE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.statements import new_user
from pymlsql.embedded.engine.signing.entries import Certificate
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.security_nodes import UserStatement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def _user_of_certificate(session: Session, statement: UserStatement) -> p.User:
    """A user with the certificate's security identifier. Raises 15063, 15151, 15259."""
    found = session.catalog.entry(Certificate, statement.source_name)
    if found is None:
        raise sql_error(15151, "find", "certificate", statement.source_name)
    if statement.default_schema is not None:
        raise sql_error(15259)
    sid = found.facts.sid.hex()
    if any(user.sid == sid for user in session.catalog.entries(p.User)):
        raise sql_error(15063)
    return replace(new_user(session, statement, sid, login=False, type_="C"), default_schema="")


SIGNING_USER_SOURCES: dict[str, Callable[[Session, UserStatement], p.User]] = {"certificate": _user_of_certificate}
