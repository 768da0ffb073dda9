"""Sequences and NEXT VALUE FOR."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_CLEAN = ("DROP TABLE IF EXISTS dbo.cf_t", "DROP SEQUENCE IF EXISTS dbo.cf_s")
_V = "FROM (VALUES (1), (2), (3)) AS v (x)"


def _with(definition: str, *cases: object) -> list[object]:
    return list(around((f"CREATE SEQUENCE dbo.cf_s {definition}",), cases, _CLEAN))  # type: ignore[arg-type]


_NUMBERS = [
    *_with("AS int START WITH 1 INCREMENT BY 1",
           query("SELECT NEXT VALUE FOR dbo.cf_s", (1,)),
           query("SELECT NEXT VALUE FOR dbo.cf_s AS a, NEXT VALUE FOR dbo.cf_s AS b", (1, 1)),
           query(f"SELECT NEXT VALUE FOR dbo.cf_s AS n, x {_V}", (1, 1), (2, 2), (3, 3), ordered=False),
           query(f"SELECT NEXT VALUE FOR dbo.cf_s OVER (ORDER BY x DESC) AS n, x {_V} ORDER BY x",
                 (3, 1), (2, 2), (1, 3)),
           batch("DECLARE and SET",
                 "DECLARE @a int = NEXT VALUE FOR dbo.cf_s, @b int; SET @b = NEXT VALUE FOR dbo.cf_s; "
                 "SELECT @a, @b", [(1, 2)]),
           batch("INSERT with VALUES and with SELECT",
                 "CREATE TABLE #t (id int, x int); INSERT #t VALUES (NEXT VALUE FOR dbo.cf_s, 10), "
                 f"(NEXT VALUE FOR dbo.cf_s, 20); INSERT #t SELECT NEXT VALUE FOR dbo.cf_s, 30 {_V}; "
                 "SELECT MAX(id), COUNT(DISTINCT id) FROM #t", [(5, 5)]),
           batch("UPDATE", f"SELECT x AS id, x INTO #t {_V}; UPDATE #t SET id = 10 * NEXT VALUE FOR dbo.cf_s; "
                 "SELECT SUM(id) FROM #t", [(60,)]),
           batch("a rollback takes no number back",
                 "BEGIN TRAN; SELECT NEXT VALUE FOR dbo.cf_s AS a; ROLLBACK; SELECT NEXT VALUE FOR dbo.cf_s AS a",
                 [(1,)], [(2,)]),
           batch("a default", "CREATE TABLE dbo.cf_t (id int DEFAULT NEXT VALUE FOR dbo.cf_s, x int); "
                 "INSERT dbo.cf_t (x) VALUES (7), (8); SELECT id, x FROM dbo.cf_t ORDER BY x", [(1, 7), (2, 8)]),
           fails("CREATE TABLE dbo.cf_t (id int DEFAULT NEXT VALUE FOR dbo.cf_s); DROP SEQUENCE dbo.cf_s", 3729),
           fails("SELECT DISTINCT NEXT VALUE FOR dbo.cf_s", 11721),
           fails("SELECT NEXT VALUE FOR dbo.cf_s UNION ALL SELECT 1", 11721),
           fails("SELECT * FROM (SELECT NEXT VALUE FOR dbo.cf_s AS n) AS q", 11719),
           fails("WITH q AS (SELECT NEXT VALUE FOR dbo.cf_s AS n) SELECT n FROM q", 11719),
           fails(f"SELECT x {_V} WHERE x = NEXT VALUE FOR dbo.cf_s", 11720),
           fails(f"SELECT TOP (1) NEXT VALUE FOR dbo.cf_s {_V}", 11739),
           fails(f"SELECT NEXT VALUE FOR dbo.cf_s AS n, x {_V} ORDER BY x", 11723),
           fails("SELECT IIF(1 = 1, NEXT VALUE FOR dbo.cf_s, 0)", 11741),
           fails("SELECT CASE WHEN 1 = 1 THEN NEXT VALUE FOR dbo.cf_s END", 11741),
           fails("SELECT NEXT VALUE FOR dbo.cf_no_such_sequence", 208),
           fails("CREATE SEQUENCE dbo.cf_s", 2714)),
    *_with("AS tinyint START WITH 254 CYCLE MINVALUE 10",
           batch("a cycle begins at the least value",
                 "SELECT NEXT VALUE FOR dbo.cf_s; SELECT NEXT VALUE FOR dbo.cf_s; SELECT NEXT VALUE FOR dbo.cf_s",
                 [(254,)], [(255,)], [(10,)])),
    *_with("AS tinyint START WITH 255",
           batch("no number is left", "SELECT NEXT VALUE FOR dbo.cf_s; SELECT NEXT VALUE FOR dbo.cf_s", [(255,)],
                 error=11728)),
    *_with("AS int START WITH 5 INCREMENT BY -2",
           query(f"SELECT NEXT VALUE FOR dbo.cf_s AS n {_V}", (5,), (3,), (1,), ordered=False)),
]  # fmt: skip

_ALTER = _with(
    "AS int START WITH 1",
    batch("RESTART WITH", "SELECT NEXT VALUE FOR dbo.cf_s; ALTER SEQUENCE dbo.cf_s RESTART WITH 100; "
          "SELECT NEXT VALUE FOR dbo.cf_s", [(1,)], [(100,)]),
    batch("RESTART", "SELECT NEXT VALUE FOR dbo.cf_s; SELECT NEXT VALUE FOR dbo.cf_s; "
          "ALTER SEQUENCE dbo.cf_s RESTART; SELECT NEXT VALUE FOR dbo.cf_s", [(1,)], [(2,)], [(1,)]),
    batch("INCREMENT BY", "SELECT NEXT VALUE FOR dbo.cf_s; ALTER SEQUENCE dbo.cf_s INCREMENT BY 10; "
          "SELECT NEXT VALUE FOR dbo.cf_s", [(1,)], [(11,)]),
    fails("ALTER SEQUENCE dbo.cf_s START WITH 5", 11710),
    fails("ALTER SEQUENCE dbo.cf_s AS bigint", 11711),
    fails("ALTER SEQUENCE dbo.cf_s", 11715),
    fails("ALTER SEQUENCE dbo.cf_s MAXVALUE 0", 11703),
)  # fmt: skip

_CREATE = around((), [
    fails("CREATE SEQUENCE dbo.cf_s INCREMENT BY 0", 11700),
    fails("CREATE SEQUENCE dbo.cf_s MINVALUE 5 MAXVALUE 5", 11705),
    fails("CREATE SEQUENCE dbo.cf_s START WITH 1 MINVALUE 5", 11703),
    fails("CREATE SEQUENCE dbo.cf_s AS float", 11702),
    fails("CREATE SEQUENCE dbo.cf_s AS decimal(5, 2)", 11702),
    fails("CREATE SEQUENCE dbo.cf_s AS tinyint MAXVALUE 300", 11708),
    fails("CREATE SEQUENCE dbo.cf_s CACHE 0", 11706),
    fails("CREATE SEQUENCE dbo.cf_s INCREMENT BY 10 MINVALUE 1 MAXVALUE 5 START WITH 1", 11701),
    fails("CREATE SEQUENCE dbo.cf_s RESTART WITH 5", 11709),
    fails("CREATE SEQUENCE dbo.cf_s CYCLE NO CYCLE", 11712),
], _CLEAN)  # fmt: skip

_SHOWN = [
    *_with("START WITH 5 INCREMENT BY 2 MINVALUE 1 MAXVALUE 99 CYCLE CACHE 10",
           query("SELECT CAST(start_value AS int), CAST(increment AS int), CAST(minimum_value AS int), "
                 "CAST(maximum_value AS int), is_cycling, is_cached, cache_size, CAST(current_value AS int), type "
                 "FROM sys.sequences WHERE name = 'cf_s'", (5, 2, 1, 99, True, True, 10, 5, "SO")),
           query("SELECT type_desc FROM sys.objects WHERE object_id = OBJECT_ID('dbo.cf_s', 'SO')",
                 ("SEQUENCE_OBJECT",)),
           query("SELECT SEQUENCE_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.SEQUENCES WHERE SEQUENCE_NAME = 'cf_s'",
                 ("cf_s", "bigint")),
           query("DECLARE @f sql_variant, @l sql_variant; EXEC sys.sp_sequence_get_range @sequence_name = N'dbo.cf_s', "
                 "@range_size = 3, @range_first_value = @f OUTPUT, @range_last_value = @l OUTPUT; "
                 "SELECT CAST(@f AS int), CAST(@l AS int)", (5, 9)),
           fails("DECLARE @f sql_variant; EXEC sys.sp_sequence_get_range @sequence_name = N'dbo.cf_s', "
                 "@range_size = 0, @range_first_value = @f OUTPUT", 11733)),
    *_with("AS bigint NO CACHE NO CYCLE",
           query("SELECT is_cached, cache_size, CAST(minimum_value AS bigint), CAST(maximum_value AS bigint) "
                 "FROM sys.sequences WHERE name = 'cf_s'", (False, None, -(2**63), 2**63 - 1))),
]  # fmt: skip

PAGES: list[Page] = [
    page("t-sql/functions/next-value-for-transact-sql", *_NUMBERS),  # type: ignore[arg-type]
    page("t-sql/statements/alter-sequence-transact-sql", *_ALTER),  # type: ignore[arg-type]
    page("t-sql/statements/create-sequence-transact-sql", *_CREATE),
    page("relational-databases/system-catalog-views/sys-sequences-transact-sql", *_SHOWN),  # type: ignore[arg-type]
]
