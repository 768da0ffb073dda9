"""UNION, EXCEPT and INTERSECT."""

from __future__ import annotations

from decimal import Decimal as D

from tests.conformance.form import Page, fails, page, query

A = "SELECT v FROM (VALUES (1), (2), (2), (NULL), (NULL)) AS a(v)"
B = "SELECT v FROM (VALUES (2), (3), (NULL)) AS b(v)"

PAGES: list[Page] = [
    page("t-sql/language-elements/set-operators-union-transact-sql",
         query("SELECT 1 AS v UNION SELECT 1 UNION SELECT 2 ORDER BY v", (1,), (2,)),
         query("SELECT 1 AS v UNION ALL SELECT 1", (1,), (1,)),
         query(f"{A} UNION {B} ORDER BY v", (None,), (1,), (2,), (3,)),
         query(f"SELECT COUNT(*) FROM ({A} UNION ALL {B}) AS u", (8,)),
         query("SELECT 1 AS v UNION ALL (SELECT 1 UNION SELECT 1)", (1,), (1,)),
         query("SELECT 1 AS v UNION ALL SELECT 1 UNION SELECT 1", (1,)),
         query("(SELECT 1 AS v UNION SELECT 1) UNION ALL SELECT 1", (1,), (1,)),
         query("SELECT 1 AS v UNION ALL SELECT 2.5 ORDER BY v", (D("1.0"),), (D("2.5"),)),
         query("SELECT 'a' AS v UNION SELECT 'A'", ("a",)),
         query("SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL ORDER BY a", (1, "x"), (2, None)),
         query("SELECT 1 AS a UNION ALL SELECT 3 UNION ALL SELECT 2 ORDER BY 1 DESC", (3,), (2,), (1,)),
         query("SELECT v FROM (SELECT 1 AS v UNION ALL SELECT 2) AS u WHERE v > 1", (2,)),
         query("SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a OFFSET 1 ROWS", (2,)),
         fails("SELECT 1 UNION SELECT 1, 2", 205),
         fails("SELECT 1 AS a UNION SELECT 2 ORDER BY b", 207),
         fails("SELECT v AS a FROM (VALUES (1)) AS t(v) UNION SELECT 2 ORDER BY a + 1", 104),
         fails("SELECT 1 AS a UNION SELECT 2 ORDER BY 2", 108),
         fails("SELECT 1 AS a UNION SELECT 'x'", 245),
         fails("SELECT 1 AS a ORDER BY a UNION SELECT 2", 156)),
    page("t-sql/language-elements/set-operators-except-and-intersect-transact-sql",
         query("SELECT v FROM (VALUES (1), (2), (2)) AS t(v) EXCEPT SELECT 1", (2,)),
         query("SELECT v FROM (VALUES (1), (2)) AS t(v) INTERSECT SELECT 2", (2,)),
         query(f"{A} EXCEPT {B}", (1,)),
         query(f"{A} INTERSECT {B} ORDER BY v", (None,), (2,)),
         query("SELECT 1 AS v UNION SELECT 2 EXCEPT SELECT 2 INTERSECT SELECT 2", (1,)),
         query("SELECT 3 AS v EXCEPT SELECT 2 UNION SELECT 1 ORDER BY v", (1,), (3,)),
         query("SELECT 'a' AS v INTERSECT SELECT 'A'", ("a",)),
         fails("SELECT 1 EXCEPT SELECT 1, 2", 205),
         fails("SELECT 1 INTERSECT SELECT 1, 2", 205)),
]  # fmt: skip
