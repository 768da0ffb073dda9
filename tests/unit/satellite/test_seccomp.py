"""The filter of system calls, run by a small interpreter of the kernel's own instructions."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest

from pymlsql.embedded.satellite import seccomp

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
EPERM = ERRNO | errno.EPERM
ENOSYS = ERRNO | errno.ENOSYS


def verdict(program: bytes, audit: int, number: int, *arguments: int) -> int:
    """What the kernel would answer; raises where a jump leaves the program."""
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, audit, 0, *(arguments + (0,) * 6)[:6])
    lines = list(struct.iter_unpack("=HBBI", program))
    place = accumulator = 0
    while True:
        code, then, otherwise, value = lines[place]
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return int(value)
        else:
            met = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            place += then if met else otherwise


KNOWN = {
    "read": (0, 63), "openat": (257, 56), "socket": (41, 198), "clone": (56, 220), "clone3": (435, 435),
    "ioctl": (16, 29), "kill": (62, 129), "tgkill": (234, 131), **seccomp.DENIED, **seccomp.SIGNALLING,
}  # fmt: skip


def ask(machine: str, name_or_number: str | int, *arguments: int, **options: object) -> int:
    which = seccomp.MACHINES.index(machine)
    number = KNOWN[name_or_number][which] if isinstance(name_or_number, str) else name_or_number
    program = seccomp.program(machine, **{"udp": False, "signals_only_to": None, **options})  # type: ignore[arg-type]
    return verdict(program, AUDIT[machine], number, *arguments)


CALLS = [
    ("read", (), {}, ALLOW),
    ("openat", (), {}, ALLOW),
    ("socket", (1, 1), {}, ALLOW),
    ("socket", (2, 1), {}, ALLOW),
    ("socket", (2, 1 | 0o2000000), {}, ALLOW),
    ("socket", (10, 1), {}, ALLOW),
    ("socket", (2, 2), {}, EPERM),
    ("socket", (10, 3), {}, EPERM),
    ("socket", (2, 2), {"udp": True}, ALLOW),
    ("socket", (16, 3), {"udp": True}, EPERM),
    ("socket", (40, 1), {"udp": True}, EPERM),
    ("socket", ((1 << 32) | 40, 1), {}, EPERM),
    ("clone", (0x003D0F00,), {}, ALLOW),
    ("clone", (0x10000011,), {}, EPERM),
    ("clone", (0x00020011,), {}, EPERM),
    ("clone3", (), {}, ENOSYS),
    ("ioctl", (0, 0x5401), {}, ALLOW),
    ("ioctl", (0, 0x5412), {}, EPERM),
    ("ioctl", (0, (1 << 32) | 0x5412), {}, EPERM),
    ("kill", (7, 9), {}, ALLOW),
    ("kill", (7, 9), {"signals_only_to": 7}, ALLOW),
    ("kill", (8, 9), {"signals_only_to": 7}, EPERM),
    ("kill", (2**64 - 1, 9), {"signals_only_to": 7}, EPERM),
    ("tgkill", (7, 9), {"signals_only_to": 7}, ALLOW),
    ("tkill", (7, 9), {"signals_only_to": 7}, EPERM),
    ("read", (), {"signals_only_to": 7}, ALLOW),
    (999, (), {}, ALLOW),
]


@pytest.mark.parametrize("machine", seccomp.MACHINES)
@pytest.mark.parametrize(("name", "arguments", "options", "expected"), CALLS)
def test_a_call_is_allowed_or_refused(
    machine: str, name: str | int, arguments: tuple[int, ...], options: dict[str, object], expected: int
) -> None:
    assert ask(machine, name, *arguments, **options) == expected


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_every_denied_call_is_refused(machine: str) -> None:
    which = seccomp.MACHINES.index(machine)
    there = [name for name, numbers in seccomp.DENIED.items() if numbers[which] >= 0]
    assert {ask(machine, name) for name in there} == {EPERM}
    assert len(there) > 60


def test_calls_of_other_interfaces_are_refused() -> None:
    program = seccomp.program("x86_64", udp=True, signals_only_to=None)
    assert verdict(program, AUDIT["x86_64"], 0x40000000) == EPERM
    assert verdict(program, 0x40000003, 3) == EPERM


def test_a_filter_fits_the_jumps_of_the_kernel() -> None:
    for machine in seccomp.MACHINES:
        assert len(seccomp.program(machine, udp=False, signals_only_to=1)) // 8 < 255


HEADERS = {"x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "/usr/include/asm-generic/unistd.h"}


@pytest.mark.parametrize("machine", [name for name in HEADERS if Path(HEADERS[name]).exists()])
def test_numbers_are_those_of_the_systems_headers(machine: str) -> None:
    text = Path(HEADERS[machine]).read_text()
    found = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    which = seccomp.MACHINES.index(machine)
    tables = {**seccomp.DENIED, **seccomp.SIGNALLING}
    ours = {name: numbers[which] for name, numbers in tables.items() if name in found}
    assert len(ours) > 50
    assert ours == {name: found[name] for name in ours}
