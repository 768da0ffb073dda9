"""The shape of a row of the function tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import INT, SqlType, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def _missing(*_: Any) -> Typed:
    raise AssertionError("a row has compile or compile_nodes")


@dataclass(frozen=True, slots=True)
class Function:
    """A function: how many arguments it takes (``n_max`` None for any number) and what makes its DuckDB expression,
    from compiled arguments (``compile``) or from their trees (``compile_nodes``, for dateparts and *)."""

    n_min: int
    n_max: int | None
    compile: Callable[[Compiler, list[Typed]], Typed] = _missing
    compile_nodes: Callable[[Compiler, list[exp.Expr]], Typed] = _missing
    level: int = 0
    """The compatibility level from which on the function is known."""

    @property
    def takes_nodes(self) -> bool:
        return self.compile_nodes is not _missing


def shown_name(type_: SqlType) -> str:
    """A type as messages name it: decimal is numeric there."""
    return "numeric" if type_.name == "decimal" else type_.name


def text(value: Typed, line: int = 0) -> Typed:
    """An argument as a string: strings stay, all else is converted to varchar."""
    return value if value.type.is_string else convert(value, varchar(8000), implicit=True, line=line)


def whole(value: Typed, line: int = 0) -> Typed:
    """An argument as int."""
    return value if value.type == INT else convert(value, INT, implicit=True, line=line)


def string_type(value: Typed, length: int) -> SqlType:
    """varchar or nvarchar of ``length``, as ``value`` is; MAX (or beyond the limit) stays within what it may be."""
    limit = 4000 if value.type.is_unicode else 8000
    if length != -1:
        length = max(1, min(length, limit))
    return nvarchar(length) if value.type.is_unicode else varchar(length)
