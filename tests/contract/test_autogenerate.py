"""alembic's autogenerate after create_all: nothing to do, for every kind of column, constraint and index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import mssql

from tests.servers import Target

SCHEMA = "ct_alembic"
TYPES: list[Any] = [
    mssql.BIT(), mssql.TINYINT(), sa.SmallInteger(), sa.Integer(), sa.BigInteger(), sa.Float(), mssql.REAL(),
    sa.Numeric(18, 4), sa.Numeric(38, 0), mssql.MONEY(), mssql.SMALLMONEY(), sa.Date(), mssql.TIME(), mssql.TIME(3),
    mssql.DATETIME(), mssql.SMALLDATETIME(), mssql.DATETIME2(), mssql.DATETIME2(3), mssql.DATETIMEOFFSET(2),
    sa.CHAR(3), sa.String(20), sa.String(), sa.NCHAR(5), sa.Unicode(30), sa.Unicode(), sa.LargeBinary(),
    mssql.BINARY(4), mssql.VARBINARY(8), mssql.VARBINARY("max"), mssql.UNIQUEIDENTIFIER(),
    sa.Boolean(),
]  # fmt: skip


def tables() -> sa.MetaData:
    """Each type, nullable and not, and each kind of default, key, constraint and index."""
    metadata = sa.MetaData(schema=SCHEMA)
    columns = [sa.Column(f"c{i}", type_, nullable=i % 2 == 0) for i, type_ in enumerate(TYPES)]
    numbered = sa.Column("id", sa.Integer, sa.Identity(start=5, increment=2), primary_key=True)
    sa.Table("types", metadata, numbered, *columns)
    sa.Table(
        "parent", metadata,
        sa.Column("a", sa.Integer, nullable=False), sa.Column("b", sa.Unicode(20), nullable=False),
        sa.Column("n", sa.Integer, server_default=sa.text("7")),
        sa.Column("s", sa.Unicode(10), server_default="it's"),
        sa.Column("d", mssql.DATETIME(), server_default=sa.text("getdate()")),
        sa.Column("twice", sa.Integer, sa.Computed("[n]*(2)")),
        sa.Column("kept", sa.Integer, sa.Computed("[n]+(1)", persisted=True)),
        sa.Column("words", sa.Unicode(10, collation="Latin1_General_BIN2")),
        sa.PrimaryKeyConstraint("a", "b", name="PK_parent", mssql_clustered=False),
        sa.UniqueConstraint("b", "n", name="UQ_parent"),
        sa.CheckConstraint("[n] > 0", name="CK_parent"),
        sa.Index("IX_parent_n", "n", "s"),
        sa.Index("IX_parent_d", "d", unique=True, mssql_include=["s"]),
        sa.Index("IX_parent_filtered", "s", mssql_where=sa.text("[n]>(3)")),
        comment="what others refer to",
    )  # fmt: skip
    sa.Table(
        "child", metadata,
        sa.Column("id", sa.BigInteger, sa.Sequence("numbers", schema=SCHEMA), primary_key=True, autoincrement=False),
        sa.Column("a", sa.Integer), sa.Column("b", sa.Unicode(20), comment="half of a key"),
        sa.Column("self", sa.BigInteger, sa.ForeignKey(f"{SCHEMA}.child.id", name="FK_child_child")),
        sa.ForeignKeyConstraint(["a", "b"], [f"{SCHEMA}.parent.a", f"{SCHEMA}.parent.b"], name="FK_child_parent",
                                ondelete="CASCADE", onupdate="SET NULL"),
    )  # fmt: skip
    return metadata


@pytest.fixture(scope="module")
def connection(server: Target) -> Iterator[sa.Connection]:
    """A connection to a server that has the tables, which go when the module is done."""
    engine = sa.create_engine(server.sqlalchemy_url, isolation_level="AUTOCOMMIT")
    metadata = tables()
    with engine.connect() as made:
        if SCHEMA in sa.inspect(made).get_schema_names():
            metadata.drop_all(made)
            made.execute(sa.schema.DropSchema(SCHEMA))
        made.execute(sa.schema.CreateSchema(SCHEMA))
        metadata.create_all(made)
        yield made
        metadata.drop_all(made)
        made.execute(sa.schema.DropSchema(SCHEMA))
    engine.dispose()


def _differences(connection: sa.Connection, metadata: sa.MetaData) -> list[Any]:
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_schemas": True,
        "include_name": lambda name, kind, parents: kind != "schema" or name == SCHEMA,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_what_was_made_is_what_was_declared(connection: sa.Connection) -> None:
    assert _differences(connection, tables()) == []


def test_what_differs_is_found(connection: sa.Connection) -> None:
    changed = tables()
    table = changed.tables[f"{SCHEMA}.parent"]
    table.append_column(sa.Column("further", sa.Integer))
    table.c.s.type = sa.Unicode(11)
    table.c.n.server_default = sa.DefaultClause(sa.text("8"))
    table.indexes.discard(next(index for index in table.indexes if index.name == "IX_parent_n"))
    found = {change[0][0] if isinstance(change, list) else change[0] for change in _differences(connection, changed)}
    assert found == {"add_column", "modify_type", "modify_default", "remove_index"}


def test_reflected_tables_make_the_same_tables(connection: sa.Connection) -> None:
    """Reflect, drop, make again from what was reflected, and compare with what was declared."""
    reflected = sa.MetaData()
    reflected.reflect(connection, schema=SCHEMA)
    reflected.drop_all(connection)
    reflected.create_all(connection)
    assert _differences(connection, tables()) == []
