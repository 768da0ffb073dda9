"""The trees of CREATE and ALTER SEQUENCE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pymlsql.embedded.tsql.nodes import Statement
from pymlsql.embedded.tsql.slices import Name
from pymlsql.embedded.tsql.types import SqlType


@dataclass(frozen=True, slots=True)
class SequenceStatement(Statement):
    """``options`` are those that are given, by their names: start, restart, increment, minimum, maximum, cycle, cache.
    None stands for NO, or for a RESTART or CACHE without a number."""

    name: Name
    type: SqlType | None = None
    options: Mapping[str, int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CreateSequence(SequenceStatement):
    """CREATE SEQUENCE."""


@dataclass(frozen=True, slots=True)
class AlterSequence(SequenceStatement):
    """ALTER SEQUENCE."""
