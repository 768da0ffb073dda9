"""Feature views of one project that read each other: their order, and what a column is made of, through all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pymlsql import quoting
from pymlsql.errors import DeclarationError
from pymlsql.features.checks import columns_read, parse_expression
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.groups import Attributes, ClassAhead, EventCounts, Lags, NumberAhead, OwnLabel, TimeSince, Windows

Sets = Mapping[str, FeatureSet]
Path = tuple[str | int, ...]

Origin = tuple[str, str]
"""A table and a column of it, both in lower case, the table with its brackets."""


def check_names(found: Sets) -> None:
    """Raise DeclarationError where two declarations make one object."""
    makers: dict[str, str] = {}
    for name, features in found.items():
        for made in features.made:
            other = makers.setdefault(_key(made), name)
            if other != name:
                _refuse(("features", name, "view"), f"features.{other} makes {made} too")


def in_order(found: Sets) -> list[str]:
    """Names, those first whose views others read. Raises DeclarationError for a cycle."""
    done: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in done:
            return
        for source, maker in _read(found, name):
            if maker in (*above, name):
                circle = " -> ".join([*above[above.index(maker) if maker in above else len(above) :], name, maker])
                _refuse(("features", name, "sources", source, "table"), f"a cycle of feature views: {circle}")
            visit(maker, (*above, name))
        done[name] = None

    for name in found:
        visit(name, ())
    return list(done)


def check_leaks(found: Sets) -> None:
    """Raise DeclarationError where a feature is made of a label, or of what becomes known with it, through any views.

    The declarations have no cycle.
    """
    for name, features in found.items():
        _check_times(found, name)
        hidden = _hidden(found, features)
        for path, source, column in _columns_read(features):
            table = features.sources[source].table
            maker = _maker(found, table)
            label = found[maker].label if maker else None
            where = ("features", name, *path)
            if label is not None and label.name.lower() == column.lower():
                _refuse(where, f"{label.name} is the label of features.{maker}: no feature may use it")
            leaked = made_of(found, table, column) & hidden
            if leaked:
                known, theirs = min(leaked)
                what = "which is the label or becomes known with it: no feature may use it"
                _refuse(where, f"{column} of {table} is made of [{theirs}] of {known}, {what}")


def _check_times(found: Sets, name: str) -> None:
    """A feature view's row is known at its own time, whatever a declaration that reads it says."""
    features = found[name]
    for source, maker in _read(found, name):
        time, path = found[maker].time, ("features", name, "sources", source)
        if time is None:
            continue
        if features.sources[source].static:
            _refuse((*path, "static"), f"features.{maker} has a time: its rows become known one by one, at {time}")
        if (features.time_of(source) or "").lower() != time.lower():
            _refuse((*path, "time"), f"the rows of features.{maker} are known at {time}: name it as their time")


def made_of(found: Sets, table: str, column: str) -> frozenset[Origin]:
    """What a column of a table or view is made of: columns of tables that the project does not make."""
    maker = _maker(found, table)
    if maker is None:
        return frozenset([(_key(table), column.lower())])
    features = found[maker]
    return frozenset(
        origin
        for source, theirs in _sources_of(features).get(column.lower(), ())
        for origin in made_of(found, features.sources[source].table, theirs)
    )


def _hidden(found: Sets, features: FeatureSet) -> frozenset[Origin]:
    """The columns that are known only with the label of the own row; what a label ahead is made of was known before."""
    label = features.label
    if not isinstance(label, OwnLabel):
        return frozenset()
    table = features.sources[features.rows].table
    return frozenset(origin for name in (label.column, *label.also) for origin in made_of(found, table, name))


def _columns_read(features: FeatureSet) -> Iterator[tuple[Path, str, str]]:
    """Each column that features are made of: its key, its source and its name there; ties are among them."""
    for key, number, group in features.groups:
        for column in columns_read(group):
            yield (key, number), group.source, column
    for name, source in features.sources.items():
        for column in source.ties:
            yield ("sources", name, "ties"), name, column


def _sources_of(features: FeatureSet) -> dict[str, set[tuple[str, str]]]:
    """The columns of sources that each column of the view is made of, by its name in lower case."""
    made: dict[str, set[tuple[str, str]]] = {
        ours.lower(): {(features.rows, theirs)} for ours, theirs in features.keys_of(features.rows)
    }
    time = features.time_of(features.rows)
    if features.time is not None and time is not None:
        made[features.time.lower()] = {(features.rows, time)}
    for _, _, group in features.groups:
        for output, column in _outputs(group):
            made.setdefault(output.lower(), set()).add((group.source, column))
    for one in features.expressions:
        read = parse_expression(features, one).columns
        made[one.name.lower()] = set().union(*(made.get(name.lower(), set()) for name in read))
    label = features.label
    if isinstance(label, (ClassAhead, NumberAhead)):
        made[label.name.lower()] = {(label.source, label.column)}
    elif label is not None:
        made[label.name.lower()] = {(features.rows, label.column)}
    return made


def _outputs(group: Windows | Lags | EventCounts | TimeSince | Attributes) -> Iterator[tuple[str, str]]:
    """Each column of the view that a group makes, with the column of the source that it is made of."""
    if isinstance(group, Windows):
        for span in group.over:
            for column in group.columns:
                yield from ((group.output(column, statistic, span), column) for statistic in group.statistics)
    elif isinstance(group, Lags):
        yield from ((group.output(column.name, lag), column.name) for lag in group.by for column in group.columns)
    elif isinstance(group, Attributes):
        yield from ((column.name, column.name) for column in group.columns)
        yield from ((output.name, coded.column) for coded in group.one_hot for output in coded.outputs)
    elif group.column is not None:
        yield from ((name, group.column) for name in group.values.values())


def _maker(found: Sets, table: str) -> str | None:
    """The declaration that makes a table, which is then a view of the project's own, or what is stored of it."""
    wanted = _key(table)
    for name, one in found.items():
        if wanted in [_key(made) for made in (one.view, one.stored) if made]:
            return name
    return None


def _read(found: Sets, name: str) -> Iterator[tuple[str, str]]:
    """The sources of a declaration that other declarations make, with their makers."""
    for source, one in found[name].sources.items():
        maker = _maker(found, one.table)
        if maker is not None:
            yield source, maker


def _key(name: str) -> str:
    return quoting.qualified(name).lower()


def _refuse(path: Path, message: str) -> None:
    raise DeclarationError(f"{'.'.join(map(str, path))}: {message}.", path)
