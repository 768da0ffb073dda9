"""MERGE."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.form import Page, batch, fails, page

M = "CREATE TABLE #m (k int PRIMARY KEY, v int NULL DEFAULT 5); INSERT #m VALUES (1, 1), (2, 2), (3, 3); "
S = "USING (VALUES (2, 20), (4, 40)) AS s (k, v) ON t.k = s.k "
SHOW = "SELECT k, v FROM #m ORDER BY k"

PAGES: list[Page] = [
    page("t-sql/statements/merge-transact-sql",
         batch("update, insert and delete", f"{M} MERGE #m AS t {S} WHEN MATCHED THEN UPDATE SET v = s.v "
               "WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, s.v) WHEN NOT MATCHED BY SOURCE THEN DELETE; "
               f"SELECT @@ROWCOUNT; {SHOW}", [(4,)], [(2, 20), (4, 40)]),
         batch("matched only", f"{M} MERGE INTO #m AS t {S} WHEN MATCHED THEN UPDATE SET t.v = s.v; {SHOW}",
               [(1, 1), (2, 20), (3, 3)]),
         batch("insert only", f"{M} MERGE #m AS t {S} WHEN NOT MATCHED BY TARGET THEN INSERT VALUES (s.k, s.v); {SHOW}",
               [(1, 1), (2, 2), (3, 3), (4, 40)]),
         batch("not matched by source", f"{M} MERGE #m AS t {S} WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v = -v; "
               f"{SHOW}",
               [(1, -1), (2, 2), (3, -3)]),
         batch("delete what matches", f"{M} MERGE #m AS t {S} WHEN MATCHED THEN DELETE; {SHOW}", [(1, 1), (3, 3)]),
         batch("conditions", f"{M} MERGE #m AS t USING (VALUES (1, 0), (2, 20)) AS s (k, v) ON t.k = s.k "
               f"WHEN MATCHED AND s.v = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET v = s.v; {SHOW}", [(2, 20), (3, 3)]),
         batch("a join as the source", f"{M} MERGE #m AS t USING (VALUES (2, 20), (4, 40)) AS s (k, v) LEFT JOIN "
               "(VALUES (4, 44)) AS u (k, w) ON s.k = u.k ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = u.w "
               "WHEN NOT MATCHED THEN INSERT VALUES (s.k, u.w) WHEN NOT MATCHED BY SOURCE THEN DELETE; "
               f"{SHOW}", [(2, None), (4, 44)]),
         batch("APPLY in the source", f"{M} MERGE #m AS t USING (VALUES (1)) AS s (k) CROSS APPLY "
               f"(SELECT s.k + 1 AS n) AS u ON t.k = u.n WHEN MATCHED THEN UPDATE SET v = s.k + 70; {SHOW}",
               [(1, 1), (2, 71), (3, 3)]),
         batch("a condition of an insert", f"{M} MERGE #m AS t USING (VALUES (8, 1), (9, 2)) AS s (k, v) ON t.k = s.k "
               f"WHEN NOT MATCHED AND s.v > 1 THEN INSERT (k, v) VALUES (k, v); {SHOW}",
               [(1, 1), (2, 2), (3, 3), (9, 2)]),
         batch("conditions by source", f"{M} MERGE #m AS t {S} WHEN NOT MATCHED BY SOURCE AND t.k = 1 THEN DELETE "
               f"WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v = 0; {SHOW}", [(2, 2), (3, 0)]),
         replace(batch("actions", f"{M} MERGE #m AS t {S} WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN "
               "INSERT (k, v) VALUES (s.k, s.v) WHEN NOT MATCHED BY SOURCE AND t.k = 1 THEN DELETE "
               "OUTPUT $action, inserted.k, deleted.k, s.v;",
               [("DELETE", None, 1, None), ("INSERT", 4, None, 40), ("UPDATE", 2, 2, 20)]), ordered=False),
         batch("actions into a table", f"{M} DECLARE @c TABLE (Change varchar(20)); MERGE #m AS t {S} WHEN MATCHED "
               f"THEN "
               "UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (k) VALUES (s.k) OUTPUT $action INTO @c; "
               "SELECT Change, COUNT(*) AS CountPerChange FROM @c GROUP BY Change ORDER BY Change",
               [("INSERT", 1), ("UPDATE", 1)]),
         batch("defaults", f"{M} MERGE #m AS t {S} WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, DEFAULT); {SHOW}",
               [(1, 1), (2, 2), (3, 3), (4, 5)]),
         batch("default values", "CREATE TABLE #d (i int IDENTITY, a int DEFAULT 3); MERGE #d AS t USING (VALUES (1)) "
               "AS s (x) ON 1 = 0 WHEN NOT MATCHED THEN INSERT DEFAULT VALUES; SELECT i, a FROM #d", [(1, 3)]),
         batch("a table as its own source", f"{M} MERGE #m AS t USING #m AS s ON t.k = s.k + 1 WHEN MATCHED THEN "
               f"UPDATE SET v = s.v; {SHOW}", [(1, 1), (2, 1), (3, 2)]),
         batch("a common table expression", f"{M} WITH s AS (SELECT 2 AS k, 7 AS v) MERGE #m AS t USING s ON t.k = s.k "
               f"WHEN MATCHED THEN UPDATE SET v = s.v; {SHOW}", [(1, 1), (2, 7), (3, 3)]),
         batch("a query as source", f"{M} MERGE #m t USING (SELECT k, SUM(v) AS v FROM #m GROUP BY k) s ON t.k = s.k "
               f"AND t.k = 3 WHEN MATCHED THEN UPDATE SET v = s.v * 10; {SHOW}", [(1, 1), (2, 2), (3, 30)]),
         batch("top", f"{M} MERGE TOP (1) #m AS t {S} WHEN NOT MATCHED BY SOURCE THEN DELETE; SELECT COUNT(*) FROM #m",
               [(2,)]),
         batch("a hint", f"{M} MERGE #m WITH (HOLDLOCK) AS t {S} WHEN MATCHED THEN UPDATE SET v += s.v; "
               "SELECT v FROM #m WHERE k = 2", [(22,)]),
         batch("keys change places", f"{M} MERGE #m AS t USING (VALUES (1, 2), (2, 1)) AS s (k, n) ON t.k = s.k "
               f"WHEN MATCHED THEN UPDATE SET k = s.n; {SHOW}", [(1, 2), (2, 1), (3, 3)]),
         batch("a deleted key is inserted", f"{M} MERGE #m AS t USING (VALUES (1, 9)) AS s (k, v) ON t.k = s.k AND 1 "
               f"= 0 "
               f"WHEN NOT MATCHED BY SOURCE AND t.k = 1 THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.k, s.v); "
               f"{SHOW}",
               [(1, 9), (2, 2), (3, 3)]),
         batch("nothing to do", f"{M} MERGE #m AS t USING (SELECT 1 AS k WHERE 1 = 0) AS s ON t.k = s.k WHEN MATCHED "
               "THEN DELETE; SELECT @@ROWCOUNT", [(0,)]),
         batch("a null key matches nothing", f"{M} MERGE #m AS t USING (VALUES (NULL)) AS s (k) ON t.k = s.k "
               "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (k) VALUES (10); SELECT COUNT(*) FROM #m",
               [(4,)]),
         batch("variables", f"{M} DECLARE @k int = 2, @v int = 8; MERGE #m AS t USING (SELECT @k AS k, @v AS v) AS s "
               f"ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v; {SHOW}", [(1, 1), (2, 8), (3, 3)]),
         batch("identity values", "CREATE TABLE #i (i int IDENTITY(5, 5), a int); MERGE #i AS t USING (VALUES (1), "
               "(2)) "
               "AS s (a) ON 1 = 0 WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a) OUTPUT inserted.i;", [(5,), (10,)]),
         batch("an error leaves nothing", f"{M} BEGIN TRY MERGE #m AS t USING (VALUES (2, 1), (9, 0)) AS s (k, v) "
               "ON t.k = s.k WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.k, 1 / s.v); END TRY "
               f"BEGIN CATCH SELECT ERROR_NUMBER() END CATCH; {SHOW}", [(8134,)], [(1, 1), (2, 2), (3, 3)]),
         fails(f"{M} MERGE #m AS t {S} WHEN MATCHED THEN DELETE", 10713),
         fails(f"{M} MERGE #m AS t USING (VALUES (1, 1), (1, 2)) AS s (k, v) ON t.k = s.k WHEN MATCHED THEN "
               "UPDATE SET v = s.v;", 8672),
         fails(f"{M} MERGE #m AS t {S} WHEN MATCHED THEN INSERT VALUES (1, 1);", 10711),
         fails(f"{M} MERGE #m AS t {S} WHEN NOT MATCHED THEN DELETE;", 10710),
         fails(f"{M} MERGE #m AS t {S} WHEN MATCHED AND t.v = 1 THEN DELETE WHEN MATCHED THEN DELETE;", 10714),
         fails(f"{M} MERGE #m AS t {S} WHEN MATCHED THEN DELETE WHEN MATCHED AND t.v = 1 THEN UPDATE SET v = 1;", 5324),
         fails(f"{M} MERGE #m AS t {S} WHEN NOT MATCHED THEN INSERT (k, k) VALUES (1, 1);", 264),
         fails(f"{M} MERGE #m AS t {S} WHEN NOT MATCHED THEN INSERT (k, v) VALUES (1);", 109),
         fails(f"{M} MERGE #m AS t {S} WHEN NOT MATCHED THEN INSERT (zz) VALUES (1);", 207),
         fails(f"{M} MERGE #m AS t {S} WHEN NOT MATCHED THEN INSERT (k) VALUES (NULL);", 515),
         fails(f"{M} MERGE #m AS t {S} WHEN NOT MATCHED THEN INSERT (k) VALUES (1);", 2627),
         fails(f"{M} MERGE #m AS t USING #m AS t ON 1 = 1 WHEN MATCHED THEN DELETE;", 5318),
         fails("MERGE #nothing AS t USING (VALUES (1)) AS s (k) ON t.k = s.k WHEN MATCHED THEN DELETE;", 208)),
]  # fmt: skip
