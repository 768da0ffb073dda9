"""The conformance table through Microsoft's ODBC driver, against the server under test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests.conformance.tables import AREAS
from tests.contract.cases import Case, fetch, run
from tests.servers import Target, running

ROWS = [
    pytest.param(case, id=f"{area}-{case.name}") for area, pages in AREAS.items() for one in pages for case in one.cases
]
_SLUG = re.compile(r"(t-sql|relational-databases|machine-learning|odbc|connect|sql-server)/[a-z0-9/-]+")


@pytest.fixture(scope="module")
def newest(server: Target) -> Iterator[Target]:
    """The server under test at compatibility level 160, which a database of SQL Server 2022 has from the start."""
    if not server.embedded:
        yield server
        return
    with running(options=("--compat", "160")) as target:
        yield target


@pytest.mark.parametrize("case", ROWS)
def test_server_gives(newest: Target, case: Case) -> None:
    """Each in a session of its own: temporary tables, settings and open transactions end with it."""
    server = newest
    own = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    try:
        with own.cursor() as cursor:
            for text in (*case.after, *case.before):
                fetch(cursor, text)
            run(cursor, case)
    finally:
        own.close()
        _clean(server, case)


def _clean(server: Target, case: Case) -> None:
    if case.after:
        around = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
        with around.cursor() as cursor:
            for text in case.after:
                fetch(cursor, text)
        around.close()


def test_no_row_stands_twice() -> None:
    for area, pages in AREAS.items():
        names = Counter(case.name for one in pages for case in one.cases)
        assert [name for name, n in names.items() if n > 1] == [], area


@pytest.mark.parametrize("area", AREAS)
def test_every_row_names_its_page(area: Any) -> None:
    assert [one.slug for one in AREAS[area] if not _SLUG.fullmatch(one.slug)] == []
