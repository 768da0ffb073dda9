"""The examples' projects on a server: tables, data, features applied twice, and checked against pandas."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from pymlsql import connect, deployment, initialising, project
from pymlsql.examples.bank import generator as bank
from pymlsql.examples.demand import generator as demand
from pymlsql.examples.filling import fill
from pymlsql.features import parity
from pymlsql.features.modules import render_features
from tests import servers

SMALL = {
    "bank": lambda: bank.generate(n_calls=400),
    "demand": lambda: demand.generate(n_shops=2, n_items=3, n_days=60),
}


@pytest.mark.parametrize("name", SMALL)
def test_view_of_an_example_gives_what_pandas_gives(name: str, tmp_path: Path, server: servers.Target) -> None:
    initialising.initialise(tmp_path, name)
    declared = project.read(tmp_path).named([])
    modules = [module for features in declared for module in render_features(features)]
    with connect(os.environ.get("PYMLSQL_TEST_URL") or server.sqlalchemy_url) as db:
        db.upgrade()
        fill(db, name, SMALL[name]())
        for is_second in (False, True):
            with db.transaction() as connection:
                deployed = deployment.deploy(connection, modules)
            assert [done.changes for done in deployed] == [not is_second] * len(modules)
        found = [parity.check(features, db.read) for features in declared]
        assert [one.complaints for one in found] == [()]
        assert found[0].n_rows > 100
        _break_and_see(db.engine, name)
        broken = parity.check(declared[0], db.read)
        assert not broken.ok


def _break_and_see(engine: Engine, name: str) -> None:
    """Put a view there that says something else: the check is to find it."""
    view, column = {"bank": ("dbo.BankFeatures", "age"), "demand": ("dbo.DemandFeatures", "quantitymean_7d")}[name]
    with engine.begin() as connection:
        text = connection.exec_driver_sql(
            "SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID(?)", (view,)
        ).scalar()
        assert isinstance(text, str)
        changed = text.replace(f"f.[{column}]", f"f.[{column}] + 1 AS [{column}]").replace("CREATE VIEW", "ALTER VIEW")
        connection.exec_driver_sql(changed)
