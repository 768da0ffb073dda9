"""Table variables, types of one's own, and table-valued parameters."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page

VARIABLES = page("t-sql/data-types/table-transact-sql",
    batch("rows of a table variable", "DECLARE @t TABLE (a int, b nvarchar(9)); INSERT @t VALUES (1, N'x'); SELECT "
          "a, b FROM @t", [(1,
          "x")]),
    batch("a rollback leaves them", "DECLARE @t TABLE (a int); BEGIN TRAN; INSERT @t VALUES (1); ROLLBACK; SELECT a "
          "FROM @t",
          [(1,)]),
    batch("a rollback brings nothing back", "DECLARE @t TABLE (a int); INSERT @t VALUES (1); BEGIN TRAN; DELETE @t; "
          "ROLLBACK; "
          "SELECT COUNT(*) FROM @t", [(0,)]),
    batch("a savepoint leaves them", "DECLARE @t TABLE (a int); BEGIN TRAN; SAVE TRAN s; INSERT @t VALUES (1); "
          "ROLLBACK TRAN s; COMMIT; SELECT a FROM @t", [(1,)]),
    batch("a failed statement leaves nothing", "DECLARE @t TABLE (a int PRIMARY KEY); BEGIN TRY INSERT @t VALUES "
          "(1), (1) END TRY "
          "BEGIN CATCH END CATCH; SELECT COUNT(*) FROM @t", [(0,)]),
    batch("identity and defaults", "DECLARE @t TABLE (i int IDENTITY(3, 2), a int DEFAULT 7); INSERT @t DEFAULT "
          "VALUES; "
          "INSERT @t (a) VALUES (1); SELECT i, a FROM @t ORDER BY i", [(3, 7), (5, 1)]),
    batch("an alias is needed in a join", "DECLARE @t TABLE (a int); INSERT @t VALUES (1), (2); "
          "SELECT x.a FROM @t AS x JOIN @t AS y ON y.a = x.a + 1", [(1,)]),
    batch("update and delete", "DECLARE @t TABLE (a int); INSERT @t VALUES (1), (2), (3); UPDATE @t SET a = a * 10; "
          "DELETE FROM @t WHERE a = 20; SELECT a FROM @t ORDER BY a", [(10,), (30,)]),
    batch("update by alias", "DECLARE @t TABLE (a int); INSERT @t VALUES (1); UPDATE x SET a = 5 FROM @t AS x; "
          "SELECT a FROM @t",
          [(5,)]),
    batch("a loop declares it once", "DECLARE @i int = 0; WHILE @i < 3 BEGIN DECLARE @t TABLE (a int); INSERT @t "
          "VALUES (@i); "
          "SET @i += 1 END; SELECT COUNT(*) FROM @t", [(3,)]),
    batch("a computed column", "DECLARE @t TABLE (a int, b AS a * 2); INSERT @t (a) VALUES (4); SELECT b FROM @t",
          [(8,)]),
    batch("what a procedure returns", "DECLARE @t TABLE (a int); INSERT @t EXEC ('SELECT 5'); SELECT a FROM @t",
          [(5,)]),
    fails("DECLARE @t TABLE (a int PRIMARY KEY); INSERT @t VALUES (1), (1)", 2627),
    fails("DECLARE @t TABLE (a int UNIQUE); INSERT @t VALUES (1), (1)", 2627),
    fails("DECLARE @t TABLE (a int CHECK (a > 0)); INSERT @t VALUES (0)", 547),
    fails("DECLARE @t TABLE (a int NOT NULL); INSERT @t VALUES (NULL)", 515),
    fails("DECLARE @t TABLE (a int, a int)", 2705),
    fails("SELECT * FROM @t", 1087),
    fails("INSERT @t VALUES (1)", 1087),
    fails("DECLARE @t TABLE (a int); EXEC ('SELECT * FROM @t')", 1087),
    fails("DECLARE @t TABLE (a int); SELECT @t", 137),
    fails("DECLARE @t TABLE (a int); DECLARE @t TABLE (a int)", 134),
    fails("DECLARE @t TABLE (a int); TRUNCATE TABLE @t", 102),
    fails("DECLARE @t TABLE (a int); SELECT 1 AS a INTO @t", 102),
)  # fmt: skip

_GONE = ("DROP PROCEDURE IF EXISTS dbo.cf_sum, dbo.cf_short", "DROP TYPE IF EXISTS dbo.cf_rows", "DROP TYPE IF "
"EXISTS dbo.cf_other",
         "DROP TYPE IF EXISTS dbo.cf_code")  # fmt: skip
_MADE = (
    "CREATE TYPE dbo.cf_rows AS TABLE (id int NOT NULL PRIMARY KEY, w int NULL DEFAULT 5)",
    "CREATE TYPE dbo.cf_other AS TABLE (id int NOT NULL PRIMARY KEY, w int NULL DEFAULT 5)",
    "CREATE TYPE dbo.cf_code FROM varchar(3) NOT NULL",
    "CREATE PROCEDURE dbo.cf_sum @rows dbo.cf_rows READONLY, @code dbo.cf_code = 'abcdef' AS "
    "SELECT COUNT(*) AS n, SUM(w) AS w, @code AS code FROM @rows",
)

TYPES = page("t-sql/statements/create-type-transact-sql", *around(_MADE, [
    batch("a variable of a table type", "DECLARE @t dbo.cf_rows; INSERT @t (id) VALUES (1), (2); SELECT SUM(w) FROM "
          "@t", [(10,)]),
    batch("an alias type", "DECLARE @c dbo.cf_code = 'abcdef'; SELECT @c", [("abc",)]),
    fails("DECLARE @t dbo.cf_rows; INSERT @t (id) VALUES (1), (1)", 2627),
    fails("DECLARE @t dbo.cf_rows; INSERT @t (id) VALUES (NULL)", 515),
    fails("CREATE TYPE dbo.cf_rows AS TABLE (a int)", 219),
    fails("DECLARE @t dbo.cf_no_such_type", 2715),
    fails("DROP TYPE dbo.cf_no_such_type", 218),
    fails("DROP TYPE dbo.cf_rows", 3732),
    batch("the catalog", "SELECT name, is_user_defined, is_table_type, max_length, is_nullable FROM sys.types "
          "WHERE name IN (N'cf_rows', N'cf_code') ORDER BY name",
          [("cf_code", True, False, 3, False), ("cf_rows", True, True, -1, False)]),
    batch("the columns of a table type", "SELECT c.name FROM sys.columns AS c JOIN sys.table_types AS t "
          "ON t.type_table_object_id = c.object_id WHERE t.name = N'cf_rows' ORDER BY c.column_id", [("id",), ("w",)]),
    batch("type_id of a column's names",
          "SELECT COUNT(TYPE_ID(v.n)) FROM (VALUES (N'dbo.cf_rows'), (N'[dbo].[cf_rows]'), "
          "(N'int'), (N'cf_rows'), (N'dbo.cf_none')) AS v (n)", [(4,)]),
    batch("type_id", "SELECT CASE WHEN TYPE_ID(N'dbo.cf_rows') > 256 THEN 1 ELSE 0 END", [(1,)]),
], _GONE))  # fmt: skip

_ALIAS = ("CREATE TYPE dbo.cf_code FROM varchar(5) NOT NULL", "CREATE TYPE dbo.cf_price FROM decimal(9, 2)",
          "CREATE TABLE dbo.cf_alias (c dbo.cf_code, p cf_price, q cf_price NOT NULL DEFAULT 1)")  # fmt: skip
_TYPED = "SELECT c.name, t.name FROM sys.columns AS c JOIN sys.types AS t ON t.user_type_id = c.user_type_id " \
         "WHERE c.object_id = OBJECT_ID('dbo.{}') ORDER BY c.column_id"  # fmt: skip

ALIASES = page("t-sql/statements/create-type-transact-sql", *around(_ALIAS, [
    batch("columns of alias types", _TYPED.format("cf_alias"),
          [("c", "cf_code"), ("p", "cf_price"), ("q", "cf_price")]),
    batch("a column without NULL or NOT NULL has it from its alias type", "SELECT name, is_nullable FROM sys.columns "
          "WHERE object_id = OBJECT_ID('dbo.cf_alias') ORDER BY column_id",
          [("c", False), ("p", True), ("q", False)]),
    batch("DOMAIN_NAME is the alias type", "SELECT DATA_TYPE, DOMAIN_SCHEMA, DOMAIN_NAME FROM "
          "INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'cf_alias' AND COLUMN_NAME = 'p'",
          [("decimal", "dbo", "cf_price")]),
    batch("values of a column of an alias type", "INSERT dbo.cf_alias (c, p) VALUES ('a', 1.255); "
          "SELECT c, CAST(p AS varchar(9)), CAST(q AS varchar(9)) FROM dbo.cf_alias", [("a", "1.26", "1.00")]),
    fails("INSERT dbo.cf_alias (c) VALUES (NULL)", 515),
    fails("INSERT dbo.cf_alias (c) VALUES ('abcdef')", 2628),
    fails("DROP TYPE dbo.cf_price", 3732),
    fails("CREATE TABLE #t (a dbo.cf_price)", 2715),
    fails("CREATE TABLE dbo.cf_other (a dbo.cf_code(5))", 2716),
    fails("CREATE TABLE dbo.cf_other (a dbo.cf_no_such_type)", 2715),
    batch("table variables know them", "DECLARE @t TABLE (c dbo.cf_code); INSERT @t VALUES ('x'); SELECT c FROM @t",
          [("x",)]),
    batch("ADD and ALTER COLUMN", "ALTER TABLE dbo.cf_alias ADD r dbo.cf_price; "
          "ALTER TABLE dbo.cf_alias ALTER COLUMN p decimal(9, 2); " + _TYPED.format("cf_alias"),
          [("c", "cf_code"), ("p", "decimal"), ("q", "cf_price"), ("r", "cf_price")]),
], ("DROP TABLE IF EXISTS dbo.cf_alias, dbo.cf_other", "DROP TYPE IF EXISTS dbo.cf_code",
    "DROP TYPE IF EXISTS dbo.cf_price")))

_GRANTED = ("CREATE TYPE dbo.cf_rows AS TABLE (id int)", "CREATE TYPE dbo.cf_code FROM varchar(3)",
            "CREATE USER cf_typist WITHOUT LOGIN")  # fmt: skip
_AS_TYPIST = "EXECUTE AS USER = 'cf_typist'; "

GRANTS = page("t-sql/statements/grant-type-permissions-transact-sql", *around(_GRANTED, [
    fails(_AS_TYPIST + "DECLARE @t dbo.cf_rows", 229),
    batch("EXECUTE on a table type", "GRANT EXECUTE ON TYPE::dbo.cf_rows TO cf_typist; " + _AS_TYPIST +
          "DECLARE @t dbo.cf_rows; INSERT @t VALUES (5); SELECT id FROM @t; REVERT", [(5,)]),
    fails("GRANT EXECUTE ON SCHEMA::dbo TO cf_typist; DENY EXECUTE ON TYPE::dbo.cf_rows TO cf_typist; " + _AS_TYPIST +
          "DECLARE @t dbo.cf_rows", 229),
    batch("HAS_PERMS_BY_NAME", "GRANT REFERENCES ON TYPE::dbo.cf_code TO cf_typist; " + _AS_TYPIST +
          "SELECT HAS_PERMS_BY_NAME('dbo.cf_code', 'TYPE', 'REFERENCES'), HAS_PERMS_BY_NAME('dbo.cf_code', 'TYPE', "
          "'EXECUTE'); REVERT", [(1, 0)]),
    batch("sys.database_permissions", "GRANT EXECUTE ON TYPE::dbo.cf_rows TO cf_typist; SELECT class, class_desc, "
          "permission_name FROM sys.database_permissions WHERE major_id = TYPE_ID('dbo.cf_rows') AND class = 6",
          [(6, "TYPE", "EXECUTE")]),
    fails("GRANT EXECUTE ON TYPE::dbo.cf_no_such_type TO cf_typist", 15151),
], ("DROP TYPE IF EXISTS dbo.cf_rows", "DROP TYPE IF EXISTS dbo.cf_code", "DROP USER IF EXISTS cf_typist")))

PARAMETERS = page("relational-databases/tables/use-table-valued-parameters-database-engine", *around(_MADE, [
    batch("rows", "DECLARE @t dbo.cf_rows; INSERT @t VALUES (1, 3), (2, 4); EXEC dbo.cf_sum @t", [(2, 7, "abc")]),
    batch("by name", "DECLARE @t dbo.cf_rows; INSERT @t VALUES (1, 3); EXEC dbo.cf_sum @code = 'x', @rows = @t", [(1,
          3, "x")]),
    batch("nothing", "EXEC dbo.cf_sum", [(0, None, "abc")]),
    batch("default", "EXEC dbo.cf_sum DEFAULT, 'y'", [(0, None, "y")]),
    batch("sp_executesql", "DECLARE @t dbo.cf_rows; INSERT @t VALUES (1, 3); EXEC sp_executesql N'SELECT id, w FROM "
          "@r', "
          "N'@r dbo.cf_rows READONLY', @t", [(1, 3)]),
    fails("DECLARE @t dbo.cf_other; EXEC dbo.cf_sum @t", 206),
    fails("DECLARE @t TABLE (id int); EXEC dbo.cf_sum @t", 206),
    fails("CREATE PROCEDURE dbo.cf_short @r dbo.cf_rows AS SELECT 1", 352),
    fails("CREATE PROCEDURE dbo.cf_short @r int READONLY AS SELECT 1", 346),
    fails("CREATE PROCEDURE dbo.cf_short @r dbo.cf_rows READONLY AS DELETE @r", 10700),
    fails("CREATE PROCEDURE dbo.cf_short @r dbo.cf_rows READONLY AS INSERT @r (id) VALUES (1)", 10700),
], _GONE))  # fmt: skip

PAGES: list[Page] = [ALIASES, GRANTS, VARIABLES, TYPES, PARAMETERS]
