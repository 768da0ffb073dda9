"""Catalog procedures that ODBC calls: sp_columns, sp_statistics, sp_stored_procedures.

Source: their pages in sql-docs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.answers import argument, check_qualifier, send_table
from pymlsql.embedded.engine.catalog import Key, Module, Table, TableColumn, ViewColumn
from pymlsql.embedded.engine.odbc_types import check_classic, odbc_version, type_cells, type_name
from pymlsql.embedded.engine.security.visibility import sees_object
from pymlsql.embedded.engine.system_views.definition import normal_form
from pymlsql.embedded.engine.typeentries import type_by_id
from pymlsql.embedded.tsql.patterns import like_regex
from pymlsql.embedded.tsql.types import BIT, INT, SMALLINT, SYSNAME, TINYINT, SqlType, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_COLUMNS: list[tuple[str, SqlType]] = [
    ("TABLE_QUALIFIER", SYSNAME), ("TABLE_OWNER", SYSNAME), ("TABLE_NAME", SYSNAME), ("COLUMN_NAME", SYSNAME),
    ("DATA_TYPE", SMALLINT), ("TYPE_NAME", SYSNAME), ("PRECISION", INT), ("LENGTH", INT), ("SCALE", SMALLINT),
    ("RADIX", SMALLINT), ("NULLABLE", SMALLINT), ("REMARKS", varchar(254)), ("COLUMN_DEF", nvarchar(4000)),
    ("SQL_DATA_TYPE", SMALLINT), ("SQL_DATETIME_SUB", SMALLINT), ("CHAR_OCTET_LENGTH", INT), ("ORDINAL_POSITION", INT),
    ("IS_NULLABLE", varchar(254)),
]  # fmt: skip
COLUMNS_100: list[tuple[str, SqlType]] = [
    ("SS_IS_SPARSE", BIT), ("SS_IS_COLUMN_SET", BIT), ("SS_IS_COMPUTED", BIT), ("SS_IS_IDENTITY", BIT),
    ("SS_UDT_CATALOG_NAME", SYSNAME), ("SS_UDT_SCHEMA_NAME", SYSNAME), ("SS_UDT_ASSEMBLY_TYPE_NAME", nvarchar(4000)),
    ("SS_XML_SCHEMACOLLECTION_CATALOG_NAME", SYSNAME), ("SS_XML_SCHEMACOLLECTION_SCHEMA_NAME", SYSNAME),
    ("SS_XML_SCHEMACOLLECTION_NAME", SYSNAME),
]  # fmt: skip
_LAST: list[tuple[str, SqlType]] = [("SS_DATA_TYPE", TINYINT)]


def like(pattern: Any) -> re.Pattern[str]:
    return re.compile(like_regex("%" if pattern is None else str(pattern)), re.IGNORECASE | re.DOTALL)


def sp_columns(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@table_name, @table_owner, @table_qualifier, @column_name: the columns of tables and views."""
    check_qualifier(session, actuals, 2, "@table_qualifier", line)
    rows = [before + last for before, _, last in _column_rows(session, actuals, odbc_version(actuals, 4), classic=True)]
    send_table(session, [*_COLUMNS, *_LAST], rows)
    return 0


def sp_columns_100(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The same with what SQL Server 2008 added."""
    check_qualifier(session, actuals, 2, "@table_qualifier", line)
    rows = [before + added + last for before, added, last in _column_rows(session, actuals, odbc_version(actuals, 5))]
    send_table(session, [*_COLUMNS, *COLUMNS_100, *_LAST], rows)
    return 0


_Row = tuple[Any, ...]


def _column_rows(
    session: Session, actuals: list[Actual], version: int, *, classic: bool = False
) -> list[tuple[_Row, _Row, _Row]]:
    tables, owners = like(argument(actuals, 0, "@table_name")), like(argument(actuals, 1, "@table_owner"))
    names = like(argument(actuals, 3, "@column_name"))
    rows = []
    every = session.catalog.objects.values()
    holders: list[Table | Module] = [found for found in every if isinstance(found, Table)]
    holders += [found for found in every if isinstance(found, Module) and found.kind in ("V", "IF")]
    holders.sort(key=lambda found: (found.schema, found.name))
    for found in holders:
        if not (tables.fullmatch(found.name) and owners.fullmatch(found.schema)):
            continue
        if not sees_object(session.identity, found):
            continue
        place = (session.database, found.schema, found.name)
        columns: tuple[TableColumn | ViewColumn, ...] = found.columns
        for number, column in enumerate(columns, 1):
            if names.fullmatch(column.name):
                if classic:
                    check_classic("sp_columns", column.type)
                rows.append(_column_row(place, number, column, alias_name(session, column.user_type), version))
    return rows


def alias_name(session: Session, user_type: int) -> str:
    """The name of a type of somebody's own; "" of the system's."""
    alias = type_by_id(session.catalog, user_type) if user_type else None
    return alias.name if alias is not None else ""


def _column_row(
    place: _Row, number: int, column: TableColumn | ViewColumn, alias: str, version: int
) -> tuple[_Row, _Row, _Row]:
    kept = column if isinstance(column, TableColumn) else None
    identity = kept is not None and kept.identity is not None
    first, second, (needed, optional) = type_cells(column.type, type_name(column.type, alias, identity), version)
    default = normal_form(kept.default.text) if kept is not None and kept.default is not None else None
    before = (*place, column.name, *first, int(column.nullable), None, default, *second, number,
              "YES" if column.nullable else "NO")  # fmt: skip
    computed = kept is not None and bool(kept.computed)
    added = (False, False, computed, identity, None, None, None, None, None, None)
    return before, added, (optional if column.nullable else needed,)


# Indexes --------------------------------------------------------------------------------------------------------------

_STATISTICS: list[tuple[str, SqlType]] = [
    ("TABLE_QUALIFIER", SYSNAME), ("TABLE_OWNER", SYSNAME), ("TABLE_NAME", SYSNAME), ("NON_UNIQUE", SMALLINT),
    ("INDEX_QUALIFIER", SYSNAME), ("INDEX_NAME", SYSNAME), ("TYPE", SMALLINT), ("SEQ_IN_INDEX", SMALLINT),
    ("COLUMN_NAME", SYSNAME), ("COLLATION", varchar(1)), ("CARDINALITY", INT), ("PAGES", INT),
    ("FILTER_CONDITION", varchar(128)),
]  # fmt: skip


def sp_statistics(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@table_name, @table_owner, @table_qualifier, @index_name, @is_unique: a row for the table, and one a column of
    each index. Rows and pages are not counted."""
    check_qualifier(session, actuals, 2, "@table_qualifier", line)
    name, owner = argument(actuals, 0, "@table_name"), argument(actuals, 1, "@table_owner")
    indexes, unique = like(argument(actuals, 3, "@index_name")), argument(actuals, 4, "@is_unique")
    rows: list[_Row] = []
    for table in session.catalog.tables():
        if table.name.lower() != str(name or "").lower() or not sees_object(session.identity, table):
            continue
        if owner and table.schema.lower() != str(owner).lower():
            continue
        place = (session.database, table.schema, table.name)
        rows.append((*place, None, None, None, 0, None, None, None, None, None, None))
        wanted = [key for key in table.keys if indexes.fullmatch(key.name) and not key.columnstore]
        for key in sorted(wanted, key=lambda key: (not key.unique, not key.clustered, key.name.lower())):
            if key.unique or str(unique or "N").upper() != "Y":
                rows += _index_rows(place, key)
    send_table(session, _STATISTICS, rows)
    return 0


def _index_rows(place: _Row, key: Key) -> list[_Row]:
    return [
        (*place, int(not key.unique), place[2], key.name, 1 if key.clustered else 3, number, column,
         "D" if descending else "A", None, None, None)
        for number, (column, descending) in enumerate(key.columns, 1)
    ]  # fmt: skip


def sp_stored_procedures(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@sp_name, @sp_owner, @sp_qualifier, @fUsePattern: procedures and functions with their number, as ODBC has it."""
    check_qualifier(session, actuals, 2, "@sp_qualifier", line)
    names, owners = like(argument(actuals, 0, "@sp_name")), like(argument(actuals, 1, "@sp_owner"))
    rows = []
    for found in session.catalog.objects.values():
        number = {"P": 1, "FN": 0, "IF": 0}.get(found.kind) if isinstance(found, Module) else None
        if number is None or not (names.fullmatch(found.name) and owners.fullmatch(found.schema)):
            continue
        if sees_object(session.identity, found):
            rows.append((session.database, found.schema, f"{found.name};{number}", -1, -1, -1, None, 2))
    columns = [("PROCEDURE_QUALIFIER", SYSNAME), ("PROCEDURE_OWNER", SYSNAME), ("PROCEDURE_NAME", nvarchar(134)),
               ("NUM_INPUT_PARAMS", INT), ("NUM_OUTPUT_PARAMS", INT), ("NUM_RESULT_SETS", INT),
               ("REMARKS", varchar(254)), ("PROCEDURE_TYPE", SMALLINT)]  # fmt: skip
    send_table(session, columns, sorted(rows, key=lambda row: (row[1], row[2])))
    return 0


ODBC_PROCEDURES = {
    "sp_columns": sp_columns, "sp_columns_100": sp_columns_100, "sp_statistics": sp_statistics,
    "sp_statistics_100": sp_statistics, "sp_stored_procedures": sp_stored_procedures,
}  # fmt: skip
