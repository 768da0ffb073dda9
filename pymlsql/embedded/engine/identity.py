"""Identity values: given out once, kept over restarts and crashes, not taken back by a rollback.

A mark ahead of the last value is kept outside of any user's transaction; a crash loses at most the values up to it,
as SQL Server's own cache does. A clean end keeps the exact value.
"""

from __future__ import annotations

from threading import Lock

import duckdb

from pymlsql.embedded.engine.catalog import Table

_AHEAD = 1000


class Identities:
    """The last identity value of each table, by object id; without ``connection`` nothing is kept."""

    def __init__(self, connection: duckdb.DuckDBPyConnection | None = None) -> None:
        self._connection = connection
        self._last: dict[int, int] = {}
        self._marks: dict[int, int] = {}
        self._lock = Lock()

    def load(self, last: dict[int, int]) -> None:
        """Begin where the marks of the last run say."""
        self._last = dict(last)
        self._marks = dict(last)

    def last(self, table: Table) -> int | None:
        """The last value that was given out, None before the first."""
        return self._last.get(table.object_id)

    def last_number(self, key: int) -> int | None:
        """The last value of a counter that is no identity column's."""
        return self._last.get(key)

    def advance(self, key: int, last: int, mark: int | None = None) -> None:
        """A counter that is no identity column's has come to ``last``; where a crash may lose more, up to ``mark``."""
        with self._lock:
            self._last[key] = last
            if mark is None:
                self._advance(key, last, 1)
            elif key not in self._marks or (self._marks[key] == last) or mark == last or self._passed(key, last, mark):
                self._keep(key, mark)

    def _passed(self, key: int, last: int, mark: int) -> bool:
        """Whether ``last`` lies beyond what is kept, in the direction from ``last`` to ``mark``."""
        kept = self._marks[key]
        return last > kept if mark > last else last < kept

    def current(self, table: Table) -> int:
        """The last value, or the seed before the first."""
        return self._last.get(table.object_id, _definition(table)[0])

    def take(self, table: Table, count: int) -> tuple[int, int]:
        """(first, step) of ``count`` new values."""
        seed, step = _definition(table)
        with self._lock:
            last = self._last.get(table.object_id)
            first = seed if last is None else last + step
            self._advance(table.object_id, first + (count - 1) * step, step)
        return first, step

    def saw(self, table: Table, highest: int, lowest: int) -> None:
        """Explicit values were inserted: go on behind them."""
        _, step = _definition(table)
        edge = highest if step > 0 else lowest
        with self._lock:
            last = self._last.get(table.object_id)
            if last is None or (edge > last if step > 0 else edge < last):
                self._advance(table.object_id, edge, step)

    def _advance(self, object_id: int, last: int, step: int) -> None:
        self._last[object_id] = last
        mark = self._marks.get(object_id)
        if mark is None or (last > mark if step > 0 else last < mark):
            self._keep(object_id, last + _AHEAD * step)

    def _keep(self, object_id: int, mark: int) -> None:
        self._marks[object_id] = mark
        if self._connection is not None:
            values = {"id": object_id, "last": mark}
            self._connection.execute("BEGIN TRANSACTION")
            self._connection.execute("DELETE FROM store.identities WHERE object_id = $id", {"id": object_id})
            self._connection.execute("INSERT INTO store.identities VALUES ($id, $last)", values)
            self._connection.execute("COMMIT")

    def forget(self, object_id: int) -> None:
        """TRUNCATE or DROP: begin at the seed again."""
        with self._lock:
            self._last.pop(object_id, None)
            self._marks.pop(object_id, None)

    def restore(self, object_id: int, last: int | None) -> None:
        """A rollback took TRUNCATE or DROP back; values given out since stay given out."""
        with self._lock:
            now = self._last.get(object_id)
            if last is not None and (now is None or now < last):
                self._last[object_id] = last

    def save(self, known: set[int]) -> None:
        """At the end: the exact values, of the tables that are still there."""
        if self._connection is None:
            return
        self._connection.execute("BEGIN TRANSACTION")
        self._connection.execute("DELETE FROM store.identities")
        for object_id, last in self._last.items():
            if object_id in known:
                values = {"id": object_id, "last": last}
                self._connection.execute("INSERT INTO store.identities VALUES ($id, $last)", values)
        self._connection.execute("COMMIT")


def _definition(table: Table) -> tuple[int, int]:
    """(seed, step) of the identity column."""
    column = table.identity
    assert column is not None and column.identity is not None
    return column.identity
