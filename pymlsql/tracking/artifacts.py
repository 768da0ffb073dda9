"""The files of runs on their way into the database."""

from __future__ import annotations

from pymlsql import content
from pymlsql.content import Content
from pymlsql.database import Database
from pymlsql.errors import DatabaseError
from pymlsql.registry.uploads import CHUNK_BYTES, upload
from pymlsql.tracking.reading import call

MSG_NOT_UPLOADED = 51027


def store(db: Database, run_id: int, path: str, data: Content) -> None:
    """Keep bytes as an artifact of a run: small ones with the call, large ones uploaded in chunks before it.

    Bytes that are stored already, but were uploaded by nobody or by another login, travel with the call all the same:
    knowing their sha256 is not enough to be given them.
    """
    if len(data) > CHUNK_BYTES:
        sha256 = content.sha256(data)
        upload(db, data, sha256)
        try:
            db.execute(*call("ml.LogArtifact", run_id=run_id, path=path, sha256=sha256))
            return
        except DatabaseError as error:
            if error.number != MSG_NOT_UPLOADED:
                raise
    db.execute(*call("ml.LogArtifact", run_id=run_id, path=path, data=bytes(data)))
