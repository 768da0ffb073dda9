"""The same text of two users is two questions: nothing that is kept between statements keeps a right with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.people import People, outcome, people, values
from tests.servers import Target


@pytest.fixture(scope="module")
def somebody(server: Target) -> Iterator[People]:
    """pl_may, who is granted and refused things, and pl_not, who never has a right."""
    with people(server) as made:
        made.run("CREATE TABLE dbo.pl (id int, a int); INSERT dbo.pl VALUES (1, 10)")
        made.run("CREATE VIEW dbo.pl_v AS SELECT id, a FROM dbo.pl")
        made.make("pl_may", "pl_not")
        yield made
        made.run("DROP VIEW dbo.pl_v", "DROP TABLE dbo.pl")


@pytest.fixture(scope="module")
def one(somebody: People) -> Any:
    return somebody.connect("pl_may", autocommit=False)


@pytest.fixture(scope="module")
def other(somebody: People) -> Any:
    return somebody.connect("pl_not", autocommit=False)


def prepared(connection: Any, text: str) -> str:
    """The batch that executes this text under a handle of the connection, with 1 as @id."""
    escaped = text.replace("'", "''")
    batch = f"SET NOCOUNT ON; DECLARE @h int; EXEC sp_prepare @h OUTPUT, N'@id int', N'{escaped}'; SELECT @h"
    return f"EXEC sp_execute {values(connection, batch)[0][0]}, 1"


TEXTS = [
    ("SELECT ON dbo.pl", "SELECT a FROM dbo.pl WHERE id = @id"),
    ("SELECT (id, a) ON dbo.pl", "SELECT a FROM dbo.pl WHERE id = @id"),
    ("SELECT ON dbo.pl_v", "SELECT a FROM dbo.pl_v WHERE id = @id"),
    ("SELECT ON dbo.pl", "DECLARE @n int = (SELECT COUNT(*) FROM dbo.pl WHERE id = @id)"),
    ("SELECT ON dbo.pl", "IF EXISTS (SELECT 1 FROM dbo.pl WHERE id = @id) PRINT 'x'"),
    ("INSERT ON dbo.pl", "INSERT dbo.pl (id) VALUES (@id)"),
    ("INSERT ON dbo.pl", "INSERT dbo.pl (id) SELECT @id"),
    ("UPDATE ON dbo.pl", "UPDATE dbo.pl SET a = @id"),
    ("DELETE ON dbo.pl", "DELETE dbo.pl"),
    ("SELECT ON SCHEMA::dbo", "SELECT a INTO #pl FROM dbo.pl WHERE id = @id; DROP TABLE #pl"),
]


@pytest.mark.parametrize(("permission", "text"), TEXTS)
def test_a_right_ends_with_its_revocation(somebody: People, one: Any, other: Any, permission: str, text: str) -> None:
    escaped = text.replace("'", "''")
    batches = [f"DECLARE @id int = 1; {text}", f"EXEC sp_executesql N'{escaped}', N'@id int', 1"]
    mine, theirs = [*batches, prepared(one, text)], [*batches, prepared(other, text)]

    def tried() -> list[int]:
        found = []
        for _ in range(2):
            for connection, ways in ((one, mine), (other, theirs)):
                for batch in ways:
                    found.append(outcome(connection, batch))
                    connection.rollback()
        return found

    denied, allowed = [229] * 3, [0] * 3
    assert tried() == [*denied, *denied] * 2
    somebody.run(f"GRANT {permission} TO pl_may")
    try:
        assert tried() == [*allowed, *denied] * 2
    finally:
        somebody.run(f"REVOKE {permission} FROM pl_may")
    assert tried() == [*denied, *denied] * 2


def test_rows_of_parameters_ask_each_time(somebody: People, one: Any) -> None:
    """What a driver prepares once and repeats."""

    def insert() -> str:
        cursor = one.cursor()
        cursor.fast_executemany = True
        try:
            cursor.executemany("INSERT dbo.pl (id, a) VALUES (?, ?)", [(5, 5), (6, 6)])
        except Exception as error:
            return str(error)
        finally:
            one.rollback()
        return ""

    assert "(229)" in insert()
    somebody.run("GRANT INSERT ON dbo.pl TO pl_may")
    assert insert() == ""
    somebody.run("REVOKE INSERT ON dbo.pl FROM pl_may")
    assert "(229)" in insert()


def test_a_handle_asks_in_whose_name_it_is_executed(somebody: People) -> None:
    administrator = somebody.connect("pl_not")
    somebody.run("ALTER ROLE db_owner ADD MEMBER pl_not")
    try:
        batch = prepared(administrator, "SELECT a FROM dbo.pl WHERE id = @id")
        assert outcome(administrator, batch) == 0
        assert outcome(administrator, "EXECUTE AS USER = 'pl_may'", batch) == 229
        assert outcome(administrator, "REVERT", batch) == 0
    finally:
        somebody.run("ALTER ROLE db_owner DROP MEMBER pl_not")
    assert outcome(administrator, batch) == 229


def test_role_members_by_procedure(somebody: People, one: Any) -> None:
    one.rollback()
    assert outcome(one, "EXEC sp_addrolemember 'db_datareader', 'pl_may'") == 15151
    one.rollback()
    somebody.run("EXEC sp_addrolemember @rolename = 'db_datareader', @membername = 'pl_may'")
    assert outcome(one, "SELECT a FROM dbo.pl") == 0
    one.rollback()
    somebody.run("EXEC sp_droprolemember 'db_datareader', 'pl_may'")
    assert outcome(one, "SELECT a FROM dbo.pl") == 229
    assert outcome(somebody.administrator, "EXEC sp_addrolemember 'db_datareader', 'nobody'") == 15410
    assert outcome(somebody.administrator, "EXEC sp_addrolemember 'nothing', 'pl_may'") == 15151
    assert outcome(somebody.administrator, "EXEC sp_addrolemember 'db_datareader'") == 201
