"""T-SQL through Microsoft's ODBC driver: the tables of cases, each against the server under test."""

from __future__ import annotations

from typing import Any

import pyodbc
import pytest

from tests.contract import cases_statements, gaps
from tests.contract.cases import Case, fetch, marked, run
from tests.servers import Target

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
