"""The tables of an example, made where they are missing and filled with what its generator makes up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pymlsql import batches, database
from pymlsql.database import Database

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent
EXAMPLES = ("pdm", "bank", "demand")
"""Examples that a project can be made of."""


def fill(db: Database, example: str, frames: dict[str, pd.DataFrame]) -> None:
    """Make the tables of an example that are not there, and put these rows, by table, in place of what they hold."""
    with db.transaction() as connection:
        first = next(iter(frames))
        if connection.exec_driver_sql("SELECT OBJECT_ID(?)", (first,)).scalar() is None:
            text = (FOLDER / example / "tables.sql").read_text(encoding="utf-8")
            for batch in batches.split(text):
                connection.exec_driver_sql(batch)
        for table, frame in frames.items():
            connection.exec_driver_sql(f"DELETE FROM {table}")
            database.insert_frame(connection, table, frame)
