"""Permissions with real logins: what is granted, what is done, and what SQL Server answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.people import People, outcome, people, values
from tests.servers import Target

SCHEMA = (
    "CREATE SCHEMA rt",
    "CREATE TABLE rt.t (id int NOT NULL PRIMARY KEY, a int, b int); INSERT rt.t VALUES (1, 10, 100), (2, 20, 200)",
    "CREATE TABLE rt.log (id int)",
    "CREATE VIEW rt.v AS SELECT id, a FROM rt.t",
    "CREATE FUNCTION rt.f (@id int) RETURNS TABLE AS RETURN SELECT a FROM rt.t WHERE id = @id",
    "CREATE PROCEDURE rt.p AS SELECT COUNT(*) FROM rt.t",
    "CREATE PROCEDURE rt.writes AS BEGIN INSERT rt.log SELECT id FROM rt.t; UPDATE rt.t SET b = b; "
    "DELETE rt.log WHERE id = -1 END",
    "CREATE PROCEDURE rt.dynamic AS EXEC ('SELECT COUNT(*) FROM rt.t')",
    "CREATE PROCEDURE rt.prepared AS EXEC sp_executesql N'SELECT COUNT(*) FROM rt.t'",
    "CREATE PROCEDURE rt.inner_p AS SELECT COUNT(*) FROM rt.t",
    "CREATE PROCEDURE rt.outer_p AS EXEC rt.inner_p",
)
GONE = (
    "DROP PROCEDURE rt.p, rt.writes, rt.dynamic, rt.prepared, rt.inner_p, rt.outer_p",
    "DROP FUNCTION rt.f",
    "DROP VIEW rt.v",
    "DROP TABLE rt.t, rt.log",
    "DROP SCHEMA rt",
)


@pytest.fixture(scope="module")
def somebody(server: Target) -> Iterator[People]:
    """A login rt_user with a user, a role rt_role it is in, and a schema rt it may do nothing with."""
    with people(server) as made:
        made.run(*SCHEMA)
        made.make("rt_user")
        made.run("CREATE ROLE rt_role", "ALTER ROLE rt_role ADD MEMBER rt_user")
        yield made
        made.run("ALTER ROLE rt_role DROP MEMBER rt_user", "DROP ROLE rt_role", *GONE)


@pytest.fixture(scope="module")
def theirs(somebody: People) -> Any:
    """rt_user's connection; what it does is rolled back."""
    return somebody.connect("rt_user", autocommit=False)


MATRIX: list[tuple[str, str, int]] = [
    ("", "SELECT * FROM rt.t", 229),
    ("", "SELECT * FROM rt.nothing", 208),
    ("", "INSERT rt.t VALUES (3, 3, 3)", 229),
    ("", "EXEC rt.p", 229),
    ("", "EXEC rt.nothing", 2812),
    ("", "SELECT * FROM rt.f(1)", 229),
    ("SELECT ON rt.t", "SELECT * FROM rt.t", 0),
    ("SELECT ON OBJECT::rt.t", "SELECT a.id FROM rt.t AS a JOIN rt.t AS b ON a.id = b.id", 0),
    ("SELECT ON SCHEMA::rt", "SELECT * FROM rt.t", 0),
    ("SELECT", "SELECT * FROM rt.t", 0),
    ("SELECT ON DATABASE::{db}", "SELECT * FROM rt.t", 0),
    ("CONTROL ON rt.t", "SELECT * FROM rt.t", 0),
    ("CONTROL ON SCHEMA::rt", "SELECT * FROM rt.t", 0),
    ("CONTROL", "SELECT * FROM rt.t", 0),
    ("SELECT ON rt.v", "SELECT * FROM rt.v", 0),
    ("SELECT ON rt.v", "SELECT * FROM rt.t", 229),
    ("SELECT ON rt.f", "SELECT * FROM rt.f(1)", 0),
    ("SELECT ON rt.log", "SELECT * FROM rt.log WHERE id IN (SELECT id FROM rt.t)", 229),
    ("SELECT ON rt.log", "WITH c AS (SELECT id FROM rt.t) SELECT * FROM rt.log, c", 229),
    ("SELECT ON rt.t (id, a)", "SELECT id, a FROM rt.t", 0),
    ("SELECT ON rt.t (id, a)", "SELECT b FROM rt.t", 230),
    ("SELECT ON rt.t (id, a)", "SELECT * FROM rt.t", 230),
    ("SELECT ON rt.t (id, a)", "SELECT id FROM rt.t WHERE b = 1", 230),
    ("SELECT ON rt.t (id, a)", "SELECT id FROM rt.t ORDER BY b", 230),
    ("SELECT ON rt.t (id, a)", "SELECT COUNT(*) FROM rt.t", 230),
    ("SELECT (a) ON rt.v", "SELECT id FROM rt.v", 230),
    ("INSERT ON rt.t", "INSERT rt.t VALUES (3, 3, 3)", 0),
    ("INSERT ON rt.t", "INSERT rt.t SELECT id + 10, a, b FROM rt.t", 229),
    ("INSERT ON rt.t", "INSERT rt.t OUTPUT inserted.id VALUES (3, 3, 3)", 229),
    ("INSERT, SELECT ON rt.t", "INSERT rt.t OUTPUT inserted.id VALUES (3, 3, 3)", 0),
    ("UPDATE ON rt.t", "UPDATE rt.t SET a = 1", 0),
    ("UPDATE ON rt.t", "UPDATE rt.t SET a = 1 WHERE id = 1", 229),
    ("UPDATE ON rt.t", "UPDATE rt.t SET a = a + 1", 229),
    ("UPDATE, SELECT ON rt.t", "UPDATE rt.t SET a = a + 1 WHERE id = 1", 0),
    ("UPDATE ON rt.t (a)", "UPDATE rt.t SET a = 1", 0),
    ("UPDATE ON rt.t (a)", "UPDATE rt.t SET b = 1", 230),
    ("DELETE ON rt.t", "DELETE rt.t", 0),
    ("DELETE ON rt.t", "DELETE rt.t WHERE id = 1", 229),
    ("DELETE, SELECT ON rt.t", "DELETE rt.t WHERE id = 1", 0),
    ("UPDATE ON rt.log", "UPDATE l SET id = 1 FROM rt.log AS l JOIN rt.t AS t ON 1 = 1", 229),
    ("DELETE ON rt.t", "TRUNCATE TABLE rt.log", 1088),
    ("ALTER ON rt.log", "TRUNCATE TABLE rt.log", 0),
    ("EXECUTE ON rt.p", "EXEC rt.p", 0),
    ("EXECUTE ON SCHEMA::rt", "EXEC rt.p", 0),
    ("EXECUTE", "EXEC rt.p", 0),
    ("EXECUTE ON rt.writes", "EXEC rt.writes", 0),
    ("EXECUTE ON rt.dynamic", "EXEC rt.dynamic", 229),
    ("EXECUTE ON rt.prepared", "EXEC rt.prepared", 229),
    ("EXECUTE ON rt.outer_p", "EXEC rt.outer_p", 0),
    ("EXECUTE ON rt.outer_p", "EXEC rt.inner_p", 229),
    ("", "CREATE TABLE rt.made (id int)", 262),
    ("CREATE TABLE", "CREATE TABLE rt.made (id int)", 2760),
    ("ALTER ON SCHEMA::rt", "CREATE TABLE rt.made (id int)", 262),
    ("", "SELECT 1 AS one INTO rt.made", 262),
    ("", "CREATE TABLE #made (id int); INSERT #made VALUES (1); SELECT * FROM #made; DROP TABLE #made", 0),
    ("", "CREATE VIEW rt.made AS SELECT 1 AS one", 262),
    ("CREATE VIEW", "CREATE VIEW rt.made AS SELECT 1 AS one", 2760),
    ("CREATE PROCEDURE", "CREATE PROCEDURE rt.made AS SELECT 1", 2760),
    ("", "CREATE FUNCTION rt.made () RETURNS TABLE AS RETURN SELECT 1 AS one", 262),
    ("", "ALTER PROCEDURE rt.p AS SELECT 1", 3701),
    ("ALTER ON rt.p", "ALTER PROCEDURE rt.p AS SELECT 1", 0),
    ("", "ALTER TABLE rt.t ADD c int", 1088),
    ("ALTER ON rt.t", "ALTER TABLE rt.t ADD c int", 0),
    ("", "DROP TABLE rt.log", 3701),
    ("ALTER ON rt.log", "DROP TABLE rt.log", 3701),
    ("CONTROL ON rt.log", "DROP TABLE rt.log", 0),
    ("ALTER ON SCHEMA::rt", "DROP TABLE rt.log", 0),
    ("", "CREATE INDEX ix ON rt.t (a)", 1088),
    ("ALTER ANY SCHEMA", "CREATE INDEX ix ON rt.t (a)", 0),
    ("", "DROP SCHEMA rt", 15151),
    ("", "CREATE SCHEMA made", 15247),
    ("CREATE SCHEMA", "CREATE SCHEMA made", 0),
    ("", "CREATE USER made WITHOUT LOGIN", 15247),
    ("ALTER ANY USER", "CREATE USER made WITHOUT LOGIN", 0),
    ("", "CREATE ROLE made", 15247),
    ("CREATE ROLE", "CREATE ROLE made", 0),
    ("", "ALTER ROLE rt_role DROP MEMBER rt_user", 15151),
    ("ALTER ANY ROLE", "ALTER ROLE rt_role DROP MEMBER rt_user", 0),
    ("ALTER ANY ROLE", "ALTER ROLE db_owner ADD MEMBER rt_user", 15151),
    ("", "CREATE LOGIN made WITH PASSWORD = 'Vx9-rights-of-a-test'", 15247),
    ("", "ALTER LOGIN sa DISABLE", 15151),
    ("", "ALTER SERVER ROLE sysadmin ADD MEMBER rt_user", 15151),
    ("", "GRANT SELECT ON rt.t TO public", 15151),
    ("SELECT ON rt.t", "GRANT SELECT ON rt.t TO public", 15151),
    ("", "GRANT CREATE TABLE TO public", 4613),
    ("CONTROL ON rt.t", "GRANT SELECT ON rt.t TO public", 0),
    ("CONTROL ON SCHEMA::rt", "GRANT SELECT ON rt.t TO public", 0),
    ("CONTROL", "GRANT SELECT ON rt.t TO public", 0),
    ("", "ALTER AUTHORIZATION ON SCHEMA::rt TO rt_user", 15151),
    ("TAKE OWNERSHIP ON SCHEMA::rt", "ALTER AUTHORIZATION ON SCHEMA::rt TO rt_user", 0),
    ("", "EXEC sp_configure 'clr enabled', 1", 15247),
    ("", "RECONFIGURE", 5812),
]


CASES = [("rt_user", *row) for row in MATRIX] + [("rt_role", *row) for row in MATRIX if row[0] and row[2] == 0]


@pytest.mark.parametrize(("grantee", "permission", "action", "expected"), CASES)
def test_action_needs_the_permission(
    somebody: People, theirs: Any, grantee: str, permission: str, action: str, expected: int
) -> None:
    written = permission.format(db=f"[{somebody.server.database}]")
    if written:
        somebody.run(f"GRANT {written} TO {grantee}")
    try:
        assert outcome(theirs, action) == expected
        theirs.rollback()
        if written and expected == 0:
            somebody.run(f"DENY {written} TO {grantee}")
            assert outcome(theirs, action) != 0
    finally:
        theirs.rollback()
        if written:
            somebody.run(f"REVOKE {written} FROM {grantee}")


def test_grant_counts_from_the_next_statement_on_and_a_denial_beats_it(somebody: People, theirs: Any) -> None:
    query = "SELECT a FROM rt.t WHERE id = 1"
    assert outcome(theirs, query) == 229
    somebody.run("GRANT SELECT ON rt.t TO rt_role")
    assert values(theirs, query) == [(10,)]
    somebody.run("DENY SELECT ON SCHEMA::rt TO rt_user")
    assert outcome(theirs, query) == 229
    somebody.run("REVOKE SELECT ON SCHEMA::rt FROM rt_user")
    assert values(theirs, query) == [(10,)]
    somebody.run("REVOKE SELECT ON rt.t FROM rt_role")
    assert outcome(theirs, query) == 229


def test_same_text_of_two_users_is_two_answers(somebody: People, theirs: Any) -> None:
    """A plan made for one is not the other's right, nor is a name's meaning."""
    somebody.make("rt_other")
    somebody.run("GRANT SELECT ON rt.t TO rt_other", "ALTER USER rt_other WITH DEFAULT_SCHEMA = rt")
    other = somebody.connect("rt_other")
    for _ in range(3):
        assert outcome(other, "SELECT COUNT(*) FROM t") == 0
        assert outcome(theirs, "SELECT COUNT(*) FROM t") == 208
        assert outcome(other, "SELECT COUNT(*) FROM rt.t") == 0
        assert outcome(theirs, "SELECT COUNT(*) FROM rt.t") == 229
    theirs.rollback()
