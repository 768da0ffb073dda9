"""Logins and users for tests, on the server under test; whoever made them removes them."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from typing import Any

import pyodbc

from tests.contract.cases import error_number
from tests.servers import Target

PASSWORD = "Vx9-rights-of-a-test"
LOGGED_OUT_WITHIN_S = 10.0


class People:
    """Logins with a user each, and connections of theirs. ``run`` is the administrator's."""

    def __init__(self, server: Target, administrator: Any) -> None:
        self.server = server
        self.administrator = administrator
        self._logins: list[str] = []
        self._connections: list[Any] = []

    def run(self, *batches: str) -> None:
        """Batches of the administrator, results thrown away."""
        for batch in batches:
            cursor = self.administrator.cursor()
            cursor.execute(batch)
            while cursor.nextset():
                pass
            cursor.close()

    def make(self, *names: str, user: bool = True) -> None:
        """A login each, of this name, and (``user``) a user of the same name in the database."""
        for name in names:
            self.run(f"CREATE LOGIN [{name}] WITH PASSWORD = '{PASSWORD}', CHECK_POLICY = OFF")
            self._logins.append(name)
            if user:
                self.run(f"CREATE USER [{name}] FOR LOGIN [{name}]")

    def odbc(self, name: str, database: str, password: str = PASSWORD) -> str:
        """The server's connection string for this login."""
        text = re.sub(r"(?i)\b(UID|PWD|DATABASE)=(\{[^}]*\}|[^;]*);?", "", self.server.odbc)
        return f"{text.rstrip(';')};UID={name};PWD={password};DATABASE={database}"

    def connect(self, name: str, database: str = "", *, autocommit: bool = True) -> Any:
        """A connection of this login."""
        made = pyodbc.connect(self.odbc(name, database or self.server.database), autocommit=autocommit, timeout=20)
        self._connections.append(made)
        return made

    def forget(self) -> None:
        """Close the connections, drop users and logins."""
        for connection in self._connections:
            with contextlib.suppress(pyodbc.Error):
                connection.close()
        for name in self._logins:
            self.run(f"DROP USER IF EXISTS [{name}]")
            self._drop_login(name)

    def _drop_login(self, name: str) -> None:
        """The server hears of a closed connection a little later."""
        until = time.monotonic() + LOGGED_OUT_WITHIN_S
        while True:
            try:
                self.run(f"DROP LOGIN [{name}]")
                return
            except pyodbc.Error as error:
                if error_number(error) != 15434 or time.monotonic() > until:
                    raise
                time.sleep(0.05)


@contextlib.contextmanager
def people(server: Target) -> Iterator[People]:
    """Somebody who can make people, for the length of a with block."""
    administrator = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    made = People(server, administrator)
    try:
        yield made
    finally:
        made.forget()
        administrator.close()


def outcome(connection: Any, *batches: str) -> int:
    """The number of the first error of the batches, 0 when all go through."""
    for batch in batches:
        cursor = connection.cursor()
        try:
            cursor.execute(batch)
            while True:
                if cursor.description is not None:
                    cursor.fetchall()
                if not cursor.nextset():
                    break
        except pyodbc.Error as error:
            return error_number(error)
        finally:
            cursor.close()
    return 0


def values(connection: Any, query: str) -> list[tuple[Any, ...]]:
    """The rows of one query."""
    cursor = connection.cursor()
    try:
        return [tuple(row) for row in cursor.execute(query).fetchall()]
    finally:
        cursor.close()
