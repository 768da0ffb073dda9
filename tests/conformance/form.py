"""The form of the conformance table: a page of Microsoft's documentation, and rows that it decides.

Rows of one area stand in one module as ``PAGES``; ``tables.py`` lists the modules. A row is taken from an example of
the page, with the result that is printed there, or follows from a sentence of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from tests.contract.cases import Case

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Page:
    """``slug``: what follows ``learn.microsoft.com/en-us/sql/`` in the page's address."""

    slug: str
    cases: tuple[Case, ...]


def page(slug: str, *cases: Case) -> Page:
    """The rows that one page decides."""
    return Page(slug, cases)


def gives(expression: str, value: Any) -> Case:
    """SELECT of a scalar expression gives one row with this value: equal type, scale of decimals, floats to 1e-12."""
    return Case(expression, f"SELECT {expression} AS x", results=([(value,)],))


def holds(condition: str, truth: bool = True) -> Case:
    """A condition is true; with ``truth`` False it is false or unknown."""
    text = f"SELECT CASE WHEN {condition} THEN 1 ELSE 0 END AS x"
    return Case(f"{condition} is {'true' if truth else 'not true'}", text, results=([(int(truth),)],))


def raises(expression: str, error: int) -> Case:
    """SELECT of a scalar expression ends with this error."""
    return Case(f"{expression} raises {error}", f"SELECT {expression} AS x", error=error)


def query(sql: str, *rows: tuple[Any, ...], ordered: bool = True) -> Case:
    """One statement or batch with one result set; its text is its name. Nothing that outlives the batch is made."""
    return Case(sql, sql, results=(list(rows),), ordered=ordered)


def fails(sql: str, error: int) -> Case:
    """A statement or batch that ends with this error; its text is its name."""
    return Case(sql, sql, error=error)


def batch(name: str, sql: str, *results: Rows, error: int | None = None) -> Case:
    """A batch with any number of result sets, in a session of its own."""
    return Case(name, sql, results=results, error=error)


def around(before: Iterable[str], cases: Iterable[Case], after: Iterable[str]) -> list[Case]:
    """Each of the cases between batches that make and remove what it needs; ``after`` runs before ``before``, too."""
    first, last = tuple(before), tuple(after)
    return [replace(case, before=first, after=last) for case in cases]
