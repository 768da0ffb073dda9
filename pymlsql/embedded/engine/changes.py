"""UPDATE, DELETE and TRUNCATE: the rows that change are selected, checked and then applied by rowid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.cells import append_cells, settled
from pymlsql.embedded.engine.constraints import STAGE, check_children, check_nulls, check_rows, display_name
from pymlsql.embedded.engine.dml import stored, target_table
from pymlsql.embedded.engine.evaluation import bind, names, running
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.enforcement import check_change, check_uses, may_object
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiler, compiled_as
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import parse_constraint, parse_scalar
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.operators import arithmetic
from pymlsql.embedded.tsql.references import keeps_references, readable
from pymlsql.embedded.tsql.scope import Source
from pymlsql.embedded.tsql.sources import compile_scope
from pymlsql.embedded.tsql.typed import Typed, quote_name
from pymlsql.embedded.tsql.types import NULL

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

OLD = "pymlsql_old"


def _resolved_source(session: Session, statement: nodes.Update | nodes.Delete) -> tuple[Table, str, str]:
    """The table that changes, the FROM text and the name by which the target is known in it."""
    target = statement.target
    if statement.source is None:
        return target_table(session, target), written_name(target), target.object
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
            parts = tuple(getattr(node.args[p], "name", "") for p in ("catalog", "db") if node.args.get(p) is not None)
            name = ("#" if node.this.args.get("temporary") else "") + node.this.name
            found.append((node.alias or name, Name((*parts, name))))
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Parameter):
            name = "@" + node.this.name.lower()
            found.append((node.alias or name, Name((name,))))
    return found


def written_name(name: Name) -> str:
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
        self.known = names(session, frame)
        self.compiler = Compiler(self.known, frame.types(), session.engine.level, line=statement.line)
        self.from_sql, self.scope = compile_scope(self.compiler, source)
        self.source = self._target_source(alias)
        for use in self.known.uses:
            use.changed = use.columns is self.source.used
        self.compiler.scopes.append(self.scope)
        duck = self.source.columns[0].sql.split(".", 1)[0]
        self.rowid = f"{duck}.rowid"
        self.appended: set[str] = set()
        """The columns whose new values, as selected, are pieces to be appended."""
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
        plan = self.known.plan(compiled_as(self.compiler, sql, ()))
        with running(self.session, plan, self.frame):
            return self.session.store.run(sql, bind(self.session, self.frame, plan)).to_arrow_table()

    def old(self, prefix: str = "") -> list[str]:
        return [f"{column.sql} AS {quote_name(prefix + column.name)}" for column in self.source.columns]


def update(session: Session, frame: Frame, statement: nodes.Update) -> int:
    """UPDATE [FROM]; the number of rows."""
    store = session.store
    table, _, _ = _resolved_source(session, statement)
    # References that were read are no table's until they are applied.
    with store.statement(locked=not table.temporary), session.engine.values.reading():
        change = _Change(session, frame, statement)
        table = change.table
        new, variables = _new_values(change, statement)
        check_uses(session, change.known.uses, frame)
        check_change(session, frame, "UPDATE", table, {name.lower() for name in new})
        parts = change.old("old.") + [
            f"{new[c.name].sql if c.name in new else change.source.columns[i].sql} AS {quote_name('new.' + c.name)}"
            for i, c in enumerate(table.columns)
        ]
        parts += [f"{value.sql} AS {quote_name('var.' + name)}" for name, value in variables.items()]
        rows = change.select(parts)
        _assign_variables(frame, rows, variables)
        longer = {c: append_cells(session.engine.values, rows, c, new[c].by_reference) for c in change.appended}
        for name, (cells, _) in longer.items():
            rows = rows.set_column(rows.column_names.index("new." + name), "new." + name, cells)
        passed = [c.name for c in table.columns if c.name not in new or new[c.name].by_reference or c.name in longer]
        rows = settled(session, table, rows, passed, prefix="new.")
        return _apply_update(session, frame, table, rows, statement, {name.lower() for name in new})


def _refuse_accumulation(statement: nodes.Update) -> None:
    """SET @i = column = @i + 1 counts row by row on SQL Server; here the rows are changed as one."""
    assigned = {assignment.variable for assignment in statement.assignments if assignment.variable}
    for assignment in statement.assignments:
        tokens = tokenize(assignment.value.sql) if assignment.value is not None else ()
        compound = assignment.variable and not assignment.column and assignment.operator != "="
        if compound or any(token.kind == "variable" and token.value in assigned for token in tokens):
            raise unsupported("UPDATE that reads a variable it assigns", line=statement.line)


def _new_values(change: _Change, statement: nodes.Update) -> tuple[dict[str, Typed], dict[str, Typed]]:
    _refuse_accumulation(statement)
    new: dict[str, Typed] = {}
    variables: dict[str, Typed] = {}
    name = display_name(change.session, change.table)
    for assignment in statement.assignments:
        if assignment.write is not None:
            written, value = _appended_piece(change, assignment)
            if written.name in new:
                raise sql_error(264, written.name, line=statement.line)
            new[written.name] = value
            continue
        if assignment.value is None:
            default = change.table.column(assignment.column)
            text = default.default.text if default and default.default else "NULL"
            value = change.compiler.value(parse_constraint(text, statement.line))
        else:
            node = parse_scalar(assignment.value.sql, assignment.value.line)
            wanted = change.table.column(assignment.column) if assignment.operator == "=" else None
            passing = wanted is not None and keeps_references(wanted.type)
            value = change.compiler.passed(node) if passing else change.compiler.value(node)
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
            variables[assignment.variable] = convert(readable(value), target, implicit=True, line=statement.line)
    return new, variables


def _appended_piece(change: _Change, assignment: nodes.Assignment) -> tuple[TableColumn, Typed]:
    """column.WRITE(expression, offset, length): what is appended when the offset is NULL. Raises 207."""
    assert assignment.write is not None
    column = change.table.column(assignment.column)
    if column is None:
        raise sql_error(207, assignment.column)
    if not keeps_references(column.type):
        raise unsupported("WRITE on a column that is not varbinary(max)")
    if assignment.write[0].sql.upper() != "NULL":
        raise unsupported("WRITE with an offset")
    change.appended.add(column.name)
    piece = change.compiler.passed(parse_scalar(assignment.value.sql)) if assignment.value else Typed("NULL", NULL)
    return column, piece if piece.by_reference else convert(piece, column.type, implicit=True)


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
        check_uses(session, change.known.uses, frame)
        check_change(session, frame, "DELETE", change.table)
        referenced = any(f.referenced_id == table.object_id for t in session.catalog.tables() for f in t.foreign_keys)
        parts = change.old() if referenced or statement.output is not None else ["1 AS one"]
        rows = change.select(parts)
        with store.registered({OLD: rows}):
            if referenced:
                check_children(session, table, OLD, "DELETE")
        if rows.num_rows:
            ids = rows.select(["rid"])
            store.write(f"DELETE FROM {table.sql} WHERE rowid IN (SELECT rid FROM {OLD})", {}, {OLD: ids})
            session.engine.note_change(table)
        if statement.output is not None:
            from pymlsql.embedded.engine.outputs import send_output

            send_output(session, frame, table, statement.output, inserted=None, deleted=rows.drop_columns(["rid"]))
        return int(rows.num_rows)


def truncate(session: Session, statement: nodes.Truncate) -> None:
    """TRUNCATE TABLE; identity values begin at the seed again. Raises 4712 when a foreign key refers to it."""
    table = target_table(session, statement.target)
    if not table.temporary and not may_object(session, "ALTER", table):
        raise sql_error(1088, statement.target.object)
    for other in session.catalog.tables():
        if any(f.referenced_id == table.object_id for f in other.foreign_keys if other.object_id != table.object_id):
            raise sql_error(4712, table.name)
    with session.store.statement(locked=not table.temporary):
        session.store.write(f"DELETE FROM {table.sql}")
        session.engine.note_change(table)
        if table.identity is not None:
            session.reset_identity(table)
