"""DECLARE: variables of a type and table variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.evaluation import evaluate_passed, plan_scalar
from pymlsql.embedded.engine.frame import Frame, Value
from pymlsql.embedded.engine.growing import appended
from pymlsql.embedded.engine.typenames import resolve_type
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.references import keeps_references

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def declare(session: Session, frame: Frame, statement: nodes.Declare) -> None:
    """DECLARE. In a loop it runs again: the variable stays, its initial value is assigned once more."""
    for variable in statement.variables:
        declare_one(session, frame, variable, statement.line)
        if variable.value is not None:
            value = frame.variables.get(variable.name)
            if value is None:
                raise unsupported("an initial value of a table variable", line=statement.line)
            value.value = evaluate_passed(session, frame, variable.value, value.type)
            session.rowcount, session.last_error = 1, 0


def declare_one(session: Session, frame: Frame, variable: nodes.Variable, line: int) -> None:
    """Make the variable, NULL or empty, unless it is there. Raises 2739."""
    if variable.table is not None:
        entry = session.entry(variable.name)
        if entry is None:
            session.create_temporary(variable.name, variable.table)
        return
    assert variable.type is not None
    if variable.name in frame.variables:
        return
    type_, found = resolve_type(session, variable.type, line=line)
    if found is not None and found.table is not None:
        if session.entry(variable.name) is None:
            session.declare_like(variable.name, found.table, found.type_id)
        return
    if type_.name in ("text", "ntext", "image"):
        raise sql_error(2739, line=line)
    frame.variables[variable.name] = Value(type_)


def assign(session: Session, frame: Frame, name: str, operator: str, text: nodes.Text) -> None:
    """SET @name operator text; the operator is = or a compound one. Raises 137."""
    target = frame.get(name, text.line)
    if operator == "+=" and keeps_references(target.type) and _is_binary(session, frame, text):
        piece = evaluate_passed(session, frame, text, target.type)
        whole = target.value
        target.value = None if whole is None or piece is None else appended(session.engine.values, whole, piece)
        return
    if operator != "=":
        text = nodes.Text(f"{name} {operator[0]} ({text.sql})", text.line)
    target.value = evaluate_passed(session, frame, text, target.type)


def _is_binary(session: Session, frame: Frame, text: nodes.Text) -> bool:
    """Whether the expression is binary or varbinary, so that what is added to a varbinary(max) is appended to it."""
    if not session.options.concat_null_yields_null:
        return False
    return plan_scalar(session, frame, text).compiled.columns[0].type.name in ("binary", "varbinary")


def declare_skipped(session: Session, frame: Frame, statements: tuple[nodes.Statement, ...]) -> None:
    """What statements that were not reached declare: a variable is there from its DECLARE on, run or not."""
    for statement in statements:
        if isinstance(statement, nodes.Declare):
            for variable in statement.variables:
                declare_one(session, frame, variable, statement.line)
        declare_skipped(session, frame, inner_statements(statement))


def inner_statements(statement: nodes.Statement) -> tuple[nodes.Statement, ...]:
    """The statements that stand directly in another."""
    match statement:
        case nodes.Block():
            return statement.body
        case nodes.TryCatch():
            return statement.body + statement.catch
        case nodes.While():
            return (statement.body,)
        case nodes.If():
            return (statement.then, statement.otherwise) if statement.otherwise else (statement.then,)
    return ()


def check_declarations(frame: Frame, statements: tuple[nodes.Statement, ...]) -> None:
    """Msg 134 for a name that a batch or procedure declares twice, whether or not it is ever reached."""
    frame.declares_inside = _check(statements, {*frame.variables, *(name for name, _ in frame.tables)}, 0)


def _check(statements: tuple[nodes.Statement, ...], declared: set[str], depth: int) -> bool:
    """Whether a DECLARE stands inside of another statement."""
    inside = False
    for statement in statements:
        if isinstance(statement, nodes.Declare):
            inside = inside or depth > 0
            for variable in statement.variables:
                if variable.name in declared:
                    raise sql_error(134, variable.name, line=statement.line)
                declared.add(variable.name)
        inside = _check(inner_statements(statement), declared, depth + 1) or inside
    return inside
