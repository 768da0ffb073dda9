"""PRIMARY KEY, UNIQUE, CHECK, DEFAULT and FOREIGN KEY."""

from __future__ import annotations

from tests.conformance.form import Page, around, batch, fails, page, query

_CLEAN = ("DROP TABLE IF EXISTS dbo.cf_c, dbo.cf_b", "DROP TABLE IF EXISTS dbo.cf_a")

_KEYS = [
    fails("CREATE TABLE #t (a int PRIMARY KEY); INSERT #t VALUES (1), (1)", 2627),
    fails("CREATE TABLE #t (a int UNIQUE); INSERT #t VALUES (NULL), (NULL)", 2627),
    fails("CREATE TABLE #t (a int PRIMARY KEY); INSERT #t VALUES (NULL)", 515),
    fails("CREATE TABLE #t (a int NULL PRIMARY KEY)", 8111),
    fails("CREATE TABLE #t (a int NULL); ALTER TABLE #t ADD PRIMARY KEY (a)", 8111),
    fails("CREATE TABLE #t (a int PRIMARY KEY, b int NOT NULL); ALTER TABLE #t ADD PRIMARY KEY (b)", 1779),
    fails("CREATE TABLE #t (a int NOT NULL); INSERT #t VALUES (1), (1); ALTER TABLE #t ADD PRIMARY KEY (a)", 1505),
    fails("CREATE TABLE #t (a int NOT NULL); INSERT #t VALUES (1), (1); ALTER TABLE #t ADD UNIQUE (a)", 1505),
    fails("CREATE TABLE #t (a int PRIMARY KEY CLUSTERED, b int UNIQUE CLUSTERED)", 8112),
    fails("CREATE TABLE #t (a int, PRIMARY KEY (b))", 1911),
    fails("CREATE TABLE #t (a int, UNIQUE (a, a))", 1909),
    fails("CREATE TABLE #t (a varchar(max) UNIQUE)", 1919),
    query("CREATE TABLE #t (a int, b int, PRIMARY KEY (a, b)); INSERT #t VALUES (1, 1), (1, 2); "
          "SELECT COUNT(*) FROM #t", (2,)),
    batch("1750 follows the error of a key",
          "CREATE TABLE #t (a int NULL); BEGIN TRY ALTER TABLE #t ADD PRIMARY KEY (a) END TRY "
          "BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", [(1750,)]),
    fails("CREATE TABLE #t (a varchar(5) UNIQUE); INSERT #t VALUES ('a'), ('A')", 2627),
    fails("CREATE TABLE #t (a varchar(5) UNIQUE); INSERT #t VALUES ('a'), ('a ')", 2627),
]  # fmt: skip

_CHECKS = [
    fails("CREATE TABLE #t (a int CHECK (a > 0)); INSERT #t VALUES (0)", 547),
    query("CREATE TABLE #t (a int CHECK (a > 0)); INSERT #t VALUES (NULL); SELECT COUNT(*) FROM #t", (1,)),
    fails("CREATE TABLE #t (a datetime CHECK (a < GETDATE())); INSERT #t VALUES ('9990-01-01')", 547),
    fails("CREATE TABLE #t (a datetime CHECK (a < GETDATE())); INSERT #t VALUES ('2000-01-01'), ('9990-01-01')", 547),
    query("CREATE TABLE #t (a datetime CHECK (a < GETDATE())); INSERT #t VALUES ('2000-01-01'); "
          "SELECT COUNT(*) FROM #t", (1,)),
    fails("CREATE TABLE #t (a int, b int, CHECK (a < b)); INSERT #t VALUES (2, 1)", 547),
    fails("CREATE TABLE #t (a int, b int CHECK (a < b))", 8141),
    fails("CREATE TABLE #t (a int, CHECK (c > 0))", 207),
    fails("CREATE TABLE #t (a int); INSERT #t VALUES (0); ALTER TABLE #t ADD CHECK (a > 0)", 547),
    query("CREATE TABLE #t (a int); INSERT #t VALUES (0); ALTER TABLE #t WITH NOCHECK ADD CHECK (a > 0); "
          "SELECT a FROM #t", (0,)),
    fails("CREATE TABLE #t (a int); INSERT #t VALUES (0); ALTER TABLE #t WITH NOCHECK ADD CHECK (a > 0); "
          "INSERT #t VALUES (-1)", 547),
    query("CREATE TABLE #t (a int CONSTRAINT cf_ck CHECK (a > 0)); ALTER TABLE #t NOCHECK CONSTRAINT cf_ck; "
          "INSERT #t VALUES (-1); SELECT a FROM #t", (-1,)),
    query("CREATE TABLE #t (a int CHECK (a > 0)); ALTER TABLE #t NOCHECK CONSTRAINT ALL; INSERT #t VALUES (-1); "
          "ALTER TABLE #t CHECK CONSTRAINT ALL; SELECT a FROM #t", (-1,)),
    fails("CREATE TABLE #t (a int CHECK (a > 0)); ALTER TABLE #t NOCHECK CONSTRAINT ALL; INSERT #t VALUES (-1); "
          "ALTER TABLE #t WITH CHECK CHECK CONSTRAINT ALL", 547),
    fails("CREATE TABLE #t (a int); ALTER TABLE #t NOCHECK CONSTRAINT nope", 4917),
    fails("CREATE TABLE #t (a int CONSTRAINT cf_uq UNIQUE); ALTER TABLE #t NOCHECK CONSTRAINT cf_uq", 11415),
    fails("CREATE TABLE #t (a int, c AS a * 2, CHECK (c > 0))", 1764),
    fails("CREATE TABLE #t (a int, c AS a * 2 PERSISTED, CHECK (c > 0)); INSERT #t (a) VALUES (-1)", 547),
    fails("CREATE TABLE #t (a int DEFAULT 1 DEFAULT 2)", 8148),
    fails("CREATE TABLE #t (a int DEFAULT 1); ALTER TABLE #t ADD DEFAULT 2 FOR a", 1781),
    fails("CREATE TABLE #t (a int); ALTER TABLE #t ADD DEFAULT 2 FOR b", 1752),
    query("CREATE TABLE #t (a int, b int); ALTER TABLE #t ADD DEFAULT 2 FOR b; INSERT #t (a) VALUES (1); "
          "SELECT b FROM #t", (2,)),
    fails("CREATE TABLE #t (a int CONSTRAINT cf_x CHECK (a > 0), b int CONSTRAINT cf_x CHECK (b > 0))", 2714),
]  # fmt: skip

_PARENT = "CREATE TABLE dbo.cf_a (id int CONSTRAINT cf_pk_a PRIMARY KEY, u varchar(5) CONSTRAINT cf_uq_a UNIQUE, n int)"
_FOREIGN = around((_PARENT, "INSERT dbo.cf_a VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)"), [
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (id)); INSERT dbo.cf_b VALUES (9)", 547),
    query("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a); INSERT dbo.cf_b VALUES (1), (NULL); "
          "SELECT COUNT(*) FROM dbo.cf_b", (2,)),
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (id)); INSERT dbo.cf_b VALUES (1); "
          "DELETE dbo.cf_a WHERE id = 1", 547),
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (id)); INSERT dbo.cf_b VALUES (1); "
          "UPDATE dbo.cf_a SET id = 9 WHERE id = 1", 547),
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_no_such_table (id))", 1767),
    fails("CREATE TABLE dbo.cf_b (a int, FOREIGN KEY (x) REFERENCES dbo.cf_a (id))", 1769),
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (x))", 1770),
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (n))", 1776),
    fails("CREATE TABLE dbo.cf_b (a bigint REFERENCES dbo.cf_a (id))", 1778),
    fails("CREATE TABLE dbo.cf_b (a varchar(9) REFERENCES dbo.cf_a (u))", 1753),
    fails("CREATE TABLE dbo.cf_b (a int, b int, FOREIGN KEY (a, b) REFERENCES dbo.cf_a (id))", 8139),
    fails("CREATE TABLE dbo.cf_b (a int, b int, FOREIGN KEY (a, b) REFERENCES dbo.cf_a)", 1774),
    fails("CREATE TABLE dbo.cf_c (a int); CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_c)", 1773),
    batch("1750 follows the error of a foreign key",
          "BEGIN TRY CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (n)) END TRY "
          "BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", [(1750,)]),
    batch("ON DELETE CASCADE",
          "CREATE TABLE dbo.cf_b (id int, a int REFERENCES dbo.cf_a (id) ON DELETE CASCADE); "
          "INSERT dbo.cf_b VALUES (1, 1), (2, 2), (3, NULL); DELETE dbo.cf_a WHERE id < 3; "
          "SELECT id, a FROM dbo.cf_b", [(3, None)]),
    batch("ON DELETE SET NULL",
          "CREATE TABLE dbo.cf_b (id int, a int REFERENCES dbo.cf_a (id) ON DELETE SET NULL); "
          "INSERT dbo.cf_b VALUES (1, 1), (2, 2); DELETE dbo.cf_a WHERE id = 1; "
          "SELECT id, a FROM dbo.cf_b ORDER BY id", [(1, None), (2, 2)]),
    batch("ON DELETE SET DEFAULT",
          "CREATE TABLE dbo.cf_b (id int, a int DEFAULT 3 REFERENCES dbo.cf_a (id) ON DELETE SET DEFAULT); "
          "INSERT dbo.cf_b VALUES (1, 1), (2, 2); DELETE dbo.cf_a WHERE id = 1; "
          "SELECT id, a FROM dbo.cf_b ORDER BY id", [(1, 3), (2, 2)]),
    fails("CREATE TABLE dbo.cf_b (id int, a int DEFAULT 9 REFERENCES dbo.cf_a (id) ON DELETE SET DEFAULT); "
          "INSERT dbo.cf_b VALUES (1, 1); DELETE dbo.cf_a WHERE id = 1", 547),
    batch("ON UPDATE CASCADE",
          "CREATE TABLE dbo.cf_b (id int, a int REFERENCES dbo.cf_a (id) ON UPDATE CASCADE); "
          "INSERT dbo.cf_b VALUES (1, 1), (2, 2); UPDATE dbo.cf_a SET id = id + 10; "
          "SELECT id, a FROM dbo.cf_b ORDER BY id", [(1, 11), (2, 12)]),
    batch("ON UPDATE SET NULL",
          "CREATE TABLE dbo.cf_b (id int, a int REFERENCES dbo.cf_a (id) ON UPDATE SET NULL); "
          "INSERT dbo.cf_b VALUES (1, 1), (2, 2); UPDATE dbo.cf_a SET id = 11 WHERE id = 1; "
          "SELECT id, a FROM dbo.cf_b ORDER BY id", [(1, None), (2, 2)]),
    batch("a cascade goes on to the children of children",
          "CREATE TABLE dbo.cf_b (id int PRIMARY KEY, a int REFERENCES dbo.cf_a (id) ON DELETE CASCADE); "
          "CREATE TABLE dbo.cf_c (b int REFERENCES dbo.cf_b (id) ON DELETE CASCADE); "
          "INSERT dbo.cf_b VALUES (1, 1), (2, 2); INSERT dbo.cf_c VALUES (1), (2); DELETE dbo.cf_a WHERE id = 1; "
          "SELECT b FROM dbo.cf_c", [(2,)]),
    batch("a cascade that meets NO ACTION changes nothing",
          "CREATE TABLE dbo.cf_b (id int PRIMARY KEY, a int REFERENCES dbo.cf_a (id) ON DELETE CASCADE); "
          "CREATE TABLE dbo.cf_c (b int REFERENCES dbo.cf_b (id)); INSERT dbo.cf_b VALUES (1, 1); "
          "INSERT dbo.cf_c VALUES (1); BEGIN TRY DELETE dbo.cf_a WHERE id = 1 END TRY BEGIN CATCH "
          "SELECT ERROR_NUMBER(), (SELECT COUNT(*) FROM dbo.cf_a), (SELECT COUNT(*) FROM dbo.cf_b) END CATCH",
          [(547, 3, 1)]),
    fails("CREATE TABLE dbo.cf_b (a int NOT NULL REFERENCES dbo.cf_a (id) ON DELETE SET NULL)", 1761),
    fails("CREATE TABLE dbo.cf_b (a int NOT NULL REFERENCES dbo.cf_a (id) ON DELETE SET DEFAULT)", 1762),
    fails("CREATE TABLE dbo.cf_b (id int PRIMARY KEY, a int REFERENCES dbo.cf_b (id) ON DELETE CASCADE)", 1785),
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (id) ON DELETE CASCADE, "
          "b int REFERENCES dbo.cf_a (id) ON DELETE SET NULL)", 1785),
    fails("CREATE TABLE dbo.cf_b (id int PRIMARY KEY, a int REFERENCES dbo.cf_a (id) ON DELETE CASCADE); "
          "CREATE TABLE dbo.cf_c (a int REFERENCES dbo.cf_a (id) ON DELETE CASCADE, "
          "b int REFERENCES dbo.cf_b (id) ON DELETE CASCADE)", 1785),
    query("CREATE TABLE dbo.cf_b (id int PRIMARY KEY, a int REFERENCES dbo.cf_b (id)); "
          "INSERT dbo.cf_b VALUES (1, 2), (2, 1); SELECT COUNT(*) FROM dbo.cf_b", (2,)),
    fails("CREATE TABLE dbo.cf_b (a int); INSERT dbo.cf_b VALUES (9); "
          "ALTER TABLE dbo.cf_b ADD FOREIGN KEY (a) REFERENCES dbo.cf_a (id)", 547),
    query("CREATE TABLE dbo.cf_b (a int); INSERT dbo.cf_b VALUES (9); "
          "ALTER TABLE dbo.cf_b WITH NOCHECK ADD CONSTRAINT cf_fk FOREIGN KEY (a) REFERENCES dbo.cf_a (id); "
          "SELECT is_not_trusted FROM sys.foreign_keys WHERE name = 'cf_fk'", (True,)),
    query("CREATE TABLE dbo.cf_b (a int CONSTRAINT cf_fk REFERENCES dbo.cf_a (id)); "
          "ALTER TABLE dbo.cf_b NOCHECK CONSTRAINT cf_fk; INSERT dbo.cf_b VALUES (9); "
          "SELECT is_disabled, is_not_trusted FROM sys.foreign_keys WHERE name = 'cf_fk'", (True, True)),
    query("CREATE TABLE dbo.cf_b (a int CONSTRAINT cf_fk REFERENCES dbo.cf_a (id) ON DELETE CASCADE "
          "ON UPDATE SET NULL); SELECT delete_referential_action, delete_referential_action_desc, "
          "update_referential_action, update_referential_action_desc FROM sys.foreign_keys WHERE name = 'cf_fk'",
          (1, "CASCADE", 2, "SET_NULL")),
    query("CREATE TABLE dbo.cf_b (a int CONSTRAINT cf_fk REFERENCES dbo.cf_a (id) ON DELETE SET DEFAULT); "
          "SELECT DELETE_RULE, UPDATE_RULE FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS "
          "WHERE CONSTRAINT_NAME = 'cf_fk'", ("SET DEFAULT", "NO ACTION")),
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (id)); ALTER TABLE dbo.cf_a DROP CONSTRAINT cf_pk_a", 3725),
    fails("CREATE TABLE dbo.cf_b (a int REFERENCES dbo.cf_a (id)); DROP TABLE dbo.cf_a", 3726),
], _CLEAN)  # fmt: skip

_TEMPORARY = [
    query("CREATE TABLE #a (id int PRIMARY KEY); CREATE TABLE #b (a int REFERENCES #a (id)); INSERT #b VALUES (9); "
          "SELECT a FROM #b", (9,)),
]  # fmt: skip

PAGES: list[Page] = [
    page("relational-databases/tables/unique-constraints-and-check-constraints", *_KEYS, *_CHECKS),
    page("relational-databases/tables/primary-and-foreign-key-constraints", *_FOREIGN),
    page("t-sql/statements/create-table-transact-sql", *_TEMPORARY),
]
