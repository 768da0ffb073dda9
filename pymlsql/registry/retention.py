"""Retention: what nobody needs any more is freed."""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.database import Database
from pymlsql.registry.statements import call, check_migrated

GRACE_HOURS = 24
"""Bytes and unfinished uploads younger than this stay: a push may be under way that has not made its version yet."""

_PURGE = "SET NOCOUNT ON; EXEC ml.PurgeModels @archived_days = ?, @grace_hours = ?, @dry_run = ?;"


@dataclass(frozen=True, slots=True)
class Purged:
    """What went, or would go: versions, unfinished uploads, and stored bytes that nobody refers to."""

    n_versions: int
    n_uploads: int
    n_blobs: int
    n_bytes: int


def purge(
    db: Database, *, archived_days: int | None = None, grace_hours: int = GRACE_HOURS, dry_run: bool = False
) -> Purged:
    """Free what no version and no run refers to; for members of ml_admin.

    With `archived_days` versions go too that have been archived for so many days and that no scoring run refers to.
    """
    check_migrated(db)
    row = call(db, _PURGE, (archived_days, grace_hours, int(dry_run)))[0]
    return Purged(int(row.n_versions), int(row.n_uploads), int(row.n_blobs), int(row.n_bytes))
