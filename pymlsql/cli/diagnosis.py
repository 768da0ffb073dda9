"""`pymlsql doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption

if TYPE_CHECKING:
    from pymlsql.doctor import Finding

EXAMPLE = "Example: pymlsql doctor --json"


def doctor(
    enable_scripts: Annotated[
        bool,
        typer.Option(
            "--enable-scripts", help="First switch external scripts on, with sp_configure; needs ALTER SETTINGS."
        ),
    ] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check drivers, server, its Python, tables and objects. Exit code 1 where something fails, 3 without a server."""
    from pymlsql import doctor as diagnosis

    if enable_scripts:
        import pymlsql

        with pymlsql.connect(url) as db:
            db.enable_scripts()
    with output.status("checking"):
        findings = diagnosis.examine(url)
    if as_json:
        output.print_json(findings)
    else:
        for finding in findings:
            output.print_line(_render(finding))
    codes = [finding.exit_code for finding in findings if finding.state == "fail"]
    if codes:
        raise typer.Exit(max(codes))


def _render(finding: Finding) -> str:
    advice = f" -> {finding.advice}" if finding.advice else ""
    return f"{finding.state:<4}  {finding.name:<13}  {finding.detail}{advice}"
