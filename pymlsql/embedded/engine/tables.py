"""Tables as values: what a definition in T-SQL makes of the catalog's table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Check, Default, Table, TableColumn, constraint_names, now_text
from pymlsql.embedded.engine.computed_columns import with_expressions
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.foreignkeys import with_foreign_key
from pymlsql.embedded.engine.keys import with_index, with_key
from pymlsql.embedded.engine.modulecalls import check_calls
from pymlsql.embedded.engine.objectids import ObjectIds, not_created, system_name
from pymlsql.embedded.engine.system_views.definition import columns_in
from pymlsql.embedded.engine.temporal import with_period
from pymlsql.embedded.engine.typenames import resolved_columns
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiler
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.scope import Scope, Source
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

MAX_COLUMNS = 1024
_REFUSED_TYPES = ("sql_variant", "text", "ntext", "image")


def build_table(session: Session, ids: ObjectIds, schema: str, name: str, definition: nodes.TableDefinition,
                *, temporary_id: int = 0) -> Table:  # fmt: skip
    """The table that a definition describes. Raises 1702, 2705, 2738, 2744, 8110 and what its constraints do."""
    definition = resolved_columns(session, definition, name)
    table = Table(temporary_id or ids.take(), schema, name, (), created=now_text(), modified=now_text(),
                  temporary=bool(temporary_id), database_id=session.catalog.database.database_id)  # fmt: skip
    if len(definition.columns) > MAX_COLUMNS:
        raise sql_error(1702, definition.columns[MAX_COLUMNS].name, name, MAX_COLUMNS)
    for column in definition.columns:
        table = with_column(session, ids, table, column)
    table = with_period(with_expressions(session, table, definition.columns), definition.period)
    constraints = [(c, column.name) for column in definition.columns for c in column.constraints if c.kind != "default"]
    constraints += [(constraint, "") for constraint in definition.constraints]
    if sum(constraint.kind == "pk" for constraint, _ in constraints) > 1:
        raise sql_error(8110, name)
    nullable = {column.name.lower() for column in definition.columns if column.nullable}
    # Only one key can be clustered, and one that says so comes before the primary key that does not.
    clustered = any(c.clustered for c, _ in constraints if c.kind != "pk") or any(i.clustered for i in
                                                                                 definition.indexes)  # fmt: skip
    for constraint, column_name in constraints:
        if constraint.kind == "pk" and constraint.clustered is None and clustered:
            constraint = replace(constraint, clustered=False)
        table = _primary_columns(table, constraint, nullable)
        table = with_constraint(session, ids, table, constraint, column_name)
    for index in definition.indexes:
        table = with_index(session, table, index)
    return table


def _primary_columns(table: Table, constraint: nodes.Constraint, nullable: set[str]) -> Table:
    """A new table's columns of the primary key admit no NULL unless they say so."""
    if constraint.kind != "pk":
        return table
    keyed = {name.lower() for name, _ in constraint.columns} - nullable
    return replace(table, columns=tuple(
        replace(c, nullable=False) if c.name.lower() in keyed and not c.computed else c for c in table.columns
    ))  # fmt: skip


def with_column(session: Session, ids: ObjectIds, table: Table, column: nodes.ColumnDefinition) -> Table:
    """The table with one more column; a computed one has no type yet. Raises 1754, 1755, 2705, 2738, 2744, 2749, 8147,
    8148."""
    if column.type.name in _REFUSED_TYPES:
        raise unsupported(f"column of type {column.type}")
    if column.name.lower() == "rowid":
        # DuckDB knows its rows by this name, and would take the column for it.
        raise unsupported("column named rowid")
    if table.column(column.name) is not None:
        raise sql_error(2705, column.name, table.name)
    if column.type.name == "timestamp":
        _check_rowversion(table, column)
    if column.identity is not None:
        _check_identity(table, column)
    binary = column.collation.upper().endswith(("_BIN", "_BIN2"))
    if not binary and column.collation.upper() not in ("", "SQL_LATIN1_GENERAL_CP1_CI_AS", "DATABASE_DEFAULT"):
        raise unsupported(f"COLLATE {column.collation}")
    default = _column_default(session, ids, table, column)
    made = TableColumn(
        column.name, column.type, _is_nullable(column), table.max_column_id + 1, column.identity, default, binary,
        column.collation if binary else "", column.computed.sql if column.computed else "", column.persisted,
        column.generated, column.hidden, column.user_type,
    )  # fmt: skip
    return replace(table, columns=(*table.columns, made), max_column_id=table.max_column_id + 1)


def _is_nullable(column: nodes.ColumnDefinition) -> bool:
    if column.nullable is not None:
        return column.nullable
    if column.identity or column.type.name == "timestamp":
        return False
    return not any(constraint.kind == "pk" for constraint in column.constraints)


def _check_rowversion(table: Table, column: nodes.ColumnDefinition) -> None:
    if any(known.is_rowversion for known in table.columns):
        raise sql_error(2738, table.name, column.name)
    if any(constraint.kind == "default" for constraint in column.constraints):
        raise not_created(1755, table.name, column.name)


def _check_identity(table: Table, column: nodes.ColumnDefinition) -> None:
    if table.identity is not None:
        raise sql_error(2744, table.name)
    if not column.type.is_integer and not (column.type.name == "decimal" and column.type.scale == 0):
        raise sql_error(2749, column.name)
    if column.type.name == "bit":
        raise sql_error(2749, column.name)
    if column.nullable:
        raise sql_error(8147, column.name, table.name)
    if any(constraint.kind == "default" for constraint in column.constraints):
        raise not_created(1754, table.name, column.name)


def _column_default(session: Session, ids: ObjectIds, table: Table, column: nodes.ColumnDefinition) -> Default | None:
    defaults = [constraint for constraint in column.constraints if constraint.kind == "default"]
    if len(defaults) > 1:
        raise sql_error(8148, "DEFAULT", column.name, table.name)
    if not defaults:
        return None
    if defaults[0].name and _name_taken(session, table, defaults[0].name):
        raise not_created(2714, defaults[0].name)
    return _default(session, ids, table, defaults[0], column.name)


def _default(session: Session, ids: ObjectIds, table: Table, constraint: nodes.Constraint, column: str) -> Default:
    assert constraint.expression is not None
    check_calls(session, table, constraint.expression.sql)
    compiler = Compiler(names(session), {}, session.level, line=constraint.expression.line)
    compiler.scopes.append(Scope())
    try:
        compiler.value(parse_constraint(constraint.expression.sql, constraint.expression.line))
    except SqlError as error:
        if error.number not in (207, 4104):
            raise
        raise sql_error(128, error.message.split("'")[1] if "'" in error.message else error.message) from None
    number = ids.take()
    name = constraint.name or system_name("DF", table.name, number, column)
    return Default(number, name, constraint.expression.sql, not constraint.name)


def with_constraint(session: Session, ids: ObjectIds, table: Table, constraint: nodes.Constraint, column: str) -> Table:
    """The table with one more constraint. Raises 1767 to 1785, 2714, 8111, 8112 ..., and 1750 after them."""
    if constraint.name and _name_taken(session, table, constraint.name):
        raise not_created(2714, constraint.name)
    if constraint.kind == "default":
        return _with_default(session, ids, table, constraint)
    if constraint.kind == "check":
        return _with_check(session, ids, table, constraint, column)
    if constraint.kind == "fk":
        return with_foreign_key(session, ids, table, constraint, column)
    return with_key(session, table, constraint, ids.take())


def _name_taken(session: Session, table: Table, name: str) -> bool:
    if any(known.lower() == name.lower() for known in constraint_names(table)):
        return True
    if table.temporary:
        return False
    if name.lower() == table.name.lower():
        return True
    other = session.catalog.constraint_owner(table.schema, name)
    return session.catalog.find(table.schema, name) is not None or (
        other is not None and other.object_id != table.object_id
    )


def _with_default(session: Session, ids: ObjectIds, table: Table, constraint: nodes.Constraint) -> Table:
    name = constraint.columns[0][0]
    column = table.column(name)
    if column is None:
        raise not_created(1752, name, table.name)
    if column.default is not None:
        raise not_created(1781)
    if column.identity:
        raise not_created(1754, table.name, column.name)
    if column.is_rowversion:
        raise not_created(1755, table.name, column.name)
    if column.computed:
        raise not_created(1752, name, table.name)
    made = replace(column, default=_default(session, ids, table, constraint, column.name))
    return replace(table, columns=tuple(made if c == column else c for c in table.columns))


def _with_check(session: Session, ids: ObjectIds, table: Table, constraint: nodes.Constraint, column: str) -> Table:
    assert constraint.expression is not None
    text = constraint.expression.sql
    used = columns_in(text, tuple(c.name for c in table.columns))
    if column and any(name.lower() != column.lower() for name in used):
        raise not_created(8141, "CHECK", column, table.name)
    for name in used:
        found = table.column(name)
        if found is not None and found.virtual:
            raise not_created(1764, found.name, table.name, "CHECK Constraint")
    _check_condition(session, table, constraint.expression)
    number = ids.take()
    name = constraint.name or system_name("CK", table.name, number, column)
    check = Check(number, name, text, column, not constraint.name, untrusted=constraint.unchecked)
    return replace(table, checks=(*table.checks, check))


def _check_condition(session: Session, table: Table, expression: nodes.Text) -> None:
    """Whether the condition can be asked of the table's rows. Raises 207 and its like, with 1750 after them."""
    check_calls(session, table, expression.sql)
    columns = [Typed("NULL", c.type, c.nullable, c.binary, None, c.name, by_reference=keeps_references(c.type))
               for c in table.columns if not c.virtual]  # fmt: skip
    compiler = Compiler(names(session), {}, session.level, line=expression.line)
    compiler.scopes.append(Scope(sources=[Source(table.name, columns)]))
    try:
        compiler.condition(parse_constraint(expression.sql, expression.line))
    except SqlError as error:
        if error.number == 207:
            error.further = (sql_error(1750),)
        raise


__all__ = ["MAX_COLUMNS", "ObjectIds", "build_table", "with_column", "with_constraint", "with_index"]
