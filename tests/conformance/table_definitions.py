"""CREATE TABLE, ALTER TABLE, DROP TABLE, TRUNCATE, SELECT INTO: columns and their properties."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_CLEAN = ("DROP VIEW IF EXISTS dbo.cf_view", "DROP TABLE IF EXISTS dbo.cf_t, dbo.cf_u")

_VARIABLES = [
    fails("DECLARE @t TABLE (a int, CONSTRAINT k PRIMARY KEY (a)); SELECT 1 AS x", 156),
    fails("DECLARE @t TABLE (a int CONSTRAINT d DEFAULT 1)", 156),
    fails("DECLARE @t TABLE (a int REFERENCES sys.objects (object_id))", 156),
    fails("DECLARE @t TABLE (a int, FOREIGN KEY (a) REFERENCES sys.objects (object_id))", 156),
    fails("CREATE TYPE dbo.cf_type AS TABLE (a int CONSTRAINT c CHECK (a > 1))", 156),
    query("DECLARE @t TABLE ([constraint] int, CHECK ([constraint] > 0)); INSERT @t VALUES (1); "
          "SELECT * FROM @t", (1,)),
]

_COMPUTED = [
    query("CREATE TABLE #t (a int, b int, c AS a + b); INSERT #t (a, b) VALUES (1, 2); SELECT a, b, c FROM #t",
          (1, 2, 3)),
    query("CREATE TABLE #t (a int, b int, c AS a + b PERSISTED); INSERT #t VALUES (1, 2); UPDATE #t SET a = 5; "
          "SELECT c FROM #t", (7,)),
    query("CREATE TABLE #t (low int, high int, mid AS (low + high) / 2); INSERT #t (low, high) VALUES (10, 15); "
          "SELECT mid FROM #t", (12,)),
    query("CREATE TABLE #t (qty int, price money, value AS qty * price); INSERT #t (qty, price) VALUES (25, 2); "
          "SELECT CAST(value AS int) FROM #t", (50,)),
    query("CREATE TABLE #t (a int, c AS a * 2); INSERT #t (a) SELECT 4; DELETE #t WHERE c = 8; SELECT COUNT(*) FROM #t",
          (0,)),
    query("CREATE TABLE #t (a int, c AS a * 2); INSERT #t (a) OUTPUT inserted.c VALUES (4)", (8,)),
    query("CREATE TABLE #t (a int, c AS a * 2 PERSISTED NOT NULL); INSERT #t (a) VALUES (4); SELECT c FROM #t", (8,)),
    query("CREATE TABLE #t (a int, c AS 10 / a); INSERT #t (a) VALUES (0); SELECT a FROM #t", (0,)),
    query("CREATE TABLE #t (a int, c AS UPPER('x') + CAST(a AS varchar(5))); INSERT #t (a) VALUES (4); "
          "SELECT c FROM #t", ("X4",)),
    query("CREATE TABLE #t (c AS a + 1, a int); INSERT #t (a) VALUES (4); SELECT c FROM #t", (5,)),
    fails("CREATE TABLE #t (a int, c AS 10 / a PERSISTED); INSERT #t (a) VALUES (0)", 8134),
    fails("CREATE TABLE #t (a int, c AS 10 / a); INSERT #t (a) VALUES (0); SELECT c FROM #t", 8134),
    fails("CREATE TABLE #t (a int, c AS a + 1); INSERT #t (a, c) VALUES (1, 2)", 271),
    fails("CREATE TABLE #t (a int, c AS a + 1); UPDATE #t SET c = 2", 271),
    fails("CREATE TABLE #t (a int, c AS a + 1, d AS c + 1)", 1759),
    fails("CREATE TABLE #t (a int, c AS b + 1)", 207),
    fails("CREATE TABLE #t (a int, c AS GETDATE() PERSISTED)", 4936),
    fails("CREATE TABLE #t (a int, c AS NEWID() PERSISTED)", 4936),
    fails("CREATE TABLE #t (a datetime, c AS DATENAME(month, a) PERSISTED)", 4936),
    fails("CREATE TABLE #t (a varchar(20), c AS CAST(a AS datetime) PERSISTED)", 4936),
    fails("CREATE TABLE #t (a varchar(20), c AS CONVERT(datetime, a, 100) PERSISTED)", 4936),
    fails("CREATE TABLE #t (a int, c AS (SELECT 1))", 1046),
    query("CREATE TABLE #t (a varchar(20), c AS CONVERT(datetime, a, 112) PERSISTED); SELECT COUNT(*) FROM #t", (0,)),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (3); ALTER TABLE #t ADD c AS a * 2; SELECT c FROM #t", (6,)),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (3); ALTER TABLE #t ADD c AS a * 2 PERSISTED; SELECT c FROM #t",
          (6,)),
    query("CREATE TABLE #t (a int, c AS a * 2); INSERT #t VALUES (3); ALTER TABLE #t ALTER COLUMN c ADD PERSISTED; "
          "SELECT c FROM #t", (6,)),
    fails("CREATE TABLE #t (a int, c AS a * 2); ALTER TABLE #t DROP COLUMN a", 5074),
    fails("CREATE TABLE #t (a int, c AS a * 2); ALTER TABLE #t ALTER COLUMN a bigint", 5074),
    fails("CREATE TABLE #t (a int, c AS a * 2); ALTER TABLE #t ALTER COLUMN c int", 4928),
]  # fmt: skip

_INDEXED = [
    fails("CREATE TABLE #t (a int, c AS a % 2); CREATE UNIQUE INDEX i ON #t (c); INSERT #t (a) VALUES (1), (3)", 2601),
    fails("CREATE TABLE #t (a int, c AS a % 2 UNIQUE); INSERT #t (a) VALUES (1), (3)", 2627),
    fails("CREATE TABLE #t (a int, c AS GETDATE()); CREATE INDEX i ON #t (c)", 2729),
    fails("CREATE TABLE #t (a float, c AS a * 2); CREATE INDEX i ON #t (c)", 2799),
    query("CREATE TABLE #t (a float, c AS a * 2 PERSISTED); CREATE INDEX i ON #t (c); SELECT 1", (1,)),
    query("CREATE TABLE #t (a int, c AS a % 2); CREATE UNIQUE INDEX i ON #t (c); INSERT #t (a) VALUES (1), (2); "
          "UPDATE #t SET a = a + 1; SELECT SUM(c) FROM #t", (1,)),
    fails("CREATE TABLE #t (a int, c AS a % 2); CREATE UNIQUE INDEX i ON #t (c); INSERT #t (a) VALUES (1), (2); "
          "UPDATE #t SET a = 1", 2601),
]  # fmt: skip

_ROWVERSION = [
    query("CREATE TABLE #t (k int PRIMARY KEY, v int, rv rowversion); INSERT #t (k, v) VALUES (1, 0); "
          "INSERT #t (k, v) VALUES (2, 0); SELECT CAST(b.rv AS bigint) - CAST(a.rv AS bigint) FROM #t a, #t b "
          "WHERE a.k = 1 AND b.k = 2", (1,)),
    batch("rowversion changes with each update",
          "CREATE TABLE #t (k int, v int, rv rowversion); INSERT #t (k, v) VALUES (1, 0); "
          "DECLARE @a binary(8) = (SELECT rv FROM #t); UPDATE #t SET v = 0; "
          "SELECT CASE WHEN rv > @a THEN 1 ELSE 0 END FROM #t", [(1,)]),
    query("CREATE TABLE #t (k int, rv rowversion); INSERT #t VALUES (1, DEFAULT); SELECT DATALENGTH(rv) FROM #t", (8,)),
    query("CREATE TABLE #t (k int, rv timestamp); INSERT #t (k) VALUES (1); SELECT COUNT(rv) FROM #t", (1,)),
    fails("CREATE TABLE #t (k int, rv rowversion); INSERT #t (k, rv) VALUES (1, 0x01)", 273),
    fails("CREATE TABLE #t (k int, rv rowversion); INSERT #t (k, rv) SELECT 1, 0x01", 273),
    fails("CREATE TABLE #t (k int, rv rowversion); INSERT #t VALUES (1)", 213),
    fails("CREATE TABLE #t (k int, rv rowversion); UPDATE #t SET rv = 0x01", 272),
    fails("CREATE TABLE #t (k int, a rowversion, b rowversion)", 2738),
    fails("CREATE TABLE #t (k int, a rowversion DEFAULT 0x01)", 1755),
    fails("CREATE TABLE #t (k int, a rowversion); ALTER TABLE #t ALTER COLUMN a int", 4928),
]  # fmt: skip

_COLUMNS = [
    fails("CREATE TABLE #t (a int, A int)", 2705),
    fails("CREATE TABLE #t (a int IDENTITY, b int IDENTITY)", 2744),
    fails("CREATE TABLE #t (a varchar(10) IDENTITY)", 2749),
    fails("CREATE TABLE #t (a decimal(10, 2) IDENTITY)", 2749),
    fails("CREATE TABLE #t (a int IDENTITY NULL)", 8147),
    fails("CREATE TABLE #t (a int IDENTITY DEFAULT 1)", 1754),
    fails("CREATE TABLE #t (a nosuchtype)", 2715),
    fails("CREATE TABLE #t (a int(5))", 2716),
    fails("CREATE TABLE #t (a varchar(8001))", 131),
    fails("CREATE TABLE #t (a int); CREATE TABLE #t (a int)", 2714),
    fails("CREATE TABLE #t (a int DEFAULT b, b int)", 128),
    fails("CREATE TABLE #t (a int PRIMARY KEY, b int PRIMARY KEY)", 8110),
    query("CREATE TABLE #t (a int IDENTITY(10, 5), b int); INSERT #t (b) VALUES (1), (2); SELECT a FROM #t ORDER BY a",
          (10,), (15,)),
    query("CREATE TABLE #t (a decimal(5, 0) IDENTITY, b int); INSERT #t (b) VALUES (1); SELECT CAST(a AS int) FROM #t",
          (1,)),
    query("CREATE TABLE #t (a int NOT NULL, b int DEFAULT 7, c varchar(5) DEFAULT 'x' NOT NULL); "
          "INSERT #t (a) VALUES (1); SELECT b, c FROM #t", (7, "x")),
    query("CREATE TABLE #t (a int DEFAULT 3); INSERT #t DEFAULT VALUES; SELECT a FROM #t", (3,)),
    query("CREATE TABLE #t (a char(3), b varchar(3)); INSERT #t VALUES ('x', 'x'); SELECT DATALENGTH(a), DATALENGTH(b) "
          "FROM #t", (3, 1)),
    fails("DROP TABLE dbo.cf_no_such_table", 3701),
    query("DROP TABLE IF EXISTS dbo.cf_no_such_table; SELECT 1", (1,)),
]  # fmt: skip

_ALTER = [
    query("CREATE TABLE #t (a int); INSERT #t VALUES (1); ALTER TABLE #t ADD b int NULL; SELECT a, b FROM #t",
          (1, None)),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (1); ALTER TABLE #t ADD b int NULL DEFAULT 5; SELECT b FROM #t",
          (None,)),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (1); ALTER TABLE #t ADD b int NULL DEFAULT 5 WITH VALUES; "
          "SELECT b FROM #t", (5,)),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (1); ALTER TABLE #t ADD b int NOT NULL DEFAULT 5, c int NULL; "
          "SELECT b, c FROM #t", (5, None)),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (1), (2); ALTER TABLE #t ADD b int IDENTITY(1, 1); "
          "SELECT SUM(b) FROM #t", (3,)),
    query("CREATE TABLE #t (a int, b int, c int); ALTER TABLE #t DROP COLUMN b, c; INSERT #t VALUES (1); "
          "SELECT * FROM #t", (1,)),
    query("CREATE TABLE #t (a int); ALTER TABLE #t DROP COLUMN IF EXISTS nope; SELECT 1", (1,)),
    query("CREATE TABLE #t (a int); ALTER TABLE #t DROP CONSTRAINT IF EXISTS nope; SELECT 1", (1,)),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (5); ALTER TABLE #t ALTER COLUMN a decimal(5, 2); "
          "SELECT CAST(a AS varchar(10)) FROM #t", ("5.00",)),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (5); ALTER TABLE #t ALTER COLUMN a varchar(5); SELECT a FROM #t",
          ("5",)),
    query("CREATE TABLE #t (a varchar(5)); INSERT #t VALUES ('12'); ALTER TABLE #t ALTER COLUMN a int; "
          "SELECT a FROM #t", (12,)),
    query("CREATE TABLE #t (a varchar(5)); INSERT #t VALUES ('ab'); ALTER TABLE #t ALTER COLUMN a varchar(2) NOT NULL; "
          "SELECT a FROM #t", ("ab",)),
    fails("CREATE TABLE #t (a varchar(5)); INSERT #t VALUES ('ab'); ALTER TABLE #t ALTER COLUMN a int", 245),
    fails("CREATE TABLE #t (a varchar(5)); INSERT #t VALUES ('abc'); ALTER TABLE #t ALTER COLUMN a varchar(2)", 2628),
    fails("CREATE TABLE #t (a int); INSERT #t VALUES (300); ALTER TABLE #t ALTER COLUMN a tinyint", 220),
    fails("CREATE TABLE #t (a int); INSERT #t VALUES (NULL); ALTER TABLE #t ALTER COLUMN a int NOT NULL", 515),
    fails("CREATE TABLE #t (a int); INSERT #t VALUES (1); ALTER TABLE #t ADD b int NOT NULL", 4901),
    query("CREATE TABLE #t (a int); ALTER TABLE #t ADD b int NOT NULL; INSERT #t VALUES (1, 2); SELECT b FROM #t",
          (2,)),
    fails("CREATE TABLE #t (a int); ALTER TABLE #t ADD a int", 2705),
    fails("CREATE TABLE #t (a int, b int); ALTER TABLE #t DROP COLUMN c", 4924),
    fails("CREATE TABLE #t (a int); ALTER TABLE #t ALTER COLUMN c int", 4924),
    fails("CREATE TABLE #t (a int); ALTER TABLE #t DROP COLUMN a", 4923),
    fails("CREATE TABLE #t (a int, b int CONSTRAINT cf_df DEFAULT 1); ALTER TABLE #t DROP COLUMN b", 5074),
    fails("CREATE TABLE #t (a int, b int); CREATE INDEX i ON #t (b); ALTER TABLE #t DROP COLUMN b", 5074),
    fails("CREATE TABLE #t (a int, b int CHECK (b > 0)); ALTER TABLE #t DROP COLUMN b", 5074),
    fails("CREATE TABLE #t (a int PRIMARY KEY, b int); ALTER TABLE #t DROP COLUMN a", 5074),
    fails("CREATE TABLE #t (a int, b int); CREATE INDEX i ON #t (b); ALTER TABLE #t ALTER COLUMN b bigint", 5074),
    query("CREATE TABLE #t (a int, b varchar(5)); CREATE INDEX i ON #t (b); ALTER TABLE #t ALTER COLUMN b varchar(9); "
          "SELECT 1", (1,)),
    fails("ALTER TABLE dbo.cf_no_such_table ADD a int", 4902),
    fails("CREATE TABLE #t (a int); ALTER TABLE #t DROP CONSTRAINT nope", 3728),
    query("CREATE TABLE #t (a int, b int CONSTRAINT ck CHECK (b > 0), c int); "
          "ALTER TABLE #t DROP CONSTRAINT ck, COLUMN b, c; SELECT COUNT(*) FROM tempdb.sys.columns "
          "WHERE object_id = OBJECT_ID('tempdb..#t')", (1,)),
    batch("DROP of constraints and columns is one statement",
          "CREATE TABLE #t (a int, b int CONSTRAINT ck CHECK (b > 0)); BEGIN TRY "
          "ALTER TABLE #t DROP CONSTRAINT ck, COLUMN nope END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH; "
          "INSERT #t VALUES (1, -1)", [(4924,)], error=547),
    batch("CATCH sees the last of the errors of DROP COLUMN",
          "CREATE TABLE #t (a int, b int DEFAULT 1); BEGIN TRY ALTER TABLE #t DROP COLUMN b END TRY "
          "BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", [(4922,)]),
    batch("ALTER TABLE in a transaction is rolled back",
          "CREATE TABLE #t (a int); INSERT #t VALUES (1); BEGIN TRAN; ALTER TABLE #t ADD b int NOT NULL DEFAULT 2; "
          "UPDATE #t SET b = 3; ALTER TABLE #t ADD c int; ROLLBACK; SELECT * FROM #t", [(1,)]),
]  # fmt: skip

_TRUNCATE = around(
    ("CREATE TABLE dbo.cf_t (id int IDENTITY(5, 1) CONSTRAINT cf_pk PRIMARY KEY, a int)",
     "CREATE TABLE dbo.cf_u (t int REFERENCES dbo.cf_t (id))", "INSERT dbo.cf_t (a) VALUES (1), (2)"),
    [fails("TRUNCATE TABLE dbo.cf_t", 4712),
     batch("TRUNCATE begins the identity again",
           "DROP TABLE dbo.cf_u; TRUNCATE TABLE dbo.cf_t; INSERT dbo.cf_t (a) VALUES (1); SELECT id FROM dbo.cf_t",
           [(5,)]),
     fails("TRUNCATE TABLE dbo.cf_no_such_table", 4701),
     fails("EXEC ('CREATE VIEW dbo.cf_view AS SELECT 1 AS a'); TRUNCATE TABLE dbo.cf_view", 4708),
     fails("DROP TABLE dbo.cf_t", 3726)],
    ("DROP VIEW IF EXISTS dbo.cf_view", "DROP TABLE IF EXISTS dbo.cf_u, dbo.cf_t"),
)  # fmt: skip

_INTO = [
    batch("SELECT INTO takes names, types and nullability",
          "SELECT CAST(1 AS int) AS a, CAST(NULL AS varchar(5)) AS b INTO #t; SELECT a, b FROM #t", [(1, None)]),
    batch("SELECT INTO hands IDENTITY on",
          "CREATE TABLE #s (id int IDENTITY(7, 1), a int); INSERT #s (a) VALUES (1), (2); SELECT * INTO #t FROM #s; "
          "INSERT #t (a) VALUES (3); SELECT MAX(id) FROM #t", [(9,)]),
    batch("an expression of the identity column is none",
          "CREATE TABLE #s (id int IDENTITY, a int); INSERT #s (a) VALUES (1); SELECT id + 0 AS id INTO #t FROM #s; "
          "INSERT #t VALUES (9); SELECT MAX(id) FROM #t", [(9,)]),
    batch("a join hands no IDENTITY on",
          "CREATE TABLE #s (id int IDENTITY, a int); INSERT #s (a) VALUES (1); "
          "SELECT x.id INTO #t FROM #s x JOIN #s y ON x.id = y.id; INSERT #t VALUES (9); SELECT MAX(id) FROM #t",
          [(9,)]),
    batch("computed columns become plain ones",
          "CREATE TABLE #s (a int, c AS a * 2); INSERT #s VALUES (1); SELECT * INTO #t FROM #s; UPDATE #t SET c = 9; "
          "SELECT c FROM #t", [(9,)]),
    fails("SELECT 1 INTO #t", 1038),
    fails("SELECT 1 AS a, 2 AS a INTO #t", 2705),
    fails("SELECT 1 AS a INTO #t; SELECT 1 AS a INTO #t", 2714),
]  # fmt: skip

PAGES: list[Page] = [
    page("relational-databases/tables/specify-computed-columns-in-a-table", *_COMPUTED),
    page("relational-databases/indexes/indexes-on-computed-columns", *_INDEXED),
    page("t-sql/data-types/rowversion-transact-sql", *_ROWVERSION),
    page("t-sql/data-types/table-transact-sql", *_VARIABLES),
    page("t-sql/statements/create-table-transact-sql", *_COLUMNS),
    page("t-sql/statements/alter-table-transact-sql", *_ALTER),
    page("t-sql/statements/truncate-table-transact-sql", *_TRUNCATE),
    page("t-sql/queries/select-into-clause-transact-sql", *_INTO),
]
