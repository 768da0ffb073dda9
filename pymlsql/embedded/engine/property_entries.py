"""Extended properties as the catalog keeps them.

Source: "sys.extended_properties" of sql-docs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pymlsql.embedded.engine.catalog import Catalog, Entry, Table, stored

DATABASE, OBJECT_OR_COLUMN, PARAMETER, SCHEMA, INDEX = 0, 1, 2, 3, 7
CLASSES = {DATABASE: "DATABASE", OBJECT_OR_COLUMN: "OBJECT_OR_COLUMN", PARAMETER: "PARAMETER", SCHEMA: "SCHEMA",
           INDEX: "INDEX"}  # fmt: skip


@stored
@dataclass(frozen=True, slots=True)
class ExtendedProperty:
    """One property; ``securable`` is its class in sys.extended_properties, ``value`` None or its text."""

    kind: ClassVar[str] = "extended_property"

    securable: int
    major: int
    minor: int
    name: str
    value: str | None = None

    @property
    def key(self) -> str:
        """What it belongs to, and its name."""
        return f"{self.securable}:{self.major}:{self.minor}:{self.name}"


def properties_of(catalog: Catalog, object_id: int) -> list[Entry]:
    """The properties of an object and its columns, which go with it."""
    wanted = (OBJECT_OR_COLUMN, PARAMETER, INDEX)
    return [e for e in catalog.entries(ExtendedProperty) if e.securable in wanted and e.major == object_id]


def lost_properties(catalog: Catalog, table: Table) -> list[Entry]:
    """The properties of columns and indexes that the table, as the catalog has it now, no longer has."""
    columns = {0, *(column.column_id for column in table.columns)}
    indexes = {key.index_id for key in table.keys}
    return [
        e for e in catalog.entries(ExtendedProperty)
        if e.major == table.object_id
        and ((e.securable == OBJECT_OR_COLUMN and e.minor not in columns)
             or (e.securable == INDEX and e.minor not in indexes))
    ]  # fmt: skip
