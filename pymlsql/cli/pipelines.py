"""`pymlsql pipeline`: the steps of a job, run from here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.deploying import ProjectOption
from pymlsql.cli.options import UrlOption
from pymlsql.errors import DeclarationError

if TYPE_CHECKING:
    from pymlsql.jobs.pipeline import StepResult

app = typer.Typer(
    help="The steps of a project's job, run from here: for CI, and servers without SQL Server Agent.",
    no_args_is_help=True,
    epilog="Example: pymlsql pipeline run nightly",
)


@app.command(epilog="Example: pymlsql pipeline run nightly --resume")
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The job's key in the project file: [jobs.NAME].")],
    resume: Annotated[bool, typer.Option("--resume", help="Begin with the step at which the last run failed.")] = False,
    project_file: ProjectOption = Path("."),
    url: UrlOption = None,
) -> None:
    """Run the steps in order, with their retries; exit code 1 where one fails that ends the job."""
    import pymlsql
    from pymlsql import project
    from pymlsql.jobs.pipeline import run_pipeline
    from pymlsql.wording import suggest

    declared = project.read(project_file)
    if name not in declared.jobs:
        raise DeclarationError(f"{declared.path} declares no job {name}{suggest(name, declared.jobs)}.")
    (job,) = [one for one in declared.rendered_jobs if one.declared == ("jobs", name)]
    with pymlsql.connect(url) as db, output.status(f"running {job.name}"):
        number = run_pipeline(db, job, resume=resume, on_step=_tell)
    output.print_line(f"{job.name}: succeeded, run {number}")


def _tell(result: StepResult) -> None:
    said = "succeeded" if result.error is None else f"failed: {result.error}"
    output.print_line(f"{result.number}  {result.step}: {result.duration_s:.1f} s, {said}")
