"""Changes: what must hold after an error, a cancel, a rollback, a restart, and beside another session."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.tds.requests import Login
from tests.unit.engine.conftest import Client

BIG = "CREATE TABLE dbo.big (a int NOT NULL); " + (
    "INSERT INTO dbo.big SELECT a.v + 10 * b.v + 100 * c.v + 1000 * d.v + 10000 * e.v FROM "
    + " CROSS JOIN ".join(f"(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS {name}(v)" for name in "abcde")
)

LATE = {
    "select": "SELECT 10 / (a - 90000) FROM dbo.big",
    "update": "UPDATE dbo.big SET a = 10 / (a - 90000)",
    "select into": "SELECT 10 / (a - 90000) AS q INTO dbo.made FROM dbo.big",
    "in a try": "BEGIN TRY SELECT 10 / (a - 90000) FROM dbo.big END TRY BEGIN CATCH SELECT 1 AS c END CATCH",
}


@pytest.mark.parametrize("statement", LATE.values(), ids=LATE.keys())
def test_an_error_in_late_rows_loses_nothing_of_the_transaction(client: Client, statement: str) -> None:
    client.run(BIG)
    client.run("CREATE TABLE dbo.t (x int); BEGIN TRAN; INSERT INTO dbo.t VALUES (7)")
    client.run(statement)
    assert client.errors == ([] if "CATCH" in statement else [8134])
    client.run("COMMIT")
    assert client.errors == []
    assert client.run("SELECT x FROM dbo.t") == [(7,)]
    client.run("SELECT * FROM dbo.made")
    assert client.errors == [208]


def test_a_cancelled_statement_loses_nothing_of_the_transaction(client: Client) -> None:
    client.run(BIG)
    client.run("CREATE TABLE dbo.t (x int); BEGIN TRAN; INSERT INTO dbo.t VALUES (7)")
    stop = threading.Event()

    def cancel() -> None:
        while not stop.wait(0.05):
            client.session.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    client.run("SELECT COUNT_BIG(*) FROM dbo.big AS a CROSS JOIN dbo.big AS b WHERE a.a * 2 + b.a < 0")
    stop.set()
    thread.join()
    client.run("COMMIT")
    assert client.errors == []
    assert client.run("SELECT x FROM dbo.t") == [(7,)]


WAITING = {
    "new column": ("ALTER TABLE dbo.t ADD c int NOT NULL DEFAULT 5", "INSERT INTO dbo.t (a) VALUES (2)", [],
                   "SELECT c FROM dbo.t ORDER BY a", [(5,), (5,)]),
    "new unique index": ("CREATE UNIQUE INDEX u ON dbo.t (a)", "INSERT INTO dbo.t (a) VALUES (1)", [2601],
                         "SELECT a FROM dbo.t", [(1,)]),
    "new check": ("ALTER TABLE dbo.t ADD CONSTRAINT CK CHECK (a > 0)", "INSERT INTO dbo.t (a) VALUES (-1)", [547],
                  "SELECT a FROM dbo.t", [(1,)]),
    "two columns": ("ALTER TABLE dbo.t ADD y int", "ALTER TABLE dbo.t ADD z int", [],
                    "SELECT name FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.t') ORDER BY column_id",
                    [("a",), ("y",), ("z",)]),
    "two tables": ("CREATE TABLE dbo.u (x int)", "CREATE TABLE dbo.v (x int)", [],
                   "SELECT COUNT(*) FROM sys.tables WHERE name IN (N'u', N'v')", [(2,)]),
    "gone": ("DROP TABLE dbo.t", "INSERT INTO dbo.t (a) VALUES (1)", [208], "SELECT 1", [(1,)]),
}  # fmt: skip


@pytest.mark.parametrize("case", WAITING.values(), ids=WAITING.keys())
def test_who_waited_sees_what_the_first_defined(
    client: Client, other: Client, case: tuple[str, str, list[int], str, list[tuple[object, ...]]]
) -> None:
    first, second, errors, question, answer = case
    client.run("CREATE TABLE dbo.t (a int); INSERT INTO dbo.t VALUES (1)")
    client.run(f"BEGIN TRAN; EXEC (N'{first.replace(chr(39), chr(39) * 2)}')")
    waiting = threading.Thread(target=other.run, args=(second,))
    waiting.start()
    time.sleep(0.1)
    client.run("COMMIT")
    waiting.join(20)
    assert other.errors == errors
    assert client.run(question) == answer


def test_a_self_reference_holds_when_the_key_moves(client: Client) -> None:
    client.run("CREATE TABLE dbo.e (id int CONSTRAINT PK_e PRIMARY KEY, mgr int CONSTRAINT FK_e REFERENCES dbo.e (id))")
    client.run("INSERT INTO dbo.e VALUES (1, NULL), (2, 1); UPDATE dbo.e SET id = id + 10")
    assert client.errors == [547]
    client.run("UPDATE dbo.e SET id = id + 10, mgr = mgr + 10")
    assert client.errors == []


def test_a_filtered_index_holds_when_rows_come_under_its_filter(client: Client) -> None:
    client.run("CREATE TABLE dbo.f (a int, b int); CREATE UNIQUE INDEX u ON dbo.f (a) WHERE b = 1")
    client.run("INSERT INTO dbo.f VALUES (1, 1), (1, 0); UPDATE dbo.f SET b = 1")
    assert client.errors == [2601]


@pytest.mark.parametrize("reset", ["TRUNCATE TABLE dbo.i", "DROP TABLE dbo.i"])
def test_a_rollback_takes_the_reset_of_identity_values_back(client: Client, reset: str) -> None:
    client.run("CREATE TABLE dbo.i (id int IDENTITY, b int); INSERT INTO dbo.i (b) VALUES (1), (2), (3)")
    client.run(f"BEGIN TRAN; {reset}; ROLLBACK; INSERT INTO dbo.i (b) VALUES (4)")
    assert client.run("SELECT id FROM dbo.i ORDER BY id") == [(1,), (2,), (3,), (4,)]


def test_a_crash_gives_no_identity_value_out_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "db", password="p")
    client = Client(engine.login(Login(user="sa", password="p"), client_host="here"))
    client.run("CREATE TABLE dbo.i (id int IDENTITY, b int)")
    client.run("BEGIN TRAN; INSERT INTO dbo.i (b) VALUES (1), (2); ROLLBACK")
    copy = tmp_path / "crashed"
    for suffix in ("", ".wal"):
        source = tmp_path / f"db{suffix}"
        if source.exists():
            copy.with_name(copy.name + suffix).write_bytes(source.read_bytes())
    again = Engine(copy, password="p")
    second = Client(again.login(Login(user="sa", password="p"), client_host="here"))
    second.run("INSERT INTO dbo.i (b) VALUES (3)")
    assert second.run("SELECT id FROM dbo.i")[0][0] > 2
    again.close()
    engine.close()


def test_an_identity_column_that_is_full_says_so(client: Client) -> None:
    client.run("CREATE TABLE dbo.i (id tinyint IDENTITY(254, 1), b int); INSERT INTO dbo.i (b) VALUES (1), (2)")
    client.run("INSERT INTO dbo.i (b) VALUES (3)")
    assert client.errors == [8115]


REFUSED = {
    "update that counts": ("DECLARE @i int = 0; UPDATE dbo.t SET @i = x = @i + 1", 40510),
    "select that adds up": ("DECLARE @s nvarchar(99) = N''; SELECT @s = @s + N'x' FROM dbo.t", 40510),
    "definition in model": ("USE model; CREATE TABLE dbo.x (a int)", 40510),
    "quotes as strings": ('SET QUOTED_IDENTIFIER OFF; EXEC (N\'SELECT "abc"\')', 40510),
    "too deep": ("SELECT " + "(" * 3000 + "1" + ")" * 3000, 191),
    "schemabinding": ("CREATE PROCEDURE dbo.v WITH SCHEMABINDING AS SELECT 1", 40510),
    "unknown format": ("RAISERROR('100% sure %q', 16, 1)", 2787),
    "two emoji in two units": ("INSERT INTO dbo.n VALUES (N'\U0001f600a')", 2628),
}


@pytest.mark.parametrize(("statement", "number"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_right_is_refused(client: Client, statement: str, number: int) -> None:
    client.run("CREATE TABLE dbo.t (x int); INSERT INTO dbo.t VALUES (1), (2); CREATE TABLE dbo.n (s nvarchar(2))")
    client.run(statement)
    assert number in client.errors
    assert client.run("SELECT COUNT(*) FROM pymlsql.dbo.t") == [(2,)]


DOOMED = ["INSERT INTO dbo.t VALUES (1)", "CREATE TABLE dbo.u (a int)", "BEGIN TRAN", "SELECT 1 AS a INTO dbo.w"]


@pytest.mark.parametrize("statement", DOOMED)
def test_a_doomed_transaction_takes_no_writes(client: Client, statement: str) -> None:
    client.run("CREATE TABLE dbo.t (x int)")
    client.run(f"SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY SELECT 1 / 0 END TRY BEGIN CATCH {statement} END CATCH")
    assert client.errors[0] == 3930
    assert client.run("SELECT COUNT(*) FROM sys.tables") == [(1,)]


def test_use_in_a_string_ends_with_it(client: Client) -> None:
    client.run("EXEC (N'USE master')")
    assert client.run("SELECT DB_NAME()") == [("pymlsql",)]


def test_locking_hints_count_in_conditions_too(client: Client, other: Client) -> None:
    client.run("CREATE TABLE dbo.t (x int)")
    client.run("BEGIN TRAN; IF NOT EXISTS (SELECT 1 FROM dbo.t WITH (UPDLOCK, HOLDLOCK) WHERE x = 1) SELECT 1 AS none")
    other.run("SET LOCK_TIMEOUT 50; INSERT INTO dbo.t VALUES (1)")
    assert other.errors == [1222]


def test_temporary_table_that_is_truncated_again_and_again_holds_no_memory(client: Client) -> None:
    client.run(BIG + "; CREATE TABLE #t (a int NOT NULL PRIMARY KEY, n int IDENTITY, x float, c AS a + 1)")
    used = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
    held = []
    for _ in range(6):
        client.run("INSERT INTO #t (a, x) SELECT a, a / 7E0 FROM dbo.big")
        assert client.run("SELECT COUNT(*), MIN(n), MAX(c) FROM #t WHERE a >= 0") == [(100_000, 1, 100_000)]
        client.run("TRUNCATE TABLE #t")
        assert client.errors == []
        held.append(client.session.store.run(used).fetchone()[0])
    assert max(held) <= held[0]


def test_temporary_table_that_is_truncated_comes_back_with_a_rollback(client: Client) -> None:
    client.run("CREATE TABLE #t (a int IDENTITY, b int); INSERT INTO #t (b) VALUES (1), (2), (3)")
    client.run("BEGIN TRAN; INSERT INTO #t (b) VALUES (4); TRUNCATE TABLE #t; INSERT INTO #t (b) VALUES (5); "
               "SAVE TRAN s; TRUNCATE TABLE #t; ROLLBACK TRAN s")  # fmt: skip
    assert client.run("SELECT b FROM #t") == [(5,)]
    client.run("ROLLBACK")
    assert client.run("SELECT b FROM #t ORDER BY b") == [(1,), (2,), (3,)]
    assert client.errors == []
