"""CREATE, ALTER and DROP LOGIN, and who is a member of the server's roles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog, Entry, now_text
from pymlsql.embedded.engine.database_entries import Database
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.context import SecurityContext, identify
from pymlsql.embedded.engine.security.enforcement import check_server, may
from pymlsql.embedded.engine.security.permissions import GRANTED, LOGIN, SERVER, SERVER_CLASSES, Permission
from pymlsql.embedded.engine.security.rights import SERVER_SECURABLE
from pymlsql.embedded.engine.security.statements import put
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.security_nodes import LoginStatement, RoleStatement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_LONGEST_PASSWORD = 128
_SERVER_ROLES_WITH_A_MEANING = frozenset(
    {p.SYSADMIN, p.SECURITYADMIN, p.SERVERADMIN, p.PROCESSADMIN, p.DBCREATOR}
)


def login(session: Session, statement: LoginStatement) -> None:
    """CREATE, ALTER or DROP LOGIN. Raises 15025, 15151, 15247 and what each refuses."""
    {"create": _create_login, "alter": _alter_login, "drop": _drop_login}[statement.action](session, statement)


def _create_login(session: Session, statement: LoginStatement) -> None:
    check_server(session, "ALTER ANY LOGIN")
    catalog, name = session.catalog, statement.name
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
    put(session, catalog, made, Permission(SERVER, 0, 0, login_id, p.SA, "CONNECT SQL", GRANTED))


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
    if session.databases.find(name) is None:
        raise sql_error(15010, name)
    return name


def _known_login(session: Session, statement: LoginStatement, *, own: bool, harmless: bool) -> p.Login:
    """The login, if the session may change it. Administrators' logins are for administrators alone; ``own`` and
    ``harmless`` are what :func:`_alter_login` says of the change. Raises 15151."""
    found = p.login_named(session.catalog, statement.name)
    refused = sql_error(15151, statement.action, "login", statement.name)
    if found is None or not ((own and harmless) or may(session, "ALTER ANY LOGIN", SERVER_SECURABLE)):
        raise refused
    if found.principal_id == p.SA or (not harmless and _is_administrator(session.catalog, found)):
        check_server(session, "CONTROL SERVER", refused)
    if found.principal_id == p.SA:
        raise unsupported(f"{statement.action.upper()} LOGIN sa")
    return found


def _is_administrator(catalog: Catalog, found: p.Login) -> bool:
    """A member of sysadmin or who was granted CONTROL SERVER, were it denied as well."""
    rights = identify(catalog, SecurityContext(found.name, found.sid)).rights
    return rights.sysadmin or (SERVER, 0, "CONTROL SERVER") in rights.granted


def _alter_login(session: Session, statement: LoginStatement) -> None:
    """Everybody may give himself another password, for the old one, and another default database. Neither does harm
    to an administrator's login; all else that ALTER LOGIN changes does."""
    catalog = session.catalog
    known = p.login_named(catalog, statement.name)
    own = known is not None and known.principal_id != p.SA and known.sid == session.context.sid
    takes_over = statement.password is not None and statement.old_password is None
    others = (statement.new_name, statement.policy, statement.enable, statement.sid)
    harmless = not takes_over and all(value is None for value in others)
    found = _known_login(session, statement, own=own, harmless=harmless)
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
    put(session, catalog, changed, gone=gone)


def _drop_login(session: Session, statement: LoginStatement) -> None:
    found = _known_login(session, statement, own=False, harmless=False)
    catalog = session.catalog
    if session.engine.is_logged_in(found.sid):
        raise sql_error(15434, found.name)
    if any(database.owner_sid == found.sid for database in catalog.entries(Database)):
        raise sql_error(15174, found.name)
    entries = [e for e in catalog.entries(Permission) if e.securable in SERVER_CLASSES]
    if any(entry.grantor == found.principal_id for entry in entries):
        raise sql_error(15173, found.name)
    number = found.principal_id
    gone: list[Entry] = [e for e in entries if e.grantee == number or (e.securable, e.major) == (LOGIN, number)]
    gone += [m for m in catalog.entries(p.ServerMembership) if m.member == number]
    put(session, catalog, p.retired(catalog, "login", number), gone=(found, *gone))


def server_role(session: Session, statement: RoleStatement) -> None:
    """ALTER SERVER ROLE: members of the fixed roles. Who is in such a role may add others, as SQL Server has it."""
    catalog = session.catalog
    number = p.SERVER_ROLES.get(statement.name.lower())
    who = session.identity
    if number is None or not (who.rights.sysadmin or number in who.server_roles - {p.SERVER_PUBLIC}):
        raise sql_error(15151, "alter", "server role", statement.name)
    if number == p.SERVER_PUBLIC or statement.change == "rename":
        renamed = statement.change == "rename"
        raise sql_error(15150, "alter", "server role", statement.name) if renamed else sql_error(15081)
    if number not in _SERVER_ROLES_WITH_A_MEANING:
        raise unsupported(f"server role {statement.name}", line=statement.line)
    member = p.login_named(catalog, statement.member)
    if member is None:
        raise sql_error(15151, statement.change, "server principal", statement.member)
    if member.principal_id == p.SA:
        raise sql_error(15405, statement.member)
    entry = p.ServerMembership(number, member.principal_id)
    if statement.change == "add":
        put(session, catalog, entry)
    elif catalog.entry(p.ServerMembership, entry.key) is not None:
        put(session, catalog, gone=(entry,))
