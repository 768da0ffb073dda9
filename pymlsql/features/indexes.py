"""Indexes on the sources that a feature function looks rows up with, and which of them a server has already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymlsql import quoting, templates
from pymlsql.features.checks import columns_read
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.groups import ClassAhead, NumberAhead, OwnLabel

if TYPE_CHECKING:
    from pymlsql.database import Database

MAX_NAME = 64
"""Longer names are cut; one of them may hold characters that count twice."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index: its keys, the columns that it holds besides, and the views that it is for.

    The first `n_equal` keys are compared with =, so that their order among themselves means nothing.
    """

    table: str
    keys: tuple[str, ...]
    included: tuple[str, ...]
    n_equal: int
    views: tuple[str, ...]

    @property
    def name(self) -> str:
        """IX, the table and the keys."""
        name = "_".join(("IX", quoting.parse_name(self.table)[1], *self.keys))
        if len(name) <= MAX_NAME:
            return name
        return f"{name[: MAX_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"

    @property
    def comment(self) -> str:
        """What it is for."""
        if self.n_equal:
            what = "rows of an entity by time" if self.n_equal < len(self.keys) else "the row of an entity"
        else:
            what = "a range of time, of all entities" if len(self.keys) > 1 else "the last time of all rows"
        return f"{', '.join(self.views)}: {what}."

    def render(self) -> str:
        """CREATE INDEX."""
        return templates.render("indexes/source.sql.j2", index=self).rstrip()


@dataclass(frozen=True, slots=True)
class Present:
    """An index that a table has; a clustered one holds all columns."""

    keys: tuple[str, ...]
    included: tuple[str, ...]
    is_clustered: bool

    def serves(self, wanted: Index) -> bool:
        """Whether it does what another would do: the same rows, found as fast, with the columns that are read."""
        keys = [name.lower() for name in self.keys]
        equal, then = keys[: wanted.n_equal], keys[wanted.n_equal : len(wanted.keys)]
        if sorted(equal) != sorted(name.lower() for name in wanted.keys[: wanted.n_equal]):
            return False
        if then != [name.lower() for name in wanted.keys[wanted.n_equal :]]:
            return False
        held = {*keys, *(name.lower() for name in self.included)}
        return self.is_clustered or held >= {name.lower() for name in wanted.included}


def suggest(found: Iterable[FeatureSet]) -> tuple[Index, ...]:
    """The indexes that features want on tables that these declarations do not make; those of one table together."""
    found = tuple(found)
    made = {quoting.qualified(name).lower() for features in found for name in (features.view, features.stored) if name}
    wanted: dict[tuple[str, tuple[str, ...], int], tuple[dict[str, None], dict[str, None]]] = {}
    for features in found:
        for one in _of(features):
            if quoting.qualified(one.table).lower() in made:
                continue
            key = (quoting.qualified(one.table), one.keys, one.n_equal)
            included, views = wanted.setdefault(key, ({}, {}))
            included.update(dict.fromkeys(one.included))
            views.update(dict.fromkeys(one.views))
    return tuple(
        Index(table, keys, tuple(name for name in included if name not in keys), n_equal, tuple(views))
        for (table, keys, n_equal), (included, views) in wanted.items()
    )


def _of(features: FeatureSet) -> Iterator[Index]:
    for name, source in features.sources.items():
        keys = tuple(theirs for _, theirs in features.keys_of(name))
        time = features.time_of(name)
        read = tuple(column for column in _read(features, name) if column not in (*keys, time))
        if not read and name not in _named(features):
            continue
        by_time = () if time is None else (time,)
        view = (quoting.qualified(features.view),)
        if keys or by_time:
            yield Index(source.table, (*keys, *by_time), read, len(keys), view)
        if time is not None and features.store is not None and keys:
            yield Index(source.table, (time, *keys), read, 0, view)
        elif time is not None and name == features.rows and _asks_clock(features):
            yield Index(source.table, (time,), (), 0, view)


def _asks_clock(features: FeatureSet) -> bool:
    """Whether the last time of all rows is asked for."""
    return features.every is not None or isinstance(features.label, (ClassAhead, NumberAhead))


def _named(features: FeatureSet) -> set[str]:
    """The sources that something is made of."""
    named = {features.rows, *(group.source for _, _, group in features.groups)}
    label = features.label
    return named | ({label.source} if isinstance(label, (ClassAhead, NumberAhead)) else set())


def _read(features: FeatureSet, source: str) -> dict[str, None]:
    """The columns of a source that the function reads, beside keys and time."""
    read = dict.fromkeys(features.sources[source].ties)
    for _, _, group in features.groups:
        if group.source == source:
            read |= dict.fromkeys(columns_read(group))
    label = features.label
    if isinstance(label, OwnLabel) and source == features.rows:
        read[label.column] = None
    if isinstance(label, (ClassAhead, NumberAhead)) and label.source == source:
        read[label.column] = None
    return read


_INDEXES = """\
SELECT i.index_id, i.type, c.name, k.is_included_column
FROM sys.indexes AS i
JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id
JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id
WHERE i.object_id = OBJECT_ID(?) AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.has_filter = 0
ORDER BY i.index_id, k.is_included_column, k.key_ordinal, k.index_column_id"""

_IS_TABLE = "SELECT COUNT(*) FROM sys.tables WHERE object_id = OBJECT_ID(?)"


def missing(db: Database, wanted: Iterable[Index]) -> tuple[Index, ...]:
    """Those that no index of the server serves; views and tables that are not there are left out."""
    return tuple(
        one
        for one in wanted
        if db.scalar(_IS_TABLE, (one.table,)) and not any(found.serves(one) for found in read_present(db, one.table))
    )


def read_present(db: Database, table: str) -> tuple[Present, ...]:
    """The indexes of a table that rows can be looked up with: neither columnstore nor filtered nor disabled."""
    rows: dict[int, list[tuple[int, str, bool]]] = {}
    for row in db.rows(_INDEXES, (table,)):
        rows.setdefault(row.index_id, []).append((row.type, row.name, bool(row.is_included_column)))
    return tuple(_present(columns) for columns in rows.values())


def _present(columns: list[tuple[int, str, bool]]) -> Present:
    keys = tuple(name for _, name, is_included in columns if not is_included)
    included = tuple(name for _, name, is_included in columns if is_included)
    return Present(keys, included, columns[0][0] == 1)


def render(indexes: Iterable[Index]) -> str:
    """One script, a batch an index."""
    return "".join(f"{one.render()}\nGO\n" for one in indexes)
