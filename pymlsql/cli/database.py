"""`pymlsql db`: the tables."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import UsageError

app = typer.Typer(
    help="Create, change and show the tables.", no_args_is_help=True, epilog="Example: pymlsql db upgrade"
)


@app.command(epilog="Example: pymlsql db upgrade --to heads")
def upgrade(
    to: Annotated[str, typer.Option("--to", metavar="REVISION", help="How far: heads, or a revision.")] = "heads",
    url: UrlOption = None,
) -> None:
    """Bring schema ml and the project's own tables up to date; without a project, the example's tables too."""
    import pymlsql
    from pymlsql import migrate, project

    declared = project.find()
    with pymlsql.connect(url) as db, output.status("upgrading"):
        db.upgrade(to, declared=declared)
        output.print_line(f"upgraded: {', '.join(migrate.current(db.engine)) or 'base'}")
        if declared is not None and declared.migrations is not None:
            found = migrate.current(db.engine, folder=declared.migrations)
            output.print_line(f"upgraded: {declared.migrations}: {', '.join(found) or 'base'}")


@app.command(epilog="Example: pymlsql db downgrade base --yes")
def downgrade(
    target: Annotated[str, typer.Argument(metavar="REVISION", help="How far back: base, or a revision.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: what the tables hold is lost.")] = False,
    url: UrlOption = None,
) -> None:
    """Take schema ml, and the example's tables, back to a revision. What is dropped with them is lost."""
    import pymlsql
    from pymlsql import migrate

    if not yes:
        raise UsageError("This drops tables with what they hold, models and runs too: say --yes to do it.")
    with pymlsql.connect(url) as db, output.status("downgrading"):
        db.downgrade(target)
        output.print_line(f"downgraded: {', '.join(migrate.current(db.engine)) or 'base'}")


@app.command(epilog="Example: pymlsql db current --json")
def current(url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Show which revisions the database is at, and which are the newest."""
    import pymlsql
    from pymlsql import migrate, project

    with pymlsql.connect(url) as db:
        revisions = list(migrate.current(db.engine))
    newest = list(migrate.wanted(project.find()))
    is_current = set(newest) <= set(revisions)
    if as_json:
        output.print_json({"current": revisions, "heads": newest, "is_current": is_current})
        return
    state = "current" if is_current else "run pymlsql db upgrade"
    output.print_line(f"database: {', '.join(revisions) or 'base'}\nnewest:   {', '.join(newest)}\n{state}")


@app.command("sql", epilog="Example: pymlsql db sql > upgrade.sql; sqlcmd -i upgrade.sql")
def print_sql(
    to: Annotated[str, typer.Option("--to", metavar="REVISION", help="How far: heads, or a revision.")] = "heads",
) -> None:
    """Print the whole history, and the procedures of schema ml, as T-SQL with GO for sqlcmd. Needs no server."""
    from pymlsql import deployment, migrate
    from pymlsql.registry import modules

    sys.stdout.write(migrate.render_sql(to))
    if to == migrate.HEADS:
        sys.stdout.write(deployment.render_script(modules.render_all()))
