"""Scalar functions that are run: DuckDB calls back, and the body runs in a session of its own for each row.

A function reads what is committed. So in a transaction that has written, one that reads tables is refused: it would not
see what its caller wrote.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from pymlsql.embedded.engine.catalog import Module
from pymlsql.embedded.engine.frame import BatchAborted, Frame, Value
from pymlsql.embedded.engine.store import Store
from pymlsql.embedded.engine.temporary import TemporaryTables
from pymlsql.embedded.tds.columns import arrow_type
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.parser import parse_batch
from pymlsql.embedded.tsql.typed import ERROR_MARK

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

MAX_NESTING = 32


class ScalarFunctions:
    """The DuckDB functions through which scalar functions run, one a signature. Their first argument is the number of
    the session that calls: a client's by ``find``, or one in which a function runs."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, find: Callable[[int], Session]) -> None:
        self._connection = connection
        self._clients = find
        self._running: dict[int, Session] = {}
        self._numbers = itertools.count(-1, -1)
        self._names: dict[tuple[Any, ...], str] = {}
        self._lock = threading.Lock()

    def enter(self, session: Session) -> None:
        """A session in which a function runs begins."""
        session.handle = next(self._numbers)
        self._running[session.handle] = session

    def leave(self, session: Session) -> None:
        del self._running[session.handle]

    def _find(self, number: int) -> Session:
        return self._running[number] if number < 0 else self._clients(number)

    def register(self, module: Module) -> str:
        """The DuckDB function that runs ``module``: its first argument is the session's number."""
        assert module.returns is not None
        signature = (module.object_id, module.returns, tuple(p.type for p in module.parameters))
        with self._lock:
            name = self._names.get(signature)
            if name is None:
                name = f"pymlsql_function_{len(self._names)}"
                self._create(name, module)
                self._names[signature] = name
            return name

    def _create(self, name: str, module: Module) -> None:
        assert module.returns is not None
        returns, object_id = module.returns, module.object_id
        own = "VARCHAR" if returns.name == "uniqueidentifier" else returns.duckdb

        def run(spids: Any, *columns: Any) -> Any:
            values = []
            for spid, *arguments in zip(spids.to_pylist(), *(column.to_pylist() for column in columns), strict=True):
                values.append(_told(self._find(spid), object_id, arguments))
            return pa.array(values, arrow_type(returns))

        # DuckDB looks at how many arguments a function takes.
        count = len(module.parameters) + 1
        places = [inspect.Parameter(f"p{i}", inspect.Parameter.POSITIONAL_ONLY) for i in range(count)]
        run.__signature__ = inspect.Signature(places)  # type: ignore[attr-defined]
        types = ["INTEGER", *(parameter.type.duckdb for parameter in module.parameters)]
        create: Any = self._connection.create_function
        create(name, run, types, own, type="arrow", null_handling="special", side_effects=True)


def _told(session: Session, object_id: int, arguments: list[Any]) -> Any:
    """The function's value; its error in the form in which one crosses DuckDB."""
    try:
        return call_function(session, object_id, arguments)
    except SqlError as error:
        raise ValueError(f"{ERROR_MARK}{error.number}|{error.severity}|{error.message}") from error


def call_function(session: Session, object_id: int, arguments: list[Any]) -> Any:
    """The value of a scalar function. Raises 217, 4121, and what its body raises."""
    module = session.databases.by_id(object_id)
    if not isinstance(module, Module) or module.returns is None:
        raise sql_error(4121, "dbo", f"function {object_id}")
    if session.nest_level >= MAX_NESTING:
        raise sql_error(217)
    own = _own_session(session)
    unhurt = False
    session.engine.functions.enter(own)
    frame = Frame(procedure=module.name if module.schema == "dbo" else f"{module.schema}.{module.name}",
                  object_id=object_id, kind="done_in_proc", schema=module.schema, returns=module.returns)  # fmt: skip
    own.database = frame.database = session.databases.numbered(module.database_id).database.name
    frame.variables = {p.name: Value(p.type, value) for p, value in zip(module.parameters, arguments, strict=True)}
    create = parse_batch(module.text).statements[0]
    assert isinstance(create, nodes.CreateModule)
    try:
        own.run_frame(frame, create.body)
        unhurt = True
    except BatchAborted:
        raise unsupported("a batch that ends in a function") from None
    finally:
        session.engine.functions.leave(own)
        if unhurt:
            own.store.rest()
            session.function_stores.append(own.store)
        else:
            own.store.close()
    return frame.return_value


def _own_session(session: Session) -> Session:
    """A session like ``session`` for one call: it reads what is committed, answers nobody, and counts for itself."""
    own = copy.copy(session)
    try:
        own.store = session.function_stores.pop()
    except IndexError:
        own.store = Store(session.engine.cursor(), session.engine.writers, session.engine.parsed)
    own.store.spid, own.store.cancelled = session.spid, session.store.cancelled
    own.store.take_state, own.store.restore_state = own.take_state, own.restore_state
    TemporaryTables.__init__(own)
    own.contexts, own.switches, own.frames = list(session.contexts), list(session.switches), list(session.frames)
    own.trancount = 0
    own.running_in = session if session.running_in is None else session.running_in
    own.sink = _nowhere
    own.nest_level = session.nest_level + 1
    # An error of the body ends the caller's statement, as in a TRY.
    own.try_depth = 1
    own.caught = []
    return own


def _nowhere(_: object) -> None:
    return None


def check_reading(session: Session, tables: frozenset[str]) -> None:
    """Raises 40510 where a function would read tables that its caller's transaction may have changed."""
    if session.running_in is not None and tables and session.running_in.store.has_written:
        raise unsupported("a function that reads tables, in a transaction that has written")
