"""Table types, which T-SQL cannot alter: the old one makes room, and is dropped when nothing takes it any more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pymlsql import quoting
from pymlsql.database import fetch, translated_errors
from pymlsql.deployment import state
from pymlsql.errors import DatabaseError, DeploymentError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

MSG_TYPE_IN_USE = 3732

_TAKING = """\
SELECT s.name AS [schema], o.name, w.[key] AS place
FROM OPENJSON(CAST(? AS nvarchar(max))) AS w
JOIN sys.parameters AS p ON p.user_type_id = TYPE_ID(w.value)
JOIN sys.objects AS o ON o.object_id = p.object_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id"""


def read_takers(connection: Connection, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The names of the modules that have parameters of each table type, both by `state.key`."""
    takers: dict[str, dict[str, str]] = {state.key(name): {} for name in names}
    if names:
        for row in fetch(connection, _TAKING, (json.dumps([quoting.qualified(name) for name in names]),)).rows:
            taker = quoting.qualified((row.schema, row.name))
            takers[state.key(names[int(row.place)])][state.key(taker)] = taker
    return takers


def replace(connection: Connection, name: str, text: str) -> None:
    """Create the type anew, without permissions, beside the old one, which has another name until `drop_replaced`."""
    former = quoting.parse_name(_former(name))[1]
    fetch(connection, "EXEC sp_rename ?, ?, N'USERDATATYPE';", (quoting.qualified(name), former))
    fetch(connection, text)


def drop_replaced(connection: Connection, names: Iterable[str]) -> None:
    """Drop the old types. Raises DeploymentError where something that is not declared takes one."""
    for name in names:
        try:
            with translated_errors():
                fetch(connection, f"DROP TYPE {quoting.qualified(_former(name))};")
        except DatabaseError as error:
            if error.number != MSG_TYPE_IN_USE:
                raise
            raise DeploymentError(
                f"{name} has other columns now, and something that is not declared takes it as it was: {error} Drop "
                "that first. Nothing was changed."
            ) from error


def _former(name: str) -> str:
    schema, own = quoting.parse_name(name)
    return quoting.qualified((schema, f"{own[:100]} before apply"))
