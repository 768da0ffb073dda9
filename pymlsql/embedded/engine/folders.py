"""Files of the server's machine that T-SQL may name: which folders they are in, and how large they may be."""

from __future__ import annotations

from pathlib import Path

MAX_BYTES = 2**31 - 1


def is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    """Whether ``path`` is one of ``folders`` or in one of them."""
    return any(path == folder or folder in path.parents for folder in (one.resolve() for one in folders))
