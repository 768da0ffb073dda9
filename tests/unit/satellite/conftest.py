"""Pools of real satellites, one for each interpreter, and a short way to call them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from pymlsql.embedded.satellite.calls import ScriptCall, ScriptParameter, ScriptResult
from pymlsql.embedded.satellite.pool import SatellitePool
from tests.interpreters import require_python37


@dataclass
class Caller:
    """Calls scripts in a pool and collects what they print."""

    pool: SatellitePool
    stdout: str = ""
    stderr: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __call__(self, script: str, input: Any = None, *parameters: ScriptParameter, **options: Any) -> ScriptResult:
        self.stdout = self.stderr = ""
        call = ScriptCall(script, input, parameters=parameters, **options)
        return self.pool.run(call, on_output=self._take, cancelled=self.cancelled)

    def _take(self, stream: str, text: str) -> None:
        if stream == "stdout":
            self.stdout += text
        else:
            self.stderr += text

    def value(self, expression: str, *parameters: ScriptParameter, kind: Any = "str", **options: Any) -> Any:
        """What ``expression`` is in a script."""
        answer = ScriptParameter("answer", kind, None, output=True)
        return self(f"answer = {expression}", None, *parameters, answer, **options).parameters["answer"]


@pytest.fixture(scope="session", params=["this Python", "Python 3.7"])
def any_pool(request: pytest.FixtureRequest) -> Iterator[SatellitePool]:
    """A pool of this interpreter, and one of a real Python 3.7 with pandas 0.24."""
    python = sys.executable if request.param == "this Python" else str(require_python37())
    pool = SatellitePool(python=python)
    pool.start()
    yield pool
    pool.close()


@pytest.fixture
def run(any_pool: SatellitePool) -> Caller:
    """Calls scripts in both interpreters."""
    return Caller(any_pool)


@pytest.fixture
def make_pool() -> Iterator[Callable[..., Caller]]:
    """Makes pools with options of a test's own; they are closed after it."""
    pools: list[SatellitePool] = []

    def make(**options: Any) -> Caller:
        pools.append(SatellitePool(**{"preload": (), **options}))
        return Caller(pools[-1])

    yield make
    for pool in pools:
        pool.close()


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
