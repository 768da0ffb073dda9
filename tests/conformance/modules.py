"""Procedures, views and functions, and how they are called."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_GONE = ("DROP PROCEDURE IF EXISTS dbo.cf_add, dbo.cf_fail, dbo.cf_deep, dbo.cf_sets, dbo.cf_early",
         "DROP FUNCTION IF EXISTS dbo.cf_from", "DROP VIEW IF EXISTS dbo.cf_numbers")  # fmt: skip
_MADE = (
    "CREATE PROCEDURE dbo.cf_add @a int, @b int = 10, @sum int = NULL OUTPUT AS BEGIN SET NOCOUNT ON; SET @sum = @a "
    "+ @b; "
    "SELECT @a AS a, @b AS b; RETURN 5 END",
    "CREATE PROCEDURE dbo.cf_fail AS SELECT 1 AS a;\n\nTHROW 51000, N'from inside', 1;",
    "CREATE PROCEDURE dbo.cf_deep @n int = 1 AS IF @n < 33 BEGIN SET @n += 1; EXEC dbo.cf_deep @n END",
    "CREATE PROCEDURE dbo.cf_sets AS SELECT 1 AS a, N'x' AS b",
    "CREATE PROCEDURE dbo.cf_early AS BEGIN SELECT @@NESTLEVEL; RETURN; SELECT 2 END",
    "CREATE VIEW dbo.cf_numbers AS SELECT n, n * 2 AS m FROM (VALUES (1), (2)) AS t(n)",
    "CREATE FUNCTION dbo.cf_from (@low int) RETURNS TABLE AS RETURN (SELECT n FROM dbo.cf_numbers WHERE n >= @low)",
)

CALLS = page("t-sql/language-elements/execute-transact-sql", *around(_MADE, [
    query("EXEC dbo.cf_add 1", (1, 10)),
    query("EXECUTE dbo.cf_add @b = 2, @a = 1", (1, 2)),
    query("dbo.cf_add 1", (1, 10)),
    query("EXEC dbo.cf_add 1, DEFAULT", (1, 10)),
    query("EXEC dbo.cf_add '7'", (7, 10)),
    query("EXEC dbo.cf_add NULL", (None, 10)),
    query("DECLARE @p nvarchar(20) = N'dbo.cf_add', @v int = 3; EXEC @p @v", (3, 10)),
    query("EXEC dbo.cf_early", (1,)),
    batch("output and return value", "DECLARE @s int, @r int; EXEC @r = dbo.cf_add 1, 2, @s OUTPUT; SELECT @s, @r",
          [(1, 2)], [(3, 5)]),
    batch("without OUTPUT nothing comes back", "DECLARE @s int; EXEC dbo.cf_add 1, 2, @s; SELECT @s", [(1, 2)],
          [(None,)]),
    batch("output by name", "DECLARE @s int; EXEC dbo.cf_add @sum = @s OUTPUT, @a = 4; SELECT @s", [(4, 10)], [(14,)]),
    batch("the return value without RETURN", "DECLARE @r int; EXEC @r = dbo.cf_sets; SELECT @r", [(1, "x")], [(0,)]),
    fails("EXEC dbo.cf_add", 201),
    fails("EXEC dbo.cf_add @a = 1, @z = 2", 8145),
    fails("EXEC dbo.cf_add 1, 2, 3, 4", 8144),
    fails("EXEC dbo.cf_sets 1", 8146),
    fails("EXEC dbo.cf_add @a = 1, @a = 2", 8143),
    fails("EXEC dbo.cf_add @a = 1, 2", 119),
    fails("EXEC dbo.cf_add 'x'", 8114),
    fails("EXEC dbo.cf_add 1 + 1", 102),
    fails("DECLARE @v int = 1; EXEC dbo.cf_add @v OUTPUT", 8162),
    fails("EXEC dbo.cf_add 1, 2, 3 OUTPUT", 179),
    fails("EXEC dbo.cf_no_such_procedure", 2812),
    fails("EXEC dbo.cf_fail", 51000),
    fails("EXEC dbo.cf_deep", 217),
    batch("the error's line", "BEGIN TRY EXEC dbo.cf_fail END TRY BEGIN CATCH SELECT ERROR_LINE() END CATCH",
          [(1,)], [(3,)]),
], _GONE))  # fmt: skip

STRINGS = page("t-sql/language-elements/execute-transact-sql",
    query("DECLARE @s nvarchar(50) = N'SELECT 1 AS a'; EXEC (@s + N' WHERE 1 = 1')", (1,)),
    query("EXEC ('SELECT 1' + ' AS a')", (1,)),
    batch("several statements", "EXEC ('DECLARE @i int = 2; SELECT @i; SELECT @i * 2')", [(2,)], [(4,)]),
    batch("temporary tables are seen inside", "CREATE TABLE #t (a int); EXEC ('INSERT #t VALUES (3)'); SELECT a FROM "
          "#t",
          [(3,)]),
    fails("EXEC ('CREATE TABLE #inside (a int)'); SELECT * FROM #inside", 208),
    fails("EXEC ('SELECT 1 +')", 102),
    fails("EXEC ('SELECT 1 / 0')", 8134),
    query("DECLARE @s nvarchar(9); EXEC (@s); SELECT 1", (1,)),
)  # fmt: skip

SHAPES = page("t-sql/language-elements/execute-transact-sql", *around(_MADE, [
    query("EXEC dbo.cf_sets WITH RESULT SETS ((k bigint, name varchar(5)))", (1, "x")),
    query("EXEC ('SELECT 1 AS a') WITH RESULT SETS ((b varchar(5)))", ("1",)),
    query("EXEC dbo.cf_sets WITH RESULT SETS UNDEFINED", (1, "x")),
    query("EXEC dbo.cf_sets WITH RECOMPILE", (1, "x")),
    fails("EXEC dbo.cf_sets WITH RESULT SETS NONE", 11535),
    fails("EXEC dbo.cf_sets WITH RESULT SETS ((a int))", 11537),
    fails("EXEC dbo.cf_sets WITH RESULT SETS ((a int, b nvarchar(5)), (c int))", 11536),
    fails("EXEC ('SELECT CAST(NULL AS int) AS a') WITH RESULT SETS ((a int NOT NULL))", 11553),
], _GONE))  # fmt: skip

DYNAMIC = page("relational-databases/system-stored-procedures/sp-executesql-transact-sql",
    query("EXEC sp_executesql N'SELECT @a + @b', N'@a int, @b int', 1, 2", (3,)),
    query("EXEC sp_executesql N'SELECT @a + @b', N'@a int, @b int', @b = 1, @a = 2", (3,)),
    query("DECLARE @o int; EXEC sp_executesql N'SET @o = @i * 2', N'@i int, @o int OUTPUT', @i = 21, @o = @o OUTPUT; "
          "SELECT @o",
          (42,)),
    query("EXECUTE sp_executesql @stmt = N'SELECT 1'", (1,)),
    query("DECLARE @s nvarchar(max) = N'SELECT @x'; EXEC sys.sp_executesql @s, N'@x nvarchar(9)', N'y'", ("y",)),
    query("DECLARE @r int; EXEC @r = sp_executesql N'DECLARE @x int = 1'; SELECT @r", (0,)),
    fails("EXEC sp_executesql 'SELECT 1'", 214),
    fails("EXEC sp_executesql N'SELECT @a', N'@a int'", 8178),
    fails("EXEC sp_executesql", 201),
    fails("EXEC sp_executesql N'SELECT @nope'", 137),
)  # fmt: skip

DEFINED = page("t-sql/statements/create-procedure-transact-sql", *around(_MADE, [
    query("SELECT name, type, type_desc FROM sys.objects WHERE name = N'cf_add'", ("cf_add", "P ",
          "SQL_STORED_PROCEDURE")),
    query("SELECT name, parameter_id, is_output, TYPE_NAME(system_type_id) FROM sys.parameters "
          "WHERE object_id = OBJECT_ID(N'dbo.cf_add') ORDER BY parameter_id",
          ("@a", 1, False, "int"), ("@b", 2, False, "int"), ("@sum", 3, True, "int")),
    query("SELECT CASE WHEN definition LIKE N'%CREATE%VIEW dbo.cf_numbers%' THEN 1 ELSE 0 END FROM sys.sql_modules "
          "WHERE object_id = OBJECT_ID(N'dbo.cf_numbers')", (1,)),
    query("SELECT OBJECT_ID(N'dbo.cf_numbers', N'U'), CASE WHEN OBJECT_ID(N'dbo.cf_numbers', N'V') IS NULL THEN 0 "
          "ELSE 1 END",
          (None, 1)),
    query("SELECT n, m FROM dbo.cf_numbers ORDER BY n DESC", (2, 4), (1, 2)),
    fails("CREATE PROCEDURE dbo.cf_numbers AS SELECT 1", 2714),
    fails("CREATE PROCEDURE dbo.cf_add AS SELECT 1", 2714),
    fails("ALTER PROCEDURE dbo.cf_no_such_procedure AS SELECT 1", 208),
    fails("DROP PROCEDURE dbo.cf_no_such_procedure", 3701),
    fails("SELECT 1; CREATE PROCEDURE dbo.cf_late AS SELECT 1", 111),
    fails("DROP VIEW dbo.cf_add", 3705),
], _GONE))  # fmt: skip

INLINE = page("t-sql/statements/create-function-transact-sql", *around(_MADE, [
    query("SELECT n FROM dbo.cf_from(2)", (2,)),
    query("SELECT v.x, f.n FROM (VALUES (1), (2)) AS v(x) CROSS APPLY dbo.cf_from(v.x) AS f ORDER BY 1, 2",
          (1, 1), (1, 2), (2, 2)),
    query("DECLARE @n int = 2; SELECT n FROM dbo.cf_from(@n)", (2,)),
    fails("SELECT * FROM dbo.cf_from", 216),
    fails("SELECT * FROM dbo.cf_from()", 313),
    fails("SELECT * FROM dbo.cf_from(1, 2)", 8144),
    fails("SELECT * FROM dbo.cf_no_such_function(1)", 208),
], _GONE))  # fmt: skip

_FUNCTIONS = (
    "CREATE FUNCTION dbo.cf_twice (@n int) RETURNS int AS BEGIN RETURN @n * 2 END",
    "CREATE FUNCTION dbo.cf_factorial (@n int) RETURNS bigint AS BEGIN DECLARE @r bigint = 1; WHILE @n > 1 BEGIN SET "
    "@r *= @n; "
    "SET @n -= 1 END; RETURN @r END",
    "CREATE FUNCTION dbo.cf_count (@n int) RETURNS int AS BEGIN RETURN CASE WHEN @n <= 1 THEN 1 ELSE 1 + "
    "dbo.cf_count(@n - 1) END "
    "END",
    "CREATE FUNCTION dbo.cf_named (@n int, @suffix varchar(9) = '!') RETURNS varchar(4) WITH RETURNS NULL ON NULL "
    "INPUT AS BEGIN "
    "RETURN CONCAT('n', @n, @suffix) END",
    "CREATE TABLE dbo.cf_words (k int, w varchar(9)); INSERT dbo.cf_words VALUES (1, 'one'), (2, 'two')",
    "CREATE FUNCTION dbo.cf_word (@k int) RETURNS varchar(9) AS BEGIN DECLARE @w varchar(9); SELECT @w = w FROM "
    "dbo.cf_words "
    "WHERE k = @k; IF @w IS NULL SET @w = 'none'; RETURN @w END",
    "CREATE FUNCTION dbo.cf_total () RETURNS int AS BEGIN DECLARE @t TABLE (a int); INSERT @t VALUES (1), (2); "
    "RETURN (SELECT SUM(a) FROM @t) END",
)
_FUNCTIONS_GONE = (
    "DROP FUNCTION IF EXISTS dbo.cf_twice, dbo.cf_factorial, dbo.cf_count, dbo.cf_named, dbo.cf_word, dbo.cf_total, "
    "dbo.cf_made",
    "DROP TABLE IF EXISTS dbo.cf_words",
)

SCALARS = page("t-sql/statements/create-function-transact-sql", *around(_FUNCTIONS, [
    query("SELECT dbo.cf_twice(4), dbo.cf_twice(NULL)", (8, None)),
    query("SELECT dbo.cf_factorial(5), dbo.cf_factorial(0)", (120, 1)),
    query("SELECT dbo.cf_twice(dbo.cf_twice(3))", (12,)),
    query("SELECT dbo.cf_word(1), dbo.cf_word(9)", ("one", "none")),
    query("SELECT k, dbo.cf_twice(k), dbo.cf_factorial(k + 2), dbo.cf_word(k) FROM dbo.cf_words ORDER BY k",
          (1, 2, 6, "one"), (2, 4, 24, "two")),
    query("SELECT k FROM dbo.cf_words WHERE dbo.cf_factorial(k) = 2", (2,)),
    query("SELECT SUM(dbo.cf_twice(k)) FROM dbo.cf_words", (6,)),
    query("SELECT k FROM dbo.cf_words ORDER BY dbo.cf_twice(-k)", (2,), (1,)),
    query("SELECT dbo.cf_named(7, DEFAULT), dbo.cf_named(12345, 'x'), dbo.cf_named(NULL, 'x')", ("n7!", "n123", None)),
    query("SELECT dbo.cf_total()", (3,)),
    query("DECLARE @x bigint = dbo.cf_factorial(4); SELECT @x", (24,)),
    query("DECLARE @x int; EXEC @x = dbo.cf_twice 5; SELECT @x", (10,)),
    query("IF dbo.cf_twice(1) = 2 SELECT 'yes'", ("yes",)),
    query("SELECT dbo.cf_count(32)", (32,)),
    fails("SELECT dbo.cf_count(33)", 217),
    fails("SELECT dbo.cf_twice()", 313),
    fails("SELECT dbo.cf_twice(1, 2)", 8144),
    fails("SELECT cf_twice(1)", 195),
    fails("SELECT dbo.cf_no_such_function(1)", 4121),
    fails("SELECT dbo.cf_twice('x')", 245),
    fails("CREATE FUNCTION dbo.cf_made () RETURNS int AS BEGIN PRINT 'x'; RETURN 1 END", 443),
    fails("CREATE FUNCTION dbo.cf_made () RETURNS int AS BEGIN DELETE dbo.cf_words; RETURN 1 END", 443),
    fails("CREATE FUNCTION dbo.cf_made () RETURNS int AS BEGIN RAISERROR('x', 16, 1); RETURN 1 END", 443),
    fails("CREATE FUNCTION dbo.cf_made () RETURNS int AS BEGIN SELECT 1; RETURN 1 END", 444),
    fails("CREATE FUNCTION dbo.cf_made () RETURNS int AS BEGIN IF 1 = 1 RETURN 1 END", 455),
    fails("CREATE FUNCTION dbo.cf_made () RETURNS float AS BEGIN RETURN RAND() END", 443),
    fails("CREATE FUNCTION dbo.cf_made () RETURNS int AS BEGIN RETURN (SELECT COUNT(*) FROM #t) END", 2772),
    fails("DROP FUNCTION dbo.cf_no_such_function", 3701),
    query("SELECT name, parameter_id, is_output, TYPE_NAME(system_type_id) FROM sys.parameters "
          "WHERE object_id = OBJECT_ID(N'dbo.cf_factorial') ORDER BY parameter_id", ("", 0, True, "bigint"), ("@n", 1,
          False, "int")),
    query("SELECT type, type_desc FROM sys.objects WHERE name = N'cf_twice'", ("FN", "SQL_SCALAR_FUNCTION")),
    query("SELECT DATA_TYPE FROM INFORMATION_SCHEMA.ROUTINES WHERE ROUTINE_NAME = N'cf_factorial'", ("bigint",)),
], _FUNCTIONS_GONE))  # fmt: skip

_HELD = (
    "CREATE FUNCTION dbo.cf_next (@a int) RETURNS int WITH SCHEMABINDING AS BEGIN RETURN @a + 1 END",
    "CREATE FUNCTION dbo.cf_size (@a int) RETURNS varchar(5) AS BEGIN IF @a > 5 RETURN 'large'; RETURN 'small' END",
    "CREATE TABLE dbo.cf_held (a int DEFAULT (dbo.cf_next(6)), b int, n AS dbo.cf_next(b), s AS dbo.cf_size(b), "
    "p AS dbo.cf_next(a) PERSISTED, CONSTRAINT cf_held_ck CHECK (dbo.cf_size(b) = 'small'))",
)
_FREE = ("DROP TABLE IF EXISTS dbo.cf_held", "DROP FUNCTION IF EXISTS dbo.cf_next, dbo.cf_size")
USED = page("t-sql/statements/create-function-transact-sql", *around(_HELD, [
    batch("in a default and computed columns", "INSERT dbo.cf_held (b) VALUES (3); SELECT a, b, n, s, p FROM "
          "dbo.cf_held", [(7, 3, 4, "small", 8)]),
    batch("an update computes again", "INSERT dbo.cf_held (a, b) VALUES (1, 3), (2, NULL); UPDATE dbo.cf_held SET "
          "a = a * 10, b = b + 1; SELECT n, s, p FROM dbo.cf_held ORDER BY a", [(5, "small", 11), (None, "small", 21)]),
    fails("INSERT dbo.cf_held (b) VALUES (3), (9)", 547),
    fails("INSERT dbo.cf_held (b) VALUES (9)", 547),
    fails("DROP FUNCTION dbo.cf_next", 3729),
    fails("ALTER FUNCTION dbo.cf_size (@a int) RETURNS varchar(5) AS BEGIN RETURN 'small' END", 3729),
    fails("EXEC sp_rename 'dbo.cf_next', 'cf_other'", 15336),
    fails("ALTER TABLE dbo.cf_held ADD q AS dbo.cf_size(b) PERSISTED", 4936),
    batch("what holds a function goes", "ALTER TABLE dbo.cf_held DROP CONSTRAINT cf_held_ck, COLUMN s; "
          "DROP FUNCTION dbo.cf_size; SELECT OBJECT_ID('dbo.cf_size')", [(None,)]),
    batch("the definition names the schema", "SELECT definition FROM sys.computed_columns WHERE name = 'n' AND "
          "object_id = OBJECT_ID('dbo.cf_held')", [("([dbo].[cf_next]([b]))",)]),
], _FREE))  # fmt: skip

_THERE = ("CREATE TABLE dbo.cf_there (a int, b int)",)
_AWAY = ("DROP PROCEDURE IF EXISTS dbo.cf_uses", "DROP TABLE IF EXISTS dbo.cf_there")
DEFERRED = page("t-sql/statements/create-procedure-transact-sql", *around(_THERE, [
    fails("CREATE PROCEDURE dbo.cf_uses AS SELECT a, nope FROM dbo.cf_there", 207),
    fails("CREATE PROCEDURE dbo.cf_uses AS SELECT x.a FROM dbo.cf_there AS t", 4104),
    fails("CREATE PROCEDURE dbo.cf_uses AS IF 1 = 0 DELETE dbo.cf_there WHERE nope = 1", 207),
    fails("CREATE PROCEDURE dbo.cf_uses AS UPDATE t SET a = t.nope FROM dbo.cf_there AS t", 207),
    fails("CREATE PROCEDURE dbo.cf_uses AS UPDATE dbo.cf_there SET nope = 1", 207),
    fails("CREATE PROCEDURE dbo.cf_uses AS INSERT dbo.cf_there (a, nope) VALUES (1, 2)", 207),
    fails("CREATE PROCEDURE dbo.cf_uses AS IF EXISTS (SELECT 1 FROM dbo.cf_there WHERE nope = 1) SELECT 1", 207),
    batch("a table that is not there is no error yet", "EXEC ('CREATE PROCEDURE dbo.cf_uses AS SELECT nope FROM "
          "dbo.cf_not_there'); SELECT OBJECT_NAME(OBJECT_ID('dbo.cf_uses'))", [("cf_uses",)]),
    fails("EXEC ('CREATE PROCEDURE dbo.cf_uses AS SELECT nope FROM dbo.cf_not_there'); EXEC dbo.cf_uses", 208),
    batch("a temporary table of the procedure", "EXEC ('CREATE PROCEDURE dbo.cf_uses AS CREATE TABLE #t (q int); "
          "INSERT #t VALUES (1); SELECT q FROM #t'); EXEC dbo.cf_uses", [(1,)]),
], _AWAY))  # fmt: skip

_BOUND = (
    "CREATE TABLE dbo.cf_base (a int, b int, c int)",
    "CREATE VIEW dbo.cf_bound WITH SCHEMABINDING AS SELECT a, b FROM dbo.cf_base",
    "CREATE VIEW dbo.cf_loose AS SELECT a, b FROM dbo.cf_base",
    "CREATE FUNCTION dbo.cf_rows (@a int) RETURNS TABLE WITH SCHEMABINDING AS RETURN SELECT b FROM dbo.cf_bound "
    "WHERE a = @a",
    "CREATE FUNCTION dbo.cf_number (@a int) RETURNS int WITH SCHEMABINDING AS BEGIN DECLARE @n int; "
    "SELECT @n = COUNT(*) FROM dbo.cf_base WHERE a = @a; RETURN @n END",
)
_UNBOUND = ("DROP VIEW IF EXISTS dbo.cf_loose, dbo.cf_other", "DROP FUNCTION IF EXISTS dbo.cf_rows, dbo.cf_number",
            "DROP VIEW IF EXISTS dbo.cf_bound", "DROP TABLE IF EXISTS dbo.cf_base")  # fmt: skip
BOUND = page("t-sql/statements/create-view-transact-sql", *around(_BOUND, [
    batch("modules bound to their schema answer", "INSERT dbo.cf_base VALUES (1, 2, 3); SELECT (SELECT b FROM "
          "dbo.cf_rows(1)), dbo.cf_number(1)", [(2, 1)]),
    batch("sys.sql_modules tells", "SELECT OBJECT_NAME(object_id), is_schema_bound FROM sys.sql_modules WHERE "
          "OBJECT_NAME(object_id) IN ('cf_bound', 'cf_loose') ORDER BY 1", [("cf_bound", True), ("cf_loose", False)]),
    fails("DROP TABLE dbo.cf_base", 3729),
    fails("DROP VIEW dbo.cf_bound", 3729),
    fails("ALTER VIEW dbo.cf_bound AS SELECT a, b FROM dbo.cf_base", 3729),
    fails("ALTER TABLE dbo.cf_base DROP COLUMN b", 5074),
    fails("ALTER TABLE dbo.cf_base ALTER COLUMN a bigint", 5074),
    fails("EXEC sp_rename 'dbo.cf_base.a', 'z', 'COLUMN'", 15336),
    fails("EXEC sp_rename 'dbo.cf_base', 'cf_else'", 15336),
    batch("other columns are free", "ALTER TABLE dbo.cf_base DROP COLUMN c; SELECT COL_LENGTH('dbo.cf_base', 'c')",
          [(None,)]),
    fails("CREATE VIEW dbo.cf_other WITH SCHEMABINDING AS SELECT * FROM dbo.cf_base", 1054),
    fails("CREATE VIEW dbo.cf_other WITH SCHEMABINDING AS SELECT a FROM cf_base", 4512),
    fails("CREATE VIEW dbo.cf_other WITH SCHEMABINDING AS SELECT a FROM dbo.cf_loose", 4513),
    batch("what is bound goes first", "DROP FUNCTION dbo.cf_rows, dbo.cf_number; DROP VIEW dbo.cf_bound; DROP TABLE "
          "dbo.cf_base; SELECT OBJECT_ID('dbo.cf_base')", [(None,)]),
], _UNBOUND))  # fmt: skip

PAGES: list[Page] = [BOUND, DEFERRED, CALLS, STRINGS, SHAPES, DYNAMIC, DEFINED, INLINE, SCALARS, USED]
