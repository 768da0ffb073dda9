"""Which function carries out which statement about rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.security import grants, login_statements, ownership, statements
from pymlsql.embedded.tsql import security_nodes
from pymlsql.embedded.tsql.nodes import Statement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def _role(session: Session, statement: security_nodes.RoleStatement) -> None:
    (login_statements.server_role if statement.server else statements.role)(session, statement)


SECURITY_DEFINITIONS: dict[type[Statement], Callable[[Session, Any], None]] = {
    security_nodes.LoginStatement: login_statements.login,
    security_nodes.UserStatement: statements.user,
    security_nodes.RoleStatement: _role,
    security_nodes.PermissionStatement: grants.change_permissions,
    security_nodes.AlterAuthorization: ownership.alter_authorization,
}
