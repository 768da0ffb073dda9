"""What the system views are made of: a database's catalog, its server's databases, sessions and settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pymlsql.embedded.engine.catalog import Catalog, Table, new_catalog
from pymlsql.embedded.engine.database_entries import TEMPDB, Database
from pymlsql.embedded.engine.governance.governor import Governor
from pymlsql.embedded.engine.security.visibility import Sight
from pymlsql.embedded.satellite.isolation import Sandbox

COLLATION = "SQL_Latin1_General_CP1_CI_AS"
"""The collation of the server, its databases and every character column that names none."""

UNKNOWN_TIME = dt.datetime(1900, 1, 1)
"""datetime's zero: stands where a time cannot be NULL and nobody kept it."""

EVERYTHING = Sight(None, new_catalog())
"""The sight of who sees all there is."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as sys.dm_exec_sessions tells of it; ``status`` is running or sleeping, times are the server's local
    time, ``isolation`` is 1 (read uncommitted) to 5 (snapshot), ``impersonated`` the login in whose name it runs, ""
    for its own. What is None is shown as NULL."""

    spid: int
    login: str
    host: str
    application: str
    status: str
    login_time: dt.datetime
    database_id: int = 5
    isolation: int = 2
    open_transactions: int = 0
    lock_timeout_ms: int = -1
    last_request_start: dt.datetime | None = None
    last_request_end: dt.datetime | None = None
    host_process_id: int | None = None
    client_interface: str | None = None
    client_address: str | None = None
    client_port: int | None = None
    local_port: int | None = None
    packet_size: int | None = None
    impersonated: str = ""
    encrypted: bool | None = None


@dataclass(frozen=True)
class SystemState:
    """All that a system view may ask, as it is at one moment for one session.

    ``catalog`` is what the session's context sees of the database, ``whole`` all of it (None: the same) and ``sight``
    what the context sees of the rest. ``sessions`` are those it may see. ``configurations`` map a name, in any case,
    to (value, value in use); ``temporary`` are the session's temporary tables, what tempdb's views show;
    ``identity_values`` map a table's id to the last value its
    identity column generated; ``row_counts`` map it to its number of rows, left out where unknown; ``created`` is when
    the server was started; ``content`` gives the bytes of an external file by their sha256.
    """

    catalog: Catalog
    database: str
    database_id: int
    databases: tuple[Database, ...]
    spid: int
    login: str
    host: str
    application: str
    isolation: int
    sessions: tuple[SessionRow, ...]
    configurations: Mapping[str, tuple[int, int]]
    temporary: tuple[Table, ...] = ()
    identity_values: Mapping[int, int] = field(default_factory=dict)
    row_counts: Mapping[int, int] = field(default_factory=dict)
    created: dt.datetime = UNKNOWN_TIME
    content: Callable[[str], bytes | None] = lambda digest: None
    governor: Governor | None = None
    whole: Catalog | None = None
    sight: Sight = EVERYTHING
    with_master_key: frozenset[int] = frozenset()
    """The numbers of the databases that have a master key."""
    sandbox: Sandbox | None = None
    """What is laid around external scripts."""

    @property
    def server_catalog(self) -> Catalog:
        """A catalog that keeps what belongs to the server: every one does."""
        return self.catalog

    @property
    def all_catalog(self) -> Catalog:
        """The database's catalog with what the context does not see, for what others refer to."""
        return self.whole if self.whole is not None else self.catalog


def with_temporary(state: SystemState) -> SystemState:
    """The state of tempdb, whose objects the session's temporary tables are."""
    if state.database_id != TEMPDB or not state.temporary:
        return state
    own = {("dbo", table.name.lower()): table for table in state.temporary}
    return replace(state, catalog=replace(state.catalog, objects={**state.catalog.objects, **own}), whole=None)
