"""OPENROWSET(BULK ...) and BULK INSERT: what they read, from where, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import error_number
from tests.servers import Target, running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the server may read, with a few files, beside one that it may not."""
    found = tmp_path_factory.mktemp("bulk")
    (found / "model.bin").write_bytes(bytes(range(256)) * 2000)
    (found / "note.txt").write_bytes("naïve\r\n".encode("cp1252"))
    (found / "wide.txt").write_bytes("œuvre".encode("utf-16"))
    (found / "tabs.txt").write_text("1\tone\t1.5\n2\t\t\n", newline="")
    (found / "rows.csv").write_text('id,name,v\r\n1,"a, ""b""",1.5\r\n2,é,\r\n', encoding="utf-8", newline="")
    (found / "bad.csv").write_text("1,a,1.5\n2,b,x\n", newline="")
    (found / "short.csv").write_text("1,a\n", newline="")
    outside = found.parent / "elsewhere.txt"
    outside.write_text("secret")
    (found / "link.txt").symlink_to(outside)
    return found


@pytest.fixture(scope="module")
def target(folder: Path) -> Iterator[Target]:
    with running(options=("--bulk-folder", str(folder))) as server:
        yield server


@pytest.fixture
def cursor(target: Target) -> Iterator[Any]:
    connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
    with connection.cursor() as opened:
        opened.execute("DROP TABLE IF EXISTS dbo.loaded; CREATE TABLE dbo.loaded (id int, name nvarchar(9), v float)")
        yield opened
    connection.close()


def number_of(cursor: Any, sql: str) -> int:
    with pytest.raises(pyodbc.Error) as caught:
        cursor.execute(sql)
        while cursor.nextset():
            pass
    return error_number(caught.value)


def test_a_file_is_one_value(cursor: Any, folder: Path) -> None:
    row = cursor.execute(f"SELECT BulkColumn FROM OPENROWSET(BULK N'{folder}/model.bin', SINGLE_BLOB) AS m").fetchone()
    assert row[0] == bytes(range(256)) * 2000
    row = cursor.execute(f"SELECT x FROM OPENROWSET(BULK '{folder}/note.txt', SINGLE_CLOB) AS m(x)").fetchone()
    assert row[0] == "naïve\r\n"
    row = cursor.execute(f"SELECT * FROM OPENROWSET(BULK '{folder}/wide.txt', SINGLE_NCLOB) AS m").fetchone()
    assert row[0] == "œuvre"


def test_a_file_goes_into_a_column(cursor: Any, folder: Path) -> None:
    cursor.execute("CREATE TABLE #m (model varbinary(max))")
    cursor.execute(f"INSERT INTO #m SELECT BulkColumn FROM OPENROWSET(BULK '{folder}/model.bin', SINGLE_BLOB) AS m")
    assert cursor.execute("SELECT DATALENGTH(model) FROM #m").fetchval() == 512000


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("OPENROWSET(BULK '{folder}/nothing.bin', SINGLE_BLOB) AS m", 4860),
        ("OPENROWSET(BULK '{folder}/../elsewhere.txt', SINGLE_BLOB) AS m", 4861),
        ("OPENROWSET(BULK '{folder}/../not there', SINGLE_BLOB) AS m", 4861),
        ("OPENROWSET(BULK '{folder}/link.txt', SINGLE_BLOB) AS m", 4861),
        ("OPENROWSET(BULK '/etc/passwd', SINGLE_CLOB) AS m", 4861),
        ("OPENROWSET(BULK '{folder}/note.txt', SINGLE_NCLOB) AS m", 4809),
        ("OPENROWSET(BULK '{folder}/note.txt', SINGLE_CLOB, SINGLE_BLOB) AS m", 471),
        ("OPENROWSET(BULK '{folder}/note.txt', SINGLE_CLOB)", 491),
    ],
)
def test_what_cannot_be_read(cursor: Any, folder: Path, source: str, error: int) -> None:
    assert number_of(cursor, f"SELECT * FROM {source.format(folder=folder)}") == error


def test_bulk_operations_are_a_right(target: Target, cursor: Any, folder: Path) -> None:
    cursor.execute("CREATE LOGIN loader WITH PASSWORD = 'Pa55word+long'; CREATE USER loader FOR LOGIN loader; "
                   "GRANT INSERT, SELECT ON dbo.loaded TO loader")  # fmt: skip
    query = f"SELECT LEN(BulkColumn) FROM OPENROWSET(BULK '{folder}/note.txt', SINGLE_CLOB) AS m"
    load = f"BULK INSERT dbo.loaded FROM '{folder}/tabs.txt'"
    cursor.execute("EXECUTE AS LOGIN = 'loader'")
    assert number_of(cursor, query) == 4834
    assert number_of(cursor, load) == 4834
    cursor.execute("REVERT; USE master; GRANT ADMINISTER BULK OPERATIONS TO loader")
    cursor.execute(f"USE {target.database}; EXECUTE AS LOGIN = 'loader'")
    assert cursor.execute(query).fetchval() == 7
    cursor.execute(load)
    cursor.execute("REVERT; REVOKE INSERT ON dbo.loaded FROM loader; EXECUTE AS LOGIN = 'loader'")
    assert number_of(cursor, load) == 229
    cursor.execute("REVERT")


def test_rows_between_terminators(cursor: Any, folder: Path) -> None:
    terminators = "FIELDTERMINATOR = '\\t', ROWTERMINATOR = '\\n'"
    cursor.execute(f"BULK INSERT dbo.loaded FROM '{folder}/tabs.txt' WITH ({terminators})")
    assert [tuple(row) for row in cursor.execute("SELECT * FROM dbo.loaded ORDER BY id")] == [
        (1, "one", 1.5), (2, None, None)]  # fmt: skip


def test_rows_of_csv(cursor: Any, folder: Path) -> None:
    cursor.execute(f"BULK INSERT dbo.loaded FROM '{folder}/rows.csv' "
                   "WITH (FORMAT = 'CSV', FIRSTROW = 2, CODEPAGE = '65001', TABLOCK)")  # fmt: skip
    assert [tuple(row) for row in cursor.execute("SELECT * FROM dbo.loaded ORDER BY id")] == [
        (1, 'a, "b"', 1.5), (2, "é", None)]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "options", "error"),
    [
        ("bad.csv", "FORMAT = 'CSV', MAXERRORS = 0", 4864),
        ("short.csv", "FORMAT = 'CSV'", 4879),
        ("rows.csv", "FORMAT = 'CSV'", 40510),
        ("nothing.csv", "FORMAT = 'CSV'", 4860),
        ("tabs.txt", "FORMATFILE = '/x.fmt'", 4861),
        ("tabs.txt", "FORMAT = 'PARQUET'", 40510),
        ("tabs.txt", "NO_SUCH_OPTION", 102),
    ],
)
def test_files_that_do_not_fit_change_nothing(cursor: Any, folder: Path, file: str, options: str, error: int) -> None:
    assert number_of(cursor, f"BULK INSERT dbo.loaded FROM '{folder}/{file}' WITH ({options})") == error
    assert cursor.execute("SELECT COUNT(*) FROM dbo.loaded").fetchval() == 0


def test_a_rollback_takes_the_rows_back(cursor: Any, folder: Path) -> None:
    cursor.execute(f"BEGIN TRAN; BULK INSERT dbo.loaded FROM '{folder}/tabs.txt'; ROLLBACK")
    assert cursor.execute("SELECT COUNT(*) FROM dbo.loaded").fetchval() == 0


def test_without_a_folder_nothing_is_read(embedded: Target, connection: Any, folder: Path) -> None:
    query = f"SELECT * FROM OPENROWSET(BULK '{folder}/note.txt', SINGLE_CLOB) AS m"
    assert number_of(connection.cursor(), query) == 4861
