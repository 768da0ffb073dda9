"""What SQLAlchemy's inspector reads back of tables made in T-SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, Inspector, MetaData, create_engine, insert, inspect, select, text

from tests.servers import Target

MADE = """
CREATE SCHEMA ct_reflected
GO
CREATE TABLE ct_reflected.parent (
    a int IDENTITY(1, 1) NOT NULL, b nvarchar(30) NOT NULL, c decimal(9, 2) NULL CONSTRAINT DF_c DEFAULT 1.5,
    d datetime NOT NULL, e varbinary(max) NULL, f float NULL, g bit NOT NULL, h varchar(max) NULL,
    CONSTRAINT PK_parent PRIMARY KEY CLUSTERED (b, a DESC), CONSTRAINT UQ_parent UNIQUE (a),
    CONSTRAINT CK_parent CHECK (f > 0))
GO
CREATE INDEX IX_parent ON ct_reflected.parent (d DESC, g)
GO
CREATE TABLE ct_reflected.child (id bigint NOT NULL CONSTRAINT PK_child PRIMARY KEY,
    parent int NULL CONSTRAINT FK_child_parent REFERENCES ct_reflected.parent (a))
GO
CREATE VIEW ct_reflected.both_of_them AS SELECT id, parent FROM ct_reflected.child
"""
GONE = """
DROP VIEW IF EXISTS ct_reflected.both_of_them
GO
DROP TABLE IF EXISTS ct_reflected.child, ct_reflected.parent
GO
DROP SCHEMA IF EXISTS ct_reflected
"""
SCHEMA = "ct_reflected"


@pytest.fixture(scope="module")
def engine(server: Target) -> Iterator[Engine]:
    """An engine over a schema that is there for this module only."""
    made = create_engine(server.sqlalchemy_url)
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for batch in (GONE + "GO\n" + MADE).split("\nGO\n"):
            connection.execute(text(batch))
    yield made
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for batch in GONE.split("\nGO\n"):
            connection.execute(text(batch))
    made.dispose()


@pytest.fixture(scope="module")
def inspector(engine: Engine) -> Inspector:
    return inspect(engine)


def test_schemas_tables_and_views_are_listed(inspector: Inspector) -> None:
    assert {"dbo", "sys", "INFORMATION_SCHEMA", SCHEMA} <= set(inspector.get_schema_names())
    assert sorted(inspector.get_table_names(SCHEMA)) == ["child", "parent"]
    assert inspector.get_view_names(SCHEMA) == ["both_of_them"]
    assert inspector.has_table("parent", SCHEMA)
    assert not inspector.has_table("nothing", SCHEMA)


COLUMNS = [
    ("a", "INTEGER", False), ("b", "NVARCHAR(30)", False), ("c", "DECIMAL(9, 2)", True), ("d", "DATETIME", False),
    ("e", "VARBINARY(max)", True), ("f", "FLOAT", True), ("g", "BIT", False), ("h", "VARCHAR(max)", True),
]  # fmt: skip


def test_columns_have_their_types(engine: Engine, inspector: Inspector) -> None:
    def shown(column: Any) -> str:
        kind: str = column["type"].compile(engine.dialect)
        return kind.split(" COLLATE")[0]

    got = [(column["name"], shown(column), column["nullable"]) for column in inspector.get_columns("parent", SCHEMA)]
    assert [(name, kind.replace("FLOAT(53)", "FLOAT").replace("DOUBLE PRECISION", "FLOAT"), null)
            for name, kind, null in got] == COLUMNS  # fmt: skip


def test_identity_and_default_are_seen(inspector: Inspector) -> None:
    columns = {column["name"]: column for column in inspector.get_columns("parent", SCHEMA)}
    assert columns["a"]["identity"] == {"start": 1, "increment": 1}
    assert columns["c"]["default"] == "((1.5))"


def test_keys_are_seen(inspector: Inspector) -> None:
    key = inspector.get_pk_constraint("parent", SCHEMA)
    assert (key["name"], key["constrained_columns"]) == ("PK_parent", ["b", "a"])
    (foreign,) = inspector.get_foreign_keys("child", SCHEMA)
    assert foreign["name"] == "FK_child_parent"
    assert (foreign["constrained_columns"], foreign["referred_table"], foreign["referred_columns"]) == (
        ["parent"],
        "parent",
        ["a"],
    )


def test_indexes_are_seen(inspector: Inspector) -> None:
    indexes = {index["name"]: index for index in inspector.get_indexes("parent", SCHEMA)}
    assert indexes["IX_parent"]["column_names"] == ["d", "g"]
    assert not indexes["IX_parent"]["unique"]


def test_view_text_is_seen(inspector: Inspector) -> None:
    assert "SELECT id, parent FROM ct_reflected.child" in (inspector.get_view_definition("both_of_them", SCHEMA) or "")


def test_reflected_tables_can_be_used(engine: Engine) -> None:
    tables = MetaData()
    tables.reflect(engine, schema=SCHEMA)
    parent = tables.tables[f"{SCHEMA}.parent"]
    with engine.connect() as connection:
        sent = {"b": "x", "d": "2020-01-01T00:00:00", "g": True, "f": 1.5}
        key = connection.execute(insert(parent).values(sent)).inserted_primary_key
        row = connection.execute(select(parent.c.a, parent.c.b, parent.c.c)).one()
        connection.rollback()
    assert key is not None
    assert (row.b, str(row.c)) == ("x", "1.50")
