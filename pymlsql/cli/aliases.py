"""`pymlsql model promote`, `rollback` and `alias`: which version procedures use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption

if TYPE_CHECKING:
    from pymlsql.registry import ModelVersion

PROMOTE_EXAMPLE = "Example: pymlsql model promote failures 3 --alias champion"
ROLLBACK_EXAMPLE = "Example: pymlsql model rollback failures --steps 2"

app = typer.Typer(help="Aliases of a model.", no_args_is_help=True, epilog="Example: pymlsql model alias set m test 3")

ModelArgument = Annotated[str, typer.Argument(metavar="NAME", help="The model.")]
ExpectedOption = Annotated[
    int | None,
    typer.Option("--expected", min=0, help="The version that the alias means now (0: none); another one is an error."),
]

CheckOption = Annotated[
    bool, typer.Option("--check/--no-check", help="Let the server's Python try the version first.")
]


def promote(
    name: ModelArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version to use from now on.")],
    alias: Annotated[str, typer.Option(help="The alias to point at it.")] = "champion",
    expected: ExpectedOption = None,
    check: CheckOption = True,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Point an alias at a version. Procedures use it from their next call on."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.promote(name, version, alias=alias, expected=expected, check=check)
    _say("promoted", found, alias, as_json=as_json)


def rollback(
    name: ModelArgument,
    alias: Annotated[str, typer.Option(help="The alias to take back.")] = "champion",
    steps: Annotated[int, typer.Option(min=1, help="How many changes back.")] = 1,
    expected: ExpectedOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an alias back to the version that it meant before, by what ml.events says."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = db.rollback(name, alias=alias, steps=steps, expected=expected)
    _say("rolled back", found, alias, as_json=as_json)


@app.command("set", epilog="Example: pymlsql model alias set failures challenger 3")
def set_alias(
    name: ModelArgument,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="The alias.")],
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version that it is to mean.")],
    expected: ExpectedOption = None,
    check: CheckOption = True,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Point an alias at a version, as promote does."""
    promote(name, version, alias=alias, expected=expected, check=check, url=url, as_json=as_json)


@app.command("remove", epilog="Example: pymlsql model alias remove failures challenger")
def remove_alias(
    name: ModelArgument,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="The alias.")],
    expected: ExpectedOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an alias away. Procedures that load by it fail from then on."""
    import pymlsql
    from pymlsql import registry

    with pymlsql.connect(url) as db:
        registry.remove_alias(db, name, alias, expected=expected)
    if as_json:
        output.print_json({"name": name, "removed": alias})
    else:
        output.print_line(f"removed: alias {alias} of {name}")


def _say(what: str, found: ModelVersion, alias: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json(found)
    else:
        output.print_line(f"{what}: {found.name} {alias} is version {found.version}")
