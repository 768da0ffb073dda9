"""What commands print: tables and JSON on stdout, progress and errors on stderr."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 120
"""Columns of a table that goes to a file or pipe, where there is no terminal to ask."""


def console(*, stderr: bool = False) -> Console:
    """A Rich console on stdout or stderr; plain and PIPE_WIDTH wide where it is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, emoji=False)


def print_line(text: str) -> None:
    """One line of result."""
    sys.stdout.write(text + "\n")


def print_note(text: str) -> None:
    """One line beside the result, on stderr."""
    sys.stderr.write(text + "\n")


def print_json(value: Any) -> None:
    """Anything of dataclasses, lists, times and numbers, as JSON with two blanks of indent."""
    print_line(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def build_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
    """A Rich table; numbers to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = [list(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        values = [row[position] for row in rows]
        is_number = bool(values) and all(isinstance(value, int | float) for value in values if value is not None)
        table.add_column(Text(column), justify="right" if is_number else "left", no_wrap=is_number)
    for row in rows:
        table.add_row(*(Text(render_value(value)) for value in row))
    return table


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on stdout under its title, which may be empty, and a blank line."""
    from rich.text import Text

    out = console()
    if title:
        out.print(Text(title, style="bold"), soft_wrap=True)
    with out.capture() as captured:
        out.print(build_table(columns, rows))
    sys.stdout.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines() if line.strip()))
    print_line("")


def render_value(value: Any) -> str:
    """A cell: floats with three decimals, integers with thousands, times without a T, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


@contextmanager
def status(text: str) -> Generator[None]:
    """A spinner on stderr while something takes its time; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with console(stderr=True).status(text):
        yield


@contextmanager
def transfer(text: str) -> Generator[Callable[[int, int], None]]:
    """A bar on stderr for bytes under way: call what it gives with those done and all; nothing without a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value) if field.repr}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if hasattr(value, "item"):
        return _plain(value.item())
    return value if isinstance(value, str | int | float | bool | None) else str(value)
