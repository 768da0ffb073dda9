"""`pymlsql runs compare` and `pymlsql model compare`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.display import render_cell

if TYPE_CHECKING:
    from pymlsql.tracking.comparison import Comparison

RUNS_EXAMPLE = "Example: pymlsql runs compare 3 5 --html runs.html"
MODEL_EXAMPLE = "Example: pymlsql model compare failures 3 5 --html report.html"

CELL = 60
"""Characters of a value in a table on the terminal."""

HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with plots that needs nothing else.")
]
ChangedOption = Annotated[bool, typer.Option("--changed", help="Only what differs.")]


def compare_runs(
    runs: Annotated[list[int], typer.Argument(metavar="RUN...", min=1, help="Two or more runs.")],
    changed: ChangedOption = False,
    html: HtmlOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set runs side by side: metrics, parameters, tags, what they were trained on, artifacts."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.compare_runs(*runs)
    _show(found, changed=changed, html=html, as_json=as_json)


def compare_versions(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    versions: Annotated[list[int], typer.Argument(metavar="VERSION...", min=1, help="Two or more of its versions.")],
    changed: ChangedOption = False,
    html: HtmlOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set versions of a model side by side: metrics, signature, parameters, environment."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.compare(name, *versions)
    _show(found, changed=changed, html=html, as_json=as_json)


def _show(found: Comparison, *, changed: bool, html: Path | None, as_json: bool) -> None:
    if html is not None:
        found.write_html(html)
    if as_json:
        output.print_json(found)
        return
    values = [value for value in found.values if value.differs or not changed]
    for section, rows in groupby(values, key=lambda value: value.section):
        table = [("*" if r.differs else "", r.name, *map(_cell, r.values)) for r in rows]
        output.print_table(section.capitalize(), ("", "", *found.columns), table)
    output.print_line("* differs" if values else "Nothing differs.")
    if html is not None:
        output.print_line(f"written: {html}")


def _cell(value: object) -> str:
    text = " ".join(render_cell(value).split()) if value is not None else ""  # type: ignore[arg-type]
    return text if len(text) <= CELL else text[: CELL - 3] + "..."
