"""An engine in this process, without satellites and without a wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.engine.session import Session
from pymlsql.embedded.tds.requests import Login, SqlBatch
from pymlsql.embedded.tds.responses import Message, Response, Rows


class Client:
    """A session and what it answered last: ``rows`` of all results, ``errors`` by number."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows: list[tuple[Any, ...]] = []
        self.errors: list[int] = []

    def run(self, text: str) -> list[tuple[Any, ...]]:
        """Run a batch; its rows. Errors are kept, not raised."""
        self.rows, self.errors = [], []
        self.session.run(SqlBatch(text), self._take)
        return self.rows

    def _take(self, response: Response) -> None:
        if isinstance(response, Rows):
            columns = response.batch.to_pydict().values()
            self.rows += list(zip(*columns, strict=True))
        elif isinstance(response, Message) and response.severity > 10:
            self.errors.append(response.number)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(None, password="p")
    yield made
    made.close()


@pytest.fixture
def client(engine: Engine) -> Client:
    return Client(engine.login(Login(user="sa", password="p"), client_host="here"))


@pytest.fixture
def other(engine: Engine) -> Client:
    return Client(engine.login(Login(user="sa", password="p"), client_host="there"))
