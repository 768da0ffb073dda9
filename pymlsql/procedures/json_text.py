"""Scoring JSON, `kind = "json"`: `EXEC dbo.ScoreJson @rows = N'[{...}, {...}]'`."""

from __future__ import annotations

from typing import Literal

from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Name
from pymlsql.procedures.ondemand import OnDemand, Optional, Printed


class Json(OnDemand):
    """A procedure that scores one JSON object or an array of them, by name.

    `optional` are the features that an object may lack; `id` is a key whose value goes with its row into the result.
    """

    kind: Literal["json"]
    optional: Optional = ()
    id: Name | None = None

    def printed(self, features: FeatureSet) -> Printed:
        """Its template, and what that prints beside the scripts."""
        procedure = self.demand(features, "objects", optional=self.optional, id=self.id)
        return "procedures/json.sql.j2", {"procedure": procedure}
