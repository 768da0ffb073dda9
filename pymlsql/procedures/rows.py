"""Scoring a table-valued parameter, `kind = "rows"`: `EXEC dbo.ScoreRows @rows`, which is of a declared table type."""

from __future__ import annotations

from typing import Literal

from pymlsql import quoting, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Qualified
from pymlsql.modules import Module, TableColumn
from pymlsql.procedures.ondemand import ROW_NUMBER, OnDemand, Printed
from pymlsql.procedures.terms import staged_type, stored_type


class Rows(OnDemand):
    """A procedure that scores the rows of a table-valued parameter, and the table type `type` of that parameter.

    The type has a column for each feature, and row_no, the caller's own number of a row.
    """

    kind: Literal["rows"]
    type: Qualified

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """The table type and the procedure."""
        return self._type(features), *super().render(features)

    def printed(self, features: FeatureSet) -> Printed:
        """Its template, and what that prints beside the scripts."""
        procedure = self.demand(features, "table")
        if ROW_NUMBER in {column.name.lower() for column in features.features}:
            raise DeclarationError(f"features: {features.view} has a feature {ROW_NUMBER}, and so has the table type",
                                   ("features",))  # fmt: skip
        staged = [(column.name, staged_type(column)) for column in features.features]
        names = ", ".join(quoting.ident(name) for name, _ in staged)
        query = f"SELECT row_no, {names} FROM #rows ORDER BY row_no"
        values = {"procedure": procedure, "table_type": self.type, "staged": staged, "query": query}
        return "procedures/rows.sql.j2", values

    def _type(self, features: FeatureSet) -> Module:
        columns = (
            TableColumn(ROW_NUMBER, "int", nullable=False),
            *(TableColumn(one.name, stored_type(one.sql_type), nullable=True) for one in features.features),
        )
        text = templates.render("procedures/rows_type.sql.j2", table_type=self.type, columns=features.features)
        return Module(quoting.qualified(self.type), "type", text, granted_to=self.granted_to, columns=columns)
