"""GROUP BY, HAVING and the aggregates; PIVOT and UNPIVOT."""

from __future__ import annotations

from decimal import Decimal as D

from tests.conformance.form import Page, fails, page, query

SALES = "(VALUES ('Canada', 'Alberta', 100), ('Canada', 'British Columbia', 200), ('Canada', 'British Columbia', " \
               "300), " \
        "('United States', 'Montana', 100)) AS Sales(Country, Region, Sales)"  # fmt: skip
ROLLED = [("Canada", "Alberta", 100), ("Canada", "British Columbia", 500), ("Canada", None, 600),
          ("United States", "Montana", 100), ("United States", None, 100), (None, None, 700)]  # fmt: skip
CUBED = [*ROLLED, (None, "Alberta", 100), (None, "British Columbia", 500), (None, "Montana", 100)]
KNV = "(VALUES ('x', 1, 10.0), ('x', 2, 20.0), ('y', 1, 5.0), ('y', 2, NULL)) AS t(k, n, v)"
NS = "(VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, NULL)) AS t(n, s)"
T = "SELECT Country, Region, SUM(Sales) AS TotalSales"

GROUPS = [
    page("t-sql/queries/select-group-by-transact-sql",
         query(f"{T} FROM {SALES} GROUP BY Country, Region", ROLLED[0], ROLLED[1], ROLLED[3], ordered=False),
         query(f"{T} FROM {SALES} GROUP BY ROLLUP (Country, Region)", *ROLLED, ordered=False),
         query(f"{T} FROM {SALES} GROUP BY Country, Region WITH ROLLUP", *ROLLED, ordered=False),
         query(f"{T} FROM {SALES} GROUP BY CUBE (Country, Region)", *CUBED, ordered=False),
         query(f"{T} FROM {SALES} GROUP BY Country, Region WITH CUBE", *CUBED, ordered=False),
         query(f"{T} FROM {SALES} GROUP BY GROUPING SETS (ROLLUP (Country, Region), CUBE (Country, Region))",
               *ROLLED, *CUBED, ordered=False),
         query(f"SELECT Country, SUM(Sales) AS TotalSales FROM {SALES} GROUP BY GROUPING SETS (Country, ())",
               ("Canada", 600), ("United States", 100), (None, 700), ordered=False),
         query(f"SELECT SUM(Sales) FROM {SALES} GROUP BY ()", (700,)),
         query(f"SELECT Country, COUNT(*) FROM {SALES} GROUP BY Country HAVING COUNT(*) > 1", ("Canada", 3)),
         query(f"SELECT Country + '/' + Region AS x FROM {SALES} GROUP BY Country, Region ORDER BY x",
               ("Canada/Alberta",), ("Canada/British Columbia",), ("United States/Montana",)),
         query("SELECT v, COUNT(*) FROM (VALUES (1), (NULL), (NULL)) AS t(v) GROUP BY v ORDER BY v", (None, 2), (1, 1)),
         query(f"SELECT n % 2, COUNT(*) FROM {NS} GROUP BY n % 2 ORDER BY 1", (0, 2), (1, 2)),
         query("SELECT COUNT(*) FROM (VALUES ('a'), ('A'), ('b')) AS t(v) GROUP BY v ORDER BY 1", (1,), (2,)),
         query(f"SELECT k, n, COUNT(*) FROM {KNV} GROUP BY GROUPING SETS ((k), (n)) ORDER BY k, n",
               (None, 1, 2), (None, 2, 2), ("x", None, 2), ("y", None, 2)),
         query(f"SELECT k, n, SUM(v) FROM {KNV} GROUP BY k, ROLLUP (n) ORDER BY k, n",
               ("x", None, D("30.0")), ("x", 1, D("10.0")), ("x", 2, D("20.0")), ("y", None, D("5.0")),
               ("y", 1, D("5.0")), ("y", 2, None)),
         query(f"SELECT COUNT(*) FROM {NS} WHERE 1 = 0 GROUP BY n"),
         query(f"SELECT COUNT(*) FROM {NS} WHERE 1 = 0", (0,)),
         fails(f"SELECT Country, Region FROM {SALES} GROUP BY Country + Region", 8120),
         fails(f"SELECT Country + 'x' + Region FROM {SALES} GROUP BY Country + Region", 8120),
         fails(f"SELECT k, n FROM {KNV} GROUP BY k", 8120),
         fails(f"SELECT k, SUM(n) FROM {KNV}", 8120),
         fails(f"SELECT * FROM {KNV} GROUP BY k", 8120),
         fails(f"SELECT COUNT(*) FROM {KNV} GROUP BY k ORDER BY n", 8127),
         fails(f"SELECT COUNT(*) FROM {KNV} GROUP BY (SELECT 1)", 144),
         fails(f"SELECT COUNT(*) FROM {KNV} GROUP BY SUM(n)", 144),
         fails(f"SELECT COUNT(*) FROM {KNV} GROUP BY 1", 164),
         fails(f"SELECT n AS x, COUNT(*) FROM {KNV} GROUP BY x", 207)),
    page("t-sql/queries/select-having-transact-sql",
         query("SELECT o, SUM(t) AS SubTotal FROM (VALUES (43875, 121761.94), (43875, 1.0), (43884, 115696.33), "
               "(43900, 5.0)) "
               "AS d(o, t) GROUP BY o HAVING SUM(t) > 100000.00 ORDER BY o",
               (43875, D("121762.94")), (43884, D("115696.33"))),
         query(f"SELECT COUNT(*) FROM {NS} HAVING COUNT(*) > 3", (4,)),
         query(f"SELECT COUNT(*) FROM {NS} HAVING COUNT(*) > 4"),
         fails(f"SELECT COUNT(*) FROM {KNV} GROUP BY k HAVING n = 1", 8121)),
    page("t-sql/functions/grouping-transact-sql",
         query(f"SELECT Country, SUM(Sales), GROUPING(Country) FROM {SALES} GROUP BY Country WITH ROLLUP",
               ("Canada", 600, 0), ("United States", 100, 0), (None, 700, 1), ordered=False),
         query(f"SELECT k, SUM(n) FROM {KNV} GROUP BY ROLLUP (k) ORDER BY GROUPING(k), k", ("x", 3), ("y", 3),
               (None, 6)),
         fails(f"SELECT GROUPING(n) FROM {KNV} GROUP BY k", 8161)),
    page("t-sql/functions/grouping-id-transact-sql",
         query("SELECT a, b, GROUPING_ID(a, b) FROM (VALUES (1, 2)) AS t(a, b) GROUP BY CUBE (a, b)",
               (1, 2, 0), (1, None, 1), (None, 2, 2), (None, None, 3), ordered=False)),
    page("t-sql/functions/aggregate-functions-transact-sql",
         query(f"SELECT COUNT(*), COUNT(v), SUM(v), AVG(v), MIN(v), MAX(v) FROM {KNV}",
               (4, 3, D("35.0"), D("11.666666"), D("5.0"), D("20.0"))),
         query(f"SELECT SUM(n), COUNT(n), MIN(n) FROM {NS} WHERE n > 9", (None, 0, None)),
         fails(f"SELECT n FROM {NS} WHERE SUM(n) > 1", 147),
         fails(f"SELECT SUM(COUNT(*)) FROM {NS} GROUP BY n", 130),
         fails(f"SELECT SUM((SELECT 1)) FROM {NS}", 130),
         fails(f"SELECT t.n FROM {NS} JOIN (VALUES (1)) AS u(n) ON SUM(t.n) = u.n", 1015)),
    page("t-sql/functions/avg-transact-sql",
         query("SELECT AVG(v) FROM (VALUES (1), (2)) AS t(v)", (1,)),
         query("SELECT AVG(v), AVG(DISTINCT v) FROM (VALUES (1.0), (1.0), (4.0)) AS t(v)", (D("2.000000"),
               D("2.500000"))),
         query("SELECT AVG(v) FROM (VALUES (1e0), (2e0), (NULL)) AS t(v)", (1.5,)),
         fails("SELECT AVG(v) FROM (VALUES ('a')) AS t(v)", 8117)),
    page("t-sql/functions/sum-transact-sql",
         query("SELECT SUM(v), SUM(DISTINCT v) FROM (VALUES (1), (1), (4)) AS t(v)", (6, 5)),
         query("SELECT SUM(v) FROM (VALUES (CAST(200 AS tinyint)), (200)) AS t(v)", (400,)),
         fails("SELECT SUM(v) FROM (VALUES (2147483647), (1)) AS t(v)", 8115),
         fails("SELECT SUM(s) FROM (VALUES ('a')) AS t(s)", 8117)),
    page("t-sql/functions/count-transact-sql",
         query("SELECT COUNT(DISTINCT v), COUNT(v), COUNT(*) FROM (VALUES (1), (1), (2), (NULL)) AS t(v)", (2, 3, 4)),
         query("SELECT COUNT(DISTINCT v) FROM (VALUES ('a'), ('A'), ('a ')) AS t(v)", (1,)),
         query(f"SELECT COUNT_BIG(*) FROM {NS}", (4,))),
    page("t-sql/functions/min-transact-sql",
         query("SELECT MIN(v), MAX(v) FROM (VALUES ('b'), ('a'), (NULL)) AS t(v)", ("a", "b")),
         fails("SELECT MIN(v) FROM (VALUES (CAST(1 AS bit))) AS t(v)", 8117)),
    page("t-sql/functions/stdev-transact-sql",
         query("SELECT STDEV(v) FROM (VALUES (1e0), (2e0), (3e0), (4e0)) AS t(v)", (1.2909944487358056,)),
         query("SELECT STDEV(v), STDEVP(v) FROM (VALUES (1e0)) AS t(v)", (None, 0.0))),
    page("t-sql/functions/var-transact-sql",
         query("SELECT VAR(v), VARP(v) FROM (VALUES (1), (2), (3), (4)) AS t(v)", (1.6666666666666667, 1.25))),
    page("t-sql/functions/checksum-agg-transact-sql",
         query("SELECT CASE WHEN CHECKSUM_AGG(v) = (SELECT CHECKSUM_AGG(w) FROM (VALUES (2), (1), (3)) AS u(w)) THEN "
               "1 ELSE 0 "
               "END FROM (VALUES (1), (2), (3)) AS t(v)", (1,)),
         query(f"SELECT CHECKSUM_AGG(n) FROM {NS} WHERE n > 9", (None,)),
         fails("SELECT CHECKSUM_AGG(v) FROM (VALUES ('a')) AS t(v)", 8117)),
    page("t-sql/functions/approx-count-distinct-transact-sql",
         query("SELECT APPROX_COUNT_DISTINCT(v) FROM (VALUES (1), (2), (2), (NULL)) AS t(v)", (2,)),
         query(f"SELECT APPROX_COUNT_DISTINCT(n) FROM {NS} WHERE n > 9", (0,))),
    page("t-sql/functions/string-agg-transact-sql",
         query("SELECT STRING_AGG(ISNULL(v, 'N/A'), ',') FROM (VALUES ('John'), (NULL)) AS t(v) WHERE v IS NULL",
               ("N/A",)),
         query("SELECT a.i, title, STRING_AGG(tag, ',') WITHIN GROUP (ORDER BY tag) FROM (VALUES (172, 'Polls'), "
               "(176, 'New highway'), (177, 'Dogs')) AS a(i, title) LEFT JOIN (VALUES (172, 'politics'), (172, "
               "'polls'), "
               "(172, 'city council'), (177, 'polls'), (177, 'animals')) AS t(i, tag) ON a.i = t.i GROUP BY a.i, title "
               "ORDER BY a.i",
               (172, "Polls", "city council,politics,polls"), (176, "New highway", None), (177, "Dogs",
               "animals,polls")),
         query("SELECT town, STRING_AGG(email, ';') WITHIN GROUP (ORDER BY email ASC) AS emails FROM (VALUES "
               "('Seattle', 'syed0@adventure-works.com'), ('Seattle', 'catherine0@adventure-works.com'), "
               "('Seattle', 'kim2@adventure-works.com'), ('LA', 'sam1@adventure-works.com'), "
               "('LA', 'hazem0@adventure-works.com')) AS e(town, email) GROUP BY town ORDER BY town DESC",
               ("Seattle", "catherine0@adventure-works.com;kim2@adventure-works.com;syed0@adventure-works.com"),
               ("LA", "hazem0@adventure-works.com;sam1@adventure-works.com")),
         query(f"SELECT STRING_AGG(s, ',') WITHIN GROUP (ORDER BY n DESC) FROM {NS}", ("c,b,a",)),
         query(f"SELECT STRING_AGG(n, '-') WITHIN GROUP (ORDER BY n) FROM {NS}", ("1-2-3-4",)),
         fails(f"SELECT STRING_AGG(s, N',') FROM {NS}", 8116),
         fails(f"SELECT STRING_AGG(s, s) FROM {NS}", 8733),
         fails("SELECT STRING_AGG(REPLICATE('x', 5000), ',') FROM (VALUES (1), (2)) AS t(v)", 9829),
         query("SELECT LEN(STRING_AGG(CAST(REPLICATE('x', 5000) AS varchar(max)), ',')) FROM (VALUES (1), (2)) AS t(v)",
               (10001,))),
]  # fmt: skip

PIVOTS = [
    page("t-sql/queries/from-using-pivot-and-unpivot",
         query("SELECT 'AverageCost' AS Cost_Sorted_By_Production_Days, [0], [1], [2], [3], [4] FROM (SELECT d, c FROM "
               "(VALUES (0, 5.0885), (1, 223.88), (2, 359.1082), (4, 949.4105)) AS p(d, c)) AS SourceTable PIVOT "
               "(AVG(c) "
               "FOR d IN ([0], [1], [2], [3], [4])) AS PivotTable",
               ("AverageCost", D("5.088500"), D("223.880000"), D("359.108200"), None, D("949.410500"))),
         query("SELECT VendorID, [250] AS Emp1, [251] AS Emp2, [256] AS Emp3 FROM (SELECT o, e, VendorID FROM (VALUES "
               "(1, 250, 1492), (2, 250, 1492), (3, 251, 1492), (4, 256, 1494)) AS h(o, e, VendorID)) p PIVOT "
               "(COUNT(o) "
               "FOR e IN ([250], [251], [256])) AS pvt ORDER BY pvt.VendorID", (1492, 2, 1, 0), (1494, 0, 0, 1)),
         query("SELECT VendorID, Employee, Orders FROM (SELECT VendorID, Emp1, Emp2, Emp3, Emp4, Emp5 FROM (VALUES "
               "(1, 4, 3, 5, 4, 4), (2, 4, 1, 5, 5, 5)) AS pvt(VendorID, Emp1, Emp2, Emp3, Emp4, Emp5)) p UNPIVOT "
               "(Orders "
               "FOR Employee IN (Emp1, Emp2, Emp3, Emp4, Emp5)) AS unpvt ORDER BY VendorID, Employee",
               (1, "Emp1", 4), (1, "Emp2", 3), (1, "Emp3", 5), (1, "Emp4", 4), (1, "Emp5", 4),
               (2, "Emp1", 4), (2, "Emp2", 1), (2, "Emp3", 5), (2, "Emp4", 5), (2, "Emp5", 5)),
         query(f"SELECT k, [1], [2] FROM (SELECT k, n, v FROM {KNV}) AS s PIVOT (SUM(v) FOR n IN ([1], [2])) AS p "
               "ORDER BY k",
               ("x", D("10.0"), D("20.0")), ("y", D("5.0"), None)),
         query("SELECT k, c, x FROM (VALUES (1, 10, 20), (2, NULL, 5)) AS t(k, p, q) UNPIVOT (x FOR c IN (p, q)) AS u "
               "ORDER BY k, c", (1, "p", 10), (1, "q", 20), (2, "q", 5)),
         query("SELECT [east], [west] FROM (VALUES ('East', 1), ('EAST', 2), ('west', 4)) AS t(r, v) PIVOT (SUM(v) "
               "FOR r IN "
               "([east], [west])) AS p", (3, 4)),
         fails("SELECT * FROM (SELECT 1 AS a, 2 AS b) AS s PIVOT (SUM(a) FOR b IN ([x])) AS p", 8114),
         fails("SELECT * FROM (SELECT 1 AS a, 2 AS b) AS s PIVOT (SUM(a) FOR b IN ([2], [2])) AS p", 8156),
         fails("SELECT * FROM (SELECT 1 AS a, 2 AS b) AS s PIVOT (COUNT(*) FOR b IN ([2])) AS p", 102),
         fails("SELECT * FROM (SELECT 1 AS a, 2 AS b) AS s PIVOT (SUM(nope) FOR b IN ([2])) AS p", 207),
         fails("SELECT * FROM (SELECT 1 AS a, CAST(2 AS bigint) AS b) AS s UNPIVOT (v FOR n IN (a, b)) AS p", 8167),
         fails("SELECT * FROM (SELECT 1 AS a, 2 AS b) AS s UNPIVOT (v FOR n IN (a, nope)) AS p", 207)),
]  # fmt: skip

PAGES: list[Page] = [*GROUPS, *PIVOTS]
