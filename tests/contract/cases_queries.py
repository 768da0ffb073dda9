"""Queries: joins, grouping, windows, set operations, apply, JSON; the rows every SQL Server gives."""

from __future__ import annotations

from decimal import Decimal as D

from tests.contract.cases import Case, fails, rows

NUMBERS = "(VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, NULL)) AS t(n, s)"
SALES = "(VALUES ('x', 1, 10.0), ('x', 2, 20.0), ('y', 1, 5.0), ('y', 2, NULL)) AS t(k, n, v)"

QUERIES: list[Case] = [
    rows("a database without a schema", "CREATE TABLE #dots (a int); SELECT COUNT(*) FROM tempdb..#dots", (0,)),
    rows("column without a name", "SELECT 1", (1,)),
    rows("alias with equals sign", "SELECT x = 1, 2 AS y, 3 z, 4 AS 'w'", (1, 2, 3, 4)),
    rows("values", f"SELECT n, s FROM {NUMBERS} ORDER BY n", (1, "a"), (2, "b"), (3, "c"), (4, None)),
    rows("where drops unknown", f"SELECT n FROM {NUMBERS} WHERE s <> 'a' ORDER BY n", (2,), (3,)),
    rows("order by puts null first", f"SELECT n FROM {NUMBERS} ORDER BY s", (4,), (1,), (2,), (3,)),
    rows("order by desc puts null last", f"SELECT n FROM {NUMBERS} ORDER BY s DESC", (3,), (2,), (1,), (4,)),
    rows("order by position", f"SELECT s, n FROM {NUMBERS} ORDER BY 2 DESC", (None, 4), ("c", 3), ("b", 2), ("a", 1)),
    rows("top", f"SELECT TOP (2) n FROM {NUMBERS} ORDER BY n DESC", (4,), (3,)),
    rows("top without parentheses", f"SELECT TOP 1 n FROM {NUMBERS} ORDER BY n", (1,)),
    rows("top percent", f"SELECT TOP 50 PERCENT n FROM {NUMBERS} ORDER BY n", (1,), (2,)),
    rows("top with ties", "SELECT TOP (1) WITH TIES v FROM (VALUES (1), (1), (2)) AS t(v) ORDER BY v", (1,), (1,)),
    rows("top of a variable", f"DECLARE @n int = 3; SELECT TOP (@n) n FROM {NUMBERS} ORDER BY n", (1,), (2,), (3,)),
    rows("offset fetch", f"SELECT n FROM {NUMBERS} ORDER BY n OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", (2,), (3,)),
    rows("distinct ignores case and trailing spaces",
         "SELECT COUNT(*) FROM (SELECT DISTINCT v FROM (VALUES ('a'), ('A'), ('a ')) AS t(v)) AS d", (1,)),
    rows("group by ignores case", "SELECT COUNT(*) FROM (VALUES ('a'), ('A'), ('b')) AS t(v) GROUP BY v ORDER BY 1",
         (1,), (2,)),
    rows("aggregates skip null",
         f"SELECT COUNT(*), COUNT(v), SUM(v), AVG(v), MIN(v), MAX(v) FROM {SALES}",
         (4, 3, D("35.0"), D("11.666666"), D("5.0"), D("20.0"))),
    rows("average of integers is an integer", "SELECT AVG(v) FROM (VALUES (1), (2)) AS t(v)", (1,)),
    rows("sum of no rows is null", f"SELECT SUM(n), COUNT(*) FROM {NUMBERS} WHERE n > 9", (None, 0)),
    rows("count distinct", "SELECT COUNT(DISTINCT v) FROM (VALUES (1), (1), (2), (NULL)) AS t(v)", (2,)),
    rows("standard deviation of a sample", "SELECT STDEV(v) FROM (VALUES (1e0), (2e0), (3e0), (4e0)) AS t(v)",
         (1.2909944487358056,)),
    rows("standard deviation of one value", "SELECT STDEV(v), STDEVP(v) FROM (VALUES (1e0)) AS t(v)", (None, 0.0)),
    rows("having", f"SELECT k, COUNT(v) FROM {SALES} GROUP BY k HAVING COUNT(v) > 1", ("x", 2)),
    rows("group by an expression", f"SELECT n % 2, COUNT(*) FROM {NUMBERS} GROUP BY n % 2 ORDER BY 1", (0, 2), (1, 2)),
    rows("rollup", f"SELECT k, SUM(n) FROM {SALES} GROUP BY ROLLUP (k) ORDER BY GROUPING(k), k",
         ("x", 3), ("y", 3), (None, 6)),
    rows("grouping sets", f"SELECT k, n, COUNT(*) FROM {SALES} GROUP BY GROUPING SETS ((k), (n)) ORDER BY k, n",
         (None, 1, 2), (None, 2, 2), ("x", None, 2), ("y", None, 2)),
    rows("string_agg", f"SELECT STRING_AGG(s, ',') WITHIN GROUP (ORDER BY n DESC) FROM {NUMBERS}", ("c,b,a",)),
    rows("inner join", "SELECT a.v, b.v FROM (VALUES (1), (2)) AS a(v) JOIN (VALUES (2), (3)) AS b(v) ON a.v = b.v",
         (2, 2)),
    rows("left join", "SELECT a.v, b.v FROM (VALUES (1), (2)) AS a(v) LEFT JOIN (VALUES (2)) AS b(v) ON a.v = b.v "
         "ORDER BY a.v", (1, None), (2, 2)),
    rows("full join", "SELECT a.v, b.v FROM (VALUES (1)) AS a(v) FULL JOIN (VALUES (2)) AS b(v) ON a.v = b.v "
         "ORDER BY a.v", (None, 2), (1, None)),
    rows("cross apply", "SELECT a.v, b.w FROM (VALUES (1), (2)) AS a(v) CROSS APPLY (SELECT a.v * 10 AS w) AS b "
         "ORDER BY 1", (1, 10), (2, 20)),
    rows("cross apply values", "SELECT u.c, u.x FROM (VALUES (1, 2)) AS a(p, q) "
         "CROSS APPLY (VALUES ('p', a.p), ('q', a.q)) AS u(c, x) ORDER BY 1", ("p", 1), ("q", 2)),
    rows("outer apply keeps the row", "SELECT a.v, b.w FROM (VALUES (1), (2)) AS a(v) "
         "OUTER APPLY (SELECT TOP (1) a.v AS w WHERE a.v = 2) AS b ORDER BY 1", (1, None), (2, 2)),
    rows("correlated subquery", f"SELECT n, (SELECT MAX(v) FROM {SALES.replace('AS t', 'AS u')} WHERE u.n = t.n) "
         f"FROM {NUMBERS} WHERE n < 3 ORDER BY n", (1, D("10.0")), (2, D("20.0"))),
    rows("exists", f"SELECT n FROM {NUMBERS} WHERE EXISTS (SELECT 1 FROM {SALES.replace('AS t', 'AS u')} "
         "WHERE u.n = t.n) ORDER BY n", (1,), (2,)),
    rows("union removes duplicates", "SELECT 1 AS v UNION SELECT 1 UNION SELECT 2 ORDER BY v", (1,), (2,)),
    rows("union all keeps them", "SELECT 1 AS v UNION ALL SELECT 1", (1,), (1,)),
    rows("except", "SELECT v FROM (VALUES (1), (2), (2)) AS t(v) EXCEPT SELECT 1", (2,)),
    rows("intersect", "SELECT v FROM (VALUES (1), (2)) AS t(v) INTERSECT SELECT 2", (2,)),
    rows("union takes the higher type", "SELECT 1 AS v UNION ALL SELECT 2.5 ORDER BY v", (D("1.0"),), (D("2.5"),)),
    rows("cte", "WITH c(v) AS (SELECT 1 UNION ALL SELECT 2), d AS (SELECT v * 2 AS w FROM c) SELECT SUM(w) FROM d",
         (6,)),
    rows("recursive cte", "WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM c WHERE v < 5) SELECT SUM(v) FROM c",
         (15,)),
    rows("maxrecursion 0", "WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM c WHERE v < 200) "
         "SELECT MAX(v) FROM c OPTION (MAXRECURSION 0)", (200,)),
    rows("row_number", f"SELECT n, ROW_NUMBER() OVER (ORDER BY n DESC) FROM {NUMBERS} ORDER BY n",
         (1, 4), (2, 3), (3, 2), (4, 1)),
    rows("rank and dense_rank", "SELECT v, RANK() OVER (ORDER BY v), DENSE_RANK() OVER (ORDER BY v) "
         "FROM (VALUES (1), (1), (2)) AS t(v) ORDER BY v", (1, 1, 1), (1, 1, 1), (2, 3, 2)),
    rows("ntile", f"SELECT n, NTILE(2) OVER (ORDER BY n) FROM {NUMBERS} ORDER BY n", (1, 1), (2, 1), (3, 2), (4, 2)),
    rows("lag and lead", f"SELECT n, LAG(n) OVER (ORDER BY n), LEAD(n, 2, 0) OVER (ORDER BY n) FROM {NUMBERS} "
         "ORDER BY n", (1, None, 3), (2, 1, 4), (3, 2, 0), (4, 3, 0)),
    rows("running sum", f"SELECT n, SUM(n) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) FROM {NUMBERS} ORDER BY n",
         (1, 1), (2, 3), (3, 6), (4, 10)),
    rows("moving average", f"SELECT n, AVG(n * 1e0) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) "
         f"FROM {NUMBERS} ORDER BY n", (1, 1.0), (2, 1.5), (3, 2.5), (4, 3.5)),
    rows("sum over a partition", f"SELECT k, n, SUM(n) OVER (PARTITION BY k) FROM {SALES} ORDER BY k, n",
         ("x", 1, 3), ("x", 2, 3), ("y", 1, 3), ("y", 2, 3)),
    rows("last_value with the default frame", f"SELECT n, LAST_VALUE(n) OVER (ORDER BY n) FROM {NUMBERS} ORDER BY n",
         (1, 1), (2, 2), (3, 3), (4, 4)),
    rows("pivot", f"SELECT k, [1], [2] FROM (SELECT k, n, v FROM {SALES}) AS s PIVOT (SUM(v) FOR n IN ([1], [2])) "
         "AS p ORDER BY k", ("x", D("10.0"), D("20.0")), ("y", D("5.0"), None)),
    rows("unpivot", "SELECT c, x FROM (SELECT 1 AS p, 2 AS q) AS s UNPIVOT (x FOR c IN (p, q)) AS u ORDER BY c",
         ("p", 1), ("q", 2)),
    rows("string_split", "SELECT value FROM STRING_SPLIT('b,a,c', ',') ORDER BY value", ("a",), ("b",), ("c",)),
    rows("openjson with columns", """SELECT a, b FROM OPENJSON('[{"a": 1, "b": "x"}, {"a": 2}]')
          WITH (a int '$.a', b nvarchar(10) '$.b') ORDER BY a""", (1, "x"), (2, None)),
    rows("openjson of an object", """SELECT [key], value, type FROM OPENJSON('{"a": 1, "b": "x"}') ORDER BY [key]""",
         ("a", "1", 2), ("b", "x", 1)),
    rows("case of mixed types", "SELECT CASE WHEN 1 = 0 THEN 1 ELSE 2.5 END, "
         "CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END",
         (D("2.5"), "b")),
    rows("bracketed names", "SELECT [a b].[c]]d] FROM (SELECT 1 AS [c]]d]) AS [a b]", (1,)),
    rows("quoted names", 'SELECT "x y" FROM (SELECT 1 AS "x y") AS t', (1,)),
    rows("names ignore case", "SELECT T.ABC FROM (SELECT 1 AS abc) AS t", (1,)),
    rows("comments", "SELECT /* a /* nested */ comment */ 1 -- end", (1,)),
    rows("collate", "SELECT CASE WHEN 'a' = 'A' COLLATE Latin1_General_BIN THEN 1 ELSE 0 END", (0,)),
    Case("two results without a semicolon", "SELECT 1 AS a SELECT 2 AS b", results=([(1,)], [(2,)])),
    Case("an empty result keeps its columns", "SELECT 1 AS a WHERE 1 = 0", results=([],)),
    fails("group by misses a column", f"SELECT k, n FROM {SALES} GROUP BY k", 8120),
    fails("aggregate in where", f"SELECT n FROM {NUMBERS} WHERE SUM(n) > 1", 147),
    fails("ambiguous column", "SELECT v FROM (VALUES (1)) AS a(v) CROSS JOIN (VALUES (1)) AS b(v)", 209),
    fails("unknown prefix", f"SELECT z.n FROM {NUMBERS}", 4104),
    fails("union of unequal widths", "SELECT 1 UNION SELECT 1, 2", 205),
    fails("maxrecursion is 100", "WITH c AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM c) SELECT MAX(v) FROM c", 530),
    fails("order by in a derived table", "SELECT * FROM (SELECT 1 AS a ORDER BY a) AS t", 1033),
    fails("two columns in a scalar subquery", "SELECT (SELECT 1, 2)", 116),
    fails("derived table column without a name", "SELECT * FROM (SELECT 1) AS t", 8155),
    fails("derived table with a name twice", "SELECT * FROM (SELECT 1 AS a, 2 AS a) AS t", 8156),
    fails("row constructors of unequal widths", "SELECT * FROM (VALUES (1), (1, 2)) AS t(v)", 10709),
    fails("sum of integers overflows", "SELECT SUM(v) FROM (VALUES (2147483647), (1)) AS t(v)", 8115),
    fails("sum of strings", "SELECT SUM(s) FROM (VALUES ('a')) AS t(s)", 8117),
    fails("conversion fails in a row", "SELECT CAST(s AS int) FROM (VALUES ('1'), ('x')) AS t(s)", 245),
    fails("no such table", "SELECT * FROM dbo.no_such_table", 208),
    fails("range frames with an offset", f"SELECT SUM(n) OVER (ORDER BY n RANGE 1 PRECEDING) FROM {NUMBERS}", 4194),
    fails("row_number without an order", f"SELECT ROW_NUMBER() OVER () FROM {NUMBERS}", 4112),
    fails("window function in where", f"SELECT n FROM {NUMBERS} WHERE ROW_NUMBER() OVER (ORDER BY n) = 1", 4108),
]  # fmt: skip
