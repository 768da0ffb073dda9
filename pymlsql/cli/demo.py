"""`pymlsql demo`: the main job end to end, on a server of its own or on one that is named."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pymlsql.cli import child, output
from pymlsql.cli.data import MAX_DAYS, MAX_MACHINES, generate_frames
from pymlsql.cli.options import UrlOption

if TYPE_CHECKING:
    from pymlsql.examples.pdm.demo import DemoReport
    from pymlsql.settings import ServerFile, Target

EXAMPLE = "Example: pymlsql demo --keep"
N_URGENT = 10
N_WARNINGS = 15
KEPT_PORT = 14330
ASK = "EXEC dbo.PredictFailures @machine_id = 3"


def demo(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Folder of the five CSV files; else made-up data.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the server's data, to look at afterwards.")] = False,
    machines: Annotated[int, typer.Option(min=1, max=MAX_MACHINES, help="Without --data: how many machines.")] = 20,
    days: Annotated[int, typer.Option(min=10, max=MAX_DAYS, help="Without --data: how many days.")] = 90,
    seed: Annotated[int, typer.Option(min=0, help="Without --data: the same seed gives the same data.")] = 1,
    replace: Annotated[bool, typer.Option("--replace", help="With --url: delete what the tables hold first.")] = False,
    url: UrlOption = None,
) -> None:
    """Machine data, features, a model and EXEC dbo.PredictFailures, on a server of its own or at --url."""
    from pymlsql import loading, settings
    from pymlsql.examples.pdm import demo as job
    from pymlsql.toolkit import Toolkit

    frames = loading.read_folder(data) if data else generate_frames(machines, days, seed)
    source = str(data) if data else f"made up: {machines} machines, {days} days, seed {seed}"
    steps: list[job.Step] = []
    with ExitStack() as stack:
        stack.enter_context(_sigterm_as_interrupt())
        server = None
        named = settings.find_named_target(url)
        if named is not None:
            named = settings.resolve_target(url)  # 'embedded' by name is the server of the default data directory
        else:
            place = settings.data_home() / "demo" if keep else Path(stack.enter_context(_scratch()))
            with job.timed("start a server", steps, show_step):
                server = stack.enter_context(child.child_server(place))
            named = settings.Target(server.sqlalchemy_url, "the demo's own server")
        db = stack.enter_context(Toolkit(named))
        db.ping()
        is_own = server is not None
        report = job.run(db, frames, replace=replace or is_own, enable_scripts=is_own, on_step=show_step, steps=steps)
        print_report(report, source, _render_target(named, server))
    print_connection(server, keep=keep)


@contextmanager
def show_step(name: str) -> Generator[None]:
    """A step on stderr: a spinner while it lasts, on a terminal, and a line when it is done."""
    started = time.perf_counter()
    with output.status(name):
        yield
    output.print_note(f"{time.perf_counter() - started:6.2f} s  {name}")


@contextmanager
def _scratch() -> Generator[str]:
    with tempfile.TemporaryDirectory(prefix="pymlsql-demo-") as folder:
        yield folder


@contextmanager
def _sigterm_as_interrupt() -> Generator[None]:
    """SIGTERM ends the demo as Ctrl-C does: through every `finally`, so that its server stops."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _render_target(target: Target, server: ServerFile | None) -> str:
    return target.display if server is None else f"an embedded server at {server.host},{server.port}"


def print_report(report: DemoReport, source: str, target: str) -> None:
    """The demo's result as tables on stdout."""
    from pymlsql.loading import TABLES

    metrics = report.metrics
    output.print_line(f"\nPredictive maintenance on {target}\nData: {source}\n")
    output.print_table(
        "Rows in the database",
        ("table", "rows"),
        [(TABLES[name], n) for name, n in report.loaded.n_rows.items()]
        + [("dbo.FeaturesAndLabels (view)", sum(report.class_counts.values()))]
        + [("dbo.FailurePredictions", report.n_stored)],
    )
    output.print_table(
        "Labels: what fails in the 24 hours after each slot", ("label", "slots"), list(report.class_counts.items())
    )
    output.print_table(
        f"Held-out test, {metrics.test_since:%Y-%m-%d %H:%M} to {metrics.test_until:%Y-%m-%d %H:%M} "
        f"(trained until {metrics.train_until:%Y-%m-%d %H:%M})",
        ("class", "precision", "recall", "F1", "slots"),
        [(c.name, c.precision, c.recall, c.f1, c.n_support) for c in metrics.classes],
    )
    output.print_line(
        f"macro-F1 {metrics.macro_f1:.3f}; registered as {report.version.name} version {report.version.version}, "
        f"alias {', '.join(report.version.aliases)}\n"
    )
    _print_warnings(report)
    _print_urgent(report)
    output.print_table(
        "Seconds per step",
        ("step", "seconds"),
        [(step.name, round(step.seconds, 2)) for step in report.steps]
        + [("in all", round(sum(step.seconds for step in report.steps), 2))],
    )


def _print_warnings(report: DemoReport) -> None:
    found = report.held_out
    n_foreseen = sum(warning.hours_ahead is not None for warning in found.warnings)
    title = "What the procedure said before each failure of the held-out range"
    rows = [
        (
            str(warning.machine_id),
            warning.at,
            " + ".join(warning.components),
            "not foreseen" if warning.hours_ahead is None else f"{warning.hours_ahead:.0f} h ahead",
        )
        for warning in found.warnings[:N_WARNINGS]
    ]
    output.print_table(title, ("machine", "failed at", "component", "first named"), rows)
    more = f"; the first {N_WARNINGS} are shown" if len(found.warnings) > N_WARNINGS else ""
    output.print_line(
        f"{n_foreseen} of {len(found.warnings)} failures foreseen, {found.n_false_alarms} false alarms in "
        f"{found.n_slots:,} slots{more}\n"
    )


def _print_urgent(report: DemoReport) -> None:
    latest = report.latest.assign(p_fail=1 - report.latest["p_none"])
    urgent = latest.sort_values("p_fail", ascending=False, kind="stable").head(N_URGENT)
    columns = ["machineID", "datetime", "predicted", "p_fail", "p_comp1", "p_comp2", "p_comp3", "p_comp4", "outcome"]
    rows = [
        [str(row[0]), row[1].to_pydatetime(), str(row[2]), *map(_render_share, row[3:8]), row[8] or "not known"]
        for row in urgent[columns].itertuples(index=False)
    ]
    title = f"EXEC dbo.PredictFailures: the {len(rows)} most urgent of {len(latest)} machines, latest slot"
    output.print_table(title, (*columns[:-1], "what happened then"), rows)
    n_warned = int((latest["predicted"] != "none").sum())
    output.print_line(
        f"Expected to fail within 24 hours: {n_warned} of {len(latest)} machines. p_fail is 1 - p_none.\n"
    )


def _render_share(share: float) -> str:
    """A probability with four decimals; what is not zero never looks like zero."""
    return f"{share:.4f}" if share >= 0.0001 else "<0.0001"


def print_connection(server: ServerFile | None, *, keep: bool) -> None:
    """How to look at it with one's own client."""
    if server is None:
        output.print_line(f"Ask with your own client: {ASK}")
    elif keep:
        place = server.path.parent.parent
        facts = place / "server.json"
        output.print_line(
            f"The data is kept. Serve it again:\n"
            f"  pymlsql server start --data-dir {place} --port {KEPT_PORT}\n"
            f"Then ask with your own client; user {server.user}, the password is in {facts}:\n"
            f'  sqlcmd -C -S tcp:127.0.0.1,{KEPT_PORT} -d {server.database} -U {server.user} -Q "{ASK}"\n'
            f"  python -c \"import json, pyodbc; facts = json.load(open('{facts}')); "
            f"print(*pyodbc.connect(facts['odbc'], autocommit=True).execute('{ASK}'))\""
        )
    else:
        output.print_line(
            "The server and its data are gone again. pymlsql demo --keep keeps them and says how to connect."
        )
