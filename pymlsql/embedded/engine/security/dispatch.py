"""Which function carries out which statement about rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.security import grants, ownership, statements
from pymlsql.embedded.tsql import security_nodes
from pymlsql.embedded.tsql.nodes import Statement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

SECURITY_DEFINITIONS: dict[type[Statement], Callable[[Session, Any], None]] = {
    security_nodes.LoginStatement: statements.login,
    security_nodes.UserStatement: statements.user,
    security_nodes.RoleStatement: statements.role,
    security_nodes.PermissionStatement: grants.change_permissions,
    security_nodes.AlterAuthorization: ownership.alter_authorization,
}
