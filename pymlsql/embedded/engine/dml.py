"""INSERT, UPDATE, DELETE and TRUNCATE: rows are staged, checked and only then applied, by rowid.

A violation therefore never reaches DuckDB, and OUTPUT, identity values and defaults are those of the staged rows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine import constraints
from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.constraints import STAGE, check_children, check_nulls, check_rows, display_name
from pymlsql.embedded.engine.evaluation import bind, names, plan_query, running
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiled, Compiler, compiled_as
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import parse_scalar
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.operators import arithmetic
from pymlsql.embedded.tsql.scope import Scope, Source
from pymlsql.embedded.tsql.sources import compile_scope
from pymlsql.embedded.tsql.typed import Typed, quote_name, raise_sql
from pymlsql.embedded.tsql.types import MAX, varbinary

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

OLD = "pymlsql_old"
VARBINARY_MAX = varbinary(MAX)
_LARGE = 1 << 20
"""Bytes from which a binary value is staged on its own."""
_PLAIN = r"(?:CAST\(\$[vr]\d+ AS [A-Z0-9(),]+\)|NULL|-?\d+|'(?:[^']|'')*') AS c\d+, "
_BARE = r"SELECT (?:" + _PLAIN.replace("{", "{{").replace("}", "}}") + r")*CAST\(\${} AS BLOB\) AS c(\d+)(?:,| |$)"
"""A select list whose item is the parameter and whose items before it are as plain."""


def target_table(session: Session, name: Name) -> Table:
    """The table to change. Raises 208, 1087, or 40510 for a view."""
    if name.object.startswith(("#", "@")):
        table = session.temporary.get(name.object.lower())
        if table is None:
            raise sql_error(1087 if name.object.startswith("@") else 208, name.object)
        return table
    names(session).check_database(name)
    found = session.catalog.find(name.schema or "dbo", name.object)
    if found is None:
        raise sql_error(208, str(name))
    if not isinstance(found, Table):
        raise unsupported("changing rows through a view")
    return found


def stored(value: Typed, column: TableColumn, table_name: str, line: int = 0) -> Typed:
    """``value`` as the column keeps it: implicit conversion, and 2628 instead of a cut."""
    target = column.type
    if target.is_string and target.length != MAX and value.type.name != "null":
        wide = convert(value, replace(target, length=MAX, name=target.name.replace("char", "varchar").replace("varvar", "var")),
                       implicit=True, line=line) if not value.type.is_string else value  # fmt: skip
        if value.type.is_string and 0 < value.type.length <= target.length:
            return convert(value, target, implicit=True, line=line)
        cut = raise_sql(2628, _quoted(table_name), _quoted(column.name), f"left({wide.sql}, {target.length})")
        fits = f"length(rtrim({wide.sql}, ' ')) <= {target.length} OR {wide.sql} IS NULL"
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


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# INSERT -----------------------------------------------------------------------------------------------------------


def insert(session: Session, frame: Frame, statement: nodes.Insert) -> int:
    """INSERT from VALUES, a query or DEFAULT VALUES; the number of rows."""
    table = target_table(session, statement.target)
    columns = insert_columns(session, table, statement)
    query = insert_text(statement, columns)
    if query is None:
        plan = Plan(Compiled("SELECT 1 AS c0", (), {}, {}), {})
    else:
        plan = _insert_plan(session, frame, statement, columns, query)
    return insert_plan(session, frame, table, columns, plan, statement.output, statement.line)


def _insert_plan(
    session: Session, frame: Frame, statement: nodes.Insert, columns: list[TableColumn], query: Text
) -> Plan:
    plan = plan_query(session, frame, query)
    if len(plan.compiled.columns) != len(columns):
        if (not statement.columns and statement.query is not None) or not statement.columns:
            raise sql_error(213)
        raise sql_error(120 if len(plan.compiled.columns) < len(columns) else 121)
    return plan


def insert_columns(session: Session, table: Table, statement: nodes.Insert) -> list[TableColumn]:
    """The columns that are given, in the order they are. Raises 207, 264, 544, 545, 8101."""
    explicit = session.options.identity_insert == table.object_id
    if not statement.columns:
        if statement.defaults:
            return []
        if explicit:
            raise sql_error(8101, table.name)
        return [column for column in table.columns if column.identity is None]
    found: list[TableColumn] = []
    for name in statement.columns:
        column = table.column(name)
        if column is None:
            raise sql_error(207, name)
        if column in found:
            raise sql_error(264, name)
        if column.identity and not explicit:
            raise sql_error(544, table.name)
        found.append(column)
    if explicit and table.identity is not None and table.identity not in found:
        raise sql_error(545, table.name)
    return found


def insert_text(statement: nodes.Insert, columns: list[TableColumn]) -> Text | None:
    """The source as a query; VALUES with one row is a SELECT, so that DEFAULT can stand in it."""
    if statement.defaults:
        return None
    prefix = f"{statement.common.sql} " if statement.common else ""
    if statement.query is not None:
        return Text(prefix + statement.query.sql, statement.query.line)
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
                output: nodes.Output | None, line: int) -> int:  # fmt: skip
    """Stage the plan's rows with ``columns`` given, and insert them."""
    stage = staging_plan(session, table, columns, plan)
    store = session.store
    with store.statement(locked=not table.temporary), running(session, plan):
        values = bind(session, frame, stage)
        large = _take_large(plan, columns, values)
        rows = store.run(stage.compiled.sql, values).to_arrow_table()
        for name, value in large.items():
            repeated = pa.chunked_array([_one_binary(value)] * rows.num_rows, pa.large_binary())
            rows = rows.set_column(rows.column_names.index(name), name, repeated)
        return insert_stage(session, frame, table, rows, output, given_identity=_has_identity(columns))


def _take_large(plan: Plan, columns: list[TableColumn], values: dict[str, Any]) -> dict[str, bytes]:
    """Large binary variables that the source selects as they are, by column; their parameters become NULL.

    As parameters of a query DuckDB copies their hundreds of megabytes five times; as Arrow columns, once."""
    large: dict[str, bytes] = {}
    for parameter, value in values.items():
        if not isinstance(value, bytes) or len(value) < _LARGE:
            continue
        found = re.match(_BARE.format(parameter), plan.compiled.sql)
        if found is None or len(re.findall(rf"\${parameter}\b", plan.compiled.sql)) != 1:
            continue
        column = columns[int(found[1])]
        if column.type == VARBINARY_MAX:
            large[column.name] = value
            values[parameter] = None
    return large


def _one_binary(value: bytes) -> pa.Array:
    """An Arrow array of one value, without a copy of it."""
    offsets = pa.array([0, len(value)], pa.int64()).buffers()[1]
    return pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(value)])


def _has_identity(columns: list[TableColumn]) -> bool:
    return any(column.identity for column in columns)


def staging_plan(session: Session, table: Table, columns: list[TableColumn], plan: Plan) -> Plan:
    """The plan that turns the source's rows into whole rows of the table; kept like any other."""
    key = ("stage", table, tuple(column.name for column in columns), plan.compiled.sql, plan.compiled.columns)
    return session.engine.plans.get(
        key, lambda: Plan(_staging(session, table, columns, plan.compiled), plan.system, plan.tables)
    )


def _staging(session: Session, table: Table, columns: list[TableColumn], compiled: Compiled) -> Compiled:
    """SELECT of whole rows: the given columns converted, defaults for the rest (identity is filled in later)."""
    name = display_name(session, table)
    given = {c.name: replace(v, sql=f"q.c{i}") for i, (c, v) in enumerate(zip(columns, compiled.columns, strict=False))}
    compiler = Compiler(names(session), {}, session.engine.level, runtime_prefix="d")
    compiler.scopes.append(Scope())
    parts = []
    for column in table.columns:
        if column.name in given:
            parts.append(f"{stored(given[column.name], column, name).sql} AS {quote_name(column.name)}")
        elif column.identity is None:
            value = compiler.value(parse_scalar(column.default.text)) if column.default else Typed("NULL", column.type)
            sql = stored(value, column, name).sql if column.default else f"CAST(NULL AS {column.type.duckdb})"
            parts.append(f"{sql} AS {quote_name(column.name)}")
    sql = ", ".join(parts) or "1 AS pymlsql_none"
    text = f"SELECT {sql} FROM ({compiled.sql}) AS q"
    return Compiled(text, (), compiled.variables, {**compiled.runtime, **compiler.runtime})


def insert_stage(session: Session, frame: Frame, table: Table, stage: pa.Table, output: nodes.Output | None,
                 *, given_identity: bool = False) -> int:  # fmt: skip
    """Check and insert staged rows; inside a statement of the store."""
    identity = table.identity
    n_rows: int = stage.num_rows
    if identity is not None and n_rows and not given_identity:
        first, step = session.identities(table).take(table, n_rows)
        numbers = pa.array(range(first, first + n_rows * step, step), _arrow_type(identity))
        stage = stage.append_column(identity.name, numbers)
        session.note_identity(first + (n_rows - 1) * step)
    elif identity is not None and n_rows:
        _saw_identities(session, table, stage.column(identity.name))
    elif identity is not None and identity.name not in stage.column_names:
        stage = stage.append_column(identity.name, pa.array([], _arrow_type(identity)))
    check_nulls(session, table, stage, "INSERT")
    order = ", ".join(quote_name(column.name) for column in table.columns)
    store = session.store
    with store.registered({STAGE: stage}):
        check_rows(session, table, n_rows, action="INSERT")
    if n_rows:
        store.write(f"INSERT INTO {table.sql} ({order}) SELECT {order} FROM {STAGE}", {}, {STAGE: stage})
        session.engine.count_rows(table.sql, n_rows)
        if identity is not None:
            session.identities(table).save(store, table)
    if output is not None:
        from pymlsql.embedded.engine.outputs import send_output

        send_output(session, frame, table, output, inserted=stage, deleted=None)
    return n_rows


def _arrow_type(column: TableColumn) -> pa.DataType:
    types = {"bigint": pa.int64(), "int": pa.int32(), "smallint": pa.int16(), "tinyint": pa.uint8()}
    return types.get(column.type.name) or pa.decimal128(column.type.precision, 0)


def _saw_identities(session: Session, table: Table, values: Any) -> None:
    import pyarrow.compute as pc

    edges = pc.min_max(values.cast(pa.int64()))
    session.identities(table).saw(table, edges["max"].as_py(), edges["min"].as_py())
    session.note_identity(values[-1].as_py())


# UPDATE and DELETE ------------------------------------------------------------------------------------------------


def _resolved_source(session: Session, statement: nodes.Update | nodes.Delete) -> tuple[Table, str, str]:
    """The table that changes, the FROM text and the name by which the target is known in it."""
    target = statement.target
    if statement.source is None:
        return target_table(session, target), _written(target), target.object
    compiler = Compiler(names(session), {}, session.engine.level)
    aliases = _aliases(compiler, statement)
    wanted = target.object.lower()
    for alias, table_name in aliases:
        if alias.lower() == wanted and len(target.parts) == 1:
            return target_table(session, table_name), statement.source.sql, alias
    for alias, table_name in aliases:
        if table_name.object.lower() == wanted:
            return target_table(session, target), statement.source.sql, alias
    raise sql_error(208, str(target))


def _aliases(compiler: Compiler, statement: nodes.Update | nodes.Delete) -> list[tuple[str, Name]]:
    from sqlglot import exp

    from pymlsql.embedded.tsql.dialect import parse_query

    assert statement.source is not None
    tree = parse_query(f"SELECT 1 AS one FROM {statement.source.sql}", statement.line)
    from_ = tree.args["from_"].this
    found = []
    for node in [from_, *(join.this for join in tree.args.get("joins") or [])]:
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            parts = tuple(node.args[p].name for p in ("catalog", "db") if node.args.get(p) is not None)
            name = ("#" if node.this.args.get("temporary") else "") + node.this.name
            found.append((node.alias or name, Name((*parts, name))))
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Parameter):
            name = "@" + node.this.name.lower()
            found.append((node.alias or name, Name((name,))))
    return found


def _written(name: Name) -> str:
    """A name as T-SQL text."""
    if name.object.startswith("@"):
        return name.object
    return ".".join("[" + part.replace("]", "]]") + "]" if part else "" for part in name.parts)


class _Change:
    """The SELECT of an UPDATE or DELETE: rowids of the target, its old values, and new ones."""

    def __init__(self, session: Session, frame: Frame, statement: nodes.Update | nodes.Delete) -> None:
        if statement.common is not None:
            raise unsupported("WITH in an UPDATE or DELETE", line=statement.line)
        if statement.top is not None:
            raise unsupported("TOP in an UPDATE or DELETE", line=statement.line)
        self.session, self.frame = session, frame
        self.table, source, alias = _resolved_source(session, statement)
        self.known = names(session)
        self.compiler = Compiler(self.known, frame.types(), session.engine.level, line=statement.line)
        self.from_sql, self.scope = compile_scope(self.compiler, source)
        self.source = self._target_source(alias)
        self.compiler.scopes.append(self.scope)
        duck = self.source.columns[0].sql.split(".", 1)[0]
        self.rowid = f"{duck}.rowid"
        self.where = ""
        if statement.where is not None:
            self.where = f"WHERE {self.compiler.condition(parse_scalar(statement.where.sql, statement.where.line))}"

    def _target_source(self, alias: str) -> Source:
        wanted = alias.lower()
        for source in self.scope.sources:
            if source.alias.lower() == wanted:
                return source
        raise sql_error(208, alias)

    def select(self, parts: list[str]) -> pa.Table:
        """Each target row once: SQL Server changes a row once even when joins find it several times."""
        joined = len(self.scope.sources) > 1
        distinct = "DISTINCT ON (rid) " if joined else ""
        sql = f"SELECT {distinct}{self.rowid} AS rid, {', '.join(parts)} {self.from_sql} {self.where}"
        plan = Plan(compiled_as(self.compiler, sql, ()), self.known.system, frozenset(self.known.tables))
        with running(self.session, plan):
            return self.session.store.run(sql, bind(self.session, self.frame, plan)).to_arrow_table()

    def old(self, prefix: str = "") -> list[str]:
        return [f"{column.sql} AS {quote_name(prefix + column.name)}" for column in self.source.columns]


def update(session: Session, frame: Frame, statement: nodes.Update) -> int:
    """UPDATE [FROM]; the number of rows."""
    store = session.store
    table, _, _ = _resolved_source(session, statement)
    with store.statement(locked=not table.temporary):
        change = _Change(session, frame, statement)
        table = change.table
        new, variables = _new_values(change, statement)
        parts = change.old("old.") + [
            f"{new[c.name].sql if c.name in new else change.source.columns[i].sql} AS {quote_name('new.' + c.name)}"
            for i, c in enumerate(table.columns)
        ]
        parts += [f"{value.sql} AS {quote_name('var.' + name)}" for name, value in variables.items()]
        rows = change.select(parts)
        _assign_variables(frame, rows, variables)
        return _apply_update(session, frame, table, rows, statement, {name.lower() for name in new})


def _new_values(change: _Change, statement: nodes.Update) -> tuple[dict[str, Typed], dict[str, Typed]]:
    new: dict[str, Typed] = {}
    variables: dict[str, Typed] = {}
    name = display_name(change.session, change.table)
    for assignment in statement.assignments:
        if assignment.write is not None:
            value = _written_value(change, assignment)
        elif assignment.value is None:
            default = change.table.column(assignment.column)
            text = default.default.text if default and default.default else "NULL"
            value = change.compiler.value(parse_scalar(text, statement.line))
        else:
            value = change.compiler.value(parse_scalar(assignment.value.sql, assignment.value.line))
        if assignment.operator != "=":
            old = change.compiler.variable(assignment.variable) if not assignment.column else \
                change.scope.resolve(assignment.column, (change.source.alias,), statement.line)  # fmt: skip
            value = arithmetic(assignment.operator[0], old, value, statement.line)
        if assignment.column:
            column = change.table.column(assignment.column)
            if column is None:
                raise sql_error(207, assignment.column, line=statement.line)
            if column.identity:
                raise sql_error(8102, column.name, line=statement.line)
            if column.name in new:
                raise sql_error(264, column.name, line=statement.line)
            value = stored(value, column, name, statement.line)
            new[column.name] = value
        if assignment.variable:
            target = change.frame.get(assignment.variable, statement.line).type
            variables[assignment.variable] = convert(value, target, implicit=True, line=statement.line)
    return new, variables


def _written_value(change: _Change, assignment: nodes.Assignment) -> Typed:
    """column.WRITE(expression, offset, length): appends when the offset is NULL."""
    assert assignment.write is not None
    compiler = change.compiler
    old = change.scope.resolve(assignment.column, (change.source.alias,), compiler.line)
    if old.type.length != MAX or not old.type.is_binary:
        raise unsupported("WRITE on a column that is not varbinary(max)")
    if assignment.write[0].sql.upper() != "NULL":
        raise unsupported("WRITE with an offset")
    value = compiler.value(parse_scalar(assignment.value.sql)) if assignment.value else Typed("NULL", old.type)
    return Typed(f"({old.sql} || {convert(value, old.type, implicit=True).sql})", old.type)


def _assign_variables(frame: Frame, rows: pa.Table, variables: dict[str, Typed]) -> None:
    if rows.num_rows:
        for name in variables:
            frame.get(name).value = rows.column("var." + name)[-1].as_py()


def _apply_update(session: Session, frame: Frame, table: Table, rows: pa.Table, statement: nodes.Update,
                  changed: set[str]) -> int:  # fmt: skip
    stage = pa.table({c.name: rows.column("new." + c.name) for c in table.columns})
    rids = rows.select(["rid"])
    check_nulls(session, table, stage, "UPDATE")
    old = pa.table({"rid": rows.column("rid"), **{c.name: rows.column("old." + c.name) for c in table.columns}})
    store = session.store
    with store.registered({STAGE: stage, OLD: old}):
        check_rows(session, table, stage.num_rows, action="UPDATE", replaced=OLD, changed=changed)
        check_children(session, table, OLD, "UPDATE", changed)
    if rids.num_rows:
        columns = [c for c in table.columns if c.name.lower() in changed]
        full = stage.append_column("rid", rows.column("rid"))
        sets = ", ".join(f"{quote_name(c.name)} = s.{quote_name(c.name)}" for c in columns)
        store.write(f"UPDATE {table.sql} AS t SET {sets} FROM {STAGE} AS s WHERE t.rowid = s.rid", {}, {STAGE: full})
    if statement.output is not None:
        from pymlsql.embedded.engine.outputs import send_output

        send_output(session, frame, table, statement.output, inserted=stage, deleted=old.drop_columns(["rid"]))
    return int(rids.num_rows)


def delete(session: Session, frame: Frame, statement: nodes.Delete) -> int:
    """DELETE [FROM]; the number of rows."""
    store = session.store
    table, _, _ = _resolved_source(session, statement)
    with store.statement(locked=not table.temporary):
        change = _Change(session, frame, statement)
        referenced = any(f.referenced_id == table.object_id for t in session.catalog.tables() for f in t.foreign_keys)
        parts = change.old() if referenced or statement.output is not None else ["1 AS one"]
        rows = change.select(parts)
        with store.registered({OLD: rows}):
            if referenced:
                check_children(session, table, OLD, "DELETE")
        if rows.num_rows:
            ids = rows.select(["rid"])
            store.write(f"DELETE FROM {table.sql} WHERE rowid IN (SELECT rid FROM {OLD})", {}, {OLD: ids})
        if statement.output is not None:
            from pymlsql.embedded.engine.outputs import send_output

            send_output(session, frame, table, statement.output, inserted=None, deleted=rows.drop_columns(["rid"]))
        return int(rows.num_rows)


def truncate(session: Session, statement: nodes.Truncate) -> None:
    table = target_table(session, statement.target)
    for other in session.catalog.tables():
        if any(f.referenced_id == table.object_id for f in other.foreign_keys if other.object_id != table.object_id):
            raise sql_error(4712, table.name)
    with session.store.statement(locked=not table.temporary):
        session.store.write(f"DELETE FROM {table.sql}")
        if table.identity is not None:
            session.identities(table).reset(table)
            session.identities(table).save(session.store, table)


__all__ = ["constraints", "delete", "insert", "insert_plan", "insert_stage", "staging_plan", "stored", "target_table",
           "truncate", "update"]  # fmt: skip
