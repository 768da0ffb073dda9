"""A module: one CREATE OR ALTER batch of T-SQL, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pymlsql import quoting
from pymlsql.signing import Signing

ObjectType = Literal["function", "view", "procedure"]


@dataclass(frozen=True, slots=True)
class Module:
    """One CREATE OR ALTER batch: its name, kind and text, how it is to be signed, and which roles may execute it."""

    name: str
    type: ObjectType
    text: str
    signing: Signing | None = None
    granted_to: tuple[str, ...] = ()

    @property
    def grants(self) -> str | None:
        """GRANT EXECUTE for the roles, where there are any; an ALTER keeps it."""
        roles = ", ".join(map(quoting.ident, self.granted_to))
        return f"GRANT EXECUTE ON OBJECT::{quoting.qualified(self.name)} TO {roles};" if roles else None


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `apply` did to one module; `changed` is False where the server had this very text already."""

    name: str
    type: ObjectType
    changed: bool
