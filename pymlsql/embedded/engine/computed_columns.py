"""What a computed column is when it is declared: its type, and whether it may be what it says it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.generated import typed_columns
from pymlsql.embedded.engine.modulecalls import check_calls
from pymlsql.embedded.engine.system_views.definition import columns_in
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiler
from pymlsql.embedded.tsql.computed import computed_value, is_deterministic
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.typed import Typed, quote_name
from pymlsql.embedded.tsql.types import INT

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def with_expressions(session: Session, table: Table, definitions: Sequence[nodes.ColumnDefinition]) -> Table:
    """The table with the types of those computed columns that are among ``definitions``. Raises 207, 1759, 4936."""
    declared = {definition.name.lower(): definition for definition in definitions if definition.computed is not None}
    columns = tuple(
        _with_type(session, table, column, declared[column.name.lower()]) if column.name.lower() in declared else column
        for column in table.columns
    )
    return replace(table, columns=columns)


def _with_type(session: Session, table: Table, column: TableColumn, definition: nodes.ColumnDefinition) -> TableColumn:
    text = column.computed
    others = tuple(c.name for c in table.columns if c.computed)
    used = columns_in(text, others)
    if used:
        raise sql_error(1759, used[0], table.name)
    check_calls(session, table, text)
    value = computed_value(_compiler(session), text, _columns(table))
    type_ = INT if value.type.name == "null" else value.type
    nullable = _may_be_null(text, value) if definition.nullable is None else definition.nullable
    made = replace(column, type=type_, nullable=nullable, binary=value.binary)
    if keeps_references(type_) and column.persisted:
        raise unsupported("PERSISTED column of varbinary(max)")
    if type_.name in ("sql_variant", "text", "ntext", "image"):
        raise unsupported(f"computed column of type {type_}")
    if column.persisted and not has_fixed_value(session, table, made):
        raise sql_error(4936, column.name, table.name)
    return made


def _compiler(session: Session) -> Compiler:
    return Compiler(names(session), {}, session.level)


def _columns(table: Table) -> list[Typed]:
    return typed_columns(table, quote_name)


def has_fixed_value(session: Session, table: Table, column: TableColumn) -> bool:
    """Whether the column is deterministic."""
    return is_deterministic(_compiler(session), column.computed, _columns(table))


def _may_be_null(text: str, value: Typed) -> bool:
    """Arithmetic and conversions may overflow, so that their results count as nullable whatever goes in."""
    tree = parse_constraint(text).unnest()
    if isinstance(tree, exp.Binary | exp.Neg) and value.type.is_number:
        return True
    return value.nullable or isinstance(tree, exp.Cast | exp.Convert)


def is_imprecise(session: Session, table: Table, column: TableColumn) -> bool:
    """Whether the column has to do with float or real: then an index wants it PERSISTED."""
    if column.type.is_approximate:
        return True
    used = columns_in(column.computed, tuple(c.name for c in table.columns))
    return any(found.type.is_approximate for name in used if (found := table.column(name)) is not None)
