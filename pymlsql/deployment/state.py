"""What the database holds of the modules: as sys.sql_modules shows them now, and as ml.deployments recorded them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymlsql import quoting
from pymlsql.database import fetch
from pymlsql.modules import TableColumn

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

KINDS = {"U": "table", "V": "view", "P": "procedure", "IF": "function", "FN": "function", "TF": "function"}
"""sys.objects.type of what a module can be."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What somebody may, or may not, do with an object: `state` is GRANT, GRANT_WITH_GRANT_OPTION or DENY."""

    principal: str
    permission: str
    state: str


@dataclass(frozen=True, slots=True)
class ServerObject:
    """An object as the server has it now. Tables and types have no definition, only they have columns."""

    name: str
    type: str
    definition: str | None
    uses_quoted_identifier: bool
    uses_ansi_nulls: bool
    permissions: tuple[Permission, ...]
    columns: tuple[TableColumn, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """The last row of ml.deployments about an object; `project` is None for what belongs to no project."""

    name: str
    type: str
    project: str | None
    action: str | None
    definition: str | None
    definition_sha256: bytes | None
    source_sha256: bytes | None
    granted: tuple[str, ...]
    signing: str | None


def key(name: str) -> str:
    """Names that SQL Server's collation takes for one, as far as case goes."""
    return quoting.qualified(name).lower()


_WANTED = "FROM OPENJSON(CAST(? AS nvarchar(max))) WITH ([schema] nvarchar(128) '$[0]', name nvarchar(128) '$[1]') AS w"

_OBJECTS = f"""\
SELECT s.name AS [schema], o.name, RTRIM(o.type) AS type, m.definition, m.uses_quoted_identifier, m.uses_ansi_nulls
{_WANTED}
JOIN sys.schemas AS s ON s.name = w.[schema]
JOIN sys.objects AS o ON o.schema_id = s.schema_id AND o.name = w.name
LEFT JOIN sys.sql_modules AS m ON m.object_id = o.object_id"""

_TYPES = f"""\
SELECT s.name AS [schema], t.name
{_WANTED}
JOIN sys.schemas AS s ON s.name = w.[schema]
JOIN sys.table_types AS t ON t.schema_id = s.schema_id AND t.name = w.name"""

_PERMISSIONS = f"""\
SELECT s.name AS [schema], o.name, u.name AS principal, p.permission_name, p.state_desc
{_WANTED}
JOIN sys.schemas AS s ON s.name = w.[schema]
JOIN sys.objects AS o ON o.schema_id = s.schema_id AND o.name = w.name
JOIN sys.database_permissions AS p ON p.class = 1 AND p.major_id = o.object_id AND p.minor_id = 0
JOIN sys.database_principals AS u ON u.principal_id = p.grantee_principal_id
ORDER BY u.name, p.permission_name"""

_TYPE_PERMISSIONS = f"""\
SELECT s.name AS [schema], t.name, u.name AS principal, p.permission_name, p.state_desc
{_WANTED}
JOIN sys.schemas AS s ON s.name = w.[schema]
JOIN sys.table_types AS t ON t.schema_id = s.schema_id AND t.name = w.name
JOIN sys.database_permissions AS p ON p.class = 6 AND p.major_id = t.user_type_id
JOIN sys.database_principals AS u ON u.principal_id = p.grantee_principal_id
ORDER BY u.name, p.permission_name"""

_COLUMNS = """\
SELECT c.name, t.name AS type, c.max_length, c.precision, c.scale, c.is_nullable
FROM sys.columns AS c
JOIN sys.types AS t ON t.user_type_id = c.user_type_id
WHERE c.object_id = {object_id}
ORDER BY c.column_id"""
_OF_TABLE = _COLUMNS.format(object_id="OBJECT_ID(?)")
_OF_TYPE = _COLUMNS.format(
    object_id="(SELECT y.type_table_object_id FROM sys.table_types AS y WHERE y.user_type_id = TYPE_ID(?))"
)

_RECORDS = """\
SELECT d.object_name, d.object_type, a.project, d.action, d.definition, d.definition_sha256, d.source_sha256,
    d.granted, d.signing
FROM ml.deployments AS d
LEFT JOIN ml.applies AS a ON a.apply_id = d.apply_id
WHERE d.deployment_id = (SELECT MAX(o.deployment_id) FROM ml.deployments AS o WHERE o.object_name = d.object_name)
ORDER BY d.deployment_id"""


def read_objects(connection: Connection, names: Iterable[str]) -> dict[str, ServerObject]:
    """The objects and table types of these names that are there and that this login may see, by `key`."""
    names = list(names)
    wanted = json.dumps([quoting.parse_name(name) for name in names])
    permissions = _read_permissions(connection, _PERMISSIONS, wanted)
    made: dict[str, ServerObject] = {}
    for row in fetch(connection, _OBJECTS, (wanted,)).rows:
        name, kind = _key(row), KINDS.get(row.type, row.type)
        columns = read_columns(connection, name, _OF_TABLE) if kind == "table" else ()
        flags = (row.uses_quoted_identifier is not False, row.uses_ansi_nulls is not False)
        made[name] = ServerObject(name, kind, row.definition, *flags, tuple(permissions.get(name, ())), columns)
    types = fetch(connection, _TYPES, (wanted,)).rows
    permissions = _read_permissions(connection, _TYPE_PERMISSIONS, wanted) if types else {}
    for row in types:
        name = _key(row)
        columns = read_columns(connection, name, _OF_TYPE)
        made[name] = ServerObject(name, "type", None, True, True, tuple(permissions.get(name, ())), columns)
    return made


def _read_permissions(connection: Connection, query: str, wanted: str) -> dict[str, list[Permission]]:
    permissions: dict[str, list[Permission]] = {}
    for row in fetch(connection, query, (wanted,)).rows:
        found = permissions.setdefault(_key(row), [])
        found.append(Permission(row.principal, row.permission_name, row.state_desc))
    return permissions


def _key(row: Any) -> str:
    return key(quoting.qualified((row.schema, row.name)))


def read_columns(connection: Connection, name: str, query: str) -> tuple[TableColumn, ...]:
    """The columns of a table or table type, in order."""
    return tuple(
        TableColumn(row.name, _sql_type(row), bool(row.is_nullable)) for row in fetch(connection, query, (name,)).rows
    )


def _sql_type(row: Any) -> str:
    if row.type in ("nvarchar", "nchar", "varchar", "char", "varbinary", "binary"):
        length = row.max_length // 2 if row.type.startswith("n") else row.max_length
        return f"{row.type}({'max' if row.max_length == -1 else length})"
    if row.type in ("decimal", "numeric"):
        return f"{row.type}({row.precision}, {row.scale})"
    return f"{row.type}({row.scale})" if row.type in ("datetime2", "time", "datetimeoffset") else str(row.type)


def read_records(connection: Connection) -> dict[str, Record]:
    """What was deployed last of each object, by `key`, in the order in which it was; what was dropped is left out."""
    rows = fetch(connection, _RECORDS).rows
    return {key(row.object_name): _record(row) for row in rows if row.action != "dropped"}


def _record(row: Any) -> Record:
    return Record(
        row.object_name,
        row.object_type,
        row.project,
        row.action,
        row.definition,
        None if row.definition_sha256 is None else bytes(row.definition_sha256),
        None if row.source_sha256 is None else bytes(row.source_sha256),
        tuple(json.loads(row.granted or "[]")),
        row.signing,
    )


def in_project(records: Mapping[str, Record], project: str) -> dict[str, Record]:
    """Those of a project. The procedures of schema ml, which its applies give other keys, belong to none."""
    return {name: record for name, record in records.items() if record.project == project and not is_shared(name)}


def is_shared(name: str) -> bool:
    """Whether an object is one of schema ml."""
    return quoting.parse_name(name)[0].lower() == "ml"
