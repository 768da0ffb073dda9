"""`pymlsql train | predict`."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pymlsql.cli import output
from pymlsql.cli.options import TIME_FORMATS, JsonOption, UrlOption
from pymlsql.errors import UsageError

if TYPE_CHECKING:
    from pymlsql.training import Metrics

TRAIN_EXAMPLE = "Example: pymlsql train --out failures.pkl --push"
PREDICT_EXAMPLE = "Example: pymlsql predict --machine 3 --since 2015-03-01 --until 2015-03-08"


def train(
    test_from: Annotated[
        datetime.datetime | None,
        typer.Option(formats=TIME_FORMATS, metavar="TIME", help="Test from then on; by default the last third."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the training; the default is fixed.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.pkl", help="Write the model here.")] = None,
    push: Annotated[bool, typer.Option("--push", help="Register the model on the server.")] = False,
    name: Annotated[str, typer.Option(help="With --push: the model's name.")] = "failures",
    alias: Annotated[str | None, typer.Option(help="With --push: point this alias at it.")] = None,
    comment: Annotated[str, typer.Option(help="With --push: why this version.")] = "",
    experiment: Annotated[str, typer.Option(help="Record a run of this experiment; '' records none.")] = "training",
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Predictive maintenance: train on its feature view, test on later time than was trained on, record the run."""
    import pymlsql
    from pymlsql import models

    if out is not None and not out.parent.is_dir():
        raise UsageError(f"There is no folder {out.parent} to write the model into.")
    with pymlsql.connect(url) as db:
        with output.status("training"):
            trained = db.train(test_from=test_from, seed=seed, experiment=experiment or None)
        if out is not None:
            models.write_model_file(out, trained.packed)
        version = None
        if push:
            with output.status("pushing"):
                version = db.push(trained, name, comment=comment, alias=alias)
    if as_json:
        facts = {"metrics": trained.metrics, "file": out, "version": version and version.version}
        output.print_json({**facts, "run": trained.run_id})
        return
    print_metrics(trained.metrics)
    if trained.run_id is not None:
        output.print_line(f"recorded: run {trained.run_id} of {experiment}")
    if out is not None:
        output.print_line(f"written: {out} and {models.sidecar_path(out).name}")
    if version is not None:
        output.print_line(f"pushed: {version.name} version {version.version}")
    if out is None and version is None:
        output.print_note("The model was not kept: --out FILE.pkl writes it, --push registers it.")


def print_metrics(metrics: Metrics) -> None:
    """The test of a model as a table."""
    output.print_table("", ("class", "precision", "recall", "F1", "rows"), metrics_rows(metrics))
    output.print_line(
        f"macro-F1 {metrics.macro_f1:.3f} on {metrics.n_test:,} rows from {metrics.test_since} to "
        f"{metrics.test_until}; trained on {metrics.n_train:,} rows until {metrics.train_until}"
    )


def metrics_rows(metrics: Metrics) -> list[tuple[str, float, float, float, int]]:
    """A row per class."""
    return [(c.name, c.precision, c.recall, c.f1, c.n_support) for c in metrics.classes]


def predict(
    machine: Annotated[int | None, typer.Option(metavar="ID", help="Only this machine.")] = None,
    since: Annotated[
        datetime.datetime | None, typer.Option(formats=TIME_FORMATS, metavar="TIME", help="All slots from then on.")
    ] = None,
    until: Annotated[
        datetime.datetime | None, typer.Option(formats=TIME_FORMATS, metavar="TIME", help="All slots up to then.")
    ] = None,
    unscored: Annotated[bool, typer.Option("--unscored", help="Only slots this version has not scored.")] = False,
    model: Annotated[str, typer.Option(help="The model.")] = "failures",
    alias: Annotated[
        str | None, typer.Option(help="Which of its versions; by default as the route says, if there is one.")
    ] = None,
    no_persist: Annotated[bool, typer.Option("--no-persist", help="Do not store the predictions.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show, most urgent first; --json shows all.")] = 20,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Predictive maintenance: EXEC dbo.PredictFailures, by default each machine's latest slot, most urgent first."""
    import pymlsql

    with pymlsql.connect(url) as db, output.status("scoring"):
        rows = db.predict(
            machine_id=machine,
            since=since,
            until=until,
            unscored=unscored,
            model=model,
            alias=alias,
            persist=not no_persist,
        )
    names = [str(name) for name in rows.columns]
    values = [[_plain(value) for value in row] for row in rows.itertuples(index=False)]
    if as_json:
        output.print_json([dict(zip(names, row, strict=True)) for row in values])
        return
    output.print_table("", names, values[:limit])
    output.print_line(f"{len(rows):,} rows, {min(limit, len(rows)):,} shown")


def _plain(value: Any) -> Any:
    """pandas' timestamps and numpy's numbers as Python's own."""
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    return value.item() if hasattr(value, "item") else value
