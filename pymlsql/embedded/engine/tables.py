"""Tables as values: what a definition in T-SQL makes of the catalog's table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import (
    Catalog,
    Check,
    Default,
    ForeignKey,
    Key,
    Table,
    TableColumn,
    constraint_names,
    now_text,
)
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.security.enforcement import check_object
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


class ObjectIds:
    """Object ids for what one statement creates; system names get their suffix from them."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def take(self) -> int:
        self.catalog, number = self.catalog.allocate()
        return number


def _system_name(prefix: str, table: str, number: int, column: str = "") -> str:
    parts = f"{prefix}__{table[:9].ljust(9, '_')}__" + (f"{column[:5].ljust(5, '_')}__" if column else "")
    return f"{parts}{number & 0xFFFFFFFF:08X}"


def build_table(session: Session, ids: ObjectIds, schema: str, name: str, definition: nodes.TableDefinition,
                *, temporary_id: int = 0) -> Table:  # fmt: skip
    """The table that a definition describes. Raises 2705, 2744, 1779 ..."""
    table = Table(temporary_id or ids.take(), schema, name, (), created=now_text(), modified=now_text(),
                  temporary=bool(temporary_id))  # fmt: skip
    for column in definition.columns:
        table = with_column(ids, table, column)
    for column in definition.columns:
        for constraint in column.constraints:
            if constraint.kind != "default":
                table = with_constraint(session, ids, table, constraint, column.name)
    for constraint in definition.constraints:
        table = with_constraint(session, ids, table, constraint, "")
    for index in definition.indexes:
        table = with_index(table, index)
    return table


def with_column(ids: ObjectIds, table: Table, column: nodes.ColumnDefinition) -> Table:
    """The table with one more column. Raises 2705, 2744, 2749."""
    if column.computed is not None:
        raise unsupported("computed column")
    if column.type.name in ("timestamp", "sql_variant", "text", "ntext", "image"):
        raise unsupported(f"column of type {column.type}")
    if column.name.lower() == "rowid":
        # DuckDB knows its rows by this name, and would take the column for it.
        raise unsupported("column named rowid")
    if table.column(column.name) is not None:
        raise sql_error(2705, column.name, table.name)
    if column.identity is not None:
        if table.identity is not None:
            raise sql_error(2744, table.name)
        if not column.type.is_integer and not (column.type.name == "decimal" and column.type.scale == 0):
            raise sql_error(2749, column.name)
    binary = column.collation.upper().endswith(("_BIN", "_BIN2"))
    if not binary and column.collation.upper() not in ("", "SQL_LATIN1_GENERAL_CP1_CI_AS", "DATABASE_DEFAULT"):
        raise unsupported(f"COLLATE {column.collation}")
    primary = any(constraint.kind == "pk" for constraint in column.constraints)
    nullable = column.nullable if column.nullable is not None else not (primary or column.identity)
    default = next((c for c in column.constraints if c.kind == "default"), None)
    made = TableColumn(
        column.name, column.type, nullable, table.max_column_id + 1, column.identity,
        _default(ids, table, default, column.name) if default else None, binary, column.collation if binary else "",
    )  # fmt: skip
    return replace(table, columns=(*table.columns, made), max_column_id=table.max_column_id + 1)


def _default(ids: ObjectIds, table: Table, constraint: nodes.Constraint, column: str) -> Default:
    assert constraint.expression is not None
    parse_constraint(constraint.expression.sql, constraint.expression.line)
    number = ids.take()
    name = constraint.name or _system_name("DF", table.name, number, column)
    return Default(number, name, constraint.expression.sql, not constraint.name)


def with_constraint(session: Session, ids: ObjectIds, table: Table, constraint: nodes.Constraint, column: str) -> Table:
    """The table with one more constraint. Raises 1767 to 1781, 2714, 8111, 8112."""
    if constraint.name and _name_taken(session, table, constraint.name):
        raise sql_error(2714, constraint.name)
    number = ids.take()
    by_system = not constraint.name
    if constraint.kind == "check":
        assert constraint.expression is not None
        parse_constraint(constraint.expression.sql, constraint.expression.line)
        name = constraint.name or _system_name("CK", table.name, number, column)
        check = Check(number, name, constraint.expression.sql, column, by_system)
        return replace(table, checks=(*table.checks, check))
    if constraint.kind == "default":
        return _with_default(ids, table, constraint)
    if constraint.kind == "fk":
        return _with_foreign_key(session, table, constraint, number)
    return _with_key(table, constraint, number)


def _name_taken(session: Session, table: Table, name: str) -> bool:
    if any(known.lower() == name.lower() for known in constraint_names(table)):
        return True
    if table.temporary:
        return False
    other = session.catalog.constraint_owner(table.schema, name)
    return session.catalog.find(table.schema, name) is not None or (
        other is not None and other.object_id != table.object_id
    )


def _with_default(ids: ObjectIds, table: Table, constraint: nodes.Constraint) -> Table:
    name = constraint.columns[0][0]
    column = table.column(name)
    if column is None:
        raise sql_error(1752, name, table.name)
    if column.default is not None:
        raise sql_error(1781)
    made = replace(column, default=_default(ids, table, constraint, column.name))
    return replace(table, columns=tuple(made if c == column else c for c in table.columns))


def _with_key(table: Table, constraint: nodes.Constraint, number: int) -> Table:
    primary = constraint.kind == "pk"
    if primary and table.primary_key is not None:
        raise sql_error(1779, table.name)
    columns = []
    for name, descending in constraint.columns:
        column = table.column(name)
        if column is None:
            raise sql_error(1911, name)
        if primary and column.nullable:
            if any(c.name == column.name for c in table.columns) and table.modified == table.created:
                table = replace(
                    table, columns=tuple(replace(c, nullable=False) if c == column else c for c in table.columns)
                )
            else:
                raise sql_error(8111, table.name)
        columns.append((column.name, descending))
    clustered = constraint.clustered if constraint.clustered is not None else primary and not _clustered(table)
    if clustered and _clustered(table):
        raise sql_error(8112, table.name)
    name = constraint.name or _system_name("PK" if primary else "UQ", table.name, number)
    key = Key(number, _next_index(table, clustered), name, constraint.kind, tuple(columns), clustered,
              named_by_system=not constraint.name)  # fmt: skip
    return replace(table, keys=(*table.keys, key))


def _clustered(table: Table) -> bool:
    return any(key.clustered for key in table.keys)


def _next_index(table: Table, clustered: bool) -> int:
    return 1 if clustered else max([1, *(key.index_id for key in table.keys)]) + 1


def _with_foreign_key(session: Session, table: Table, constraint: nodes.Constraint, number: int) -> Table:
    assert constraint.references is not None
    if (constraint.on_delete, constraint.on_update) != ("NO ACTION", "NO ACTION"):
        raise unsupported("FOREIGN KEY with CASCADE or SET")
    if table.temporary:
        raise unsupported("FOREIGN KEY of a temporary table")
    name = constraint.name or _system_name("FK", table.name, number)
    reference = constraint.references
    schema = (reference.schema or session.path()[0]).lower()
    own = reference.object.lower() == table.name.lower() and schema == table.schema.lower()
    parent = table if own else lookup(session.catalog, reference, session.path())
    if not isinstance(parent, Table):
        raise sql_error(1767, name, str(reference))
    columns = []
    for column, _ in constraint.columns:
        found = table.column(column)
        if found is None:
            raise sql_error(1769, name, column, table.name)
        columns.append(found.name)
    referenced = constraint.referenced or tuple(
        n for n, _ in (parent.primary_key.columns if parent.primary_key else ())
    )
    wanted = sorted(column.lower() for column in referenced)
    if not any(k.unique and not k.where and sorted(n.lower() for n, _ in k.columns) == wanted for k in parent.keys):
        raise sql_error(1776, parent.name, name)
    if not own and not session.identity.rights.unlimited:
        check_object(session, "REFERENCES", parent, set(wanted))
    for a, b in zip(columns, referenced, strict=True):
        first, second = table.column(a), parent.column(b)
        if first is not None and second is not None and first.type != second.type:
            raise sql_error(1778, f"{parent.name}.{b}", f"{table.name}.{a}", name)
    foreign = ForeignKey(number, name, tuple(columns), parent.object_id, tuple(referenced), not constraint.name)
    return replace(table, foreign_keys=(*table.foreign_keys, foreign))


def with_index(table: Table, index: nodes.IndexDefinition) -> Table:
    """The table with one more index. Raises 1902, 1911, 1913."""
    if any(key.name.lower() == index.name.lower() for key in table.keys):
        raise sql_error(1913, index.name, "table", table.name)
    if index.clustered and _clustered(table):
        raise sql_error(1902, table.name, next(k.name for k in table.keys if k.clustered))
    columns = []
    for name, descending in index.columns:
        column = table.column(name)
        if column is None:
            raise sql_error(1911, name)
        columns.append((column.name, descending))
    for name in index.included:
        if table.column(name) is None:
            raise sql_error(1911, name)
    where = index.where.sql if index.where else ""
    if index.where is not None:
        parse_constraint(where, index.where.line)
    number = _next_index(table, index.clustered)
    key = Key(0, number, index.name, "index", tuple(columns), index.clustered, index.unique, index.included, where,
              index.columnstore)  # fmt: skip
    return replace(table, keys=(*table.keys, key))
