"""Databases: USE, names of three parts, compatibility levels."""

from __future__ import annotations

from tests.conformance.form import Page, batch, fails, page, query

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

PAGES: list[Page] = [
    page("relational-databases/databases/system-databases", *_NAMES),
    page("t-sql/statements/alter-database-transact-sql-set-options", *_ALTER),
    page("t-sql/statements/alter-database-transact-sql-compatibility-level", *_LEVELS),
    page("t-sql/statements/drop-database-transact-sql", *_DROP),
]
