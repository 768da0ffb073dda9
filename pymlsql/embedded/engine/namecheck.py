"""Names of columns in a new module: those of tables that are there have to be there too.

Source: "CREATE PROCEDURE" and "Deferred name resolution" of sql-docs. A statement that names a table which is not there
yet is looked at when it is reached, and so is one that names a temporary table or a table variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.engine.catalog import Module, Table
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.frame import Frame, Value
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.system_views import SYSTEM_VIEWS
from pymlsql.embedded.engine.targets import source_name, sources_of
from pymlsql.embedded.engine.typenames import resolve_type
from pymlsql.embedded.engine.variables import inner_statements
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import compile_condition, compile_query, compile_scalar
from pymlsql.embedded.tsql.dialect import parse_query, parse_scalar
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.types import TABLE_TYPE

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_FOUND_AT_ONCE = frozenset({207, 209, 4104})


def check_names(session: Session, statement: nodes.CreateModule, schema: str,
                parameters: tuple[nodes.ModuleParameter, ...]) -> None:  # fmt: skip
    """Raises 207, 209 and 4104 for the statements of a module's body whose tables are all there."""
    frame = Frame(schema=schema)
    frame.variables = {p.name: Value(p.type) for p in parameters if p.type != TABLE_TYPE}
    for one in _statements(statement.body):
        try:
            if isinstance(one, nodes.Declare):
                _declare(session, frame, one)
            _check(session, frame, one)
        except SqlError as error:
            if error.number in _FOUND_AT_ONCE:
                error.line, error.procedure = error.line or one.line, statement.name.object
                raise


def _statements(body: tuple[nodes.Statement, ...]) -> Iterator[nodes.Statement]:
    for one in body:
        yield one
        yield from _statements(inner_statements(one))


def _declare(session: Session, frame: Frame, statement: nodes.Declare) -> None:
    for variable in statement.variables:
        if variable.type is not None:
            type_, _ = resolve_type(session, variable.type)
            if type_ != TABLE_TYPE:
                frame.variables[variable.name] = Value(type_)


def _check(session: Session, frame: Frame, statement: nodes.Statement) -> None:
    match statement:
        case nodes.Select():
            _check_query(session, frame, statement.query)
        case nodes.Insert():
            _check_insert(session, frame, statement)
        case nodes.Update() | nodes.Delete():
            _check_change(session, frame, statement)
        case nodes.If() | nodes.While():
            _check_expression(session, frame, statement.condition, condition=True)
        case nodes.SetVariable() | nodes.Print():
            _check_expression(session, frame, statement.value)
        case nodes.Return() if statement.value is not None:
            _check_expression(session, frame, statement.value)
        case nodes.Declare():
            for variable in statement.variables:
                if variable.value is not None:
                    _check_expression(session, frame, variable.value)


def _check_query(session: Session, frame: Frame, text: Text) -> None:
    if _has_all(session, frame, parse_query(text.sql, text.line)):
        compile_query(text, names(session, frame), frame.types(), level=session.level)


def _check_expression(session: Session, frame: Frame, text: Text, *, condition: bool = False) -> None:
    """Of an expression only subqueries name columns."""
    if "select" not in text.sql.lower() or not _has_all(session, frame, parse_scalar(text.sql, text.line)):
        return
    compile_ = compile_condition if condition else compile_scalar
    compile_(text, names(session, frame), frame.types(), level=session.level)


def _check_insert(session: Session, frame: Frame, statement: nodes.Insert) -> None:
    if statement.common is not None:
        return
    table = _table(session, frame, statement.target)
    trees = [parse_query(statement.query.sql)] if statement.query is not None else []
    if table is None or not all(_has_all(session, frame, tree) for tree in trees):
        return
    _check_columns(table, statement.columns)
    if statement.query is not None:
        _check_query(session, frame, statement.query)


def _check_change(session: Session, frame: Frame, statement: nodes.Update | nodes.Delete) -> None:
    """An UPDATE or DELETE as the query of what it reads."""
    if statement.common is not None or statement.target.object.startswith(("#", "@")):
        return
    source = statement.source.sql if statement.source is not None else str(_quoted(statement.target))
    line = statement.line
    sources = {node.alias_or_name.lower(): node for node in sources_of(parse_query(f"SELECT 1 AS one FROM {source}"))}
    target = sources.get(statement.target.object.lower())
    name = source_name(target) if target is not None else None
    table = _table(session, frame, name) if name is not None else None
    if table is None:
        return
    assignments = statement.assignments if isinstance(statement, nodes.Update) else ()
    values = ", ".join(f"({one.value.sql}) AS v{i}" for i, one in enumerate(assignments) if one.value is not None)
    where = f" WHERE {statement.where.sql}" if statement.where is not None else ""
    text = Text(f"SELECT {values or '1 AS one'} FROM {source}{where}", line)
    if _has_all(session, frame, parse_query(text.sql, line)):
        _check_columns(table, tuple(one.column for one in assignments if one.column))
        compile_query(text, names(session, frame), frame.types(), level=session.level)


def _quoted(name: Name) -> str:
    return ".".join(f"[{part.replace(']', ']]')}]" if part else "" for part in name.parts)


def _check_columns(table: Table, columns: tuple[str, ...]) -> None:
    for column in columns:
        if table.column(column) is None and not column.startswith("$"):
            raise sql_error(207, column)


# Tables -----------------------------------------------------------------------------------------------------------


def _has_all(session: Session, frame: Frame, tree: exp.Expr) -> bool:
    """Whether all that the tree reads is there, and none of it is temporary."""
    commons = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for node in tree.find_all(exp.Table):
        name = source_name(node)
        if name is None:
            if isinstance(node.this, exp.Anonymous) and node.args.get("db") is not None:
                return False
            continue
        if name.object.startswith(("#", "@")):
            return False
        if len(name.parts) == 1 and name.object.lower() in commons:
            continue
        if not _is_there(session, frame, name):
            return False
    return True


def _is_there(session: Session, frame: Frame, name: Name) -> bool:
    if (name.schema.lower() or "dbo", name.object.lower()) in SYSTEM_VIEWS:
        return True
    found = lookup(names(session, frame).catalog_of(name), name, session.path(frame))
    return isinstance(found, Table) or (isinstance(found, Module) and found.kind == "V")


def _table(session: Session, frame: Frame, name: Name) -> Table | None:
    if name.object.startswith(("#", "@")):
        return None
    found = lookup(names(session, frame).catalog_of(name), name, session.path(frame))
    return found if isinstance(found, Table) else None
