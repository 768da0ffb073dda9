"""WITH SCHEMABINDING: what a view or function names stays as it is as long as the module is there.

Source: "CREATE VIEW", "CREATE FUNCTION" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.engine.catalog import Catalog, Module, Table
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.frame import Frame, Value
from pymlsql.embedded.engine.names import SessionNames
from pymlsql.embedded.engine.security.enforcement import check_object
from pymlsql.embedded.engine.targets import source_name
from pymlsql.embedded.engine.variables import inner_statements
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import compile_condition, compile_query, compile_scalar
from pymlsql.embedded.tsql.dialect import parse_query, parse_scalar
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import CreateModule, Text
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

Bound = tuple[tuple[int, tuple[str, ...]], ...]
"""The ids of objects, each with the columns (in lower case) that are used of it."""


def bound_query(session: Session, statement: CreateModule, schema: str, known: SessionNames) -> Bound:
    """What a view or inline function is bound to; ``known`` has compiled its query. Raises 229, 1054, 4512, 4513."""
    if "SCHEMABINDING" not in statement.options:
        return ()
    assert statement.query is not None
    _check_tree(statement, schema, parse_query(statement.query.sql, statement.query.line))
    return _bound(session, statement, schema, known)


def bound_body(session: Session, statement: CreateModule, schema: str,
               parameters: tuple[nodes.ModuleParameter, ...]) -> Bound:  # fmt: skip
    """What a scalar function is bound to: names are not looked up later. Raises 207, 208 and the same as above."""
    if "SCHEMABINDING" not in statement.options:
        return ()
    frame = Frame(schema=schema)
    frame.variables = {p.name: Value(p.type) for p in parameters}
    known = names(session, frame)
    _bind_statements(session, frame, known, statement, schema, statement.body)
    return _bound(session, statement, schema, known)


def _bind_statements(session: Session, frame: Frame, known: SessionNames, statement: CreateModule, schema: str,
                     body: tuple[nodes.Statement, ...]) -> None:  # fmt: skip
    level = session.level
    for one in body:
        types: dict[str, SqlType] = frame.types()
        match one:
            case nodes.Declare():
                for variable in one.variables:
                    if variable.type is None or variable.type.user_name is not None:
                        raise unsupported("WITH SCHEMABINDING of a function with such variables", line=one.line)
                    frame.variables[variable.name] = Value(variable.type)
            case nodes.Select():
                _check_tree(statement, schema, parse_query(one.query.sql, one.query.line))
                compile_query(one.query, known, types, level=level)
            case nodes.If() | nodes.While():
                _check_tree(statement, schema, parse_scalar(one.condition.sql, one.condition.line))
                compile_condition(one.condition, known, types, level=level)
            case nodes.Block() | nodes.Break() | nodes.Continue() | nodes.Return() | nodes.SetVariable():
                pass
            case _:
                raise unsupported("WITH SCHEMABINDING of a function with such statements", line=one.line)
        for text in _values(one):
            _check_tree(statement, schema, parse_scalar(text.sql, text.line))
            compile_scalar(text, known, types, level=level)
        _bind_statements(session, frame, known, statement, schema, inner_statements(one))


def _values(statement: nodes.Statement) -> list[Text]:
    match statement:
        case nodes.Declare():
            return [variable.value for variable in statement.variables if variable.value is not None]
        case nodes.Return():
            return [statement.value] if statement.value is not None else []
        case nodes.SetVariable():
            return [statement.value]
    return []


def _kind(statement: CreateModule) -> str:
    return statement.kind.lower()


def _check_tree(statement: CreateModule, schema: str, tree: exp.Expr) -> None:
    """Names have two parts, and no * stands in a list."""
    name = f"{schema}.{statement.name.object}"
    commons = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for node in tree.find_all(exp.Table):
        found = source_name(node)
        if found is None or (len(found.parts) == 1 and found.object.lower() in commons):
            continue
        own = (found.schema.lower(), found.object.lower()) == (schema.lower(), statement.name.object.lower())
        if len(found.parts) != 2 or own:
            raise sql_error(4512, _kind(statement), name, str(found))
        if found.schema.lower() in ("sys", "information_schema"):
            raise unsupported("system views in a module WITH SCHEMABINDING")
    for star in tree.find_all(exp.Star):
        above = star.parent
        if isinstance(above, exp.Column):
            above = above.parent
        if isinstance(above, exp.Select) and isinstance(above.parent, exp.Exists):
            raise unsupported("EXISTS (SELECT * ...) in a module WITH SCHEMABINDING")
        if isinstance(above, exp.Select):
            raise sql_error(1054, "*")


def _bound(session: Session, statement: CreateModule, schema: str, known: SessionNames) -> Bound:
    found: dict[int, set[str]] = {}
    for use in known.uses:
        if not use.via:
            found.setdefault(use.object_id, set()).update(use.columns)
    for object_id in found:
        one = session.catalog.by_id(object_id)
        if isinstance(one, Module) and not one.is_bound:
            shown = f"{schema}.{statement.name.object}", f"{one.schema}.{one.name}"
            raise sql_error(4513, _kind(statement), *shown)
        if one is not None:
            check_object(session, "REFERENCES", one)
    return tuple((number, tuple(sorted(columns))) for number, columns in sorted(found.items()))


# What is bound to an object ---------------------------------------------------------------------------------------


def modules_bound_to(catalog: Catalog, object_id: int, column: str = "") -> Iterable[Module]:
    """The modules that are bound to an object, or to one column of it."""
    for module in catalog.modules():
        for number, columns in module.binds:
            if number == object_id and module.object_id != object_id and (not column or column.lower() in columns):
                yield module


def refuse_bound(catalog: Catalog, found: Table | Module, action: str, name: str) -> None:
    """Raises 3729 for what a module is bound to."""
    for module in modules_bound_to(catalog, found.object_id):
        raise sql_error(3729, action, name, module.name)
