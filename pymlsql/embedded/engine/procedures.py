"""EXEC: procedures of the database, system procedures, strings; INSERT ... EXEC and WITH RESULT SETS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.capture import Capture, Reshape
from pymlsql.embedded.engine.catalog import Module
from pymlsql.embedded.engine.evaluation import evaluate, evaluate_passed, names
from pymlsql.embedded.engine.frame import BatchAborted, Frame, ReturnSignal, TableValue, Value
from pymlsql.embedded.engine.functions import call_function
from pymlsql.embedded.engine.security.context import SecurityContext
from pymlsql.embedded.engine.security.enforcement import check_change, check_execute
from pymlsql.embedded.engine.signing.impersonation import module_context, principal_context, scope
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.engine.typeentries import type_by_id
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.parser import parse_batch
from pymlsql.embedded.tsql.types import INT, MAX, TABLE_TYPE, SqlType, nvarchar
from pymlsql.embedded.tsql.words import SCORE_INSTEAD

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

MAX_NESTING = 32


def execute_procedure(session: Session, frame: Frame, statement: nodes.Execute) -> None:
    """EXEC in a batch."""
    if statement.result_sets is not None:
        with session.redirected(Reshape(session, statement.result_sets)) as reshape:
            _execute(session, frame, statement)
        reshape.finish()
        return
    _execute(session, frame, statement)


def _execute(session: Session, frame: Frame, statement: nodes.Execute) -> None:
    if statement.batch is not None:
        text = evaluate(session, frame, statement.batch, nvarchar(MAX))
        context = principal_context(session, frame, *statement.principal) if statement.principal else None
        if text:
            execute_text(session, text, {}, frame, context)
        return
    name = statement.procedure
    if name is None:
        wanted = frame.get(statement.procedure_variable, statement.line).value
        from pymlsql.embedded.engine.runtime import split_name

        name = Name(split_name(str(wanted)))
    status = call(session, frame, name, list(statement.arguments), statement.line)
    if statement.return_variable:
        target = frame.get(statement.return_variable, statement.line)
        target.value = status if target.type == INT else convert_value(session, status, _type_of(status), target.type)


def _type_of(value: Any) -> SqlType:
    """The type of what a procedure or function gives back, by its Python value."""
    if value is None or isinstance(value, int):
        return INT
    if isinstance(value, str):
        return nvarchar(MAX)
    raise unsupported("a function's value of this type in EXECUTE")


class Actual:
    """An argument as it is passed: its value, and the variable that takes it back."""

    def __init__(
        self, name: str, type_: SqlType, value: Any, target: Value | None = None, *, default: bool = False
    ) -> None:
        self.name = name
        self.type = type_
        self.value = value
        self.target = target
        self.default = default


def actual_arguments(session: Session, frame: Frame, arguments: list[nodes.Argument]) -> list[Actual]:
    """The arguments' values and types, variables for OUTPUT."""
    found = []
    for argument in arguments:
        if argument.value is None:
            found.append(Actual(argument.name, INT, None, default=True))
        elif argument.variable and argument.variable not in frame.variables \
                and (entry := session.entry(argument.variable)) is not None:  # fmt: skip
            if argument.output:
                raise sql_error(348, argument.variable)
            found.append(Actual(argument.name, TABLE_TYPE, TableValue(entry.table, entry.type_id)))
        elif argument.variable:
            value = frame.get(argument.variable, argument.value.line)
            found.append(Actual(argument.name, value.type, value.value, value if argument.output else None))
        else:
            from pymlsql.embedded.engine.evaluation import plan_scalar

            type_ = plan_scalar(session, frame, argument.value).compiled.columns[0].type
            found.append(Actual(argument.name, type_, evaluate_passed(session, frame, argument.value)))
    return found


def call(session: Session, frame: Frame, name: Name, arguments: list[nodes.Argument], line: int) -> int:
    """Call a procedure with arguments as written; its return status. Raises 2812."""
    return call_actual(session, name, actual_arguments(session, frame, arguments), line, frame)


def call_actual(session: Session, name: Name, actuals: list[Actual], line: int, frame: Frame | None = None) -> int:
    """Call the system procedure or the database's own of this name. Nobody's own procedure takes the place of one of
    the schema sys: without a schema, the name is the system's. Raises 2812, 40510."""
    from pymlsql.embedded.engine.system_procedures import REFUSED_IN_MSDB, REFUSED_PROCEDURES, SYSTEM_PROCEDURES

    system = SYSTEM_PROCEDURES.get(name.object.lower())
    if system is not None and name.database:
        with session.inside(name.database):
            return call_actual(session, Name(name.parts[-2:]), actuals, line, frame)
    found = names(session).find(name)
    of_system = name.schema.lower() in ("", "sys")
    if session.running_in is not None and system is not None:
        raise sql_error(557, line=line)
    if system is not None and (of_system or not isinstance(found, Module)):
        return system(session, frame or Frame(), actuals, line)
    refused = name.object.lower() in REFUSED_PROCEDURES
    if (name.database or session.database).lower() == "msdb" and name.object.lower() in REFUSED_IN_MSDB:
        raise unsupported(name.object, line=line)
    if isinstance(found, Module) and found.kind == "FN":
        check_execute(session, frame, found)
        return _call_function(session, found, actuals)  # type: ignore[no-any-return]
    if (refused and of_system) or not isinstance(found, Module) or found.kind != "P":
        if refused:
            instead = SCORE_INSTEAD if name.object.lower() == "sp_rxpredict" else ""
            raise unsupported(name.object, line=line, instead=instead)
        raise sql_error(2812, str(name), line=line, state=62)
    if session.running_in is not None:
        raise sql_error(557, line=line)
    check_execute(session, frame, found)
    return call_module(session, found, actuals)


def _call_function(session: Session, module: Module, actuals: list[Actual]) -> Any:
    """EXEC of a scalar function: its value is the return value."""
    frame = Frame()
    bind_parameters(session, frame, module, actuals)
    return call_function(session, module.object_id, [frame.variables[p.name].value for p in module.parameters])


def call_module(session: Session, module: Module, actuals: list[Actual]) -> int:
    """Run a procedure of the database. Its SET options end with it; a changed @@TRANCOUNT is 266."""
    if session.nest_level >= MAX_NESTING:
        raise sql_error(217)
    frame = Frame(procedure=f"{module.schema}.{module.name}" if module.schema != "dbo" else module.name,
                  object_id=module.object_id, kind="done_in_proc", schema=module.schema)  # fmt: skip
    with session.at(module):
        frame.database = session.database
        return _run_module(session, frame, module, actuals)


def _run_module(session: Session, frame: Frame, module: Module, actuals: list[Actual]) -> int:
    context = module_context(session, module)
    frame.caller = session.context
    bound = bind_parameters(session, frame, module, actuals)
    batch = parse_batch(module.text)
    create = batch.statements[0]
    assert isinstance(create, nodes.CreateModule)
    options, count = session.options, session.trancount
    session.options = replace(options, ansi_nulls=module.ansi_nulls, quoted_identifier=module.quoted_identifier)
    session.nest_level += 1
    try:
        with scope(session, frame, context):
            session.run_frame(frame, create.body)
    finally:
        session.nest_level -= 1
        session.options = options
        session.store.lock_timeout_ms = options.lock_timeout_ms
    give_back(session, frame, bound)
    if session.trancount != count and not session.doomed:
        raise sql_error(266, count, session.trancount)
    return int(frame.return_value)


def bind_parameters(session: Session, frame: Frame, module: Module, actuals: list[Actual]) -> list[tuple[str, Value]]:
    """Parameters get their arguments or defaults. Raises 201, 8143, 8144, 8145, 8146, 8162."""
    name = module.name
    if len(actuals) > len(module.parameters):
        raise sql_error(8146 if not module.parameters else 8144, name)
    given: dict[str, Actual] = {}
    for index, actual in enumerate(actuals):
        parameter = actual.name.lower() if actual.name else module.parameters[index].name
        if parameter in given:
            raise sql_error(8143, parameter)
        if all(p.name != parameter for p in module.parameters):
            raise sql_error(8145, actual.name, name)
        given[parameter] = actual
    outputs = []
    for declared in module.parameters:
        found = given.get(declared.name)
        if declared.type == TABLE_TYPE or (found is not None and found.type == TABLE_TYPE):
            frame.tables.append((declared.name, table_argument(session, declared, found)))
            continue
        if found is None or found.default:
            if declared.default is None:
                raise sql_error(201, name, declared.name)
            value = evaluate_passed(session, Frame(), declared.default, declared.type)
        else:
            value = _argument_value(session, found, declared)
        frame.variables[declared.name] = Value(declared.type, value)
        if found is not None and found.target is not None:
            if not declared.output:
                raise sql_error(8162, declared.name)
            outputs.append((declared.name, found.target))
    return outputs


def _argument_value(session: Session, given: Actual, declared: nodes.ModuleParameter) -> Any:
    """The argument at its parameter's type. Raises 8114 where it is no such value."""
    try:
        return convert_value(session, given.value, given.type, declared.type)
    except SqlError as error:
        if error.number not in (241, 245, 8169):
            raise
        raise sql_error(8114, given.type.name, declared.type.name, state=5) from None


def table_argument(session: Session, declared: nodes.ModuleParameter, given: Actual | None) -> TableValue:
    """The rows of a table-valued parameter; none where nothing is given. Raises 206."""
    if given is None or given.default:
        return TableValue(None, declared.user_type)
    wanted = type_by_id(session.catalog, declared.user_type)
    if given.type != TABLE_TYPE or wanted is None or wanted.table is None:
        raise sql_error(206, given.type.name if given.type != TABLE_TYPE else "table", wanted or declared.type)
    assert isinstance(given.value, TableValue)
    have = type_by_id(session.catalog, given.value.type_id)
    if have != wanted:
        raise sql_error(206, have if have is not None else "table", wanted)
    return given.value


def give_back(session: Session, frame: Frame, outputs: list[tuple[str, Value]]) -> None:
    """OUTPUT parameters to the caller's variables."""
    for name, target in outputs:
        value = frame.variables[name]
        target.value = convert_value(session, value.value, value.type, target.type)


def convert_value(session: Session, value: Any, source: SqlType, target: SqlType) -> Any:
    """A Python value of one T-SQL type as another, implicitly; a LargeValue stays one as varbinary(max)."""
    if value is None or source == target:
        return value
    if (
        source.is_string
        and target.is_string
        and (target.length == MAX or len(value) <= target.length)
        and "var" in target.name
    ):
        return value
    if source.is_binary and target.is_binary and target.length == MAX:
        return value
    frame = Frame(variables={"@v": Value(source, value)})
    return evaluate_passed(session, frame, nodes.Text("@v", 1), target)


def execute_text(session: Session, text: str, variables: dict[str, Value], frame: Frame | None,
                 context: SecurityContext | None = None,
                 tables: Sequence[tuple[str, TableValue]] = ()) -> None:  # fmt: skip
    """A string as a batch of its own, in a context of its own if one is given: it sees the caller's temporary tables,
    not its variables."""
    if session.nest_level >= MAX_NESTING:
        raise sql_error(217)
    inner = Frame(variables=variables, tables=list(tables), kind="done_in_proc", in_dynamic=True)
    session.check_quotes(text)
    batch = parse_batch(text)
    options, database = session.options, session.database
    session.nest_level += 1
    try:
        with scope(session, inner, context):
            session.run_frame(inner, batch.statements)
    finally:
        session.nest_level -= 1
        session.options = replace(options, identity_insert=session.options.identity_insert)
        session.store.lock_timeout_ms = options.lock_timeout_ms
        if session.database != database:
            session.use(database)
    if frame is not None and inner.return_value:
        raise unsupported("RETURN with a value in a string")


def insert_execute(session: Session, frame: Frame, statement: nodes.Insert) -> int:
    """INSERT ... EXEC: all result sets of the call go into the table. Raises 8164 when nested."""
    from pymlsql.embedded.engine import dml

    if session.insert_exec_depth:
        raise sql_error(8164, line=statement.line)
    assert statement.execute is not None
    if statement.output is not None:
        raise sql_error(483, line=statement.line)
    table = target_table(session, statement.target)
    check_change(session, frame, "INSERT", table)
    columns = dml.insert_columns(session, table, statement)
    session.insert_exec_depth += 1
    try:
        with session.redirected(Capture()) as capture:
            execute_procedure(session, frame, statement.execute)
    finally:
        session.insert_exec_depth -= 1
    total = 0
    if session.doomed:
        raise sql_error(3930, line=statement.line)
    with session.store.statement(locked=not table.temporary):
        table = target_table(session, statement.target)
        columns = dml.insert_columns(session, table, statement)
        for number, (shape, rows) in enumerate(capture.results):
            if len(shape) != len(columns):
                raise sql_error(213, line=statement.line)
            plan, staged = capture.plan(number, rows)
            with session.store.registered(staged):
                total += dml.insert_plan(session, frame, table, columns, plan, None, statement.line)
    return total


__all__ = [
    "Actual",
    "BatchAborted",
    "ReturnSignal",
    "call_actual",
    "execute_procedure",
    "execute_text",
    "insert_execute",
]
