"""Application locks: sp_getapplock and sp_releaseapplock."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from pymlsql.embedded.engine.errors import Cancelled

MODES = {"shared": "S", "update": "U", "intentshared": "IS", "intentexclusive": "IX", "exclusive": "X"}
"""The modes of sp_getapplock, in lower case."""

_COMPATIBLE = {
    "IS": frozenset({"IS", "S", "U", "IX"}), "S": frozenset({"IS", "S", "U"}), "U": frozenset({"IS", "S"}),
    "IX": frozenset({"IS", "IX"}), "X": frozenset(),
}  # fmt: skip
"""What others may hold beside a mode. Of a union of modes each has to be compatible."""


@dataclass(slots=True)
class _Held:
    session: object
    owner: str
    count: int = 0
    modes: set[str] = field(default_factory=set)


class ApplicationLocks:
    """Resources and who holds them; names count by case, as on SQL Server."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._held: dict[str, list[_Held]] = {}

    def acquire(
        self,
        resource: str,
        mode: str,
        session: object,
        owner: str,
        timeout_ms: int,
        cancelled: threading.Event,
        awaiting: Iterable[object] = (),
    ) -> int:
        """0 granted at once, 1 after waiting, -1 timed out (``timeout_ms`` -1 waits for ever), -3 where one of the
        sessions ``awaiting`` this one holds the lock. Who holds the resource already has both modes from then on."""
        waited = 0.0
        with self._condition:
            while others := self._others(resource, mode, session):
                if any(held.session is one for held in others for one in awaiting):
                    return -3
                if cancelled.is_set():
                    raise Cancelled
                if 0 <= timeout_ms <= waited * 1000:
                    return -1
                self._condition.wait(0.02)
                waited += 0.02
            held = self._own(resource, session, owner)
            if held is None:
                held = _Held(session, owner)
                self._held.setdefault(resource, []).append(held)
            held.count += 1
            held.modes.add(mode)
        return 1 if waited else 0

    def _others(self, resource: str, mode: str, session: object) -> list[_Held]:
        """Who holds the resource in a way that ``mode`` does not bear."""
        return [one for one in self._held.get(resource, ())
                if one.session is not session and not one.modes <= _COMPATIBLE[mode]]  # fmt: skip

    def _own(self, resource: str, session: object, owner: str) -> _Held | None:
        held = self._held.get(resource, ())
        return next((one for one in held if one.session is session and one.owner == owner), None)

    def release(self, resource: str, session: object, owner: str) -> bool:
        """Once for each time it was acquired; False where the owner does not hold it."""
        with self._condition:
            held = self._own(resource, session, owner)
            if held is None:
                return False
            held.count -= 1
            if not held.count:
                self._remove(resource, held)
            return True

    def release_all(self, session: object, owner: str) -> None:
        """At the end of a transaction or session."""
        with self._condition:
            for resource in list(self._held):
                held = self._own(resource, session, owner)
                if held is not None:
                    self._remove(resource, held)

    def _remove(self, resource: str, held: _Held) -> None:
        self._held[resource].remove(held)
        if not self._held[resource]:
            del self._held[resource]
        self._condition.notify_all()
