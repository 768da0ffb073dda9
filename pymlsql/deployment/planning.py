"""The plan: what `apply` would do to each module, from what is declared, recorded and there.

What was recorded is the text that the server stored when the module was last applied. A server text that differs from
it was edited by hand; a declared text that differs from the one that was applied then is a change.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pymlsql import signing
from pymlsql.deployment import state, types
from pymlsql.deployment.members import MemberChange
from pymlsql.deployment.restoring import normal
from pymlsql.deployment.script import signings
from pymlsql.deployment.state import Record, ServerObject
from pymlsql.jobs import JobChange
from pymlsql.modules import KEPT, Module, TableColumn, catalog_type
from pymlsql.quoting import ident
from pymlsql.routes.planning import RouteChange

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Action = Literal["create", "alter", "drop", "settle", "keep", "same"]
"""`settle`: the text is right, but grants, signature or record are not. `keep`: not declared any more, but it may hold
rows. `same`: nothing to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One module of a plan: what is to be done, and all that doing it needs to know.

    `notes` say why. `conflict` is why `apply` refuses; `is_final` that --overwrite does not help.
    """

    name: str
    type: str
    action: Action
    module: Module | None = None
    server: ServerObject | None = None
    record: Record | None = None
    diff: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    grant: tuple[str, ...] = ()
    revoke: tuple[str, ...] = ()
    sign: bool = False
    former_signing: str | None = None
    conflict: str | None = None
    is_final: bool = False

    @property
    def replaces(self) -> bool:
        """Whether a table type is made anew, and the old one dropped at the end."""
        return self.type == "type" and self.action == "alter"

    @property
    def former_text(self) -> str | None:
        """The text of a table type as it was applied last; the server keeps none."""
        return None if self.record is None else self.record.definition

    @property
    def changes(self) -> bool:
        """Whether `apply` would do anything about it."""
        return self.action not in ("same", "keep")


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, in the order in which they are done; `names` are all modules that are declared."""

    project: str
    steps: tuple[Step, ...]
    names: tuple[str, ...]
    jobs: tuple[JobChange, ...] = ()
    members: tuple[MemberChange, ...] = ()
    routes: tuple[RouteChange, ...] = ()

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.changes)

    @property
    def job_changes(self) -> tuple[JobChange, ...]:
        """The jobs that are not as declared."""
        return tuple(job for job in self.jobs if job.action != "same")

    @property
    def member_changes(self) -> tuple[MemberChange, ...]:
        """The members of roles that are not as declared."""
        return tuple(member for member in self.members if member.action != "same")

    @property
    def route_changes(self) -> tuple[RouteChange, ...]:
        """The routes that are not as declared."""
        return tuple(route for route in self.routes if route.action != "same")

    @property
    def entries(self) -> tuple[Step | JobChange | MemberChange | RouteChange, ...]:
        """Modules, jobs, members of roles, and routes."""
        return (*self.steps, *self.jobs, *self.members, *self.routes)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.changes or self.job_changes or self.member_changes or self.route_changes)

    @property
    def conflicts(self) -> tuple[Step, ...]:
        """The steps that `apply` refuses."""
        return tuple(step for step in self.steps if step.conflict is not None)


def make_plan(connection: Connection, project: str, modules: Sequence[Module], *, sign: bool = True) -> Plan:
    """Compare the modules, with the keys that they pin, with the database."""
    records = state.read_records(connection)
    own = state.in_project(records, project)
    objects = state.read_objects(connection, [*(one.name for one in modules), *(one.name for one in own.values())])
    states = _read_states(connection, modules, own.values()) if sign else {}
    steps = _compare_all(connection, project, modules, objects, records, states)
    declared = {state.key(module.name) for module in modules}
    gone = [record for name, record in own.items() if name not in declared]
    steps += [_remove(record, objects.get(state.key(record.name))) for record in reversed(gone)]
    steps = [dataclasses.replace(step, former_signing=_former_signing(step, states)) for step in steps]
    return Plan(project, tuple(steps), tuple(module.name for module in modules))


def compare(connection: Connection, modules: Sequence[Module], *, sign: bool = True) -> list[Step]:
    """The steps for modules that belong to no project, of which none is missed where it is not among them."""
    records = state.read_records(connection)
    objects = state.read_objects(connection, [module.name for module in modules])
    states = _read_states(connection, modules, ()) if sign else {}
    steps = _compare_all(connection, None, modules, objects, records, states)
    return [dataclasses.replace(step, former_signing=_former_signing(step, states)) for step in steps]


def _compare_all(
    connection: Connection,
    project: str | None,
    modules: Sequence[Module],
    objects: Mapping[str, ServerObject],
    records: Mapping[str, Record],
    states: Mapping[str, signing.State],
) -> list[Step]:
    keys = [state.key(module.name) for module in modules]
    steps = [
        _compare(project, module, objects.get(key), records.get(key), states)
        for key, module in zip(keys, modules, strict=True)
    ]
    return _with_takers(connection, project, steps, states)


def _read_states(
    connection: Connection, modules: Sequence[Module], records: Iterable[Record]
) -> dict[str, signing.State]:
    recorded = [parse_signing(record.signing) for record in records if record.signing is not None]
    found = signing.read_states(connection, [*signings(modules), *recorded])
    return {state.key(name): value for name, value in found.items()}


def _former_signing(step: Step, states: Mapping[str, signing.State]) -> str | None:
    """What the signature that is valid now gives."""
    is_signed = states.get(state.key(step.name)) == "signed"
    return step.record.signing if step.record is not None and is_signed else None


def _compare(
    project: str | None,
    module: Module,
    server: ServerObject | None,
    record: Record | None,
    states: Mapping[str, signing.State],
) -> Step:
    step = Step(module.name, module.type, "same", module, server, record)
    if record is not None and record.project not in (None, project) and not state.is_shared(module.name):
        return _refuse(
            step, f"{module.name} belongs to the project {record.project}: one of the two must rename its own"
        )
    if server is None:
        notes = ("it was dropped on the server",) if record is not None else ()
        return _settle(project, dataclasses.replace(step, action="create", notes=notes), states)
    if server.type != module.type:
        return _refuse(step, f"{module.name} is a {server.type} on the server, not a {module.type}: rename one of them")
    if module.type in KEPT:
        return _settle(project, _compare_columns(step, module, server), states)
    return _settle(project, _compare_text(step, module, server, record), states)


def _compare_columns(step: Step, module: Module, server: ServerObject) -> Step:
    different = _differences(module.columns, server.columns)
    if module.type == "type":
        declared = {column.name.lower() for column in module.columns}
        extra = [column.name for column in server.columns if column.name.lower() not in declared]
        different += [f"{ident(name)} is not declared" for name in extra]
    if not different:
        return step
    if module.type == "type" and step.former_text is not None:
        diff = _diff(step.former_text.strip(), module.text.strip())
        return dataclasses.replace(
            step, action="alter", diff=diff, notes=("takes the place of the type that is there",)
        )
    way = "change it by a migration"
    if module.type == "type":
        way = f"drop what takes it, then DROP TYPE {module.name}, and apply again"
    return _refuse(step, f"{module.name} is there with other columns ({'; '.join(different)}): {way}")


def _with_takers(
    connection: Connection, project: str | None, steps: list[Step], states: Mapping[str, signing.State]
) -> list[Step]:
    """The steps, where a table type changes, with all that takes it made anew: it is bound to the type that was."""
    takers = types.read_takers(connection, [step.name for step in steps if step.replaces])
    declared = {state.key(step.name) for step in steps}
    made = []
    for step in steps:
        taking = takers.get(state.key(step.name), {})
        others = [taking[key] for key in sorted(taking) if key not in declared]
        if others:
            step = _refuse(
                step, f"{step.name} changes, and {others[0]}, which is not declared, takes it: drop that first"
            )
        is_taker = any(state.key(step.name) in one for one in takers.values())
        if is_taker and step.action in ("same", "settle") and step.conflict is None:
            altered = dataclasses.replace(
                step, action="alter", grant=(), revoke=(), notes=("takes a type that changes",)
            )
            step = _settle(project, altered, states)
        made.append(step)
    return made


def _differences(declared: Iterable[TableColumn], found: Iterable[TableColumn]) -> list[str]:
    wanted = {column.name.lower(): column for column in declared}
    there = {column.name.lower(): column for column in found}
    made = [f"{ident(name)} is missing: {_spell(wanted[name])}" for name in wanted if name not in there]
    made += [
        f"{ident(column.name)} is {_spell(there[name])}, declared {_spell(column)}"
        for name, column in wanted.items()
        if name in there and _spell(there[name]) != _spell(column)
    ]
    return made


def _spell(column: TableColumn) -> str:
    return f"{catalog_type(column.sql_type)} {'NULL' if column.nullable else 'NOT NULL'}"


def _compare_text(step: Step, module: Module, server: ServerObject, record: Record | None) -> Step:
    if server.definition is None:
        return _refuse(
            step, f"{module.name} shows no definition to this login: it is encrypted, or VIEW DEFINITION lacks"
        )
    declared = normal(module.text)
    there = normal(server.definition)
    is_untouched = record is not None and record.definition_sha256 == digest(server.definition)
    is_applied = is_untouched and record is not None and record.source_sha256 == digest(module.source)
    if is_applied or declared == there:
        if server.uses_quoted_identifier and server.uses_ansi_nulls:
            return step
        note = "it was created with QUOTED_IDENTIFIER or ANSI_NULLS off"
        return dataclasses.replace(step, action="alter", notes=(note,))
    step = dataclasses.replace(step, action="alter", diff=_diff(there, declared))
    if is_untouched:
        return step
    was = "was edited on the server since it was applied" if record else "is there already, and no project made it"
    return dataclasses.replace(
        step, notes=(was.removeprefix("was "),), conflict=f"{module.name} {was}: --overwrite takes the declared text"
    )


def _settle(project: str | None, step: Step, states: Mapping[str, signing.State]) -> Step:
    """The step with grants and signature; a new or altered procedure has none that is valid."""
    module, record = step.module, step.record
    assert module is not None
    held = {
        one.principal.lower()
        for one in (step.server.permissions if step.server else ())
        if one.permission == module.permission and one.state.startswith("GRANT")
    }
    wanted = {role.lower() for role in module.granted_to}
    grant = tuple(role for role in module.granted_to if role.lower() not in held)
    revoke = tuple(role for role in (record.granted if record else ()) if role.lower() in held - wanted)
    sign = False
    found = states.get(state.key(module.name))
    if module.signing is not None and found is not None:
        is_known = record is not None and record.signing == describe(module.signing)
        sign = step.action in ("create", "alter") or found != "signed" or not is_known
    is_recorded = record is not None and (project is None or record.project is not None)
    notes = step.notes
    if step.action == "same":
        notes += (f"grants to {', '.join(grant)}",) * bool(grant) + (f"revokes from {', '.join(revoke)}",) * bool(
            revoke
        )
        told = None if record is None else record.source_sha256  # None behind an undo, which leaves descriptions
        notes += ("describes",) * (bool(module.extras) and told not in (None, digest(module.source)))
        notes += ("signs",) * sign + ("records",) * (not is_recorded and step.conflict is None)
    action: Action = "settle" if step.action == "same" and notes != step.notes else step.action
    return dataclasses.replace(step, action=action, grant=grant, revoke=revoke, sign=sign, notes=notes)


def _remove(record: Record, server: ServerObject | None) -> Step:
    step = Step(record.name, record.type, "drop", None, server, record, notes=("not declared any more",))
    if server is None:
        return dataclasses.replace(step, notes=("not declared any more, and dropped on the server",))
    if record.type in KEPT:
        note = "not declared any more, and kept: drop it by a migration"
        return dataclasses.replace(step, action="keep", notes=(note,))
    if server.definition is None or record.definition_sha256 != digest(server.definition):
        conflict = f"{record.name} is not declared any more, and was edited on the server since: --overwrite drops it"
        return dataclasses.replace(step, conflict=conflict)
    return step


def _refuse(step: Step, conflict: str) -> Step:
    return dataclasses.replace(step, action="same", conflict=conflict, is_final=True)


def digest(text: str) -> bytes:
    """The hash by which texts are compared: sha256 of UTF-16, as HASHBYTES gives it of nvarchar."""
    return hashlib.sha256(text.encode("utf-16-le")).digest()


def describe(found: signing.Signing | None) -> str | None:
    """What a signature gives, as it is recorded."""
    return None if found is None else json.dumps(dataclasses.asdict(found), sort_keys=True)


def parse_signing(text: str) -> signing.Signing:
    """A signature as `describe` recorded it."""
    values = json.loads(text)
    return signing.Signing(values["procedure"], tuple(values["looked_up"]), tuple(values["read"]))


def _diff(there: str, declared: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(there.splitlines(), declared.splitlines(), "server", "declared", lineterm="", n=2)
    return tuple(lines)
