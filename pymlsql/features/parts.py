"""The parts that the T-SQL of a feature view is made of: which windows share a pass over their source, and how.

A window over slots is made by spreading: each row of the source is joined with the numbers of the slots that see it,
and grouped. Where that would be too many, or rows are no slots, each row of the view looks its window up (OUTER APPLY).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pymlsql.features.declaration import FeatureSet
from pymlsql.features.groups import Windows
from pymlsql.features.terms import Length, parse_duration, parse_rows
from pymlsql.quoting import ident

SPREAD_SLOTS = 64
"""A source's rows are copied for at most so many slots; a longer window is looked up row by row."""

ALONE: tuple[Literal["last", "slope"], ...] = ("last", "slope")
"""Statistics of which each column needs a look of its own; the others share one pass."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One column of a window: which statistic of which column of the source, and its name in the view."""

    statistic: str
    column: str
    output: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of a source that spread windows need, read once."""

    alias: str
    source: str
    columns: tuple[str, ...]
    back: Length


@dataclass(frozen=True, slots=True)
class Window:
    """One window of time over one source: `alias` is its common table expression, or its OUTER APPLY.

    `n_slots` is None for one that is looked up; `is_whole` says that every row of the view has it.
    """

    alias: str
    source: str
    length: Length
    aggregates: tuple[Aggregate, ...]
    tumbling: bool
    n_slots: int | None
    reading: Reading | None
    is_whole: bool

    @property
    def slot(self) -> str:
        """T-SQL: the slot for which a row r counts, of those that see it."""
        if not self.tumbling:
            return "r.slot_no" if self.n_slots == 1 else "r.slot_no + ahead.n"
        assert self.n_slots is not None
        return f"(r.slot_no + {self.n_slots - 1}) / {self.n_slots} * {self.n_slots} + ahead.n"


@dataclass(frozen=True, slots=True)
class RowWindow:
    """A window of the last rows of a source, or its last whole block of them."""

    n_rows: int
    tumbling: bool

    @property
    def member(self) -> str:
        """T-SQL: whether the row w is in the window."""
        if self.tumbling:
            return f"w.nth > w.n_known % {self.n_rows} AND w.nth <= w.n_known % {self.n_rows} + {self.n_rows}"
        return f"w.nth <= {self.n_rows}"

    @property
    def is_full(self) -> str:
        """T-SQL over all rows w: whether every row of the window is there."""
        return f"MAX(w.{'n_known' if self.tumbling else 'nth'}) >= {self.n_rows}"

    @property
    def reach(self) -> int:
        """How many of the last rows have to be read."""
        return 2 * self.n_rows - 1 if self.tumbling else self.n_rows


@dataclass(frozen=True, slots=True)
class FromRows:
    """One column made of the last rows: an aggregate of a window of them, or the value of a single one."""

    output: str
    value: str
    column: str
    aggregate: Aggregate | None
    is_full: str
    reach: int
    tumbling: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """All that is taken from the last rows of one source."""

    alias: str
    source: str
    aggregated: tuple[FromRows, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the source that are read."""
        return tuple(dict.fromkeys(line.column for line in self.aggregated))

    @property
    def n_rows(self) -> int:
        """How many of the last rows are read."""
        return max(line.reach for line in self.aggregated)

    @property
    def needs_count(self) -> bool:
        """Whether all earlier rows have to be counted."""
        return any(line.tumbling for line in self.aggregated)


@dataclass(frozen=True, slots=True)
class Latest:
    """What needs a look of its own: `last` or `slope` of a window, or the `lag` stamped so long before."""

    kind: Literal["last", "slope", "lag"]

    alias: str
    source: str
    columns: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]
    length: Length
    tumbling: bool = False
    row_window: RowWindow | None = None

    @property
    def n_rows(self) -> int:
        """How many of the last rows a window of rows reads."""
        return self.row_window.reach if self.row_window else 0


@dataclass(frozen=True, slots=True)
class Events:
    """Counts or latest times of events by kind; without `length`, however long ago."""

    alias: str
    source: str
    column: str | None
    values: dict[str, str]
    length: Length
    n_slots: int | None


def count_slots(features: FeatureSet, length: Length) -> int | None:
    """How many slots a window has where it is spread over them; None where it is looked up."""
    if features.every is None:
        return None
    n_slots = length.minutes // parse_duration(features.every).minutes
    return n_slots if n_slots <= SPREAD_SLOTS else None


def plan_windows(features: FeatureSet) -> tuple[Window, ...]:
    """Windows of time; what has the same source and length shares one."""
    found: dict[tuple[str, str, bool], list[Aggregate]] = {}
    for group in features.windows:
        for span in group.over:
            if parse_rows(span) is None:
                shared = found.setdefault((group.source, span, group.tumbling), [])
                shared += _aggregates(group, span, lambda statistic: statistic not in ALONE)
    readings = _plan_readings(features, found)
    made = []
    for (source, span, tumbling), aggregates in found.items():
        length = parse_duration(span)
        n_slots = count_slots(features, length)
        alias = f"{source}_{'whole_' if tumbling else ''}{span}"
        is_whole = source == features.rows and not tumbling
        reading = None if n_slots is None else readings.get(source)
        if aggregates:
            made.append(Window(alias, source, length, tuple(aggregates), tumbling, n_slots, reading, is_whole))
    return tuple(made)


def _plan_readings(features: FeatureSet, windows: dict[tuple[str, str, bool], list[Aggregate]]) -> dict[str, Reading]:
    """The sources that are spread, each read once for all of its windows."""
    made: dict[str, Reading] = {}
    for (source, span, tumbling), aggregates in windows.items():
        length = parse_duration(span)
        if not aggregates or count_slots(features, length) is None:
            continue
        back = Length(length.count * 2, length.unit) if tumbling else length
        alias = "readings" if source == features.rows else f"{source}_readings"
        former = made.get(source) or Reading(alias, source, (), back)
        columns = dict.fromkeys([*former.columns, *(aggregate.column for aggregate in aggregates)])
        longest = max([former.back, back], key=lambda one: one.minutes)
        made[source] = Reading(alias, source, tuple(columns), longest)
    return made


def plan_earlier(features: FeatureSet) -> tuple[Earlier, ...]:
    """Windows and lags by rows, one part per source."""
    found: dict[str, list[FromRows]] = {}
    for group in features.windows:
        for span in group.over:
            n_rows = parse_rows(span)
            if n_rows is not None:
                window = RowWindow(n_rows, group.tumbling)
                for one in _aggregates(group, span, lambda statistic: statistic not in ALONE):
                    value = f"CASE WHEN {window.member} THEN CAST(w.{ident(one.column)} AS float) END"
                    line = FromRows(one.output, value, one.column, one, window.is_full, window.reach, group.tumbling)
                    found.setdefault(group.source, []).append(line)
    for lags in features.lags:
        for lag in lags.by:
            n_rows = parse_rows(lag)
            if n_rows is not None:
                for column in lags.columns:
                    value = f"CASE WHEN w.nth = {n_rows + 1} THEN w.{ident(column.name)} END"
                    output = lags.output(column.name, lag)
                    line = FromRows(output, value, column.name, None, "", n_rows + 1, False)
                    found.setdefault(lags.source, []).append(line)
    return tuple(Earlier(f"{source}_rows", source, tuple(lines)) for source, lines in found.items())


def plan_latest(features: FeatureSet) -> tuple[Latest, ...]:
    """Last values and slopes within windows, a part per column, and lags by time."""
    made = []
    for number, group in enumerate(features.windows, start=1):
        for place, span in enumerate(group.over, start=1):
            n_rows = parse_rows(span)
            window = None if n_rows is None else RowWindow(n_rows, group.tumbling)
            length = Length(0, "h") if n_rows is not None else parse_duration(span)
            for kind in (statistic for statistic in ALONE if statistic in group.statistics):
                for nth, column in enumerate(group.columns, start=1):
                    alias, taken = f"{kind}_{number}_{place}_{nth}", ((column, group.output(column, kind, span)),)
                    part = Latest(kind, alias, group.source, (column,), taken, length, group.tumbling, window)
                    made.append(part)
    for number, lags in enumerate(features.lags, start=1):
        for place, lag in enumerate(lags.by, start=1):
            if parse_rows(lag) is None:
                columns = tuple(column.name for column in lags.columns)
                outputs = tuple((name, lags.output(name, lag)) for name in columns)
                alias = f"lag_{number}_{place}"
                made.append(Latest("lag", alias, lags.source, columns, outputs, parse_duration(lag)))
    return tuple(made)


def plan_counts(features: FeatureSet) -> tuple[Events, ...]:
    """Counts of events."""
    made = []
    for number, group in enumerate(features.counts, start=1):
        length = parse_duration(group.over)
        n_slots = count_slots(features, length)
        made.append(Events(f"counts_{number}", group.source, group.column, group.values, length, n_slots))
    return tuple(made)


def plan_since(features: FeatureSet) -> tuple[Events, ...]:
    """Latest times of events."""
    return tuple(
        Events(f"since_{number}", group.source, group.column, group.values, Length(0, "h"), None)
        for number, group in enumerate(features.since, start=1)
    )


def _aggregates(group: Windows, span: str, wanted: Callable[[str], bool]) -> list[Aggregate]:
    return [
        Aggregate(statistic, column, group.output(column, statistic, span))
        for statistic in group.statistics
        for column in group.columns
        if wanted(statistic)
    ]
