"""The tree of INSERT, UPDATE, DELETE and MERGE."""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.embedded.tsql.call_nodes import Execute
from pymlsql.embedded.tsql.slices import Name, Statement, Text


@dataclass(frozen=True, slots=True)
class Top:
    """TOP (expression) [PERCENT] of a change."""

    count: Text
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """An OUTPUT clause: its expressions, and the table (or @table) and columns it goes INTO."""

    columns: Text
    into: Name | None = None
    into_columns: tuple[str, ...] = ()
    then: Output | None = None
    """Behind OUTPUT ... INTO, the OUTPUT to the client."""


@dataclass(frozen=True, slots=True)
class Insert(Statement):
    """INSERT: one of query, rows, execute and defaults says where the rows come from."""

    target: Name
    columns: tuple[str, ...] = ()
    query: Text | None = None
    rows: tuple[tuple[Text | None, ...], ...] = ()
    """VALUES; None stands for DEFAULT."""
    execute: Execute | None = None
    defaults: bool = False
    output: Output | None = None
    common: Text | None = None
    top: Top | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """``column`` or ``variable`` (or both, @v = column = expression) set in an UPDATE; .WRITE has offset and length."""

    column: str
    operator: str
    value: Text | None
    variable: str = ""
    write: tuple[Text, Text] | None = None


@dataclass(frozen=True, slots=True)
class Update(Statement):
    """UPDATE; ``source`` is its FROM."""

    target: Name
    assignments: tuple[Assignment, ...]
    source: Text | None = None
    where: Text | None = None
    output: Output | None = None
    common: Text | None = None
    top: Top | None = None


@dataclass(frozen=True, slots=True)
class Delete(Statement):
    """DELETE; ``source`` is its second FROM."""

    target: Name
    source: Text | None = None
    where: Text | None = None
    output: Output | None = None
    common: Text | None = None
    top: Top | None = None


@dataclass(frozen=True, slots=True)
class When:
    """WHEN ... THEN of a MERGE. ``kind`` is matched, target (NOT MATCHED BY TARGET) or source (NOT MATCHED BY SOURCE),
    ``action`` UPDATE, DELETE or INSERT."""

    kind: str
    action: str
    condition: Text | None = None
    assignments: tuple[Assignment, ...] = ()
    columns: tuple[str, ...] = ()
    values: tuple[Text | None, ...] | None = None
    """Of an INSERT; a None among them is DEFAULT, None in their place DEFAULT VALUES."""


@dataclass(frozen=True, slots=True)
class Merge(Statement):
    """MERGE; ``source`` is what stands between USING and ON."""

    target: Name
    alias: str
    source: Text
    on: Text
    whens: tuple[When, ...]
    output: Output | None = None
    common: Text | None = None
    top: Top | None = None
