"""Zip archives from anybody: read within bounds, and with no name that leads out of the folder they are unpacked into.

Nothing is believed: neither the sizes that an archive declares for itself nor its names.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MAX_FILES = 50_000
MAX_BYTES = 4 << 30
"""What one library may be unpacked."""

MAX_RATIO = 100
"""How much larger than the archive, beyond FREE_BYTES; code and data of packages shrink to a third or a tenth."""

FREE_BYTES = 64 << 20
MAX_DIRECTORY_BYTES = 16 << 20
"""How long the list of files inside of an archive may be: it is held in memory, ten times as large, as soon as the
archive is opened."""

_MAX_NAME_BYTES = 1024
_MAX_PART_BYTES = 255
_PIECE_BYTES = 1 << 20
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_ZIP64_MARK = b"PK\x06\x07"
_ZIP64_BYTES = 20
_MAX_COMMENT_BYTES = 1 << 16
_DRIVE = re.compile(r"[A-Za-z]:")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Broken(Exception):
    """The bytes are not what they should be; the message says why, as the rest of a sentence."""


@dataclass
class Budget:
    """What is left of what one library may take; shared by an archive and the archives inside of it."""

    n_files: int
    n_bytes: int

    def take(self, n_files: int, n_bytes: int) -> None:
        """Raises Broken when it is used up."""
        self.n_files -= n_files
        self.n_bytes -= n_bytes
        if self.n_files < 0:
            raise Broken(f"it holds more than {MAX_FILES} files")
        if self.n_bytes < 0:
            raise Broken("it is too large when it is unpacked")


def budget_for(n_bytes: int) -> Budget:
    """The budget of an archive of so many bytes."""
    return Budget(MAX_FILES, min(MAX_BYTES, FREE_BYTES + MAX_RATIO * n_bytes))


@contextmanager
def reading() -> Iterator[None]:
    """Whatever is wrong with an archive becomes Broken."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeError, NotImplementedError) as problem:
        raise Broken(f"its archive is damaged ({problem})") from None


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The archive in ``data``. Raises Broken."""
    _check_directory(data)
    with reading():
        return zipfile.ZipFile(io.BytesIO(data))


def _check_directory(data: bytes) -> None:
    """Refuse, before it is read, a directory that would fill the memory."""
    at = data.rfind(_END_MARK, max(0, len(data) - _END.size - _MAX_COMMENT_BYTES))
    if not data.startswith((b"PK\x03\x04", _END_MARK)) or at < 0 or len(data) < at + _END.size:
        raise Broken("it is no wheel and no zip archive")
    if data[max(0, at - _ZIP64_BYTES) : at].startswith(_ZIP64_MARK):
        raise Broken("its archive is of the kind for more than 65,535 files or 4 GB (Zip64)")
    if _END.unpack_from(data, at)[5] > MAX_DIRECTORY_BYTES:
        raise Broken(f"it holds more than {MAX_FILES} files")


def files_of(archive: zipfile.ZipFile, budget: Budget) -> dict[str, zipfile.ZipInfo]:
    """The files of an archive by name, folders left out. Raises Broken for what cannot be unpacked safely."""
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        check_name(member.orig_filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise Broken(f"{member.filename} is neither a file nor a folder")
        if member.flag_bits & 1:
            raise Broken(f"{member.filename} is encrypted")
        if member.compress_type not in _METHODS:
            raise Broken(f"{member.filename} is compressed in a way that wheels are not")
        if member.filename in found:
            raise Broken(f"it holds {member.filename} twice")
        budget.take(1, member.file_size)
        if not member.is_dir():
            found[member.filename] = member
    return found


def check_name(name: str) -> None:
    """Raises Broken unless ``name`` is relative, leads downwards only and can be the name of a file."""
    parts = name.removesuffix("/").split("/")
    try:
        size, sizes = len(os.fsencode(name)), [len(os.fsencode(part)) for part in parts]
    except UnicodeError:
        raise Broken(f"{name!r} cannot be the name of a file") from None
    if not all(parts) or {".", ".."} & set(parts) or _DRIVE.match(name) or "\\" in name:
        raise Broken(f"the name {name!r} leads out of its folder, or may do so")
    if not name.isprintable() or size > _MAX_NAME_BYTES or max(sizes) > _MAX_PART_BYTES:
        raise Broken(f"{name[:100]!r} cannot be the name of a file")


def read_file(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """All of a small file. Raises Broken when it is larger than ``limit``."""
    if member.file_size > limit:
        raise Broken(f"{member.filename} is larger than {limit} bytes")
    return b"".join(pieces_of(archive, member))


def pieces_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A file's bytes, never more than the archive has declared. Raises Broken."""
    left = member.file_size
    with reading(), archive.open(member) as file:
        while piece := file.read(_PIECE_BYTES):
            left -= len(piece)
            if left < 0:
                raise Broken(f"{member.filename} is larger than the archive says")
            yield piece
    if left:
        raise Broken(f"{member.filename} is shorter than the archive says")
