"""CREATE, ALTER and DROP of logins, users and roles, and who is a member of what."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog, Entry, now_text
from pymlsql.embedded.engine.names import SYSTEM_DATABASES
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.belongings import check_owns_nothing
from pymlsql.embedded.engine.security.enforcement import check_server, may
from pymlsql.embedded.engine.security.permissions import (
    DATABASE,
    GRANTED,
    LOGIN,
    PRINCIPAL,
    SERVER,
    SERVER_CLASSES,
    Permission,
)
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, SERVER_SECURABLE
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.security_nodes import LoginStatement, RoleStatement, UserStatement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_LONGEST_PASSWORD = 128
_SERVER_ROLES_WITH_A_MEANING = frozenset({p.SYSADMIN, p.SECURITYADMIN, p.SERVERADMIN, p.PROCESSADMIN})


def in_user_database(session: Session, construct: str) -> Catalog:
    """The user database's catalog, when the session is in it; system databases take no principals here."""
    if session.database.lower() in SYSTEM_DATABASES:
        raise unsupported(f"{construct} in database {session.database}")
    return session.user_catalog


def _put(session: Session, catalog: Catalog, *changed: Entry, gone: tuple[Entry, ...] = ()) -> None:
    with session.store.statement():
        session.set_catalog(catalog.without_entries(*gone).with_entries(*changed), changed, gone)


# Logins -----------------------------------------------------------------------------------------------------------


def login(session: Session, statement: LoginStatement) -> None:
    """CREATE, ALTER or DROP LOGIN. Raises 15025, 15151, 15247 and what each refuses."""
    {"create": _create_login, "alter": _alter_login, "drop": _drop_login}[statement.action](session, statement)


def _create_login(session: Session, statement: LoginStatement) -> None:
    check_server(session, "ALTER ANY LOGIN")
    catalog, name = session.user_catalog, statement.name
    if p.login_named(catalog, name) is not None or name.lower() in p.SERVER_ROLES:
        raise sql_error(15025, name)
    if "\\" in name:
        raise sql_error(15006, name)
    assert statement.password is not None
    login_id = p.next_login_id(catalog)
    made = p.Login(
        login_id, name, _sid(catalog, statement.sid), _hashed(statement.password.text), False,
        _default_database(session, statement.default_database or "master"),
        statement.policy is not False, now_text(), now_text(),
    )  # fmt: skip
    _put(session, catalog, made, Permission(SERVER, 0, 0, login_id, p.SA, "CONNECT SQL", GRANTED))


def _sid(catalog: Catalog, given: bytes | None) -> str:
    if given is None:
        return p.new_sid()
    if len(given) != 16:
        raise sql_error(15419)
    if p.login_by_sid(catalog, given.hex()) is not None:
        raise sql_error(15433)
    return given.hex()


def _hashed(password: str) -> str:
    """Raises 15116 for an empty password, 15156 for one that is too long."""
    if not password:
        raise sql_error(15116)
    if len(password) > _LONGEST_PASSWORD:
        raise sql_error(15156, _LONGEST_PASSWORD)
    return p.hash_password(password)


def _default_database(session: Session, name: str) -> str:
    if name.lower() not in SYSTEM_DATABASES and name.lower() != session.engine.database.lower():
        raise sql_error(15010, name)
    return name


def _known_login(session: Session, statement: LoginStatement, *, own: bool) -> p.Login:
    """The login, if the session may change it. Who is no administrator may not touch one."""
    catalog = session.user_catalog
    found = p.login_named(catalog, statement.name)
    refused = sql_error(15151, statement.action, "login", statement.name)
    if found is None or not (own or may(session, "ALTER ANY LOGIN", SERVER_SECURABLE)):
        raise refused
    if p.SYSADMIN in p.server_roles_of(catalog, found.principal_id) and not own:
        check_server(session, "CONTROL SERVER", refused)
    if found.principal_id == p.SA:
        raise unsupported(f"{statement.action.upper()} LOGIN sa")
    return found


def _alter_login(session: Session, statement: LoginStatement) -> None:
    catalog = session.user_catalog
    found = p.login_named(catalog, statement.name)
    mine = found is not None and found.principal_id != p.SA and found.sid == session.context.sid
    only_password = statement.old_password is not None and statement.password is not None
    own = mine and only_password and not may(session, "ALTER ANY LOGIN", SERVER_SECURABLE)
    found = _known_login(session, statement, own=own)
    if statement.old_password is not None and not p.password_matches(found, statement.old_password.text):
        raise sql_error(15151, "alter", "login", statement.name)
    changed = replace(found, modified=now_text())
    if statement.password is not None:
        changed = replace(changed, password=_hashed(statement.password.text))
    if statement.default_database is not None:
        changed = replace(changed, default_database=_default_database(session, statement.default_database))
    if statement.policy is not None:
        changed = replace(changed, policy=statement.policy)
    if statement.enable is not None:
        changed = replace(changed, disabled=not statement.enable)
    if statement.sid is not None:
        raise sql_error(102, "SID", line=statement.line)
    gone: tuple[Entry, ...] = ()
    if statement.new_name is not None:
        taken = p.login_named(catalog, statement.new_name)
        if taken is not None and taken.principal_id != found.principal_id:
            raise sql_error(15025, statement.new_name)
        changed, gone = replace(changed, name=statement.new_name), (found,)
    _put(session, catalog, changed, gone=gone)


def _drop_login(session: Session, statement: LoginStatement) -> None:
    found = _known_login(session, statement, own=False)
    catalog = session.user_catalog
    if session.engine.is_logged_in(found.sid):
        raise sql_error(15434, found.name)
    entries = [e for e in catalog.entries(Permission) if e.securable in SERVER_CLASSES]
    if any(entry.grantor == found.principal_id for entry in entries):
        raise sql_error(15173, found.name)
    number = found.principal_id
    gone: list[Entry] = [e for e in entries if e.grantee == number or (e.securable, e.major) == (LOGIN, number)]
    gone += [m for m in catalog.entries(p.ServerMembership) if m.member == found.principal_id]
    _put(session, catalog, gone=(found, *gone))


# Users ------------------------------------------------------------------------------------------------------------


def user(session: Session, statement: UserStatement) -> None:
    """CREATE, ALTER or DROP USER. Raises 15023, 15151, 15247 and what each refuses."""
    in_user_database(session, f"{statement.action.upper()} USER")
    {"create": _create_user, "alter": _alter_user, "drop": _drop_user}[statement.action](session, statement)


def _create_user(session: Session, statement: UserStatement) -> None:
    if not may(session, "ALTER ANY USER", DATABASE_SECURABLE):
        raise sql_error(15247)
    catalog = session.user_catalog
    if p.principal_named(catalog, statement.name) is not None:
        raise sql_error(15023, statement.name)
    source = USER_SOURCES.get(statement.source)
    if source is None:
        raise unsupported(f"CREATE USER FROM {statement.source.upper()}", line=statement.line)
    made = source(session, statement)
    _put(session, catalog, made, Permission(DATABASE, 0, 0, made.principal_id, p.DBO, "CONNECT", GRANTED))


def _user_of_login(session: Session, statement: UserStatement) -> p.User:
    sid = _free_login(session, statement.source_name)
    return new_user(session, statement, sid, login=True)


def _free_login(session: Session, name: str) -> str:
    """The sid of a login that has no user yet. Raises 15007, 15063."""
    found = p.login_named(session.user_catalog, name)
    if found is None:
        raise sql_error(15007, name)
    if found.principal_id == p.SA or p.user_of_login(session.user_catalog, found.sid) is not None:
        raise sql_error(15063)
    return found.sid


def _user_without_login(session: Session, statement: UserStatement) -> p.User:
    # S-1-9-3-...: the identifiers of users without a login.
    return new_user(session, statement, "010500000000000903000000" + secrets.token_bytes(16).hex(), login=False)


def new_user(session: Session, statement: UserStatement, sid: str, *, login: bool, type_: str = "S") -> p.User:
    """The user that a CREATE USER makes."""
    return p.User(
        p.next_principal_id(session.user_catalog), statement.name, sid, type_, login,
        statement.default_schema or "dbo", now_text(), now_text(),
    )  # fmt: skip


USER_SOURCES: dict[str, Callable[[Session, UserStatement], p.User]] = {
    "login": _user_of_login,
    "none": _user_without_login,
}
"""What makes the user of a CREATE USER, by where it comes from."""


def _alter_user(session: Session, statement: UserStatement) -> None:
    catalog, name = session.user_catalog, statement.name
    found = p.principal_named(catalog, name)
    only_schema = statement.new_name is None and statement.login is None
    own = found is not None and found.principal_id == session.identity.user_id and only_schema
    allowed = own or may(session, "ALTER ANY USER", DATABASE_SECURABLE)
    if not isinstance(found, p.User) or not allowed:
        raise sql_error(15151, "alter", "user", name)
    if found.principal_id <= p.SYS:
        raise sql_error(15150, "alter", "user", name)
    changed = replace(found, modified=now_text())
    if statement.default_schema is not None:
        changed = replace(changed, default_schema=statement.default_schema or "dbo")
    if statement.login is not None:
        changed = replace(changed, sid=_free_login(session, statement.login), login=True)
    if statement.new_name is None:
        _put(session, catalog, changed)
    else:
        _rename(session, found, replace(changed, name=statement.new_name))


def _rename(session: Session, old: p.Principal, new: p.Principal) -> None:
    """Another name for a user or role; schemas keep their owner by name. Raises 15023."""
    catalog = session.user_catalog
    taken = p.principal_named(catalog, new.name)
    if taken is not None and taken.principal_id != old.principal_id:
        raise sql_error(15023, new.name)
    owned = [replace(s, owner=new.name) for s in catalog.schemas.values() if s.owner.lower() == old.name.lower()]
    with session.store.statement():
        for schema in owned:
            catalog = catalog.with_schema(schema)
        session.set_catalog(catalog.without_entries(old).with_entries(new), [*owned, new], [old])


def _drop_user(session: Session, statement: UserStatement) -> None:
    catalog, name = session.user_catalog, statement.name
    found = p.principal_named(catalog, name)
    if found is None and statement.if_exists:
        return
    if not isinstance(found, p.User) or not may(session, "ALTER ANY USER", DATABASE_SECURABLE):
        raise sql_error(15151, "drop", "user", name)
    if found.principal_id <= p.SYS:
        raise sql_error(15539, name) if found.principal_id == p.GUEST else sql_error(15150, "drop", "user", name)
    _drop_principal(session, found)


def _drop_principal(session: Session, found: p.Principal) -> None:
    """What a principal owns or has granted keeps it there; what was granted to it goes with it. Raises 15138, 15183,
    15284."""
    catalog, number = session.user_catalog, found.principal_id
    check_owns_nothing(catalog, found)
    entries = [entry for entry in catalog.entries(Permission) if entry.securable not in SERVER_CLASSES]
    if any(entry.grantor == number for entry in entries):
        raise sql_error(15284)
    gone: list[Entry] = [e for e in entries if e.grantee == number or (e.securable, e.major) == (PRINCIPAL, number)]
    gone += [m for m in catalog.entries(p.Membership) if number in (m.member, m.role)]
    _put(session, catalog, gone=(found, *gone))


# Roles ------------------------------------------------------------------------------------------------------------


def role(session: Session, statement: RoleStatement) -> None:
    """CREATE, ALTER or DROP ROLE, ALTER SERVER ROLE. Raises 15023, 15151, 15247 and what each refuses."""
    if statement.server:
        _alter_server_role(session, statement)
        return
    in_user_database(session, f"{statement.action.upper()} ROLE")
    {"create": _create_role, "alter": _alter_role, "drop": _drop_role}[statement.action](session, statement)


def _create_role(session: Session, statement: RoleStatement) -> None:
    if not may(session, "CREATE ROLE", DATABASE_SECURABLE):
        raise sql_error(15247)
    catalog = session.user_catalog
    if p.principal_named(catalog, statement.name) is not None:
        raise sql_error(15023, statement.name)
    owner = future_owner(session, statement.owner) if statement.owner else session.identity.user_id
    number = p.next_principal_id(catalog)
    _put(session, catalog, p.Role(number, statement.name, owner or p.DBO, now_text(), now_text()))


def future_owner(session: Session, name: str) -> int:
    """Who AUTHORIZATION names: oneself, a role one is in, or for who controls the database anybody. Raises 15151."""
    found = p.principal_named(session.user_catalog, name)
    rights = session.identity.rights
    free = rights.holds("CONTROL", DATABASE_SECURABLE)
    if found is not None and found.principal_id == p.PUBLIC:
        raise sql_error(15405, name)
    if found is None or not (free or found.principal_id in rights.principals):
        raise sql_error(15151, "find", "role" if isinstance(found, p.Role) else "user", name)
    return found.principal_id


def _may_alter_role(session: Session, found: p.Role) -> bool:
    """Members of fixed roles are db_owner's business alone; a role's owner may do with it what he likes."""
    who = session.identity
    if found.principal_id >= p.DB_OWNER:
        return who.rights.unlimited or p.DB_OWNER in who.rights.principals
    return found.owner in who.rights.principals or may(session, "ALTER ANY ROLE", DATABASE_SECURABLE)


def _alter_role(session: Session, statement: RoleStatement) -> None:
    catalog = session.user_catalog
    found = p.principal_named(catalog, statement.name)
    if isinstance(found, p.Role) and found.principal_id == p.PUBLIC and statement.change != "rename":
        raise sql_error(15081)
    if not isinstance(found, p.Role) or not _may_alter_role(session, found):
        raise sql_error(15151, "alter", "role", statement.name, state=2)
    if statement.change == "rename":
        if found.principal_id >= p.DB_OWNER or found.principal_id == p.PUBLIC:
            raise sql_error(15150, "alter", "role", statement.name)
        _rename(session, found, replace(found, name=statement.new_name, modified=now_text()))
    else:
        change_member(session, found, statement.change, statement.member)


def change_member(session: Session, found: p.Role, change: str, member_name: str) -> None:
    """``change`` is add or drop. Raises 15151, 15405, 15413."""
    catalog = session.user_catalog
    member = p.principal_named(catalog, member_name)
    if member is None:
        raise sql_error(15151, change, "principal", member_name)
    if member.principal_id in (p.PUBLIC, p.DBO, p.INFORMATION_SCHEMA, p.SYS) or member.principal_id >= p.DB_OWNER:
        raise sql_error(15405, member_name)
    entry = p.Membership(found.principal_id, member.principal_id)
    there = catalog.entry(p.Membership, entry.key) is not None
    if change == "drop":
        if there:
            _put(session, catalog, gone=(entry,))
        return
    if member.principal_id == found.principal_id or member.principal_id in p.roles_of(catalog, found.principal_id):
        raise sql_error(15413)
    if not there:
        _put(session, catalog, entry)


def _drop_role(session: Session, statement: RoleStatement) -> None:
    catalog = session.user_catalog
    found = p.principal_named(catalog, statement.name)
    if found is None and statement.if_exists:
        return
    if isinstance(found, p.Role) and (found.principal_id == p.PUBLIC or found.principal_id >= p.DB_OWNER):
        raise sql_error(15150, "drop", "role", statement.name)
    if not isinstance(found, p.Role) or not _may_alter_role(session, found):
        raise sql_error(15151, "drop", "role", statement.name)
    if any(m.role == found.principal_id for m in catalog.entries(p.Membership)):
        raise sql_error(15144)
    _drop_principal(session, found)


def _alter_server_role(session: Session, statement: RoleStatement) -> None:
    """Members of the fixed server roles. Who is a member of such a role may add others to it, as SQL Server has it."""
    catalog = session.user_catalog
    number = p.SERVER_ROLES.get(statement.name.lower())
    who = session.identity
    if number is None or not (who.rights.sysadmin or number in who.server_roles - {p.SERVER_PUBLIC}):
        raise sql_error(15151, "alter", "server role", statement.name)
    if number == p.SERVER_PUBLIC or statement.change == "rename":
        raise sql_error(15081) if statement.change != "rename" else sql_error(
            15150, "alter", "server role", statement.name)  # fmt: skip
    if number not in _SERVER_ROLES_WITH_A_MEANING:
        raise unsupported(f"server role {statement.name}", line=statement.line)
    member = p.login_named(catalog, statement.member)
    if member is None:
        raise sql_error(15151, statement.change, "server principal", statement.member)
    if member.principal_id == p.SA:
        raise sql_error(15405, statement.member)
    entry = p.ServerMembership(number, member.principal_id)
    if statement.change == "add":
        _put(session, catalog, entry)
    elif catalog.entry(p.ServerMembership, entry.key) is not None:
        _put(session, catalog, gone=(entry,))
