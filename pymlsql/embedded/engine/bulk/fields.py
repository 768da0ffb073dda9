"""The fields of a data file in an Arrow table, and the rows of it that have a value which does not convert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.bulk.rows import Row, stream_failed
from pymlsql.embedded.tsql.bulk import MOST_ERRORS
from pymlsql.embedded.tsql.bulkvalues import bulk_error
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.store import Store

NUMBER = "n"
"""The column with the number of a row in its file."""
UNEXPECTED_NULL = 4869


@dataclass(frozen=True, slots=True)
class Filled:
    """A field that fills a column: its place in the file from 0, the column's name, the type that its text becomes.
    ``needed``: NULL is an error of the row."""

    field: int
    name: str
    type: SqlType
    needed: bool = False


def fields_table(rows: Sequence[Row], first: int, filled: Sequence[Filled]) -> pa.Table:
    """The texts of the fields (f0 ... by their places in the file), beside the rows' numbers in the file."""
    arrays: dict[str, pa.Array] = {NUMBER: pa.array(range(first, first + len(rows)), pa.int64())}
    for one in filled:
        arrays[f"f{one.field}"] = pa.array([row[one.field] for row in rows], pa.string())
    return pa.table(arrays)


def bad_rows(store: Store, table: str, filled: Sequence[Filled], most: int) -> list[tuple[int, SqlError]]:
    """The first rows of the registered ``table`` that have a bad value, ``most`` + 1 at most, with the error."""
    tests = [_test(one) for one in sorted(filled, key=lambda one: one.field)]
    if not tests:
        return []
    listed = ", ".join(f"{test} AS e{i}" for i, test in enumerate(tests))
    names = ", ".join(f"e{i}" for i in range(len(tests)))
    tested = f"SELECT {NUMBER}, {listed} FROM {table} AS r"
    found = store.run(f"SELECT {NUMBER}, [{names}] FROM ({tested}) AS q WHERE coalesce({names}, NULL) IS NOT NULL "
                      f"ORDER BY {NUMBER} LIMIT {most + 1}").fetchall()  # fmt: skip
    in_order = sorted(filled, key=lambda one: one.field)
    errors = []
    for number, codes in found:
        place = next(i for i, code in enumerate(codes) if code is not None)
        one = in_order[place]
        errors.append((number, sql_error(codes[place], number, one.field + 1, one.name)))
    return errors


def _test(one: Filled) -> str:
    test = bulk_error(f"r.f{one.field}", one.type)
    return f"CASE WHEN r.f{one.field} IS NULL THEN {UNEXPECTED_NULL} ELSE {test} END" if one.needed else test


def most_errors(options: dict[str, str]) -> int:
    """How many rows may be bad."""
    return int(options.get("MAXERRORS", MOST_ERRORS))


def too_many(errors: list[tuple[int, SqlError]], most: int) -> SqlError:
    """The errors of a load that has more bad rows than it may have."""
    exceeded = [sql_error(4865, most)] if most else []
    return stream_failed(*(error for _, error in errors), *exceeded)
