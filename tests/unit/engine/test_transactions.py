"""Transactions: the laws of the store, seen from two sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.tds.requests import Login
from tests.unit.engine.conftest import Client

TABLE = "CREATE TABLE dbo.t (id int NOT NULL CONSTRAINT PK_t PRIMARY KEY, x int NULL CONSTRAINT CK_t CHECK (x < 100))"


@pytest.fixture
def table(client: Client) -> Client:
    client.run(TABLE)
    client.run("INSERT INTO dbo.t VALUES (1, 1), (2, 2)")
    assert client.errors == []
    return client


ERRORS = {
    "violation": ("INSERT INTO dbo.t VALUES (1, 0)", 2627),
    "check": ("UPDATE dbo.t SET x = 100 WHERE id = 2", 547),
    "null": ("INSERT INTO dbo.t VALUES (NULL, 0)", 515),
    "division in a query": ("SELECT 1 / (x - x) FROM dbo.t", 8134),
    "division in an insert": ("INSERT INTO dbo.t SELECT 9, 1 / (x - x) FROM dbo.t", 8134),
    "overflow": ("SELECT 2147483647 + x FROM dbo.t", 8115),
}


@pytest.mark.parametrize(("statement", "number"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_ends_its_statement_and_keeps_the_transaction(table: Client, statement: str, number: int) -> None:
    table.run(f"BEGIN TRAN; INSERT INTO dbo.t VALUES (3, 3); {statement}; INSERT INTO dbo.t VALUES (4, 4); COMMIT")
    assert table.errors == [number]
    assert table.run("SELECT id FROM dbo.t ORDER BY id") == [(1,), (2,), (3,), (4,)]


@pytest.mark.parametrize(("statement", "number"), ERRORS.values(), ids=ERRORS.keys())
def test_with_xact_abort_an_error_rolls_the_transaction_back(table: Client, statement: str, number: int) -> None:
    insert = "INSERT INTO dbo.t VALUES"
    table.run(f"SET XACT_ABORT ON; BEGIN TRAN; {insert} (3, 3); {statement}; {insert} (4, 4)")
    assert table.errors == [number]
    assert table.run("SELECT id FROM dbo.t ORDER BY id") == [(1,), (2,)]
    assert table.run("SELECT @@TRANCOUNT") == [(0,)]


def test_a_doomed_transaction_cannot_be_committed(table: Client) -> None:
    table.run("SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY INSERT INTO dbo.t VALUES (3, 3); SELECT 1 / 0; END TRY "
              "BEGIN CATCH SELECT XACT_STATE(); COMMIT; END CATCH")  # fmt: skip
    assert table.rows == [(-1,)]
    assert 3930 in table.errors
    assert table.run("SELECT COUNT(*) FROM dbo.t") == [(2,)]


def test_a_savepoint_takes_back_what_came_after_it(table: Client) -> None:
    table.run("BEGIN TRAN; INSERT INTO dbo.t VALUES (3, 3); SAVE TRAN s; INSERT INTO dbo.t VALUES (4, 4); "
              "ROLLBACK TRAN s; INSERT INTO dbo.t VALUES (5, 5); COMMIT")  # fmt: skip
    assert table.errors == []
    assert table.run("SELECT id FROM dbo.t ORDER BY id") == [(1,), (2,), (3,), (5,)]


def test_what_is_defined_in_a_transaction_goes_with_it(table: Client, other: Client) -> None:
    table.run("BEGIN TRAN; CREATE TABLE dbo.u (a int); INSERT INTO dbo.u VALUES (1)")
    other.run("SELECT * FROM dbo.u")
    assert other.errors == [208]
    table.run("ROLLBACK; SELECT * FROM dbo.u")
    assert table.errors == [208]


def test_a_rollback_brings_temporary_tables_back(client: Client) -> None:
    client.run("CREATE TABLE #a (x int PRIMARY KEY); INSERT INTO #a VALUES (1)")
    client.run("BEGIN TRAN; DROP TABLE #a; CREATE TABLE #b (x int); ROLLBACK")
    assert client.run("SELECT x FROM #a") == [(1,)]
    client.run("INSERT INTO #a VALUES (1)")
    assert client.errors == [2627]
    client.run("SELECT * FROM #b")
    assert client.errors == [208]


def test_readers_see_what_is_committed_and_never_wait(table: Client, other: Client) -> None:
    table.run("BEGIN TRAN; UPDATE dbo.t SET x = 50")
    assert other.run("SELECT x FROM dbo.t ORDER BY id") == [(1,), (2,)]
    table.run("COMMIT")
    assert other.run("SELECT x FROM dbo.t ORDER BY id") == [(50,), (50,)]


def test_each_statement_of_a_reading_transaction_sees_the_latest(table: Client, other: Client) -> None:
    other.run("BEGIN TRAN; SELECT COUNT(*) FROM dbo.t")
    table.run("INSERT INTO dbo.t VALUES (3, 3)")
    assert other.run("SELECT COUNT(*) FROM dbo.t") == [(3,)]
    other.run("COMMIT")


LOCKING = {
    "updlock": "SELECT * FROM dbo.t WITH (UPDLOCK)",
    "holdlock": "SELECT * FROM dbo.t WITH (HOLDLOCK)",
    "serializable": "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT * FROM dbo.t",
    "a write": "UPDATE dbo.t SET x = 9 WHERE id = 1",
}


@pytest.mark.parametrize("statement", LOCKING.values(), ids=LOCKING.keys())
def test_a_second_writer_waits_for_the_first(table: Client, other: Client, statement: str) -> None:
    table.run(f"BEGIN TRAN; {statement}")
    other.run("SET LOCK_TIMEOUT 50; UPDATE dbo.t SET x = x + 1 WHERE id = 2")
    assert other.errors == [1222]
    table.run("COMMIT")
    other.run("UPDATE dbo.t SET x = x + 1 WHERE id = 2")
    assert other.errors == []


def test_writers_one_after_the_other_lose_no_update(engine: Engine, table: Client) -> None:
    def work() -> None:
        mine = Client(engine.login(Login(user="sa", password="p"), client_host="here"))
        for _ in range(20):
            mine.run("BEGIN TRAN; UPDATE dbo.t SET x = x + 1 WHERE id = 1; COMMIT")
            assert mine.errors == []

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert table.run("SELECT x FROM dbo.t WHERE id = 1") == [(61,)]


def reopened(path: Path) -> Client:
    return Client(Engine(path, password="p").login(Login(user="sa", password="p"), client_host="here"))


def test_identity_values_and_definitions_outlive_the_engine(tmp_path: Path) -> None:
    first = reopened(tmp_path / "db")
    first.run("CREATE TABLE dbo.i (id int IDENTITY(5, 5) CONSTRAINT PK_i PRIMARY KEY, s nvarchar(9) DEFAULT N'd')")
    first.run("INSERT INTO dbo.i DEFAULT VALUES; INSERT INTO dbo.i (s) VALUES (N'x'); DELETE FROM dbo.i WHERE id = 10")
    first.run("CREATE VIEW dbo.v AS SELECT id, s FROM dbo.i WHERE s = 'D'")
    first.session.engine.close()
    second = reopened(tmp_path / "db")
    second.run("INSERT INTO dbo.i (s) VALUES (N'y')")
    assert second.run("SELECT id, s FROM dbo.i ORDER BY id") == [(5, "d"), (15, "y")]
    assert second.run("SELECT id FROM dbo.v") == [(5,)]
    second.session.engine.close()


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "db", password="p")
    engine.cursor().execute("UPDATE store.counters SET format = 99")
    engine.close()
    with pytest.raises(ValueError, match="format 99"):
        Engine(tmp_path / "db", password="p")


BODIES: dict[str, Callable[[str], str]] = {
    "batch": lambda text: text,
    "string": lambda text: f"EXEC (N'{text}')",
    "executesql": lambda text: f"EXEC sp_executesql N'{text}'",
}


@pytest.mark.parametrize("wrap", BODIES.values(), ids=BODIES.keys())
def test_temporary_tables_live_as_long_as_their_scope(client: Client, wrap: Callable[[str], str]) -> None:
    client.run(wrap("CREATE TABLE #x (a int)"))
    client.run("SELECT * FROM #x")
    assert client.errors == ([] if wrap is BODIES["batch"] else [208])
