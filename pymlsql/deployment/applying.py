"""Doing what a plan says, and recording it; all in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pymlsql import __version__, signing
from pymlsql.database import fetch, translated_errors
from pymlsql.deployment import permitting, types
from pymlsql.deployment.members import execute_members
from pymlsql.deployment.planning import Plan, Step, describe, digest, parse_signing
from pymlsql.errors import DatabaseError, DeclarationError, DeploymentError
from pymlsql.jobs import JobChange, check_owner
from pymlsql.quoting import ident, qualified

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

LOCK = "pymlsql.apply"
LOCK_TIMEOUT_MS = 10_000
"""How long `apply` waits for another one, and for those who use a module: then it gives up and changes nothing."""

MSG_LOCK_TIMEOUT = 1222

WORDS = {"table": "TABLE", "type": "TYPE", "function": "FUNCTION", "view": "VIEW", "procedure": "PROCEDURE"}
"""How DROP names each kind."""


@contextmanager
def locked(connection: Connection) -> Generator[None]:
    """Alone among those who apply or undo, and not waiting long for anybody. Raises DeploymentError."""
    fetch(connection, f"SET LOCK_TIMEOUT {LOCK_TIMEOUT_MS};")
    try:
        with translated_errors():
            _take_lock(connection)
            yield
    except DatabaseError as error:
        if error.number != MSG_LOCK_TIMEOUT:
            raise
        raise DeploymentError(
            f"Somebody has been using what is to be changed for {LOCK_TIMEOUT_MS // 1000} s; nothing was changed: "
            "try again when it is quieter."
        ) from error
    finally:
        if not connection.invalidated:
            fetch(connection, "SET LOCK_TIMEOUT -1;")


_TAKE_LOCK = f"""\
SET NOCOUNT ON;
DECLARE @rc int;
EXEC @rc = sp_getapplock @Resource = N'{LOCK}', @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = ?;
SELECT @rc AS rc;"""


def _take_lock(connection: Connection) -> None:
    if fetch(connection, _TAKE_LOCK, (LOCK_TIMEOUT_MS,)).rows[0].rc < 0:
        raise DeploymentError("Another apply or undo is running in this database: try again when it is done.")


def require_free(plan: Plan, *, overwrite: bool) -> None:
    """Raise DeploymentError where a step, a job or a member is in conflict with what is on the server."""
    conflicts = [(step.conflict, step.is_final) for step in plan.steps if step.conflict is not None]
    conflicts += [
        (f"{job.conflict}: --overwrite takes the declared one" if job.action != "same" else job.conflict,
         job.action == "same")
        for job in plan.jobs
        if job.conflict is not None
    ]
    conflicts += [
        (route.conflict if route.is_final else f"{route.conflict}: --overwrite takes the declared one", route.is_final)
        for route in plan.routes
        if route.conflict is not None
    ]
    conflicts += [(member.conflict, True) for member in plan.members if member.conflict is not None]
    for conflict, is_final in conflicts:
        if is_final or not overwrite:
            more = f" ({len(conflicts) - 1} more: pymlsql plan shows them)" if len(conflicts) > 1 else ""
            raise DeploymentError(f"{conflict}. Nothing was changed{more}.")


def execute(connection: Connection, plan: Plan, *, sign: bool = True, label: str | None = None) -> int:
    """Do the steps of a plan and record them; the number of the apply.

    Raises DeclarationError, with the keys of the declaration, where the server refuses a module.
    """
    apply_id = begin(connection, plan.project, plan.names, label=label)
    for step in plan.changes:
        try:
            with translated_errors():
                carry_out(connection, apply_id, step, sign=sign)
        except DatabaseError as error:
            if error.number == MSG_LOCK_TIMEOUT:
                raise
            path = () if step.module is None else step.module.declared
            raise DeclarationError(f"{'.'.join(map(str, path)) or step.name}: the server refuses {step.name}: {error}",
                                   path) from error  # fmt: skip
    types.drop_replaced(connection, (step.name for step in plan.changes if step.replaces))
    execute_members(connection, apply_id, plan.members)
    return apply_id


def execute_jobs(connection: Connection, changes: Iterable[JobChange]) -> None:
    """Make jobs what they are to be, each in a transaction of its own: msdb tells the Agent of it at once.

    Raises DeclarationError, with the keys of the declaration, where the server refuses one.
    """
    for change in changes:
        try:
            with translated_errors():
                if change.job is not None:
                    check_owner(connection, change.job)
                    fetch(connection, change.job.render())
                else:
                    fetch(connection, "EXEC msdb.dbo.sp_delete_job @job_name = ?", (change.name,))
        except DatabaseError as error:
            path = () if change.job is None else change.job.declared
            said = ".".join(map(str, path)) or change.name
            raise DeclarationError(f"{said}: the server refuses the job {change.name}: {error}", path) from error


_BEGIN = """\
SET NOCOUNT ON;
INSERT INTO ml.applies (project, label, modules, undoes, package_version) VALUES (?, ?, ?, ?, ?);
SELECT CAST(SCOPE_IDENTITY() AS int) AS apply_id;"""


def begin(
    connection: Connection, project: str, names: Sequence[str], *, label: str | None = None, undoes: int | None = None
) -> int:
    """Record that an apply, or the undoing of one, is done; `names` are the modules that there are behind it."""
    values = (project, label, json.dumps(list(names)), undoes, __version__)
    return int(fetch(connection, _BEGIN, values).rows[0].apply_id)


def carry_out(connection: Connection, apply_id: int | None, step: Step, *, sign: bool) -> None:
    """Do one step and record it, as a part of an apply if there is one."""
    if step.action == "drop":
        if step.server is not None:
            drop(connection, step.type, step.name)
        if step.record is not None and step.record.signing is not None:
            signing.remove(connection, parse_signing(step.record.signing))
        record(connection, apply_id, step, "dropped")
        return
    module = step.module
    assert module is not None
    if step.replaces and step.server is not None:
        types.replace(connection, module.name, module.text)
        permitting.restore(connection, module.type, module.name, (), step.server.permissions)
    elif step.action in ("create", "alter"):
        send(connection, module.text)
    for extra in module.extras:
        fetch(connection, extra)
    if step.grant:
        roles = ", ".join(map(ident, step.grant))
        fetch(connection, f"GRANT {module.permission} ON {module.securable} TO {roles};")
    if step.revoke:
        roles = ", ".join(map(ident, step.revoke))
        fetch(connection, f"REVOKE {module.permission} ON {module.securable} FROM {roles};")
    if step.sign and module.signing is not None:
        signing.sign(connection, module.signing)
    action = {"create": "created", "alter": "altered"}.get(step.action, "settled")
    is_signed = sign or (step.action == "settle" and step.former_signing is not None)
    record(connection, apply_id, step, action, describe(module.signing) if is_signed else None)


def send(connection: Connection, text: str, *, quoted_identifier: bool = True, ansi_nulls: bool = True) -> None:
    """Execute one batch with the two options that a module keeps; both are on again behind it."""
    fetch(connection, f"SET QUOTED_IDENTIFIER {_onoff(quoted_identifier)}; SET ANSI_NULLS {_onoff(ansi_nulls)};")
    fetch(connection, text)
    if not (quoted_identifier and ansi_nulls):
        fetch(connection, "SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON;")


def _onoff(is_on: bool) -> str:
    return "ON" if is_on else "OFF"


def drop(connection: Connection, kind: str, name: str) -> None:
    """Drop an object or a table type."""
    fetch(connection, f"DROP {WORDS[kind]} {qualified(name)};")


_DEFINITION = "SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID(?)"

_RECORD = """\
INSERT INTO ml.deployments (object_name, object_type, apply_id, action, definition, definition_sha256, source_sha256,
    granted, signing, former_definition, former_quoted_identifier, former_ansi_nulls, former_grants, former_signing,
    package_version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def record(
    connection: Connection,
    apply_id: int | None,
    step: Step,
    action: str,
    signed: str | None = None,
    *,
    text: str | None = None,
    granted: Sequence[str] = (),
    is_ours: bool = True,
) -> None:
    """One row of ml.deployments: how the object is now, and how it was.

    Where the step has no module, `text` is that of a table type, of which the server keeps none, and `granted` are the
    roles. `is_ours` says that no hand has edited the text: an edited one has no hash, so that the next apply asks.
    """
    module, server = step.module, step.server
    if step.type == "type":
        stored = text if module is None else module.text
    else:
        stored = None if action == "dropped" else read_definition(connection, step.name)
    if stored is None and action != "dropped" and step.type in ("function", "view", "procedure"):
        raise DeploymentError(f"{step.name} was deployed, but this login may not see it: grant VIEW DEFINITION.")
    after: tuple[Any, ...] = (
        stored,
        digest(stored) if stored is not None and is_ours else None,
        None if module is None else digest(module.source),
        json.dumps(list(granted if module is None else module.granted_to)),
        signed,
    )
    before: tuple[Any, ...] = (None,) * 4
    if server is not None:
        grants = json.dumps([asdict(one) for one in server.permissions])
        former = step.former_text if step.type == "type" else server.definition
        before = (former, server.uses_quoted_identifier, server.uses_ansi_nulls, grants)
    values = (step.name, step.type, apply_id, action, *after, *before, step.former_signing, __version__)
    connection.exec_driver_sql(_RECORD, values)


def read_definition(connection: Connection, name: str) -> str | None:
    """The text that the server keeps of a module."""
    rows = fetch(connection, _DEFINITION, (name,)).rows
    return rows[0].definition if rows else None
