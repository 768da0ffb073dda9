"""One head per branch; what the migrations make is what the declared tables say."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect

from pymlsql import migrate, schema
from tests import servers
from tests.meta.sources import ROOT


@pytest.fixture(scope="module")
def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config)


def test_each_branch_has_one_head(scripts: ScriptDirectory) -> None:
    heads = [scripts.get_revision(head) for head in scripts.get_heads()]
    labels = sorted(label for head in heads if head is not None for label in head.branch_labels)
    assert labels == ["pdm", "pymlsql"]


def test_every_revision_can_go_down(scripts: ScriptDirectory) -> None:
    for revision in scripts.walk_revisions():
        text = Path(revision.path).read_text(encoding="utf-8")
        assert "def downgrade() -> None:" in text
        assert "templates" not in text, f"{revision.revision} renders today's template"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A database of its own, so that what other tests make does not show."""
    with tempfile.TemporaryDirectory(prefix="pymlsql-meta-") as scratch:
        target = servers.start(scratch=Path(scratch))
        made = create_engine(target.sqlalchemy_url)
        yield made
        made.dispose()
        target.stop()


def _tables(engine: Engine) -> set[str]:
    inspector = inspect(engine)
    return {f"{name}.{table}" for name in ("ml", "dbo") if name in inspector.get_schema_names()
            for table in inspector.get_table_names(name)}  # fmt: skip


def test_upgrade_downgrade_upgrade_makes_what_the_tables_say(engine: Engine) -> None:
    declared = {f"{table.schema or 'dbo'}.{table.name}" for table in schema.METADATA.tables.values()}
    migrate.upgrade(engine)
    assert _tables(engine) - {"ml.alembic_version"} == declared
    migrate.downgrade(engine, "base")
    assert _tables(engine) <= {"ml.alembic_version"}
    migrate.upgrade(engine)
    with engine.connect() as connection:
        options = {"include_schemas": True, "compare_type": True, "compare_server_default": False}
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, schema.METADATA)
    found = [change for change in found if "alembic_version" not in repr(change)]
    assert found == []
