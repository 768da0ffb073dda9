"""sys.objects and the views that inherit its columns for tables, views, procedures; schemas and modules.

Columns are those of SQL Server 2019, from "Object catalog views" of sql-docs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

from pymlsql.embedded.engine.catalog import Module, Sequence, Table
from pymlsql.embedded.engine.security.principals import schema_owner
from pymlsql.embedded.engine.system_views.datatypes import type_fact
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, empty, view
from pymlsql.embedded.engine.system_views.state import UNKNOWN_TIME, SystemState
from pymlsql.embedded.engine.typeentries import type_tables
from pymlsql.embedded.tsql.nodes import CreateModule
from pymlsql.embedded.tsql.parser import parse_batch

TYPES = {
    "U ": "USER_TABLE", "V ": "VIEW", "P ": "SQL_STORED_PROCEDURE", "IF": "SQL_INLINE_TABLE_VALUED_FUNCTION",
    "FN": "SQL_SCALAR_FUNCTION", "SO": "SEQUENCE_OBJECT",
    "PK": "PRIMARY_KEY_CONSTRAINT", "UQ": "UNIQUE_CONSTRAINT", "F ": "FOREIGN_KEY_CONSTRAINT",
    "TT": "TYPE_TABLE", "C ": "CHECK_CONSTRAINT", "D ": "DEFAULT_CONSTRAINT", "X ": "EXTENDED_STORED_PROCEDURE",
}  # fmt: skip
"""The types of objects there are, char(2) as SQL Server pads them, and their descriptions."""

OBJECT = columns("""
    name sysname, object_id int, principal_id int?, schema_id int, parent_object_id int=0, type char(2),
    type_desc nvarchar(60), create_date datetime, modify_date datetime, is_ms_shipped bit=0, is_published bit=0,
    is_schema_published bit=0""")

TABLES = OBJECT + columns("""
    lob_data_space_id int, filestream_data_space_id int?, max_column_id_used int, lock_on_bulk_load bit=0,
    uses_ansi_nulls bit=1, is_replicated bit=0, has_replication_filter bit=0, is_merge_published bit=0,
    is_sync_tran_subscribed bit=0, has_unchecked_assembly_data bit=0, text_in_row_limit int=0,
    large_value_types_out_of_row bit=0, is_tracked_by_cdc bit=0, lock_escalation tinyint=0,
    lock_escalation_desc nvarchar(60)=TABLE, is_filetable bit=0, is_memory_optimized bit=0, durability tinyint=0,
    durability_desc nvarchar(60)=SCHEMA_AND_DATA, temporal_type tinyint=0,
    temporal_type_desc nvarchar(60)=NON_TEMPORAL_TABLE, history_table_id int?, is_remote_data_archive_enabled bit=0,
    is_external bit=0, history_retention_period int?, history_retention_period_unit int?,
    history_retention_period_unit_desc nvarchar(10)?, is_node bit=0, is_edge bit=0""")

VIEWS = OBJECT + columns("""
    is_replicated bit=0, has_replication_filter bit=0, has_opaque_metadata bit=0, has_unchecked_assembly_data bit=0,
    with_check_option bit=0, is_date_correlation_view bit=0""")

PROCEDURES = OBJECT + columns("""
    is_auto_executed bit=0, is_execution_replicated bit=0, is_repl_serializable_only bit=0,
    skips_repl_constraints bit=0""")

SCHEMAS = columns("name sysname, schema_id int, principal_id int")

SQL_MODULES = columns("""
    object_id int, definition nvarchar(max)?, uses_ansi_nulls bit, uses_quoted_identifier bit, is_schema_bound bit,
    uses_database_collation bit, is_recompiled bit, null_on_null_input bit=0, execute_as_principal_id int?,
    uses_native_compilation bit=0, inline_type bit=0, is_inlineable bit=0""")

PARAMETERS = columns("""
    object_id int, name sysname, parameter_id int, system_type_id tinyint, user_type_id int, max_length smallint,
    precision tinyint, scale tinyint, is_output bit, is_cursor_ref bit=0, has_default_value bit=0,
    is_xml_document bit=0, default_value sql_variant?, xml_collection_id int=0, is_readonly bit=0, is_nullable bit=1,
    encryption_type int?, encryption_type_desc nvarchar(64)?, encryption_algorithm_name sysname?,
    column_encryption_key_id int?, column_encryption_key_database_name sysname?""")

SEQUENCES = OBJECT + columns("""
    start_value sql_variant, increment sql_variant, minimum_value sql_variant?, maximum_value sql_variant?,
    is_cycling bit, is_cached bit, cache_size int?, system_type_id tinyint, user_type_id int, precision tinyint,
    scale tinyint, current_value sql_variant, is_exhausted bit""")

SYNONYMS = OBJECT + columns("base_object_name nvarchar(1035)")

TRIGGERS = columns("""
    name sysname, object_id int, parent_class tinyint, parent_class_desc nvarchar(60), parent_id int, type char(2),
    type_desc nvarchar(60), create_date datetime, modify_date datetime, is_ms_shipped bit, is_disabled bit,
    is_not_for_replication bit, is_instead_of_trigger bit""")


def time_of(text: str) -> dt.datetime:
    """A time of the catalog; objects that were given none show datetime's zero."""
    return dt.datetime.fromisoformat(text) if text else UNKNOWN_TIME


def shown_name(table: Table) -> str:
    """A table's name in sys.objects: a temporary one's is filled to 128 characters, so that it is unique in tempdb."""
    return f"{table.name:_<116}{table.object_id:012X}" if table.temporary else table.name


def schema_id(state: SystemState, schema: str) -> int:
    return state.catalog.schemas[schema.lower()].schema_id


def object_fact(state: SystemState, owner: Table | Module, name: str, object_id: int, type_: str) -> Fact:
    """sys.objects of ``owner`` itself, or of a constraint of it."""
    return {
        "name": name, "object_id": object_id, "schema_id": schema_id(state, owner.schema),
        "parent_object_id": 0 if object_id == owner.object_id else owner.object_id,
        "type": type_, "type_desc": TYPES[type_],
        "create_date": time_of(owner.created), "modify_date": time_of(owner.modified or owner.created),
    }  # fmt: skip


def table_facts(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        yield object_fact(state, table, shown_name(table), table.object_id, "U ")


def module_facts(state: SystemState, *kinds: str) -> Iterator[Fact]:
    """Views (V), procedures (P) and inline functions (IF)."""
    for module in state.catalog.modules():
        if module.kind in kinds:
            yield object_fact(state, module, module.name, module.object_id, f"{module.kind:<2}")


def object_facts(state: SystemState) -> Iterator[Fact]:
    """Everything that sys.objects lists: tables, modules and constraints."""
    yield from table_facts(state)
    yield from module_facts(state, "V", "P", "IF", "FN")
    yield from (fact for _, fact in sequence_facts(state))
    types = type_tables(state.catalog)
    for table in types:
        yield object_fact(state, table, table.name, table.object_id, "TT")
    for table in [*state.catalog.tables(), *types]:
        for name, object_id, type_ in _constraints(table):
            yield object_fact(state, table, name, object_id, type_)


def sequence_facts(state: SystemState) -> Iterator[tuple[Sequence, Fact]]:
    """Sequences as objects."""
    for found in state.catalog.sequences():
        yield found, object_fact(state, found, found.name, found.object_id, "SO")


def _sequences(state: SystemState) -> Iterator[Fact]:
    for found, fact in sequence_facts(state):
        last = state.identity_values.get(found.counter)
        edge = found.maximum if found.increment > 0 else found.minimum
        spent = last is not None and not found.cycling and abs(edge - last) < abs(found.increment)
        types = type_fact(found.type)
        yield fact | {
            "start_value": found.start, "increment": found.increment, "minimum_value": found.minimum,
            "maximum_value": found.maximum, "is_cycling": found.cycling, "is_cached": found.cache != 0,
            "cache_size": found.cache or None, "system_type_id": types["system_type_id"],
            "user_type_id": types["user_type_id"], "precision": types["precision"], "scale": types["scale"],
            "current_value": found.start if last is None else last, "is_exhausted": spent,
        }  # fmt: skip


def _constraints(table: Table) -> Iterator[tuple[str, int, str]]:
    for key in table.keys:
        if key.object_id:
            yield key.name, key.object_id, "PK" if key.kind == "pk" else "UQ"
    yield from ((check.name, check.object_id, "C ") for check in table.checks)
    yield from ((foreign.name, foreign.object_id, "F ") for foreign in table.foreign_keys)
    for column in table.columns:
        if column.default:
            yield column.default.name, column.default.object_id, "D "


def _tables(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        large = any(column.type.length == -1 for column in table.columns)
        highest = max((column.column_id for column in table.columns), default=0)
        yield object_fact(state, table, shown_name(table), table.object_id, "U ") | {
            "lob_data_space_id": int(large), "max_column_id_used": max(table.max_column_id, highest),
        } | _temporal(table)  # fmt: skip


def _temporal(table: Table) -> Fact:
    if table.history_of:
        return {"temporal_type": 1, "temporal_type_desc": "HISTORY_TABLE"}
    if not table.history_id:
        return {}
    return {"temporal_type": 2, "temporal_type_desc": "SYSTEM_VERSIONED_TEMPORAL_TABLE",
            "history_table_id": table.history_id, "history_retention_period": -1,
            "history_retention_period_unit": -1, "history_retention_period_unit_desc": "INFINITE"}  # fmt: skip


def _schemas(state: SystemState) -> Iterator[Fact]:
    for schema in state.catalog.schemas.values():
        owner = schema_owner(state.catalog, schema.name)
        yield {"name": schema.name, "schema_id": schema.schema_id, "principal_id": owner}


@lru_cache(maxsize=1024)
def _options(text: str) -> frozenset[str]:
    """The words of a module's WITH clause."""
    statements = parse_batch(text).statements
    return frozenset(statements[0].options) if statements and isinstance(statements[0], CreateModule) else frozenset()


def _sql_modules(state: SystemState) -> Iterator[Fact]:
    for module in state.catalog.modules():
        options = _options(module.text)
        bound = "SCHEMABINDING" in options
        yield {
            "object_id": module.object_id, "definition": state.sight.text(module.object_id, module.text),
            "uses_ansi_nulls": module.ansi_nulls,
            "uses_quoted_identifier": module.quoted_identifier, "is_schema_bound": bound,
            "uses_database_collation": bound, "is_recompiled": "RECOMPILE" in options,
            "execute_as_principal_id": module.execute_as,
        }  # fmt: skip


def _parameters(state: SystemState) -> Iterator[Fact]:
    for module in state.catalog.modules():
        if module.returns is not None:
            yield type_fact(module.returns) | {"object_id": module.object_id, "name": "", "parameter_id": 0,
                                               "is_output": True}  # fmt: skip
        for number, parameter in enumerate(module.parameters, 1):
            fact = type_fact(parameter.type) | {"object_id": module.object_id, "name": parameter.name,
                                                "parameter_id": number, "is_output": parameter.output,
                                                "is_readonly": parameter.readonly}  # fmt: skip
            yield fact | ({"user_type_id": parameter.user_type} if parameter.user_type else {})


OBJECT_VIEWS: dict[str, SystemView] = {
    "objects": view(OBJECT, object_facts),
    "tables": view(TABLES, _tables),
    "views": view(VIEWS, lambda state: module_facts(state, "V")),
    "procedures": view(PROCEDURES, lambda state: module_facts(state, "P")),
    "schemas": view(SCHEMAS, _schemas),
    "sql_modules": view(SQL_MODULES, _sql_modules),
    "all_sql_modules": view(SQL_MODULES, _sql_modules),
    "parameters": view(PARAMETERS, _parameters),
    "all_parameters": view(PARAMETERS, _parameters),
    "sequences": view(SEQUENCES, _sequences),
    "synonyms": empty(SYNONYMS),
    "triggers": empty(TRIGGERS),
}
