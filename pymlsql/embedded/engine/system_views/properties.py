"""sys.extended_properties, and what sys.fn_listextendedproperty looks through."""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.catalog import Module, Sequence, Table
from pymlsql.embedded.engine.property_entries import (
    CLASSES,
    DATABASE,
    INDEX,
    OBJECT_OR_COLUMN,
    PARAMETER,
    SCHEMA,
    ExtendedProperty,
)
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, empty, view
from pymlsql.embedded.engine.system_views.state import SystemState

EXTENDED_PROPERTIES = columns("""
    class tinyint, class_desc nvarchar(60), major_id int, minor_id int, name sysname, value sql_variant?""")

PROPERTY_LIST = columns("""
    objtype sysname?, objname sysname?, name sysname, value sql_variant?, level0type sysname?, level0name sysname?,
    level1type sysname?, level1name sysname?, level2type sysname?, level2name sysname?""")
"""The four columns of the function, and the levels that its arguments choose."""

_TYPES = {"V": "VIEW", "P": "PROCEDURE", "IF": "FUNCTION", "FN": "FUNCTION", "TF": "FUNCTION", "SO": "SEQUENCE"}

Levels = list[tuple[str, str]]


def _properties(state: SystemState) -> Iterator[Fact]:
    for found in state.all_catalog.entries(ExtendedProperty):
        if _levels(state, found) is not None:
            yield {"class": found.securable, "class_desc": CLASSES[found.securable], "major_id": found.major,
                   "minor_id": found.minor, "name": found.name, "value": found.value}  # fmt: skip


def _listed(state: SystemState) -> Iterator[Fact]:
    for found in state.all_catalog.entries(ExtendedProperty):
        levels = _levels(state, found)
        if levels is None:
            continue
        fact: Fact = {"name": found.name, "value": found.value}
        for number, (kind, name) in enumerate(levels):
            fact |= {f"level{number}type": kind, f"level{number}name": name, "objtype": kind, "objname": name}
        yield fact


def _levels(state: SystemState, found: ExtendedProperty) -> Levels | None:
    """The types and names of what the property belongs to; None where the context does not see it."""
    catalog = state.catalog
    if found.securable == DATABASE:
        return []
    if found.securable == SCHEMA:
        schema = next((s for s in catalog.schemas.values() if s.schema_id == found.major), None)
        return [("SCHEMA", schema.name)] if schema is not None else None
    for owner in catalog.objects.values():
        if owner.object_id == found.major:
            return _of_object(owner, found)
        number = _constraint(owner, found.major) if isinstance(owner, Table) else None
        if number is not None:
            return [("SCHEMA", owner.schema), ("TABLE", owner.name), ("CONSTRAINT", number)]
    return None


def _of_object(owner: Table | Module, found: ExtendedProperty) -> Levels | None:
    kind = "TABLE" if isinstance(owner, Table) else _TYPES.get(owner.kind, "VIEW")
    levels = [("SCHEMA", owner.schema), (kind, owner.name)]
    if found.securable == INDEX and isinstance(owner, Table):
        name = next((k.name for k in owner.keys if k.index_id == found.minor), None)
        return [*levels, ("INDEX", name)] if name is not None else None
    if found.securable == PARAMETER and isinstance(owner, Module):
        return [*levels, ("PARAMETER", owner.parameters[found.minor - 1].name)]
    if found.securable == OBJECT_OR_COLUMN and found.minor:
        name = _column(owner, found.minor)
        return [*levels, ("COLUMN", name)] if name is not None else None
    return levels


def _column(owner: Table | Module, number: int) -> str | None:
    if isinstance(owner, Table):
        return next((c.name for c in owner.columns if c.column_id == number), None)
    if isinstance(owner, Sequence) or not 1 <= number <= len(owner.columns):
        return None
    return owner.columns[number - 1].name


def _constraint(table: Table, object_id: int) -> str | None:
    named = [(k.object_id, k.name) for k in table.keys if k.object_id]
    named += [(c.object_id, c.name) for c in table.checks] + [(f.object_id, f.name) for f in table.foreign_keys]
    named += [(c.default.object_id, c.default.name) for c in table.columns if c.default]
    return next((name for number, name in named if number == object_id), None)


PROPERTY_VIEWS: dict[str, SystemView] = {
    "extended_properties": view(EXTENDED_PROPERTIES, _properties),
    "fn_listextendedproperty": empty(PROPERTY_LIST[:4]),
    "extended_properties$levels": view(PROPERTY_LIST, _listed),
}
