"""The demo as a user starts it: a server of its own that never outlives it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests import servers
from tests.conftest import PdmData

pytestmark = pytest.mark.timeout(300)

SMALL = ("--machines", "20", "--days", "30")


def environment(home: Path) -> dict[str, str]:
    return servers.clean_environment(XDG_DATA_HOME=str(home), TMPDIR=str(home))


def test_the_demo_runs_and_leaves_nothing(tmp_path: Path, pdm_data: PdmData) -> None:
    done = subprocess.run(
        servers.command("demo", "--data", str(pdm_data.directory)),
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for words in ("Rows in the database", "Held-out test", "macro-F1", "most urgent of", "Seconds per step"):
        assert words in done.stdout
    assert list(tmp_path.glob("pymlsql-demo-*")) == []
    macro_f1 = float(done.stdout.split("macro-F1 ")[1].split(";")[0])
    assert macro_f1 >= 0.85


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_demo_stops_its_server(tmp_path: Path, how: signal.Signals) -> None:
    demo = subprocess.Popen(
        servers.command("demo", *SMALL),
        env=environment(tmp_path),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    children = wait_for_children(demo)
    demo.send_signal(how)
    _, errors = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert list(tmp_path.glob("pymlsql-demo-*")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_killed_demo_takes_its_server_along(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        servers.command("demo", *SMALL),
        env=environment(tmp_path),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    children = wait_for_children(demo)
    demo.kill()
    demo.wait(10)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def wait_for_children(demo: subprocess.Popen[str] | subprocess.Popen[bytes]) -> list[psutil.Process]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert demo.poll() is None, "the demo ended before its server was there"
        children = psutil.Process(demo.pid).children(recursive=True)
        if children:
            time.sleep(0.5)
            return psutil.Process(demo.pid).children(recursive=True)
        time.sleep(0.02)
    raise AssertionError("no server was started")


def test_kept_data_can_be_served_and_looked_at_again(tmp_path: Path) -> None:
    env = environment(tmp_path)
    for _ in range(2):  # a second time over the same folder: its own data is replaced
        done = subprocess.run(
            servers.command("demo", "--keep", *SMALL),
            env=env, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    place = tmp_path / "pymlsql" / "demo"
    assert f"pymlsql server start --data-dir {place}" in done.stdout
    with servers.running(place) as target:
        listed = run(env, tmp_path, *servers.command("model", "list", "--url", target.sqlalchemy_url))
        assert "champion = 2" in listed.stdout
        assert target.password not in done.stdout + done.stderr
        # The line that the demo prints for Python, word for word: it finds the server by its file.
        line = next(line for line in done.stdout.splitlines() if line.strip().startswith("python -c"))
        asked = run(env, tmp_path, "sh", "-c", line.replace("python", sys.executable, 1))
        assert asked.stdout.startswith("(3, datetime.datetime(")


def run(env: dict[str, str], place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(words, env=env, cwd=place, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done
