"""sp_special_columns and sp_sproc_columns, which ODBC's SQLSpecialColumns and SQLProcedureColumns call.

Source: their pages in sql-docs, "Additional Table-Valued Parameter Metadata" there, and published results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.answers import argument, check_qualifier, require, send_table
from pymlsql.embedded.engine.catalog import Key, Module, Table, TableColumn
from pymlsql.embedded.engine.help_procedures import tables_named
from pymlsql.embedded.engine.odbc_procedures import COLUMNS_100, alias_name, like
from pymlsql.embedded.engine.odbc_types import check_classic, odbc_version, type_cells, type_name
from pymlsql.embedded.engine.security.visibility import sees_object
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.types import INT, SMALLINT, SYSNAME, TABLE_TYPE, TINYINT, SqlType, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_Row = tuple[Any, ...]
_NOT_PSEUDO = 1

_SPECIAL: list[tuple[str, SqlType]] = [
    ("SCOPE", SMALLINT), ("COLUMN_NAME", SYSNAME), ("DATA_TYPE", SMALLINT), ("TYPE_NAME", SYSNAME), ("PRECISION", INT),
    ("LENGTH", INT), ("SCALE", SMALLINT), ("PSEUDO_COLUMN", SMALLINT),
]  # fmt: skip


def sp_special_columns(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@table_name, @table_owner, @table_qualifier, @col_type, @scope, @nullable. Raises 201, 15250, 15251."""
    return _special_columns(session, actuals, "sp_special_columns", line)


def sp_special_columns_100(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The same for clients that know the types of SQL Server 2008."""
    return _special_columns(session, actuals, "sp_special_columns_100", line)


def _special_columns(session: Session, actuals: list[Actual], procedure: str, line: int) -> int:
    require(actuals, procedure, "@table_name", line=line)
    kind = _option(actuals, 3, "@col_type", "R", "V", line)
    scope = 0 if _option(actuals, 4, "@scope", "T", "C", line) == "C" else 1
    needed = _option(actuals, 5, "@nullable", "U", "O", line) == "O"
    check_qualifier(session, actuals, 2, "@table_qualifier", line)
    check_qualifier(session, actuals, 2, "@qualifier", line)
    found = tables_named(session, argument(actuals, 0, "@table_name"), argument(actuals, 1, "@table_owner"))
    rows: list[_Row] = []
    for table in found:
        if kind == "V":
            changing = [column.name for column in table.columns if column.type.name == "timestamp"]
            rows += [(None, name, -2, "timestamp", 8, 8, None, _NOT_PSEUDO) for name in changing]
            continue
        for column in _identifying(table, needed, procedure):
            if not procedure.endswith("_100"):
                check_classic(procedure, column.type)
            name = type_name(column.type, alias_name(session, column.user_type), column.identity is not None)
            cells, _, _ = type_cells(column.type, name, odbc_version(actuals, 6))
            rows.append((scope, column.name, *cells[:5], _NOT_PSEUDO))
    send_table(session, _SPECIAL, rows)
    return 0


def _option(actuals: list[Actual], place: int, name: str, default: str, other: str, line: int) -> str:
    """A parameter of char(1)."""
    given = argument(actuals, place, name)
    value = default if given is None else str(given)[:1].upper()
    if value not in (default, other):
        first, second = (default, other) if name != "@scope" else (other, default)
        raise sql_error(15251, name[1:], f"'{first}' or '{second}'", line=line)
    return value


def _identifying(table: Table, needed: bool, procedure: str) -> list[TableColumn]:
    """The columns of the unique index with the lowest number, whose columns are all NOT NULL where that is needed."""
    columns = {column.name.lower(): column for column in table.columns}
    unique = [key for key in table.keys if key.unique and not key.columnstore]
    if needed:
        unique = [key for key in unique if not any(columns[name.lower()].nullable for name, _ in key.columns)]
        if len(unique) > 1:
            raise unsupported(f"{procedure} with @nullable = 'O' of a table with several unique indexes")
    if not unique:
        return []
    best: Key = min(unique, key=lambda key: key.index_id)
    if best.where or best.disabled or (best.included and not procedure.endswith("_100")):
        raise unsupported(f"{procedure} of a table whose first unique index is disabled, has a filter or INCLUDE")
    return [columns[name.lower()] for name, _ in best.columns]


# Parameters -----------------------------------------------------------------------------------------------------------

_PARAMETERS: list[tuple[str, SqlType]] = [
    ("PROCEDURE_QUALIFIER", SYSNAME), ("PROCEDURE_OWNER", SYSNAME), ("PROCEDURE_NAME", nvarchar(134)),
    ("COLUMN_NAME", SYSNAME), ("COLUMN_TYPE", SMALLINT), ("DATA_TYPE", SMALLINT), ("TYPE_NAME", SYSNAME),
    ("PRECISION", INT), ("LENGTH", INT), ("SCALE", SMALLINT), ("RADIX", SMALLINT), ("NULLABLE", SMALLINT),
    ("REMARKS", varchar(254)), ("COLUMN_DEF", nvarchar(4000)), ("SQL_DATA_TYPE", SMALLINT),
    ("SQL_DATETIME_SUB", SMALLINT), ("CHAR_OCTET_LENGTH", INT), ("ORDINAL_POSITION", INT),
    ("IS_NULLABLE", varchar(254)),
]  # fmt: skip
_OF_TYPES: list[tuple[str, SqlType]] = [("SS_TYPE_CATALOG_NAME", SYSNAME), ("SS_TYPE_SCHEMA_NAME", SYSNAME)]
_LAST: list[tuple[str, SqlType]] = [("SS_DATA_TYPE", TINYINT)]
_INPUT, _BOTH, _RESULT, _RETURN = 1, 2, 3, 5
_TABLE_REMARK = "Result table returned by table valued function"


def sp_sproc_columns(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@procedure_name, @procedure_owner, @procedure_qualifier, @column_name, @ODBCVer, @fUsePattern. Raises 15250."""
    rows = list(_parameter_rows(session, actuals, "sp_sproc_columns", line))
    send_table(session, [*_PARAMETERS, *_LAST], rows)
    return 0


def sp_sproc_columns_100(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The same with what SQL Server 2008 added."""
    added = [*_OF_TYPES, *COLUMNS_100[-6:]]
    rows = [
        (*row[:-1], *(None,) * len(added), row[-1])
        for row in _parameter_rows(session, actuals, "sp_sproc_columns_100", line)
    ]
    send_table(session, [*_PARAMETERS, *added, *_LAST], rows)
    return 0


def _parameter_rows(session: Session, actuals: list[Actual], procedure: str, line: int) -> Iterator[_Row]:
    check_qualifier(session, actuals, 2, "@procedure_qualifier", line)
    given = argument(actuals, 0, "@procedure_name")
    if ";" in str(given or ""):
        raise unsupported(f"{procedure} of a numbered procedure", line=line)
    exact = argument(actuals, 5, "@fusepattern") in (0, False, "0")
    names, owners, columns = (
        _wanted(argument(actuals, place, name), exact)
        for place, name in ((0, "@procedure_name"), (1, "@procedure_owner"), (3, "@column_name"))
    )
    modules = [one for one in session.catalog.objects.values() if isinstance(one, Module) and one.kind in _NUMBERS]
    found = [m for m in modules if names.fullmatch(m.name) and owners.fullmatch(m.schema)]
    if not found and re.match("(sp|xp)_", str(given or ""), re.IGNORECASE):
        raise unsupported(f"{procedure} of procedures of SQL Server", line=line)
    for module in sorted(found, key=lambda one: (one.schema.lower(), one.name.lower())):
        if sees_object(session.identity, module):
            yield from _rows_of(session, module, columns, procedure, odbc_version(actuals, 4))


_NUMBERS = {"P": 1, "FN": 0, "IF": 0}
"""What stands behind the name."""


def _wanted(given: Any, exact: bool) -> re.Pattern[str]:
    if exact and given is not None:
        return re.compile(re.escape(str(given)), re.IGNORECASE)
    return like(given)


def _rows_of(
    session: Session, module: Module, columns: re.Pattern[str], procedure: str, version: int
) -> Iterator[_Row]:
    place = (session.database, module.schema, f"{module.name};{_NUMBERS[module.kind]}")
    if module.kind == "IF":
        if columns.fullmatch("@TABLE_RETURN_VALUE"):
            yield (*place, "@TABLE_RETURN_VALUE", _RESULT, None, "table", 0, 0, 0, 0, 0, _TABLE_REMARK, None, None,
                   None, None, 0, "NO", 0)  # fmt: skip
    else:
        returned = module.returns if module.kind == "FN" else INT
        assert returned is not None
        if columns.fullmatch("@RETURN_VALUE"):
            yield _row(place, "@RETURN_VALUE", _RETURN, returned, "", 0, module.kind == "FN", procedure, version)
    for number, one in enumerate(module.parameters, 1):
        if columns.fullmatch(one.name):
            if one.type == TABLE_TYPE:
                raise unsupported(f"{procedure} of a table-valued parameter")
            kind = _BOTH if one.output else _INPUT
            alias = alias_name(session, one.user_type)
            yield _row(place, one.name, kind, one.type, alias, number, True, procedure, version)


def _row(
    place: _Row, name: str, kind: int, type_: SqlType, alias: str, number: int, nullable: bool, procedure: str,
    version: int,
) -> _Row:  # fmt: skip
    if not procedure.endswith("_100"):
        check_classic(procedure, type_)
    first, second, (needed, optional) = type_cells(type_, type_name(type_, alias, False), version)
    return (*place, name, kind, *first, int(nullable), None, None, *second, number, "YES" if nullable else "NO",
            optional if nullable else needed)  # fmt: skip


PARAMETER_PROCEDURES = {
    "sp_special_columns": sp_special_columns, "sp_special_columns_100": sp_special_columns_100,
    "sp_sproc_columns": sp_sproc_columns, "sp_sproc_columns_100": sp_sproc_columns_100,
}  # fmt: skip
