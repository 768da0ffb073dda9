"""Transactions, savepoints, XACT_ABORT, what errors end, and application locks."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

T = "CREATE TABLE #t (a int NOT NULL PRIMARY KEY); "
SHOW = "SELECT a FROM #t ORDER BY a"

NESTING = page("t-sql/language-elements/begin-transaction-transact-sql",
    query("BEGIN TRAN; BEGIN TRAN; DECLARE @n int = @@TRANCOUNT; COMMIT; COMMIT; SELECT @n, @@TRANCOUNT", (2, 0)),
    query("BEGIN TRANSACTION one; COMMIT TRANSACTION one; SELECT @@TRANCOUNT", (0,)),
    query("DECLARE @n varchar(9) = 'named'; BEGIN TRAN @n; COMMIT TRAN @n; SELECT @@TRANCOUNT", (0,)),
    query(f"{T} BEGIN TRAN; INSERT #t VALUES (1); COMMIT; {SHOW}", (1,)),
    query(f"{T} BEGIN TRAN; BEGIN TRAN; INSERT #t VALUES (1); COMMIT; ROLLBACK; SELECT COUNT(*) FROM #t", (0,)),
    query("BEGIN TRAN; EXEC ('SELECT @@TRANCOUNT'); COMMIT", (1,)),
)  # fmt: skip

COMMITS = page("t-sql/language-elements/commit-transaction-transact-sql",
    fails("COMMIT", 3902),
    fails("COMMIT TRAN", 3902),
    fails("COMMIT WORK", 3902),
    query("BEGIN TRAN a; COMMIT TRAN other; SELECT @@TRANCOUNT", (0,)),
)  # fmt: skip

ROLLBACKS = page("t-sql/language-elements/rollback-transaction-transact-sql",
    fails("ROLLBACK", 3903),
    fails("BEGIN TRAN a; ROLLBACK TRAN other", 6401),
    fails("BEGIN TRAN a; BEGIN TRAN b; ROLLBACK TRAN b", 6401),
    query("BEGIN TRAN a; BEGIN TRAN b; ROLLBACK TRAN a; SELECT @@TRANCOUNT", (0,)),
    query("BEGIN TRAN; BEGIN TRAN; ROLLBACK; SELECT @@TRANCOUNT", (0,)),
    query(f"{T} INSERT #t VALUES (1); BEGIN TRAN; DELETE #t; INSERT #t VALUES (2); ROLLBACK; {SHOW}", (1,)),
    query("BEGIN TRAN; CREATE TABLE #n (a int); ROLLBACK; SELECT OBJECT_ID('tempdb..#n')", (None,)),
    query("DECLARE @a int = 1; BEGIN TRAN; SET @a = 2; ROLLBACK; SELECT @a", (2,)),
)  # fmt: skip

SAVEPOINTS = page("t-sql/language-elements/save-transaction-transact-sql",
    query(f"{T} BEGIN TRAN; INSERT #t VALUES (1); SAVE TRAN s; INSERT #t VALUES (2); ROLLBACK TRAN s; COMMIT; {SHOW}",
          (1,)),
    query(f"{T} BEGIN TRAN; SAVE TRAN s; INSERT #t VALUES (1); ROLLBACK TRAN s; SELECT @@TRANCOUNT; COMMIT", (1,)),
    query(f"{T} BEGIN TRAN; SAVE TRAN s; INSERT #t VALUES (1); SAVE TRAN s; INSERT #t VALUES (2); ROLLBACK TRAN s; "
          f"COMMIT; "
          f"{SHOW}", (1,)),
    query(f"{T} BEGIN TRAN; SAVE TRAN s; INSERT #t VALUES (1); ROLLBACK TRAN s; INSERT #t VALUES (2); ROLLBACK TRAN s; "
          f"INSERT #t VALUES (3); COMMIT; {SHOW}", (3,)),
    query(f"{T} BEGIN TRAN; SAVE TRAN s; INSERT #t VALUES (1); BEGIN TRY INSERT #t VALUES (1) END TRY BEGIN CATCH "
          f"END CATCH; "
          f"COMMIT; {SHOW}", (1,)),
    fails("SAVE TRAN s", 628),
    fails("BEGIN TRAN; SAVE TRAN s; ROLLBACK TRAN other", 6401),
)  # fmt: skip

STATES = page("t-sql/functions/xact-state-transact-sql",
    query("SELECT XACT_STATE()", (0,)),
    query("DECLARE @s int; BEGIN TRAN; SET @s = XACT_STATE(); COMMIT; SELECT @s", (1,)),
    query("SET XACT_ABORT ON; DECLARE @s int; BEGIN TRAN; BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH "
          "SET @s = XACT_STATE(); ROLLBACK END CATCH; SELECT @s, @@TRANCOUNT", (-1, 0)),
    query("SET XACT_ABORT OFF; DECLARE @s int; BEGIN TRAN; BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH "
          "SET @s = XACT_STATE(); ROLLBACK END CATCH; SELECT @s, @@TRANCOUNT", (1, 0)),
    query("DECLARE @s int; BEGIN TRAN; BEGIN TRY SELECT CAST('x' AS int) END TRY BEGIN CATCH SET @s = XACT_STATE(); "
          "ROLLBACK END CATCH; SELECT @s", (-1,)),
    fails(f"{T} SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH INSERT #t VALUES "
          f"(1) "
          "END CATCH", 3930),
    fails("SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH COMMIT END CATCH", 3930),
    fails("SET XACT_ABORT ON; BEGIN TRAN; SAVE TRAN s; BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH "
          "ROLLBACK TRAN s END CATCH", 3931),
    fails("SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH END CATCH", 3998),
)  # fmt: skip

ABORTS = page("t-sql/statements/set-xact-abort-transact-sql", *around(
    ("CREATE TABLE dbo.cf_parent (a int NOT NULL PRIMARY KEY); INSERT dbo.cf_parent VALUES (1), (3), (4), (6)",
     "CREATE TABLE dbo.cf_child (a int NOT NULL REFERENCES dbo.cf_parent (a))"),
    [
        fails("SET XACT_ABORT ON; INSERT dbo.cf_child VALUES (2)", 547),
        batch("off, the other statements count", "SET XACT_ABORT OFF; BEGIN TRAN; INSERT dbo.cf_child VALUES (1); "
              "BEGIN TRY INSERT dbo.cf_child VALUES (2) END TRY BEGIN CATCH END CATCH; INSERT dbo.cf_child VALUES "
              "(3); COMMIT; "
              "SELECT a FROM dbo.cf_child ORDER BY a", [(1,), (3,)]),
        batch("on, nothing is left", "SET XACT_ABORT ON; BEGIN TRY BEGIN TRAN; INSERT dbo.cf_child VALUES (4); "
              "INSERT dbo.cf_child VALUES (5); INSERT dbo.cf_child VALUES (6); COMMIT END TRY BEGIN CATCH ROLLBACK "
              "END CATCH; "
              "SELECT COUNT(*) FROM dbo.cf_child", [(0,)]),
    ],
    ("DROP TABLE IF EXISTS dbo.cf_child, dbo.cf_parent",)),
    batch("raiserror does not heed it", "SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY RAISERROR('x', 10, 1) END TRY "
          "BEGIN CATCH END CATCH; SELECT @@TRANCOUNT; COMMIT", [(1,)]),
)  # fmt: skip

EXECUTES = page("relational-databases/errors-events/mssqlserver-266-database-engine-error", *around(
    ("CREATE PROCEDURE dbo.cf_begins AS BEGIN TRAN", "CREATE PROCEDURE dbo.cf_ends AS COMMIT"),
    [
        fails("EXEC dbo.cf_begins", 266),
        fails("BEGIN TRAN; EXEC dbo.cf_ends", 266),
    ],
    ("DROP PROCEDURE IF EXISTS dbo.cf_begins, dbo.cf_ends",)),
)  # fmt: skip

INSERT_EXEC = page("t-sql/statements/insert-transact-sql", *around(
    ("CREATE PROCEDURE dbo.cf_two AS SELECT 1 AS a; SELECT 2",
     "CREATE PROCEDURE dbo.cf_nested AS CREATE TABLE #n (a int); INSERT #n EXEC dbo.cf_two; SELECT a FROM #n",
     "CREATE PROCEDURE dbo.cf_rolls AS BEGIN TRAN; SELECT 1; ROLLBACK"),
    [
        batch("all result sets", f"{T} INSERT #t EXEC dbo.cf_two; SELECT @@ROWCOUNT; {SHOW}", [(2,)], [(1,), (2,)]),
        batch("a string", f"{T} INSERT #t EXEC ('SELECT 7 UNION ALL SELECT 8'); {SHOW}", [(7,), (8,)]),
        batch("sp_executesql", f"{T} INSERT #t EXEC sp_executesql N'SELECT @a', N'@a int', 5; {SHOW}", [(5,)]),
        batch("a column list", "CREATE TABLE #c (a int, b int); INSERT #c (b) EXEC ('SELECT 1'); SELECT a, b FROM #c",
              [(None, 1)]),
        fails(f"{T} INSERT #t EXEC dbo.cf_nested", 8164),
        fails(f"{T} INSERT #t EXEC dbo.cf_rolls", 3915),
        fails(f"{T} INSERT #t EXEC ('SELECT 1, 2')", 213),
        fails(f"{T} INSERT #t EXEC ('SELECT 1 AS a') WITH RESULT SETS ((b int))", 156),
    ],
    ("DROP PROCEDURE IF EXISTS dbo.cf_two, dbo.cf_nested, dbo.cf_rolls",)),
)  # fmt: skip

LOCKS = page("relational-databases/system-stored-procedures/sp-getapplock-transact-sql",
    query("DECLARE @r int; BEGIN TRAN; EXEC @r = sp_getapplock @Resource = 'cf', @LockMode = 'Exclusive'; COMMIT; "
          "SELECT @r",
          (0,)),
    query("DECLARE @r int, @s int; EXEC @r = sp_getapplock 'cf', 'Exclusive', 'Session'; "
          "EXEC @s = sp_releaseapplock 'cf', 'Session'; SELECT @r, @s", (0, 0)),
    query("DECLARE @r int; BEGIN TRAN; EXEC sp_getapplock 'cf', 'Exclusive'; "
          "EXEC @r = sp_getapplock 'cf', 'Exclusive', @LockTimeout = 0; COMMIT; SELECT @r", (0,)),
    query("DECLARE @r int; BEGIN TRAN; EXEC @r = sp_getapplock @Resource = 'Form1', @LockMode = 'Shared'; COMMIT; "
          "SELECT @r", (0,)),
    query("DECLARE @a int, @b int; BEGIN TRAN; EXEC @a = sp_getapplock 'cf', 'IntentExclusive'; "
          "EXEC @b = sp_getapplock 'cf', 'Update'; COMMIT; SELECT @a, @b", (0, 0)),
)  # fmt: skip

PAGES: list[Page] = [NESTING, COMMITS, ROLLBACKS, SAVEPOINTS, STATES, ABORTS, EXECUTES, INSERT_EXEC, LOCKS]
