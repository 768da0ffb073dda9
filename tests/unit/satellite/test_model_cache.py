"""Held parameters: calls give what they give without, nothing passes between them, all is bounded."""

from __future__ import annotations

import os
import pickle
import sys
import textwrap
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest

from pymlsql.embedded.satellite import isolation
from pymlsql.embedded.satellite.calls import SatelliteDied, ScriptFailed, ScriptParameter
from pymlsql.embedded.satellite.pool import SatellitePool
from tests.interpreters import require_python37
from tests.unit.satellite.conftest import Caller, is_running

LOAD = "import pickle\nm = pickle.loads(model)\n"
SOURCES = ["this Python, sandbox", "Python 3.7"]


def pickled(value: Any) -> bytes:
    """The pickle of a dict, as long as is held; read by Python 3.7 too."""
    return pickle.dumps({"value": value, "padding": b"x" * 5000}, 4)


MODEL = pickled(list(range(1000)))


class Cached:
    """Calls scripts with the parameter ``model``."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.cache = caller.pool.cache

    def __call__(self, script: str, model: bytes = MODEL, **options: Any) -> str:
        self.caller(textwrap.dedent(script), options.pop("input", None), ScriptParameter("model", "bytes", model),
                    **{"owner": "a", **options})  # fmt: skip
        return self.caller.stdout

    def held(self, script: str = LOAD, model: bytes = MODEL, **options: Any) -> list[int]:
        """The processes that hold something once the script has run."""
        self(script, model, **options)
        self.cache.settle()
        return self.cache.processes()

    def is_child(self, process: int, script: str = "", model: bytes = MODEL, **options: Any) -> bool:
        """Whether a call gets a child of ``process``."""
        begun: list[int] = []

        def note(child: int) -> None:
            begun.append(child)
            parents.append(psutil.Process(child).ppid())

        parents: list[int] = []
        self(script, model, began=note, **options)
        return parents == [process]


@pytest.fixture(scope="module", params=SOURCES)
def pool(request: pytest.FixtureRequest) -> Iterator[SatellitePool]:
    python = str(require_python37()) if request.param == "Python 3.7" else sys.executable
    sandbox = isolation.detect(python) if "sandbox" in request.param else None
    pool = SatellitePool(python=python, sandbox=sandbox, preload=(), cache_worth_s=0.0)
    yield pool
    pool.close()


@pytest.fixture
def run(pool: SatellitePool) -> Cached:
    pool.cache.settle()
    return Cached(Caller(pool))


@pytest.fixture
def make(make_pool: Callable[..., Caller]) -> Callable[..., Cached]:
    return lambda **options: Cached(make_pool(**{"cache_worth_s": 0.0, **options}))


def test_the_second_call_finds_what_the_first_unpickled(run: Cached) -> None:
    holder = run.held()[-1]
    run.cache.settle()
    assert run.is_child(holder, LOAD + "assert m['value'] == list(range(1000)) and m['padding'] == b'x' * 5000")


SAME = [
    ("print(m['value'][:3], m['value'] is pickle.loads(model)['value'])\nm['value'][0] = 99", "[0, 1, 2] False\n"),
    ("n = pickle.loads(model)\nn['value'][0] = 5\nprint(m['value'][0], n['value'][0])", "0 5\n"),
    ("print(type(model).__name__, model == pickle.dumps(m, 4), len(model) > 5000)", "bytes True True\n"),
    ("import io\nf = io.BytesIO(model)\nprint(pickle.load(f) == m, f.read())", "True b''\n"),
    ("import os\nprint(os.listdir('.'), os.environ['HOME'] == os.getcwd() == os.environ['PWD'])", "[] True\n"),
    ("open('left', 'w').close()\nimport tempfile, os\nprint(tempfile.gettempdir() == os.getcwd())", "True\n"),
    ("print(sorted(k for k in globals() if not k.startswith('_'))[-2:], __name__)", "['model', 'pickle'] __main__\n"),
]


@pytest.mark.parametrize(("script", "expected"), SAME, ids=[row[0] for row in SAME])
def test_a_call_gives_what_it_gives_without(run: Cached, script: str, expected: str) -> None:
    run.held()
    for _ in range(3):
        run.cache.settle()
        time.sleep(0.1)
        assert run(LOAD + script) == expected


def test_the_first_load_of_a_file_is_found_as_well(run: Cached) -> None:
    script = "import io, pickle\nf = io.BytesIO(model + b'')\nm = pickle.load(f)\nprint(m['value'][5], f.tell())"
    run.cache.settle()
    assert run(script) == f"5 {len(MODEL)}\n"
    assert run(script, MODEL + b"rest") == f"5 {len(MODEL)}\n"


def test_what_was_changed_before_is_seen_by_unpickling(run: Cached) -> None:
    model = pickle.dumps((OrderedDict(a=1), b"x" * 5000), 4)
    script = """
        import collections, pickle
        class Odd(dict): pass
        collections.OrderedDict = Odd
        m = pickle.loads(model)
        print(type(m[0]).__name__)
    """
    plain = run(script, model)
    (*_, holder) = run.held(LOAD, model)
    assert run.is_child(holder, script, model)
    assert run.caller.stdout == plain


def test_other_owners_other_content_and_other_surroundings_get_nothing(run: Cached) -> None:
    holder = run.held()[-1]
    run.cache.settle()
    other = pickled([7])
    assert not run.is_child(holder, owner="b")
    assert not run.is_child(holder, environment={"A": "1"})
    assert not run.is_child(holder, paths=("/nowhere",))
    assert not run.is_child(holder, model=other)
    assert run(LOAD + "print(m['value'])", other) == "[7]\n"
    assert run.is_child(holder)


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


EFFECTS = [
    ("print", Calls(print, "said")),
    ("a warning", Calls(eval, "__import__('warnings').warn('w')")),
    ("a variable of the environment", Calls(exec, "import os; os.environ['LEFT'] = '1'")),
    ("a builtin", Calls(exec, "import builtins; builtins.left = 1")),
    ("a module", Calls(exec, "import sys; sys.modules['left'] = sys")),
    ("a file", Calls(open, "left", "w")),
    ("a process", Calls(os.system, "true")),
    ("a random number", Calls(eval, "__import__('random').random()")),
    ("the time", Calls(time.time)),
    ("a thread", Calls(eval, "__import__('threading').Thread(target=__import__('time').sleep, args=(9,)).start()")),
    ("an error", Calls(eval, "1/0")),
]


@pytest.mark.parametrize("effect", [row[1] for row in EFFECTS], ids=[row[0] for row in EFFECTS])
def test_unpickling_with_an_effect_is_left_to_the_calls(run: Cached, effect: Calls) -> None:
    model = pickle.dumps((effect, b"x" * 5000), 2)
    before = set(run.cache.processes())
    for _ in range(2):
        run("import pickle\ntry:\n    pickle.loads(model)\nexcept ZeroDivisionError:\n    pass", model)
        run.cache.settle()
        assert set(run.cache.processes()) <= before


def test_a_function_of_the_script_does_not_get_in_the_way(run: Cached) -> None:
    script = "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A, pickle.loads(model) != 0)"
    assert [run(script) for _ in range(2)] == ["True True\n"] * 2


def test_a_traceback_has_only_the_scripts_lines(run: Cached) -> None:
    with pytest.raises(ScriptFailed) as failure:
        run("import pickle\npickle.loads(model)", b"\x80\x04" + b"x" * 5000)
    assert failure.value.traceback.count("File ") == 1


def test_every_call_has_random_numbers_of_its_own(run: Cached) -> None:
    run.held()
    drawn = set()
    for _ in range(3):
        run.cache.settle()
        drawn.add(run("import numpy, random\nprint(numpy.random.rand(), random.random())"))
    assert len({pair.split()[0] for pair in drawn}) == len({pair.split()[1] for pair in drawn}) == 3


def test_nothing_is_left_for_the_next_call(run: Cached) -> None:
    holder = run.held()[-1]
    run.cache.settle()
    leave = "open('left', 'w').close()\nimport os\nos.mkdir('folder')\nos.chmod('folder', 0)"
    assert run.is_child(holder, leave)
    run.cache.settle()
    assert run.is_child(holder, LOAD + "import os\nprint(os.listdir('.'))")
    assert run.caller.stdout == "[]\n"


def test_processes_left_running_are_ended(run: Cached) -> None:
    run.held()
    run.cache.settle()
    run("import subprocess\nprint(subprocess.Popen(['sleep', '61']).pid)")
    run.cache.settle()
    deadline = time.monotonic() + 10
    while any(map(_sleeps, psutil.process_iter())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_sleeps, psutil.process_iter()))


def _sleeps(process: psutil.Process) -> bool:
    try:
        return bool(process.cmdline() == ["sleep", "61"] and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def test_output_errors_and_limits_are_those_of_any_call(run: Cached) -> None:
    run.held()
    run.cache.settle()
    with pytest.raises(ScriptFailed, match="line 3"):
        run(LOAD + "1/0")
    run.cache.settle()
    with pytest.raises(SatelliteDied, match="exit code 3"):
        run(LOAD + "import os\nos._exit(3)")
    run.cache.settle()
    with pytest.raises(ScriptFailed, match="MemoryError"):
        run(LOAD + "x = bytearray(300_000_000)", memory_bytes=100_000_000)


def test_calls_at_once_each_get_their_own_answer(run: Cached) -> None:
    def call(number: int) -> str:
        own = Cached(Caller(run.caller.pool))
        return own(LOAD + f"m['value'].append({number})\nprint(m['value'][999:])")

    run.held()
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(call, range(12))) == [f"[999, {number}]\n" for number in range(12)]


def test_rows_are_read_beside_it(run: Cached) -> None:
    run.held()
    run.cache.settle()
    table = pa.table({"x": np.arange(5.0)})
    assert run(LOAD + "print(len(InputDataSet), len(m))", input=table) == "5 2\n"


def test_without_its_process_a_call_unpickles_by_itself(make: Callable[..., Cached]) -> None:
    run = make()
    for _ in range(3):
        while not (held := run.held()):
            continue
        os.kill(held[0], 9)
        while is_running(held[0]):
            time.sleep(0.001)
        assert run(LOAD + "print(m['value'][3])") == "3\n"
        run.cache.settle()


def test_the_least_recently_used_is_given_up_first(make: Callable[..., Cached]) -> None:
    run = make(cache_processes=2)
    first, second, third = (pickled([number]) for number in range(3))
    run.held(LOAD, first)
    one, two = run.held(LOAD, second)
    run.is_child(one, LOAD, first)
    kept = run.held(LOAD, third)
    assert len(kept) == 2
    assert two not in kept
    assert not is_running(two)


def test_more_memory_than_allowed_is_not_held(make: Callable[..., Cached]) -> None:
    run = make(cache_bytes=200 << 20)
    large = pickled(np.zeros(10_000_000))
    assert run.held(LOAD, pickle.dumps(np.zeros(10_000_000), 4)) != []
    assert len(run.held(LOAD, large + b"1")) == 1
    assert run.held(LOAD, pickle.dumps(np.zeros(20_000_000), 4)) is not None
    held = [psutil.Process(process).memory_full_info().uss for process in run.cache.processes()]
    assert sum(held) <= 200 << 20


def test_what_is_not_used_is_given_up(make: Callable[..., Cached]) -> None:
    run = make(cache_idle_s=0.3)
    (holder,) = run.held()
    deadline = time.monotonic() + 10
    while is_running(holder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(holder)
    assert run.cache.processes() == []


def test_what_is_unpickled_quickly_is_not_held(make: Callable[..., Cached]) -> None:
    assert make(cache_worth_s=5.0).held() == []


def test_closing_the_pool_leaves_no_process_folder_or_descriptor(make: Callable[..., Cached]) -> None:
    run = make()
    before = len(os.listdir("/proc/self/fd"))
    folder = Path(run("import os\nprint(os.path.dirname(os.getcwd()))").strip())
    (holder,) = run.held()
    family = [psutil.Process(holder), *psutil.Process(holder).children(recursive=True)]
    run.caller.pool.close()
    assert not any(is_running(process.pid) for process in family)
    assert not folder.exists()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_the_pool_outlives_a_zygote_that_held_something(make: Callable[..., Cached]) -> None:
    run = make()
    (holder,) = run.held()
    psutil.Process(holder).parent().kill()
    deadline = time.monotonic() + 5
    while is_running(holder) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    assert run(LOAD + "print(m['value'][3])") == "3\n"
    run.cache.settle()
    assert holder not in run.cache.processes()
