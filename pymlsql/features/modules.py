"""The modules of a feature set: its functions and its view."""

from __future__ import annotations

from pymlsql import quoting, templates
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.rendering import Plan
from pymlsql.modules import Module


def render_features(features: FeatureSet) -> tuple[Module, ...]:
    """The functions and the view of a feature set, in the order in which they can be created."""
    plan = Plan(features)
    return (
        Module(quoting.qualified(features.slots), "function", templates.render("functions/slots.sql.j2", plan=plan)),
        Module(
            quoting.qualified(features.function), "function", templates.render("functions/features.sql.j2", plan=plan)
        ),
        Module(quoting.qualified(features.view), "view", templates.render("views/features.sql.j2", plan=plan)),
    )
