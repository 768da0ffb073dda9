"""The modules of a feature set: its functions and its view, and where it is stored its table and the procedure."""

from __future__ import annotations

from pymlsql import quoting, templates
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.meanings import Described, column_meanings, view_meaning
from pymlsql.features.rendering import Plan
from pymlsql.features.store import Refresh
from pymlsql.modules import Module, ObjectType, TableColumn


def render_features(features: FeatureSet) -> tuple[Module, ...]:
    """The modules of a feature set, in the order in which they can be created, with what they mean."""
    plan = Plan(features)
    view, columns = quoting.qualified(features.view), tuple(column_meanings(features).items())
    of_range = f"The rows of {view} of a range, without reading all; NULL is no limit."
    made = (
        _module(features.slots, "function", "functions/slots.sql.j2", f"The keys of the rows of {view}.", plan=plan),
        _module(features.function, "function", "functions/features.sql.j2", of_range, plan=plan),
        _module(features.view, "view", "views/features.sql.j2", view_meaning(features), columns, plan=plan),
    )
    return made if features.store is None else (*made, *_render_store(Refresh(features), columns))


def _render_store(refresh: Refresh, meanings: tuple[tuple[str, str], ...]) -> tuple[Module, ...]:
    features = refresh.features
    view, table = quoting.qualified(features.view), refresh.store.table
    columns = tuple(
        TableColumn(column.name, column.sql_type, column not in features.keys)
        for column in features.columns
    )
    kept = f"The rows of {view} as of its last refresh: EXEC {quoting.qualified(refresh.name)}."
    makes = f"Makes rows of {quoting.qualified(table)} anew: what may have changed, a range, or all."
    return (
        _module(table, "table", "tables/features.sql.j2", kept, meanings, kept_columns=columns, refresh=refresh),
        _module(
            refresh.name,
            "procedure",
            "procedures/refresh.sql.j2",
            makes,
            granted_to=refresh.store.granted_to,
            refresh=refresh,
        ),
    )


def _module(
    name: str,
    kind: ObjectType,
    template: str,
    meaning: str,
    columns: tuple[tuple[str, str], ...] = (),
    *,
    kept_columns: tuple[TableColumn, ...] = (),
    granted_to: tuple[str, ...] = (),
    **variables: object,
) -> Module:
    name = quoting.qualified(name)
    return Module(
        name,
        kind,
        templates.render(template, **variables),
        columns=kept_columns,
        granted_to=granted_to,
        extras=(Described(name, kind.upper(), meaning, columns).render(),),
    )
