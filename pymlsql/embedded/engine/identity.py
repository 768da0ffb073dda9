"""Identity values: given out once, kept over restarts, not taken back by a rollback."""

from __future__ import annotations

from threading import Lock

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.store import Store


class Identities:
    """The last identity value of each table, by object id."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._lock = Lock()

    def load(self, last: dict[int, int]) -> None:
        self._last = dict(last)

    def last(self, table: Table) -> int | None:
        """The last value that was given out, None before the first."""
        return self._last.get(table.object_id)

    def current(self, table: Table) -> int:
        """The last value, or the seed before the first."""
        column = table.identity
        assert column is not None and column.identity is not None
        return self._last.get(table.object_id, column.identity[0])

    def take(self, table: Table, count: int) -> tuple[int, int]:
        """(first, step) of ``count`` new values."""
        column = table.identity
        assert column is not None and column.identity is not None
        seed, step = column.identity
        with self._lock:
            last = self._last.get(table.object_id)
            first = seed if last is None else last + step
            self._last[table.object_id] = first + (count - 1) * step
        return first, step

    def saw(self, table: Table, highest: int, lowest: int) -> None:
        """Explicit values were inserted: go on behind them."""
        column = table.identity
        assert column is not None and column.identity is not None
        _, step = column.identity
        edge = highest if step > 0 else lowest
        with self._lock:
            last = self._last.get(table.object_id)
            if last is None or (edge > last if step > 0 else edge < last):
                self._last[table.object_id] = edge

    def forget(self, object_id: int) -> None:
        with self._lock:
            self._last.pop(object_id, None)

    def reset(self, table: Table) -> None:
        """TRUNCATE TABLE begins at the seed again."""
        self.forget(table.object_id)

    def save(self, store: Store, table: Table) -> None:
        """Keep the last value; inside the statement that took it."""
        if table.temporary:
            return
        store.write("DELETE FROM store.identities WHERE object_id = $id", {"id": table.object_id})
        last = self._last.get(table.object_id)
        if last is not None:
            values = {"id": table.object_id, "last": last}
            store.write("INSERT INTO store.identities VALUES ($id, $last)", values)
