"""What the columns of a feature view mean, a sentence each: for comments in its text, and for the server's catalog."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymlsql import quoting, templates
from pymlsql.features.declaration import FeatureSet, Group
from pymlsql.features.groups import (
    Attributes,
    ClassAhead,
    EventCounts,
    Expression,
    Lags,
    NumberAhead,
    OwnLabel,
    TimeSince,
    Windows,
)
from pymlsql.features.terms import parse_duration, parse_rows
from pymlsql.quoting import ident

MAX_LENGTH = 3000
"""An extended property holds 7,500 bytes."""

STATISTICS = {
    "mean": "Mean of",
    "sd": "Sample standard deviation of",
    "min": "Least",
    "max": "Greatest",
    "sum": "Sum of",
    "count": "Number of values of",
    "last": "Latest value of",
    "slope": "Least squares slope, per day, of",
}


@dataclass(frozen=True, slots=True)
class Described:
    """An object, what it means, and what its columns mean: what the template of a description prints."""

    name: str
    kind: str
    meaning: str
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def schema(self) -> str:
        """The object's schema, unquoted."""
        return quoting.parse_name(self.name)[0]

    @property
    def object(self) -> str:
        """The object's name, unquoted."""
        return quoting.parse_name(self.name)[1]

    def render(self) -> str:
        """The batch that says it on a server."""
        return templates.render("descriptions/object.sql.j2", described=self)


def column_meanings(features: FeatureSet) -> dict[str, str]:
    """A sentence for each column of the view, on one line."""
    made = dict.fromkeys((one.name for one in features.entity), "Whose row it is.")
    if features.time is not None:
        made[features.time] = _time(features)
    for _, _, group in features.groups:
        made |= _group(features, group)
    made |= {one.name: _expression(one) for one in features.expressions}
    if features.label is not None:
        made[features.label.name] = _label(features)
    return {name: one_line(text) for name, text in made.items()}


def view_meaning(features: FeatureSet) -> str:
    """What a row of the view is."""
    entity = " and ".join(ident(one.name) for one in features.entity)
    rows = _table(features, features.rows)
    if features.time is None:
        return f"Features: one row per row of {rows}, by {entity}."
    if features.every is None:
        return f"Features: one row per row of {rows}, by {entity} and {ident(features.time)}."
    return f"Features: one row per {entity} and {parse_duration(features.every).words} in which {rows} has rows."


def one_line(text: str) -> str:
    """A text without line ends and other control characters, of bearable length."""
    text = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)
    return text if len(text) <= MAX_LENGTH // 2 else text[: MAX_LENGTH // 2 - 3] + "..."


def _table(features: FeatureSet, source: str) -> str:
    return quoting.qualified(features.sources[source].table)


def _moment(features: FeatureSet) -> str:
    return ident(features.time)


def _time(features: FeatureSet) -> str:
    if features.every is None:
        return "The time of the row: what is stamped later is not known in it."
    every = parse_duration(features.every).words
    return f"The end of the slot of {every}, which belongs to it: what is stamped later is not known in the row."


def _windows(features: FeatureSet, group: Windows) -> dict[str, str]:
    made = {}
    for span in group.over:
        n_rows = parse_rows(span)
        words = f"{n_rows} rows" if n_rows is not None else parse_duration(span).words
        over = f"the {'last whole ' if group.tumbling else 'last ' if n_rows is not None else ''}{words}"
        for statistic in group.statistics:
            for column in group.columns:
                made[group.output(column, statistic, span)] = (
                    f"{STATISTICS[statistic]} {ident(column)} of {_table(features, group.source)}"
                    f" over {over} up to {_moment(features)}."
                )
    return made


def _lags(features: FeatureSet, group: Lags) -> dict[str, str]:
    made = {}
    for lag in group.by:
        n_rows = parse_rows(lag)
        if n_rows is None:
            row = f"the row of {parse_duration(lag).words} before {_moment(features)}"
        elif n_rows:
            row = f"the row {n_rows} before the latest one up to {_moment(features)}"
        else:
            row = f"the latest row up to {_moment(features)}"
        for column in group.columns:
            text = f"{ident(column.name)} of {_table(features, group.source)}: {row}; NULL where there is none."
            made[group.output(column.name, lag)] = text
    return made


def _kind(column: str | None, value: str) -> str:
    return "" if column is None else f" with {ident(column)} {value!r}"


def _counts(features: FeatureSet, group: EventCounts) -> dict[str, str]:
    over = f"the {parse_duration(group.over).words} up to {_moment(features)}"
    rows = f"Number of rows of {_table(features, group.source)}"
    return {name: f"{rows}{_kind(group.column, value)} in {over}." for value, name in group.values.items()}


def _since(features: FeatureSet, group: TimeSince) -> dict[str, str]:
    table = _table(features, group.source)
    return {
        name: f"Days from the latest row of {table}{_kind(group.column, value)} to {_moment(features)}; NULL before it."
        for value, name in group.values.items()
    }


def _attributes(features: FeatureSet, group: Attributes) -> dict[str, str]:
    table = _table(features, group.source)
    made = {column.name: f"{ident(column.name)} of {table}." for column in group.columns}
    for coded in group.one_hot:
        for value, output in zip(coded.values, coded.outputs, strict=True):
            made[output.name] = f"1 where {ident(coded.column)} of {table} is {value!r}, else 0."
    return made


def _expression(one: Expression) -> str:
    return f"Made of other columns of the row: {one.sql.strip()}"


def _label(features: FeatureSet) -> str:
    label = features.label
    if isinstance(label, OwnLabel):
        return f"Label: {ident(label.column)} of {_table(features, features.rows)}, which becomes known later."
    assert isinstance(label, (ClassAhead, NumberAhead))
    table = _table(features, label.source)
    ahead = f"within the {parse_duration(label.ahead).words} after {_moment(features)}"
    if isinstance(label, ClassAhead):
        found = f"Label: {ident(label.column)} of the first row of {table} {ahead}, else {label.none!r}"
        return f"{found}; NULL while nobody knows."
    what = STATISTICS[label.statistic].lower()
    return f"Label: {what} {ident(label.column)} of {table} {ahead}; NULL while nobody knows."


def _group(features: FeatureSet, group: Group) -> dict[str, str]:
    if isinstance(group, Windows):
        return _windows(features, group)
    if isinstance(group, Lags):
        return _lags(features, group)
    if isinstance(group, EventCounts):
        return _counts(features, group)
    return _since(features, group) if isinstance(group, TimeSince) else _attributes(features, group)
