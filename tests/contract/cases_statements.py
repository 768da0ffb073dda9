"""Data changes, constraints, variables and control of flow, procedures, views, functions and their errors."""

from __future__ import annotations

from decimal import Decimal as D

from tests.contract.cases import Case, fails, rows, within

TEMPORARY = "CREATE TABLE #t (id int IDENTITY(1, 1) PRIMARY KEY, n int NULL, s nvarchar(10) NOT NULL DEFAULT N'new')"

CHANGES: list[Case] = [
    rows("insert and select", f"{TEMPORARY}; INSERT #t (n, s) VALUES (1, 'a'), (2, 'b'); SELECT * FROM #t ORDER BY id; "
         "DROP TABLE #t", (1, 1, "a"), (2, 2, "b")),
    rows("defaults", f"{TEMPORARY}; INSERT #t (n) VALUES (NULL); INSERT #t DEFAULT VALUES; INSERT #t (n, s) "
         "VALUES (3, DEFAULT); SELECT id, n, s FROM #t ORDER BY id; DROP TABLE #t",
         (1, None, "new"), (2, None, "new"), (3, 3, "new")),
    rows("insert from a query", f"{TEMPORARY}; INSERT INTO #t (n) SELECT v FROM (VALUES (5), (6)) AS x(v) ORDER BY v; "
         "SELECT @@ROWCOUNT, SCOPE_IDENTITY(); DROP TABLE #t", (2, D("2"))),
    rows("identity_insert", f"{TEMPORARY}; SET IDENTITY_INSERT #t ON; INSERT #t (id, n) VALUES (7, 1); "
         "SET IDENTITY_INSERT #t OFF; INSERT #t (n) VALUES (2); SELECT id FROM #t ORDER BY id; DROP TABLE #t",
         (7,), (8,)),
    Case("update counts its rows", f"{TEMPORARY}; INSERT #t (n) VALUES (1), (2); UPDATE #t SET n = n + 10 "
         "WHERE n = 2; SELECT @@ROWCOUNT; SELECT n FROM #t ORDER BY n; DROP TABLE #t",
         results=([(1,)], [(1,), (12,)])),
    rows("update swaps columns", "CREATE TABLE #u (a int, b int); INSERT #u VALUES (1, 2); UPDATE #u SET a = b, b = a; "
         "SELECT a, b FROM #u; DROP TABLE #u", (2, 1)),
    rows("update from a join", f"{TEMPORARY}; INSERT #t (n) VALUES (1), (2); UPDATE t SET n = x.w FROM #t AS t "
         "JOIN (VALUES (2, 20)) AS x(v, w) ON x.v = t.n; SELECT n FROM #t ORDER BY n; DROP TABLE #t", (1,), (20,)),
    rows("update with output", f"{TEMPORARY}; INSERT #t (n) VALUES (1); UPDATE #t SET n = 5 OUTPUT deleted.n, "
         "inserted.n; "
         "DROP TABLE #t", (1, 5)),
    rows("insert with output", f"{TEMPORARY}; INSERT #t (n) OUTPUT inserted.id, inserted.s VALUES (1); DROP TABLE #t",
         (1, "new")),
    rows("delete with output into", f"{TEMPORARY}; INSERT #t (n) VALUES (1), (2); DECLARE @gone TABLE (n int); "
         "DELETE FROM #t OUTPUT deleted.n INTO @gone WHERE n = 2; SELECT n FROM @gone; DROP TABLE #t", (2,)),
    rows("delete from a join", f"{TEMPORARY}; INSERT #t (n) VALUES (1), (2); DELETE t FROM #t AS t JOIN (VALUES (1)) "
         "AS x(v) ON x.v = t.n; SELECT n FROM #t; DROP TABLE #t", (2,)),
    rows("delete top", f"{TEMPORARY}; INSERT #t (n) VALUES (1), (2), (3); DELETE TOP (2) FROM #t; "
         "SELECT COUNT(*) FROM #t; DROP TABLE #t", (1,)),
    rows("truncate restarts identity", f"{TEMPORARY}; INSERT #t (n) VALUES (1), (2); TRUNCATE TABLE #t; "
         "INSERT #t (n) VALUES (3); SELECT id, n FROM #t; DROP TABLE #t", (1, 3)),
    rows("select into", "SELECT 1 AS a, N'x' AS b INTO #s; SELECT a, b FROM #s; DROP TABLE #s", (1, "x")),
    rows("merge", "CREATE TABLE #m (k int PRIMARY KEY, v int); INSERT #m VALUES (1, 1), (2, 2); "
         "MERGE #m AS t USING (VALUES (2, 20), (3, 30)) AS s(k, v) ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v "
         "WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, s.v) WHEN NOT MATCHED BY SOURCE THEN DELETE; "
         "SELECT k, v FROM #m ORDER BY k; DROP TABLE #m", (2, 20), (3, 30)),
    rows("computed column", "CREATE TABLE #c (a int, b AS a * 2); INSERT #c (a) VALUES (4); SELECT a, b FROM #c; "
         "DROP TABLE #c", (4, 8)),
    rows("rollback undoes a temporary table's rows", f"{TEMPORARY}; BEGIN TRAN; INSERT #t (n) VALUES (1); ROLLBACK; "
         "SELECT COUNT(*) FROM #t; DROP TABLE #t", (0,)),
    rows("table variables survive a rollback", "DECLARE @v TABLE (n int); BEGIN TRAN; INSERT @v VALUES (1); ROLLBACK; "
         "SELECT n FROM @v", (1,)),
    rows("nested transactions count", "BEGIN TRAN; BEGIN TRAN; DECLARE @n int = @@TRANCOUNT; COMMIT; COMMIT; "
         "SELECT @n, @@TRANCOUNT", (2, 0)),
    fails("insert null", f"{TEMPORARY}; INSERT #t (s) VALUES (NULL)", 515),
    fails("string too long", f"{TEMPORARY}; INSERT #t (s) VALUES (N'12345678901')", 2628),
    fails("key twice", "CREATE TABLE #k (k int PRIMARY KEY); INSERT #k VALUES (1), (1)", 2627),
    fails("unique index twice", "CREATE TABLE #k (k int); CREATE UNIQUE INDEX u ON #k (k); INSERT #k VALUES (1), (1)",
          2601),
    fails("unique index over duplicates", "CREATE TABLE #k (k int); INSERT #k VALUES (1), (1); "
          "CREATE UNIQUE INDEX u ON #k (k)", 1505),
    fails("a key ignores case", "CREATE TABLE #k (k varchar(5) PRIMARY KEY); INSERT #k VALUES ('a'), ('A ')", 2627),
    fails("check constraint", "CREATE TABLE #k (k int CHECK (k > 0)); INSERT #k VALUES (0)", 547),
    rows("check constraint lets null pass", "CREATE TABLE #k (k int NULL CHECK (k > 0)); INSERT #k VALUES (NULL); "
         "SELECT k FROM #k; DROP TABLE #k", (None,)),
    fails("explicit identity", f"{TEMPORARY}; INSERT #t (id, n) VALUES (1, 1)", 544),
    fails("more columns than values", f"{TEMPORARY}; INSERT #t (n, s) VALUES (1)", 109),
    fails("more values than columns", f"{TEMPORARY}; INSERT #t (n) VALUES (1, 2)", 110),
    fails("select list too short", f"{TEMPORARY}; INSERT #t (n, s) SELECT 1", 120),
    fails("select list too long", f"{TEMPORARY}; INSERT #t (n) SELECT 1, 2", 121),
    fails("unknown column in insert", f"{TEMPORARY}; INSERT #t (zz) VALUES (1)", 207),
    fails("overflow in insert", "CREATE TABLE #k (k tinyint); INSERT #k VALUES (256)", 220),
    fails("computed column is read-only", "CREATE TABLE #c (a int, b AS a * 2); UPDATE #c SET b = 1", 271),
    fails("column set twice", "CREATE TABLE #c (a int); UPDATE #c SET a = 1, a = 2", 264),
    fails("merge hits a row twice", "CREATE TABLE #m (k int PRIMARY KEY, v int); INSERT #m VALUES (1, 1); MERGE #m "
         "AS t "
          "USING (VALUES (1, 1), (1, 2)) AS s(k, v) ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v;", 8672),
    fails("table exists", "CREATE TABLE #k (k int); CREATE TABLE #k (k int)", 2714),
    fails("drop of nothing", "DROP TABLE #never_made", 3701),
    rows("drop if exists", "DROP TABLE IF EXISTS #never_made; SELECT 1", (1,)),
    fails("column named twice", "CREATE TABLE #k (k int, K int)", 2705),
    fails("unknown type", "CREATE TABLE #k (k no_such_type)", 2715),
    fails("commit without begin", "COMMIT", 3902),
    fails("rollback without begin", "ROLLBACK", 3903),
]  # fmt: skip

FLOW: list[Case] = [
    rows("declare and set", "DECLARE @a int = 1, @b nvarchar(5) = N'x'; SET @a += 2; SELECT @a, @b", (3, "x")),
    rows("a variable truncates", "DECLARE @a varchar(3) = 'abcdef'; SELECT @a", ("abc",)),
    rows("varchar without a length is 1 long", "DECLARE @a varchar = 'abc'; SELECT @a", ("a",)),
    rows("select assigns", "DECLARE @a int; SELECT @a = v FROM (VALUES (7)) AS t(v); SELECT @a", (7,)),
    rows("select of no rows leaves the variable", "DECLARE @a int = 5; SELECT @a = 1 WHERE 1 = 0; SELECT @a", (5,)),
    rows("set from no rows gives null", "DECLARE @a int = 5; SET @a = (SELECT 1 WHERE 1 = 0); SELECT @a", (None,)),
    rows("if else", "IF 1 = 2 SELECT 'a' ELSE IF NULL = 1 SELECT 'b' ELSE SELECT 'c'", ("c",)),
    rows("if exists", "IF EXISTS (SELECT 1 WHERE 1 = 1) BEGIN SELECT 'yes' END", ("yes",)),
    rows("while with break and continue", "DECLARE @i int = 0, @s int = 0; WHILE @i < 10 BEGIN SET @i += 1; "
         "IF @i = 3 CONTINUE; IF @i = 6 BREAK; SET @s += @i END; SELECT @i, @s", (6, 12)),
    rows("statements without semicolons", "DECLARE @a int SET @a = 1 IF @a = 1 SET @a = 2 SELECT @a", (2,)),
    rows("return ends a batch", "SELECT 1; RETURN; SELECT 2", (1,)),
    rows("catch knows the error", "BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH SELECT ERROR_NUMBER(), "
         "ERROR_SEVERITY(), ERROR_STATE(), ERROR_LINE(), ERROR_MESSAGE(), ERROR_PROCEDURE() END CATCH",
         (8134, 16, 1, 1, "Divide by zero error encountered.", None)),
    rows("catch knows the line", "BEGIN TRY\n\nDECLARE @x int = 1 / 0\nEND TRY\nBEGIN CATCH SELECT ERROR_LINE() END "
         "CATCH",
         (3,)),
    rows("throw is caught", "BEGIN TRY THROW 50001, N'my words', 7 END TRY BEGIN CATCH SELECT ERROR_NUMBER(), "
         "ERROR_MESSAGE(), ERROR_STATE(), ERROR_SEVERITY() END CATCH", (50001, "my words", 7, 16)),
    rows("raiserror formats", "BEGIN TRY RAISERROR('%s has %d', 16, 3, 'x', 5) END TRY BEGIN CATCH "
         "SELECT ERROR_NUMBER(), ERROR_MESSAGE(), ERROR_STATE() END CATCH", (50000, "x has 5", 3)),
    fails("throw", "THROW 51234, N'my words', 1", 51234),
    fails("throw again", "BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH THROW END CATCH", 8134),
    fails("raiserror", "RAISERROR('words', 16, 1)", 50000),
    rows("nested catch", "BEGIN TRY BEGIN TRY THROW 50001, 'a', 1 END TRY BEGIN CATCH THROW 50002, 'b', 1 END CATCH "
         "END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", (50002,)),
    rows("xact_abort dooms", "SET XACT_ABORT ON; DECLARE @x int, @s int; BEGIN TRAN; BEGIN TRY SET @x = 1 / 0 END TRY "
         "BEGIN CATCH SET @s = XACT_STATE(); ROLLBACK END CATCH; SET XACT_ABORT OFF; SELECT @s, @@TRANCOUNT", (-1, 0)),
    rows("exec of a string", "DECLARE @s nvarchar(50) = N'SELECT 1 AS a'; EXEC (@s + N' WHERE 1 = 1')", (1,)),
    rows("sp_executesql", "DECLARE @o int; EXEC sp_executesql N'SET @o = @i * 2', N'@i int, @o int OUTPUT', @i = 21, "
         "@o = @o OUTPUT; SELECT @o", (42,)),
    rows("insert exec", "CREATE TABLE #e (v int); INSERT #e EXEC ('SELECT 1 UNION ALL SELECT 2'); "
         "SELECT SUM(v) FROM #e; DROP TABLE #e", (3,)),
    rows("cursor", "DECLARE @v int, @s int = 0; DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT v FROM (VALUES (1), "
         "(2)) "
         "AS t(v); OPEN c; FETCH NEXT FROM c INTO @v; WHILE @@FETCH_STATUS = 0 BEGIN SET @s += @v; "
         "FETCH NEXT FROM c INTO @v END; CLOSE c; DEALLOCATE c; SELECT @s", (3,)),
    fails("variable declared twice", "DECLARE @a int; DECLARE @a int", 134),
    fails("variable not declared", "SET @nope = 1", 137),
    fails("break outside of while", "BREAK", 135),
    fails("unknown procedure", "EXEC dbo.no_such_procedure", 2812),
    fails("syntax", "SELEC 1 FROM", 156),
    fails("syntax at the end", "SELECT 1 +", 102),
    fails("unclosed string", "SELECT 'abc", 105),
    fails("unclosed comment", "SELECT 1 /* abc", 113),
    fails("an assignment beside a column", "DECLARE @a int; SELECT @a = 1, 2", 141),
    fails("return with a value in a batch", "RETURN 1", 178),
    fails("create view is not first", "SELECT 1; CREATE VIEW dbo.ct_late AS SELECT 1 AS a", 111),
]  # fmt: skip

PROCEDURE = """
CREATE OR ALTER PROCEDURE dbo.ct_add @a int, @b int = 10, @sum int = NULL OUTPUT AS
BEGIN
    SET NOCOUNT ON;
    SET @sum = @a + @b;
    SELECT @a AS a, @b AS b;
    RETURN 5
END
GO
CREATE OR ALTER PROCEDURE dbo.ct_fail AS
SELECT 1 AS a;

THROW 51000, N'from inside', 1;
GO
CREATE OR ALTER VIEW dbo.ct_view AS SELECT n, n * 2 AS m FROM (VALUES (1), (2)) AS t(n)
GO
CREATE OR ALTER FUNCTION dbo.ct_table (@low int) RETURNS TABLE AS RETURN (SELECT n FROM dbo.ct_view WHERE n >= @low)
"""

MODULES: list[Case] = within(PROCEDURE, [
    rows("procedure with a default", "EXEC dbo.ct_add 1", (1, 10)),
    rows("procedure by name", "EXEC dbo.ct_add @b = 2, @a = 1", (1, 2)),
    Case("output and return value", "DECLARE @s int, @r int; EXEC @r = dbo.ct_add 1, 2, @s OUTPUT; SELECT @s, @r",
         results=([(1, 2)], [(3, 5)])),
    rows("default keyword", "EXEC dbo.ct_add 1, DEFAULT", (1, 10)),
    fails("a parameter is missing", "EXEC dbo.ct_add", 201),
    fails("an unknown parameter", "EXEC dbo.ct_add @a = 1, @z = 2", 8145),
    fails("too many arguments", "EXEC dbo.ct_add 1, 2, 3, 4", 8144),
    fails("error inside", "EXEC dbo.ct_fail", 51000),
    rows("select from a view", "SELECT n, m FROM dbo.ct_view ORDER BY n DESC", (2, 4), (1, 2)),
    rows("inline function", "SELECT n FROM dbo.ct_table(2)", (2,)),
    rows("inline function, applied", "SELECT v.x, f.n FROM (VALUES (1), (2)) AS v(x) CROSS APPLY dbo.ct_table(v.x) "
         "AS f "
         "ORDER BY 1, 2", (1, 1), (1, 2), (2, 2)),
    rows("catalog lists the procedure", "SELECT name, type, type_desc FROM sys.objects WHERE name = N'ct_add'",
         ("ct_add", "P ", "SQL_STORED_PROCEDURE")),
    rows("catalog lists parameters", "SELECT name, parameter_id, is_output, TYPE_NAME(system_type_id) FROM "
         "sys.parameters "
         "WHERE object_id = OBJECT_ID(N'dbo.ct_add') ORDER BY parameter_id",
         ("@a", 1, False, "int"), ("@b", 2, False, "int"), ("@sum", 3, True, "int")),
    rows("catalog keeps the text", "SELECT CASE WHEN definition LIKE N'%CREATE%VIEW dbo.ct_view%' THEN 1 ELSE 0 END "
         "FROM sys.sql_modules WHERE object_id = OBJECT_ID(N'dbo.ct_view')", (1,)),
    rows("object_id knows types", "SELECT CASE WHEN OBJECT_ID(N'dbo.ct_view', N'V') IS NULL THEN 0 ELSE 1 END, "
         "OBJECT_ID(N'dbo.ct_view', N'U')", (1, None)),
    fails("insert exec with result sets", "CREATE TABLE #e (a int); INSERT #e EXEC ('SELECT 1') WITH RESULT SETS ((b "
          "int))", 156),
    fails("a keyword as an alias", "SELECT 1 AS double", 156),
    fails("insert exec of a failing procedure", "CREATE TABLE #e (a int); INSERT #e EXEC dbo.ct_fail", 51000),
    fails("a view's name is taken", "CREATE PROCEDURE dbo.ct_view AS SELECT 1", 2714),
], after="DROP PROCEDURE IF EXISTS dbo.ct_add, dbo.ct_fail\nGO\nDROP FUNCTION IF EXISTS dbo.ct_table, "
         "dbo.ct_twice\nGO\n"
         "DROP VIEW IF EXISTS dbo.ct_view")  # fmt: skip

SCALAR: list[Case] = within("CREATE OR ALTER FUNCTION dbo.ct_twice (@n int) RETURNS int AS BEGIN RETURN @n * 2 END", [
    rows("scalar function", "SELECT dbo.ct_twice(4)", (8,)),
], after="DROP FUNCTION IF EXISTS dbo.ct_twice")  # fmt: skip

TABLES = """
CREATE TABLE dbo.ct_parent (id int NOT NULL CONSTRAINT PK_ct_parent PRIMARY KEY, s nvarchar(10) NULL,
    d decimal(9, 2) NOT NULL CONSTRAINT DF_ct_parent_d DEFAULT 1.5)
GO
CREATE TABLE dbo.ct_child (id int NOT NULL CONSTRAINT PK_ct_child PRIMARY KEY,
    parent int NULL CONSTRAINT FK_ct_child_parent REFERENCES dbo.ct_parent (id))
GO
INSERT dbo.ct_parent (id, s) VALUES (1, N'a'); INSERT dbo.ct_child VALUES (10, 1)
"""

KEYS: list[Case] = within(TABLES, [
    fails("foreign key, insert", "INSERT dbo.ct_child VALUES (11, 2)", 547),
    fails("foreign key, delete", "DELETE dbo.ct_parent", 547),
    fails("foreign key, update", "UPDATE dbo.ct_parent SET id = 5", 547),
    rows("foreign key lets null pass", "INSERT dbo.ct_child VALUES (12, NULL); SELECT COUNT(*) FROM dbo.ct_child",
         (2,)),
    fails("truncate of a referenced table", "TRUNCATE TABLE dbo.ct_parent", 4712),
    fails("drop of a referenced table", "DROP TABLE dbo.ct_parent", 3726),
    fails("primary key", "INSERT dbo.ct_parent (id) VALUES (1)", 2627),
    rows("failed insert leaves nothing", "BEGIN TRY INSERT dbo.ct_parent (id) VALUES (2), (1) END TRY BEGIN CATCH END "
         "CATCH; SELECT COUNT(*) FROM dbo.ct_parent", (1,)),
    rows("information_schema", "SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, "
         "NUMERIC_PRECISION "
         "FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = N'ct_parent' ORDER BY ORDINAL_POSITION",
         ("id", "int", "NO", None, 10), ("s", "nvarchar", "YES", 10, None), ("d", "decimal", "NO", None, 9)),
    rows("sys.columns", "SELECT name, TYPE_NAME(system_type_id), max_length, precision, scale, is_nullable FROM "
         "sys.columns "
         "WHERE object_id = OBJECT_ID(N'dbo.ct_parent') ORDER BY column_id",
         ("id", "int", 4, 10, 0, False), ("s", "nvarchar", 20, 0, 0, True), ("d", "decimal", 5, 9, 2, False)),
    rows("sys.foreign_keys", "SELECT name, OBJECT_NAME(referenced_object_id) FROM sys.foreign_keys "
         "WHERE parent_object_id = OBJECT_ID(N'dbo.ct_child')", ("FK_ct_child_parent", "ct_parent")),
    rows("sys.default_constraints", "SELECT name, definition FROM sys.default_constraints "
         "WHERE parent_object_id = OBJECT_ID(N'dbo.ct_parent')", ("DF_ct_parent_d", "((1.5))")),
    rows("col_length", "SELECT COL_LENGTH('dbo.ct_parent', 's'), COLUMNPROPERTY(OBJECT_ID('dbo.ct_parent'), 's', "
         "'AllowsNull')", (20, 1)),
    rows("alter table add", "ALTER TABLE dbo.ct_parent ADD x int NULL; EXEC ('SELECT x FROM dbo.ct_parent')", (None,)),
    rows("alter table add with a default", "ALTER TABLE dbo.ct_parent ADD x int NOT NULL CONSTRAINT DF_ct_x DEFAULT 4; "
         "EXEC ('SELECT x FROM dbo.ct_parent')", (4,)),
    rows("alter column", "ALTER TABLE dbo.ct_parent ALTER COLUMN s nvarchar(20) NULL; "
         "SELECT COL_LENGTH('dbo.ct_parent', 's')", (40,)),
    fails("a column that a constraint needs", "ALTER TABLE dbo.ct_parent DROP COLUMN d", 5074),
    rows("drop constraint and column", "ALTER TABLE dbo.ct_parent DROP CONSTRAINT DF_ct_parent_d; "
         "ALTER TABLE dbo.ct_parent DROP COLUMN d; SELECT COUNT(*) FROM sys.columns "
         "WHERE object_id = OBJECT_ID(N'dbo.ct_parent')", (2,)),
    rows("filtered unique index", "CREATE UNIQUE INDEX UX ON dbo.ct_parent (s) WHERE s IS NOT NULL; "
         "INSERT dbo.ct_parent (id, s) VALUES (2, NULL), (3, NULL); SELECT COUNT(*) FROM dbo.ct_parent", (3,)),
    rows("ddl rolls back", "BEGIN TRAN; ALTER TABLE dbo.ct_parent ADD y int NULL; ROLLBACK; "
         "SELECT COL_LENGTH('dbo.ct_parent', 'y')", (None,)),
], after="DROP TABLE IF EXISTS dbo.ct_child, dbo.ct_parent")  # fmt: skip
