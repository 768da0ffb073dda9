"""What the templates of a feature view print: Python decides here, and every name goes through `quoting`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from pymlsql.features import parts, selection
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.groups import Attributes, ClassAhead, NumberAhead, OwnLabel
from pymlsql.features.meanings import column_meanings
from pymlsql.features.selection import DAY_MS
from pymlsql.features.terms import Length, parse_duration
from pymlsql.quoting import ident, integer, qualified, sqltype, string

ORIGIN = "'17530101'"
"""The first day of datetime, a Monday: slots and whole periods are counted from here, so that none is negative."""


class Plan:
    """A feature set taken apart for its templates. Text that a method gives is T-SQL."""

    def __init__(self, features: FeatureSet) -> None:
        """`features` is what is planned; nothing else is kept that it does not say."""
        self.features = features
        self.every = None if features.every is None else parse_duration(features.every)
        self.nothing = Length(0, "h")
        self.windows = parts.plan_windows(features)
        self.earlier = parts.plan_earlier(features)
        self.latest = parts.plan_latest(features)
        self.counts = parts.plan_counts(features)
        self.since = parts.plan_since(features)

    # --- slots -------------------------------------------------------------------------------------------------------

    def slot_number(self, source: str, alias: str) -> str:
        """The number of the slot in which the row `alias` of a source falls."""
        assert self.every is not None
        unit, step = _steps(self.every)
        time, kind = f"{alias}.{self.time(source)}", self.features.sources[source].time_type
        if kind == "datetime2":  # finer than any step back in milliseconds: ask whether it is later than a slot's end
            whole = f"DATEDIFF({unit}, {ORIGIN}, {time}) / {step}"
            end = f"DATEADD({unit}, {step} * ({whole}), CAST({ORIGIN} AS datetime2))"
            return f"{whole} + CASE WHEN {end} < {time} THEN 1 ELSE 0 END"
        stamp = time if kind == "datetime" else f"CAST({time} AS datetime)"
        return f"DATEDIFF({unit}, {ORIGIN}, DATEADD(millisecond, -3, {stamp})) / {step} + 1"

    def stamp(self, number: str) -> str:
        """The end of the slot with a number."""
        assert self.every is not None
        unit, step = _steps(self.every)
        return f"DATEADD({unit}, {step} * {number}, CAST({ORIGIN} AS datetime))"

    def numbers(self, first: int, last: int, alias: str) -> str:
        """A row source of the whole numbers first to last, its column n."""
        values = ", ".join(f"({integer(n)})" for n in range(first, last + 1))
        return f"(VALUES {values}) AS {alias} (n)"

    # --- sources -----------------------------------------------------------------------------------------------------

    def table(self, source: str) -> str:
        """The source's table."""
        return qualified(self.features.sources[source].table)

    def time(self, source: str) -> str:
        """The source's time column."""
        return ident(self.features.time_of(source))

    def keys(self, source: str) -> tuple[tuple[str, str], ...]:
        """The entity's columns that a source has: as the view calls each, and as the source does."""
        return tuple((ident(ours), ident(theirs)) for ours, theirs in self.features.keys_of(source))

    def grouped(self, source: str, alias: str) -> str:
        """The entity's columns of a common table expression over a source, a comma behind each."""
        return " ".join(f"{alias}.{ours}," for ours, _ in self.keys(source))

    def group_list(self, source: str, alias: str) -> str:
        """The same for GROUP BY, where another column follows."""
        return "".join(f"{alias}.{ours}, " for ours, _ in self.keys(source))

    def key_list(self, alias: str) -> str:
        """The keys of the view."""
        return ", ".join(f"{alias}.{ident(column.name)}" for column in self.features.keys)

    def of_row(self, source: str, alias: str = "t", outer: str = "s") -> str:
        """That a row of the source itself is of the entity of the row `outer`."""
        return " AND ".join(f"{alias}.{theirs} = {outer}.{ours}" for ours, theirs in self.keys(source)) or "1 = 1"

    def joined(self, source: str, alias: str) -> str:
        """That a row of a common table expression over slots belongs to the row s."""
        return " AND ".join([*(f"{alias}.{ours} = s.{ours}" for ours, _ in self.keys(source)),
                             f"{alias}.slot_no = s.slot_no"])  # fmt: skip

    def within_text(self, source: str, back: Length | None, ahead: Length | None, blanks: int) -> str:
        """Which rows of a source are read: from `back` before @since, to `ahead` after @until.

        A `back` makes the range half-open, as windows are; without it @since belongs to it.
        """
        return _all(self._within(source, back, ahead), blanks)

    def _within(self, source: str, back: Length | None, ahead: Length | None) -> list[str]:
        conditions = self._of_entity(source, "t")
        if self.features.time is not None:
            time = f"t.{self.time(source)}"
            since = back.shifted("@since", -1) if back and back.count else "@since"
            until = ahead.shifted("@until", 1) if ahead else "@until"
            conditions.append(f"(@since IS NULL OR {time} {'>=' if back is None else '>'} {since})")
            conditions.append(f"(@until IS NULL OR {time} <= {until})")
        return conditions

    def _of_entity(self, source: str, alias: str) -> list[str]:
        """That a row of a source is of the entity that the parameters name."""
        parameters = {one.name: f"@{one.parameter}" for one in self.features.entity}
        return [
            f"({parameters[ours]} IS NULL OR {alias}.{ident(theirs)} = {parameters[ours]})"
            for ours, theirs in self.features.keys_of(source)
        ]

    def known(self, source: str) -> str:
        """That a row t of a source is of the row s, and known at its time."""
        return f"{self.of_row(source)} AND t.{self.time(source)} <= {self.moment}"

    def in_window(self, source: str, length: Length, tumbling: bool = False) -> str:
        """That a row t of a source is in the window of the row s that ends at its time, or at the last whole period."""
        end, time = self.moment, f"t.{self.time(source)}"
        if tumbling:
            unit, step = _steps(length)
            end = f"DATEADD({unit}, DATEDIFF({unit}, {ORIGIN}, {end}) / {step} * {step}, CAST({ORIGIN} AS datetime))"
        return f"{self.of_row(source)}\n            AND {time} > {length.shifted(end, -1)} AND {time} <= {end}"

    def order(self, source: str, alias: str) -> str:
        """The latest row first; rows of one time by the source's ties, then by the values that are read."""
        return ", ".join(f"{alias}.{ident(name)} DESC" for name in self.features.tie_order(source))

    def row_columns(self, source: str) -> list[str]:
        """What the last rows of a source are made of: all by which they are ordered, the values that are read too."""
        return [f"t.{ident(name)}" for name in self.features.tie_order(source)]

    def age(self, source: str, alias: str) -> str:
        """How old a row of a source is at the time of the row s, in days; not above 0."""
        return f"DATEDIFF_BIG(millisecond, {self.moment}, {alias}.{self.time(source)}) / {DAY_MS}"

    def window_columns(self, window: parts.Window) -> list[str]:
        """What a window that is looked up is made of."""
        names = dict.fromkeys(aggregate.column for aggregate in window.aggregates)
        return [f"CAST(t.{ident(name)} AS float) AS {ident(name)}" for name in names]

    @property
    def moment(self) -> str:
        """The time of the row s."""
        return f"s.{ident(self.features.time)}"

    # --- the rows of the view ----------------------------------------------------------------------------------------

    @property
    def parameters(self) -> str:
        """The parameters of the functions with their types."""
        entity = [f"@{one.parameter} {sqltype(one.sql_type)}" for one in self.features.entity]
        return ", ".join([*entity, *(["@since datetime", "@until datetime"] if self.features.time else [])])

    @property
    def no_limits(self) -> str:
        """NULL for each parameter."""
        return ", ".join(["NULL"] * (len(self.features.entity) + (2 if self.features.time else 0)))

    @property
    def has_history(self) -> bool:
        """Whether a row needs a history behind it."""
        return self.features.needed_history.count > 0

    @property
    def _needs_clock(self) -> bool:
        return self.every is not None or isinstance(self.features.label, (ClassAhead, NumberAhead))

    def clocks(self, outer: str, blanks: int) -> str:
        """When the entity of the row `outer` was first read, and when the last of all: further columns of a SELECT."""
        return "".join(f",\n{' ' * blanks}{line}" for line in self._clocks(outer, blanks))

    def _clocks(self, outer: str, blanks: int) -> list[str]:
        own = self.features.rows
        inner = "o" if outer == "t" else "t"
        source = f"FROM {self.table(own)} AS {inner}"
        pairs = [(theirs, theirs if outer == "t" else ours) for ours, theirs in self.keys(own)]
        conditions = [f"{inner}.{theirs} = {outer}.{other}" for theirs, other in pairs]
        conditions += self._of_entity(own, inner)  # says no more, but that no other entity has to be looked at
        made = []
        if self.has_history:
            first = f"(SELECT MIN({inner}.{self.time(own)}) {source}"
            made.append(f"{first}\n{' ' * blanks}    WHERE {_all(conditions, blanks + 8)}) AS first_reading")
        if self._needs_clock:
            made.append(f"(SELECT MAX({inner}.{self.time(own)}) {source}) AS last_reading")
        return made

    def own_selected(self, columns: Sequence[str]) -> list[str]:
        """A row of the view's own source: keys, time as datetime, further columns, clocks."""
        own = self.features.rows
        made = [f"t.{theirs}" if ours == theirs else f"t.{theirs} AS {ours}" for ours, theirs in self.keys(own)]
        if self.features.time is not None:
            time, kind = f"t.{self.time(own)}", self.features.sources[own].time_type
            name = ident(self.features.time)
            plain = time if self.time(own) == name else f"{time} AS {name}"
            made.append(plain if kind == "datetime" else f"CAST({time} AS datetime) AS {name}")
            made += [f"t.{ident(column)}" for column in columns]
            return [*made, *self._clocks("t", 8)]
        return [*made, *(f"t.{ident(column)}" for column in columns)]

    def own_conditions(self, blanks: int) -> str:
        """Which rows of the view's own source are read; one without its keys is none of anybody."""
        own = self.features.rows
        names = [theirs for _, theirs in self.keys(own)] + ([self.time(own)] if self.features.time else [])
        return _all([*self._within(own, None, None), *(f"t.{name} IS NOT NULL" for name in names)], blanks)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Columns of the view's own rows that features and label are made of; keys come anyhow."""
        names = [name for group in self.features.attributes if self.features.is_own(group) for name in group.read]
        label = self.features.label
        return tuple(dict.fromkeys([*names, *([label.column] if isinstance(label, OwnLabel) else [])]))

    @property
    def row_conditions(self) -> list[str]:
        """Whether the row s is one of the view: all of these."""
        if self.features.time is None:
            return []
        conditions = []
        if self.has_history:
            conditions.append(f"s.first_reading <= {self.features.needed_history.shifted(self.moment, -1)}")
        if self.every is not None:
            conditions.append(f"{self.moment} <= s.last_reading")
            conditions.append(f"(@since IS NULL OR {self.moment} >= @since)")
            conditions.append(f"(@until IS NULL OR {self.moment} <= @until)")
        return conditions

    def row_condition_text(self, blanks: int) -> str:
        """The same as text."""
        return _all(self.row_conditions, blanks)

    @property
    def row_comment(self) -> list[str]:
        """What those conditions mean."""
        history = f"a whole history of {self.features.needed_history.words} behind it"
        ended = "a slot that has ended: some reading is as late as its end"
        needed = [history] * self.has_history + [ended] * (self.every is not None)
        return [f"A row needs {', and '.join(needed)}."]

    @property
    def head_comment(self) -> list[str]:
        """What a row is, and what it knows."""
        entity = " and ".join(ident(one.name) for one in self.features.entity)
        if self.features.time is None:
            return [f"One row per row of {self.table(self.features.rows)}, by {entity}. NULL is no limit."]
        time = ident(self.features.time)
        if self.every is None:
            rows = f"One row per row of {self.table(self.features.rows)}, by {entity} and {time}."
        else:
            rows = f"One row per {entity} and slot of {self.every.words}; {time} is the end of the slot."
        return [
            f"{rows} NULL is no limit; both ends of the",
            f"range belong to it. What carries a stamp up to and including {time} is known then, what is later is not.",
        ]

    # --- features and label ------------------------------------------------------------------------------------------

    @property
    def spread_windows(self) -> tuple[parts.Window, ...]:
        """Those that are made by spreading."""
        return tuple(window for window in self.windows if window.n_slots is not None)

    @property
    def looked_up_windows(self) -> tuple[parts.Window, ...]:
        """Those that each row looks up."""
        return tuple(window for window in self.windows if window.n_slots is None)

    @property
    def readings(self) -> tuple[parts.Reading, ...]:
        """The sources that are spread, each once."""
        return tuple(dict.fromkeys(window.reading for window in self.spread_windows if window.reading))

    @property
    def slot_window(self) -> parts.Window | None:
        """The window that is the slot itself, over the rows' own source: each slot has a row in it."""
        return next((window for window in self.spread_windows if window.is_whole and window.n_slots == 1), None)

    def count_of(self, count: parts.Events, alias: str, value: str) -> str:
        """How many of the rows `alias` are events of a kind."""
        if count.column is None:
            return "COUNT(*)"
        return f"SUM(CASE WHEN {alias}.{ident(count.column)} = {string(value)} THEN 1 ELSE 0 END)"

    def latest_of(self, since: parts.Events, value: str) -> str:
        """When the row t happened, if it is an event of a kind."""
        time = f"t.{self.time(since.source)}"
        return time if since.column is None else f"CASE WHEN t.{ident(since.column)} = {string(value)} THEN {time} END"

    def latest_comment(self, part: parts.Latest) -> str:
        """What is looked up."""
        if part.kind == "lag":
            return f"The row of {part.length.words} before, if there is one."
        what = "latest value" if part.kind == "last" else "least squares of value over days"
        if part.row_window is not None:
            rows = f"whole block of {part.row_window.n_rows}" if part.tumbling else f"{part.row_window.n_rows}"
            return f"The {what} of the last {rows} rows; NULL where not all are there."
        return f"The {what} of the {'last whole ' if part.tumbling else ''}{part.length.words} up to the row."

    def latest_value(self, part: parts.Latest, column: str) -> str:
        """The value that is taken of the row t."""
        return f"t.{ident(column)}" if part.kind == "lag" else f"CAST(t.{ident(column)} AS float)"

    def latest_condition(self, part: parts.Latest) -> str:
        """Which rows t are looked at."""
        if part.kind != "lag":
            found = self.in_window(part.source, part.length, part.tumbling)
            return f"{found} AND t.{ident(part.columns[0])} IS NOT NULL"
        time, moment = f"t.{self.time(part.source)}", part.length.shifted(self.moment, -1)
        if self.every is None:
            return f"{self.of_row(part.source)} AND {time} = {moment}"
        since = self.every.shifted(moment, -1)
        return f"{self.of_row(part.source)}\n        AND {time} > {since} AND {time} <= {moment}"

    @cached_property
    def attributes(self) -> tuple[tuple[str, Attributes], ...]:
        """Joins with static sources, each with its alias."""
        static = [group for group in self.features.attributes if not self.features.is_own(group)]
        return tuple((f"a{n if len(static) > 1 else ''}", group) for n, group in enumerate(static, start=1))

    @property
    def label_length(self) -> Length:
        """How far the label looks ahead."""
        label = self.features.label
        return parse_duration(label.ahead) if isinstance(label, (ClassAhead, NumberAhead)) else self.nothing

    @property
    def spread_label(self) -> int | None:
        """The number of slots over which events are spread for the label; None where it is looked up, or not ahead."""
        is_class = isinstance(self.features.label, ClassAhead)
        return parts.count_slots(self.features, self.label_length) if is_class else None

    @property
    def looked_up_label(self) -> bool:
        """Whether each row looks its label up."""
        return isinstance(self.features.label, (ClassAhead, NumberAhead)) and not self.spread_label

    @property
    def label_value(self) -> str:
        """The number of which the label is a statistic."""
        assert isinstance(self.features.label, NumberAhead)
        return f"CAST(t.{ident(self.features.label.column)} AS float)"

    @property
    def ahead(self) -> str:
        """That a row t of the label's source lies in the time that the label looks at."""
        label = self.features.label
        assert isinstance(label, (ClassAhead, NumberAhead))
        time = f"t.{self.time(label.source)}"
        until = self.label_length.shifted(self.moment, 1)
        return f"{self.of_row(label.source)} AND {time} > {self.moment} AND {time} <= {until}"

    @property
    def final_lines(self) -> list[str]:
        """The columns of the view but for expressions: keys, features, label, with their commas and comments."""
        return selection.final_lines(self)

    @property
    def view_lines(self) -> list[str]:
        """All columns of the view, each with its comma and what it means."""
        meanings = column_meanings(self.features)
        names = [column.name for column in self.features.columns]
        return [f"f.{ident(name)}{'' if name == names[-1] else ','}    -- {meanings[name]}" for name in names]

    @property
    def outer_lines(self) -> list[str]:
        """All columns of the view, over a derived table of the others."""
        return selection.outer_lines(self.features)


def _steps(length: Length) -> tuple[str, int]:
    """The unit in which slots and whole periods are counted, and how many of it: hours where that goes even."""
    return ("minute", length.minutes) if length.minutes % 60 else ("hour", length.minutes // 60)


def _all(conditions: Sequence[str], blanks: int) -> str:
    return f"\n{' ' * blanks}AND ".join(conditions) or "1 = 1"
