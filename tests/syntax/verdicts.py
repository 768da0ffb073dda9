"""What the embedded server's grammar says of a batch, without a database: as deep as a query's syntax goes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from pymlsql.embedded.tsql import dialect, nodes
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.parser import parse_batch

REFUSED = 40510
SYNTAX = frozenset({102, 105, 111, 113, 137, 156, 170, 319, 4145})
"""Numbers that say that a text is no T-SQL; 40510 says that the server does not carry it out."""

_FORMS = {
    (nodes.Select, "query"): "{}",
    (nodes.Insert, "query"): "{}",
    (nodes.CreateModule, "query"): "{}",
    (nodes.Output, "columns"): "SELECT {}",
    (nodes.Update, "source"): "SELECT 1 AS one FROM {}",
    (nodes.Delete, "source"): "SELECT 1 AS one FROM {}",
    (nodes.Merge, "source"): "SELECT 1 AS one FROM {}",
}
_COMMON = "common"


def error_of(batch: str) -> SqlError | None:
    """What the server raises before the names of the batch are looked up; None where it is T-SQL that it knows."""
    try:
        parsed = parse_batch(batch)
        for owner, field, text in _slices(parsed):
            _parse_slice(owner, field, text)
    except SqlError as error:
        return error
    return None


def number_of(batch: str) -> int:
    """The number of :func:`error_of`, 0 for none."""
    error = error_of(batch)
    return error.number if error is not None else 0


def _parse_slice(owner: Any, field: str, text: nodes.Text) -> None:
    if field == _COMMON:
        dialect.parse_query(f"{text.sql} SELECT 1 AS one", text.line)
    elif (form := _FORMS.get((type(owner), field))) is not None:
        dialect.parse_query(form.format(text.sql), text.line)
    else:
        dialect.parse_scalar(text.sql, text.line)


def _slices(node: Any, owner: Any = None, field: str = "") -> Iterator[tuple[Any, str, nodes.Text]]:
    if isinstance(node, nodes.Text):
        yield owner, field, node
    elif isinstance(node, tuple | list):
        for one in node:
            yield from _slices(one, owner, field)
    elif dataclasses.is_dataclass(node):
        for part in dataclasses.fields(node):
            yield from _slices(getattr(node, part.name), node, part.name)


def outline(batch: str) -> list[str]:
    """The kinds of the batch's statements, those inside of others too, in the order of the text."""
    return [name for statement in parse_batch(batch).statements for name in _nested(statement)]


def _nested(statement: nodes.Statement) -> Iterator[str]:
    if isinstance(statement, nodes.Block) and all(isinstance(one, nodes.DropIndex) for one in statement.body):
        yield "DropIndex"  # of several indexes
        return
    yield type(statement).__name__
    for part in dataclasses.fields(statement):
        value = getattr(statement, part.name)
        inner = (nodes.Insert, "execute"), (nodes.AlterTable, "parts")
        if any(isinstance(statement, cls) and part.name == name for cls, name in inner):
            continue
        if type(statement) is nodes.DropIndexes:
            continue
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, nodes.Statement):
                yield from _nested(one)
