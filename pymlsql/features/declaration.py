"""What a feature view holds: one row per entity (a machine) and slot (three hours), declared, not programmed.

Time: a slot is the half-open interval (t - slot, t] and carries the stamp t, a whole multiple of the slot's length
since midnight. What is stamped t or before is known at t; all windows end at t, the label's window begins after it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pymlsql import quoting
from pymlsql.errors import DeclarationError, TemplateError

HOURS_A_DAY = 24
SLOT_NUMBER = "slot_no"
"""The name that the generated text itself gives to a slot's number; no column of the view can have it."""

STATISTICS = ("mean", "sd")
"""What a telemetry window gives of a column: arithmetic mean, and sample standard deviation (NULL below two values)."""


def _checked_name(name: str) -> str:
    try:
        quoting.ident(name)
    except TemplateError as error:
        raise ValueError(str(error)) from None
    return name


def _checked_qualified(name: str) -> str:
    try:
        n_parts = len(quoting.parse_name(name))
        quoting.qualified(name)
    except TemplateError as error:
        raise ValueError(str(error)) from None
    if n_parts != 2:
        raise ValueError(f"{name!r} needs a schema and a name, as in dbo.{name}")
    return name


def _checked_type(sql_type: str) -> str:
    try:
        return quoting.sqltype(sql_type)
    except TemplateError as error:
        raise ValueError(str(error)) from None


Name = Annotated[str, AfterValidator(_checked_name)]
"""A column's name, unquoted."""

Qualified = Annotated[str, AfterValidator(_checked_qualified)]
"""schema.object"""

Type = Annotated[str, AfterValidator(_checked_type)]
"""A T-SQL type, in lower case."""

Parameter = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
"""A parameter's name without its @; T-SQL has no quotes for these."""

Hours = Annotated[int, Field(ge=1, le=24 * 366)]
"""A length of time in whole hours."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Frozen):
    """A column and its T-SQL type."""

    name: Name
    sql_type: Type


class Windows(_Frozen):
    """Mean and sd of numeric columns over windows of `hours`: `{column}mean_{hours}h`, `{column}sd_{hours}h`.

    The first window is the slot itself. `table` decides which slots there are.
    """

    table: Qualified
    columns: tuple[Name, ...] = Field(min_length=1)
    hours: tuple[Hours, ...] = Field(min_length=1)

    def output(self, column: str, statistic: str, hours: int) -> str:
        """The name of a column of the view."""
        return f"{column}{statistic}_{hours}h"

    @property
    def outputs(self) -> tuple[Column, ...]:
        """Window by window, all means before all sds."""
        return tuple(
            Column(name=self.output(column, statistic, hours), sql_type="float")
            for hours in self.hours
            for statistic in STATISTICS
            for column in self.columns
        )


class EventCounts(_Frozen):
    """How many events of each kind `table` holds within the last `hours`; 0 where it holds none."""

    table: Qualified
    column: Name
    values: dict[str, Name] = Field(min_length=1)
    hours: Hours

    @property
    def outputs(self) -> tuple[Column, ...]:
        """One int a kind, in the order of `values` (kind: name of its column in the view)."""
        return tuple(Column(name=name, sql_type="int") for name in self.values.values())


class TimeSince(_Frozen):
    """Days, with their fraction, since the latest event of each kind; NULL where `table` holds none up to then."""

    table: Qualified
    column: Name
    values: dict[str, Name] = Field(min_length=1)

    @property
    def outputs(self) -> tuple[Column, ...]:
        """One float a kind, in the order of `values` (kind: name of its column in the view)."""
        return tuple(Column(name=name, sql_type="float") for name in self.values.values())


class OneHot(_Frozen):
    """1 in `{column}_{value}` for the value that `column` has, 0 in the others; all 0 for a value not listed."""

    column: Name
    values: tuple[str, ...] = Field(min_length=1)

    @property
    def outputs(self) -> tuple[Column, ...]:
        """One int a value."""
        return tuple(Column(name=f"{self.column}_{value}", sql_type="int") for value in self.values)


class Attributes(_Frozen):
    """What `table`, with one row per entity, says of it; NULL in all columns for an entity that it lacks."""

    table: Qualified
    columns: tuple[Column, ...] = ()
    one_hot: tuple[OneHot, ...] = ()

    @property
    def outputs(self) -> tuple[Column, ...]:
        """The columns as they are, then the one-hot columns."""
        return self.columns + tuple(column for coded in self.one_hot for column in coded.outputs)


class LabelAhead(_Frozen):
    """The kind of the first event of `table` within the `hours` after the slot, else `none`.

    Of several events at one time the kind that sorts first counts. NULL where telemetry does not yet reach to the end
    of the window: nobody knows.
    """

    table: Qualified
    column: Name
    name: Name
    sql_type: Type
    values: tuple[str, ...] = Field(min_length=1)
    none: str = "none"
    hours: Hours

    @property
    def classes(self) -> tuple[str, ...]:
        """`none`, then the kinds."""
        return (self.none, *self.values)


class FeatureSet(_Frozen):
    """A feature view, the functions under it, and all that their T-SQL and their pandas twin need to know."""

    view: Qualified
    entity: Column
    parameter: Parameter
    time: Name
    slot_hours: Hours
    telemetry: Windows
    counts: tuple[EventCounts, ...] = ()
    since: tuple[TimeSince, ...] = ()
    attributes: Attributes | None = None
    label: LabelAhead

    @property
    def function(self) -> str:
        """The inline function with the range as parameters: the view's name and `For`."""
        schema, name = quoting.parse_name(self.view)
        return quoting.qualified((schema, name + "For"))

    @property
    def slots(self) -> str:
        """The inline function that lists the rows without their features: the view's name and `Slots`."""
        schema, name = quoting.parse_name(self.view)
        return quoting.qualified((schema, name + "Slots"))

    @property
    def keys(self) -> tuple[Column, Column]:
        """Entity and time, which identify a row. The time is a datetime: scripts cannot take a datetime2."""
        return self.entity, Column(name=self.time, sql_type="datetime")

    @property
    def features(self) -> tuple[Column, ...]:
        """What a model may take, in the order of the view."""
        groups = (self.telemetry, *self.counts, *self.since, *((self.attributes,) if self.attributes else ()))
        return tuple(column for group in groups for column in group.outputs)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column of the view in order: keys, features, label."""
        return (*self.keys, *self.features, Column(name=self.label.name, sql_type=self.label.sql_type))

    @property
    def history_hours(self) -> int:
        """How far back a slot's features look: the longest window of telemetry or counts."""
        return max(*self.telemetry.hours, *(count.hours for count in self.counts), self.slot_hours)

    @model_validator(mode="after")
    def _consistent(self) -> FeatureSet:
        if HOURS_A_DAY % self.slot_hours:
            raise ValueError("slot_hours must divide 24, so that slots end at the same clock times every day")
        lengths = [*self.telemetry.hours, *(count.hours for count in self.counts), self.label.hours]
        uneven = [hours for hours in lengths if hours % self.slot_hours]
        if uneven:
            raise ValueError(f"windows are whole numbers of slots of {self.slot_hours} h: {uneven[0]} h is none")
        if self.telemetry.hours[0] != self.slot_hours or len(set(self.telemetry.hours)) != len(self.telemetry.hours):
            raise ValueError("the first telemetry window is the slot itself, and no window comes twice")
        if self.entity.sql_type.partition("(")[0] not in ("int", "nvarchar"):
            raise ValueError(f"the entity's type must be int or nvarchar, not {self.entity.sql_type}")
        if len(set(self.label.classes)) != len(self.label.classes):
            raise ValueError("the label's values and its none must differ")
        names = [SLOT_NUMBER, *(column.name.lower() for column in self.columns)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the view would have two columns {twice[0]}")
        return self

    @classmethod
    def parse(cls, values: dict[str, object]) -> FeatureSet:
        """A declaration from plain data (TOML, JSON). Raises DeclarationError with the first contradiction."""
        try:
            return cls.model_validate(values)
        except ValueError as error:
            raise DeclarationError(f"The feature declaration is not usable: {_first_line(error)}") from None


def _first_line(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}." if where else f"{first['msg']}."
