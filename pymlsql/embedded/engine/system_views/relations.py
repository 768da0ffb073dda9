"""Columns, indexes and partitions of tables; columns of views and inline functions; data types.

Columns are those of SQL Server 2019, from "Object catalog views" and "Scalar types catalog views" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.catalog import Key, Module, Table, TableColumn
from pymlsql.embedded.engine.system_views.datatypes import DATA_TYPES, type_fact
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, view
from pymlsql.embedded.engine.system_views.definition import normal_form
from pymlsql.embedded.engine.system_views.objects import schema_id
from pymlsql.embedded.engine.system_views.state import COLLATION, SystemState
from pymlsql.embedded.engine.typeentries import UserType, type_tables
from pymlsql.embedded.tsql.types import TABLE_TYPE, SqlType

COLUMNS = columns("""
    object_id int, name sysname?, column_id int, system_type_id tinyint, user_type_id int, max_length smallint,
    precision tinyint, scale tinyint, collation_name sysname?, is_nullable bit, is_ansi_padded bit,
    is_rowguidcol bit=0, is_identity bit=0, is_computed bit=0, is_filestream bit=0, is_replicated bit=0,
    is_non_sql_subscribed bit=0, is_merge_published bit=0, is_dts_replicated bit=0, is_xml_document bit=0,
    xml_collection_id int=0, default_object_id int=0, rule_object_id int=0, is_sparse bit=0, is_column_set bit=0,
    generated_always_type tinyint=0, generated_always_type_desc nvarchar(60)=NOT_APPLICABLE, encryption_type int?,
    encryption_type_desc nvarchar(64)?, encryption_algorithm_name sysname?, column_encryption_key_id int?,
    column_encryption_key_database_name sysname?, is_hidden bit=0, is_masked bit=0, graph_type int?,
    graph_type_desc nvarchar(60)?""")

IDENTITY_COLUMNS = COLUMNS + columns("""
    seed_value sql_variant?, increment_value sql_variant?, last_value sql_variant?, is_not_for_replication bit=0""")

COMPUTED_COLUMNS = COLUMNS + columns("definition nvarchar(max)?, uses_database_collation bit, is_persisted bit")

TYPES = columns("""
    name sysname, system_type_id tinyint, user_type_id int, schema_id int=4, principal_id int?, max_length smallint,
    precision tinyint, scale tinyint, collation_name sysname?, is_nullable bit, is_user_defined bit=0,
    is_assembly_type bit=0, default_object_id int=0, rule_object_id int=0, is_table_type bit=0""")

TABLE_TYPES = TYPES + columns("type_table_object_id int, is_memory_optimized bit=0")

INDEXES = columns("""
    object_id int, name sysname?, index_id int, type tinyint, type_desc nvarchar(60), is_unique bit,
    data_space_id int=1, ignore_dup_key bit=0, is_primary_key bit=0, is_unique_constraint bit=0,
    fill_factor tinyint=0, is_padded bit=0, is_disabled bit=0, is_hypothetical bit=0, allow_row_locks bit=1,
    allow_page_locks bit=1, has_filter bit=0, filter_definition nvarchar(max)?, compression_delay int?,
    suppress_dup_key_messages bit=0, auto_created bit=0, optimize_for_sequential_key bit=0""")

INDEX_COLUMNS = columns("""
    object_id int, index_id int, index_column_id int, column_id int, key_ordinal tinyint, partition_ordinal tinyint=0,
    is_descending_key bit=0, is_included_column bit=0""")

PARTITIONS = columns("""
    partition_id bigint, object_id int, index_id int, partition_number int=1, hobt_id bigint, rows bigint?,
    filestream_filegroup_id smallint=0, data_compression tinyint, data_compression_desc nvarchar(60)""")

PERIODS = columns("""
    name sysname?, period_type tinyint=1, period_type_desc nvarchar(60)?=SYSTEM_TIME_PERIOD, object_id int,
    start_column_id int, end_column_id int""")

HEAP, CLUSTERED, NONCLUSTERED, CLUSTERED_COLUMNSTORE, NONCLUSTERED_COLUMNSTORE = 0, 1, 2, 5, 6
INDEX_TYPES = {HEAP: "HEAP", CLUSTERED: "CLUSTERED", NONCLUSTERED: "NONCLUSTERED",
               CLUSTERED_COLUMNSTORE: "CLUSTERED COLUMNSTORE",
               NONCLUSTERED_COLUMNSTORE: "NONCLUSTERED COLUMNSTORE"}  # fmt: skip

# SQL Server numbers partitions from here on; below it lie those of system tables.
_FIRST_PARTITION = 72057594037927936


# Columns ----------------------------------------------------------------------------------------------------------


def column_fact(object_id: int, column_id: int, name: str, type_: SqlType, nullable: bool, user_type: int = 0) -> Fact:
    """sys.columns of any relation's column."""
    return type_fact(type_) | ({"user_type_id": user_type} if user_type else {}) | {
        "object_id": object_id, "name": name, "column_id": column_id, "is_nullable": nullable,
        "collation_name": COLLATION if type_.is_string else None,
        "is_ansi_padded": type_.is_string or type_.is_binary or type_.name == "sql_variant",
    }  # fmt: skip


def table_column_fact(table: Table, column: TableColumn) -> Fact:
    """sys.columns of a table's column: with its identity, default and collation."""
    fact = column_fact(table.object_id, column.column_id, column.name, column.type, column.nullable, column.user_type)
    fact["is_identity"] = column.identity is not None
    fact["is_computed"] = bool(column.computed)
    if column.generated:
        fact["generated_always_type"] = 1 if column.generated == "start" else 2
        fact["generated_always_type_desc"] = f"AS_ROW_{column.generated.upper()}"
        fact["is_hidden"] = column.hidden
    if column.type.is_string and column.collation:
        fact["collation_name"] = column.collation
    if column.default:
        fact["default_object_id"] = column.default.object_id
    return fact


def column_facts(state: SystemState) -> Iterator[Fact]:
    """sys.columns of the database's tables, views and inline functions."""
    for found in state.catalog.objects.values():
        if isinstance(found, Table):
            yield from (table_column_fact(found, column) for column in found.columns)
        else:
            yield from module_column_facts(found)
    for table in type_tables(state.catalog):
        yield from (table_column_fact(table, column) for column in table.columns)


def module_column_facts(module: Module) -> Iterator[Fact]:
    """sys.columns of a view or inline function; a procedure has none."""
    for column_id, column in enumerate(module.columns, 1):
        yield column_fact(module.object_id, column_id, column.name, column.type, column.nullable, column.user_type)


def _identity_columns(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        column = table.identity
        if column is not None and column.identity is not None:
            seed, increment = column.identity
            yield table_column_fact(table, column) | {
                "seed_value": seed, "increment_value": increment,
                "last_value": state.identity_values.get(table.object_id)}  # fmt: skip


def _computed_columns(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        for column in table.columns:
            if column.computed:
                yield table_column_fact(table, column) | {
                    "definition": state.sight.text(table.object_id, normal_form(column.computed, column_names(table))),
                    "uses_database_collation": True, "is_persisted": column.persisted}  # fmt: skip


def _types(state: SystemState) -> Iterator[Fact]:
    for found in DATA_TYPES:
        yield {
            "name": found.name, "system_type_id": found.system_type_id, "user_type_id": found.user_type_id,
            "max_length": found.max_length, "precision": found.precision, "scale": found.scale,
            "collation_name": COLLATION if found.is_character else None, "is_nullable": found.nullable,
            "is_assembly_type": found.is_assembly_type,
        }  # fmt: skip
    for made in state.catalog.entries(UserType):
        yield _user_type(state, made)


def _user_type(state: SystemState, found: UserType) -> Fact:
    base = TABLE_TYPE if found.base is None else found.base
    return type_fact(base) | {
        "name": found.name, "user_type_id": found.type_id, "schema_id": schema_id(state, found.schema),
        "collation_name": COLLATION if base.is_string else None, "is_nullable": found.nullable,
        "is_user_defined": True, "is_table_type": found.table is not None,
    }  # fmt: skip


def _table_types(state: SystemState) -> Iterator[Fact]:
    for found in state.catalog.entries(UserType):
        if found.table is not None:
            yield _user_type(state, found) | {"type_table_object_id": found.table.object_id}


# Indexes ----------------------------------------------------------------------------------------------------------


def index_type(key: Key) -> int:
    """The number of sys.indexes.type."""
    if key.columnstore:
        return CLUSTERED_COLUMNSTORE if key.clustered else NONCLUSTERED_COLUMNSTORE
    return CLUSTERED if key.clustered else NONCLUSTERED


def _is_heap(table: Table) -> bool:
    return not any(key.clustered for key in table.keys)


def _indexes(state: SystemState) -> Iterator[Fact]:
    for table in [*state.catalog.tables(), *type_tables(state.catalog)]:
        if _is_heap(table):
            yield {"object_id": table.object_id, "index_id": 0, "type": HEAP, "type_desc": "HEAP", "is_unique": False}
        for key in table.keys:
            type_ = index_type(key)
            yield {
                "object_id": table.object_id, "name": key.name, "index_id": key.index_id, "type": type_,
                "type_desc": INDEX_TYPES[type_], "is_unique": key.unique and not key.columnstore,
                "is_primary_key": key.kind == "pk", "is_unique_constraint": key.kind == "unique",
                "has_filter": bool(key.where), "is_disabled": key.disabled,
                "filter_definition": state.sight.text(table.object_id, normal_form(key.where, column_names(table)))
                if key.where else None,
            }  # fmt: skip


def column_names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def column_id(table: Table, name: str) -> int:
    """The id of a column that is known to be there. Raises LookupError."""
    column = table.column(name)
    if column is None:
        raise LookupError(f"table {table.name} has no column {name}")
    return column.column_id


def _key_columns(table: Table, key: Key) -> list[tuple[str, bool, bool]]:
    """(name, descending, included) in the order of index_column_id. A columnstore index has no keys, and a clustered
    one holds every column."""
    if not key.columnstore:
        return [(name, desc, False) for name, desc in key.columns] + [(name, False, True) for name in key.included]
    names = [name for name, _ in key.columns] + list(key.included)
    return [(name, False, True) for name in (column_names(table) if key.clustered else names)]


def _index_columns(state: SystemState) -> Iterator[Fact]:
    for table in [*state.catalog.tables(), *type_tables(state.catalog)]:
        for key in table.keys:
            for number, (name, descending, included) in enumerate(_key_columns(table, key), 1):
                yield {
                    "object_id": table.object_id, "index_id": key.index_id, "index_column_id": number,
                    "column_id": column_id(table, name), "key_ordinal": 0 if included else number,
                    "is_descending_key": descending, "is_included_column": included,
                }  # fmt: skip


def _partitions(state: SystemState) -> Iterator[Fact]:
    """Of all tables: SQL Server shows this view to everybody."""
    for table in state.all_catalog.tables():
        stored = [(0, False)] if _is_heap(table) else []
        for index_id, columnstore in stored + [(key.index_id, key.columnstore) for key in table.keys]:
            number = _FIRST_PARTITION + (table.object_id << 16) + index_id
            yield {
                "partition_id": number, "object_id": table.object_id, "index_id": index_id, "hobt_id": number,
                "rows": state.row_counts.get(table.object_id), "data_compression": 3 if columnstore else 0,
                "data_compression_desc": "COLUMNSTORE" if columnstore else "NONE",
            }  # fmt: skip


def _periods(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        if table.period:
            start, end = table.period
            yield {"name": "SYSTEM_TIME", "object_id": table.object_id, "start_column_id": column_id(table, start),
                   "end_column_id": column_id(table, end)}  # fmt: skip


RELATION_VIEWS: dict[str, SystemView] = {
    "columns": view(COLUMNS, column_facts),
    "identity_columns": view(IDENTITY_COLUMNS, _identity_columns),
    "computed_columns": view(COMPUTED_COLUMNS, _computed_columns),
    "types": view(TYPES, _types),
    "table_types": view(TABLE_TYPES, _table_types),
    "indexes": view(INDEXES, _indexes),
    "index_columns": view(INDEX_COLUMNS, _index_columns),
    "partitions": view(PARTITIONS, _partitions),
    "periods": view(PERIODS, _periods),
}
