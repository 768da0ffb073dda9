"""Table-valued parameters of a client's calls: their rows in a table of the type, for as long as the call runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.dml import insert_plan
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.frame import Frame, TableValue
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.procedures import Actual, call_actual
from pymlsql.embedded.engine.runtime import split_name
from pymlsql.embedded.engine.typeentries import UserType, type_by_id
from pymlsql.embedded.engine.typenames import check_type, find_type
from pymlsql.embedded.tds.columns import arrow_type
from pymlsql.embedded.tds.requests import Parameter, RpcCall, TableRows
from pymlsql.embedded.tsql.compiler import Compiled
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import NULL, TABLE_TYPE

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_ROWS = "pymlsql_passed"
_MOST_PARAMETERS = 2100


@contextmanager
def passed_tables(session: Session, call: RpcCall, name: Name) -> Iterator[dict[int, TableValue]]:
    """The values of the call's table-valued parameters, by their places. Raises 218, 500, and what their rows violate.
    """
    found = {place: one for place, one in enumerate(call.parameters) if isinstance(one.value, TableRows)}
    skipped = 0
    if name.object.lower() == "sp_prepexecrpc":
        name, skipped = Name(split_name(str(call.parameters[1].value))), 2
    made: dict[int, TableValue] = {}
    names: list[str] = []
    try:
        for place, parameter in found.items():
            type_ = _type_of(session, name, place - skipped, parameter)
            own = parameter.name or f"@P{place + 1}"
            assert type_.table is not None
            table = session.declare_like(own, type_.table, type_.type_id)
            names.append(own)
            _fill(session, table, parameter.value)
            made[place] = TableValue(table, type_.type_id)
        yield made
    finally:
        for own in names:
            session.drop_temporary(own, if_exists=True)


def call_with_tables(session: Session, call: RpcCall, name: Name, actuals: list[Actual]) -> int:
    """Carry out a client's call, with its table-valued parameters in place; its return status. Raises 8003."""
    if len(actuals) > _MOST_PARAMETERS:
        raise sql_error(8003)
    if not any(actual.type == TABLE_TYPE for actual in actuals):
        return call_actual(session, name, actuals, 1)
    with passed_tables(session, call, name) as tables:
        for place, value in tables.items():
            actuals[place].value = value
        return call_actual(session, name, actuals, 1)


def _type_of(session: Session, procedure: Name, place: int, parameter: Parameter) -> UserType:
    """The table type as the client names it, or as the procedure declares it. Raises 218."""
    rows: TableRows = parameter.value
    if rows.name:
        found = find_type(session, rows.schema, rows.name)
    else:
        found = _declared(session, procedure, place, parameter.name)
    if found is None or found.table is None:
        raise sql_error(218, f"{rows.schema}.{rows.name}".strip("."))
    check_type(session, found)
    return found


def _declared(session: Session, procedure: Name, place: int, name: str) -> UserType | None:
    module = names(session).find(procedure)
    parameters: Sequence[Any] = getattr(module, "parameters", ())
    for number, declared in enumerate(parameters):
        if declared.name == name.lower() if name else number == place:
            return type_by_id(session.catalog, declared.user_type)
    return None


def _fill(session: Session, table: Any, rows: TableRows) -> None:
    if not rows.types:
        return
    if len(rows.types) != len(table.columns):
        raise sql_error(500, len(rows.types), len(table.columns))
    given = [(column, type_) for column, type_, default in zip(table.columns, rows.types, rows.defaults, strict=True)
             if not default and column.identity is None]  # fmt: skip
    arrays: list[pa.Array] = []
    typed: list[Typed] = []
    place = 0
    for column, type_, default in zip(table.columns, rows.types, rows.defaults, strict=True):
        if default:
            continue
        if column.identity is None:
            name = f"c{len(arrays)}"
            own = NULL if type_.name == "null" else type_
            values = [row[place] for row in rows.rows]
            if own.name == "uniqueidentifier":
                values = [None if value is None else str(value) for value in values]
            arrays.append(pa.array(values, arrow_type(own) if own != NULL else pa.int32()))
            sql = f"CAST(r.{name} AS UUID)" if own.name == "uniqueidentifier" else f"r.{name}"
            typed.append(Typed(sql, own))
        place += 1
    source = pa.table(arrays, names=[f"c{i}" for i in range(len(arrays))])
    select = ", ".join(f"{value.sql} AS c{i}" for i, value in enumerate(typed))
    plan = Plan(Compiled(f"SELECT {select} FROM {_ROWS} AS r", tuple(typed), {}, {}), {})
    with session.store.registered({_ROWS: source}):
        insert_plan(session, Frame(), table, [column for column, _ in given], plan, None, 1)
