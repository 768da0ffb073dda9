"""What hostile scripts try, in real satellites, with all layers and with one kind of them only."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pymlsql.embedded.satellite import seccomp
from pymlsql.embedded.satellite.calls import RuntimeUnavailable, SatelliteDied, ScriptFailed
from pymlsql.embedded.satellite.isolation import Layer, Sandbox, detect
from pymlsql.embedded.satellite.pool import SatellitePool
from tests.interpreters import require_python37
from tests.unit.satellite.attacks import ATTACKS, Attack
from tests.unit.satellite.conftest import Caller

NAMESPACES = frozenset({"user_namespace", "own_user_id", "mount_namespace", "pid_namespace", "network_namespace",
                        "ipc_namespace", "process_limit"})  # fmt: skip
WITHOUT = {
    "all layers": frozenset(),
    "all layers, Python 3.7": frozenset(),
    "landlock and seccomp": NAMESPACES,
    "namespaces": frozenset({"landlock", "seccomp"}),
}
N_PROCESSES, WORK_BYTES, MEMORY_BYTES = 24, 16 << 20, 512 << 20
MARK = "pymlsql-test-left-behind"


def landlock_version() -> int:
    """The version of landlock on this system, straight from the kernel; 0 for none."""
    return max(0, ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)) if sys.platform == "linux" else 0


@dataclass
class Cell:
    """A pool in a sandbox, and what its scripts are told of the world outside."""

    run: Caller
    sandbox: Sandbox
    facts: dict[str, object]

    @property
    def active(self) -> frozenset[str]:
        """The layers that are active, and what landlock restricts beside files."""
        layers = {layer.name for layer in self.sandbox.layers if layer.active}
        if "landlock" in layers and landlock_version() >= 4 and "network_namespace" not in layers:
            layers.add("landlock_tcp")
        if "landlock" in layers and landlock_version() >= 6:
            layers.add("landlock_signals")
        return frozenset(layers)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """A server as scripts must not see it: a file, a TCP port, Unix sockets, numbers of system calls."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "password").write_text("secret")
    which = seccomp.MACHINES.index(platform.machine())
    calls = ("add_key", "bpf", "perf_event_open", "io_uring_setup")
    with socket.socket() as port, socket.socket(socket.AF_UNIX) as unix, socket.socket(socket.AF_UNIX) as abstract:
        for listener, address in ((port, ("127.0.0.1", 0)), (unix, str(folder / "unix")), (abstract, f"\0{folder}")):
            listener.bind(address)
            listener.listen(64)
        yield {
            "secret": str(folder / "password"), "port": port.getsockname()[1], "unix": str(folder / "unix"),
            "abstract": str(folder), "server": os.getpid(), "limit": N_PROCESSES, "n_bytes": WORK_BYTES,
            "memory": MEMORY_BYTES, **{name: seccomp.DENIED[name][which] for name in calls},
        }  # fmt: skip


@pytest.fixture(scope="module", params=WITHOUT)
def cell(request: pytest.FixtureRequest, outside: dict[str, object]) -> Iterator[Cell]:
    """A sandbox of each kind, with another call that runs meanwhile."""
    python = str(require_python37()) if request.param.endswith("3.7") else sys.executable
    secret = str(Path(str(outside["secret"])).parent)
    found = detect(python, secrets=(secret,), without=WITHOUT[request.param])
    sandbox = replace(found, n_processes=N_PROCESSES, work_bytes=WORK_BYTES, memory_bytes=MEMORY_BYTES)
    pool = SatellitePool(python=python, preload=(), sandbox=sandbox)
    victim = Caller(pool)
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(victim, "import time\nprint('here')\ntime.sleep(100)")
        while not victim.stdout:
            time.sleep(0.01)
        launchpad = pool._launchpad
        assert launchpad is not None
        pids = {"victim": next(iter(launchpad._deaths)), "zygote": launchpad._process.pid}
        yield Cell(Caller(pool), sandbox, {**outside, **pids})
        pool.close()
        assert isinstance(waiting.exception(), SatelliteDied)


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_an_attack_is_refused_by_any_one_of_its_guards(cell: Cell, attack: Attack) -> None:
    script = attack.script(**cell.facts)
    cell.run(script + "\nprint(answer)")
    ended = cell.run.stdout.strip()
    if attack.guards & cell.active:
        assert ended == "refused"
    else:
        assert ended == (attack.otherwise or ended)


def test_ending_everybody_ends_the_call_only(cell: Cell) -> None:
    if "pid_namespace" in cell.active:
        with pytest.raises(SatelliteDied):
            cell.run("import os\nos.fork() or os.setsid()\nos.kill(0, 9)\nos.kill(os.getppid() or os.getpid(), 9)")
    assert cell.run.value("1", kind="int") == 1
    assert cell.run.pool._launchpad is not None
    assert next(iter(cell.run.pool._launchpad._deaths)) == cell.facts["victim"]


LEAVE = """
import ctypes, os, site, socket, sys, tempfile, time
folders = [os.getcwd(), '/tmp', '/var/tmp', '/dev/shm', '/run', '/etc', '/', sys.prefix, os.path.dirname(os.__file__)]
folders += [tempfile.gettempdir(), os.path.expanduser('~'), *site.getsitepackages(), {home}]
for folder in folders:
    for name in ({mark}, '__pycache__/' + {mark}):
        try:
            open(os.path.join(folder, name), 'w').close()
        except OSError:
            continue
try:
    import _multiprocessing
    _multiprocessing.SemLock(1, 1, 1, '/' + {mark}, False)
except OSError:
    pass
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind('\\0' + {mark})
            listener.listen(1)
        except OSError:
            pass
        print('left')
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(0.2)
"""
FIND = """
import os, site, socket, sys, tempfile
folders = [os.getcwd(), '/tmp', '/var/tmp', '/dev/shm', '/run', '/etc', '/', sys.prefix, os.path.dirname(os.__file__)]
folders += [tempfile.gettempdir(), os.path.expanduser('~'), *site.getsitepackages(), {home}]
for folder in folders:
    for name in ({mark}, '__pycache__/' + {mark}, 'sem.' + {mark}):
        if os.path.lexists(os.path.join(folder, name)):
            print(os.path.join(folder, name))
with socket.socket(socket.AF_UNIX) as client:
    if client.connect_ex('\\0' + {mark}) == 0:
        print('socket')
print(len(os.listdir('.')))
"""


def test_nothing_is_left_for_the_next_call(cell: Cell) -> None:
    facts = {"{mark}": repr(MARK), "{home}": repr(str(Path.home()))}
    leave, find = LEAVE, FIND
    for name, value in facts.items():
        leave, find = leave.replace(name, value), find.replace(name, value)
    cell.run(leave)
    assert "left" in cell.run.stdout
    cell.run(find)
    assert cell.run.stdout == "0\n"
    places = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/", Path.home(), sys.prefix, Path(os.__file__).parent)
    left = [path for place in places for path in Path(place).glob(f"*{MARK}*")]
    for path in left:
        path.unlink()
    assert left == []


def test_what_scripts_need_is_there(cell: Cell) -> None:
    """Joblib's processes need semaphores, and those shared memory: only a file system of its own has that."""
    cell.run("""
import getpass, os, socket, subprocess, tempfile, threading, time
import numpy, pandas
with tempfile.TemporaryFile() as file:
    file.write(b'x')
with open('/dev/null', 'w') as file:
    file.write('x')
thread = threading.Thread(target=print, args=('thread',))
thread.start(); thread.join()
print(subprocess.check_output(['echo', 'program']).decode().strip(), os.cpu_count() > 0, time.localtime().tm_year > 0)
print(getpass.getuser(), os.path.expanduser('~') == os.getcwd() == tempfile.gettempdir())
pair = socket.socketpair()
print(len(os.urandom(4)), open('/proc/self/status').read(5))
""")
    lines = ["thread", "program True True", "satellite True", "4 Name:"]
    assert cell.run.stdout.splitlines() == lines
    if "mount_namespace" in cell.active:
        cell.run("""
import multiprocessing
def double(x):
    return 2 * x
with multiprocessing.get_context('fork').Pool(2) as pool:
    print(pool.map(double, [1, 2, 3]))
""")
        assert cell.run.stdout == "[2, 4, 6]\n"


def test_a_server_listens_in_its_own_network_only(cell: Cell) -> None:
    """What a script listens on is out of everybody's reach, and its own loopback interface works."""
    if "network_namespace" not in cell.active:
        return
    cell.run("""
import socket
with socket.socket() as listener:
    listener.bind(('127.0.0.1', 0))
    listener.listen(1)
    with socket.create_connection(listener.getsockname()) as client:
        client.sendall(b'own')
        print(listener.accept()[0].recv(3).decode())
""")
    assert cell.run.stdout == "own\n"


BACK = """
import array, os, socket, sys
from revoscalepy import rx_get_sql_loopback_connection_string as get
loopback = sys.modules['_pymlsql_satellite'].loopback
unix = socket.socket(socket.AF_UNIX)
unix.bind('unfit')
unix.listen(1)
plain = socket.socket()
unfit = [unix.fileno(), 0, plain.fileno()] * 3
loopback._connection.sendmsg([b'L'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', unfit))])
length = int.from_bytes(loopback._receive(4), 'big')
print(b'listens on 127.0.0.1' in loopback._receive(length))
parts = dict(part.split('=', 1) for part in get('a database', 'a driver').split(';'))
host, port = parts['Server'].replace('tcp:', '').split(',')
for _ in range(2):
    with socket.create_connection((host, int(port)), 10) as client:
        print(client.recv(5).decode(), parts['UID'], parts['PWD'], parts['Database'], parts['Driver'])
"""


def test_a_script_hands_the_server_a_socket_of_its_own_network(cell: Cell) -> None:
    """In every sandbox; what is no such socket is refused."""
    listeners = []

    def greet(listener: socket.socket) -> None:
        for _ in range(2):
            with listener.accept()[0] as client:
                client.sendall(b"hello")

    def let_back(listener: socket.socket) -> dict[str, object]:
        listeners.append(listener)
        executor.submit(greet, listener)
        return {"port": listener.getsockname()[1], "user": "u", "password": "p}q"}

    with ThreadPoolExecutor(1) as executor:
        cell.run(BACK, loopback=let_back)
    assert cell.run.stdout == "True\n" + "hello u {p}}q} a database a driver\n" * 2
    assert len(listeners) == 1
    listeners[0].close()


def test_a_flood_of_asks_ends_nothing(cell: Cell) -> None:
    """The server stops to listen, and the call goes on."""
    flood = "for _ in range(30000):\n    loopback._connection.send(b'L')\n    loopback._connection.setblocking(False)\n"
    script = "import sys\nloopback = sys.modules['_pymlsql_satellite'].loopback\ntry:\n    "
    cell.run(script + flood.replace("\n", "\n    ").rstrip() + "\nexcept OSError:\n    pass\nprint('done')")
    assert cell.run.stdout == "done\n"


def test_without_a_server_there_is_no_way_back(cell: Cell) -> None:
    script = "from revoscalepy import rx_get_sql_loopback_connection_string as get\nget('a', 'b')"
    with pytest.raises(ScriptFailed, match="A loopback connection needs a server"):
        cell.run(script)


# Detection --------------------------------------------------------------------------------------------------------


def unshares(flags: int) -> bool:
    """Whether a child of this process, without rights, can make namespaces, asked of the kernel directly."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if ctypes.CDLL(None).unshare(flags) == 0 else 1)
    return os.waitpid(pid, 0)[1] == 0


def test_detection_agrees_with_the_kernel() -> None:
    """This machine's level is what its kernel offers, asked with nothing of the sandbox in between."""
    found = detect()
    active = {layer.name: layer.active for layer in found.layers}
    with open("/proc/self/status") as status:
        fields = {line.split(":")[0] for line in status}
    assert active["landlock"] == (landlock_version() > 0)
    assert active["seccomp"] == ("Seccomp" in fields and platform.machine() in seccomp.MACHINES)
    assert active["user_namespace"] == unshares(0x10000000)
    assert active["network_namespace"] == unshares(0x10000000 | 0x40000000)
    assert active["ipc_namespace"] == unshares(0x10000000 | 0x08000000)
    assert active["resource_limits"] and active["no_new_privs"]
    if os.geteuid() != 0:
        assert not active["own_user_id"]
    print(found.describe())


LEVELS = [
    ({}, "full", ""),
    ({"own_user_id": "no root"}, "full", ""),
    ({"landlock": "too old"}, "limited", "landlock: too old"),
]


@pytest.mark.parametrize(("lacking", "level", "missing"), LEVELS)
def test_the_level_follows_from_the_layers(lacking: dict[str, str], level: str, missing: str) -> None:
    names = ("resource_limits", "own_user_id", "landlock")
    layers = tuple(Layer(name, name not in lacking, name not in lacking, lacking.get(name, "")) for name in names)
    sandbox = Sandbox(layers)
    assert (sandbox.level, sandbox.missing) == (level, missing)
    assert missing in sandbox.describe()


def test_switched_off_nothing_is_laid_and_what_there_is_is_still_told() -> None:
    found = detect(mode="off")
    assert found.level == "none"
    assert found.settings() is None
    assert {layer.reason for layer in found.layers} == {"switched off with --sandbox off"}
    assert [layer.available for layer in found.layers] == [layer.active for layer in detect().layers]


def test_required_refuses_less_than_all_with_what_is_missing() -> None:
    with pytest.raises(RuntimeUnavailable, match=r"is limited and --sandbox required .* landlock: left out"):
        detect(mode="required", without=frozenset({"landlock"}))


def test_a_zygote_whose_sandbox_does_not_hold_runs_nothing() -> None:
    """A layer that was there when the server started and is not there any more."""
    layers = (Layer("user_namespace", True, True, ""), Layer("mount_namespace", True, True, ""))
    pool = SatellitePool(preload=(), sandbox=Sandbox(layers, work_bytes=-1))
    try:
        with pytest.raises(RuntimeUnavailable, match=r"the sandbox's layer \w+ cannot be laid"):
            Caller(pool)("")
    finally:
        pool.close()
