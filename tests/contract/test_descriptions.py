"""A server says what each column of a feature view means, and says it anew where the declaration does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.engine import Engine

from pymlsql import batches, migrate
from pymlsql.database import fetch
from pymlsql.deployment import applying, planning, render_script
from pymlsql.features.meanings import Described, column_meanings
from pymlsql.features.modules import render_features
from pymlsql.modules import Module
from tests import forms
from tests.contract import pdm

FEATURES = forms.DEMAND
NAMES = {"view": FEATURES.view, "table": FEATURES.stored, "function": FEATURES.function, "procedure": FEATURES.refresh}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with pdm.running_engine() as engine:
        migrate.upgrade(engine)
        with engine.begin() as connection:
            for table in forms.TABLES:
                connection.exec_driver_sql(table)
        yield engine


def apply(engine: Engine, modules: tuple[Module, ...]) -> list[str]:
    """Apply them as a project's; what was done, beside nothing."""
    with engine.begin() as connection, applying.locked(connection):
        plan = planning.make_plan(connection, "described", modules)
        applying.require_free(plan, overwrite=False)
        if plan.changes:
            applying.execute(connection, plan)
        return [f"{step.action} {', '.join(step.notes)}".strip() for step in plan.changes]


def found(engine: Engine, name: str | None) -> dict[str | None, str]:
    """What the catalog says of an object (None) and of its columns."""
    text = """\
SELECT c.name, CAST(p.value AS nvarchar(3000)) AS meaning
FROM sys.extended_properties AS p
LEFT JOIN sys.columns AS c ON c.object_id = p.major_id AND c.column_id = p.minor_id
WHERE p.class = 1 AND p.name = N'MS_Description' AND p.major_id = OBJECT_ID(?)"""
    with engine.connect() as connection:
        return {row.name: row.meaning for row in fetch(connection, text, (name,)).rows}


def test_catalog_says_what_columns_mean_and_is_told_once(engine: Engine) -> None:
    modules = render_features(FEATURES)
    assert apply(engine, modules) == ["create"] * len(modules)
    meanings = column_meanings(FEATURES)
    assert list(meanings) == [column.name for column in FEATURES.columns]
    for kind in ("view", "table"):
        told = found(engine, NAMES[kind])
        assert told.pop(None)
        assert told == meanings
    for kind in ("function", "procedure"):
        assert list(found(engine, NAMES[kind])) == [None]
    assert apply(engine, modules) == []

    changed = [replace(module, extras=(Described(module.name, "VIEW", "Now this.", (("Shop", "It's "),)).render(),))
               if module.type == "view" else module for module in modules]  # fmt: skip
    assert apply(engine, tuple(changed)) == ["settle describes"]
    told = found(engine, FEATURES.view)
    assert (told[None], told["shop"], told["item"]) == ("Now this.", "It's ", meanings["item"])
    assert apply(engine, tuple(changed)) == []
    assert apply(engine, modules) == ["settle describes"]
    assert found(engine, FEATURES.view)["shop"] == meanings["shop"]


def test_script_says_it_too_and_can_be_run_again(engine: Engine) -> None:
    features = forms.READINGS
    script = "\n".join(
        line for line in render_script(render_features(features)).splitlines() if not line.startswith(":")
    )
    for _ in range(2):
        with engine.begin() as connection:
            for batch in batches.split(script):
                connection.exec_driver_sql(batch)
        assert {name for name in found(engine, features.stored) if name} == {one.name for one in features.columns}
