"""Format files of OPENROWSET(BULK ...) and BULK INSERT, rows that are left out, and how values are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import error_number
from tests.servers import Target, running

PEOPLE = "1,Anthony,Grosse,1980-02-23\r\n2,Alica,Fatnowna,1963-11-14\r\n3,Stella,Rosenhain,1992-03-02\r\n"
PEOPLE_FMT = """13.0
4
1       SQLCHAR             0       7       ","      1     PersonID               ""
2       SQLCHAR             0       25      ","      2     FirstName              SQL_Latin1_General_CP1_CI_AS
3       SQLCHAR             0       30      ","      3     LastName               SQL_Latin1_General_CP1_CI_AS
4       SQLCHAR             0       11      "\\r\\n"   4     BirthDate              ""
"""
XML = """<?xml version="1.0"?>
<BCPFORMAT xmlns="http://schemas.microsoft.com/sqlserver/2004/bulkload/format"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <RECORD>
  {fields}
 </RECORD>
 <ROW>
  {columns}
 </ROW>
</BCPFORMAT>
"""
PEOPLE_XML = XML.format(
    fields="""<FIELD ID="1" xsi:type="CharTerm" TERMINATOR="," MAX_LENGTH="7"/>
  <FIELD ID="2" xsi:type="CharTerm" TERMINATOR="," MAX_LENGTH="25" COLLATION="SQL_Latin1_General_CP1_CI_AS"/>
  <FIELD ID="3" xsi:type="CharTerm" TERMINATOR="," MAX_LENGTH="30" COLLATION="SQL_Latin1_General_CP1_CI_AS"/>
  <FIELD ID="4" xsi:type="CharTerm" TERMINATOR="\\r\\n" MAX_LENGTH="11"/>""",
    columns="""<COLUMN SOURCE="1" NAME="PersonID" xsi:type="SQLSMALLINT"/>
  <COLUMN SOURCE="3" NAME="LastName" xsi:type="SQLVARYCHAR"/>
  <COLUMN SOURCE="2" NAME="FirstName" xsi:type="SQLVARYCHAR"/>
  <COLUMN SOURCE="4" NAME="BirthDate" xsi:type="SQLDATE"/>""",
)


def two_fields(first: str = '"\\t"', second: str = '"\\n"', kind: str = "SQLCHAR") -> str:
    return f'14.0\n2\n1 {kind} 0 10 {first} 1 a ""\n2 {kind} 0 20 {second} 2 b ""\n'


FILES: dict[str, str | bytes] = {
    "people.bcp": PEOPLE, "people.fmt": PEOPLE_FMT, "people.xml": PEOPLE_XML,
    "values.txt": "1\tData Item 1\r\n2\tData Item 2\r\n3\tData Item 3\r\n",
    "values.fmt": '9.0\r\n2\r\n1  SQLCHAR  0  10 "\\t"    1  ID           SQL_Latin1_General_Cp437_BIN\r\n'
                  '2  SQLCHAR  0  40 "\\r\\n"  2  Description  SQL_Latin1_General_Cp437_BIN\r\n',
    "skip.dat": "1,DataForColumn3\r\n2,DataForColumn3\r\n",
    "skip.fmt": '14.0\n2\n1 SQLCHAR 0 7 "," 1 Col1 ""\n2 SQLCHAR 0 100 "\\r\\n" 3 Col3 SQL_Latin1_General_CP1_CI_AS\n',
    "skip3.fmt": '14.0\n3\n1 SQLCHAR 0 7 "," 1 Col1 ""\n2 SQLCHAR 0 0 "" 0 Col2 ""\n'
                 '3 SQLCHAR 0 100 "\\r\\n" 3 Col3 SQL_Latin1_General_CP1_CI_AS\n',
    "order.fmt": '14.0\n3\n1 SQLCHAR 0 10 "," 2 name ""\n2 SQLCHAR 0 50 "," 0 skip ""\n'
                 '3 SQLCHAR 0 9 "\\r\\n" 1 id ""\n',
    "order.dat": "n1,zz,1\r\nn2,yy,2\r\n",
    "two.fmt": two_fields(), "comma.fmt": two_fields('","'), "wide.fmt": two_fields(kind="SQLNCHAR"),
    "wide.txt": "1\tœuvre €\n2\t\n".encode("utf-16-le"),
    "two.txt": "1\tone\n2\t\n3\tthree",
    "short.txt": "1\tone\n2",
    "quoted.csv": '1,"a, ""b"""\n2,"two\nlines"\n3,""\n',
    "stray.csv": '1,a\n2,b"c\n', "many.csv": "1,a\n2,b,x\n", "header.csv": "head\n1,a\n",
    "ten.txt": "".join(f"{i}\t{'x' if i % 2 else i}\n" for i in range(20)),
    "fixed.fmt": '14.0\n2\n1 SQLCHAR 0 3 "" 1 a ""\n2 SQLCHAR 0 5 "\\n" 2 b ""\n', "fixed.txt": " 12one\n  3two\n",
    "native.fmt": '14.0\n1\n1 SQLINT 0 4 "" 1 i ""\n', "prefix.fmt": '14.0\n1\n1 SQLCHAR 2 4 "" 1 i ""\n',
    "float.txt": "8.0000000000000002E-2\t8.0000000000000002E-2\r\n",
    "float.xml": XML.format(
        fields='<FIELD ID="1" xsi:type="CharTerm" TERMINATOR="\\t" MAX_LENGTH="30"/>'
               '<FIELD ID="2" xsi:type="CharTerm" TERMINATOR="\\r\\n" MAX_LENGTH="30"/>',
        columns='<COLUMN SOURCE="1" NAME="c1" xsi:type="SQLFLT8"/><COLUMN SOURCE="2" NAME="c2" xsi:type="SQLFLT8"/>'),
    "no-version.fmt": "x\n1\n", "no-count.fmt": "14.0\nx\n", "zero.fmt": "14.0\n0\n",
    "number.fmt": '14.0\n1\n7 SQLCHAR 0 4 "" 1 i ""\n', "type.fmt": '14.0\n1\n1 SQLFOO 0 4 "" 1 i ""\n',
    "bad-prefix.fmt": '14.0\n1\n1 SQLCHAR 3 4 "" 1 i ""\n', "length.fmt": '14.0\n1\n1 SQLCHAR 0 x "" 1 i ""\n',
    "terminator.fmt": '14.0\n1\n1 SQLCHAR 0 4 , 1 i ""\n', "target.fmt": '14.0\n1\n1 SQLCHAR 0 4 "," x i ""\n',
    "unended.fmt": '14.0\n1\n1 SQLCHAR 0 4 "," 1 i ""', "fewer.fmt": '14.0\n2\n1 SQLCHAR 0 4 "," 1 i ""\n',
    "collation.fmt": '14.0\n1\n1 SQLCHAR 0 4 "," 1 i nonsense\n',
    "element.xml": XML.format(fields="<FOO/>", columns=""),
    "missing.xml": XML.format(fields='<FIELD ID="1" xsi:type="CharTerm"/>', columns=""),
    "value.xml": XML.format(fields='<FIELD ID="1" xsi:type="Foo"/>', columns=""),
    "attribute.xml": XML.format(fields='<FIELD ID="1" xsi:type="CharFixed" LENGTH="1" TERMINATOR=","/>', columns=""),
    "words.xml": XML.format(fields="words", columns=""),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the server may read."""
    found = tmp_path_factory.mktemp("formats")
    for name, text in FILES.items():
        (found / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return found


@pytest.fixture(scope="module")
def target(folder: Path) -> Iterator[Target]:
    with running(options=("--bulk-folder", str(folder))) as server:
        yield server


@pytest.fixture
def cursor(target: Target) -> Iterator[Any]:
    connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
    with connection.cursor() as opened:
        yield opened
    connection.close()


def rows_of(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in cursor.execute(sql)]


def errors_of(cursor: Any, sql: str) -> list[int]:
    """The first error of a statement, as the client is told, and where there are several the last, as CATCH is."""
    with pytest.raises(pyodbc.Error) as caught:
        cursor.execute(sql)
        while cursor.nextset():
            pass
    first = error_number(caught.value)
    if first in (102, 4130, 40510):  # found before anything runs
        return [first]
    cursor.execute(f"SET NOCOUNT ON; BEGIN TRY {sql} END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH")
    last = cursor.fetchval() if cursor.description is not None else first
    return [first] if first == last else [first, last]


def opened(folder: Path, data: str, format_file: str, more: str = "") -> str:
    return f"OPENROWSET(BULK '{folder}/{data}', FORMATFILE = N'{folder}/{format_file}'{more}) AS t"


@pytest.mark.parametrize(
    ("data", "format_file", "more", "rows"),
    [
        ("values.txt", "values.fmt", "", [("1", "Data Item 1"), ("2", "Data Item 2"), ("3", "Data Item 3")]),
        ("values.txt", "values.fmt", ", FIRSTROW = 2, LASTROW = 2, ROWS_PER_BATCH = 5, MAXERRORS = 0",
         [("2", "Data Item 2")]),
        ("order.dat", "order.fmt", "", [("1", "n1"), ("2", "n2")]),
        ("two.txt", "two.fmt", "", [("1", "one"), ("2", None), ("3", "three")]),
        ("wide.txt", "wide.fmt", "", [("1", "œuvre €"), ("2", None)]),
        ("quoted.csv", "comma.fmt", ", FORMAT = 'CSV'", [("1", 'a, "b"'), ("2", "two\nlines"), ("3", None)]),
        ("fixed.txt", "fixed.fmt", "", [(" 12", "one"), ("  3", "two")]),
    ],
)  # fmt: skip
def test_rows_of_a_format_file(cursor: Any, folder: Path, data: str, format_file: str, more: str,
                               rows: list[tuple[Any, ...]]) -> None:  # fmt: skip
    assert rows_of(cursor, f"SELECT t.* FROM {opened(folder, data, format_file, more)}") == rows


def test_columns_have_names_and_types(cursor: Any, folder: Path) -> None:
    import datetime as dt

    found = rows_of(cursor, f"SELECT * FROM {opened(folder, 'people.bcp', 'people.xml')} WHERE PersonID > 1")
    assert found == [(2, "Fatnowna", "Alica", dt.date(1963, 11, 14)), (3, "Rosenhain", "Stella", dt.date(1992, 3, 2))]
    cursor.execute(f"SELECT * INTO #kinds FROM {opened(folder, 'people.bcp', 'people.fmt')}")
    kinds = rows_of(cursor, "SELECT name, TYPE_NAME(system_type_id), max_length FROM tempdb.sys.columns "
                            "WHERE object_id = OBJECT_ID('tempdb..#kinds') ORDER BY column_id")  # fmt: skip
    assert kinds == [("PersonID", "varchar", 7), ("FirstName", "varchar", 25), ("LastName", "varchar", 30),
                     ("BirthDate", "varchar", 11)]  # fmt: skip
    assert rows_of(cursor, f"SELECT d, c FROM {opened(folder, 'people.bcp', 'people.fmt')}(a, b, c, d) "
                           "WHERE a = 1") == [("1980-02-23", "Grosse")]  # fmt: skip


def test_a_view_and_a_join_read_the_file_as_it_is_now(cursor: Any, folder: Path) -> None:
    (folder / "now.txt").write_text("1\tone\n", newline="")
    cursor.execute(f"CREATE OR ALTER VIEW dbo.now_v AS SELECT * FROM {opened(folder, 'now.txt', 'two.fmt')}")
    query = "SELECT x.a, y.b FROM dbo.now_v AS x JOIN dbo.now_v AS y ON x.a = y.a ORDER BY x.a"
    assert rows_of(cursor, query) == [("1", "one")]
    (folder / "now.txt").write_text("1\teins\n2\tzwei\n", newline="")
    assert rows_of(cursor, query) == [("1", "eins"), ("2", "zwei")]
    cursor.execute("DROP VIEW dbo.now_v")


@pytest.mark.parametrize(
    ("data", "format_file", "more", "errors"),
    [
        ("nothing.txt", "two.fmt", "", [4860]),
        ("two.txt", "nothing.fmt", "", [4860]),
        ("two.txt", "../two.fmt", "", [4861]),
        ("short.txt", "two.fmt", "", [4832, 7330]),
        ("stray.csv", "comma.fmt", ", FORMAT = 'CSV'", [4879, 7330]),
        ("many.csv", "comma.fmt", ", FORMAT = 'CSV'", [4879, 7330]),
        ("header.csv", "comma.fmt", ", FORMAT = 'CSV', FIRSTROW = 2", [7301]),
        ("two.txt", "two.fmt", ", FIRSTROW = 3, LASTROW = 2", [4880]),
        ("two.txt", "two.fmt", ", FIRSTROW = 3, FIRSTROW = 2", [4130]),
        ("two.txt", "two.fmt", ", FORMAT = 'CSV', FIELDQUOTE = 'ab'", [4878]),
        ("two.txt", "two.fmt", ", ERRORFILE = 'x'", [40510]),
        ("two.txt", "native.fmt", "", [40510]),
        ("two.txt", "prefix.fmt", "", [40510]),
        ("two.txt", "no-version.fmt", "", [4820]),
        ("two.txt", "no-count.fmt", "", [4821]),
        ("two.txt", "zero.fmt", "", [4822]),
        ("two.txt", "number.fmt", "", [4823]),
        ("two.txt", "type.fmt", "", [4824]),
        ("two.txt", "bad-prefix.fmt", "", [4825]),
        ("two.txt", "length.fmt", "", [4826]),
        ("two.txt", "terminator.fmt", "", [4827]),
        ("two.txt", "target.fmt", "", [4828]),
        ("two.txt", "collation.fmt", "", [4839]),
        ("two.txt", "unended.fmt", "", [4862]),
        ("two.txt", "fewer.fmt", "", [4862]),
        ("two.txt", "words.xml", "", [4856]),
        ("two.txt", "element.xml", "", [4855]),
        ("two.txt", "attribute.xml", "", [4857]),
        ("two.txt", "value.xml", "", [4858]),
        ("two.txt", "missing.xml", "", [4859]),
        ("values.txt", "people.xml", ", MAXERRORS = 0", [4832, 7330]),
    ],
)  # fmt: skip
def test_what_cannot_be_read(cursor: Any, folder: Path, data: str, format_file: str, more: str,
                             errors: list[int]) -> None:  # fmt: skip
    assert errors_of(cursor, f"SELECT * FROM {opened(folder, data, format_file, more)}") == errors


def test_options_of_a_rowset(cursor: Any, folder: Path) -> None:
    rowset = f"SELECT * FROM OPENROWSET(BULK '{folder}/two.txt', FORMAT = 'CSV') AS t"
    assert errors_of(cursor, rowset) == [472]
    assert errors_of(cursor, rowset.replace(" AS t", " WITH (a int) AS t")) == [40510]
    assert errors_of(cursor, rowset.replace("FORMAT", "FORMATFILE").replace("'CSV'", "5")) == [102]


def test_bulk_operations_are_a_right(target: Target, cursor: Any, folder: Path) -> None:
    cursor.execute("CREATE LOGIN formats WITH PASSWORD = 'Pa55word+long'; CREATE USER formats FOR LOGIN formats")
    query = f"SELECT COUNT(*) FROM {opened(folder, 'two.txt', 'two.fmt')}"
    cursor.execute("EXECUTE AS LOGIN = 'formats'")
    assert errors_of(cursor, query) == [4834]
    cursor.execute("REVERT; USE master; GRANT ADMINISTER BULK OPERATIONS TO formats")
    cursor.execute(f"USE {target.database}; EXECUTE AS LOGIN = 'formats'")
    assert rows_of(cursor, query) == [(3,)]
    cursor.execute("REVERT")


# BULK INSERT ------------------------------------------------------------------------------------------------------


def test_format_files_of_bulk_insert(cursor: Any, folder: Path) -> None:
    cursor.execute("CREATE TABLE #p (PersonID smallint, FirstName varchar(25), LastName varchar(30), BirthDate date)")
    cursor.execute(f"BULK INSERT #p FROM '{folder}/people.bcp' WITH (FORMATFILE = '{folder}/people.fmt')")
    assert [row[:3] for row in rows_of(cursor, "SELECT * FROM #p ORDER BY PersonID")] == [
        (1, "Anthony", "Grosse"), (2, "Alica", "Fatnowna"), (3, "Stella", "Rosenhain")]  # fmt: skip
    for name in ("skip.fmt", "skip3.fmt"):
        cursor.execute("DROP TABLE IF EXISTS #s; CREATE TABLE #s (Col1 smallint, Col2 nvarchar(50) DEFAULT N'd', "
                       "Col3 nvarchar(50) NOT NULL)")  # fmt: skip
        cursor.execute(f"BULK INSERT #s FROM '{folder}/skip.dat' WITH (FORMATFILE = '{folder}/{name}')")
        assert rows_of(cursor, "SELECT * FROM #s ORDER BY Col1") == [
            (1, "d", "DataForColumn3"), (2, "d", "DataForColumn3")]  # fmt: skip


def test_an_xml_format_file_converts_on_the_way(cursor: Any, folder: Path) -> None:
    cursor.execute("CREATE TABLE #f (c1 float, c2 decimal(5, 4))")
    load = f"BULK INSERT #f FROM '{folder}/float.txt' WITH ({{}})"
    assert errors_of(cursor, load.format("ROWTERMINATOR = '\\r\\n', MAXERRORS = 0")) == [4864, 7330]
    cursor.execute(load.format(f"FORMATFILE = '{folder}/float.xml'"))
    assert rows_of(cursor, "SELECT c1, CAST(c2 AS varchar(9)) FROM #f") == [(0.08, "0.0800")]


def test_bad_rows_are_told_of_and_left_out(cursor: Any, folder: Path) -> None:
    (folder / "bad.txt").write_text("1\ta\nx\tb\n3\tc\n300\td\n\te\n", newline="")
    cursor.execute("CREATE TABLE #b (id tinyint NOT NULL, v varchar(9))")
    load = f"BULK INSERT #b FROM '{folder}/bad.txt'"
    assert errors_of(cursor, load) == [4864]
    assert rows_of(cursor, "SELECT DISTINCT * FROM #b ORDER BY id") == [(1, "a"), (3, "c")]
    assert rows_of(cursor, f"SET NOCOUNT ON; DECLARE @e int; BEGIN TRY {load} END TRY BEGIN CATCH END CATCH; "
                           "SELECT COUNT(*) FROM #b") == [(6,)]  # fmt: skip
    assert errors_of(cursor, load + " WITH (MAXERRORS = 2)") == [4864, 7330]
    assert rows_of(cursor, "SELECT COUNT(*) FROM #b") == [(6,)]
    caught = rows_of(cursor, f"SET NOCOUNT ON; BEGIN TRY {load}; SELECT 'in', @@ROWCOUNT END TRY "
                             "BEGIN CATCH SELECT 'out', 0 END CATCH")  # fmt: skip
    assert caught == [("in", 2)]
    caught = rows_of(cursor, f"SET NOCOUNT ON; BEGIN TRY {load} WITH (MAXERRORS = 0) END TRY "
                             "BEGIN CATCH SELECT ERROR_NUMBER(), XACT_STATE() END CATCH")  # fmt: skip
    assert caught == [(7330, 0)]
    cursor.execute("BEGIN TRAN; INSERT #b VALUES (9, 'nine')")
    assert errors_of(cursor, load + " WITH (MAXERRORS = 0)") == [4864, 7330]
    assert rows_of(cursor, "SELECT @@TRANCOUNT, COUNT(*) FROM #b WHERE id = 9") == [(0, 0)]


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("int", " 12 ", 12), ("int", "- 3", -3), ("int", "0012", 12), ("int", "1.0", 4864), ("int", "1e2", 4864),
        ("int", "2147483648", 4867), ("tinyint", "-1", 4867), ("bigint", "9223372036854775807", 2**63 - 1),
        ("bit", "1", True), ("bit", "0", False), ("bit", "true", 4864), ("bit", " 1", 4864),
        ("money", "1,000.50", "1000.5000"), ("money", "$5", 4864), ("money", "1e15", 4864),
        ("smallmoney", "300000", 4867),
        ("decimal(5, 2)", "1.005", "1.01"), ("decimal(5, 2)", "999.995", 4863), ("decimal(5, 2)", "1e2", 4864),
        ("float", "2.5e3", 2500.0), ("float", "inf", 4864), ("float", "1,5", 4864), ("real", "1e40", 4864),
        ("varchar(3)", "abcd", 4863), ("nvarchar(3)", "abcd", 4864), ("varchar(4)", "abcd", "abcd"),
        ("varbinary(4)", "0a0B", b"\x0a\x0b"), ("varbinary(4)", "0x0A", 4864), ("varbinary(4)", "A", 4863),
        ("varbinary(1)", "0a0B", 4863),
        ("datetime", "2024-01-02 03:04:05.1234567", "2024-01-02 03:04:05.123"), ("date", "2024-13-01", 4864),
        ("uniqueidentifier", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "6F9619FF-8B86-D011-B42D-00C04FC964FF"),
        ("uniqueidentifier", "x", 4864),
    ],
)  # fmt: skip
def test_values_are_read_by_rules_of_their_own(cursor: Any, folder: Path, column: str, text: str, value: Any) -> None:
    (folder / "value.txt").write_text(f"{text}\n", newline="")
    cursor.execute(f"CREATE TABLE #v (v {column})")
    load = f"BULK INSERT #v FROM '{folder}/value.txt'"
    if type(value) is int and value in (4863, 4864, 4867):
        assert errors_of(cursor, load) == [value]
        return
    cursor.execute(load)
    shown = "v" if not isinstance(value, str) else "CONVERT(varchar(40), v, 121)" if column == "datetime" else \
        "CAST(v AS varchar(40))" if column != "money" else "CONVERT(varchar(40), v, 2)"  # fmt: skip
    assert rows_of(cursor, f"SELECT {shown} FROM #v") == [(value,)]


def test_defaults_stand_for_empty_fields(cursor: Any, folder: Path) -> None:
    (folder / "empty.txt").write_text("1,,\n", newline="")
    for more, values in (("", (1, "dflt", 7)), (", KEEPNULLS", (1, None, None))):
        cursor.execute("DROP TABLE IF EXISTS #d; CREATE TABLE #d (id int, name varchar(20) DEFAULT 'dflt', "
                       "n int DEFAULT 7, twice AS id * 2)")  # fmt: skip
        cursor.execute("ALTER TABLE #d DROP COLUMN twice")
        cursor.execute(f"BULK INSERT #d FROM '{folder}/empty.txt' WITH (FIELDTERMINATOR = ','{more})")
        assert rows_of(cursor, "SELECT * FROM #d") == [values]


def test_a_row_takes_its_fields_from_the_stream(cursor: Any, folder: Path) -> None:
    (folder / "stream.txt").write_text("1\n2,b\n3,c,d\n", newline="")
    cursor.execute("CREATE TABLE #t (a varchar(9), b varchar(9))")
    cursor.execute(f"BULK INSERT #t FROM '{folder}/stream.txt' WITH (FIELDTERMINATOR = ',')")
    assert rows_of(cursor, "SELECT * FROM #t ORDER BY a") == [("1\n2", "b"), ("3", "c,d")]
