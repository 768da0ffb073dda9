"""CREATE, ALTER and DROP of users and roles, and who is a member of what."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog, Entry, now_text
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.belongings import check_owns_nothing
from pymlsql.embedded.engine.security.context import SecurityContext, identify
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.permissions import DATABASE, GRANTED, PRINCIPAL, SERVER_CLASSES, Permission
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.security_nodes import RoleStatement, UserStatement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def in_user_database(session: Session, construct: str) -> Catalog:
    """The current database's catalog; tempdb and model take no principals here."""
    if session.catalog.database.name in ("tempdb", "model"):
        raise unsupported(f"{construct} in database {session.database}")
    return session.catalog


def put(session: Session, catalog: Catalog, *changed: Entry, gone: tuple[Entry, ...] = ()) -> None:
    """A statement of its own that keeps ``changed`` in the catalog and takes ``gone`` out of it."""
    with session.store.statement():
        session.set_catalog(catalog.without_entries(*gone).with_entries(*changed), changed, gone)


# Users ------------------------------------------------------------------------------------------------------------


def user(session: Session, statement: UserStatement) -> None:
    """CREATE, ALTER or DROP USER. Raises 15023, 15151, 15247 and what each refuses."""
    in_user_database(session, f"{statement.action.upper()} USER")
    {"create": _create_user, "alter": _alter_user, "drop": _drop_user}[statement.action](session, statement)


def _create_user(session: Session, statement: UserStatement) -> None:
    if not may(session, "ALTER ANY USER", DATABASE_SECURABLE):
        raise sql_error(15247)
    catalog = session.catalog
    if p.principal_named(catalog, statement.name) is not None:
        raise sql_error(15023, statement.name)
    source = USER_SOURCES.get(statement.source)
    if source is None:
        raise unsupported(f"CREATE USER FROM {statement.source.upper()}", line=statement.line)
    made = source(session, statement)
    put(session, catalog, made, Permission(DATABASE, 0, 0, made.principal_id, p.DBO, "CONNECT", GRANTED))


def _user_of_login(session: Session, statement: UserStatement) -> p.User:
    sid = _free_login(session, statement.source_name)
    return new_user(session, statement, sid, login=True)


def _free_login(session: Session, name: str) -> str:
    """The sid of a login that has no user yet. Raises 15007, 15063."""
    found = p.login_named(session.catalog, name)
    if found is None:
        raise sql_error(15007, name)
    catalog = session.catalog
    if found.sid in (p.SA_SID, catalog.database.owner_sid) or p.user_of_login(catalog, found.sid) is not None:
        raise sql_error(15063)
    return found.sid


def _user_without_login(session: Session, statement: UserStatement) -> p.User:
    # S-1-9-3-...: the identifiers of users without a login.
    return new_user(session, statement, "010500000000000903000000" + secrets.token_bytes(16).hex(), login=False)


def new_user(session: Session, statement: UserStatement, sid: str, *, login: bool, type_: str = "S") -> p.User:
    """The user that a CREATE USER makes."""
    return p.User(
        p.next_principal_id(session.catalog), statement.name, sid, type_, login,
        statement.default_schema or "dbo", now_text(), now_text(),
    )  # fmt: skip


USER_SOURCES: dict[str, Callable[[Session, UserStatement], p.User]] = {
    "login": _user_of_login,
    "none": _user_without_login,
}
"""What makes the user of a CREATE USER, by where it comes from."""


def _alter_user(session: Session, statement: UserStatement) -> None:
    catalog, name = session.catalog, statement.name
    found = p.principal_named(catalog, name)
    only_schema = statement.new_name is None and statement.login is None
    own = found is not None and found.principal_id == session.identity.user_id and only_schema
    if not isinstance(found, p.User) or not (own or may(session, "ALTER ANY USER", DATABASE_SECURABLE)):
        raise sql_error(15151, "alter", "user", name)
    if _changes_who_controls(catalog, found, statement) and not may(session, "CONTROL", DATABASE_SECURABLE):
        raise sql_error(15151, "alter", "user", name)
    if found.principal_id <= p.SYS:
        raise sql_error(15150, "alter", "user", name)
    changed = replace(found, modified=now_text())
    if statement.default_schema is not None:
        changed = replace(changed, default_schema=statement.default_schema or "dbo")
    if statement.login is not None:
        changed = replace(changed, sid=_free_login(session, statement.login), login=True)
    if statement.new_name is None:
        put(session, catalog, changed)
    else:
        _rename(session, found, replace(changed, name=statement.new_name))


def _changes_who_controls(catalog: Catalog, found: p.User, statement: UserStatement) -> bool:
    """Another login for a user, or another name for one who holds CONTROL: that asks for CONTROL of the database."""
    if statement.login is not None:
        return True
    if statement.new_name is None:
        return False
    context = SecurityContext(found.name, found.sid, None if found.login else found.principal_id)
    return identify(catalog, context).rights.holds("CONTROL", DATABASE_SECURABLE)


def _rename(session: Session, old: p.Principal, new: p.Principal) -> None:
    """Another name for a user or role; schemas keep their owner by name. Raises 15023."""
    catalog = session.catalog
    taken = p.principal_named(catalog, new.name)
    if taken is not None and taken.principal_id != old.principal_id:
        raise sql_error(15023, new.name)
    owned = [replace(s, owner=new.name) for s in catalog.schemas.values() if s.owner.lower() == old.name.lower()]
    with session.store.statement():
        for schema in owned:
            catalog = catalog.with_schema(schema)
        session.set_catalog(catalog.without_entries(old).with_entries(new), [*owned, new], [old])


def _drop_user(session: Session, statement: UserStatement) -> None:
    catalog, name = session.catalog, statement.name
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
    catalog, number = session.catalog, found.principal_id
    check_owns_nothing(catalog, found)
    entries = [entry for entry in catalog.entries(Permission) if entry.securable not in SERVER_CLASSES]
    if any(entry.grantor == number for entry in entries):
        raise sql_error(15284)
    gone: list[Entry] = [e for e in entries if e.grantee == number or (e.securable, e.major) == (PRINCIPAL, number)]
    gone += [m for m in catalog.entries(p.Membership) if number in (m.member, m.role)]
    put(session, catalog, p.retired(catalog, "user", number), gone=(found, *gone))


# Roles ------------------------------------------------------------------------------------------------------------


def role(session: Session, statement: RoleStatement) -> None:
    """CREATE, ALTER or DROP ROLE. Raises 15023, 15151, 15247 and what each refuses."""
    in_user_database(session, f"{statement.action.upper()} ROLE")
    {"create": _create_role, "alter": _alter_role, "drop": _drop_role}[statement.action](session, statement)


def _create_role(session: Session, statement: RoleStatement) -> None:
    if not may(session, "CREATE ROLE", DATABASE_SECURABLE):
        raise sql_error(15247)
    catalog = session.catalog
    if p.principal_named(catalog, statement.name) is not None:
        raise sql_error(15023, statement.name)
    owner = future_owner(session, statement.owner) if statement.owner else session.identity.user_id
    number = p.next_principal_id(catalog)
    put(session, catalog, p.Role(number, statement.name, owner or p.DBO, now_text(), now_text()))


def future_owner(session: Session, name: str) -> int:
    """Who AUTHORIZATION names: oneself, a role one is in, or for who controls the database anybody. Raises 15151."""
    found = p.principal_named(session.catalog, name)
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
    if p.is_fixed_role(found.principal_id):
        return who.rights.unlimited or p.DB_OWNER in who.rights.principals
    return found.owner in who.rights.principals or may(session, "ALTER ANY ROLE", DATABASE_SECURABLE)


def _alter_role(session: Session, statement: RoleStatement) -> None:
    catalog = session.catalog
    found = p.principal_named(catalog, statement.name)
    if isinstance(found, p.Role) and found.principal_id == p.PUBLIC and statement.change != "rename":
        raise sql_error(15081)
    if not isinstance(found, p.Role) or not _may_alter_role(session, found):
        raise sql_error(15151, "alter", "role", statement.name, state=2)
    if statement.change == "rename":
        if p.is_fixed_role(found.principal_id) or found.principal_id == p.PUBLIC:
            raise sql_error(15150, "alter", "role", statement.name)
        _rename(session, found, replace(found, name=statement.new_name, modified=now_text()))
    else:
        change_member(session, found, statement.change, statement.member)


def change_member(session: Session, found: p.Role, change: str, member_name: str) -> None:
    """``change`` is add or drop. Raises 15151, 15405, 15413."""
    catalog = session.catalog
    member = p.principal_named(catalog, member_name)
    if member is None:
        raise sql_error(15151, change, "principal", member_name)
    if member.principal_id in (p.PUBLIC, p.DBO, p.INFORMATION_SCHEMA, p.SYS) or p.is_fixed_role(member.principal_id):
        raise sql_error(15405, member_name)
    entry = p.Membership(found.principal_id, member.principal_id)
    there = catalog.entry(p.Membership, entry.key) is not None
    if change == "drop":
        if there:
            put(session, catalog, gone=(entry,))
        return
    if member.principal_id == found.principal_id or member.principal_id in p.roles_of(catalog, found.principal_id):
        raise sql_error(15413)
    if not there:
        put(session, catalog, entry)


def _drop_role(session: Session, statement: RoleStatement) -> None:
    catalog = session.catalog
    found = p.principal_named(catalog, statement.name)
    if found is None and statement.if_exists:
        return
    if isinstance(found, p.Role) and (found.principal_id == p.PUBLIC or p.is_fixed_role(found.principal_id)):
        raise sql_error(15150, "drop", "role", statement.name)
    if not isinstance(found, p.Role) or not _may_alter_role(session, found):
        raise sql_error(15151, "drop", "role", statement.name)
    if any(m.role == found.principal_id for m in catalog.entries(p.Membership)):
        raise sql_error(15144)
    _drop_principal(session, found)
