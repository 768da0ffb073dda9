"""UPDATE, DELETE and TRUNCATE: the rows that change are selected, checked and then applied by rowid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.applying import apply_delete, apply_update, needs_old
from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.cells import append_cells, settled
from pymlsql.embedded.engine.constraints import display_name
from pymlsql.embedded.engine.dml import stored
from pymlsql.embedded.engine.evaluation import bind, names, running
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.generated import refuse_update
from pymlsql.embedded.engine.outputs import Outputs
from pymlsql.embedded.engine.periods import refuse_history, shown_name
from pymlsql.embedded.engine.requirements import check_options, refuse_distant_default
from pymlsql.embedded.engine.security.enforcement import check_target, check_uses, may_object
from pymlsql.embedded.engine.targets import Target, find_target
from pymlsql.embedded.engine.tops import first_rows
from pymlsql.embedded.engine.writing import replaced_part
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.change_nodes import Top
from pymlsql.embedded.tsql.compiler import Compiler, compiled_as
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import parse_constraint, parse_scalar
from pymlsql.embedded.tsql.grouping import has_aggregate
from pymlsql.embedded.tsql.joins import compile_scope
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import arithmetic
from pymlsql.embedded.tsql.references import keeps_references, readable
from pymlsql.embedded.tsql.scope import ROWID, Source
from pymlsql.embedded.tsql.typed import Typed, quote_name
from pymlsql.embedded.tsql.types import BIGINT, MAX, NULL

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

class Change:
    """The SELECT of an UPDATE, DELETE or MERGE: rowids of the target, its old values, and new ones.

    ``wanted`` are the columns that change, in lower case, None where whole rows do.
    """

    def __init__(self, session: Session, frame: Frame, statement: nodes.Update | nodes.Delete | nodes.Merge,
                 target: Target) -> None:  # fmt: skip
        self.session, self.frame, self.target, self.table = session, frame, target, target.table
        self.known = names(session, frame)
        self.known.rowids = target.rowids
        self.compiler = Compiler(self.known, frame.types(), session.level, line=statement.line)
        self.definitions, self.from_sql, self.scope = compile_scope(self.compiler, target.tree)
        self.compiler.scopes.append(self.scope)
        self.source = self._target_source()
        for use in self.known.uses:
            use.changed = use.columns is self.source.used
        self.rowid = next(column.sql for column in self.source.columns if column.name == ROWID)
        if target.is_table:
            self.columns = [column for column in self.source.columns if column.name != ROWID]
        else:
            self.from_sql += f" JOIN {self.table.sql} AS base ON base.rowid = {self.rowid}"
            self.columns = [Typed(f"base.{quote_name(c.name)}", c.type, c.nullable, c.binary, None, c.name,
                                  by_reference=keeps_references(c.type)) for c in self.table.columns]  # fmt: skip
        self.appended: set[str] = set()
        """The columns whose new values, as selected, are pieces to be appended."""

    def _target_source(self) -> Source:
        wanted = self.target.alias.lower()
        for source in self.scope.sources:
            if source.alias.lower() == wanted:
                return source
        raise sql_error(208, self.target.alias)

    @property
    def others(self) -> list[Source]:
        """The sources of the FROM that do not change."""
        return [source for source in self.scope.sources if source is not self.source]

    def column(self, name: str, line: int) -> TableColumn:
        """The table's column that the target calls so. Raises 207, 4406."""
        own = self.target.columns.get(name.lower())
        if own == "":
            raise sql_error(4406, self.target.alias, line=line)
        column = self.table.column(own) if own else None
        if column is None:
            raise sql_error(207, name, line=line)
        return column

    def old_value(self, column: TableColumn) -> Typed:
        """The column's value before the change."""
        return self.columns[self.table.columns.index(column)]

    def select(self, parts: list[str], where: nodes.Text | None, top: Top | None) -> pa.Table:
        """Each target row once: SQL Server changes a row once even when joins find it several times."""
        joined = len(self.scope.sources) > 1 or not self.target.is_table
        distinct = "DISTINCT ON (rid) " if joined else ""
        condition = ""
        if where is not None:
            condition = f"WHERE {self.compiler.condition(parse_scalar(where.sql, where.line))}"
        sql = f"{self.definitions} SELECT {distinct}{self.rowid} AS rid, {', '.join(parts)} {self.from_sql} {condition}"
        if joined:
            sql = f"SELECT * FROM ({sql}) AS q WHERE rid IS NOT NULL"
        return first_rows(self.session, self.frame, self.rows(sql), top)

    def rows(self, sql: str) -> pa.Table:
        """The rows of ``sql``, made of what this has compiled."""
        plan = self.known.plan(compiled_as(self.compiler, sql, ()))
        with running(self.session, plan, self.frame):
            return self.session.store.run(sql, bind(self.session, self.frame, plan)).to_arrow_table()

    def old(self) -> list[str]:
        """The old values of all columns, under their names behind "old."."""
        pairs = zip(self.columns, self.table.columns, strict=True)
        return [f"{value.sql} AS {quote_name('old.' + column.name)}" for value, column in pairs if not column.virtual]


def assigned_names(assignments: tuple[nodes.Assignment, ...]) -> list[str]:
    """The columns that SET assigns, in lower case."""
    return [assignment.column.lower() for assignment in assignments if assignment.column]


def update(session: Session, frame: Frame, statement: nodes.Update) -> int:
    """UPDATE [FROM]; the number of rows."""
    store = session.store
    target = find_target(session, statement.target, statement.source, statement.common,
                         assigned_names(statement.assignments))  # fmt: skip
    # References that were read are no table's until they are applied.
    with store.statement(locked=not target.table.temporary), session.engine.values.reading():
        refuse_history(target.table, 13561)
        check_options(session, target.table, "UPDATE")
        change = Change(session, frame, statement, target)
        table = change.table
        new, variables = new_values(change, statement.assignments, statement.line)
        outputs = Outputs(session, frame, table, statement.output, ("inserted", "deleted"), target.columns,
                          change.others)  # fmt: skip
        outputs.prepare(change.others)
        check_uses(session, change.known.uses, frame)
        check_target(session, frame, "UPDATE", target, assigned_names(statement.assignments))
        parts = [*change.old(), *new_parts(change, new)]
        parts += [f"{value.sql} AS {quote_name('var.' + name)}" for name, value in variables.items()]
        parts += [f"{value.sql} AS {quote_name(name)}" for name, value in outputs.needed.items()]
        rows = change.select(parts, statement.where, statement.top)
        rows = settled_rows(change, new, rows)
        old = part(rows, table, "old.")
        with session.at(table):
            stage = apply_update(session, table, old.append_column("rid", rows.column("rid")),
                                 part(rows, table, "new."), {name.lower() for name in new})  # fmt: skip
        if outputs:
            outputs.send({"inserted": stage, "deleted": old}, {name: rows.column(name) for name in outputs.needed})
        _assign_variables(frame, rows, variables)
        return int(rows.num_rows)


def new_parts(change: Change, new: dict[str, Typed], only: str = "") -> list[str]:
    """The new values of all columns, under their names behind "new."; with a condition ``only``, where it holds."""
    parts = []
    for column in change.table.stored:
        value = new.get(column.name)
        old = change.old_value(column).sql
        sql = old if value is None else f"CASE WHEN {only} THEN {value.sql} ELSE {old} END" if only else value.sql
        parts.append(f"{sql} AS {quote_name('new.' + column.name)}")
    return parts


def settled_rows(change: Change, new: dict[str, Typed], rows: pa.Table) -> pa.Table:
    """The selected rows with the new values as the table keeps them."""
    values = change.session.engine.values
    longer = {c: append_cells(values, rows, c, new[c].by_reference) for c in change.appended}
    for name, (cells, _) in longer.items():
        rows = rows.set_column(rows.column_names.index("new." + name), "new." + name, cells)
    passed = [c.name for c in change.table.stored
              if c.name not in new or new[c.name].by_reference or c.name in longer]  # fmt: skip
    return settled(change.session, change.table, rows, passed, prefix="new.")


def part(rows: pa.Table, table: Table, prefix: str) -> pa.Table:
    """The columns of the table that stand behind ``prefix``, under their own names."""
    return pa.table({c.name: rows.column(prefix + c.name) for c in table.stored})


def _refuse_accumulation(assignments: tuple[nodes.Assignment, ...], line: int) -> None:
    """SET @i = column = @i + 1 counts row by row on SQL Server; here the rows are changed as one."""
    assigned = {assignment.variable for assignment in assignments if assignment.variable}
    for assignment in assignments:
        tokens = tokenize(assignment.value.sql) if assignment.value is not None else ()
        compound = assignment.variable and not assignment.column and assignment.operator != "="
        if compound or any(token.kind == "variable" and token.value in assigned for token in tokens):
            raise unsupported("UPDATE that reads a variable it assigns", line=line)


def new_values(change: Change, assignments: tuple[nodes.Assignment, ...],
               line: int) -> tuple[dict[str, Typed], dict[str, Typed]]:  # fmt: skip
    """What SET gives to columns, by the table's names, and to variables. Raises 207, 264, 4406, 8102."""
    _refuse_accumulation(assignments, line)
    new: dict[str, Typed] = {}
    variables: dict[str, Typed] = {}
    name = display_name(change.session, change.table)
    for assignment in assignments:
        column = change.column(assignment.column, line) if assignment.column else None
        if column is not None and column.name in new:
            raise sql_error(264, column.name, line=line)
        if assignment.write is not None:
            assert column is not None
            new[column.name] = _written(change, column, assignment)
            continue
        value = _assigned(change, assignment, column, line)
        if column is not None:
            refuse_update(column, change.table)
            if column.identity:
                raise sql_error(8102, column.name, line=line)
            value = stored(value, column, name, line)
            new[column.name] = value
        if assignment.variable:
            target = change.frame.get(assignment.variable, line).type
            variables[assignment.variable] = convert(readable(value), target, implicit=True, line=line)
    return new, variables


def _assigned(change: Change, assignment: nodes.Assignment, column: TableColumn | None, line: int) -> Typed:
    """The value behind = or a compound operator."""
    if assignment.value is None:
        if column is not None:
            refuse_distant_default(change.session, change.table, column)
        text = column.default.text if column is not None and column.default else "NULL"
        value = change.compiler.value(parse_constraint(text, line))
    else:
        node = parse_scalar(assignment.value.sql, assignment.value.line)
        if has_aggregate(node):
            raise sql_error(157, line=line)
        passing = column is not None and assignment.operator == "=" and keeps_references(column.type)
        value = change.compiler.passed(node) if passing else change.compiler.value(node)
    if assignment.operator == "=":
        return value
    old = change.compiler.variable(assignment.variable) if column is None else readable(change.old_value(column))
    return arithmetic(assignment.operator[0], old, value, line)


def _written(change: Change, column: TableColumn, assignment: nodes.Assignment) -> Typed:
    """column.WRITE (expression, offset, length): pieces to append, or the whole new value. Raises 258."""
    assert assignment.write is not None
    offset, length = assignment.write
    if column.type.length != MAX:
        raise sql_error(258, column.type.name)
    piece = change.compiler.passed(parse_scalar(assignment.value.sql)) if assignment.value else Typed("NULL", NULL)
    if offset.sql.upper() == "NULL" and keeps_references(column.type) and piece.type.name != "null":
        change.appended.add(column.name)
        return piece if piece.by_reference else convert(piece, column.type, implicit=True)
    places = [change.compiler.value(parse_scalar(text.sql, text.line)) for text in (offset, length)]
    return replaced_part(readable(change.old_value(column)), convert(readable(piece), column.type, implicit=True),
                         *(convert(place, BIGINT, implicit=True) for place in places))  # fmt: skip


def _assign_variables(frame: Frame, rows: pa.Table, variables: dict[str, Typed]) -> None:
    if rows.num_rows:
        for name in variables:
            frame.get(name).value = rows.column("var." + name)[-1].as_py()


def delete(session: Session, frame: Frame, statement: nodes.Delete) -> int:
    """DELETE [FROM]; the number of rows."""
    store = session.store
    target = find_target(session, statement.target, statement.source, statement.common, None)
    table = target.table
    with store.statement(locked=not table.temporary):
        refuse_history(table, 13560)
        check_options(session, table, "DELETE")
        change = Change(session, frame, statement, target)
        outputs = Outputs(session, frame, table, statement.output, ("deleted",), target.columns, change.others)
        outputs.prepare(change.others)
        check_uses(session, change.known.uses, frame)
        check_target(session, frame, "DELETE", target)
        with session.at(table):
            whole = needs_old(session, table)
        parts = change.old() if whole or outputs else ["1 AS one"]
        parts += [f"{value.sql} AS {quote_name(name)}" for name, value in outputs.needed.items()]
        rows = change.select(parts, statement.where, statement.top)
        old = part(rows, table, "old.").append_column("rid", rows.column("rid")) if whole else rows
        with session.at(table):
            apply_delete(session, table, old)
        if outputs:
            outputs.send({"deleted": part(rows, table, "old.")}, {name: rows.column(name) for name in outputs.needed})
        return int(rows.num_rows)


def _truncated(session: Session, name: nodes.Name) -> Table:
    """The table of TRUNCATE TABLE. Raises 1088, 4701, 4708."""
    if name.object.startswith("#"):
        table = session.temporary.get(name.object.lower())
        if table is None:
            raise sql_error(4701, name.object)
        return table
    found = names(session).find(name)
    if found is None:
        raise sql_error(4701, name.object)
    if not isinstance(found, Table):
        raise sql_error(4708, name)
    if not may_object(session, "ALTER", found):
        raise sql_error(1088, name.object)
    return found


def truncate(session: Session, statement: nodes.Truncate) -> None:
    """TRUNCATE TABLE; identity values begin at the seed again. Raises 4712 when a foreign key refers to it."""
    table = _truncated(session, statement.target)
    if table.history_id or table.history_of:
        raise sql_error(13545, shown_name(table, session.database))
    for other in session.catalog.tables():
        if any(f.referenced_id == table.object_id for f in other.foreign_keys if other.object_id != table.object_id):
            raise sql_error(4712, table.name)
    with session.store.statement(locked=not table.temporary):
        if table.temporary:
            session.empty_temporary(table)
        else:
            session.store.write(f"DELETE FROM {table.sql}")
        session.engine.note_change(table)
        if table.identity is not None:
            session.reset_identity(table)
