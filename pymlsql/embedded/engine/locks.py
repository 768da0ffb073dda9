"""Application locks: sp_getapplock and sp_releaseapplock, exclusive mode."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from pymlsql.embedded.engine.errors import Cancelled


@dataclass(slots=True)
class _Held:
    session: object
    owner: str
    count: int


class ApplicationLocks:
    """Resources and who holds them; names count by case, as on SQL Server."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._held: dict[str, _Held] = {}

    def acquire(
        self,
        resource: str,
        session: object,
        owner: str,
        timeout_ms: int,
        cancelled: threading.Event,
        awaiting: Iterable[object] = (),
    ) -> int:
        """0 granted at once, 1 after waiting, -1 timed out (``timeout_ms`` -1 waits for ever), -3 where one of the
        sessions ``awaiting`` this one holds the lock."""
        waited = 0.0
        with self._condition:
            while (held := self._held.get(resource)) is not None and held.session is not session:
                if any(held.session is one for one in awaiting):
                    return -3
                if cancelled.is_set():
                    raise Cancelled
                if 0 <= timeout_ms <= waited * 1000:
                    return -1
                self._condition.wait(0.02)
                waited += 0.02
            if held is not None:
                held.count += 1
            else:
                self._held[resource] = _Held(session, owner, 1)
        return 1 if waited else 0

    def release(self, resource: str, session: object) -> bool:
        with self._condition:
            held = self._held.get(resource)
            if held is None or held.session is not session:
                return False
            held.count -= 1
            if not held.count:
                del self._held[resource]
                self._condition.notify_all()
            return True

    def release_all(self, session: object, owner: str) -> None:
        """At the end of a transaction or session."""
        with self._condition:
            gone = [name for name, held in self._held.items() if held.session is session and held.owner == owner]
            for name in gone:
                del self._held[name]
            if gone:
                self._condition.notify_all()
