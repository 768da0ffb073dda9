"""Columns of staged rows that go only up or only down: their values are distinct, and they lie between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pymlsql.embedded.engine.generated import rows_of
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.catalog import Key, Table
    from pymlsql.embedded.engine.session import Session

_FEWEST = 1000
"""Rows for which it is worth while to look."""


@dataclass(frozen=True)
class Ordered:
    """Such a column, its least value and its greatest."""

    name: str
    least: int
    greatest: int


def find_ordered(key: Key, stage: pa.Table) -> Ordered | None:
    """A column of integers of ``key`` whose staged values, none of them NULL, go only up or only down, or None."""
    for name, _ in key.columns if stage.num_rows >= _FEWEST else ():
        place = next((n for n in stage.column_names if n.lower() == name.lower()), None)
        column = stage.column(place) if place is not None else None
        if column is None or not pa.types.is_integer(column.type) or column.null_count:
            continue
        values: Any = column.to_numpy()
        if np.all(values[1:] > values[:-1]) or np.all(values[1:] < values[:-1]):
            ends = sorted((int(values[0]), int(values[-1])))
            return Ordered(name, ends[0], ends[1])
    return None


def is_beyond(session: Session, table: Table, ordered: Ordered) -> bool:
    """Whether the table holds no value between those of the staged rows."""
    inside = f"{quote_name(ordered.name)} BETWEEN {ordered.least} AND {ordered.greatest}"
    return session.store.run(f"SELECT 1 FROM {rows_of(session, table)} WHERE {inside} LIMIT 1").fetchone() is None
