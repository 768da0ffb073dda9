"""Ways to more rights than one was given: each is refused, as SQL Server refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import error_number
from tests.contract.people import PASSWORD, People, outcome, people, values
from tests.servers import Target

NEW = "Qz7-another-of-a-test"


@pytest.fixture(scope="module")
def somebody(server: Target) -> Iterator[People]:
    """esc_user without rights, esc_boss in db_owner, esc_root with CONTROL SERVER, esc_spare without a user."""
    with people(server) as made:
        made.make("esc_user", "esc_boss")
        made.make("esc_root", "esc_spare", user=False)
        made.run("ALTER ROLE db_owner ADD MEMBER esc_boss", "USE master; GRANT CONTROL SERVER TO esc_root")
        made.run(f"USE [{server.database}]")
        yield made


@pytest.fixture(scope="module")
def theirs(somebody: People) -> Any:
    return somebody.connect("esc_user")


@pytest.fixture
def member(somebody: People) -> Iterator[Any]:
    """Makes esc_user a member of a role until the test is over."""
    taken: list[str] = []

    def add(role: str) -> None:
        somebody.run(f"ALTER {role} ADD MEMBER esc_user")
        taken.append(role)

    yield add
    for role in taken:
        somebody.run(f"ALTER {role} DROP MEMBER esc_user")


USERS = [
    ("ALTER USER esc_boss WITH LOGIN = esc_spare", 15151),
    ("ALTER USER esc_boss WITH NAME = esc_other", 15151),
    ("ALTER USER esc_user WITH LOGIN = esc_spare", 15151),
    ("ALTER USER esc_user WITH NAME = esc_other", 0),
    ("ALTER USER esc_boss WITH DEFAULT_SCHEMA = dbo", 0),
]


@pytest.mark.parametrize(("action", "expected"), USERS)
def test_only_who_controls_the_database_changes_who_controls_it(
    somebody: People, member: Any, action: str, expected: int
) -> None:
    member("ROLE db_accessadmin")
    theirs = somebody.connect("esc_user", autocommit=False)
    number = outcome(theirs, action)
    theirs.rollback()
    assert number == expected


LOGINS = [
    (f"ALTER LOGIN esc_root WITH PASSWORD = '{NEW}'", 15151),
    ("ALTER LOGIN esc_root WITH NAME = esc_other", 15151),
    ("ALTER LOGIN esc_root DISABLE", 15151),
    ("ALTER LOGIN esc_root WITH CHECK_POLICY = ON", 15151),
    ("DROP LOGIN esc_root", 15151),
    ("ALTER LOGIN esc_root WITH DEFAULT_DATABASE = master", 0),
    (f"ALTER LOGIN esc_root WITH PASSWORD = '{PASSWORD}' OLD_PASSWORD = '{PASSWORD}'", 0),
    (f"ALTER LOGIN esc_root WITH PASSWORD = '{NEW}' OLD_PASSWORD = 'wrong-Vx9-of-a-test'", 15151),
    (f"ALTER LOGIN esc_spare WITH PASSWORD = '{PASSWORD}'", 0),
]


@pytest.mark.parametrize(("action", "expected"), LOGINS)
def test_alter_any_login_does_not_take_over_an_administrator(
    theirs: Any, member: Any, action: str, expected: int
) -> None:
    member("SERVER ROLE securityadmin")
    assert outcome(theirs, action) == expected


_OWN = f"ALTER LOGIN esc_user WITH PASSWORD = '{PASSWORD}' OLD_PASSWORD = '{PASSWORD}'"
OWN = [
    (_OWN, 0),
    (f"{_OWN}, DEFAULT_DATABASE = master", 0),
    ("ALTER LOGIN esc_user WITH DEFAULT_DATABASE = master", 0),
    (f"{_OWN}, NAME = esc_other", 15151),
    (f"{_OWN}, CHECK_POLICY = OFF", 15151),
    (f"ALTER LOGIN esc_user WITH PASSWORD = '{PASSWORD}'", 15151),
    ("ALTER LOGIN esc_user WITH NAME = esc_other", 15151),
]


@pytest.mark.parametrize(("action", "expected"), OWN)
def test_a_login_changes_its_own_password_and_no_more(theirs: Any, action: str, expected: int) -> None:
    assert outcome(theirs, action) == expected


def test_nobody_takes_the_place_of_a_system_procedure(somebody: People, theirs: Any) -> None:
    somebody.run("CREATE PROCEDURE dbo.sp_executesql @text nvarchar(max) AS SELECT 'mine' AS answer")
    somebody.run("CREATE PROCEDURE dbo.sp_helpindex AS SELECT 'mine' AS answer")
    try:
        for name in ("sp_executesql", "sys.sp_executesql", "SP_ExecuteSql"):
            assert values(theirs, f"EXEC {name} N'SELECT ''real'''") == [("real",)]
            assert values(somebody.administrator, f"EXEC {name} N'SELECT ''real'''") == [("real",)]
        assert values(somebody.administrator, "EXEC dbo.sp_executesql N'SELECT 1'") == [("mine",)]
        assert outcome(theirs, "EXEC dbo.sp_executesql N'SELECT 1'") == 229
        with pytest.raises(pyodbc.Error) as refusal:
            values(somebody.administrator, "EXEC sp_helpindex")
        assert error_number(refusal.value) == 201
    finally:
        somebody.run("DROP PROCEDURE dbo.sp_executesql, dbo.sp_helpindex")


@pytest.fixture
def table(somebody: People) -> Iterator[str]:
    """A table that esc_user may read, and let others read."""
    somebody.run("CREATE TABLE dbo.esc (id int, a int); GRANT SELECT ON dbo.esc TO esc_user WITH GRANT OPTION")
    somebody.run("CREATE ROLE esc_role", "ALTER ROLE esc_role ADD MEMBER esc_user")
    yield "dbo.esc"
    somebody.run("ALTER ROLE esc_role DROP MEMBER esc_user", "DROP TABLE dbo.esc", "DROP ROLE esc_role")


DENIALS = [
    ("SELECT ON dbo.esc TO esc_role", "SELECT ON dbo.esc"),
    ("SELECT ON SCHEMA::dbo TO esc_role", "SELECT ON dbo.esc"),
    ("SELECT ON dbo.esc (a) TO esc_user", "SELECT ON dbo.esc (a)"),
]


@pytest.mark.parametrize(("denial", "permission"), DENIALS)
def test_a_denial_ends_the_right_to_grant(
    somebody: People, theirs: Any, table: str, denial: str, permission: str
) -> None:
    assert outcome(theirs, f"GRANT {permission} TO public", f"REVOKE {permission} FROM public") == 0
    somebody.run(f"DENY {denial}")
    try:
        assert outcome(theirs, f"GRANT {permission} TO public") == 15151
        assert outcome(somebody.administrator, f"GRANT {permission} TO public AS esc_user") == 15151
    finally:
        somebody.run(f"REVOKE {denial.replace(' TO ', ' FROM ')}")


def test_permissions_of_a_column_go_with_it(somebody: People, theirs: Any, table: str) -> None:
    count = "SELECT COUNT(*) FROM sys.database_permissions WHERE major_id = OBJECT_ID('dbo.esc') AND minor_id > 0"
    somebody.run("DENY SELECT ON dbo.esc (a) TO esc_role; DENY SELECT ON dbo.esc (id) TO public")
    assert values(somebody.administrator, count) == [(2,)]
    somebody.run("ALTER TABLE dbo.esc DROP COLUMN a")
    assert values(somebody.administrator, count) == [(1,)]
    somebody.run("REVOKE SELECT ON dbo.esc (id) FROM public", "ALTER TABLE dbo.esc ADD a int")
    assert outcome(theirs, "SELECT a FROM dbo.esc") == 0


def test_no_id_is_given_twice(somebody: People) -> None:
    seen = set()
    for kind in ("USER esc_made WITHOUT LOGIN", "ROLE esc_made", "USER esc_made WITHOUT LOGIN"):
        somebody.run(f"CREATE {kind}")
        seen.add(values(somebody.administrator, "SELECT DATABASE_PRINCIPAL_ID('esc_made')")[0][0])
        somebody.run(f"DROP {kind.split()[0]} esc_made")
    assert len(seen) == 3


def test_no_id_of_a_login_is_given_twice(somebody: People) -> None:
    seen = set()
    for _ in range(2):
        somebody.run(f"CREATE LOGIN esc_made WITH PASSWORD = '{PASSWORD}'")
        seen.add(values(somebody.administrator, "SELECT SUSER_ID('esc_made')")[0][0])
        somebody.run("DROP LOGIN esc_made")
    assert len(seen) == 2


def test_model_is_for_administrators(somebody: People, theirs: Any) -> None:
    assert outcome(theirs, "USE model") == 916
    assert outcome(theirs, "SELECT COUNT(*) FROM model.sys.objects") == 916
    assert outcome(theirs, "SELECT COUNT(*) FROM master.sys.objects") == 0
    with pytest.raises(pyodbc.Error):
        somebody.connect("esc_user", "model")
    root = somebody.connect("esc_root", "model")
    assert values(root, "SELECT DB_NAME()") == [("model",)]


def test_a_refused_change_keeps_nobody_waiting(somebody: People) -> None:
    somebody.run("CREATE TABLE dbo.esc_waiting (a int PRIMARY KEY)")
    try:
        theirs = somebody.connect("esc_user", autocommit=False)
        with pytest.raises(pyodbc.Error) as caught:
            theirs.execute("INSERT dbo.esc_waiting VALUES (1)")
        assert error_number(caught.value) == 229
        somebody.run("SET LOCK_TIMEOUT 2000; INSERT dbo.esc_waiting VALUES (2)")
        theirs.rollback()
    finally:
        somebody.run("DROP TABLE dbo.esc_waiting")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE #e (a int, b int DEFAULT (SELECT COUNT(*) FROM dbo.esc_secret))",
        "CREATE TABLE #e (a int CHECK (a > (SELECT MAX(c) FROM dbo.esc_secret)))",
        "CREATE TABLE #e (a int, CHECK (EXISTS (SELECT 1 FROM dbo.esc_secret)))",
        "CREATE TABLE #e (a int); CREATE UNIQUE INDEX i ON #e (a) WHERE a IN (SELECT c FROM dbo.esc_secret)",
    ],
)
def test_no_constraint_reads_a_table(somebody: People, statement: str) -> None:
    somebody.run("CREATE TABLE dbo.esc_secret (c int)")
    try:
        with pytest.raises(pyodbc.Error) as caught:
            somebody.connect("esc_user").execute(statement)
        assert error_number(caught.value) in (156, 1046)
    finally:
        somebody.run("DROP TABLE dbo.esc_secret")
