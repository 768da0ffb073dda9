"""`pymlsql exec`: a procedure of the project, with arguments by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pymlsql.cli import output
from pymlsql.cli.deploying import ProjectOption
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import DeclarationError, UsageError

if TYPE_CHECKING:
    from pymlsql.procedures import ProcedureDeclaration

EXAMPLE = "Example: pymlsql exec score unscored=1 return_rows=0"

_ARGUMENT = re.compile(r"@?(\w+)=(.*)", re.DOTALL)


def execute(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The procedure's key in the project file.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="PARAMETER=VALUE", help="As its EXEC takes them; the server converts the texts."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show; --json shows all.")] = 20,
    project_file: ProjectOption = Path("."),
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Execute a procedure of the project, by its key in the file, and show its first result."""
    import pymlsql
    from pymlsql import project
    from pymlsql.database import fetch
    from pymlsql.wording import suggest

    declared = project.read(project_file)
    if name not in declared.procedures:
        raise DeclarationError(f"{declared.path} declares no procedure {name}{suggest(name, declared.procedures)}.")
    statement, values = render_call(declared.procedures[name], arguments or [])
    with pymlsql.connect(url) as db, output.status(f"running {name}"), db.connect(autocommit=True) as connection:
        found = fetch(connection, statement, values)
    for message in found.messages:
        output.print_note(message)
    rows = [tuple(row) for row in found.rows]
    if as_json:
        output.print_json([dict(zip(found.names, row, strict=True)) for row in rows])
    elif found.names:
        output.print_table("", found.names, rows[:limit])
        if len(rows) > limit:
            output.print_line(f"{len(rows):,} rows, {limit:,} shown")
    else:
        output.print_line(f"{declared.procedures[name].name}: done; it returned no rows")


def render_call(procedure: ProcedureDeclaration, arguments: list[str]) -> tuple[str, tuple[Any, ...]]:
    """The EXEC with its values, `parameter=value` each; raises UsageError for what is none, or is given twice."""
    from pymlsql.quoting import qualified

    if procedure.kind == "rows":
        raise UsageError(f"{procedure.name} takes a table, which a shell cannot give: call it from T-SQL or a driver.")
    given: dict[str, str] = {}
    for argument in arguments:
        found = _ARGUMENT.fullmatch(argument)
        if found is None:
            raise UsageError(f"{argument!r} is not PARAMETER=VALUE, as in unscored=1.")
        if found.group(1).lower() in map(str.lower, given):
            raise UsageError(f"{found.group(1)} is given twice.")
        given[found.group(1)] = found.group(2)
    listed = ", ".join(f"@{parameter} = ?" for parameter in given)
    return f"EXEC {qualified(procedure.name)} {listed}".rstrip() + ";", tuple(given.values())
