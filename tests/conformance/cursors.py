"""Cursors that read."""

from __future__ import annotations

from tests.conformance.form import Page, batch, fails, page, query

R = "SELECT v FROM (VALUES (1), (2), (3)) AS t(v) ORDER BY v"
C = f"DECLARE c CURSOR LOCAL FAST_FORWARD FOR {R}; "
S = f"DECLARE c CURSOR LOCAL STATIC FOR {R}; OPEN c; "

PAGES: list[Page] = [
    page("t-sql/language-elements/declare-cursor-transact-sql",
         query(f"DECLARE @v int, @s int = 0; {C} OPEN c; FETCH NEXT FROM c INTO @v; WHILE @@FETCH_STATUS = 0 BEGIN "
               "SET @s += @v; FETCH NEXT FROM c INTO @v END; CLOSE c; DEALLOCATE c; SELECT @s", (6,)),
         batch("forward only and read only", f"DECLARE c CURSOR LOCAL FORWARD_ONLY READ_ONLY FOR {R}; OPEN c; "
               "FETCH NEXT FROM c", [(1,)]),
         batch("variables have the values of the declaration", "DECLARE @i int = 1; DECLARE c CURSOR LOCAL "
               "FAST_FORWARD FOR "
               "SELECT @i; SET @i = 5; OPEN c; FETCH c", [(1,)]),
         batch("static keeps its rows", "CREATE TABLE #t (a int); INSERT #t VALUES (1); DECLARE c CURSOR LOCAL "
               "STATIC FOR "
               "SELECT a FROM #t; OPEN c; DELETE #t; FETCH c; SELECT @@CURSOR_ROWS", [(1,)], [(1,)]),
         batch("the standard's form", f"DECLARE c INSENSITIVE CURSOR FOR {R} FOR READ ONLY; OPEN c; FETCH c; CLOSE c; "
               "DEALLOCATE c", [(1,)]),
         batch("a local one hides a global one", f"DECLARE c CURSOR GLOBAL STATIC FOR SELECT 9; {C} OPEN c; FETCH c; "
               "OPEN GLOBAL c; FETCH FROM GLOBAL c; DEALLOCATE GLOBAL c", [(1,)], [(9,)]),
         fails(f"{C} {C}", 16915),
         fails("DECLARE c CURSOR LOCAL GLOBAL FOR SELECT 1", 1048),
         fails("DECLARE c CURSOR LOCAL FOR SELECT * FROM dbo.cf_no_such_table; OPEN c", 208)),
    page("t-sql/language-elements/open-transact-sql",
         fails("OPEN nothing", 16916),
         fails(f"{C} OPEN c; OPEN c", 16905),
         batch("again after a close", f"{C} OPEN c; FETCH c; CLOSE c; OPEN c; FETCH c", [(1,)], [(1,)])),
    page("t-sql/language-elements/fetch-transact-sql",
         batch("into variables", f"DECLARE @v int; {C} OPEN c; FETCH NEXT FROM c INTO @v; SELECT @v, @@FETCH_STATUS",
               [(1, 0)]),
         batch("beyond the end", "DECLARE @v int = 7; DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT 1 WHERE 1 = 0; "
               "OPEN c; "
               "FETCH c INTO @v; SELECT @v, @@FETCH_STATUS", [(7, -1)]),
         batch("values are converted", "DECLARE @v varchar(2); DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT N'abc'; "
               "OPEN c; FETCH c INTO @v; SELECT @v", [("ab",)]),
         batch("last and prior", f"{S} FETCH LAST FROM c; FETCH PRIOR FROM c", [(3,)], [(2,)]),
         batch("first", f"{S} FETCH LAST FROM c; FETCH FIRST FROM c", [(3,)], [(1,)]),
         batch("absolute", f"{S} FETCH ABSOLUTE 2 FROM c; FETCH ABSOLUTE -1 FROM c", [(2,)], [(3,)]),
         batch("relative", f"{S} FETCH NEXT FROM c; FETCH RELATIVE 2 FROM c; FETCH RELATIVE -1 FROM c",
               [(1,)], [(3,)], [(2,)]),
         batch("before the first", f"{S} FETCH PRIOR FROM c; SELECT @@FETCH_STATUS", [], [(-1,)]),
         fails(f"{C} FETCH c", 16917),
         fails("FETCH nothing", 16916),
         fails(f"DECLARE @a int, @b int; {C} OPEN c; FETCH c INTO @a, @b", 16924),
         fails(f"{C} OPEN c; FETCH PRIOR FROM c", 16911),
         fails(f"{C} OPEN c; FETCH c INTO @nope", 137)),
    page("t-sql/language-elements/close-transact-sql",
         fails(f"{C} CLOSE c", 16917),
         fails("CLOSE nothing", 16916),
         fails(f"{C} OPEN c; CLOSE c; FETCH c", 16917)),
    page("t-sql/language-elements/deallocate-transact-sql",
         fails("DEALLOCATE nothing", 16916),
         fails(f"{C} DEALLOCATE c; OPEN c", 16916),
         batch("the name is free", f"{C} DEALLOCATE c; {C} OPEN c; FETCH c", [(1,)])),
    page("t-sql/functions/cursor-status-transact-sql",
         query("SELECT CURSOR_STATUS('local', 'c')", (-3,)),
         query(f"{C} SELECT CURSOR_STATUS('local', 'c'), CURSOR_STATUS('global', 'c')", (-1, -3)),
         query(f"{S} SELECT CURSOR_STATUS('local', 'c')", (1,)),
         query("DECLARE c CURSOR LOCAL STATIC FOR SELECT 1 WHERE 1 = 0; OPEN c; SELECT CURSOR_STATUS('local', 'c')",
               (0,)),
         query(f"{S} CLOSE c; SELECT CURSOR_STATUS('local', 'c')", (-1,))),
]  # fmt: skip
