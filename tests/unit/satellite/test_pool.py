"""Calls in processes of their own: nothing leaks between them, nothing they do harms the pool, and all can be ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest

from pymlsql.embedded.satellite.calls import (
    Rows,
    SatelliteDied,
    ScriptCall,
    ScriptCancelled,
    ScriptFailed,
    ScriptParameter,
)
from pymlsql.embedded.satellite.pool import SatellitePool
from tests.unit.satellite.conftest import Caller, is_running

LEAKS = [
    ("global x\nx = 1", "'x' in globals()", "False"),
    ("import builtins\nbuiltins.x = 1", "'x' in dir(__import__('builtins'))", "False"),
    ("import math\nmath.pi = 3", "str(__import__('math').pi)[:4]", "3.14"),
    ("import pandas\npandas.DataFrame = None", "type(InputDataSet).__name__", "DataFrame"),
    ("import os\nos.environ['X'] = '1'", "str(__import__('os').environ.get('X'))", "None"),
    ("import os\nos.chdir('/')", "str(__import__('os').getcwd() == '/')", "False"),
    ("open('left', 'w').close()", "str(__import__('os').listdir('.'))", "[]"),
    ("import sys\nsys.path.insert(0, '/x')", "str('/x' in __import__('sys').path)", "False"),
    ("import warnings\nwarnings.simplefilter('error')", "__import__('warnings').warn('w') or 'w'", "w"),
]


@pytest.mark.parametrize(("script", "expression", "expected"), LEAKS, ids=[row[0] for row in LEAKS])
def test_nothing_leaks_into_another_call(run: Caller, script: str, expression: str, expected: str) -> None:
    run(script)
    for _ in range(4):
        assert run.value(f"str({expression})") == expected


def test_every_call_has_random_numbers_of_its_own(run: Caller) -> None:
    drawn = {run.value("repr((__import__('numpy').random.rand(), __import__('random').random()))") for _ in range(4)}
    assert len(drawn) == 4
    assert len({pair.split(",")[0] for pair in drawn}) == 4


def test_a_script_sees_little_of_the_server(run: Caller) -> None:
    names = run.value("' '.join(sorted(__import__('os').environ))").split()
    endings = ("_NUM_THREADS", "_CPU_COUNT", "_THREAD_TIMEOUT")
    threads = {name for name in names if name.endswith(endings) or name.startswith("KMP_")}
    assert set(names) - threads <= {"PATH", "LANG", "LC_CTYPE", "HOME", "TMPDIR", "PWD", "JE_ARROW_MALLOC_CONF"}
    script = """
import os, stat, sys, tempfile
mask = os.umask(0)
print(oct(mask), os.getpgid(0) == os.getpid(), os.environ['HOME'] == os.getcwd() == tempfile.gettempdir())
print([name for name in ('wire', 'worker', 'script', 'conversion', 'pymlsql') if name in sys.modules], __name__)
print(sum(stat.S_ISSOCK(os.fstat(int(fd)).st_mode) for fd in os.listdir('/dev/fd') if os.path.exists('/dev/fd/' + fd)))
"""
    run(script)
    assert run.stdout.splitlines() == ["0o77 True True", "[] __main__", "2"]


def test_classes_of_a_script_can_be_pickled(run: Caller) -> None:
    run("import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)")
    assert run.stdout == "True\n"


def test_the_folder_of_a_call_is_removed(run: Caller) -> None:
    folder = Path(run.value("__import__('os').getcwd()"))
    assert folder.parent.is_dir()
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not folder.exists()


def test_output_comes_while_the_script_runs(any_pool: SatellitePool) -> None:
    times: list[float] = []
    call = ScriptCall("import time\nprint('a')\ntime.sleep(0.5)\nprint('b')", None)
    any_pool.run(call, on_output=lambda stream, text: times.append(time.monotonic()), cancelled=threading.Event())
    assert times[-1] - times[0] > 0.4


def test_output_of_child_processes_and_native_code_comes_too(run: Caller) -> None:
    run("import os, sys, subprocess\nsubprocess.call(['echo', 'one'])\nos.write(1, b'two\\n')\nos.write(2, b'\\xff')")
    assert (run.stdout, run.stderr) == ("one\ntwo\n", "\ufffd")


def test_a_hundred_megabytes_of_output_arrive_whole(any_pool: SatellitePool) -> None:
    sizes: list[int] = []
    call = ScriptCall("for _ in range(100):\n    print('x' * 999999)", None)
    any_pool.run(call, on_output=lambda stream, text: sizes.append(len(text)), cancelled=threading.Event())
    assert sum(sizes) == 100_000_000


def test_a_large_input_a_large_output_and_much_print_do_not_block_each_other(run: Caller) -> None:
    table = pa.table({"x": np.arange(2_000_000)})
    script = "print('y' * 1000000)\nOutputDataSet = InputDataSet"
    assert run(script, table).output.num_rows == 2_000_000
    assert len(run.stdout) == 1_000_001


def test_cancelling_ends_the_process_within_a_fifth_of_a_second(run: Caller) -> None:
    pids: list[int] = []
    threading.Timer(0.3, run.cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(ScriptCancelled):
        run.pool.run(
            ScriptCall("import os\nprint(os.getpid())\nwhile True: pass", None),
            on_output=lambda stream, text: pids.append(int(text)),
            cancelled=run.cancelled,
        )
    assert time.monotonic() - started < 0.3 + 0.2
    assert not psutil.pid_exists(pids[0])


def test_cancelling_ends_what_the_script_has_started(run: Caller) -> None:
    threading.Timer(0.3, run.cancelled.set).start()
    with pytest.raises(ScriptCancelled):
        run("import subprocess\nchild = subprocess.Popen(['sleep', '60'])\nprint(child.pid)\nchild.wait()")
    time.sleep(0.1)
    assert not is_running(int(run.stdout))


def test_cancelling_while_input_is_read_ends_the_call(run: Caller) -> None:
    schema = pa.schema([("x", pa.float64())])

    def endless() -> Iterator[pa.RecordBatch]:
        while True:
            run.cancelled.set()
            yield pa.record_batch([pa.array([0.0] * 1000)], schema)

    with pytest.raises(ScriptCancelled):
        run("", Rows(schema, endless()))


def test_an_error_of_the_input_reaches_the_caller(run: Caller) -> None:
    schema = pa.schema([("x", pa.float64())])

    def broken() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array([0.0])], schema)
        raise LookupError("the query failed")

    with pytest.raises(LookupError, match="the query failed"):
        run("", Rows(schema, broken()))
    assert run.value("1", kind="int") == 1


def test_a_process_killed_while_it_answers_has_died(run: Caller) -> None:
    script = """
import os, threading, time, numpy as np, pandas as pd
threading.Thread(target=lambda: (time.sleep(0.3), os.kill(os.getpid(), 9))).start()
OutputDataSet = pd.DataFrame(np.zeros((100_000, 30)))
print('x')
"""
    block = threading.Event()

    def wait(stream: str, text: str) -> None:
        block.wait(0.6)

    with pytest.raises(SatelliteDied, match="SIGKILL"):
        run.pool.run(ScriptCall(script, None), on_output=wait, cancelled=threading.Event())


SAY = """
import json, os, pyarrow, stat, struct, sys
line, loopback = -1, sys.modules['_pymlsql_satellite'].loopback._connection.fileno()
for name in os.listdir('/dev/fd'):
    if int(name) > 2 and os.path.exists('/dev/fd/' + name) and stat.S_ISSOCK(os.fstat(int(name)).st_mode):
        line = int(name) if int(name) != loopback else line
def say(kind, payload, n_bytes=None):
    os.write(line, struct.pack('!BQ', kind, len(payload) if n_bytes is None else n_bytes) + payload)
def table(array, damage=lambda data: data, **options):
    file = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(file, pyarrow.schema([('a', array.type)]), **options) as stream:
        stream.write_batch(pyarrow.RecordBatch.from_arrays([array], ['a']))
    say(7, b'["x"]'), say(3, b'[["int", 1]]'), say(5, damage(file.getvalue().to_pybytes()), 2 ** 64 - 1), say(8, b'')
def wrong_offset(data):
    place = data.index(struct.pack('<3i', 0, 777, 1554))
    return data[:place + 4] + struct.pack('<i', 2 ** 30) + data[place + 8:]
"""
HOSTILE = {
    "no frame": "os.write(line, b'\\x63' * 9)",
    "a frame of the server's": "say(6, b'')",
    "a long name list": "say(7, b'[', 2 ** 40)",
    "no list": "say(7, b'{}')",
    "another parameter": "say(7, b'[\"y\"]')",
    "no JSON": "say(7, b'[')",
    "an error that is none": "say(9, b'[1]')",
    "an unknown error": 'say(9, b\'["none", "text"]\')',
    "too few values": "say(7, b'[\"x\"]'), say(3, b'[]')",
    "a value of another type": 'say(7, b\'["x"]\'), say(3, b\'[["int", "1"]]\')',
    "a value with no kind": "say(7, b'[\"x\"]'), say(3, b'[1]')",
    "a date that is none": 'say(7, b\'["x"]\'), say(3, b\'[["datetime", "1"]]\')',
    "a value as long as the memory": "say(7, b'[\"x\"]'), say(3, b'[[\"bytes\", true]]'), say(4, b'', 2 ** 50)",
    "a type that is no result": "table(pyarrow.array([[1]]))",
    "an offset beyond the buffer": "table(pyarrow.array(['a' * 777] * 2), wrong_offset)",
    "bytes that are no UTF-8": "table(pyarrow.array(['abc']), lambda data: data.replace(b'abc', b'\\xff' * 3))",
    "rows that unpack to more": "table(pyarrow.array([0.0] * 99), "
    "options=pyarrow.ipc.IpcWriteOptions(compression='zstd'))",
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_a_script_that_writes_into_the_connection_has_died(run: Caller, words: str) -> None:
    with pytest.raises(SatelliteDied, match="wrote into"):
        run(SAY + words, None, ScriptParameter("x", "int", None, output=True))
    assert run.value("1", kind="int") == 1


def test_an_error_of_the_output_callback_reaches_the_caller(any_pool: SatellitePool) -> None:
    def refuse(stream: str, text: str) -> None:
        raise LookupError("nobody listens")

    with pytest.raises(LookupError, match="nobody listens"):
        any_pool.run(ScriptCall("print('x')", None), on_output=refuse, cancelled=threading.Event())


def test_a_call_that_takes_too_long_is_ended(make_pool: Callable[..., Caller]) -> None:
    run = make_pool(call_timeout_s=0.5)
    run.pool.start()
    with pytest.raises(SatelliteDied, match=r"ran longer than the limit of 0\.5 s"):
        run("while True: pass")


def test_the_time_limit_does_not_count_the_start_of_the_pool(make_pool: Callable[..., Caller]) -> None:
    run = make_pool(call_timeout_s=0.6, preload=("sklearn.ensemble",))
    started = time.monotonic()
    assert run.value("1", kind="int") == 1
    assert time.monotonic() - started > 0.6


def test_the_memory_limit_makes_a_memory_error(make_pool: Callable[..., Caller]) -> None:
    run = make_pool(memory_limit_bytes=200_000_000)
    run("x = bytearray(100_000_000)")
    with pytest.raises(ScriptFailed, match="MemoryError"):
        run("x = bytearray(300_000_000)")
    with pytest.raises(SatelliteDied, match="memory"):
        run("", pa.table({"x": np.zeros(50_000_000)}))


def test_threads_left_running_do_not_hold_the_result_back(run: Caller) -> None:
    started = time.monotonic()
    run("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nprint('done')")
    assert time.monotonic() - started < 5
    assert run.stdout == "done\n"


def test_processes_left_running_are_ended(run: Caller) -> None:
    run("import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid)")
    deadline = time.monotonic() + 5
    while is_running(int(run.stdout)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(int(run.stdout))


def test_a_script_that_forks_answers_once(run: Caller) -> None:
    run("import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint('parent' if pid else 'child')")
    assert sorted(run.stdout.split()) == ["child", "parent"]


def test_files_and_exit_functions_are_finished_after_the_script(run: Caller, tmp_path: Path) -> None:
    target = tmp_path / "left"
    run(f"import atexit\nf = open({str(target)!r}, 'w')\nf.write('a')\natexit.register(lambda: print('bye'))")
    deadline = time.monotonic() + 5
    while not (target.exists() and target.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert target.read_text() == "a"


def test_a_process_that_will_not_end_is_ended(make_pool: Callable[..., Caller]) -> None:
    run = make_pool()
    run("import atexit, os, time\nprint(os.getpid())\natexit.register(time.sleep, 60)")
    pid = int(run.stdout)
    assert is_running(pid)
    deadline = time.monotonic() + 8
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(pid)


def test_many_calls_at_once_each_get_their_own_answer(run: Caller) -> None:
    def call(number: int) -> Any:
        answer = ScriptParameter("x", "int", number, output=True)
        caller = Caller(run.pool)
        return caller("import time\ntime.sleep(0.01)\nx += 1000", None, answer).parameters["x"]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(call, range(40))) == [1000 + number for number in range(40)]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_number_of_threads_binds_openmp_blas_and_arrow(make_pool: Callable[..., Caller], n_threads: int) -> None:
    run = make_pool(preload=("sklearn.ensemble",))
    script = """
import os, threadpoolctl, pyarrow
print({library['num_threads'] for library in threadpoolctl.threadpool_info()}, pyarrow.cpu_count())
print(os.environ['OMP_NUM_THREADS'])
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
print(_openmp_effective_n_threads())
"""
    run(script, n_threads=n_threads)
    assert run.stdout == f"{{{n_threads}}} {n_threads}\n{n_threads}\n{n_threads}\n"


def test_hist_gradient_boosting_works_after_the_fork_with_two_threads(make_pool: Callable[..., Caller]) -> None:
    run = make_pool(preload=("sklearn.ensemble",), call_timeout_s=60)
    script = """
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
x = np.random.rand(500, 3)
print(HistGradientBoostingClassifier(max_iter=5).fit(x, x[:, 0] > 0.5).score(x, x[:, 0] > 0.5) > 0.9)
"""
    for _ in range(3):
        run(script, n_threads=2)
        assert run.stdout == "True\n"


def test_a_large_parameter_is_held_once(run: Caller) -> None:
    model = ScriptParameter("model", "bytes", bytes(200_000_000))
    script = """
def peak():
    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))
print(len(model), peak() * 1024)
"""
    baseline = int(run.value("next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM'))")) * 1024
    run(script, None, model)
    size, peak = map(int, run.stdout.split())
    assert size == 200_000_000
    assert peak - baseline < 1.1 * size
