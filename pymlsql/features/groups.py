"""What a feature view can hold beside its keys: groups of features that are read alike, and its label.

Times: t is the time of a row of the view. What is stamped t or before is known at t, what is later is not; every
group looks back from t, the label alone looks ahead. docs/features.md decides gaps, ties, first windows and NULLs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, model_validator

from pymlsql.features.terms import Column, Duration, Frozen, Name, SourceName, Span, Type, span_suffix
from pymlsql.features.twins import check_twin

Statistic = Literal["mean", "sd", "min", "max", "sum", "count", "last", "slope"]


class Windows(Frozen):
    """Statistics of numeric columns over windows that end at t: `{column}{statistic}_{window}` each.

    A `tumbling` window is the latest whole period that has ended at t: 24h is the last whole day, 7 rows the last
    whole seven, counted from the entity's first row.
    """

    source: SourceName
    columns: tuple[Name, ...] = Field(min_length=1)
    over: tuple[Span, ...] = Field(min_length=1)
    statistics: tuple[Statistic, ...] = Field(("mean", "sd"), min_length=1)
    tumbling: bool = False

    def output(self, column: str, statistic: str, span: str) -> str:
        """The name of a column of the view."""
        return f"{column}{statistic}_{'whole_' if self.tumbling else ''}{span_suffix(span)}"

    @property
    def outputs(self) -> tuple[Column, ...]:
        """Window by window, statistic by statistic; counts are int, all others float."""
        return tuple(
            Column(name=self.output(column, statistic, span), sql_type="int" if statistic == "count" else "float")
            for span in self.over
            for statistic in self.statistics
            for column in self.columns
        )


class Lags(Frozen):
    """Values of earlier rows, as they are: `{column}_lag_{lag}`.

    By rows: so many rows before the latest row that is known at t, which is the row of t itself where the view has a
    row for each row of this source. By time: the row stamped exactly so long before t; NULL where there is none.
    """

    source: SourceName
    columns: tuple[Column, ...] = Field(min_length=1)
    by: tuple[Span, ...] = Field(min_length=1)

    def output(self, column: str, lag: str) -> str:
        """The name of a column of the view."""
        return f"{column}_lag_{lag.removesuffix(' rows')}"

    @property
    def outputs(self) -> tuple[Column, ...]:
        """Lag by lag, the columns of each, in their own types."""
        return tuple(
            Column(name=self.output(column.name, lag), sql_type=column.sql_type)
            for lag in self.by
            for column in self.columns
        )


class _Kinds(Frozen):
    """Events by kind; without `column` all are of one kind, whose column in the view is `name`."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if isinstance(given, dict) and "name" in given and "column" not in given and "values" not in given:
            return {key: value for key, value in given.items() if key != "name"} | {"values": {"": given["name"]}}
        return given

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if getattr(self, "column", None) is None and list(getattr(self, "values", {})) != [""]:
            raise ValueError("either column and values, or, to take all events as one kind, name")
        return self


class EventCounts(_Kinds):
    """How many events of each kind the source holds within the last `over`; 0 where it holds none."""

    source: SourceName
    column: Name | None = None
    values: dict[str, Name] = Field(min_length=1)
    over: Duration

    @property
    def outputs(self) -> tuple[Column, ...]:
        """One int a kind, in the order of `values` (kind: name of its column in the view)."""
        return tuple(Column(name=name, sql_type="int") for name in self.values.values())


class TimeSince(_Kinds):
    """Days, with their fraction, since the latest event of each kind; NULL where the source holds none up to t."""

    source: SourceName
    column: Name | None = None
    values: dict[str, Name] = Field(min_length=1)

    @property
    def outputs(self) -> tuple[Column, ...]:
        """One float a kind, in the order of `values` (kind: name of its column in the view)."""
        return tuple(Column(name=name, sql_type="float") for name in self.values.values())


class OneHot(Frozen):
    """1 in `{column}_{value}` for the value that `column` has, 0 in the others; all 0 for a value not listed."""

    column: Name
    values: tuple[str, ...] = Field(min_length=1)

    @property
    def outputs(self) -> tuple[Column, ...]:
        """One int a value."""
        return tuple(Column(name=f"{self.column}_{value}", sql_type="int") for value in self.values)


class Attributes(Frozen):
    """What a static source says of an entity, NULL for one that it lacks; or columns of the view's own row."""

    source: SourceName
    columns: tuple[Column, ...] = ()
    one_hot: tuple[OneHot, ...] = ()

    @property
    def outputs(self) -> tuple[Column, ...]:
        """The columns as they are, then the one-hot columns."""
        return self.columns + tuple(column for coded in self.one_hot for column in coded.outputs)

    @property
    def read(self) -> tuple[str, ...]:
        """The columns of the source that are looked at, each once."""
        names = [*(column.name for column in self.columns), *(coded.column for coded in self.one_hot)]
        return tuple(dict.fromkeys(names))


class Expression(Frozen):
    """A column made of others of the same row by a T-SQL expression; see pymlsql.features.expressions.

    It may name keys and features, neither the label nor other expressions. `pandas` is the same for DataFrame.eval;
    without it the pandas twin does not know the column, and it is compared with nothing.
    """

    name: Name
    sql_type: Type = Field(validation_alias=AliasChoices("sql_type", "type"))
    sql: str
    pandas: Annotated[str, AfterValidator(check_twin)] | None = None

    @property
    def column(self) -> Column:
        """Its column of the view."""
        return Column(name=self.name, sql_type=self.sql_type)


class ClassAhead(Frozen):
    """The kind of the first event of the source within (t, t + ahead], else `none`.

    Of several events at one time the kind that sorts first counts. NULL while the rows of the view do not yet reach
    to the end of that time: nobody knows.
    """

    kind: Literal["class"] = "class"
    source: SourceName
    column: Name
    name: Name
    sql_type: Type = Field(validation_alias=AliasChoices("sql_type", "type"))
    values: tuple[str, ...] = Field(min_length=1)
    none: str = "none"
    ahead: Duration

    @property
    def classes(self) -> tuple[str, ...]:
        """`none`, then the kinds."""
        return (self.none, *self.values)


class NumberAhead(Frozen):
    """A statistic of a numeric column of the source over (t, t + ahead]; NULL while nobody knows.

    `none` is the label where no value lies within that time; without it that label is NULL too (0 for a count).
    """

    kind: Literal["number"]
    source: SourceName
    column: Name
    statistic: Literal["mean", "min", "max", "sum", "count"]
    name: Name
    none: float | None = None
    ahead: Duration

    @property
    def sql_type(self) -> str:
        """What the label is in the view."""
        return "float"

    @property
    def classes(self) -> tuple[str, ...]:
        """None: it is a number."""
        return ()


class OwnLabel(Frozen):
    """A column of the view's own row, known only later; `also` names columns that become known with it.

    Neither it nor those may be among the features, nor anything that is computed from them.
    """

    kind: Literal["column"]
    column: Name
    name: Name
    sql_type: Type = Field(validation_alias=AliasChoices("sql_type", "type"))
    values: tuple[str, ...] = ()
    also: tuple[Name, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The values declared, the harmless one first; none for a number."""
        return self.values


Label = Annotated[ClassAhead | NumberAhead | OwnLabel, Field(discriminator="kind")]
"""`kind` decides: class, number or column."""
