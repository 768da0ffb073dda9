"""DuckDB's trees of the texts that come again: parsing a small statement takes a third of running it."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import duckdb

_LONGEST = 100_000


class ParsedTexts:
    """A text is kept as a tree from the second time on; the least recently used is dropped first. A tree belongs to no
    connection: it names tables and binds nothing, and DuckDB copies it before it runs it."""

    def __init__(self, size: int = 1000) -> None:
        self._known: OrderedDict[str, str | duckdb.Statement] = OrderedDict()
        self._lock = Lock()
        self._size = size

    def get(self, connection: duckdb.DuckDBPyConnection, sql: str) -> str | duckdb.Statement:
        """What to execute for ``sql``. Raises duckdb.Error where it cannot be parsed."""
        if len(sql) > _LONGEST:
            return sql
        with self._lock:
            known = self._known.get(sql)
            if known is None:
                self._known[sql] = sql
                if len(self._known) > self._size:
                    self._known.popitem(last=False)
                return sql
            self._known.move_to_end(sql)
        if not isinstance(known, str):
            return known
        trees = connection.extract_statements(sql)
        if len(trees) != 1:
            return sql
        with self._lock:
            self._known[sql] = trees[0]
        return trees[0]
