"""GRANT, DENY and REVOKE: what they name, whether the session may, and the entries that change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Module, Table
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.context import SecurityContext, identify, object_securable, schema_securable
from pymlsql.embedded.engine.security.enforcement import column_ids
from pymlsql.embedded.engine.security.permissions import (
    CLASSES,
    COLUMN_PERMISSIONS,
    DENIED,
    GRANTABLE,
    GRANTED,
    SERVER_CLASSES,
    SINCE,
    Permission,
)
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, SERVER_SECURABLE, Rights, Securable, implying
from pymlsql.embedded.engine.security.statements import in_user_database
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.security_nodes import PermissionItem, PermissionStatement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


@dataclass(frozen=True, slots=True)
class Target:
    """What a GRANT is on: its securable, what 15151 calls it, and the object itself where it is one."""

    securable: Securable
    noun: str
    name: str
    found: Table | Module | None = None

    @property
    def number(self) -> int:
        return CLASSES[self.securable.kind].number


def _object(session: Session, name: Name) -> Target:
    catalog = session.catalog
    if name.database and name.database.lower() != session.database.lower():
        raise sql_error(4610)
    if name.object.startswith("#"):
        raise sql_error(15151, "find", "object", name.object)
    found = lookup(catalog, name, session.path())
    if found is None or not session.identity.rights.holds_any(object_securable(catalog, found)):
        raise sql_error(15151, "find", "object", name.object)
    return Target(object_securable(catalog, found), "object", name.object, found)


def _schema(session: Session, name: Name) -> Target:
    catalog = session.catalog
    if name.object.lower() not in catalog.schemas:
        raise sql_error(15151, "find", "schema", name.object)
    return Target(schema_securable(catalog, name.object), "schema", name.object)


def _database(session: Session, name: Name) -> Target:
    if name.object.lower() != session.database.lower():
        raise sql_error(15151, "find", "database", name.object)
    return Target(DATABASE_SECURABLE, "database", name.object)


def _server(session: Session, name: Name) -> Target:
    return Target(SERVER_SECURABLE, "server", name.object)


SECURABLES: dict[str, Callable[[Session, Name], Target]] = {
    "OBJECT": _object, "SCHEMA": _schema, "DATABASE": _database, "SERVER": _server,
}  # fmt: skip
"""What finds the securable behind ``class::``; who brings another class adds it here and to permissions.CLASSES."""

_OF_KIND = {
    "table": frozenset(CLASSES["OBJECT"].permissions) - {"EXECUTE"},
    "P": frozenset(CLASSES["OBJECT"].permissions) - {"SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES"},
    "SO": frozenset(CLASSES["OBJECT"].permissions) - {"SELECT", "INSERT", "DELETE", "EXECUTE"},
}
_ALL = {"table": ("DELETE", "INSERT", "REFERENCES", "SELECT", "UPDATE"), "P": ("EXECUTE",)}


def change_permissions(session: Session, statement: PermissionStatement) -> None:
    """The statement. Raises 102, 4606, 4611, 4613, 4621, 15151 ..., 40510 for what is not enforced here."""
    kind, items = _class_of(statement, session.level)
    if kind in ("SERVER", "LOGIN"):
        if session.database.lower() != "master":
            raise sql_error(4621, state=10)
    else:
        in_user_database(session, statement.action.upper())
    target = SECURABLES[kind](session, statement.target or Name((session.database,)))
    wanted = _wanted(session, target, items)
    grantees = [_grantee(session, target, wanted, name) for name in statement.grantees]
    if any(_is_exempt(session, target, grantee) for grantee in grantees):
        session.send_error(sql_error(4624, line=statement.line))
        return
    entries = set(session.catalog.entries(Permission))
    before = frozenset(entries)
    for name, column in wanted:
        grantor = _grantor(session, statement, target, name, column)
        for grantee in grantees:
            change = _Change(entries, target, name, column, grantee, grantor, statement)
            {"grant": change.grant, "deny": change.deny, "revoke": change.revoke}[statement.action]()
    _keep(session, before, frozenset(entries))


def _keep(session: Session, before: frozenset[Permission], after: frozenset[Permission]) -> None:
    gone, new = tuple(before - after), tuple(after - before)
    with session.store.statement():
        session.set_catalog(session.catalog.without_entries(*gone).with_entries(*new), new, gone)


# What it names ----------------------------------------------------------------------------------------------------


def _class_of(statement: PermissionStatement, level: int) -> tuple[str, tuple[PermissionItem, ...]]:
    """The securable's class: as written, else that of the permissions. Raises 102, 1020, 4620, 40510."""
    names = [item.name for item in statement.permissions if item.name != "ALL"]
    kind = statement.securable
    if not kind:
        server = [name in CLASSES["SERVER"].permissions and name not in CLASSES["DATABASE"].permissions
                  for name in names]  # fmt: skip
        if any(server) and not all(server):
            raise sql_error(4620, line=statement.line)
        kind = "SERVER" if any(server) else "DATABASE"
    if kind not in SECURABLES:
        raise unsupported(f"{statement.action.upper()} ON {kind}", line=statement.line)
    for name in names:
        if SINCE.get(name, 0) > level:
            raise sql_error(102, name, line=statement.line)
        if name not in CLASSES[kind].permissions:
            if any(name in other.permissions for other in CLASSES.values()):
                raise sql_error(102, name, line=statement.line)
            raise unsupported(f"{statement.action.upper()} {name}", line=statement.line)
    for item in statement.permissions:
        if item.columns and (kind != "OBJECT" or item.name not in COLUMN_PERMISSIONS):
            raise sql_error(1020, line=statement.line)
    return kind, statement.permissions


def _wanted(session: Session, target: Target, items: Iterable[PermissionItem]) -> list[tuple[str, int]]:
    """(permission, column id or 0), ALL spelt out. Raises 4606, 4615, 4623."""
    found: list[tuple[str, int]] = []
    kind = target.found.kind if isinstance(target.found, Module) and target.found.kind in _OF_KIND else "table"
    for item in items:
        if item.name == "ALL":
            found += [(name, 0) for name in _all(session, target, kind)]
            continue
        if target.found is not None and item.name not in _OF_KIND[kind]:
            raise sql_error(4606, item.name)
        found += [(item.name, number) for number in _columns(target, item)]
    return found


def _all(session: Session, target: Target, kind: str) -> tuple[str, ...]:
    if target.securable.kind == "DATABASE":
        raise unsupported("GRANT ALL on a database")
    if target.found is None:
        raise sql_error(4623)
    session.send_error(sql_error(4628))
    if kind not in _ALL:
        raise unsupported("GRANT ALL on a sequence")
    return _ALL[kind]


def _columns(target: Target, item: PermissionItem) -> list[int]:
    if not item.columns:
        return [0]
    assert target.found is not None
    known = {name.lower(): number for name, number in column_ids(target.found)}
    for name in item.columns:
        if name.lower() not in known:
            raise sql_error(4615, name)
    return [known[name.lower()] for name in item.columns]


def _grantee(session: Session, target: Target, wanted: list[tuple[str, int]], name: str) -> int:
    """Whom it is about: a login or server role for the server's securables, else a user or role. Raises 15151, 4617."""
    catalog = session.catalog
    if target.number in SERVER_CLASSES:
        if name.lower() in p.SERVER_ROLES:
            if name.lower() != "public":
                raise sql_error(4617)
            return p.SERVER_PUBLIC
        login = p.login_named(catalog, name)
        if login is None:
            raise sql_error(15151, "find", "login", name)
        return login.principal_id
    found = p.principal_named(catalog, name)
    if found is None:
        raise sql_error(15151, "find", "user", name)
    if p.is_fixed_role(found.principal_id):
        raise sql_error(4617)
    if isinstance(found, p.Role) and any(name == "CONNECT" for name, _ in wanted) and found.principal_id != p.PUBLIC:
        raise sql_error(4627)
    return found.principal_id


def _is_exempt(session: Session, target: Target, grantee: int) -> bool:
    """sa, dbo, the securable's owner, INFORMATION_SCHEMA, sys and oneself are asked for nothing: Msg 4624."""
    who = session.identity
    if target.number in SERVER_CLASSES:
        return grantee in (p.SA, who.login_id)
    return grantee in (p.DBO, p.INFORMATION_SCHEMA, p.SYS, who.user_id, target.securable.owner)


# Whether it may ---------------------------------------------------------------------------------------------------


def _grantor(session: Session, statement: PermissionStatement, target: Target, name: str, column: int) -> int:
    """Who grants: the owner, when the session controls the securable; else who holds it WITH GRANT OPTION. Raises
    15151, on the database 4613."""
    server = target.number in SERVER_CLASSES
    owner = p.SA if server else target.securable.owner
    if statement.grantor:
        return _named_grantor(session, statement, target, name, column)
    if _controls(session, target):
        return owner
    delegated = _delegates(session, target, name, column)
    own = session.identity.login_id if server else session.identity.user_id
    if statement.action == "deny" or not delegated:
        raise _refused(target)
    return own if own in delegated else min(delegated)


def _refused(target: Target) -> SqlError:
    if target.securable.kind in ("DATABASE", "SERVER"):
        return sql_error(4613)
    return sql_error(15151, "find", target.noun, target.name)


def _controls(session: Session, target: Target) -> bool:
    """CONTROL of the securable; db_securityadmin manages the permissions of the whole database."""
    rights = session.identity.rights
    control = "CONTROL SERVER" if target.securable.kind == "SERVER" else "CONTROL"
    if rights.holds(control, target.securable):
        return True
    return target.number not in SERVER_CLASSES and p.DB_SECURITYADMIN in rights.principals


def _delegates(session: Session, target: Target, name: str, column: int) -> set[int]:
    """Principals of the session that hold the permission, or one that covers it there, with the right to grant it; none
    while it is denied to the session."""
    if _is_denied(session.identity.rights, target, name, column):
        return set()
    here = [wanted for steps, wanted in implying(target.securable.kind, name) if steps == 0]
    return {
        grantee
        for number, major, minor, permission, grantee in session.identity.rights.grantable
        if (number, major) == (target.number, target.securable.major) and permission in here and minor in (0, column)
    }


def _is_denied(rights: Rights, target: Target, name: str, column: int) -> bool:
    """Whether who was given the right to grant no longer holds the permission itself, on all of the securable."""
    columns = rights.columns.get((target.number, target.securable.major, name), {})
    if not column and any(DENIED in states for states in columns.values()):
        return True
    return not rights.holds(name, target.securable, column)


def _named_grantor(session: Session, statement: PermissionStatement, target: Target, name: str, column: int) -> int:
    """AS: a principal in whose place the session may act, and that may grant it itself."""
    if target.number in SERVER_CLASSES:
        raise unsupported("AS on the server", line=statement.line)
    found = p.principal_named(session.catalog, statement.grantor)
    rights = session.identity.rights
    acts = rights.holds("CONTROL", DATABASE_SECURABLE)
    if found is None or not (acts or found.principal_id in rights.principals):
        noun = "role" if isinstance(found, p.Role) else "user"
        raise sql_error(15151, "find", noun, statement.grantor)
    if found.principal_id in (p.DBO, target.securable.owner):
        return found.principal_id
    theirs = identify(session.catalog, SecurityContext("", "", found.principal_id)).rights
    if _is_denied(theirs, target, name, column):
        raise _refused(target)
    entries = [e for e in session.catalog.entries(Permission) if e.state == GRANTABLE]
    here = [wanted for steps, wanted in implying(target.securable.kind, name) if steps == 0]
    for e in entries:
        same = (e.securable, e.major, e.grantee) == (target.number, target.securable.major, found.principal_id)
        if same and e.name in here and e.minor in (0, column):
            return found.principal_id
    raise _refused(target)


# What changes -----------------------------------------------------------------------------------------------------


class _Change:
    """One permission on one securable or column, for one grantee, by one grantor; changes ``entries``."""

    def __init__(self, entries: set[Permission], target: Target, name: str, column: int, grantee: int, grantor: int,
                 statement: PermissionStatement) -> None:  # fmt: skip
        self.entries = entries
        self.wanted = Permission(target.number, target.securable.major, column, grantee, grantor, name, GRANTED)
        self.statement = statement

    def _same(self, *, of: Permission | None = None, columns: bool = False) -> list[Permission]:
        """Entries for the same permission, grantee and grantor; with ``columns`` those of columns too."""
        of = of or self.wanted
        return [e for e in self.entries if replace(e, state="", minor=0) == replace(of, state="", minor=0)
                and (e.minor == of.minor or (columns and of.minor == 0))]  # fmt: skip

    def _delegated(self, grantor: int) -> list[Permission]:
        """What the grantee granted on with the right to."""
        wanted = self.wanted
        return [e for e in self.entries if e.grantor == grantor and (e.securable, e.major, e.name) ==
                (wanted.securable, wanted.major, wanted.name) and e.grantee != grantor]  # fmt: skip

    def grant(self) -> None:
        """A grant takes the place of a denial; on the whole object, of what its columns had."""
        old = self._same(columns=True)
        keeps_option = any(e.state == GRANTABLE and e.minor == self.wanted.minor for e in old)
        self.entries.difference_update(old)
        option = self.statement.with_option or keeps_option
        self.entries.add(replace(self.wanted, state=GRANTABLE if option else GRANTED))

    def deny(self) -> None:
        """Raises 4611 when the permission may be granted on and CASCADE is not said."""
        old = self._same()
        self._cascade(old)
        self.entries.difference_update(old)
        self.entries.add(replace(self.wanted, state=DENIED))

    def revoke(self) -> None:
        """Takes back a grant or denial, or (GRANT OPTION FOR) only the right to grant. Raises 4611."""
        old = self._same(columns=True)
        if self.wanted.minor and not old and self._whole_object():
            raise unsupported("REVOKE of a column under a permission on the whole object")
        self._cascade(old)
        self.entries.difference_update(old)
        if self.statement.with_option:
            self.entries.update(replace(e, state=GRANTED if e.state == GRANTABLE else e.state) for e in old)

    def _whole_object(self) -> bool:
        return any(e.state != DENIED for e in self._same(of=replace(self.wanted, minor=0)))

    def _cascade(self, old: list[Permission]) -> None:
        """What rests on a right to grant goes with it, if CASCADE is said."""
        if not any(e.state == GRANTABLE for e in old):
            return
        if self.statement.action == "deny" and not self.statement.cascade:
            raise sql_error(4611)
        waiting, seen = [self.wanted.grantee], {self.wanted.grantor}
        while waiting:
            grantor = waiting.pop()
            if grantor in seen:
                continue
            seen.add(grantor)
            below = self._delegated(grantor)
            if below and not self.statement.cascade:
                raise sql_error(4611)
            self.entries.difference_update(below)
            waiting += [e.grantee for e in below]
