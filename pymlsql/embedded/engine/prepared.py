"""sp_executesql, sp_prepare and their kin: T-SQL with parameters, and what drivers ask about it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pymlsql.embedded.engine import dml
from pymlsql.embedded.engine.frame import Frame, TableValue, Value
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.procedures import Actual, convert_value, execute_text, give_back, table_argument
from pymlsql.embedded.engine.security.enforcement import check_change
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.engine.usertypes import resolved_parameters
from pymlsql.embedded.tds.requests import RepeatedCalls
from pymlsql.embedded.tds.responses import Done, ReturnStatus
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiled
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.definitions import parse_parameters
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.parser import Parser, parse_batch
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import TABLE_TYPE

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


class Prepared:
    """A statement kept under a handle, with its parameters' declarations."""

    def __init__(self, text: str, parameters: list[nodes.ModuleParameter]) -> None:
        self.text = text
        self.parameters = parameters

    @cached_property
    def insert(self) -> nodes.Insert | None:
        """The statement, if it is one that fast_executemany repeats."""
        return _plain_insert(self.text, self.parameters)


def _plain_insert(text: str, parameters: list[nodes.ModuleParameter]) -> nodes.Insert | None:
    """The statement if it is INSERT ... VALUES of all its parameters in order: what fast_executemany repeats."""
    try:
        batch = parse_batch(text)
    except SqlError:
        return None
    if len(batch.statements) != 1 or not isinstance(batch.statements[0], nodes.Insert):
        return None
    insert = batch.statements[0]
    if len(insert.rows) != 1 or insert.output is not None or insert.common is not None or insert.top is not None:
        return None
    cells = [cell.sql.lower() if cell is not None else "" for cell in insert.rows[0]]
    return insert if cells == [parameter.name for parameter in parameters] else None


def declarations(session: Session, text: str | None) -> list[nodes.ModuleParameter]:
    """``@P1 int, @P2 nvarchar(10) OUTPUT`` as declarations."""
    if not text or not text.strip():
        return []
    return list(resolved_parameters(session, _declared(text)))


@lru_cache(maxsize=512)
def _declared(text: str) -> tuple[nodes.ModuleParameter, ...]:
    parser = Parser(text)
    found = tuple(parse_parameters(parser))
    if parser.token.kind != "end":
        parser.fail()
    return found


def execute_with(session: Session, text: str, declared: list[nodes.ModuleParameter], actuals: list[Actual]) -> int:
    """Run ``text`` with its parameters bound by name or position. Raises 8144, 8178."""
    variables: dict[str, Value] = {}
    if len(actuals) > len(declared):
        raise sql_error(8144, "", line=1)
    given = {a.name.lower() if a.name else declared[i].name: a for i, a in enumerate(actuals)}
    outputs: list[tuple[str, Value]] = []
    tables: list[tuple[str, TableValue]] = []
    for parameter in declared:
        actual = given.get(parameter.name)
        if parameter.type == TABLE_TYPE:
            tables.append((parameter.name, table_argument(session, parameter, actual)))
            continue
        if actual is None:
            raise sql_error(8178, text[:100], parameter.name)
        value = convert_value(session, actual.value, actual.type, parameter.type)
        variables[parameter.name] = Value(parameter.type, value)
        if actual.target is not None:
            outputs.append((parameter.name, actual.target))
    execute_text(session, text, variables, None, tables=tables)
    holder = Frame(variables=variables)
    give_back(session, holder, outputs)
    return 0


def sp_executesql(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """sp_executesql @statement, @params, values ... Raises 201, 214, 8144, 8178."""
    if not actuals:
        raise sql_error(201, "sp_executesql", "@statement", line=line)
    text = actuals[0].value
    if text is None:
        return 0
    if not actuals[0].type.is_unicode:
        raise sql_error(214, "@statement", "ntext/nchar/nvarchar", line=line)
    declared = declarations(session, actuals[1].value) if len(actuals) > 1 else []
    return execute_with(session, str(text), declared, actuals[2:])


def sp_prepare(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """(handle OUTPUT, @params, @stmt [, @options])."""
    handle = session.prepare(Prepared(str(actuals[2].value), declarations(session, actuals[1].value)))
    if actuals[0].target is not None:
        actuals[0].target.value = handle
    return 0


def sp_prepexec(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """(handle OUTPUT, @params, @stmt, values ...)."""
    sp_prepare(session, frame, actuals[:3], line)
    prepared = session.prepared[actuals[0].target.value] if actuals[0].target else None
    assert isinstance(prepared, Prepared)
    return execute_with(session, prepared.text, prepared.parameters, actuals[3:])


def sp_prepexecrpc(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """(handle OUTPUT, procedure, values ...): a procedure under a handle, called at once."""
    from pymlsql.embedded.engine.procedures import call_actual
    from pymlsql.embedded.engine.runtime import split_name

    name = Name(split_name(str(actuals[1].value)))
    if actuals[0].target is not None:
        actuals[0].target.value = session.prepare(name)
    return call_actual(session, name, actuals[2:], line)


def sp_execute(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """sp_execute handle, values ... Raises 8179."""
    prepared = session.prepared.get(actuals[0].value)
    if isinstance(prepared, Name):
        from pymlsql.embedded.engine.procedures import call_actual

        return call_actual(session, prepared, actuals[1:], line)
    prepared = _prepared(session, actuals[0].value)
    return execute_with(session, prepared.text, prepared.parameters, actuals[1:])


def _prepared(session: Session, handle: Any) -> Prepared:
    prepared = session.prepared.get(handle)
    if not isinstance(prepared, Prepared):
        raise sql_error(8179, handle)
    return prepared


def sp_unprepare(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """sp_unprepare handle; one that is not known is left alone."""
    session.prepared.pop(actuals[0].value, None)
    return 0


# Many executions of one INSERT ------------------------------------------------------------------------------------


def insert_many(session: Session, calls: RepeatedCalls) -> bool:
    """Many sp_execute of one plain INSERT as one staged insert, answered as many; False when it is not that, or when
    a row is refused: then each is executed by itself, so that the error is that row's and the others stay."""
    prepared = _repeated(session, calls)
    if prepared is None or prepared.insert is None:
        return False
    try:
        _insert_columns(session, prepared, prepared.insert, calls)
    except SqlError:
        session.store.recover()
        return False
    count = None if session.options.nocount else 1
    for _ in range(len(calls)):
        session.sink(Done("done_in_proc", count=count, command=0xC3))
        session.sink(ReturnStatus(0))
        session.sink(Done("done_proc"))
    session.rowcount = 1
    return True


def _repeated(session: Session, calls: RepeatedCalls) -> Prepared | None:
    """The one prepared statement that all calls execute, with a value for each of its parameters."""
    first = calls.first
    if first.procedure.lower() != "sp_execute" or any(p.default or p.output for p in first.parameters):
        return None
    handles = pc.unique(calls.columns[0])
    prepared = session.prepared.get(handles[0].as_py()) if len(handles) == 1 else None
    fits = isinstance(prepared, Prepared) and len(prepared.parameters) + 1 == len(first.parameters)
    return prepared if fits else None  # type: ignore[return-value]


def _insert_columns(session: Session, prepared: Prepared, insert: nodes.Insert, calls: RepeatedCalls) -> None:
    if session.doomed:
        raise sql_error(3930)
    with session.store.statement(locked=not insert.target.object.startswith("#")):
        _insert_locked(session, prepared, insert, calls)


def _insert_locked(session: Session, prepared: Prepared, insert: nodes.Insert, calls: RepeatedCalls) -> None:
    table = target_table(session, insert.target)
    check_change(session, Frame(), "INSERT", table)
    columns = dml.insert_columns(session, table, insert)
    if len(columns) != len(prepared.parameters):
        raise sql_error(213)
    typed = []
    for index, (sent, declared) in enumerate(zip(calls.first.parameters[1:], prepared.parameters, strict=True)):
        sql = f"CAST(r.c{index} AS UUID)" if sent.type.name == "uniqueidentifier" else f"r.c{index}"
        typed.append(convert(Typed(sql, sent.type), declared.type, implicit=True))
    rows = pa.table(list(calls.columns[1:]), names=[f"c{i}" for i in range(len(typed))])
    select = ", ".join(f"{value.sql} AS c{i}" for i, value in enumerate(typed))
    compiled = Compiled(f"SELECT {select} FROM pymlsql_rows AS r", tuple(typed), {}, {})
    with session.store.registered({"pymlsql_rows": rows}):
        dml.insert_plan(session, Frame(), table, columns, Plan(compiled, {}), None, 1)


__all__ = [
    "Prepared",
    "insert_many",
    "sp_execute",
    "sp_executesql",
    "sp_prepare",
    "sp_prepexec",
    "sp_prepexecrpc",
    "sp_unprepare",
]
