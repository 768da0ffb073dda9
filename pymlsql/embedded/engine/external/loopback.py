"""The loopback connections of a script: sessions of their own, in the caller's name, for as long as the call runs."""

from __future__ import annotations

import hmac
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.security.context import identify, may_connect
from pymlsql.embedded.engine.security.principals import Login as Account
from pymlsql.embedded.engine.security.principals import login_by_sid
from pymlsql.embedded.tds.requests import Login
from pymlsql.embedded.tsql.messages import sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


class Door:
    """Lets in who knows the secret of this one call."""

    listen = None

    def __init__(self, caller: Session) -> None:
        self._caller = caller
        self.user = caller.context.login or "satellite"
        self.password = secrets.token_urlsafe(24)

    def login(self, login: Login, *, client_host: str) -> Session:
        """A session in the name in which the caller's statement runs. Raises 18456, 4060."""
        if login.user != self.user or not hmac.compare_digest(login.password.encode(), self.password.encode()):
            raise sql_error(18456, login.user)
        caller, engine = self._caller, self._caller.engine
        # What a signed module adds while it runs ends with the module, and is not handed on.
        context = replace(caller.context, added=(), added_logins=())
        wanted = login.database.strip("[]") or engine.database
        found = engine.databases.find(wanted)
        if found is None or not may_connect(identify(found, context)):
            raise sql_error(4060, wanted)
        account = login_by_sid(engine.catalog, context.sid) or Account(0, self.user, context.sid, "")
        session = engine.begin_session(login, account, found.database.name, client_host)
        session.begin_contexts(context)
        session.callers = (caller, *caller.callers)
        session.store.awaiting = tuple(one.store for one in session.callers)
        return session

    def close(self) -> None:
        """The sockets are closed by who listens at them."""


@contextmanager
def loopback(session: Session) -> Iterator[Callable[[socket.socket], dict[str, Any]] | None]:
    """What answers the scripts of one call that ask for a connection back; None where no server is there to connect to.

    When the block ends so do the connections, and what they have not committed is rolled back.
    """
    listen = session.engine.listen
    if listen is None:
        yield None
        return
    door = Door(session)
    closers: list[Callable[[], None]] = []
    guard = threading.Lock()

    def answer(listener: socket.socket) -> dict[str, Any]:
        port = listener.getsockname()[1]
        with guard:
            closers.append(listen(door, listener))
        return {"port": port, "user": door.user, "password": door.password}

    try:
        yield answer
    finally:
        for close in closers:
            close()
