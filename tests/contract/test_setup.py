"""Switching external scripts on with the toolkit, with the right to do so and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pymlsql
from pymlsql.errors import SetupError
from tests.contract.people import People, people
from tests.servers import Target


@pytest.fixture
def switched_off(embedded: Target) -> Iterator[People]:
    """A server whose external scripts are off, with a login setup_nobody; they are on again after the test."""
    with people(embedded) as made:
        made.make("setup_nobody")
        made.run("EXEC sp_configure 'external scripts enabled', 0; RECONFIGURE")
        yield made
        made.run("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")


def test_who_may_switches_scripts_on_once(switched_off: People, embedded: Target) -> None:
    with pymlsql.connect(embedded.sqlalchemy_url) as db:
        assert db.enable_scripts()
        assert not db.enable_scripts()


def test_who_may_not_is_told_what_an_administrator_runs(switched_off: People, embedded: Target) -> None:
    with pymlsql.connect(switched_off.odbc("setup_nobody", embedded.database)) as db:
        with pytest.raises(SetupError) as caught:
            db.enable_scripts()
        assert str(caught.value) == (
            "External scripts are off, and this login lacks the permission ALTER SETTINGS to switch them on: an "
            "administrator runs EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE;"
        )
        switched_off.run("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")
        assert not db.enable_scripts()


def test_alter_settings_is_enough(switched_off: People, embedded: Target) -> None:
    switched_off.run("USE master", "GRANT ALTER SETTINGS TO setup_nobody", f"USE [{embedded.database}]")
    with pymlsql.connect(switched_off.odbc("setup_nobody", embedded.database)) as db:
        assert db.enable_scripts()
