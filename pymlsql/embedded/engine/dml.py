"""INSERT: rows are staged, checked and only then applied.

A violation therefore never reaches DuckDB, and OUTPUT, identity values and defaults are those of the staged rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.applying import write_insert
from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.cells import settled
from pymlsql.embedded.engine.constraints import STAGE, check_nulls, check_rows, display_name
from pymlsql.embedded.engine.evaluation import bind, names, plan_query, running
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.generated import finished, is_generated, refuse_given
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.outputs import Outputs
from pymlsql.embedded.engine.periods import refuse_history
from pymlsql.embedded.engine.requirements import check_options, is_distant, refuse_distant_default
from pymlsql.embedded.engine.security.enforcement import check_target
from pymlsql.embedded.engine.single import insert_one
from pymlsql.embedded.engine.targets import find_target
from pymlsql.embedded.engine.tops import first_rows
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.change_nodes import Top
from pymlsql.embedded.tsql.compiler import Compiled, Compiler
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import parse_constraint, parse_query
from pymlsql.embedded.tsql.forclause import refuse_for
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.references import keeps_references, readable
from pymlsql.embedded.tsql.scope import Scope
from pymlsql.embedded.tsql.typed import Typed, quote_name, raise_sql
from pymlsql.embedded.tsql.types import MAX, SqlType, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def is_passed(value: Typed, column: TableColumn) -> bool:
    """Whether the column takes references from ``value`` as they are."""
    return value.by_reference and keeps_references(column.type)


def stored(value: Typed, column: TableColumn, table_name: str, line: int = 0) -> Typed:
    """``value`` as the column keeps it: implicit conversion, and 2628 instead of a cut."""
    if is_passed(value, column):
        return value
    value, target = readable(value), column.type
    if target.is_string and target.length != MAX and value.type.name != "null":
        wide = value
        if not value.type.is_string:
            longest = nvarchar(MAX) if target.is_unicode else varchar(MAX)
            wide = convert(value, longest, implicit=True, line=line)
        if value.type.is_string and _always_fits(value.type, target):
            return convert(value, target, implicit=True, line=line)
        cut = raise_sql(2628, _quoted(table_name), _quoted(column.name), f"left({wide.sql}, {target.length})")
        fits = f"{_fits(wide.sql, target)} OR {wide.sql} IS NULL"
        kept = convert(Typed(wide.sql, wide.type), target, implicit=True, line=line)
        return Typed(f"CASE WHEN {fits} THEN {kept.sql} ELSE {cut} END", target, value.nullable)
    if (
        target.is_binary
        and target.length != MAX
        and value.type.is_binary
        and not 0 < value.type.length <= target.length
    ):
        cut = raise_sql(2628, _quoted(table_name), _quoted(column.name), "''")
        kept = convert(value, target, implicit=True, line=line)
        fits = f"octet_length({value.sql}) <= {target.length} OR {value.sql} IS NULL"
        return Typed(f"CASE WHEN {fits} THEN {kept.sql} ELSE {cut} END", target, value.nullable)
    return convert(value, target, implicit=True, line=line)


def _always_fits(source: SqlType, target: SqlType) -> bool:
    """Whether no string is too long. One of nvarchar has at most twice as many units as characters."""
    most = 2 * source.length if source.is_unicode and target.is_unicode else source.length
    return 0 < most <= target.length


def _fits(sql: str, target: SqlType) -> str:
    """Whether a text fits without its trailing blanks. nvarchar counts UTF-16 units: an emoji is two."""
    text = f"rtrim({sql}, ' ')"
    if not target.is_unicode:
        return f"length({text}) <= {target.length}"
    beyond = f"length(regexp_replace({text}, '[^\\x{{10000}}-\\x{{10FFFF}}]', '', 'g'))"
    return f"strlen({text}) <= {target.length} OR length({text}) + {beyond} <= {target.length}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# INSERT -----------------------------------------------------------------------------------------------------------


def insert(session: Session, frame: Frame, statement: nodes.Insert) -> int:
    """INSERT from VALUES, a query or DEFAULT VALUES; the number of rows."""
    wanted = [column.lower() for column in statement.columns]
    target = find_target(session, statement.target, None, statement.common, wanted)
    table = target.table
    check_options(session, table, "INSERT")
    check_target(session, frame, "INSERT", target)
    columns = insert_columns(session, table, statement, target.columns)
    query = insert_text(statement, columns)
    for column in {c for row in statement.rows for cell, c in zip(row, columns, strict=True) if cell is None}:
        refuse_distant_default(session, table, column)
    if query is None:
        plan = Plan(Compiled("SELECT 1 AS c0", (), {}, {}), {})
    else:
        plan = _insert_plan(session, frame, statement, columns, query)
        if statement.query is not None:
            refuse_given(table, columns, statement)
    outputs = Outputs(session, frame, table, statement.output, ("inserted",), target.columns)
    return insert_plan(session, frame, table, columns, plan, outputs, statement.line, statement.top)


def _insert_plan(
    session: Session, frame: Frame, statement: nodes.Insert, columns: list[TableColumn], query: Text
) -> Plan:
    if statement.query is not None:
        refuse_for(parse_query(query.sql, query.line), "INSERT", statement.line)
    plan = plan_query(session, frame, query, references=True)
    if len(plan.compiled.columns) != len(columns):
        if (not statement.columns and statement.query is not None) or not statement.columns:
            raise sql_error(213)
        raise sql_error(120 if len(plan.compiled.columns) < len(columns) else 121)
    return plan


def insert_columns(session: Session, table: Table, statement: nodes.Insert,
                   names: Mapping[str, str] | None = None) -> list[TableColumn]:  # fmt: skip
    """The columns that are given, in the order they are. ``names`` are the target's column names (lower case) with the
    table's. Raises 207, 264, 544, 545, 4406, 8101."""
    refuse_history(table, 13559)
    explicit = session.options.identity_insert == table.object_id
    known = names if names is not None else {column.name.lower(): column.name for column in table.columns}
    if not statement.columns:
        if statement.defaults:
            return []
        if "" in known.values():
            raise sql_error(4406, str(statement.target))
        if explicit:
            raise sql_error(8101, table.name)
        columns = [column for name in known.values() if _is_insertable(column := _column(table, name))]
        if statement.query is None:
            refuse_given(table, columns, statement)
        return columns
    found: list[TableColumn] = []
    for name in statement.columns:
        own = known.get(name.lower())
        if own is None:
            raise sql_error(207, name)
        column = _column(table, own)
        if column in found:
            raise sql_error(264, name)
        if column.identity and not explicit:
            raise sql_error(544, table.name)
        found.append(column)
    refuse_given(table, found, statement)
    if explicit and table.identity is not None and table.identity not in found:
        raise sql_error(545, table.name)
    return found


def _is_insertable(column: TableColumn) -> bool:
    """Whether an INSERT without a column list has a value for it; a rowversion takes nothing but DEFAULT."""
    return column.identity is None and not column.computed and not column.hidden


def _column(table: Table, name: str) -> TableColumn:
    column = table.column(name)
    assert column is not None
    return column


def insert_text(statement: nodes.Insert, columns: list[TableColumn]) -> Text | None:
    """The source as a query; VALUES with one row is a SELECT, so that DEFAULT can stand in it."""
    if statement.defaults:
        return None
    prefix = f"{statement.common.sql} " if statement.common else ""
    if statement.query is not None:
        return Text(prefix + statement.query.sql, statement.query.line)
    if len({len(row) for row in statement.rows}) > 1:
        raise sql_error(10709)
    for row in statement.rows:
        if len(row) != len(columns):
            if not statement.columns:
                raise sql_error(213)
            raise sql_error(109 if len(row) < len(columns) else 110)
    rows = [[_given(cell, column) for cell, column in zip(row, columns, strict=True)] for row in statement.rows]
    if len(rows) == 1:
        return Text(f"{prefix}SELECT {', '.join(rows[0])}", statement.line)
    body = ", ".join(f"({', '.join(row)})" for row in rows)
    aliases = ", ".join(f"[c{i}]" for i in range(len(columns)))
    return Text(f"{prefix}SELECT * FROM (VALUES {body}) AS [v]({aliases})", statement.line)


def _given(cell: Text | None, column: TableColumn) -> str:
    if cell is not None:
        return cell.sql
    return column.default.text if column.default else "NULL"


def insert_plan(session: Session, frame: Frame, table: Table, columns: list[TableColumn], plan: Plan,
                outputs: Outputs | None, line: int, top: Top | None = None) -> int:  # fmt: skip
    """Stage the plan's rows with ``columns`` given, and insert them."""
    with session.store.statement(locked=not table.temporary), running(session, plan, frame):
        rows = staged_rows(session, frame, table, columns, plan, top)
        with session.at(table):
            rows = insert_stage(session, table, rows, given_identity=_has_identity(columns))
        if outputs:
            outputs.send({"inserted": rows})
        return int(rows.num_rows)


def staged_rows(session: Session, frame: Frame, table: Table, columns: list[TableColumn], plan: Plan,
                top: Top | None = None) -> pa.Table:  # fmt: skip
    """The plan's rows as whole rows of the table, but for an identity column that is not given."""
    stage = staging_plan(session, table, columns, plan)
    rows = session.store.run(stage.compiled.sql, bind(session, frame, stage)).to_arrow_table()
    rows = first_rows(session, frame, rows, top)
    given = zip(columns, plan.compiled.columns, strict=False)
    return settled(session, table, rows, [c.name for c, value in given if is_passed(value, c)])


def _has_identity(columns: list[TableColumn]) -> bool:
    return any(column.identity for column in columns)


def staging_plan(session: Session, table: Table, columns: list[TableColumn], plan: Plan) -> Plan:
    """The plan that turns the source's rows into whole rows of the table; kept like any other."""
    key = ("stage", table, tuple(column.name for column in columns), plan.compiled.sql, plan.compiled.columns)
    if is_distant(session, table):
        for column in set(table.columns) - set(columns):
            refuse_distant_default(session, table, column)
    with session.at(table):
        return session.engine.plans.get(
            key,
            lambda: Plan(_staging(session, table, columns, plan.compiled), plan.system, plan.tables, files=plan.files),
        )


def _staging(session: Session, table: Table, columns: list[TableColumn], compiled: Compiled) -> Compiled:
    """SELECT of whole rows: the given columns converted, defaults for the rest (identity is filled in later)."""
    name = display_name(session, table)
    given = {c.name: replace(v, sql=f"q.c{i}") for i, (c, v) in enumerate(zip(columns, compiled.columns, strict=False))}
    compiler = Compiler(names(session), {}, session.level, runtime_prefix="d", owner_id=table.object_id)
    compiler.scopes.append(Scope())
    parts = []
    for column in table.columns:
        if is_generated(column):
            continue
        if column.name in given:
            parts.append(f"{stored(given[column.name], column, name).sql} AS {quote_name(column.name)}")
        elif column.identity is None:
            sql = f"CAST(NULL AS {column.type.duckdb})"
            if column.default:
                sql = stored(compiler.value(parse_constraint(column.default.text)), column, name).sql
            parts.append(f"{sql} AS {quote_name(column.name)}")
    sql = ", ".join(parts) or "1 AS pymlsql_none"
    text = f"SELECT {sql} FROM ({compiled.sql}) AS q"
    return Compiled(text, (), compiled.variables, {**compiled.runtime, **compiler.runtime})


def insert_stage(session: Session, table: Table, stage: pa.Table, *, given_identity: bool = False) -> pa.Table:
    """Check and insert staged rows, which get their identity values; inside a statement of the store."""
    stage = finished(session, table, with_identity(session, table, stage, given=given_identity))
    check_nulls(session, table, stage, "INSERT")
    if stage.num_rows == 1 and insert_one(session, table, stage):
        session.count_rows(table, 1)
        return stage
    with session.store.registered({STAGE: stage}):
        check_rows(session, table, stage, action="INSERT")
    write_insert(session, table, stage)
    return stage


def with_identity(session: Session, table: Table, stage: pa.Table, *, given: bool = False) -> pa.Table:
    """The staged rows with the identity column, where the table has one: new values, or those that are ``given``."""
    identity, n_rows = table.identity, stage.num_rows
    if identity is None:
        return stage
    if given:
        if n_rows:
            _saw_identities(session, table, stage.column(identity.name))
        return stage
    if not n_rows:
        return stage.append_column(identity.name, pa.array([], _arrow_type(identity)))
    first, step = session.identities(table).take(table, n_rows)
    last = first + (n_rows - 1) * step
    _check_identity_range(identity, last)
    session.note_identity(last)
    return stage.append_column(identity.name, pa.array(range(first, last + step, step), _arrow_type(identity)))


def _check_identity_range(column: TableColumn, last: int) -> None:
    """Msg 8115 when the type has no more values."""
    bits = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
            "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip
    limit = 10**column.type.precision - 1
    low, high = bits.get(column.type.name, (-limit, limit))
    if not low <= last <= high:
        raise sql_error(8115, "IDENTITY", column.type.name)


def _arrow_type(column: TableColumn) -> pa.DataType:
    types = {"bigint": pa.int64(), "int": pa.int32(), "smallint": pa.int16(), "tinyint": pa.uint8()}
    return types.get(column.type.name) or pa.decimal128(column.type.precision, 0)


def _saw_identities(session: Session, table: Table, values: Any) -> None:
    import pyarrow.compute as pc

    edges = pc.min_max(values.cast(pa.int64()))
    session.identities(table).saw(table, edges["max"].as_py(), edges["min"].as_py())
    session.note_identity(values[-1].as_py())
