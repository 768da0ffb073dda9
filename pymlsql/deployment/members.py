"""Who is in which role: `[grants]` of a project file, compared with the database, and brought there.

[grants]
ml_reader = ["powerbi"]             # users, or roles, of the database that is applied to
ml_scorer = ["app", "web"]

What a project has added stands in ml.role_members; it removes nobody else. A member that was there already is left as
it is, and stays when it is declared no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pymlsql.database import fetch, translated_errors
from pymlsql.errors import DatabaseError, DeclarationError, DeploymentError, TemplateError
from pymlsql.quoting import ident
from pymlsql.wording import suggest

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

ROLES = ("ml_admin", "ml_approver", "ml_publisher", "ml_scorer", "ml_reader")
"""The roles of the registry: a project declares members of these only."""

Grants = Mapping[str, tuple[str, ...]]

MemberAction = Literal["create", "drop", "forget", "same"]
"""`forget`: somebody has removed who is declared no more; only the record is to say so."""


@dataclass(frozen=True, slots=True)
class MemberChange:
    """A member of a role in a plan; `conflict` is why apply refuses, whatever it is told."""

    role: str
    member: str
    action: MemberAction
    note: str = ""
    conflict: str | None = None

    @property
    def name(self) -> str:
        """As plan and apply show it."""
        return f"{self.member} of {self.role}"


def parse_grants(values: Mapping[str, object]) -> Grants:
    """The members that a project file declares, by role. Raises DeclarationError, with the keys, for what cannot be."""
    given = values.get("grants", {})
    if not isinstance(given, dict):
        raise DeclarationError("grants: a table [grants] of roles with their members is wanted.", ("grants",))
    made: dict[str, tuple[str, ...]] = {}
    for role, members in given.items():
        path = ("grants", role)
        if role not in ROLES:
            raise DeclarationError(f"grants.{role}: members are declared of {', '.join(ROLES)} only"
                                   f"{suggest(role, ROLES)}.", path)  # fmt: skip
        if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
            raise DeclarationError(f'grants.{role}: a list of names is wanted, as ["powerbi"].', path)
        if len({member.lower() for member in members}) < len(members):
            raise DeclarationError(f"grants.{role}: a member is named twice.", path)
        for member in members:
            _check_name(member, path)
        made[role] = tuple(members)
    return made


def _check_name(member: str, path: tuple[str, ...]) -> None:
    try:
        ident(member)
    except TemplateError as error:
        raise DeclarationError(f"{'.'.join(path)}: {error}", path) from None


_FOUND = """\
SELECT w.[role], w.member, u.name AS there, x.name AS role_there,
    CASE WHEN EXISTS (SELECT 1 FROM sys.database_role_members AS m
        WHERE m.role_principal_id = x.principal_id AND m.member_principal_id = u.principal_id) THEN 1 ELSE 0 END
        AS is_member
FROM OPENJSON(CAST(? AS nvarchar(max))) WITH ([role] nvarchar(128) '$[0]', member nvarchar(128) '$[1]') AS w
LEFT JOIN sys.database_principals AS x ON x.name = w.[role] AND x.type = 'R'
LEFT JOIN sys.database_principals AS u ON u.name = w.member"""

_ADDED = """\
SELECT c.role_name, c.member_name
FROM ml.role_members AS c
JOIN ml.applies AS a ON a.apply_id = c.apply_id
WHERE a.project = ? AND c.is_added = 1
    AND c.change_id = (SELECT MAX(o.change_id) FROM ml.role_members AS o
        JOIN ml.applies AS b ON b.apply_id = o.apply_id
        WHERE b.project = a.project AND o.role_name = c.role_name AND o.member_name = c.member_name)
ORDER BY c.change_id"""

_SPECIAL = ("public", "dbo", "guest", "sys", "information_schema")


def plan_members(connection: Connection, project: str, grants: Grants) -> tuple[MemberChange, ...]:
    """What apply would do about members: those to be added, those that this project added and declares no more."""
    declared = [(role, member) for role, members in grants.items() for member in members]
    added = [(row.role_name, row.member_name) for row in fetch(connection, _ADDED, (project,)).rows]
    wanted = {_key(pair) for pair in declared}
    gone = [pair for pair in added if _key(pair) not in wanted]
    rows = fetch(connection, _FOUND, (json.dumps([*declared, *gone]),)).rows if declared or gone else []
    found = {_key((row.role, row.member)): row for row in rows}
    remembered = {_key(pair) for pair in added}
    made = []
    for role, member in declared:
        row = found[_key((role, member))]
        conflict = _refusal(role, member, row)
        note = "it was removed on the server" if _key((role, member)) in remembered else ""
        action: MemberAction = "same" if conflict or row.is_member else "create"
        made.append(MemberChange(role, member if row.there is None else row.there, action,
                                 note if action == "create" else "", conflict))  # fmt: skip
    for role, member in gone:
        is_member = found[_key((role, member))].is_member
        made.append(MemberChange(role, member, "drop" if is_member else "forget", "not declared any more"))
    return tuple(made)


def _key(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0].lower(), pair[1].lower()


def _refusal(role: str, member: str, row: object) -> str | None:
    """Why a member cannot be added."""
    said = f"grants.{role}: "
    if getattr(row, "role_there", None) is None:
        return f"{said}this database has no role {role}: run pymlsql db upgrade"
    if member.lower() in _SPECIAL:
        return f"{said}{member} is no user who can be a member of a role"
    if getattr(row, "there", None) is None:
        way = f"CREATE USER {ident(member)} FOR LOGIN ..., or take it out"
        return f"{said}this database has no user or role {member}: {way}"
    return None


def execute_members(connection: Connection, apply_id: int, changes: Iterable[MemberChange]) -> None:
    """Add and remove members in the caller's transaction, and record that.

    Raises DeclarationError, with the keys of the declaration, where the server refuses one.
    """
    for change in changes:
        if change.action == "same":
            continue
        try:
            with translated_errors():
                if change.action != "forget":
                    verb = "ADD" if change.action == "create" else "DROP"
                    fetch(connection, f"ALTER ROLE {ident(change.role)} {verb} MEMBER {ident(change.member)};")
                _record(connection, apply_id, change.role, change.member, is_added=change.action == "create")
        except DatabaseError as error:
            said = f"grants.{change.role}: the server refuses {change.member} as a member: {error}"
            raise DeclarationError(said, ("grants", change.role)) from error


_RECORD = "INSERT INTO ml.role_members (apply_id, role_name, member_name, is_added) VALUES (?, ?, ?, ?)"


def _record(connection: Connection, apply_id: int, role: str, member: str, *, is_added: bool) -> None:
    connection.exec_driver_sql(_RECORD, (apply_id, role, member, is_added))


_CHANGED = "SELECT role_name, member_name, is_added FROM ml.role_members WHERE apply_id = ? ORDER BY change_id DESC"


def read_undo(connection: Connection, apply_id: int) -> tuple[MemberChange, ...]:
    """What takes back the changes of an apply, the last first: whom it added is removed, whom it removed is added."""
    rows = fetch(connection, _CHANGED, (apply_id,)).rows
    pairs = json.dumps([(row.role_name, row.member_name) for row in rows])
    found = {_key((row.role, row.member)): row for row in fetch(connection, _FOUND, (pairs,)).rows} if rows else {}
    made = []
    for row in rows:
        there = found[_key((row.role_name, row.member_name))]
        if row.is_added:
            made.append(MemberChange(row.role_name, row.member_name, "drop" if there.is_member else "forget"))
        elif there.is_member:
            made.append(MemberChange(row.role_name, row.member_name, "same"))
        else:
            conflict = None if there.there else f"{row.member_name}, whom the apply took from {row.role_name}, is gone"
            made.append(MemberChange(row.role_name, row.member_name, "create", conflict=conflict))
    return tuple(made)


def execute_undo(connection: Connection, apply_id: int, changes: Iterable[MemberChange], *, overwrite: bool) -> None:
    """Do that in the caller's transaction. Raises DeploymentError where a user is gone, unless `overwrite` is given."""
    changes = tuple(changes)
    conflicts = [change.conflict for change in changes if change.conflict is not None]
    if conflicts and not overwrite:
        raise DeploymentError(f"{'; '.join(conflicts)}: nothing was changed; --overwrite leaves them out.")
    execute_members(connection, apply_id, (change for change in changes if change.conflict is None))
