"""The page of what is supported is the one that the tables make."""

from __future__ import annotations

from pymlsql.embedded.tsql.functions import FUNCTIONS, KNOWN_UNSUPPORTED
from tests import tsql_support


def test_page_is_current() -> None:
    assert tsql_support.PAGE.read_text(encoding="utf-8") == tsql_support.render(), "run python -m tests.tsql_support"


def test_no_function_is_both_supported_and_refused() -> None:
    assert sorted(set(FUNCTIONS) & KNOWN_UNSUPPORTED) == []
