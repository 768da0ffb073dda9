"""Bytes on their way into the database and out of it, a chunk at a time.

What the server has already, whole or in part, is not sent again: bytes are known by their sha256.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pymlsql import content, mlmodel
from pymlsql.content import Content, FileBytes
from pymlsql.errors import RegistryError
from pymlsql.models import PackedModel
from pymlsql.registry.statements import call, call_on

if TYPE_CHECKING:
    from pymlsql.database import Database
    from pymlsql.registry.listing import ModelVersion

CHUNK_BYTES = 16 << 20
"""Models up to this size travel in one piece, with their registration."""

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and all bytes."""

_BEGIN = "SET NOCOUNT ON; EXEC ml.BeginUpload @sha256 = ?, @size_bytes = ?, @chunk_bytes = ?;"
_PUT = "SET NOCOUNT ON; EXEC ml.PutChunk @upload_id = ?, @chunk_no = ?, @data = ?;"
_FINISH = "SET NOCOUNT ON; EXEC ml.FinishUpload @upload_id = ?;"
_READ = "SET NOCOUNT ON; EXEC ml.ReadBlob @model = ?, @version = ?, @offset = ?, @length = ?;"


def upload(
    db: Database,
    data: Content,
    sha256: bytes,
    *,
    progress: Progress | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> int:
    """Store bytes under their sha256; returns how many had to be sent.

    After a broken connection or a killed process the next call goes on with the first chunk that is missing. Raises
    RegistryError where the server refuses them, ModelError where the file changes meanwhile.
    """
    if not len(data):
        raise RegistryError("There are no bytes to store: the file is empty.")
    begun = call(db, _BEGIN, (sha256, len(data), chunk_bytes))[0]
    tell = progress or (lambda done, total: None)
    if begun.upload_id is None:
        tell(len(data), len(data))
        return 0
    present, size = set(json.loads(begun.present)), int(begun.chunk_bytes)
    missing = [number for number in range(int(begun.n_chunks)) if number not in present]
    lengths = {number: min(size, len(data) - number * size) for number in missing}
    done = len(data) - sum(lengths.values())
    tell(done, len(data))
    with db.connect(autocommit=True) as connection:
        for number in missing:
            chunk = content.piece(data, number * size, size)
            call_on(connection, _PUT, (begun.upload_id, number, chunk))
            done += lengths[number]
            tell(done, len(data))
        call_on(connection, _FINISH, (begun.upload_id,))
    return sum(lengths.values())


def pull(db: Database, version: ModelVersion, path: Path, *, progress: Progress | None = None) -> Path:
    """Write a version's bytes to a file, a chunk at a time, and compare their sha256.

    For members of ml_admin. The file has its name only when it is whole. Raises RegistryError where the bytes are not
    those that were registered, or the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    tell = progress or (lambda done, total: None)
    try:
        with part.open("wb") as file, db.connect(autocommit=True) as connection:
            digest, done = hashlib.sha256(), 0
            while done < version.size_bytes:
                found = call_on(connection, _READ, (version.name, version.version, done, CHUNK_BYTES))
                data = bytes(found[0].data) if found else b""
                if not data:
                    break
                digest.update(data)
                file.write(data)
                done += len(data)
                tell(done, version.size_bytes)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != version.sha256:
            raise RegistryError(
                f"The bytes of {version.name} version {version.version} do not have their sha256: somebody changed "
                "them. Restore ml.blobs from a backup."
            )
        part.replace(path)
    except OSError as error:
        raise RegistryError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return path


def pull_directory(db: Database, version: ModelVersion, path: Path, *, progress: Progress | None = None) -> Path:
    """`pull` into a new folder that MLflow reads as a model of its own: MLmodel, the bytes, requirements.txt.

    Raises ModelError where the folder holds something already; else as `pull` does.
    """
    file = mlmodel.make_directory(path) / mlmodel.file_name(version.format)
    pull(db, version, file, progress=progress)
    packed = PackedModel(
        data=FileBytes(file),
        sha256=bytes.fromhex(version.sha256),
        signature=version.signature,
        python_version=version.python_version,
        packages=version.packages,
        format=version.format,
    )
    mlmodel.describe_directory(path, packed)
    return path
