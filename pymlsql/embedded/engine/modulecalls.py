"""Scalar functions in constraints, defaults and computed columns: which may stand there, and what holds them.

A function stays as it is as long as it is called there. One that reads tables is refused: SQL Server asks it when the
new rows are in the table, and here they are not yet. One that calls others is refused, because those may change.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.engine.catalog import Catalog, Module, Table
from pymlsql.embedded.engine.security.enforcement import check_object
from pymlsql.embedded.tsql.dialect import parse_scalar
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def called(text: str) -> list[tuple[str, ...]]:
    """The names of the functions with a schema that an expression calls."""
    if "." not in text:
        return []
    tree = parse_scalar(text)
    return [tuple(part.name for part in node.flatten()) for node in tree.find_all(exp.Dot)
            if isinstance(node.expression, exp.Anonymous)]  # fmt: skip


def check_calls(session: Session, table: Table, text: str) -> None:
    """Whether a table's expression may call what it calls. Raises 229; refuses what cannot be kept."""
    for name in called(text):
        if table.temporary:
            raise unsupported("a function of one's own in a temporary table")
        found = session.catalog.find(name[0], name[1]) if len(name) == 2 else None
        if len(name) != 2 or (isinstance(found, Module) and found.kind == "FN" and not _is_plain(found)):
            raise unsupported("a function that reads tables or calls others, in a constraint or computed column")
        if isinstance(found, Module):
            if _owner(session, found.schema) != _owner(session, table.schema):
                raise unsupported("a function of another owner in a constraint or computed column")
            check_object(session, "REFERENCES", found)


def _owner(session: Session, schema: str) -> str:
    found = session.catalog.schemas.get(schema.lower())
    return found.owner if found is not None else ""


def _is_plain(module: Module) -> bool:
    """Whether a function reads no table and calls no function of one's own."""
    tokens = tokenize(module.text)
    body = next(place for place, token in enumerate(tokens) if token.is_word("BEGIN"))
    if any(token.is_word("FROM", "EXEC", "EXECUTE") for token in tokens[body:]):
        return False
    return not any(token.kind in ("word", "quoted") and after.is_op(".") for token, after in pairwise(tokens[body:]))


def refuse_referenced(session: Session, module: Module, action: str) -> None:
    """Raises 3729 for a function that a constraint, default or computed column calls."""
    holder = next(holders(session.catalog, module), "") if module.kind == "FN" else ""
    if holder:
        raise sql_error(3729, action, f"{module.schema}.{module.name}", holder)


def holders(catalog: Catalog, module: Module) -> Iterator[str]:
    """The names of what calls the function: constraints, and tables for their computed columns."""
    wanted = (module.schema.lower(), module.name.lower())
    for table in catalog.tables():
        texts = [(check.name, check.text) for check in table.checks]
        for column in table.columns:
            texts.append((table.name, column.computed))
            if column.default is not None:
                texts.append((column.default.name, column.default.text))
        for name, text in texts:
            if module.name.lower() in text.lower() and wanted in [tuple(map(str.lower, one)) for one in called(text)]:
                yield name
