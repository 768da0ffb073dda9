"""Permissions of temporal tables and sequences: the history is a table of its own, with permissions of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.people import People, outcome, people
from tests.servers import Target

PERIOD = (
    "s datetime2 GENERATED ALWAYS AS ROW START, e datetime2 GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)"
)
SCHEMA = (
    "CREATE SCHEMA rh",
    "CREATE SCHEMA ro",
    "CREATE TABLE rh.secret (id int NOT NULL, a int, s datetime2 NOT NULL, e datetime2 NOT NULL)",
    f"CREATE TABLE rh.t (id int PRIMARY KEY, a int, {PERIOD}) WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = rh.h))",
    "INSERT rh.t (id, a) VALUES (1, 1); UPDATE rh.t SET a = 2",
    "CREATE VIEW rh.v AS SELECT id, a FROM rh.t FOR SYSTEM_TIME ALL",
)
GONE = (
    "DROP VIEW rh.v",
    "ALTER TABLE rh.t SET (SYSTEM_VERSIONING = OFF)",
    "DROP TABLE rh.t, rh.h, rh.secret",
    "DROP SCHEMA rh",
    "DROP SCHEMA ro",
)


@pytest.fixture(scope="module")
def somebody(server: Target) -> Iterator[People]:
    """A login rh_user with a user, and the schemas rh and ro it may do nothing with."""
    with people(server) as made:
        made.run(*SCHEMA)
        made.make("rh_user")
        yield made
        made.run(*GONE)


@pytest.fixture(scope="module")
def theirs(somebody: People) -> Any:
    """rh_user's connection; what it does is rolled back."""
    return somebody.connect("rh_user", autocommit=False)


ALL = "SELECT id, a FROM rh.t FOR SYSTEM_TIME ALL"
HISTORY = "WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = {}))"
MAKE = f"CREATE TABLE ro.made (id int PRIMARY KEY, a int, {PERIOD}) {HISTORY}"
OFF, AGAIN = "SET (SYSTEM_VERSIONING = OFF)", "SET (SYSTEM_VERSIONING = ON (HISTORY_TABLE = rh.secret))"
CREATE = ("CREATE TABLE", "ALTER ON SCHEMA::ro")

MATRIX: list[tuple[tuple[str, ...], str, int]] = [
    (("SELECT ON rh.t",), "SELECT id, a FROM rh.t", 0),
    (("SELECT ON rh.t",), ALL, 229),
    (("SELECT ON rh.h",), ALL, 229),
    (("SELECT ON rh.t", "SELECT ON rh.h"), ALL, 0),
    (("SELECT ON rh.t", "SELECT ON rh.h (id)"), ALL, 230),
    (("SELECT ON rh.t", "SELECT ON rh.h (id)"), "SELECT id FROM rh.t FOR SYSTEM_TIME AS OF '2020-01-01'", 0),
    (("SELECT ON rh.v",), "SELECT id, a FROM rh.v", 0),
    (("UPDATE, SELECT, DELETE ON rh.t",), "UPDATE rh.t SET a = 3 WHERE id = 1; DELETE rh.t WHERE id = 1", 0),
    (CREATE, MAKE.format("ro.made_h"), 0),
    (CREATE, MAKE.format("rh.made_h"), 2760),
    (CREATE, MAKE.format("rh.secret"), 1088),
    ((*CREATE, "CONTROL ON rh.secret"), MAKE.format("rh.secret"), 0),
    (("ALTER ON rh.t", "CONTROL ON rh.h"), f"ALTER TABLE rh.t {OFF}", 1088),
    (("CONTROL ON rh.t", "ALTER ON rh.h"), f"ALTER TABLE rh.t {OFF}", 1088),
    (("CONTROL ON rh.t", "CONTROL ON rh.h"), f"ALTER TABLE rh.t {OFF}", 0),
    (("CONTROL ON rh.t", "CONTROL ON rh.h"), f"ALTER TABLE rh.t {OFF}; ALTER TABLE rh.t {AGAIN}", 1088),
    ((), "CREATE SEQUENCE rh.made", 2760),
    (("CREATE SEQUENCE ON SCHEMA::rh",), "CREATE SEQUENCE rh.made", 0),
    (("CREATE SEQUENCE ON SCHEMA::rh",), "CREATE SEQUENCE ro.made", 2760),
    (("ALTER ON SCHEMA::rh",), "CREATE SEQUENCE rh.made", 0),
    (("ALTER ANY SCHEMA",), "CREATE SEQUENCE rh.made", 0),
]


@pytest.mark.parametrize(("permissions", "action", "expected"), MATRIX)
def test_action_needs_the_permissions(
    somebody: People, theirs: Any, permissions: tuple[str, ...], action: str, expected: int
) -> None:
    try:
        somebody.run(*(f"GRANT {permission} TO rh_user" for permission in permissions))
        assert outcome(theirs, action) == expected
    finally:
        theirs.rollback()
        somebody.run(*(f"REVOKE {permission} FROM rh_user" for permission in permissions))
