"""`pymlsql model check | seal | scan`: whether a model can be trusted and run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import UsageError

CHECK_EXAMPLE = "Example: pymlsql model check failures --alias champion --view dbo.FeaturesAndLabels"
SEAL_EXAMPLE = "Example: pymlsql model seal failures 3"
SCAN_EXAMPLE = "Example: pymlsql model scan failures.pkl"

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The model.")]


def check(
    name: NameArgument,
    version: Annotated[int | None, typer.Argument(metavar="[VERSION]", min=1, help="By default the latest.")] = None,
    alias: Annotated[str | None, typer.Option(help="The version that this alias means.")] = None,
    language: Annotated[str | None, typer.Option(help="The external language; by default the version's own.")] = None,
    view: Annotated[str | None, typer.Option(help="Compare this table or view with the signature first.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the server's Python load a version and predict its stored rows; fails where it must not serve."""
    import pymlsql
    from pymlsql import sources

    if alias is not None and version is not None:
        raise UsageError("Name either a version or an alias.")
    with pymlsql.connect(url) as db, output.status("checking"):
        differences = []
        if view is not None:
            differences = sources.compare_source(db, db.show(name, version, alias=alias).signature, view)
        result = db.check(name, version, alias=alias, language=language)
    if as_json:
        output.print_json({"check": result, "differences": differences})
    else:
        for one in differences:
            output.print_line(f"{'differs' if one.blocking else 'note'}: {one.message}")
        python = f" with Python {result.python_version}" if result.python_version else ""
        verdict = "passed" if result.passed else f"failed: {result.reason}"
        output.print_line(f"{result.name} version {result.version} in {result.language}{python}: {verdict}")
    if not result.passed or any(one.blocking for one in differences):
        raise typer.Exit(1)


def seal(
    name: NameArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version to vouch for.")],
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Seal a version with this account's key, as the database holds it now. Whoever does so vouches for it."""
    import pymlsql
    from pymlsql.registry import seals

    with pymlsql.connect(url) as db:
        made = seals.seal_stored(db, name, version)
    if as_json:
        output.print_json({"name": name, "version": version, "key": made.key_text})
    else:
        output.print_line(f"sealed: {name} version {version} with {made.key_text}")


def scan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A model file of any format.")],
    format: Annotated[str | None, typer.Option(help="By default what the bytes and the name tell.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what loading a file would import and call, without loading it; fails where that is dangerous."""
    from pymlsql import content, formats, scanning

    data = content.read_file(file)
    kind = formats.detect(content.piece(data, 0, 4096), file.name) if format is None else formats.check_format(format)
    with content.mapped(data) as view:
        report = scanning.scan(view, kind)
    if as_json:
        output.print_json(report)
    else:
        rows = [(str(one), one.verdict, "called" if one.is_called else "taken") for one in report.imports]
        output.print_table("", ("import", "verdict", ""), rows)
        output.print_line(f"{report.outcome}: {report.summary}")
    if report.outcome == "dangerous":
        raise typer.Exit(1)
