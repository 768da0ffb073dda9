"""Keys and indexes of tables: what may be one, and which number and name it gets.

Source: "CREATE INDEX (Transact-SQL)", "Maximum capacity specifications for SQL Server", "Create filtered indexes",
"CREATE COLUMNSTORE INDEX (Transact-SQL)" of sql-docs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.engine.catalog import Key, Table, TableColumn
from pymlsql.embedded.engine.computed_columns import has_fixed_value, is_imprecise
from pymlsql.embedded.engine.keylengths import bytes_of, limit_of
from pymlsql.embedded.engine.objectids import not_created, system_name
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.types import MAX

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

MAX_KEY_COLUMNS = 32


def clustered_key(table: Table) -> Key | None:
    """The clustered index or key, if there is one."""
    return next((key for key in table.keys if key.clustered), None)


def next_index(table: Table, clustered: bool) -> int:
    """The index_id of one more index: a clustered one is number 1."""
    return 1 if clustered else max([1, *(key.index_id for key in table.keys)]) + 1


# Constraints ------------------------------------------------------------------------------------------------------


def with_key(session: Session, table: Table, constraint: nodes.Constraint, number: int) -> Table:
    """The table with a PRIMARY KEY or UNIQUE constraint. Raises 1779, 1909, 1911, 1919, 8111, 8112."""
    primary = constraint.kind == "pk"
    if primary and table.primary_key is not None:
        raise not_created(1779, table.name)
    name = constraint.name or system_name("PK" if primary else "UQ", table.name, number)
    if any(key.name.lower() == name.lower() for key in table.keys):
        raise not_created(1913, name, "table", table.name)
    try:
        columns = _key_columns(session, table, name, constraint.columns, primary=primary)
    except SqlError as error:
        error.further = (sql_error(1750),)
        raise
    for column in columns:
        if primary and column.computed and column.nullable:
            raise not_created(1711, column.name, table.name)
        if primary and column.nullable:
            raise not_created(8111, table.name)
    clustered = constraint.clustered if constraint.clustered is not None else primary and not clustered_key(table)
    if clustered and clustered_key(table):
        raise not_created(8112, table.name)
    order = tuple((c.name, descending) for c, (_, descending) in zip(columns, constraint.columns, strict=True))
    key = Key(number, next_index(table, clustered), name, constraint.kind, order, clustered,
              named_by_system=not constraint.name)  # fmt: skip
    _check_length(session, key, columns, constraint=True)
    return replace(table, keys=(*table.keys, key))


def _key_columns(session: Session, table: Table, index: str, given: tuple[tuple[str, bool], ...], *,
                 primary: bool = False) -> list[TableColumn]:  # fmt: skip
    columns: list[TableColumn] = []
    for name, _ in given:
        column = table.column(name)
        if column is None:
            raise sql_error(1911, name)
        if column in columns:
            raise sql_error(1909, "index key list", column.name)
        if column.type.length == MAX and (column.type.is_string or column.type.is_binary):
            raise sql_error(1919, column.name, table.name)
        if column.computed:
            _check_computed(session, table, column, index)
        columns.append(column)
    if len(columns) > MAX_KEY_COLUMNS:
        raise sql_error(1904, index, table.name, len(columns), MAX_KEY_COLUMNS)
    return columns


def _check_computed(session: Session, table: Table, column: TableColumn, index: str) -> None:
    if column.persisted:
        return
    if not has_fixed_value(session, table, column):
        raise sql_error(2729, column.name, "table", table.name)
    if is_imprecise(session, table, column):
        raise sql_error(2799, index, table.name, column.name)


def _check_length(session: Session, key: Key, columns: list[TableColumn], *, constraint: bool = False) -> None:
    """A key that is always too long is refused; one that may become so is warned of. Raises 1944."""
    limit = limit_of(key)
    least, longest = bytes_of(columns)
    if least > limit:
        raise (not_created if constraint else sql_error)(1944, key.name, least, limit)
    if longest > limit:
        kind = "clustered" if key.clustered else "nonclustered"
        text = (f"Warning! The maximum key length for a {kind} index is {limit} bytes. The index '{key.name}' has "
                f"maximum length of {longest} bytes. For some combination of large values, the insert/update operation "
                "will fail.")  # fmt: skip
        session.send_error(SqlError(1945, text, severity=10))


# Indexes ----------------------------------------------------------------------------------------------------------


def with_index(session: Session, table: Table, index: nodes.IndexDefinition) -> Table:
    """The table with one more index. Raises 1902, 1909, 1911, 1913, 1919, 2729, 10601, 10735."""
    if any(key.name.lower() == index.name.lower() for key in table.keys):
        raise sql_error(1913, index.name, "table", f"{table.schema}.{table.name}")
    known = clustered_key(table)
    if index.clustered and known:
        raise sql_error(1902, f"{table.schema}.{table.name}", known.name)
    if table.history_of and index.unique:
        raise sql_error(13741, f"{table.schema}.{table.name}")
    if index.columnstore:
        return _with_columnstore(table, index)
    columns = _key_columns(session, table, index.name, index.columns)
    if index.included and index.clustered:
        raise sql_error(10601)
    included = _included(table, index, columns)
    where = ""
    if index.where is not None:
        if index.clustered:
            raise sql_error(10735, "index", index.name, table.name)
        where = index.where.sql
        _check_filter(table, index)
    order = tuple((c.name, descending) for c, (_, descending) in zip(columns, index.columns, strict=True))
    key = Key(0, next_index(table, index.clustered), index.name, "index", order, index.clustered, index.unique,
              included, where)  # fmt: skip
    _check_length(session, key, columns)
    return replace(table, keys=(*table.keys, key))


def _included(table: Table, index: nodes.IndexDefinition, keys: list[TableColumn]) -> tuple[str, ...]:
    found: list[str] = []
    for name in index.included:
        column = table.column(name)
        if column is None:
            raise sql_error(1911, name)
        if column.name in found or column in keys:
            raise sql_error(1909, "index key or included column list" if column in keys else "INCLUDE list",
                            column.name)  # fmt: skip
        found.append(column.name)
    return tuple(found)


def _with_columnstore(table: Table, index: nodes.IndexDefinition) -> Table:
    if any(key.columnstore for key in table.keys):
        raise sql_error(35339)
    if index.unique or index.included:
        raise sql_error(102, "COLUMNSTORE" if index.unique else "INCLUDE")
    names: list[tuple[str, bool]] = []
    for name, _ in index.columns:
        column = table.column(name)
        if column is None:
            raise sql_error(1911, name)
        if any(column.name == known for known, _ in names):
            raise sql_error(1909, "index key list", column.name)
        if column.is_rowversion:
            raise sql_error(35343, column.name)
        names.append((column.name, False))
    if index.clustered and any(column.is_rowversion for column in table.columns):
        found = next(column for column in table.columns if column.is_rowversion)
        raise sql_error(35343, found.name)
    where = index.where.sql if index.where is not None else ""
    if where:
        _check_filter(table, index)
    key = Key(0, next_index(table, index.clustered), index.name, "index", tuple(names), index.clustered, False, (),
              where, True)  # fmt: skip
    return replace(table, keys=(*table.keys, key))


# Filters ----------------------------------------------------------------------------------------------------------

_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def _check_filter(table: Table, index: nodes.IndexDefinition) -> None:
    """A filter is a conjunction of comparisons of columns with constants. Raises 207, 10609, 10735."""
    assert index.where is not None
    tree = parse_constraint(index.where.sql, index.where.line)
    for found in tree.find_all(exp.Column):
        column = table.column(found.name)
        if column is None:
            raise sql_error(207, found.name, line=index.where.line)
        if column.computed:
            raise sql_error(10609, index.name, f"{table.schema}.{table.name}", column.name)
    if not _is_filter(tree):
        raise sql_error(10735, "index", index.name, f"{table.schema}.{table.name}")


def _is_filter(node: exp.Expr) -> bool:
    if isinstance(node, exp.Paren):
        return _is_filter(node.this)
    if isinstance(node, exp.And):
        return _is_filter(node.this) and _is_filter(node.expression)
    if isinstance(node, exp.Not):
        return isinstance(node.this, exp.Is)
    if isinstance(node, exp.Is):
        return isinstance(node.this.unnest(), exp.Column)
    if isinstance(node, exp.In):
        return isinstance(node.this.unnest(), exp.Column) and all(_is_constant(value) for value in node.expressions)
    if isinstance(node, _COMPARED):
        if _is_constant(node.this):
            raise unsupported("filter that begins with a constant")
        return isinstance(node.this.unnest(), exp.Column) and _is_constant(node.expression)
    return False


def _is_constant(node: exp.Expr) -> bool:
    return not any(isinstance(part, exp.Column | exp.Anonymous | exp.Null) for part in node.walk())
