"""The words of a feature declaration: names, types, lengths of time and windows, each checked where it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field

from pymlsql import quoting
from pymlsql.errors import TemplateError

MINUTES = {"min": 1, "h": 60, "d": 24 * 60}
"""Minutes of a unit of time, by how a declaration writes the unit."""

DATEPARTS = {"min": "minute", "h": "hour", "d": "day"}
"""T-SQL's word for the same units."""

MAX_MINUTES = 10 * 366 * 24 * 60
MAX_ROWS = 10_000

STATISTICS = ("mean", "sd", "min", "max", "sum", "count", "last", "slope")
"""What a window gives of a column; docs/features.md defines each."""

_DURATION = re.compile(r"([1-9][0-9]{0,8}) ?(min|h|d)")
_ROWS = re.compile(r"(0|[1-9][0-9]{0,4}) ?rows?")


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


def _checked_duration(text: str) -> str:
    found = _DURATION.fullmatch(text)
    if found is None or int(found[1]) * MINUTES[found[2]] > MAX_MINUTES:
        raise ValueError(f'{text!r} is not a length of time: write "30min", "24h" or "7d"; ten years at most')
    return found[1] + found[2]


def _checked_span(text: str) -> str:
    found = _ROWS.fullmatch(text)
    if found is None:
        try:
            return _checked_duration(text)
        except ValueError:
            raise ValueError(f'{text!r} is not a window: write "30min", "24h", "7d" or "10 rows"') from None
    if int(found[1]) > MAX_ROWS:
        raise ValueError(f"a window has at most {MAX_ROWS} rows, not {found[1]}")
    return f"{found[1]} rows"


Name = Annotated[str, AfterValidator(_checked_name)]
"""A column's name, unquoted."""

Qualified = Annotated[str, AfterValidator(_checked_qualified)]
"""schema.object"""

Type = Annotated[str, AfterValidator(_checked_type)]
"""A T-SQL type, in lower case."""

Parameter = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
"""A parameter's name without its @; T-SQL has no quotes for these."""

SourceName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
"""What the declaration calls a table; the generated text makes aliases of it."""

Duration = Annotated[str, AfterValidator(_checked_duration)]
"""A length of time: `30min`, `24h`, `7d`."""

Span = Annotated[str, AfterValidator(_checked_span)]
"""The length of a window: a Duration, or `10 rows`."""


class Frozen(BaseModel):
    """A part of a declaration: immutable, and a word that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Frozen):
    """A column and its T-SQL type (`type` in a project file)."""

    name: Name
    sql_type: Type = Field(validation_alias=AliasChoices("sql_type", "type"))


@dataclass(frozen=True, slots=True)
class Length:
    """A Duration taken apart, in the unit in which it was written."""

    count: int
    unit: str

    @property
    def minutes(self) -> int:
        """The same in minutes."""
        return self.count * MINUTES[self.unit]

    @property
    def text(self) -> str:
        """As it is declared and as names of columns hold it: `24h`."""
        return f"{self.count}{self.unit}"

    @property
    def words(self) -> str:
        """As a comment says it: `24 hours`."""
        word = {"min": "minute", "h": "hour", "d": "day"}[self.unit]
        return f"{self.count} {word}{'' if self.count == 1 else 's'}"

    def shifted(self, moment: str, sign: int) -> str:
        """T-SQL for the moment `sign` times this length after `moment`, itself T-SQL."""
        return f"DATEADD({DATEPARTS[self.unit]}, {sign * self.count}, {moment})"


def parse_duration(text: str) -> Length:
    """Take a checked Duration apart."""
    found = _DURATION.fullmatch(text)
    assert found is not None, text
    return Length(int(found[1]), found[2])


def parse_rows(span: str) -> int | None:
    """The number of rows of a Span that counts rows, else None."""
    found = _ROWS.fullmatch(span)
    return None if found is None else int(found[1])


def span_suffix(span: str) -> str:
    """How the name of a column says the window: `24h`, `10rows`."""
    return span.replace(" ", "")
