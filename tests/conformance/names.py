"""Names in queries: qualified, quoted, ambiguous, unknown."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

TWO = "(VALUES (1)) AS a(v) CROSS JOIN (VALUES (2)) AS b(v)"

NAMED = around(
    ["CREATE TABLE dbo.conf_named (a int, [b c] int); INSERT INTO dbo.conf_named VALUES (1, 2)"],
    [
        query("SELECT a FROM conf_named", (1,)),
        query("SELECT conf_named.a FROM conf_named", (1,)),
        query("SELECT dbo.conf_named.a FROM dbo.conf_named", (1,)),
        query("SELECT T.A FROM DBO.CONF_NAMED AS t", (1,)),
        query("SELECT [b c], \"b c\" FROM [dbo].[conf_named]", (2, 2)),
        query("SELECT conf_named.a FROM dbo.conf_named", (1,)),
        batch("a name of three parts", "DECLARE @s nvarchar(500) = N'SELECT a FROM ' + QUOTENAME(DB_NAME()) + "
              "N'.dbo.conf_named'; EXEC sp_executesql @s", [(1,)]),
        batch("a name of three parts without a schema", "DECLARE @s nvarchar(500) = N'SELECT a FROM ' + "
              "QUOTENAME(DB_NAME()) + N'..conf_named'; EXEC sp_executesql @s", [(1,)]),
        query("SELECT x.a, y.a FROM conf_named AS x JOIN conf_named AS y ON x.a = y.a", (1, 1)),
        fails("SELECT conf_named.a FROM conf_named AS t", 4104),
        fails("SELECT a FROM conf_named JOIN conf_named ON 1 = 1", 1013),
        fails("SELECT a FROM conf_named AS x, conf_named AS y", 209),
        fails("SELECT nope FROM conf_named", 207),
        fails("SELECT conf_named.nope FROM conf_named", 207),
        fails("SELECT a FROM no_such_schema.conf_named", 208),
        fails("SELECT a FROM no_such_database.dbo.conf_named", 911),
        fails("SELECT a FROM conf_named WHERE nope = 1", 207),
        fails("SELECT a FROM conf_named ORDER BY nope", 207),
        fails("SELECT a AS x FROM conf_named GROUP BY x", 207),
    ],
    ["DROP TABLE IF EXISTS dbo.conf_named"],
)  # fmt: skip

PAGES: list[Page] = [
    page("relational-databases/databases/database-identifiers", *NAMED,
         query("SELECT [a b].[c]]d] FROM (SELECT 1 AS [c]]d]) AS [a b]", (1,)),
         query('SELECT "x y" FROM (SELECT 1 AS "x y") AS t', (1,)),
         query("SELECT T.ABC FROM (SELECT 1 AS abc) AS t", (1,)),
         query("SELECT a.v, b.v FROM " + TWO, (1, 2)),
         query("SELECT [select] FROM (SELECT 1 AS [select]) AS [from]", (1,)),
         batch("a database without a schema", "CREATE TABLE #dots (a int); SELECT COUNT(*) FROM tempdb..#dots", [(0,)]),
         fails("SELECT v FROM " + TWO, 209),
         fails("SELECT a.v FROM " + TWO + " ORDER BY v + 1", 209),
         fails("SELECT z.v FROM " + TWO, 4104),
         fails("SELECT * FROM dbo.no_such_table", 208),
         fails("SELECT * FROM #no_such_table", 208),
         fails("SELECT * FROM @no_such_variable", 1087),
         fails("SELECT @no_such_variable", 137),
         fails("SELECT no_such_function(1)", 195),
         fails("SELECT dbo.no_such_function(1)", 4121),
         fails("SELECT * FROM dbo.no_such_function(1)", 208),
         fails("SELECT 1 AS select", 156),
         fails("SELECT 1 AS []", 1038)),
    page("t-sql/language-elements/slash-star-comment-transact-sql",
         query("SELECT /* a /* nested */ comment */ 1 -- end", (1,)),
         fails("SELECT 1 /* never closed", 113)),
    page("t-sql/statements/collations",
         query("SELECT CASE WHEN 'a' = 'A' COLLATE Latin1_General_BIN THEN 1 ELSE 0 END", (0,)),
         query("SELECT CASE WHEN 'a' = 'A' THEN 1 ELSE 0 END", (1,)),
         fails("SELECT 1 COLLATE Latin1_General_BIN", 447)),
]  # fmt: skip
