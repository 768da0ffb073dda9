"""`pymlsql plan | apply | undo | render`: what a project declares, into the database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import DeploymentError, UsageError

if TYPE_CHECKING:
    from pymlsql.deployment.members import MemberChange
    from pymlsql.deployment.planning import Plan, Step
    from pymlsql.deployment.undoing import Undo
    from pymlsql.jobs import JobChange
    from pymlsql.project import Project
    from pymlsql.routes.planning import RouteChange

PLAN_EXAMPLE = "Example: pymlsql plan"
APPLY_EXAMPLE = "Example: pymlsql apply"
UNDO_EXAMPLE = "Example: pymlsql undo --dry-run"
RENDER_EXAMPLE = "Example: pymlsql render --out sql/"

ProjectOption = Annotated[
    Path, typer.Option("--project", metavar="PATH", help="The project file, or its folder; by default this one.")
]
ExampleOption = Annotated[
    str | None, typer.Option("--example", metavar="NAME", help="Instead of a project file: pdm, bank or demand.")
]
SignOption = Annotated[
    bool,
    typer.Option(
        "--sign/--no-sign", help="Sign procedures, so that who executes one needs no right to run Python himself."
    ),
]
TrustKeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--trust-key",
        metavar="KEY",
        help="Run only models sealed with this public key; may be given again. 'none' ends that. By default the keys "
        "of pymlsql.toml, else those that the database trusts already.",
    ),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Also what somebody has edited on the server: that is recorded first.")
]


def read_project(path: Path, example: str | None) -> Project:
    """The project of a file or folder, or an example's."""
    from pymlsql import project

    if example is not None:
        if path != Path("."):
            raise UsageError("Name either a project or an example.")
        return project.example(example)
    return project.read(path)


def plan(
    project_file: ProjectOption = Path("."),
    example: ExampleOption = None,
    sign: SignOption = True,
    trust_key: TrustKeyOption = None,
    diff: Annotated[bool, typer.Option("--diff/--no-diff", help="How texts differ, line by line.")] = True,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 where apply would change something.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what apply would do to the database: made, changed, edited by hand there, removed. Changes nothing."""
    import pymlsql

    declared = read_project(project_file, example)
    trusted = parse_keys(trust_key)
    with pymlsql.connect(url) as db, output.status("planning"):
        found = db.plan(declared, sign=sign, trusted=trusted)
    if as_json:
        output.print_json(_plain_plan(found))
    else:
        _print_plan(found, diff=diff)
    if check and (not found.is_empty or any(one.conflict for one in found.entries)):
        raise DeploymentError("The database is not what the project declares.")


def apply(
    project_file: ProjectOption = Path("."),
    example: ExampleOption = None,
    sign: SignOption = True,
    trust_key: TrustKeyOption = None,
    overwrite: OverwriteOption = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="First ask whether sources, models and the server's Python fit.")
    ] = True,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database to what the project declares: modules, grants, signatures, members; all or none."""
    import pymlsql

    declared = read_project(project_file, example)
    trusted = parse_keys(trust_key)
    with pymlsql.connect(url) as db, output.status("applying"):
        done = db.apply(declared, sign=sign, trusted=trusted, overwrite=overwrite, check=check)
    if as_json:
        output.print_json({"apply_id": done.apply_id, "notes": done.notes, "steps": _plain_plan(done.plan)})
        return
    _print_plan(done.plan, diff=False, done=True)
    for note in done.notes:
        output.print_note(f"{note}: pymlsql model push FILE --alias, or pymlsql model promote.")


def undo(
    project_file: ProjectOption = Path("."),
    example: ExampleOption = None,
    overwrite: OverwriteOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken back.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the project's last apply back: former texts, flags, grants, signatures. Again: one further back."""
    import pymlsql

    name = read_project(project_file, example).required_name
    with pymlsql.connect(url) as db, output.status("undoing"):
        found = db.preview_undo(name) if dry_run else db.undo(name, overwrite=overwrite)
    if as_json:
        objects = [{"name": one.name, "way": one.way, "conflict": one.conflict} for one in found.objects]
        members = [_plain_member(one) for one in found.members]
        output.print_json({"apply_id": found.apply_id, "done": not dry_run, "objects": objects, "members": members})
    else:
        _print_undo(found, dry_run=dry_run)


def render(
    project_file: ProjectOption = Path("."),
    example: ExampleOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="A file a module, numbered in the order to run them.")
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision", metavar="MESSAGE", help="Write them as the next revision of the project's migrations."
        ),
    ] = None,
    sign: SignOption = True,
    trust_key: TrustKeyOption = None,
) -> None:
    """Print all modules, and what signs them, as T-SQL with GO for sqlcmd; it may be run again. Needs no server."""
    from pymlsql import deployment, settings

    declared = read_project(project_file, example)
    trusted = parse_keys(trust_key)
    trusted = settings.trusted_keys() if trusted is None else trusted
    modules = deployment.pinned(declared.modules, trusted)
    if revision is not None and out is not None:
        raise UsageError("Name either --out or --revision.")
    if revision is not None:
        from pymlsql.deployment import revisions

        output.print_line(f"written: {revisions.write_revision(declared, modules, revision)}")
        return
    if out is None:
        sys.stdout.write(deployment.render_script(modules, sign=sign))
        return
    for path in deployment.write_scripts(out, modules, sign=sign):
        output.print_line(f"written: {path}")


def parse_keys(texts: list[str] | None) -> tuple[bytes, ...] | None:
    """Public keys of the command line; an empty tuple for 'none', None where nothing was said."""
    from pymlsql import proofs

    if not texts:
        return None
    if texts == ["none"]:
        return ()
    return tuple(proofs.parse_key(text) for text in texts)


_SIGNS = {"create": "+", "alter": "~", "drop": "-", "settle": "*", "forget": "*", "wait": "?", "keep": " ", "same": " "}


def _print_plan(found: Plan, *, diff: bool, done: bool = False) -> None:
    for step in found.steps:
        if step.changes or step.conflict or step.action == "keep":
            output.print_line(_line(step.type, step, "; ".join(filter(None, step.notes)), done=done))
            for line in step.diff if diff else ():
                output.print_line(f"    {line}")
    others: list[tuple[str, JobChange | MemberChange | RouteChange, str]] = [
        *(("job", job, ", ".join(job.differences)) for job in found.jobs),
        *(("member", member, member.note) for member in found.members),
        *(("route of", route, route.note) for route in found.routes),
    ]
    for kind, one, note in others:
        if one.action != "same" or one.conflict:
            output.print_line(_line(kind, one, note, done=done))
    n_same = sum(1 for one in found.entries if one.action == "same" and one.conflict is None)
    counts = {words: sum(1 for one in found.entries if one.action == word) for word, words in _COUNTED.items()}
    n_refused = sum(1 for one in found.entries if one.conflict is not None)
    nothing = "nothing else to do" if n_refused else "nothing to do"
    said = ", ".join(f"{n} {words[done]}" for words, n in counts.items() if n) or nothing
    refused = f"; {n_refused} refused, so that apply changes nothing" if n_refused and not done else ""
    output.print_line(f"{found.project}: {said}; {n_same} unchanged{refused}")


_COUNTED = {
    "create": ("to create", "created"),
    "alter": ("to alter", "altered"),
    "drop": ("to drop", "dropped"),
    "settle": ("to settle", "settled"),
    "forget": ("to forget", "forgotten"),
    "wait": ("to wait for an alias", "waiting for an alias"),
}
"""Each action as what is to be done, and as what was."""


def _line(kind: str, one: Step | JobChange | MemberChange | RouteChange, note: str, *, done: bool) -> str:
    """One entry; what was in conflict and has been done nevertheless (--overwrite) is told as what was done."""
    sign = "!" if one.conflict and not done else _SIGNS[one.action]
    said = one.conflict or note
    return f"{sign} {kind} {one.name}" + (f": {said}" if said else "")


def _plain_plan(found: Plan) -> list[dict[str, object]]:
    return [
        *map(_plain, found.steps), *map(_plain_job, found.jobs), *map(_plain_member, found.members),
        *map(_plain_route, found.routes),
    ]  # fmt: skip


def _plain(step: Step) -> dict[str, object]:
    return {
        "name": step.name, "type": step.type, "action": step.action, "notes": step.notes, "conflict": step.conflict,
        "diff": step.diff, "grant": step.grant, "revoke": step.revoke, "sign": step.sign,
    }  # fmt: skip


def _plain_job(job: JobChange) -> dict[str, object]:
    return {
        "name": job.name, "type": "job", "action": job.action, "conflict": job.conflict, "differences": job.differences,
    }  # fmt: skip


def _plain_route(route: RouteChange) -> dict[str, object]:
    return {
        "name": route.name, "type": "route", "action": route.action, "conflict": route.conflict, "note": route.note,
    }  # fmt: skip


def _plain_member(member: MemberChange) -> dict[str, object]:
    return {
        "name": member.name, "type": "member", "action": member.action, "conflict": member.conflict,
        "role": member.role, "member": member.member,
    }  # fmt: skip


_WAYS = {
    "drop": "- {} is dropped",
    "keep": "  {} is dropped if it is empty, else kept",
    "restore": "~ {} gets its former text",
    "recreate": "+ {} is made again",
    "settle": "* {} gets its former grants and signature",
}


def _print_undo(found: Undo, *, dry_run: bool) -> None:
    for one in found.objects:
        output.print_line(
            _WAYS[one.way].format(f"{one.type} {one.name}") + (f" ({one.conflict})" if one.conflict else "")
        )
    for member in found.members:
        if member.action in ("create", "drop"):
            word = "is added again" if member.action == "create" else "is removed"
            output.print_line(f"{_SIGNS[member.action]} member {member.name} {word}"
                              + (f" ({member.conflict})" if member.conflict else ""))  # fmt: skip
    said = "would be undone" if dry_run else "undone"
    output.print_line(f"{found.project}: apply {found.apply_id} of {found.applied_at:%Y-%m-%d %H:%M:%S} UTC {said}")
