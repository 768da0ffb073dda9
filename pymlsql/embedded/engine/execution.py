"""Statements, one function a node class: flow, variables, queries, transactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine import changes, dml
from pymlsql.embedded.engine.bulk.insert import BULK_HANDLERS
from pymlsql.embedded.engine.cursors import CURSOR_HANDLERS
from pymlsql.embedded.engine.definitions import DEFINITIONS
from pymlsql.embedded.engine.errors import Cancelled, translate
from pymlsql.embedded.engine.evaluation import evaluate, holds
from pymlsql.embedded.engine.extensibility.dispatch import EXTENSIBILITY_HANDLERS
from pymlsql.embedded.engine.frame import (
    BatchAborted,
    BreakSignal,
    ContinueSignal,
    Frame,
    ReturnSignal,
)
from pymlsql.embedded.engine.governance.statements import GOVERNANCE_HANDLERS
from pymlsql.embedded.engine.merge import merge
from pymlsql.embedded.engine.options import set_context_info, set_option
from pymlsql.embedded.engine.procedures import execute_procedure, insert_execute
from pymlsql.embedded.engine.security.dispatch import SECURITY_DEFINITIONS
from pymlsql.embedded.engine.selection import changing, done, select
from pymlsql.embedded.engine.signals import print_, raise_error, throw, wait_for
from pymlsql.embedded.engine.signing.handlers import SIGNING_HANDLERS
from pymlsql.embedded.engine.usertypes import TYPE_DEFINITIONS
from pymlsql.embedded.engine.variables import assign, declare, declare_skipped
from pymlsql.embedded.tds.responses import Done
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.types import INT

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

BATCH_ENDING = frozenset({3915, 241, 242, 245, 295, 8114, 8169, 1205, 9803, 6522, 7330})
"""Errors that end the batch and roll the transaction back, even with XACT_ABORT OFF: failed conversions, deadlocks."""
SCOPE_ENDING = frozenset({208, 207, 4104, 209, 137, 1087, 40510, 8624, 11535, 11536, 11537, 11538, 11553})
"""Errors of compilation, and results that WITH RESULT SETS does not allow: they end the batch (or procedure) but leave
the transaction alone."""


def execute_all(session: Session, frame: Frame, statements: tuple[nodes.Statement, ...]) -> None:
    for statement in statements:
        execute(session, frame, statement)


def execute(session: Session, frame: Frame, statement: nodes.Statement) -> None:
    """One statement; an error goes to the TRY around it, or to the client."""
    if session.options.noexec and not isinstance(statement, nodes.SetOption | nodes.Block | nodes.If):
        return
    if session.store.cancelled.is_set():
        raise Cancelled
    try:
        _HANDLERS[type(statement)](session, frame, statement)
    except (ReturnSignal, BreakSignal, ContinueSignal, BatchAborted, Cancelled):
        raise
    except Exception as raised:
        error = translate(raised, statement.line)
        if not isinstance(error, SqlError):
            raise error from raised
        error.line = error.line or statement.line
        error.procedure = error.procedure or frame.procedure
        for one in error.further:
            one.line = one.line or error.line
        session.store.recover()
        _fail(session, frame, error, statement)


def _fail(session: Session, frame: Frame, error: SqlError, statement: nodes.Statement) -> None:
    """What an error ends: inside TRY control goes to CATCH; else the statement, the batch, the transaction."""
    session.last_error = error.number
    session.rowcount = 0
    ends_transaction = session.options.xact_abort or any(
        one.number in BATCH_ENDING for one in (error, *error.further)
    )
    if ends_transaction and session.trancount and not isinstance(statement, nodes.RaiseError):
        session.doomed = True
    if session.try_depth:
        raise error
    session.send_error(error)
    session.sink(Done(frame.kind, error=True))  # type: ignore[arg-type]
    thrown = isinstance(statement, nodes.Throw)
    if session.doomed or (ends_transaction and not isinstance(statement, nodes.RaiseError)):
        if session.trancount:
            session.rollback()
        raise BatchAborted
    if thrown or error.number in SCOPE_ENDING or error.severity >= 20:
        raise BatchAborted


# Flow -------------------------------------------------------------------------------------------------------------


def _block(session: Session, frame: Frame, statement: nodes.Block) -> None:
    execute_all(session, frame, statement.body)


def _if(session: Session, frame: Frame, statement: nodes.If) -> None:
    if session.options.noexec:
        return
    if _tested(session, frame, statement.condition):
        execute(session, frame, statement.then)
    elif statement.otherwise is not None:
        execute(session, frame, statement.otherwise)
    _declare_rest(session, frame, statement)


def _tested(session: Session, frame: Frame, condition: Text) -> bool:
    """Whether a condition is true. To @@ROWCOUNT and @@ERROR the test is a statement of its own."""
    truth = holds(session, frame, condition)
    session.rowcount = session.last_error = 0
    return truth


def _declare_rest(session: Session, frame: Frame, statement: nodes.Statement) -> None:
    if frame.declares_inside:
        declare_skipped(session, frame, (statement,))


def _while(session: Session, frame: Frame, statement: nodes.While) -> None:
    while _tested(session, frame, statement.condition):
        try:
            execute(session, frame, statement.body)
        except BreakSignal:
            break
        except ContinueSignal:
            continue
    _declare_rest(session, frame, statement)


def _break(session: Session, frame: Frame, statement: nodes.Break) -> None:
    raise BreakSignal


def _continue(session: Session, frame: Frame, statement: nodes.Continue) -> None:
    raise ContinueSignal


def _return(session: Session, frame: Frame, statement: nodes.Return) -> None:
    if statement.value is not None:
        if not frame.procedure:
            raise sql_error(178, line=statement.line)
        value = evaluate(session, frame, statement.value, frame.returns or INT)
        frame.return_value = value if frame.returns is not None else value or 0
        session.rowcount = 1
    raise ReturnSignal


def _try(session: Session, frame: Frame, statement: nodes.TryCatch) -> None:
    session.try_depth += 1
    nested = session.nest_level
    try:
        try:
            execute_all(session, frame, statement.body)
        finally:
            session.try_depth -= 1
    except SqlError as error:
        session.nest_level = nested
        _catch(session, frame, statement, error)
    _declare_rest(session, frame, statement)


def _catch(session: Session, frame: Frame, statement: nodes.TryCatch, error: SqlError) -> None:
    told = [one for one in error.further if one.severity > 10]
    if told:  # CATCH sees the last of several errors
        told[-1].line, told[-1].procedure = error.line, error.procedure
    session.caught.append(told[-1] if told else error)
    try:
        execute_all(session, frame, statement.catch)
    finally:
        session.caught.pop()


# Variables and options --------------------------------------------------------------------------------------------


def _set_variable(session: Session, frame: Frame, statement: nodes.SetVariable) -> None:
    frame.get(statement.name, statement.line)
    assign(session, frame, statement.name, statement.operator, statement.value)
    session.rowcount = 1
    session.last_error = 0


def _use(session: Session, frame: Frame, statement: nodes.Use) -> None:
    session.use(statement.database)
    session.last_error = session.rowcount = 0


# Queries and changes ----------------------------------------------------------------------------------------------


def _insert(session: Session, frame: Frame, statement: nodes.Insert) -> None:
    if statement.execute is not None:
        count = insert_execute(session, frame, statement)
    else:
        with changing(session, statement.target):
            count = dml.insert(session, frame, statement)
    session.finish_rows(count)
    done(session, frame, count, 0xC3)


def _update(session: Session, frame: Frame, statement: nodes.Update) -> None:
    with changing(session, *_targets(statement)):
        count = changes.update(session, frame, statement)
    session.finish_rows(count)
    done(session, frame, count, 0xC5)


def _delete(session: Session, frame: Frame, statement: nodes.Delete) -> None:
    with changing(session, *_targets(statement)):
        count = changes.delete(session, frame, statement)
    session.finish_rows(count)
    done(session, frame, count, 0xC4)


def _merge(session: Session, frame: Frame, statement: nodes.Merge) -> None:
    with changing(session, statement.target):
        count = merge(session, frame, statement)
    session.finish_rows(count)
    done(session, frame, count, 0x117)


def _truncate(session: Session, frame: Frame, statement: nodes.Truncate) -> None:
    with session.inside(statement.target.database), changing(session, statement.target):
        changes.truncate(session, statement)
    session.finish_rows(0)
    done(session, frame)


def _targets(statement: nodes.Statement) -> tuple[Name, ...]:
    """The names a statement is about; what an alias stands for, or what has no name, counts as not temporary."""
    match statement:
        case nodes.CreateTable() | nodes.AlterTable():
            return (statement.name,)
        case nodes.CreateIndex() | nodes.DropIndex() | nodes.AlterIndex():
            return (statement.table,)
        case nodes.Drop():
            return statement.names
        case nodes.Update() | nodes.Delete() if statement.source is None:
            return (statement.target,)
    return (Name(("",)),)


def _defines(function: Callable[[Session, Any], None]) -> Callable[[Session, Frame, Any], None]:
    """A definition: no row count, and refused in a doomed transaction."""

    def execute_definition(session: Session, frame: Frame, statement: nodes.Statement) -> None:
        targets = _targets(statement)
        with session.inside(targets[0].database if len(targets) == 1 else ""), changing(session, *targets):
            function(session, statement)
        session.last_error = session.rowcount = 0
        done(session, frame)

    return execute_definition


# Transactions -----------------------------------------------------------------------------------------------------


def _transaction(session: Session, frame: Frame, statement: nodes.Transaction) -> None:
    if session.doomed and statement.action in ("begin", "save"):
        raise sql_error(3930, line=statement.line)
    name = frame.get(statement.name).value if statement.name.startswith("@") else statement.name
    if statement.action == "begin":
        session.begin()
    elif statement.action == "commit":
        if not session.trancount:
            raise sql_error(3902, line=statement.line)
        session.commit()
    elif statement.action == "rollback":
        if name and session.savepoint(name) is not None:
            session.rollback_to(name)
        elif not session.trancount:
            raise sql_error(3903, line=statement.line)
        elif session.insert_exec_depth:
            raise sql_error(3915, line=statement.line)
        elif name and name.lower() != session.transaction_name.lower():
            raise sql_error(6401, name, line=statement.line)
        else:
            session.rollback()
    else:
        session.save(name)
    if statement.action == "begin" and session.trancount == 1:
        session.transaction_name = name
    session.last_error = session.rowcount = 0
    done(session, frame)


_HANDLERS: dict[type[nodes.Statement], Callable[[Session, Frame, Any], None]] = {
    nodes.Block: _block, nodes.DropIndexes: _block,
    nodes.If: _if, nodes.While: _while, nodes.Break: _break, nodes.Continue: _continue,
    nodes.Return: _return, nodes.TryCatch: _try, nodes.Throw: throw, nodes.RaiseError: raise_error,
    nodes.Print: print_, nodes.WaitFor: wait_for, nodes.Declare: declare, nodes.SetVariable: _set_variable,
    nodes.SetOption: set_option, nodes.SetContextInfo: set_context_info,
    nodes.Use: _use, nodes.Select: select, nodes.Insert: _insert,
    nodes.Update: _update, nodes.Delete: _delete, nodes.Merge: _merge, nodes.Truncate: _truncate,
    nodes.Transaction: _transaction,
    nodes.Execute: execute_procedure,
    **{node: _defines(function) for node, function in TYPE_DEFINITIONS.items()},
    **BULK_HANDLERS,
    **CURSOR_HANDLERS,
    **EXTENSIBILITY_HANDLERS,
    **GOVERNANCE_HANDLERS,
    **{node: _defines(function) for node, function in {**DEFINITIONS, **SECURITY_DEFINITIONS}.items()},
    **SIGNING_HANDLERS,
}  # fmt: skip
