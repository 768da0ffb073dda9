"""What a feature view holds: one row per entity and time, declared, not programmed.

The rows of a view are either slots, the intervals (t - every, t] in which a source has rows, or the rows of a source
as they are. All features of a row look back from its time t; its label looks ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from pymlsql import quoting
from pymlsql.errors import DeclarationError
from pymlsql.features import checks
from pymlsql.features.groups import Attributes, EventCounts, Expression, Label, Lags, TimeSince, Windows
from pymlsql.features.store import Store
from pymlsql.features.terms import (
    Column,
    Duration,
    Frozen,
    Length,
    Name,
    Parameter,
    Qualified,
    SourceName,
    Type,
    parse_duration,
    parse_rows,
)
from pymlsql.wording import first_error

__all__ = ["Column", "Entity", "FeatureSet", "Name", "Parameter", "Qualified", "Source", "Type"]

NO_TIME = Length(0, "h")


class Entity(Column):
    """A column that says whose row it is, and the parameter of the functions that limits them to one value of it."""

    parameter: Parameter


class Source(Frozen):
    """A table or view that features are made of.

    `keys` says which of its columns are the entity's (by default those of the same names); a source that lacks one of
    the entity's columns leaves it out and counts for all. `time` is the column that says since when a row is known (by
    default the one that the view has); a `static` source has none, and one row per entity. Rows of one time are
    ordered by `ties`, then by the values that are read.
    """

    table: Qualified
    keys: dict[str, Name] | None = None
    static: bool = False
    time: Name | None = None
    time_type: Literal["datetime", "smalldatetime", "date", "datetime2"] = "datetime"
    ties: tuple[Name, ...] = ()


Group = Windows | Lags | EventCounts | TimeSince | Attributes


class FeatureSet(Frozen):
    """A feature view, the functions under it, and all that their T-SQL and their pandas twin need to know.

    With `every`, rows are the slots in which the source `rows` has rows; without it, its rows themselves. `history` is
    how much of it has to lie behind a row; by default as much as the longest window by time looks back.
    """

    view: Qualified
    entity: tuple[Entity, ...] = Field(min_length=1)
    time: Name | None = None
    rows: SourceName
    every: Duration | None = None
    history: Duration | None = None
    sources: dict[SourceName, Source] = Field(min_length=1)
    windows: tuple[Windows, ...] = ()
    lags: tuple[Lags, ...] = ()
    counts: tuple[EventCounts, ...] = ()
    since: tuple[TimeSince, ...] = ()
    attributes: tuple[Attributes, ...] = ()
    expressions: tuple[Expression, ...] = ()
    label: Label | None = None
    store: Store | None = None

    @property
    def function(self) -> str:
        """The inline function with the range as parameters: the view's name and `For`."""
        return self._beside("For")

    @property
    def slots(self) -> str:
        """The inline function that lists the rows without their features: the view's name and `Slots`."""
        return self._beside("Slots")

    @property
    def stored(self) -> str | None:
        """The table that keeps the view's rows, where there is one: it may be read instead of the view."""
        return None if self.store is None else self.store.table

    @property
    def refresh(self) -> str | None:
        """The procedure that makes the stored rows anew: by default Refresh and the view's name."""
        return None if self.store is None else self.store.refresh or self._beside("", "Refresh")

    @property
    def made(self) -> tuple[str, ...]:
        """All objects that the declaration makes."""
        kept = (self.stored, self.refresh)
        return (self.view, self.function, self.slots, *(name for name in kept if name is not None))

    def _beside(self, suffix: str, prefix: str = "") -> str:
        schema, name = quoting.parse_name(self.view)
        return quoting.qualified((schema, prefix + name + suffix))

    @property
    def keys(self) -> tuple[Column, ...]:
        """Entity and time, which identify a row. The time is a datetime: scripts cannot take a datetime2."""
        entity = tuple(Column(name=one.name, sql_type=one.sql_type) for one in self.entity)
        return entity if self.time is None else (*entity, Column(name=self.time, sql_type="datetime"))

    @property
    def groups(self) -> tuple[tuple[str, int, Group], ...]:
        """All groups of features in the order of the view, each with its key in the declaration and its number."""
        found: list[tuple[str, int, Group]] = []
        for key in ("windows", "lags", "counts", "since", "attributes"):
            found.extend((key, number, group) for number, group in enumerate(getattr(self, key)))
        return tuple(found)

    @property
    def features(self) -> tuple[Column, ...]:
        """What a model may take, in the order of the view."""
        return (*self.grouped, *(one.column for one in self.expressions))

    @property
    def grouped(self) -> tuple[Column, ...]:
        """Those that are made of sources, without the expressions over them."""
        return tuple(column for _, _, group in self.groups for column in group.outputs)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column of the view in order: keys, features, label."""
        label = () if self.label is None else (Column(name=self.label.name, sql_type=self.label.sql_type),)
        return (*self.keys, *self.features, *label)

    def keys_of(self, source: str) -> tuple[tuple[str, str], ...]:
        """The entity's columns that a source has: each as the view calls it, and as the source does."""
        keys = self.sources[source].keys
        if keys is None:
            return tuple((one.name, one.name) for one in self.entity)
        return tuple((one.name, keys[one.name]) for one in self.entity if one.name in keys)

    def time_of(self, source: str) -> str | None:
        """The column of a source that says when each of its rows is known; None for a static one."""
        found = self.sources[source]
        return None if found.static else found.time or self.time

    def is_own(self, group: Attributes) -> bool:
        """Whether these are columns of the view's own row."""
        return self.every is None and group.source == self.rows

    def tie_order(self, source: str) -> tuple[str, ...]:
        """By what the rows of a source are ordered: time, ties, and for the rest the values that features read."""
        time = self.time_of(source)
        groups: tuple[Windows | Lags, ...] = (*self.windows, *self.lags)
        read = [name for group in groups if group.source == source for name in checks.columns_read(group)]
        names = [*([] if time is None else [time]), *self.sources[source].ties, *read]
        return tuple(dict.fromkeys(names))

    @property
    def look_back(self) -> Length:
        """How far back windows and counts of time look, the longest; a whole period may have ended its length ago."""
        spans = [(2 if window.tumbling else 1, span) for window in self.windows for span in window.over]
        spans += [(1, count.over) for count in self.counts] + ([] if self.every is None else [(1, self.every)])
        lengths = [(periods, parse_duration(span)) for periods, span in spans if parse_rows(span) is None]
        reaches = [Length(periods * length.count, length.unit) for periods, length in lengths]
        return max(reaches, key=lambda length: length.minutes, default=NO_TIME)

    @property
    def needed_history(self) -> Length:
        """How long before a row the entity must have been known."""
        return self.look_back if self.history is None else parse_duration(self.history)

    @model_validator(mode="after")
    def _consistent(self) -> FeatureSet:
        checks.check(self)
        return self

    @classmethod
    def parse(cls, values: Mapping[str, object], where: tuple[str, ...] = ()) -> FeatureSet:
        """A declaration from plain data (TOML, JSON), which lies at the keys `where` of a file.

        Raises DeclarationError with the first contradiction; its `path` are the keys that lead there.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            path, message = _first(error)
            shown = ".".join(map(str, (*where, *path)))
            sentence = f"{shown}: {message}" if shown else message
            raise DeclarationError(f"The feature declaration is not usable: {sentence}.", (*where, *path)) from None


_TAGS = {"class", "number", "column"}


def _first(error: ValidationError) -> tuple[tuple[str | int, ...], str]:
    """The keys and the message of the first error; pydantic names the label's kind among the keys, a file does not."""
    place, message, cause = first_error(error, FeatureSet)
    path = list(place)
    if path[:1] == ["label"] and len(path) > 1 and path[1] in _TAGS:
        del path[1]
    if isinstance(cause, checks.Contradiction):
        return (*path, *cause.path), str(cause)
    return tuple(path), message
