"""The pool's own life: its zygote, its end, what it leaves, and interpreters that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pymlsql.embedded.satellite import worker
from pymlsql.embedded.satellite.calls import (
    RuntimeUnavailable,
    SatelliteDied,
    ScriptCall,
    ScriptFailed,
)
from pymlsql.embedded.satellite.pool import SatellitePool
from tests.unit.satellite.conftest import Caller, is_running


def test_the_pool_outlives_its_zygote(make_pool: Callable[..., Caller]) -> None:
    run = make_pool()
    for _ in range(2):
        zygote = int(run.value("str(__import__('os').getppid())"))
        threading.Timer(0.3, os.kill, (zygote, 9)).start()
        with pytest.raises(SatelliteDied, match="starts satellites has ended"):
            run("import time\ntime.sleep(30)")
        assert run.value("1", kind="int") == 1


def test_closing_the_pool_ends_every_process_and_removes_every_file(make_pool: Callable[..., Caller]) -> None:
    run = make_pool(n_spares=3)
    folder = Path(run.value("__import__('os').getcwd()")).parent
    zygote = psutil.Process(int(run.value("str(__import__('os').getppid())")))
    family = [zygote, *zygote.children(recursive=True)]
    assert len(family) >= 3
    run.pool.close()
    assert not any(process.is_running() for process in family)
    assert not folder.exists()
    with pytest.raises(RuntimeUnavailable, match="closed"):
        run("")


def test_nothing_is_left_when_the_server_is_killed() -> None:
    program = """
import os, sys, threading
from pymlsql.embedded.satellite.calls import ScriptCall
from pymlsql.embedded.satellite.pool import SatellitePool
pool = SatellitePool(preload=())
def show(stream, text):
    print(text, end="", flush=True)
    if "ready" in text:
        os.kill(os.getpid(), 9)
script = "import os, time; print(os.getppid(), os.getpid(), os.getcwd(), 'ready'); time.sleep(60)"
pool.run(ScriptCall(script, None), on_output=show, cancelled=threading.Event())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    zygote, satellite, folder, _ = done.stdout.split()
    deadline = time.monotonic() + 5
    while (is_running(int(zygote)) or Path(folder).parent.exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert done.returncode == -9
    assert not is_running(int(zygote))
    assert not is_running(int(satellite))
    assert not Path(folder).parent.exists()


def test_closing_the_pool_ends_a_running_call(make_pool: Callable[..., Caller]) -> None:
    pool = make_pool().pool
    closing = threading.Thread(target=pool.close)
    call = ScriptCall("import time\nprint('on')\ntime.sleep(30)", None)
    with pytest.raises(SatelliteDied):
        pool.run(call, on_output=lambda stream, text: text.strip() and closing.start(), cancelled=threading.Event())
    closing.join()


def test_descriptors_are_given_back(run: Caller) -> None:
    run("")
    time.sleep(0.3)
    before = len(os.listdir("/proc/self/fd"))
    for script in ("", "1/0", "import os; os._exit(1)") * 5:
        try:
            run(script)
        except (ScriptFailed, SatelliteDied):
            continue
    time.sleep(0.3)
    assert len(os.listdir("/proc/self/fd")) <= before + 2


UNAVAILABLE = [
    ("/nowhere/python", "cannot be started"),
    ("/bin/false", "ended while it was starting"),
]


@pytest.mark.parametrize(("python", "words"), UNAVAILABLE)
def test_an_interpreter_that_does_not_work_is_a_sentence(
    make_pool: Callable[..., Caller], python: str, words: str
) -> None:
    with pytest.raises(RuntimeUnavailable, match=words):
        make_pool(python=python)("")


def test_an_interpreter_without_pyarrow_is_a_sentence(make_pool: Callable[..., Caller]) -> None:
    bare = Path(sys.base_prefix) / "bin" / "python3"
    with pytest.raises(RuntimeUnavailable, match=r"has no usable (numpy|pandas|pyarrow)"):
        make_pool(python=str(bare))("")


def test_a_module_that_starts_threads_is_not_preloaded(tmp_path: Path) -> None:
    (tmp_path / "starter.py").write_text("import threading, time\nthreading.Timer(1, time.time).start()")
    program = """
import runpy, sys
sys.path.insert(0, sys.argv[2])
preload = runpy.run_path(sys.argv[1])["preload"]
preload(["json", "no_such_module"])
print("loaded")
preload(["starter"])
"""
    command = [sys.executable, "-c", program, str(Path(worker.__file__)), str(tmp_path)]
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment = {**one, "JE_ARROW_MALLOC_CONF": "background_thread:false"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "loaded\n"
    assert "importing starter starts a thread" in done.stderr


def test_without_fork_external_scripts_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(RuntimeUnavailable, match="can fork"):
        SatellitePool().start()
