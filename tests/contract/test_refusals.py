"""Valid T-SQL that the embedded server may not carry out: it does it right, or says Msg 40510; never anything else."""

from __future__ import annotations

import pyodbc
import pytest

from tests.contract import gaps
from tests.contract.cases import error_number, fetch
from tests.servers import Target

UNSUPPORTED = 40510

# Each is valid on SQL Server 2019 and would succeed there, or fail with one of the given numbers.
VALID: list[tuple[str, tuple[int, ...]]] = [
    ("SELECT 1 AS a FOR XML PATH('r')", ()),
    ("SELECT 1 AS a FOR JSON PATH", ()),
    ("SELECT * FROM OPENROWSET(BULK N'/nowhere', SINGLE_BLOB) AS x", (4860, 4861)),
    ("SELECT * FROM sys.dm_os_wait_stats", ()),
    ("SELECT NEXT VALUE FOR dbo.no_such_sequence", (208,)),
    ("SELECT name FROM sys.objects TABLESAMPLE (10 PERCENT)", (494,)),
    ("SELECT CAST('<a/>' AS xml)", ()),
    ("SELECT CAST('/1/' AS hierarchyid)", ()),
    ("SELECT geometry::Point(1, 2, 0)", ()),
    ("SELECT CAST(1 AS sql_variant)", ()),
    ("SELECT FORMAT(1234.5, 'N', 'en-US')", ()),
    ("SELECT SOUNDEX('abc'), DIFFERENCE('abc', 'abd')", ()),
    ("SELECT CHECKSUM(1, 2), BINARY_CHECKSUM(1)", ()),
    ("SELECT COMPRESS('a'), DECOMPRESS(COMPRESS('a'))", ()),
    ("SELECT STDEVP(v), VAR(v), VARP(v) FROM (VALUES (1), (2)) AS t(v)", ()),
    ("SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v) OVER () FROM (VALUES (1), (2)) AS t(v)", ()),
    ("SELECT CAST(SYSDATETIMEOFFSET() AT TIME ZONE 'UTC' AS varchar(40))", ()),
    ("SELECT CURRENT_USER, SUSER_SNAME(), HOST_NAME(), APP_NAME(), @@SPID, @@VERSION, @@SERVERNAME", ()),
    ("SELECT name FROM sys.databases", ()),
    ("SELECT SESSIONPROPERTY('ANSI_NULLS'), DATABASEPROPERTYEX(DB_NAME(), 'Status')", ()),
    ("CREATE TABLE #x (a int, b xml)", ()),
    ("CREATE TABLE #g (a int, b geography)", ()),
    ("CREATE TABLE #v (a rowversion)", ()),
    ("CREATE TABLE #s (a int SPARSE NULL)", ()),
    ("CREATE SEQUENCE dbo.ct_seq START WITH 1; DROP SEQUENCE dbo.ct_seq", ()),
    ("CREATE SYNONYM dbo.ct_syn FOR dbo.x; DROP SYNONYM dbo.ct_syn", ()),
    ("CREATE TYPE dbo.ct_type FROM int; DROP TYPE dbo.ct_type", ()),
    ("CREATE TYPE dbo.ct_rows AS TABLE (a int); DROP TYPE dbo.ct_rows", ()),
    ("CREATE TABLE dbo.ct_trg (a int); EXEC ('CREATE TRIGGER dbo.ct_t ON dbo.ct_trg AFTER INSERT AS PRINT 1')", ()),
    ("DROP TABLE IF EXISTS dbo.ct_trg", ()),
    ("CREATE STATISTICS s ON dbo.no_such_table (a)", (1088, 208, 4902)),
    ("UPDATE STATISTICS dbo.no_such_table", (2706, 208)),
    ("CREATE COLUMNSTORE INDEX i ON dbo.no_such_table (a)", (1088, 208, 4902)),
    ("BACKUP DATABASE pymlsql TO DISK = N'nul'", (911, 3013)),
    ("DBCC CHECKDB", ()),
    ("GRANT SELECT TO public; REVOKE SELECT FROM public", ()),
    ("CREATE USER ct_user WITHOUT LOGIN; DROP USER ct_user", ()),
    ("EXECUTE AS USER = 'dbo'; REVERT", ()),
    ("EXEC xp_cmdshell 'dir'", (15281, 229, 2812)),
    ("EXEC sp_who", ()),
    ("EXEC sp_help", ()),
    ("EXEC sp_rename N'dbo.no_such_table', N'other'", (15225, 15248)),
    ("GOTO later; later: SELECT 1", ()),
    ("BEGIN TRAN; SAVE TRAN a; ROLLBACK TRAN a; COMMIT", ()),
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", ()),
    ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", ()),
    ("SET DATEFORMAT dmy; SELECT CAST('31/01/2020' AS datetime); SET DATEFORMAT mdy", ()),
    ("SET DATEFIRST 1; SELECT DATEPART(weekday, '2020-01-06'); SET DATEFIRST 7", ()),
    ("SET ROWCOUNT 1; SELECT v FROM (VALUES (1), (2)) AS t(v); SET ROWCOUNT 0", ()),
    ("SET SHOWPLAN_ALL OFF", ()),
    ("SET STATISTICS IO ON; SELECT 1; SET STATISTICS IO OFF", ()),
    ("WAITFOR DELAY '00:00:00.010'", ()),
    ("DECLARE @x xml = N'<a>1</a>'; SELECT @x.value('(/a)[1]', 'int')", ()),
    ("DECLARE c CURSOR FOR SELECT 1; OPEN c; FETCH NEXT FROM c; CLOSE c; DEALLOCATE c", ()),
    ("SELECT * FROM (VALUES (1, 2)) AS t(a, b) OPTION (RECOMPILE, MAXDOP 1)", ()),
    ("SELECT * FROM sys.tables WITH (NOLOCK)", ()),
    ("SELECT a = 1, b = STRING_ESCAPE('\"', 'json'), c = JSON_MODIFY('{}', '$.a', 1)", ()),
    ("SELECT TRY_PARSE('1' AS int USING 'fr-FR')", ()),
    ("SELECT PARSE('1/2/49' AS date)", ()),
    ("SELECT {fn NOW()}, {d '2020-01-01'}, {ts '2020-01-01 00:00:00'}", ()),
    ("SELECT $1.50, 0x, 1.e3, .5, N'a' + N'b'", ()),
]  # fmt: skip


def _marks(sql: str, known: dict[str, str]) -> list[pytest.MarkDecorator]:
    return [pytest.mark.embedded_gap(known[sql])] if sql in known else []


@pytest.mark.parametrize(
    ("sql", "numbers"),
    [pytest.param(sql, numbers, id=sql[:60], marks=_marks(sql, gaps.REFUSALS)) for sql, numbers in VALID],
)
def test_valid_statement_is_carried_out_or_refused_by_name(
    embedded: Target, server: Target, sql: str, numbers: tuple[int, ...]
) -> None:
    connection = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    try:
        fetch(connection.cursor(), sql)
    except pyodbc.Error as error:
        number = error_number(error)
        assert number in {UNSUPPORTED, *numbers}, error
        if number == UNSUPPORTED:
            assert "is not supported" in str(error), error
    finally:
        connection.close()
    assert embedded.is_running()


# What level 150 does not know must not work here either.
NEWER: list[tuple[str, tuple[int, ...]]] = [
    ("SELECT GREATEST(1, 2)", (195,)),
    ("SELECT LEAST(1, 2)", (195,)),
    ("SELECT DATE_BUCKET(hour, 3, GETDATE())", (195, 207)),
    ("SELECT value FROM GENERATE_SERIES(1, 3)", (208, 4121)),
    ("SELECT 1 WHERE 1 IS DISTINCT FROM 2", (156, 102)),
    ("SELECT value FROM STRING_SPLIT('a,b', ',', 1)", (8144, 174, 189, 102)),
]


@pytest.mark.parametrize(("sql", "numbers"), NEWER, ids=[sql for sql, _ in NEWER])
def test_what_level_150_does_not_know_is_an_error(embedded: Target, sql: str, numbers: tuple[int, ...]) -> None:
    connection = pyodbc.connect(embedded.odbc, autocommit=True, timeout=20)
    try:
        level = connection.execute("SELECT compatibility_level FROM sys.databases WHERE name = DB_NAME()").fetchval()
        if level > 150:
            pytest.skip(f"the server's database is at level {level}")
        with pytest.raises(pyodbc.Error) as caught:
            fetch(connection.cursor(), sql)
        assert error_number(caught.value) in {UNSUPPORTED, *numbers}, caught.value
    finally:
        connection.close()


# DuckDB's and other dialects' own words, which a translation in hope would let through.
FOREIGN: list[str] = [
    "SELECT 1 LIMIT 1",
    "SELECT list_value(1, 2)",
    "SELECT [1, 2, 3][1]",
    "SELECT 1::int",
    "SELECT 'a' || 'b'",
    "SELECT * EXCLUDE (a) FROM (SELECT 1 AS a, 2 AS b) AS t",
    "SELECT true",
    "SELECT read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '/dev/null'",
    "PRAGMA version",
    "ATTACH ':memory:' AS x",
    "INSTALL httpfs",
    "SELECT * FROM duckdb_tables()",
    "SELECT DATE_TRUNC('day', GETDATE())",
    "SELECT STRFTIME(GETDATE(), '%Y')",
    "SELECT v FROM (VALUES (1)) AS t(v) QUALIFY ROW_NUMBER() OVER (ORDER BY v) = 1",
    "SELECT v FROM (VALUES (1)) AS t(v) ORDER BY v NULLS FIRST",
    "SELECT INTERVAL '1 day'",
    "CREATE OR REPLACE TABLE x (a int)",
    "SELECT 1 FROM (VALUES (1)) t(a) USING SAMPLE 1",
    "SELECT GETDATE() + INTERVAL 1 DAY",
    "SELECT CAST('a' AS text) ILIKE 'A'",
    "DESCRIBE SELECT 1",
    "SELECT COUNT(*) FILTER (WHERE 1 = 1)",
    "SELECT REGEXP_MATCHES('a', 'a')",
    "SELECT LENGTH('a')",
    "SELECT IFNULL(NULL, 1)",
    "SELECT NOW()",
]


@pytest.mark.parametrize("sql", [pytest.param(sql, id=sql, marks=_marks(sql, gaps.FOREIGN)) for sql in FOREIGN])
def test_words_of_other_dialects_are_errors(embedded: Target, sql: str) -> None:
    """Each is an error on SQL Server; the number is one of its own, never a message of the store."""
    connection = pyodbc.connect(embedded.odbc, autocommit=True, timeout=20)
    try:
        with pytest.raises(pyodbc.Error) as caught:
            fetch(connection.cursor(), sql)
        words = str(caught.value)
        number = error_number(caught.value)
        assert 100 <= number < 50000 and "duckdb" not in words.lower().replace("duckdb_tables", ""), words
    finally:
        connection.close()
