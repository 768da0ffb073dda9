"""Several databases in one engine: names of three parts, transactions over databases, who may reach which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.tds.requests import Login
from pymlsql.embedded.tsql.messages import SqlError
from tests.unit.engine.conftest import Client

PASSWORD = "Vx9-databases"


def enter(engine: Engine, user: str = "sa", database: str = "") -> Client:
    """A session of this login."""
    password = "p" if user == "sa" else PASSWORD
    return Client(engine.login(Login(user=user, password=password, database=database), client_host="here"))


def run(client: Client, *batches: str) -> None:
    """Batches that must succeed."""
    for batch in batches:
        client.run(batch)
        assert client.errors == [], batch


@pytest.fixture
def two(client: Client) -> Client:
    """A session in the first database; ``other`` has a table in each of two schemas, a view, a procedure."""
    run(client, "CREATE TABLE dbo.here (a int); INSERT dbo.here VALUES (10)", "CREATE DATABASE other", "USE other",
        "CREATE SCHEMA s", "CREATE TABLE s.t (a int); INSERT s.t VALUES (1)",
        "CREATE TABLE dbo.t (a int IDENTITY PRIMARY KEY, b nvarchar(9) DEFAULT N'd', CHECK (b <> N'bad'))",
        "CREATE TABLE dbo.child (a int REFERENCES dbo.t (a) ON DELETE CASCADE)",
        "INSERT dbo.t (b) VALUES (N'x'), (DEFAULT)", "CREATE VIEW dbo.v AS SELECT b FROM t",
        "CREATE FUNCTION dbo.f () RETURNS int AS BEGIN RETURN (SELECT COUNT(*) FROM dbo.t) END",
        "CREATE PROCEDURE dbo.p AS SELECT DB_NAME(), COUNT(*) FROM t", "USE pymlsql")  # fmt: skip
    return client


READS = {
    "table": ("SELECT b FROM other.dbo.t", [("x",), ("d",)]),
    "no schema": ("SELECT COUNT(*) FROM other..t", [(2,)]),
    "join": ("SELECT h.a, t.b FROM dbo.here AS h JOIN other.dbo.t AS t ON t.a = 1", [(10, "x")]),
    "same name twice": ("SELECT COUNT(*) FROM other.s.t CROSS JOIN other.dbo.t", [(2,)]),
    "column by its whole name": ("SELECT other.dbo.t.b FROM other.dbo.t WHERE other.dbo.t.a = 1", [("x",)]),
    "view": ("SELECT b FROM other.dbo.v", [("x",), ("d",)]),
    "function": ("SELECT other.dbo.f()", [(2,)]),
    "procedure": ("EXEC other.dbo.p; SELECT DB_NAME()", [("other", 2), ("pymlsql",)]),
    "catalog": ("SELECT name FROM other.sys.tables ORDER BY name", [("child",), ("t",), ("t",)]),
    "INFORMATION_SCHEMA": ("SELECT TABLE_CATALOG FROM other.INFORMATION_SCHEMA.VIEWS", [("other",)]),
    "ids": ("SELECT DB_ID('other'), DB_NAME(6), OBJECT_NAME(OBJECT_ID('other.s.t'), DB_ID('other')), "
            "OBJECT_ID('t'), OBJECT_ID('nowhere.dbo.t')", [(6, "other", "t", None, None)]),
    "catalog procedure": ("EXEC other..sp_tables @table_name = 'v', @table_qualifier = 'other'",
                          [("other", "dbo", "v", "VIEW", None)]),
    "databases as ODBC asks": ("EXEC sp_tables '', '', '%'", [(name, None, None, None, None) for name in (
        "master", "msdb", "other", "pymlsql", "tempdb")]),
    "system procedure": ("EXEC other.sys.sp_helptext 'dbo.v'", [("CREATE VIEW dbo.v AS SELECT b FROM t",)]),
    "insert": ("INSERT other.dbo.t (b) SELECT N'h' FROM dbo.here; SELECT @@ROWCOUNT, SCOPE_IDENTITY()", [(1, 3)]),
    "insert execute": ("CREATE TABLE #r (d sysname, n int); INSERT #r EXEC other.dbo.p; SELECT * FROM #r",
                       [("other", 2)]),
    "update": ("UPDATE x SET b = N'u' FROM other.dbo.t AS x JOIN dbo.here AS h ON x.a * 10 = h.a; "
               "SELECT b FROM other.dbo.t", [("u",), ("d",)]),
    "update by name": ("UPDATE other.dbo.t SET b = DEFAULT OUTPUT deleted.b, inserted.b WHERE a = 1", [("x", "d")]),
    "view changed": ("UPDATE other.dbo.v SET b = N'u' WHERE b = N'x'; SELECT b FROM other.dbo.t", [("u",), ("d",)]),
    "cascade": ("INSERT other.dbo.child VALUES (1); DELETE other.dbo.t WHERE a = 1; SELECT COUNT(*) FROM "
                "other.dbo.child", [(0,)]),
    "merge": ("MERGE other.s.t AS t USING dbo.here AS h ON t.a = h.a WHEN NOT MATCHED THEN INSERT VALUES (h.a); "
              "SELECT a FROM other.s.t", [(1,), (10,)]),
    "select into": ("SELECT a INTO other.dbo.made FROM dbo.here; SELECT a FROM other.dbo.made", [(10,)]),
    "truncate": ("TRUNCATE TABLE other.s.t; SELECT COUNT(*) FROM other.s.t", [(0,)]),
    "definitions": ("CREATE TABLE other.s.n (a int); ALTER TABLE other.s.n ADD b int; CREATE INDEX i ON other.s.n (a); "
                    "DROP INDEX i ON other.s.n; DROP TABLE other.s.n; SELECT OBJECT_ID('other.s.n')", [(None,)]),
    "temporary": ("CREATE TABLE #x (a int); INSERT #x VALUES (1); USE other; SELECT a FROM #x; "
                  "SELECT a FROM tempdb..#x",
                  [(1,), (1,)]),
    "database is back": ("EXEC (N'USE other; SELECT DB_NAME()'); SELECT DB_NAME()", [("other",), ("pymlsql",)]),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), READS.values(), ids=READS.keys())
def test_a_name_of_three_parts(two: Client, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert (two.run(sql), two.errors) == (rows, [])


REFUSED = {
    "check of the other database": ("INSERT other.dbo.t (b) VALUES (N'bad')", 547),
    "foreign key": ("INSERT other.dbo.child VALUES (77)", 547),
    "foreign key over databases": ("CREATE TABLE dbo.k (a int REFERENCES other.dbo.t (a))", 1763),
    "a view's name": ("EXEC (N'CREATE VIEW other.dbo.w AS SELECT 1 AS a')", 166),
    "drop of a view": ("DROP VIEW other.dbo.v", 166),
    "there already": ("CREATE DATABASE OTHER", 1801),
    "in a transaction": ("BEGIN TRAN; CREATE DATABASE more", 226),
    "drop in a transaction": ("BEGIN TRAN; DROP DATABASE other", 226),
    "in use": ("USE other; DROP DATABASE other", 3702),
    "not there": ("DROP DATABASE nowhere", 3701),
    "no database": ("USE nowhere", 911),
    "files": ("CREATE DATABASE more ON (NAME = a, FILENAME = 'a')", 40510),
    "collation": ("CREATE DATABASE more COLLATE Latin1_General_BIN2", 40510),
    "model": ("CREATE TABLE model.dbo.t (a int)", 40510),
    "catalog of another": ("EXEC sp_columns @table_name = 't', @table_qualifier = 'other'", 15250),
    "rename elsewhere": ("EXEC sp_rename 'other.dbo.t', 'u'", 15250),
    "a default of the database": ("CREATE TABLE other.dbo.d (a int, b sysname DEFAULT DB_NAME()); "
                                  "INSERT other.dbo.d (a) VALUES (1)", 40510),
    "a default that is written": ("CREATE TABLE other.dbo.d (a int, b sysname DEFAULT DB_NAME()); "
                                  "INSERT other.dbo.d VALUES (1, DEFAULT)", 40510),
    "a default that is set": ("CREATE TABLE other.dbo.d (a int, b sysname DEFAULT DB_NAME()); "
                              "UPDATE other.dbo.d SET b = DEFAULT", 40510),
    "a view's database": ("EXEC other.sys.sp_executesql N'CREATE VIEW dbo.w AS SELECT DB_NAME() AS a'; "
                          "SELECT a FROM other.dbo.w", 40510),
    "the first database": ("USE master; DROP DATABASE pymlsql", 40510),
}


@pytest.mark.parametrize(("sql", "number"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(two: Client, sql: str, number: int) -> None:
    two.run(sql)
    assert number in two.errors


def test_a_transaction_spans_databases(two: Client, other: Client) -> None:
    two.run("BEGIN TRAN; INSERT other.s.t VALUES (2); INSERT dbo.here VALUES (2); CREATE TABLE other.dbo.n (a int); "
            "CREATE TABLE msdb.dbo.n (a int); DROP TABLE other.dbo.child; TRUNCATE TABLE other.s.t")  # fmt: skip
    assert other.run("SELECT COUNT(*) FROM other.s.t; SELECT OBJECT_ID('msdb.dbo.n')") == [(1,), (None,)]
    two.run("ROLLBACK")
    assert two.run("SELECT a FROM other.s.t; SELECT a FROM dbo.here") == [(1,), (10,)]
    assert two.run("SELECT OBJECT_ID('other.dbo.n'), OBJECT_ID('msdb.dbo.n')") == [(None, None)]
    two.run("BEGIN TRAN; SAVE TRAN s; CREATE TABLE other.dbo.n (a int); ROLLBACK TRAN s; "
            "CREATE TABLE msdb.dbo.n (a int); COMMIT")  # fmt: skip
    assert other.run("SELECT OBJECT_ID('other.dbo.n'), SIGN(OBJECT_ID('msdb.dbo.n'))") == [(None, 1)]


def test_a_dropped_database_leaves_nothing(two: Client, engine: Engine) -> None:
    run(two, "DROP DATABASE other")
    assert two.run("SELECT name FROM sys.databases WHERE database_id > 4") == [("pymlsql",)]
    kept = engine.cursor().execute("SELECT count(*) FROM store.catalog WHERE starts_with(entry, '@')").fetchone()
    assert kept == (0,)
    run(two, "CREATE DATABASE other")
    assert two.run("SELECT COUNT(*) FROM other.sys.tables; SELECT DB_ID('other')") == [(0,), (6,)]


@pytest.fixture
def ann(two: Client, engine: Engine) -> Iterator[Client]:
    """A session of a login with a user in both databases, of different names and schemas."""
    run(two, f"CREATE LOGIN ann WITH PASSWORD = '{PASSWORD}'; CREATE USER ann FOR LOGIN ann",
        "USE other; CREATE USER ann2 FOR LOGIN ann WITH DEFAULT_SCHEMA = s; GRANT SELECT ON s.t TO ann2",
        "CREATE DATABASE closed; CREATE TABLE closed.dbo.t (a int)", "USE pymlsql",
        "CREATE VIEW dbo.through AS SELECT a FROM other.dbo.t", "CREATE PROCEDURE dbo.proc_through AS "
        "SELECT a FROM other.dbo.t", "GRANT SELECT ON dbo.through TO ann; GRANT EXECUTE ON dbo.proc_through TO ann",
    )  # fmt: skip
    yield enter(engine, "ann", "pymlsql")


RIGHTS = {
    "his schema there": ("SELECT a FROM other..t", [(1,)], []),
    "granted there": ("SELECT a FROM other.s.t", [(1,)], []),
    "not granted": ("SELECT a FROM other.dbo.t", [], [229]),
    "no chain through a view": ("SELECT a FROM dbo.through", [], [229]),
    "no chain through a procedure": ("EXEC dbo.proc_through", [], [229]),
    "insert": ("INSERT other.s.t VALUES (1)", [], [229]),
    "no user": ("SELECT a FROM closed.dbo.t", [], [916]),
    "no user, its catalog": ("SELECT name FROM closed.sys.tables", [], [916]),
    "no user, USE": ("USE closed", [], [916]),
    "access": ("SELECT HAS_DBACCESS('other'), HAS_DBACCESS('closed'), HAS_DBACCESS('nowhere')", [(1, 0, None)], []),
    "databases he may use": ("EXEC sp_databases", [(name, None, None) for name in (
        "master", "msdb", "other", "pymlsql", "tempdb")], []),
    "who he is there": ("USE other; SELECT USER_NAME(), SCHEMA_NAME()", [("ann2", "s")], []),
    "what he sees there": ("SELECT name FROM other.sys.tables", [("t",)], []),
    "guest in msdb": ("USE msdb; SELECT USER_NAME()", [("guest",)], []),
    "no guest in model": ("USE model", [], [916]),
    "create a table": ("CREATE TABLE other.dbo.n (a int)", [], [262]),
    "create a table in master": ("CREATE TABLE master.dbo.n (a int)", [], [262]),
    "create a database": ("CREATE DATABASE n", [], [262]),
    "drop a database": ("DROP DATABASE closed", [], [3701]),
    "alter a database": ("ALTER DATABASE other SET COMPATIBILITY_LEVEL = 150", [], [5011, 5069]),
}


@pytest.mark.parametrize(("sql", "rows", "errors"), RIGHTS.values(), ids=RIGHTS.keys())
def test_users_and_rights_are_of_their_database(
    ann: Client, sql: str, rows: list[tuple[object, ...]], errors: list[int]
) -> None:
    assert (ann.run(sql), ann.errors) == (rows, errors)


def test_a_user_ends_at_the_border_and_a_login_does_not(ann: Client, two: Client) -> None:
    assert two.run("EXECUTE AS LOGIN = 'ann'; SELECT a FROM other.s.t; REVERT") == [(1,)]
    two.run("EXECUTE AS USER = 'ann'; SELECT a FROM other.s.t")
    assert two.errors == [916]
    run(two, "REVERT", "USE other", "CREATE PROCEDURE dbo.as_owner WITH EXECUTE AS OWNER AS "
        "SELECT a FROM pymlsql.dbo.here", "GRANT EXECUTE ON dbo.as_owner TO ann2")  # fmt: skip
    ann.run("EXEC other.dbo.as_owner")
    assert ann.errors == [916]


@pytest.mark.parametrize(("database", "number"), [("closed", 4060), ("nowhere", 4060), ("model", 4060)])
def test_a_login_needs_a_user_to_begin_in_a_database(ann: Client, engine: Engine, database: str, number: int) -> None:
    with pytest.raises(SqlError) as raised:
        enter(engine, "ann", database)
    assert raised.value.number == number
    assert enter(engine, "ann", "OTHER").run("SELECT DB_NAME()") == [("other",)]


def test_who_creates_a_database_owns_it(ann: Client, two: Client, engine: Engine) -> None:
    run(two, "ALTER SERVER ROLE dbcreator ADD MEMBER ann")
    run(ann, "CREATE DATABASE hers", "USE hers", "CREATE TABLE dbo.t (a int)")
    assert ann.run("SELECT USER_NAME(), SUSER_SNAME(owner_sid) FROM sys.databases WHERE name = 'hers'") == [
        ("dbo", "ann")]  # fmt: skip
    two.run("DROP DATABASE hers")
    assert two.errors == [3702]
    two.run("DROP LOGIN ann")
    assert two.errors == [15434]
    run(ann, "USE master; DROP DATABASE hers; DROP DATABASE closed")


def test_the_owner_of_a_database_stays(two: Client) -> None:
    run(two, f"CREATE LOGIN ann WITH PASSWORD = '{PASSWORD}'; ALTER SERVER ROLE dbcreator ADD MEMBER ann",
        "EXECUTE AS LOGIN = 'ann'; CREATE DATABASE hers; REVERT")  # fmt: skip
    two.run("DROP LOGIN ann")
    assert two.errors == [15174]
    run(two, "DROP DATABASE hers; DROP LOGIN ann")


def test_each_database_has_its_level(two: Client) -> None:
    run(two, "ALTER DATABASE other SET COMPATIBILITY_LEVEL = 150")
    assert two.run("SELECT compatibility_level FROM sys.databases WHERE database_id > 4") == [(160,), (150,)]
    assert two.run("SELECT GREATEST(1, 2)") == [(2,)]
    two.run("USE other; SELECT GREATEST(1, 2)")
    assert two.errors


def test_databases_survive_a_restart_and_tempdb_does_not(tmp_path: Path) -> None:
    made = Engine(tmp_path / "d.duckdb", password="p")
    run(enter(made), "CREATE DATABASE kept",
        "CREATE TABLE kept.dbo.t (a int IDENTITY); INSERT kept.dbo.t DEFAULT VALUES",
        "CREATE TABLE msdb.dbo.t (a int); INSERT msdb.dbo.t VALUES (4)", "CREATE TABLE tempdb.dbo.t (a int)",
        f"CREATE LOGIN ann WITH PASSWORD = '{PASSWORD}'; USE kept; CREATE USER ann FOR LOGIN ann; "
        "GRANT SELECT ON dbo.t TO ann", "ALTER DATABASE kept SET COMPATIBILITY_LEVEL = 150",
        "CREATE DATABASE gone; DROP DATABASE gone")  # fmt: skip
    made.close()
    again = Engine(tmp_path / "d.duckdb", password="p")
    client = enter(again)
    assert client.run("INSERT kept.dbo.t DEFAULT VALUES; SELECT a FROM kept.dbo.t") == [(1,), (2,)]
    assert client.run("SELECT a FROM msdb.dbo.t; SELECT OBJECT_ID('tempdb.dbo.t')") == [(4,), (None,)]
    assert client.run("SELECT name, compatibility_level FROM sys.databases WHERE database_id > 4") == [
        ("pymlsql", 160), ("kept", 150)]  # fmt: skip
    assert enter(again, "ann", "kept").run("SELECT a FROM dbo.t") == [(1,), (2,)]
    again.close()
    with pytest.raises(ValueError, match="there is a database kept already"):
        Engine(tmp_path / "d.duckdb", password="p", database="Kept")
