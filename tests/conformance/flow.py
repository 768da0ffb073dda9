"""Variables, control of flow, PRINT, WAITFOR and SET options."""

from __future__ import annotations

from decimal import Decimal as D

from tests.conformance.form import Page, around, batch, fails, page, query

VARIABLES = page("t-sql/language-elements/declare-local-variable-transact-sql",
    query("DECLARE @a int = 1, @b nvarchar(5) = N'x'; SELECT @a, @b", (1, "x")),
    query("DECLARE @a int; SELECT @a", (None,)),
    query("DECLARE @a AS int = 3; SELECT @a", (3,)),
    query("DECLARE @a varchar(3) = 'abcdef'; SELECT @a", ("abc",)),
    query("DECLARE @a varchar = 'abc'; SELECT @a", ("a",)),
    query("DECLARE @a decimal(5, 2) = 1.239; SELECT @a", (D("1.24"),)),
    query("DECLARE @a decimal = 1.5; SELECT @a", (D("2"),)),
    query("DECLARE @A int = 1; SELECT @a", (1,)),
    query("DECLARE @a int = 1, @b int; SET @b = @a + 1; SELECT @b", (2,)),
    query("IF 1 = 0 DECLARE @a int = 5; SELECT @a", (None,)),
    query("DECLARE @i int = 0; WHILE @i < 3 BEGIN DECLARE @n int; SET @n = ISNULL(@n, 0) + 1; SET @i += 1 END; "
          "SELECT @n",
          (3,)),
    query("DECLARE @i int = 0; WHILE @i < 3 BEGIN DECLARE @n int = 0; SET @n += 1; SET @i += 1 END; SELECT @n", (1,)),
    fails("DECLARE @a int; DECLARE @a int", 134),
    fails("DECLARE @a int, @A int", 134),
    fails("IF 1 = 0 DECLARE @a int; DECLARE @a int", 134),
    fails("SELECT @a", 137),
    fails("SET @nope = 1", 137),
    fails("DECLARE @a no_such_type", 2715),
    fails("DECLARE @a text", 2739),
    fails("DECLARE @a int = 'x'", 245),
    fails("DECLARE @a tinyint = 256", 220),
    fails("DECLARE @a int = 1; EXEC ('SELECT @a')", 137),
)  # fmt: skip

SET_VARIABLES = page("t-sql/language-elements/set-local-variable-transact-sql",
    query("DECLARE @a int = 7; SET @a += 3; SELECT @a", (10,)),
    query("DECLARE @a int = 7; SET @a -= 3; SELECT @a", (4,)),
    query("DECLARE @a int = 7; SET @a *= 3; SELECT @a", (21,)),
    query("DECLARE @a int = 7; SET @a /= 2; SELECT @a", (3,)),
    query("DECLARE @a int = 7; SET @a %= 4; SELECT @a", (3,)),
    query("DECLARE @a int = 7; SET @a &= 5; SELECT @a", (5,)),
    query("DECLARE @a int = 7; SET @a |= 8; SELECT @a", (15,)),
    query("DECLARE @a int = 7; SET @a ^= 2; SELECT @a", (5,)),
    query("DECLARE @a int = 10; SET @a *= 2 + 3; SELECT @a", (50,)),
    query("DECLARE @a nvarchar(9) = N'a'; SET @a += N'b'; SELECT @a", ("ab",)),
    query("DECLARE @a int; SET @a += 1; SELECT @a", (None,)),
    query("DECLARE @a int = 5; SET @a = (SELECT 1 WHERE 1 = 0); SELECT @a", (None,)),
    query("DECLARE @a int; SET @a = (SELECT COUNT(*) FROM (VALUES (1), (2)) AS t(v)); SELECT @a", (2,)),
    query("DECLARE @a int; SET @a = 1; SELECT @@ROWCOUNT", (1,)),
    fails("DECLARE @a int; SET @a = (SELECT v FROM (VALUES (1), (2)) AS t(v))", 512),
    fails("DECLARE @a int = 2147483647; SET @a += 1", 8115),
    fails("DECLARE @a int = 1; SET @a /= 0", 8134),
)  # fmt: skip

SELECTED = page("t-sql/language-elements/select-local-variable-transact-sql",
    query("DECLARE @a int; SELECT @a = v FROM (VALUES (7)) AS t(v); SELECT @a", (7,)),
    query("DECLARE @a int = 5; SELECT @a = 1 WHERE 1 = 0; SELECT @a", (5,)),
    query("DECLARE @a int = 5; SELECT @a = (SELECT 1 WHERE 1 = 0); SELECT @a", (None,)),
    query("DECLARE @a int, @b int; SELECT @a = 1, @b = 2; SELECT @a, @b", (1, 2)),
    query("DECLARE @a int = 1; SELECT @a += 4; SELECT @a", (5,)),
    query("DECLARE @a int; SELECT TOP (1) @a = v FROM (VALUES (1), (3), (2)) AS t(v) ORDER BY v DESC; SELECT @a", (3,)),
    query("DECLARE @a int; SELECT @a = v FROM (VALUES (1), (2)) AS t(v); SELECT @@ROWCOUNT", (2,)),
    query("DECLARE @a int; SELECT @a = MAX(v) FROM (VALUES (1), (2)) AS t(v) WHERE v > 5; SELECT @a", (None,)),
    query("DECLARE @a int = 10, @b int; SELECT @a = @a + v, @b = 7 FROM (VALUES (1), (2)) AS t(v); SELECT @a, @b",
          (13, 7)),
    query("DECLARE @a int = 10; SELECT @a -= v FROM (VALUES (1), (2)) AS t(v); SELECT @a", (7,)),
    query("DECLARE @a int = 0; SELECT @a |= v FROM (VALUES (1), (4)) AS t(v); SELECT @a", (5,)),
    query("DECLARE @a decimal(9, 2) = 0; SELECT @a = @a + v FROM (VALUES (1.5), (2.25)) AS t(v); "
          "SELECT CAST(@a AS varchar(9))", ("3.75",)),
    query("DECLARE @a int = 1; SELECT @a += v FROM (VALUES (1), (NULL), (2)) AS t(v); SELECT @a", (None,)),
    fails("DECLARE @a int = 2147483640; SELECT @a += v FROM (VALUES (5), (5)) AS t(v)", 8115),
    fails("DECLARE @a int; SELECT @a = 1, 2", 141),
    fails("DECLARE @a int; SELECT @a = 1 UNION ALL SELECT 2", 10734),
    fails("DECLARE @a int; SELECT @a = 'x'", 245),
)  # fmt: skip

BRANCHES = page("t-sql/language-elements/if-else-transact-sql",
    query("IF 1 = 2 SELECT 'a' ELSE IF NULL = 1 SELECT 'b' ELSE SELECT 'c'", ("c",)),
    query("IF EXISTS (SELECT 1 WHERE 1 = 1) BEGIN SELECT 'yes' END", ("yes",)),
    query("IF NOT EXISTS (SELECT 1 WHERE 1 = 0) SELECT 'none'", ("none",)),
    query("IF NOT (NULL = 1) SELECT 'a' ELSE SELECT 'unknown'", ("unknown",)),
    query("DECLARE @n int = 5; IF @n BETWEEN 1 AND 9 AND @n IN (5, 6) SELECT 'in'", ("in",)),
    query("IF (SELECT COUNT(*) FROM (VALUES (1), (2)) AS t(v)) > 1 SELECT 'many' ELSE SELECT 'few'", ("many",)),
    query("IF 1 = 1 IF 1 = 0 SELECT 'a' ELSE SELECT 'inner'", ("inner",)),
    query("IF 1 = 1 SELECT 'a'; ELSE SELECT 'b'", ("a",)),
    batch("only the next statement belongs to it", "IF 1 = 0 SELECT 'a' SELECT 'b'", [("b",)]),
    fails("IF 1 SELECT 1", 4145),
    fails("ELSE SELECT 1", 156),
)  # fmt: skip

LOOPS = page("t-sql/language-elements/while-transact-sql",
    query("DECLARE @i int = 0, @s int = 0; WHILE @i < 10 BEGIN SET @i += 1; IF @i = 3 CONTINUE; IF @i = 6 BREAK; "
          "SET @s += @i END; SELECT @i, @s", (6, 12)),
    query("DECLARE @i int = 0; WHILE @i < 5 SET @i += 2; SELECT @i", (6,)),
    query("DECLARE @i int = 9; WHILE @i < 5 SET @i += 2; SELECT @i", (9,)),
    query("DECLARE @i int; WHILE @i < 5 SET @i = 1; SELECT @i", (None,)),
    query("DECLARE @i int = 0, @j int, @n int = 0; WHILE @i < 3 BEGIN SET @j = 0; WHILE 1 = 1 BEGIN SET @j += 1; "
          "IF @j > 2 BREAK; SET @n += 1 END; SET @i += 1 END; SELECT @n", (6,)),
    query("DECLARE @s varchar(9) = ''; WHILE LEN(@s) < 3 SET @s += 'x'; SELECT @s", ("xxx",)),
    fails("BREAK", 135),
    fails("CONTINUE", 136),
    fails("IF 1 = 1 BREAK", 135),
)  # fmt: skip

BLOCKS = page("t-sql/language-elements/begin-end-transact-sql",
    query("BEGIN BEGIN SELECT 1 END END", (1,)),
    query("BEGIN DECLARE @a int = 3 END SELECT @a", (3,)),
    fails("BEGIN SELECT 1", 102),
)  # fmt: skip

ENDS = page("t-sql/language-elements/return-transact-sql",
    batch("it ends a batch", "SELECT 1; RETURN; SELECT 2", [(1,)]),
    batch("it ends only a string", "EXEC ('SELECT 1; RETURN; SELECT 2'); SELECT 3", [(1,)], [(3,)]),
    batch("out of a loop", "WHILE 1 = 1 BEGIN SELECT 1; RETURN END", [(1,)]),
    fails("RETURN 1", 178),
    fails("EXEC ('RETURN 1')", 178),
)  # fmt: skip

WAITS = page("t-sql/language-elements/waitfor-transact-sql",
    query("WAITFOR DELAY '00:00:00'; SELECT 1", (1,)),
    query("WAITFOR DELAY '00:00:00.010'; SELECT 1", (1,)),
    query("DECLARE @d char(8) = '00:00:00'; WAITFOR DELAY @d; SELECT 1", (1,)),
    query("WAITFOR DELAY '0:00'; SELECT 1", (1,)),
    fails("WAITFOR DELAY 'soon'", 148),
)  # fmt: skip

SEPARATORS = page("t-sql/language-elements/transact-sql-syntax-conventions-transact-sql",
    query("DECLARE @a int SET @a = 1 IF @a = 1 SET @a = 2 SELECT @a", (2,)),
    query("SELECT 1 AS a -- SELECT 2\n", (1,)),
    query("/* a /* nested */ comment */ SELECT 1", (1,)),
    query(";;SELECT 1;;", (1,)),
    fails("SELEC 1 FROM", 156),
    fails("SELECT 1 +", 102),
    fails("SELECT 'abc", 105),
    fails("SELECT 1 /* abc", 113),
    fails("CREATE TABLE #t (a int)\nGO\nSELECT 1", 102),
    fails("SELECT 1; CREATE VIEW dbo.cf_late AS SELECT 1 AS a", 111),
)  # fmt: skip

COUNTED = page("t-sql/functions/rowcount-transact-sql",
    batch("after a query", "SELECT v FROM (VALUES (1), (2)) AS t(v); SELECT @@ROWCOUNT", [(1,), (2,)], [(2,)]),
    batch("after PRINT", "SELECT 1; PRINT 'x'; SELECT @@ROWCOUNT", [(1,)], [(0,)]),
    batch("after USE, SET option and transactions", "SELECT 1; SET NOCOUNT ON; SELECT @@ROWCOUNT", [(1,)], [(0,)]),
    *around(["CREATE PROCEDURE dbo.cf_two AS SELECT v FROM (VALUES (1), (2)) AS t(v)",
             "CREATE PROCEDURE dbo.cf_five AS SELECT v FROM (VALUES (1), (2)) AS t(v); RETURN 5"],
            [batch("EXECUTE keeps it", "EXEC dbo.cf_two; SELECT @@ROWCOUNT", [(1,), (2,)], [(2,)]),
             batch("RETURN is an assignment", "EXEC dbo.cf_five; SELECT @@ROWCOUNT", [(1,), (2,)], [(1,)])],
            ["DROP PROCEDURE IF EXISTS dbo.cf_two, dbo.cf_five"]),
    query("SELECT ROWCOUNT_BIG()", (0,)),
    query("DECLARE @n int; BEGIN TRAN; SELECT @n = @@ROWCOUNT; COMMIT; SELECT @n", (0,)),
)  # fmt: skip

ROWCOUNT = page("t-sql/statements/set-rowcount-transact-sql",
    query("SET ROWCOUNT 2; SELECT v FROM (VALUES (1), (2), (3)) AS t(v) ORDER BY v", (1,), (2,)),
    batch("changes too", "CREATE TABLE #t (a int); INSERT #t VALUES (1), (2), (3); SET ROWCOUNT 2; DELETE #t; "
          "SELECT @@ROWCOUNT; SET ROWCOUNT 0; SELECT COUNT(*) FROM #t", [(2,)], [(1,)]),
    batch("an update", "CREATE TABLE #t (a int); INSERT #t VALUES (1), (2), (3); SET ROWCOUNT 1; UPDATE #t SET a = 9; "
          "SET ROWCOUNT 0; SELECT COUNT(*) FROM #t WHERE a = 9", [(1,)]),
    query("SET ROWCOUNT 2; SELECT TOP (1) v FROM (VALUES (1), (2), (3)) AS t(v) ORDER BY v", (1,)),
    query("DECLARE @n int = 1; SET ROWCOUNT @n; SELECT v FROM (VALUES (1), (2)) AS t(v) ORDER BY v", (1,)),
    query("SET ROWCOUNT 1; SELECT SUM(v) FROM (VALUES (1), (2)) AS t(v)", (3,)),
)  # fmt: skip

OPTIONS = page("t-sql/statements/set-statements-transact-sql",
    batch("noexec", "SET NOEXEC ON; SELECT 1; SET NOEXEC OFF; SELECT 2", [(2,)]),
    batch("a procedure's own", "EXEC ('SET ROWCOUNT 1; SELECT v FROM (VALUES (1), (2)) AS t(v) ORDER BY v'); "
          "SELECT v FROM (VALUES (1), (2)) AS t(v) ORDER BY v", [(1,)], [(1,), (2,)]),
    query("SET LOCK_TIMEOUT 1800; SELECT @@LOCK_TIMEOUT", (1800,)),
    query("SELECT @@LOCK_TIMEOUT", (-1,)),
    query("SET QUOTED_IDENTIFIER ON; SELECT \"a\" FROM (VALUES (1)) AS t(\"a\")", (1,)),
    fails("SET NO_SUCH_OPTION ON", 195),
    fails("CREATE TABLE #f (a int); CREATE UNIQUE INDEX u ON #f (a) WHERE a IS NOT NULL; SET QUOTED_IDENTIFIER OFF; "
          "EXEC ('INSERT #f VALUES (1)')", 1934),
    fails("CREATE TABLE #f (a int); CREATE UNIQUE INDEX u ON #f (a) WHERE a IS NOT NULL; SET QUOTED_IDENTIFIER OFF; "
          "EXEC ('DELETE #f')", 1934),
)  # fmt: skip

PAGES: list[Page] = [VARIABLES, SET_VARIABLES, SELECTED, BRANCHES, LOOPS, BLOCKS, ENDS, WAITS, SEPARATORS, COUNTED,
                     ROWCOUNT, OPTIONS]  # fmt: skip
