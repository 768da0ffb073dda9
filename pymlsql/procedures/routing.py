"""What a procedure over a feature view needs to follow a model's route: it calls itself, once for each version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymlsql import quoting
from pymlsql.features.terms import Column
from pymlsql.routes import slot_text

PARAMETERS = ("route_id",)
LOCALS = (
    "route_now route_salt is_shadow in_transaction variant_nth variant_alias variant_run variant_number variant_text"
    " nothing_scored is_shared shared_rows"
).split()
"""What the macros of sql/macros/routes.sql.j2 declare."""


@dataclass(frozen=True, slots=True)
class Routed:
    """A procedure that splits its rows over versions, as the macros print it.

    `handed` are the parameters that each call gets as they were given. `slot_rows` is a row source with the entity's
    columns. `answers` are the columns of the result, `order` its order, of a row source `k`. `alerts` says whether
    alerts are given when all versions have scored, and `lock` is the application lock of who scores what is unscored.
    With `shares`, rows are listed and features computed once for all versions.
    """

    name: str
    alias: str
    handed: tuple[str, ...]
    entity: tuple[Column, ...]
    slot_rows: str
    predictions: str
    answers: tuple[Column, ...]
    order: str
    nothing: str
    alerts: bool = False
    lock: str | None = None
    returns: bool = True
    shares: bool = False

    @property
    def arguments(self) -> str:
        """The parameters handed on, as arguments."""
        return ", ".join(f"@{name} = @{name}" for name in self.handed)

    @property
    def slot(self) -> str:
        """The slot of a key of the row source `d`."""
        return slot_text([(f"d.{quoting.ident(one.name)}", one.sql_type) for one in self.entity])

    def names(self, columns: Sequence[Column], alias: str = "") -> str:
        """A list of columns."""
        prefix = f"{alias}." if alias else ""
        return ", ".join(prefix + quoting.ident(column.name) for column in columns)

    def same(self, one: str, other: str) -> str:
        """That two rows are of one entity."""
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in (quoting.ident(c.name) for c in self.entity))
