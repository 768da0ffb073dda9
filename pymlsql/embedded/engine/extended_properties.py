"""The procedures that add, change and drop extended properties.

Source: "sp_addextendedproperty" and its like of sql-docs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.answers import argument
from pymlsql.embedded.engine.catalog import Module, Schema, Sequence, Table
from pymlsql.embedded.engine.property_entries import (
    DATABASE,
    INDEX,
    OBJECT_OR_COLUMN,
    PARAMETER,
    SCHEMA,
    ExtendedProperty,
)
from pymlsql.embedded.engine.security.enforcement import may, may_object, may_schema
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_OBJECTS = {"TABLE": "table", "VIEW": "V", "PROCEDURE": "P", "FUNCTION": "IF", "SEQUENCE": "SO"}
_OTHER_LEVELS = frozenset(
    ["ASSEMBLY", "CONTRACT", "EVENT NOTIFICATION", "FILEGROUP", "MESSAGE TYPE", "PARTITION FUNCTION",
     "PARTITION SCHEME", "PLAN GUIDE", "REMOTE SERVICE BINDING", "ROUTE", "SERVICE", "TRIGGER", "USER", "TYPE",
     "AGGREGATE", "DEFAULT", "QUEUE", "RULE", "SYNONYM", "TABLE_TYPE", "XML SCHEMA COLLECTION"]
)  # fmt: skip
"""Levels of SQL Server's that nothing here has properties at."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What a property belongs to, and what messages call it."""

    securable: int
    major: int
    minor: int
    shown: str


# Procedures -------------------------------------------------------------------------------------------------------


def sp_addextendedproperty(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """Raises 15135, 15233, 15600."""
    name, value, place = _arguments(session, actuals, "sp_addextendedproperty", value=True)
    if _existing(session, place, name) is not None:
        raise sql_error(15233, name, place.shown, line=line)
    made = ExtendedProperty(place.securable, place.major, place.minor, name, value)
    with session.store.statement():
        session.set_catalog(session.catalog.with_entries(made), [made])
    return 0


def sp_updateextendedproperty(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """Raises 15135, 15217, 15600."""
    name, value, place = _arguments(session, actuals, "sp_updateextendedproperty", value=True)
    found = _existing(session, place, name)
    if found is None:
        raise sql_error(15217, name, place.shown, line=line)
    made = ExtendedProperty(place.securable, place.major, place.minor, found.name, value)
    with session.store.statement():
        session.set_catalog(session.catalog.with_entries(made), [made])
    return 0


def sp_dropextendedproperty(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """Raises 15135, 15217, 15600."""
    name, _, place = _arguments(session, actuals, "sp_dropextendedproperty", value=False)
    found = _existing(session, place, name)
    if found is None:
        raise sql_error(15217, name, place.shown, line=line)
    with session.store.statement():
        session.set_catalog(session.catalog.without_entries(found), [], [found])
    return 0


def _existing(session: Session, place: _Place, name: str) -> ExtendedProperty | None:
    return session.catalog.entry(ExtendedProperty, f"{place.securable}:{place.major}:{place.minor}:{name}")


def _arguments(session: Session, actuals: list[Actual], procedure: str, *, value: bool,
               ) -> tuple[str, str | None, _Place]:  # fmt: skip
    from pymlsql.embedded.engine.evaluation import evaluate
    from pymlsql.embedded.engine.frame import Frame, Value
    from pymlsql.embedded.tsql.nodes import Text
    from pymlsql.embedded.tsql.types import nvarchar

    names = ["@name", *(["@value"] if value else []), "@level0type", "@level0name", "@level1type", "@level1name",
             "@level2type", "@level2name"]  # fmt: skip
    given = {name: argument(actuals, index, name) for index, name in enumerate(names)}
    name = given["@name"]
    if not name:
        raise sql_error(15600, procedure)
    text: str | None = None
    if value:
        actual = next((a for i, a in enumerate(actuals) if (a.name.lower() or names[i]) == "@value"), None)
        if actual is not None and actual.value is not None:
            frame = Frame(variables={"@v": Value(actual.type, actual.value)})
            text = str(evaluate(session, frame, Text("@v", 1), nvarchar(4000)))
    levels = [(given[f"@level{n}type"], given[f"@level{n}name"]) for n in range(3)]
    return str(name), text, _place(session, levels, procedure)


def _place(session: Session, levels: list[tuple[str | None, str | None]], procedure: str) -> _Place:
    for index, (kind, name) in enumerate(levels):
        if (kind is None) != (name is None) or (kind is not None and index and levels[index - 1][0] is None):
            raise sql_error(15600, procedure)
    named = [(str(kind).upper(), str(name)) for kind, name in levels if kind is not None]
    if not named:
        if not may(session, "CONTROL", DATABASE_SECURABLE):
            raise _invalid("object specified")
        return _Place(DATABASE, 0, 0, "object specified")
    shown = ".".join(name for _, name in named)
    kind, name = named[0]
    if kind != "SCHEMA":
        if kind in _OTHER_LEVELS:
            raise unsupported(f"extended properties of a {kind}")
        raise sql_error(15600, procedure)
    schema = session.catalog.schemas.get(name.lower())
    if schema is None:
        raise _invalid(shown)
    if len(named) == 1:
        if not may_schema(session, "ALTER", schema.name):
            raise _invalid(shown)
        return _Place(SCHEMA, schema.schema_id, 0, shown)
    return _in_schema(session, schema, named, shown, procedure)


def _in_schema(session: Session, schema: Schema, named: list[tuple[str, str]], shown: str, procedure: str) -> _Place:
    kind, name = named[1]
    if kind not in _OBJECTS:
        if kind in _OTHER_LEVELS:
            raise unsupported(f"extended properties of a {kind}")
        raise sql_error(15600, procedure)
    found = session.catalog.find(schema.name, name)
    if found is None or not _is_of(found, kind) or not may_object(session, "ALTER", found):
        raise _invalid(shown)
    if len(named) == 2:
        return _Place(OBJECT_OR_COLUMN, found.object_id, 0, shown)
    kind, name = named[2]
    finders = {"COLUMN": _column, "CONSTRAINT": _constraint, "INDEX": _index, "PARAMETER": _parameter}
    if kind not in finders:
        if kind == "TRIGGER":
            raise _invalid(shown)
        raise sql_error(15600, procedure)
    place = finders[kind](found, name)
    if place is None:
        raise _invalid(shown)
    return _Place(*place, shown)


def _is_of(found: Table | Module, kind: str) -> bool:
    if isinstance(found, Table):
        return kind == "TABLE"
    if isinstance(found, Sequence):
        return kind == "SEQUENCE"
    return {"V": "VIEW", "P": "PROCEDURE", "IF": "FUNCTION", "FN": "FUNCTION", "TF": "FUNCTION"}.get(found.kind) == kind


def _column(found: Table | Module, name: str) -> tuple[int, int, int] | None:
    if isinstance(found, Table):
        column = found.column(name)
        return (OBJECT_OR_COLUMN, found.object_id, column.column_id) if column else None
    for number, one in enumerate(found.columns, 1):
        if one.name.lower() == name.lower():
            return OBJECT_OR_COLUMN, found.object_id, number
    return None


def _constraint(found: Table | Module, name: str) -> tuple[int, int, int] | None:
    if not isinstance(found, Table):
        return None
    named = [(k.name, k.object_id) for k in found.keys if k.object_id]
    named += [(c.name, c.object_id) for c in found.checks] + [(f.name, f.object_id) for f in found.foreign_keys]
    named += [(c.default.name, c.default.object_id) for c in found.columns if c.default]
    number = next((object_id for one, object_id in named if one.lower() == name.lower()), None)
    return (OBJECT_OR_COLUMN, number, 0) if number is not None else None


def _index(found: Table | Module, name: str) -> tuple[int, int, int] | None:
    keys = found.keys if isinstance(found, Table) else ()
    number = next((k.index_id for k in keys if k.name.lower() == name.lower()), None)
    return (INDEX, found.object_id, number) if number is not None else None


def _parameter(found: Table | Module, name: str) -> tuple[int, int, int] | None:
    parameters = found.parameters if isinstance(found, Module) else ()
    for number, one in enumerate(parameters, 1):
        if one.name.lower() == name.lower():
            return PARAMETER, found.object_id, number
    return None


def _invalid(shown: str) -> SqlError:
    return sql_error(15135, shown)
