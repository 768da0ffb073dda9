"""Retention, `kind = "purge"`: old runs of a batch procedure go, with what they have predicted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from pymlsql import quoting, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Qualified
from pymlsql.modules import Module
from pymlsql.procedures.batch import Batch
from pymlsql.procedures.terms import Declared


class Purge(Declared):
    """A procedure that deletes the runs of `procedure`, and their rows in `predictions`, that ended long ago.

    `keep_days` and `batch_rows` are the defaults of its parameters.
    """

    kind: Literal["purge"]
    procedure: Qualified
    predictions: Qualified
    keep_days: int = Field(ge=1, le=36_500)
    batch_rows: int = Field(default=10_000, ge=1, le=1_000_000)

    loads_model: ClassVar[bool] = False

    @model_validator(mode="after")
    def _no_alias(self) -> Purge:
        if "alias" in self.model_fields_set:
            raise ValueError("alias: runs of all versions go")
        return self

    def check_others(self, others: Iterable[Declared]) -> None:
        """Raise DeclarationError where the project's batch procedure is not as this one says."""
        name = quoting.qualified(self.procedure).lower()
        found = [one for one in others if isinstance(one, Batch) and quoting.qualified(one.name).lower() == name]
        if not found:
            raise DeclarationError(f"procedure: no batch procedure of this project is {self.procedure}", ("procedure",))
        if found[0].name != self.procedure:
            raise DeclarationError(
                f"procedure: write it as there, {found[0].name}: runs are kept under that name", ("procedure",)
            )
        if quoting.qualified(found[0].predictions).lower() != quoting.qualified(self.predictions).lower():
            raise DeclarationError(
                f"predictions: {self.procedure} stores into {found[0].predictions}", ("predictions",)
            )

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """Its one module; nothing of it depends on the features."""
        text = templates.render("procedures/purge.sql.j2", plan=self)
        return (Module(quoting.qualified(self.name), "procedure", text, granted_to=self.granted_to),)
