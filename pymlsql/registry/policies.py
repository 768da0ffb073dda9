"""Policies: what the registry asks for, kept in ml.policies and enforced by its procedures."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pymlsql.database import Database
from pymlsql.registry.statements import call, check_migrated

DEFAULTS = {
    "approval": "0",
    "protected_aliases": json.dumps(["champion"]),
    "require_check": "1",
    "require_signature": "0",
    "scan": "report",
}
"""What holds where ml.policies says nothing."""

_POLICIES = "SELECT name, value, changed_by FROM ml.policies ORDER BY name"
_SET = "SET NOCOUNT ON; EXEC ml.SetPolicy @name = ?, @value = ?;"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy and who set it; nobody did where it is the default."""

    name: str
    value: str
    changed_by: str | None


def list_policies(db: Database) -> list[Policy]:
    """All policies, set or not."""
    check_migrated(db)
    known = {row.name: Policy(row.name, row.value, row.changed_by) for row in db.rows(_POLICIES)}
    return [known.get(name, Policy(name, value, None)) for name, value in DEFAULTS.items()]


def set_policy(db: Database, name: str, value: str) -> None:
    """Set a policy; for members of ml_admin. Raises RegistryError where there is no such policy or value."""
    check_migrated(db)
    call(db, _SET, (name, value))
