"""What pandas, ODBC tools and report tools send: catalog calls, wrapped queries, bulk parameters."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import pyodbc
import pytest
from sqlalchemy import Engine, Float, Integer, Unicode, create_engine, text

from tests.servers import Target

SCHEMA = "tl"
MADE = (
    "CREATE TABLE tl.region (id int NOT NULL CONSTRAINT PK_tl_region PRIMARY KEY, [Region Name] nvarchar(30) NOT NULL)",
    "CREATE TABLE tl.Sales (id int IDENTITY NOT NULL CONSTRAINT PK_tl_sales PRIMARY KEY, region int NULL CONSTRAINT"
    " FK_tl_sales REFERENCES tl.region (id), day date NOT NULL, Amount decimal(9, 2) NULL, note varchar(20) NULL)",
    "CREATE UNIQUE INDEX UX_tl_sales ON tl.Sales (day, region)",
    "CREATE VIEW tl.both_of_them AS SELECT s.id, s.Amount, r.[Region Name] FROM tl.Sales AS s"
    " JOIN tl.region AS r ON r.id = s.region",
    "CREATE PROCEDURE tl.one @a int, @b nvarchar(10) = N'x', @c int OUTPUT AS SELECT @a AS a",
    "INSERT tl.region VALUES (1, N'North'), (2, N'South')",
    "INSERT tl.Sales (region, day, Amount, note) VALUES (1, '20240101', 10.5, 'a'), (1, '20240102', 20, NULL),"
    " (2, '20240101', 5, 'c'), (NULL, '20240301', NULL, 'd')",
)
GONE = (
    "DROP PROCEDURE IF EXISTS tl.one", "DROP VIEW IF EXISTS tl.both_of_them",
    "DROP TABLE IF EXISTS tl.Sales, tl.region, tl.frame", "DROP SCHEMA IF EXISTS tl",
)  # fmt: skip


@pytest.fixture(scope="module")
def connection(server: Target) -> Iterator[pyodbc.Connection]:
    made = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    for batch in (*GONE, "CREATE SCHEMA tl", *MADE):
        made.execute(batch)
    yield made
    for batch in GONE:
        made.execute(batch)
    made.close()


@pytest.fixture
def engine(server: Target, connection: pyodbc.Connection) -> Iterator[Engine]:
    made = create_engine(server.sqlalchemy_url, fast_executemany=True)
    yield made
    made.dispose()


# ODBC's catalog calls -------------------------------------------------------------------------------------------------


def test_tables_and_views_are_listed(connection: pyodbc.Connection) -> None:
    found = [(row.table_name, row.table_type) for row in connection.cursor().tables(schema=SCHEMA)]
    assert sorted(found) == [("Sales", "TABLE"), ("both_of_them", "VIEW"), ("region", "TABLE")]


def test_names_are_looked_up_without_case_and_with_patterns(connection: pyodbc.Connection) -> None:
    cursor = connection.cursor()
    assert [row.table_name for row in cursor.tables(table="sal%", schema="TL")] == ["Sales"]
    assert [row.column_name for row in cursor.columns(table="SALES", schema=SCHEMA, column="am%")] == ["Amount"]


def test_columns_tell_type_size_and_nullability(connection: pyodbc.Connection) -> None:
    rows = connection.cursor().columns(table="Sales", schema=SCHEMA).fetchall()
    found = [(row.column_name, row.type_name, row.column_size, row.decimal_digits, row.is_nullable) for row in rows]
    assert found == [
        ("id", "int identity", 10, 0, "NO"), ("region", "int", 10, 0, "YES"), ("day", "date", 10, 0, "NO"),
        ("Amount", "decimal", 9, 2, "YES"), ("note", "varchar", 20, None, "YES"),
    ]  # fmt: skip


def test_parameters_are_told(connection: pyodbc.Connection) -> None:
    rows = connection.cursor().procedureColumns("one", schema=SCHEMA).fetchall()
    assert [(row.procedure_name, row.column_name, row.column_type, row.type_name, row.column_size) for row in rows] == [
        ("one;1", "@RETURN_VALUE", 5, "int", 10), ("one;1", "@a", 1, "int", 10), ("one;1", "@b", 1, "nvarchar", 10),
        ("one;1", "@c", 2, "int", 10),
    ]  # fmt: skip


def test_keys_are_told(connection: pyodbc.Connection) -> None:
    assert [(row.column_name, row.pk_name) for row in connection.cursor().primaryKeys("Sales", schema=SCHEMA)] == [
        ("id", "PK_tl_sales")
    ]
    (key,) = connection.cursor().foreignKeys(foreignTable="Sales", foreignSchema=SCHEMA).fetchall()
    assert (key.pktable_name, key.pkcolumn_name, key.fkcolumn_name, key.fk_name) == (
        "region", "id", "region", "FK_tl_sales",
    )  # fmt: skip


def test_statistics_tell_the_indexes(connection: pyodbc.Connection) -> None:
    rows = connection.cursor().statistics("Sales", schema=SCHEMA, unique=False, quick=True).fetchall()
    found = [(row.index_name, row.non_unique, row.ordinal_position, row.column_name) for row in rows if row.index_name]
    assert sorted(found) == [
        ("PK_tl_sales", 0, 1, "id"), ("UX_tl_sales", 0, 1, "day"), ("UX_tl_sales", 0, 2, "region"),
    ]  # fmt: skip


def test_procedures_and_their_parameters_are_told(connection: pyodbc.Connection) -> None:
    assert [row.procedure_name for row in connection.cursor().procedures("one", schema=SCHEMA)] == ["one;1"]


def test_types_are_told(connection: pyodbc.Connection) -> None:
    names = {row.type_name for row in connection.cursor().getTypeInfo()}
    assert {"int", "bigint", "nvarchar", "varchar", "datetime2", "decimal", "float", "bit", "varbinary"} <= names


# pandas ---------------------------------------------------------------------------------------------------------------


def test_a_frame_goes_there_and_back(engine: Engine) -> None:
    frame = pd.DataFrame({
        "n": [1, 2, 3], "x": [0.5, None, -1e300], "s": ["a", None, "ü€"],
        "t": pd.to_datetime(["2024-01-01 10:00", None, "1999-12-31 23:59"]), "k": [True, False, True],
    })  # fmt: skip
    kinds = {"n": Integer(), "x": Float(53), "s": Unicode(10)}
    frame.to_sql("frame", engine, schema=SCHEMA, if_exists="replace", index=False, dtype=kinds)
    frame.to_sql("frame", engine, schema=SCHEMA, if_exists="append", index=False, chunksize=2)
    back = pd.read_sql("SELECT * FROM tl.frame ORDER BY n", engine)
    assert len(back) == 6
    assert back["x"].isna().sum() == back["s"].isna().sum() == back["t"].isna().sum() == 2
    assert back["s"].iloc[-1] == "ü€"
    assert back["x"].iloc[-1] == -1e300
    assert pd.read_sql_table("frame", engine, schema=SCHEMA).shape == (6, 5)


def test_a_query_is_read_in_chunks_with_parameters(engine: Engine) -> None:
    query = text("SELECT id, Amount FROM tl.sales WHERE Amount > :low ORDER BY id")
    chunks = list(pd.read_sql(query, engine, params={"low": 6}, chunksize=1))
    assert [list(chunk["Amount"]) for chunk in chunks] == [[10.5], [20.0]]


# Report tools: the source as a derived table, names in brackets, in whatever case ------------------------------------

WRAPPED: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("select top 1000 [_].[id], [_].[Amount] from [tl].[Sales] as [_] where [_].[amount] > 6 order by [_].[ID]",
     [(1, Decimal("10.50")), (2, Decimal("20.00"))]),
    ("SELECT TOP (1000001) [t1].[Region Name], SUM(CAST([t0].[Amount] AS DECIMAL(38, 2))) AS [a0] FROM ((select"
     " [$Table].[region] as [region], [$Table].[Amount] as [Amount] from [tl].[Sales] as [$Table]) AS [t0] LEFT OUTER"
     " JOIN (select [id], [Region Name] from [tl].[region] as [$Table]) AS [t1] on ([t0].[region] = [t1].[id]))"
     " GROUP BY [t1].[Region Name] ORDER BY [t1].[Region Name]",
     [(None, None), ("North", Decimal("30.50")), ("South", Decimal("5.00"))]),
    ("SELECT COUNT_BIG(*) AS [a0] FROM (SELECT [basetable0].* FROM (select * from tl.BOTH_OF_THEM) AS [basetable0])"
     " AS [t] WHERE ([t].[region name] IN (N'NORTH', N'south'))", [(3,)]),
    ("SELECT TOP (501) [c1], [a0] FROM (SELECT [t0].[day] AS [c1], MIN([t0].[note]) AS [a0], COUNT_BIG(DISTINCT"
     " [t0].[region]) AS [a1] FROM [tl].[Sales] AS [t0] GROUP BY [t0].[day]) AS [MainTable] WHERE (NOT([a0] IS NULL)"
     " OR NOT([a1] IS NULL)) AND [c1] < CAST(N'20240201' AS DATE) ORDER BY [c1] ASC", None),
    ("select [rows].[region] as [region], count(1) as [n] from (select [_].[region] from [tl].[Sales] [_] where"
     " [_].[note] is not null) [rows] group by [region] order by [region]", [(None, 1), (1, 1), (2, 1)]),
    ("SELECT * FROM (SELECT ROW_NUMBER() OVER (ORDER BY [id]) AS [rn], [id] FROM [tl].[sales]) AS [p]"
     " WHERE [p].[rn] BETWEEN 2 AND 3", [(2, 2), (3, 3)]),
    ("SELECT CASE WHEN [t].[Amount] >= 10.0 THEN N'much' ELSE N'little' END AS [c], COUNT(*) AS [n] FROM [tl].[Sales]"
     " AS [t] GROUP BY CASE WHEN [t].[Amount] >= 10.0 THEN N'much' ELSE N'little' END ORDER BY [c]",
     [("little", 2), ("much", 2)]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "rows"), WRAPPED, ids=[str(number) for number in range(len(WRAPPED))])
def test_wrapped_query_is_answered(
    connection: pyodbc.Connection, query: str, rows: list[tuple[Any, ...]] | None
) -> None:
    found = [tuple(row) for row in connection.execute(query).fetchall()]
    if rows is not None:
        assert found == rows
    else:
        assert [row[1] for row in found] == ["a", None]
