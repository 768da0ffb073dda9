"""Marks of the contract suite: known gaps of the embedded server are strict xfails there, and only there."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.contract import gaps
from tests.contract.cases import Refused
from tests.servers import Target


@pytest.fixture(scope="module")
def scripts_enabled(server: Target, connection: Any) -> None:
    """External scripts are on: switched on where the server is ours, else the tests skip."""
    if server.embedded:
        connection.execute("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")
    enabled = connection.execute(
        "SELECT CAST(value_in_use AS int) FROM sys.configurations WHERE name = N'external scripts enabled'"
    ).fetchval()
    if not enabled:
        pytest.skip("external scripts are not enabled on this server")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Turn the marks into strict xfails, unless a real server is under test."""
    if os.environ.get("PYMLSQL_TEST_URL"):
        return
    for item in items:
        mark = item.get_closest_marker("embedded_gap")
        if mark is not None:
            refused = mark.args[0] == gaps.REFUSED
            options = {"raises": Refused} if refused else {}
            item.add_marker(pytest.mark.xfail(reason=mark.args[0], strict=True, **options))
