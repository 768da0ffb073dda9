"""sp_addrolemember and sp_droprolemember, which older scripts call: ALTER ROLE as procedures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.answers import argument
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security import statements
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.security_nodes import RoleStatement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session


def sp_addrolemember(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@rolename, @membername. Raises what ALTER ROLE raises; 201, 15410."""
    return _change(session, actuals, line, "add")


def sp_droprolemember(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@rolename, @membername. Raises what ALTER ROLE raises; 201, 15410."""
    return _change(session, actuals, line, "drop")


def _change(session: Session, actuals: list[Actual], line: int, change: str) -> int:
    procedure = f"sp_{change}rolemember"
    role = _given(actuals, 0, procedure, "@rolename", line)
    member = _given(actuals, 1, procedure, "@membername", line)
    statements.in_user_database(session, procedure)
    if p.principal_named(session.catalog, str(member)) is None:
        raise sql_error(15410, member, line=line)
    statements.role(session, RoleStatement(line, "alter", str(role), change=change, member=str(member)))
    return 0


def _given(actuals: list[Actual], index: int, procedure: str, name: str, line: int) -> Any:
    value = argument(actuals, index, name)
    if value is None:
        raise sql_error(201, procedure, name, line=line)
    return value
