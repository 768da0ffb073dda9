"""What a hostile script tries, a row an attempt: its Python, and the layers of which any one must refuse it.

Every attempt is bounded in number, size and time, so that the machine survives where a layer is missing. In the Python
``{name}`` stands for a fact of the test: ``secret`` a file of the server, ``port`` where it listens on
loopback, ``unix`` and ``abstract`` its Unix sockets, ``server`` and ``zygote`` process ids, ``victim`` that of another
call, ``limit`` the number of processes, ``n_bytes`` what a call may write, ``memory`` what it may map.
"""

from __future__ import annotations

from dataclasses import dataclass

PRELUDE = """
import ctypes, errno, os, resource, signal, socket, sys, threading, time
library = ctypes.CDLL(None, use_errno=True)

def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def attempt():
{body}

try:
    outcome = attempt()
    answer = "done" if outcome is None else str(outcome)
except (OSError, MemoryError, RuntimeError, ValueError) as problem:
    answer = "refused"
"""


@dataclass(frozen=True)
class Attack:
    """One attempt: it is refused where one of ``guards`` is active, else ``otherwise``, "" for either."""

    name: str
    body: str
    guards: frozenset[str]
    otherwise: str = "done"

    def script(self, **facts: object) -> str:
        """The text to run."""
        body = "\n".join("    " + line for line in self.body.strip().splitlines())
        for name, value in facts.items():
            body = body.replace("{" + name + "}", repr(value))
        return PRELUDE.replace("{body}", body)


def _attack(name: str, guards: str, body: str, otherwise: str = "done") -> Attack:
    return Attack(name, body, frozenset(guards.split()), otherwise)


FILES = "mount_namespace landlock"
NETWORK = "network_namespace landlock_tcp"
PROCESSES = "pid_namespace landlock"
SIGNALS = "pid_namespace landlock_signals seccomp"

ATTACKS = [
    _attack("read a file of the server", FILES, "open({secret}).read()"),
    _attack("list the server's folder", FILES, "os.listdir(os.path.dirname({secret}))"),
    _attack("read the system's passwords", FILES, "open('/etc/shadow').read()"),
    _attack("find the server by its command line", PROCESSES, """
found = []
for name in os.listdir('/proc'):
    if name.isdigit():
        try:
            with open('/proc/' + name + '/cmdline') as file:
                found += [name] if {secret} in file.read() or name in (str({server}), str({zygote})) else []
        except OSError:
            continue
if not found:
    raise OSError('none')
"""),
    _attack("read other processes' secrets", PROCESSES, """
found = 0
others = set(os.listdir('/proc')) | {str({server}), str({zygote}), str({victim})}
for name in others - {str(os.getpid())}:
    if name.isdigit():
        for kind in ('environ', 'maps', 'mem'):
            try:
                with open('/proc/' + name + '/' + kind, 'rb') as file:
                    found += kind == 'mem' or bool(file.read(1))
            except OSError:
                continue
        for number in range(16):
            try:
                found += bool(os.readlink('/proc/%s/fd/%d' % (name, number)))
            except OSError:
                continue
if not found:
    raise OSError('none')
"""),
    _attack("connect to the server's port", NETWORK, "socket.create_connection(('127.0.0.1', {port}), 5).close()"),
    _attack("send a datagram", "network_namespace seccomp", """
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    datagrams.sendto(b'x', ('192.0.2.1', 9))
"""),
    _attack("talk to a Unix socket in a folder", "mount_namespace", """
with socket.socket(socket.AF_UNIX) as client:
    client.connect({unix})
"""),
    _attack("talk to an abstract Unix socket", "network_namespace landlock_signals", """
with socket.socket(socket.AF_UNIX) as client:
    client.connect('\\0' + {abstract})
"""),
    *(_attack(f"open a socket of family {family}", "seccomp", f"socket.socket({family}, {kind}).close()", "")
      for family, kind in ((16, 3), (17, 3), (38, 5), (40, 1))),
    _attack("fork without end", "process_limit", """
waiting, pipe = os.pipe()
try:
    for _ in range({limit} + 16):
        if os.fork() == 0:
            os.close(pipe)
            os.read(waiting, 1)
            os._exit(0)
finally:
    os.close(pipe)
"""),
    _attack("start threads without end", "process_limit", """
over = threading.Event()
try:
    for _ in range({limit} + 16):
        threading.Thread(target=over.wait, args=(20,), daemon=True).start()
finally:
    over.set()
""", ""),
    _attack("write one file without end", "resource_limits mount_namespace", """
with open('big', 'wb') as file:
    for _ in range(3):
        file.write(bytes({n_bytes} // 2))
os.remove('big')
"""),
    _attack("write files without end", "mount_namespace", """
for number in range(3):
    with open('big%d' % number, 'wb') as file:
        file.write(bytes({n_bytes} // 2))
"""),
    _attack("fill shared memory", FILES, """
with open('/dev/shm/big', 'wb') as file:
    file.write(bytes({n_bytes} + 4096))
os.remove('/dev/shm/big')
"""),
    _attack("take all memory", "resource_limits", "len(bytearray({memory} + (1 << 20)))", "done"),
    _attack("take memory that no limit counts", "seccomp", "check(library.memfd_create(b'x', 0))"),
    _attack("raise a limit", "resource_limits", """
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (hard + 1, hard + 1))
"""),
    *(_attack(f"signal the {who}", SIGNALS, f"os.kill({{{who}}}, 0)") for who in ("server", "zygote", "victim")),
    *(_attack(f"trace the {who}", "seccomp pid_namespace landlock",
              f"check(library.ptrace(16, {{{who}}}, None, None))\nlibrary.ptrace(17, {{{who}}}, None, None)")
      for who in ("zygote", "victim")),
    _attack("read another call's memory", "seccomp pid_namespace landlock", """
here = ctypes.create_string_buffer(8)
pair = (ctypes.c_void_p * 2)(ctypes.addressof(here), 8)
check(library.process_vm_readv({victim}, pair, 1, pair, 1, 0))
"""),
    _attack("become another user", "no_new_privs", "os.setuid(1)"),
    _attack("become root", "user_namespace own_user_id", "os.setuid(0)", ""),
    _attack("give a file away", "no_new_privs", "open('given', 'w').close()\nos.chown('given', 1, 1)"),
    _attack("make a namespace", "seccomp", "check(library.unshare(0x10000000))"),
    _attack("mount something", "seccomp no_new_privs", "check(library.mount(b'tmpfs', b'/', b'tmpfs', 0, None))"),
    _attack("leave the root directory", "no_new_privs", "os.chroot('/')"),
    _attack("make a device", "no_new_privs", "os.mknod('disk', 0o60600, os.makedev(8, 0))"),
    _attack("keep a key", "seccomp", "check(library.syscall({add_key}, b'user', b'k', b'v', 1, -4))"),
    _attack("keep shared memory", "seccomp", "check(library.shmget(4711, 4096, 0o1666))"),
    _attack("load a program into the kernel", "seccomp", "check(library.syscall({bpf}, 0, b'\\0' * 64, 64))", ""),
    _attack("count what others do", "seccomp", "check(library.syscall({perf_event_open}, b'\\0' * 128, 0, 0, -1))", ""),
    _attack("queue work in the kernel", "seccomp", "check(library.syscall({io_uring_setup}, 1, b'\\0' * 128))", ""),
]  # fmt: skip
