"""Materialisation: the table that keeps the rows of a feature view, and the procedure that refreshes it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from pydantic import Field

from pymlsql import quoting
from pymlsql.features.groups import ClassAhead, NumberAhead, OwnLabel
from pymlsql.features.terms import DATEPARTS, Duration, Frozen, Length, Name, Qualified, parse_duration, parse_rows
from pymlsql.quoting import ident, sqltype

if TYPE_CHECKING:
    from pymlsql.features.declaration import FeatureSet


class Store(Frozen):
    """Where the rows of a feature view are kept, and how they are made anew.

    `refresh` names the procedure (by default Refresh and the view's name); `late` says how old a row of a source may be
    when it comes or is corrected, so that the next refresh still sees it; each `chunk` of time is a transaction.
    Without `primary_key` rows of one key may come twice, as they may in the view.
    """

    table: Qualified
    refresh: Qualified | None = None
    late: Duration = "1d"
    chunk: Duration = "30d"
    primary_key: bool = True
    granted_to: tuple[Name, ...] = Field(())


class Refresh:
    """What the templates of table and procedure print. Text that a property gives is T-SQL."""

    def __init__(self, features: FeatureSet) -> None:
        """`features` has a store."""
        assert features.store is not None
        self.features = features
        self.store = features.store
        self.late = parse_duration(self.store.late)
        self.chunk = parse_duration(self.store.chunk)

    @property
    def name(self) -> str:
        """The procedure."""
        assert self.features.refresh is not None
        return self.features.refresh

    @property
    def time(self) -> str:
        """The time column of the view."""
        return ident(self.features.time)

    @property
    def own_table(self) -> str:
        """The source of the view's rows."""
        return quoting.qualified(self.features.sources[self.features.rows].table)

    @property
    def own_time(self) -> str:
        """Its time column."""
        return ident(self.features.time_of(self.features.rows))

    @property
    def constraint(self) -> str:
        """The name of the primary key."""
        return self._named("PK_")

    @property
    def index(self) -> str:
        """The name of the columnstore index."""
        return self._named("CCI_")

    def _named(self, prefix: str) -> str:
        return prefix + quoting.parse_name(self.store.table)[1][: 100 - len(prefix)]

    @property
    def lines(self) -> list[str]:
        """The columns of the table, and its keys, with their commas."""
        keys = [column.name for column in self.features.keys]
        made = [
            f"{ident(column.name)} {sqltype(column.sql_type)} {'NOT NULL' if column.name in keys else 'NULL'}"
            for column in self.features.columns
        ]
        if self.store.primary_key:
            made.append(f"CONSTRAINT {ident(self.constraint)} PRIMARY KEY NONCLUSTERED ({', '.join(map(ident, keys))})")
        made.append(f"INDEX {ident(self.index)} CLUSTERED COLUMNSTORE")
        return [f"{line}," for line in made[:-1]] + made[-1:]

    @property
    def no_entity(self) -> str:
        """NULL for each parameter of the function that is a column of the entity."""
        return ", ".join(["NULL"] * len(self.features.entity))

    @property
    def lock(self) -> str:
        """The application lock that a refresh holds."""
        return f"pymlsql.refresh {quoting.qualified(self.store.table)}"[:255]

    @property
    def lock_timeout_ms(self) -> int:
        """How long a refresh waits for a piece of another one of the same table."""
        return 600_000

    # --- what a row of a source moves --------------------------------------------------------------------------------

    @property
    def ahead(self) -> Length | None:
        """How far the label looks ahead."""
        label = self.features.label
        return parse_duration(label.ahead) if isinstance(label, (ClassAhead, NumberAhead)) else None

    @property
    def begin(self) -> str:
        """T-SQL: where an incremental refresh begins, by @since, the time of the last row that is stored."""
        moment = self.late.shifted("@since", -1)
        return moment if self.ahead is None else self.ahead.shifted(moment, -1)

    @property
    def next(self) -> str:
        """T-SQL: the end of the chunk that begins at @from."""
        return f"DATEADD({DATEPARTS[self.chunk.unit]}, {self.chunk.count}, @from)"

    @property
    def own_label(self) -> OwnLabel | None:
        """The label, where it is a column of the own row, which may become known at any time."""
        label = self.features.label
        return label if isinstance(label, OwnLabel) else None

    @property
    def label_value(self) -> str:
        """T-SQL: that column of the row o."""
        assert self.own_label is not None
        return f"CAST(o.{ident(self.own_label.column)} AS {sqltype(self.own_label.sql_type)})"

    @property
    def same_row(self) -> str:
        """T-SQL: that a row o of the view's own source is the row t of the table."""
        pairs = [
            *self.features.keys_of(self.features.rows),
            (self.features.time, self.features.time_of(self.features.rows)),
        ]
        return " AND ".join(f"o.{ident(theirs)} = t.{ident(ours)}" for ours, theirs in pairs)

    @property
    def reach(self) -> str:
        """Which rows of the view a row of a source moves, in words."""
        back = "its own stamp" if self.ahead is None else f"{self.ahead.words} before its stamp"
        if self._is_endless:
            return f"the rows of its entity from {back} on"
        first = ", all later ones if it is the first of its entity" if self.features.needed_history.count else ""
        back = "the rows of its entity from " + back
        if not self.features.look_back.count:
            return f"{back} to that{first}" if self.ahead else f"the row of its entity and stamp{first}"
        return f"{back} to {self.features.look_back.words} after it{first}"

    @property
    def _is_endless(self) -> bool:
        """Whether something looks back as far as it takes."""
        spans = [span for group in self.features.windows for span in group.over]
        spans += [span for group in self.features.lags for span in group.by]
        by_rows = any(parse_rows(span) is not None for span in spans)
        return bool(self.features.since) or by_rows

    @property
    def static_tables(self) -> list[str]:
        """The sources without a time that features read."""
        named = {group.source for group in self.features.attributes if not self.features.is_own(group)}
        return [quoting.qualified(one.table) for name, one in self.features.sources.items() if name in named]

    @property
    def comment(self) -> list[str]:
        """What the procedure does, for those who read it on the server."""
        label = "" if self.ahead is None else f", and {self.ahead.words} more, as far as labels look ahead"
        stored, view = quoting.qualified(self.store.table), quoting.qualified(self.features.view)
        paragraphs = [
            f"Makes rows of {stored} anew from {view}, {self.chunk.words} to a transaction: what is stored of them is "
            "deleted, and what the view says now is inserted.",
            f"Without parameters it begins {self.late.words} before the last stored row, so late may rows of the "
            f"sources come or be corrected{label}; where none is stored, it makes all. @since, @until: the rows of "
            "that range, both ends included. @full = 1: all rows. Cut off, it is begun again with the same parameters.",
            f"A row of a source that comes, changes or goes moves {self.reach}: where it is older than "
            f"{self.late.words}, name that range.",
        ]
        if self.static_tables:
            changed = f"A change in {', '.join(self.static_tables)}, which has no time, may move any row: @full = 1."
            paragraphs.append(changed)
        return [line for text in paragraphs for line in _wrapped(text)]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 116, break_long_words=False, break_on_hyphens=False)
