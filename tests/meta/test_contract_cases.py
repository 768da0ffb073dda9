"""The contract's own T-SQL, judged by Microsoft's parser: what is to succeed is valid, syntax errors are errors."""

from __future__ import annotations

import re

import pytest

from tests import tsqlcheck
from tests.conformance.tables import AREAS
from tests.contract import test_scripts
from tests.contract.test_refusals import VALID

NEWER = re.compile(
    r"\bWINDOW\b|\b(IGNORE|RESPECT) NULLS\b|\bDISTINCT FROM\b|\bJSON_(OBJECT|ARRAY)\b|\bOPENJSON\(.*, @\w+\)|"
    r"\bTRIM\((LEADING|TRAILING|BOTH)\b"
)
"""Syntax of SQL Server 2022, and a variable as OPENJSON's path: what the parser's 2019 grammar does not know."""
SYNTAX_ERRORS = ["SELEC 1 FROM", "SELECT 1 +", "SELECT 'abc", "SELECT 1 /* abc"]
"""Rows of the conformance table."""


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    missing = tsqlcheck.unavailable()
    if missing:
        pytest.skip(missing)


def _complaints(batches: list[str]) -> list[str]:
    found = tsqlcheck.judge(batches)
    return [f"{batches[finding.script or 0][:200]}: {finding.message}" for finding in found]


def test_batches_that_are_to_succeed_are_valid() -> None:
    sound = [case for case in test_scripts.CASES if case.error is None]
    assert _complaints([batch for case in sound for batch in (*case.before, case.sql, *case.after)]) == []


def test_conformance_rows_that_are_to_succeed_are_valid() -> None:
    sound = [case for pages in AREAS.values() for one in pages for case in one.cases if case.error is None]
    batches = [batch for case in sound for batch in (*case.before, case.sql, *case.after)]
    assert _complaints([batch for batch in batches if not NEWER.search(batch)]) == []


def test_statements_of_the_refusal_suite_are_valid() -> None:
    assert _complaints([sql for sql, _ in VALID]) == []


def test_syntax_errors_are_found() -> None:
    rows = {case.sql for pages in AREAS.values() for one in pages for case in one.cases if case.error is not None}
    assert set(SYNTAX_ERRORS) <= rows
    # The first is a call of a procedure named SELEC until its FROM.
    assert {finding.script for finding in tsqlcheck.judge(SYNTAX_ERRORS)} == set(range(len(SYNTAX_ERRORS)))
