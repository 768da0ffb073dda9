"""T-SQL itself: parsing and rewriting, small and large inserts, a loop.

Parsing and rewriting are timed in this process, without a connection; all else over ODBC.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyodbc
from measure import interleaved, judged, median_ratio, report, server, sized

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.engine.evaluation import plan_query
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.session import Session
from pymlsql.embedded.tds.requests import Login
from pymlsql.embedded.tsql.nodes import Select
from pymlsql.embedded.tsql.parser import parse_batch

N_STATEMENTS = sized(500, 20)
N_INSERTS = sized(500, 20)
N_AT_ONCE = sized(10_000, 1_000)
N_ROWS = sized(1_000_000, 20_000)
N_TURNS = sized(10_000, 200)
N_ROUNDS = sized(5, 1)

SEEN = "SELECT id, name, price * 2 AS doubled FROM (VALUES (1, 'a', 2.5)) AS t(id, name, price) WHERE name LIKE 'a%'"

CONSTRAINED = """CREATE TABLE dbo.Orders (
    id int IDENTITY(1, 1) CONSTRAINT PK_Orders PRIMARY KEY,
    customer int NOT NULL CONSTRAINT FK_Orders REFERENCES dbo.Customers (id),
    quantity int NOT NULL CONSTRAINT CK_Orders CHECK (quantity > 0),
    price float NOT NULL,
    made datetime2(3) NOT NULL CONSTRAINT DF_Orders DEFAULT SYSUTCDATETIME())"""

LOOP = f"""SET NOCOUNT ON;
DECLARE @i int = 0, @sum bigint = 0, @q int;
WHILE @i < {N_TURNS}
BEGIN
    SELECT @q = quantity FROM dbo.Small WHERE id = @i % 10 + 1;
    SET @sum += @q * 2;
    SET @i += 1;
END;
SELECT @sum"""


def view(number: int) -> str:
    """The query of a view of 100 lines; no two of the same number are alike."""
    sensors = [
        f"    AVG(t.a) OVER (PARTITION BY t.k ORDER BY t.n ROWS BETWEEN {i} PRECEDING AND CURRENT ROW) AS m{i}"
        for i in range(1, 31)
    ]
    cases = [f"    CASE WHEN t.a > {i} AND t.s LIKE N'x%' THEN t.a / 2 ELSE NULL END AS c{i}" for i in range(1, 31)]
    dates = [f"    DATEDIFF(hour, t.d, DATEADD(day, {i}, t.d)) AS d{i}" for i in range(1, 21)]
    texts = [f"    CONCAT(UPPER(t.s), N'-', CAST(t.a + {i} AS nvarchar(20))) AS s{i}" for i in range(1, 15)]
    columns = ",\n".join([*sensors, *cases, *dates, *texts])
    return (
        f"SELECT t.k AS k{number},\n{columns}\nFROM (VALUES (1, 1, 2.5, N'x', CAST('20200101' AS datetime)))\n"
        "    AS t(k, n, a, s, d)\nWHERE t.a > 0\n    AND t.s <> N''"
    )


def plan(session: Session, text: str) -> None:
    """Parse a batch of one SELECT and rewrite it."""
    statement = parse_batch(text).statements[0]
    if not isinstance(statement, Select):
        raise SystemExit(f"not a SELECT: {text}")
    plan_query(session, Frame(), statement.query)


def median_ms(action: Callable[[int], object], n_times: int) -> float:
    """Median of the calls with 1, 2, 3 ..."""
    taken = []
    for number in range(1, n_times + 1):
        started = time.perf_counter()
        action(number)
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)


def rewriting() -> tuple[float, float]:
    """Milliseconds for a statement seen before, and for new ones of 100 lines."""
    with tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as folder:
        engine = Engine(Path(folder, "bench.duckdb"), password="bench")
        session = engine.login(Login(user="sa", password="bench", database=""), client_host="bench")
        plan(session, SEEN)
        gc.collect()
        gc.freeze()  # as the server does when it has started
        seen = median_ms(lambda number: plan(session, SEEN), N_STATEMENTS)
        new = median_ms(lambda number: plan(session, view(number)), max(N_STATEMENTS // 10, 3))
        engine.close()
    return seen, new


def make_tables(connection: pyodbc.Connection) -> None:
    """Ten customers, an empty dbo.Orders, and N_ROWS rows to insert."""
    connection.execute("CREATE TABLE dbo.Customers (id int NOT NULL PRIMARY KEY)")
    connection.execute(
        "INSERT INTO dbo.Customers SELECT value FROM (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) AS t(value)"
    )
    connection.execute(CONSTRAINED)
    connection.execute("CREATE TABLE dbo.Small (id int NOT NULL PRIMARY KEY, quantity int NOT NULL)")
    connection.execute("INSERT INTO dbo.Small SELECT id, id * 3 FROM dbo.Customers")
    connection.execute("CREATE TABLE dbo.Source (n int NOT NULL, customer int NOT NULL, price float NOT NULL)")
    digits = "(VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS "
    places = "CROSS JOIN ".join(f"{digits} {name}(v) " for name in "abcdef")
    connection.execute(
        "INSERT INTO dbo.Source SELECT TOP (?) a.v + 10 * b.v + 100 * c.v + 1000 * d.v + 10000 * e.v + 100000 * f.v, "
        f"a.v + 1, b.v * 1.5e0 FROM {places}", N_ROWS,
    )  # fmt: skip


def main() -> None:
    """Time each in turn."""
    seen, new = rewriting()
    with server() as target, tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as folder:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        make_tables(connection)
        one = median_ms(
            lambda number: connection.execute(
                "INSERT INTO dbo.Orders (customer, quantity, price) VALUES (?, ?, ?)", number % 10 + 1, number, 1.5
            ),
            N_INSERTS,
        )
        connection.execute("CREATE TABLE dbo.Many (id int IDENTITY(1, 1) PRIMARY KEY, a int NOT NULL, s nvarchar(20))")
        many_text = "SELECT n, CONCAT(N'row ', n) FROM dbo.Source WHERE n < ?"
        many, _ = interleaved(
            N_ROUNDS, lambda: connection.execute(f"INSERT INTO dbo.Many (a, s) {many_text}", N_AT_ONCE), lambda: None
        )
        store = duckdb.connect(str(Path(folder, "bare.duckdb")))
        store.execute(
            "CREATE TABLE source AS SELECT n::INT n, (n % 10 + 1)::INT customer, n * 1.5 price "
            f"FROM range({N_ROWS}) r(n)"
        )
        store.execute("CREATE TABLE orders (id INT, customer INT, quantity INT, price DOUBLE, made TIMESTAMP)")
        served, bare = interleaved(
            N_ROUNDS,
            lambda: connection.execute(
                "INSERT INTO dbo.Orders (customer, quantity, price) SELECT customer, n + 1, price FROM dbo.Source"
            ),
            lambda: store.execute("INSERT INTO orders SELECT n, customer, n + 1, price, now()::TIMESTAMP FROM source"),
        )
        loop, _ = interleaved(N_ROUNDS, lambda: connection.execute(LOOP).fetchval(), lambda: None, within_s=60)
        connection.close()
        store.close()
    report(
        judged("language.seen", seen),
        judged("language.new", new),
        judged("language.one", one),
        judged("language.many", statistics.median(many)),
        judged("language.large", median_ratio(served, bare), f"{N_ROWS:,} rows"),
        judged("language.loop", statistics.median(loop)),
        served_s=served, bare_s=bare, loop_s=loop,
    )  # fmt: skip


if __name__ == "__main__":
    main()
