"""A module: one batch of T-SQL that makes an object of the database, and what belongs to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pymlsql import quoting
from pymlsql.signing import Signing

ObjectType = Literal["table", "type", "function", "view", "procedure"]

KEPT: tuple[ObjectType, ...] = ("table", "type")
"""Made once and never replaced, since they hold rows, or other objects are made of them: bare CREATE statements."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table or table type."""

    name: str
    sql_type: str
    nullable: bool


_DEFAULTS = {"decimal": (18, 0), "numeric": (18, 0)}
_SCALED = ("datetime2", "time", "datetimeoffset")


def catalog_type(sql_type: str) -> str:
    """A declared type as sys.columns shows it: `float(53)` is float, `decimal(9)` is decimal(9, 0)."""
    base, *numbers = re.findall(r"[a-z0-9]+", sql_type.lower())
    if base == "float":
        return "real" if numbers and int(numbers[0]) <= 24 else "float"
    if base in _DEFAULTS:
        precision, scale = (*map(int, numbers), *_DEFAULTS[base][len(numbers) :])
        return f"{base}({precision}, {scale})"
    if base in _SCALED:
        return f"{base}({numbers[0] if numbers else 7})"
    return f"{base}({numbers[0]})" if numbers else base


@dataclass(frozen=True, slots=True)
class Module:
    """One batch: its object's name and kind, how it is to be signed, and which roles may use it.

    The text is CREATE OR ALTER, but for tables and table types a bare CREATE; these say their `columns` too. `declared`
    are the keys of the project file that it comes from. `extras` are batches that are executed after it, and that do
    nothing where they have been: what it and its columns mean.
    """

    name: str
    type: ObjectType
    text: str
    signing: Signing | None = None
    granted_to: tuple[str, ...] = ()
    columns: tuple[TableColumn, ...] = ()
    declared: tuple[str | int, ...] = ()
    extras: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """All that is executed for it, by which it is known whether that was."""
        return "\nGO\n".join((self.text, *self.extras))

    @property
    def parameters(self) -> dict[str, bool]:
        """The parameters of a procedure, in lower case and without their @, and whether each has a default."""
        head = self.text.partition("\nAS\n")[0]
        return {found[1].lower(): "=" in found[2] for found in re.finditer(r"^    @(\w+) (.*)$", head, re.MULTILINE)}

    @property
    def permission(self) -> str:
        """What its roles need to use it."""
        return "EXECUTE" if self.type in ("procedure", "type") else "SELECT"

    @property
    def securable(self) -> str:
        """The object as GRANT names it."""
        return f"{'TYPE' if self.type == 'type' else 'OBJECT'}::{quoting.qualified(self.name)}"

    @property
    def grants(self) -> str | None:
        """The GRANT for the roles, where there are any; an ALTER keeps it."""
        roles = ", ".join(map(quoting.ident, self.granted_to))
        return f"GRANT {self.permission} ON {self.securable} TO {roles};" if roles else None
