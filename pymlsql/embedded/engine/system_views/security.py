"""Logins, users, roles and permissions.

Columns are those of SQL Server 2019 from "Security catalog views" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.permissions import BY_NUMBER, SERVER_CLASSES, Permission
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, view
from pymlsql.embedded.engine.system_views.objects import time_of
from pymlsql.embedded.engine.system_views.state import SystemState

DATABASE_PRINCIPALS = columns("""
    name sysname, principal_id int, type char(1), type_desc nvarchar(60), default_schema_name sysname?,
    create_date datetime, modify_date datetime, owning_principal_id int?, sid varbinary(85)?, is_fixed_role bit,
    authentication_type int, authentication_type_desc nvarchar(60), default_language_name sysname?,
    default_language_lcid int?, allow_encrypted_value_modifications bit=0""")

ROLE_MEMBERS = columns("role_principal_id int, member_principal_id int")

PERMISSIONS = columns("""
    class tinyint, class_desc nvarchar(60)?, major_id int, minor_id int, grantee_principal_id int,
    grantor_principal_id int, type char(4), permission_name nvarchar(128)?, state char(1), state_desc nvarchar(60)?""")

SERVER_PRINCIPALS = columns("""
    name sysname, principal_id int, sid varbinary(85)?, type char(1), type_desc nvarchar(60), is_disabled bit=0,
    create_date datetime, modify_date datetime, default_database_name sysname?, default_language_name sysname?,
    credential_id int?, owning_principal_id int?, is_fixed_role bit=0""")

SQL_LOGINS = columns("""
    name sysname, principal_id int, sid varbinary(85)?, type char(1), type_desc nvarchar(60), is_disabled bit=0,
    create_date datetime, modify_date datetime, default_database_name sysname?, default_language_name sysname?,
    credential_id int?, is_policy_checked bit, is_expiration_checked bit=0, password_hash varbinary(256)?""")

USER_TYPES = {"S": "SQL_USER", "C": "CERTIFICATE_MAPPED_USER"}
_STATES = {"G": "GRANT", "W": "GRANT_WITH_GRANT_OPTION", "D": "DENY"}


def _role_sid(role: p.Role) -> bytes:
    """S-1-9-4-0-0-0-n, as the fixed database roles have it."""
    return bytes.fromhex("010500000000000904000000") + bytes(12) + role.principal_id.to_bytes(4, "little")


def _times(state: SystemState, created: str, modified: str) -> Fact:
    first = time_of(created) if created else state.created
    return {"create_date": first, "modify_date": time_of(modified) if modified else first}


# The database -----------------------------------------------------------------------------------------------------


def _database_principals(state: SystemState) -> Iterator[Fact]:
    for found in filter(state.sight.principal, p.all_principals(state.catalog)):
        yield _role_fact(state, found) if isinstance(found, p.Role) else _user_fact(state, found)


def _role_fact(state: SystemState, role: p.Role) -> Fact:
    return _times(state, role.created, role.modified) | {
        "name": role.name, "principal_id": role.principal_id, "type": "R", "type_desc": "DATABASE_ROLE",
        "owning_principal_id": role.owner, "is_fixed_role": p.is_fixed_role(role.principal_id),
        "sid": _role_sid(role) if role.principal_id else None,
        "authentication_type": 0, "authentication_type_desc": "NONE",
    }  # fmt: skip


def _user_fact(state: SystemState, user: p.User) -> Fact:
    instance = user.login and user.principal_id != p.GUEST
    return _times(state, user.created, user.modified) | {
        "name": user.name, "principal_id": user.principal_id, "type": user.type, "type_desc": USER_TYPES[user.type],
        "default_schema_name": user.default_schema or None, "sid": bytes.fromhex(user.sid) or None,
        "is_fixed_role": False, "authentication_type": int(instance),
        "authentication_type_desc": "INSTANCE" if instance else "NONE",
    }  # fmt: skip


def _role_members(state: SystemState) -> Iterator[Fact]:
    owner = p.Membership(p.DB_OWNER, p.DBO)
    found = [owner, *sorted(state.catalog.entries(p.Membership), key=lambda entry: (entry.role, entry.member))]
    for entry in filter(state.sight.membership, found):
        yield {"role_principal_id": entry.role, "member_principal_id": entry.member}


def _permission_facts(state: SystemState, *, server: bool) -> Iterator[Fact]:
    catalog = state.server_catalog if server else state.catalog
    entries = sorted(catalog.entries(Permission), key=lambda e: (e.securable, e.major, e.minor, e.grantee, e.grantor,
                                                                 e.name))  # fmt: skip
    for entry in entries:
        if (entry.securable in SERVER_CLASSES) != server or not state.sight.permission(entry, catalog):
            continue
        securable = BY_NUMBER[entry.securable]
        yield {
            "class": entry.securable, "class_desc": securable.description, "major_id": entry.major,
            "minor_id": entry.minor, "grantee_principal_id": entry.grantee, "grantor_principal_id": entry.grantor,
            "type": securable.permissions[entry.name].code, "permission_name": entry.name, "state": entry.state,
            "state_desc": _STATES[entry.state],
        }  # fmt: skip


# The server -------------------------------------------------------------------------------------------------------


def _logins(state: SystemState) -> Iterator[tuple[p.Login, Fact]]:
    for login in filter(state.sight.login, p.all_logins(state.server_catalog)):
        yield login, _times(state, login.created, login.modified) | {
            "name": login.name, "principal_id": login.principal_id, "sid": bytes.fromhex(login.sid), "type": "S",
            "type_desc": "SQL_LOGIN", "is_disabled": login.disabled, "default_language_name": "us_english",
            "default_database_name": login.default_database,
        }  # fmt: skip


def _server_principals(state: SystemState) -> Iterator[Fact]:
    for _, fact in _logins(state):
        yield fact
    for name, number in p.SERVER_ROLES.items():
        yield _times(state, "", "") | {
            "name": name, "principal_id": number, "sid": bytes([number]), "type": "R", "type_desc": "SERVER_ROLE",
            "owning_principal_id": p.SA, "is_fixed_role": number != p.SERVER_PUBLIC,
        }  # fmt: skip


def _sql_logins(state: SystemState) -> Iterator[Fact]:
    """The hash of a password is shown to nobody."""
    for login, fact in _logins(state):
        yield fact | {"is_policy_checked": login.policy}


def _server_role_members(state: SystemState) -> Iterator[Fact]:
    yield {"role_principal_id": p.SYSADMIN, "member_principal_id": p.SA}
    entries = state.server_catalog.entries(p.ServerMembership)
    for entry in sorted(entries, key=lambda entry: (entry.role, entry.member)):
        yield {"role_principal_id": entry.role, "member_principal_id": entry.member}


SECURITY_VIEWS: dict[str, SystemView] = {
    "database_principals": view(DATABASE_PRINCIPALS, _database_principals),
    "database_role_members": view(ROLE_MEMBERS, _role_members),
    "database_permissions": view(PERMISSIONS, lambda state: _permission_facts(state, server=False)),
    "server_principals": view(SERVER_PRINCIPALS, _server_principals),
    "sql_logins": view(SQL_LOGINS, _sql_logins),
    "server_role_members": view(ROLE_MEMBERS, _server_role_members),
    "server_permissions": view(PERMISSIONS, lambda state: _permission_facts(state, server=True)),
}
