"""One client's session: its state, its transaction, and the requests it runs, one at a time in its own thread."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.catalog import Anything, Catalog, encode
from pymlsql.embedded.engine.chance import RandomNumbers
from pymlsql.embedded.engine.cursorstate import Cursors
from pymlsql.embedded.engine.databases_value import Databases, place_of
from pymlsql.embedded.engine.errors import Cancelled, translate
from pymlsql.embedded.engine.execution import execute_all
from pymlsql.embedded.engine.frame import (
    BatchAborted,
    BreakSignal,
    ContinueSignal,
    Frame,
    ReturnSignal,
    SetOptions,
    Value,
)
from pymlsql.embedded.engine.passedtables import call_with_tables
from pymlsql.embedded.engine.prepared import Prepared, insert_many
from pymlsql.embedded.engine.procedures import Actual
from pymlsql.embedded.engine.replies import Replies
from pymlsql.embedded.engine.runtime import split_name
from pymlsql.embedded.engine.security.context import SecurityContext
from pymlsql.embedded.engine.security.principals import Login as Account
from pymlsql.embedded.engine.security.stack import ContextStack
from pymlsql.embedded.engine.store import Store
from pymlsql.embedded.engine.system_views import SessionRow, SystemState
from pymlsql.embedded.engine.transactions import Transactions
from pymlsql.embedded.engine.values import LargeValue, ValueWriter
from pymlsql.embedded.engine.variables import check_declarations
from pymlsql.embedded.tds.requests import Login, RepeatedCalls, Request, Rpc, RpcCall, SqlBatch, TransactionRequest
from pymlsql.embedded.tds.responses import (
    Done,
    EnvChange,
    ReturnStatus,
    ReturnValue,
    Sink,
)
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.locales import LOCALE
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.parser import parse_batch

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine

def _nowhere(_: object) -> None:
    return None


class Session(Transactions, ContextStack, Replies):
    """What SQL Server calls a session; made by :meth:`Engine.login`."""

    def __init__(self, engine: Engine, spid: int, login: Login, account: Account, client_host: str) -> None:
        super().__init__()
        self.engine: Engine = engine
        self.spid: int = spid
        self.login: str = account.name
        self.begin_contexts(SecurityContext(account.name, account.sid))
        self.host: str = login.host or client_host
        self.application: str = login.application
        self.login_time = dt.datetime.now()
        self.home: str = engine.database
        self.database: str = self.home
        self.store = Store(engine.cursor(), engine.writers, engine.parsed)
        self.store.spid = spid
        self.store.take_state, self.store.restore_state = self.take_state, self.restore_state
        self.handle: int = spid
        """By which the functions that DuckDB calls find the session."""
        self.running_in: Session | None = None
        """Of a scalar function that runs: the session whose statement calls it."""
        self.function_stores: list[Store] = []
        """In which its scalar functions ran, for those to come: what they have prepared is prepared then."""
        self.callers: tuple[Session, ...] = ()
        """Of a loopback connection: the session that called the script, that session's own, and so on."""
        self.sink: Sink = _nowhere
        self.prepared: dict[int, Prepared | Name] = {}
        self.rowcount: int = 0
        self.last_error: int = 0
        self.last_identity: int | None = None
        self.scope_identity: int | None = None
        self.group: str = "default"
        """The workload group, chosen at the login."""
        self.nest_level: int = 0
        self.try_depth = 0
        self.insert_exec_depth = 0
        self.caught: list[SqlError] = []
        self.sequence_runs: list[str] = []
        """Tokens of the runs of statements that asked a sequence in this request."""
        self.cursors: Cursors = Cursors()
        self.random: RandomNumbers = RandomNumbers()
        self._n_prepared = 0
        self._running = False

    # Requests -------------------------------------------------------------------------------------------------

    def run(self, request: Request, sink: Sink) -> None:
        """Run one request; errors become messages. Called in the session's own thread."""
        self.sink, self._running = sink, True
        LOCALE.set(self.options.locale)
        self.store.cancelled.clear()
        self.nest_level = self.try_depth = self.insert_exec_depth = 0
        self.caught = []
        try:
            if isinstance(request, SqlBatch):
                self._batch(request.text)
            elif isinstance(request, Rpc):
                self._rpc(request.calls)
            else:
                self._transact(request)
        except Cancelled:
            self._after_cancel()
        finally:
            self.sink, self._running = _nowhere, False
            if self.sequence_runs:
                self.engine.sequences.end(self.sequence_runs)
                self.sequence_runs = []
            self.engine.values.sweep()
            if not self.trancount:
                self.engine.collect_values()

    def _after_cancel(self) -> None:
        """A cancelled request ends its statement; with XACT_ABORT its transaction too."""
        if self.trancount and (self.options.xact_abort or self.doomed):
            self.rollback()
        else:
            self.store.recover()
        self.sink(Done("done", error=True))

    def _batch(self, text: str) -> None:
        frame = Frame()
        try:
            self.check_quotes(text)
            batch = parse_batch(text)
        except (SqlError, RecursionError) as error:
            self._refuse(translate(error))
            return
        self._top(lambda: self.run_frame(frame, batch.statements))
        if not batch.statements:
            self.sink(Done("done"))

    def check_quotes(self, text: str) -> None:
        """With QUOTED_IDENTIFIER OFF double quotes enclose strings, which this server does not read: refused."""
        if self.options.quoted_identifier or '"' not in text:
            return
        for token in tokenize(text):
            if token.kind == "quoted" and token.text.startswith('"'):
                raise unsupported("double quotes with QUOTED_IDENTIFIER OFF", line=token.line)

    def _refuse(self, error: Exception) -> None:
        assert isinstance(error, SqlError)
        self.last_error = error.number
        self.send_error(error)
        self.sink(Done("done", error=True))

    def _top(self, work: Any) -> bool:
        """Run at the outermost level; whether it went through."""
        try:
            work()
        except BatchAborted:
            return False
        except (SqlError, RecursionError) as error:
            self._refuse(translate(error))
            return False
        finally:
            if self.doomed:
                self._end_doomed()
        return True

    def _end_doomed(self) -> None:
        """Msg 3998: a transaction that cannot be committed ends with the batch."""
        if self.trancount:
            self.send_error(sql_error(3998))
            self.rollback()
        self.doomed = False

    def run_frame(self, frame: Frame, statements: tuple[nodes.Statement, ...]) -> None:
        """A batch's or procedure's statements in their frame; RETURN ends it, its temporary tables end with it."""
        identity = self.scope_identity
        check_declarations(frame, statements)
        with self.temporary_scope(frame), self.framed(frame):
            try:
                execute_all(self, frame, statements)
            except ReturnSignal:
                pass
            except (BreakSignal, ContinueSignal) as signal:
                raise sql_error(135 if isinstance(signal, BreakSignal) else 136) from None
        if self.nest_level:
            self.scope_identity = identity

    # RPC ------------------------------------------------------------------------------------------------------

    def _rpc(self, calls: Sequence[RpcCall]) -> None:
        if isinstance(calls, RepeatedCalls) and insert_many(self, calls):
            return
        counted = self.trancount
        for call in calls:
            if counted and not self.trancount:
                # The transaction that the client began is gone: nothing more may be done outside of it.
                self.send_error(sql_error(3930))
                self.sink(Done("done_proc", error=True))
                continue
            self._call(call)

    def _call(self, call: RpcCall) -> None:
        actuals = []
        for parameter in call.parameters:
            target = Value(parameter.type, parameter.value) if parameter.output else None
            actuals.append(Actual(parameter.name, parameter.type, parameter.value, target, default=parameter.default))
        status: list[int] = []
        name = Name(split_name(call.procedure))
        ok = self._top(lambda: status.append(call_with_tables(self, call, name, actuals)))
        if ok:
            self.sink(ReturnStatus(status[0]))
            for ordinal, (parameter, actual) in enumerate(zip(call.parameters, actuals, strict=True)):
                if actual.target is not None:
                    type_, value = actual.target.type, actual.target.value
                    value = value.read() if isinstance(value, LargeValue) else value
                    self.sink(ReturnValue(ordinal, parameter.name, type_, value))
        self.sink(Done("done_proc", error=not ok))

    def open_value(self) -> ValueWriter:
        """Where a large parameter of a request goes while it is read."""
        return ValueWriter(self.engine.values)

    def prepare(self, prepared: Prepared | Name) -> int:
        """A handle for a statement, or for a procedure that is called by name."""
        self._n_prepared += 1
        self.prepared[self._n_prepared] = prepared
        return self._n_prepared

    def note_identity(self, value: int) -> None:
        self.last_identity = self.scope_identity = value

    def caught_error(self) -> SqlError | None:
        """The error of the innermost CATCH that runs."""
        return self.caught[-1] if self.caught else None

    # Catalog --------------------------------------------------------------------------------------------------

    @property
    def databases(self) -> Databases:
        """All databases as this session sees them: with its own changes before they are committed."""
        return self._working if self._working is not None else self.engine.databases

    @property
    def catalog(self) -> Catalog:
        """The current database's objects as this session sees them. Raises 911 when it is gone."""
        return self.databases.named(self.database)

    def set_catalog(self, catalog: Catalog, changed: Sequence[Anything], gone: Sequence[Anything] = ()) -> None:
        """A database's new catalog, written in the current statement: others see it when the transaction is
        committed."""
        number = catalog.database.database_id
        for entry in (*changed, *gone):
            self.store.write("DELETE FROM store.catalog WHERE entry = $entry", {"entry": place_of(entry, number)})
        for entry in changed:
            values = {"entry": place_of(entry, number), "data": encode(entry)}
            self.store.write("INSERT INTO store.catalog VALUES ($entry, $data)", values)
        self.store.write("UPDATE store.counters SET next_id = $next", {"next": catalog.next_id})
        self.set_databases(self.databases.with_catalog(catalog, self.engine.next_version()))

    def set_databases(self, databases: Databases) -> None:
        """The new value, whose entries are written in the current statement."""
        self._working = databases
        if not self.trancount:
            self.store.after_commit = self.publish
            self.store.after_rollback = self.discard

    def use(self, database: str) -> None:
        """Raises 911, and 916 when the context may not use the database."""
        name = self.reach(database).database.name
        old, self.database = self.database, name
        self.sink(EnvChange("database", name, old))
        self.send_error(SqlError(5701, f"Changed database context to '{name}'.", severity=0, state=2))

    def system_state(self, database: str = "") -> SystemState:
        """What the system views of a database show, "" for the current one."""
        return self.engine.system_state(self, database)

    def _database_id(self) -> int:
        found = self.databases.find(self.database)
        return found.database.database_id if found is not None else 1

    def session_row(self) -> SessionRow:
        status = "running" if self._running else "sleeping"
        return SessionRow(self.spid, self.login, self.host, self.application, status, self.login_time,
                          database_id=self._database_id(), isolation=self.options.isolation,
                          open_transactions=self.trancount,
                          lock_timeout_ms=self.options.lock_timeout_ms, impersonated=self.context.login)  # fmt: skip

    def _transact(self, request: TransactionRequest) -> None:
        if self._top(lambda: self.carry_out(request)):
            self.sink(Done("done"))

    # Life -----------------------------------------------------------------------------------------------------

    def reset(self, *, keep_transaction: bool) -> None:
        """RESETCONNECTION: as after login, but for the login itself. Raises 18059 in another context than its own."""
        if self.switches:
            raise sql_error(18059)
        if self.trancount and not keep_transaction:
            self.rollback()
        self.options, self.context_info, self.session_context = SetOptions(), None, {}
        self.store.lock_timeout_ms = -1
        self.database = self.home
        self.prepared, self.cursors = {}, Cursors()
        self.last_error = self.rowcount = 0
        self.drop_all_temporary()
        self.engine.locks.release_all(self, "session")

    def check_cancelled(self) -> None:
        """Raises Cancelled when the client has asked to stop."""
        if self.store.cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """From another thread."""
        self.store.interrupt()

    def close(self) -> None:
        if self.trancount:
            self.trancount = 0
        for store in (self.store, *self.function_stores):
            store.close()
        self.discard()
        self.engine.locks.release_all(self, "transaction")
        self.engine.locks.release_all(self, "session")
        self.engine.forget(self)
