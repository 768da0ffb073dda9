"""Scoring JSON, `kind = "json"`: `EXEC dbo.ScoreJson @rows = N'[{...}, {...}]'`."""

from __future__ import annotations

from typing import Literal

from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Name
from pymlsql.procedures.ondemand import OnDemand, Optional, Printed, entity_key


class Json(OnDemand):
    """A procedure that scores one JSON object or an array of them, by name.

    `optional` are the features that an object may lack; `id` is a key whose value goes with its row into the result.
    A route goes by it where it is the entity's one key.
    """

    kind: Literal["json"]
    optional: Optional = ()
    id: Name | None = None

    def printed(self, features: FeatureSet) -> Printed:
        """Its template, and what that prints beside the scripts."""
        key = entity_key(features)
        if len(key) != 1 or self.id is None or key[0].name.lower() != self.id.lower():
            key = ()
        procedure = self.demand(features, "objects", optional=self.optional, id=self.id, key=key)
        return "procedures/json.sql.j2", {"procedure": procedure}
