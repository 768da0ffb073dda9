"""One row inserted alone, and the same row beside another one: the same constraints hold for both."""

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
