"""The embedded server on a socket: it listens, and hands each client to an Endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

from pymlsql.embedded.endpoint import Endpoint, Engine, Options, Session

__all__ = ["Engine", "Options", "Server", "Session", "serve"]

_LISTEN_S = 5.0
_TICK_S = 0.002

log = logging.getLogger("pymlsql.embedded.server")


class Server:
    """Listens on the loopback interface and serves ``engine``, which the caller opens and closes."""

    def __init__(self, engine: Engine, options: Options | None = None) -> None:
        self.engine = engine
        self.options = options or Options()
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: set[Endpoint] = set()

    async def start(self, port: int = 0, *, host: str = "127.0.0.1") -> int:
        """Begin to accept connections; returns the port. Raises OSError when it is taken, ValueError off loopback."""
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(f"the embedded server listens on loopback only, not on {host}; use 127.0.0.1")
        loop = self._loop = asyncio.get_running_loop()
        self.engine.listen = self.listen
        self._listener = await loop.create_server(self._new_endpoint, host, port)
        self.port = int(self._listener.sockets[0].getsockname()[1])
        return self.port

    def _new_endpoint(self) -> Endpoint:
        endpoint = Endpoint(self.engine, self.options, self._connections.discard)
        self._connections.add(endpoint)
        return endpoint

    def listen(self, engine: Engine, listener: socket.socket) -> Callable[[], None]:
        """Serve ``engine`` at a listening socket as well, which is closed here; the result ends that, and returns when
        the sessions are closed. Called in another thread than the loop's. Raises RuntimeError once the loop has ended.
        """
        loop = self._loop
        assert loop is not None
        connections: set[Endpoint] = set()

        def new_endpoint() -> Endpoint:
            endpoint = Endpoint(engine, self.options, connections.discard)
            connections.add(endpoint)
            return endpoint

        started = asyncio.run_coroutine_threadsafe(loop.create_server(new_endpoint, sock=listener), loop)
        server = started.result(_LISTEN_S)

        def close() -> None:
            with contextlib.suppress(RuntimeError, TimeoutError):  # the server itself has ended, or is about to
                asyncio.run_coroutine_threadsafe(_close(server, connections), loop).result(2 * _LISTEN_S)

        return close

    async def stop(self, *, within_s: float = 5.0) -> None:
        """Accept no more, cancel what runs, close every session; after ``within_s`` leave stuck threads behind."""
        self.engine.listen = None
        await _close(self._listener, self._connections, within_s)


async def _close(listener: asyncio.Server | None, connections: set[Endpoint], within_s: float = _LISTEN_S) -> None:
    if listener is not None:
        listener.close()
    for connection in list(connections):
        connection.close()
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while connections and loop.time() < until:
        await asyncio.sleep(_TICK_S)
    for connection in connections:
        log.warning("session %s did not end within %g s", connection.spid, within_s)


async def serve(
    engine: Engine,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    options: Options | None = None,
    on_ready: Callable[[int], None],
    stop: asyncio.Event,
) -> None:
    """Serve ``engine`` until ``stop`` is set; ``on_ready`` gets the port once logins are accepted."""
    server = Server(engine, options)
    on_ready(await server.start(port, host=host))
    try:
        await stop.wait()
    finally:
        await server.stop()
