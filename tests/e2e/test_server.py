"""`pymlsql server`: start, find, refuse a second one, stop; a user's server found without a word about where it is."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests import servers

pytestmark = pytest.mark.timeout(120)


class Shell:
    """Runs pymlsql with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            servers.command(*words),
            env=servers.clean_environment(XDG_DATA_HOME=str(self.home)),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


def test_the_default_server_is_found_used_and_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shell = Shell(tmp_path)
    place = tmp_path / "pymlsql" / "default"
    assert shell("server", "status").returncode == 3
    assert shell("db", "current").returncode == 3
    with servers.running(place) as target:
        status = json.loads(shell("server", "status", "--json").stdout)
        assert (status["port"], status["pid"]) == (target.port, target.pid)
        assert target.password not in shell("server", "status").stdout + json.dumps(status)
        assert stat.S_IMODE((place / "server.json").stat().st_mode) == 0o600
        assert json.loads((place / "server.json").read_text())["password"] == target.password

        second = shell("server", "start")
        assert second.returncode == 1
        assert "already" in second.stderr
        assert second.stderr.count("\n") == 1

        upgraded = shell("db", "upgrade")
        assert upgraded.returncode == 0, upgraded.stderr
        assert shell("db", "current", "--url", "embedded").returncode == 0

        stopped = shell("server", "stop")
        assert stopped.returncode == 0, stopped.stderr
        assert target.process is not None
        assert target.process.wait(10) == 0
    assert shell("server", "status").returncode == 3
    assert shell("server", "stop").returncode == 3
    with servers.running(place):
        assert json.loads(shell("db", "current", "--json").stdout)["is_current"] is True


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_server_that_is_told_to_stop_ends_well(tmp_path: Path, how: signal.Signals) -> None:
    with servers.running(tmp_path / "data") as target:
        assert target.stop(how=how) == 0
        assert "Traceback" not in target.stderr()


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with servers.running() as target:
        done = Shell(tmp_path)("server", "start", "--memory", "--port", str(target.port))
    assert done.returncode == 1
    assert str(target.port) in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_killed_hard_is_not_taken_for_running(tmp_path: Path) -> None:
    place = tmp_path / "pymlsql" / "default"
    with servers.running(place) as target:
        target.stop(how=signal.SIGKILL)
        assert (place / "server.json").exists()
        shell = Shell(tmp_path)
        assert shell("server", "status").returncode == 3
        refused = shell("db", "current")
        assert refused.returncode == 3
        assert "run pymlsql server start" in refused.stderr
