"""Bytes that need not be in memory: a file as what it holds, read a piece at a time."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from pymlsql.errors import ModelError

PIECE_BYTES = 16 << 20
"""What is read, sent and kept in memory at a time."""


class FileBytes:
    """The bytes of a file as they were when it was looked at first: a change since then is an error."""

    def __init__(self, path: Path) -> None:
        """Look at the file. Raises OSError where that is not possible."""
        self.path = path
        self._seen = _identity(os.stat(path))

    def __len__(self) -> int:
        """How many bytes."""
        return self._seen[0]

    def __repr__(self) -> str:
        """The file and its length."""
        return f"FileBytes({str(self.path)!r}, {len(self)} bytes)"

    def __bytes__(self) -> bytes:
        """All of them, in memory."""
        return self.read(0, len(self))

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset` on. Raises ModelError where the file has changed or is gone."""
        try:
            with self.path.open("rb", buffering=0) as file:
                if _identity(os.fstat(file.fileno())) == self._seen:
                    file.seek(offset)
                    found = file.read(length)
                    if len(found) == max(0, min(length, len(self) - offset)):
                        return found
        except OSError as error:
            raise ModelError(f"{self.path} cannot be read: {error.strerror}.") from None
        raise ModelError(f"{self.path} changed while it was read: run the command again when nothing writes to it.")


Content = bytes | FileBytes
"""What a model's bytes are."""


def read_content(path: Path) -> Content:
    """A file's bytes: in memory where they are few. Raises OSError where the file cannot be looked at."""
    found = FileBytes(path)
    return path.read_bytes() if len(found) <= PIECE_BYTES else found


def read_file(path: Path) -> Content:
    """`read_content`. Raises ModelError where there is no file that can be looked at."""
    try:
        return read_content(path)
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from None


@contextlib.contextmanager
def mapped(content: Content) -> Iterator[memoryview]:
    """The bytes to look at, without reading all of them."""
    if isinstance(content, bytes) or not len(content):
        yield memoryview(bytes(content))
        return
    with content.path.open("rb") as file:
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            yield memoryview(whole)
        finally:
            with contextlib.suppress(BufferError):  # an error on its way still holds slices of it
                whole.close()


def piece(content: Content, offset: int, length: int) -> bytes:
    """At most `length` bytes from `offset` on."""
    return content.read(offset, length) if isinstance(content, FileBytes) else content[offset : offset + length]


def sha256(content: Content) -> bytes:
    """The digest, 32 bytes."""
    if not isinstance(content, FileBytes):
        return hashlib.sha256(content).digest()
    digest = hashlib.sha256()
    for offset in range(0, len(content), PIECE_BYTES):
        digest.update(content.read(offset, PIECE_BYTES))
    return digest.digest()


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino
