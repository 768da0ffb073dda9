"""The database's counter of rowversions: it only goes up, and no rollback takes a number back."""

from __future__ import annotations

from threading import Lock

from pymlsql.embedded.engine.identity import Identities
from pymlsql.embedded.engine.store import Store

COUNTER = -1
"""Under which number the last value is kept beside identity values."""
FIRST = 2000
"""The counter of a new database."""


class Rowversions:
    """The last number given out, kept with ``identities``."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._lock = Lock()
        self._open: tuple[Store, int, int] | None = None

    @property
    def last(self) -> int:
        """@@DBTS as a number."""
        last = self._identities.last_number(COUNTER)
        return FIRST if last is None else last

    def take(self, store: Store, count: int) -> int:
        """The first of ``count`` new numbers."""
        with self._lock:
            first = self.last + 1
            self._identities.advance(COUNTER, first + count - 1)
            if self._open is None or self._open[:2] != (store, store.epoch):
                self._open = (store, store.epoch, first)
            return first

    def lowest_active(self) -> int:
        """MIN_ACTIVE_ROWVERSION: the first number of a transaction that has not ended, else the next one."""
        with self._lock:
            if self._open is not None:
                store, epoch, first = self._open
                if store.epoch == epoch and store.writing:
                    return first
            return self.last + 1
