"""One call of sp_execute_external_script, carried out in the satellite.

Runs by path in whatever Python is there: valid for Python 3.7. The script runs as ``__main__`` of a process that has
run nothing before; its file name is '<string>', as in SQL Server's own messages.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import io
import json
import linecache
import os
import pickle
import select
import socket
import sys
import traceback
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from pymlsql.embedded.satellite import conversion as conversion
    from pymlsql.embedded.satellite import models as models
    from pymlsql.embedded.satellite import wire as wire

_FILE = "<string>"
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
_BUFFER_BYTES = 1 << 18
_MOST_SAID = 1 << 20
_IDLE_S = 0.01
"""A process that waits longer for its call has the time to rehearse it, and then what its script may do."""
_N_REHEARSALS = 3
"""Rounds in the zygote, after which the interpreter has specialised the code and filled its caches."""
_n_bound_threads = 0

_thread_pools: Any = None
"""threadpoolctl's controller of the libraries that the zygote has loaded, or None where it has not loaded it."""

_rehearsed_input = b""
"""A TABLE frame with a row of every kind of column."""

_rehearsed_model: Any = None
"""A small fitted model of scikit-learn with a row for it, or None where scikit-learn is not loaded."""


class _Failure(Exception):
    """The call ends without a result: ``error`` is one of script, died, input, result."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(text)
        self.error = error
        self.text = text


def prepare(conversion_module: Any, wire_module: Any, models_module: Any) -> None:
    """In the zygote: take the modules beside this one, and do once what is slow the first time."""
    global conversion, wire, models, _thread_pools, _rehearsed_input
    conversion, wire, models = conversion_module, wire_module, models_module
    if "threadpoolctl" in sys.modules:
        _thread_pools = sys.modules["threadpoolctl"].ThreadpoolController()
    _bind_threads(1)
    _open_standard_files()
    table = pa.table({"i": pa.array([1], pa.int32()), "f": [1.0], "s": ["s"], "t": pa.array([0], pa.timestamp("us"))})
    file = io.BytesIO()
    wire.write_table(file, table.schema, table.to_batches())
    _rehearsed_input = file.getvalue()
    _fit_rehearsed_model()
    for _ in range(_N_REHEARSALS):
        rehearse_call()
        rehearse_script()


def reseed() -> None:
    """In the zygote before each fork, so that no two processes draw the same; ``random`` sees to itself."""
    np.random.seed()


def _fit_rehearsed_model() -> None:
    """Fit a model as small as can be: a first prediction costs ten times what the second does."""
    global _rehearsed_model
    # Scikit-learn is not imported for it: a process without scikit-learn is for scripts that bring their own.
    if "sklearn.ensemble" not in sys.modules:
        return
    names = ("ensemble", "compose", "pipeline", "preprocessing")
    ensemble, compose, pipeline, preprocessing = (importlib.import_module("sklearn." + name) for name in names)
    if not hasattr(ensemble, "HistGradientBoostingClassifier"):  # before scikit-learn 1.0
        return
    rows = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "b": [1.0, 0.0] * 3, "c": ["u", "v"] * 3})
    steps = [("numbers", "passthrough", ["a", "b"]), ("texts", preprocessing.OneHotEncoder(), ["c"])]
    columns = compose.ColumnTransformer(steps)
    trees = ensemble.HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1, early_stopping=False)
    model = pipeline.Pipeline([("columns", columns), ("trees", trees)]).fit(rows, ["x", "y", "z"] * 2)
    _rehearsed_model = (pickle.dumps(model, 4), rows[:1])


def rehearse_call() -> None:
    """Send a small table through everything a call does: its memory then is the process's own, not the zygote's."""
    file = io.BytesIO(_rehearsed_input)
    wire.read_header(file)
    frame = conversion.frame_of(wire.read_table(file), 1)
    table = conversion.table_of(frame, "frame")
    wire.write_table(io.BytesIO(), table.schema, table.to_batches())
    json.loads(json.dumps({"a": 1.5}))


def rehearse_script() -> None:
    """Do what many scripts do."""
    namespace: dict[str, Any] = {}
    exec(compile("import pandas as pd\nframe = pd.DataFrame({'a': [1.0]})", _FILE, "exec"), namespace)
    frame = namespace["frame"]
    frame["c"] = frame["a"] * 2
    if _rehearsed_model is not None:
        model, rows = _rehearsed_model
        pickle.loads(model).predict_proba(rows)


def _rehearse_until(channel: socket.socket) -> None:
    """Rehearse while no call comes."""
    for rehearse in (rehearse_call, rehearse_script):
        if select.select([channel], [], [], _IDLE_S)[0]:
            return
        rehearse()


def answer(channel: socket.socket, guest: Any, *, idle: bool) -> bool:
    """In the child: wait for the one call, carry it out, write its answer; returns when nothing is left to do.

    True when the call was to hold a parameter for others. ``guest`` is the script's way to a loopback connection;
    ``idle`` says that nobody else needs the processor now.
    """
    satellite = types.ModuleType("_pymlsql_satellite")
    satellite.__dict__["loopback"] = guest
    sys.modules["_pymlsql_satellite"] = satellite
    if idle:
        _rehearse_until(channel)
    reader: Any = channel.makefile("rb", _BUFFER_BYTES)
    writer: Any = channel.makefile("wb", _BUFFER_BYTES)
    try:
        call = json.loads(wire.read_frame(reader, wire.CALL).decode("ascii"))
        if "hold" in call:
            return _hold(reader, writer, call)
        tables, values = _read_call(reader, call)
    except wire.Hangup:
        return False
    except MemoryError:
        wire.write_json(writer, wire.FAILED, ["died", "it ran out of memory while it read its input"])
        writer.flush()
        return False
    main = types.ModuleType("__main__")
    try:
        _carry_out(writer, main, call, tables, values)
    except _Failure as failure:
        wire.write_json(writer, wire.FAILED, [failure.error, _cut(failure.text)])
    except wire.Hangup:
        return False
    writer.flush()
    main.__dict__.clear()
    atexit._run_exitfuncs()
    _flush()
    return False


def _hold(reader: BinaryIO, writer: BinaryIO, call: dict[str, Any]) -> bool:
    """Unpickle a parameter for the children of this process; whether that can be done."""
    global _thread_pools
    os.environ.update(call["environment"])
    sys.path[0:0] = call["paths"]
    try:
        with models.limited(call["hold"]):
            models.hold(wire.read_values(reader)[0])
    except (models.Unsuitable, MemoryError) as problem:
        wire.write_json(writer, wire.FAILED, ["unsuitable", str(problem)])
        writer.flush()
        return False
    if _thread_pools is not None:  # it may have brought libraries along
        _thread_pools = importlib.import_module("threadpoolctl").ThreadpoolController()
    _flush()
    wire.write_json(writer, wire.RESULT, [])
    writer.flush()
    return True


def _cut(text: str) -> str:
    """``text`` without its middle where it is very long."""
    half = _MOST_SAID // 2
    return text if len(text) <= _MOST_SAID else text[:half] + "\n...\n" + text[-half:]


def _open_standard_files() -> None:
    """Standard output and error line by line in UTF-8, so that they arrive while the script runs."""
    _flush()  # else every child writes what the libraries said into its own output
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        raw = io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False))
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", "backslashreplace", line_buffering=True))


def _flush() -> None:
    for file in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the script closed or replaced it
            file.flush()


def _read_call(reader: BinaryIO, call: dict[str, Any]) -> tuple[Any, list[Any]]:
    """The input and the parameters; the script is put into ``call``. The input is a table in a list, empty without
    one, or an iterator of tables that come while the script runs."""
    os.environ.update(call["environment"])
    sys.path[0:0] = call["paths"]
    _bind_threads(call["n_threads"])
    _bind_resources(call["memory_bytes"], call["cpus"])
    call["script"] = wire.read_frame(reader, wire.SCRIPT).decode("utf-8", "surrogatepass")
    values = wire.read_values(reader)
    if call["inherited"] is not None:
        values[call["inherited"]] = models.inherited_bytes()
    tables: list[Any] = []
    kind, _ = wire.read_header(reader)
    if kind == wire.TABLE and call["rows_per_run"]:
        return _runs(reader, call["rows_per_run"]), values
    if kind == wire.TABLE:
        tables.append(wire.read_table(reader))
        kind, _ = wire.read_header(reader)
    if kind != wire.RUN:
        wire.refuse_frame(kind)
    return tables, values


def _runs(reader: BinaryIO, n_rows: int) -> Iterator[Any]:
    """The input as tables of ``n_rows`` rows and one of the rest, each read when it is wanted; one when it is empty."""
    with wire.broken_off():
        stream = wire.open_table(reader)
        held: list[Any] = []
        n_held, n_runs = 0, 0
        for batch in stream:
            held.append(batch)
            n_held += batch.num_rows
            while n_held >= n_rows:
                table = pa.Table.from_batches(held, stream.schema)
                yield table.slice(0, n_rows)
                n_runs, n_held = n_runs + 1, n_held - n_rows
                held = table.slice(n_rows).to_batches()
        if n_held or not n_runs:
            yield pa.Table.from_batches(held, stream.schema)


def _frames(tables: Any, call: dict[str, Any]) -> Iterator[Any]:
    """The input as DataFrames, one for each run of the script. What ``tables`` (of _read_call) holds is used up."""
    try:
        if not isinstance(tables, list):
            for table in tables:
                yield conversion.frame_of(table, call["n_threads"])
        elif not tables:
            yield conversion.DataFrame()
        elif len(call["pieces"]) < 2:
            yield conversion.frame_of(tables.pop(), call["n_threads"])
        else:
            start = 0
            for n_rows in call["pieces"]:
                yield conversion.frame_of(tables[0].slice(start, n_rows), call["n_threads"])
                start += n_rows
    except conversion.Unusable as problem:
        raise _Failure("input", str(problem)) from None
    except MemoryError:
        raise _Failure("died", "it ran out of memory while it read its input") from None


def _bind_resources(memory_bytes: int | None, cpus: list[int]) -> None:
    """Limit the private memory beyond what there is now, and the processors; processes of the script inherit both."""
    if memory_bytes is not None and sys.platform == "linux":
        import resource

        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[5]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = used + memory_bytes
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus)


def _bind_threads(n_threads: int) -> None:
    """Bind the libraries that are loaded already, and by the environment those that the script will load."""
    global _n_bound_threads
    if n_threads == _n_bound_threads:
        return
    _n_bound_threads = n_threads
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(n_threads)
    pa.set_cpu_count(n_threads)
    if _thread_pools is not None:
        _thread_pools.limit(limits=n_threads)


def _carry_out(writer: BinaryIO, main: types.ModuleType, call: dict[str, Any], tables: Any, values: list[Any]) -> None:
    namespace = main.__dict__
    for place, parameter in enumerate(call["parameters"]):
        namespace[parameter["name"]] = values[place]
    outputs: list[Any] = []
    frames = _frames(tables, call)
    if call["inherited"] is not None:
        wire.write_frame(writer, wire.BEGUN)
        writer.flush()
    _begin(main, call["script"])
    models.watch(values, call["watched"], call["inherited"])
    for frame in frames:
        namespace[call["output_name"]] = conversion.DataFrame()
        namespace[call["input_name"]] = frame
        del frame
        _run(main, call["script"])
        outputs.append(_output(namespace, call["output_name"]))
    left = _collect(namespace, call)
    table = _joined(outputs, call["output_name"])
    if models.noticed():
        wire.write_json(writer, wire.UNPICKLED, models.noticed())
    wire.write_json(writer, wire.RESULT, [parameter["name"] for parameter in call["parameters"] if parameter["output"]])
    wire.write_values(writer, left)
    if table is not None:
        wire.write_table(writer, table.schema, table.to_batches())
    wire.write_frame(writer, wire.END)


def _begin(main: types.ModuleType, text: str) -> None:
    """Make ``main`` the module that runs, and ``text`` the lines that tracebacks show."""
    sys.modules["__main__"] = main
    sys.argv = [""]
    linecache.cache[_FILE] = (len(text), None, text.splitlines(True), _FILE)


def _run(main: types.ModuleType, text: str) -> None:
    """Run the script as the module ``main``; raise _Failure with its traceback when it raises, sys.exit included."""
    process = os.getpid()
    try:
        exec(compile(text, _FILE, "exec", dont_inherit=True), main.__dict__)
    except BaseException as error:
        _leave_copies(process)
        raise _Failure("script", _traceback_of(error)) from None
    _leave_copies(process)
    _flush()


def _leave_copies(process: int) -> None:
    """End here in a process that the script itself has forked: only the original answers."""
    if os.getpid() != process:
        _flush()
        os._exit(0)


def _traceback_of(error: BaseException) -> str:
    """Python's traceback without the frames of this module."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, models.without_frames(trace)))


def _output(namespace: dict[str, Any], name: str) -> Any:
    """The output as a table, or None when it has no columns."""
    with _converting():
        return conversion.table_of(namespace.get(name), name)


def _joined(outputs: list[Any], name: str) -> Any:
    with _converting():
        return conversion.joined(outputs, name)


def _collect(namespace: dict[str, Any], call: dict[str, Any]) -> list[tuple[str, Any]]:
    """The OUTPUT parameters as (kind, value)."""
    with _converting():
        return [(one["kind"], _value(namespace, one)) for one in call["parameters"] if one["output"]]


@contextlib.contextmanager
def _converting() -> Iterator[None]:
    try:
        yield
    except conversion.Unusable as problem:
        raise _Failure("result", str(problem)) from None
    except MemoryError:
        raise _Failure("died", "it ran out of memory while its result was converted") from None


def _value(namespace: dict[str, Any], parameter: dict[str, Any]) -> Any:
    name = parameter["name"]
    if name not in namespace:
        raise conversion.Unusable(f"The script deleted its OUTPUT parameter '{name}'; assign None for NULL.")
    return conversion.value_of(namespace[name], parameter["kind"], name)
