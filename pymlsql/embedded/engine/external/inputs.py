"""The input of a script: the rows of @input_data_1 as Arrow, and the pieces in which the script gets them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pymlsql.embedded.engine.errors import translate
from pymlsql.embedded.engine.evaluation import bind, plan_query, running
from pymlsql.embedded.engine.external.arguments import Arguments
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.satellite.calls import Rows
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.operators import comparison_key, order_key
from pymlsql.embedded.tsql.parser import Parser, parse_batch
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_ROWS_A_BATCH = 65_536
_SMALL_BATCH = 5_000
"""Rows up to which one thread scores faster than two, whose start costs more than the work."""
_PARTITION_BY = "@input_data_1_partition_by_columns"
_ORDER_BY = "@input_data_1_order_by_columns"


@dataclass(frozen=True)
class Input:
    """``rows`` is None without @input_data_1. ``pieces`` are the numbers of rows of which the script gets one after
    the other, running once for each; they add up to the table's rows, and are one piece unless it was asked for more.
    Rows that are read while the script runs have ``rows_per_run`` instead.
    """

    rows: pa.Table | Rows | None
    pieces: tuple[int, ...] = ()
    rows_per_run: int = 0

    @property
    def n_rows(self) -> int:
        """The most rows of one run of the script."""
        return self.rows_per_run or max(self.pieces, default=0)


@contextmanager
def read_input(session: Session, arguments: Arguments, request_id: str, line: int) -> Iterator[Input]:
    """Run @input_data_1, in which the script's parameters are variables. Raises 39001, 39015, 39017, 39102 to 39107.

    bigint and real become float64, dates datetime, uniqueidentifier text. Partitions come in the order of their
    columns; rows keep the query's order, or have that of @input_data_1_order_by_columns within each.
    """
    partition_by, order_by = _partition_columns(arguments, line), _order_columns(arguments, line)
    if not arguments.query.strip():
        if partition_by:
            raise sql_error(39104, partition_by[0], _PARTITION_BY, line=line)
        yield Input(None, (0,))
        return
    select = _select(session, arguments.query, line)
    frame = Frame(variables=arguments.variables())
    plan = plan_query(session, frame, Text(select.query.sql, line))
    columns = plan.compiled.columns
    parts = [
        f"{_as_input(column, i, arguments.language, request_id, line)} AS c{i}" for i, column in enumerate(columns)
    ]
    sql = f"SELECT {', '.join(parts)} FROM ({plan.compiled.sql}) AS q"
    if partition_by:
        sql = _partitioned(columns, parts, plan, partition_by, order_by, line)
    names = [column.name for column in columns]
    with running(session, plan):
        found = session.store.run(sql, bind(session, frame, plan))
        if arguments.rows_per_read and not partition_by:
            yield Input(_while_it_runs(session, found, names), rows_per_run=arguments.rows_per_read)
            return
        table = found.to_arrow_table()
    lengths = (table.num_rows,)
    if partition_by:
        lengths = tuple(pc.run_end_encode(table.column("part").combine_chunks()).run_ends.to_pylist()) or (0,)
        lengths = tuple(end - start for start, end in zip((0, *lengths[:-1]), lengths, strict=True))
        table = table.drop_columns(["part"])
    yield Input(table.rename_columns(names), _cut(lengths, arguments.rows_per_read))


def _while_it_runs(session: Session, found: Any, names: list[str]) -> Rows:
    """The rows of a query as they are wanted; what DuckDB finds wrong on the way is raised as SqlError."""
    reader = found.to_arrow_reader(_ROWS_A_BATCH)
    schema = pa.schema([column.with_name(name) for column, name in zip(reader.schema, names, strict=True)])

    def batches() -> Iterator[pa.RecordBatch]:
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except Exception as error:
                session.store.recover()
                raise translate(error) from error
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    return Rows(schema, batches())


def _cut(lengths: tuple[int, ...], most: int | None) -> tuple[int, ...]:
    """The pieces with none longer than ``most``; one of no rows stays."""
    if most is None:
        return lengths
    return tuple(min(most, length - start) for length in lengths for start in range(0, max(length, 1), most))


def _select(session: Session, text: str, line: int) -> nodes.Select:
    """The one SELECT that @input_data_1 is. Raises 39001, 39015."""
    session.check_quotes(text)
    batch = parse_batch(text)
    if len(batch.statements) != 1 or not isinstance(batch.statements[0], nodes.Select):
        raise sql_error(39001, line=line)
    select = batch.statements[0]
    if select.into is not None:
        raise sql_error(39015, line=line)
    if select.assignments:
        raise sql_error(39001, line=line)
    return select


def _as_input(column: Typed, index: int, language: str, request_id: str, line: int) -> str:
    name, sql = column.type.name, f"q.c{index}"
    if name in ("bigint", "float", "real", "decimal", "money", "smallmoney"):
        return f"CAST({sql} AS DOUBLE)"
    if name in ("tinyint", "smallint", "int", "null"):
        return f"CAST({sql} AS INTEGER)"
    if name in ("date", "datetime", "smalldatetime"):
        return f"CAST({sql} AS TIMESTAMP)"
    if name == "uniqueidentifier":
        return f"upper(CAST({sql} AS VARCHAR))"
    if (column.type.is_string and name not in ("text", "ntext")) or name == "bit":
        return sql
    raise sql_error(39017, index + 1, name, language, request_id, line=line)


# Partitions -------------------------------------------------------------------------------------------------------


def _partition_columns(arguments: Arguments, line: int) -> list[str]:
    """Raises 39102, 39103, 39105."""
    if not arguments.partition_by.strip():
        if arguments.order_by.strip():
            raise sql_error(39103, line=line)
        return []
    return [name for name, direction in _names(arguments.partition_by, 39105, _PARTITION_BY, line)]


def _order_columns(arguments: Arguments, line: int) -> list[tuple[str, str]]:
    """Raises 39102, 39106."""
    return _names(arguments.order_by, 39106, _ORDER_BY, line) if arguments.order_by.strip() else []


def _names(text: str, error: int, parameter: str, line: int) -> list[tuple[str, str]]:
    """``a, [b c] DESC`` as names with their directions, which only an order has."""
    found: list[tuple[str, str]] = []
    try:
        parser = Parser(text)
        while True:
            name, direction = parser.identifier(), "ASC NULLS FIRST"
            if error == 39106 and parser.at_word("ASC", "DESC"):
                direction = "DESC NULLS LAST" if parser.next().value == "DESC" else direction
            if any(other.lower() == name.lower() for other, _ in found):
                raise sql_error(39102, parameter, name, line=line)
            found.append((name, direction))
            if not parser.take_op(","):
                break
        if parser.token.kind != "end":
            parser.fail()
    except SqlError as problem:
        raise problem if problem.number == 39102 else sql_error(error, line=line) from None
    return found


def _partitioned(
    columns: tuple[Typed, ...],
    parts: list[str],
    plan: Plan,
    partition_by: list[str],
    order_by: list[tuple[str, str]],
    line: int,
) -> str:
    """The query with its rows in order, and beside them the number of their partition: equal by the collation."""
    groups = [_column(columns, name, _PARTITION_BY, line) for name in partition_by]
    orders = [(_column(columns, name, _ORDER_BY, line), direction) for name, direction in order_by]
    for (name, _), (column, _) in zip(order_by, orders, strict=True):
        if any(column.sql == group.sql for group in groups):
            raise sql_error(39107, name, line=line)
    keys = ", ".join(f"{comparison_key(group)} ASC NULLS FIRST" for group in groups)
    within = [f"{order_key(column)} {direction}" for column, direction in orders]
    numbered = f"SELECT *, row_number() OVER () AS place FROM ({plan.compiled.sql}) AS n"
    part = f"dense_rank() OVER (ORDER BY {keys}) AS part"
    by = ", ".join(["part", *within, "q.place"])
    return f"SELECT {', '.join(parts)}, {part} FROM ({numbered}) AS q ORDER BY {by}"


def _column(columns: tuple[Typed, ...], name: str, parameter: str, line: int) -> Typed:
    places = [place for place, column in enumerate(columns) if column.name.lower() == name.lower()]
    if not places:
        raise sql_error(39104, name, parameter, line=line)
    if len(places) > 1:
        raise sql_error(209, name, line=line)
    return replace(columns[places[0]], sql=f"q.c{places[0]}", constant=None)


def threads_for(session: Session, data: Input) -> int:
    """One thread for small inputs; for large ones as many as there are cores for this call."""
    if data.rows is None or data.n_rows <= _SMALL_BATCH:
        return 1
    return session.engine.threads_for_script()
