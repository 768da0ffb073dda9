"""Transactions of a session: nesting, savepoints, doom, and what others see of the catalog when they end."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.databases_value import Databases
from pymlsql.embedded.engine.frame import SetOptions
from pymlsql.embedded.engine.temporary import Entry, TemporaryTables
from pymlsql.embedded.tds.requests import TransactionRequest
from pymlsql.embedded.tds.responses import EnvChange, Sink
from pymlsql.embedded.tsql.locales import LOCALE
from pymlsql.embedded.tsql.messages import sql_error


class Transactions(TemporaryTables):
    """@@TRANCOUNT and what belongs to it; ``doomed`` is XACT_STATE() = -1."""

    sink: Sink

    def __init__(self) -> None:
        super().__init__()
        self._options = SetOptions()
        self.context_info: bytes | None = None
        """What SET CONTEXT_INFO has set."""
        self.session_context: dict[str, tuple[str | None, bool]] = {}
        """By key, what sp_set_session_context has set, and whether it may not be changed."""
        self.trancount: int = 0
        self.transaction_name = ""
        self.doomed = False
        self._transaction_id = 0
        self._transaction_time = self._statement_time = dt.datetime.min
        self._timed = -1
        self._savepoints: dict[str, tuple[int, tuple[Databases | None, list[Entry]]]] = {}
        self._working: Databases | None = None
        self._at_begin: list[Entry] = []
        self._identities_before: dict[int, int | None] = {}

    @property
    def options(self) -> SetOptions:
        """What SET has set."""
        return self._options

    @options.setter
    def options(self, options: SetOptions) -> None:
        self._options = options
        LOCALE.set(options.locale)

    def publish(self) -> None:
        """After a commit: what this session defined is what everybody sees."""
        if self._working is not None:
            self.engine.databases = self._working
            self._working = None

    def discard(self) -> None:
        """After a rollback."""
        self._working = None

    def take_state(self) -> tuple[Databases | None, list[Entry]]:
        """What this session alone knows of tables."""
        return self._working, list(self._stack)

    def restore_state(self, state: tuple[Databases | None, list[Entry]]) -> None:
        """Back to what :meth:`take_state` gave."""
        self._working, stack = state
        self.restore_temporary(stack)

    def reset_identity(self, table: Table) -> None:
        """TRUNCATE and DROP begin anew; a rollback takes that back."""
        if self.trancount and not table.temporary:
            self._identities_before.setdefault(table.object_id, self.engine.identities.last(table))
        self.identities(table).forget(table.object_id)

    def restore_identities(self) -> None:
        """After a rollback."""
        for object_id, last in self._identities_before.items():
            self.engine.identities.restore(object_id, last)

    def change_time(self) -> dt.datetime:
        """The time (UTC) that changes of temporal tables bear: when the transaction began, or now."""
        return self._transaction_time if self.trancount else self.statement_time()

    def statement_time(self) -> dt.datetime:
        """One time for all of a statement outside of a transaction."""
        if self._timed != self.store.epoch:
            self._timed, self._statement_time = self.store.epoch, dt.datetime.now(dt.UTC).replace(tzinfo=None)
        return self._statement_time

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
            self._transaction_time = dt.datetime.now(dt.UTC).replace(tzinfo=None)
            self.store.in_transaction = True
            self._at_begin = list(self._stack)
            self._identities_before = {}
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
        kept = self.variable_rows()
        self.trancount = 0
        self.store.rollback()
        self.discard()
        self.restore_temporary(self._at_begin)
        self.restore_variables(kept)
        self.restore_identities()
        self._after_transaction("rollback")

    def _after_transaction(self, kind: Any) -> None:
        self.doomed = False
        self._savepoints = {}
        self.engine.locks.release_all(self, "transaction")
        self.sink(EnvChange(kind, b"", self.descriptor))

    def save(self, name: str) -> None:
        if not self.trancount:
            raise sql_error(628)
        self._savepoints[name.lower()] = (self.store.mark(), self.take_state())

    def savepoint(self, name: str) -> tuple[int, tuple[Databases | None, list[Entry]]] | None:
        return self._savepoints.get(name.lower())

    def rollback_to(self, name: str) -> None:
        """Raises 3931 for a doomed transaction."""
        if self.doomed:
            raise sql_error(3931)
        mark, state = self._savepoints[name.lower()]
        kept = self.variable_rows()
        self.store.back_to(mark)
        self.restore_state(state)
        self.restore_variables(kept)
        self.restore_identities()

    def carry_out(self, request: TransactionRequest) -> None:
        """What a client's transaction manager request asks for. Raises 3902, 3903."""
        if request.isolation:
            self.options = replace(self.options, isolation=request.isolation)
        if request.action == "begin":
            self.begin()
        elif request.action == "commit":
            if not self.trancount:
                raise sql_error(3902)
            self.commit()
        elif request.action == "rollback":
            if request.name and self.savepoint(request.name) is not None:
                self.rollback_to(request.name)
                return
            if not self.trancount:
                raise sql_error(3903)
            self.rollback()
        else:
            self.save(request.name)
        if request.begin_next and request.action in ("commit", "rollback"):
            self.begin()
