"""SELECT: its list, FROM, joins and APPLY, WHERE, ORDER BY, TOP and OFFSET, subqueries, WITH, rowset functions."""

from __future__ import annotations

from decimal import Decimal as D

from tests.conformance.form import Page, around, batch, fails, holds, page, query

N = "(VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, NULL)) AS t(n, s)"
KNV = "(VALUES ('x', 1, 10.0), ('x', 2, 20.0), ('y', 1, 5.0), ('y', 2, NULL)) AS u(k, n, v)"
CARS = "(VALUES ('Bob', 1), ('Ann', 1), ('Cid', 2), ('Dan', NULL)) AS c(name, rank)"
NESTED_32 = "SELECT 1 AS x WHERE 1 IN (" * 32 + "SELECT 1" + ")" * 32
NESTED_33 = "SELECT 1 AS x WHERE 1 IN (" * 33 + "SELECT 1" + ")" * 33


def _nested_case(levels: int) -> str:
    return "CASE WHEN 1 = 0 THEN 0 ELSE " * levels + "7" + " END" * levels


LISTS = [
    page("t-sql/queries/select-clause-transact-sql",
         query("SELECT 1", (1,)),
         query("SELECT x = 1, 2 AS y, 3 z, 4 AS 'w', 5 AS [v v]", (1, 2, 3, 4, 5)),
         query("SELECT ALL v FROM (VALUES (1), (1)) AS t(v)", (1,), (1,)),
         query("SELECT DISTINCT v FROM (VALUES (1), (NULL), (1), (NULL)) AS t(v) ORDER BY v", (None,), (1,)),
         query("SELECT COUNT(*) FROM (SELECT DISTINCT v FROM (VALUES ('a'), ('A'), ('a ')) AS t(v)) AS d", (1,)),
         query("SELECT *, 9 AS z FROM (SELECT 1 AS a, 2 AS b) AS t", (1, 2, 9)),
         query("SELECT t.*, u.b FROM (SELECT 1 AS a) AS t CROSS JOIN (SELECT 2 AS b) AS u", (1, 2)),
         query("SELECT 1 AS a WHERE 1 = 0"),
         batch("two queries without a semicolon", "SELECT 1 AS a SELECT 2 AS b", [(1,)], [(2,)]),
         batch("a query assigns variables", f"DECLARE @a int, @b varchar(5); SELECT @a = n, @b = s FROM {N} WHERE n = "
               "2; "
               "SELECT @a, @b", [(2, "b")]),
         batch("a query without rows assigns nothing", f"DECLARE @a int = 7; SELECT @a = n FROM {N} WHERE n > 9; "
               "SELECT @a",
               [(7,)]),
         fails("SELECT", 102),
         fails("SELECT *", 263),
         fails("SELECT z.* FROM (SELECT 1 AS a) AS t", 107),
         fails("DECLARE @a int; SELECT @a = 1, 2 AS b", 141)),
    page("t-sql/queries/top-transact-sql",
         query(f"SELECT TOP (2) n FROM {N} ORDER BY n DESC", (4,), (3,)),
         query(f"SELECT TOP 1 n FROM {N} ORDER BY n", (1,)),
         query(f"SELECT TOP (0) n FROM {N} ORDER BY n"),
         query(f"SELECT TOP (9) n FROM {N} WHERE n < 3 ORDER BY n", (1,), (2,)),
         query(f"SELECT TOP 50 PERCENT n FROM {N} ORDER BY n", (1,), (2,)),
         query(f"SELECT TOP (26) PERCENT n FROM {N} ORDER BY n", (1,), (2,)),
         query("SELECT TOP (1) WITH TIES v FROM (VALUES (1), (1), (2)) AS t(v) ORDER BY v", (1,), (1,)),
         query("SELECT TOP (34) PERCENT WITH TIES v FROM (VALUES (1), (2), (2)) AS t(v) ORDER BY v", (1,), (2,), (2,)),
         query(f"SELECT TOP (1 + 1) n FROM {N} ORDER BY n", (1,), (2,)),
         query(f"SELECT TOP (SELECT 2) n FROM {N} ORDER BY n", (1,), (2,)),
         query(f"SELECT DISTINCT TOP (1) k FROM {KNV} ORDER BY k DESC", ("y",)),
         batch("TOP of a variable", f"DECLARE @n int = 3; SELECT TOP (@n) n FROM {N} ORDER BY n", [(1,), (2,), (3,)]),
         batch("TOP of a variable percent", f"DECLARE @p float = 50; SELECT TOP (@p) PERCENT n FROM {N} ORDER BY n",
               [(1,), (2,)]),
         fails("SELECT TOP (1) WITH TIES v FROM (VALUES (1)) AS t(v)", 1062),
         fails("SELECT TOP (101) PERCENT v FROM (VALUES (1)) AS t(v)", 1031),
         fails("SELECT TOP (-1) v FROM (VALUES (1)) AS t(v)", 127),
         fails("DECLARE @n int = -1; SELECT TOP (@n) v FROM (VALUES (1)) AS t(v)", 127),
         fails("SELECT TOP (1.5) v FROM (VALUES (1)) AS t(v)", 1060),
         fails("SELECT TOP (v) v FROM (VALUES (1)) AS t(v)", 4115)),
    page("t-sql/queries/select-order-by-clause-transact-sql",
         query(f"SELECT n FROM {N} ORDER BY s", (4,), (1,), (2,), (3,)),
         query(f"SELECT n FROM {N} ORDER BY s DESC", (3,), (2,), (1,), (4,)),
         query(f"SELECT s, n FROM {N} ORDER BY 2 DESC", (None, 4), ("c", 3), ("b", 2), ("a", 1)),
         query(f"SELECT n AS x FROM {N} ORDER BY x DESC", (4,), (3,), (2,), (1,)),
         query(f"SELECT n FROM {N} ORDER BY -n", (4,), (3,), (2,), (1,)),
         query(f"SELECT n FROM {N} ORDER BY CASE WHEN n % 2 = 0 THEN 0 ELSE 1 END, n DESC", (4,), (2,), (3,), (1,)),
         query(f"SELECT s FROM {N} ORDER BY t.n DESC", (None,), ("c",), ("b",), ("a",)),
         query(f"SELECT n FROM {N} ORDER BY n OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", (2,), (3,)),
         query(f"SELECT n FROM {N} ORDER BY n OFFSET 3 ROWS", (4,)),
         query(f"SELECT n FROM {N} ORDER BY n OFFSET 0 ROW FETCH FIRST 1 ROW ONLY", (1,)),
         query(f"SELECT n FROM {N} ORDER BY n OFFSET 1 + 1 ROWS FETCH NEXT (SELECT 1) ROWS ONLY", (3,)),
         batch("OFFSET and FETCH of variables", f"DECLARE @s int = 2, @e int = 3; SELECT n FROM {N} ORDER BY n "
               "OFFSET @s - 1 ROWS FETCH NEXT @e - @s + 1 ROWS ONLY", [(2,), (3,)]),
         query("SELECT v FROM (SELECT TOP (2) v FROM (VALUES (3), (1), (2)) AS t(v) ORDER BY v) AS d ORDER BY v DESC",
               (2,), (1,)),
         fails("SELECT * FROM (SELECT 1 AS a ORDER BY a) AS t", 1033),
         fails("WITH c AS (SELECT 1 AS a ORDER BY a) SELECT a FROM c", 1033),
         fails("SELECT (SELECT 1 AS a ORDER BY a)", 1033),
         fails(f"SELECT DISTINCT s FROM {N} ORDER BY n", 145),
         fails(f"SELECT n FROM {N} ORDER BY 2", 108),
         fails(f"SELECT n FROM {N} ORDER BY 0", 108),
         fails(f"SELECT n FROM {N} ORDER BY 'x'", 408),
         fails(f"DECLARE @x int = 1; SELECT n FROM {N} ORDER BY @x", 1008),
         fails(f"SELECT n AS x, s AS x FROM {N} ORDER BY x", 209),
         fails(f"SELECT TOP (1) n FROM {N} ORDER BY n OFFSET 1 ROWS", 10741),
         fails(f"SELECT n FROM {N} ORDER BY n OFFSET -1 ROWS", 10742),
         fails(f"DECLARE @o int = -1; SELECT n FROM {N} ORDER BY n OFFSET @o ROWS", 10742),
         fails(f"SELECT n FROM {N} ORDER BY n OFFSET 0 ROWS FETCH NEXT 0 ROWS ONLY", 10744),
         fails(f"SELECT n FROM {N} ORDER BY n FETCH NEXT 1 ROWS ONLY", 153),
         fails(f"SELECT n FROM {N} OFFSET 1 ROWS", 102)),
    page("t-sql/queries/select-into-clause-transact-sql",
         batch("SELECT INTO makes a table", f"SELECT n, s INTO #made FROM {N} WHERE n < 3; SELECT n, s FROM #made "
               "ORDER BY n",
               [(1, "a"), (2, "b")]),
         fails("SELECT 1 INTO #made", 1038),
         fails("SELECT 1 AS a, 2 AS a INTO #made", 2705)),
    page("t-sql/functions/cast-and-convert-transact-sql",
         fails("SELECT CAST(s AS int) FROM (VALUES ('1'), ('x')) AS t(s)", 245)),
    page("sql-server/maximum-capacity-specifications-for-sql-server",
         query(NESTED_32, (1,)),
         fails(NESTED_33, 191),
         fails(f"SELECT 1 AS {'x' * 129}", 103),
         query(f"SELECT 1 AS {'x' * 128}", (1,)),
         fails("SELECT " + ", ".join("1" for _ in range(4097)), 1056)),
    page("t-sql/language-elements/case-transact-sql",
         query(f"SELECT {_nested_case(10)}", (7,)),
         fails(f"SELECT {_nested_case(11)}", 125),
         query("SELECT CASE WHEN 1 = 0 THEN 1 ELSE 2.5 END, CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", (D("2.5"),
               "b")),
         query("SELECT CASE 3 WHEN 1 THEN 'a' END", (None,)),
         fails("SELECT CASE WHEN 1 = 1 THEN NULL END", 8133)),
]  # fmt: skip

SOURCES = [
    page("t-sql/queries/from-transact-sql",
         query("SELECT a.v, b.v FROM (VALUES (1), (2)) AS a(v) JOIN (VALUES (2), (3)) AS b(v) ON a.v = b.v", (2, 2)),
         query("SELECT a.v, b.v FROM (VALUES (1), (2)) AS a(v) LEFT JOIN (VALUES (2)) AS b(v) ON a.v = b.v ORDER BY "
               "a.v",
               (1, None), (2, 2)),
         query("SELECT a.v, b.v FROM (VALUES (1)) AS a(v) RIGHT OUTER JOIN (VALUES (1), (2)) AS b(v) ON a.v = b.v "
               "ORDER BY b.v",
               (1, 1), (None, 2)),
         query("SELECT a.v, b.v FROM (VALUES (1)) AS a(v) FULL JOIN (VALUES (2)) AS b(v) ON a.v = b.v ORDER BY a.v",
               (None, 2), (1, None)),
         query("SELECT COUNT(*) FROM (VALUES (1), (2)) AS a(v) CROSS JOIN (VALUES (1), (2), (3)) AS b(v)", (6,)),
         query("SELECT COUNT(*) FROM (VALUES (1), (2)) AS a(v), (VALUES (1), (2)) AS b(v) WHERE a.v = b.v", (2,)),
         query("SELECT a.v, c.v FROM (VALUES (1), (2)) AS a(v) LEFT JOIN ((VALUES (1)) AS b(v) JOIN (VALUES (1)) AS "
               "c(v) "
               "ON b.v = c.v) ON a.v = b.v ORDER BY 1", (1, 1), (2, None)),
         query("SELECT a.v, b.w FROM (VALUES (1), (2)) AS a(v) CROSS APPLY (SELECT a.v * 10 AS w) AS b ORDER BY 1",
               (1, 10), (2, 20)),
         query("SELECT u.c, u.x FROM (VALUES (1, 2)) AS a(p, q) CROSS APPLY (VALUES ('p', a.p), ('q', a.q)) AS u(c, x) "
               "ORDER BY 1", ("p", 1), ("q", 2)),
         query("SELECT a.v, b.w FROM (VALUES (1), (2)) AS a(v) OUTER APPLY (SELECT TOP (1) a.v AS w WHERE a.v = 2) AS "
               "b "
               "ORDER BY 1", (1, None), (2, 2)),
         query("SELECT a.v, b.w FROM (VALUES (1), (2)) AS a(v) CROSS APPLY (SELECT a.v AS w WHERE a.v = 2) AS b",
               (2, 2)),
         query(f"SELECT t.n, x.v FROM {N} CROSS APPLY (SELECT TOP (1) u.v FROM {KNV} WHERE u.n = t.n ORDER BY u.v "
               "DESC) AS x "
               "ORDER BY t.n", (1, D("10.0")), (2, D("20.0"))),
         fails("SELECT * FROM (VALUES (1)) AS a(v), (SELECT a.v AS w) AS b", 4104),
         fails("SELECT * FROM (VALUES (1)) AS a(v) JOIN (SELECT a.v AS w) AS b ON 1 = 1", 4104),
         fails("SELECT * FROM (VALUES (1)) AS a(v) CROSS JOIN (VALUES (a.v)) AS b(w)", 4104),
         fails("SELECT * FROM (VALUES (1)) AS a(v) JOIN (VALUES (1)) AS b(v)", 102),
         fails("SELECT * FROM (VALUES (1)) AS a(v) CROSS JOIN (VALUES (1)) AS b(v) ON a.v = b.v", 156),
         fails("SELECT * FROM (SELECT 1 AS a)", 102),
         fails("SELECT 1 FROM (SELECT 1 AS a) AS t JOIN (SELECT 1 AS b) AS t ON 1 = 1", 1013)),
    page("t-sql/queries/table-value-constructor-transact-sql",
         query(f"SELECT n, s FROM {N} ORDER BY n", (1, "a"), (2, "b"), (3, "c"), (4, None)),
         query("SELECT a, b FROM (VALUES (1, 2), (3, 4), (5, 6), (7, 8), (9, 10)) AS MyTable(a, b) ORDER BY a",
               (1, 2), (3, 4), (5, 6), (7, 8), (9, 10)),
         query("SELECT v FROM (VALUES (1), (2.5), (NULL)) AS t(v) ORDER BY v", (None,), (D("1.0"),), (D("2.5"),)),
         fails("SELECT * FROM (VALUES (1), (1, 2)) AS t(v)", 10709),
         fails("SELECT * FROM (VALUES (1, 2)) AS t(v)", 8158),
         fails("SELECT * FROM (VALUES (1)) AS t(v, w)", 8159)),
    page("t-sql/functions/string-split-transact-sql",
         query("SELECT value FROM STRING_SPLIT('Lorem ipsum dolor sit amet.', ' ')",
               ("Lorem",), ("ipsum",), ("dolor",), ("sit",), ("amet.",), ordered=False),
         query("SELECT * FROM STRING_SPLIT('Lorem ipsum dolor sit amet.', ' ', 1)",
               ("Lorem", 1), ("ipsum", 2), ("dolor", 3), ("sit", 4), ("amet.", 5), ordered=False),
         query("SELECT value FROM STRING_SPLIT(N'clothing,road,,touring,bike', ',') WHERE RTRIM(value) <> ''",
               ("clothing",), ("road",), ("touring",), ("bike",), ordered=False),
         query("SELECT p.i, value FROM (VALUES (1, 'clothing,road'), (2, 'bike')) AS p(i, tags) "
               "CROSS APPLY STRING_SPLIT(tags, ',')", (1, "clothing"), (1, "road"), (2, "bike"), ordered=False),
         query("SELECT * FROM STRING_SPLIT('Austin,Texas,Seattle,Washington,Denver,Colorado', ',', 1) WHERE ordinal % "
               "2 = 0",
               ("Texas", 2), ("Washington", 4), ("Colorado", 6), ordered=False),
         query("SELECT * FROM STRING_SPLIT('E-D-C-B-A', '-', 1) ORDER BY ordinal DESC",
               ("A", 5), ("B", 4), ("C", 3), ("D", 2), ("E", 1)),
         query("SELECT COUNT(*) FROM STRING_SPLIT(CAST(NULL AS varchar(9)), ',')", (0,)),
         query("SELECT COUNT(*) FROM STRING_SPLIT('', ',')", (1,)),
         query("SELECT * FROM STRING_SPLIT('a,b', ',', 0)", ("a",), ("b",), ordered=False),
         fails("SELECT * FROM STRING_SPLIT('a,b', ', ')", 214),
         fails("SELECT * FROM STRING_SPLIT('a,b', ',', 2)", 4199),
         fails("DECLARE @o int = 1; SELECT * FROM STRING_SPLIT('a,b', ',', @o)", 8748)),
    page("t-sql/functions/generate-series-transact-sql",
         query("SELECT value FROM GENERATE_SERIES(1, 10)", *[(v,) for v in range(1, 11)], ordered=False),
         query("SELECT value FROM GENERATE_SERIES(1, 50, 5)", *[(v,) for v in range(1, 51, 5)], ordered=False),
         batch("GENERATE_SERIES of decimals", "DECLARE @start decimal(2, 1) = 0.0; DECLARE @stop decimal(2, 1) = 1.0; "
               "DECLARE @step decimal(2, 1) = 0.1; SELECT value FROM GENERATE_SERIES(@start, @stop, @step) ORDER BY "
               "value",
               [(D(f"{v / 10:.1f}"),) for v in range(11)]),
         query("SELECT value FROM GENERATE_SERIES(3, 1)", (3,), (2,), (1,), ordered=False),
         query("SELECT value FROM GENERATE_SERIES(1, 3, -1)"),
         query("SELECT t.v, g.value FROM (VALUES (1), (2)) AS t(v) CROSS APPLY GENERATE_SERIES(1, t.v) AS g",
               (1, 1), (2, 1), (2, 2), ordered=False),
         fails("SELECT value FROM GENERATE_SERIES(1, 5, 0)", 4199),
         fails("SELECT value FROM GENERATE_SERIES(1, CAST(5 AS bigint))", 5373)),
    page("t-sql/queries/is-distinct-from-transact-sql",
         holds("NULL IS DISTINCT FROM 17"), holds("17 IS NOT DISTINCT FROM 17"), holds("17 IS DISTINCT FROM 17", False),
         query("SELECT v FROM (VALUES (10), (17), (17), (NULL)) AS t(v) WHERE v IS DISTINCT FROM 17 ORDER BY v",
               (None,), (10,)),
         query("SELECT v FROM (VALUES (10), (17), (NULL)) AS t(v) WHERE v IS NOT DISTINCT FROM NULL", (None,)),
         query("SELECT COUNT(*) FROM (VALUES (10), (17), (NULL)) AS t(v) WHERE v IS NOT DISTINCT FROM 17", (1,))),
    page("t-sql/queries/where-transact-sql",
         query(f"SELECT n FROM {N} WHERE s <> 'a' ORDER BY n", (2,), (3,)),
         query(f"SELECT n FROM {N} WHERE NOT (s = 'a') ORDER BY n", (2,), (3,)),
         query(f"SELECT n FROM {N} WHERE n BETWEEN 2 AND 3 AND s IN ('b', 'x')", (2,)),
         fails(f"SELECT n FROM {N} WHERE n", 4145),
         fails(f"SELECT n FROM {N} WHERE n = 1 AND s", 4145),
         fails(f"SELECT n AS x FROM {N} WHERE x = 1", 207)),
]  # fmt: skip

SUBQUERIES = [
    page("relational-databases/performance/subqueries",
         query(f"SELECT n, (SELECT MAX(v) FROM {KNV} WHERE u.n = t.n) FROM {N} WHERE n < 3 ORDER BY n",
               (1, D("10.0")), (2, D("20.0"))),
         query(f"SELECT n FROM {N} WHERE EXISTS (SELECT 1 FROM {KNV} WHERE u.n = t.n) ORDER BY n", (1,), (2,)),
         query(f"SELECT n FROM {N} WHERE NOT EXISTS (SELECT * FROM {KNV} WHERE u.n = t.n) ORDER BY n", (3,), (4,)),
         query(f"SELECT n FROM {N} WHERE n IN (SELECT n FROM {KNV}) ORDER BY n", (1,), (2,)),
         query("SELECT COUNT(*) FROM (VALUES (1), (2)) AS t(v) WHERE v NOT IN (SELECT w FROM (VALUES (1), (NULL)) AS "
               "u(w))",
               (0,)),
         query(f"SELECT n FROM {N} WHERE n > ALL (SELECT n FROM {KNV}) ORDER BY n", (3,), (4,)),
         query(f"SELECT n FROM {N} WHERE n > ANY (SELECT n FROM {KNV}) ORDER BY n", (2,), (3,), (4,)),
         query("SELECT (SELECT 1 WHERE 1 = 0)", (None,)),
         fails("SELECT (SELECT 1, 2)", 116),
         fails("SELECT 1 WHERE 1 IN (SELECT 1, 2)", 116),
         fails(f"SELECT (SELECT n FROM {N})", 512),
         fails("SELECT * FROM (SELECT 1) AS t", 8155),
         fails("SELECT * FROM (SELECT 1 AS a, 2 AS a) AS t", 8156)),
    page("t-sql/queries/with-common-table-expression-transact-sql",
         query("WITH c(v) AS (SELECT 1 UNION ALL SELECT 2), d AS (SELECT v * 2 AS w FROM c) SELECT SUM(w) FROM d",
               (6,)),
         query("WITH Sales_CTE (p, o, y) AS (SELECT p, o, y FROM (VALUES (1, 10, 2005), (1, 11, 2005), (2, 12, 2006)) "
               "AS h(p, o, y)) SELECT p, COUNT(o) AS TotalSales, y FROM Sales_CTE GROUP BY y, p ORDER BY p, y",
               (1, 2, 2005), (2, 1, 2006)),
         query("WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM c WHERE v < 5) SELECT SUM(v) FROM c", (15,)),
         query("WITH r(ManagerID, EmployeeID, Title, Level) AS (SELECT m, e, t, 0 FROM (VALUES (NULL, 1, 'Head'), "
               "(1, 273, 'VP'), (273, 16, 'Marketing Manager'), (16, 23, 'Marketing Specialist')) AS x(m, e, t) WHERE "
               "m IS "
               "NULL UNION ALL SELECT x.m, x.e, x.t, Level + 1 FROM (VALUES (NULL, 1, 'Head'), (1, 273, 'VP'), "
               "(273, 16, 'Marketing Manager'), (16, 23, 'Marketing Specialist')) AS x(m, e, t) JOIN r ON x.m = "
               "r.EmployeeID) "
               "SELECT EmployeeID, Level FROM r WHERE Level <= 2 ORDER BY Level", (1, 0), (273, 1), (16, 2)),
         query("WITH g(id) AS (SELECT m FROM (VALUES ('Sue', 'Alex', 'Tom'), ('Alex', 'Ed', 'Lisa')) AS p(n, m, f) "
               "WHERE "
               "n = 'Sue' UNION SELECT f FROM (VALUES ('Sue', 'Alex', 'Tom')) AS p(n, m, f) WHERE n = 'Sue' UNION ALL "
               "SELECT m FROM g, (VALUES ('Sue', 'Alex', 'Tom'), ('Alex', 'Ed', 'Lisa')) AS p(n, m, f) WHERE g.id = "
               "p.n "
               "UNION ALL SELECT f FROM g, (VALUES ('Sue', 'Alex', 'Tom'), ('Alex', 'Ed', 'Lisa')) AS p(n, m, f) WHERE "
               "g.id = p.n) SELECT id FROM g ORDER BY id", ("Alex",), ("Ed",), ("Lisa",), ("Tom",)),
         query("WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM c WHERE v < 200) SELECT MAX(v) FROM c "
               "OPTION (MAXRECURSION 0)", (200,)),
         query("WITH a AS (SELECT 1 AS v), b AS (SELECT v FROM a) SELECT x.v FROM b AS x JOIN a AS y ON x.v = y.v",
               (1,)),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM c) SELECT MAX(v) FROM c", 530),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM c WHERE v < 9) SELECT MAX(v) FROM c "
               "OPTION (MAXRECURSION 3)", 530),
         fails("SELECT 1 OPTION (MAXRECURSION 32768)", 310),
         fails("WITH c AS (SELECT 1 AS v), c AS (SELECT 2 AS v) SELECT v FROM c", 239),
         fails("WITH c AS (SELECT 1 AS v UNION SELECT v + 1 FROM c) SELECT v FROM c", 252),
         fails("WITH c AS (SELECT v FROM c) SELECT v FROM c", 252),
         fails("WITH c AS (SELECT v FROM c UNION ALL SELECT v FROM c) SELECT v FROM c", 246),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM c UNION ALL SELECT 5) SELECT v FROM c", 247),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT c.v + 1 FROM c JOIN c AS d ON c.v = d.v) SELECT v FROM c",
               253),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT 2.5 FROM c) SELECT v FROM c", 240),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT DISTINCT v + 1 FROM c) SELECT v FROM c", 460),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT TOP (1) v + 1 FROM c) SELECT v FROM c", 461),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT c.v + 1 FROM (VALUES (1)) AS t(w) LEFT JOIN c ON c.v = w) "
               "SELECT v FROM c", 462),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT MAX(v) FROM c) SELECT v FROM c", 467),
         fails("WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM (VALUES (1)) AS t(w) WHERE w IN (SELECT v FROM "
         "c)) "
               "SELECT v FROM c", 465),
         fails("WITH c AS (SELECT 1) SELECT * FROM c", 8155),
         fails("WITH c(a, b) AS (SELECT 1) SELECT * FROM c", 8159),
         fails("WITH c(a) AS (SELECT 1, 2) SELECT * FROM c", 8158)),
]  # fmt: skip

HINTED = around(
    ["CREATE TABLE dbo.conf_hinted (a int NOT NULL CONSTRAINT pk_conf_hinted PRIMARY KEY, b int); "
     "INSERT INTO dbo.conf_hinted VALUES (1, 2), (2, 3)"],
    [
        query("SELECT a FROM dbo.conf_hinted WITH (NOLOCK) ORDER BY a", (1,), (2,)),
        query("SELECT a FROM dbo.conf_hinted WITH (INDEX(pk_conf_hinted), READCOMMITTED) ORDER BY a", (1,), (2,)),
        query("SELECT a FROM dbo.conf_hinted WITH (INDEX = pk_conf_hinted) ORDER BY a", (1,), (2,)),
        query("SELECT a FROM dbo.conf_hinted AS t WITH (UPDLOCK, HOLDLOCK, ROWLOCK) WHERE t.a = 1", (1,)),
        query("SELECT a FROM dbo.conf_hinted WITH (TABLOCKX, XLOCK) ORDER BY a", (1,), (2,)),
        query("SELECT a FROM dbo.conf_hinted WITH (FORCESEEK) WHERE a = 1", (1,)),
        query("SELECT a FROM dbo.conf_hinted WITH (READPAST, NOWAIT) ORDER BY a", (1,), (2,)),
        fails("SELECT a FROM dbo.conf_hinted WITH (INDEX(ix_no_such))", 308),
        fails("SELECT a FROM dbo.conf_hinted WITH (NO_SUCH_HINT)", 321),
        fails("SELECT a FROM dbo.conf_hinted WITH (NOLOCK, TABLOCK)", 1047),
        fails("SELECT a FROM dbo.conf_hinted WITH (NOLOCK, HOLDLOCK)", 1047),
    ],
    ["DROP TABLE IF EXISTS dbo.conf_hinted"],
)  # fmt: skip

HINTS = [
    page("t-sql/queries/hints-transact-sql-table", *HINTED),
    page("t-sql/queries/hints-transact-sql-query",
         *[query("SELECT COUNT(*) FROM (VALUES (1), (2)) AS a(v) JOIN (VALUES (2)) AS b(v) ON a.v = b.v OPTION "
               f"({hint})", (1,))
           for hint in ("RECOMPILE", "MAXDOP 1", "HASH JOIN", "LOOP JOIN, MERGE JOIN", "FORCE ORDER", "FAST 10",
                        "KEEP PLAN", "KEEPFIXED PLAN", "ROBUST PLAN", "OPTIMIZE FOR UNKNOWN", "EXPAND VIEWS",
                        "MAX_GRANT_PERCENT = 10", "NO_PERFORMANCE_SPOOL", "HASH GROUP",
                        "USE HINT('DISABLE_OPTIMIZER_ROWGOAL')")],
         batch("OPTIMIZE FOR a value", "DECLARE @a int = 1; SELECT v FROM (VALUES (1), (2)) AS t(v) WHERE v = @a "
               "OPTION (OPTIMIZE FOR (@a = 2))", [(1,)]),
         batch("OPTIMIZE FOR a variable UNKNOWN", "DECLARE @a int = 1; SELECT v FROM (VALUES (1), (2)) AS t(v) WHERE "
               "v = @a "
               "OPTION (OPTIMIZE FOR (@a UNKNOWN), RECOMPILE)", [(1,)]),
         fails("SELECT 1 OPTION (NO SUCH HINT)", 102),
         fails("SELECT 1 OPTION (USE HINT('NO_SUCH_HINT'))", 10715)),
    page("t-sql/queries/hints-transact-sql-join",
         *[query(f"SELECT COUNT(*) FROM (VALUES (1), (2)) AS a(v) INNER {hint} JOIN (VALUES (2)) AS b(v) ON a.v = b.v",
                 (1,))
           for hint in ("LOOP", "HASH", "MERGE")]),
]  # fmt: skip

FILES = [
    page("t-sql/functions/openrowset-bulk-transact-sql",
         fails("SELECT * FROM OPENROWSET(BULK 'nowhere.txt', SINGLE_BLOB)", 491),
         fails("SELECT * FROM OPENROWSET(BULK 'nowhere.txt', SINGLE_BLOB, SINGLE_CLOB) AS t", 471)),
]  # fmt: skip

PAGES: list[Page] = [*LISTS, *SOURCES, *SUBQUERIES, *HINTS, *FILES]
