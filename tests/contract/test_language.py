"""T-SQL through Microsoft's ODBC driver: the tables of cases, each against the server under test."""

from __future__ import annotations

from typing import Any

import pyodbc
import pytest

from tests.contract import cases_expressions, cases_statements, gaps
from tests.contract.cases import Case, fails, fetch, marked, rows, run
from tests.servers import Target


def _scalars() -> list[Case]:
    tables = ("ARITHMETIC", "STRINGS", "CONVERSIONS", "DATES", "SERVER")
    found = [row for table in tables for row in getattr(cases_expressions, table)]
    return [rows(sql, f"SELECT {sql} AS x", (value,)) for sql, value in found]


def _conditions() -> list[Case]:
    return [
        rows(f"{sql} is {'true' if value else 'not true'}", f"SELECT CASE WHEN {sql} THEN 1 ELSE 0 END AS x", (value,))
        for sql, value in cases_expressions.CONDITIONS
    ]


def _errors() -> list[Case]:
    return [fails(f"{sql} raises {number}", f"SELECT {sql} AS x", number) for sql, number in cases_expressions.ERRORS]


@pytest.mark.parametrize("case", marked([*_scalars(), *_conditions(), *_errors()], embedded_gaps=gaps.EXPRESSIONS))
def test_expression_gives(connection: Any, case: Case) -> None:
    """One connection for all: an error in one case must not harm the next."""
    with connection.cursor() as cursor:
        run(cursor, case)


TABLES = ("CHANGES", "FLOW", "MODULES", "SCALAR", "KEYS")
STATEMENTS = [case for table in TABLES for case in getattr(cases_statements, table)]


@pytest.mark.parametrize("case", marked(STATEMENTS, embedded_gaps=gaps.STATEMENTS))
def test_batch_gives(server: Target, connection: Any, case: Case) -> None:
    """Each on a connection of its own: temporary tables and open transactions end with it."""
    with connection.cursor() as around:
        for batch in (*case.after, *case.before):
            fetch(around, batch)
        own = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
        try:
            run(own.cursor(), case)
        finally:
            own.close()
            for batch in case.after:
                fetch(around, batch)
