"""The migrations on a server: up, down, up again, and equal to the declared metadata."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.engine import Engine

from pymlsql import migrate
from pymlsql.schema import METADATA, ML, VERSION_TABLE
from tests.contract import pdm


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with pdm.running_engine() as engine:
        migrate.downgrade(engine)
        yield engine


def tables(engine: Engine) -> set[str]:
    """schema.table of all tables, without alembic's own."""
    found = inspect(engine)
    names = {f"{schema}.{name}" for schema in ("dbo", ML) for name in found.get_table_names(schema=schema)}
    return names - {f"{ML}.{VERSION_TABLE}"}


def test_upgrade_downgrade_to_base_and_upgrade_again(engine: Engine) -> None:
    declared = {f"{table.schema or 'dbo'}.{table.name}" for table in METADATA.tables.values()}
    migrate.upgrade(engine)
    assert migrate.current(engine) == migrate.heads()
    assert tables(engine) == declared
    migrate.downgrade(engine)
    assert migrate.current(engine) == ()
    assert tables(engine) == set()
    migrate.upgrade(engine)
    assert tables(engine) == declared


def test_one_branch_can_be_taken_back_alone(engine: Engine) -> None:
    migrate.upgrade(engine)
    migrate.downgrade(engine, "pdm@0001")
    assert migrate.current(engine) == ("ml_0006",)
    assert {name.split(".")[0] for name in tables(engine)} == {ML}
    migrate.upgrade(engine)
    assert migrate.current(engine) == migrate.heads()


def test_migrated_database_is_what_the_metadata_declares(engine: Engine) -> None:
    migrate.upgrade(engine)

    def of_ours(name: str | None, kind: str, parents: object) -> bool:
        return name in (None, "dbo", ML) if kind == "schema" else name != VERSION_TABLE

    options = {
        "include_schemas": True, "include_name": of_ours, "compare_type": True,
        "version_table": VERSION_TABLE, "version_table_schema": ML,
    }  # fmt: skip
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_upgrade_of_a_database_that_is_there_already_changes_nothing(engine: Engine) -> None:
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO ml.models (name) VALUES (N'kept')")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM ml.models WHERE name = N'kept'").scalar() == 1
        connection.exec_driver_sql("DELETE FROM ml.models")
