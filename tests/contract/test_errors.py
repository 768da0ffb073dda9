"""Errors as DB-Lib shows them: number, severity, state and line; and a connection that lives on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymssql import _mssql

from tests.servers import Target

# (name, batch, number, severity, line)
ERRORS: list[tuple[str, str, int, int, int]] = [
    ("missing table", "SELECT 1 AS a\n\nSELECT * FROM dbo.no_such_table", 208, 16, 3),
    ("missing column", "\nSELECT nope FROM (SELECT 1 AS a) AS t", 207, 16, 2),
    ("syntax", "SELECT 1\nSELECT FROM t", 156, 15, 2),
    ("syntax near a sign", "SELECT 1\nSELECT (1", 102, 15, 2),
    ("division", "DECLARE @a int\nSET @a = 1\nSET @a = @a / 0", 8134, 16, 3),
    ("conversion", "\n\nSELECT CAST('x' AS int)", 245, 16, 3),
    ("missing procedure", "\nEXEC dbo.no_such_procedure", 2812, 16, 2),
    ("undeclared variable", "SELECT 1\nSELECT @x", 137, 15, 2),
    ("throw", "DECLARE @a int = 1;\n\nTHROW 50123, N'words', 3", 50123, 16, 3),
    ("raiserror", "\nRAISERROR(N'words', 11, 2)", 50000, 11, 2),
    ("raiserror of severity 18", "RAISERROR(N'words', 18, 2)", 50000, 18, 1),
    ("null into not null", "CREATE TABLE #n (a int NOT NULL)\nINSERT #n VALUES (NULL)", 515, 16, 2),
    ("key", "CREATE TABLE #n (a int PRIMARY KEY)\nINSERT #n VALUES (1)\nINSERT #n VALUES (1)", 2627, 14, 3),
    ("unique index", "CREATE TABLE #n (a int)\nCREATE UNIQUE INDEX u ON #n (a)\nINSERT #n VALUES (1), (1)", 2601, 14,
     3),
    ("check", "CREATE TABLE #n (a int CHECK (a > 0))\nINSERT #n VALUES (0)", 547, 16, 2),
    ("truncation", "CREATE TABLE #n (a varchar(2))\nINSERT #n VALUES ('abc')", 2628, 16, 2),
    ("drop of nothing", "\nDROP TABLE dbo.no_such_table", 3701, 11, 2),
    ("overflow", "\nSELECT CAST(300 AS tinyint)", 220, 16, 2),
]  # fmt: skip


@pytest.fixture(scope="module")
def dblib(server: Target) -> Iterator[Any]:
    """A DB-Lib connection, whose exceptions carry severity, state and line."""
    connection = _mssql.connect(
        server=server.host, port=str(server.port), user=server.user, password=server.password, database=server.database
    )
    yield connection
    connection.close()


def _raised(dblib: Any, sql: str) -> Any:
    with pytest.raises(_mssql.MSSQLDatabaseException) as caught:
        dblib.execute_query(sql)
        while dblib.nextresult():
            pass
        list(dblib)
    return caught.value


@pytest.mark.parametrize(("sql", "number", "severity", "line"), [row[1:] for row in ERRORS], ids=[r[0] for r in ERRORS])
def test_error_has_number_severity_and_line(dblib: Any, sql: str, number: int, severity: int, line: int) -> None:
    dblib.execute_non_query("DROP TABLE IF EXISTS #n")
    error = _raised(dblib, sql)
    assert (error.number, error.severity, error.line) == (number, severity, line)


# (name, batch, words)
TEXTS: list[tuple[str, str, str]] = [
    ("208", "SELECT * FROM dbo.nope", "Invalid object name 'dbo.nope'."),
    ("207", "SELECT nope FROM (SELECT 1 AS a) AS t", "Invalid column name 'nope'."),
    ("8134", "SELECT 1 / 0", "Divide by zero error encountered."),
    ("245", "SELECT CAST('x' AS int)", "Conversion failed when converting the varchar value 'x' to data type int."),
    ("2812", "EXEC dbo.nope", "Could not find stored procedure 'dbo.nope'."),
    ("137", "SELECT @x", 'Must declare the scalar variable "@x".'),
    ("102", "SELECT 1 +", "Incorrect syntax near '+'."),
    ("515", "CREATE TABLE #n (a int NOT NULL); INSERT #n VALUES (NULL)",
     "Cannot insert the value NULL into column 'a', table"),
    ("3701", "DROP TABLE dbo.nope",
     "Cannot drop the table 'dbo.nope', because it does not exist or you do not have permission."),
    ("throw", "THROW 50001, N'Grüße', 1", "Grüße"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "words"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_error_has_the_words_of_sql_server(dblib: Any, sql: str, words: str) -> None:
    dblib.execute_non_query("DROP TABLE IF EXISTS #n")
    assert words in _raised(dblib, sql).text.decode()


def test_connection_lives_on_after_each_error(dblib: Any) -> None:
    for _, sql, number, _, _ in ERRORS:
        dblib.execute_non_query("DROP TABLE IF EXISTS #n")
        assert _raised(dblib, sql).number == number
        assert dblib.execute_scalar("SELECT 41 + 1") == 42


def test_error_in_a_procedure_names_it_and_its_line(dblib: Any) -> None:
    dblib.execute_non_query("CREATE OR ALTER PROCEDURE dbo.ct_line AS\nSELECT 1 AS a\n\nSELECT 1 / 0")
    try:
        error = _raised(dblib, "\n\nEXEC dbo.ct_line")
        assert (error.number, error.line) == (8134, 4)
        assert b"ct_line" in error.procname
    finally:
        dblib.execute_non_query("DROP PROCEDURE dbo.ct_line")
