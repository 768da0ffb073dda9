"""What the parts of a feature declaration must not say together; each complaint names the key it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pymlsql import quoting
from pymlsql.features.expressions import Parsed, parse
from pymlsql.features.groups import Attributes, EventCounts, Lags, OwnLabel, Windows
from pymlsql.features.terms import MINUTES, parse_duration, parse_rows
from pymlsql.features.tokens import ExpressionError
from pymlsql.wording import suggest

if TYPE_CHECKING:
    from pymlsql.features.declaration import FeatureSet, Group
    from pymlsql.features.groups import Expression

DAY_MINUTES = MINUTES["d"]

RESERVED = ("slot_no", "first_reading", "last_reading", "nth", "n_known", "days_ago")
"""Names that the generated text itself gives to columns; none of the view can have them."""

ENTITY_TYPES = ("int", "bigint", "smallint", "tinyint", "nvarchar", "varchar", "nchar", "char", "uniqueidentifier")
LAG_TYPES = (
    *ENTITY_TYPES,
    *("float", "real", "decimal", "numeric", "money", "smallmoney", "date", "datetime", "smalldatetime"),
)


class Contradiction(ValueError):
    """What is wrong, and the keys that lead to it from the top of the declaration."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        """Keep both apart: the message alone is a sentence without its full stop."""
        super().__init__(message)
        self.path = path


def check(features: FeatureSet) -> None:
    """Raise Contradiction for the first thing that cannot be meant."""
    _check_entity(features)
    _check_sources(features)
    _check_rows(features)
    for key, number, group in features.groups:
        _check_group(features, (key, number), group)
    _check_label(features)
    _check_leaks(features)
    _check_names(features)
    _check_expressions(features)
    _check_store(features)


def _check_entity(features: FeatureSet) -> None:
    for number, one in enumerate(features.entity):
        if one.sql_type.partition("(")[0] not in ENTITY_TYPES or one.sql_type.endswith("(max)"):
            raise Contradiction(
                ("entity", number, "type"), f"an entity cannot be {one.sql_type}: {', '.join(ENTITY_TYPES)} can"
            )
        if one.parameter.lower() in ("since", "until"):
            raise Contradiction(
                ("entity", number, "parameter"), f"the functions have a parameter @{one.parameter} of their own"
            )
    parameters = [one.parameter.lower() for one in features.entity]
    if len(set(parameters)) < len(parameters):
        raise Contradiction(("entity",), "two columns of the entity have one parameter")


def _check_sources(features: FeatureSet) -> None:
    made = {quoting.qualified(name).lower() for name in features.made}
    for name, source in features.sources.items():
        path = ("sources", name)
        if quoting.qualified(source.table).lower() in made:
            raise Contradiction((*path, "table"), f"a cycle: {source.table} is what this declaration makes")
        if name.lower().endswith("_whole"):
            raise Contradiction(path, f"the generated text uses such names itself: call {name} otherwise")
        if source.static and not features.keys_of(name):
            raise Contradiction((*path, "keys"), "a static source needs at least one column of the entity")
        for key in source.keys or ():
            known = [one.name for one in features.entity]
            if key not in known:
                raise Contradiction((*path, "keys", key), f"the entity has no column {key}{suggest(key, known)}")
        if source.static and source.time is not None:
            raise Contradiction((*path, "time"), "a static source has no time")
        if not source.static and features.time_of(name) is None:
            raise Contradiction(path, "a source without time key: name its time, or say static = true")
        if not source.static and not features.keys_of(name) and name == features.rows:
            raise Contradiction(
                (*path, "keys"), "the rows of the view come from here: all columns of the entity are needed"
            )


def _check_rows(features: FeatureSet) -> None:
    _check_known(features, ("rows",), features.rows)
    source = features.sources[features.rows]
    if len(features.keys_of(features.rows)) < len(features.entity):
        raise Contradiction(
            ("sources", features.rows, "keys"), "the view's rows come from here: all columns of the entity are needed"
        )
    if features.time is None:
        if features.every is not None:
            raise Contradiction(("every",), "slots need a time key: name the view's time")
        return
    if source.static:
        raise Contradiction(("sources", features.rows, "static"), "the view has a time key, so its rows need one")
    if features.every is None:
        if source.time_type == "datetime2":
            raise Contradiction(
                ("sources", features.rows, "time_type"),
                "rows as they are need a datetime, smalldatetime or date: a script takes no datetime2",
            )
        return
    every = parse_duration(features.every).minutes
    if DAY_MINUTES % every and every != 7 * DAY_MINUTES:
        raise Contradiction(
            ("every",), "slots must divide 24 hours, or be 7d, so that they end at the same times every day or week"
        )


def _check_known(features: FeatureSet, path: tuple[str | int, ...], source: str) -> None:
    if source not in features.sources:
        raise Contradiction(path, f"no source is called {source}{suggest(source, features.sources)}")


def _check_group(features: FeatureSet, path: tuple[str, int], group: Group) -> None:
    _check_known(features, (*path, "source"), group.source)
    if isinstance(group, Attributes):
        _check_attributes(features, path, group)
        return
    if features.time_of(group.source) is None or features.time is None:
        what = "a window" if isinstance(group, (Windows, EventCounts)) else "a lag or a time since an event"
        raise Contradiction((*path, "source"), f"{what} needs a time key: {group.source} or the view has none")
    if isinstance(group, Windows):
        for number, span in enumerate(group.over):
            if parse_rows(span) == 0:
                raise Contradiction((*path, "over", number), "a window has one row at least")
            _check_even(features, (*path, "over", number), span)
    if isinstance(group, EventCounts):
        _check_even(features, (*path, "over"), group.over)
    if isinstance(group, Lags):
        for number, column in enumerate(group.columns):
            if column.sql_type.partition("(")[0] not in LAG_TYPES or column.sql_type.endswith("(max)"):
                raise Contradiction((*path, "columns", number, "type"), f"a lag cannot be {column.sql_type}")


def _check_even(features: FeatureSet, path: tuple[str | int, ...], span: str) -> None:
    if features.every is None or parse_rows(span) is not None:
        return
    if parse_duration(span).minutes % parse_duration(features.every).minutes:
        raise Contradiction(path, f"windows are whole numbers of slots of {features.every}: {span} is none")


def _check_attributes(features: FeatureSet, path: tuple[str, int], group: Attributes) -> None:
    if not features.is_own(group) and features.time_of(group.source) is not None:
        raise Contradiction(
            (*path, "source"),
            f"{group.source} has a time: its rows become known one by one, so take a window, a lag "
            f"or a count of them, or say that it is static",
        )
    if not group.outputs:
        raise Contradiction(path, "neither columns nor one_hot: nothing is taken from this source")


def _check_label(features: FeatureSet) -> None:
    label = features.label
    if isinstance(label, OwnLabel):
        if features.every is not None:
            raise Contradiction(
                ("label", "kind"), "a slot has no columns of its own: its label is a class or number ahead"
            )
    elif label is not None:
        _check_known(features, ("label", "source"), label.source)
        if features.time_of(label.source) is None or features.time is None:
            raise Contradiction(
                ("label", "source"), f"a label ahead needs a time key: {label.source} or the view has none"
            )
        _check_even(features, ("label", "ahead"), label.ahead)
    if label is not None and len(set(label.classes)) != len(label.classes):
        raise Contradiction(("label", "values"), "the label's values and its none must differ")


def _check_leaks(features: FeatureSet) -> None:
    """No feature may read what is known only with the label."""
    label = features.label
    if not isinstance(label, OwnLabel):
        return
    own = features.sources[features.rows].table
    hidden = {name.lower() for name in (label.column, *label.also)}
    for key, number, group in features.groups:
        if quoting.qualified(features.sources[group.source].table).lower() != quoting.qualified(own).lower():
            continue
        for name in columns_read(group):
            if name.lower() in hidden:
                raise Contradiction(
                    (key, number), f"{name} is the label, or becomes known with it: no feature may use it"
                )


def columns_read(group: Group) -> tuple[str, ...]:
    """The columns of its source, beside keys and time, that a group of features reads."""
    if isinstance(group, Windows):
        return group.columns
    if isinstance(group, Lags):
        return tuple(column.name for column in group.columns)
    if isinstance(group, Attributes):
        return group.read
    return () if group.column is None else (group.column,)


def _check_names(features: FeatureSet) -> None:
    seen: dict[str, str] = dict.fromkeys(RESERVED, "the generated text")
    for place, column in _placed(features):
        name = column.lower()
        if name in seen:
            raise Contradiction(place, f"the view would have two columns {name}: {seen[name]} has one")
        seen[name] = ".".join(map(str, place))


def _placed(features: FeatureSet) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """Every column of the view with the key that makes it."""
    for number, one in enumerate(features.entity):
        yield ("entity", number, "name"), one.name
    if features.time is not None:
        yield ("time",), features.time
    for key, number, group in features.groups:
        for column in group.outputs:
            yield (key, number), column.name
    for number, expression in enumerate(features.expressions):
        yield ("expressions", number, "name"), expression.name
    if features.label is not None:
        yield ("label", "name"), features.label.name


def _check_expressions(features: FeatureSet) -> None:
    for number, one in enumerate(features.expressions):
        path = ("expressions", number, "sql")
        if one.sql_type.endswith("(max)") or one.sql_type == "sysname":
            raise Contradiction(("expressions", number, "type"), f"an expression cannot be {one.sql_type}")
        try:
            parse_expression(features, one)
        except ExpressionError as error:
            raise Contradiction(path, str(error)) from None


def parse_expression(features: FeatureSet, one: Expression) -> Parsed:
    """An expression over the keys and the grouped features of a row. Raises ExpressionError."""
    hidden = {other.name: "is an expression itself: write out what it says" for other in features.expressions}
    label = features.label
    if label is not None:
        hidden[label.name] = "is the label: no feature may use it"
    if isinstance(label, OwnLabel):
        hidden |= dict.fromkeys(
            (label.column, *label.also), "is the label, or becomes known with it: no feature may use it"
        )
    return parse(one.sql, [column.name for column in (*features.keys, *features.grouped)], hidden=hidden)


def _check_store(features: FeatureSet) -> None:
    if features.store is None:
        return
    if features.time is None:
        raise Contradiction(("store",), "what is stored is refreshed by time: the view has no time key")
    names = [quoting.qualified(name).lower() for name in features.made]
    if len(set(names)) < len(names):
        raise Contradiction(("store", "table"), "table, procedure, view and functions need names of their own")
