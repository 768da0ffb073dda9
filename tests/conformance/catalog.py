"""Catalog views, metadata functions and the procedures that tell of definitions."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_CLEAN = ("DROP VIEW IF EXISTS dbo.cf_v", "DROP TABLE IF EXISTS dbo.cf_u, cf_s.cf_t",
          "DROP TABLE IF EXISTS dbo.cf_t, dbo.cf_t2", "DROP SCHEMA IF EXISTS cf_s")
_TABLE = ("CREATE TABLE dbo.cf_t (id int IDENTITY(3, 2) NOT NULL CONSTRAINT cf_pk PRIMARY KEY, "
          "a decimal(10, 2) NULL CONSTRAINT cf_df DEFAULT 5, b nvarchar(20) NOT NULL, c AS a * 2, "
          "d AS b + N'x' PERSISTED, CONSTRAINT cf_ck CHECK (a > 0))",
          "CREATE INDEX cf_ix ON dbo.cf_t (b DESC) INCLUDE (a)")
_ID = "object_id = OBJECT_ID('dbo.cf_t')"

_VIEWS = around(_TABLE, [
    query("SELECT name, column_id, max_length, precision, scale, is_nullable, is_identity, is_computed "
          f"FROM sys.columns WHERE {_ID} AND column_id < 4 ORDER BY column_id", ("id", 1, 4, 10, 0, False, True, False),
          ("a", 2, 9, 10, 2, True, False, False), ("b", 3, 40, 0, 0, False, False, False)),
    query(f"SELECT name, definition, is_persisted FROM sys.computed_columns WHERE {_ID} ORDER BY column_id",
          ("c", "([a]*(2))", False), ("d", "([b]+N'x')", True)),
    query(f"SELECT CAST(seed_value AS int), CAST(increment_value AS int) FROM sys.identity_columns WHERE {_ID}",
          (3, 2)),
    query("SELECT name, definition, parent_column_id FROM sys.default_constraints WHERE name = 'cf_df'",
          ("cf_df", "((5))", 2)),
    query("SELECT name, definition, is_disabled, is_not_trusted FROM sys.check_constraints WHERE name = 'cf_ck'",
          ("cf_ck", "([a]>(0))", False, False)),
    query("SELECT name, type, type_desc, is_system_named FROM sys.key_constraints WHERE name = 'cf_pk'",
          ("cf_pk", "PK", "PRIMARY_KEY_CONSTRAINT", False)),
    query("SELECT type, type_desc FROM sys.objects WHERE name = 'cf_t'", ("U ", "USER_TABLE")),
    query("SELECT COLUMN_NAME, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, COLUMN_DEFAULT "
          "FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'cf_t' AND ORDINAL_POSITION < 4 "
          "ORDER BY ORDINAL_POSITION",
          ("id", "NO", "int", None, None), ("a", "YES", "decimal", None, "((5))"), ("b", "NO", "nvarchar", 20, None)),
    query("SELECT CONSTRAINT_NAME, CONSTRAINT_TYPE FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS WHERE TABLE_NAME = 'cf_t' "
          "ORDER BY CONSTRAINT_NAME", ("cf_ck", "CHECK"), ("cf_pk", "PRIMARY KEY")),
    query("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = 'cf_t'",
          ("dbo", "cf_t", "BASE TABLE")),
], _CLEAN)  # fmt: skip

_FUNCTIONS = around(_TABLE, [
    query("SELECT COL_LENGTH('dbo.cf_t', 'b'), COL_LENGTH('dbo.cf_t', 'id'), COL_LENGTH('dbo.cf_t', 'nope')",
          (40, 4, None)),
    query(f"SELECT name, COL_LENGTH('dbo.cf_t', name) FROM sys.columns WHERE {_ID} AND column_id < 4 "
          "ORDER BY column_id",
          ("id", 4), ("a", 9), ("b", 40)),
    query(f"SELECT COL_NAME(object_id, column_id) FROM sys.columns WHERE {_ID} AND column_id = 3", ("b",)),
    query("SELECT COL_NAME(parent_object_id, parent_column_id) FROM sys.default_constraints WHERE name = 'cf_df'",
          ("a",)),
    query("SELECT OBJECT_SCHEMA_NAME(object_id) FROM sys.tables WHERE name = 'cf_t'", ("dbo",)),
    query("SELECT OBJECT_NAME(OBJECT_ID('dbo.cf_t')), OBJECT_ID('dbo.cf_no_such_table')", ("cf_t", None)),
    query("SELECT CASE WHEN OBJECT_ID('dbo.cf_pk') IS NULL THEN 0 ELSE 1 END", (1,)),
    query("SELECT INDEX_COL('dbo.cf_t', 1, 1), INDEX_COL('dbo.cf_t', 2, 1), INDEX_COL('dbo.cf_t', 2, 9)",
          ("id", "b", None)),
    query("SELECT v.n, COL_LENGTH('dbo.cf_t', v.n), CASE WHEN OBJECT_ID(v.n) IS NULL THEN 0 ELSE 1 END "
          "FROM (VALUES ('b'), ('dbo.cf_t'), (NULL)) AS v (n) ORDER BY v.n",
          (None, None, 0), ("b", 40, 0), ("dbo.cf_t", None, 1)),
    query("SELECT TYPE_NAME(56), TYPE_ID('nvarchar'), TYPE_ID('nope')", ("int", 231, None)),
], _CLEAN)  # fmt: skip

_RENAME = around(_TABLE, [
    batch("a table", "EXEC sp_rename 'dbo.cf_t', 'cf_t2'; EXEC ('SELECT COUNT(*) FROM dbo.cf_t2')", [(0,)]),
    batch("a column that an index has",
          "ALTER TABLE dbo.cf_t DROP COLUMN d; EXEC sp_rename 'dbo.cf_t.b', 'bb', 'COLUMN'; "
          "SELECT INDEX_COL('dbo.cf_t', 2, 1)", [("bb",)]),
    batch("an index", "EXEC sp_rename N'dbo.cf_t.cf_ix', N'cf_iy', N'INDEX'; "
          f"SELECT name FROM sys.indexes WHERE {_ID} AND index_id = 2", [("cf_iy",)]),
    batch("a primary key", "EXEC sp_rename 'dbo.cf_pk', 'cf_pk2'; "
          f"SELECT name FROM sys.indexes WHERE {_ID} AND index_id = 1", [("cf_pk2",)]),
    batch("a table type, and what takes it",
          "CREATE TYPE dbo.cf_k AS TABLE (a int); "
          "EXEC ('CREATE PROCEDURE dbo.cf_takes @r dbo.cf_k READONLY AS SELECT 1'); "
          "EXEC sp_rename 'dbo.cf_k', 'cf_old', 'USERDATATYPE'; "
          "SELECT TYPE_ID('dbo.cf_k'), TYPE_NAME(user_type_id) FROM sys.parameters "
          "WHERE object_id = OBJECT_ID('dbo.cf_takes'); "
          "DROP PROCEDURE dbo.cf_takes; DROP TYPE dbo.cf_old", [(None, "cf_old")]),
    fails("EXEC sp_rename 'dbo.cf_no_such_type', 'x', 'USERDATATYPE'", 15248),
    fails("EXEC sp_rename 'dbo.cf_t.a', 'aa', 'COLUMN'", 15336),
    fails("EXEC sp_rename 'dbo.cf_t.nope', 'x', 'COLUMN'", 15248),
    fails("EXEC sp_rename 'dbo.cf_t.nope', 'x', 'INDEX'", 15248),
    fails("EXEC sp_rename 'dbo.cf_no_such_table', 'x'", 15225),
    fails("EXEC sp_rename 'dbo.cf_t', 'x', 'NONSENSE'", 15249),
    fails("CREATE TABLE dbo.cf_t2 (a int); EXEC sp_rename 'dbo.cf_t', 'cf_t2'", 15335),
    fails("EXEC sp_rename 'dbo.cf_t.id', 'b', 'COLUMN'", 15335),
], _CLEAN)  # fmt: skip

_T = "@level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'cf_t'"
_PROPERTIES = around(_TABLE, [
    batch("of a table", f"EXEC sp_addextendedproperty @name = N'p', @value = N'text', {_T}; "
          "SELECT objtype, objname, name, CAST(value AS nvarchar(20)) "
          "FROM fn_listextendedproperty(NULL, 'schema', 'dbo', 'table', 'cf_t', NULL, NULL)",
          [("TABLE", "cf_t", "p", "text")]),
    batch("of a column", "EXEC sp_addextendedproperty N'p', N'text', 'schema', dbo, 'table', cf_t, 'column', b; "
          "SELECT objtype, objname, name, CAST(value AS nvarchar(20)) "
          "FROM fn_listextendedproperty(NULL, 'schema', 'dbo', 'table', 'cf_t', 'column', default)",
          [("COLUMN", "b", "p", "text")]),
    batch("in sys.extended_properties",
          "EXEC sp_addextendedproperty N'p', N'text', 'schema', dbo, 'table', cf_t, 'column', b; "
          "SELECT class, class_desc, minor_id, name FROM sys.extended_properties "
          "WHERE major_id = OBJECT_ID('dbo.cf_t')",
          [(1, "OBJECT_OR_COLUMN", 3, "p")]),
    batch("changed", f"EXEC sp_addextendedproperty @name = N'p', @value = N'x', {_T}; "
          f"EXEC sp_updateextendedproperty @name = N'p', @value = N'y', {_T}; "
          "SELECT CAST(value AS nvarchar(20)) FROM sys.extended_properties WHERE major_id = OBJECT_ID('dbo.cf_t')",
          [("y",)]),
    batch("dropped", f"EXEC sp_addextendedproperty @name = N'p', @value = N'x', {_T}; "
          f"EXEC sp_dropextendedproperty @name = N'p', {_T}; "
          "SELECT COUNT(*) FROM sys.extended_properties WHERE major_id = OBJECT_ID('dbo.cf_t')", [(0,)]),
    fails(f"EXEC sp_addextendedproperty @name = N'p', @value = N'x', {_T}; "
          f"EXEC sp_addextendedproperty @name = N'p', @value = N'x', {_T}", 15233),
    fails(f"EXEC sp_updateextendedproperty @name = N'p', @value = N'x', {_T}", 15217),
    fails(f"EXEC sp_dropextendedproperty @name = N'p', {_T}", 15217),
    fails("EXEC sp_addextendedproperty N'p', N'x', 'schema', dbo, 'table', cf_no_such_table", 15135),
    batch("they go with the column",
          "EXEC sp_addextendedproperty N'p', N'x', 'schema', dbo, 'table', cf_t, 'column', c; "
          "ALTER TABLE dbo.cf_t DROP COLUMN c; "
          "SELECT COUNT(*) FROM sys.extended_properties WHERE major_id = OBJECT_ID('dbo.cf_t')", [(0,)]),
], _CLEAN)  # fmt: skip

_SCHEMAS = around((*_TABLE, "CREATE SCHEMA cf_s"), [
    batch("an object moves", "INSERT dbo.cf_t (b) VALUES ('x'); ALTER SCHEMA cf_s TRANSFER dbo.cf_t; "
          "EXEC ('SELECT b FROM cf_s.cf_t'); SELECT SCHEMA_NAME(schema_id) FROM sys.tables WHERE name = 'cf_t'",
          [("x",)], [("cf_s",)]),
    batch("with OBJECT::", "ALTER SCHEMA cf_s TRANSFER OBJECT::dbo.cf_t; "
          "SELECT OBJECT_SCHEMA_NAME(OBJECT_ID('cf_s.cf_t'))", [("cf_s",)]),
    fails("ALTER SCHEMA cf_s TRANSFER dbo.cf_no_such_table", 15151),
    fails("ALTER SCHEMA cf_no_such_schema TRANSFER dbo.cf_t", 15151),
    fails("CREATE TABLE cf_s.cf_t (a int); ALTER SCHEMA cf_s TRANSFER dbo.cf_t", 15530),
    fails("CREATE TABLE cf_s.cf_t (a int); DROP SCHEMA cf_s", 3729),
    query("DROP SCHEMA IF EXISTS cf_no_such_schema; SELECT 1", (1,)),
], _CLEAN)  # fmt: skip

_KEYS = around((*_TABLE, "CREATE TABLE dbo.cf_u (t int CONSTRAINT cf_fk REFERENCES dbo.cf_t (id) ON DELETE CASCADE)"), [
    query("EXEC sp_helpindex 'dbo.cf_t'",
          ("cf_ix", "nonclustered located on PRIMARY", "b(-)"),
          ("cf_pk", "clustered, unique, primary key located on PRIMARY", "id")),
    fails("EXEC sp_helpindex 'dbo.cf_no_such_table'", 15009),
    batch("sp_pkeys", "CREATE TABLE #k (q sysname, o sysname, t sysname, c sysname, s smallint, n sysname); "
          "INSERT #k EXEC sp_pkeys 'cf_t', 'dbo'; SELECT o, t, c, s, n FROM #k", [("dbo", "cf_t", "id", 1, "cf_pk")]),
    batch("sp_fkeys", "CREATE TABLE #k (a sysname, b sysname, c sysname, d sysname, e sysname, f sysname, g sysname, "
          "h sysname, s smallint, u smallint, v smallint, n sysname, p sysname, w smallint); "
          "INSERT #k EXEC sp_fkeys @pktable_name = 'cf_t', @pktable_owner = 'dbo'; "
          "SELECT c, d, g, h, s, u, v, n, p FROM #k", [("cf_t", "id", "cf_u", "t", 1, 1, 0, "cf_fk", "cf_pk")]),
], _CLEAN)  # fmt: skip

_HELP = around((
    "CREATE TYPE dbo.cf_name FROM nvarchar(40) NULL", "CREATE TYPE dbo.cf_rows AS TABLE (a int)",
    "CREATE TABLE dbo.cf_t (id int NOT NULL CONSTRAINT cf_pk PRIMARY KEY)",
    "CREATE TABLE dbo.cf_u (t int CONSTRAINT cf_fk REFERENCES dbo.cf_t (id) ON DELETE CASCADE ON UPDATE SET NULL)",
), [
    query("EXEC sp_help 'dbo.cf_name'",
          ("cf_name", "nvarchar", 80, 40, None, "yes", "none", "none", "SQL_Latin1_General_CP1_CI_AS")),
    query("EXEC sp_help 'dbo.cf_rows'", ("cf_rows", "table type", -1, 0, None, "no", "none", "none", None)),
    batch("sp_helpconstraint", "CREATE TABLE #c (t nvarchar(146), n sysname, d nvarchar(9), u nvarchar(9), "
          "e varchar(8), r varchar(19), k nvarchar(2126)); INSERT #c EXEC sp_helpconstraint 'dbo.cf_u', 'nomsg'; "
          "SELECT t, n, d, u, e, r, k FROM #c WHERE t = 'FOREIGN KEY'",
          [("FOREIGN KEY", "cf_fk", "Cascade", "Set Null", "Enabled", "Is_For_Replication", "t")]),
], (*_CLEAN, "DROP TYPE IF EXISTS dbo.cf_name", "DROP TYPE IF EXISTS dbo.cf_rows"))  # fmt: skip

PAGES: list[Page] = [
    page("relational-databases/system-catalog-views/object-catalog-views-transact-sql", *_VIEWS),
    page("t-sql/functions/metadata-functions-transact-sql", *_FUNCTIONS),
    page("relational-databases/system-stored-procedures/sp-rename-transact-sql", *_RENAME),
    page("relational-databases/system-stored-procedures/sp-addextendedproperty-transact-sql", *_PROPERTIES),
    page("t-sql/statements/alter-schema-transact-sql", *_SCHEMAS),
    page("relational-databases/system-stored-procedures/sp-helpindex-transact-sql", *_KEYS),
    page("relational-databases/system-stored-procedures/sp-help-transact-sql", *_HELP),
]
