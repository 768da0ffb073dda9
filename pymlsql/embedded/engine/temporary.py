"""Temporary tables and table variables of a session: their scopes, and their DuckDB tables."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.catalog import Catalog, Table
from pymlsql.embedded.engine.frame import Frame, TableValue
from pymlsql.embedded.engine.identity import Identities
from pymlsql.embedded.engine.store import Store
from pymlsql.embedded.engine.typeentries import type_by_id
from pymlsql.embedded.engine.values import LargeValue
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine
    from pymlsql.embedded.engine.session import Session


@dataclass(frozen=True, slots=True)
class Entry:
    """A temporary table, or with a name that begins with @ a table variable, and the level of scopes it belongs to."""

    table: Table
    level: int
    type_id: int = 0
    """Of a variable of a table type: the type's id."""
    readonly: bool = False
    """A table-valued parameter: its rows are not changed here."""
    borrowed: bool = False
    """Whether the rows are its caller's."""


class TemporaryTables:
    """The #tables a session sees: the innermost of a name wins; those of a procedure or string end with it. Table
    variables are seen by the batch or module that declares them, end with it, and keep their rows in a rollback."""

    store: Store
    engine: Engine
    trancount: int

    @property
    def catalog(self) -> Catalog:
        """The database's objects as the session sees them."""
        raise NotImplementedError

    def __init__(self) -> None:
        self._own_identities = Identities()
        self._row_counts: dict[str, int] = {}
        self._stack: list[Entry] = []
        self._level = 0
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

    def entry(self, name: str) -> Entry | None:
        """The temporary table or table variable of this name, as the session sees it now."""
        table = self._visible.get(name.lower())
        return next((entry for entry in self._stack if entry.table is table), None) if table is not None else None

    def _refresh(self) -> None:
        seen = [one for one in self._stack if one.level == self._level or not one.table.name.startswith("@")]
        self._visible = {entry.table.name.lower(): entry.table for entry in seen}
        self.temporary_key = tuple(self._visible.values())
        if not self._stack and not self.trancount:
            self.pinned.clear()

    @contextmanager
    def temporary_scope(self, frame: Frame) -> Iterator[None]:
        """A procedure's or string's scope; a batch's, the outermost, has the #tables that outlive it."""
        outermost = frame.kind == "done"
        self._level += not outermost
        if frame.tables or self._has_variables():
            for name, value in frame.tables:
                self._pass(name, value)
            self._refresh()
        try:
            yield
        finally:
            self._drop([one for one in self._stack if one.level == self._level
                        and not (outermost and one.table.name.startswith("#"))])  # fmt: skip
            self._level -= not outermost
            if self._has_variables():
                self._refresh()

    def _pass(self, name: str, value: TableValue) -> None:
        """A table-valued parameter, in the scope that begins."""
        if value.table is not None:
            borrowed = replace(value.table, name=name)
            self._stack.append(Entry(borrowed, self._level, value.type_id, readonly=True, borrowed=True))
            return
        found = type_by_id(self.catalog, value.type_id)
        assert found is not None and found.table is not None
        self.declare_like(name, found.table, value.type_id)
        self._stack[-1] = replace(self._stack[-1], readonly=True)

    def _has_variables(self) -> bool:
        return any(entry.table.name.startswith("@") for entry in self._stack)

    def create_temporary(self: Any, name: str, definition: nodes.TableDefinition, type_id: int = 0) -> Table:
        """CREATE TABLE #name, or DECLARE @name TABLE. Raises 2714 when this scope has it already."""
        from pymlsql.embedded.engine.tables import ObjectIds, build_table

        if any(one.table.name.lower() == name.lower() and one.level == self._level for one in self._stack):
            raise sql_error(2714, name)
        session: Session = self
        table = build_table(session, ObjectIds(session.catalog), "dbo", name, definition,
                            temporary_id=self.temporary_id(name))  # fmt: skip
        return self.add_temporary(_undated(table), type_id)  # type: ignore[no-any-return]

    def declare_like(self, name: str, table: Table, type_id: int) -> Table:
        """A variable of a table type."""
        own = replace(table, object_id=self.temporary_id(name), schema="dbo", name=name, temporary=True)
        return self.add_temporary(_undated(own), type_id)

    def temporary_id(self, name: str) -> int:
        """The number depends on the name and on how many of that name are open, not on what ran before: then a
        procedure's plans are found again at its next call."""
        same = sum(1 for one in self._stack if one.table.name.lower() == name.lower())
        return (zlib.crc32(f"{name.lower()}|{same}".encode()) & 0x3FFFFFFF) + 0x40000000

    def add_temporary(self, table: Table, type_id: int = 0) -> Table:
        """Make the table, empty, in the scope that runs."""
        with self.store.statement(locked=False):
            self.store.write(_creation(table))
        self._stack.append(Entry(table, self._level, type_id))
        self._refresh()
        return table

    def replace_temporary(self, table: Table) -> None:
        """A changed definition (an index)."""
        self._stack = [replace(one, table=table) if one.table.object_id == table.object_id else one
                       for one in self._stack]  # fmt: skip
        self._refresh()

    def empty_temporary(self, table: Table) -> None:
        """Make the table anew: DuckDB keeps the memory of rows that are deleted from one that is temporary."""
        self.store.write(f"DROP TABLE {table.sql}")
        self.store.write(_creation(table))

    def drop_temporary(self, name: str, *, if_exists: bool = False) -> None:
        entry = self.entry(name)
        if entry is None:
            if if_exists:
                return
            raise sql_error(3701, "drop", "table", name)
        self._drop([entry])

    def drop_all_temporary(self) -> None:
        self._drop(list(self._stack))

    def _drop(self, entries: list[Entry]) -> None:
        if not entries:
            return
        owned = [entry.table for entry in entries if not entry.borrowed]
        if owned:
            with self.store.statement(locked=False):
                for table in owned:
                    self.store.write(f"DROP TABLE IF EXISTS {table.sql}")
                    self._row_counts.pop(table.sql, None)
                    self.identities(table).forget(table.object_id)
        gone = {id(entry) for entry in entries}
        self._stack = [entry for entry in self._stack if id(entry) not in gone]
        self._refresh()

    # Rollback -------------------------------------------------------------------------------------------------

    def variable_rows(self) -> list[tuple[Entry, pa.Table]]:
        """The table variables and their rows, before a rollback takes back what it must not."""
        found = [one for one in self._stack if one.table.name.startswith("@") and not one.borrowed]
        if not found or not self.store.writing:
            return []
        self.store.recover()
        return [(one, self.store.run(f"SELECT * FROM {one.table.sql}").to_arrow_table()) for one in found]

    def restore_temporary(self, stack: list[Entry]) -> None:
        """After a rollback: the tables that were there then are there again, with the rows they had. Table variables
        are those of now."""
        variables = [entry for entry in self._stack if entry.table.name.startswith("@")]
        self._stack = [entry for entry in stack if not entry.table.name.startswith("@")]
        self._stack = sorted(self._stack + variables, key=lambda entry: entry.level)
        for entry in self._stack:
            # Rows that were deleted are there again too: the count must not be too low.
            self._row_counts.setdefault(entry.table.sql, 1)
        self._refresh()

    def restore_variables(self, rows: list[tuple[Entry, pa.Table]]) -> None:
        """Give the table variables the rows again that :meth:`variable_rows` found."""
        if not rows:
            return
        with self.store.statement(locked=False):
            for entry, kept in rows:
                self.store.write(f"DROP TABLE IF EXISTS {entry.table.sql}")
                self.store.write(_creation(entry.table))
                step = f"INSERT INTO {entry.table.sql} SELECT * FROM pymlsql_kept"
                self.store.write(step, {}, {"pymlsql_kept": kept})


def _creation(table: Table) -> str:
    columns = ", ".join(f"{quote_name(column.name)} {column.type.duckdb}" for column in table.stored)
    return f"CREATE TEMP TABLE {table.sql.removeprefix('temp.')} ({columns})"


def _undated(table: Table) -> Table:
    """Without times, so that equal definitions are equal values."""
    keys = tuple(replace(key, name=f"{key.kind}_{table.name}_{key.index_id}") if key.named_by_system else key
                 for key in table.keys)  # fmt: skip
    return replace(table, created="", modified="", keys=keys)
