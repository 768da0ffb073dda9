"""INSERT, UPDATE, DELETE and TRUNCATE; OUTPUT, TOP, and changes through views and queries."""

from __future__ import annotations

from decimal import Decimal as D

from tests.conformance.form import Page, around, batch, fails, page, query

T = "CREATE TABLE #t (id int IDENTITY(1, 1) PRIMARY KEY, n int NULL, s nvarchar(10) NOT NULL DEFAULT N'new'); "
N = T + "INSERT #t (n) VALUES (1), (2), (3); "
U = "CREATE TABLE #u (a int, b int); INSERT #u VALUES (1, 10), (2, 20), (3, 30); "
L = "CREATE TABLE #l (k int, v varchar(max) NULL, w nvarchar(max) NULL, b varbinary(max) NULL); " \
    "INSERT #l VALUES (1, 'abcdef', N'abcdef', 0x010203); "  # fmt: skip

INSERTS = page("t-sql/statements/insert-transact-sql",
    batch("insert: rows of values", T + "INSERT #t (n, s) VALUES (1, 'a'), (2, 'b'); SELECT * FROM #t ORDER BY id",
          [(1, 1, "a"), (2, 2, "b")]),
    batch("insert: columns in another order", T + "INSERT #t (s, n) VALUES (N'a', 1); SELECT n, s FROM #t", [(1, "a")]),
    batch("insert: defaults", T + "INSERT #t (n) VALUES (NULL); INSERT #t DEFAULT VALUES; INSERT #t (n, s) VALUES (3, "
          "DEFAULT); "
          "SELECT id, n, s FROM #t ORDER BY id", [(1, None, "new"), (2, None, "new"), (3, 3, "new")]),
    batch("insert: a query", T + "INSERT INTO #t (n) SELECT v FROM (VALUES (5), (6)) AS x(v) ORDER BY v; "
          "SELECT @@ROWCOUNT, SCOPE_IDENTITY()", [(2, D("2"))]),
    batch("insert: a common table expression", T + "WITH x (v) AS (SELECT 7) INSERT #t (n) SELECT v FROM x; SELECT n "
          "FROM #t",
          [(7,)]),
    batch("insert: a union", U + "INSERT #u SELECT 4, 40 UNION ALL SELECT 5, 50; SELECT COUNT(*) FROM #u", [(5,)]),
    batch("insert: the default of a column without one is null", "CREATE TABLE #d (a int NULL); INSERT #d VALUES "
          "(DEFAULT); "
          "SELECT a FROM #d", [(None,)]),
    batch("insert: no rows", U + "INSERT #u SELECT a, b FROM #u WHERE 1 = 0; SELECT @@ROWCOUNT", [(0,)]),
    batch("insert: top", U + "CREATE TABLE #v (a int); INSERT TOP (2) INTO #v SELECT a FROM #u; SELECT COUNT(*) FROM "
          "#v",
          [(2,)]),
    batch("insert: top by percent", U + "CREATE TABLE #v (a int); INSERT TOP (50) PERCENT #v SELECT a FROM #u; "
          "SELECT COUNT(*) FROM #v", [(2,)]),
    batch("insert: an expression in values", U + "INSERT #u VALUES (1 + 1, (SELECT MAX(b) FROM #u) + 1); "
          "SELECT b FROM #u WHERE b > 30", [(31,)]),
    batch("insert: strings become numbers", U + "INSERT #u VALUES ('7', ' 8 '); SELECT a, b FROM #u WHERE a = 7", [(7,
          8)]),
    batch("insert: trailing blanks may be cut", "CREATE TABLE #c (a varchar(3)); INSERT #c VALUES ('ab    '); "
          "SELECT DATALENGTH(a) FROM #c", [(3,)]),
    batch("insert: char is padded", "CREATE TABLE #c (a char(5)); INSERT #c VALUES ('ab'); SELECT DATALENGTH(a) FROM "
          "#c",
          [(5,)]),
    batch("insert: a table hint", U + "INSERT INTO #u WITH (TABLOCK) VALUES (4, 40); SELECT COUNT(*) FROM #u", [(4,)]),
    batch("insert: its own rows", U + "INSERT #u SELECT a + 10, b FROM #u; SELECT COUNT(*) FROM #u", [(6,)]),
    fails(T + "INSERT #t (n, s) VALUES (1)", 109),
    fails(T + "INSERT #t (n) VALUES (1, 2)", 110),
    fails(T + "INSERT #t (n, s) SELECT 1", 120),
    fails(T + "INSERT #t (n) SELECT 1, 2", 121),
    fails(U + "INSERT #u VALUES (1)", 213),
    fails(U + "INSERT #u VALUES (1, 2, 3)", 213),
    fails(U + "INSERT #u SELECT 1", 213),
    fails(T + "INSERT #t (zz) VALUES (1)", 207),
    fails(T + "INSERT #t (n, n) VALUES (1, 1)", 264),
    fails(T + "INSERT #t (s) VALUES (NULL)", 515),
    fails(T + "INSERT #t (s) VALUES (N'12345678901')", 2628),
    fails("DECLARE @s nvarchar(6) = N'\U0001F600\U0001F600\U0001F600'; DECLARE @t TABLE (s nvarchar(5)); "
          "INSERT INTO @t SELECT @s", 2628),
    fails("DECLARE @s nvarchar(5) = N'abcde'; DECLARE @t TABLE (s nvarchar(4)); INSERT INTO @t SELECT @s", 2628),
    query("DECLARE @s nvarchar(3) = N'abc', @v varchar(6) = 'abcdef'; DECLARE @t TABLE (s nvarchar(6)); "
          "INSERT INTO @t SELECT @s UNION ALL SELECT @v; SELECT LEN(s) FROM @t ORDER BY s", (3,), (6,)),
    fails(U + "INSERT #u VALUES (1, 2), (1)", 10709),
    fails("CREATE TABLE #k (k tinyint); INSERT #k VALUES (256)", 220),
    fails("CREATE TABLE #k (k int); INSERT #k VALUES ('x')", 245),
    fails("CREATE TABLE #k (k date); INSERT #k VALUES ('no date')", 241),
    fails("CREATE TABLE #k (k decimal(3, 1)); INSERT #k VALUES (123.4)", 8115),
    fails("CREATE TABLE #k (k int); INSERT #k VALUES (GETDATE())", 257),
    fails("INSERT #nothing VALUES (1)", 208),
    fails(U + "INSERT TOP 1 #u SELECT a, b FROM #u", 102),
)  # fmt: skip

IDENTITIES = page("t-sql/statements/set-identity-insert-transact-sql",
    batch("explicit values, and then the next", T + "SET IDENTITY_INSERT #t ON; INSERT #t (id, n) VALUES (7, 1); "
          "SET IDENTITY_INSERT #t OFF; INSERT #t (n) VALUES (2); SELECT id FROM #t ORDER BY id", [(7,), (8,)]),
    fails(T + "INSERT #t (id, n) VALUES (1, 1)", 544),
    fails(T + "SET IDENTITY_INSERT #t ON; INSERT #t (n) VALUES (1)", 545),
    fails(T + "SET IDENTITY_INSERT #t ON; INSERT #t VALUES (1, 1, N'a')", 8101),
    fails(U + "SET IDENTITY_INSERT #u ON", 8106),
    fails(T + "CREATE TABLE #o (i int IDENTITY); SET IDENTITY_INSERT #t ON; SET IDENTITY_INSERT #o ON", 8107),
    fails(T + "INSERT #t (n) VALUES (1); UPDATE #t SET id = 5", 8102),
)  # fmt: skip

LAST_VALUES = page("t-sql/functions/scope-identity-transact-sql",
    batch("the last of several rows", N + "SELECT SCOPE_IDENTITY(), @@IDENTITY", [(D("3"), D("3"))]),
    query("SELECT SCOPE_IDENTITY()", (None,)),
    batch("another scope", T + "EXEC (N'INSERT #t (n) VALUES (1)'); SELECT SCOPE_IDENTITY(), @@IDENTITY", [(None,
          D("1"))]),
    batch("a failed insert uses a value up", T + "BEGIN TRY INSERT #t (s) VALUES (NULL) END TRY BEGIN CATCH END CATCH; "
          "INSERT #t (n) VALUES (1); SELECT id FROM #t", [(2,)]),
    batch("a rollback keeps values used", T + "BEGIN TRAN; INSERT #t (n) VALUES (1); ROLLBACK; INSERT #t (n) VALUES "
          "(2); "
          "SELECT id FROM #t", [(2,)]),
)  # fmt: skip

UPDATES = page("t-sql/queries/update-transact-sql",
    batch("update: count", N + "UPDATE #t SET n = n + 10 WHERE n = 2; SELECT @@ROWCOUNT; SELECT n FROM #t ORDER BY n",
          [(1,)], [(1,), (3,), (12,)]),
    batch("update: columns swap", U + "UPDATE #u SET a = b, b = a WHERE a = 1; SELECT a, b FROM #u WHERE b = 1", [(10,
          1)]),
    batch("update: a join", N + "UPDATE t SET n = x.w FROM #t AS t JOIN (VALUES (2, 20)) AS x(v, w) ON x.v = t.n; "
          "SELECT n FROM #t ORDER BY n", [(1,), (3,), (20,)]),
    batch("update: a join without an alias", U + "UPDATE #u SET b = x.w FROM #u JOIN (VALUES (2, 0)) AS x(v, w) ON "
          "x.v = a; "
          "SELECT b FROM #u WHERE a = 2", [(0,)]),
    batch("update: a target that FROM does not name", U + "UPDATE #u SET b = x.w FROM (VALUES (3, 5)) AS x(v, w) "
          "WHERE x.v = #u.a; SELECT b FROM #u WHERE a = 3", [(5,)]),
    batch("update: a row is changed once", U + "UPDATE u SET b = b + 1 FROM #u AS u JOIN (VALUES (1), (1)) AS x(v) "
          "ON x.v = "
          "u.a; "
          "SELECT @@ROWCOUNT; SELECT b FROM #u WHERE a = 1", [(1,)], [(11,)]),
    batch("update: default", T + "INSERT #t (s) VALUES (N'x'); UPDATE #t SET s = DEFAULT, n = DEFAULT; SELECT n, s "
          "FROM #t",
          [(None, "new")]),
    batch("update: compound operators", "CREATE TABLE #c (a int, b int, c int, d int, e int, f int, g int, h "
          "varchar(9)); "
          "INSERT #c VALUES (7, 7, 7, 7, 7, 7, 7, 'a'); UPDATE #c SET a += 3, b -= 3, c *= 3, d /= 3, e %= 3, f &= 3, "
          "g |= 8, h += 'b'; SELECT * FROM #c", [(10, 4, 21, 2, 1, 3, 15, "ab")]),
    batch("update: exclusive or", U + "UPDATE #u SET a ^= 3 WHERE a = 1; SELECT a FROM #u WHERE b = 10", [(2,)]),
    batch("update: a variable gets the new value", U + "DECLARE @v int; UPDATE #u SET @v = b = b + 5 WHERE a = 1; "
          "SELECT @v",
          [(15,)]),
    batch("update: a variable gets the old value", U + "DECLARE @v int; UPDATE #u SET @v = b, b = b + 5 WHERE a = 1; "
          "SELECT @v",
          [(10,)]),
    batch("update: a variable stays without rows", U + "DECLARE @v int = 4; UPDATE #u SET @v = b WHERE a = 9; SELECT "
          "@v",
          [(4,)]),
    batch("update: top", U + "UPDATE TOP (2) #u SET b = 0; SELECT COUNT(*) FROM #u WHERE b = 0", [(2,)]),
    batch("update: top by percent rounds up", U + "UPDATE TOP (34) PERCENT #u SET b = 0; SELECT @@ROWCOUNT", [(2,)]),
    batch("update: top of a variable", U + "DECLARE @n int = 1; UPDATE TOP (@n) #u SET b = 0; SELECT @@ROWCOUNT",
          [(1,)]),
    batch("update: top of nothing", U + "UPDATE TOP (0) #u SET b = 0; SELECT @@ROWCOUNT", [(0,)]),
    batch("update: a subquery", U + "UPDATE #u SET b = (SELECT SUM(x.b) FROM #u AS x) WHERE a = 1; SELECT b FROM #u "
          "WHERE a "
          "= 1",
          [(60,)]),
    batch("update: a common table expression in FROM", U + "WITH x AS (SELECT a, b * 2 AS c FROM #u) UPDATE u SET b "
          "= x.c "
          "FROM #u AS u JOIN x ON x.a = u.a; SELECT b FROM #u ORDER BY a", [(20,), (40,), (60,)]),
    batch("update: a common table expression as target", U + "WITH x AS (SELECT a, b FROM #u WHERE a > 1) UPDATE x "
          "SET b = 0; "
          "SELECT b FROM #u ORDER BY a", [(10,), (0,), (0,)]),
    batch("update: a derived table as target", U + "UPDATE x SET b = 0 FROM (SELECT TOP (1) * FROM #u ORDER BY a "
          "DESC) AS x; "
          "SELECT b FROM #u ORDER BY a", [(10,), (20,), (0,)]),
    batch("update: by row number", U + "WITH x AS (SELECT *, ROW_NUMBER() OVER (ORDER BY a DESC) AS r FROM #u) "
          "UPDATE x SET "
          "b = r; "
          "SELECT b FROM #u ORDER BY a", [(3,), (2,), (1,)]),
    batch("update: no row", U + "UPDATE #u SET b = 0 WHERE 1 = 0; SELECT @@ROWCOUNT", [(0,)]),
    fails(U + "UPDATE #u SET a = 1, a = 2", 264),
    fails(U + "UPDATE #u SET zz = 1", 207),
    fails(U + "UPDATE #u SET a = 1 / 0", 8134),
    fails(T + "INSERT #t (n) VALUES (1); UPDATE #t SET s = NULL", 515),
    fails(U + "UPDATE TOP (-1) #u SET a = 1", 127),
    fails(U + "UPDATE #u SET a = SUM(b)", 157),
    fails(U + "UPDATE #u WITH (NOLOCK) SET a = 1", 1065),
    fails(U + "WITH x AS (SELECT a, COUNT(*) AS n FROM #u GROUP BY a) UPDATE x SET a = 1", 4403),
    fails(U + "WITH x AS (SELECT a + 1 AS c FROM #u) UPDATE x SET c = 1", 4406),
    fails(U + "UPDATE x SET a = 1 FROM (SELECT DISTINCT a FROM #u) AS x", 4418),
    fails(U + "UPDATE x SET c = 1 FROM (SELECT a + 1 AS c FROM #u) AS x", 4421),
)  # fmt: skip

WRITES = page("t-sql/queries/update-transact-sql",
    batch("write replaces", L + "UPDATE #l SET v.WRITE('ZZ', 2, 2); SELECT v FROM #l", [("abZZef",)]),
    batch("write inserts", L + "UPDATE #l SET v.WRITE('--', 3, 0); SELECT v FROM #l", [("abc--def",)]),
    batch("write appends", L + "UPDATE #l SET v.WRITE('!', NULL, 0); SELECT v FROM #l", [("abcdef!",)]),
    batch("write of null cuts", L + "UPDATE #l SET v.WRITE(NULL, 4, 0); SELECT v FROM #l", [("abcd",)]),
    batch("write to the end", L + "UPDATE #l SET v.WRITE('Z', 1, NULL); SELECT v FROM #l", [("aZ",)]),
    batch("write deletes", L + "UPDATE #l SET v.WRITE('', 0, 2); SELECT v FROM #l", [("cdef",)]),
    batch("write beyond the end", L + "UPDATE #l SET v.WRITE('XY', 4, 100); SELECT v FROM #l", [("abcdXY",)]),
    batch("write of nvarchar", L + "UPDATE #l SET w.WRITE(N'ZZ', 2, 2); SELECT w FROM #l", [("abZZef",)]),
    batch("write of varbinary", L + "UPDATE #l SET b.WRITE(0xFFFF, 1, 1); SELECT b FROM #l", [(b"\x01\xff\xff\x03",)]),
    batch("write appends varbinary", L + "UPDATE #l SET b.WRITE(0x04, NULL, NULL); SELECT b FROM #l",
          [(b"\x01\x02\x03\x04",)]),
    fails(L + "UPDATE #l SET v.WRITE('x', 100, 1)", 7116),
    fails(L + "UPDATE #l SET v.WRITE('x', -1, 1)", 7116),
)  # fmt: skip

DELETES = page("t-sql/statements/delete-transact-sql",
    batch("delete: where", N + "DELETE FROM #t WHERE n > 1; SELECT @@ROWCOUNT; SELECT n FROM #t", [(2,)], [(1,)]),
    batch("delete: all", N + "DELETE #t; SELECT @@ROWCOUNT", [(3,)]),
    batch("delete: a join", N + "DELETE t FROM #t AS t JOIN (VALUES (1)) AS x(v) ON x.v = t.n; SELECT n FROM #t "
          "ORDER BY n",
          [(2,), (3,)]),
    batch("delete: a second from", N + "DELETE FROM #t FROM #t AS t JOIN (VALUES (1)) AS x(v) ON x.v = t.n; "
          "SELECT COUNT(*) FROM #t", [(2,)]),
    batch("delete: a target that from does not name", U + "DELETE FROM #u FROM (VALUES (1), (3)) AS x(v) WHERE x.v = "
          "#u.a; "
          "SELECT a FROM #u", [(2,)]),
    batch("delete: top", N + "DELETE TOP (2) FROM #t; SELECT COUNT(*) FROM #t", [(1,)]),
    batch("delete: top by percent", N + "DELETE TOP (50) PERCENT FROM #t; SELECT COUNT(*) FROM #t", [(1,)]),
    batch("delete: a subquery", U + "DELETE #u WHERE a IN (SELECT v FROM (VALUES (1), (2)) AS x(v)); SELECT a FROM "
          "#u", [(3,)]),
    batch("delete: duplicates", "CREATE TABLE #d (a int, b int); INSERT #d VALUES (1, 1), (1, 2), (2, 1); "
          "WITH x AS (SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS r FROM #d) DELETE FROM x WHERE r > 1; "
          "SELECT a, b FROM #d ORDER BY a", [(1, 1), (2, 1)]),
    batch("delete: the newest", U + "WITH x AS (SELECT TOP (1) * FROM #u ORDER BY a DESC) DELETE FROM x; SELECT "
          "MAX(a) FROM #u",
          [(2,)]),
    batch("delete: identity goes on", N + "DELETE #t; INSERT #t (n) VALUES (9); SELECT id FROM #t", [(4,)]),
    fails("DELETE #nothing", 208),
    fails(U + "WITH x AS (SELECT u.a FROM #u AS u JOIN #u AS w ON w.a = u.a) DELETE FROM x", 4405),
    fails(U + "DELETE x FROM (SELECT a FROM #u UNION ALL SELECT b FROM #u) AS x", 4417),
    fails(U + "DELETE u FROM #u AS u WHERE zz = 1", 207),
)  # fmt: skip

OUTPUTS = page("t-sql/queries/output-clause-transact-sql",
    batch("output: of an insert", T + "INSERT #t (n) OUTPUT inserted.id, inserted.s VALUES (1)", [(1, "new")]),
    batch("output: of an update", T + "INSERT #t (n) VALUES (1); UPDATE #t SET n = 5 OUTPUT deleted.n, inserted.n",
          [(1, 5)]),
    batch("output: of a delete", "CREATE TABLE #e (id int, employee varchar(32)); INSERT INTO #e VALUES (1, 'Fred'), "
          "(2, "
          "'Tom'), "
          "(3, 'Sally'), (4, 'Alice'); DECLARE @gone TABLE (id int, employee varchar(32)); DELETE FROM #e "
          "OUTPUT DELETED.* INTO @gone WHERE id = 4 OR id = 2; SELECT * FROM #e ORDER BY id; "
          "SELECT * FROM @gone ORDER BY id", [(1, "Fred"), (3, "Sally")], [(2, "Tom"), (4, "Alice")]),
    batch("output: expressions and aliases", U + "DELETE #u OUTPUT deleted.a * 2 AS twice, N'x' WHERE a = 2", [(4,
          "x")]),
    batch("output: columns of FROM", U + "UPDATE u SET b = 0 OUTPUT x.w, deleted.b FROM #u AS u JOIN (VALUES (2, "
          "N'two')) AS "
          "x(v, w)"
          " ON x.v = u.a", [("two", 20)]),
    batch("output: into a table", U + "CREATE TABLE #o (x int, y int DEFAULT 7); DELETE #u OUTPUT deleted.a INTO #o "
          "(x) "
          "WHERE a = 1; SELECT * FROM #o", [(1, 7)]),
    batch("output: into a table and to the client", U + "DECLARE @o TABLE (x int); DELETE #u OUTPUT deleted.a INTO @o "
          "OUTPUT deleted.b WHERE a = 1; SELECT * FROM @o", [(10,)], [(1,)]),
    batch("output: an identity of the target is skipped", U + "DECLARE @o TABLE (i int IDENTITY, x int); "
          "INSERT #u OUTPUT inserted.a INTO @o VALUES (8, 9); SELECT * FROM @o", [(1, 8)]),
    batch("output: variables have their old values", U + "DECLARE @v int = 1; UPDATE #u SET @v = b = 99 OUTPUT @v "
          "WHERE a = 1; "
          "SELECT @v", [(1,)], [(99,)]),
    batch("output: no rows", U + "DELETE #u OUTPUT deleted.* WHERE 1 = 0", []),
    fails(U + "DECLARE @o TABLE (x int); DELETE #u OUTPUT deleted.* INTO @o", 213),
    fails(U + "DELETE #u OUTPUT inserted.a", 4104),
    fails(U + "INSERT #u OUTPUT deleted.a VALUES (1, 1)", 4104),
    fails(U + "DELETE #u OUTPUT SUM(deleted.a)", 158),
    fails(U + "DELETE #u OUTPUT (SELECT 1)", 10705),
    fails(U + "INSERT #u OUTPUT inserted.a EXEC ('SELECT 1, 2')", 483),
    fails(U + "CREATE TABLE #o (x int CHECK (x > 0)); DELETE #u OUTPUT deleted.a INTO #o", 333),
)  # fmt: skip

TRUNCATES = page("t-sql/statements/truncate-table-transact-sql",
    batch("identity begins again", T + "INSERT #t (n) VALUES (1), (2); TRUNCATE TABLE #t; INSERT #t (n) VALUES (3); "
          "SELECT id, n FROM #t", [(1, 3)]),
    batch("it can be rolled back", N + "BEGIN TRAN; TRUNCATE TABLE #t; ROLLBACK; SELECT COUNT(*) FROM #t", [(3,)]),
)  # fmt: skip

INTO = page("t-sql/queries/select-into-clause-transact-sql",
    batch("select into: a new table", "SELECT 1 AS a, N'x' AS b INTO #s; SELECT a, b FROM #s", [(1, "x")]),
    batch("select into: identity is kept", N + "SELECT * INTO #s FROM #t; INSERT #s (n, s) VALUES (9, N'x'); SELECT "
          "MAX(id) FROM #s",
          [(4,)]),
    batch("select into: no rows", U + "SELECT * INTO #s FROM #u WHERE 1 = 0; SELECT COUNT(*) FROM #s", [(0,)]),
    fails("SELECT 1 INTO #s", 1038),
    fails("SELECT 1 AS a, 2 AS a INTO #s", 2705),
    fails(U + "SELECT * INTO #u FROM #u", 2714),
)  # fmt: skip

_TABLE = """CREATE TABLE dbo.cf_base (id int NOT NULL PRIMARY KEY, name nvarchar(20) NULL, price money NULL,
    note nvarchar(9) NOT NULL DEFAULT N'none')"""
_BEFORE = (
    _TABLE,
    "CREATE VIEW dbo.cf_view AS SELECT id, name AS title, price, price * 2 AS twice FROM dbo.cf_base WHERE price < 100",
    "CREATE VIEW dbo.cf_above AS SELECT id, title FROM dbo.cf_view",
    "CREATE VIEW dbo.cf_grouped AS SELECT name, COUNT(*) AS n FROM dbo.cf_base GROUP BY name",
    "CREATE VIEW dbo.cf_joined AS SELECT a.id, a.name, b.price FROM dbo.cf_base AS a JOIN dbo.cf_base AS b ON b.id = "
    "a.id",
    "INSERT dbo.cf_base (id, name, price) VALUES (1, N'one', 10), (2, N'two', 20), (3, N'dear', 500)",
)  # fmt: skip
_AFTER = (
    "DROP VIEW IF EXISTS dbo.cf_joined, dbo.cf_grouped, dbo.cf_above, dbo.cf_view",
    "DROP TABLE IF EXISTS dbo.cf_base",
)

VIEWS = page("relational-databases/views/modify-data-through-a-view", *around(_BEFORE, [
    batch("view: update", "UPDATE dbo.cf_view SET title = N'new' WHERE id = 1; SELECT name FROM dbo.cf_base WHERE id "
          "= 1",
          [("new",)]),
    batch("view: update reads a computed column", "UPDATE dbo.cf_view SET price = twice WHERE id = 2; "
          "SELECT price FROM dbo.cf_base WHERE id = 2", [(D("40.0000"),)]),
    batch("view: the rows of the view only", "UPDATE dbo.cf_view SET title = N'all'; SELECT @@ROWCOUNT", [(2,)]),
    batch("view: insert", "INSERT dbo.cf_view (id, title) VALUES (4, N'four'); SELECT name, note FROM dbo.cf_base "
          "WHERE id "
          "= 4",
          [("four", "none")]),
    batch("view: delete", "DELETE dbo.cf_view WHERE twice = 20; SELECT COUNT(*) FROM dbo.cf_base", [(2,)]),
    batch("view: a view of a view", "UPDATE dbo.cf_above SET title = N'deep' WHERE id = 2; "
          "SELECT name FROM dbo.cf_base WHERE id = 2", [("deep",)]),
    batch("view: output has the view's names", "DELETE dbo.cf_view OUTPUT deleted.title WHERE id = 1", [("one",)]),
    batch("view: a view of a join, one table", "UPDATE dbo.cf_joined SET name = N'j' WHERE id = 1; "
          "SELECT name FROM dbo.cf_base WHERE id = 1", [("j",)]),
    fails("UPDATE dbo.cf_view SET twice = 1", 4406),
    fails("INSERT dbo.cf_view (id, twice) VALUES (4, 1)", 4406),
    fails("UPDATE dbo.cf_grouped SET name = N'x'", 4403),
    fails("DELETE dbo.cf_grouped", 4403),
    fails("UPDATE dbo.cf_joined SET name = N'x', price = 1", 4405),
    fails("DELETE dbo.cf_joined", 4405),
    fails("UPDATE dbo.cf_view SET nothing = 1", 207),
    fails("INSERT dbo.cf_view (id, price) VALUES (1, 1)", 2627),
], _AFTER))  # fmt: skip

PAGES: list[Page] = [INSERTS, IDENTITIES, LAST_VALUES, UPDATES, WRITES, DELETES, OUTPUTS, TRUNCATES, INTO, VIEWS]
