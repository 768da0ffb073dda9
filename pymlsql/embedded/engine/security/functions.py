"""USER_NAME, SUSER_SNAME, IS_MEMBER, HAS_PERMS_BY_NAME and their like: what a session asks of itself and of rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.context import (
    identify,
    may_connect,
    object_securable,
    schema_securable,
)
from pymlsql.embedded.engine.security.permissions import CLASSES, COLUMN_PERMISSIONS
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, SERVER_SECURABLE, Securable
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.nodes import Name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.session import Session

NULL = "\1"
"""An argument that is the constant NULL."""


def user_id(session: Session) -> int:
    """The current user of the current database."""
    who = session.identity
    return p.GUEST if who.user_id is None else who.user_id


def _user_name(session: Session, frame: Frame, args: list[str]) -> str | None:
    wanted = int(float(args[0])) if args else user_id(session)
    found = p.principal_by_id(session.catalog, wanted)
    return found.name if found is not None else None


def _user_id(session: Session, frame: Frame, args: list[str]) -> int | None:
    if not args:
        return user_id(session)
    found = p.principal_named(session.catalog, args[0])
    return found.principal_id if found is not None else None


def _login_name(session: Session, frame: Frame, args: list[str]) -> str | None:
    if not args:
        return session.context.login
    wanted = int(float(args[0]))
    known = {login.principal_id: login.name for login in p.all_logins(session.catalog)}
    known.update({number: name for name, number in p.SERVER_ROLES.items()})
    return known.get(wanted)


def _login_by_sid(session: Session, frame: Frame, args: list[str]) -> str | None:
    if not args:
        return session.context.login
    found = p.login_by_sid(session.catalog, args[0].lower().removeprefix("0x"))
    return found.name if found is not None else None


def _login_id(session: Session, frame: Frame, args: list[str]) -> int | None:
    if not args:
        return session.identity.login_id or None
    if args[0].lower() in p.SERVER_ROLES:
        return p.SERVER_ROLES[args[0].lower()]
    found = p.login_named(session.catalog, args[0])
    return found.principal_id if found is not None else None


def _login_sid(session: Session, frame: Frame, args: list[str]) -> bytes | None:
    if not args:
        context = session.context
        home = session.databases.numbered(context.database_id)
        user = p.principal_by_id(home, context.user) if context.user else None
        return bytes.fromhex(user.sid if isinstance(user, p.User) else session.context.sid) or None
    found = p.login_named(session.catalog, args[0])
    return bytes.fromhex(found.sid) if found is not None else None


# Membership -------------------------------------------------------------------------------------------------------


def _is_member(session: Session, frame: Frame, args: list[str]) -> int | None:
    """1, 0, or NULL for what is no role of the database, or of that whose number comes behind the role."""
    catalog, principals = session.catalog, session.identity.rights.principals
    user: int | None = user_id(session)
    if len(args) > 1:
        catalog = session.databases.numbered(int(args[1]))
        there = identify(catalog, session.context)
        user, principals = there.user_id, there.rights.principals
    found = p.principal_named(catalog, args[0])
    if not isinstance(found, p.Role):
        return None
    if found.principal_id == p.PUBLIC:
        return 1
    if user == p.DBO:
        return int(found.principal_id == p.DB_OWNER)
    return int(found.principal_id in principals)


def _is_rolemember(session: Session, frame: Frame, args: list[str]) -> int | None:
    """The same of any principal, who is a member of himself."""
    if len(args) == 1:
        return _is_member(session, frame, args)
    role, member = (p.principal_named(session.catalog, name) for name in args)
    if role is None or member is None:
        return None
    if member.principal_id == p.DBO and role.principal_id == p.DB_OWNER:
        return 1
    found = p.roles_of(session.catalog, member.principal_id) | {member.principal_id}
    return int(role.principal_id in found)


def _is_srvrolemember(session: Session, frame: Frame, args: list[str]) -> int | None:
    """Of the server's roles; who is sysadmin is in all of them."""
    number = p.SERVER_ROLES.get(args[0].lower())
    if len(args) > 1:
        login = p.login_named(session.catalog, args[1])
        if login is None:
            return None
        roles = p.server_roles_of(session.catalog, login.principal_id)
    else:
        roles = session.identity.server_roles
    if number is None:
        return None
    return int(number in roles or p.SYSADMIN in roles)


# Permissions ------------------------------------------------------------------------------------------------------


def _has_perms_by_name(session: Session, frame: Frame, args: list[str]) -> int | None:
    """securable, its class, permission [, column, COLUMN]: 1, 0, or NULL where one of them is not known."""
    name, kind, permission = args[0], args[1].upper(), args[2].upper()
    if kind == NULL:
        kind = "SERVER"
    column = 0
    of_columns = kind == "OBJECT" and permission in COLUMN_PERMISSIONS | {"ANY"}
    if len(args) > 3 and not (of_columns and args[4].upper() == "COLUMN"):
        return None
    if kind not in CLASSES or (permission != "ANY" and permission not in CLASSES[kind].permissions):
        return None
    securable = _named_securable(session, kind, name)
    if securable is None:
        return None
    rights = session.identity.rights
    if kind != "SERVER" and not may_connect(session.identity):
        return 0
    if len(args) > 3:
        found_column = _column_id(session, name, args[3])
        if found_column is None:
            return None
        column = found_column
    if permission == "ANY":
        return int(rights.holds_any(securable))
    return int(rights.holds(permission, securable, column))


def _has_database_access(session: Session, frame: Frame, args: list[str]) -> int | None:
    """1, 0, or NULL for what is no database."""
    found = session.databases.find(args[0])
    return int(may_connect(session.identity_in(found))) if found is not None else None


NAMED_SECURABLES: dict[str, Callable[[Session, str], Securable | None]] = {}
"""What finds a securable of the classes that others bring, by its name; None where there is none."""


def _parts(text: str) -> Name:
    from pymlsql.embedded.engine.runtime import split_name

    return Name(split_name(text))


def _named_securable(session: Session, kind: str, name: str) -> Securable | None:
    catalog = session.catalog
    if kind == "SERVER":
        return SERVER_SECURABLE
    if kind == "DATABASE":
        same = name == NULL or name.strip("[]").lower() == session.database.lower()
        return DATABASE_SECURABLE if same else None
    if kind == "SCHEMA":
        plain = _parts(name).object.lower()
        return schema_securable(catalog, plain) if plain in catalog.schemas else None
    if kind != "OBJECT":
        find = NAMED_SECURABLES.get(kind)
        return find(session, name if kind == "TYPE" else _parts(name).object) if find is not None else None
    try:
        found = lookup(catalog, _parts(name), session.path())
    except SqlError:
        return None
    return object_securable(catalog, found) if found is not None else None


def _column_id(session: Session, name: str, column: str) -> int | None:
    from pymlsql.embedded.engine.security.enforcement import column_ids

    found = lookup(session.catalog, _parts(name), session.path())
    assert found is not None
    plain = _parts(column).object.lower()
    return next((number for known, number in column_ids(found) if known.lower() == plain), None)


SECURITY_VALUES: dict[str, Callable[[Session, Frame, list[str]], Any]] = {
    "USER_NAME": _user_name,
    "USER_ID": _user_id,
    "DATABASE_PRINCIPAL_ID": _user_id,
    "SUSER_NAME": _login_name,
    "SUSER_SNAME": _login_by_sid,
    "SUSER_ID": _login_id,
    "SUSER_SID": _login_sid,
    "ORIGINAL_LOGIN": lambda s, f, a: s.login,
    "IS_MEMBER": _is_member,
    "IS_ROLEMEMBER": _is_rolemember,
    "IS_SRVROLEMEMBER": _is_srvrolemember,
    "HAS_DBACCESS": _has_database_access,
    "HAS_PERMS_BY_NAME": _has_perms_by_name,
}
"""Run-time values by the function's name."""
