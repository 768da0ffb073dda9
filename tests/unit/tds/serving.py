"""Servers over an EchoEngine: in a thread, to look at the engine, or in a process of their own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pymlsql.embedded.endpoint import Options
from pymlsql.embedded.server import Server
from tests.unit.tds.echo_engine import EchoEngine


@contextmanager
def serving(options: Options) -> Iterator[tuple[EchoEngine, int]]:
    """A server in a thread of its own, and its engine and port."""
    engine, ready, port = EchoEngine(), threading.Event(), 0
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def run() -> None:
        nonlocal port
        server = Server(engine, options)
        port = await server.start()
        ready.set()
        await stopping.wait()
        await server.stop(within_s=5)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="echo-server")
    thread.start()
    assert ready.wait(10)
    try:
        yield engine, port
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(20)
        loop.close()


def wait_until(condition: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Whether ``condition`` came true within ``within_s``."""
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def serving_in_a_child() -> Iterator[int]:
    """The port of a server without TLS in a process of its own, for what a client does while it holds the GIL."""
    command = [sys.executable, "-m", "tests.unit.tds.serving"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None and child.stdout is not None
        try:
            yield int(child.stdout.readline())
        finally:
            child.stdin.close()
            child.wait(20)


def _serve_until_stdin_ends() -> None:
    with serving(Options()) as (_, port):
        print(port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve_until_stdin_ends()
