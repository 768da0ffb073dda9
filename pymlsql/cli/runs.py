"""`pymlsql runs`: what was tried, and how good it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption

if TYPE_CHECKING:
    from pymlsql.tracking import Run, RunDetail

app = typer.Typer(help="Runs: what was tried, and how good it was.", no_args_is_help=True,
                  epilog="Example: pymlsql runs list")  # fmt: skip

N_METRICS = 4
"""Metrics that `runs list` shows beside each run."""

RunArgument = Annotated[int, typer.Argument(metavar="RUN", min=1, help="The run's number.")]
StatusOption = Annotated[
    Literal["running", "finished", "failed", "killed"] | None, typer.Option(help="Only runs in this state.")
]
EndOption = Annotated[Literal["finished", "failed", "killed"], typer.Option(help="How it is to have ended.")]


@app.command("list", epilog="Example: pymlsql runs list --experiment churn --json")
def list_runs(
    experiment: Annotated[str | None, typer.Option(help="Only runs of this experiment.")] = None,
    status: StatusOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 20,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List runs, newest first. A run that never ended is running, and shows for how long."""
    import pymlsql
    from pymlsql.tracking.facts import render_duration

    with pymlsql.connect(url) as db:
        found = db.runs(experiment, status=status, limit=limit)
    if as_json:
        output.print_json(found)
        return
    rows = [
        (r.run_id, r.experiment, r.name, r.status, r.started_at, render_duration(r.duration_s), r.login, _metrics(r))
        for r in found
    ]
    output.print_table("", ("run", "experiment", "name", "status", "started (UTC)", "for", "by", "metrics"), rows)


def _metrics(run: Run) -> str:
    shown = [f"{name} {value:.4g}" for name, value in list(run.metrics.items())[:N_METRICS]]
    return ", ".join(shown) + (", ..." if len(run.metrics) > N_METRICS else "")


@app.command(epilog="Example: pymlsql runs show 5")
def show(run: RunArgument, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Show one run: parameters, metrics, tags, artifacts, what it was trained on, and the versions that came of it."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.run(run)
    if as_json:
        output.print_json(found)
    else:
        _print_detail(found)


@app.command(epilog="Example: pymlsql runs end 5 --status killed")
def end(run: RunArgument, status: EndOption = "killed", url: UrlOption = None, as_json: JsonOption = False) -> None:
    """End a run whose program is gone. Its children go on."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.end_run(run, status)
    if as_json:
        output.print_json(found)
    else:
        output.print_line(f"ended: {found.title} is {found.status}")


@app.command(epilog="Example: pymlsql runs artifact 5 test_confusion_matrix.png --out matrix.png")
def artifact(
    run: RunArgument,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The artifact, as pymlsql runs show names it.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="By default its own name, here.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a file that a run kept."""
    import pymlsql
    from pymlsql import tracking
    from pymlsql.errors import UsageError

    target = Path(path.rpartition("/")[2]) if out is None else out
    if target.exists():
        raise UsageError(f"{target} exists already: name another file with --out.")
    with pymlsql.connect(url) as db:
        found = tracking.save_artifact(db, run, path, target)
    if as_json:
        output.print_json(found)
    else:
        output.print_line(f"written: {target} ({found.size_bytes:,} bytes)")


def _rows(count: int | None) -> str:
    return "" if count is None else f"{count:,} rows"


def _print_detail(found: RunDetail) -> None:
    from pymlsql.tracking.facts import render_status

    run, training = found.run, found.training
    facts = [
        ("run", run.title if run.parent_run_id is None else f"{run.title}, child of run {run.parent_run_id}"),
        ("experiment", run.experiment),
        ("status", render_status(run)),
        ("started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC by {run.login}"),
        ("ended", "" if run.ended_at is None else f"{run.ended_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("from", ", commit ".join(filter(None, (run.source, run.git_commit)))),
        ("trained on", " of ".join(filter(None, (_rows(training.n_rows), training.view_name)))),
        ("rows' sha256", training.data_sha256 or ""),
        ("children", ", ".join(map(str, found.children))),
        ("versions", ", ".join(f"{name} version {version}" for name, version in found.versions)),
    ]
    output.print_table("", ("", ""), [fact for fact in facts if fact[1]])
    for title, values in (("Parameters", run.params), ("Metrics", run.metrics), ("Tags", run.tags)):
        if values:
            rows = [(name, f"{value:.6g}" if isinstance(value, float) else value) for name, value in values.items()]
            output.print_table(title, ("", ""), rows)
    if found.artifacts:
        output.print_table("Artifacts", ("path", "bytes", "sha256"),
                           [(a.path, a.size_bytes, a.sha256[:12]) for a in found.artifacts])  # fmt: skip
    if run.error:
        output.print_line(run.error)
