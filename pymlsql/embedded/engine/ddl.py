"""CREATE, ALTER and DROP: the catalog's new value and what follows in DuckDB, in one statement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import (
    Catalog,
    Check,
    Default,
    ForeignKey,
    Key,
    Schema,
    Table,
    TableColumn,
    constraint_names,
    now_text,
)
from pymlsql.embedded.engine.constraints import STAGE, check_rows
from pymlsql.embedded.engine.dml import target_table
from pymlsql.embedded.engine.names import SYSTEM_DATABASES
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


class _Ids:
    """Object ids for what one statement creates; system names get their suffix from them."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def take(self) -> int:
        self.catalog, number = self.catalog.allocate()
        return number


def schema_of(session: Session, name: Name) -> Schema:
    """The schema a new object goes into. Raises 2760, 911."""
    database = name.database.lower()
    if database and database != session.database.lower():
        if database in SYSTEM_DATABASES:
            raise unsupported(f"objects in database {name.database}")
        raise sql_error(911, name.database)
    schema = session.catalog.schemas.get(name.schema.lower() or "dbo")
    if schema is None or schema.schema_id in (3, 4):
        raise sql_error(2760, name.schema)
    return schema


def _system_name(prefix: str, table: str, number: int, column: str = "") -> str:
    parts = f"{prefix}__{table[:9].ljust(9, '_')}__" + (f"{column[:5].ljust(5, '_')}__" if column else "")
    return f"{parts}{number & 0xFFFFFFFF:08X}"


# CREATE TABLE -----------------------------------------------------------------------------------------------------


def create_table(session: Session, statement: nodes.CreateTable) -> None:
    if statement.name.object.startswith("##"):
        raise unsupported("global temporary table", line=statement.line)
    if statement.name.object.startswith("#"):
        session.create_temporary(statement.name.object, statement.definition)
        return
    schema = schema_of(session, statement.name)
    if session.catalog.find(schema.name, statement.name.object):
        raise sql_error(2714, statement.name.object)
    ids = _Ids(session.catalog)
    table = build_table(session, ids, schema.name, statement.name.object, statement.definition)
    with session.store.statement():
        session.store.write(f"CREATE TABLE {table.sql} ({_duck_columns(table)})")
        session.set_catalog(ids.catalog.with_object(table), [table])


def _duck_columns(table: Table) -> str:
    return ", ".join(f"{quote_name(column.name)} {column.type.duckdb}" for column in table.columns)


def build_table(session: Session, ids: _Ids, schema: str, name: str, definition: nodes.TableDefinition,
                *, temporary_id: int = 0) -> Table:  # fmt: skip
    """The table that a definition describes. Raises 2705, 2744, 1779 ..."""
    table = Table(temporary_id or ids.take(), schema, name, (), created=now_text(), modified=now_text(),
                  temporary=bool(temporary_id))  # fmt: skip
    for column in definition.columns:
        table = _with_column(ids, table, column)
    for column in definition.columns:
        for constraint in column.constraints:
            if constraint.kind != "default":
                table = _with_constraint(session, ids, table, constraint, column.name)
    for constraint in definition.constraints:
        table = _with_constraint(session, ids, table, constraint, "")
    for index in definition.indexes:
        table = _with_index(table, index)
    return table


def _with_column(ids: _Ids, table: Table, column: nodes.ColumnDefinition) -> Table:
    if column.computed is not None:
        raise unsupported("computed column")
    if column.type.name in ("timestamp", "sql_variant", "text", "ntext", "image"):
        raise unsupported(f"column of type {column.type}")
    if table.column(column.name) is not None:
        raise sql_error(2705, column.name, table.name)
    if column.identity is not None:
        if table.identity is not None:
            raise sql_error(2744, table.name)
        if not column.type.is_integer and not (column.type.name == "decimal" and column.type.scale == 0):
            raise sql_error(2749, column.name)
    binary = column.collation.upper().endswith(("_BIN", "_BIN2"))
    if column.collation and not binary and column.collation.upper() != "SQL_LATIN1_GENERAL_CP1_CI_AS":
        if column.collation.upper() != "DATABASE_DEFAULT":
            raise unsupported(f"COLLATE {column.collation}")
    primary = any(constraint.kind == "pk" for constraint in column.constraints)
    nullable = column.nullable if column.nullable is not None else not (primary or column.identity)
    default = next((c for c in column.constraints if c.kind == "default"), None)
    made = TableColumn(
        column.name, column.type, nullable, table.max_column_id + 1, column.identity,
        _default(ids, table, default, column.name) if default else None, binary, column.collation if binary else "",
    )  # fmt: skip
    return replace(table, columns=(*table.columns, made), max_column_id=table.max_column_id + 1)


def _default(ids: _Ids, table: Table, constraint: nodes.Constraint, column: str) -> Default:
    assert constraint.expression is not None
    number = ids.take()
    name = constraint.name or _system_name("DF", table.name, number, column)
    return Default(number, name, constraint.expression.sql, not constraint.name)


def _with_constraint(session: Session, ids: _Ids, table: Table, constraint: nodes.Constraint, column: str) -> Table:
    if constraint.name and _name_taken(session, table, constraint.name):
        raise sql_error(2714, constraint.name)
    number = ids.take()
    by_system = not constraint.name
    if constraint.kind == "check":
        assert constraint.expression is not None
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


def _with_default(ids: _Ids, table: Table, constraint: nodes.Constraint) -> Table:
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
    own = reference.object.lower() == table.name.lower() and (reference.schema or "dbo").lower() == table.schema.lower()
    parent = table if own else session.catalog.find(reference.schema or "dbo", reference.object)
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
    for a, b in zip(columns, referenced, strict=True):
        first, second = table.column(a), parent.column(b)
        if first is not None and second is not None and first.type != second.type:
            raise sql_error(1778, f"{parent.name}.{b}", f"{table.name}.{a}", name)
    foreign = ForeignKey(number, name, tuple(columns), parent.object_id, tuple(referenced), not constraint.name)
    return replace(table, foreign_keys=(*table.foreign_keys, foreign))


def _with_index(table: Table, index: nodes.IndexDefinition) -> Table:
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
    key = Key(0, _next_index(table, index.clustered), index.name, "index", tuple(columns), index.clustered, index.unique,
              index.included, where, index.columnstore)  # fmt: skip
    return replace(table, keys=(*table.keys, key))


# ALTER TABLE ------------------------------------------------------------------------------------------------------


def alter_table(session: Session, statement: nodes.AlterTable) -> None:
    if statement.name.object.startswith("#"):
        raise unsupported("ALTER TABLE of a temporary table", line=statement.line)
    table = session.catalog.find(statement.name.schema or "dbo", statement.name.object)
    if not isinstance(table, Table):
        raise sql_error(4902, str(statement.name))
    handlers = {"add": _alter_add, "drop_column": _alter_drop_columns, "drop_constraint": _alter_drop_constraints,
                "alter_column": _alter_column}  # fmt: skip
    with session.store.statement():
        handlers[statement.action](session, table, statement)


def _alter_add(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    assert statement.definition is not None
    ids = _Ids(session.catalog)
    before = table
    for column in statement.definition.columns:
        table = _with_column(ids, table, column)
        _add_column(session, before, table)
        for constraint in column.constraints:
            if constraint.kind != "default":
                table = _with_constraint(session, ids, table, constraint, column.name)
    for constraint in statement.definition.constraints:
        table = _with_constraint(session, ids, table, constraint, "")
    table = replace(table, modified=now_text())
    _check_existing(session, table, before)
    session.set_catalog(ids.catalog.with_object(table), [table])


def _add_column(session: Session, before: Table, table: Table) -> None:
    from pymlsql.embedded.engine.dml import stored
    from pymlsql.embedded.engine.evaluation import bind, names
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.names import Plan
    from pymlsql.embedded.tsql.compiler import Compiled, Compiler
    from pymlsql.embedded.tsql.dialect import parse_scalar
    from pymlsql.embedded.tsql.scope import Scope

    column = table.columns[-1]
    row = session.store.run(f"SELECT count(*) FROM {table.sql}").fetchone()
    n_rows = row[0] if row else 0
    if not column.nullable and column.default is None and n_rows and column.identity is None:
        raise sql_error(4901, column.name, table.name)
    if column.identity is not None and n_rows:
        raise unsupported("adding an identity column to a table with rows")
    session.store.write(f"ALTER TABLE {table.sql} ADD COLUMN {quote_name(column.name)} {column.type.duckdb}")
    if column.default is not None and not column.nullable and n_rows:
        compiler = Compiler(names(session), {}, session.engine.level)
        compiler.scopes.append(Scope())
        value = stored(compiler.value(parse_scalar(column.default.text)), column, table.name)
        plan = Plan(Compiled("", (), {}, compiler.runtime), {})
        update = f"UPDATE {table.sql} SET {quote_name(column.name)} = {value.sql}"
        session.store.write(update, bind(session, Frame(), plan))


def _check_existing(session: Session, table: Table, before: Table) -> None:
    """New constraints hold for the rows that are there, as WITH CHECK says."""
    new = replace(
        table,
        keys=tuple(key for key in table.keys if key not in before.keys),
        checks=tuple(check for check in table.checks if check not in before.checks),
        foreign_keys=tuple(foreign for foreign in table.foreign_keys if foreign not in before.foreign_keys),
    )
    if not (new.keys or new.checks or new.foreign_keys):
        return
    rows = session.store.run(f"SELECT * FROM {table.sql}").to_arrow_table()
    rids = session.store.run(f"SELECT rowid AS rid FROM {table.sql}").to_arrow_table()
    with session.store.registered({STAGE: rows, "pymlsql_old": rids}):
        check_rows(session, new, rows.num_rows, action="ALTER TABLE", replaced="pymlsql_old")


def _alter_drop_constraints(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    for name in statement.names:
        table = _without_constraint(session, table, name, statement.if_exists)
    table = replace(table, modified=now_text())
    session.set_catalog(session.catalog.with_object(table), [table])


def _without_constraint(session: Session, table: Table, name: str, if_exists: bool) -> Table:
    wanted = name.lower()
    for key in table.keys:
        if key.object_id and key.name.lower() == wanted:
            _refuse_if_referenced(session, table, key, name)
            return replace(table, keys=tuple(k for k in table.keys if k != key))
    if any(check.name.lower() == wanted for check in table.checks):
        return replace(table, checks=tuple(c for c in table.checks if c.name.lower() != wanted))
    if any(foreign.name.lower() == wanted for foreign in table.foreign_keys):
        return replace(table, foreign_keys=tuple(f for f in table.foreign_keys if f.name.lower() != wanted))
    for column in table.columns:
        if column.default and column.default.name.lower() == wanted:
            columns = tuple(replace(c, default=None) if c == column else c for c in table.columns)
            return replace(table, columns=columns)
    if if_exists:
        return table
    raise sql_error(3728, name)


def _refuse_if_referenced(session: Session, table: Table, key: Key, name: str) -> None:
    wanted = sorted(column.lower() for column, _ in key.columns)
    for other in session.catalog.tables():
        for foreign in other.foreign_keys:
            if foreign.referenced_id == table.object_id and sorted(c.lower() for c in foreign.referenced) == wanted:
                raise sql_error(3725, name, other.name, foreign.name)


def _alter_drop_columns(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    for name in statement.names:
        column = table.column(name)
        if column is None:
            if statement.if_exists:
                continue
            raise sql_error(4924, "ALTER TABLE DROP COLUMN", name, table.name)
        _refuse_if_used(table, column)
        session.store.write(f"ALTER TABLE {table.sql} DROP COLUMN {quote_name(column.name)}")
        table = replace(table, columns=tuple(c for c in table.columns if c != column))
    table = replace(table, modified=now_text())
    session.set_catalog(session.catalog.with_object(table), [table])


def _refuse_if_used(table: Table, column: TableColumn) -> None:
    name = column.name.lower()
    used = [
        key.name
        for key in table.keys
        if name in {c.lower() for c, _ in key.columns} | set(map(str.lower, key.included))
    ]
    used += [foreign.name for foreign in table.foreign_keys if name in map(str.lower, foreign.columns)]
    used += [check.name for check in table.checks if check.column.lower() == name or name in check.text.lower()]
    used += [column.default.name] if column.default else []
    if used:
        raise sql_error(5074, "object", used[0], "column", column.name)


def _alter_column(session: Session, table: Table, statement: nodes.AlterTable) -> None:
    assert statement.definition is not None
    wanted = statement.definition.columns[0]
    column = table.column(wanted.name)
    if column is None:
        raise sql_error(4924, "ALTER TABLE ALTER COLUMN", wanted.name, table.name)
    keyed = [key.name for key in table.keys if column.name in {name for name, _ in key.columns}]
    if keyed and wanted.type != column.type and not _widens(column, wanted):
        raise sql_error(5074, "object", keyed[0], "column", column.name)
    nullable = True if wanted.nullable is None else wanted.nullable
    changed = replace(column, type=wanted.type, nullable=nullable)
    if wanted.type != column.type:
        if not _widens(column, wanted):
            raise unsupported(f"ALTER COLUMN from {column.type} to {wanted.type}")
        kind = f"SET DATA TYPE {wanted.type.duckdb}"
        session.store.write(f"ALTER TABLE {table.sql} ALTER COLUMN {quote_name(column.name)} {kind}")
    if not nullable and column.nullable:
        found = session.store.run(
            f"SELECT 1 FROM {table.sql} WHERE {quote_name(column.name)} IS NULL LIMIT 1"
        ).fetchone()
        if found:
            raise sql_error(515, column.name, f"{session.database}.{table.schema}.{table.name}", "UPDATE")
    table = replace(table, columns=tuple(changed if c == column else c for c in table.columns), modified=now_text())
    session.set_catalog(session.catalog.with_object(table), [table])


def _widens(column: TableColumn, wanted: nodes.ColumnDefinition) -> bool:
    """Whether every stored value stays as it is."""
    a, b = column.type, wanted.type
    if a.is_string and b.is_string and "var" in a.name and "var" in b.name:
        return (b.length == -1 or 0 < a.length <= b.length) and (b.is_unicode or not a.is_unicode)
    if a.is_binary and b.is_binary and "var" in a.name and "var" in b.name:
        return b.length == -1 or 0 < a.length <= b.length
    if a.is_integer and b.is_integer and a.name != "bit":
        return b.rank >= a.rank
    return a == b or (a.name, b.name) in {("real", "float"), ("int", "float"), ("smallint", "float")}


# Indexes, schemas, DROP -------------------------------------------------------------------------------------------


def create_index(session: Session, statement: nodes.CreateIndex) -> None:
    table = target_table(session, statement.table)
    changed = _with_index(table, statement.index)
    with session.store.statement(locked=not table.temporary):
        if statement.index.unique:
            _check_unique(session, changed, table)
        if table.temporary:
            session.replace_temporary(changed)
        else:
            changed = replace(changed, modified=now_text())
            session.set_catalog(session.catalog.with_object(changed), [changed])


def _check_unique(session: Session, changed: Table, table: Table) -> None:
    try:
        _check_existing(session, changed, table)
    except SqlError as error:
        if error.number != 2601:
            raise
        value = error.message.rpartition("(")[2].removesuffix(").")
        raise sql_error(1505, f"{table.schema}.{table.name}", changed.keys[-1].name, value) from None


def drop_index(session: Session, statement: nodes.DropIndex) -> None:
    table = target_table(session, statement.table)
    key = next((k for k in table.keys if k.name.lower() == statement.name.lower()), None)
    if key is None:
        if statement.if_exists:
            return
        raise sql_error(3701, "drop", "index", f"{statement.table}.{statement.name}")
    if key.object_id:
        raise sql_error(
            3723, f"{statement.table}.{statement.name}", "PRIMARY KEY" if key.kind == "pk" else "UNIQUE KEY"
        )
    changed = replace(table, keys=tuple(k for k in table.keys if k != key), modified=now_text())
    with session.store.statement(locked=not table.temporary):
        if table.temporary:
            session.replace_temporary(changed)
        else:
            session.set_catalog(session.catalog.with_object(changed), [changed])


def create_schema(session: Session, statement: nodes.CreateSchema) -> None:
    if statement.name.lower() in session.catalog.schemas:
        raise sql_error(2714, statement.name)
    if statement.owner and statement.owner.lower() != "dbo":
        raise sql_error(15151, "find", "user", statement.owner)
    number = max([4, *(s.schema_id for s in session.catalog.schemas.values() if s.schema_id < 16384)]) + 1
    schema = Schema(number, statement.name)
    with session.store.statement():
        session.set_catalog(session.catalog.with_schema(schema), [schema])


_DROPPED = {"TABLE": "table", "VIEW": "view", "PROCEDURE": "procedure", "FUNCTION": "function"}
_MODULE_KIND = {"VIEW": "V", "PROCEDURE": "P", "FUNCTION": "IF"}


def drop(session: Session, statement: nodes.Drop) -> None:
    for name in statement.names:
        if statement.kind == "SCHEMA":
            _drop_schema(session, name, statement.if_exists)
        elif name.object.startswith("#"):
            session.drop_temporary(name.object, if_exists=statement.if_exists)
        else:
            _drop_object(session, statement, name)


def _drop_schema(session: Session, name: Name, if_exists: bool) -> None:
    schema = session.catalog.schemas.get(name.object.lower())
    if schema is None:
        if if_exists:
            return
        raise sql_error(15151, "drop", "schema", name.object)
    inside = next((o for o in session.catalog.objects.values() if o.schema.lower() == schema.name.lower()), None)
    if inside is not None:
        raise sql_error(3729, "drop schema", schema.name, inside.name)
    if schema.schema_id <= 4:
        raise sql_error(15150, "drop", "schema", schema.name)
    with session.store.statement():
        session.set_catalog(session.catalog.without_schema(schema.name), [], gone=[schema])


def _drop_object(session: Session, statement: nodes.Drop, name: Name) -> None:
    found = session.catalog.find(name.schema or "dbo", name.object)
    if found is None:
        if statement.if_exists:
            return
        raise sql_error(3701, "drop", _DROPPED[statement.kind], str(name))
    actual = "TABLE" if isinstance(found, Table) else next(k for k, v in _MODULE_KIND.items() if v == found.kind)
    if actual != statement.kind:
        raise sql_error(3705, statement.kind, str(name), str(name), _DROPPED[actual], actual)
    with session.store.statement():
        if isinstance(found, Table):
            for other in session.catalog.tables():
                if other.object_id != found.object_id and any(
                    f.referenced_id == found.object_id for f in other.foreign_keys
                ):
                    raise sql_error(3726, str(name))
            session.store.write(f"DROP TABLE {found.sql}")
            session.identities(found).forget(found.object_id)
            session.store.write("DELETE FROM store.identities WHERE object_id = $id", {"id": found.object_id})
        session.set_catalog(session.catalog.without_object(found), [], gone=[found])
