"""`pymlsql server start --sandbox`: what a server says of its sandbox, what its scripts find, and where it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql import doctor, runtime, settings
from pymlsql.database import Database
from pymlsql.embedded.satellite.isolation import detect
from tests import servers

pytestmark = pytest.mark.timeout(120)

LEVEL = detect().level
"""Of this machine; test_sandbox.py of the satellites' unit tests holds it against the kernel."""

SEARCH = """
import os
found = []
places = [SECRETS]
for process in os.listdir('/proc'):
    for name in ('cmdline', 'environ', 'maps'):
        try:
            with open('/proc/%s/%s' % (process, name), errors='replace') as file:
                places += [word for word in file.read().replace(chr(0), ' ').split() if word.startswith('/')]
        except OSError:
            continue
    try:
        places += [os.readlink('/proc/%s/fd/%s' % (process, fd)) for fd in os.listdir('/proc/%s/fd' % process)]
    except OSError:
        continue
for place in set(places):
    for path in (place, place + '/password', place + '/pymlsql.duckdb', os.path.dirname(place) + '/password'):
        try:
            with open(path, 'rb') as file:
                data = file.read(1 << 20)
        except OSError:
            continue
        if PASSWORD in data or path.endswith('.duckdb'):
            found.append(path)
print('found', len(found))
"""


def start_script(target: servers.Target, script: str) -> str:
    """What a script prints, through the ODBC driver."""
    with Database(settings.resolve_target(target.sqlalchemy_url)) as database:
        database.execute_batches(runtime.ENABLE_SCRIPTS)
        quoted = script.replace("'", "''")
        wrapped = f"""SET NOCOUNT ON; DECLARE @said nvarchar(max);
EXEC sp_execute_external_script @language = N'Python', @script = N'
import io, sys
said = io.StringIO()
sys.stdout, outer = said, sys.stdout
{quoted}
sys.stdout = outer
answer = said.getvalue()', @params = N'@answer nvarchar(max) OUTPUT', @answer = @said OUTPUT;
SELECT @said;"""
        return str(database.scalar(wrapped)).strip()


def search(target: servers.Target) -> str:
    """How many of the server's files a script can find and read, that knows where to look."""
    assert target.data_dir is not None
    secrets = [str(target.data_dir), str(target.data_dir / "server.json")]
    text = SEARCH.replace("SECRETS", f"*{secrets!r}").replace("PASSWORD", repr(target.password.encode()))
    return start_script(target, text)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Target]:
    """A server with files of its own, in the sandbox that this machine has."""
    with servers.running(tmp_path_factory.mktemp("server") / "data") as target:
        yield target


def test_a_script_finds_neither_database_nor_password(kept: servers.Target) -> None:
    assert (search(kept) == "found 0") == (LEVEL != "none")


def test_a_script_reaches_no_port_of_this_machine(kept: servers.Target) -> None:
    script = f"import socket\nprint(socket.socket().connect_ex(('127.0.0.1', {kept.port})))"
    answer = start_script(kept, script)
    assert (answer != "0") == (LEVEL == "full")


def test_the_level_is_logged_and_shown(kept: servers.Target) -> None:
    assert f"sandbox of external scripts: {LEVEL}" in kept.stderr()
    with Database(settings.resolve_target(kept.sqlalchemy_url)) as database:
        rows = database.rows("SELECT layer, available, active, reason, level FROM sys.dm_pymlsql_sandbox")
    assert [(row[0], row[1], row[2]) for row in rows] == [
        (layer.name, layer.available, layer.active) for layer in detect().layers
    ]
    assert {row[4] for row in rows} == {LEVEL}
    assert all((row[3] is None) == bool(row[2]) for row in rows)
    findings = {finding.name: finding for finding in doctor.examine(kept.sqlalchemy_url)}
    assert findings["sandbox"].state == ("ok" if LEVEL == "full" else "warn")
    assert findings["sandbox"].detail.startswith(LEVEL)


def test_switched_off_a_script_has_all_rights_and_doctor_warns(tmp_path: Path) -> None:
    with servers.running(tmp_path / "data", options=("--sandbox", "off")) as target:
        assert search(target) != "found 0"
        findings = {finding.name: finding for finding in doctor.examine(target.sqlalchemy_url)}
    assert findings["sandbox"].state == "warn"
    assert "switched off" in findings["sandbox"].detail


CONTAINER = """
import json, os, sys
from pymlsql.embedded.satellite import kernel, seccomp
kernel.set_no_new_privs()
kernel.install_filter(seccomp.program(os.uname().machine, udp=True, signals_only_to=None))
"""
"""A process like one in a container that may make no namespace, as containers are by default."""


def in_container(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", CONTAINER + program, *arguments], capture_output=True, text=True,
                          env=servers.clean_environment(), timeout=100, check=False)  # fmt: skip


def test_in_a_container_the_layers_that_are_left_hold() -> None:
    done = in_container("""
import threading
from pymlsql.embedded.satellite.calls import ScriptCall
from pymlsql.embedded.satellite.isolation import detect
from pymlsql.embedded.satellite.pool import SatellitePool
found = detect()
pool = SatellitePool(preload=(), sandbox=found)
pool.run(ScriptCall('print("ran")', None), on_output=lambda stream, text: print(text), cancelled=threading.Event())
pool.close()
print(json.dumps([found.level, {layer.name: layer.reason for layer in found.layers}]))
""")
    assert done.returncode == 0, done.stderr
    level, reasons = json.loads(done.stdout.splitlines()[-1])
    assert done.stdout.startswith("ran")
    assert level == "limited"
    assert "Operation not permitted" in reasons["user_namespace"]
    assert reasons["mount_namespace"]
    here = {layer.name: layer.reason for layer in detect().layers}
    kept_layers = ("resource_limits", "no_new_privs", "landlock", "seccomp")
    assert {name: reasons[name] for name in kept_layers} == {name: here[name] for name in kept_layers}


def test_a_server_that_is_not_root_gets_every_layer_but_a_user_id() -> None:
    """And it knows its satellites by the numbers that its own processes have, though they have others inside."""
    if "user_namespace" not in {layer.name for layer in detect().layers if layer.active}:
        assert LEVEL != "full"
        return
    program = """
import os, sys, threading
from pymlsql.embedded.satellite import identity, kernel
if sys.argv[1:] == ["enter"]:
    identity.leave_rights(kernel, 1000)
    os.execv(sys.executable, [sys.executable, "-c", open("/proc/self/cmdline").read().split(chr(0))[2]])
import json
from pymlsql.embedded.satellite.calls import ScriptCall
from pymlsql.embedded.satellite.isolation import detect
from pymlsql.embedded.satellite.pool import SatellitePool
found = detect()
pool = SatellitePool(preload=(), sandbox=found)
numbers, said = [], []
def began(number):
    with open("/proc/%d/status" % number) as file:
        numbers.append(next(line.split()[-1] for line in file if line.startswith("NSpid:")))
call = ScriptCall("import os; print(os.getpid())", None, began=began)
pool.run(call, on_output=lambda stream, text: said.append(text.strip()), cancelled=threading.Event())
pool.close()
print(json.dumps([os.getuid(), numbers, said, [layer.name for layer in found.layers if layer.active]]))
"""
    done = subprocess.run([sys.executable, "-c", program, "enter"], capture_output=True, text=True,
                          env=servers.clean_environment(), timeout=100, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    user, numbers, said, layers = json.loads(done.stdout)
    # The user is root outside, whose processes the kernel does not count.
    here = {layer.name for layer in detect().layers if layer.active} - {"own_user_id", "process_limit"}
    assert (user, set(layers) - {"process_limit"}) == (1000, here)
    assert numbers == [said[0]]


def test_required_refuses_to_start_and_names_what_is_missing() -> None:
    done = in_container("""
from pymlsql.cli.main import main
sys.argv[1:] = ["server", "start", "--memory", "--sandbox", "required"]
sys.exit(main())
""")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "--sandbox required" in done.stderr
    assert "user_namespace: " in done.stderr


def test_an_unknown_mode_is_wrong_usage() -> None:
    done = subprocess.run(servers.command("server", "start", "--memory", "--sandbox", "most"), capture_output=True,
                          text=True, env=servers.clean_environment(), timeout=60, check=False)  # fmt: skip
    assert done.returncode == 2
    assert "auto, required or off" in done.stderr


def test_a_login_without_the_right_to_see_it_is_told_so(kept: servers.Target) -> None:
    with Database(settings.resolve_target(kept.sqlalchemy_url)) as database:
        database.execute("CREATE LOGIN visitor WITH PASSWORD = N'Pa55-word!'")
        database.execute("CREATE USER visitor FOR LOGIN visitor")
    url = kept.sqlalchemy_url.replace(f"sa:{kept.password}@", "visitor:Pa55-word!@")
    findings = {finding.name: finding for finding in doctor.examine(url)}
    assert (findings["sandbox"].state, findings["sandbox"].advice[-17:]) == ("warn", "VIEW SERVER STATE")
