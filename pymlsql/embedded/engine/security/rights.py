"""Does a set of principals hold a permission on a securable? Pure; the rules are those of "Permissions (Database
Engine)", "Summary of the permission check algorithm", of sql-docs.

A permission is held when it, or one that implies it, is granted to any of the principals, and neither it nor one that
implies it is denied to any of them. What implies it are covering permissions of the same securable and the permissions
of the securables that contain it. Ownership grants CONTROL, and no denial touches who owns a securable himself. A grant
on a column overrides a denial on its object, but no wider one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from pymlsql.embedded.engine.security.permissions import CLASSES, DENIED, GRANTABLE, OBJECT, SERVER_CLASSES, Permission

Node = tuple[int, int, str]
"""A permission on a securable: class number, id, permission."""


@dataclass(frozen=True, slots=True)
class Securable:
    """A thing that permissions are given on, in what contains it; ``owner`` is a principal's id or -1."""

    kind: str
    major: int = 0
    owner: int = -1
    container: Securable | None = None


SERVER_SECURABLE = Securable("SERVER")
DATABASE_SECURABLE = Securable("DATABASE", 0, 1, SERVER_SECURABLE)


@lru_cache(maxsize=512)
def implying(kind: str, permission: str) -> tuple[tuple[int, str], ...]:
    """(steps outwards, permission) of all that implies ``permission`` on a securable of this class, itself first."""
    found: list[tuple[int, str]] = []
    waiting = [(0, kind, permission)]
    while waiting:
        steps, name, wanted = waiting.pop(0)
        if (steps, wanted) in found:
            continue
        found.append((steps, wanted))
        here = CLASSES[name]
        declared = here.permissions[wanted]
        if declared.covering:
            waiting.append((steps, name, declared.covering))
        if declared.above and here.container:
            waiting.append((steps + 1, here.container, declared.above))
    return tuple(found)


def chain(securable: Securable) -> tuple[Securable, ...]:
    """The securable and what contains it, inside out."""
    found: list[Securable] = []
    here: Securable | None = securable
    while here is not None:
        found.append(here)
        here = here.container
    return tuple(found)


@dataclass(slots=True)
class Rights:
    """What a set of principals may do.

    ``principals`` are all ids of the database that count and ``logins`` those of the server; ``owners`` are those that
    own for themselves (the user, not the roles). ``unlimited`` is the database's owner: nothing is asked of him;
    ``sysadmin`` is the same for the server.
    """

    unlimited: bool = False
    sysadmin: bool = False
    principals: frozenset[int] = frozenset()
    logins: frozenset[int] = frozenset()
    owners: frozenset[int] = frozenset()
    granted: set[Node] = field(default_factory=set)
    denied: set[Node] = field(default_factory=set)
    columns: dict[Node, dict[int, set[str]]] = field(default_factory=dict)
    """By permission on an object, the states (G, W, D) that its columns have."""
    known: dict[tuple[str, int, str, int], bool] = field(default_factory=dict)
    grantable: set[tuple[int, int, int, str, int]] = field(default_factory=set)
    """(class, id, column, permission, grantee) that are granted with the right to grant."""

    def add(self, entries: Iterable[Permission]) -> None:
        """Take in those entries whose grantee counts."""
        for entry in entries:
            if entry.grantee not in (self.logins if entry.securable in SERVER_CLASSES else self.principals):
                continue
            node = (entry.securable, entry.major, entry.name)
            if entry.minor:
                self.columns.setdefault(node, {}).setdefault(entry.minor, set()).add(entry.state)
            else:
                (self.denied if entry.state == DENIED else self.granted).add(node)
            if entry.state == GRANTABLE:
                self.grantable.add((entry.securable, entry.major, entry.minor, entry.name, entry.grantee))

    def holds(self, permission: str, securable: Securable, column: int = 0) -> bool:
        """Whether ``permission`` is held on the securable, or on one column of it."""
        if self.sysadmin or (self.unlimited and CLASSES[securable.kind].number not in SERVER_CLASSES):
            return True
        key = (securable.kind, securable.major, permission, column)
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = self._holds(permission, securable, column)
        return known

    def _holds(self, permission: str, securable: Securable, column: int) -> bool:
        if securable.owner in self.owners:
            return True
        places = chain(securable)
        nodes = [(CLASSES[places[i].kind].number, places[i].major, name)
                 for i, name in implying(securable.kind, permission)]  # fmt: skip
        states = self.columns.get(nodes[0], {}).get(column, set()) if column else set()
        if DENIED in states:
            return False
        own = nodes[1:] if states else nodes
        if any(node in self.denied for node in own):
            return False
        return bool(states) or any(node in self.granted for node in nodes) or self._owns(places)

    def _owns(self, places: tuple[Securable, ...]) -> bool:
        """CONTROL by ownership of the securable or of what contains it, a role's too."""
        return any(place.owner in self.principals for place in places)

    def denies(self, permission: str, securable: Securable) -> bool:
        """Whether ``permission``, or what implies it, is denied to any of the principals."""
        places = chain(securable)
        return any((CLASSES[places[i].kind].number, places[i].major, name) in self.denied
                   for i, name in implying(securable.kind, permission))  # fmt: skip

    def holds_some_column(self, permission: str, securable: Securable) -> bool:
        """Whether the permission is held on the object or on any of its columns."""
        if self.holds(permission, securable):
            return True
        columns = self.columns.get((OBJECT, securable.major, permission), {})
        return any(self.holds(permission, securable, column) for column in columns)

    def holds_any(self, securable: Securable) -> bool:
        """Whether any permission is held: then its metadata can be seen."""
        return any(self.holds_some_column(name, securable) for name in CLASSES[securable.kind].permissions)
