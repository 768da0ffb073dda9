"""The files that bulk operations may read: who may, from which folders, and their bytes as text.

Source: "OPENROWSET", "BULK INSERT" of sql-docs.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.folders import MAX_BYTES, is_below
from pymlsql.embedded.engine.security.enforcement import check_server
from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

BULKADMIN = 10
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_bulk(session: Session, path: str) -> bytes:
    """A file's bytes. Raises 4834 without the right to bulk operations, 4860 for a file that is not there, 4861 for
    one in no folder that the server was started with (--bulk-folder), which looks the same whether it is there or not.
    """
    if BULKADMIN not in session.identity.server_roles:
        check_server(session, "ADMINISTER BULK OPERATIONS", sql_error(4834))
    folders = session.engine.allowed.bulk
    try:
        written = Path(os.path.normpath(Path(path).absolute()))
        if not is_below(written, folders):
            raise sql_error(4861, path, "5(Access is denied.)")
        found = written.resolve(strict=True)
        if not is_below(found, folders):
            raise sql_error(4861, path, "5(Access is denied.)")
        if found.stat().st_size > MAX_BYTES:
            raise sql_error(4861, path, "223(The file size exceeds the limit allowed and cannot be saved.)")
        return found.read_bytes()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise sql_error(4860, path) from None
        raise sql_error(4861, path, f"{error.errno}({error.strerror})") from None
    except ValueError:
        raise sql_error(4860, path) from None


def read_whole(session: Session, arguments: list[str]) -> Any:
    """The value of a file's only column: ``arguments`` are SINGLE_BLOB, SINGLE_CLOB or SINGLE_NCLOB, and the path.
    Raises 4809 for a file that is not UTF-16 where that is wanted."""
    kind, path = arguments
    data = read_bulk(session, path)
    if kind == "SINGLE_BLOB":
        return data
    if kind == "SINGLE_CLOB":
        return decoded(data, "cp1252")
    if not data.startswith(_UTF16_MARKS):
        raise sql_error(4809)
    return decoded(data, "utf-16")


def decoded(data: bytes, encoding: str) -> str:
    """The text of a file; bytes that the code page has not are refused."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise unsupported(f"a file whose bytes are not all {encoding}") from None
