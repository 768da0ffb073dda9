"""Temporary tables of a session: #names, their scopes, and their DuckDB tables."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.identity import Identities
from pymlsql.embedded.engine.store import Store
from pymlsql.embedded.engine.values import LargeValue
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine
    from pymlsql.embedded.engine.session import Session


class TemporaryTables:
    """The #tables a session sees: the innermost of a name wins; those of a procedure or string end with it."""

    store: Store
    engine: Engine
    trancount: int

    def __init__(self) -> None:
        self._own_identities = Identities()
        self._row_counts: dict[str, int] = {}
        self._stack: list[Table] = []
        self._scopes: list[int] = []
        self._visible: dict[str, Table] = {}
        self.pinned: set[LargeValue] = set()
        """Large values that rows of temporary tables refer to, or did."""
        self.temporary_key: tuple[Table, ...] = ()

    def identities(self, table: Table) -> Identities:
        """Who gives out the table's identity values: a temporary table's are the session's own."""
        return self._own_identities if table.temporary else self.engine.identities

    def count_rows(self, table: Table, n_rows: int) -> None:
        """Rows were inserted. Deletions and rollbacks are not told: the counts are never too low."""
        if table.temporary:
            self._row_counts[table.sql] = self._row_counts.get(table.sql, 0) + n_rows
        else:
            self.engine.count_rows(table.sql, n_rows)

    def row_count(self, name: str) -> int:
        """At most so many rows are in the table of this DuckDB name; a guess for one that is not temporary."""
        return self._row_counts.get(name, 0) if name.startswith("temp.") else self.engine.row_count(name)

    @property
    def temporary(self) -> dict[str, Table]:
        """By lower-case name."""
        return self._visible

    def _refresh(self) -> None:
        self._visible = {table.name.lower(): table for table in self._stack}
        self.temporary_key = tuple(self._visible.values())
        if not self._stack and not self.trancount:
            self.pinned.clear()

    @contextmanager
    def temporary_scope(self, frame: Frame) -> Iterator[None]:
        """A procedure's or string's scope; a batch's tables live as long as the session."""
        depth = len(self._stack)
        self._scopes.append(depth)
        try:
            yield
        finally:
            self._scopes.pop()
            if frame.kind != "done":
                self._drop(self._stack[depth:])

    def create_temporary(self: Any, name: str, definition: nodes.TableDefinition) -> Table:
        """CREATE TABLE #name. Raises 2714 when this scope has it already."""
        from pymlsql.embedded.engine.tables import ObjectIds, build_table

        start = self._scopes[-1] if self._scopes else 0
        if any(table.name.lower() == name.lower() for table in self._stack[start:]):
            raise sql_error(2714, name)
        session: Session = self
        # The number depends on the name and on how many of that name are open, not on what ran before: then a
        # procedure's plans are found again at its next call.
        same = sum(1 for table in self._stack if table.name.lower() == name.lower())
        number = (zlib.crc32(f"{name.lower()}|{same}".encode()) & 0x3FFFFFFF) + 0x40000000
        table = build_table(session, ObjectIds(session.catalog), "dbo", name, definition, temporary_id=number)
        table = _undated(table)
        columns = ", ".join(f"{quote_name(column.name)} {column.type.duckdb}" for column in table.stored)
        with self.store.statement(locked=False):
            self.store.write(f"CREATE TEMP TABLE {table.sql.removeprefix('temp.')} ({columns})")
        self._stack.append(table)
        self._refresh()
        return table

    def replace_temporary(self, table: Table) -> None:
        """A changed definition (an index)."""
        self._stack = [table if known.object_id == table.object_id else known for known in self._stack]
        self._refresh()

    def drop_temporary(self, name: str, *, if_exists: bool = False) -> None:
        table = self._visible.get(name.lower())
        if table is None:
            if if_exists:
                return
            raise sql_error(3701, "drop", "table", name)
        self._drop([table])

    def drop_all_temporary(self) -> None:
        self._drop(list(self._stack))

    def _drop(self, tables: list[Table]) -> None:
        if not tables:
            return
        with self.store.statement(locked=False):
            for table in tables:
                self.store.write(f"DROP TABLE IF EXISTS {table.sql}")
                self._row_counts.pop(table.sql, None)
                self.identities(table).forget(table.object_id)
        gone = {id(table) for table in tables}
        self._stack = [table for table in self._stack if id(table) not in gone]
        self._refresh()

    def restore_temporary(self, stack: list[Table]) -> None:
        """After a rollback: the tables that were there then are there again, with the rows they had."""
        self._stack = list(stack)
        for table in self._stack:
            # Rows that were deleted are there again too: the count must not be too low.
            self._row_counts.setdefault(table.sql, 1)
        self._refresh()


def _undated(table: Table) -> Table:
    """Without times, so that equal definitions are equal values."""
    from dataclasses import replace

    keys = tuple(replace(key, name=f"{key.kind}_{table.name}_{key.index_id}") if key.named_by_system else key
                 for key in table.keys)  # fmt: skip
    return replace(table, created="", modified="", keys=keys)
