"""Scalar functions called again and again in one session: each call stands alone, whatever is kept between them."""

from __future__ import annotations

from tests.unit.engine.conftest import Client

TIMES = 6

COUNTING = """CREATE FUNCTION dbo.counted (@a int) RETURNS int AS
BEGIN
    DECLARE @t TABLE (n int);
    DECLARE @n int = (SELECT COUNT(*) FROM dbo.t);
    INSERT INTO @t SELECT n FROM (VALUES (1), (2)) AS v (n);
    RETURN @n * 10 + (SELECT COUNT(*) FROM @t) + 1 / @a - 1 / @a;
END"""
NESTED = "CREATE FUNCTION dbo.nested (@a int) RETURNS int AS BEGIN RETURN dbo.counted(@a) + dbo.counted(@a); END"


def _made(client: Client) -> None:
    for text in ("CREATE TABLE dbo.t (a int)", COUNTING, NESTED):
        client.run(text)
        assert client.errors == []


def test_a_call_reads_what_is_committed_then(client: Client, other: Client) -> None:
    _made(client)
    for number in range(TIMES):
        assert client.run("SELECT dbo.counted(1), dbo.nested(1)") == [(10 * number + 2, 20 * number + 4)]
        other.run("INSERT INTO dbo.t VALUES (1)")
        assert other.errors == []


def test_calls_go_on_after_an_error(client: Client) -> None:
    _made(client)
    for _ in range(TIMES):
        client.run("SELECT dbo.nested(0)")
        assert client.errors == [8134]
        assert client.run("SELECT dbo.nested(1)") == [(4,)]


def test_a_table_can_be_changed_between_calls(client: Client, other: Client) -> None:
    _made(client)
    for number in range(TIMES):
        assert client.run("SELECT dbo.counted(1)") == [(2,)]
        other.run(f"ALTER TABLE dbo.t ADD b{number} int; DROP TABLE dbo.t; CREATE TABLE dbo.t (a int)")
        assert other.errors == []


def test_the_stores_end_with_the_session(client: Client) -> None:
    _made(client)
    client.run("SELECT dbo.nested(1)")
    stores = list(client.session.function_stores)
    assert 0 < len(stores) <= 2
    client.session.close()
    for store in stores:
        try:
            store.connection.execute("SELECT 1")
        except Exception:
            continue
        raise AssertionError("a connection is open")
