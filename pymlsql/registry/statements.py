"""Calls of the registry's procedures, and their errors as the toolkit's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pymlsql.database import Database, fetch
from pymlsql.errors import DatabaseError, MigrationError, RegistryError, RuntimeMismatch

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

REVISION = "ml_0006"
"""The newest revision of schema ml, which these modules are written for."""
FORMER_REVISIONS = ("0001", "ml_0002", "ml_0003", "ml_0004", "ml_0005")

MSG_NOT_LOADABLE = 51010
MSG_LOCKED = 51012
MSG_NO_BYTES = 51032
_OURS = range(51020, 51070)
_NO_PROCEDURE = 2812
_NO_TABLE = 208

_STATE = """\
SELECT OBJECT_ID(N'ml.model_versions', N'U') AS has_tables, OBJECT_ID(N'ml.alembic_version', N'U') AS has_history
"""

_REVISIONS = "SELECT version_num FROM ml.alembic_version"


def call(db: Database, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """The rows of a batch that calls a procedure.

    Raises RegistryError with the procedure's sentence, RuntimeMismatch where the server's Python does not load a
    model, MigrationError where there is no such procedure, DatabaseError for all else.
    """
    with db.connect(autocommit=True) as connection:
        return call_on(connection, sql, values)


def call_on(connection: Connection, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """The same on a connection of one's own."""
    from pymlsql.database import translated_errors

    try:
        with translated_errors():
            return fetch(connection, sql, values).rows
    except DatabaseError as error:
        raise _as_ours(error) from None


def _as_ours(error: DatabaseError) -> Exception:
    if error.number == MSG_NOT_LOADABLE:
        return RuntimeMismatch(
            f"The server's Python cannot use this model ({error.message}): train it with the server's versions."
        )
    if error.number == MSG_LOCKED or error.number in _OURS:
        return RegistryError(error.message, number=error.number)
    if error.number in (_NO_PROCEDURE, _NO_TABLE):
        return MigrationError(f"{error.message} Run pymlsql db upgrade.")
    return error


def check_migrated(db: Database) -> None:
    """Raises RegistryError where the registry is not there, MigrationError where it is older or newer than this."""
    state = db.rows(_STATE)[0]
    if state.has_tables is None:
        raise RegistryError("This database has no model registry: run pymlsql db upgrade.")
    if state.has_history is None:
        return
    revisions = {str(row.version_num) for row in db.rows(_REVISIONS)}
    if REVISION in revisions:
        return
    older = sorted(revisions.intersection(FORMER_REVISIONS))
    if older:
        raise MigrationError(
            f"The registry of this database is at revision {older[-1]}, older than {REVISION}: run pymlsql db upgrade."
        )
    raise MigrationError(
        f"The registry of this database is at a revision that this pymlsql does not know "
        f"({', '.join(sorted(revisions))}; it knows up to {REVISION}): install a newer pymlsql."
    )
