"""What the catalog says of tables that SQLAlchemy made, and that alembic then finds nothing to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Engine,
    ForeignKeyConstraint,
    Identity,
    Index,
    Inspector,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.dialects.mssql import BIT, DATETIME, DATETIME2, DECIMAL, FLOAT, NVARCHAR, VARBINARY, VARCHAR

from pymlsql.schema import METADATA
from tests.servers import Target

SCHEMA = "ct_catalog"
PACKAGE_SCHEMAS = {"ml": "ct_catalog_ml", None: "ct_catalog_pdm"}
"""Where the package's own tables are made here, so that the real ones are left alone."""

TABLES = MetaData(schema=SCHEMA)
MACHINE = Table(
    "machine",
    TABLES,
    Column("site", NVARCHAR(20), nullable=False),
    Column("number", Integer, nullable=False, autoincrement=False),
    Column("row_id", BigInteger, Identity(start=100, increment=10), nullable=False),
    Column("weight", DECIMAL(9, 2), nullable=False, server_default=text("0")),
    Column("kind", VARCHAR(10), server_default=text("'x'")),
    Column("note", NVARCHAR("max")),  # type: ignore[arg-type]
    Column("bytes", VARBINARY("max")),  # type: ignore[no-untyped-call]
    Column("seen", DATETIME, server_default=text("GETUTCDATE()")),
    Column("seen_well", DATETIME2(3)),
    Column("volt", FLOAT),
    Column("active", BIT, nullable=False),
    PrimaryKeyConstraint("site", "number", name="PK_machine", mssql_clustered=False),
    UniqueConstraint("row_id", name="UQ_machine_row"),
    CheckConstraint("weight >= 0 AND kind IN ('x', 'y')", name="CK_machine_weight"),
)
Index("IX_machine_seen", MACHINE.c.seen.desc(), MACHINE.c.number, mssql_clustered=True)
Index("IX_machine_volt", MACHINE.c.volt, mssql_include=["note", "active"])
Index("UX_machine_kind", MACHINE.c.kind, unique=True, mssql_where=MACHINE.c.kind.isnot(None))
EVENT = Table(
    "event",
    TABLES,
    Column("event_id", Integer, Identity(), nullable=False),
    Column("machine_site", NVARCHAR(20)),
    Column("machine_number", Integer),
    Column("follows", Integer),
    PrimaryKeyConstraint("event_id", name="PK_event"),
    ForeignKeyConstraint(
        ["machine_site", "machine_number"], [MACHINE.c.site, MACHINE.c.number], name="FK_event_machine"
    ),
    ForeignKeyConstraint(["follows"], [f"{SCHEMA}.event.event_id"], name="FK_event_event"),
)
VIEW_TEXT = f"CREATE VIEW {SCHEMA}.active_machines AS SELECT site, number, volt FROM {SCHEMA}.machine WHERE active = 1"


def _package_tables() -> MetaData:
    """The package's tables in schemas of their own."""
    made = MetaData()
    for table in METADATA.sorted_tables:
        table.to_metadata(
            made,
            schema=PACKAGE_SCHEMAS[table.schema],
            referred_schema_fn=lambda table, schema, constraint, referred: PACKAGE_SCHEMAS[referred],
        )
    return made


PACKAGE_TABLES = _package_tables()
SCHEMAS = [SCHEMA, *PACKAGE_SCHEMAS.values()]


def _clear(connection: Connection) -> None:
    connection.execute(text(f"DROP VIEW IF EXISTS {SCHEMA}.active_machines"))
    for tables in (TABLES, PACKAGE_TABLES):
        for table in reversed(tables.sorted_tables):
            connection.execute(text(f"DROP TABLE IF EXISTS {table.schema}.[{table.name}]"))
    for schema in SCHEMAS:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {schema}"))


@pytest.fixture(scope="module")
def engine(server: Target) -> Iterator[Engine]:
    """An engine over tables that are there for this module only."""
    made = create_engine(server.sqlalchemy_url, isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        _clear(connection)
        for schema in SCHEMAS:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        TABLES.create_all(connection)
        PACKAGE_TABLES.create_all(connection)
        connection.execute(text(VIEW_TEXT))
    yield made
    with made.connect() as connection:
        _clear(connection)
    made.dispose()


@pytest.fixture(scope="module")
def inspector(engine: Engine) -> Inspector:
    return inspect(engine)


def _rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query)).all()]


# SQLAlchemy -------------------------------------------------------------------------------------------------------


def test_tables_are_found_whatever_the_case_of_their_names(inspector: Inspector) -> None:
    assert inspector.has_table("MACHINE", SCHEMA)
    assert inspector.has_table("active_machines", SCHEMA)
    assert not inspector.has_table("machine", "dbo")
    assert inspector.get_table_names(SCHEMA) == ["event", "machine"]
    assert inspector.get_view_names(SCHEMA) == ["active_machines"]


TYPES = {
    "site": "NVARCHAR(20)", "number": "INTEGER", "row_id": "BIGINT", "weight": "DECIMAL(9, 2)", "kind": "VARCHAR(10)",
    "note": "NVARCHAR(max)", "bytes": "VARBINARY(max)", "seen": "DATETIME", "seen_well": "DATETIME2",
    "volt": "FLOAT", "active": "BIT",
}  # fmt: skip


def test_columns_are_described(inspector: Inspector, engine: Engine) -> None:
    columns = {column["name"]: column for column in inspector.get_columns("machine", SCHEMA)}
    # SQLAlchemy reads no scale of datetime2, and different versions of it write float differently.
    spelt = {"FLOAT(53)": "FLOAT", "DOUBLE PRECISION": "FLOAT"}
    written = {name: column["type"].compile(engine.dialect).split(" COLLATE")[0] for name, column in columns.items()}
    assert {name: spelt.get(kind, kind) for name, kind in written.items()} == TYPES
    assert {name for name, column in columns.items() if not column["nullable"]} == {
        "site", "number", "row_id", "weight", "active"}  # fmt: skip
    assert columns["row_id"]["identity"] == {"start": 100, "increment": 10}
    assert "identity" not in columns["number"]


def test_defaults_are_in_normal_form(inspector: Inspector) -> None:
    defaults = {column["name"]: column["default"] for column in inspector.get_columns("machine", SCHEMA)}
    assert {name: default for name, default in defaults.items() if default} == {
        "weight": "((0))", "kind": "('x')", "seen": "(getutcdate())"}  # fmt: skip


def test_the_primary_key_is_not_clustered_because_an_index_is(inspector: Inspector) -> None:
    key = inspector.get_pk_constraint("machine", SCHEMA)
    assert (key["name"], key["constrained_columns"]) == ("PK_machine", ["site", "number"])
    assert key["dialect_options"] == {"mssql_clustered": False}
    assert inspector.get_pk_constraint("event", SCHEMA)["dialect_options"] == {"mssql_clustered": True}


def test_foreign_keys_pair_their_columns(inspector: Inspector) -> None:
    keys = {key["name"]: key for key in inspector.get_foreign_keys("event", SCHEMA)}
    machine = keys["FK_event_machine"]
    assert machine["constrained_columns"] == ["machine_site", "machine_number"]
    assert (machine["referred_schema"], machine["referred_table"]) == (SCHEMA, "machine")
    assert machine["referred_columns"] == ["site", "number"]
    assert machine["options"] == {}
    assert keys["FK_event_event"]["referred_columns"] == ["event_id"]


def test_indexes_are_described(inspector: Inspector) -> None:
    indexes = {index["name"]: index for index in inspector.get_indexes("machine", SCHEMA)}
    assert set(indexes) == {"IX_machine_seen", "IX_machine_volt", "UX_machine_kind", "UQ_machine_row"}
    assert indexes["IX_machine_seen"]["column_names"] == ["seen", "number"]
    assert indexes["IX_machine_seen"]["dialect_options"] == {"mssql_clustered": True, "mssql_include": []}
    assert indexes["IX_machine_volt"]["column_names"] == ["volt"]
    assert indexes["IX_machine_volt"]["dialect_options"]["mssql_include"] == ["note", "active"]
    assert indexes["UX_machine_kind"]["unique"]
    assert indexes["UX_machine_kind"]["dialect_options"]["mssql_where"] == "([kind] IS NOT NULL)"
    assert indexes["UQ_machine_row"]["unique"]


def test_the_text_of_a_view_is_kept(inspector: Inspector) -> None:
    assert inspector.get_view_definition("active_machines", SCHEMA) == VIEW_TEXT
    assert [column["name"] for column in inspector.get_columns("active_machines", SCHEMA)] == ["site", "number", "volt"]


def test_no_comments_and_no_sequences_are_there(inspector: Inspector) -> None:
    assert inspector.get_table_comment("machine", SCHEMA) == {"text": None}
    assert not inspector.has_sequence("machine", SCHEMA)


def test_a_temporary_table_is_found_and_described(server: Target) -> None:
    engine = create_engine(server.sqlalchemy_url)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE #ct_temporary (a int NOT NULL PRIMARY KEY, b nvarchar(7) NULL)"))
        inspector = inspect(connection)
        assert inspector.has_table("#ct_temporary")
        assert not inspector.has_table("#ct_other")
        described = [(c["name"], str(c["type"]).split(" COLLATE")[0]) for c in inspector.get_columns("#ct_temporary")]
        assert described == [("a", "INTEGER"), ("b", "NVARCHAR(7)")]
        assert inspector.get_pk_constraint("#ct_temporary")["constrained_columns"] == ["a"]
    engine.dispose()


@pytest.mark.parametrize("level", ["READ UNCOMMITTED", "READ COMMITTED", "SERIALIZABLE"])
def test_the_isolation_level_is_read_back(server: Target, level: Any) -> None:
    engine = create_engine(server.sqlalchemy_url)
    with engine.connect().execution_options(isolation_level=level) as connection:
        assert connection.get_isolation_level() == level
    engine.dispose()


# alembic ----------------------------------------------------------------------------------------------------------


def _differences(engine: Engine, tables: MetaData, schemas: list[str]) -> list[Any]:
    """What alembic's autogenerate would change."""

    def ours(name: str | None, kind: str, _: object) -> bool:
        return kind != "schema" or name in schemas

    with engine.connect() as connection:
        options = {"include_schemas": True, "include_name": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, tables))


def test_autogenerate_finds_nothing_to_change(engine: Engine) -> None:
    assert _differences(engine, TABLES, [SCHEMA]) == []


def test_autogenerate_finds_nothing_to_change_in_the_packages_tables(engine: Engine) -> None:
    assert _differences(engine, PACKAGE_TABLES, list(PACKAGE_SCHEMAS.values())) == []


def test_autogenerate_finds_a_column_that_is_missing(engine: Engine) -> None:
    more = MetaData()
    for table in TABLES.sorted_tables:
        table.to_metadata(more)
    more.tables[f"{SCHEMA}.event"].append_column(Column("extra", Integer))
    (found,) = _differences(engine, more, [SCHEMA])
    assert (found[0], found[2], found[3].name) == ("add_column", "event", "extra")


# The catalog itself -----------------------------------------------------------------------------------------------

QUESTIONS = [
    ("checks",
     "SELECT c.name, c.definition, c.type FROM sys.check_constraints AS c "
     "WHERE c.parent_object_id = OBJECT_ID(N'ct_catalog.machine')",
     ("CK_machine_weight", "([weight]>=(0) AND ([kind]='y' OR [kind]='x'))", "C ")),
    ("a default by its column",
     "SELECT d.definition FROM sys.default_constraints AS d JOIN sys.columns AS c ON c.default_object_id = d.object_id "
     "WHERE c.object_id = OBJECT_ID(N'ct_catalog.machine') AND c.name = N'seen'", ("(getutcdate())",)),
    ("a heap",
     "SELECT COUNT(*) FROM sys.indexes AS i JOIN sys.tables AS t ON t.object_id = i.object_id "
     "WHERE t.name = N'machine' AND SCHEMA_NAME(t.schema_id) = N'ct_catalog' AND i.type_desc = N'HEAP'", (0,)),
    ("the referenced key", "SELECT UNIQUE_CONSTRAINT_NAME, MATCH_OPTION, DELETE_RULE FROM "
     "INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_NAME = 'FK_event_machine'",
     ("PK_machine", "SIMPLE", "NO ACTION")),
    ("names of one table in three views",
     "SELECT COUNT(*) FROM sys.objects AS o JOIN INFORMATION_SCHEMA.TABLES AS t ON t.TABLE_NAME = o.name "
     "AND t.TABLE_SCHEMA = SCHEMA_NAME(o.schema_id) JOIN sys.all_objects AS a ON a.object_id = o.object_id "
     "WHERE t.TABLE_SCHEMA = N'CT_CATALOG' AND o.type = 'U'", (2,)),
    ("types by id", "SELECT t.name FROM sys.types AS t JOIN sys.columns AS c ON c.user_type_id = t.user_type_id "
     "WHERE c.object_id = OBJECT_ID(N'ct_catalog.machine') AND c.name = N'seen_well'", ("datetime2",)),
    ("principals", "SELECT p.name FROM sys.schemas AS s JOIN sys.database_principals AS p "
     "ON p.principal_id = s.principal_id WHERE s.name = N'ct_catalog'", ("dbo",)),
    ("this session", "SELECT COUNT(*) FROM sys.dm_exec_sessions AS s JOIN sys.dm_exec_connections AS c "
     "ON c.session_id = s.session_id WHERE s.session_id = @@SPID AND s.is_user_process = 1", (1,)),
]  # fmt: skip


@pytest.mark.parametrize(("query", "wanted"), [case[1:] for case in QUESTIONS], ids=[case[0] for case in QUESTIONS])
def test_the_catalog_answers(engine: Engine, query: str, wanted: tuple[Any, ...]) -> None:
    assert _rows(engine, query) == [wanted]


def test_master_has_none_of_these_tables(engine: Engine) -> None:
    assert _rows(engine, "SELECT name FROM master.sys.tables WHERE name = N'machine'") == []


def test_every_system_view_can_be_read_whole(embedded: Target) -> None:
    """sql_variant is cast, since pyodbc has no type for it; a server of Microsoft's has views with side effects."""
    asked = text(
        "SELECT s.name AS [schema], v.name AS [view], c.name AS [column], t.name AS [type] "
        "FROM sys.system_views AS v JOIN sys.schemas AS s ON s.schema_id = v.schema_id "
        "JOIN sys.system_columns AS c ON c.object_id = v.object_id "
        "JOIN sys.types AS t ON t.user_type_id = c.user_type_id ORDER BY 1, 2, c.column_id"
    )
    engine = create_engine(embedded.sqlalchemy_url)
    views: dict[str, list[str]] = {}
    with engine.connect() as connection:
        for schema, view, column, kind in connection.execute(asked):
            shown = f"CAST([{column}] AS nvarchar(100))" if kind == "sql_variant" else f"[{column}]"
            views.setdefault(f"[{schema}].[{view}]", []).append(shown)
        for view, columns in views.items():
            result = connection.execute(text(f"SELECT {', '.join(columns)} FROM {view}"))
            assert all(len(row) == len(columns) for row in result.all())
    engine.dispose()
    assert {"[sys].[objects]", "[INFORMATION_SCHEMA].[COLUMNS]", "[sys].[dm_exec_sessions]"} <= set(views)
