"""What is said to a satellite and what it answers: the call's frames, and the check of every frame that comes back.

A script has the connection of its process in its hands and can write into it what it likes. So nothing of an answer is
believed: its form, its lengths, its types and its Arrow buffers are checked, and what is not as it has to be is a
WireError, never an error of another kind and never a read outside of a buffer.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from pymlsql.embedded.satellite import messages, wire
from pymlsql.embedded.satellite.cache import Plan
from pymlsql.embedded.satellite.calls import (
    Kind,
    Rows,
    SatelliteDied,
    SatelliteError,
    ScriptCall,
    ScriptFailed,
    ScriptResult,
    UnusableInput,
    UnusableResult,
)
from pymlsql.embedded.satellite.channel import Channel

_BUFFER_BYTES = 1 << 18
_N_BATCH_ROWS = 1 << 17
_MOST_JSON_BYTES = 1 << 24
_MOST_VALUE_BYTES = 2**31 - 1
_MOST_OUTPUT_BYTES = 2**33
_NOT_NULLABLE = frozenset([pa.bool_(), pa.int8(), pa.uint8(), pa.int16(), pa.int32()])
_INPUT_TYPES = _NOT_NULLABLE | {
    *(pa.int64(), pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.date32()),
    *(pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")),
}
_OUTPUT_TYPES = _NOT_NULLABLE | {
    *(pa.int64(), pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.binary(), pa.large_binary()),
    *(pa.timestamp("us"), pa.null()),
}
_ERRORS: dict[str, Callable[[str], SatelliteError]] = {
    "script": ScriptFailed,
    "died": SatelliteDied,
    "input": UnusableInput,
    "result": UnusableResult,
}
_PYTHON_TYPES: dict[Kind, type] = {
    "int": int,
    "float": float,
    "bool": bool,
    "str": str,
    "bytes": bytes,
    "datetime": datetime.datetime,
}


def converse(channel: Channel, call: ScriptCall, plan: Plan) -> ScriptResult:
    """Send the call as ``plan`` says and take its answer, and what that says for the plan.

    Raises the SatelliteError that the satellite names, UnusableInput, Hangup when it goes away, WireError when it says
    what it may not.
    """
    reader = io.BufferedReader(channel, _BUFFER_BYTES)
    with contextlib.suppress(wire.Hangup):  # it may have said why before it hung up
        _send(channel, call, plan)
    try:
        return _read_answer(reader, call, plan)
    except (ValueError, TypeError, LookupError, struct.error, pa.ArrowException, MemoryError) as problem:
        if channel.is_callers(problem):
            raise
        raise wire.WireError(f"{type(problem).__name__}: {problem}") from problem


# The call ---------------------------------------------------------------------------------------------------------


def _send(channel: Channel, call: ScriptCall, plan: Plan) -> None:
    writer = io.BufferedWriter(channel, _BUFFER_BYTES)
    try:
        wire.write_json(writer, wire.CALL, _header(call, plan))
        wire.write_frame(writer, wire.SCRIPT, call.script.encode("utf-8", "surrogatepass"))
        values = [None if place == plan.inherited else one.value for place, one in enumerate(call.parameters)]
        wire.write_values(writer, zip((one.kind for one in call.parameters), values, strict=True))
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


def _header(call: ScriptCall, plan: Plan) -> dict[str, Any]:
    return {
        "input_name": call.input_name,
        "output_name": call.output_name,
        "n_threads": call.n_threads,
        "environment": dict(call.environment),
        "paths": call.paths if plan.inherited is None else (),  # else it has them
        "watched": plan.watched if plan.inherited is None else [],
        "inherited": plan.inherited,
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


# The answer -------------------------------------------------------------------------------------------------------


def _read_answer(reader: Any, call: ScriptCall, plan: Plan) -> ScriptResult:
    kind, n_bytes = wire.read_header(reader)
    if kind == wire.BEGUN and plan.inherited is not None and not n_bytes:
        plan.begun = True
        kind, n_bytes = wire.read_header(reader)
    if kind == wire.UNPICKLED:
        plan.hear(_json(reader, n_bytes))
        kind, n_bytes = wire.read_header(reader)
    if kind == wire.FAILED:
        error, text = _json(reader, n_bytes)
        raise _ERRORS[error](text.encode("utf-8", "backslashreplace").decode("utf-8"))
    if kind != wire.RESULT:
        wire.refuse_frame(kind)
    expected = {parameter.name: parameter.kind for parameter in call.parameters if parameter.output}
    if _json(reader, n_bytes) != list(expected):
        raise wire.WireError("these are not the OUTPUT parameters")
    values = wire.read_values(reader, _MOST_JSON_BYTES, _MOST_VALUE_BYTES)
    parameters = dict(zip(expected, values, strict=True))
    for name, value in parameters.items():
        if value is not None and type(value) is not _PYTHON_TYPES[expected[name]]:
            raise wire.WireError(f"{name} is of type {type(value).__name__}")
        if isinstance(value, float) and not math.isfinite(value):
            raise wire.WireError(f"{name} is {value}")
    output = None
    kind, _ = wire.read_header(reader)
    if kind == wire.TABLE:
        output = _read_output(reader, call.memory_bytes or _MOST_OUTPUT_BYTES)
        kind, _ = wire.read_header(reader)
    if kind != wire.END:
        wire.refuse_frame(kind)
    return ScriptResult(output, parameters)


def _json(reader: Any, n_bytes: int) -> Any:
    if n_bytes > _MOST_JSON_BYTES:
        raise wire.WireError(f"a frame of {n_bytes} bytes is too long")
    return json.loads(wire.read_exactly(reader, n_bytes))


def _read_output(reader: Any, most_bytes: int) -> pa.Table:
    """The output, whose buffers hold what its schema says: offsets within them, UTF-8 in strings; and no more of it
    than the script itself may have."""
    n_bytes, batches = 0, []
    with wire.broken_off():
        stream = wire.open_messages(reader)
        schema = pa.ipc.read_schema(stream.read_next_message())
        for column in schema:
            if column.type not in _OUTPUT_TYPES:
                raise wire.WireError(f"a column is of type {column.type}")
        for message in stream:
            if not messages.is_plain_batch(message.metadata.to_pybytes()):
                raise wire.WireError("a message is compressed, or no rows")
            batch = pa.ipc.read_record_batch(message, schema)
            n_bytes += batch.get_total_buffer_size()
            if n_bytes > most_bytes:
                raise wire.WireError(f"an output of more than {most_bytes:,} bytes is too long")
            batches.append(batch)
        table = pa.Table.from_batches(batches, schema)
    table.validate(full=True)
    return table
