"""Permissions on an object, made what they were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pymlsql.database import fetch
from pymlsql.quoting import ident, qualified

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from pymlsql.deployment.state import Permission


def restore(
    connection: Connection, kind: str, name: str, now: Iterable[Permission], then: Iterable[Permission]
) -> None:
    """Give an object that has the permissions `now` exactly those of `then`."""
    has = {_who(found): found for found in now}
    wanted = {_who(found): found for found in then}
    target = f"{'TYPE' if kind == 'type' else 'OBJECT'}::{qualified(name)}"
    for who, found in has.items():
        if wanted.get(who) != found:
            fetch(connection, f"REVOKE {found.permission} ON {target} FROM {ident(found.principal)} CASCADE;")
    for who, found in wanted.items():
        if has.get(who) != found:
            verb = "DENY" if found.state == "DENY" else "GRANT"
            option = " WITH GRANT OPTION" if found.state == "GRANT_WITH_GRANT_OPTION" else ""
            fetch(connection, f"{verb} {found.permission} ON {target} TO {ident(found.principal)}{option};")


def _who(found: Permission) -> tuple[str, str]:
    return found.principal.lower(), found.permission
