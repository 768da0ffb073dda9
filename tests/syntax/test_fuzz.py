"""Texts of every kind before a real server: an answer or an error of SQL Server's, never one of the server's own.

An internal error is Msg 3624 (the connection is closed, the log has a traceback) or Msg 8624 (DuckDB's own words).
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyodbc
import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests import servers
from tests.contract.cases import error_number, fetch
from tests.syntax import grammar
from tests.syntax.verdicts import SYNTAX

INTERNAL = frozenset({0, 3624, 8624})
ROWS = f"SELECT * FROM {grammar.TABLE} ORDER BY id"


class Fuzzed:
    """A server of its own with the table that the texts are about."""

    def __init__(self, target: servers.Target) -> None:
        self.target = target
        self.watching = self.session()
        for text in grammar.MADE:
            self.watching.execute(text)
        self.rows = self.held()

    def session(self) -> pyodbc.Connection:
        """A new one, whose statements end within 20 seconds."""
        connection = pyodbc.connect(self.target.odbc, autocommit=True, timeout=20)
        connection.timeout = 20
        return connection

    def held(self) -> list[tuple[object, ...]]:
        """The table's rows."""
        return [tuple(row) for row in self.watching.execute(ROWS).fetchall()]

    def try_(self, text: str) -> int:
        """Run a batch in a session and a transaction of its own, and take back what it did. The number of its error.

        The session lives on, whatever the batch was; a batch that is no T-SQL changes nothing.
        """
        session = self.session()
        number = 0
        try:
            session.execute("BEGIN TRANSACTION")
            try:
                fetch(session.cursor(), text)
            except pyodbc.Error as error:
                number = error_number(error)
                assert number not in INTERNAL, f"{error}\n{text}"
            if number in SYNTAX - {137}:
                assert session.execute("SELECT @@TRANCOUNT").fetchval() == 1, text
                assert self.rows == [tuple(row) for row in session.execute(ROWS).fetchall()], text
            else:
                session.execute("SET NOEXEC OFF; SELECT 1")
        finally:
            session.close()
        return number


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    with servers.running() as target:
        one = Fuzzed(target)
        yield one
        one.watching.close()
        assert "Traceback" not in target.stderr(), target.stderr()[-5000:]


FEW = settings(max_examples=80, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@FEW
@seed(1)
@given(text=grammar.BATCH)
def test_batch_of_the_grammar_is_answered_or_refused(fuzzed: Fuzzed, text: str) -> None:
    fuzzed.try_(text)


@FEW
@seed(1)
@given(text=grammar.damaged())
def test_damaged_batch_is_answered_or_refused(fuzzed: Fuzzed, text: str) -> None:
    fuzzed.try_(text)


@FEW
@seed(1)
@given(text=grammar.SOUP)
def test_token_soup_is_answered_or_refused(fuzzed: Fuzzed, text: str) -> None:
    fuzzed.try_(text)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("texts", [grammar.BATCH, grammar.damaged(), grammar.SOUP], ids=["grammar", "damaged", "soup"])
def test_texts_are_answered_or_refused_for_long(fuzzed: Fuzzed, texts: object, soak_s: float) -> None:
    until = time.monotonic() + soak_s

    @settings(FEW, max_examples=50)
    @given(text=texts)  # type: ignore[arg-type]
    def some(text: str) -> None:
        fuzzed.try_(text)

    while time.monotonic() < until:
        some()
