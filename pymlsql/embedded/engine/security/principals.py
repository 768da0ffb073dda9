"""Logins, users, roles and who is a member of what, as the catalog keeps them.

Principals that every server or database has are values of this module and are never stored. Numbers are those of SQL
Server: sys.server_principals and sys.database_principals.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import ClassVar

from pymlsql.embedded.engine.catalog import Catalog, stored

SA, SA_SID = 1, "01"
SERVER_PUBLIC, SYSADMIN, SECURITYADMIN, SERVERADMIN, PROCESSADMIN, DBCREATOR = 2, 3, 4, 5, 7, 9
SERVER_ROLES = {
    "public": SERVER_PUBLIC, "sysadmin": SYSADMIN, "securityadmin": SECURITYADMIN, "serveradmin": SERVERADMIN,
    "setupadmin": 6, "processadmin": PROCESSADMIN, "diskadmin": 8, "dbcreator": DBCREATOR, "bulkadmin": 10,
}  # fmt: skip
PUBLIC, DBO, GUEST, INFORMATION_SCHEMA, SYS = 0, 1, 2, 3, 4
DB_OWNER, DB_ACCESSADMIN, DB_SECURITYADMIN, DB_DDLADMIN, DB_BACKUPOPERATOR = 16384, 16385, 16386, 16387, 16389
DB_DATAREADER, DB_DATAWRITER, DB_DENYDATAREADER, DB_DENYDATAWRITER = 16390, 16391, 16392, 16393
FIXED_ROLES = {
    "db_owner": DB_OWNER, "db_accessadmin": DB_ACCESSADMIN, "db_securityadmin": DB_SECURITYADMIN,
    "db_ddladmin": DB_DDLADMIN, "db_backupoperator": DB_BACKUPOPERATOR, "db_datareader": DB_DATAREADER,
    "db_datawriter": DB_DATAWRITER, "db_denydatareader": DB_DENYDATAREADER,
    "db_denydatawriter": DB_DENYDATAWRITER,
}  # fmt: skip
_FIRST_LOGIN, _FIRST_USER, _AFTER_FIXED_ROLES = 257, 5, 16400


@dataclass(frozen=True, slots=True)
class Login:
    """A SQL Server login; ``sid`` in hexadecimal, ``password`` as :func:`hash_password` makes it."""

    kind: ClassVar[str] = "login"
    of_server: ClassVar[bool] = True
    principal_id: int
    name: str
    sid: str
    password: str
    disabled: bool = False
    default_database: str = "master"
    policy: bool = True
    created: str = ""
    modified: str = ""

    @property
    def key(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class User:
    """A database user: of a login (``sid`` is the login's), without one, or of another ``type`` such as C."""

    kind: ClassVar[str] = "user"
    principal_id: int
    name: str
    sid: str
    type: str = "S"
    login: bool = True
    default_schema: str = "dbo"
    created: str = ""
    modified: str = ""

    @property
    def key(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Role:
    """A database role; ``owner`` is a principal's id."""

    kind: ClassVar[str] = "role"
    principal_id: int
    name: str
    owner: int = DBO
    created: str = ""
    modified: str = ""

    @property
    def key(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Membership:
    """A user or role is a member of a database role."""

    kind: ClassVar[str] = "membership"
    role: int
    member: int

    @property
    def key(self) -> str:
        return f"{self.role}:{self.member}"


@dataclass(frozen=True, slots=True)
class ServerMembership:
    """A login is a member of a server role."""

    kind: ClassVar[str] = "server_membership"
    of_server: ClassVar[bool] = True
    role: int
    member: int

    @property
    def key(self) -> str:
        return f"{self.role}:{self.member}"


@dataclass(frozen=True, slots=True)
class Ownership:
    """An object that has an owner of its own; without one its schema's owner is the object's."""

    kind: ClassVar[str] = "ownership"
    object_id: int
    owner: int

    @property
    def key(self) -> str:
        return str(self.object_id)


@dataclass(frozen=True, slots=True)
class Retired:
    """The highest id of a dropped principal: none is given twice, so that nothing that outlives a principal (a session
    that acts as him) becomes another's. ``scope`` is login or user."""

    kind: ClassVar[str] = "retired"
    scope: str
    number: int

    @property
    def key(self) -> str:
        return self.scope

    @property
    def of_server(self) -> bool:
        """Logins belong to the server, users to their database."""
        return self.scope == "login"


for _class in (Login, User, Role, Membership, ServerMembership, Ownership, Retired):
    stored(_class)

FIXED_USERS = {
    "dbo": User(DBO, "dbo", SA_SID),
    "guest": User(GUEST, "guest", "00", login=False, default_schema="guest"),
    "information_schema": User(INFORMATION_SCHEMA, "INFORMATION_SCHEMA", "", login=False, default_schema=""),
    "sys": User(SYS, "sys", "", login=False, default_schema=""),
}
_FIXED_DATABASE_ROLES = {"public": Role(PUBLIC, "public"), **{n: Role(i, n) for n, i in FIXED_ROLES.items()}}
SA_LOGIN = Login(SA, "sa", SA_SID, "")

Principal = User | Role


def login_named(catalog: Catalog, name: str) -> Login | None:
    """The login of this name in any case, sa included."""
    return SA_LOGIN if name.lower() == "sa" else catalog.entry(Login, name)


def login_by_sid(catalog: Catalog, sid: str) -> Login | None:
    """The login with this security identifier."""
    return next((login for login in all_logins(catalog) if login.sid == sid), None)


def all_logins(catalog: Catalog) -> list[Login]:
    return [SA_LOGIN, *sorted(catalog.entries(Login), key=lambda login: login.principal_id)]


def dbo(catalog: Catalog) -> User:
    """The user that the database's owner is."""
    return User(DBO, "dbo", catalog.database.owner_sid)


def principal_named(catalog: Catalog, name: str) -> Principal | None:
    """The database's user or role of this name in any case."""
    key = name.lower()
    if key == "dbo":
        return dbo(catalog)
    fixed = FIXED_USERS.get(key) or _FIXED_DATABASE_ROLES.get(key)
    return fixed or catalog.entry(User, key) or catalog.entry(Role, key)


def all_principals(catalog: Catalog) -> list[Principal]:
    """Every user and role of the database by id, the fixed ones included."""
    own: list[Principal] = [*catalog.entries(User), *catalog.entries(Role)]
    fixed = [user for user in FIXED_USERS.values() if user.principal_id != DBO]
    return sorted([dbo(catalog), *fixed, *_FIXED_DATABASE_ROLES.values(), *own], key=lambda p: p.principal_id)


def principal_by_id(catalog: Catalog, principal_id: int) -> Principal | None:
    """The database's principal with this id."""
    return next((found for found in all_principals(catalog) if found.principal_id == principal_id), None)


def user_of_login(catalog: Catalog, sid: str) -> User | None:
    """The user that a login is in the database."""
    return next((user for user in catalog.entries(User) if user.login and user.sid == sid), None)


def retired(catalog: Catalog, scope: str, number: int) -> Retired:
    """What keeps the id of a principal that is dropped from being given again."""
    return Retired(scope, max(number, _last_retired(catalog, scope)))


def _last_retired(catalog: Catalog, scope: str) -> int:
    known = catalog.entry(Retired, scope)
    return known.number if known is not None else 0


def next_login_id(catalog: Catalog) -> int:
    """A number that no login has or had."""
    own = (login.principal_id for login in catalog.entries(Login))
    return max([_FIRST_LOGIN - 1, _last_retired(catalog, "login"), *own]) + 1


def is_fixed_role(principal_id: int) -> bool:
    """Whether it is one of the ids that are kept for the database's fixed roles."""
    return DB_OWNER <= principal_id < _AFTER_FIXED_ROLES


def next_principal_id(catalog: Catalog) -> int:
    """A number that no user or role has or had."""
    own = [*(user.principal_id for user in catalog.entries(User)), *(r.principal_id for r in catalog.entries(Role))]
    number = max([_FIRST_USER - 1, _last_retired(catalog, "user"), *own]) + 1
    return _AFTER_FIXED_ROLES if is_fixed_role(number) else number


def roles_of(catalog: Catalog, *members: int) -> frozenset[int]:
    """The database roles that these principals are members of, directly or through other roles; public too."""
    above: dict[int, list[int]] = {}
    for membership in catalog.entries(Membership):
        above.setdefault(membership.member, []).append(membership.role)
    found, waiting = {PUBLIC}, list(members)
    while waiting:
        for role in above.get(waiting.pop(), ()):
            if role not in found:
                found.add(role)
                waiting.append(role)
    return frozenset(found)


def server_roles_of(catalog: Catalog, *logins: int) -> frozenset[int]:
    """The fixed server roles of these logins; public and, for sa, sysadmin."""
    found = {m.role for m in catalog.entries(ServerMembership) if m.member in logins}
    return frozenset(found | {SERVER_PUBLIC} | ({SYSADMIN} if SA in logins else set()))


def owner_of(catalog: Catalog, object_id: int, schema: str) -> int:
    """The principal that owns an object: its own owner, else its schema's."""
    own = catalog.entry(Ownership, str(object_id))
    return own.owner if own is not None else schema_owner(catalog, schema)


def schema_owner(catalog: Catalog, schema: str) -> int:
    """The principal that owns a schema; dbo for one that is not there."""
    found = catalog.schemas.get(schema.lower())
    owner = principal_named(catalog, found.owner) if found is not None else None
    return owner.principal_id if owner is not None else DBO


# Passwords --------------------------------------------------------------------------------------------------------

_COST = {"n": 1 << 14, "r": 8, "p": 1}


def hash_password(password: str) -> str:
    """A salted scrypt hash as text: salt and hash in hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(password, salt).hex()}"


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=32, **_COST)


_NOBODY = f"{bytes(16).hex()}${bytes(32).hex()}"


def password_matches(login: Login | None, password: str) -> bool:
    """Whether it is this login's password; takes as long when there is no such login."""
    salt, _, expected = (login.password if login is not None else _NOBODY).partition("$")
    matches = hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(expected))
    return matches and login is not None


def new_sid() -> str:
    """A security identifier as CREATE LOGIN makes one: 16 random bytes."""
    return secrets.token_bytes(16).hex()
