"""How much memory the machine has, and how much a script's processes hold."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


@lru_cache(maxsize=1)
def physical_bytes() -> int:
    """The machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def anonymous_bytes(group: int) -> int:
    """The private memory of the processes of a process group: what they share with the zygote does not count."""
    return sum(_private_bytes(process) for process in _members(group))


def _members(group: int) -> list[int]:
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            if int(fields[2]) == group:
                found.append(int(entry.name))
    return found


def _private_bytes(process: int) -> int:
    """Private pages, from smaps_rollup; 0 for a process that has ended."""
    try:
        lines = (_PROC / str(process) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:"))]
    return 1024 * sum(kilobytes)
