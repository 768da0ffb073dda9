"""A table or view as the input of a model: its columns, their NULLs and texts, compared with a signature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pymlsql.database import Database
from pymlsql.errors import ModelError
from pymlsql.quoting import ident, parse_name, qualified
from pymlsql.signature import Difference, Input, Signature, SourceColumn, compare, compare_categories

MAX_DISTINCT = 1000
"""As many texts of a column are read as show that training has not seen all of them."""

_COLUMNS = """\
SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS
WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION"""


def read_columns(db: Database, source: str) -> tuple[SourceColumn, ...]:
    """The columns of a table or view in order. Raises ModelError where there is none that this login may see."""
    parts = parse_name(source)
    schema, name = (parts[0], parts[1]) if len(parts) == 2 else ("dbo", parts[0])
    rows = db.rows(_COLUMNS, (schema, name))
    if not rows:
        raise ModelError(f"There is no table or view {source} that this login may see.")
    return tuple(
        SourceColumn(row.COLUMN_NAME, _sql_type(row.DATA_TYPE, row.CHARACTER_MAXIMUM_LENGTH), row.IS_NULLABLE == "YES")
        for row in rows
    )


def compare_source(db: Database, signature: Signature, source: str) -> list[Difference]:
    """How a table or view differs from what a model takes: its columns first, and where those fit, its rows.

    A NULL where training saw none and a text that training did not see block; a number beyond the range of training
    does not, but is told.
    """
    found = compare(signature, read_columns(db, source), source)
    if any(one.blocking for one in found):
        return found
    table = qualified(source)
    found = [one for one in found if one.problem != "nullable"]
    known = [column for column in signature.inputs if not column.nullable or column.minimum is not None]
    if known:
        found += _compare_facts(db, known, table)
    for column in signature.inputs:
        if column.categories is not None:
            name = f"{ident(column.name)} COLLATE Latin1_General_BIN2"
            rows = db.rows(f"SELECT DISTINCT TOP ({MAX_DISTINCT}) {name} AS value FROM {table}")
            different = compare_categories(column, [row.value for row in rows])
            found += [different] if different else []
    return found


def require_source(db: Database, signature: Signature, source: str) -> list[Difference]:
    """`compare_source`. Raises ModelError with all differences that block; gives the others."""
    found = compare_source(db, signature, source)
    blocking = [one.message for one in found if one.blocking]
    if blocking:
        raise ModelError(" ".join(blocking))
    return found


def _compare_facts(db: Database, columns: Sequence[Input], table: str) -> list[Difference]:
    parts = []
    for number, column in enumerate(columns):
        name = ident(column.name)
        # FORMAT of numbers and times stays Python's: a bit has no MIN, and a text of a float loses digits.
        value = f"CAST({name} AS float)" if column.dtype == "float64" else name
        parts.append(f"COUNT(*) - COUNT({name}) AS n{number}")
        if column.minimum is not None:
            parts.append(f"MIN({value}) AS a{number}, MAX({value}) AS z{number}")
    (row,) = db.rows(f"SELECT {', '.join(parts)} FROM {table}")
    found = []
    for number, column in enumerate(columns):
        n_null = getattr(row, f"n{number}")
        if n_null and not column.nullable:
            message = f"{column.name} is NULL in {n_null:,} rows, and training saw no NULL there: fill it in the view."
            found.append(Difference("nullable", column.name, message))
        if column.minimum is not None:
            found += _beyond(column, getattr(row, f"a{number}"), getattr(row, f"z{number}"))
    return found


def _beyond(column: Input, low: Any, high: Any) -> list[Difference]:
    if low is None:
        return []
    if isinstance(column.minimum, str):
        low, high = low.isoformat(), high.isoformat()
        is_beyond = low < column.minimum or high > str(column.maximum)
    else:
        low, high = float(low), float(high)
        slack = 1e-9 * max(1.0, math.fabs(float(column.minimum or 0)), math.fabs(float(column.maximum or 0)))
        is_beyond = low < float(column.minimum or 0) - slack or high > float(column.maximum or 0) + slack
    if not is_beyond:
        return []
    return [Difference("range", column.name, f"{column.name} runs from {low} to {high}, and training saw "
                       f"{column.minimum} to {column.maximum}.", blocking=False)]  # fmt: skip


def _sql_type(name: str, length: int | None) -> str:
    return name if length is None else f"{name}({'max' if length == -1 else length})"
