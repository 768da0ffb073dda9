"""Tables as HTML, for notebooks and reports: every value escaped, nothing that runs, nothing that is fetched."""

from __future__ import annotations

import dataclasses
import datetime
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
Cell = str | float | int | bool | datetime.datetime | None


def render_cell(value: Cell) -> str:
    """A value as text: four significant digits of a float, times without a T, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value


def render_page_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table as HTML; numbers to the right, line ends kept."""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>\n" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"


def _cell(value: Cell) -> str:
    style = "text-align: right" if isinstance(value, int | float) else "text-align: left; white-space: pre-wrap"
    return f'<td style="{style}">{html.escape(render_cell(value))}</td>'


class Listing(list[Item]):
    """A list of dataclasses that a notebook shows as a table, one column for each field."""

    def _repr_html_(self) -> str:
        names = [field.name for field in dataclasses.fields(self[0])] if self else []  # type: ignore[arg-type]
        return render_page_table(names, [[as_cell(getattr(item, name)) for name in names] for item in self])


def render_fields(item: Any) -> str:
    """A dataclass as a table of two columns: its fields that have a value."""
    values = [(field.name, as_cell(getattr(item, field.name))) for field in dataclasses.fields(item)]
    return render_page_table(("", ""), [(name, value) for name, value in values if value not in (None, "")])


def as_cell(value: Any) -> Cell:
    """Anything as one cell: of a mapping "name = value", of a sequence its items, of all else its text."""
    if isinstance(value, Cell):
        return value
    if isinstance(value, Mapping):
        return "\n".join(f"{name} = {render_cell(as_cell(item))}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(render_cell(as_cell(item)) for item in value)
    return str(value)
