"""The pool of satellites: one call of sp_execute_external_script in, one result out, in a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from pymlsql.embedded.satellite import wire
from pymlsql.embedded.satellite.calls import (
    Rows,
    RuntimeUnavailable,
    SatelliteDied,
    SatelliteError,
    ScriptCall,
    ScriptFailed,
    ScriptResult,
    UnusableInput,
    UnusableResult,
)
from pymlsql.embedded.satellite.channel import Channel, Limits, Stream
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

_BUFFER_BYTES = 1 << 18
_N_BATCH_ROWS = 1 << 17
_NOT_NULLABLE = frozenset([pa.bool_(), pa.int8(), pa.uint8(), pa.int16(), pa.int32()])
_INPUT_TYPES = _NOT_NULLABLE | {
    *(pa.int64(), pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.date32()),
    *(pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")),
}
_ERRORS: dict[str, Callable[[str], SatelliteError]] = {
    "script": ScriptFailed,
    "died": SatelliteDied,
    "input": UnusableInput,
    "result": UnusableResult,
}


class SatellitePool:
    """Runs scripts with the interpreter ``python`` (None: this one), each in a process that no other call has touched.

    ``n_spares`` processes wait warm. ``preload`` names modules that are imported once, where they are installed.
    ``memory_limit_bytes`` is the address space a script may take beyond what its process has mapped at the start;
    ``call_timeout_s`` is how long one call may take once its process is there. ``environment`` is added to the little
    that scripts get to see. ``sandbox`` is laid around every script; without it a script has this process's rights.

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
    ) -> None:
        self._settings = Settings(python or sys.executable, n_spares, preload, memory_limit_bytes, environment, sandbox)
        self._call_timeout_s = call_timeout_s
        self._lock = threading.Lock()
        self._launchpad: Launchpad | None = None
        self._closed = False

    @property
    def sandbox(self) -> Sandbox | None:
        """What is laid around every script."""
        return self._settings.sandbox

    def start(self) -> None:
        """Start loading the libraries, without waiting for it. Raises RuntimeUnavailable."""
        self._live_launchpad()

    def close(self) -> None:
        """End all processes of the pool; calls that are running fail with SatelliteDied."""
        with self._lock:
            self._closed = True
            launchpad, self._launchpad = self._launchpad, None
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
        launchpad = self._live_launchpad()
        satellite = launchpad.take(Limits(cancelled, None).check)
        channel = Channel(satellite, on_output, Limits(cancelled, self._call_timeout_s))
        answered = False
        try:
            call.began(satellite.pid)
            result = _converse(channel, call)
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


def _converse(channel: Channel, call: ScriptCall) -> ScriptResult:
    reader = io.BufferedReader(channel, _BUFFER_BYTES)
    with contextlib.suppress(wire.Hangup):  # it may have said why before it hung up
        _send(channel, call)
    kind, n_bytes = wire.read_header(reader)
    if kind == wire.FAILED:
        error, text = json.loads(wire.read_exactly(reader, n_bytes))
        raise _ERRORS[error](text.encode("utf-8", "backslashreplace").decode("utf-8"))
    if kind != wire.RESULT:
        wire.refuse_frame(kind)
    names = json.loads(wire.read_exactly(reader, n_bytes))
    values = wire.read_values(reader)
    output = None
    kind, _ = wire.read_header(reader)
    if kind == wire.TABLE:
        output = wire.read_table(reader)
        kind, _ = wire.read_header(reader)
    if kind != wire.END:
        wire.refuse_frame(kind)
    return ScriptResult(output, dict(zip(names, values, strict=True)))


def _send(channel: Channel, call: ScriptCall) -> None:
    writer = io.BufferedWriter(channel, _BUFFER_BYTES)
    try:
        wire.write_json(writer, wire.CALL, _header(call))
        wire.write_frame(writer, wire.SCRIPT, call.script.encode("utf-8", "surrogatepass"))
        wire.write_values(writer, [(parameter.kind, parameter.value) for parameter in call.parameters])
        if call.input is not None:
            _check_types(call.input.schema)
            wire.write_table(writer, call.input.schema, _batches(call.input))
        wire.write_frame(writer, wire.RUN)
        writer.flush()
    except BaseException:
        channel.abandon()
        raise
    finally:
        writer.detach()  # else it closes the channel when it is collected


def _header(call: ScriptCall) -> dict[str, Any]:
    return {
        "input_name": call.input_name,
        "output_name": call.output_name,
        "n_threads": call.n_threads,
        "environment": dict(call.environment),
        "paths": call.paths,
        "memory_bytes": call.memory_bytes,
        "cpus": call.cpus,
        "pieces": call.pieces,
        "rows_per_run": call.rows_per_run,
        "parameters": [
            {"name": parameter.name, "kind": parameter.kind, "output": parameter.output}
            for parameter in call.parameters
        ],
    }


def _batches(table: pa.Table | Rows) -> Iterator[pa.RecordBatch]:
    """The input in pieces; raises UnusableInput at a NULL in a column that becomes int32 or bool in a script."""
    batches = table.to_batches(max_chunksize=_N_BATCH_ROWS) if isinstance(table, pa.Table) else table.batches
    fragile = [place for place, column in enumerate(table.schema) if column.type in _NOT_NULLABLE]
    for batch in batches:
        for place in fragile:
            if batch.column(place).null_count:
                raise UnusableInput(
                    f"Column '{batch.schema.names[place]}' of the input holds NULL, which has no place in an int or "
                    "bit column of a script; CAST it to float."
                )
        yield batch


def _check_types(schema: pa.Schema) -> None:
    for column in schema:
        if column.type not in _INPUT_TYPES:
            raise UnusableInput(
                f"Column '{column.name}' of the input is of type {column.type}, which a script cannot be given; CAST "
                "it to int, float, nvarchar or datetime."
            )
