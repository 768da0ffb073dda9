"""Databases: USE, names of three parts, compatibility levels."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_NAMES = [
    query("USE master; SELECT DB_NAME()", ("master",)),
    query("USE tempdb; SELECT DB_NAME(), DB_ID()", ("tempdb", 2)),
    query("SELECT DB_ID('master'), DB_ID('tempdb'), DB_ID('model'), DB_ID('msdb')", (1, 2, 3, 4)),
    query("SELECT DB_NAME(1), DB_ID('cf_no_such_database')", ("master", None)),
    fails("USE cf_no_such_database", 911),
    query("SELECT COUNT(*) FROM master.sys.databases WHERE name IN ('master', 'tempdb', 'model', 'msdb')", (4,)),
    query("SELECT COUNT(*) FROM tempdb.sys.schemas WHERE name = 'dbo'", (1,)),
    query("SELECT name FROM sys.databases WHERE database_id < 5 ORDER BY database_id",
          ("master",), ("tempdb",), ("model",), ("msdb",)),
    batch("a name of three parts", "DECLARE @sql nvarchar(200) = N'SELECT COUNT(*) FROM ' + QUOTENAME(DB_NAME()) + "
          "N'.sys.schemas WHERE name = ''dbo'''; EXEC (@sql)", [(1,)]),
]  # fmt: skip

_ALTER = [
    query("ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE; SELECT "
          "is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME()", (True,)),
    fails("ALTER DATABASE cf_no_such_database SET READ_COMMITTED_SNAPSHOT ON", 5011),
    fails("ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 155", 15048),
    fails("BEGIN TRAN; ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150", 226),
]  # fmt: skip

_LEVELS = [
    batch("a level is set, and set back",
          "DECLARE @sql nvarchar(200), @old int; "
          "SELECT @old = compatibility_level FROM sys.databases WHERE name = DB_NAME(); "
          "ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150; "
          "SELECT compatibility_level FROM sys.databases WHERE name = DB_NAME(); "
          "ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 160; "
          "SELECT compatibility_level FROM sys.databases WHERE name = DB_NAME(); "
          "SET @sql = CONCAT(N'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = ', @old); EXEC (@sql)",
          [(150,)], [(160,)]),
]  # fmt: skip

_DROP = [
    query("DROP DATABASE IF EXISTS cf_no_such_database; SELECT 1", (1,)),
    fails("DROP DATABASE cf_no_such_database", 3701),
    fails("DROP DATABASE master", 3708),
]  # fmt: skip

_OTHER = (
    ["CREATE DATABASE cf_other",
     "CREATE TABLE cf_other.dbo.t (a int IDENTITY PRIMARY KEY, b nvarchar(9) DEFAULT N'd', CHECK (b <> N'bad')); "
     "INSERT cf_other.dbo.t (b) VALUES (N'x'), (DEFAULT)",
     "EXEC cf_other.sys.sp_executesql N'CREATE VIEW dbo.v AS SELECT b FROM t'",
     "EXEC cf_other.sys.sp_executesql N'CREATE PROCEDURE dbo.p AS SELECT DB_NAME(), COUNT(*) FROM t'"],
    ["USE master; DROP DATABASE IF EXISTS cf_other"],
)  # fmt: skip

_THREE_PARTS = around(_OTHER[0], [
    query("SELECT a, b FROM cf_other.dbo.t ORDER BY a", (1, "x"), (2, "d")),
    query("SELECT COUNT(*) FROM cf_other..t", (2,)),
    query("SELECT cf_other.dbo.t.b FROM cf_other.dbo.t WHERE cf_other.dbo.t.a = 1", ("x",)),
    query("SELECT b FROM cf_other.dbo.v ORDER BY b", ("d",), ("x",)),
    batch("a procedure of another database runs in it", "EXEC cf_other.dbo.p; SELECT CASE WHEN DB_NAME() = "
          "'cf_other' THEN 1 ELSE 0 END", [("cf_other", 2)], [(0,)]),
    batch("INSERT ... EXEC", "CREATE TABLE #r (d sysname, n int); INSERT #r EXEC cf_other.dbo.p; SELECT d, n FROM #r",
          [("cf_other", 2)]),
    batch("changes", "INSERT cf_other.dbo.t (b) VALUES (N'z'); UPDATE cf_other.dbo.t SET b = N'u' WHERE a = 1; "
          "DELETE cf_other.dbo.t WHERE a = 2; SELECT a, b FROM cf_other.dbo.t ORDER BY a", [(1, "u"), (3, "z")]),
    batch("a transaction spans databases", "CREATE TABLE #r (a int); BEGIN TRAN; INSERT cf_other.dbo.t (b) VALUES "
          "(N'z'); CREATE TABLE cf_other.dbo.n (a int); ROLLBACK; SELECT COUNT(*) FROM cf_other.dbo.t; "
          "SELECT OBJECT_ID('cf_other.dbo.n')", [(2,)], [(None,)]),
    batch("definitions", "CREATE TABLE cf_other.dbo.n (a int); ALTER TABLE cf_other.dbo.n ADD b int; CREATE INDEX i ON "
          "cf_other.dbo.n (a); TRUNCATE TABLE cf_other.dbo.n; SELECT name FROM cf_other.sys.columns WHERE object_id = "
          "OBJECT_ID('cf_other.dbo.n') ORDER BY column_id; DROP TABLE cf_other.dbo.n", [("a",), ("b",)]),
    query("SELECT TABLE_CATALOG, TABLE_NAME FROM cf_other.INFORMATION_SCHEMA.TABLES ORDER BY TABLE_NAME",
          ("cf_other", "t"), ("cf_other", "v")),
    query("SELECT OBJECT_NAME(OBJECT_ID('cf_other.dbo.t'), DB_ID('cf_other')), "
          "OBJECT_SCHEMA_NAME(OBJECT_ID('cf_other.dbo.t'), DB_ID('cf_other')), DB_NAME(DB_ID('cf_other'))",
          ("t", "dbo", "cf_other")),
    query("SELECT COL_LENGTH('cf_other.dbo.t', 'b')", (18,)),
    query("USE cf_other; SELECT DB_NAME(), b FROM t WHERE a = 1", ("cf_other", "x")),
    query("EXEC (N'USE cf_other'); SELECT CASE WHEN DB_NAME() = 'cf_other' THEN 1 ELSE 0 END", (0,)),
    query("SELECT name, collation_name FROM sys.databases WHERE name LIKE 'cf_other'",
          ("cf_other", "SQL_Latin1_General_CP1_CI_AS")),
    batch("a temporary table from any database", "CREATE TABLE #t (a int); USE cf_other; INSERT #t VALUES (1); "
          "SELECT a FROM #t; SELECT a FROM tempdb..#t", [(1,)], [(1,)]),
    fails("INSERT cf_other.dbo.t (b) VALUES (N'bad')", 547),
    fails("CREATE TABLE #k (a int); EXEC (N'CREATE TABLE dbo.cf_k (a int REFERENCES cf_other.dbo.t (a))')", 1763),
    fails("EXEC (N'CREATE VIEW cf_other.dbo.w AS SELECT 1 AS a')", 166),
    fails("DROP VIEW cf_other.dbo.v", 166),
    fails("SELECT a FROM cf_other.dbo.nothing", 208),
    fails("SELECT a FROM cf_other.nothing.t", 208),
], _OTHER[1])  # fmt: skip

_CREATE = [
    fails("CREATE DATABASE master", 1801),
    fails("BEGIN TRAN; CREATE DATABASE cf_more", 226),
    *around(_OTHER[0], [
        fails("CREATE DATABASE CF_OTHER", 1801),
        fails("BEGIN TRAN; DROP DATABASE cf_other", 226),
        fails("EXEC cf_other.sys.sp_executesql N'DROP DATABASE cf_other'", 3702),
        query("DROP DATABASE cf_other; SELECT DB_ID('cf_other')", (None,)),
    ], _OTHER[1]),
]  # fmt: skip

_MSDB = around(
    ["CREATE TABLE msdb.dbo.cf_t (a int)"],
    [
        query("INSERT msdb.dbo.cf_t VALUES (1); SELECT a FROM msdb.dbo.cf_t", (1,)),
        query("USE msdb; SELECT DB_NAME(), DB_ID(), COUNT(*) FROM cf_t", ("msdb", 4, 0)),
    ],
    ["DROP TABLE IF EXISTS msdb.dbo.cf_t"],
)

_ACCESS = [
    query("SELECT HAS_DBACCESS('master'), HAS_DBACCESS(DB_NAME())", (1, 1)),
    query("SELECT HAS_DBACCESS('cf_no_such_database')", (None,)),
    query("SELECT HAS_DBACCESS(name) FROM sys.databases WHERE name = 'msdb'", (1,)),
]

_HELP = [
    fails("EXEC sp_help 'cf_nothing'", 15009),
    fails("EXEC sp_help 'cf_elsewhere.dbo.t'", 15250),
]

PAGES: list[Page] = [
    page("t-sql/functions/has-dbaccess-transact-sql", *_ACCESS),
    page("relational-databases/system-stored-procedures/sp-help-transact-sql", *_HELP),
    page("t-sql/language-elements/transact-sql-syntax-conventions-transact-sql", *_THREE_PARTS),
    page("t-sql/statements/create-database-transact-sql", *_CREATE),
    page("relational-databases/databases/msdb-database", *_MSDB),
    page("relational-databases/databases/system-databases", *_NAMES),
    page("t-sql/statements/alter-database-transact-sql-set-options", *_ALTER),
    page("t-sql/statements/alter-database-transact-sql-compatibility-level", *_LEVELS),
    page("t-sql/statements/drop-database-transact-sql", *_DROP),
]
