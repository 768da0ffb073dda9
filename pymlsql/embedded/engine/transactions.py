"""Transactions of a session: nesting, savepoints, doom, and what others see of the catalog when they end."""

from __future__ import annotations

from typing import Any

from pymlsql.embedded.engine.catalog import Catalog
from pymlsql.embedded.engine.temporary import TemporaryTables
from pymlsql.embedded.tds.responses import EnvChange, Sink
from pymlsql.embedded.tsql.messages import sql_error


class Transactions(TemporaryTables):
    """@@TRANCOUNT and what belongs to it; ``doomed`` is XACT_STATE() = -1."""

    sink: Sink

    def __init__(self) -> None:
        super().__init__()
        self.trancount: int = 0
        self.transaction_name = ""
        self.doomed = False
        self._transaction_id = 0
        self._savepoints: dict[str, tuple[int, Catalog | None]] = {}
        self._working: Catalog | None = None

    def publish(self) -> None:
        """After a commit: what this session defined is what everybody sees."""
        if self._working is not None:
            self.engine.catalog = self._working
            self._working = None

    def discard(self) -> None:
        """After a rollback."""
        self._working = None

    @property
    def xact_state(self) -> int:
        return 0 if not self.trancount else -1 if self.doomed else 1

    @property
    def descriptor(self) -> bytes:
        return self._transaction_id.to_bytes(8, "little")

    def begin(self) -> None:
        self.trancount += 1
        if self.trancount == 1:
            self._transaction_id = self.engine.next_transaction()
            self.store.in_transaction = True
            self.mark_temporary()
            self.sink(EnvChange("begin", self.descriptor))

    def commit(self) -> None:
        """Raises 3930 for a doomed transaction."""
        if self.doomed:
            raise sql_error(3930)
        self.trancount -= 1
        if self.trancount:
            return
        self.store.commit()
        self._after_transaction("commit")
        self.publish()

    def rollback(self) -> None:
        self.trancount = 0
        self.store.rollback()
        self.discard()
        self.restore_temporary()
        self._after_transaction("rollback")

    def _after_transaction(self, kind: Any) -> None:
        self.doomed = False
        self._savepoints = {}
        self.engine.locks.release_all(self, "transaction")
        self.sink(EnvChange(kind, b"", self.descriptor))

    def save(self, name: str) -> None:
        if not self.trancount:
            raise sql_error(628)
        self._savepoints[name.lower()] = (self.store.mark(), self._working)

    def savepoint(self, name: str) -> tuple[int, Catalog | None] | None:
        return self._savepoints.get(name.lower())

    def rollback_to(self, name: str) -> None:
        """Raises 3931 for a doomed transaction."""
        if self.doomed:
            raise sql_error(3931)
        mark, working = self._savepoints[name.lower()]
        self.store.back_to(mark)
        self._working = working
