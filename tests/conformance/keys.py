"""Tables with keys between them: what changes they stop, and how the catalog shows them."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_MADE = (
    "CREATE TABLE dbo.cf_owner (id int NOT NULL CONSTRAINT PK_cf_owner PRIMARY KEY, s nvarchar(10) NULL, "
    "d decimal(9, 2) NOT NULL CONSTRAINT DF_cf_owner_d DEFAULT 1.5)",
    "CREATE TABLE dbo.cf_owned (id int NOT NULL CONSTRAINT PK_cf_owned PRIMARY KEY, "
    "parent int NULL CONSTRAINT FK_cf_owned REFERENCES dbo.cf_owner (id))",
    "INSERT dbo.cf_owner (id, s) VALUES (1, N'a'); INSERT dbo.cf_owned VALUES (10, 1)",
)
_GONE = ("DROP TABLE IF EXISTS dbo.cf_owned, dbo.cf_owner",)

CHANGES = page("relational-databases/tables/primary-and-foreign-key-constraints", *around(_MADE, [
    fails("INSERT dbo.cf_owned VALUES (11, 2)", 547),
    fails("DELETE dbo.cf_owner", 547),
    fails("UPDATE dbo.cf_owner SET id = 5", 547),
    fails("UPDATE dbo.cf_owned SET parent = 5", 547),
    fails("MERGE dbo.cf_owner AS t USING (VALUES (9)) AS s (id) ON t.id = s.id WHEN NOT MATCHED BY SOURCE THEN "
          "DELETE;", 547),
    fails("INSERT dbo.cf_owner (id) VALUES (1)", 2627),
    fails("TRUNCATE TABLE dbo.cf_owner", 4712),
    fails("DROP TABLE dbo.cf_owner", 3726),
    fails("DELETE dbo.cf_owned OUTPUT deleted.id INTO dbo.cf_owner (id)", 332),
    batch("null passes", "INSERT dbo.cf_owned VALUES (12, NULL); SELECT COUNT(*) FROM dbo.cf_owned", [(2,)]),
    batch("a failed insert leaves nothing", "BEGIN TRY INSERT dbo.cf_owner (id) VALUES (2), (1) END TRY BEGIN CATCH "
          "END CATCH; "
          "SELECT COUNT(*) FROM dbo.cf_owner", [(1,)]),
    batch("an update to the same key", "UPDATE dbo.cf_owner SET id = id; SELECT @@ROWCOUNT", [(1,)]),
], _GONE))  # fmt: skip

CATALOG = page("relational-databases/system-catalog-views/sys-foreign-keys-transact-sql", *around(_MADE, [
    query("SELECT name, OBJECT_NAME(referenced_object_id) FROM sys.foreign_keys "
          "WHERE parent_object_id = OBJECT_ID(N'dbo.cf_owned')", ("FK_cf_owned", "cf_owner")),
    query("SELECT name, definition FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'dbo.cf_owner')",
          ("DF_cf_owner_d", "((1.5))")),
    query("SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION FROM "
          "INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = N'cf_owner' ORDER BY ORDINAL_POSITION",
          ("id", "int", "NO", None, 10), ("s", "nvarchar", "YES", 10, None), ("d", "decimal", "NO", None, 9)),
    query("SELECT name, TYPE_NAME(system_type_id), max_length, precision, scale, is_nullable FROM sys.columns "
          "WHERE object_id = OBJECT_ID(N'dbo.cf_owner') ORDER BY column_id",
          ("id", "int", 4, 10, 0, False), ("s", "nvarchar", 20, 0, 0, True), ("d", "decimal", 5, 9, 2, False)),
    query("SELECT COL_LENGTH('dbo.cf_owner', 's'), COLUMNPROPERTY(OBJECT_ID('dbo.cf_owner'), 's', 'AllowsNull')", (20,
          1)),
], _GONE))  # fmt: skip

ALTERED = page("t-sql/statements/alter-table-transact-sql", *around(_MADE, [
    batch("a column", "ALTER TABLE dbo.cf_owner ADD x int NULL; EXEC ('SELECT x FROM dbo.cf_owner')", [(None,)]),
    batch("a column with a default", "ALTER TABLE dbo.cf_owner ADD x int NOT NULL CONSTRAINT DF_cf_x DEFAULT 4; "
          "EXEC ('SELECT x FROM dbo.cf_owner')", [(4,)]),
    batch("another type", "ALTER TABLE dbo.cf_owner ALTER COLUMN s nvarchar(20) NULL; SELECT "
          "COL_LENGTH('dbo.cf_owner', 's')",
          [(40,)]),
    fails("ALTER TABLE dbo.cf_owner DROP COLUMN d", 5074),
    batch("a constraint and its column go", "ALTER TABLE dbo.cf_owner DROP CONSTRAINT DF_cf_owner_d; "
          "ALTER TABLE dbo.cf_owner DROP COLUMN d; SELECT COUNT(*) FROM sys.columns "
          "WHERE object_id = OBJECT_ID(N'dbo.cf_owner')", [(2,)]),
    batch("a rollback", "BEGIN TRAN; ALTER TABLE dbo.cf_owner ADD y int NULL; ROLLBACK; SELECT "
          "COL_LENGTH('dbo.cf_owner', 'y')",
          [(None,)]),
    batch("a filtered unique index", "CREATE UNIQUE INDEX UX ON dbo.cf_owner (s) WHERE s IS NOT NULL; "
          "INSERT dbo.cf_owner (id, s) VALUES (2, NULL), (3, NULL); SELECT COUNT(*) FROM dbo.cf_owner", [(3,)]),
], _GONE))  # fmt: skip

TEMPORARY = page("t-sql/statements/create-table-transact-sql",
    fails("CREATE TABLE #k (k int); CREATE UNIQUE INDEX u ON #k (k); INSERT #k VALUES (1), (1)", 2601),
    fails("CREATE TABLE #k (k int); INSERT #k VALUES (1), (1); CREATE UNIQUE INDEX u ON #k (k)", 1505),
    fails("CREATE TABLE #k (k varchar(5) PRIMARY KEY); INSERT #k VALUES ('a'), ('A ')", 2627),
    fails("CREATE TABLE #k (k int CHECK (k > 0)); INSERT #k VALUES (0)", 547),
    batch("a check lets null pass", "CREATE TABLE #k (k int NULL CHECK (k > 0)); INSERT #k VALUES (NULL); SELECT k "
          "FROM #k",
          [(None,)]),
    batch("a computed column", "CREATE TABLE #c (a int, b AS a * 2); INSERT #c (a) VALUES (4); SELECT a, b FROM #c",
          [(4, 8)]),
    fails("CREATE TABLE #c (a int, b AS a * 2); UPDATE #c SET b = 1", 271),
    fails("CREATE TABLE #k (k int); CREATE TABLE #k (k int)", 2714),
    fails("CREATE TABLE #k (k int, K int)", 2705),
    fails("CREATE TABLE #k (k no_such_type)", 2715),
    fails("DROP TABLE #never_made", 3701),
    query("DROP TABLE IF EXISTS #never_made; SELECT 1", (1,)),
)  # fmt: skip

PAGES: list[Page] = [CHANGES, CATALOG, ALTERED, TEMPORARY]
