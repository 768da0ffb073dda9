"""OVER: ranking, analytic functions, frames, named windows."""

from __future__ import annotations

from decimal import Decimal as D

from tests.conformance.form import Page, batch, fails, page, query

LINES = "(VALUES (43659, 711, 4), (43659, 712, 2), (43659, 714, 3), (43659, 716, 1), (43664, 714, 1), (43664, 716, " \
               "1)) " \
        "AS d(o, p, q)"  # fmt: skip
ORDERS = "(VALUES (43659, 776, 1), (43659, 777, 3), (43659, 778, 1), (43659, 771, 1), (43659, 772, 1), (43659, 773, " \
               "2), " \
         "(43659, 774, 1), (43659, 714, 3), (43659, 716, 1), (43659, 709, 6), (43659, 712, 2), (43659, 711, 4), " \
         "(43664, 772, 1), (43664, 775, 4), (43664, 714, 1), (43664, 716, 1), (43664, 777, 2), (43664, 771, 3), " \
         "(43664, 773, 1), (43664, 778, 1)) AS d(o, p, q)"  # fmt: skip
TERRITORY = "(VALUES (274, NULL, 559697.56), (287, NULL, 519905.93), (285, NULL, 172524.45), (283, 1, 1573012.94), " \
            "(280, 1, 1352577.13), (284, 1, 1576562.20), (275, 2, 3763178.18), (277, 3, 3189418.37), " \
            "(276, 4, 4251368.55), (281, 4, 2458535.62)) AS s(id, t, y)"  # fmt: skip
N = "(VALUES (1), (2), (4), (8)) AS t(v)"
G = "(VALUES ('a', 1), ('a', 2), ('a', 2), ('b', 5), ('b', NULL)) AS t(g, v)"

OVER = [
    page("t-sql/queries/select-over-clause-transact-sql",
         query(f"SELECT DISTINCT o, SUM(q) OVER (PARTITION BY o), AVG(q) OVER (PARTITION BY o), COUNT(q) OVER "
               f"(PARTITION BY o), MIN(q) OVER (PARTITION BY o), MAX(q) OVER (PARTITION BY o) FROM {ORDERS} ORDER BY o",
               (43659, 26, 2, 12, 1, 6), (43664, 14, 1, 8, 1, 4)),
         query(f"SELECT p, CAST(1. * q / SUM(q) OVER (PARTITION BY o) * 100 AS decimal(5, 2)) FROM {ORDERS} "
               "WHERE o = 43659 AND p IN (776, 777) ORDER BY p", (776, D("25.00")), (777, D("75.00"))),
         query(f"SELECT id, SUM(y) OVER (PARTITION BY t ORDER BY id) FROM {TERRITORY} WHERE t = 1 ORDER BY id",
               (280, D("1352577.13")), (283, D("2925590.07")), (284, D("4502152.27"))),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM {N} ORDER BY v",
               (1, 3), (2, 6), (4, 12), (8, 8)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v ROWS UNBOUNDED PRECEDING) FROM {N} ORDER BY v",
               (1, 1), (2, 3), (4, 7), (8, 15)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v ROWS 1 PRECEDING) FROM {N} ORDER BY v",
               (1, 1), (2, 3), (4, 6), (8, 12)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v ROWS CURRENT ROW) FROM {N} ORDER BY v",
               (1, 1), (2, 2), (4, 4), (8, 8)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM {N} ORDER BY v",
               (1, None), (2, 1), (4, 3), (8, 6)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM {N} ORDER BY v",
               (1, 6), (2, 12), (4, 8), (8, None)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM {N} "
               "ORDER BY v", (1, 15), (2, 15), (4, 15), (8, 15)),
         query(f"SELECT v, COUNT(*) OVER (ORDER BY v ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM {N} ORDER "
               "BY v",
               (1, 4), (2, 3), (4, 2), (8, 1)),
         query(f"SELECT v, SUM(v) OVER (PARTITION BY g ORDER BY v) FROM {G} WHERE g = 'a' ORDER BY v, 2",
               (1, 1), (2, 5), (2, 5)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v RANGE CURRENT ROW) FROM {G} WHERE g = 'a' ORDER BY v",
               (1, 1), (2, 4), (2, 4)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM {G} "
               "WHERE g = 'a' ORDER BY v", (1, 5), (2, 4), (2, 4)),
         query(f"SELECT v, SUM(v) OVER (ORDER BY v RANGE UNBOUNDED PRECEDING) FROM {G} WHERE g = 'a' ORDER BY v",
               (1, 1), (2, 5), (2, 5)),
         query(f"SELECT g, COUNT(*), SUM(COUNT(*)) OVER () FROM {G} GROUP BY g ORDER BY g", ("a", 3, 5), ("b", 2, 5)),
         query(f"SELECT v, AVG(v) OVER () FROM {N} ORDER BY v", (1, 3), (2, 3), (4, 3), (8, 3)),
         query(f"SELECT v, AVG(v * 1e0) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {N} ORDER BY v",
               (1, 1.0), (2, 1.5), (4, 3.0), (8, 6.0)),
         query(f"SELECT g, v, SUM(v) OVER (PARTITION BY g) FROM {G} WHERE g = 'b' ORDER BY v", ("b", None, 5), ("b",
               5, 5)),
         fails(f"SELECT SUM(v) OVER (ORDER BY v RANGE 1 PRECEDING) FROM {N}", 4194),
         fails(f"SELECT SUM(v) OVER (ORDER BY v RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {N}", 4194),
         fails(f"SELECT SUM(v) OVER (ORDER BY v ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) FROM {N}", 4193),
         fails(f"SELECT SUM(v) OVER (PARTITION BY v ROWS 1 PRECEDING) FROM {N}", 10756),
         fails(f"SELECT ROW_NUMBER() OVER (ORDER BY v ROWS 1 PRECEDING) FROM {N}", 10752),
         fails(f"SELECT LAG(v) OVER (ORDER BY v ROWS UNBOUNDED PRECEDING) FROM {N}", 10752),
         fails(f"SELECT COUNT(DISTINCT v) OVER () FROM {N}", 10759),
         fails(f"SELECT v FROM {N} WHERE ROW_NUMBER() OVER (ORDER BY v) = 1", 4108),
         fails(f"SELECT COUNT(*) FROM {N} GROUP BY ROW_NUMBER() OVER (ORDER BY v)", 4108),
         fails(f"SELECT COUNT(*) FROM {N} HAVING ROW_NUMBER() OVER (ORDER BY COUNT(*)) = 1", 4108),
         fails(f"SELECT SUM(ROW_NUMBER() OVER (ORDER BY v)) FROM {N}", 4109),
         fails(f"SELECT RANK() OVER (ORDER BY ROW_NUMBER() OVER (ORDER BY v)) FROM {N}", 4109),
         fails(f"SELECT ROW_NUMBER() OVER (ORDER BY 1) FROM {N}", 5308),
         fails(f"SELECT ROW_NUMBER() OVER (ORDER BY 'x') FROM {N}", 5309),
         fails(f"SELECT ROW_NUMBER() OVER () FROM {N}", 4112),
         fails(f"SELECT STRING_AGG(CAST(v AS varchar(9)), ',') OVER () FROM {N}", 4113),
         query(f"SELECT v, ROW_NUMBER() OVER (ORDER BY v DESC) FROM {N} ORDER BY ROW_NUMBER() OVER (ORDER BY v)",
               (1, 4), (2, 3), (4, 2), (8, 1)),
         query(f"SELECT COUNT(*) FROM (SELECT ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS r FROM {N}) AS x WHERE r "
               "<= 2",
               (2,))),
    page("t-sql/queries/select-window-transact-sql",
         query(f"SELECT o, p, q, SUM(q) OVER win, AVG(q) OVER (win PARTITION BY o), COUNT(q) OVER (win ROWS BETWEEN "
               f"UNBOUNDED PRECEDING AND 1 FOLLOWING) FROM {LINES} WINDOW win AS (ORDER BY o, p) ORDER BY o, p",
               (43659, 711, 4, 4, 4, 2), (43659, 712, 2, 6, 3, 3), (43659, 714, 3, 9, 3, 4), (43659, 716, 1, 10, 2, 5),
               (43664, 714, 1, 11, 1, 6), (43664, 716, 1, 12, 1, 6)),
         query(f"SELECT o, p, q, SUM(q) OVER win2, AVG(q) OVER win1 FROM {LINES} WINDOW win1 AS (win3), "
               "win2 AS (ORDER BY o, p), win3 AS (win2 PARTITION BY o) ORDER BY o, p",
               (43659, 711, 4, 4, 4), (43659, 712, 2, 6, 3), (43659, 714, 3, 9, 3), (43659, 716, 1, 10, 2),
               (43664, 714, 1, 11, 1), (43664, 716, 1, 12, 1)),
         query("SELECT DISTINCT o, SUM(q) OVER win, AVG(q) OVER win, COUNT(q) OVER win, MIN(q) OVER win, MAX(q) OVER "
               "win "
               f"FROM {ORDERS} WINDOW win AS (PARTITION BY o) ORDER BY o",
               (43659, 26, 2, 12, 1, 6), (43664, 14, 1, 8, 1, 4)),
         fails(f"SELECT SUM(v) OVER (w PARTITION BY v) FROM {N} WINDOW w AS (PARTITION BY v)", 4123),
         fails(f"SELECT SUM(v) OVER w FROM {N} WINDOW w AS (x), x AS (w)", 5365),
         fails(f"SELECT SUM(v) OVER nowhere FROM {N} WINDOW w AS (ORDER BY v)", 5362)),
]  # fmt: skip

RANKING = [
    page("t-sql/functions/row-number-transact-sql",
         query("SELECT ROW_NUMBER() OVER (ORDER BY name ASC) AS Row#, name, m FROM (VALUES ('master', 'SIMPLE'), "
               "('model', 'FULL'), ('msdb', 'SIMPLE'), ('tempdb', 'SIMPLE')) AS d(name, m) ORDER BY Row#",
               (1, "master", "SIMPLE"), (2, "model", "FULL"), (3, "msdb", "SIMPLE"), (4, "tempdb", "SIMPLE")),
         query(f"SELECT v, ROW_NUMBER() OVER (PARTITION BY v % 2 ORDER BY v DESC) FROM {N} ORDER BY v",
               (1, 1), (2, 3), (4, 2), (8, 1))),
    page("t-sql/functions/rank-transact-sql",
         query("SELECT p, q, RANK() OVER (PARTITION BY l ORDER BY q DESC) FROM (VALUES (494, 3, 49), (495, 3, 49), "
               "(493, 3, 41), (496, 3, 30), (492, 3, 17)) AS i(p, l, q) ORDER BY q DESC, p",
               (494, 49, 1), (495, 49, 1), (493, 41, 3), (496, 30, 4), (492, 17, 5)),
         query("SELECT v, RANK() OVER (ORDER BY v), DENSE_RANK() OVER (ORDER BY v) FROM (VALUES (1), (1), (2)) AS t(v) "
               "ORDER BY v", (1, 1, 1), (1, 1, 1), (2, 3, 2)),
         fails(f"SELECT RANK() OVER (PARTITION BY v) FROM {N}", 4112)),
    page("t-sql/functions/dense-rank-transact-sql",
         query("SELECT p, q, DENSE_RANK() OVER (PARTITION BY l ORDER BY q DESC) FROM (VALUES (494, 3, 49), (495, 3, "
               "49), "
               "(493, 3, 41), (496, 3, 30), (492, 3, 17)) AS i(p, l, q) ORDER BY q DESC, p",
               (494, 49, 1), (495, 49, 1), (493, 41, 2), (496, 30, 3), (492, 17, 4))),
    page("t-sql/functions/ntile-transact-sql",
         query("SELECT v, NTILE(4) OVER (ORDER BY v) FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), "
               "(11), "
               "(12), (13), (14)) AS t(v) ORDER BY v",
               *[(v, g) for v, g in zip(range(1, 15), [1] * 4 + [2] * 4 + [3] * 3 + [4] * 3, strict=True)]),
         query(f"SELECT v, NTILE(2) OVER (ORDER BY v) FROM {N} ORDER BY v", (1, 1), (2, 1), (4, 2), (8, 2))),
]  # fmt: skip

QUOTAS = "(VALUES (2011, 1, 367000.00), (2011, 2, 556000.00), (2012, 1, 502000.00), (2012, 2, 550000.00), " \
         "(2012, 3, 1429000.00), (2012, 4, 1324000.00)) AS q(y, n, quota)"  # fmt: skip
RATES = "(VALUES ('Document Control', 'Arifin', 17.7885, 0), ('Document Control', 'Norred', 16.8269, 1), " \
        "('Document Control', 'Kharatishvili', 16.8269, 2), ('Document Control', 'Chai', 10.25, 3), " \
        "('Document Control', 'Berge', 10.25, 4), ('Information Services', 'Trenary', 50.4808, 5), " \
        "('Information Services', 'Conroy', 39.6635, 6), ('Information Services', 'Ajenstat', 38.4615, 7), " \
        "('Information Services', 'Wilson', 38.4615, 8), ('Information Services', 'Sharma', 32.4519, 9), " \
        "('Information Services', 'Connelly', 32.4519, 10), ('Information Services', 'Berg', 27.4038, 11), " \
        "('Information Services', 'Meyyappan', 27.4038, 12), ('Information Services', 'Bacon', 27.4038, 13), " \
        "('Information Services', 'Bueno', 27.4038, 14)) AS r(d, l, rate, n)"  # fmt: skip

ANALYTIC = [
    page("t-sql/functions/lag-transact-sql",
         query(f"SELECT y, n, quota, LAG(quota, 1, 0) OVER (ORDER BY y, n) FROM {QUOTAS} WHERE y = 2011 OR n < 3 "
               "ORDER BY y, n",
               (2011, 1, D("367000.00"), D("0.00")), (2011, 2, D("556000.00"), D("367000.00")),
               (2012, 1, D("502000.00"), D("556000.00")), (2012, 2, D("550000.00"), D("502000.00"))),
         query("SELECT t, n, y, LAG(y, 1, 0) OVER (PARTITION BY t ORDER BY y DESC) FROM (VALUES ('Canada', 'Saraiva', "
               "2604540.72), ('Canada', 'Vargas', 1453719.47), ('Northwest', 'Mensa-Annan', 1576562.20)) AS s(t, n, y) "
               "ORDER BY t, y DESC",
               ("Canada", "Saraiva", D("2604540.72"), D("0.00")),
               ("Canada", "Vargas", D("1453719.47"), D("2604540.72")),
               ("Northwest", "Mensa-Annan", D("1576562.20"), D("0.00"))),
         query("SELECT b, c, LAG(2 * c, b * (SELECT MIN(b) FROM (VALUES (1, 1, -3), (2, 2, 4), (3, 1, NULL), (4, 3, "
               "1), "
               "(5, 2, NULL), (6, 1, 5)) AS u(a, b, c)), -c / 2.0) OVER (ORDER BY a) AS i FROM (VALUES (1, 1, -3), "
               "(2, 2, 4), (3, 1, NULL), (4, 3, 1), (5, 2, NULL), (6, 1, 5)) AS t(a, b, c) ORDER BY a",
               (1, -3, 1), (2, 4, -2), (1, None, 8), (3, 1, -6), (2, None, None), (1, 5, None)),
         query("SELECT n, LAG(v) IGNORE NULLS OVER (ORDER BY n) FROM (VALUES (1, 10), (2, NULL), (3, NULL), (4, 40)) "
               "AS t(n, v) ORDER BY n", (1, None), (2, 10), (3, 10), (4, 10)),
         query("SELECT n, LAG(v) RESPECT NULLS OVER (ORDER BY n) FROM (VALUES (1, 10), (2, NULL), (3, NULL), (4, 40)) "
               "AS t(n, v) ORDER BY n", (1, None), (2, 10), (3, None), (4, None)),
         fails(f"SELECT LAG(v, -1) OVER (ORDER BY v) FROM {N}", 8730),
         fails(f"SELECT LAG(v) OVER (PARTITION BY v) FROM {N}", 4112)),
    page("t-sql/functions/lead-transact-sql",
         query(f"SELECT y, n, LEAD(quota, 1, 0) OVER (ORDER BY y, n) FROM {QUOTAS} WHERE y = 2011 ORDER BY n",
               (2011, 1, D("556000.00")), (2011, 2, D("0.00"))),
         query(f"SELECT v, LEAD(v, 2, 0) OVER (ORDER BY v) FROM {N} ORDER BY v", (1, 4), (2, 8), (4, 0), (8, 0)),
         query(f"SELECT v, LEAD(v) OVER (ORDER BY v) FROM {N} ORDER BY v", (1, 2), (2, 4), (4, 8), (8, None))),
    page("t-sql/functions/first-value-transact-sql",
         query("SELECT Name, ListPrice, FIRST_VALUE(Name) OVER (ORDER BY ListPrice ASC) FROM (VALUES "
               "('Patch Kit/8 Patches', 2.29), ('Road Tire Tube', 3.99), ('Touring Tire Tube', 4.99)) AS p(Name, "
               "ListPrice) "
               "ORDER BY ListPrice",
               ("Patch Kit/8 Patches", D("2.29"), "Patch Kit/8 Patches"),
               ("Road Tire Tube", D("3.99"), "Patch Kit/8 Patches"),
               ("Touring Tire Tube", D("4.99"), "Patch Kit/8 Patches")),
         query("SELECT n, FIRST_VALUE(v) IGNORE NULLS OVER (ORDER BY n) FROM (VALUES (1, NULL), (2, 7), (3, NULL)) AS "
               "t(n, v) "
               "ORDER BY n", (1, None), (2, 7), (3, 7))),
    page("t-sql/functions/last-value-transact-sql",
         query(f"SELECT v, LAST_VALUE(v) OVER (ORDER BY v) FROM {N} ORDER BY v", (1, 1), (2, 2), (4, 4), (8, 8)),
         query(f"SELECT v, LAST_VALUE(v) OVER (ORDER BY v ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) "
               f"FROM {N} ORDER BY v", (1, 8), (2, 8), (4, 8), (8, 8)),
         query("SELECT n, LAST_VALUE(v) IGNORE NULLS OVER (ORDER BY n) FROM (VALUES (1, 10), (2, NULL), (3, 30), (4, "
               "NULL)) "
               "AS t(n, v) ORDER BY n", (1, 10), (2, 10), (3, 30), (4, 30))),
    page("t-sql/functions/cume-dist-transact-sql",
         query("SELECT l, CUME_DIST() OVER (PARTITION BY d ORDER BY rate), PERCENT_RANK() OVER (PARTITION BY d ORDER "
               "BY "
               f"rate) FROM {RATES} ORDER BY d, n",
               ("Arifin", 1.0, 1.0), ("Norred", 0.8, 0.5), ("Kharatishvili", 0.8, 0.5), ("Chai", 0.4, 0.0),
               ("Berge", 0.4, 0.0), ("Trenary", 1.0, 1.0), ("Conroy", 0.9, 0.888888888888889),
               ("Ajenstat", 0.8, 0.666666666666667), ("Wilson", 0.8, 0.666666666666667),
               ("Sharma", 0.6, 0.444444444444444), ("Connelly", 0.6, 0.444444444444444), ("Berg", 0.4, 0.0),
               ("Meyyappan", 0.4, 0.0), ("Bacon", 0.4, 0.0), ("Bueno", 0.4, 0.0))),
    page("t-sql/functions/percent-rank-transact-sql",
         query("SELECT PERCENT_RANK() OVER (ORDER BY v) FROM (VALUES (7)) AS t(v)", (0.0,)),
         fails(f"SELECT PERCENT_RANK() OVER () FROM {N}", 4112)),
    page("t-sql/functions/percentile-cont-transact-sql",
         query(f"SELECT DISTINCT d, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY rate) OVER (PARTITION BY d), "
               f"PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY rate) OVER (PARTITION BY d) FROM {RATES} ORDER BY d",
               ("Document Control", 16.8269, D("16.8269")), ("Information Services", 32.4519, D("32.4519"))),
         query("SELECT DISTINCT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v) OVER () FROM (VALUES (1), (2), (3), "
               "(4)) "
               "AS t(v)", (2.5,)),
         query("SELECT DISTINCT PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY v DESC) OVER () FROM (VALUES (10), (20), "
               "(30), "
               "(40), (NULL)) AS t(v)", (32.5,)),
         batch("PERCENTILE_CONT of a variable", "DECLARE @p float = 0.5; SELECT DISTINCT PERCENTILE_CONT(@p) WITHIN "
               "GROUP "
               "(ORDER BY v) OVER () FROM (VALUES (1), (2)) AS t(v)", [(1.5,)]),
         fails(f"SELECT PERCENTILE_CONT(1.5) WITHIN GROUP (ORDER BY v) OVER () FROM {N}", 8727),
         fails(f"SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v) FROM {N}", 10753),
         fails(f"SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v) OVER (ORDER BY v) FROM {N}", 10758)),
    page("t-sql/functions/percentile-disc-transact-sql",
         query("SELECT DISTINCT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY v) OVER () FROM (VALUES (1), (2), (3), "
               "(4)) "
               "AS t(v)", (2,)),
         query("SELECT DISTINCT PERCENTILE_DISC(0) WITHIN GROUP (ORDER BY v) OVER (), PERCENTILE_DISC(1) WITHIN GROUP "
               "(ORDER BY v) OVER () FROM (VALUES (1), (2), (3)) AS t(v)", (1, 3)),
         query("SELECT DISTINCT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY v DESC) OVER () FROM (VALUES (1), (2), "
               "(3), "
               "(4)) AS t(v)", (3,))),
]  # fmt: skip

PAGES: list[Page] = [*OVER, *RANKING, *ANALYTIC]
