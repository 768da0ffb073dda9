"""The pool of satellites: one call of sp_execute_external_script in, one result out, in a process of its own."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from pymlsql.embedded.satellite import cache, wire
from pymlsql.embedded.satellite.calls import (
    Rows,
    RuntimeUnavailable,
    SatelliteDied,
    ScriptCall,
    ScriptFailed,
    ScriptResult,
    UnusableInput,
    UnusableResult,
)
from pymlsql.embedded.satellite.channel import Channel, Limits, Stream
from pymlsql.embedded.satellite.conversation import converse
from pymlsql.embedded.satellite.isolation import Sandbox
from pymlsql.embedded.satellite.launchpad import Launchpad, Satellite, Settings

PRELOAD = (
    "numpy",
    "pandas",
    "pyarrow",
    "threadpoolctl",
    "joblib",
    "scipy.sparse",
    "sklearn",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sklearn.compose",
    "sklearn.impute",
    "sklearn.tree",
    "sklearn.linear_model",
    "sklearn.ensemble",
)
"""What a zygote imports once for all its satellites, where it is installed."""


class SatellitePool:
    """Runs scripts with the interpreter ``python`` (None: this one), each in a process that no other call has touched.

    ``n_spares`` processes wait warm. ``preload`` names modules that are imported once, where they are installed.
    ``memory_limit_bytes`` is the address space a script may take beyond what its process has mapped at the start;
    ``call_timeout_s`` is how long one call may take once its process is there. ``environment`` is added to the little
    that scripts get to see. ``sandbox`` is laid around every script; without it a script has this process's rights.

    What scripts unpickle from their parameters is held in at most ``cache_processes`` processes that have at most
    ``cache_bytes`` of private memory (0: nothing is; None: cache.default_bytes), until it was not used for
    ``cache_idle_s``; what takes less than ``cache_worth_s`` is not.

    Any number of threads may call run at once.
    """

    def __init__(
        self,
        *,
        python: str | None = None,
        n_spares: int = 2,
        preload: tuple[str, ...] = PRELOAD,
        memory_limit_bytes: int | None = None,
        call_timeout_s: float | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
        sandbox: Sandbox | None = None,
        cache_bytes: int | None = None,
        cache_processes: int = cache.MAX_PROCESSES,
        cache_idle_s: float = cache.IDLE_S,
        cache_worth_s: float = cache.WORTH_S,
    ) -> None:
        self._settings = Settings(python or sys.executable, n_spares, preload, memory_limit_bytes, environment, sandbox)
        self._call_timeout_s = call_timeout_s
        self._lock = threading.Lock()
        self._launchpad: Launchpad | None = None
        self._closed = False
        self.cache = cache.ModelCache(
            self._settings,
            limit_bytes=cache.default_bytes() if cache_bytes is None else cache_bytes,
            max_processes=cache_processes,
            idle_s=cache_idle_s,
            worth_s=cache_worth_s,
        )

    @property
    def sandbox(self) -> Sandbox | None:
        """What is laid around every script."""
        return self._settings.sandbox

    @property
    def python(self) -> str:
        """The interpreter that the scripts have."""
        return self._settings.python

    @property
    def n_spares(self) -> int:
        """How many processes wait warm."""
        return self._settings.n_spares

    def start(self) -> None:
        """Start loading the libraries, without waiting for it. Raises RuntimeUnavailable."""
        self._live_launchpad()

    def close(self) -> None:
        """End all processes of the pool; calls that are running fail with SatelliteDied."""
        with self._lock:
            self._closed = True
            launchpad, self._launchpad = self._launchpad, None
        self.cache.close()
        if launchpad is not None:
            launchpad.close()

    def _live_launchpad(self) -> Launchpad:
        if not hasattr(os, "fork"):
            raise RuntimeUnavailable(
                "External scripts need a system that can fork processes, such as Linux; run the server there."
            )
        with self._lock:
            if self._closed:
                raise RuntimeUnavailable("The pool of satellites is closed because the server is stopping.")
            if self._launchpad is not None and self._launchpad.ended:
                self._launchpad.close()
                self._launchpad = None
            if self._launchpad is None:
                self._launchpad = Launchpad(self._settings)
            return self._launchpad

    def run(
        self, call: ScriptCall, *, on_output: Callable[[Stream, str], None], cancelled: threading.Event
    ) -> ScriptResult:
        """Carry out one call and wait for its result.

        ``on_output`` gets what the script prints, in pieces, in this thread, while the script runs. ``cancelled`` ends
        the call within a fifth of a second. Raises a SatelliteError of calls.py, or what ``call.input`` or
        ``on_output`` raise; in every case the process is gone or going when this returns.
        """
        if self.sandbox is not None and call.paths:
            call = replace(call, paths=tuple(map(self.sandbox.shown, call.paths)))
        root = self._live_launchpad()
        check = Limits(cancelled, None).check
        plan = self.cache.plan(call)
        offer = self.cache.offer(plan, check)
        if offer is not None:
            channel = Channel(offer.satellite, on_output, Limits(cancelled, self._call_timeout_s), call.loopback)
            try:
                return self._run_in(offer.holder, offer.satellite, offer.process, channel, call, plan)
            except SatelliteDied:
                if plan.begun or isinstance(call.input, Rows) or not offer.holder.ended:
                    raise
            plan.inherited = None
        satellite = root.take(check)
        channel = Channel(satellite, on_output, Limits(cancelled, self._call_timeout_s), call.loopback)
        result = self._run_in(root, satellite, satellite.pid, channel, call, plan)
        self.cache.learn(plan, call, root, satellite.pid)
        return result

    def _run_in(
        self, launchpad: Launchpad, satellite: Satellite, process: int, channel: Channel, call: ScriptCall,
        plan: cache.Plan,
    ) -> ScriptResult:  # fmt: skip
        answered = False
        try:
            call.began(process)
            result = converse(channel, call, plan)
            answered = True
            channel.drain()
            return result
        except (ScriptFailed, UnusableInput, UnusableResult):
            channel.drain()
            raise
        except wire.Hangup:
            channel.drain()
            raise SatelliteDied(_post_mortem(launchpad, satellite)) from None
        except wire.WireError as problem:
            raise SatelliteDied("it wrote into its process's connection with the server and was ended") from problem
        finally:
            channel.abandon()
            launchpad.finish(satellite, kill=not answered)


def _post_mortem(launchpad: Launchpad, satellite: Satellite) -> str:
    death = launchpad.death_of(satellite)
    if death is not None:
        return str(death)
    if launchpad.ended:
        return "the process that starts satellites has ended, and its own with it"
    return "its process closed the connection with the server and was ended"
