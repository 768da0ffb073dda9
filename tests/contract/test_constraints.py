"""Constraints of one row, of the same row beside another one, and of many rows whose keys go up or down or neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import error_number

TABLES = """
CREATE TABLE dbo.one_parent (k nvarchar(10) NOT NULL, n decimal(9, 2) NOT NULL,
    CONSTRAINT PK_one_parent PRIMARY KEY (k, n));
INSERT INTO dbo.one_parent VALUES (N'a', 1.50), (N'strasse', 2);
CREATE TABLE dbo.one_child (
    id int NOT NULL CONSTRAINT PK_one_child PRIMARY KEY,
    s varchar(10) NULL CONSTRAINT UQ_one_child UNIQUE,
    k nvarchar(10) NULL, n decimal(9, 2) NULL,
    d datetime NULL, b bit NOT NULL DEFAULT 1, v varbinary(5) NULL, f float NULL,
    CONSTRAINT FK_one_child FOREIGN KEY (k, n) REFERENCES dbo.one_parent (k, n),
    CONSTRAINT CK_one_child CHECK (f > 0 OR s LIKE 'x[0-9]%'));
CREATE UNIQUE INDEX UX_one_child ON dbo.one_child (d, v);
INSERT INTO dbo.one_child (id, s, k, n, d, v, f) VALUES (1, 'abc', N'a', 1.5, '20200101', 0x01, 1);
INSERT INTO dbo.one_child (id, s, k, n, d, v, f) VALUES (2, NULL, NULL, 7, NULL, 0x02, NULL);
"""

ROWS = [
    ("3, 'new', N'a', 1.5, '20200102', 0x01, 1", 0),
    ("1, 'new', N'a', 1.5, '20200102', 0x01, 1", 2627),
    ("3, 'ABC ', N'a', 1.5, '20200102', 0x01, 1", 2627),
    ("3, NULL, N'a', 1.5, '20200102', 0x01, 1", 2627),
    ("3, 'new', N'A ', 1.50, '20200102', 0x01, 1", 0),
    ("3, 'new', N'a', 1.51, '20200102', 0x01, 1", 547),
    ("3, 'new', N'a', NULL, '20200102', 0x01, 1", 0),
    ("3, 'new', NULL, 99, '20200102', 0x01, 1", 0),
    ("3, 'new', N'b', 1.5, '20200102', 0x01, 1", 547),
    ("3, 'new', N'a', 1.5, '20200101', 0x01, 1", 2601),
    ("3, 'new', N'a', 1.5, '20200101', 0x0100, 1", 0),
    ("3, 'new', N'a', 1.5, NULL, 0x02, 1", 2601),
    ("3, 'new', N'a', 1.5, NULL, CAST(NULL AS varbinary(5)), 1", 0),
    ("3, 'new', N'a', 1.5, '20200102', 0x01, 0", 547),
    ("3, 'x7', N'a', 1.5, '20200102', 0x01, -1", 0),
    ("3, 'y7', N'a', 1.5, '20200102', 0x01, -1", 547),
    ("3, 'new', N'a', 1.5, '20200102', 0x01, NULL", 0),
    ("NULL, 'new', N'a', 1.5, '20200102', 0x01, 1", 515),
]


@pytest.fixture(scope="module")
def tables(connection: Any) -> Iterator[Any]:
    """The two tables."""
    drop = "DROP TABLE IF EXISTS dbo.one_child; DROP TABLE IF EXISTS dbo.one_parent"
    connection.execute(drop)
    connection.execute(TABLES)
    yield connection
    connection.execute(drop)


@pytest.mark.parametrize("beside", ["", ", (9, 'beside', NULL, NULL, '20301231', NULL, 1)"], ids=["alone", "beside"])
@pytest.mark.parametrize(("row", "error"), ROWS)
def test_constraints_hold(tables: Any, row: str, error: int, beside: str) -> None:
    found, n_before = 0, tables.execute("SELECT COUNT(*) FROM dbo.one_child").fetchval()
    try:
        tables.execute(f"INSERT INTO dbo.one_child (id, s, k, n, d, v, f) VALUES ({row}){beside}")
    except pyodbc.Error as problem:
        found = error_number(problem)
    n_after = tables.execute("SELECT COUNT(*) FROM dbo.one_child").fetchval()
    tables.execute("DELETE FROM dbo.one_child WHERE id > 2")
    assert found == error
    assert n_after - n_before == (0 if error else 1 + bool(beside))


NUMBERS = """WITH d AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS t(v)),
n AS (SELECT a.v + 10 * b.v + 100 * c.v + 1000 * d.v AS n FROM d AS a, d AS b, d AS c, d)
"""

MANY = [
    ("up", "n + 1000", "n", 0),
    ("down", "20000 - n", "n", 0),
    ("up over one that is there", "n - 5000", "n", 2627),
    ("down over one that is there", "5000 - n", "n", 2627),
    ("up with a pair", "n + 1000 - n / 7777", "n", 2627),
    ("neither, with no pair", "(n * 7919) % 10007 + 1000", "n", 0),
    ("neither, with a pair", "(n * 7919) % 9973 + 1000", "n", 2627),
    ("down beyond", "-10 - n", "n", 0),
    ("a second key with a pair", "n + 1000", "n / 2", 2627),
    ("up, beside what the index leaves out", "n + 1000", "n - 100", 0),
]


@pytest.mark.parametrize(("key", "other", "error"), [row[1:] for row in MANY], ids=[row[0] for row in MANY])
def test_keys_of_many_rows_hold(connection: Any, key: str, other: str, error: int) -> None:
    connection.execute("DROP TABLE IF EXISTS dbo.many")
    connection.execute("CREATE TABLE dbo.many (k int NOT NULL PRIMARY KEY, o int NOT NULL UNIQUE, f int NULL)")
    connection.execute("CREATE UNIQUE INDEX UX_many ON dbo.many (f) WHERE f > 20000")
    connection.execute("INSERT INTO dbo.many VALUES (0, -500, 5), (2, -501, 5)")
    found = 0
    try:
        connection.execute(f"{NUMBERS} INSERT INTO dbo.many (k, o, f) SELECT {key}, {other}, n FROM n ORDER BY n")
    except pyodbc.Error as problem:
        found = error_number(problem)
    n_rows = connection.execute("SELECT COUNT(*) FROM dbo.many").fetchval()
    connection.execute("DROP TABLE dbo.many")
    assert (found, n_rows) == (error, 2 if error else 10_002)
