"""Large binary values outside of DuckDB: each in a file named by its SHA-256, written once and never changed.

Laws.

- A file gets its name when it is complete. Before a row of the database refers to it, it is on the disk: the content,
  then the name. So a crash leaves files that no row refers to, never a row without its file.
- A file is compared with its name before its first use by this process, and again when size, time or place of it have
  changed. What does not match, or is not there, is an error (824, 823), never other bytes.
- A file is removed in two cases only. (1) It was made in this process, was never put into a row of a table that
  lasts, and no LargeValue of it lives. (2) No row refers to it, as seen under the writers' lock, with no statement
  running that may have read an older row, and no LargeValue of it lives: variables, parameters and temporary tables
  hold theirs.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from weakref import WeakValueDictionary

from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.references import decode_reference, encode_reference

PIECE_BYTES = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".new-"


class LargeValue:
    """A binary value that lies in a file. It is passed on without being read; ``open`` and ``read`` check it first."""

    __slots__ = ("__weakref__", "_store", "length", "sha256")

    def __init__(self, store: ValueStore, sha256: str, length: int) -> None:
        self._store = store
        self.sha256: str = sha256
        """In hexadecimal."""
        self.length: int = length

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        return f"<{self.length} bytes, sha256 {self.sha256}>"

    @property
    def reference(self) -> bytes:
        """What a column of DuckDB holds for it."""
        return encode_reference(self.sha256, self.length)

    def open(self) -> FileIO:
        """The file, unbuffered, at its beginning; whoever opens it closes it. Raises 823, 824."""
        return self._store.open(self)

    def verify(self) -> None:
        """Look at the file, if that has not been done yet. Raises 823, 824."""
        self.open().close()

    def read(self) -> bytes:
        """All bytes. Raises 823, 824."""
        with self.open() as file:
            data = file.read()
        if len(data) != self.length:
            raise self._store.damaged(self.sha256)
        return data

    def read_piece(self, offset: int, length: int) -> bytes:
        """At most ``length`` bytes from ``offset`` on. Raises 823, 824."""
        with self.open() as file:
            file.seek(offset)
            return file.read(max(0, min(length, self.length - offset)))

    def pieces(self) -> Iterator[bytes]:
        """All bytes, a piece at a time. Raises 823, 824."""
        with self.open() as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    def copy_to(self, writer: ValueWriter) -> None:
        """Append all bytes to another value. Raises 823, 824, 1105."""
        for piece in self.pieces():
            writer.write(piece)

    def digest(self, algorithm: str) -> bytes:
        """The digest by an algorithm of hashlib. Raises 823, 824."""
        with self.open() as file:
            if algorithm == "sha256":  # open has compared it
                return bytes.fromhex(self.sha256)
            return hashlib.file_digest(file, algorithm).digest()


class ValueWriter:
    """A value on its way into its file: ``write`` pieces of it, then ``finish`` or ``abandon``. Raises 1105."""

    def __init__(self, store: ValueStore) -> None:
        self._store = store
        self._digest = hashlib.sha256()
        self._path = store.folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
        self.length: int = 0
        with _space():
            self._file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)

    def write(self, data: bytes | memoryview) -> None:
        """Append a piece."""
        try:
            with _space(), memoryview(data) as view:
                for at in range(0, len(view), PIECE_BYTES):
                    with view[at : at + PIECE_BYTES] as piece:
                        self._digest.update(piece)
                        _write_all(self._file, piece)
                self.length += len(view)
        except BaseException:
            self.abandon()
            raise

    def append(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Append pieces, all or none: after an error it is as long as it was."""
        length, digest = self.length, self._digest.copy()
        try:
            for piece in pieces:
                self._digest.update(piece)
                with _space(), memoryview(piece) as view:
                    _write_all(self._file, view)
                self.length += len(piece)
        except BaseException:
            self.length, self._digest = length, digest
            os.ftruncate(self._file, length)
            os.lseek(self._file, length, os.SEEK_SET)
            raise

    def look_back(self) -> FileIO:
        """What has been written so far, at its beginning."""
        return FileIO(self._path)

    def finish(self) -> LargeValue:
        """The value. Its file has its name, and may not be on the disk yet."""
        try:
            return self._store.take_over(self._path, self._file, self._digest.hexdigest(), self.length)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Nothing is left of it; harmless after ``finish``."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._path.unlink(missing_ok=True)


def _write_all(file: int, data: memoryview) -> None:
    while len(data):
        data = data[os.write(file, data) :]


@contextlib.contextmanager
def _space() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise sql_error(1105, "values", "", "pymlsql", "PRIMARY") from error
        raise _io_error(error, "write", "values") from error


def _io_error(error: OSError, action: str, file: str) -> SqlError:
    return sql_error(823, f"{error.errno}({error.strerror})", action, file)


class ValueStore:
    """The files of one server. ``folder`` None: a private folder of its own, removed at the end. Thread-safe."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._is_lasting = folder is not None
        self._lock = threading.Lock()
        self._alive: WeakValueDictionary[str, LargeValue] = WeakValueDictionary()
        self._verified: dict[str, tuple[int, int, int]] = {}
        self._loose: set[str] = set()
        self._unsynced: set[str] = set()
        self._n_reading = 0
        if folder is not None and folder.exists():
            for path in folder.glob(f"{_UNFINISHED}*"):
                path.unlink()

    @property
    def folder(self) -> Path:
        """Where the files are; made at the first use."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="pymlsql-values-"))
            elif not self._folder.exists():
                self._folder.mkdir(mode=0o700)
                _sync(self._folder.parent)
            return self._folder

    def is_empty(self) -> bool:
        """Whether there is no file at all."""
        return self._folder is None or not self._folder.exists() or next(self._folder.iterdir(), None) is None

    def close(self) -> None:
        """Remove what does not last."""
        self.sweep()
        if not self._is_lasting and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # Values ---------------------------------------------------------------------------------------------------

    def add(self, data: bytes | memoryview) -> LargeValue:
        """A value with these bytes."""
        writer = ValueWriter(self)
        writer.write(data)
        return writer.finish()

    def find(self, reference: bytes) -> LargeValue:
        """The value a column's cell refers to."""
        sha256, length = decode_reference(reference)
        with self._lock:
            return self._value(sha256, length)

    def _value(self, sha256: str, length: int) -> LargeValue:
        value = self._alive.get(sha256)
        if value is None:
            value = self._alive[sha256] = LargeValue(self, sha256, length)
        return value

    def take_over(self, path: Path, file: int, sha256: str, length: int) -> LargeValue:
        """Give the finished file at ``path`` its name, unless a good one has it; a damaged one is replaced."""
        final = self.folder / sha256
        if final.exists():
            with contextlib.suppress(SqlError):
                self.open(LargeValue(self, sha256, length)).close()
        with self._lock:
            is_new = not final.exists()
            if is_new or self._verified.get(sha256) != _identity(final.stat()):
                if is_new:
                    self._loose.add(sha256)
                else:
                    # What takes the place of a file that rows may refer to is on the disk before.
                    os.fsync(file)
                os.replace(path, final)
                self._verified[sha256] = _identity(os.fstat(file))
                self._unsynced.add(sha256)
            return self._value(sha256, length)

    def open(self, value: LargeValue) -> FileIO:
        """The value's file after a look at its content, if that has not been seen yet. Raises 823, 824."""
        try:
            file = FileIO(self.folder / value.sha256)
        except OSError as error:
            raise _io_error(error, "read", f"values/{value.sha256}") from error
        try:
            self._verify(value, file)
        except BaseException:
            file.close()
            raise
        return file

    def _verify(self, value: LargeValue, file: FileIO) -> None:
        found = os.fstat(file.fileno())
        if self._verified.get(value.sha256) == _identity(found):
            return
        try:
            good = found.st_size == value.length and hashlib.file_digest(file, "sha256").hexdigest() == value.sha256
        except OSError as error:
            raise _io_error(error, "read", f"values/{value.sha256}") from error
        if not good:
            raise self.damaged(value.sha256)
        self._verified[value.sha256] = _identity(found)
        file.seek(0)

    def damaged(self, sha256: str) -> SqlError:
        """The error of a file whose content is not what its name says."""
        return sql_error(824, "incorrect checksum", "read", f"values/{sha256}")

    # What rows refer to ---------------------------------------------------------------------------------------

    def settle(self, values: Iterable[LargeValue]) -> None:
        """Rows of lasting tables are about to refer to these: from here on only ``keep_only`` removes their files."""
        for value in values:
            with self._lock:
                self._loose.discard(value.sha256)
                is_new = value.sha256 in self._unsynced
            if is_new:
                if self._is_lasting:
                    _sync(self.folder / value.sha256)
                    _sync(self.folder)
                with self._lock:
                    self._unsynced.discard(value.sha256)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """A statement runs that may see references: ``keep_only`` waits for another time."""
        with self._lock:
            self._n_reading += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_reading -= 1

    def sweep(self) -> None:
        """Remove the files of values that never came into a table and that nobody has any more."""
        if not self._loose:
            return
        with self._lock:
            for sha256 in [one for one in self._loose if one not in self._alive]:
                self._loose.discard(sha256)
                self._remove(sha256)

    def keep_only(self, references: Iterable[bytes]) -> bool:
        """Remove all files but those that rows refer to or somebody holds; False when some may have to go later.

        ``references`` are all that rows of lasting tables hold; the caller has the writers' lock since before they
        were read.
        """
        kept, is_whole = {decode_reference(reference)[0] for reference in references}, True
        with self._lock:
            if self._n_reading:
                return False
            if self._folder is None or not self._folder.exists():
                return True
            for path in list(self._folder.iterdir()):
                name = path.name
                if not _NAME.fullmatch(name) or name in kept or name in self._loose:
                    continue
                if name in self._alive:
                    is_whole = False
                else:
                    self._remove(name)
        return is_whole

    def _remove(self, sha256: str) -> None:
        assert self._folder is not None
        (self._folder / sha256).unlink(missing_ok=True)
        self._verified.pop(sha256, None)
        self._unsynced.discard(sha256)


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
