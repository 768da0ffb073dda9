"""The routes of a database: which there are, and changing them through ml.SetRoute and ml.RemoveRoute."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymlsql.database import Database, fetch, translated_errors
from pymlsql.errors import RegistryError
from pymlsql.registry.names import check_name
from pymlsql.registry.statements import call_on, check_migrated
from pymlsql.routes.slots import SALT, slot_text

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_SET = """\
SET NOCOUNT ON;
EXEC ml.SetRoute @model = ?, @shares = ?, @shadow = ?, @expected_route_id = ?, @project = ?;"""
_REMOVE = "SET NOCOUNT ON; EXEC ml.RemoveRoute @model = ?, @expected_route_id = ?, @project = ?;"

_ROUTES = """\
SELECT m.name, r.route_id, r.active, r.project, r.created_at, r.created_by
FROM ml.routes AS r
JOIN ml.models AS m ON m.model_id = r.model_id
WHERE r.route_id = (SELECT MAX(l.route_id) FROM ml.routes AS l WHERE l.model_id = r.model_id)
ORDER BY m.name"""
_SHARES = """\
SELECT route_id, alias, SUM(to_slot - from_slot + 1) AS n_slots FROM ml.route_ranges GROUP BY route_id, alias
ORDER BY route_id, n_slots DESC, alias"""
_SHADOWS = "SELECT route_id, alias FROM ml.route_shadows ORDER BY route_id, alias"
_OF = """\
SET NOCOUNT ON;
DECLARE @route_salt nvarchar(200), @route_id int;
SELECT TOP (1) @route_salt = {salt}, @route_id = CASE WHEN r.active = 1 THEN r.route_id END
FROM ml.models AS m
LEFT JOIN ml.routes AS r ON r.model_id = m.model_id
WHERE m.name = ?
ORDER BY r.route_id DESC;
SELECT e.slot, g.alias, CASE WHEN @route_salt IS NULL THEN 0 ELSE 1 END AS is_model
FROM (SELECT {slot} AS slot FROM (SELECT {values}) AS d ({names})) AS e
LEFT JOIN ml.route_ranges AS g ON g.route_id = @route_id AND e.slot BETWEEN g.from_slot AND g.to_slot;"""


@dataclass(frozen=True, slots=True)
class Route:
    """The last change of a model's route: shares in per cent by alias, the largest first, and who made it.

    `active` is False where the route has been removed: then it gives nothing. `project` is the one that declares it.
    """

    model: str
    route_id: int
    active: bool
    shares: Mapping[str, float]
    shadow: tuple[str, ...]
    project: str | None
    created_at: datetime.datetime
    created_by: str


def set_route(
    db: Database, model: str, shares: Mapping[str, float], *, shadow: Sequence[str] = (), expected: int | None = None
) -> Route:
    """Split the traffic of a model over its aliases, in per cent; procedures follow it from their next call on.

    Versions of the aliases in `shadow` score too, and do not answer. `expected` is the route_id of the last change that
    the caller knows of (0: there is none). Raises RegistryError, with the procedure's sentence, for what is no route.
    """
    check_migrated(db)
    for alias in (*shares, *shadow):
        check_name(alias, "alias")
    with db.connect(autocommit=True) as connection:
        change_route(connection, model, shares, shadow, expected=expected)
    found = find_route(db, model)
    assert found is not None
    return found


def change_route(connection: Connection, model: str, shares: Mapping[str, float], shadow: Sequence[str],
                 *, expected: int | None, project: str | None = None) -> None:  # fmt: skip
    """`set_route` on a connection of one's own, for a project."""
    given = json.dumps(dict(shares), ensure_ascii=False)
    wanted = json.dumps(list(shadow), ensure_ascii=False) if shadow else None
    call_on(connection, _SET, (model, given, wanted, expected, project))


def remove_route(db: Database, model: str, *, expected: int | None = None) -> None:
    """End the route of a model: each procedure uses its own alias again. Raises RegistryError where there is none."""
    check_migrated(db)
    with db.connect(autocommit=True) as connection:
        end_route(connection, model, expected=expected)


def end_route(connection: Connection, model: str, *, expected: int | None, project: str | None = None) -> None:
    """`remove_route` on a connection of one's own, for a project."""
    call_on(connection, _REMOVE, (model, expected, project))


def list_routes(db: Database) -> list[Route]:
    """The routes that are in force, by their models' names."""
    check_migrated(db)
    with db.connect(autocommit=True) as connection:
        return [route for route in read_routes(connection).values() if route.active]


def find_route(db: Database, model: str) -> Route | None:
    """The route of a model that is in force."""
    return next((route for route in list_routes(db) if route.model.lower() == model.lower()), None)


def read_routes(connection: Connection) -> dict[str, Route]:
    """The last change of each model's route, by the model's name in lower case; removals too."""
    with translated_errors():
        shares: dict[int, dict[str, float]] = {}
        for row in fetch(connection, _SHARES).rows:
            shares.setdefault(row.route_id, {})[row.alias] = row.n_slots / 100
        shadows: dict[int, list[str]] = {}
        for row in fetch(connection, _SHADOWS).rows:
            shadows.setdefault(row.route_id, []).append(row.alias)
        return {
            row.name.lower(): Route(
                row.name, row.route_id, bool(row.active), shares.get(row.route_id, {}),
                tuple(shadows.get(row.route_id, ())), row.project, row.created_at, row.created_by,
            )
            for row in fetch(connection, _ROUTES).rows
        }  # fmt: skip


def route_of(
    db: Database, model: str, key: Sequence[Any], types: Sequence[str] | None = None
) -> tuple[int, str | None]:
    """The slot of an entity, and the alias that scores it by the route in force, None where there is none.

    `types` are the T-SQL types of the key's columns, by default nvarchar(400). Raises RegistryError for a model that
    there is not.
    """
    check_migrated(db)
    kinds = ["nvarchar(400)"] * len(key) if types is None else list(types)
    names = [f"k{number}" for number in range(len(key))]
    sql = _OF.format(
        salt=SALT,
        slot=slot_text([(f"d.{name}", kind) for name, kind in zip(names, kinds, strict=True)]),
        values=", ".join(f"CAST(? AS {kind})" for kind in kinds),
        names=", ".join(names),
    )
    row = db.rows(sql, (model, *key))[0]
    if not row.is_model:
        raise RegistryError(f"There is no model {model}: see pymlsql model list.")
    return int(row.slot), row.alias
