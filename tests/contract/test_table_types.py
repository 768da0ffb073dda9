"""Table-valued parameters as Microsoft's ODBC driver sends them: lists of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import error_number
from tests.servers import Target

MADE = (
    "CREATE TYPE dbo.ct_rows AS TABLE (id int NOT NULL PRIMARY KEY, s nvarchar(20) NULL, w float NULL)",
    "CREATE PROCEDURE dbo.ct_take @rows dbo.ct_rows READONLY, @k int AS SELECT *, @k AS k FROM @rows ORDER BY id",
)
GONE = ("DROP PROCEDURE IF EXISTS dbo.ct_take", "DROP TYPE IF EXISTS dbo.ct_rows")
ROWS = [(2, "b", None), (1, None, 1.5)]
CALLS = ("{CALL dbo.ct_take (?, ?)}", "EXEC dbo.ct_take ?, ?")


@pytest.fixture
def cursor(server: Target) -> Iterator[Any]:
    connection = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    around = connection.cursor()
    for text in (*GONE, *MADE):
        around.execute(text)
    try:
        with pyodbc.connect(server.odbc, autocommit=True, timeout=20) as own:
            yield own.cursor()
    finally:
        for text in GONE:
            around.execute(text)
        connection.close()


@pytest.mark.parametrize("named", [False, True], ids=["of the described type", "of a named type"])
@pytest.mark.parametrize("sql", CALLS)
def test_rows_arrive(cursor: Any, sql: str, named: bool) -> None:
    rows = ["ct_rows", "dbo", *ROWS] if named else ROWS
    found = cursor.execute(sql, rows, 7).fetchall()
    assert [tuple(row) for row in found] == [(1, None, 1.5, 7), (2, "b", None, 7)]


def test_no_rows_arrive(cursor: Any) -> None:
    assert cursor.execute(CALLS[0], [], 7).fetchall() == []


def test_a_call_can_be_repeated(cursor: Any) -> None:
    for number in range(3):
        found = cursor.execute(CALLS[0], [(number, "x", 0.5)], number).fetchall()
        assert [tuple(row) for row in found] == [(number, "x", 0.5, number)]


def test_rows_keep_the_types_constraints(cursor: Any) -> None:
    with pytest.raises(pyodbc.Error) as caught:
        cursor.execute(CALLS[0], [(1, "a", 1.0), (1, "b", 1.0)], 7)
    assert error_number(caught.value) == 2627
