"""EXECUTE AS and REVERT with real logins, and in whose name a procedure runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.people import People, outcome, people, values
from tests.servers import Target

WHO = "SELECT USER_NAME(), ORIGINAL_LOGIN()"
SCHEMA = (
    "CREATE SCHEMA im",
    "CREATE TABLE im.t (id int NOT NULL); INSERT im.t VALUES (1)",
    "CREATE USER im_bare WITHOUT LOGIN",
    "GRANT SELECT ON im.t TO im_bare",
    f"CREATE PROCEDURE im.as_caller AS {WHO}",
    f"CREATE PROCEDURE im.as_owner WITH EXECUTE AS OWNER AS {WHO}; EXECUTE AS CALLER; {WHO}; REVERT; {WHO}",
    f"CREATE PROCEDURE im.as_self WITH EXECUTE AS SELF, RECOMPILE AS {WHO}",
    f"CREATE PROCEDURE im.as_bare WITH EXECUTE AS 'im_bare' AS {WHO}; EXEC ('SELECT COUNT(*) FROM im.t')",
    f"CREATE PROCEDURE im.leaves AS EXECUTE AS USER = 'im_bare'; {WHO}",
    f"CREATE PROCEDURE im.reverts AS REVERT; {WHO}",
    "CREATE PROCEDURE im.for_good AS EXECUTE AS USER = 'im_bare' WITH NO REVERT",
)
GONE = (
    "DROP PROCEDURE im.as_caller, im.as_owner, im.as_self, im.as_bare, im.leaves, im.reverts, im.for_good",
    "DROP TABLE im.t",
    "DROP SCHEMA im",
    "DROP USER im_bare",
)


@pytest.fixture(scope="module")
def somebody(server: Target) -> Iterator[People]:
    """im_user may execute schema im's procedures and take the place of im_bare; im_other nothing."""
    with people(server) as made:
        made.run(*SCHEMA)
        made.make("im_user", "im_other")
        made.run("GRANT EXECUTE ON SCHEMA::im TO im_user", "GRANT IMPERSONATE ON USER::im_bare TO im_user")
        yield made
        made.run("REVOKE IMPERSONATE ON USER::im_bare FROM im_user", *GONE)


@pytest.fixture
def user(somebody: People) -> Any:
    """A connection of im_user in its own context."""
    return somebody.connect("im_user")


def rows(connection: Any, batch: str) -> list[tuple[Any, ...]]:
    """The rows of all result sets of a batch."""
    cursor = connection.cursor()
    cursor.execute(batch)
    found: list[tuple[Any, ...]] = []
    while True:
        if cursor.description is not None:
            found += [tuple(row) for row in cursor.fetchall()]
        if not cursor.nextset():
            cursor.close()
            return found


CALLS = {
    "as_caller": [("im_user", "im_user")],
    "as_owner": [("dbo", "im_user"), ("im_user", "im_user"), ("dbo", "im_user")],
    "as_self": [("dbo", "im_user")],
    "as_bare": [("im_bare", "im_user"), (1,)],
    "leaves": [("im_bare", "im_user")],
    "reverts": [("im_user", "im_user")],
}


@pytest.mark.parametrize("procedure", CALLS)
def test_a_procedure_runs_in_the_context_it_declares_and_leaves_none(user: Any, procedure: str) -> None:
    assert rows(user, f"EXEC im.{procedure}; {WHO}") == [*CALLS[procedure], ("im_user", "im_user")]


def test_the_catalog_says_in_whose_name_procedures_run(somebody: People) -> None:
    found = values(
        somebody.administrator,
        "SELECT o.name, m.execute_as_principal_id, USER_NAME(m.execute_as_principal_id) FROM sys.sql_modules AS m "
        "JOIN sys.objects AS o ON o.object_id = m.object_id WHERE o.name LIKE 'as[_]%' ORDER BY o.name",
    )
    number = values(somebody.administrator, "SELECT USER_ID('im_bare')")[0][0]
    assert found == [("as_bare", number, "im_bare"), ("as_caller", None, None), ("as_owner", -2, None),
                     ("as_self", 1, "dbo")]  # fmt: skip


def test_a_context_of_the_session_lasts_over_batches_until_revert(user: Any) -> None:
    assert outcome(user, "SELECT * FROM im.t") == 229
    assert outcome(user, "EXECUTE AS USER = 'im_bare'") == 0
    assert rows(user, f"{WHO}; SELECT id FROM im.t; EXEC ('REVERT'); EXECUTE AS CALLER; {WHO}") == [
        ("im_bare", "im_user"), (1,), ("im_bare", "im_user")]  # fmt: skip
    assert outcome(user, "USE master") == 916
    assert rows(user, f"REVERT; REVERT; {WHO}") == [("im_user", "im_user")]


def test_contexts_lie_one_over_the_other(somebody: People) -> None:
    connection = somebody.administrator
    batch = f"EXECUTE AS LOGIN = 'im_user'; {WHO}; EXECUTE AS USER = 'im_bare'; {WHO}; REVERT; {WHO}; REVERT; {WHO}"
    original = values(connection, "SELECT ORIGINAL_LOGIN()")[0][0]
    assert rows(connection, batch) == [("im_user", original), ("im_bare", original), ("im_user", original),
                                       ("dbo", original)]  # fmt: skip


def test_what_a_string_sets_ends_with_it(user: Any) -> None:
    batch = f"EXEC ('EXECUTE AS USER = ''im_bare''; {WHO}'); EXEC ('{WHO}') AS USER = 'im_bare'; {WHO}"
    assert rows(user, batch) == [("im_bare", "im_user"), ("im_bare", "im_user"), ("im_user", "im_user")]


def test_a_name_may_come_from_a_variable(user: Any) -> None:
    assert rows(user, f"DECLARE @who sysname = N'im_bare'; EXECUTE AS USER = @who; {WHO}; REVERT") == [
        ("im_bare", "im_user")]  # fmt: skip


def test_a_cookie_guards_the_way_back(user: Any) -> None:
    kept = rows(user, "DECLARE @c varbinary(8000); EXECUTE AS USER = 'im_bare' WITH COOKIE INTO @c; SELECT @c")[0][0]
    assert outcome(user, "REVERT") == 15591
    assert outcome(user, "DECLARE @c varbinary(8000) = 0x1234; REVERT WITH COOKIE = @c") == 15589
    assert rows(user, WHO) == [("im_bare", "im_user")]
    assert outcome(user, f"DECLARE @c varbinary(8000) = 0x{kept.hex()}; REVERT WITH COOKIE = @c") == 0
    assert rows(user, WHO) == [("im_user", "im_user")]


def test_without_revert_there_is_no_way_back(somebody: People) -> None:
    connection = somebody.connect("im_user")
    assert outcome(connection, "EXECUTE AS USER = 'im_bare' WITH NO REVERT") == 0
    assert outcome(connection, "REVERT") == 15196
    assert rows(connection, WHO) == [("im_bare", "im_user")]


@pytest.mark.parametrize(
    ("batch", "number"),
    [
        ("EXECUTE AS USER = 'dbo'", 15517),
        ("EXECUTE AS USER = 'im_other'", 15517),
        ("EXECUTE AS USER = 'nobody'", 15517),
        ("EXECUTE AS USER = 'sys'", 15517),
        ("EXECUTE AS LOGIN = 'im_other'", 15406),
        ("EXECUTE AS LOGIN = 'nobody'", 15406),
        ("EXECUTE AS USER = 'im_bare'; EXECUTE AS LOGIN = 'im_user'", 15406),
        ("EXEC im.for_good", 15590),
        ("DECLARE @c int; EXECUTE AS USER = 'im_bare' WITH COOKIE INTO @c", 15533),
        ("DECLARE @c varbinary(100); REVERT WITH COOKIE = @c", 15591),
        ("EXEC ('SELECT 1') AS USER = 'dbo'", 15517),
    ],
)
def test_a_context_that_may_not_be_taken_is_refused(somebody: People, batch: str, number: int) -> None:
    assert outcome(somebody.connect("im_user"), batch) == number


def test_oneself_and_what_one_controls_may_be_impersonated(somebody: People, user: Any) -> None:
    assert outcome(user, "EXECUTE AS USER = 'im_user'; REVERT", "EXECUTE AS LOGIN = 'im_user'; REVERT") == 0
    somebody.run("GRANT CONTROL ON USER::im_other TO im_user")
    assert outcome(user, "EXECUTE AS USER = 'im_other'; REVERT") == 0
    somebody.run("DENY IMPERSONATE ON USER::im_other TO im_user")
    assert outcome(user, "EXECUTE AS USER = 'im_other'") == 15517
    somebody.run("REVOKE IMPERSONATE, CONTROL ON USER::im_other FROM im_user")


def test_who_creates_must_be_able_to_take_the_place(somebody: People) -> None:
    somebody.run("GRANT CREATE PROCEDURE TO im_user", "GRANT ALTER ON SCHEMA::im TO im_user")
    user = somebody.connect("im_user")
    create = "CREATE PROCEDURE im.made WITH EXECUTE AS '{}' AS SELECT 1"
    assert outcome(user, create.format("im_other")) == 15151
    assert outcome(user, create.format("nobody")) == 15151
    assert outcome(user, create.format("im_bare"), "DROP PROCEDURE im.made") == 0
    somebody.run("REVOKE CREATE PROCEDURE FROM im_user", "REVOKE ALTER ON SCHEMA::im FROM im_user")


def test_a_user_in_whose_name_a_procedure_runs_stays(somebody: People) -> None:
    assert outcome(somebody.administrator, "DROP USER im_bare") == 15136


def test_way_back_is_only_where_one_came_from(somebody: People) -> None:
    connection = somebody.administrator
    database = values(connection, "SELECT DB_NAME()")[0][0]
    assert outcome(connection, "EXECUTE AS LOGIN = 'im_user'", "USE master", "REVERT") == 15199
    assert outcome(connection, f"USE [{database}]", "REVERT") == 0
