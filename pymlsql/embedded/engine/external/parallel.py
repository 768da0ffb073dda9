"""@parallel = 1: one call as several, each with the next part of the input, in processes that run side by side."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

import pyarrow as pa

from pymlsql.embedded.satellite.calls import ScriptCall, ScriptCancelled, ScriptResult, UnusableResult

MANY_ROWS = 100_000
"""Rows for which a process of their own is worth its start."""
_TICK_S = 0.05

Run = Callable[..., ScriptResult]
"""SatellitePool.run."""


def divided(call: ScriptCall, n_processes: int) -> list[ScriptCall]:
    """The call for ``n_processes``: runs of pieces as even as can be, or the rows where there is one piece.

    One call where the input is small or is read while the script runs. In their order the parts are the whole input.
    """
    if not isinstance(call.input, pa.Table) or n_processes < 2:
        return [call]
    pieces = call.pieces
    if len(pieces) == 1:
        n_parts = min(n_processes, max(1, pieces[0] // MANY_ROWS))
        bounds = [pieces[0] * part // n_parts for part in range(n_parts + 1)]
        pieces = tuple(end - start for start, end in itertools.pairwise(bounds))
    parts = _groups(pieces, n_processes)
    calls, start = [], 0
    for part in parts:
        calls.append(replace(call, input=call.input.slice(start, sum(part)), pieces=part, n_threads=1))
        start += sum(part)
    return calls if len(calls) > 1 else [call]


def _groups(pieces: tuple[int, ...], most: int) -> list[tuple[int, ...]]:
    """Consecutive pieces in at most so many groups of about as many rows."""
    total, rows = sum(pieces), 0
    groups: list[tuple[int, ...]] = []
    group: list[int] = []
    for number, piece in enumerate(pieces):
        group.append(piece)
        rows += piece
        left = len(pieces) - number - 1
        if len(groups) < most - 1 and left and rows * most >= total * (len(groups) + 1):
            groups.append(tuple(group))
            group = []
    return [*groups, tuple(group)]


def run_side_by_side(run: Run, calls: Sequence[ScriptCall], on_output: Callable[[Any, str], None],
                     cancelled: threading.Event) -> ScriptResult:  # fmt: skip
    """Run all calls at once; their outputs one after the other, the OUTPUT parameters of the last.

    ``on_output`` is called in this thread. Raises what the first failing call raised; the others are ended.
    """
    said: SimpleQueue[tuple[Any, str]] = SimpleQueue()
    stop = threading.Event()

    def forward() -> None:
        while True:
            try:
                on_output(*said.get_nowait())
            except Empty:
                return

    with ThreadPoolExecutor(len(calls), "pymlsql-parallel") as threads:
        futures: list[Future[ScriptResult]] = [
            threads.submit(run, call, on_output=lambda stream, text: said.put((stream, text)), cancelled=stop)
            for call in calls
        ]
        pending = set(futures)
        try:
            while pending:
                ended, pending = wait(pending, _TICK_S, FIRST_COMPLETED)
                if cancelled.is_set() or any(future.exception() for future in ended):
                    stop.set()
                forward()
        except BaseException:
            stop.set()
            raise
    forward()
    return _together(futures, calls, cancelled)


def _together(futures: list[Future[ScriptResult]], calls: Sequence[ScriptCall],
              cancelled: threading.Event) -> ScriptResult:  # fmt: skip
    for future in futures:
        error = future.exception()
        if error is not None and (cancelled.is_set() or not isinstance(error, ScriptCancelled)):
            raise error
    results = [future.result() for future in futures]
    return ScriptResult(_joined([result.output for result in results], calls[0].output_name), results[-1].parameters)


def _joined(tables: list[pa.Table | None], name: str) -> pa.Table | None:
    """The rows of all tables by the rules for the runs of one process. Raises UnusableResult."""
    from pymlsql.embedded.satellite import conversion  # loads pandas, which no other part of the server needs

    try:
        return conversion.joined(tables, name)
    except conversion.Unusable as problem:
        raise UnusableResult(str(problem)) from None
