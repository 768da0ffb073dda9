"""The form of a contract case: a batch of T-SQL and what every SQL Server answers to it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyodbc

Rows = list[tuple[Any, ...]]

@dataclass(frozen=True)
class Case:
    """``sql`` is one batch; ``results`` are the rows of each result set in order, ``error`` the number it ends with.

    ``before`` and ``after`` are batches of their own that make and remove what the batch needs; ``after`` runs
    also when the batch failed. ``ordered`` is False where the statement promises no order. Rows sent before an
    error are not compared.
    """

    name: str
    sql: str
    results: tuple[Rows, ...] = ()
    error: int | None = None
    ordered: bool = True
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def rows(name: str, sql: str, *expected: tuple[Any, ...], ordered: bool = True) -> Case:
    """A case with one result set."""
    return Case(name, sql, results=(list(expected),), ordered=ordered)


def fails(name: str, sql: str, error: int) -> Case:
    """A case that ends with error number ``error``."""
    return Case(name, sql, error=error)


class Refused(Exception):
    """Msg 40510 where the case wanted something else."""


def error_number(error: BaseException) -> int:
    """The server's number in a pyodbc error, the first where there are several: "(number) (SQLExecDirectW)"."""
    found = re.findall(r"\((-?\d+)\) \(SQL", str(error.args[1] if len(error.args) > 1 else error))
    return int(found[0]) if found else 0


def fetch(cursor: Any, sql: str, *parameters: Any) -> list[Rows]:
    """All result sets of a batch; statements without one give none."""
    cursor.execute(sql, *parameters)
    sets: list[Rows] = []
    while True:
        if cursor.description is not None:
            sets.append([tuple(row) for row in cursor.fetchall()])
        if not cursor.nextset():
            return sets


def same(got: Any, expected: Any) -> bool:
    """Equal with equal types; decimals with equal scale, floats to 1e-12."""
    if isinstance(expected, float) and isinstance(got, float):
        return math.isclose(got, expected, rel_tol=1e-12, abs_tol=1e-15) or (math.isnan(got) and math.isnan(expected))
    if isinstance(expected, Decimal) and isinstance(got, Decimal):
        return str(got) == str(expected)
    return type(got) is type(expected) and bool(got == expected)


def compare(got: list[Rows], case: Case) -> None:
    """Fail with both sides where ``got`` is not what the case says."""
    assert len(got) == len(case.results), f"{len(got)} result sets instead of {len(case.results)}: {got}"
    for number, (found, expected) in enumerate(zip(got, case.results, strict=True), start=1):
        if not case.ordered:
            found, expected = sorted(found, key=repr), sorted(expected, key=repr)
        equal = len(found) == len(expected) and all(
            len(a) == len(b) and all(map(same, a, b)) for a, b in zip(found, expected, strict=True)
        )
        assert equal, f"result set {number}\n   got {found}\nexpect {expected}"


UNSUPPORTED = 40510


def run(cursor: Any, case: Case) -> None:
    """Run the batch of a case and compare; Refused where the server answers 40510 instead."""
    try:
        found = fetch(cursor, case.sql)
    except pyodbc.Error as error:
        if error_number(error) == UNSUPPORTED != case.error:
            raise Refused(str(error)) from error
        if error_number(error) != case.error:
            raise
        return
    assert case.error is None, f"no error, but {found}"
    compare(found, case)
