"""Calling a prediction procedure on the server."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from pymlsql.database import Database
from pymlsql.errors import DatabaseError, DeclarationError
from pymlsql.quoting import qualified

if TYPE_CHECKING:
    import pandas as pd

PROCEDURE = "dbo.PredictFailures"

_NO_PROCEDURE = 2812


def predict(
    db: Database,
    *,
    machine_id: int | None = None,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
    unscored: bool = False,
    model: str = "failures",
    alias: str | None = None,
    persist: bool = True,
    procedure: str = PROCEDURE,
) -> pd.DataFrame:
    """Execute the procedure and return its rows, most urgent first.

    Without a range each machine's latest slot is scored; with one, all its slots; with `unscored`, those that this
    version of the model has not scored. Without `alias` the model's route says which version scores which rows, where
    there is one, else it is the procedure's own alias. Raises DatabaseError with the procedure's number (51001 to
    51005) and DeclarationError where there is no such procedure.
    """
    sql, values = render_call(
        procedure,
        {
            "machine_id": machine_id,
            "since": since,
            "until": until,
            "unscored": int(unscored),
            "model": model,
            "alias": alias,
            "persist": int(persist),
        },
    )
    try:
        return db.read(sql, values)
    except DatabaseError as error:
        if error.number == _NO_PROCEDURE:
            raise DeclarationError(f"There is no procedure {procedure} that this login may run: run pymlsql apply, "
                                   "or have EXECUTE on it granted.") from None  # fmt: skip
        raise


def render_call(procedure: str, arguments: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """EXEC with named arguments as `?` markers, and their values; arguments that are None keep their default."""
    given = {name: value for name, value in arguments.items() if value is not None}
    markers = ", ".join(f"@{name} = ?" for name in given)
    return f"EXEC {qualified(procedure)} {markers}".rstrip(), tuple(given.values())
