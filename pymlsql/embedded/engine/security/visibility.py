"""What of the catalog a context sees, by "Metadata Visibility Configuration" and the pages of the views in sql-docs.

An object is seen by who holds any permission on it, with its columns, keys and constraints; its text by who holds VIEW
DEFINITION, or CONTROL, ALTER or TAKE OWNERSHIP without a denial of VIEW DEFINITION. Everybody sees the schemas, the
fixed principals, himself and his roles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pymlsql.embedded.engine.catalog import Catalog, Module, Table
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.context import Identity, object_securable
from pymlsql.embedded.engine.security.permissions import CLASSES, SERVER_CLASSES, Permission
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, SERVER_SECURABLE, Securable

_CHANGING = ("CONTROL", "ALTER", "TAKE OWNERSHIP")


def sees_object(who: Identity, found: Table | Module) -> bool:
    """Whether there is such an object for the context; its own temporary tables always are."""
    if who.rights.unlimited or who.rights.sysadmin or (isinstance(found, Table) and found.temporary):
        return True
    return who.rights.holds_any(object_securable(who.catalog, found))


def sees_definition(who: Identity, found: Table | Module) -> bool:
    """Whether the context may read the object's text, and the expressions in its constraints."""
    rights = who.rights
    if rights.unlimited or rights.sysadmin or (isinstance(found, Table) and found.temporary):
        return True
    securable = object_securable(who.catalog, found)
    if rights.holds("VIEW DEFINITION", securable):
        return True
    return not rights.denies("VIEW DEFINITION", securable) and any(rights.holds(n, securable) for n in _CHANGING)


@dataclass(frozen=True, slots=True)
class Sight:
    """What system views show. ``who`` is None where everything is shown; ``catalog`` has the objects that are seen, and
    ``hidden`` the ids of those whose text is not. Equal ``key``, equal rows of one catalog."""

    who: Identity | None
    catalog: Catalog
    hidden: frozenset[int] = frozenset()
    key: tuple[object, ...] = ()

    def text(self, object_id: int, text: str) -> str | None:
        """A definition that belongs to an object, or NULL."""
        return None if object_id in self.hidden else text

    def principal(self, found: p.Principal) -> bool:
        """Whether a user or role of the database is shown."""
        number = found.principal_id
        if self.who is None or number <= p.SYS or p.is_fixed_role(number):
            return True
        rights = self.who.rights
        if rights.unlimited or rights.sysadmin or number in rights.principals:
            return True
        if isinstance(found, p.Role):
            return found.owner in rights.principals or self._on_database("ALTER ANY ROLE", "VIEW DEFINITION")
        return self._on_database("ALTER ANY USER", "VIEW DEFINITION") or self._some("USER", number, DATABASE_SECURABLE)

    def membership(self, entry: p.Membership) -> bool:
        """Whether a membership in a database role is shown: one's own, or all."""
        return self.who is None or entry.member in self.who.rights.principals or self._on_database("VIEW DEFINITION")

    def login(self, found: p.Login) -> bool:
        """Whether a login is shown."""
        if self.who is None or found.principal_id == p.SA or found.principal_id in self.who.rights.logins:
            return True
        if any(self.who.rights.holds(name, SERVER_SECURABLE) for name in ("ALTER ANY LOGIN", "VIEW ANY DEFINITION")):
            return True
        return self._some("LOGIN", found.principal_id, SERVER_SECURABLE)

    def securable(self, found: Securable) -> bool:
        """Whether anything else is shown: to who owns it or holds any permission on it."""
        return self.who is None or self.who.rights.holds_any(found)

    def definition(self, found: Securable) -> bool:
        """Whether what takes VIEW DEFINITION of it is told."""
        return self.who is None or self.who.rights.holds("VIEW DEFINITION", found)

    def server_definitions(self) -> bool:
        """Whether what belongs to the server as a whole, such as Resource Governor's pools, is shown."""
        return self.who is None or self.who.rights.holds("VIEW ANY DEFINITION", SERVER_SECURABLE)

    def library(self, owner: int) -> bool:
        """Whether an external library of this user or role is shown: one's own, or all."""
        if self.who is None or owner in self.who.rights.principals:
            return True
        return self._on_database("ALTER ANY EXTERNAL LIBRARY", "VIEW DEFINITION")

    def permission(self, entry: Permission, catalog: Catalog) -> bool:
        """Whether a grant or denial is shown: one's own, and those of whom one sees."""
        if self.who is None:
            return True
        if entry.securable in SERVER_CLASSES:
            login = next((one for one in p.all_logins(catalog) if one.principal_id == entry.grantee), None)
            return login is None or self.login(login)
        grantee = p.principal_by_id(catalog, entry.grantee)
        return grantee is not None and self.principal(grantee)

    def _on_database(self, *permissions: str) -> bool:
        assert self.who is not None
        return any(self.who.rights.holds(name, DATABASE_SECURABLE) for name in permissions)

    def _some(self, kind: str, number: int, container: Securable) -> bool:
        """Whether any permission is held on a principal, where permissions on principals are known."""
        assert self.who is not None
        return kind in CLASSES and self.who.rights.holds_any(Securable(kind, number, -1, container))


def sight_of(who: Identity) -> Sight:
    """What the context sees of its catalog; made once for each. An administrator's costs nothing."""
    known = who.seen.get("sight")
    if known is None:
        known = who.seen["sight"] = _everything(who) or _made(who)
    assert isinstance(known, Sight)
    return known


def _everything(who: Identity) -> Sight | None:
    if who.rights.sysadmin:
        return Sight(None, who.catalog)
    return Sight(who, who.catalog, key=who.key) if who.rights.unlimited else None


def _made(who: Identity) -> Sight:
    objects = {place: found for place, found in who.catalog.objects.items() if sees_object(who, found)}
    hidden = frozenset(found.object_id for found in objects.values() if not sees_definition(who, found))
    return Sight(who, replace(who.catalog, objects=objects), hidden, who.key)
