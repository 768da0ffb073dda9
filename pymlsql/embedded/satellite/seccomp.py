"""The system calls that a script may not make: tables, and the filter that the kernel runs, assembled from them.

Runs by path in the child's Python: it must stay valid for Python 3.7. Pure: bytes out, nothing is installed here.

A deny-list: libraries for numbers are wide in what they call, and a call that is refused in the middle of a library is
a wrong result waiting to happen. What is on the list reaches into the kernel or into other processes.
"""

from __future__ import annotations

import struct

MACHINES = ("x86_64", "aarch64")
"""The machines whose numbers DENIED has, in this order."""

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

DENIED = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    "move_pages": (279, 239), "migrate_pages": (256, 238),
    # namespaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    # the kernel itself
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "syslog": (103, 116), "acct": (163, 89),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    "vhangup": (153, 58), "iopl": (172, -1), "ioperm": (173, -1), "modify_ldt": (154, -1), "uselib": (134, -1),
    "personality": (135, 92), "fanotify_init": (300, 262), "fanotify_mark": (301, 263),
    # the machine's name and time
    "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    # what would outlive the process, or hold memory that no limit counts
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "shmget": (29, 194), "shmat": (30, 196),
    "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180),
    "mq_unlink": (241, 181), "memfd_create": (319, 279), "memfd_secret": (447, 447),
}  # fmt: skip
"""Refused with EPERM: name to number on each of MACHINES, -1 where there is no such call."""

SIGNALLING = {
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}  # fmt: skip
"""Refused as well where nothing else keeps signals from other processes."""

_KILL, _TGKILL = (62, 129), (234, 131)
_SOCKET, _CLONE, _CLONE3, _IOCTL = (41, 198), (56, 220), (435, 435), (16, 29)
_NAMESPACE_FLAGS = 0x7E020000
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _SOCK_TYPE_MASK = 1, 0xF
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_EPERM, _ENOSYS = 1, 38
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT = 0x15, 0x35, 0x45
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_INSTRUCTION = struct.Struct("=HBBI")


class _Program:
    """Instructions in order; a jump's target is the label ``allow``, ``deny`` or ``absent``, or "" for the next one."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, int, str, str]] = []

    def load(self, offset: int) -> None:
        self._lines.append((_LOAD, offset, "", ""))

    def mask(self, bits: int) -> None:
        self._lines.append((_AND, bits, "", ""))

    def jump(self, code: int, value: int, then: str, otherwise: str = "") -> None:
        self._lines.append((code, value, then, otherwise))

    def on_call(self, number: int, body: list[tuple[int, int, str, str]], otherwise: str) -> None:
        """``body`` for the call ``number`` whose arguments it loads; after it goes to ``otherwise``."""
        self._lines.append((_JUMP_EQUAL, number, "", f"+{len(body)}"))
        self._lines += body[:-1]
        code, value, then, _ = body[-1]
        self._lines.append((code, value, then, otherwise))

    def assemble(self) -> bytes:
        ends = [("allow", _ALLOW), ("deny", _ERRNO | _EPERM), ("absent", _ERRNO | _ENOSYS)]
        size = len(self._lines)
        places = {name: size + place for place, (name, _) in enumerate(ends)}
        out = []
        for place, (code, value, then, otherwise) in enumerate(self._lines):
            if code in (_LOAD, _AND):
                out.append(_INSTRUCTION.pack(code, 0, 0, value))
                continue
            steps = [self._step(place, places, label) for label in (then, otherwise)]
            out.append(_INSTRUCTION.pack(code, steps[0], steps[1], value))
        out += [_INSTRUCTION.pack(_RETURN, 0, 0, value) for _, value in ends]
        return b"".join(out)

    @staticmethod
    def _step(place: int, places: dict[str, int], label: str) -> int:
        if not label:
            return 0
        if label.startswith("+"):
            return int(label[1:])
        return places[label] - place - 1


def _argument(index: int) -> int:
    """Where the low half of a system call's argument lies; both machines are little-endian."""
    return _ARGUMENTS + 8 * index


def program(machine: str, *, udp: bool, signals_only_to: int | None) -> bytes:
    """The filter for ``machine`` as the kernel takes it, 8 bytes an instruction. Raises KeyError for another machine.

    Of addresses only those of Unix, IPv4 and IPv6 sockets are left, the latter two without ``udp`` for TCP only.
    ``signals_only_to`` is the one process that signals may be sent to, None where something else sees to that.
    """
    which = {name: index for index, name in enumerate(MACHINES)}[machine]
    denied = [numbers[which] for numbers in DENIED.values()]
    if signals_only_to is not None:
        denied += [numbers[which] for numbers in SIGNALLING.values()]
    made = _Program()
    made.load(_MACHINE)
    made.jump(_JUMP_EQUAL, _AUDIT[machine], "", "deny")
    made.load(_NUMBER)
    if machine == "x86_64":
        made.jump(_JUMP_AT_LEAST, _X32_BIT, "deny")
    for number in sorted(number for number in denied if number >= 0):
        made.jump(_JUMP_EQUAL, number, "deny")
    # clone3 has its flags in memory, where a filter cannot look; libraries fall back to clone.
    made.jump(_JUMP_EQUAL, _CLONE3[which], "absent")
    made.on_call(_CLONE[which], [_load(0), (_JUMP_ANY_BIT, _NAMESPACE_FLAGS, "deny", "")], "allow")
    made.on_call(_IOCTL[which], [_load(1), _when(_TIOCSTI, "deny"), _when(_TIOCLINUX, "deny")], "allow")
    made.on_call(_SOCKET[which], _socket(udp=udp), "deny")
    if signals_only_to is not None:
        for numbers in (_KILL, _TGKILL):
            made.on_call(numbers[which], [_load(0), _when(signals_only_to, "allow")], "deny")
    made.jump(_JUMP_EQUAL, 0, "allow", "allow")
    return made.assemble()


def _load(index: int) -> tuple[int, int, str, str]:
    return (_LOAD, _argument(index), "", "")


def _when(value: int, then: str) -> tuple[int, int, str, str]:
    return (_JUMP_EQUAL, value, then, "")


def _socket(*, udp: bool) -> list[tuple[int, int, str, str]]:
    if udp:
        return [_load(0), _when(_AF_UNIX, "allow"), _when(_AF_INET, "allow"), _when(_AF_INET6, "allow")]
    stream = [_load(1), (_AND, _SOCK_TYPE_MASK, "", ""), _when(_SOCK_STREAM, "allow")]
    return [_load(0), _when(_AF_UNIX, "allow"), _when(_AF_INET, "+1"), (_JUMP_EQUAL, _AF_INET6, "", "deny"), *stream]
