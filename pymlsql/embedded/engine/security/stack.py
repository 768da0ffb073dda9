"""The contexts of a session, one over the other, and what the uppermost may do and see now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.names import SYSTEM_DATABASES, search_path
from pymlsql.embedded.engine.security.context import Identity, SecurityContext, identify
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

    @property
    def user_catalog(self) -> Catalog:
        raise NotImplementedError

    @property
    def context(self) -> SecurityContext:
        """In whose name statements run now."""
        return self.contexts[-1]

    @property
    def identity(self) -> Identity:
        """The context as it is in the catalog of this moment: who it is in the user database and what it may do."""
        known, catalog, context = self._identity, self.user_catalog, self.contexts[-1]
        if known is not None and known.catalog is catalog and known.context is context:
            return known
        key = ("identity", catalog.version, context)
        self._identity = made = self.engine.plans.get(key, lambda: identify(catalog, context))
        return made

    def check_border(self, database: str) -> None:
        """A user of the database has no business outside of it. Raises 916."""
        if self.context.user is not None and database.lower() in SYSTEM_DATABASES:
            raise sql_error(916, self.context.login, database)

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
        if self.database.lower() in SYSTEM_DATABASES:
            return ("dbo",)
        schema = (frame if frame is not None else self.frames[-1]).schema
        return search_path(schema or self.identity.default_schema)
