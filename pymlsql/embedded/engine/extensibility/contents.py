"""The bytes behind CONTENT = ...: where they may come from, and where the database keeps them.

They lie in a table of the store under their sha256, so that they come and go with the transaction.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.evaluation import evaluate
from pymlsql.embedded.engine.extensibility.rights import require_sysadmin
from pymlsql.embedded.engine.folders import MAX_BYTES, is_below
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql.nodes import Text

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

CREATE_TABLE = "CREATE TABLE IF NOT EXISTS store.contents (sha256 VARCHAR, data BLOB)"


@dataclass(frozen=True)
class Allowed:
    """What T-SQL may name on the server's machine, as its administrator has said when it was started.

    ``files`` are folders whose files CONTENT may name, ``pythons`` folders that PYTHONHOME may be, or be below of;
    ``bulk`` are folders whose files OPENROWSET(BULK ...) and BULK INSERT may read.
    """

    files: tuple[Path, ...] = ()
    pythons: tuple[Path, ...] = ()
    bulk: tuple[Path, ...] = ()


class NotAnExpression(Exception):
    """CONTENT is NULL, or neither bytes nor a path."""


class CannotOpen(Exception):
    """CONTENT names a file that cannot be had; the message says why, ``number`` is the system's errno or 0."""

    def __init__(self, path: str, why: str, number: int = 0) -> None:
        super().__init__(why)
        self.path = path
        self.number = number


def read_content(session: Session, frame: Frame, expression: Text | None) -> bytes:
    """The bytes that CONTENT is, or those of the file that it names. Raises NotAnExpression, CannotOpen."""
    value: Any = None if expression is None else evaluate(session, frame, expression)
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
    elif isinstance(value, str):
        require_sysadmin(session)
        data = _read_file(value, session.engine.allowed.files)
    else:
        raise NotAnExpression
    if not data:
        raise NotAnExpression
    return data


def _read_file(name: str, folders: tuple[Path, ...]) -> bytes:
    try:
        path = Path(name).resolve(strict=True)
        if not is_below(path, folders):
            raise CannotOpen(name, "it is in no folder that the server was started with (--allow-files)")
        if path.stat().st_size > MAX_BYTES:
            raise CannotOpen(name, "it is larger than 2 GB")
        return path.read_bytes()
    except OSError as error:
        # What is not there and what is not allowed look alike, so that nobody can ask what files the server has.
        if not is_below(Path(name).absolute(), folders):
            raise CannotOpen(name, "it is in no folder that the server was started with (--allow-files)") from None
        raise CannotOpen(name, error.strerror or str(error), error.errno or 0) from None
    except ValueError as error:
        raise CannotOpen(name, str(error)) from None


def digest_of(data: bytes) -> str:
    """The name under which bytes are kept: their sha256."""
    return hashlib.sha256(data).hexdigest()


def keep_content(session: Session, data: bytes) -> str:
    """Keep ``data`` in the running statement; its sha256."""
    digest = digest_of(data)
    if session.store.run("SELECT 1 FROM store.contents WHERE sha256 = $digest", {"digest": digest}).fetchone() is None:
        session.store.write("INSERT INTO store.contents VALUES ($digest, $data)", {"digest": digest, "data": data})
    return digest


def drop_content(session: Session, digest: str) -> None:
    """Forget bytes that nothing refers to any more, in the running statement."""
    session.store.write("DELETE FROM store.contents WHERE sha256 = $digest", {"digest": digest})


def find_content(session: Session, digest: str) -> bytes | None:
    """The bytes with this sha256, as the session sees them."""
    row = session.store.run("SELECT data FROM store.contents WHERE sha256 = $digest", {"digest": digest}).fetchone()
    return None if row is None else bytes(row[0])
