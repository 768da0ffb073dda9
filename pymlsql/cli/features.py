"""`pymlsql init` and `pymlsql features`: a project file and the feature views that it declares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import DeclarationError

app = typer.Typer(
    help="The feature views of a project file.", no_args_is_help=True, epilog="Example: pymlsql features list"
)

INIT_EXAMPLE = "Example: pymlsql init --example demand ./demand"

ProjectOption = Annotated[
    Path, typer.Option("--project", metavar="PATH", help="The project file, or its folder; by default this one.")
]
NamesArgument = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="By default all.")]


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new project's folder.")],
    example: Annotated[str, typer.Option(metavar="NAME", help="pdm, bank or demand.")] = "pdm",
) -> None:
    """Write a project: pymlsql.toml with the feature views of an example, and a README."""
    from pymlsql import initialising

    for path in initialising.initialise(folder, example):
        output.print_line(f"written: {path}")


@app.command("list", epilog="Example: pymlsql features list --json")
def list_features(project_file: ProjectOption = Path("."), as_json: JsonOption = False) -> None:
    """What the project declares."""
    from pymlsql import project

    declared = project.read(project_file)
    rows = [
        (name, one.view, ", ".join(column.name for column in one.keys), len(one.features), one.label and one.label.name)
        for name, one in declared.features.items()
    ]
    names = ("name", "view", "keys", "features", "label")
    if as_json:
        output.print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        output.print_table("", names, rows)


@app.command("check", epilog="Example: pymlsql features check demand")
def check(names: NamesArgument = None, project_file: ProjectOption = Path("."), url: UrlOption = None) -> None:
    """Compare each view on the server with pandas over the same rows; fetches all rows of the sources."""
    import pymlsql
    from pymlsql import project
    from pymlsql.features import parity

    whole = project.read(project_file)
    complaints: list[str] = []
    path: tuple[str, ...] = ()
    with pymlsql.connect(url) as db:
        for features in whole.named(names or []):
            with output.status(f"checking {features.view}"):
                found = parity.check(features, db.read)
            complaints += [f"{features.view}: {complaint}" for complaint in found.complaints]
            path = path or (found.path and ("features", whole.name_of(features), *found.path))
            output.print_line(f"{features.view}: {found.n_rows:,} rows, {'the same' if found.ok else 'NOT the same'}")
            if found.skipped:
                output.print_line(f"    not compared, having no pandas twin: {', '.join(found.skipped)}")
    if complaints:
        raise whole.place(DeclarationError("; ".join(complaints), path))


@app.command("indexes", epilog="Example: pymlsql features indexes --url prod > indexes.sql")
def show_indexes(names: NamesArgument = None, project_file: ProjectOption = Path("."), url: UrlOption = None) -> None:
    """Print CREATE INDEX for what the functions look up in their sources; with --url, what that server has not."""
    from pymlsql import project
    from pymlsql.features import indexes

    wanted = indexes.suggest(project.read(project_file).named(names or []))
    if url is not None:
        import pymlsql

        with pymlsql.connect(url) as db:
            wanted = indexes.missing(db, wanted)
    output.print_line(indexes.render(wanted).rstrip() if wanted else "-- No index is missing.")
