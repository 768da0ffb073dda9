"""Tables as HTML, for notebooks and reports: every value escaped, nothing that runs, nothing that is fetched."""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterable, Sequence

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
