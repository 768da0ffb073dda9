"""INSERT of one row, the commonest: its constraints are asked for value by value, without a staged table.

Law: what is answered here is only "nothing is violated". Whatever else, a kind of value, constraint or answer that is
not plain, is left to the checks of staged rows, which find the same and say what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.constraints import compiled_condition, key_expression
from pymlsql.embedded.engine.keylengths import may_be_too_long
from pymlsql.embedded.tsql.operators import comparison_key
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.typed import Typed, quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_PLAIN = (pa.bool_(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.float32(), pa.float64(), pa.string(),
          pa.binary(), pa.timestamp("us"), pa.date32())  # fmt: skip
"""Arrow types whose Python values DuckDB takes as parameters and gives back as they are."""

_MARK = "pymlsql_one"
"""What the names of parameters begin with; the place of their column follows."""


@dataclass(frozen=True)
class _Probes:
    """One query whose rows are numbers: of what is violated, and of the parents that are there.

    ``parents`` are the numbers of foreign keys, each with the places of its columns: one of them NULL needs no parent.
    """

    sql: str
    places: tuple[int, ...]
    parents: Mapping[int, tuple[int, ...]]

    def pass_(self, session: Session, values: Mapping[int, Any]) -> bool:
        wanted = {number for number, places in self.parents.items() if all(values[at] is not None for at in places)}
        if not self.sql:
            return not wanted
        found = session.store.run(self.sql, _parameters(values, self.places)).fetchall()
        return {number for (number,) in found} == wanted


def insert_one(session: Session, table: Table, stage: pa.Table) -> bool:
    """Check and insert the one row of ``stage``, a whole row of the table; False where nothing was done."""
    if any(column.virtual for column in table.columns):
        return False
    values = _values(table, stage)
    probes = session.engine.plans.get(("single", table, _parents(session, table)), lambda: _probes(session, table))
    if values is None or probes is None or not probes.pass_(session, values):
        return False
    session.store.write(_insert_sql(table), _parameters(values, values))
    return True


def _insert_sql(table: Table) -> str:
    order = ", ".join(quote_name(column.name) for column in table.columns)
    cells = ", ".join(_cell(place, column) for place, column in enumerate(table.columns))
    return f"INSERT INTO {table.sql} ({order}) SELECT {cells}"


def _values(table: Table, stage: pa.Table) -> dict[int, Any] | None:
    """The row's values by the places of their columns, or None where one is of a type that is not plain."""
    columns = [stage.column(column.name) for column in table.columns]
    if not all(column.type in _PLAIN or pa.types.is_decimal128(column.type) for column in columns):
        return None
    return {place: column[0].as_py() for place, column in enumerate(columns)}


def _parameters(values: Mapping[int, Any], places: Iterable[int]) -> dict[str, Any]:
    return {f"{_MARK}{place}": values[place] for place in places}


def _cell(place: int, column: TableColumn) -> str:
    return f"CAST(${_MARK}{place} AS {column.type.duckdb})"


def _parents(session: Session, table: Table) -> tuple[Any, ...]:
    return tuple(session.catalog.by_id(foreign.referenced_id) for foreign in table.foreign_keys)


def _probes(session: Session, table: Table) -> _Probes | None:
    """What must hold for a row, or None where a constraint is of a kind that is not plain."""
    if any(foreign.referenced_id == table.object_id for foreign in table.foreign_keys):
        return None
    if any((key.unique and key.where) or key.disabled or may_be_too_long(table, key) for key in table.keys):
        return None
    if any(check.disabled for check in table.checks) or any(foreign.disabled for foreign in table.foreign_keys):
        return None
    cells = [
        Typed(_cell(place, column), column.type, column.nullable, column.binary, None, column.name,
              by_reference=keeps_references(column.type))
        for place, column in enumerate(table.columns)
    ]  # fmt: skip
    conditions = []
    for check in table.checks:
        compiled = compiled_condition(session, table, check.text, cells)
        if compiled.variables or compiled.runtime or _MARK in check.text:
            return None
        conditions.append(f"WHERE NOT ({compiled.sql})")
    conditions += [_key_condition(table, [name for name, _ in key.columns], cells) for key in table.keys if key.unique]
    parents = {}
    for foreign, parent in zip(table.foreign_keys, _parents(session, table), strict=True):
        own = tuple(_place(table, name) for name in foreign.columns)
        same = " AND ".join(
            f"{comparison_key(cells[a])} = {key_expression(parent.columns[_place(parent, b)], 'p')}"
            for a, b in zip(own, foreign.referenced, strict=True)
        )
        parents[len(conditions)] = own
        conditions.append(f"FROM {parent.sql} AS p WHERE {same}")
    sql = " UNION ALL ".join(f"SELECT {number} {condition}" for number, condition in enumerate(conditions))
    places = tuple(place for place, cell in enumerate(cells) if cell.sql in sql)
    return _Probes(sql, places, parents)


def _key_condition(table: Table, names: list[str], cells: list[Typed]) -> str:
    """Finds the row with the same key. NULLs count as equal, as in SQL Server."""
    parts = []
    for place in (_place(table, name) for name in names):
        column = table.columns[place]
        operator = "IS NOT DISTINCT FROM" if column.nullable else "="
        parts.append(f"{comparison_key(cells[place])} {operator} {key_expression(column, 't')}")
    return f"FROM {table.sql} AS t WHERE {' AND '.join(parts)}"


def _place(table: Table, name: str) -> int:
    return next(place for place, column in enumerate(table.columns) if column.name.lower() == name.lower())
