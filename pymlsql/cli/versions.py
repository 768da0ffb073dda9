"""`pymlsql model`: what is done with models that are there: archive, describe, tag, delete, purge, pull, audit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import UsageError

if TYPE_CHECKING:
    from pymlsql.registry import Event

ModelArgument = Annotated[str, typer.Argument(metavar="NAME", help="The model.")]
VersionArgument = Annotated[
    int | None, typer.Argument(metavar="[VERSION]", min=1, help="One version; without it the model as a whole.")
]


def archive(
    name: ModelArgument,
    version: VersionArgument = None,
    undo: Annotated[bool, typer.Option("--undo", help="Bring it back.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Archive a version or a model: it stays, is not promoted, and may be purged later."""
    import pymlsql
    from pymlsql import registry

    with pymlsql.connect(url) as db:
        registry.archive(db, name, version, undo=undo)
    _done("restored" if undo else "archived", name, version, as_json=as_json)


def delete(
    name: ModelArgument,
    version: VersionArgument = None,
    with_scoring_runs: Annotated[
        bool, typer.Option("--with-scoring-runs", help="Also where scoring runs refer to it; they go too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a whole model is deleted.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a version or a model, unless an alias or a scoring run refers to it. The bytes stay until purge."""
    import pymlsql
    from pymlsql import registry

    if version is None and not yes:
        raise UsageError(f"This deletes {name} with all its versions: add --yes, or name a version.")
    with pymlsql.connect(url) as db:
        registry.delete(db, name, version, with_scoring_runs=with_scoring_runs)
    _done("deleted", name, version, as_json=as_json)


def describe(
    name: ModelArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What it is for; an empty text takes it away.")],
    version: Annotated[int | None, typer.Option(min=1, help="One version; without it the model as a whole.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a model, or one of its versions, is for."""
    import pymlsql
    from pymlsql import registry

    with pymlsql.connect(url) as db:
        registry.describe(db, name, text, version=version)
    _done("described", name, version, as_json=as_json)


def tag(
    name: ModelArgument,
    key: Annotated[str, typer.Argument(metavar="TAG", help="The tag's name.")],
    value: Annotated[str | None, typer.Argument(metavar="[VALUE]", help="Its value.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="One version; without it the model as a whole.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag away.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a tag of a model or of one of its versions, or take it away."""
    import pymlsql
    from pymlsql import registry

    if remove == (value is not None):
        raise UsageError("Give either a value or --remove.")
    with pymlsql.connect(url) as db:
        registry.set_tag(db, name, key, value, version=version)
    _done("untagged" if remove else "tagged", name, version, as_json=as_json)


def purge(
    archived_days: Annotated[
        int | None, typer.Option(min=0, help="Also delete versions archived for so many days that nothing refers to.")
    ] = None,
    grace_hours: Annotated[int, typer.Option(min=0, help="Keep bytes and uploads younger than this.")] = 24,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Free bytes that no version and no run refers to, and uploads that were never finished."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.purge(archived_days=archived_days, grace_hours=grace_hours, dry_run=dry_run)
    if as_json:
        output.print_json(found)
    else:
        output.print_line(
            f"{'would be purged' if dry_run else 'purged'}: {found.n_versions} versions, {found.n_uploads} unfinished "
            f"uploads, {found.n_blobs} blobs of {found.n_bytes:,} bytes"
        )


def pull(
    name: ModelArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version.")],
    out: Annotated[Path, typer.Option("--out", metavar="PATH", help="The file to write, or with --mlflow the folder.")],
    mlflow: Annotated[bool, typer.Option("--mlflow", help="As MLflow's folder: MLmodel, bytes, requirements.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a version's bytes to a file and verify them. Nothing is unpickled. For members of ml_admin."""
    import pymlsql

    with pymlsql.connect(url) as db, output.transfer("pulling") as progress:
        found = db.show(name, version)
        path = db.pull(name, version, out, mlflow=mlflow, progress=progress)
    if as_json:
        output.print_json({"name": found.name, "version": found.version, "file": str(path), "sha256": found.sha256})
    else:
        output.print_line(f"pulled: {found.name} version {found.version} to {out} ({found.size_bytes:,} bytes)")


def audit(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One model; without it all.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 20,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the latest changes of the registry, the newest first: what, when and by whom."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.audit(name, limit=limit)
    if as_json:
        output.print_json(found)
        return
    columns = ("event", "at (UTC)", "login", "action", "model", "version", "alias", "was", "detail")
    output.print_table("", columns, map(_event_row, found))


def policy(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The policy to set.")] = None,
    value: Annotated[str | None, typer.Argument(metavar="[VALUE]", help="Its value.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what the registry asks for, or set one of its policies (for members of ml_admin)."""
    import pymlsql
    from pymlsql import registry

    if name is not None and value is None:
        raise UsageError(f"Which value shall the policy {name} have?")
    with pymlsql.connect(url) as db:
        if name is not None and value is not None:
            registry.set_policy(db, name, value)
        found = registry.list_policies(db)
    if as_json:
        output.print_json(found)
    else:
        rows = [(one.name, one.value, one.changed_by or "default") for one in found]
        output.print_table("", ("policy", "value", "set by"), rows)


def _event_row(event: Event) -> tuple[Any, ...]:
    detail = ", ".join(f"{key}: {value}" for key, value in event.detail.items())
    short = detail if len(detail) <= 60 else f"{detail[:57]}..."
    return (
        str(event.event_id), event.at, event.login, event.action, event.model, event.version, event.alias,
        event.former_version, short,
    )  # fmt: skip


def _done(what: str, name: str, version: int | None, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"action": what, "name": name, "version": version})
    else:
        output.print_line(f"{what}: {name}" + ("" if version is None else f" version {version}"))
