"""CREATE, ALTER and DROP INDEX: unique, filtered, included, columnstore."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_CLEAN = ("DROP TABLE IF EXISTS dbo.cf_t",)
_TABLE = ("CREATE TABLE dbo.cf_t (id int NOT NULL, a int NULL, b varchar(20) NULL, m varchar(max) NULL)",
          "INSERT dbo.cf_t VALUES (1, 1, 'x', NULL), (2, 2, 'y', NULL), (3, NULL, 'z', NULL)")  # fmt: skip
_SHOWN = "FROM sys.indexes WHERE object_id = OBJECT_ID('dbo.cf_t') AND name = 'cf_i'"

_CREATE = [
    fails("CREATE TABLE #t (a int); INSERT #t VALUES (1), (1); CREATE UNIQUE INDEX i ON #t (a)", 1505),
    fails("CREATE TABLE #t (a int); CREATE UNIQUE INDEX i ON #t (a); INSERT #t VALUES (1), (1)", 2601),
    fails("CREATE TABLE #t (a int); CREATE UNIQUE INDEX i ON #t (a); INSERT #t VALUES (NULL), (NULL)", 2601),
    query("CREATE TABLE #t (a int, b int); CREATE UNIQUE INDEX i ON #t (a, b DESC); INSERT #t VALUES (1, 1), (1, 2); "
          "SELECT COUNT(*) FROM #t", (2,)),
    fails("CREATE TABLE #t (a int); CREATE INDEX i ON #t (b)", 1911),
    fails("CREATE TABLE #t (a int); CREATE INDEX i ON #t (a); CREATE INDEX i ON #t (a)", 1913),
    fails("CREATE TABLE #t (a int, b int); CREATE CLUSTERED INDEX i ON #t (a); "
          "CREATE CLUSTERED INDEX j ON #t (b)", 1902),
    fails("CREATE TABLE #t (a int); CREATE INDEX i ON #t (a, a)", 1909),
    fails("CREATE TABLE #t (a varchar(max)); CREATE INDEX i ON #t (a)", 1919),
    fails("CREATE TABLE #t (a char(1000), b char(1000)); CREATE INDEX i ON #t (a, b)", 1944),
    fails("CREATE TABLE #t (a int, b int); CREATE CLUSTERED INDEX i ON #t (a) INCLUDE (b)", 10601),
    fails("CREATE TABLE #t (a int, b int); CREATE INDEX i ON #t (a) INCLUDE (c)", 1911),
    query("CREATE TABLE #t (a int, b varchar(max)); CREATE INDEX i ON #t (a) INCLUDE (b); SELECT 1", (1,)),
    fails("CREATE INDEX i ON dbo.cf_no_such_table (a)", 1088),
    query("CREATE TABLE #t (a int, INDEX i UNIQUE (a)); INSERT #t VALUES (1); SELECT a FROM #t", (1,)),
    fails("CREATE TABLE #t (a int, INDEX i UNIQUE (a)); INSERT #t VALUES (1), (1)", 2601),
    query("CREATE TABLE #t (a int); CREATE INDEX i ON #t (a) WITH (FILLFACTOR = 80, ONLINE = OFF) ON [PRIMARY]; "
          "SELECT 1", (1,)),
    query("CREATE TABLE #t (a int, b int); CREATE INDEX i ON #t (a); "
          "CREATE UNIQUE INDEX i ON #t (b) WITH (DROP_EXISTING = ON); SELECT 1", (1,)),
    fails("CREATE TABLE #t (a int); CREATE INDEX i ON #t (a) WITH (DROP_EXISTING = ON)", 7999),
]  # fmt: skip

_FILTERED = [
    query("CREATE TABLE #t (a int); CREATE UNIQUE INDEX i ON #t (a) WHERE a IS NOT NULL; "
          "INSERT #t VALUES (NULL), (NULL), (1); SELECT COUNT(*) FROM #t", (3,)),
    fails("CREATE TABLE #t (a int); CREATE UNIQUE INDEX i ON #t (a) WHERE a IS NOT NULL; INSERT #t VALUES (1), (1)",
          2601),
    query("CREATE TABLE #t (a int, s varchar(5)); CREATE UNIQUE INDEX i ON #t (a) WHERE s = 'on' AND a > 0; "
          "INSERT #t VALUES (1, 'off'), (1, 'off'), (1, 'on'), (0, 'on'), (0, 'on'); SELECT COUNT(*) FROM #t", (5,)),
    fails("CREATE TABLE #t (a int, s varchar(5)); CREATE UNIQUE INDEX i ON #t (a) WHERE s = 'on'; "
          "INSERT #t VALUES (1, 'off'), (1, 'on'); UPDATE #t SET s = 'on'", 2601),
    query("CREATE TABLE #t (a int); CREATE UNIQUE INDEX i ON #t (a) WHERE a IN (1, 2); INSERT #t VALUES (3), (3); "
          "SELECT COUNT(*) FROM #t", (2,)),
    fails("CREATE TABLE #t (a int, b int); CREATE INDEX i ON #t (a) WHERE a > b", 10735),
    fails("CREATE TABLE #t (a int, b int); CREATE INDEX i ON #t (a) WHERE a = 1 OR b = 1", 156),
    fails("CREATE TABLE #t (a int); CREATE INDEX i ON #t (a) WHERE c > 1", 207),
    fails("CREATE TABLE #t (a int, c AS a * 2); CREATE INDEX i ON #t (a) WHERE c > 1", 10609),
]  # fmt: skip

_SHOW = around(_TABLE, [
    query(f"CREATE INDEX cf_i ON dbo.cf_t (a); SELECT type, type_desc, is_unique, has_filter, is_disabled {_SHOWN}",
          (2, "NONCLUSTERED", False, False, False)),
    query(f"CREATE UNIQUE CLUSTERED INDEX cf_i ON dbo.cf_t (id); SELECT index_id, type_desc, is_unique {_SHOWN}",
          (1, "CLUSTERED", True)),
    query("CREATE INDEX cf_i ON dbo.cf_t (a) WHERE a > 5; "
          f"SELECT has_filter, filter_definition {_SHOWN}", (True, "([a]>(5))")),
    query(f"CREATE CLUSTERED COLUMNSTORE INDEX cf_i ON dbo.cf_t; SELECT type, type_desc {_SHOWN}",
          (5, "CLUSTERED COLUMNSTORE")),
    query("CREATE NONCLUSTERED COLUMNSTORE INDEX cf_i ON dbo.cf_t (id, a); "
          f"SELECT type, type_desc, is_unique {_SHOWN}", (6, "NONCLUSTERED COLUMNSTORE", False)),
    query("CREATE COLUMNSTORE INDEX cf_i ON dbo.cf_t (id); INSERT dbo.cf_t (id) VALUES (1); "
          "SELECT COUNT(*) FROM dbo.cf_t", (4,)),
    fails("CREATE COLUMNSTORE INDEX cf_i ON dbo.cf_t (id); CREATE COLUMNSTORE INDEX cf_j ON dbo.cf_t (a)", 35339),
    fails("CREATE CLUSTERED COLUMNSTORE INDEX cf_i ON dbo.cf_t; CREATE CLUSTERED INDEX cf_j ON dbo.cf_t (a)", 1902),
    batch("included columns in sys.index_columns",
          "CREATE INDEX cf_i ON dbo.cf_t (a DESC) INCLUDE (b); "
          "SELECT c.name, ic.key_ordinal, ic.is_descending_key, ic.is_included_column FROM sys.index_columns ic "
          "JOIN sys.indexes i ON i.object_id = ic.object_id AND i.index_id = ic.index_id "
          "JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id "
          "WHERE i.name = 'cf_i' ORDER BY ic.index_column_id", [("a", 1, True, False), ("b", 0, False, True)]),
    query("SELECT type_desc, name FROM sys.indexes WHERE object_id = OBJECT_ID('dbo.cf_t')", ("HEAP", None)),
], _CLEAN)  # fmt: skip

_ALTER = around(_TABLE, [
    batch("a disabled unique index is not enforced; REBUILD enforces it again",
          "CREATE UNIQUE INDEX cf_i ON dbo.cf_t (id); ALTER INDEX cf_i ON dbo.cf_t DISABLE; "
          f"SELECT is_disabled {_SHOWN}; INSERT dbo.cf_t (id) VALUES (1); DELETE TOP (1) FROM dbo.cf_t WHERE id = 1; "
          f"ALTER INDEX cf_i ON dbo.cf_t REBUILD; SELECT is_disabled {_SHOWN}", [(True,)], [(False,)]),
    fails("CREATE UNIQUE INDEX cf_i ON dbo.cf_t (id); ALTER INDEX cf_i ON dbo.cf_t DISABLE; "
          "INSERT dbo.cf_t (id) VALUES (1); ALTER INDEX cf_i ON dbo.cf_t REBUILD", 1505),
    query("CREATE INDEX cf_i ON dbo.cf_t (id); ALTER INDEX ALL ON dbo.cf_t REBUILD; "
          "ALTER INDEX cf_i ON dbo.cf_t REORGANIZE; SELECT 1", (1,)),
    fails("ALTER INDEX cf_nope ON dbo.cf_t REBUILD", 2727),
], _CLEAN)  # fmt: skip

_DROP = around(_TABLE, [
    query(f"CREATE INDEX cf_i ON dbo.cf_t (id); DROP INDEX cf_i ON dbo.cf_t; SELECT COUNT(*) {_SHOWN}", (0,)),
    query("DROP INDEX IF EXISTS cf_nope ON dbo.cf_t; SELECT 1", (1,)),
    fails("DROP INDEX cf_nope ON dbo.cf_t", 3701),
    fails("ALTER TABLE dbo.cf_t ADD CONSTRAINT cf_pk PRIMARY KEY (id); DROP INDEX cf_pk ON dbo.cf_t", 3723),
    query("CREATE INDEX cf_i ON dbo.cf_t (id); CREATE INDEX cf_j ON dbo.cf_t (a); "
          "DROP INDEX cf_i ON dbo.cf_t, cf_j ON dbo.cf_t; SELECT COUNT(*) FROM sys.indexes "
          "WHERE object_id = OBJECT_ID('dbo.cf_t') AND name IS NOT NULL", (0,)),
], _CLEAN)  # fmt: skip

_LONG = "CREATE TABLE #k (a varchar(1000) PRIMARY KEY, b nvarchar(900)); CREATE INDEX i ON #k (b); "

PAGES: list[Page] = [
    page("sql-server/maximum-capacity-specifications-for-sql-server",
         query(_LONG + "INSERT #k VALUES (REPLICATE('x', 900), REPLICATE(N'y', 850)); SELECT COUNT(*) FROM #k", (1,)),
         fails(_LONG + "INSERT #k VALUES (REPLICATE('x', 901), N'y')", 1946),
         fails(_LONG + "INSERT #k VALUES ('x', N'y'), ('z', REPLICATE(N'y', 851))", 1946),
         fails(_LONG + "INSERT #k VALUES ('x', N'y'); UPDATE #k SET a = REPLICATE('x', 901)", 1946)),
    page("t-sql/statements/create-index-transact-sql", *_CREATE),
    page("relational-databases/indexes/create-filtered-indexes", *_FILTERED),
    page("relational-databases/system-catalog-views/sys-indexes-transact-sql", *_SHOW),
    page("t-sql/statements/alter-index-transact-sql", *_ALTER),
    page("t-sql/statements/drop-index-transact-sql", *_DROP),
]
