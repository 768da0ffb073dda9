"""Types that somebody has created, as the catalog keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pymlsql.embedded.engine.catalog import Catalog, Table, stored
from pymlsql.embedded.tsql.types import SqlType

FIRST_USER_TYPE = 257


@stored
@dataclass(frozen=True, slots=True)
class UserType:
    """A row of sys.types of one's own: ``base`` of an alias, ``table`` of a table type."""

    kind: ClassVar[str] = "type"
    type_id: int
    schema: str
    name: str
    base: SqlType | None = None
    nullable: bool = True
    table: Table | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        return f"{self.schema}.{self.name}".lower()


def type_by_id(catalog: Catalog, type_id: int) -> UserType | None:
    """The type with this user_type_id."""
    return next((found for found in catalog.entries(UserType) if found.type_id == type_id), None)


def type_tables(catalog: Catalog) -> list[Table]:
    """The tables that describe the columns of table types."""
    return [found.table for found in catalog.entries(UserType) if found.table is not None]
