"""Scoring a table-valued parameter, `kind = "rows"`: `EXEC dbo.ScoreRows @rows`, which is of a declared table type."""

from __future__ import annotations

from typing import Literal

from pymlsql import quoting, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Column, Name, Qualified
from pymlsql.modules import Module, TableColumn
from pymlsql.procedures.ondemand import ROW_NUMBER, OnDemand, Printed, entity_key
from pymlsql.procedures.terms import staged_type, stored_type


class Rows(OnDemand):
    """A procedure that scores the rows of a table-valued parameter, and the table type `type` of that parameter.

    The type has a column for each feature, and row_no, the caller's own number of a row. `route_by` are the keys of the
    entity: then the type has them too, and a route goes by them.
    """

    kind: Literal["rows"]
    type: Qualified
    route_by: tuple[Name, ...] = ()

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """The table type and the procedure."""
        return self._type(features), *super().render(features)

    def printed(self, features: FeatureSet) -> Printed:
        """Its template, and what that prints beside the scripts."""
        key = self._key(features)
        procedure = self.demand(features, "table", key=key)
        if ROW_NUMBER in {column.name.lower() for column in (*key, *features.features)}:
            raise DeclarationError(f"features: {features.view} has a feature {ROW_NUMBER}, and so has the table type",
                                   ("features",))  # fmt: skip
        staged = [(column.name, staged_type(column)) for column in features.features]
        names = ", ".join(quoting.ident(name) for name, _ in staged)
        query = f"SELECT row_no, {names} FROM #rows ORDER BY row_no"
        values = {"procedure": procedure, "table_type": self.type, "staged": staged, "query": query}
        return "procedures/rows.sql.j2", values

    def _key(self, features: FeatureSet) -> tuple[Column, ...]:
        key = entity_key(features)
        names = [column.name for column in key]
        if self.route_by and list(self.route_by) != names:
            raise DeclarationError(
                f"route_by: the keys of {features.view} are {', '.join(names)}, and by all of them, in this order, its"
                " rows are told apart", ("route_by",),
            )  # fmt: skip
        return key if self.route_by else ()

    def _type(self, features: FeatureSet) -> Module:
        given = (*self._key(features), *features.features)
        columns = (
            TableColumn(ROW_NUMBER, "int", nullable=False),
            *(TableColumn(one.name, stored_type(one.sql_type), nullable=True) for one in given),
        )
        text = templates.render("procedures/rows_type.sql.j2", table_type=self.type, columns=given)
        return Module(quoting.qualified(self.type), "type", text, granted_to=self.granted_to, columns=columns)
