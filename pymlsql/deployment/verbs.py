"""`plan`, `apply` and `undo` of a project, each on a database."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pymlsql import jobs, pinning
from pymlsql.database import fetch
from pymlsql.deployment import applying, checks, members, planning, state, undoing
from pymlsql.deployment.deploying import pinned, read_trusted
from pymlsql.errors import DatabaseError, DeclarationError, MigrationError
from pymlsql.registry import modules
from pymlsql.routes.planning import execute_routes, plan_routes

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from pymlsql.database import Database
    from pymlsql.project import Project

_NO_OBJECT = frozenset({207, 208})


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did, and what is still missing for the procedures to work; `apply_id` is None for nothing."""

    plan: planning.Plan = field(repr=False)
    notes: tuple[str, ...] = ()
    apply_id: int | None = None


def plan(db: Database, project: Project, *, sign: bool = True, trusted: Iterable[bytes] | None = None) -> planning.Plan:
    """What `apply` would do. Nothing is changed, and no check is made.

    `trusted` are the public keys that procedures which load models pin; None keeps those that the database trusts.
    """
    with _translated(project), db.connect(autocommit=True) as connection:
        return _plan(connection, project, sign, trusted)


def apply(
    db: Database,
    project: Project,
    *,
    sign: bool = True,
    trusted: Iterable[bytes] | None = None,
    overwrite: bool = False,
    check: bool = True,
    label: str | None = None,
) -> Applied:
    """Bring the database to what the project declares: all of it, or nothing.

    Where something is to be changed, first come the checks (unless `check` is False): sources, signatures, the server's
    Python. Then modules, grants and signatures go into one transaction, which waits at most ten seconds for a lock.
    Behind it come jobs and routes, each in a transaction of its own: the Agent is told of a job at once.
    Raises DeclarationError, with file and line, for what the declaration says wrong; DeploymentError where the server
    is not as it was left, unless `overwrite` is given, or somebody else applies.
    """
    trusted = None if trusted is None else tuple(trusted)
    first = plan(db, project, sign=sign, trusted=trusted)
    applying.require_free(first, overwrite=overwrite)
    if first.is_empty:
        return Applied(first)
    new_keys = any(state.is_shared(step.name) for step in first.changes)
    with _translated(project):
        notes: list[str] = []
        if check:
            checks.check_sources(db, project)
            checks.check_keys(db, project)
            notes = checks.check_models(db, project, ask=not new_keys)
        apply_id = None
        made = first
        if first.changes or first.member_changes:
            with db.transaction() as connection, applying.locked(connection):
                made = _plan(connection, project, sign, trusted)
                applying.require_free(made, overwrite=overwrite)
                apply_id = applying.execute(connection, made, sign=sign, label=label)
                if check and new_keys:
                    checks.ask_server(db, connection, project)
        with db.connect(autocommit=True) as connection:
            applying.execute_jobs(connection, made.job_changes)
            execute_routes(connection, project.required_name, made.route_changes)
    notes += [f"the route of {one.name}: {one.note}" for one in made.routes if one.action == "wait"]
    return Applied(made, tuple(notes), apply_id)


def undo(db: Database, name: str, *, overwrite: bool = False, label: str | None = None) -> undoing.Undo:
    """Take the last apply of a project back (the last that has this label): the former state, all of it, or nothing.

    Doing it again goes one further back. Raises DeploymentError where there is none, and where somebody has changed
    since what it left, unless `overwrite` is given.
    """
    with _translated(None), db.transaction() as connection, applying.locked(connection):
        found = undoing.make_undo(connection, name, label=label)
        undoing.execute(connection, found, overwrite=overwrite)
        return found


def preview_undo(db: Database, name: str) -> undoing.Undo:
    """What `undo` would take back; nothing is changed."""
    with _translated(None), db.connect(autocommit=True) as connection:
        return undoing.make_undo(connection, name)


def _plan(connection: Connection, project: Project, sign: bool, trusted: Iterable[bytes] | None) -> planning.Plan:
    keys = tuple(read_trusted(connection) if trusted is None else trusted)
    shared = () if trusted is None else modules.pinnable(keys)
    declared = [*shared, *pinned(project.modules, keys)]
    made = planning.make_plan(connection, project.required_name, declared, sign=sign)
    steps = [step for step in made.steps if not state.is_shared(step.name) or step.conflict or step.action != "settle"]
    made = replace(made, steps=tuple(replace(step, notes=_keys(step)) for step in steps))
    rendered = project.rendered_jobs
    found = jobs.read_jobs(connection, project.required_name, [job.name for job in rendered])
    database = str(fetch(connection, "SELECT DB_NAME() AS name").rows[0].name)
    obstacles = jobs.find_obstacles(connection, rendered, database) if jobs.has_agent(connection) else {}
    changes = jobs.plan_jobs(rendered, found, project.required_name, database, obstacles)
    return replace(
        made,
        jobs=changes,
        members=members.plan_members(connection, project.required_name, project.grants),
        routes=plan_routes(connection, project.required_name, project.routes),
    )


def _keys(step: planning.Step) -> tuple[str, ...]:
    """What a step says, with the public keys that are trusted from it on."""
    if step.module is None or not state.is_shared(step.name):
        return step.notes
    keys = ", ".join(sorted(key.hex() for key in pinning.pinned(step.module.text)))
    return (*step.notes, f"trusts {keys or 'any model'}")


@contextmanager
def _translated(project: Project | None) -> Generator[None]:
    """Errors with the line of the declaration, and the way to the tables of schema ml where they are missing."""
    try:
        yield
    except DeclarationError as error:
        raise (error if project is None else project.place(error)) from error.__cause__
    except DatabaseError as error:
        if error.number in _NO_OBJECT and any(name in error.message for name in ("ml.", "apply_id", "source_sha256")):
            raise MigrationError(f"{error} The tables come first: run pymlsql db upgrade.") from error
        raise
