"""The embedded server on a socket: it listens, and hands each client to an Endpoint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pymlsql.embedded.endpoint import Endpoint, Engine, Options, Session

__all__ = ["Engine", "Options", "Server", "Session", "serve"]

log = logging.getLogger("pymlsql.embedded.server")


class Server:
    """Listens on the loopback interface and serves ``engine``, which the caller opens and closes."""

    def __init__(self, engine: Engine, options: Options | None = None) -> None:
        self.engine = engine
        self.options = options or Options()
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._connections: set[Endpoint] = set()

    async def start(self, port: int = 0, *, host: str = "127.0.0.1") -> int:
        """Begin to accept connections; returns the port. Raises OSError when it is taken, ValueError off loopback."""
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(f"the embedded server listens on loopback only, not on {host}; use 127.0.0.1")
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._new_endpoint, host, port)
        self.port = int(self._listener.sockets[0].getsockname()[1])
        return self.port

    def _new_endpoint(self) -> Endpoint:
        endpoint = Endpoint(self.engine, self.options, self._connections.discard)
        self._connections.add(endpoint)
        return endpoint

    async def stop(self, *, within_s: float = 5.0) -> None:
        """Accept no more, cancel what runs, close every session; after ``within_s`` leave stuck threads behind."""
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._connections):
            connection.close()
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while self._connections and loop.time() < until:
            await asyncio.sleep(0.01)
        for connection in self._connections:
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
