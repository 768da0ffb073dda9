"""Transactions of one session on DuckDB, with SQL Server's rules.

Laws. Writers are serialised by one lock that the first write of a transaction takes and its end gives back. A DuckDB
transaction begins with that write, so that reads before it see what is committed, statement by statement, and nobody
else can commit once it has begun: READ_COMMITTED_SNAPSHOT with serialised writers, exactly. DuckDB ends a transaction
with any run-time error; SQL Server often ends only the statement. So what was written is kept as a journal and is
written again after such an error.
"""

from __future__ import annotations

import contextlib
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from pymlsql.embedded.engine.errors import Cancelled, translate
from pymlsql.embedded.engine.parsed import ParsedTexts
from pymlsql.embedded.tsql.messages import SqlError, sql_error

_DEADLOCK = (
    "The transaction that called this script has changed data and waits for the script to end, so a change through the "
    "script's loopback connection cannot be made: commit before the call, or write after it."
)

_OFTEN = 4
_MOST_PREPARED = 200
_Step = tuple[str, Mapping[str, Any], Mapping[str, Any]]


class WriterLock:
    """The lock of writers; a wait ends with Msg 1222 at LOCK_TIMEOUT, or when the session is cancelled."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._owner: object | None = None

    def acquire(self, owner: object, timeout_ms: int, cancelled: threading.Event) -> None:
        with self._condition:
            waited = 0.0
            while self._owner not in (None, owner):
                if cancelled.is_set():
                    raise Cancelled
                if 0 <= timeout_ms <= waited * 1000:
                    raise sql_error(1222)
                self._condition.wait(0.02)
                waited += 0.02
            self._owner = owner

    def is_held_by(self, owners: Iterable[object]) -> bool:
        """Whether one of ``owners`` has the lock now."""
        with self._condition:
            return any(self._owner is owner for owner in owners)

    def release(self, owner: object) -> None:
        with self._condition:
            if self._owner is owner:
                self._owner = None
                self._condition.notify_all()


class Store:
    """One session's connection to DuckDB, its transaction and the journal of it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lock: WriterLock, parsed: ParsedTexts) -> None:
        self.connection = connection
        self.lock = lock
        self._parsed = parsed
        self.cancelled = threading.Event()
        self.lock_timeout_ms = -1
        self.spid = 0
        self.awaiting: tuple[Store, ...] = ()
        """Of the sessions that wait until a script ends, of which this session is a loopback connection."""
        self.in_transaction = False
        """A T-SQL transaction is open (BEGIN TRAN)."""
        self.epoch = 0
        """How many of its transactions have ended."""
        self._begun = False
        self._journal: list[_Step] = []
        self._statement: list[_Step] | None = None
        self._n_runs: dict[str, int] = {}
        """How often :meth:`run_again` was given a query."""
        self._guard = threading.Lock()
        self._critical = False
        self.take_state: Callable[[], Any] = lambda: None
        """What the session knows of tables, taken before a statement; ``restore_state`` puts it back if that fails."""
        self.restore_state: Callable[[Any], None] = lambda state: None
        self.after_commit: Callable[[], None] | None = None
        """Called once when the statement that set it is committed; ``after_rollback`` when it is not."""
        self.after_rollback: Callable[[], None] | None = None

    # Reading --------------------------------------------------------------------------------------------------

    def run(self, sql: str, parameters: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        """Execute a read. Raises SqlError; an open transaction's earlier writes survive."""
        return self._read(lambda: self._execute(sql, parameters))

    def _read(self, execute: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
        if self.cancelled.is_set():
            raise Cancelled
        try:
            return execute()
        except Exception as error:
            if self._statement is None:
                self.recover()
            raise translate(error) from error

    def _execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        statement = self._parsed.get(self.connection, sql)
        return self.connection.execute(statement, dict(parameters) if parameters else None)

    def run_again(self, sql: str, parameters: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        """The same as :meth:`run`, for a query that comes again and again over tables that stay: from the fourth time
        on DuckDB need not parse and plan it. It cannot bind values then, so only integers and NULL are written into
        the call."""
        values = parameters or {}
        if any(type(value) is not int for value in values.values() if value is not None):
            return self.run(sql, parameters)
        count = self._n_runs[sql] = self._n_runs.get(sql, 0) + 1
        if count < _OFTEN:
            if len(self._n_runs) > _MOST_PREPARED:
                self._forget()
            return self.run(sql, parameters)
        name = f"again_{zlib.crc32(sql.encode()):08x}_{len(sql)}"
        if count == _OFTEN:
            del self._n_runs[sql]
            self.run(f"PREPARE {name} AS {sql}")
            self._n_runs[sql] = count
        given = ", ".join(f"{key} := {'NULL' if value is None else value}" for key, value in values.items())
        call = f"EXECUTE {name}({given})" if given else f"EXECUTE {name}"
        return self._read(lambda: self.connection.execute(call))

    def rest(self) -> None:
        """Let go of the rows that the last query has left, and of the moment that it reads."""
        with contextlib.suppress(duckdb.InvalidInputException):
            self.connection.fetchall()

    def _forget(self) -> None:
        for sql, count in self._n_runs.items():
            if count >= _OFTEN:
                self.run(f"DEALLOCATE again_{zlib.crc32(sql.encode()):08x}_{len(sql)}")
        self._n_runs.clear()

    @contextmanager
    def registered(self, tables: Mapping[str, Any]) -> Iterator[None]:
        """Arrow tables known to DuckDB by name while the block runs."""
        for name, table in tables.items():
            self.connection.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                # In a transaction that an error has ended the names go with it.
                with contextlib.suppress(duckdb.TransactionException):
                    self._execute(f'DROP VIEW IF EXISTS temp."{name}"')

    # Writing --------------------------------------------------------------------------------------------------

    def write(
        self, sql: str, parameters: Mapping[str, Any] | None = None, tables: Mapping[str, Any] | None = None
    ) -> int:
        """Execute a change inside :meth:`statement`; the number of rows it changed, -1 if none is told."""
        if self._statement is None:
            raise AssertionError("write outside of a statement")
        step: _Step = (sql, dict(parameters or {}), dict(tables or {}))
        try:
            count = self._apply(step)
        except Exception as error:
            raise translate(error) from error
        self._statement.append(step)
        return count

    def _apply(self, step: _Step) -> int:
        sql, parameters, tables = step
        for name, table in tables.items():
            self.connection.register(name, table)
        cursor = self._execute(sql, parameters)
        row = cursor.fetchone() if cursor.description else None
        for name in tables:
            self.connection.unregister(name)
        return int(row[0]) if row and isinstance(row[0], int) else -1

    @contextmanager
    def statement(self, *, locked: bool = True) -> Iterator[None]:
        """One changing statement: all of it or nothing. ``locked`` is False for what only this session can see."""
        if self._statement is not None:
            yield
            return
        alone = not self.in_transaction
        if locked or not alone:
            self._take_lock()
        state = self.take_state()
        first = not self._begun
        try:
            if first:
                self._execute("BEGIN TRANSACTION")
                self._begun = True
            self._statement = []
            yield
        except BaseException:
            steps, self._statement = self._statement, None
            if alone:
                self._end()
            elif first:
                # Nothing has been written: who may not write, or may not write this, keeps nobody waiting.
                self._rollback_duckdb()
                self.lock.release(self)
            elif steps or self._is_aborted():
                # A violation is found before anything is applied; then DuckDB's transaction is as it was.
                self._replay(len(self._journal))
            self.restore_state(state)
            raise
        steps, self._statement = self._statement, None
        if alone:
            self._commit()
        else:
            self._journal.extend(steps)

    def _take_lock(self) -> None:
        """Raises 1205 where the lock is held by who waits for this session: neither could ever go on."""
        if self.lock.is_held_by(self.awaiting):
            error = sql_error(1205, self.spid)
            error.further = (SqlError(0, _DEADLOCK, severity=0),)
            raise error
        self.lock.acquire(self, self.lock_timeout_ms, self.cancelled)

    def lock_for_reading(self) -> None:
        """Take the writers' lock in a transaction: what is read from now on nobody changes before its end. It is more
        than UPDLOCK, HOLDLOCK and SERIALIZABLE ask for, and never less."""
        if self.in_transaction and not self._begun:
            self._take_lock()
            self._execute("BEGIN TRANSACTION")
            self._begun = True

    def recover(self) -> None:
        """After a failed read in a transaction: bring its writes back."""
        if self.in_transaction and self._is_aborted():
            self._replay(len(self._journal))

    def _is_aborted(self) -> bool:
        """Whether an error has ended DuckDB's transaction: it shows when rows are fetched, long after the call, so
        DuckDB is asked. A COMMIT of such a transaction would be taken, and would keep nothing."""
        if not self._begun:
            return False
        try:
            self._execute("SELECT 1")
        except duckdb.TransactionException:
            return True
        return False

    def _replay(self, length: int) -> None:
        """Begin anew and write the first ``length`` steps of the journal again."""
        with self._uninterrupted():
            self._rollback_duckdb()
            self._journal = self._journal[:length]
            self._execute("BEGIN TRANSACTION")
            self._begun = True
            for step in self._journal:
                self._apply(step)

    @contextlib.contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        """What must not be left half done by a cancel."""
        with self._guard:
            self._critical = True
        try:
            yield
        finally:
            with self._guard:
                self._critical = False

    # Transactions ---------------------------------------------------------------------------------------------

    def mark(self) -> int:
        """A point in the transaction to which :meth:`back_to` can return."""
        return len(self._journal)

    def back_to(self, mark: int) -> None:
        if self._begun:
            self._replay(mark)

    def commit(self) -> None:
        self.recover()
        self.in_transaction = False
        if self._begun:
            self._commit()
        self._journal = []

    def _commit(self) -> None:
        try:
            with self._uninterrupted():
                self._execute("COMMIT")
        except Exception as error:
            # DuckDB has ended the transaction that it did not commit.
            self._begun = False
            self._end()
            raise translate(error) from error
        self._begun = False
        self.epoch += 1
        self._journal = []
        # Before the next writer comes: what it reads must be what was committed.
        self._tell(self.after_commit)
        self.lock.release(self)

    def _tell(self, listener: Callable[[], None] | None) -> None:
        self.after_commit = self.after_rollback = None
        if listener is not None:
            listener()

    def rollback(self) -> None:
        self.in_transaction = False
        self._end()

    def _end(self) -> None:
        self._rollback_duckdb()
        self.epoch += 1
        self._journal = []
        self._tell(self.after_rollback)
        self.lock.release(self)

    def _rollback_duckdb(self) -> None:
        if self._begun:
            try:
                self._execute("ROLLBACK")
            except duckdb.TransactionException as error:
                raise SqlError(3624, f"A system assertion check has failed: {error}", severity=20) from error
        self._begun = False

    @property
    def has_written(self) -> bool:
        """Whether its transaction, or the statement that runs, has written something."""
        return bool(self._journal or self._statement)

    @property
    def writing(self) -> bool:
        """Whether this session holds the writers' lock."""
        return self._begun

    def interrupt(self) -> None:
        """Stop what runs; from another thread."""
        self.cancelled.set()
        with self._guard:
            if not self._critical:
                self.connection.interrupt()

    def close(self) -> None:
        self.rollback()
        self.connection.close()
