"""Temporal tables."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_CLEAN = (
    "IF EXISTS (SELECT 1 FROM sys.tables WHERE name = 'cf_t' AND temporal_type = 2) "
    "ALTER TABLE dbo.cf_t SET (SYSTEM_VERSIONING = OFF)",
    "DROP TABLE IF EXISTS dbo.cf_t, dbo.cf_h",
)
_COLUMNS = ("id int NOT NULL CONSTRAINT cf_pk PRIMARY KEY, v int NULL, "
            "f datetime2 GENERATED ALWAYS AS ROW START {hidden} NOT NULL, "
            "t datetime2 GENERATED ALWAYS AS ROW END {hidden} NOT NULL, PERIOD FOR SYSTEM_TIME (f, t)")  # fmt: skip
_OPEN = _COLUMNS.format(hidden="")
_HIDDEN = _COLUMNS.format(hidden="HIDDEN")
_ON = "WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.cf_h))"
_WAIT = "WAITFOR DELAY '00:00:00.020'; "
_CREATE = (f"CREATE TABLE dbo.cf_t ({_HIDDEN}) {_ON}",)

_CHANGES = around(_CREATE, [
    batch("UPDATE and DELETE keep the former rows",
          f"INSERT dbo.cf_t VALUES (1, 10), (2, 20); {_WAIT}UPDATE dbo.cf_t SET v = 11 WHERE id = 1; "
          f"{_WAIT}DELETE dbo.cf_t WHERE id = 2; SELECT id, v FROM dbo.cf_h ORDER BY id; SELECT id, v FROM dbo.cf_t",
          [(1, 10), (2, 20)], [(1, 11)]),
    batch("MERGE keeps the former rows",
          f"INSERT dbo.cf_t VALUES (1, 10); {_WAIT}MERGE dbo.cf_t AS t USING (VALUES (1, 11), (2, 20)) AS s (id, v) "
          "ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (id, v) "
          "VALUES (s.id, s.v); SELECT id, v FROM dbo.cf_h; SELECT id, v FROM dbo.cf_t ORDER BY id",
          [(1, 10)], [(1, 11), (2, 20)]),
    batch("* leaves hidden columns out", "INSERT dbo.cf_t VALUES (1, 10); SELECT * FROM dbo.cf_t", [(1, 10)]),
    batch("a current row ends at the end of time",
          "INSERT dbo.cf_t VALUES (1, 10); SELECT YEAR(t), DATEDIFF(day, f, SYSUTCDATETIME()) FROM dbo.cf_t",
          [(9999, 0)]),
    batch("FOR SYSTEM_TIME ALL",
          f"INSERT dbo.cf_t VALUES (1, 10); {_WAIT}UPDATE dbo.cf_t SET v = 11; "
          "SELECT v FROM dbo.cf_t FOR SYSTEM_TIME ALL ORDER BY v", [(10,), (11,)]),
    batch("FOR SYSTEM_TIME AS OF",
          f"INSERT dbo.cf_t VALUES (1, 10); {_WAIT}DECLARE @t datetime2 = SYSUTCDATETIME(); {_WAIT}"
          "UPDATE dbo.cf_t SET v = 11; SELECT v FROM dbo.cf_t FOR SYSTEM_TIME AS OF @t; "
          "SELECT v FROM dbo.cf_t FOR SYSTEM_TIME AS OF '2000-01-01'", [(10,)], []),
    batch("the bounds of FROM, BETWEEN and CONTAINED IN",
          f"INSERT dbo.cf_t VALUES (1, 10); {_WAIT}UPDATE dbo.cf_t SET v = 11; {_WAIT}UPDATE dbo.cf_t SET v = 12; "
          "DECLARE @a datetime2, @b datetime2; SELECT @a = f, @b = t FROM dbo.cf_h WHERE v = 11; "
          "SELECT v FROM dbo.cf_t FOR SYSTEM_TIME FROM @a TO @b ORDER BY v; "
          "SELECT v FROM dbo.cf_t FOR SYSTEM_TIME BETWEEN @a AND @b ORDER BY v; "
          "SELECT v FROM dbo.cf_t FOR SYSTEM_TIME CONTAINED IN (@a, @b) ORDER BY v",
          [(11,)], [(11,), (12,)], [(11,)]),
    batch("versions of no duration are not seen",
          f"INSERT dbo.cf_t VALUES (1, 10); {_WAIT}BEGIN TRAN; UPDATE dbo.cf_t SET v = 11; UPDATE dbo.cf_t SET v = 12; "
          "COMMIT; SELECT COUNT(*) FROM dbo.cf_h; SELECT v FROM dbo.cf_t FOR SYSTEM_TIME ALL ORDER BY v",
          [(2,)], [(10,), (12,)]),
    batch("a rollback takes the history back",
          "INSERT dbo.cf_t VALUES (1, 10); BEGIN TRAN; DELETE dbo.cf_t; ROLLBACK; SELECT COUNT(*) FROM dbo.cf_h",
          [(0,)]),
    fails("INSERT dbo.cf_t (id, v, f) VALUES (1, 10, '2020-01-01')", 13536),
    fails("UPDATE dbo.cf_t SET f = '2020-01-01'", 13537),
    fails("INSERT dbo.cf_h (id, v, f, t) VALUES (1, 1, '2020-01-01', '2020-01-02')", 13559),
    fails("DELETE dbo.cf_h", 13560),
    fails("UPDATE dbo.cf_h SET v = 1", 13561),
    fails("TRUNCATE TABLE dbo.cf_t", 13545),
    fails("DROP TABLE dbo.cf_t", 13552),
    fails("DROP TABLE dbo.cf_h", 13552),
    fails("ALTER TABLE dbo.cf_t DROP CONSTRAINT cf_pk", 13557),
    fails("ALTER TABLE dbo.cf_t DROP PERIOD FOR SYSTEM_TIME", 13592),
    fails("ALTER TABLE dbo.cf_t ADD c AS v * 2", 13724),
    fails("ALTER TABLE dbo.cf_h ADD c int", 13550),
    fails("ALTER TABLE dbo.cf_t ALTER COLUMN f datetime2(3) NOT NULL", 13599),
    fails("ALTER TABLE dbo.cf_t SET (SYSTEM_VERSIONING = ON)", 13596),
    fails("ALTER TABLE dbo.cf_h SET (SYSTEM_VERSIONING = OFF)", 13591),
    batch("a new column is the history's, too",
          f"INSERT dbo.cf_t VALUES (1, 10); {_WAIT}DELETE dbo.cf_t; ALTER TABLE dbo.cf_t ADD c int NULL; "
          "EXEC ('SELECT id, v, c FROM dbo.cf_h')", [(1, 10, None)]),
    batch("without versioning the history stays behind",
          f"INSERT dbo.cf_t VALUES (1, 10); ALTER TABLE dbo.cf_t SET (SYSTEM_VERSIONING = OFF); {_WAIT}"
          "DELETE dbo.cf_t; SELECT COUNT(*) FROM dbo.cf_h", [(0,)]),
], _CLEAN)  # fmt: skip

_DEFINED = around((), [
    fails("CREATE TABLE dbo.cf_t (id int PRIMARY KEY) WITH (SYSTEM_VERSIONING = ON)", 13510),
    fails(f"CREATE TABLE dbo.cf_t ({_OPEN.replace('CONSTRAINT cf_pk PRIMARY KEY', '')}) {_ON}", 13553),
    fails(f"CREATE TABLE dbo.cf_t ({_OPEN}) WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = cf_h))", 13539),
    fails(f"CREATE TABLE dbo.cf_h (id int NOT NULL); CREATE TABLE dbo.cf_t ({_OPEN}) {_ON}", 13523),
    fails("CREATE TABLE dbo.cf_h (id int NOT NULL, w int, f datetime2 NOT NULL, t datetime2 NOT NULL); "
          f"CREATE TABLE dbo.cf_t ({_OPEN}) {_ON}", 13524),
    fails("CREATE TABLE dbo.cf_h (id int NOT NULL, v bigint, f datetime2 NOT NULL, t datetime2 NOT NULL); "
          f"CREATE TABLE dbo.cf_t ({_OPEN}) {_ON}", 13525),
    fails("CREATE TABLE dbo.cf_h (id int NOT NULL PRIMARY KEY, v int, f datetime2 NOT NULL, t datetime2 NOT NULL); "
          f"CREATE TABLE dbo.cf_t ({_OPEN}) {_ON}", 13515),
    fails("CREATE TABLE dbo.cf_t (id int PRIMARY KEY); SELECT * FROM dbo.cf_t FOR SYSTEM_TIME ALL", 13544),
    batch("a table of one's own becomes the history",
          "CREATE TABLE dbo.cf_h (id int NOT NULL, v int NULL, f datetime2 NOT NULL, t datetime2 NOT NULL); "
          "INSERT dbo.cf_h VALUES (1, 5, '2020-01-01', '2020-02-01'); "
          f"CREATE TABLE dbo.cf_t ({_OPEN}) {_ON}; SELECT v FROM dbo.cf_t FOR SYSTEM_TIME AS OF '2020-01-15'",
          [(5,)]),
    batch("a period is added to a table with rows",
          "CREATE TABLE dbo.cf_t (id int NOT NULL CONSTRAINT cf_pk PRIMARY KEY, v int); INSERT dbo.cf_t VALUES (1, 1); "
          "ALTER TABLE dbo.cf_t ADD f datetime2 GENERATED ALWAYS AS ROW START HIDDEN NOT NULL "
          "CONSTRAINT cf_df DEFAULT '2000-01-01', t datetime2 GENERATED ALWAYS AS ROW END HIDDEN NOT NULL "
          "CONSTRAINT cf_dt DEFAULT '9999-12-31 23:59:59.9999999', PERIOD FOR SYSTEM_TIME (f, t); "
          "ALTER TABLE dbo.cf_t SET (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.cf_h)); UPDATE dbo.cf_t SET v = 2; "
          "EXEC ('SELECT v, YEAR(f) FROM dbo.cf_h')", [(1, 2000)]),
    batch("columns that are not hidden take DEFAULT",
          f"CREATE TABLE dbo.cf_t ({_OPEN}) {_ON}; INSERT dbo.cf_t VALUES (1, 2, DEFAULT, DEFAULT); "
          "SELECT id, v FROM dbo.cf_t", [(1, 2)]),
    batch("sys.tables and sys.periods",
          f"CREATE TABLE dbo.cf_t ({_HIDDEN}) {_ON}; SELECT name, temporal_type, temporal_type_desc, "
          "OBJECT_NAME(history_table_id) FROM sys.tables WHERE name LIKE 'cf[_]_' ORDER BY name; "
          "SELECT name, period_type, period_type_desc, start_column_id, end_column_id FROM sys.periods "
          "WHERE object_id = OBJECT_ID('dbo.cf_t')",
          [("cf_h", 1, "HISTORY_TABLE", None), ("cf_t", 2, "SYSTEM_VERSIONED_TEMPORAL_TABLE", "cf_h")],
          [("SYSTEM_TIME", 1, "SYSTEM_TIME_PERIOD", 3, 4)]),
    query(f"CREATE TABLE dbo.cf_t ({_HIDDEN}) {_ON}; SELECT name, generated_always_type, generated_always_type_desc, "
          "is_hidden FROM sys.columns WHERE object_id = OBJECT_ID('dbo.cf_t') AND column_id > 2 ORDER BY column_id",
          ("f", 1, "AS_ROW_START", True), ("t", 2, "AS_ROW_END", True)),
], _CLEAN)  # fmt: skip

PAGES: list[Page] = [
    page("relational-databases/tables/temporal-tables", *_CHANGES),
    page("relational-databases/tables/creating-a-system-versioned-temporal-table", *_DEFINED),
]
