"""Aggregate functions over a few numbers."""

from __future__ import annotations

from tests.conformance.form import Page, page, query

_F = "t-sql/functions/"
_THREE = "FROM (VALUES (1), (2), (3), (NULL)) AS t(v)"

PAGES: list[Page] = [
    page(_F + "count-big-transact-sql",
         query(f"SELECT COUNT_BIG(*), COUNT_BIG(v), COUNT_BIG(DISTINCT v % 2) {_THREE}", (4, 3, 2)),
         query("SELECT COUNT_BIG(*) FROM (VALUES (1)) AS t(v) WHERE v = 2", (0,))),
    page(_F + "var-transact-sql",
         query(f"SELECT VAR(v) {_THREE}", (1.0,)),
         query("SELECT VAR(v) FROM (VALUES (1)) AS t(v)", (None,))),
    page(_F + "varp-transact-sql",
         query(f"SELECT VARP(v) {_THREE}", (2 / 3,)),
         query("SELECT VARP(v) FROM (VALUES (1)) AS t(v)", (0.0,))),
    page(_F + "stdevp-transact-sql",
         query(f"SELECT STDEVP(v) {_THREE}", ((2 / 3) ** 0.5,)),
         query("SELECT STDEVP(v) FROM (VALUES (1)) AS t(v)", (0.0,))),
    page(_F + "grouping-id-transact-sql",
         query("SELECT a, b, GROUPING_ID(a, b) FROM (VALUES (1, 2)) AS t(a, b) GROUP BY ROLLUP (a, b) ORDER BY 3",
               (1, 2, 0), (1, None, 1), (None, None, 3))),
    page(_F + "cume-dist-transact-sql",
         query("SELECT v, CUME_DIST() OVER (ORDER BY v) FROM (VALUES (1), (2), (2), (3)) AS t(v) ORDER BY v",
               (1, 0.25), (2, 0.75), (2, 0.75), (3, 1.0))),
]  # fmt: skip
