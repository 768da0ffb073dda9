"""How a system view is declared: its columns as a line of text, its rows as facts by column name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from pymlsql.embedded.engine.system_views.state import SystemState
from pymlsql.embedded.tsql.datatypes import make_type
from pymlsql.embedded.tsql.scope import RelationColumn
from pymlsql.embedded.tsql.types import MAX, SqlType

Fact = dict[str, object]
"""What one row says, by column name; a column that is left out has its default."""

Facts = Callable[[SystemState], Iterable[Mapping[str, object]]]

_MISSING = object()
_COLUMN = re.compile(r"(\w+) (\w+)(?:\((\w+)\))?(\?)?(?:=(.*))?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a system view; ``default`` is its value in rows that say nothing of it."""

    name: str
    type: SqlType
    nullable: bool
    default: object = _MISSING


@dataclass(frozen=True)
class SystemView:
    """A system view: its columns as the compiler sees them, and its rows at one moment."""

    columns: tuple[RelationColumn, ...]
    rows: Callable[[SystemState], Iterable[tuple[object, ...]]]
    name: str = ""
    """As Microsoft writes it: INFORMATION_SCHEMA's views in capitals."""


def columns(text: str) -> tuple[Column, ...]:
    """Columns from ``name type[?][=default], ...``; ``?`` admits NULL, which then is the default."""
    return tuple(_column(part) for part in " ".join(text.split()).rstrip(",").split(", "))


def _column(text: str) -> Column:
    match = _COLUMN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a column of a system view: {text}")
    name, type_name, size, null, default = match.groups()
    sizes = () if size is None else (MAX if size == "max" else int(size),)
    type_ = make_type(type_name, sizes)
    missing = None if null else _MISSING
    return Column(name, type_, null is not None, missing if default is None else _constant(type_, default))


def _constant(type_: SqlType, text: str) -> object:
    if type_.name == "bit":
        return text == "1"
    return text if type_.is_string else int(text)


def view(declared: tuple[Column, ...], facts: Facts) -> SystemView:
    """A view with ``declared`` columns, a row for each of ``facts``.

    A fact about an undeclared column, or one that is missing or NULL where a column admits none, raises ValueError.
    """
    names = frozenset(column.name for column in declared)

    def rows(state: SystemState) -> Iterator[tuple[object, ...]]:
        for fact in facts(state):
            if not names.issuperset(fact):
                raise ValueError(f"no such column: {', '.join(sorted(set(fact) - names))}")
            yield tuple(_value(column, fact) for column in declared)

    return SystemView(tuple(RelationColumn(c.name, c.type, c.nullable) for c in declared), rows)


def _value(column: Column, fact: Mapping[str, object]) -> object:
    value = fact.get(column.name, column.default)
    if value is _MISSING or (value is None and not column.nullable):
        raise ValueError(f"column {column.name} has no value")
    return value


def empty(declared: tuple[Column, ...]) -> SystemView:
    """A view of things that do not exist here."""
    return view(declared, lambda state: ())


def named(schema: str, views: Mapping[str, SystemView]) -> dict[tuple[str, str], SystemView]:
    """``views`` by (schema, name), both in lower case, each knowing how its name is written."""
    return {(schema.lower(), name.lower()): SystemView(v.columns, v.rows, name) for name, v in views.items()}


# As Arrow ---------------------------------------------------------------------------------------------------------

_ARROW = {
    "bit": pa.bool_(), "tinyint": pa.uint8(), "smallint": pa.int16(), "int": pa.int32(), "bigint": pa.int64(),
    "real": pa.float32(), "float": pa.float64(), "datetime": pa.timestamp("us"), "sql_variant": pa.string(),
    "uniqueidentifier": pa.uuid(),
}  # fmt: skip


def arrow_type(type_: SqlType) -> pa.DataType:
    """The Arrow type of a column; strings and sql_variant are utf8."""
    if type_.is_string:
        return pa.string()
    return pa.binary() if type_.is_binary else _ARROW[type_.name]


def arrow_table(view: SystemView, state: SystemState) -> pa.Table:
    """The view's rows as an Arrow table, typed as its columns are."""
    rows = list(view.rows(state))
    arrays = []
    for index, column in enumerate(view.columns):
        values = [row[index] for row in rows]
        if column.type.name == "sql_variant":
            values = [None if value is None else str(value) for value in values]
        arrays.append(pa.array(values, type=arrow_type(column.type)))
    return pa.Table.from_arrays(arrays, names=[column.name for column in view.columns])
