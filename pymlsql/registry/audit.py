"""The registry's events: what was changed, when and by whom. They are written by the procedures and never changed."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pymlsql.database import Database
from pymlsql.display import Listing
from pymlsql.registry.statements import check_migrated

_EVENTS = """\
SELECT TOP (?) event_id, at, login, application, action, model, version, alias, former_version, detail
FROM ml.events
WHERE (? IS NULL OR model = ?)
ORDER BY event_id DESC
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One change: `version` is what it made or what an alias means since, `former_version` what it meant before."""

    event_id: int
    at: datetime.datetime
    login: str
    application: str | None
    action: str
    model: str | None
    version: int | None
    alias: str | None
    former_version: int | None
    detail: dict[str, Any] = field(default_factory=dict)


def read_events(db: Database, name: str | None = None, *, limit: int = 100) -> list[Event]:
    """The latest events, of one model or of all, the newest first."""
    check_migrated(db)
    return Listing(_event(row) for row in db.rows(_EVENTS, (limit, name, name)))


def _event(row: Any) -> Event:
    return Event(
        event_id=int(row.event_id),
        at=row.at,
        login=row.login,
        application=row.application,
        action=row.action,
        model=row.model,
        version=row.version,
        alias=row.alias,
        former_version=row.former_version,
        detail=json.loads(row.detail) if row.detail else {},
    )


@dataclass(slots=True)
class Replayed:
    """What events add up to: the versions that exist and what aliases mean, each by model; and what does not fit."""

    versions: dict[str, set[int]] = field(default_factory=dict)
    aliases: dict[tuple[str, str], int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def replay(events: Iterable[Event]) -> Replayed:
    """Go through events, the oldest first, and note where one does not fit those before it."""
    found = Replayed()
    for event in events:
        _apply(found, event)
    return found


def _apply(found: Replayed, event: Event) -> None:
    if event.action == "purge":
        for gone in event.detail.get("versions", ()):
            found.versions.get(gone["model"], set()).discard(gone["version"])
        return
    if event.model is None:
        return
    versions = found.versions.setdefault(event.model, set())
    if event.action == "push" and event.version is not None:
        if event.version in versions:
            found.problems.append(f"event {event.event_id} makes version {event.version} of {event.model} again")
        versions.add(event.version)
    elif event.action == "delete_version" and event.version is not None:
        versions.discard(event.version)
    elif event.action == "delete_model":
        versions.clear()
    elif event.action in ("promote", "rollback", "remove_alias") and event.alias is not None:
        _move(found, event, (event.model, event.alias))


def _move(found: Replayed, event: Event, key: tuple[str, str]) -> None:
    before = found.aliases.pop(key, None)
    if before != event.former_version:
        found.problems.append(
            f"event {event.event_id} moves {key[1]} of {key[0]} from {event.former_version}, and it meant {before}"
        )
    if event.version is not None:
        if event.version not in found.versions.get(key[0], set()):
            found.problems.append(f"event {event.event_id} promotes {key[0]} {event.version}, which there is not")
        found.aliases[key] = event.version
