"""Batch scoring, `kind = "batch"`: rows of a feature view are scored, and what is predicted is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Qualified
from pymlsql.modules import Module
from pymlsql.procedures.existing import ScoringProcedure, render_procedure
from pymlsql.procedures.outputs import Predicting
from pymlsql.procedures.terms import CHUNK_ROWS


class Batch(Predicting):
    """A procedure that scores rows of a feature view and stores what it predicts; see ScoringProcedure."""

    kind: Literal["batch"]
    predictions: Qualified
    served: Qualified
    table: Literal["declared", "existing"] = "declared"
    chunk_rows: int = Field(default=CHUNK_ROWS, ge=1, le=10_000_000)

    def existing(self, features: FeatureSet) -> ScoringProcedure:
        """The procedure over a table that is there. Raises DeclarationError for a view that it cannot score."""
        made = ScoringProcedure.over(
            features, name=self.name, predictions=self.predictions, served=self.served, model=self.model
        )
        return made.model_copy(update={"alias": self.alias, "chunk_rows": self.chunk_rows})

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """Its modules, in the order in which they can be created."""
        self.output_of(features)
        if self.table == "declared":
            raise DeclarationError('table: "existing" is all there is', ("table",))
        procedure, served = render_procedure(self.existing(features))
        return replace(procedure, granted_to=self.granted_to), served
