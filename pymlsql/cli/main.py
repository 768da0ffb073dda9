"""The command line: `pymlsql`. Commands import what they need when they run, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import pymlsql
from pymlsql.cli import (
    comparing,
    data,
    database,
    demo,
    deploying,
    diagnosis,
    executing,
    features,
    jobs,
    keys,
    model,
    output,
    pipelines,
    routing,
    runs,
    server,
    work,
)
from pymlsql.errors import PymlsqlError

INTERRUPTED = 130

app = typer.Typer(
    name="pymlsql",
    help="Machine learning inside SQL Server: models, features and prediction procedures as code.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Example: pymlsql demo",
)
app.add_typer(server.app, name="server")
app.add_typer(database.app, name="db")
app.add_typer(data.app, name="data")
app.add_typer(features.app, name="features")
app.add_typer(model.app, name="model")
app.add_typer(runs.app, name="runs")
app.add_typer(routing.app, name="route")
app.add_typer(jobs.app, name="job")
app.add_typer(pipelines.app, name="pipeline")
model.app.command("compare", epilog=comparing.MODEL_EXAMPLE)(comparing.compare_versions)
runs.app.command("compare", epilog=comparing.RUNS_EXAMPLE)(comparing.compare_runs)
app.add_typer(keys.app, name="keys")
app.command("init", epilog=features.INIT_EXAMPLE)(features.init)
app.command("train", epilog=work.TRAIN_EXAMPLE)(work.train)
app.command("plan", epilog=deploying.PLAN_EXAMPLE)(deploying.plan)
app.command("apply", epilog=deploying.APPLY_EXAMPLE)(deploying.apply)
app.command("undo", epilog=deploying.UNDO_EXAMPLE)(deploying.undo)
app.command("render", epilog=deploying.RENDER_EXAMPLE)(deploying.render)
app.command("exec", epilog=executing.EXAMPLE)(executing.execute)
app.command("predict", epilog=work.PREDICT_EXAMPLE)(work.predict)
app.command("demo", epilog=demo.EXAMPLE)(demo.demo)
app.command("doctor", epilog=diagnosis.EXAMPLE)(diagnosis.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        output.print_line(f"pymlsql {pymlsql.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Machine learning inside SQL Server: models, features and prediction procedures as code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code: 0 done, 1 failed, 2 wrong usage, 3 no server, 130 interrupted.

    Errors are one line on stderr; `--debug`, anywhere on the line, adds the traceback.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        result: Any = typer.main.get_command(app).main(args=arguments, prog_name="pymlsql", standalone_mode=False)
        sys.stdout.flush()
        if result == INTERRUPTED:  # Typer makes an exit code of Ctrl-C
            return _fail("interrupted", INTERRUPTED, debug=False)
        return result if isinstance(result, int) else 0
    except PymlsqlError as error:
        return _fail(str(error), error.exit_code, debug=debug)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED, debug=False)
    except BrokenPipeError:
        # whoever read stdout has gone; nothing more can be said there, nor flushed at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if callable(usage):
            return _fail_usage(error, usage(), debug=debug)
        hint = "" if debug else " (--debug shows where)"
        return _fail(f"defect in pymlsql, {type(error).__name__}: {error}{hint}", 1, debug=debug)


def _fail_usage(error: Exception, message: str, *, debug: bool) -> int:
    """A mistake on the command line; a bare group of commands shows its help instead."""
    if type(error).__name__ == "NoArgsIsHelpError":
        if message:
            output.print_note(message)
        return 2
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "pymlsql")
    message = message.replace("Value error, ", "").rstrip(".")  # pydantic's words before those of the option's type
    return _fail(f"{message}. See {command} --help.", 2, debug=debug)


def _fail(message: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    output.print_note("pymlsql: " + " ".join(message.split()))
    return code


if __name__ == "__main__":
    sys.exit(main())
