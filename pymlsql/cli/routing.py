"""`pymlsql route`: which share of a model's traffic goes to which of its aliases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption, UrlOption
from pymlsql.errors import RegistryError, UsageError

if TYPE_CHECKING:
    from pymlsql.routes import Route
    from pymlsql.routes.comparing import Estimate

app = typer.Typer(
    help="Routes: which share of a model's traffic goes to which alias.",
    no_args_is_help=True,
    epilog="Example: pymlsql route set failures champion=90 challenger=10",
)

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="The model.")]
ExpectedOption = Annotated[
    int | None,
    typer.Option(
        "--expected", min=0, help="The last change of the route, as show tells it (0: none); another one is an error."
    ),
]


@app.command(epilog="Example: pymlsql route show failures")
def show(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="One model; without it all.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the routes that are in force."""
    import pymlsql

    with pymlsql.connect(url) as db:
        found = [route for route in db.routes() if model is None or route.model.lower() == model.lower()]
    if as_json:
        output.print_json(found)
        return
    rows = [
        (one.model, _shares(one), ", ".join(one.shadow), one.route_id, one.created_at, one.created_by, one.project)
        for one in found
    ]
    output.print_table("", ("model", "shares", "shadow", "change", "since", "by", "project"), rows)


@app.command("set", epilog="Example: pymlsql route set failures champion=90 challenger=10 --shadow candidate")
def set_route(
    model: ModelArgument,
    shares: Annotated[list[str], typer.Argument(metavar="ALIAS=SHARE...", help="Per cent; they add up to 100.")],
    shadow: Annotated[
        list[str] | None,
        typer.Option("--shadow", metavar="ALIAS", help="Scores too, and does not answer; may be given again."),
    ] = None,
    expected: ExpectedOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Split the traffic of a model over its aliases, from the next call of a procedure on."""
    import pymlsql

    given = _parse_shares(shares)
    with pymlsql.connect(url) as db:
        found = db.set_route(model, given, shadow=shadow or (), expected=expected)
    if as_json:
        output.print_json(found)
    else:
        seen = f"; in the shadow {', '.join(found.shadow)}" if found.shadow else ""
        output.print_line(f"{found.model}: {_shares(found)}{seen} (change {found.route_id})")


@app.command(epilog="Example: pymlsql route remove failures")
def remove(
    model: ModelArgument, expected: ExpectedOption = None, url: UrlOption = None, as_json: JsonOption = False
) -> None:
    """End the route of a model: each procedure uses its own alias again."""
    import pymlsql

    with pymlsql.connect(url) as db:
        db.remove_route(model, expected=expected)
    if as_json:
        output.print_json({"model": model, "removed": True})
    else:
        output.print_line(f"removed: the route of {model}")


@app.command(epilog="Example: pymlsql route of failures 17")
def of(
    model: ModelArgument,
    key: Annotated[list[str], typer.Argument(metavar="KEY...", help="The values of the entity's key.")],
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="The T-SQL type of a key's column, one for each; by default that of the project's features.",
        ),
    ] = None,
    project_file: Annotated[Path, typer.Option("--project", metavar="PATH", help="The project file.")] = Path("."),
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which alias scores an entity. Where neither --type nor a project tells types, its key is taken as texts."""
    import pymlsql

    kinds = _kinds(model, key, types, project_file)
    with pymlsql.connect(url) as db:
        slot, alias = db.route_of(model, *key, types=kinds)
    if as_json:
        output.print_json({"model": model, "slot": slot, "alias": alias})
    elif alias is None:
        raise RegistryError(f"Model {model} has no route (the entity's slot is {slot}): each procedure uses its alias.")
    else:
        output.print_line(f"{alias} (slot {slot})")


@app.command(epilog="Example: pymlsql route report failures")
def report(
    model: ModelArgument,
    procedure: Annotated[
        str | None,
        typer.Option("--procedure", metavar="NAME", help="By default the model's only batch procedure."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin",
            help="A difference that matters; by default 0.02 of macro F1, or 5 % of the mean absolute error.",
        ),
    ] = None,
    project_file: Annotated[Path, typer.Option("--project", metavar="PATH", help="The project file.")] = Path("."),
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the variants of a route by the labels that have arrived, with 95 % confidence intervals."""
    import pymlsql
    from pymlsql import project

    declared = project.read(project_file)
    with pymlsql.connect(url) as db:
        found = db.report_route(model, declared, procedure=procedure, margin=margin)
    if as_json:
        output.print_json(found)
        return
    names = list(found.variants[0].figures) or [found.metric]
    rows = [
        (one.alias, one.version, "shadow" if one.is_shadow else f"{one.share:g} %", one.n_rows, one.n_entities,
         *(_estimate(one.figures.get(name)) for name in names))
        for one in found.variants
    ]  # fmt: skip
    output.print_table("", ("alias", "version", "share", "rows", "entities", *names), rows)
    for one in found.variants:
        output.print_line(one.sentence)


def _estimate(one: Estimate | None) -> str:
    return "-" if one is None else f"{one.value:.4g} ({one.low:.4g} to {one.high:.4g})"


def _kinds(model: str, key: list[str], types: list[str] | None, path: Path) -> list[str] | None:
    """The types of a key: as told, else as the features of a procedure of this model have them, where there is one."""
    from pymlsql import project, quoting

    kinds = [quoting.sqltype(kind) for kind in types or ()]
    if not kinds and (path.is_file() or (path / "pymlsql.toml").is_file()):
        declared = project.read(path)
        found = [one for one in declared.procedures.values() if one.model.lower() == model.lower()]
        if found:
            features = declared.features[found[0].features]
            kinds = [one.sql_type for one in features.keys[: len(features.entity)]]
    if kinds and len(kinds) != len(key):
        raise UsageError(f"The key has {len(kinds)} columns ({', '.join(kinds)}), and {len(key)} values are given.")
    return kinds or None


def _parse_shares(texts: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in texts:
        alias, is_given, share = text.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            is_given = ""
        if not is_given or not alias or value != value or value in (float("inf"), float("-inf")):
            raise UsageError(f"{text!r} is no share: write champion=90.")
        if alias in found:
            raise UsageError(f"The alias {alias} is named twice.")
        found[alias] = int(value) if value.is_integer() else value
    return found


def _shares(route: Route) -> str:
    return ", ".join(f"{alias} {share:g} %" for alias, share in route.shares.items())
