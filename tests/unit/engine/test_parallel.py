"""How a call is divided, and that its parts come back as one."""

from __future__ import annotations

import threading
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymlsql.embedded.engine.external.parallel import MANY_ROWS, divided, run_side_by_side
from pymlsql.embedded.satellite.calls import ScriptCall, ScriptCancelled, ScriptFailed, ScriptResult


def call_of(pieces: tuple[int, ...]) -> ScriptCall:
    table = pa.table({"a": pa.array(range(sum(pieces)), pa.int32())})
    return ScriptCall("x = 1", table, pieces=pieces, n_threads=4)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=30), st.integers(2, 8))
def test_the_parts_in_their_order_are_the_whole(pieces: list[int], n_processes: int) -> None:
    calls = divided(call_of(tuple(pieces)), n_processes)
    assert 1 <= len(calls) <= n_processes
    assert [piece for call in calls for piece in call.pieces] == pieces
    rows = [value for call in calls if isinstance(call.input, pa.Table) for value in call.input["a"].to_pylist()]
    assert rows == list(range(sum(pieces)))


@pytest.mark.parametrize(
    ("n_rows", "n_processes", "n_parts"),
    [(10, 4, 1), (2 * MANY_ROWS - 1, 4, 1), (2 * MANY_ROWS, 4, 2), (9 * MANY_ROWS, 4, 4), (9 * MANY_ROWS, 1, 1)],
)
def test_rows_are_shared_out_where_there_are_many(n_rows: int, n_processes: int, n_parts: int) -> None:
    assert len(divided(call_of((n_rows,)), n_processes)) == n_parts


def test_the_first_error_is_raised_and_the_others_are_ended() -> None:
    ended = threading.Event()

    def run(call: ScriptCall, *, on_output: Any, cancelled: threading.Event) -> ScriptResult:
        on_output("stdout", f"{call.pieces}\n")
        if call.pieces == (1,):
            raise ScriptFailed("broken")
        assert cancelled.wait(10)
        ended.set()
        raise ScriptCancelled("cancelled")

    said: list[tuple[str, str]] = []
    with pytest.raises(ScriptFailed, match="broken"):
        run_side_by_side(
            run, divided(call_of((2, 1)), 2), lambda stream, text: said.append((stream, text)), threading.Event()
        )
    assert ended.is_set()
    assert sorted(said) == [("stdout", "(1,)\n"), ("stdout", "(2,)\n")]


def test_a_cancelled_call_ends_all_its_parts() -> None:
    cancelled = threading.Event()

    def run(call: ScriptCall, *, on_output: Any, cancelled: threading.Event) -> ScriptResult:
        assert cancelled.wait(10)
        raise ScriptCancelled("cancelled")

    cancelled.set()
    with pytest.raises(ScriptCancelled):
        run_side_by_side(run, divided(call_of((2, 2)), 2), lambda stream, text: None, cancelled)
