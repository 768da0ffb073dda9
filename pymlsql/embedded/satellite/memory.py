"""How the zygote lays out its memory, so that forking it, and what a child then writes, cost little.

Most of the time that a fresh child takes is the kernel's: page tables to copy at the fork and to throw away at the end,
and a copy of each page that the child writes, one fault at a time. So the zygote keeps Python's objects in one piece of
memory made of huge pages, whose tables are small, and fills the holes that its imports left, so that what a child
allocates lies side by side in fresh pages and not in some free place of a page full of old objects.

Nothing here changes what the memory holds. Where the system or the C library offers no such thing, nothing happens.
Valid for Python 3.7.
"""

from __future__ import annotations

import bisect
import ctypes
import sys
from typing import Any

_HUGE = 1 << 21
_ARENA = 1 << 18
"""The least that Python takes from the system at a time; from Python 3.10 on it is four times that."""
_BLOCK = 512
"""The largest object that Python's own allocator serves."""
_POOLS = 1 << 14
_COLLAPSE = 25
_MAX_FILL_BYTES = 16 << 20
_N_IN_A_ROW = 16
_MALLOC_SIZES = (65536, 16384, 8192, 4096, 3072, 2048, 1536, *range(1032, 23, -16))


def reserve(n_bytes: int) -> list[bytes]:
    """Have Python take ``n_bytes`` for objects in one piece, before the libraries are loaded; keep what it returns.

    Python gives an arena back when it is empty: a small object stays in each.
    """
    objects = [bytes(_BLOCK - 64) for _ in range(n_bytes // _BLOCK)]
    return objects[:: _ARENA // _BLOCK]


def compact(reserved: list[bytes]) -> None:
    """After the libraries are loaded: fill the holes and take huge pages. ``reserved`` is what reserve returned."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        _fill_malloc(library)
    _fill_arenas()
    _take_huge_pages(library, reserved)


def _fill_arenas() -> None:
    """Take the free blocks of each size of Python's allocator, until it hands out blocks in a row: those are fresh."""
    allocate = ctypes.pythonapi.PyObject_Malloc
    allocate.restype = ctypes.c_size_t
    allocate.argtypes = [ctypes.c_size_t]
    for size in range(_BLOCK, 0, -16):
        _fill(allocate, size, size, min(_POOLS // size // 2, 64))


def _fill_malloc(library: Any) -> None:
    """Take the free chunks of the C library, until it cuts them off the end of its memory, one after the other."""
    allocate = library.malloc
    allocate.restype = ctypes.c_size_t
    allocate.argtypes = [ctypes.c_size_t]
    for size in _MALLOC_SIZES:
        _fill(allocate, size, (size + 8 + 15) // 16 * 16, _N_IN_A_ROW)


def _fill(allocate: Any, size: int, step: int, n_wanted: int) -> None:
    """Allocate until ``n_wanted`` blocks lie in a row, or next but one, as the interpreter allocates in between."""
    last = n_in_a_row = n_bytes = 0
    while n_in_a_row < n_wanted and n_bytes < _MAX_FILL_BYTES:
        block = allocate(size)
        n_in_a_row = n_in_a_row + 1 if last < block <= last + 2 * step else 0
        last = block
        n_bytes += step


def _take_huge_pages(library: Any, reserved: list[bytes]) -> None:
    for first, last in _heap(reserved):
        start, end = -(-first // _HUGE) * _HUGE, last // _HUGE * _HUGE
        if start < end:
            library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _COLLAPSE)


def _heap(reserved: list[bytes]) -> list[tuple[int, int]]:
    """The mappings that hold Python's objects and what malloc gave."""
    sample = sorted(id(one) for one in reserved)
    found = []
    with open("/proc/self/maps") as maps:
        for line in maps:
            parts = line.split(None, 5)
            first, last = [int(end, 16) for end in parts[0].split("-")]
            name = parts[5].strip() if len(parts) > 5 else ""
            ours = not name and bisect.bisect(sample, last) > bisect.bisect(sample, first)
            if parts[1] == "rw-p" and (name == "[heap]" or ours):
                found.append((first, last))
    return found
