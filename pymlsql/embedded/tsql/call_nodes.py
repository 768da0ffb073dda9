"""The tree of EXECUTE."""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.embedded.tsql.slices import Name, Statement, Text
from pymlsql.embedded.tsql.types import SqlType


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of EXEC: a constant or a variable, by name or by position."""

    name: str
    value: Text | None
    variable: str = ""
    output: bool = False


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of WITH RESULT SETS."""

    name: str
    type: SqlType
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Execute(Statement):
    """EXEC of a procedure (``procedure`` or ``procedure_variable``) or of a string (``batch``).

    ``result_sets`` is None (undefined), () (NONE) or the declared shapes.
    """

    procedure: Name | None = None
    procedure_variable: str = ""
    batch: Text | None = None
    arguments: tuple[Argument, ...] = ()
    return_variable: str = ""
    result_sets: tuple[tuple[ResultColumn, ...], ...] | None = None
    principal: tuple[str, Text] | None = None
    """AS USER = or LOGIN = of a string: user or login, and a constant or variable."""
