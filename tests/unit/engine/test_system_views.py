"""Shapes of the system views, objects, and what belongs to the server, against what sql-docs says of them."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from sqlalchemy.dialects.mssql import information_schema

from pymlsql.embedded.engine import system_procedures
from pymlsql.embedded.engine.catalog import Table, TableColumn, new_catalog
from pymlsql.embedded.engine.database_entries import Database
from pymlsql.embedded.engine.engine import _CONFIGURATION as ENGINE_OPTIONS
from pymlsql.embedded.engine.system_views import (
    SYSTEM_PROCEDURES,
    SYSTEM_VIEWS,
    arrow_table,
    object_id_of_system_view,
    with_temporary,
)
from pymlsql.embedded.engine.system_views.declaration import columns, view
from pymlsql.embedded.tsql.messages import MESSAGES
from pymlsql.embedded.tsql.types import INT
from tests.unit.engine.catalogs import (
    CHILD,
    CHILD_FK,
    CHILD_PK,
    FUNCTION,
    HEAP,
    LOGIN_TIME,
    PARENT,
    PARENT_CK,
    PARENT_DF,
    PARENT_PK,
    PARENT_UQ,
    PROCEDURE,
    PROCEDURE_TEXT,
    VIEW,
    VIEW_TEXT,
    rows,
    state,
)

COLLATION = "SQL_Latin1_General_CP1_CI_AS"

# Shapes ------------------------------------------------------------------------------------------------------------

COLUMNS = [
    ("sys.objects", "name nvarchar(128), object_id int, principal_id int, schema_id int, parent_object_id int, "
     "type char(2), type_desc nvarchar(60), create_date datetime, modify_date datetime, is_ms_shipped bit, "
     "is_published bit, is_schema_published bit"),
    ("sys.schemas", "name nvarchar(128), schema_id int, principal_id int"),
    ("sys.types", "name nvarchar(128), system_type_id tinyint, user_type_id int, schema_id int, principal_id int, "
     "max_length smallint, precision tinyint, scale tinyint, collation_name nvarchar(128), is_nullable bit, "
     "is_user_defined bit, is_assembly_type bit, default_object_id int, rule_object_id int, is_table_type bit"),
    ("sys.index_columns", "object_id int, index_id int, index_column_id int, column_id int, key_ordinal tinyint, "
     "partition_ordinal tinyint, is_descending_key bit, is_included_column bit"),
    ("sys.foreign_key_columns", "constraint_object_id int, constraint_column_id int, parent_object_id int, "
     "parent_column_id int, referenced_object_id int, referenced_column_id int"),
    ("sys.partitions", "partition_id bigint, object_id int, index_id int, partition_number int, hobt_id bigint, "
     "rows bigint, filestream_filegroup_id smallint, data_compression tinyint, data_compression_desc nvarchar(60)"),
    ("sys.extended_properties", "class tinyint, class_desc nvarchar(60), major_id int, minor_id int, "
     "name nvarchar(128), value sql_variant"),
    ("sys.fn_listextendedproperty", "objtype nvarchar(128), objname nvarchar(128), name nvarchar(128), "
     "value sql_variant"),
    ("sys.messages", "message_id int, language_id smallint, severity tinyint, is_event_logged bit, "
     "text nvarchar(2048)"),
    ("sys.configurations", "configuration_id int, name nvarchar(35), value sql_variant, minimum sql_variant, "
     "maximum sql_variant, value_in_use sql_variant, description nvarchar(255), is_dynamic bit, is_advanced bit"),
    ("information_schema.tables", "TABLE_CATALOG nvarchar(128), TABLE_SCHEMA nvarchar(128), "
     "TABLE_NAME nvarchar(128), TABLE_TYPE varchar(10)"),
    ("information_schema.key_column_usage", "CONSTRAINT_CATALOG nvarchar(128), CONSTRAINT_SCHEMA nvarchar(128), "
     "CONSTRAINT_NAME nvarchar(128), TABLE_CATALOG nvarchar(128), TABLE_SCHEMA nvarchar(128), "
     "TABLE_NAME nvarchar(128), COLUMN_NAME nvarchar(128), ORDINAL_POSITION int"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wanted"), COLUMNS, ids=[name for name, _ in COLUMNS])
def test_columns_are_those_of_the_documentation_in_its_order(name: str, wanted: str) -> None:
    schema, view_name = name.split(".")
    assert ", ".join(f"{c.name} {c.type}" for c in SYSTEM_VIEWS[schema, view_name].columns) == wanted


# Columns that SQLAlchemy declares and no SQL Server has; it never selects them.
NOWHERE = {("information_schema", "referential_constraints", "unique_constraint_catlog"),
           ("sys", "columns", "ordinal_position")}  # fmt: skip


@pytest.mark.parametrize("table", information_schema.ischema.sorted_tables, ids=str)
def test_sqlalchemy_finds_every_column_it_knows(table: object) -> None:
    key = (table.schema.lower(), table.name.lower())  # type: ignore[attr-defined]
    known = {column.name.lower() for column in SYSTEM_VIEWS[key].columns}
    asked = {column.name.lower() for column in table.columns}  # type: ignore[attr-defined]
    assert {(*key, name) for name in asked - known} <= NOWHERE


@pytest.mark.parametrize("key", SYSTEM_VIEWS, ids=".".join)
def test_every_view_becomes_an_arrow_table(key: tuple[str, str]) -> None:
    table = arrow_table(SYSTEM_VIEWS[key], state())
    assert table.column_names == [column.name for column in SYSTEM_VIEWS[key].columns]
    for column, field in zip(SYSTEM_VIEWS[key].columns, table.schema, strict=True):
        assert column.nullable or table[field.name].null_count == 0, field.name


def test_arrow_types_follow_the_sql_types() -> None:
    declared = columns("a bit, b tinyint, c smallint, d int, e bigint, f datetime, g sysname, h char(2), "
                       "i varbinary(85), j sql_variant?, k real")  # fmt: skip
    made = view(declared, lambda _: [{"a": True, "b": 255, "c": 1, "d": 1, "e": 1, "f": LOGIN_TIME, "g": "x",
                                      "h": "U ", "i": b"\x01", "j": 7, "k": 1}])  # fmt: skip
    table = arrow_table(made, state())
    assert table.schema.types == [
        pa.bool_(), pa.uint8(), pa.int16(), pa.int32(), pa.int64(), pa.timestamp("us"), pa.string(), pa.string(),
        pa.binary(), pa.string(), pa.float32(),
    ]  # fmt: skip
    assert table["j"].to_pylist() == ["7"]


@pytest.mark.parametrize("fact", [{}, {"a": None}, {"a": 1, "z": 1}], ids=["missing", "null", "unknown"])
def test_a_wrong_fact_is_an_error_and_no_row(fact: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"a has no value|no such column: z"):
        list(view(columns("a int"), lambda _: [fact]).rows(state()))


# Objects -----------------------------------------------------------------------------------------------------------

OBJECTS = {
    ("Parent", PARENT, 1, 0, "U ", "USER_TABLE"), ("child", CHILD, 1, 0, "U ", "USER_TABLE"),
    ("heap", HEAP, 5, 0, "U ", "USER_TABLE"), ("both_of_them", VIEW, 5, 0, "V ", "VIEW"),
    ("Predict", PROCEDURE, 1, 0, "P ", "SQL_STORED_PROCEDURE"),
    ("FeaturesFor", FUNCTION, 1, 0, "IF", "SQL_INLINE_TABLE_VALUED_FUNCTION"),
    ("PK_Parent", PARENT_PK, 1, PARENT, "PK", "PRIMARY_KEY_CONSTRAINT"),
    ("UQ_Parent", PARENT_UQ, 1, PARENT, "UQ", "UNIQUE_CONSTRAINT"),
    ("CK_Parent", PARENT_CK, 1, PARENT, "C ", "CHECK_CONSTRAINT"),
    ("DF__Parent__c", PARENT_DF, 1, PARENT, "D ", "DEFAULT_CONSTRAINT"),
    ("PK_child", CHILD_PK, 1, CHILD, "PK", "PRIMARY_KEY_CONSTRAINT"),
    ("FK_child_Parent", CHILD_FK, 1, CHILD, "F ", "FOREIGN_KEY_CONSTRAINT"),
}  # fmt: skip


def test_objects_are_tables_modules_and_constraints_but_no_indexes() -> None:
    shown = rows("sys.objects", "name", "object_id", "schema_id", "parent_object_id", "type", "type_desc")
    assert set(shown) == OBJECTS
    assert len(shown) == len(OBJECTS)


def test_times_are_those_of_the_catalog() -> None:
    assert rows("sys.tables", "create_date", "modify_date", name="Parent") == [
        (dt.datetime(2024, 5, 6, 7, 8, 9, 123000), dt.datetime(2024, 5, 7))
    ]
    assert rows("sys.tables", "create_date", name="heap") == [(dt.datetime(1900, 1, 1),)]


def test_tables_views_and_procedures_have_views_of_their_own() -> None:
    assert [name for (name,) in rows("sys.tables", "name")] == ["Parent", "child", "heap"]
    assert rows("sys.tables", "max_column_id_used", "lob_data_space_id", name="Parent") == [(9, 1)]
    assert rows("sys.tables", "lob_data_space_id", "temporal_type_desc", name="heap") == [(0, "NON_TEMPORAL_TABLE")]
    assert rows("sys.views", "name", "type", "is_ms_shipped") == [("both_of_them", "V ", False)]
    assert rows("sys.procedures", "name", "is_auto_executed") == [("Predict", False)]


def test_all_objects_adds_the_system_to_the_users() -> None:
    everything = rows("sys.all_objects", "name", "object_id", "schema_id", "parent_object_id", "type", "type_desc")
    assert set(everything) > OBJECTS
    system = {(name, type_) for name, type_ in rows("sys.all_objects", "name", "type", is_ms_shipped=True)}
    assert {("objects", "V "), ("TABLES", "V "), ("fn_listextendedproperty", "IF"), ("sp_executesql", "X ")} <= system
    assert len({object_id for _, object_id, *_ in everything}) == len(everything)
    assert all(object_id < 0 for (object_id,) in rows("sys.system_objects", "object_id"))


def test_system_views_are_listed_by_name() -> None:
    names = {name for (name,) in rows("sys.system_views", "name")}
    assert {"dm_exec_sessions", "system_views", "objects", "COLUMNS"} <= names
    assert "dm_pdw_nodes_exec_sessions" not in names
    assert rows("sys.system_views", "schema_id", name="TABLES") == [(3,)]
    assert len(rows("sys.all_views", "name")) == len(names) + 1


def test_object_id_knows_system_views_and_nothing_else() -> None:
    wanted = rows("sys.all_objects", "object_id", name="dm_exec_sessions")
    assert wanted == [(object_id_of_system_view("sys", "dm_exec_sessions"),)]
    assert object_id_of_system_view("SYS", "DM_exec_Sessions") == wanted[0][0]
    assert object_id_of_system_view("sys", "dm_os_wait_stats") is None
    assert object_id_of_system_view("dbo", "objects") is None


def test_procedures_listed_are_procedures_that_run() -> None:
    assert set(SYSTEM_PROCEDURES) <= set(system_procedures.SYSTEM_PROCEDURES)


def test_schemas_have_owners() -> None:
    assert rows("sys.schemas", "name", "schema_id", "principal_id") == [
        ("dbo", 1, 1), ("guest", 2, 2), ("INFORMATION_SCHEMA", 3, 3), ("sys", 4, 4), ("ml", 5, 1)]  # fmt: skip
    assert rows("information_schema.schemata", "SCHEMA_OWNER", "CATALOG_NAME", SCHEMA_NAME="ml") == [("dbo", "pymlsql")]


def test_modules_show_their_text_and_settings() -> None:
    wanted = ("definition", "is_schema_bound", "uses_quoted_identifier", "is_recompiled")
    assert rows("sys.sql_modules", *wanted, object_id=VIEW) == [(VIEW_TEXT, True, True, False)]
    assert rows("sys.sql_modules", *wanted, object_id=PROCEDURE) == [(PROCEDURE_TEXT, False, True, False)]
    assert rows("sys.all_sql_modules", "uses_quoted_identifier", object_id=FUNCTION) == [(False,)]


def test_parameters_are_numbered_from_one() -> None:
    assert rows("sys.parameters", "name", "parameter_id", "user_type_id", "max_length", "is_output",
                "has_default_value", object_id=PROCEDURE) == [
        ("@machine_id", 1, 56, 4, False, False), ("@n", 2, 231, -1, True, False)]  # fmt: skip


# The server --------------------------------------------------------------------------------------------------------


def test_databases_tell_their_level_and_that_readers_do_not_wait() -> None:
    assert rows("sys.databases", "database_id", "name", "compatibility_level", "is_read_committed_snapshot_on",
                "collation_name", "state_desc", "recovery_model_desc") == [
        (1, "master", 160, False, COLLATION, "ONLINE", "SIMPLE"),
        (2, "tempdb", 160, False, COLLATION, "ONLINE", "SIMPLE"),
        (4, "msdb", 160, False, COLLATION, "ONLINE", "SIMPLE"),
        (5, "pymlsql", 150, True, COLLATION, "ONLINE", "SIMPLE")]  # fmt: skip


def test_principals_are_those_of_a_new_database() -> None:
    shown = rows("sys.database_principals", "name", "principal_id", "type", "is_fixed_role")
    assert shown[:6] == [
        ("public", 0, "R", False), ("dbo", 1, "S", False), ("guest", 2, "S", False),
        ("INFORMATION_SCHEMA", 3, "S", False), ("sys", 4, "S", False), ("db_owner", 16384, "R", True)]  # fmt: skip
    (sid,) = rows("sys.database_principals", "sid", name="db_owner")[0]
    assert sid == bytes.fromhex("01050000000000090400000000000000000000000000000000400000")
    assert rows("sys.server_principals", "principal_id", "type_desc", "is_disabled", "sid", name="sa") == [
        (1, "SQL_LOGIN", False, b"\x01")]  # fmt: skip


def test_options_tell_the_value_set_and_the_value_in_use() -> None:
    assert rows("sys.configurations", "configuration_id", "name", "value", "minimum", "maximum", "value_in_use") == [
        (1586, "external scripts enabled", "1", "0", "1", "0"),
        (1544, "max server memory (MB)", "2147483647", "128", "2147483647", "2147483647")]  # fmt: skip


def test_every_option_of_the_engine_can_be_shown() -> None:
    of = state(configurations=dict.fromkeys(ENGINE_OPTIONS, (0, 0)))
    assert len(rows("sys.configurations", "name", of=of)) == len(ENGINE_OPTIONS)


def test_messages_have_printf_places_and_fit_their_column() -> None:
    shown = dict(rows("sys.messages", "message_id", "text"))
    assert set(shown) == set(MESSAGES)
    assert shown[208] == "Invalid object name '%.*ls'."
    assert "HRESULT 0x%x" in str(shown[39004])
    assert not [number for number, text in shown.items() if "{" in str(text) or len(str(text)) > 2048]
    assert rows("sys.messages", "severity", "language_id", message_id=102) == [(15, 1033)]


def test_sessions_tell_who_is_there_and_their_isolation() -> None:
    assert rows("sys.dm_exec_sessions", "session_id", "login_name", "host_name", "program_name", "status",
                "transaction_isolation_level", "open_transaction_count", "login_time") == [
        (51, "sa", "laptop", "pytest", "running", 4, 0, LOGIN_TIME),
        (52, "sa", "other", "sqlcmd", "sleeping", 5, 1, LOGIN_TIME)]  # fmt: skip
    assert rows("sys.dm_exec_requests", "session_id", "status", "start_time") == [(51, "running", LOGIN_TIME)]
    assert rows("sys.dm_exec_connections", "session_id", "encrypt_option", "auth_scheme", "net_transport") == [
        (51, "TRUE", "SQL", "TCP"), (52, None, "SQL", "TCP")]  # fmt: skip


# Other databases ---------------------------------------------------------------------------------------------------


def test_tempdb_shows_temporary_tables_under_names_of_128_characters() -> None:
    made = Table(HEAP, "dbo", "#t", (TableColumn("x", INT, True, 1),), temporary=True)
    tempdb = Database(2, "tempdb")
    of = with_temporary(state(catalog=new_catalog(tempdb), database="tempdb", database_id=2, temporary=(made,)))
    (name, object_id), = rows("sys.tables", "name", "object_id", of=of)
    assert (len(str(name)), str(name).rstrip("_0123456789ABCDEF"), object_id) == (128, "#t", HEAP)
    assert rows("information_schema.tables", "TABLE_CATALOG", "TABLE_NAME", of=of) == [("tempdb", name)]
    assert rows("sys.columns", "name", of=of) == [("x",)]


def test_other_databases_show_no_temporary_tables() -> None:
    of = state(temporary=(Table(HEAP, "dbo", "#t", (TableColumn("x", INT, True, 1),), temporary=True),))
    assert with_temporary(of) is of
