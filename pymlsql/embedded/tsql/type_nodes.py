"""The tree of CREATE TYPE and DROP TYPE."""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.embedded.tsql.slices import Name, Statement
from pymlsql.embedded.tsql.table_nodes import TableDefinition
from pymlsql.embedded.tsql.types import SqlType


@dataclass(frozen=True, slots=True)
class CreateType(Statement):
    """CREATE TYPE: an alias of ``base``, or a table type with a ``definition``."""

    name: Name
    base: SqlType | None = None
    nullable: bool = True
    definition: TableDefinition | None = None


@dataclass(frozen=True, slots=True)
class DropType(Statement):
    """DROP TYPE."""

    name: Name
    if_exists: bool = False
