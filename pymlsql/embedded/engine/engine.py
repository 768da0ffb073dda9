"""The engine: one DuckDB database, its catalog, and the sessions on it."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pymlsql.embedded.engine.agent.link import AgentLink
from pymlsql.embedded.engine.asking import register_asking
from pymlsql.embedded.engine.catalog import Catalog, Table, encode, new_catalog
from pymlsql.embedded.engine.cells import references_of, register_functions
from pymlsql.embedded.engine.database_entries import MAIN, Database
from pymlsql.embedded.engine.databases_value import Databases, clear_tempdb, read_databases
from pymlsql.embedded.engine.extensibility.contents import CREATE_TABLE, Allowed, find_content
from pymlsql.embedded.engine.extensibility.folders import LibraryFolders
from pymlsql.embedded.engine.extensibility.languages import interpreters_of
from pymlsql.embedded.engine.extensibility.libraries import unpacked_contents
from pymlsql.embedded.engine.extensibility.runtimes import MakePool, Runtimes, make_plain_pool
from pymlsql.embedded.engine.functions import ScalarFunctions
from pymlsql.embedded.engine.governance.classifier import classify
from pymlsql.embedded.engine.governance.entries import declared, in_force
from pymlsql.embedded.engine.governance.governor import Governor
from pymlsql.embedded.engine.identity import Identities
from pymlsql.embedded.engine.jsonfunctions import register_json
from pymlsql.embedded.engine.locks import ApplicationLocks
from pymlsql.embedded.engine.names import Plans
from pymlsql.embedded.engine.parsed import ParsedTexts
from pymlsql.embedded.engine.rowversions import COUNTER, Rowversions
from pymlsql.embedded.engine.scalars import register_scalars
from pymlsql.embedded.engine.security.enforcement import may_see_server_state
from pymlsql.embedded.engine.security.logins import authenticate, initial_database
from pymlsql.embedded.engine.security.principals import Login as Account
from pymlsql.embedded.engine.security.visibility import sight_of
from pymlsql.embedded.engine.sequence_numbers import Sequences
from pymlsql.embedded.engine.session import Session
from pymlsql.embedded.engine.signing.entries import MasterKey
from pymlsql.embedded.engine.sorting import register_sorting
from pymlsql.embedded.engine.store import Store, WriterLock
from pymlsql.embedded.engine.system_views import SystemState, with_temporary
from pymlsql.embedded.engine.system_views.server import AT_START
from pymlsql.embedded.engine.values import ValueStore
from pymlsql.embedded.satellite.pool import SatellitePool
from pymlsql.embedded.tds.requests import Login
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.references import keeps_references

_CONFIGURATION = {
    "external scripts enabled": (0, 1, 0), "show advanced options": (0, 1, 0), "clr enabled": (0, 1, 0),
    "max degree of parallelism": (0, 32767, 0), "cost threshold for parallelism": (0, 32767, 5),
    "max server memory (mb)": (128, 2147483647, 2147483647), "xp_cmdshell": (0, 0, 0),
    "ole automation procedures": (0, 0, 0), "remote access": (0, 1, 1), "user options": (0, 32767, 0),
    "nested triggers": (0, 1, 1), "default language": (0, 9999, 0), "agent xps": (0, 1, 0),
}  # fmt: skip
"""name: (minimum, maximum, value at installation)."""

MANY_ROWS = 200_000
"""Rows of a statement's tables from which it runs on all cores; DuckDB divides work by 122,880 rows."""

_LEVEL = "compatibility level"
"""What the compatibility level is kept as, beside the server's options, once ALTER DATABASE has set it."""

FORMAT = 3
"""The version of what is stored. Format 1 kept all values inside of DuckDB, format 2 knew one user database; they are
read, and become 3."""
_FORMATS = (1, 2, FORMAT)
_COLLECTION_S = 60.0
"""Files of large values that nothing refers to are looked for no more often than this."""


class Engine:
    """Opens ``path`` (None: in memory), and holds what all sessions share.

    ``password`` is sa's; ``level`` the compatibility level, 150 or 160. Raises duckdb.IOException when another
    process has the file, ValueError when it was written by another format.

    ``make_pool`` makes the pools of other interpreters than that of ``satellites``; ``allowed`` is what T-SQL may name
    on the server's machine. ``libraries`` is where external libraries lie unpacked, beside ``path`` by default.
    """

    def __init__(self, path: Path | None, *, password: str, level: int = 160, satellites: SatellitePool | None = None,
                 database: str = "pymlsql", n_threads: int = 2, process_id: int = 0,
                 make_pool: MakePool | None = None, allowed: Allowed | None = None,
                 service_key: bytes | None = None, libraries: Path | None = None) -> None:  # fmt: skip
        self.database: str = database
        self._level = level
        self.allowed = allowed or Allowed()
        self.runtimes: Runtimes | None = None
        if satellites is not None:
            self.runtimes = Runtimes(satellites, make_pool or make_plain_pool, lambda: interpreters_of(self.catalog))
        self.libraries = LibraryFolders(libraries or (path.parent / "libraries" if path else None),
                                        self._library_contents, durable=path is not None)  # fmt: skip
        self.process_id: int = process_id
        self._password = password
        self.service_key: bytes = service_key or secrets.token_bytes(32)
        self._n_threads = n_threads
        self._connection = duckdb.connect(str(path) if path else ":memory:", config={"threads": 1})
        self.values = ValueStore(path.parent / "values" if path else None)
        register_functions(self._connection, self.values)
        register_scalars(self._connection)
        register_sorting(self._connection)
        register_json(self._connection)
        self.writers = WriterLock()
        self.parsed: ParsedTexts = ParsedTexts()
        self.locks = ApplicationLocks()
        self.agent = AgentLink()
        self.plans = Plans()
        self.functions = ScalarFunctions(self._connection, lambda spid: self._sessions[spid])
        self.identities = Identities(self._connection.cursor())
        self.rowversions: Rowversions = Rowversions(self.identities)
        self.sequences: Sequences = Sequences(self.identities, self._connection)
        register_asking(self._connection, lambda spid: self._sessions[spid])
        self.configuration: dict[str, tuple[int, int, int, int]] = {}
        self.databases = Databases({})
        self._sessions: dict[int, Session] = {}
        self._spids = itertools.count(51)
        self._versions = itertools.count(1)
        self._transactions = itertools.count(1)
        self._n_scripts = 0
        self._n_wide = 0
        self._rows: dict[str, int] = {}
        self._lock = threading.Lock()
        self._closed = False
        self.listen: Callable[..., Callable[[], None]] | None = None
        """Set by the server that serves this engine: how it listens at a script's socket."""
        self._created = dt.datetime.now()
        self._has_changed_values = True
        self._next_collection = 0.0
        self._prepare()
        self.governor = Governor(in_force(declared(self.catalog)))
        self.collect_values()
        self.libraries.start()

    # Storage --------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        run = self._connection.execute
        run("CREATE SCHEMA IF NOT EXISTS store")
        run("CREATE TABLE IF NOT EXISTS store.catalog (entry VARCHAR, data VARCHAR)")
        run("CREATE TABLE IF NOT EXISTS store.identities (object_id BIGINT, last BIGINT)")
        run("CREATE TABLE IF NOT EXISTS store.configuration (name VARCHAR, value INTEGER, in_use INTEGER)")
        run(CREATE_TABLE)
        run("CREATE TABLE IF NOT EXISTS store.counters (format INTEGER, next_id BIGINT)")
        row = run("SELECT format, next_id FROM store.counters").fetchone()
        if row is None:
            empty = new_catalog()
            run("INSERT INTO store.counters VALUES ($format, $next)", {"format": FORMAT, "next": empty.next_id})
            for schema in empty.schemas.values():
                run("INSERT INTO store.catalog VALUES ($entry, $data)",
                    {"entry": f"schema:{schema.name.lower()}", "data": encode(schema)})  # fmt: skip
        elif row[0] not in _FORMATS:
            raise ValueError(f"the data directory has format {row[0]}, this version reads {FORMAT}; export its data "
                             "with the version that wrote it and load them into a new one")  # fmt: skip
        elif row[0] != FORMAT:
            run("UPDATE store.counters SET format = $format", {"format": FORMAT})
        self._load()

    def _load(self) -> None:
        run = self._connection.execute
        clear_tempdb(run)
        kept = {name: (value, used) for name, value, used in run("FROM store.configuration").fetchall()}
        level = kept.get(_LEVEL, (self._level, 0))[0]
        row = run("SELECT next_id FROM store.counters").fetchone()
        assert row is not None
        entries = run("SELECT entry, data FROM store.catalog").fetchall()
        main = Database(MAIN, self.database, level=level)
        self.databases = read_databases(entries, main, self._level, row[0], next(self._versions))
        self.identities.load(dict(run("SELECT object_id, last FROM store.identities").fetchall()))
        sizes = run("SELECT table_name, estimated_size FROM duckdb_tables() WHERE schema_name = 'store'").fetchall()
        self._rows = {f"store.{name}": size for name, size in sizes}
        for name, (low, high, default) in _CONFIGURATION.items():
            value, used = kept.get(name, (default, default))
            self.configuration[name] = (low, high, value, value if name in AT_START else used)

    @property
    def level(self) -> int:
        """The compatibility level of that database."""
        return self.catalog.database.level

    @property
    def catalog(self) -> Catalog:
        """The committed catalog of the database that the server was made with."""
        return self.databases.main

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._connection.cursor()

    def next_version(self) -> int:
        return next(self._versions)

    def next_transaction(self) -> int:
        return next(self._transactions)

    # Large values ---------------------------------------------------------------------------------------------

    def note_change(self, table: Table) -> None:
        """Rows of ``table`` were changed: if it has large values, files may be left over."""
        if any(keeps_references(column.type) for column in table.columns):
            self._has_changed_values = True

    def collect_values(self) -> None:
        """Remove files of large values that no row refers to: at the start, and after a request that finds the
        writers' lock free when something was changed and a minute has passed. It never waits."""
        if not self._has_changed_values or time.monotonic() < self._next_collection:
            return
        owner = object()
        try:
            self.writers.acquire(owner, 0, threading.Event())
        except SqlError:
            return
        try:
            self._has_changed_values = False
            with self._connection.cursor() as cursor:
                tables = [] if self.values.is_empty() else self.databases.tables()
                self._has_changed_values = not self.values.keep_only(references_of(cursor, tables))
        finally:
            self.writers.release(owner)
        self._next_collection = time.monotonic() + _COLLECTION_S

    # Configuration --------------------------------------------------------------------------------------------

    def configure(self, store: Store, name: str, value: int) -> None:
        """sp_configure: the value waits for RECONFIGURE."""
        low, high, _, used = self.configuration[name]
        self._keep(store, name, value, used)
        self.configuration[name] = (low, high, value, used)

    def reconfigure(self, store: Store) -> None:
        """What was configured is in use, save the options that wait for the next start."""
        for name, (low, high, value, used) in list(self.configuration.items()):
            if value != used and name not in AT_START:
                self._keep(store, name, value, value)
                self.configuration[name] = (low, high, value, value)

    def _keep(self, store: Store, name: str, value: int, used: int) -> None:
        with store.statement():
            store.write("DELETE FROM store.configuration WHERE name = $name", {"name": name})
            values = {"name": name, "value": value, "used": used}
            store.write("INSERT INTO store.configuration VALUES ($name, $value, $used)", values)

    def keep_level(self, store: Store, level: int) -> None:
        """ALTER DATABASE ... SET COMPATIBILITY_LEVEL of the first database: it outlives the server."""
        self._keep(store, _LEVEL, level, level)

    def mark(self, name: str) -> int | None:
        """A number that is kept beside the options under ``name``."""
        values = {"name": name}
        with self._connection.cursor() as cursor:
            row = cursor.execute("SELECT value FROM store.configuration WHERE name = $name", values).fetchone()
        return int(row[0]) if row is not None else None

    def set_mark(self, store: Store, name: str, value: int) -> None:
        """Keep a number beside the options."""
        self._keep(store, name, value, value)

    def in_use(self, name: str) -> int:
        return self.configuration[name][3]

    # Scripts --------------------------------------------------------------------------------------------------

    def _library_contents(self) -> frozenset[str]:
        """The contents of external libraries that anybody sees, also in a transaction that has not ended."""
        with self._lock:
            catalogs = [self.catalog, *(session.user_catalog for session in self._sessions.values())]
        return frozenset[str]().union(*map(unpacked_contents, catalogs))

    @contextmanager
    def scripts_running(self) -> Iterator[None]:
        with self._lock:
            self._n_scripts += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_scripts -= 1

    @contextmanager
    def threads_for(self, n_rows: int) -> Iterator[None]:
        """All cores for a statement that reads many rows, one thread for others: to share out the work of a small
        statement takes longer than to do it. The setting is DuckDB's as a whole, so statements that overlap share it.
        """
        if self._n_threads == 1 or n_rows < MANY_ROWS:
            yield
            return
        with self._lock:
            self._n_wide += 1
            if self._n_wide == 1:
                self._connection.execute(f"SET GLOBAL threads = {self._n_threads}")
        try:
            yield
        finally:
            with self._lock:
                self._n_wide -= 1
                if self._n_wide == 0:
                    self._connection.execute("SET GLOBAL threads = 1")

    def count_rows(self, table: str, n_rows: int) -> None:
        """Rows were inserted: an estimate that only decides on threads."""
        self._rows[table] = self._rows.get(table, 0) + n_rows

    def row_count(self, table: str) -> int:
        """About how many rows a table has."""
        return self._rows.get(table, 0)

    def threads_for_script(self) -> int:
        """The cores that are left for one more script."""
        return max(1, self._n_threads - self._n_scripts)

    # Sessions -------------------------------------------------------------------------------------------------

    def login(self, login: Login, *, client_host: str) -> Session:
        """A new session. Raises 18456 for a wrong user or password, 4060 for a database that is not there or that the
        login may not use, 4064 when that is its default database."""
        account = authenticate(self.catalog, login.user, login.password, self._password)
        database = initial_database(self.databases, account, login.database.strip("[]"), self.database)
        return self.begin_session(login, account, database, client_host)

    def users_of(self, database: str) -> list[Session]:
        """The sessions whose current database is the one of this name."""
        with self._lock:
            return [one for one in self._sessions.values() if one.database.lower() == database.lower()]

    def begin_session(self, login: Login, account: Account, database: str, client_host: str) -> Session:
        """A new session of ``account`` in ``database``."""
        with self._lock:
            session = Session(self, next(self._spids), login, account, client_host)
            self._sessions[session.spid] = session
        session.database = session.home = database
        session.group = classify(session)
        return session

    def is_logged_in(self, sid: str) -> bool:
        """Whether a session of the login with this security identifier is open."""
        with self._lock:
            return any(session.contexts[0].sid == sid for session in self._sessions.values())

    def forget(self, session: Session) -> None:
        with self._lock:
            self._sessions.pop(session.spid, None)

    def system_state(self, session: Session, database: str = "") -> SystemState:
        """What the system views of a database ("" for the current one) show to ``session`` now."""
        catalog = session.databases.named(database or session.database)
        with self._lock:
            sessions = tuple(other.session_row() for other in self._sessions.values()
                             if other is session or may_see_server_state(session))  # fmt: skip
        last, last_number = self.identities.last, self.identities.last_number
        sight = sight_of(session.identity_in(catalog))
        return with_temporary(SystemState(
            catalog=sight.catalog, whole=catalog, sight=sight, database=catalog.database.name,
            database_id=catalog.database.database_id,
            databases=tuple(one.database for one in session.databases.catalogs.values()),
            with_master_key=frozenset(one.database.database_id for one in session.databases.catalogs.values()
                                      if one.entries(MasterKey)),
            spid=session.spid, login=session.login, host=session.host,
            application=session.application, isolation=session.options.isolation, sessions=sessions,
            configurations={name: (value, used) for name, (_, _, value, used) in self.configuration.items()},
            temporary=tuple(session.temporary.values()), created=self._created,
            identity_values={t.object_id: number for t in catalog.tables() if t.identity is not None
                             and (number := last(t)) is not None}
            | {s.counter: number for s in catalog.sequences() if (number := last_number(s.counter)) is not None},
            content=lambda digest: find_content(session, digest), governor=self.governor,
            sandbox=self.runtimes.own.sandbox if self.runtimes else None,
        ))  # fmt: skip

    def close(self) -> None:
        """Close all sessions and write everything to disk."""
        if self._closed:
            return
        self._closed = True
        for session in list(self._sessions.values()):
            session.close()
        if self.runtimes is not None:
            self.runtimes.close()
        self.libraries.close()
        counters = {one.counter for catalog in self.databases.catalogs.values() for one in catalog.sequences()}
        self.identities.save({COUNTER, *counters, *(table.object_id for table in self.databases.tables())})
        self._connection.close()
        self.values.close()
