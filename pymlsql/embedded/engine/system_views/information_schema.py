"""INFORMATION_SCHEMA: the standard's views, with the columns and peculiarities of SQL Server's.

Source: "Information schema views" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.catalog import Module, Table, TableColumn, ViewColumn
from pymlsql.embedded.engine.system_views.constraints import referenced_key, referenced_table
from pymlsql.embedded.engine.system_views.datatypes import domain_fact
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, view
from pymlsql.embedded.engine.system_views.definition import columns_in, normal_form
from pymlsql.embedded.engine.system_views.objects import shown_name, time_of
from pymlsql.embedded.engine.system_views.relations import column_names
from pymlsql.embedded.engine.system_views.state import COLLATION, SystemState
from pymlsql.embedded.engine.typeentries import type_by_id
from pymlsql.embedded.tsql.types import SqlType

_TABLE = "TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname"
_CONSTRAINT = "CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname"
_CHARACTER_SET = """
    CHARACTER_SET_CATALOG sysname?, CHARACTER_SET_SCHEMA sysname?, CHARACTER_SET_NAME sysname?"""
_COLLATION = "COLLATION_CATALOG sysname?, COLLATION_SCHEMA sysname?, COLLATION_NAME sysname?"
_LENGTHS = "CHARACTER_MAXIMUM_LENGTH int?, CHARACTER_OCTET_LENGTH int?"

TABLES = columns(f"{_TABLE}, TABLE_TYPE varchar(10)?")

COLUMNS = columns(f"""
    {_TABLE}, COLUMN_NAME sysname?, ORDINAL_POSITION int?, COLUMN_DEFAULT nvarchar(4000)?, IS_NULLABLE varchar(3)?,
    DATA_TYPE nvarchar(128)?, {_LENGTHS}, NUMERIC_PRECISION tinyint?, NUMERIC_PRECISION_RADIX smallint?,
    NUMERIC_SCALE int?, DATETIME_PRECISION smallint?, {_CHARACTER_SET}, {_COLLATION}, DOMAIN_CATALOG sysname?,
    DOMAIN_SCHEMA sysname?, DOMAIN_NAME sysname?""")

VIEWS = columns(f"""
    {_TABLE}, VIEW_DEFINITION nvarchar(4000)?, CHECK_OPTION varchar(7)?=NONE, IS_UPDATABLE varchar(2)=NO""")

ROUTINES = columns(f"""
    SPECIFIC_CATALOG nvarchar(128)?, SPECIFIC_SCHEMA nvarchar(128)?, SPECIFIC_NAME sysname,
    ROUTINE_CATALOG nvarchar(128)?, ROUTINE_SCHEMA nvarchar(128)?, ROUTINE_NAME sysname, ROUTINE_TYPE nvarchar(20)?,
    MODULE_CATALOG sysname?, MODULE_SCHEMA sysname?, MODULE_NAME sysname?, UDT_CATALOG sysname?, UDT_SCHEMA sysname?,
    UDT_NAME sysname?, DATA_TYPE sysname?, {_LENGTHS}, {_COLLATION}, {_CHARACTER_SET}, NUMERIC_PRECISION smallint?,
    NUMERIC_PRECISION_RADIX smallint?, NUMERIC_SCALE smallint?, DATETIME_PRECISION smallint?,
    INTERVAL_TYPE nvarchar(30)?, INTERVAL_PRECISION smallint?, TYPE_UDT_CATALOG sysname?, TYPE_UDT_SCHEMA sysname?,
    TYPE_UDT_NAME sysname?, SCOPE_CATALOG sysname?, SCOPE_SCHEMA sysname?, SCOPE_NAME sysname?,
    MAXIMUM_CARDINALITY bigint?, DTD_IDENTIFIER sysname?, ROUTINE_BODY nvarchar(30)?=SQL,
    ROUTINE_DEFINITION nvarchar(4000)?, EXTERNAL_NAME sysname?, EXTERNAL_LANGUAGE nvarchar(30)?,
    PARAMETER_STYLE nvarchar(30)?, IS_DETERMINISTIC nvarchar(10)?=NO, SQL_DATA_ACCESS nvarchar(30)?,
    IS_NULL_CALL nvarchar(10)?, SQL_PATH sysname?, SCHEMA_LEVEL_ROUTINE nvarchar(10)?=YES,
    MAX_DYNAMIC_RESULT_SETS smallint?, IS_USER_DEFINED_CAST nvarchar(10)?=NO, IS_IMPLICITLY_INVOCABLE nvarchar(10)?=NO,
    CREATED datetime, LAST_ALTERED datetime""")

PARAMETERS = columns(f"""
    SPECIFIC_CATALOG nvarchar(128)?, SPECIFIC_SCHEMA nvarchar(128)?, SPECIFIC_NAME sysname, ORDINAL_POSITION int,
    PARAMETER_MODE nvarchar(10)?, IS_RESULT nvarchar(10)?=NO, AS_LOCATOR nvarchar(10)?=NO, PARAMETER_NAME sysname?,
    DATA_TYPE nvarchar(128)?, {_LENGTHS}, {_COLLATION}, {_CHARACTER_SET}, NUMERIC_PRECISION tinyint?,
    NUMERIC_PRECISION_RADIX smallint?, NUMERIC_SCALE int?, DATETIME_PRECISION smallint?, INTERVAL_TYPE nvarchar(30)?,
    INTERVAL_PRECISION smallint?, USER_DEFINED_TYPE_CATALOG sysname?, USER_DEFINED_TYPE_SCHEMA sysname?,
    USER_DEFINED_TYPE_NAME sysname?, SCOPE_CATALOG sysname?, SCOPE_SCHEMA sysname?, SCOPE_NAME sysname?""")

SCHEMATA = columns("""
    CATALOG_NAME sysname?, SCHEMA_NAME nvarchar(128), SCHEMA_OWNER nvarchar(128)?,
    DEFAULT_CHARACTER_SET_CATALOG varchar(6)?, DEFAULT_CHARACTER_SET_SCHEMA varchar(3)?,
    DEFAULT_CHARACTER_SET_NAME sysname?=iso_1""")

TABLE_CONSTRAINTS = columns(f"""
    {_CONSTRAINT}, {_TABLE}, CONSTRAINT_TYPE varchar(11)?, IS_DEFERRABLE varchar(2)=NO,
    INITIALLY_DEFERRED varchar(2)=NO""")

KEY_COLUMN_USAGE = columns(f"{_CONSTRAINT}, {_TABLE}, COLUMN_NAME nvarchar(128)?, ORDINAL_POSITION int")

CONSTRAINT_COLUMN_USAGE = columns(f"{_TABLE}, COLUMN_NAME nvarchar(128)?, {_CONSTRAINT}")

REFERENTIAL_CONSTRAINTS = columns(f"""
    {_CONSTRAINT}, UNIQUE_CONSTRAINT_CATALOG nvarchar(128)?, UNIQUE_CONSTRAINT_SCHEMA nvarchar(128)?,
    UNIQUE_CONSTRAINT_NAME sysname?, MATCH_OPTION varchar(7)?=SIMPLE, UPDATE_RULE varchar(11)?=NO ACTION,
    DELETE_RULE varchar(11)?=NO ACTION""")

CHECK_CONSTRAINTS = columns(f"{_CONSTRAINT}, CHECK_CLAUSE nvarchar(4000)?")

SEQUENCES = columns("""
    SEQUENCE_CATALOG nvarchar(128)?, SEQUENCE_SCHEMA nvarchar(128)?, SEQUENCE_NAME sysname, DATA_TYPE nvarchar(128)?,
    NUMERIC_PRECISION tinyint, NUMERIC_PRECISION_RADIX smallint?, NUMERIC_SCALE int?, START_VALUE sql_variant,
    MINIMUM_VALUE sql_variant?, MAXIMUM_VALUE sql_variant?, INCREMENT sql_variant, CYCLE_OPTION nvarchar(3)?,
    DECLARED_DATA_TYPE nvarchar(128)?, DECLARED_NUMERIC_PRECISION tinyint?, DECLARED_NUMERIC_SCALE tinyint?""")


def _table(state: SystemState, found: Table | Module) -> Fact:
    name = shown_name(found) if isinstance(found, Table) else found.name
    return {"TABLE_CATALOG": state.database, "TABLE_SCHEMA": found.schema, "TABLE_NAME": name}


def _constraint(state: SystemState, table: Table, name: str) -> Fact:
    return {"CONSTRAINT_CATALOG": state.database, "CONSTRAINT_SCHEMA": table.schema, "CONSTRAINT_NAME": name}


def _domain(type_: SqlType, collation: str = "") -> Fact:
    return domain_fact(type_) | ({"COLLATION_NAME": collation or COLLATION} if type_.is_string else {})


def _relations(state: SystemState) -> Iterator[Table | Module]:
    for found in state.catalog.objects.values():
        if isinstance(found, Table) or found.kind == "V":
            yield found


def _views_of(state: SystemState) -> list[Module]:
    return [module for module in state.catalog.modules() if module.kind == "V"]


# Tables and views -------------------------------------------------------------------------------------------------


def _tables(state: SystemState) -> Iterator[Fact]:
    for found in _relations(state):
        yield _table(state, found) | {"TABLE_TYPE": "BASE TABLE" if isinstance(found, Table) else "VIEW"}


def _columns(state: SystemState) -> Iterator[Fact]:
    for found in _relations(state):
        relation = _table(state, found)
        shown: tuple[TableColumn | ViewColumn, ...] = found.columns
        for position, column in enumerate(shown, 1):
            yield relation | _column(state, found, column, position)


def _column(state: SystemState, of: Table | Module, column: TableColumn | ViewColumn, position: int) -> Fact:
    own = column if isinstance(column, TableColumn) else None
    default = own.default if own else None
    alias = type_by_id(state.catalog, column.user_type) if column.user_type else None
    named = {} if alias is None else {"DOMAIN_CATALOG": state.database, "DOMAIN_SCHEMA": alias.schema,
                                      "DOMAIN_NAME": alias.name}  # fmt: skip
    return _domain(column.type, own.collation if own else "") | named | {
        "COLUMN_NAME": column.name, "ORDINAL_POSITION": own.column_id if own else position,
        "IS_NULLABLE": "YES" if column.nullable else "NO",
        "COLUMN_DEFAULT": state.sight.text(of.object_id, normal_form(default.text)) if default else None,
    }  # fmt: skip


def _views(state: SystemState) -> Iterator[Fact]:
    """A definition that is longer than its column is not shown cut off, but as NULL."""
    for module in _views_of(state):
        shown = state.sight.text(module.object_id, module.text) if len(module.text) <= 4000 else None
        yield _table(state, module) | {"VIEW_DEFINITION": shown}


def _schemata(state: SystemState) -> Iterator[Fact]:
    for schema in state.catalog.schemas.values():
        yield {"CATALOG_NAME": state.database, "SCHEMA_NAME": schema.name, "SCHEMA_OWNER": schema.owner}


# Routines ---------------------------------------------------------------------------------------------------------


def _specific(state: SystemState, module: Module) -> Fact:
    return {"SPECIFIC_CATALOG": state.database, "SPECIFIC_SCHEMA": module.schema, "SPECIFIC_NAME": module.name}


def _routines_of(state: SystemState) -> list[Module]:
    return [module for module in state.catalog.modules() if module.kind != "V"]


def _routines(state: SystemState) -> Iterator[Fact]:
    for module in _routines_of(state):
        function = module.kind in ("IF", "FN")
        yield _specific(state, module) | {
            "ROUTINE_CATALOG": state.database, "ROUTINE_SCHEMA": module.schema, "ROUTINE_NAME": module.name,
            "ROUTINE_TYPE": "FUNCTION" if function else "PROCEDURE",
            "DATA_TYPE": "TABLE" if module.kind == "IF" else None,
            **(_domain(module.returns) if module.returns is not None else {}),
            "ROUTINE_DEFINITION": state.sight.text(module.object_id, module.text[:4000]),
            "SQL_DATA_ACCESS": "READS" if function else "MODIFIES", "IS_NULL_CALL": None,
            "MAX_DYNAMIC_RESULT_SETS": 0 if function else -1, "CREATED": time_of(module.created),
            "LAST_ALTERED": time_of(module.modified or module.created),
        }  # fmt: skip


def _parameters(state: SystemState) -> Iterator[Fact]:
    for module in _routines_of(state):
        if module.returns is not None:
            yield _specific(state, module) | _domain(module.returns) | {
                "ORDINAL_POSITION": 0, "PARAMETER_NAME": "", "PARAMETER_MODE": "OUT", "IS_RESULT": "YES",
            }  # fmt: skip
        for position, parameter in enumerate(module.parameters, 1):
            yield _specific(state, module) | _domain(parameter.type) | {
                "ORDINAL_POSITION": position, "PARAMETER_NAME": parameter.name,
                "PARAMETER_MODE": "INOUT" if parameter.output else "IN",
            }  # fmt: skip


# Constraints ------------------------------------------------------------------------------------------------------

_KEYS = {"pk": "PRIMARY KEY", "unique": "UNIQUE"}


def _table_constraints(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        named = [(key.name, _KEYS[key.kind]) for key in table.keys if key.object_id]
        named += [(check.name, "CHECK") for check in table.checks]
        named += [(foreign.name, "FOREIGN KEY") for foreign in table.foreign_keys]
        for name, kind in named:
            yield _constraint(state, table, name) | _table(state, table) | {"CONSTRAINT_TYPE": kind}


def _key_column_usage(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        keys = [(key.name, tuple(name for name, _ in key.columns)) for key in table.keys if key.object_id]
        keys += [(foreign.name, foreign.columns) for foreign in table.foreign_keys]
        for constraint, names in keys:
            for position, name in enumerate(names, 1):
                yield _constraint(state, table, constraint) | _table(state, table) | {
                    "COLUMN_NAME": _spelt(table, name), "ORDINAL_POSITION": position}  # fmt: skip


def _spelt(table: Table, name: str) -> str:
    """A column's name as its table has it."""
    column = table.column(name)
    if column is None:
        raise LookupError(f"table {table.name} has no column {name}")
    return column.name


def _constraint_column_usage(state: SystemState) -> Iterator[Fact]:
    """Columns of keys (of a foreign key its own, not the referenced ones) and those that a check mentions."""
    for fact in _key_column_usage(state):
        yield {column.name: fact[column.name] for column in CONSTRAINT_COLUMN_USAGE}
    for table in state.catalog.tables():
        for check in table.checks:
            for name in columns_in(check.text, column_names(table)):
                yield _table(state, table) | _constraint(state, table, check.name) | {"COLUMN_NAME": name}


CONSTRAINT_TABLE_USAGE = columns(f"{_TABLE}, {_CONSTRAINT}")


def _constraint_table_usage(state: SystemState) -> Iterator[Fact]:
    for fact in _table_constraints(state):
        yield {column.name: fact[column.name] for column in CONSTRAINT_TABLE_USAGE}


def _referential_constraints(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        for foreign in table.foreign_keys:
            target = referenced_table(state.all_catalog, foreign)
            key = referenced_key(target, foreign)
            seen = state.catalog.by_id(target.object_id) is not None
            yield _constraint(state, table, foreign.name) | {
                "UNIQUE_CONSTRAINT_CATALOG": state.database,
                "UNIQUE_CONSTRAINT_SCHEMA": target.schema if seen else None,
                "UNIQUE_CONSTRAINT_NAME": key.name if key and seen else None,
                "DELETE_RULE": foreign.on_delete, "UPDATE_RULE": foreign.on_update,
            }  # fmt: skip


def _check_constraints(state: SystemState) -> Iterator[Fact]:
    for table in state.catalog.tables():
        for check in table.checks:
            clause = normal_form(check.text, column_names(table))
            shown = state.sight.text(table.object_id, clause) if len(clause) <= 4000 else None
            yield _constraint(state, table, check.name) | {"CHECK_CLAUSE": shown}


def _sequences(state: SystemState) -> Iterator[Fact]:
    for found in state.catalog.sequences():
        domain = domain_fact(found.type)
        yield {
            "SEQUENCE_CATALOG": state.database, "SEQUENCE_SCHEMA": found.schema, "SEQUENCE_NAME": found.name,
            "DATA_TYPE": domain["DATA_TYPE"], "NUMERIC_PRECISION": domain["NUMERIC_PRECISION"],
            "NUMERIC_PRECISION_RADIX": 10, "NUMERIC_SCALE": 0, "START_VALUE": found.start,
            "MINIMUM_VALUE": found.minimum, "MAXIMUM_VALUE": found.maximum, "INCREMENT": found.increment,
            "CYCLE_OPTION": "1" if found.cycling else "0",
        }  # fmt: skip


INFORMATION_SCHEMA_VIEWS: dict[str, SystemView] = {
    "TABLES": view(TABLES, _tables),
    "COLUMNS": view(COLUMNS, _columns),
    "VIEWS": view(VIEWS, _views),
    "SCHEMATA": view(SCHEMATA, _schemata),
    "ROUTINES": view(ROUTINES, _routines),
    "PARAMETERS": view(PARAMETERS, _parameters),
    "TABLE_CONSTRAINTS": view(TABLE_CONSTRAINTS, _table_constraints),
    "KEY_COLUMN_USAGE": view(KEY_COLUMN_USAGE, _key_column_usage),
    "CONSTRAINT_COLUMN_USAGE": view(CONSTRAINT_COLUMN_USAGE, _constraint_column_usage),
    "CONSTRAINT_TABLE_USAGE": view(CONSTRAINT_TABLE_USAGE, _constraint_table_usage),
    "REFERENTIAL_CONSTRAINTS": view(REFERENTIAL_CONSTRAINTS, _referential_constraints),
    "CHECK_CONSTRAINTS": view(CHECK_CONSTRAINTS, _check_constraints),
    "SEQUENCES": view(SEQUENCES, _sequences),
}
