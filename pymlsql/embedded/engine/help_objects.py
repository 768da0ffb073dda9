"""sp_help and sp_helpconstraint: what an object is, in SQL Server's result sets and words.

Source: their pages in sql-docs, and published results of these procedures. What these leave open is refused: the words
for SET DEFAULT, which do not fit the documented width, and the precision of parameters of table types.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.answers import argument, require, send_table
from pymlsql.embedded.engine.catalog import ForeignKey, Module, Sequence, Table, TableColumn, ViewColumn
from pymlsql.embedded.engine.help_procedures import sp_helpindex
from pymlsql.embedded.engine.help_types import measures, send_type, send_user_types
from pymlsql.embedded.engine.runtime import find_object, split_name
from pymlsql.embedded.engine.security.principals import owner_of, principal_by_id
from pymlsql.embedded.engine.security.visibility import sees_definition, sees_object
from pymlsql.embedded.engine.system_views import COLLATION, SYSTEM_VIEWS, arrow_table
from pymlsql.embedded.engine.system_views.definition import normal_form
from pymlsql.embedded.engine.system_views.objects import time_of
from pymlsql.embedded.engine.typeentries import type_by_id
from pymlsql.embedded.tsql.lengths import stored_length
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.types import (
    DATETIME,
    INT,
    MAX,
    SMALLINT,
    SYSNAME,
    TABLE_TYPE,
    SqlType,
    decimal,
    nvarchar,
    varchar,
)

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

KINDS = {
    "U": "user table", "V": "view", "P": "stored procedure", "IF": "inline function", "FN": "scalar function",
    "PK": "primary key cns", "UQ": "unique key cns", "F": "foreign key cns", "C": "check cns",
    "D": "default (maybe cns)", "X": "extended stored proc",
}  # fmt: skip
"""What sp_help calls the types of sys.all_objects; others are left out of its list."""

_MEASURED = frozenset(
    """tinyint smallint decimal int bigint real money float smallmoney date time datetime2 datetimeoffset""".split()
)
"""Types whose precision and scale are shown of columns."""
_NO, _YES, _NONE = "no", "yes", "(n/a)"
_FIVE = SqlType("char", length=5)
_ACTIONS = {"NO ACTION": "No Action", "CASCADE": "Cascade", "SET NULL": "Set Null"}


def _blank_line(session: Session) -> None:
    session.send_error(SqlError(0, " ", severity=0))


def sp_help(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@objname: an object or a type; all objects without it. Raises 15009, 15250."""
    given = argument(actuals, 0, "@objname")
    if given is None:
        _send_everything(session)
        return 0
    name = str(given)
    _check_place(session, name, line)
    found = find_object(session, name)
    if found is None:
        if not send_type(session, name):
            raise sql_error(15009, name, session.database, line=line)
        return 0
    if isinstance(found, Sequence):
        raise unsupported("sp_help of a sequence", line=line)
    for foreign in found.foreign_keys if isinstance(found, Table) else ():
        _refuse_unworded(foreign, line)
    _send_object(session, found)
    if isinstance(found, Table) or found.kind in ("V", "IF"):
        _send_columns(session, found)
    if isinstance(found, Table) or found.kind == "V":
        _send_identity(session, found)
    if isinstance(found, Module) and (found.parameters or found.returns is not None):
        _send_parameters(session, found, line)
    if isinstance(found, Table):
        _blank_line(session)
        send_table(session, [("Data_located_on_filegroup", SYSNAME)], [("PRIMARY",)])
        _blank_line(session)
        sp_helpindex(session, frame, actuals, line)
        _blank_line(session)
        _send_constraints(session, found, name)
        _blank_line(session)
        session.send_error(sql_error(15647, name))
    elif found.kind == "V":
        _blank_line(session)
        session.send_error(sql_error(15469, name))
        _blank_line(session)
        session.send_error(sql_error(15470, name))
        sp_helpindex(session, frame, actuals, line)
    return 0


def _check_place(session: Session, name: str, line: int) -> None:
    database = Name(split_name(name) or ("",)).database
    if database and database.lower() != session.database.lower():
        raise sql_error(15250, line=line)


def _send_everything(session: Session) -> None:
    """Every object of sys.all_objects that has a word, and the user's types."""
    state = session.system_state()
    schemas = arrow_table(SYSTEM_VIEWS["sys", "schemas"], state).to_pylist()
    owners = {one["schema_id"]: one["principal_id"] for one in schemas}
    rows = []
    for fact in arrow_table(SYSTEM_VIEWS["sys", "all_objects"], state).to_pylist():
        kind = KINDS.get(fact["type"].strip())
        if kind is not None:
            owner = fact["principal_id"] if fact["principal_id"] is not None else owners[fact["schema_id"]]
            rows.append((fact["name"], _principal(session, owner), kind))
    rows.sort(key=lambda row: row[0].lower())
    rows.sort(key=lambda row: row[2], reverse=True)
    rows.sort(key=lambda row: row[1].lower())
    send_table(session, [("Name", SYSNAME), ("Owner", SYSNAME), ("Object_type", nvarchar(31))], rows)
    _blank_line(session)
    send_user_types(session)


def _principal(session: Session, number: int) -> str:
    found = principal_by_id(session.catalog, number)
    return found.name if found is not None else ""


def _send_object(session: Session, found: Table | Module) -> None:
    kind = "U" if isinstance(found, Table) else found.kind
    owner = owner_of(session.catalog, found.object_id, found.schema)
    columns = [("Name", SYSNAME), ("Owner", SYSNAME), ("Type", nvarchar(31)), ("Created_datetime", DATETIME)]
    send_table(session, columns, [(found.name, _principal(session, owner), KINDS[kind], time_of(found.created))])


# Columns ----------------------------------------------------------------------------------------------------------


def _send_columns(session: Session, found: Table | Module) -> None:
    _blank_line(session)
    columns = [("Column_name", SYSNAME), ("Type", SYSNAME), ("Computed", varchar(35)), ("Length", INT),
               ("Prec", _FIVE), ("Scale", _FIVE), ("Nullable", varchar(35)), ("TrimTrailingBlanks", varchar(35)),
               ("FixedLenNullInSource", varchar(35)), ("Collation", SYSNAME)]  # fmt: skip
    send_table(session, columns, [_column_row(session, column) for column in found.columns])


def _type_name(session: Session, type_: SqlType, user_type: int) -> str:
    alias = type_by_id(session.catalog, user_type) if user_type else None
    return alias.name if alias is not None else type_.name


def _column_row(session: Session, column: TableColumn | ViewColumn) -> tuple[Any, ...]:
    type_ = column.type
    computed = isinstance(column, TableColumn) and bool(column.computed)
    old = type_.name in ("char", "varchar", "binary", "varbinary")
    precision, scale = measures(type_)
    shown = type_.name in _MEASURED
    collation = (column.collation if isinstance(column, TableColumn) else "") or COLLATION
    return (
        column.name, _type_name(session, type_, column.user_type), _YES if computed else _NO, stored_length(type_),
        f"{precision:<5}" if shown else " " * 5,
        " " * 5 if not shown else None if scale is None else f"{scale:<5}",
        _YES if column.nullable else _NO, _NO if old else _NONE,
        (_YES if column.nullable else _NO) if old else _NONE, collation if type_.is_string else None,
    )  # fmt: skip


def _send_identity(session: Session, found: Table | Module) -> None:
    identity = found.identity if isinstance(found, Table) else None
    columns = [("Identity", nvarchar(128)), ("Seed", decimal(38, 0)), ("Increment", decimal(38, 0)),
               ("Not For Replication", INT)]  # fmt: skip
    row: tuple[Any, ...] = ("No identity column defined.", None, None, None)
    if identity is not None and identity.identity is not None:
        row = (identity.name, Decimal(identity.identity[0]), Decimal(identity.identity[1]), 0)
    _blank_line(session)
    send_table(session, columns, [row])
    _blank_line(session)
    send_table(session, [("RowGuidCol", SYSNAME)], [("No rowguidcol column defined.",)])


def _send_parameters(session: Session, found: Module, line: int) -> None:
    columns = [("Parameter_name", SYSNAME), ("Type", SYSNAME), ("Length", SMALLINT), ("Prec", INT), ("Scale", INT),
               ("Param_order", INT), ("Collation", SYSNAME)]  # fmt: skip
    described = [("", found.returns, 0, 0)] if found.returns is not None else []
    described += [(p.name, p.type, p.user_type, number) for number, p in enumerate(found.parameters, 1)]
    rows = []
    for name, type_, user_type, number in described:
        assert type_ is not None
        if type_ == TABLE_TYPE:
            raise unsupported("sp_help of a module with parameters of table types", line=line)
        precision, scale = measures(type_)
        rows.append((name, _type_name(session, type_, user_type), stored_length(type_),
                     0 if type_.length == MAX else precision, scale, number,
                     COLLATION if type_.is_string else None))  # fmt: skip
    _blank_line(session)
    send_table(session, columns, rows)


# Constraints ------------------------------------------------------------------------------------------------------


def sp_helpconstraint(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@objname, @nomsg. Raises 201, 15009, 15250."""
    require(actuals, "sp_helpconstraint", "@objname", line=line)
    name = str(argument(actuals, 0, "@objname") or "")
    _check_place(session, name, line)
    found = find_object(session, name)
    if found is None:
        raise sql_error(15009, name, session.database, line=line)
    for foreign in found.foreign_keys if isinstance(found, Table) else ():
        _refuse_unworded(foreign, line)
    if str(argument(actuals, 1, "@nomsg") or "msg").lower() != "nomsg":
        send_table(session, [("Object Name", nvarchar(776))], [(name,)])
        _blank_line(session)
    if isinstance(found, Table):
        _send_constraints(session, found, name)
    else:
        session.send_error(sql_error(15469, name))
        session.send_error(sql_error(15470, name))
    return 0


def _refuse_unworded(foreign: ForeignKey, line: int) -> None:
    if not {foreign.on_delete, foreign.on_update} <= set(_ACTIONS):
        raise unsupported("sp_helpconstraint of a foreign key with SET DEFAULT", line=line)


def _send_constraints(session: Session, table: Table, name: str) -> None:
    found = sorted(_constraints(session, table), key=lambda rows: rows[0][1].lower())
    if found:
        columns = [("constraint_type", nvarchar(146)), ("constraint_name", nvarchar(128)),
                   ("delete_action", nvarchar(9)), ("update_action", nvarchar(9)), ("status_enabled", varchar(8)),
                   ("status_for_replication", varchar(19)), ("constraint_keys", nvarchar(2126))]  # fmt: skip
        send_table(session, columns, [row for rows in found for row in rows])
    else:
        session.send_error(sql_error(15469, name))
    _blank_line(session)
    references = sorted(
        f"{session.database}.{child.schema}.{child.name}: {foreign.name}"
        for child in session.catalog.tables() for foreign in child.foreign_keys
        if foreign.referenced_id == table.object_id and sees_object(session.identity, child)
    )  # fmt: skip
    if references:
        send_table(session, [("Table is referenced by foreign key", nvarchar(516))], [(one,) for one in references])
    else:
        session.send_error(sql_error(15470, name))


def _constraints(session: Session, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of each constraint: a foreign key has two."""
    told = sees_definition(session.identity, table)
    without = (_NONE,) * 4
    for key in table.keys:
        if key.object_id:
            kind = "PRIMARY KEY" if key.kind == "pk" else "UNIQUE"
            columns = ", ".join(f"{name}(-)" if descending else name for name, descending in key.columns)
            yield [(f"{kind} ({'clustered' if key.clustered else 'non-clustered'})", key.name, *without, columns)]
    for column in table.columns:
        if column.default is not None:
            text = normal_form(column.default.text) if told else None
            yield [(f"DEFAULT on column {column.name}", column.default.name, *without, text)]
    names = tuple(column.name for column in table.columns)
    for check in table.checks:
        kind = f"CHECK on column {check.column}" if check.column else "CHECK Table Level "
        text = normal_form(check.text, names) if told else None
        yield [(kind, check.name, _NONE, _NONE, *_states(check.disabled), text)]
    for foreign in table.foreign_keys:
        parent = session.catalog.by_id(foreign.referenced_id)
        assert parent is not None
        place = f"{session.database}.{parent.schema}.{parent.name}"
        yield [("FOREIGN KEY", foreign.name, _ACTIONS[foreign.on_delete], _ACTIONS[foreign.on_update],
                *_states(foreign.disabled), ", ".join(foreign.columns)),
               (" ", " ", " ", " ", " ", " ", f"REFERENCES {place} ({', '.join(foreign.referenced)})")]  # fmt: skip


def _states(disabled: bool) -> tuple[str, str]:
    return "Disabled" if disabled else "Enabled", "Is_For_Replication"
