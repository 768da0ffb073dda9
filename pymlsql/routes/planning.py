"""Routes in a plan: how those of a database differ from the declared ones, and bringing them there.

Each change of a route says which project made it, and none where it was somebody's hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pymlsql.database import fetch
from pymlsql.errors import DeclarationError, RegistryError
from pymlsql.routes.declaration import DeclaredRoute
from pymlsql.routes.operations import Route, change_route, end_route, read_routes
from pymlsql.wording import suggest

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

RouteAction = Literal["create", "alter", "drop", "wait", "same"]
"""`wait`: an alias that it names has no version yet."""


@dataclass(frozen=True, slots=True)
class RouteChange:
    """The route of a model in a plan; `note` is what differs or is missing, `conflict` why apply refuses.

    `is_final` says that --overwrite does not help, `expected` is the change of the route that was looked at.
    """

    name: str
    action: RouteAction
    key: str = ""
    route: DeclaredRoute | None = None
    note: str = ""
    conflict: str | None = None
    is_final: bool = False
    expected: int = 0


_OWN = """\
SELECT DISTINCT m.name FROM ml.routes AS r JOIN ml.models AS m ON m.model_id = r.model_id WHERE r.project = ?"""
_ALIASES = "SELECT m.name, a.alias FROM ml.model_aliases AS a JOIN ml.models AS m ON m.model_id = a.model_id"


def plan_routes(connection: Connection, project: str, declared: Mapping[str, DeclaredRoute]) -> tuple[RouteChange, ...]:
    """What apply would do about the routes that a project declares, or has declared."""
    found = read_routes(connection)
    if not found and not declared:
        return ()
    own = {row.name.lower() for row in fetch(connection, _OWN, (project,)).rows}
    aliases = {(row.name.lower(), row.alias.lower()) for row in fetch(connection, _ALIASES).rows}
    wanted = {route.model.lower() for route in declared.values()}
    gone = [
        RouteChange(route.model, "drop", note="not declared any more", expected=route.route_id)
        for name, route in found.items()
        if name not in wanted and route.active and route.project == project
    ]
    changes = [_plan(key, one, found.get(one.model.lower()), project, own, aliases) for key, one in declared.items()]
    return (*gone, *changes)


def _plan(
    key: str, wanted: DeclaredRoute, found: Route | None, project: str, own: set[str], aliases: set[tuple[str, str]]
) -> RouteChange:
    name, model = wanted.model, wanted.model.lower()
    lacking = next((a for a in (*wanted.shares, *wanted.shadow) if (model, a.lower()) not in aliases), None)
    if lacking is not None:
        is_routed = found is not None and found.active and lacking.lower() in map(str.lower, found.shares)
        known = sorted(alias for owner, alias in aliases if owner == model)
        note = (
            f"no version of {name} has the alias {lacking} any more, and the route gives it a share: nothing is scored "
            "until one has (pymlsql model promote)"
            if is_routed
            else f"no version of {name} has the alias {lacking} yet{suggest(lacking, known)}"
        )
        return RouteChange(name, "wait", key, wanted, note)
    if found is None:
        return RouteChange(name, "create", key, wanted)
    expected = found.route_id
    if found.project not in (None, project) and found.active:
        conflict = f"the route of {name} belongs to the project {found.project}"
        return RouteChange(name, "same", key, wanted, conflict=conflict, is_final=True, expected=expected)
    is_hand_made, was_ours = found.project is None, model in own
    if not found.active:
        conflict = f"the route of {name} was removed on the server since it was applied"
        return RouteChange(
            name, "create", key, wanted, conflict=conflict if is_hand_made and was_ours else None, expected=expected
        )
    difference = _difference(wanted, found)
    if not difference and not is_hand_made:
        return RouteChange(name, "same", key, wanted, expected=expected)
    conflict_of = None
    if is_hand_made:
        was = "is there already, and no project made it"
        was = "was changed on the server since it was applied" if was_ours else was
        conflict_of = f"the route of {name} {was} ({difference or 'as declared'})"
    return RouteChange(name, "alter", key, wanted, difference, conflict_of, expected=expected)


def _difference(wanted: DeclaredRoute, found: Route) -> str:
    """What the route of the server is, where it is not as declared."""
    shares = {alias.lower(): round(share * 100) for alias, share in wanted.shares.items()}
    there = {alias.lower(): round(share * 100) for alias, share in found.shares.items()}
    said = []
    if shares != there:
        said.append("shares " + ", ".join(f"{alias} {share:g}" for alias, share in found.shares.items()))
    if {alias.lower() for alias in wanted.shadow} != {alias.lower() for alias in found.shadow}:
        said.append("shadow " + (", ".join(found.shadow) or "none"))
    return "; ".join(said) + (" on the server" if said else "")


def execute_routes(connection: Connection, project: str, changes: Iterable[RouteChange]) -> None:
    """Make routes what they are to be, each in a transaction of its own.

    Raises DeclarationError, with the keys of the declaration, where the server refuses one.
    """
    for change in changes:
        try:
            if change.action == "drop":
                end_route(connection, change.name, expected=change.expected, project=project)
            elif change.route is not None and change.action in ("create", "alter"):
                route = change.route
                change_route(connection, route.model, route.shares, route.shadow, expected=change.expected,
                             project=project)  # fmt: skip
        except RegistryError as error:
            path = ("routes", change.key) if change.key else ()
            raise DeclarationError(f"routes.{change.key or change.name}: {error}", path) from error
