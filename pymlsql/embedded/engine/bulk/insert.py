"""BULK INSERT: a data file's rows into a table, converted and checked like those of any INSERT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.bulk.files import read_bulk
from pymlsql.embedded.engine.bulk.rows import data_rows
from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.dml import insert_plan
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.security.enforcement import check_change
from pymlsql.embedded.engine.selection import changing, done
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.tsql.bulk import BulkInsert
from pymlsql.embedded.tsql.compiler import Compiled
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import MAX, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session
    from pymlsql.embedded.tsql.nodes import Statement

_STAGE = "pymlsql_bulk"


def bulk_insert(session: Session, frame: Frame, statement: BulkInsert) -> None:
    """All rows of the file, or none. Raises 4834, 4860, 4861; 4863 and 4864 for a value that does not fit, where
    MAXERRORS = 0 lets none pass."""
    options = dict(statement.options)
    with changing(session, statement.target):
        table = target_table(session, statement.target)
        check_change(session, frame, "INSERT", table)
        rows = data_rows(read_bulk(session, statement.path), options)
        count = _insert(session, frame, statement, table, rows, options)
    session.finish_rows(count)
    done(session, frame, count, 0xF0)


def _insert(session: Session, frame: Frame, statement: BulkInsert, table: Table, rows: list[list[str]],
            options: Mapping[str, str]) -> int:  # fmt: skip
    if (table.checks or table.foreign_keys) and "CHECK_CONSTRAINTS" not in options:
        raise unsupported("BULK INSERT into a table with constraints without CHECK_CONSTRAINTS")
    for number, row in enumerate(rows, 1):
        if len(row) != len(table.columns):
            raise unsupported(f"BULK INSERT of a file whose row {number} has {len(row)} fields")
    columns = [c for c in table.columns if c.identity is None or "KEEPIDENTITY" in options]
    fields = {c.name: pa.array([row[i] or None for row in rows], pa.string()) for i, c in enumerate(table.columns)}
    for column in columns:
        if column.type.is_binary or (column.default and "KEEPNULLS" not in options and fields[column.name].null_count):
            raise unsupported(f"BULK INSERT of column {column.name}")
    staged = pa.table({f"f{i}": fields[column.name] for i, column in enumerate(columns)})
    with session.store.registered({_STAGE: staged}):
        _check_values(session, columns, options)
        typed = tuple(
            Typed(convert(_field(i, column), column.type).sql, column.type, name=column.name)
            for i, column in enumerate(columns)
        )
        sql = ", ".join(f"{value.sql} AS c{i}" for i, value in enumerate(typed))
        plan = Plan(Compiled(f"SELECT {sql} FROM {_STAGE} AS r", typed, {}, {}), {})
        return insert_plan(session, frame, table, columns, plan, None, statement.line)


def _field(index: int, column: TableColumn) -> Typed:
    """A field's text; nothing stands for NULL, and for a blank string where a character column takes no NULL."""
    sql = f"r.f{index}"
    if column.type.is_string and not column.nullable:
        sql = f"coalesce({sql}, '')"
    return Typed(sql, nvarchar(MAX))


def _check_values(session: Session, columns: list[TableColumn], options: Mapping[str, str]) -> None:
    """The first value that does not convert: SQL Server leaves its row out and goes on, up to MAXERRORS such rows."""
    for index, column in enumerate(columns):
        value = _field(index, column)
        if column.type.is_string:
            number = 4863
            wrong = f"length({value.sql}) > {column.type.length}" if column.type.length != MAX else "false"
        else:
            number = 4864
            wrong = f"{value.sql} IS NOT NULL AND {convert(value, column.type, try_=True).sql} IS NULL"
        sql = f"SELECT n FROM (SELECT row_number() OVER () AS n, * FROM {_STAGE}) AS r WHERE {wrong} LIMIT 1"
        found = session.store.run(sql).fetchone()
        if found is not None:
            if options.get("MAXERRORS") != "0":
                raise unsupported("BULK INSERT that leaves out rows, without MAXERRORS = 0")
            raise sql_error(number, int(options.get("FIRSTROW", "1")) + found[0] - 1, index + 1, column.name)


BULK_HANDLERS: dict[type[Statement], Callable[[Session, Frame, Any], None]] = {BulkInsert: bulk_insert}
