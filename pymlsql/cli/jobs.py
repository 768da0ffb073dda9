"""`pymlsql job`: jobs of SQL Server Agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.deploying import ProjectOption
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import JobError, UsageError

if TYPE_CHECKING:
    from pymlsql.jobs.operations import HistoryRow

app = typer.Typer(help="Jobs of SQL Server Agent.", no_args_is_help=True, epilog="Example: pymlsql job list")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The job.")]


@app.command("list", epilog="Example: pymlsql job list --all")
def list_jobs(
    everybody: Annotated[bool, typer.Option("--all", help="Also those that no project has made.")] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List jobs with their last and next run, in the server's time."""
    import pymlsql
    from pymlsql import jobs

    with pymlsql.connect(url) as db:
        found = [one for one in jobs.list_jobs(db) if everybody or one.project is not None]
    if as_json:
        output.print_json(found)
        return
    rows = [(one.name, one.project, "yes" if one.enabled else "no", one.last_run, one.last_outcome, one.next_run)
            for one in found]  # fmt: skip
    output.print_table("", ("job", "project", "enabled", "last run", "outcome", "next run"), rows)


@app.command(epilog='Example: pymlsql job run "shop: nightly" --wait')
def run(
    name: NameArgument,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Until it has ended; exit code 1 if it failed.")
    ] = True,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", min=0, help="Wait no longer; it goes on.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a job now."""
    import pymlsql
    from pymlsql import jobs

    with pymlsql.connect(url) as db, output.status(f"running {name}"):
        tell = None if as_json else _tell
        done = jobs.run_job(db, name, wait=wait, timeout_s=timeout, on_step=tell)
    if as_json:
        output.print_json({"job": name, "started": True} if done is None else done)
    else:
        output.print_line(f"{name}: started" if done is None else f"{done.job}: {done.rows[-1].outcome}")
    if done is not None and not done.succeeded:
        failed = next((row for row in reversed(done.rows) if row.step_id and row.outcome != "succeeded"), done.rows[-1])
        raise JobError(f"{done.job} did not succeed. {failed.message}")


def _tell(row: HistoryRow) -> None:
    """A step that has ended, or will be tried again: then why, since that may take its time."""
    said = "" if row.outcome == "succeeded" else f"; {row.message}"
    again = "failed, and is tried again" if row.outcome == "retry" else row.outcome
    output.print_line(f"{row.step_id}  {row.step}: {again}, {row.duration_s} s{said}")


@app.command(epilog='Example: pymlsql job stop "shop: nightly"')
def stop(name: NameArgument, url: UrlOption = None) -> None:
    """Cancel a job that runs, or waits for the next try of a step."""
    import pymlsql
    from pymlsql import jobs

    with pymlsql.connect(url) as db:
        jobs.stop_job(db, name)
    output.print_line(f"stopped: {name}")


@app.command(epilog='Example: pymlsql job history "shop: nightly" --limit 10')
def history(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One job; without it all.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest rows.")] = 20,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what jobs and their steps came to, the newest first."""
    import pymlsql
    from pymlsql import jobs

    with pymlsql.connect(url) as db:
        found = jobs.read_history(db, name, limit=limit)
    if as_json:
        output.print_json(found)
        return
    rows = [(one.started_at, one.job, one.step_id, one.step, one.outcome, one.duration_s, one.message) for one in found]
    output.print_table("", ("at", "job", "step", "name", "outcome", "seconds", "message"), rows)


@app.command(epilog='Example: pymlsql job enable "shop: nightly"')
def enable(name: NameArgument, url: UrlOption = None) -> None:
    """Let a job's schedules start it again."""
    _switch(name, url, enabled=True)


@app.command(epilog='Example: pymlsql job disable "shop: nightly"')
def disable(name: NameArgument, url: UrlOption = None) -> None:
    """Keep a job's schedules from starting it; it can still be run. The next apply enables what is declared so."""
    _switch(name, url, enabled=False)


def _switch(name: str, url: str | None, *, enabled: bool) -> None:
    import pymlsql
    from pymlsql import jobs

    with pymlsql.connect(url) as db:
        jobs.enable_job(db, name, enabled=enabled)
    output.print_line(f"{'enabled' if enabled else 'disabled'}: {name}")


@app.command(epilog='Example: pymlsql job remove "shop: nightly"')
def remove(name: NameArgument, url: UrlOption = None) -> None:
    """Delete a job, its history, and its schedules that no other job has."""
    import pymlsql
    from pymlsql import jobs

    with pymlsql.connect(url) as db:
        jobs.remove_job(db, name)
    output.print_line(f"removed: {name}")


@app.command(epilog="Example: pymlsql job export --systemd units/")
def export(
    systemd: Annotated[
        Path | None, typer.Option("--systemd", metavar="DIR", help="A .service and a .timer for each job.")
    ] = None,
    cron: Annotated[
        Path | None, typer.Option("--cron", metavar="FILE", help="Lines for a crontab; - prints them.")
    ] = None,
    environment_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="The file that will hold PYMLSQL_URL; by default /etc/pymlsql/PROJECT.env."
        ),
    ] = None,
    command: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The pymlsql that will run; by default this one.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who runs the units; by default who exports them.")
    ] = None,
    project_file: ProjectOption = Path("."),
) -> None:
    """Write timers that run the project's jobs from a machine, for servers without SQL Server Agent."""
    import datetime
    import getpass
    import sys

    from pymlsql import project
    from pymlsql.jobs import units

    if systemd is None and cron is None:
        raise UsageError("Say --systemd DIR or --cron FILE.")
    declared = project.read(project_file)
    if not declared.jobs:
        raise JobError(f"{declared.path} declares no jobs.")
    environment = environment_file or f"/etc/pymlsql/{declared.required_name}.env"
    program = Path(sys.executable).with_name("pymlsql") if command is None else command
    place = units.Place(declared.path.resolve(), program, environment, user or getpass.getuser())
    today = datetime.datetime.now().date()
    made = {} if systemd is None else units.render_units(systemd, declared.rendered_jobs, place, today)
    made |= {} if cron is None else units.render_crontab(cron, declared.rendered_jobs, place, today)
    printed = made.pop(Path("-"), None)
    if printed is not None:
        output.print_line(printed.rstrip())
    units.write(made)
    for path in made:
        output.print_line(f"written: {path}")
    output.print_note(f'Write PYMLSQL_URL="..." into {environment}, mode 0600: the units hold no password.')
