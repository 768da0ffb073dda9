"""The contexts of a session, one over the other, and what the uppermost may do and see now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog, Module, Table
from pymlsql.embedded.engine.databases_value import Databases
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.names import search_path
from pymlsql.embedded.engine.security.context import Identity, SecurityContext, identify, may_connect
from pymlsql.embedded.engine.signing.switches import Switch
from pymlsql.embedded.tsql.messages import sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine


class ContextStack:
    """What a session knows of its rights. ``contexts[0]`` is the login; EXECUTE AS and modules put others upon it."""

    engine: Engine
    database: str

    def begin_contexts(self, context: SecurityContext) -> None:
        """The session of a login begins."""
        self.contexts: list[SecurityContext] = [context]
        self.switches: list[Switch] = []
        self.frames: list[Frame] = [Frame()]
        self._identity: Identity | None = None
        self._schemas: tuple[Databases, SecurityContext, tuple[str, ...]] | None = None

    @property
    def databases(self) -> Databases:
        """All databases as this session sees them."""
        raise NotImplementedError

    @property
    def catalog(self) -> Catalog:
        """The current database's objects as this session sees them."""
        raise NotImplementedError

    @property
    def user_catalog(self) -> Catalog:
        """The same of the database that the server was made with, whatever database is the current one."""
        return self.databases.main

    @property
    def level(self) -> int:
        """The current database's compatibility level."""
        return self.catalog.database.level

    @property
    def context(self) -> SecurityContext:
        """In whose name statements run now."""
        return self.contexts[-1]

    @property
    def identity(self) -> Identity:
        """The context as it is in the current database at this moment: who it is there and what it may do."""
        known, catalog, context = self._identity, self.catalog, self.contexts[-1]
        if known is not None and known.catalog is catalog and known.context is context:
            return known
        self._identity = made = self.identity_in(catalog)
        return made

    def identity_in(self, catalog: Catalog) -> Identity:
        """The same in any database."""
        context = self.contexts[-1]
        key = ("identity", catalog.database.database_id, catalog.version, context)
        return self.engine.plans.get(key, lambda: identify(catalog, context))

    def identity_for(self, found: Table | Module) -> Identity:
        """The same where an object is."""
        if found.database_id == self.catalog.database.database_id:
            return self.identity
        return self.identity_in(self.databases.numbered(found.database_id))

    def reach(self, database: str) -> Catalog:
        """The catalog of a database that a name names, "" for the current one. Raises 911, or 916 for who may not
        connect to it."""
        if not database or database.lower() == self.database.lower():
            return self.catalog
        catalog = self.databases.named(database)
        if not may_connect(self.identity_in(catalog)):
            raise sql_error(916, self.context.login, catalog.database.name)
        return catalog

    @contextmanager
    def inside(self, database: str) -> Iterator[None]:
        """Another database is the current one while the block runs, for a statement or module that is about what is
        there; the client is told nothing. Raises 911, 916."""
        name, outer = self.reach(database).database.name, self.database
        self.database = name
        try:
            yield
        finally:
            self.database = outer

    @contextmanager
    def at(self, found: Table | Module) -> Iterator[None]:
        """The same for the database that has an object."""
        here = self.catalog.database.database_id
        if found.database_id == here or (isinstance(found, Table) and found.temporary):
            yield
            return
        with self.inside(self.databases.numbered(found.database_id).database.name):
            yield

    @contextmanager
    def acting_as(self, context: SecurityContext) -> Iterator[None]:
        """``context`` is the uppermost while the block runs."""
        depth = len(self.contexts)
        self.contexts.append(context)
        try:
            yield
        finally:
            del self.contexts[depth:]

    @contextmanager
    def framed(self, frame: Frame) -> Iterator[None]:
        """``frame`` is what runs, while the block runs."""
        self.frames.append(frame)
        try:
            yield
        finally:
            self.frames.pop()

    def path(self, frame: Frame | None = None) -> tuple[str, ...]:
        """The schemas in which ``frame`` (None: what runs now) looks for names that have none."""
        frame = frame if frame is not None else self.frames[-1]
        schema = frame.schema if frame.database in ("", self.database) else ""
        return search_path(schema or self.identity.default_schema)

    def path_in(self, catalog: Catalog) -> tuple[str, ...]:
        """The same for names in a database, current or not."""
        if catalog.database.name == self.database:
            return self.path()
        return search_path(self.identity_in(catalog).default_schema)

    def default_schemas(self) -> tuple[str, ...]:
        """The schemas that :meth:`path_in` begins with, database by database: what plans depend on."""
        databases, context = self.databases, self.contexts[-1]
        if self._schemas is None or self._schemas[0] is not databases or self._schemas[1] is not context:
            found = tuple(self.identity_in(one).default_schema for one in databases.catalogs.values())
            self._schemas = databases, context, found
        return self._schemas[2]
