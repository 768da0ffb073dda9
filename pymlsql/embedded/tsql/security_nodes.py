"""Nodes of statements about logins, users, roles and permissions."""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.embedded.tsql.nodes import Statement
from pymlsql.embedded.tsql.slices import Name


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password as written; no representation of a tree shows it."""

    text: str

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, slots=True)
class LoginStatement(Statement):
    """CREATE, ALTER or DROP LOGIN; what was not written is None. ``enable`` is ALTER LOGIN ... ENABLE or DISABLE."""

    action: str
    name: str
    password: Secret | None = None
    old_password: Secret | None = None
    sid: bytes | None = None
    default_database: str | None = None
    policy: bool | None = None
    new_name: str | None = None
    enable: bool | None = None


@dataclass(frozen=True, slots=True)
class UserStatement(Statement):
    """CREATE, ALTER or DROP USER. ``source`` is login, none (WITHOUT LOGIN) or certificate, ``source_name`` its name;
    ``login`` is ALTER USER's LOGIN =."""

    action: str
    name: str
    source: str = ""
    source_name: str = ""
    default_schema: str | None = None
    new_name: str | None = None
    login: str | None = None
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class RoleStatement(Statement):
    """CREATE, ALTER or DROP ROLE; ``change`` is add, drop (``member``) or rename (``new_name``). ``server`` tells ALTER
    SERVER ROLE."""

    action: str
    name: str
    owner: str = ""
    change: str = ""
    member: str = ""
    new_name: str = ""
    if_exists: bool = False
    server: bool = False


@dataclass(frozen=True, slots=True)
class PermissionItem:
    """A permission by its full name in upper case, and the columns it is about, if any are named."""

    name: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PermissionStatement(Statement):
    """GRANT, DENY or REVOKE. ``securable`` is the class before ``::`` (OBJECT for a bare name, "" without ON);
    ``with_option`` is WITH GRANT OPTION, or GRANT OPTION FOR of a REVOKE."""

    action: str
    permissions: tuple[PermissionItem, ...]
    grantees: tuple[str, ...]
    securable: str = ""
    target: Name | None = None
    with_option: bool = False
    cascade: bool = False
    grantor: str = ""


@dataclass(frozen=True, slots=True)
class AlterAuthorization(Statement):
    """ALTER AUTHORIZATION ON class::name TO owner; ``owner`` is "" for SCHEMA OWNER."""

    securable: str
    target: Name
    owner: str
