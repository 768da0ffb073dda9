"""Rights on sequences, histories and definitions, for a user who owns nothing."""

from __future__ import annotations

import pytest

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.tds.requests import Login
from tests.unit.engine.conftest import Client

SETUP = (
    "CREATE LOGIN bob WITH PASSWORD = 'Str0ng!pass'",
    "CREATE USER bob FOR LOGIN bob",
    "CREATE SEQUENCE dbo.s START WITH 1",
    "CREATE TABLE dbo.t (id int DEFAULT NEXT VALUE FOR dbo.s, x int)",
    "CREATE TABLE dbo.emp (id int PRIMARY KEY, f datetime2 GENERATED ALWAYS AS ROW START, "
    "t datetime2 GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (f, t)) "
    "WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.h))",
    "GRANT SELECT, INSERT ON dbo.t TO bob",
    "GRANT SELECT, INSERT, DELETE ON dbo.emp TO bob",
)
ALL = "SELECT id FROM dbo.emp FOR SYSTEM_TIME ALL"

CASES: list[tuple[str, str, list[int]]] = [
    ("", "SELECT NEXT VALUE FOR dbo.s", [229]),
    ("GRANT UPDATE ON dbo.s TO bob", "SELECT NEXT VALUE FOR dbo.s", []),
    ("", "INSERT dbo.t (x) VALUES (1)", []),  # the table's owner is the sequence's
    ("", "ALTER SEQUENCE dbo.s RESTART", [15151]),
    ("", "DROP SEQUENCE dbo.s", [3701]),
    ("", "CREATE SEQUENCE dbo.q", [2760]),
    ("", "INSERT dbo.emp (id) VALUES (1); DELETE dbo.emp", []),
    ("", ALL, [229]),
    ("GRANT SELECT ON dbo.h TO bob", ALL, []),
    ("", "ALTER TABLE dbo.emp SET (SYSTEM_VERSIONING = OFF)", [1088]),
    ("", "ALTER TABLE dbo.t ADD y int", [1088]),
    ("", "ALTER INDEX ALL ON dbo.t REBUILD", [1088]),
    ("", "EXEC sp_rename 'dbo.t', 'u'", [15225]),
    ("", "EXEC sp_addextendedproperty 'a', 'b', 'schema', 'dbo', 'table', 't'", [15135]),
    ("", "ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150", [5011, 5069]),
]


@pytest.mark.parametrize(("grant", "text", "errors"), CASES, ids=[text + grant for grant, text, _ in CASES])
def test_user_may_do_what_is_granted_and_no_more(
    engine: Engine, client: Client, grant: str, text: str, errors: list[int]
) -> None:
    for batch in (*SETUP, grant):
        client.run(batch)
        assert client.errors == []
    bob = Client(engine.login(Login(user="bob", password="Str0ng!pass", database="pymlsql"), client_host="here"))
    bob.run(text)
    assert bob.errors == errors
