"""In whose name a session's statements run, and what that name may do now."""

from __future__ import annotations

from dataclasses import dataclass, field

from pymlsql.embedded.engine.catalog import Catalog, Module, Table
from pymlsql.embedded.engine.database_entries import MAIN
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.permissions import (
    CLASSES,
    GRANTED,
    ROLE_DENIALS,
    ROLE_GRANTS,
    SERVER_ROLE_GRANTS,
    Permission,
)
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, SERVER_SECURABLE, Rights, Securable


@dataclass(frozen=True, slots=True)
class SecurityContext:
    """A login, or (``user``) a principal of one database alone, with what a signed module adds while it runs.

    ``sid`` is the login's security identifier, "" for none. ``added`` are ids of users, ``added_logins`` of logins,
    whose rights count besides; names and ownership stay those of the context itself. ``database_id`` is the database
    whose users ``user`` and ``added`` are: elsewhere they are nobody.
    """

    login: str
    sid: str
    user: int | None = None
    added: tuple[int, ...] = ()
    added_logins: tuple[int, ...] = ()
    database_id: int = MAIN


@dataclass(slots=True)
class Identity:
    """A context as it is in one catalog: who it is and what it may do. ``user_id`` is None when the login has no user
    in the database; ``default_schema`` is where it looks first for names without a schema."""

    context: SecurityContext
    catalog: Catalog
    rights: Rights
    login_id: int = 0
    user_id: int | None = None
    user_name: str = ""
    default_schema: str = "dbo"
    roles: frozenset[int] = frozenset()
    server_roles: frozenset[int] = frozenset()
    seen: dict[str, object] = field(default_factory=dict)
    """What others keep for as long as the catalog and the context stay as they are."""

    @property
    def key(self) -> tuple[object, ...]:
        """What metadata this identity sees: equal keys see equal rows of one catalog."""
        if self.rights.sysadmin:
            return ("sysadmin",)
        return (self.user_id, self.login_id, self.rights.principals, self.rights.logins, self.rights.unlimited)


def identify(catalog: Catalog, context: SecurityContext) -> Identity:
    """The context's identity in this catalog. A principal of the database has no rights on the server of its own."""
    login = p.login_by_sid(catalog, context.sid) if context.sid else None
    trusted = (login.principal_id,) if login is not None and context.user is None else ()
    login_ids = (*trusted, *context.added_logins)
    server_roles = p.server_roles_of(catalog, *login_ids)
    rights = Rights(sysadmin=bool(trusted) and p.SYSADMIN in server_roles, logins=frozenset(login_ids) | server_roles)
    made = Identity(context, catalog, rights, login.principal_id if login is not None else 0, server_roles=server_roles)
    entries = catalog.entries(Permission)
    rights.add(entries)
    _add_server_roles(rights, server_roles)
    _enter_database(made, _user(made, entries))
    rights.add(entries)
    _add_roles(rights)
    rights.known.clear()
    return made


def _user(made: Identity, entries: list[Permission]) -> p.Principal | None:
    """Who the context is in the database. A login without a user comes in as guest, where guests may connect."""
    context, catalog = made.context, made.catalog
    if context.user is not None:
        at_home = context.database_id == catalog.database.database_id
        return p.principal_by_id(catalog, context.user) if at_home else None
    if made.rights.sysadmin or (context.sid and context.sid == catalog.database.owner_sid):
        return p.dbo(catalog)
    found = p.user_of_login(catalog, context.sid)
    if found is not None:
        return found
    open_to_guests = any(e.grantee == p.GUEST and e.name == "CONNECT" and e.state == GRANTED for e in entries)
    guest = open_to_guests or made.rights.holds("CONTROL SERVER", SERVER_SECURABLE)
    return p.FIXED_USERS["guest"] if guest else None


def _enter_database(made: Identity, user: p.Principal | None) -> None:
    """Who the context is in the database, and what principals count there."""
    added = made.context.added if made.context.database_id == made.catalog.database.database_id else ()
    made.rights.principals = frozenset(added) | (p.roles_of(made.catalog, *added) if added else {p.PUBLIC})
    if user is None:
        return
    made.user_id, made.user_name = user.principal_id, user.name
    made.default_schema = (user.default_schema if isinstance(user, p.User) else "") or "dbo"
    made.roles = p.roles_of(made.catalog, user.principal_id)
    made.rights.unlimited = user.principal_id == p.DBO
    made.rights.principals |= made.roles | {user.principal_id}
    made.rights.owners = frozenset({user.principal_id})


def _add_roles(rights: Rights) -> None:
    """What the fixed database roles may and may not do."""
    database = CLASSES["DATABASE"].number
    for role in rights.principals:
        rights.granted.update((database, 0, name) for name in ROLE_GRANTS.get(role, ()))
        rights.denied.update((database, 0, name) for name in ROLE_DENIALS.get(role, ()))


def _add_server_roles(rights: Rights, roles: frozenset[int]) -> None:
    server = CLASSES["SERVER"].number
    for role in roles:
        rights.granted.update((server, 0, name) for name in SERVER_ROLE_GRANTS.get(role, ()))
    if p.SYSADMIN in roles:
        rights.granted.add((server, 0, "CONTROL SERVER"))


def may_connect(made: Identity) -> bool:
    """Whether the identity may use the database."""
    if made.rights.unlimited:
        return True
    return made.user_id is not None and made.rights.holds("CONNECT", DATABASE_SECURABLE)


# Securables -------------------------------------------------------------------------------------------------------


def schema_securable(catalog: Catalog, name: str) -> Securable:
    """A schema, which is there."""
    schema = catalog.schemas[name.lower()]
    return Securable("SCHEMA", schema.schema_id, p.schema_owner(catalog, name), DATABASE_SECURABLE)


def object_securable(catalog: Catalog, found: Table | Module) -> Securable:
    """A table or module, in its schema."""
    owner = p.owner_of(catalog, found.object_id, found.schema)
    return Securable("OBJECT", found.object_id, owner, schema_securable(catalog, found.schema))
