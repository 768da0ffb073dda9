"""BULK INSERT: a data file's rows into a table, converted by its own rules and checked like those of any INSERT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pymlsql.embedded.engine.bulk.fields import NUMBER, Filled, bad_rows, fields_table, most_errors, too_many
from pymlsql.embedded.engine.bulk.files import read_bulk
from pymlsql.embedded.engine.bulk.rows import (
    Layout,
    check_options,
    data_rows,
    described_layout,
    file_text,
    plain_layout,
)
from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.dml import insert_plan
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.generated import is_generated
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.requirements import is_distant, refuse_distant_default
from pymlsql.embedded.engine.security.enforcement import check_change
from pymlsql.embedded.engine.selection import changing, done
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.tsql.bulk import BulkInsert
from pymlsql.embedded.tsql.bulkvalues import bulk_value
from pymlsql.embedded.tsql.compiler import Compiled, Compiler
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.formatfields import FormatFile
from pymlsql.embedded.tsql.formatfiles import parse_format_file
from pymlsql.embedded.tsql.messages import SqlError, unsupported
from pymlsql.embedded.tsql.scope import Scope
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session
    from pymlsql.embedded.tsql.nodes import Statement

_STAGE = "pymlsql_bulk"
_PADDED = ("char", "nchar", "binary")


@dataclass(frozen=True, slots=True)
class _Target:
    """A column of the table, the field that fills it, and the type that its text becomes first."""

    column: TableColumn
    field: int
    via: SqlType


def bulk_insert(session: Session, frame: Frame, statement: BulkInsert) -> None:
    """The rows of the file. Raises 4834, 4860, 4861, 4832, 4879; a row with a bad value is told of (4863, 4864, 4867,
    4869) and left out, until there are more of them than MAXERRORS: 4865, 7399 and 7330, and no row goes in."""
    options = dict(statement.options)
    with changing(session, statement.target):
        table = target_table(session, statement.target)
        check_change(session, frame, "INSERT", table)
        data = read_bulk(session, statement.path)
        described = None
        if "FORMATFILE" in options:
            described = parse_format_file(read_bulk(session, options["FORMATFILE"]), options["FORMATFILE"])
        _refuse(table, options)
        first, last = check_options(options)
        visible = [column for column in table.columns if not column.hidden]
        targets = _targets(visible, described, options)
        layout = _layout(options, described, len(visible))
        rows = data_rows(file_text(data, options, described), layout, first, last, statement.path)
        filled = [Filled(one.field, one.column.name, one.via, _is_needed(one.column, options)) for one in targets]
        staged = fields_table(rows, first, filled)
        errors = _bad_rows(session, staged, filled, options)
        if errors:
            staged = staged.filter(pc.invert(pc.is_in(staged[NUMBER], pa.array([n for n, _ in errors], pa.int64()))))
        count = _insert(session, frame, statement, table, staged, targets)
    _finish(session, frame, count, [error for _, error in errors], statement.line)


def _refuse(table: Table, options: dict[str, str]) -> None:
    if (table.checks or table.foreign_keys) and "CHECK_CONSTRAINTS" not in options:
        raise unsupported("BULK INSERT into a table with constraints without CHECK_CONSTRAINTS")


def _layout(options: dict[str, str], described: FormatFile | None, n_columns: int) -> Layout:
    return plain_layout(options, n_columns) if described is None else described_layout(options, described)


def _targets(visible: list[TableColumn], described: FormatFile | None, options: dict[str, str]) -> list[_Target]:
    """Which field fills which column; none fills what the server makes itself, though there is a field for it."""
    if described is None:
        found = [_Target(column, index, column.type) for index, column in enumerate(visible)]
    else:
        found = []
        for one in described.columns:
            if one.order > len(visible):
                raise unsupported(f"a format file for column {one.order} of a table with {len(visible)}")
            column = visible[one.order - 1]
            if one.type.name in _PADDED and one.type.name != column.type.name:
                raise unsupported(f"BULK INSERT of {one.type.name} of an XML format file into {column.type.name}")
            found.append(_Target(column, one.field, _via(column.type, one.type) if described.typed else column.type))
    return [one for one in found if not is_generated(one.column)
            and (one.column.identity is None or "KEEPIDENTITY" in options)]  # fmt: skip


def _via(column: SqlType, said: SqlType) -> SqlType:
    """A string's length is the column's matter."""
    return column if (said.is_string and column.is_string) or (said.is_binary and column.is_binary) else said


def _is_needed(column: TableColumn, options: dict[str, str]) -> bool:
    """Whether a row without a value for the column is bad; a string is then blank."""
    return not column.nullable and not column.type.is_string and (column.default is None or "KEEPNULLS" in options)


def _bad_rows(session: Session, staged: pa.Table, filled: list[Filled],
              options: dict[str, str]) -> list[tuple[int, SqlError]]:  # fmt: skip
    most = most_errors(options)
    with session.store.registered({_STAGE: staged}):
        errors = bad_rows(session.store, _STAGE, filled, most)
    if len(errors) > most:
        raise too_many(errors, most)
    return errors


def _insert(session: Session, frame: Frame, statement: BulkInsert, table: Table, staged: pa.Table,
            targets: list[_Target]) -> int:  # fmt: skip
    options = dict(statement.options)
    compiler = Compiler(names(session), {}, session.level, runtime_prefix="b", owner_id=table.object_id)
    compiler.scopes.append(Scope())
    with session.at(table):
        typed = tuple(_value(session, compiler, table, one, options) for one in targets)
    sql = ", ".join([*(f"{value.sql} AS c{i}" for i, value in enumerate(typed)), "1 AS pymlsql_one"])
    with session.store.registered({_STAGE: staged}):
        plan = Plan(Compiled(f"SELECT {sql} FROM {_STAGE} AS r", typed, {}, dict(compiler.runtime)), {})
        return insert_plan(session, frame, table, [one.column for one in targets], plan, None, statement.line)


def _value(session: Session, compiler: Compiler, table: Table, one: _Target, options: dict[str, str]) -> Typed:
    """A field's value; nothing stands for the column's default, and for a blank string where it takes no NULL."""
    column = one.column
    value = Typed(bulk_value(f"r.f{one.field}", one.via), one.via)
    if one.via != column.type:
        converted = convert(value, column.type, implicit=True, line=compiler.line)
        value = Typed(converted.sql, column.type)
    if column.default is not None and "KEEPNULLS" not in options:
        if is_distant(session, table):
            refuse_distant_default(session, table, column)
        default = convert(compiler.value(parse_constraint(column.default.text)), column.type, implicit=True)
        return Typed(f"CASE WHEN r.f{one.field} IS NULL THEN {default.sql} ELSE {value.sql} END", column.type,
                     name=column.name)  # fmt: skip
    sql = f"coalesce({value.sql}, '')" if column.type.is_string and not column.nullable else value.sql
    return Typed(sql, column.type, name=column.name)


def _finish(session: Session, frame: Frame, count: int, errors: list[SqlError], line: int) -> None:
    """What the client is told: of bad rows, unless within TRY, and then without a number of rows."""
    session.finish_rows(count)
    if not errors or session.try_depth:
        done(session, frame, count, 0xF0)
        return
    for error in errors:
        error.line, error.procedure = error.line or line, frame.procedure
        session.send_error(error)
    session.last_error = errors[-1].number
    done(session, frame, None, 0xF0)


BULK_HANDLERS: dict[type[Statement], Callable[[Session, Frame, Any], None]] = {BulkInsert: bulk_insert}
