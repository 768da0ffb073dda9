"""A database of the server, as the server keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pymlsql.embedded.engine.catalog_json import stored

SYSTEM_DATABASES = {"master": 1, "tempdb": 2, "model": 3, "msdb": 4}
MAIN = 5
"""The number of the user database that the server was made with: it stays."""
TEMPDB = 2
OWNER_SID = "01"
"""sa's, to whom databases belong that come with the server."""


@stored
@dataclass(frozen=True, slots=True)
class Database:
    """A database's number, name, the sid of its owner and its compatibility level."""

    kind: ClassVar[str] = "database"
    of_server: ClassVar[bool] = True
    database_id: int
    name: str
    owner_sid: str = OWNER_SID
    level: int = 160
    created: str = ""

    @property
    def key(self) -> str:
        return self.name

    @property
    def is_system(self) -> bool:
        """Whether it is master, tempdb, model or msdb."""
        return self.database_id < MAIN


NOWHERE = Database(MAIN, "")
"""The database of a catalog that belongs to no server."""
