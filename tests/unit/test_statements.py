"""The T-SQL that the toolkit sends itself is what Microsoft's parser takes."""

from __future__ import annotations

import itertools
import re

import pytest

from pymlsql import runtime
from pymlsql.examples.pdm import demo
from pymlsql.registry import aliases, audit, listing, policies, retention, statements, uploads, versions
from tests import tsqlcheck

STATEMENTS = {
    f"{module.__name__}.{name}": value
    for module in (aliases, audit, listing, policies, retention, statements, uploads, versions, runtime, demo)
    for name, value in vars(module).items()
    if isinstance(value, str) and re.match(r"\s*(SET|SELECT|EXEC)\b", value)
}


def test_statements_are_valid() -> None:
    missing = tsqlcheck.unavailable()
    if missing:
        pytest.skip(missing)
    assert len(STATEMENTS) >= 9
    number = itertools.count()
    scripts = [re.sub(r"\?", lambda _: f"@p{next(number)}", text) for text in STATEMENTS.values()]
    names = list(STATEMENTS)
    assert [(names[found.script or 0], found.line, found.message) for found in tsqlcheck.judge(scripts)] == []
