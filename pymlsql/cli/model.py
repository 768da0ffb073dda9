"""`pymlsql model`: the registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import aliases, checks, output, versions
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import UntrustedModel, UsageError

if TYPE_CHECKING:
    from pymlsql.models import PackedModel
    from pymlsql.registry import ModelVersion
    from pymlsql.toolkit import Toolkit

app = typer.Typer(help="Models in the database.", no_args_is_help=True, epilog="Example: pymlsql model list")
app.command("check", epilog=checks.CHECK_EXAMPLE)(checks.check)
app.command("seal", epilog=checks.SEAL_EXAMPLE)(checks.seal)
app.command("scan", epilog=checks.SCAN_EXAMPLE)(checks.scan)


@app.command(epilog="Example: pymlsql model push failures.pkl --name failures --alias champion")
def push(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A model file, or MLflow's folder.")],
    name: Annotated[str, typer.Option(help="The model's name in the registry.")] = "failures",
    alias: Annotated[str | None, typer.Option(help="Point this alias at the new version too.")] = None,
    comment: Annotated[str, typer.Option(help="Why this version.")] = "",
    description: Annotated[str, typer.Option(help="What this version is for.")] = "",
    trust: Annotated[
        bool, typer.Option("--trust", help="Take a file of another origin: unpickling it runs the code in it.")
    ] = False,
    view: Annotated[str, typer.Option(help="For a file without description: the view its columns come from.")] = (
        "dbo.FeaturesAndLabels"
    ),
    signature: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="With --trust, for a file without description: its signature."),
    ] = None,
    classes: Annotated[
        str, typer.Option(metavar="A,B,...", help="For MLflow's folder: a classifier's classes, in their order.")
    ] = "",
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a model file as the next version, once the server's Python has loaded it."""
    import pymlsql

    packed = _read(file, signature, classes, trust=trust)
    with pymlsql.connect(url) as db, output.transfer("pushing") as progress:
        packed = packed or _read_foreign(db, file, view)
        version = db.push(packed, name, comment=comment, alias=alias, description=description, progress=progress)
    if as_json:
        output.print_json(version)
    else:
        output.print_line(f"pushed: {version.name} version {version.version} ({version.size_bytes:,} bytes)")


def _read(file: Path, signature: Path | None, classes: str, *, trust: bool) -> PackedModel | None:
    """The model of a file or folder, of which nothing is loaded here; None for a file that tells nothing of itself."""
    from pymlsql import mlmodel, models
    from pymlsql.signature import Signature

    if file.is_dir() and not mlmodel.is_directory(file):
        raise UsageError(f"{file} is a folder without {mlmodel.FILE}, which MLflow's have: name a file.")
    if mlmodel.is_directory(file) or signature is not None:
        if not trust:
            raise UntrustedModel(
                f"{file} was not written by pymlsql on this account, and the server will run the code in it: use "
                "--trust if you know where it comes from (pymlsql model scan shows what it imports)."
            )
        if signature is None:
            return mlmodel.read_directory(file, classes=tuple(classes.split(",")) if classes else ())
        if not signature.is_file():
            raise UsageError(f"There is no file {signature}.")
        return models.read_described_file(file, Signature.from_json(signature.read_text(encoding="utf-8")))
    if trust and not models.has_sidecar(file):
        return None
    return models.read_model_file(file, trust=trust)


def _read_foreign(db: Toolkit, file: Path, view: str) -> PackedModel:
    from pymlsql import models, training

    return models.read_foreign_file(file, training.read_sql_types(db, view))


@app.command("list", epilog="Example: pymlsql model list --json")
def list_models(
    archived: Annotated[bool, typer.Option("--archived", help="Those that are archived too.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List all models with their versions and aliases."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.models(archived=archived)
    if as_json:
        output.print_json(found)
        return
    rows = [
        (
            m.name + (" (archived)" if m.archived_at is not None else ""), m.n_versions, m.latest_version,
            ", ".join(f"{alias} = {n}" for alias, n in m.aliases.items()), m.description,
        )
        for m in found
    ]  # fmt: skip
    output.print_table("", ("model", "versions", "latest", "aliases", "description"), rows)


@app.command(epilog="Example: pymlsql model show failures --alias champion")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    version: Annotated[int | None, typer.Argument(metavar="[VERSION]", min=1, help="By default the latest.")] = None,
    alias: Annotated[str | None, typer.Option(help="The version that this alias means.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one version: its signature, packages and metrics."""
    import pymlsql

    if alias is not None and version is not None:
        raise UsageError("Name either a version or an alias.")
    with pymlsql.connect(url) as db:
        found = db.show(name, version, alias=alias)
    if as_json:
        output.print_json(found)
    else:
        _print_version(found)


app.command("promote", epilog=aliases.PROMOTE_EXAMPLE)(aliases.promote)
app.command("rollback", epilog=aliases.ROLLBACK_EXAMPLE)(aliases.rollback)
app.add_typer(aliases.app, name="alias")
app.command("archive", epilog="Example: pymlsql model archive failures 2")(versions.archive)
app.command("delete", epilog="Example: pymlsql model delete failures 2")(versions.delete)
app.command("describe", epilog='Example: pymlsql model describe failures "Which machine fails within a day"')(
    versions.describe
)
app.command("tag", epilog="Example: pymlsql model tag failures owner maintenance --version 3")(versions.tag)
app.command("purge", epilog="Example: pymlsql model purge --archived-days 90 --dry-run")(versions.purge)
app.command("pull", epilog="Example: pymlsql model pull failures 3 --out failures.pkl")(versions.pull)
app.command("audit", epilog="Example: pymlsql model audit failures --limit 50")(versions.audit)
app.command("policy", epilog="Example: pymlsql model policy approval 1")(versions.policy)


def _print_version(found: ModelVersion) -> None:
    packages = ", ".join(f"{name} {number}" for name, number in found.packages.items())
    facts = [
        ("model", f"{found.name}, version {found.version}"),
        ("aliases", ", ".join(found.aliases)),
        ("sha256", found.sha256),
        ("size", f"{found.size_bytes:,} bytes, {found.format}"),
        ("made with", f"Python {found.python_version}, {packages}"),
        ("created", f"{found.created_at:%Y-%m-%d %H:%M:%S} UTC by {found.created_by}"),
        ("comment", found.comment or ""),
        ("description", found.description or ""),
        ("tags", ", ".join(f"{name} = {value}" for name, value in found.tags.items())),
        ("run", "" if found.run_id is None else str(found.run_id)),
        ("inputs", ", ".join(f"{column.name} {column.sql_type}" for column in found.signature.inputs)),
        ("classes", ", ".join(found.signature.output.classes)),
    ]
    if found.archived_at is not None:
        facts.append(("archived", f"{found.archived_at:%Y-%m-%d %H:%M:%S} UTC"))
    if "macro_f1" in found.metrics:
        facts.append(("macro-F1", f"{found.metrics['macro_f1']:.3f}"))
    output.print_table("", ("", ""), facts)
