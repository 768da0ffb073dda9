"""Queries that a session prepares because they come again and again: each time the rows of that moment."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from pymlsql.embedded.engine.parsed import ParsedTexts
from pymlsql.embedded.engine.store import Store, WriterLock
from pymlsql.embedded.tsql.messages import SqlError

TIMES = 8


@pytest.fixture
def store() -> Any:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT i AS id, i * 2 AS v FROM range(3) AS x(i)")
    made = Store(connection.cursor(), WriterLock(), ParsedTexts())
    yield made
    made.connection.close()
    connection.close()


def test_values_are_those_of_each_call(store: Store) -> None:
    sql = "SELECT v FROM t WHERE id = CAST($v0 AS INTEGER) OR ($v1 IS NULL AND id = 2) ORDER BY v"
    for number in range(TIMES):
        found = store.run_again(sql, {"v0": number % 3, "v1": None if number % 2 else 1}).fetchall()
        expected = {number % 3 * 2} | ({4} if number % 2 else set())
        assert found == [(value,) for value in sorted(expected)]


def test_changes_are_seen(store: Store) -> None:
    for number in range(TIMES):
        assert store.run_again("SELECT count(*) FROM t").fetchone() == (3 + number,)
        with store.statement():
            store.write("INSERT INTO t VALUES (9, 9)")


def test_other_values_than_integers_are_bound(store: Store) -> None:
    for number in range(TIMES):
        assert store.run_again("SELECT $v0 || '!'", {"v0": f"it's {number}"}).fetchone() == (f"it's {number}!",)


def test_an_error_comes_each_time(store: Store) -> None:
    for _ in range(TIMES):
        with pytest.raises(SqlError):
            store.run_again("SELECT no_such_column FROM t")


def test_many_queries_are_forgotten(store: Store) -> None:
    for number in range(450):
        for _ in range(5):
            assert store.run_again(f"SELECT {number}").fetchone() == (number,)
