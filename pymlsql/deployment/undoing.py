"""Taking the last apply of a project back: former texts, flags, grants and signatures, from ml.deployments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pymlsql import signing
from pymlsql.database import fetch
from pymlsql.deployment import applying, members, permitting, state, types
from pymlsql.deployment.planning import Step, digest, parse_signing
from pymlsql.deployment.restoring import as_create_or_alter
from pymlsql.deployment.state import Permission, ServerObject
from pymlsql.errors import DeploymentError
from pymlsql.modules import KEPT
from pymlsql.quoting import qualified

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Former:
    """One object that an apply changed: what it did (`action`), and how the object was before.

    `granted` are the roles to which the project had granted it then.
    """

    name: str
    type: str
    action: str
    definition_sha256: bytes | None
    former_definition: str | None
    quoted_identifier: bool
    ansi_nulls: bool
    permissions: tuple[Permission, ...]
    former_signing: str | None
    signing: str | None
    was_ours: bool
    granted: tuple[str, ...]
    server: ServerObject | None

    @property
    def way(self) -> Literal["drop", "keep", "restore", "recreate", "settle"]:
        """What undoing it takes."""
        if self.action == "created":
            return "keep" if self.type in KEPT else "drop"
        return {"altered": "restore", "dropped": "recreate"}.get(self.action, "settle")  # type: ignore[return-value]

    @property
    def conflict(self) -> str | None:
        """Why it cannot be taken back without losing what somebody did since."""
        there = self.server is not None
        if self.action == "dropped":
            return f"{self.name}, which the apply dropped, is there again" if there else None
        if not there:
            return None if self.action == "created" else f"{self.name} was dropped since"
        text = None if self.server is None else self.server.definition
        is_edited = text is not None and digest(text) != self.definition_sha256
        return f"{self.name} was edited on the server since" if is_edited else None


@dataclass(frozen=True, slots=True)
class Undo:
    """The apply that is to be taken back, and what it changed, in the order in which that is done."""

    project: str
    apply_id: int
    label: str | None
    applied_at: Any
    names: tuple[str, ...]
    objects: tuple[Former, ...]
    members: tuple[members.MemberChange, ...] = ()


_LAST = """\
SELECT TOP (1) a.apply_id, a.label, a.applied_at
FROM ml.applies AS a
WHERE a.project = ? AND a.undoes IS NULL AND (? IS NULL OR a.label = ?)
    AND NOT EXISTS (SELECT 1 FROM ml.applies AS u WHERE u.undoes = a.apply_id)
ORDER BY a.apply_id DESC"""

_BEFORE = """\
SELECT TOP (1) a.modules FROM ml.applies AS a
WHERE a.project = ? AND a.apply_id < ? AND a.undoes IS NULL
    AND NOT EXISTS (SELECT 1 FROM ml.applies AS u WHERE u.undoes = a.apply_id)
ORDER BY a.apply_id DESC"""

_CHANGED = """\
SELECT d.object_name, d.object_type, d.action, d.definition_sha256, d.former_definition, d.former_quoted_identifier,
    d.former_ansi_nulls, d.former_grants, d.former_signing, d.signing,
    (SELECT TOP (1) b.definition_sha256 FROM ml.deployments AS b
        WHERE b.object_name = d.object_name AND b.deployment_id < d.deployment_id ORDER BY b.deployment_id DESC)
        AS left_sha256,
    (SELECT TOP (1) b.granted FROM ml.deployments AS b
        WHERE b.object_name = d.object_name AND b.deployment_id < d.deployment_id ORDER BY b.deployment_id DESC)
        AS left_granted
FROM ml.deployments AS d WHERE d.apply_id = ? ORDER BY d.deployment_id"""


def make_undo(connection: Connection, project: str, *, label: str | None = None) -> Undo:
    """What undoing the last apply of a project (that has this label) would do. Raises DeploymentError for none."""
    found = fetch(connection, _LAST, (project, label, label)).rows
    if not found:
        raise DeploymentError(f"There is no apply of the project {project} that could be undone.")
    last = found[0]
    before = fetch(connection, _BEFORE, (project, last.apply_id)).rows
    names = tuple(json.loads(before[0].modules)) if before else ()
    rows = fetch(connection, _CHANGED, (last.apply_id,)).rows
    objects = state.read_objects(connection, [row.object_name for row in rows])
    changed = [_former(row, objects.get(state.key(row.object_name))) for row in rows]
    return Undo(project, last.apply_id, last.label, last.applied_at, names, tuple(_ordered(changed, names)),
                members.read_undo(connection, last.apply_id))  # fmt: skip


def _former(row: Any, server: ServerObject | None) -> Former:
    return Former(
        row.object_name,
        row.object_type,
        row.action,
        None if row.definition_sha256 is None else bytes(row.definition_sha256),
        row.former_definition,
        row.former_quoted_identifier is not False,
        row.former_ansi_nulls is not False,
        tuple(Permission(**one) for one in json.loads(row.former_grants or "[]")),
        row.former_signing,
        row.signing,
        row.former_definition is not None and row.left_sha256 == digest(row.former_definition),
        tuple(json.loads(row.left_granted or "[]")),
        server,
    )


def _ordered(changed: Sequence[Former], names: Sequence[str]) -> list[Former]:
    """Former texts in the order in which they were made; then what is dropped, what was made last first."""
    places = {state.key(name): place for place, name in enumerate(names)}
    dropped = [one for one in changed if one.way in ("drop", "keep")]
    others = [one for one in changed if one.way not in ("drop", "keep")]
    others.sort(key=lambda one: places.get(state.key(one.name), len(places)))
    return [*others, *reversed(dropped)]


def execute(connection: Connection, undo: Undo, *, overwrite: bool = False) -> None:
    """Take it back in the caller's transaction, and record that. Raises DeploymentError where somebody came between."""
    conflicts = [one.conflict for one in undo.objects if one.conflict is not None]
    if conflicts and not overwrite:
        raise DeploymentError(f"{'; '.join(conflicts)}: nothing was changed; --overwrite does it nevertheless.")
    apply_id = applying.begin(connection, undo.project, undo.names, undoes=undo.apply_id)
    for one in undo.objects:
        _restore(connection, apply_id, one)
    types.drop_replaced(connection, (one.name for one in undo.objects if one.type == "type" and one.way == "restore"))
    members.execute_undo(connection, apply_id, undo.members, overwrite=overwrite)


def _restore(connection: Connection, apply_id: int, one: Former) -> None:
    step = Step(one.name, one.type, "same", None, one.server, None, former_signing=one.signing)
    if one.way == "keep" and not _can_drop(connection, one):
        applying.record(connection, apply_id, step, "settled")
        return
    if one.way in ("drop", "keep"):
        if one.server is not None:
            applying.drop(connection, one.type, one.name)
        if one.signing is not None:
            signing.remove(connection, parse_signing(one.signing))
        applying.record(connection, apply_id, step, "dropped")
        return
    if one.way in ("restore", "recreate"):
        _restore_text(connection, one)
    is_new = one.server is None or one.way == "recreate" or one.type == "type"
    has = () if one.server is None or is_new else one.server.permissions
    permitting.restore(connection, one.type, one.name, has, one.permissions)
    former = one.signing if state.is_shared(one.name) else one.former_signing  # those of schema ml are always signed
    if former is not None:
        signing.sign(connection, parse_signing(former))
    elif one.signing is not None:
        signing.remove(connection, parse_signing(one.signing))
    action = {"restore": "altered", "recreate": "created"}.get(one.way, "settled")
    text = one.former_definition if one.type == "type" else None
    applying.record(connection, apply_id, step, action, former, text=text, granted=one.granted, is_ours=one.was_ours)


def _restore_text(connection: Connection, one: Former) -> None:
    if one.former_definition is None:
        raise DeploymentError(f"How {one.name} was before was not recorded: nothing was changed.")
    if one.type == "type":
        types.replace(connection, one.name, one.former_definition)
        return
    text = as_create_or_alter(one.former_definition)
    applying.send(connection, text, quoted_identifier=one.quoted_identifier, ansi_nulls=one.ansi_nulls)


def _can_drop(connection: Connection, one: Former) -> bool:
    """Whether nothing is lost with a table; a table type holds nothing."""
    if one.server is None or one.type == "type":
        return True
    return not fetch(connection, f"SELECT TOP (1) 1 AS one FROM {qualified(one.name)}").rows
