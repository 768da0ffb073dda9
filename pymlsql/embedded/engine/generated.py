"""Columns whose values the server makes: computed ones and rowversion."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.periods import with_periods
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiled, Compiler
from pymlsql.embedded.tsql.computed import computed_value
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.typed import Typed, quote_name, quote_text, raise_sql

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_UNFINISHED = "pymlsql_unfinished"
_WIDTH = 8
"""Bytes of a rowversion."""


def is_generated(column: TableColumn) -> bool:
    """Whether nobody may give the column a value."""
    return bool(column.computed) or column.is_rowversion or bool(column.generated)


def refuse_given(table: Table, columns: list[TableColumn], statement: nodes.Insert) -> None:
    """No value for what the server makes, in an INSERT of these columns. Raises 271, 273."""
    for place, column in enumerate(columns):
        if column.computed:
            raise sql_error(271, column.name)
        cells = [row[place] for row in statement.rows if len(row) == len(columns)]
        if statement.rows and not cells:
            return  # another number of values: that is said first
        if column.generated and (not cells or any(cell is not None for cell in cells)):
            raise sql_error(13536, f"{table.schema}.{table.name}")
        # DEFAULT, and NULL too: the same as giving nothing.
        plain = not cells or any(cell is not None and cell.sql.upper() != "NULL" for cell in cells)
        if column.is_rowversion and plain:
            raise sql_error(273)


def refuse_update(column: TableColumn, table: Table) -> None:
    """Raises 271, 272 or 13537 for a column that no UPDATE may set."""
    if column.generated:
        raise sql_error(13537, f"{table.schema}.{table.name}")
    if column.computed:
        raise sql_error(271, column.name)
    if column.is_rowversion:
        raise sql_error(272)


def typed_columns(table: Table, write: Callable[[str], str]) -> list[Typed]:
    """The columns that are kept, for an expression over one row; ``write`` gives a column's DuckDB text."""
    return [
        Typed(write(c.name), c.type, c.nullable, c.binary, None, c.name, by_reference=keeps_references(c.type))
        for c in table.columns
        if not c.computed
    ]


def computed_sql(session: Session, table: Table, column: TableColumn, alias: str) -> str:
    """A deterministic computed column over the rows of ``alias``."""
    key = ("computed", table, column.name, alias)

    def make() -> Plan:
        compiler = Compiler(names(session), {}, session.level)
        value = computed_value(compiler, column.computed, typed_columns(table, lambda n: f"{alias}.{quote_name(n)}"))
        return Plan(Compiled(value.sql, (value,), {}, dict(compiler.runtime)), {})

    return session.engine.plans.get(key, make).compiled.sql


def virtual_sql(session: Session, table: Table, column: TableColumn, place: str) -> str:
    """A computed column that is kept nowhere over one row, whose columns are ``source.name`` of a DuckDB table:
    ``place`` is ``table.source``."""
    duck, _, source = place.partition(".")
    compiler = Compiler(names(session), {}, session.level)
    columns = typed_columns(table, lambda name: f"{duck}.{quote_name(f'{source}.{name}')}")
    value = computed_value(compiler, column.computed, columns)
    if compiler.runtime:  # nobody may have asked for it
        return raise_sql(40510, quote_text("OUTPUT of a computed column that is not deterministic"))
    return value.sql


def _keyed(table: Table) -> set[str]:
    """Columns, in lower case, that a unique key or a filter may look at."""
    return {name.lower() for key in table.keys if key.unique for name, _ in key.columns}


def finished(session: Session, table: Table, stage: pa.Table) -> pa.Table:
    """Staged rows with the values that the server makes: those that are kept, and those that a key needs."""
    keyed = _keyed(table)
    made = [column for column in table.columns
            if column.computed and (column.persisted or column.name.lower() in keyed)]  # fmt: skip
    if made:
        stage = stage.select([name for name in stage.column_names if all(c.name != name for c in made)])
        parts = ", ".join(f"{computed_sql(session, table, c, 'u')} AS {quote_name(c.name)}" for c in made)
        with session.store.registered({_UNFINISHED: stage}):
            stage = session.store.run(f"SELECT u.*, {parts} FROM {_UNFINISHED} AS u").to_arrow_table()
    stage = with_periods(session, table, stage)
    for column in table.columns:
        if column.is_rowversion:
            stage = _with_rowversions(session, stage, column.name)
    return stage


def _with_rowversions(session: Session, stage: pa.Table, name: str) -> pa.Table:
    first = session.engine.rowversions.take(session.store, stage.num_rows) if stage.num_rows else 0
    numbers = [(first + place).to_bytes(_WIDTH, "big") for place in range(stage.num_rows)]
    if name in stage.column_names:
        stage = stage.drop_columns([name])
    return stage.append_column(name, pa.array(numbers, pa.binary()))


def generated_names(table: Table) -> set[str]:
    """The columns, in lower case, that an UPDATE of any other changes too."""
    return {column.name.lower() for column in table.columns if is_generated(column)}


def rows_of(session: Session, table: Table) -> str:
    """The DuckDB source of a table's rows, rowid among them, with the computed columns that keys look at."""
    keyed = _keyed(table)
    virtual = [column for column in table.columns if column.virtual and column.name.lower() in keyed]
    if not virtual:
        return table.sql
    parts = ", ".join(f"{computed_sql(session, table, c, 'u')} AS {quote_name(c.name)}" for c in virtual)
    return f"(SELECT u.rowid, u.*, {parts} FROM {table.sql} AS u)"
