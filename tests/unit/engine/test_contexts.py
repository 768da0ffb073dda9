"""Contexts of a session as its own methods see them: what resets, errors and cancelling leave."""

from __future__ import annotations

from typing import Any

import pytest

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.tsql.messages import SqlError
from tests.unit.engine.conftest import Client


@pytest.fixture
def bare(client: Client) -> Client:
    """sa's session, with a user to be impersonated and procedures that end in different ways."""
    client.run("CREATE USER bare WITHOUT LOGIN; CREATE TABLE dbo.t (id int NOT NULL)")
    client.run("CREATE PROCEDURE dbo.breaks WITH EXECUTE AS 'bare' AS SELECT * FROM dbo.no_such_table")
    client.run("CREATE PROCEDURE dbo.throws AS EXECUTE AS USER = 'bare'; THROW 50001, 'x', 1")
    client.run(
        "CREATE PROCEDURE dbo.deeper AS EXECUTE AS USER = 'bare'; EXEC ('EXECUTE AS USER = ''bare''; SELECT 1/0')"
    )
    client.run("GRANT EXECUTE ON SCHEMA::dbo TO bare")
    return client


def who(client: Client) -> list[tuple[Any, ...]]:
    return client.run("SELECT USER_NAME()")


@pytest.mark.parametrize("name", ["breaks", "throws", "deeper"])
@pytest.mark.parametrize(
    "batch", ["EXEC dbo.{}", "BEGIN TRY EXEC dbo.{} END TRY BEGIN CATCH SELECT USER_NAME() END CATCH"]
)
def test_context_is_restored_however_a_procedure_ends(bare: Client, name: str, batch: str) -> None:
    rows = bare.run(batch.format(name))
    assert ("bare",) not in rows
    assert who(bare) == [("dbo",)]
    assert len(bare.session.contexts) == 1
    assert bare.session.switches == []


def test_an_error_leaves_the_session_s_own_context(bare: Client) -> None:
    bare.run("EXECUTE AS USER = 'bare'; SELECT * FROM dbo.t; EXEC dbo.breaks; THROW 50001, 'x', 1")
    assert bare.errors == [229, 208]
    assert who(bare) == [("bare",)]


def test_a_reset_in_another_context_is_18059(bare: Client) -> None:
    bare.session.reset(keep_transaction=False)
    bare.run("EXECUTE AS USER = 'bare'")
    with pytest.raises(SqlError) as caught:
        bare.session.reset(keep_transaction=False)
    assert (caught.value.number, caught.value.severity) == (18059, 20)


def test_cookies_fit_the_variable_that_takes_them(bare: Client) -> None:
    (row,) = bare.run("DECLARE @c varbinary(10); EXECUTE AS USER = 'bare' WITH COOKIE INTO @c; SELECT DATALENGTH(@c)")
    assert row == (10,)
    (row,) = bare.run("DECLARE @c varbinary(max); EXECUTE AS USER = 'bare' WITH COOKIE INTO @c; SELECT DATALENGTH(@c)")
    assert row == (100,)


def test_a_master_key_of_another_server_does_not_open(engine: Engine, client: Client) -> None:
    client.run("CREATE MASTER KEY ENCRYPTION BY PASSWORD = 'Passw0rd-1'; CREATE CERTIFICATE c WITH SUBJECT = 'x'")
    assert client.errors == []
    engine.service_key = bytes(32)
    client.run("CREATE CERTIFICATE d WITH SUBJECT = 'x'")
    assert client.errors == [15581]
    client.run("CREATE PROCEDURE dbo.p AS SELECT 1")
    client.run("ADD SIGNATURE TO dbo.p BY CERTIFICATE c")
    assert client.errors == [15581]


def test_passwords_are_in_no_representation_of_a_tree() -> None:
    from pymlsql.embedded.tsql.parser import parse_batch

    tree = repr(parse_batch("CREATE CERTIFICATE c ENCRYPTION BY PASSWORD = 'hidden' WITH SUBJECT = 's'; "
                            "ADD SIGNATURE TO p BY CERTIFICATE c WITH PASSWORD = 'hidden'; "
                            "CREATE MASTER KEY ENCRYPTION BY PASSWORD = 'hidden'"))  # fmt: skip
    assert "hidden" not in tree
