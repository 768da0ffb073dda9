"""A project from `pymlsql init` on a server: its own migrations beside those of schema ml, and its environments."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql import connect, initialising, migrate, project, settings
from pymlsql.deployment import revisions
from pymlsql.errors import DeploymentError, SettingsError
from pymlsql.toolkit import Toolkit
from tests import servers


@pytest.fixture(scope="module")
def own_server() -> Iterator[servers.Target]:
    with servers.running() as target:
        yield target


@pytest.fixture
def db(own_server: servers.Target) -> Iterator[Toolkit]:
    with connect(own_server.sqlalchemy_url) as found:
        yield found


def tables(db: Toolkit) -> set[str]:
    names = db.rows("SELECT CONCAT(TABLE_SCHEMA, N'.', TABLE_NAME) AS name FROM INFORMATION_SCHEMA.TABLES")
    return {row.name for row in names if not row.name.startswith("ml.")}


def test_a_project_gets_its_own_tables_and_not_those_of_the_example(db: Toolkit, tmp_path: Path) -> None:
    initialising.initialise(tmp_path, "demand")
    declared = project.read(tmp_path)
    db.upgrade(declared=declared)
    assert migrate.current(db.engine) == migrate.wanted(declared) == migrate.heads("pymlsql")
    assert migrate.current(db.engine, folder=declared.migrations) == ("0001",)
    assert tables(db) == {"dbo.DemandItems", "dbo.DemandSales", "dbo.DemandPromotions", "dbo.alembic_version"}
    assert len(db.apply(declared).plan.changes) == len(declared.modules)
    db.undo(declared.required_name)
    migrate.downgrade(db.engine, folder=tmp_path / "migrations")
    assert tables(db) == {"dbo.alembic_version"}


@pytest.mark.parametrize(("folder", "name"), [("shop-2", "shop-2"), ("2024 shop", "bank")])
def test_a_project_is_called_as_its_folder_where_it_can_be(tmp_path: Path, folder: str, name: str) -> None:
    initialising.initialise(tmp_path / folder, "bank")
    assert project.read(tmp_path / folder).name == name


def test_alembic_itself_runs_the_project_s_migrations(db: Toolkit, own_server: servers.Target, tmp_path: Path) -> None:
    initialising.initialise(tmp_path, "bank")
    environment = settings.child_environment(PYMLSQL_URL=own_server.sqlalchemy_url)
    alembic = [sys.executable, "-m", "alembic"]

    def run(*words: str) -> str:
        done = subprocess.run(
            [*alembic, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("upgrade", "head")
    assert "dbo.BankCalls" in tables(db)
    assert "CREATE TABLE dbo.BankCalls" in run("upgrade", "head", "--sql")
    run("revision", "-m", "a comment", "--rev-id", "0002")
    run("upgrade", "head")
    assert migrate.current(db.engine, folder=tmp_path / "migrations") == ("0002",)
    run("downgrade", "base")
    assert "dbo.BankCalls" not in tables(db)


def test_a_revision_carries_a_deployment_up_and_down(db: Toolkit, tmp_path: Path) -> None:
    initialising.initialise(tmp_path, "demand")
    folder = tmp_path / "migrations"
    first = project.read(tmp_path)
    db.upgrade(declared=first)
    revisions.write_revision(first, first.modules, "deploy the features")
    text = (tmp_path / "pymlsql.toml").read_text()
    (tmp_path / "pymlsql.toml").write_text(text.replace('"max"', '"max", "min"', 1))
    second = project.read(tmp_path)
    time.sleep(1.1)  # revisions are numbered by the second
    revisions.write_revision(second, second.modules, "smallest sales")
    migrate.upgrade(db.engine, folder=folder)
    definition = "SELECT OBJECT_DEFINITION(OBJECT_ID(N'dbo.DemandFeatures'))"
    assert "quantitymin_7d" in db.scalar(definition)
    assert [step.action for step in db.plan(second).steps if step.changes] == []
    migrate.downgrade(db.engine, "-1", folder=folder)
    assert "quantitymin_7d" not in db.scalar(definition)
    assert [step.action for step in db.plan(first).steps if step.changes] == []
    migrate.downgrade(db.engine, "0001", folder=folder)
    assert db.scalar(definition) is None
    migrate.upgrade(db.engine, folder=folder)
    db.execute("ALTER VIEW dbo.DemandFeatures AS SELECT 1 AS mine")
    with pytest.raises(DeploymentError, match="was edited on the server since"):
        migrate.downgrade(db.engine, "-1", folder=folder)
    assert len(migrate.current(db.engine, folder=folder)) == 1
    assert db.scalar(definition) == "CREATE VIEW dbo.DemandFeatures AS SELECT 1 AS mine"


def test_an_environment_is_the_variable_that_holds_its_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = '[project]\nname = "shop"\n[environments]\ndev = "embedded:data"\nprod = "SHOP_URL"\nwrong = "mssql://u:p@h/d"\n'
    (tmp_path / settings.CONFIG_FILE).write_text(text)
    found = settings.resolve_target("prod", {"SHOP_URL": "mssql+pyodbc://u:secret@h/d"})
    assert (found.url, found.source) == ("mssql+pyodbc://u:secret@h/d", "SHOP_URL, the environment prod")
    assert settings.resolve_target(None, {"PYMLSQL_URL": "prod", "SHOP_URL": "mssql://h/d"}).url == "mssql://h/d"
    for name, message in (
        ("prod", "takes its URL from the variable SHOP_URL, which is not set"),
        ("stage", "neither a URL nor an environment of pymlsql.toml .there are dev, prod, wrong."),
        ("wrong", "URLs and their passwords do not belong into this file"),
    ):
        with pytest.raises(SettingsError, match=message):
            settings.resolve_target(name, {})
