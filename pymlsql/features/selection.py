"""The columns of a feature view as its function selects them, from the parts that its plan has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.features.checks import parse_expression
from pymlsql.features.expressions import ROW
from pymlsql.features.groups import Attributes, ClassAhead, EventCounts, Lags, OwnLabel, TimeSince, Windows
from pymlsql.quoting import ident, sqltype, string

if TYPE_CHECKING:
    from pymlsql.features.declaration import FeatureSet
    from pymlsql.features.rendering import Plan

DAY_MS = "86400000E0"
"""Milliseconds of a day, as a float."""


def final_lines(plan: Plan) -> list[str]:
    """The columns of the view: keys, features, label, with their commas and comments."""
    columns = [f"s.{ident(column.name)}" for column in plan.features.keys] + _selected(plan)
    label = _label(plan)
    lines = [f"{column}," for column in columns]
    return [*lines, *label] if label else [*lines[:-1], columns[-1]]


def outer_lines(features: FeatureSet) -> list[str]:
    """All columns of the view over a derived table f of its keys, grouped features and label, with their commas."""
    made = [f"{ROW}.{ident(column.name)}" for column in (*features.keys, *features.grouped)]
    made += [
        f"CAST({parse_expression(features, one).text} AS {sqltype(one.sql_type)}) AS {ident(one.name)}"
        for one in features.expressions
    ]
    made += [] if features.label is None else [f"{ROW}.{ident(features.label.name)}"]
    return [f"{line}," for line in made[:-1]] + made[-1:]


def _selected(plan: Plan) -> list[str]:
    places = {one.output: window.alias for window in plan.windows for one in window.aggregates}
    places |= {line.output: part.alias for part in plan.earlier for line in part.aggregated}
    places |= {output: part.alias for part in plan.latest for _, output in part.outputs}
    joined = {one.output for window in plan.spread_windows if not window.is_whole for one in window.aggregates}
    made: list[str] = []
    for key, number, group in plan.features.groups:
        if isinstance(group, (EventCounts, TimeSince)):
            made += _events(plan, f"{key}_{number + 1}", group)
        elif isinstance(group, Attributes):
            made += _attributes(plan, group)
        else:
            made += [_found(group, column.name, places[column.name], joined) for column in group.outputs]
    return made


def _events(plan: Plan, alias: str, group: EventCounts | TimeSince) -> list[str]:
    if isinstance(group, EventCounts):
        return [f"COALESCE({alias}.{ident(name)}, 0) AS {ident(name)}" for name in group.values.values()]
    return [
        f"DATEDIFF_BIG(millisecond, {alias}.{ident(name)}, {plan.moment}) / {DAY_MS} AS {ident(name)}"
        for name in group.values.values()
    ]


def _attributes(plan: Plan, group: Attributes) -> list[str]:
    own = plan.features.is_own(group)
    alias = "s" if own else next(alias for alias, static in plan.attributes if static is group)
    made = [f"{alias}.{ident(column.name)}" for column in group.columns]
    rest = "ELSE 0" if own else f"WHEN {alias}.{plan.keys(group.source)[0][1]} IS NOT NULL THEN 0"
    for coded in group.one_hot:
        for value, output in zip(coded.values, coded.outputs, strict=True):
            test = f"WHEN {alias}.{ident(coded.column)} = {string(value)} THEN 1"
            made.append(f"CASE {test} {rest} END AS {ident(output.name)}")
    return made


def _label(plan: Plan) -> list[str]:
    label = plan.features.label
    if label is None:
        return []
    name, rows = ident(label.name), plan.table(plan.features.rows)
    if isinstance(label, OwnLabel):
        return [f"CAST(s.{ident(label.column)} AS {sqltype(label.sql_type)}) AS {name}"]
    found = f"labels.{ident(label.column)}"
    if isinstance(label, ClassAhead):
        known = f"CAST(COALESCE({found}, {string(label.none)}) AS {sqltype(label.sql_type)})"
    else:
        known = found if label.none is None else f"COALESCE({found}, CAST({label.none!r} AS float))"
    return [
        f"-- Nobody knows the label of a row while {rows} has not reached the end of its time.",
        "CASE",
        f"    WHEN {plan.label_length.shifted(plan.moment, 1)} > s.last_reading THEN NULL",
        f"    ELSE {known}",
        f"END AS {name}",
    ]


def _found(group: Windows | Lags, name: str, alias: str, joined: set[str]) -> str:
    """A column of a window; a count is 0 where no row of the source is there to be joined."""
    if isinstance(group, Windows) and name in joined and name in {
        group.output(column, "count", span) for column in group.columns for span in group.over
    }:  # fmt: skip
        return f"COALESCE({alias}.{ident(name)}, 0) AS {ident(name)}"
    return f"{alias}.{ident(name)}"
