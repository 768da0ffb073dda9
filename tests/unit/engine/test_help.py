"""sp_help and sp_helpconstraint: what they tell of tables, views, procedures and types."""

from __future__ import annotations

import pytest

from tests.unit.engine.conftest import Client

NOTHING, COLLATION = "(n/a)", "SQL_Latin1_General_CP1_CI_AS"


@pytest.fixture
def told(client: Client) -> Client:
    """A session in a database with one of each."""
    for batch in (
        "CREATE TABLE dbo.parent (id int IDENTITY(3, 2) CONSTRAINT pk PRIMARY KEY, n nvarchar(20) NOT NULL "
        "CONSTRAINT df DEFAULT N'x', v varchar(max), d decimal(9, 2) CONSTRAINT ck CHECK (d > 0), f float, c AS d * 2)",
        "CREATE TABLE dbo.bare_parent (id int PRIMARY KEY)",
        "CREATE TABLE dbo.child (pid int CONSTRAINT fk REFERENCES dbo.parent ON DELETE CASCADE)",
        "CREATE TABLE dbo.bare (a int REFERENCES dbo.parent ON DELETE SET NULL)",
        "CREATE TABLE dbo.fallen (a int DEFAULT 3 REFERENCES dbo.bare_parent ON DELETE SET DEFAULT)",
        "CREATE VIEW dbo.v AS SELECT id FROM dbo.parent",
        "CREATE PROCEDURE dbo.p @a int, @b nvarchar(10) OUTPUT AS SELECT 1",
        "CREATE PROCEDURE dbo.large @a varbinary(max), @b nvarchar(max) AS SELECT 1",
        "CREATE TYPE dbo.phone FROM varchar(20) NOT NULL",
        "CREATE TYPE dbo.numbers AS TABLE (n int)",
        "CREATE TABLE dbo.called (tel dbo.phone)",
        "CREATE PROCEDURE dbo.call @tel dbo.phone AS SELECT 1",
        "CREATE PROCEDURE dbo.many @n dbo.numbers READONLY AS SELECT 1",
    ):
        client.run(batch)
        assert client.errors == []
    return client


CONSTRAINTS = [
    ("CHECK on column d", "ck", NOTHING, NOTHING, "Enabled", "Is_For_Replication", "([d]>(0))"),
    ("DEFAULT on column n", "df", NOTHING, NOTHING, NOTHING, NOTHING, "(N'x')"),
    ("PRIMARY KEY (clustered)", "pk", NOTHING, NOTHING, NOTHING, NOTHING, "id"),
]
FOREIGN = [
    ("FOREIGN KEY", "fk", "Cascade", "No Action", "Enabled", "Is_For_Replication", "pid"),
    (" ", " ", " ", " ", " ", " ", "REFERENCES pymlsql.dbo.parent (id)"),
]


def test_a_table_is_told_of_with_all_it_has(told: Client) -> None:
    kind, *rows = told.run("EXEC sp_help 'dbo.parent'")
    assert kind[:3] == ("parent", "dbo", "user table")
    assert rows == [
        ("id", "int", "no", 4, "10   ", "0    ", "no", NOTHING, NOTHING, None),
        ("n", "nvarchar", "no", 40, "     ", "     ", "no", NOTHING, NOTHING, COLLATION),
        ("v", "varchar", "no", -1, "     ", "     ", "yes", "no", "yes", COLLATION),
        ("d", "decimal", "no", 5, "9    ", "2    ", "yes", NOTHING, NOTHING, None),
        ("f", "float", "no", 8, "53   ", None, "yes", NOTHING, NOTHING, None),
        ("c", "decimal", "yes", 9, "11   ", "2    ", "yes", NOTHING, NOTHING, None),
        ("id", 3, 2, 0), ("No rowguidcol column defined.",), ("PRIMARY",),
        ("pk", "clustered, unique, primary key located on PRIMARY", "id"), *CONSTRAINTS,
        ("pymlsql.dbo.bare: FK__bare__a__" + rows[-2][0][-8:],), ("pymlsql.dbo.child: fk",),
    ]  # fmt: skip


TOLD = {
    "constraints": ("sp_helpconstraint 'dbo.parent', nomsg", [
        *CONSTRAINTS, ("pymlsql.dbo.bare: FK",), ("pymlsql.dbo.child: fk",)]),
    "a foreign key": ("sp_helpconstraint 'child'", [("child",), *FOREIGN]),
    "a view": ("sp_help 'v'", [
        ("v", "dbo", "view"), ("id", "int", "no", 4, "10   ", "0    ", "no", NOTHING, NOTHING, None),
        ("No identity column defined.", None, None, None), ("No rowguidcol column defined.",)]),
    "a procedure": ("sp_help 'p'", [
        ("p", "dbo", "stored procedure"), ("@a", "int", 4, 10, 0, 1, None),
        ("@b", "nvarchar", 20, 10, None, 2, COLLATION)]),
    "a user's type": ("sp_help 'phone'", [("phone", "varchar", 20, 20, None, "no", "none", "none", COLLATION)]),
    "a table type": ("sp_help 'numbers'", [("numbers", "table type", -1, 0, None, "no", "none", "none", None)]),
    "parameters of (max)": ("sp_help 'large'", [
        ("large", "dbo", "stored procedure"), ("@a", "varbinary", -1, 0, None, 1, None),
        ("@b", "nvarchar", -1, 0, None, 2, COLLATION)]),
    "a parameter of a user's type": ("sp_help 'call'", [
        ("call", "dbo", "stored procedure"), ("@tel", "phone", 20, 20, None, 1, COLLATION)]),
    "a type": ("sp_help 'int'", [("int", "int", 4, 10, 0, "yes", "none", "none", None)]),
}  # fmt: skip


@pytest.mark.parametrize(("call", "rows"), TOLD.values(), ids=TOLD.keys())
def test_what_is_told(told: Client, call: str, rows: list[tuple[object, ...]]) -> None:
    found = [tuple(one[:3] if "dbo" in one[1:2] else one) for one in told.run(f"EXEC {call}")]
    found = [("pymlsql.dbo.bare: FK",) if str(one[0]).startswith("pymlsql.dbo.bare") else one for one in found]
    assert (found, told.errors) == (rows, [])


def test_a_foreign_key_that_sets_null(told: Client) -> None:
    key, *_ = told.run("EXEC sp_helpconstraint 'bare', nomsg")
    assert key[2:] == ("Set Null", "No Action", "Enabled", "Is_For_Replication", "a")


def test_a_column_of_a_users_type(told: Client) -> None:
    assert told.run("EXEC sp_help 'called'")[1] == (
        "tel", "phone", "no", 20, "     ", "     ", "no", "no", "no", COLLATION)  # fmt: skip


def test_without_a_name_it_lists_all_objects_and_types(told: Client) -> None:
    rows = told.run("EXEC sp_help")
    assert [row for row in rows if row[1] == "dbo"][:4] == [
        ("v", "dbo", "view"), ("bare", "dbo", "user table"), ("bare_parent", "dbo", "user table"),
        ("called", "dbo", "user table")]  # fmt: skip
    assert ("tables", "sys", "view") in rows
    assert rows[-1][:2] == ("phone", "varchar")


REFUSED = {
    "nothing": ("sp_help 'nothing'", 15009),
    "no constraints of nothing": ("sp_helpconstraint 'nothing'", 15009),
    "another database": ("sp_help 'master.dbo.t'", 15250),
    "no name": ("sp_helpconstraint", 201),
    "words that are not known": ("sp_help 'fallen'", 40510),
    "a parameter of a table type": ("sp_help 'many'", 40510),
}


@pytest.mark.parametrize(("call", "number"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(told: Client, call: str, number: int) -> None:
    told.run(f"EXEC {call}")
    assert told.errors == [number]
