"""The modules of a feature set: its functions and its view, and where it is stored its table and the procedure."""

from __future__ import annotations

from pymlsql import quoting, templates
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.rendering import Plan
from pymlsql.features.store import Refresh
from pymlsql.modules import Module, TableColumn, catalog_type


def render_features(features: FeatureSet) -> tuple[Module, ...]:
    """The modules of a feature set, in the order in which they can be created."""
    plan = Plan(features)
    made = (
        Module(quoting.qualified(features.slots), "function", templates.render("functions/slots.sql.j2", plan=plan)),
        Module(
            quoting.qualified(features.function), "function", templates.render("functions/features.sql.j2", plan=plan)
        ),
        Module(quoting.qualified(features.view), "view", templates.render("views/features.sql.j2", plan=plan)),
    )
    return made if features.store is None else (*made, *_render_store(Refresh(features)))


def _render_store(refresh: Refresh) -> tuple[Module, ...]:
    keys = refresh.features.keys
    columns = tuple(
        TableColumn(column.name, catalog_type(column.sql_type), column not in keys)
        for column in refresh.features.columns
    )
    table = templates.render("tables/features.sql.j2", refresh=refresh)
    procedure = templates.render("procedures/refresh.sql.j2", refresh=refresh)
    granted = refresh.store.granted_to
    return (
        Module(quoting.qualified(refresh.store.table), "table", table, columns=columns),
        Module(quoting.qualified(refresh.name), "procedure", procedure, granted_to=granted),
    )
