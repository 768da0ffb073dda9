"""Texts that come again are kept parsed: the same rows, the same errors, and no more of them than wanted."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pymlsql.embedded.engine.parsed import ParsedTexts

TIMES = 4


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    yield made
    made.close()


def test_a_tree_binds_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    parsed = ParsedTexts()
    for number, kind in enumerate(("INTEGER", "VARCHAR", "DOUBLE", "INTEGER")):
        connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT CAST('7' AS {kind}) AS a")
        statement = parsed.get(connection, "SELECT a, $v FROM t")
        assert connection.execute(statement, {"v": number}).fetchall() == [
            ({"INTEGER": 7, "VARCHAR": "7", "DOUBLE": 7.0}[kind], number)
        ]


def test_another_connection_takes_the_tree(connection: duckdb.DuckDBPyConnection) -> None:
    parsed = ParsedTexts()
    for number in range(TIMES):
        with connection.cursor() as cursor:
            assert cursor.execute(parsed.get(cursor, "SELECT $v + 1"), {"v": number}).fetchall() == [(number + 1,)]


def test_errors_come_each_time(connection: duckdb.DuckDBPyConnection) -> None:
    parsed = ParsedTexts()
    for text, error in (("SELEC 1", duckdb.ParserException), ("SELECT * FROM nowhere", duckdb.CatalogException)):
        for _ in range(TIMES):
            with pytest.raises(error):
                connection.execute(parsed.get(connection, text))


def test_the_least_recently_used_is_dropped(connection: duckdb.DuckDBPyConnection) -> None:
    parsed = ParsedTexts(size=2)
    for text in ("SELECT 1", "SELECT 1", "SELECT 2", "SELECT 1", "SELECT 3"):
        parsed.get(connection, text)
    assert isinstance(parsed.get(connection, "SELECT 1"), duckdb.Statement)
    assert isinstance(parsed.get(connection, "SELECT 2"), str)


def test_several_statements_stay_text(connection: duckdb.DuckDBPyConnection) -> None:
    parsed = ParsedTexts()
    for _ in range(TIMES):
        assert connection.execute(parsed.get(connection, "SELECT 1; SELECT 2")).fetchall() == [(2,)]
