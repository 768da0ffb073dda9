"""Marks of the contract suite: known gaps of the embedded server are strict xfails there, and only there."""

from __future__ import annotations

import os

import pytest

from tests.contract import gaps
from tests.contract.cases import Refused


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
