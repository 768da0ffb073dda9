"""Unpacked external libraries on disk: one folder for each content, which is named by its sha256 and never changed.

The folders only repeat what the database keeps, so that one that is missing can be made again at any time. A folder
comes into being under another name and is renamed when it is whole. It goes when no library has its content any more
and no script runs with it.

Whoever runs a script may read the folders, and nobody may list them: one has to know the name, and a script is told
those of the libraries that are meant for it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_UNLISTED = 0o311
_DIGEST = re.compile(r"[0-9a-f]{64}")

Fill = Callable[[Path], None]
"""Writes a library into an empty folder."""


class LibraryFolders:
    """The folders below ``root``; None keeps them in a temporary folder of its own until :meth:`close`.

    ``wanted`` gives the contents, by sha256, that libraries have; ``durable`` is whether a later server will find them.
    Any number of threads may use it at once.
    """

    def __init__(self, root: Path | None, wanted: Callable[[], frozenset[str]], *, durable: bool = True) -> None:
        self._root = root
        self._durable = durable
        self._temporary = root is None
        self._wanted = wanted
        self._lock = threading.Lock()
        self._present: set[str] = set()
        self._n_users: Counter[str] = Counter()

    def start(self) -> None:
        """Find what an earlier server has left here, and remove what is of no use."""
        if self._root is None or not self._root.is_dir():
            return
        self._root.chmod(0o700)
        found = list(self._root.iterdir())
        self._root.chmod(_UNLISTED)
        for path in found:
            if _DIGEST.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                self._present.add(path.name)
            else:
                remove_tree(path)
        self.sweep()

    def close(self) -> None:
        """Leave nothing of a server that keeps nothing."""
        if self._temporary and self._root is not None:
            remove_tree(self._root)
            self._root = None

    def _folder(self) -> Path:
        with self._lock:
            if self._root is None:
                self._root = make_root(None)
            elif not self._root.is_dir():
                make_root(self._root)
            return self._root

    def make(self, digest: str, fill: Fill) -> None:
        """Have the folder of a content. Raises what ``fill`` raises; then there is none."""
        if digest in self._present:
            return
        root = self._folder()
        made = Path(tempfile.mkdtemp(prefix="new-", dir=root))
        try:
            fill(made)
            if self._durable:
                os.sync()  # else, after a loss of power, files could be empty in a folder that is thought to be whole
            with self._lock:
                if digest not in self._present:
                    made.rename(root / digest)
                    self._present.add(digest)
        finally:
            if made.exists():
                remove_tree(made)

    @contextmanager
    def using(self, contents: Sequence[tuple[str, Fill]]) -> Iterator[tuple[str, ...]]:
        """The folders of these contents, which stay while the block runs."""
        digests = [digest for digest, _ in contents]
        with self._lock:
            self._n_users.update(digests)
        try:
            for digest, fill in contents:
                self.make(digest, fill)
            root = self._folder()
            yield tuple(str(root / digest) for digest in digests)
        finally:
            with self._lock:
                self._n_users.subtract(digests)
                self._n_users += Counter()
            self.sweep()

    def sweep(self) -> None:
        """Remove the folders that nobody wants or uses."""
        wanted = self._wanted()
        gone = []
        with self._lock:
            for digest in [one for one in self._present if one not in wanted and not self._n_users[one]]:
                assert self._root is not None
                self._present.discard(digest)
                name = Path(tempfile.mkdtemp(prefix="old-", dir=self._root))
                gone.append((self._root / digest).rename(name / digest).parent)
        for path in gone:
            remove_tree(path)

    @property
    def present(self) -> frozenset[str]:
        """The contents that lie unpacked."""
        with self._lock:
            return frozenset(self._present)


def make_root(path: Path | None) -> Path:
    """A folder for the folders at ``path``, or a temporary one."""
    root = Path(tempfile.mkdtemp(prefix="pymlsql-libraries-")) if path is None else path
    root.mkdir(mode=0o700, exist_ok=True)
    root.chmod(_UNLISTED)
    return root


def remove_tree(path: Path) -> None:
    """Remove a file or folder, readable only or not; what cannot be removed is left for the next start."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    path.chmod(0o700)
    for parent, _, _ in os.walk(path):
        os.chmod(parent, 0o700)
    shutil.rmtree(path, ignore_errors=True)
