"""`pymlsql data`: machine data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    help="Machine data in the database.", no_args_is_help=True, epilog="Example: pymlsql data load --generate"
)

MAX_MACHINES = 10_000
MAX_DAYS = 3_660


@app.command(epilog="Example: pymlsql data load --data ./csv --replace")
def load(
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Folder of telemetry, errors, maint, machines and failures .csv."),
    ] = None,
    generate: Annotated[bool, typer.Option("--generate", help="Make data up: same columns, similar numbers.")] = False,
    machines: Annotated[int, typer.Option(min=1, max=MAX_MACHINES, help="With --generate: how many.")] = 20,
    days: Annotated[int, typer.Option(min=3, max=MAX_DAYS, help="With --generate: how long.")] = 90,
    seed: Annotated[int, typer.Option(min=0, help="With --generate: the same seed gives the same data.")] = 1,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete what the tables hold first, and the predictions made from it.")
    ] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load the five tables, checked first and in one transaction."""
    import pymlsql
    from pymlsql import loading

    if generate == (data is not None):
        raise UsageError("Say where the data is: either --data DIR or --generate.")
    frames = loading.read_folder(data) if data else generate_frames(machines, days, seed)
    with pymlsql.connect(url) as db:
        report = db.load(frames, replace=replace, progress=show_progress)
    if as_json:
        output.print_json(report)
        return
    rows = [(loading.TABLES[name], n, report.n_left_out[name]) for name, n in report.n_rows.items()]
    output.print_table("", ("table", "rows loaded", "left out: no telemetry"), rows)


def generate_frames(n_machines: int, n_days: int, seed: int) -> dict[str, pd.DataFrame]:
    """Made-up data by the example's generator."""
    from pymlsql.examples.pdm import generator

    return generator.generate(n_machines=n_machines, n_days=n_days, seed=seed)


def show_progress(name: str, n_sent: int, n_rows: int) -> None:
    """One rewritten line on a terminal, nothing elsewhere."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{name}: {n_sent:,} of {n_rows:,}\x1b[K" + ("\r\x1b[K" if n_sent == n_rows else ""))
        sys.stderr.flush()
