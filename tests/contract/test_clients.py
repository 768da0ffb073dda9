"""Every client that is promised: login, types both ways, NULL, parameters, transactions, messages, cancellation."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from typing import Any

import mssql_python
import pymssql
import pyodbc
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.contract.cases import error_number
from tests.servers import Target

TYPES: list[tuple[str, Any]] = [
    ("bit", True),
    ("tinyint", 255),
    ("smallint", -32768),
    ("int", -2147483648),
    ("bigint", 9223372036854775807),
    ("float", 1.7976931348623157e308),
    ("real", 0.5),
    ("decimal(38, 10)", D("1234567890123456789012345678.0123456789")),
    ("decimal(5, 2)", D("-123.45")),
    ("money", D("922337203685477.5807")),
    ("smallmoney", D("-214748.3648")),
    ("varchar(10)", "abc"),
    ("varchar(max)", "x" * 9000),
    ("char(5)", "ab   "),
    ("nvarchar(20)", "Grüße, 世界"),
    ("nvarchar(20)", "\U0001f600"),
    ("nvarchar(max)", "ß" * 9000),
    ("nchar(3)", "ä  "),
    ("varbinary(10)", b"\x00\x01\xff"),
    ("varbinary(max)", bytes(range(256)) * 40),
    ("binary(4)", b"\x01\x02\x00\x00"),
    ("date", dt.date(1, 1, 1)),
    ("date", dt.date(9999, 12, 31)),
    ("datetime", dt.datetime(1753, 1, 1)),
    ("datetime", dt.datetime(2020, 2, 29, 23, 59, 59, 997000)),
    ("datetime2(6)", dt.datetime(1, 1, 1, 0, 0, 0, 1)),
    ("datetime2(0)", dt.datetime(2020, 2, 29, 12, 0, 1)),
    ("smalldatetime", dt.datetime(2079, 6, 6, 23, 59)),
    ("time(6)", dt.time(23, 59, 59, 999999)),
]
EMPTY: list[tuple[str, Any]] = [("varchar(5)", ""), ("nvarchar(max)", ""), ("varbinary(5)", b"")]
KINDS = sorted({kind for kind, _ in TYPES})

CLIENTS = ("pyodbc", "mssql-python", "pymssql")


def _open(client: str, server: Target, **options: Any) -> Any:
    if client == "pyodbc":
        return pyodbc.connect(server.odbc, timeout=20, **options)
    if client == "mssql-python":
        line = ";".join(
            (f"SERVER=tcp:{server.host},{server.port}", f"UID={server.user}", f"PWD={server.password}",
             f"DATABASE={server.database}", "Encrypt=yes", "TrustServerCertificate=yes")
        )  # fmt: skip
        return mssql_python.connect(line, **options)
    return pymssql.connect(
        server=server.host, port=str(server.port), user=server.user, password=server.password,
        database=server.database, login_timeout=20, tds_version="7.4", **options
    )  # fmt: skip


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest, server: Target) -> Iterator[Any]:
    """One connection of each client, autocommit off as PEP 249 wants it."""
    connection = _open(request.param, server)
    yield connection
    connection.close()


def _one(connection: Any, sql: str, *parameters: Any) -> Any:
    cursor = connection.cursor()
    try:
        cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
        return cursor.fetchone()[0]
    finally:
        cursor.close()
        connection.rollback()


def _literal(kind: str, value: Any) -> str:
    if value == b"":
        return f"CAST(CAST('' AS varchar(1)) AS {kind})"
    if isinstance(value, bytes):
        return f"CAST(0x{value.hex()} AS {kind})"
    if isinstance(value, bool):
        return f"CAST({int(value)} AS {kind})"
    if isinstance(value, float):
        return f"CAST({value!r} AS {kind})" if "e" in repr(value) else f"CAST({value!r}e0 AS {kind})"
    if isinstance(value, dt.datetime):
        # datetime and smalldatetime read at most three digits of a second.
        digits = "milliseconds" if kind in {"datetime", "smalldatetime"} else "auto"
        return f"CAST('{value.isoformat(timespec=digits)}' AS {kind})"
    if isinstance(value, (int, D)):
        return f"CAST({value} AS {kind})"
    return f"CAST(N'{value}' AS {kind})"


@pytest.mark.parametrize(("kind", "value"), [*TYPES, *EMPTY], ids=[f"{k} {v!r:.12}" for k, v in [*TYPES, *EMPTY]])
def test_type_reaches_the_client(client: Any, kind: str, value: Any) -> None:
    assert _one(client, f"SELECT {_literal(kind, value)} AS x") == value


@pytest.mark.parametrize("kind", KINDS)
def test_null_of_each_type_reaches_the_client(client: Any, kind: str) -> None:
    assert _one(client, f"SELECT CAST(NULL AS {kind}) AS x") is None


def test_uniqueidentifier_reaches_the_client(client: Any) -> None:
    value = _one(client, "SELECT CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)")
    assert uuid.UUID(str(value)) == uuid.UUID("6F9619FF-8B86-D011-B42D-00C04FC964FF")


def test_a_column_of_values_and_nulls_keeps_its_rows(client: Any) -> None:
    cursor = client.cursor()
    cursor.execute("SELECT a, b FROM (VALUES (1, N'x'), (NULL, N''), (3, NULL)) AS t(a, b) ORDER BY ISNULL(a, 2)")
    assert [tuple(row) for row in cursor.fetchall()] == [(1, "x"), (None, ""), (3, None)]
    client.rollback()


PARAMETERS: list[tuple[str, Any]] = [
    ("int", 42), ("bigint", 2**40), ("float", 0.1), ("bit", True), ("nvarchar(50)", "Grüße, 世界"),
    ("nvarchar(max)", "x" * 20000), ("varbinary(max)", b"\x00" * 20000), ("decimal(20, 4)", D("-12345.6789")),
    ("date", dt.date(2020, 2, 29)), ("datetime2(6)", dt.datetime(2020, 2, 29, 1, 2, 3, 456789)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        pytest.param(name, kind, value, id=f"{name}-{kind}")
        for name in CLIENTS[:2]
        for kind, value in PARAMETERS
    ],
)
def test_parameter_comes_back(server: Target, name: str, kind: str, value: Any) -> None:
    with _open(name, server) as connection:
        assert _one(connection, f"SELECT CAST(? AS {kind}) AS x", value) == value


@pytest.mark.parametrize("name", CLIENTS[:2])
def test_null_parameter_comes_back(server: Target, name: str) -> None:
    with _open(name, server) as connection:
        assert _one(connection, "SELECT CAST(? AS int) AS x", None) is None


def test_pymssql_substitutes_parameters(server: Target) -> None:
    with _open("pymssql", server) as connection:
        assert _one(connection, "SELECT N'a' + %s + CAST(%d AS nvarchar(10))", "it's", 5) == "ait's5"


def test_statement_is_prepared_once_and_executed_often(connection: Any) -> None:
    cursor = connection.cursor()
    for number in range(50):
        assert cursor.execute("SELECT ? * 2 AS x", number).fetchval() == number * 2


ROWS = [
    (number, number / 7, f"name {number}", dt.datetime(2020, 1, 1) + dt.timedelta(hours=number), None)
    for number in range(1000)
]


@pytest.mark.parametrize("fast", [False, True], ids=["row by row", "fast_executemany"])
def test_executemany_stores_every_row(connect: Callable[..., Any], fast: bool) -> None:
    connection = connect(autocommit=False)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE #many (n int NOT NULL, f float NULL, s nvarchar(20), d datetime NULL, x int NULL)")
    cursor.fast_executemany = fast
    sent = ROWS if fast else ROWS[:100]
    cursor.executemany("INSERT #many (n, f, s, d, x) VALUES (?, ?, ?, ?, ?)", sent)
    got = [tuple(row) for row in cursor.execute("SELECT n, f, s, d, x FROM #many ORDER BY n").fetchall()]
    connection.rollback()
    assert got == sent


def test_fast_executemany_reports_a_bad_row_and_the_connection_lives(connect: Callable[..., Any]) -> None:
    connection = connect(autocommit=False)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE #many (n int NOT NULL PRIMARY KEY)")
    cursor.fast_executemany = True
    with pytest.raises(pyodbc.IntegrityError) as caught:
        cursor.executemany("INSERT #many (n) VALUES (?)", [(1,), (2,), (1,)])
    assert error_number(caught.value) == 2627
    connection.rollback()
    assert connection.execute("SELECT 1").fetchval() == 1


# --- transactions ----------------------------------------------------------------------------------------------------


@pytest.fixture
def table(connection: Any) -> Iterator[str]:
    """A permanent table, so that two connections see it."""
    connection.execute("DROP TABLE IF EXISTS dbo.ct_shared")
    connection.execute("CREATE TABLE dbo.ct_shared (n int NOT NULL)")
    yield "dbo.ct_shared"
    connection.execute("DROP TABLE dbo.ct_shared")


@pytest.mark.parametrize("name", CLIENTS)
def test_commit_is_seen_and_rollback_is_not(server: Target, connection: Any, table: str, name: str) -> None:
    with _open(name, server) as other:
        cursor = other.cursor()
        cursor.execute(f"INSERT {table} VALUES (1)")
        other.commit()
        cursor.execute(f"INSERT {table} VALUES (2)")
        other.rollback()
        cursor.execute(f"INSERT {table} VALUES (3)")
        other.commit()
    assert [row.n for row in connection.execute(f"SELECT n FROM {table} ORDER BY n")] == [1, 3]


def test_closed_connection_rolls_back(connect: Callable[..., Any], connection: Any, table: str) -> None:
    other = connect(autocommit=False)
    other.execute(f"INSERT {table} VALUES (1)")
    other.close()
    until = time.monotonic() + 5
    while time.monotonic() < until and connection.execute(f"SELECT COUNT(*) FROM {table}").fetchval():
        time.sleep(0.05)
    assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchval() == 0


def test_error_in_a_transaction_leaves_it_open(connect: Callable[..., Any], table: str) -> None:
    """A constraint error ends its statement, not the transaction (XACT_ABORT OFF)."""
    other = connect(autocommit=False)
    other.execute(f"INSERT {table} VALUES (1)")
    with pytest.raises(pyodbc.Error):
        other.execute(f"INSERT {table} VALUES (NULL)")
    assert tuple(other.execute(f"SELECT @@TRANCOUNT, COUNT(*) FROM {table}").fetchone()) == (1, 1)
    other.rollback()


def test_readers_do_not_wait_for_an_open_writer(connect: Callable[..., Any], connection: Any, table: str) -> None:
    """READ_COMMITTED_SNAPSHOT, where sys.databases says that it is on."""
    on = connection.execute("SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME()").fetchval()
    if not on:
        pytest.skip("the server's database has READ_COMMITTED_SNAPSHOT off")
    writer = connect(autocommit=False)
    writer.execute(f"INSERT {table} VALUES (1)")
    assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchval() == 0
    writer.commit()
    assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchval() == 1


def test_lock_timeout_ends_a_waiting_writer_with_1222(connect: Callable[..., Any], connection: Any, table: str) -> None:
    connection.execute(f"INSERT {table} VALUES (1)")
    writer = connect(autocommit=False)
    writer.execute(f"UPDATE {table} SET n = 2")
    other = connect()
    with pytest.raises(pyodbc.Error) as caught:
        other.execute(f"SET LOCK_TIMEOUT 200; UPDATE {table} SET n = 3")
    assert error_number(caught.value) == 1222
    writer.rollback()


# --- messages, results, cancellation ---------------------------------------------------------------------------------


def test_print_reaches_the_client(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRINT N'first'; PRINT N'Grüße'")
    words = [message for _, message in cursor.messages]
    while cursor.nextset():
        words += [message for _, message in cursor.messages]
    assert [word.rsplit("]", 1)[1] for word in words] == ["first", "Grüße"]


def test_row_counts_reach_the_client(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE #counted (n int)")
    assert cursor.execute("INSERT #counted VALUES (1), (2), (3)").rowcount == 3
    assert cursor.execute("UPDATE #counted SET n = 0 WHERE n > 1").rowcount == 2
    assert cursor.execute("SET NOCOUNT ON; DELETE #counted").rowcount == -1
    cursor.execute("SET NOCOUNT OFF; DROP TABLE #counted")


def test_description_names_columns_and_types(connection: Any) -> None:
    cursor = connection.execute("SELECT 1 AS a, N'x' AS b, CAST(1.5 AS decimal(9, 3)) AS c, 2 AS [d e], 3")
    facts = [(name, kind, precision, scale) for name, kind, _, _, precision, scale, _ in cursor.description]
    assert facts == [("a", int, 10, 0), ("b", str, 1, 0), ("c", D, 9, 3), ("d e", int, 10, 0), ("", int, 10, 0)]


def test_long_result_arrives_whole(connection: Any) -> None:
    sql = """WITH d AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS t(v))
             SELECT a.v + 10 * b.v + 100 * c.v + 1000 * e.v + 10000 * f.v AS n, REPLICATE('x', a.v) AS s
             FROM d AS a CROSS JOIN d AS b CROSS JOIN d AS c CROSS JOIN d AS e CROSS JOIN d AS f"""
    got = connection.execute(sql).fetchall()
    assert len(got) == 100_000
    assert sum(row.n for row in got) == 4_999_950_000
    assert sum(len(row.s) for row in got) == 450_000


ENDLESS = "DECLARE @i bigint = 0; WHILE 1 = 1 SET @i += 1"


def test_cancel_ends_an_endless_loop_and_the_connection_lives(connect: Callable[..., Any]) -> None:
    connection = connect()
    cursor = connection.cursor()
    timer = threading.Timer(0.5, cursor.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(pyodbc.Error, match="cancel"):
        cursor.execute(ENDLESS)
    timer.join()
    assert time.monotonic() - started < 5
    assert connection.execute("SELECT 1").fetchval() == 1


def test_query_timeout_ends_a_waitfor(connect: Callable[..., Any]) -> None:
    connection = connect()
    connection.timeout = 1
    started = time.monotonic()
    with pytest.raises(pyodbc.Error, match=r"HYT00|timeout"):
        connection.execute("WAITFOR DELAY '00:00:30'")
    assert time.monotonic() - started < 5
    connection.timeout = 0
    assert connection.execute("SELECT 1").fetchval() == 1


# --- login -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLIENTS)
def test_wrong_password_is_18456_after_about_a_second(server: Target, name: str) -> None:
    wrong = Target(**{**vars(server), "password": "not the password",
                      "odbc": server.odbc.replace(server.password, "not the password")})  # fmt: skip
    started = time.monotonic()
    with pytest.raises(Exception, match=r"18456|[Ll]ogin failed"):
        _open(name, wrong)
    assert not server.embedded or 0.8 <= time.monotonic() - started < 5
    assert _one(_open(name, server), "SELECT 1") == 1


def test_unknown_database_is_refused(server: Target) -> None:
    with pytest.raises(pyodbc.Error, match="no_such_database"):
        pyodbc.connect(server.odbc.replace(f"DATABASE={server.database}", "DATABASE=no_such_database"), timeout=20)


@pytest.mark.parametrize("encrypt", ["yes", "no", "optional"])
def test_login_with_each_kind_of_encryption(server: Target, encrypt: str) -> None:
    with pyodbc.connect(server.odbc.replace("Encrypt=yes", f"Encrypt={encrypt}"), timeout=20) as connection:
        assert connection.execute("SELECT N'ü'").fetchval() == "ü"


@pytest.mark.parametrize("dialect", ["mssql+pyodbc", "mssql+mssqlpython", "mssql+pymssql"])
def test_sqlalchemy_reads_and_writes(server: Target, dialect: str) -> None:
    base = make_url(server.sqlalchemy_url)
    query = base.query if dialect == "mssql+pyodbc" else {}
    if dialect == "mssql+mssqlpython":
        query = {"Encrypt": "yes", "TrustServerCertificate": "yes"}
    engine = create_engine(base.set(drivername=dialect, query=query))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE #s (n int, s nvarchar(10))"))
        connection.execute(text("INSERT #s VALUES (:n, :s)"), [{"n": 1, "s": "a"}, {"n": 2, "s": None}])
        got = connection.execute(text("SELECT n, s FROM #s WHERE n >= :n ORDER BY n"), {"n": 1}).all()
    engine.dispose()
    assert [tuple(row) for row in got] == [(1, "a"), (2, None)]


def test_many_connections_at_once_each_get_their_own_answer(server: Target) -> None:
    answers: dict[int, list[int]] = {}

    def work(number: int) -> None:
        with _open("pyodbc", server, autocommit=True) as connection:
            connection.execute(f"CREATE TABLE #mine (n int); INSERT #mine VALUES ({number})")
            answers[number] = [connection.execute("SELECT n FROM #mine").fetchval() for _ in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == {number: [number] * 20 for number in range(8)}
