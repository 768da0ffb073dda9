"""How much memory the machine has, and how much a script's processes hold."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


@lru_cache(maxsize=1)
def physical_bytes() -> int:
    """The machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def private_bytes(groups: Iterable[int]) -> dict[int, int]:
    """The private memory of the processes of each process group: what they share with the zygote does not count."""
    sizes = dict.fromkeys(groups, 0)
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                group = int((entry / "stat").read_text().rpartition(")")[2].split()[2])
            except OSError:  # it has ended
                continue
            if group in sizes:
                sizes[group] += _private_bytes(entry)
    return sizes


def _private_bytes(process: Path) -> int:
    """Private pages, from smaps_rollup; 0 for a process that has ended."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:"))]
    return 1024 * sum(kilobytes)
