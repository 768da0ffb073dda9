"""Seals of versions: made here with this account's key, kept in the database, verified where the model is loaded."""

from __future__ import annotations

from pymlsql import proofs
from pymlsql.database import Database
from pymlsql.errors import RegistryError
from pymlsql.models import PackedModel

_SEAL = "EXEC ml.SealVersion @model = ?, @version = ?, @seal_key = ?, @seal = ?"

_READ = """\
SELECT m.name, v.sha256, v.format, v.python_version, v.packages, v.signature, v.sample, v.seal_key, v.seal
FROM ml.models AS m
JOIN ml.model_versions AS v ON v.model_id = m.model_id
WHERE m.name = ? AND v.version = ?"""


def seal_pushed(db: Database, model: PackedModel, name: str, version: int) -> proofs.Seal | None:
    """Seal what was just registered with this account's key, from what was sent, not from what the database says.

    `name` is the model's as the database has it. None where the account has no key: nothing is sealed then.
    """
    made = proofs.seal(model.statement(name))
    if made is not None:
        db.execute(_SEAL, (name, version, made.key, made.signature))
    return made


def seal_stored(db: Database, name: str, version: int) -> proofs.Seal:
    """Seal a version as the database holds it now: whoever does so vouches for that.

    Raises RegistryError where there is no such version, or this account has no key.
    """
    statement, _ = _read(db, name, version)
    made = proofs.seal(statement)
    if made is None:
        raise RegistryError("This account has no key to seal with: run pymlsql keys create.")
    db.execute(_SEAL, (statement.model, version, made.key, made.signature))
    return made


def is_sealed_by(db: Database, name: str, version: int, trusted: frozenset[bytes]) -> bool:
    """Whether a version carries a valid seal of one of these keys, over what the database holds now but the bytes."""
    statement, found = _read(db, name, version)
    return found is not None and proofs.is_valid(statement, found, trusted)


def _read(db: Database, name: str, version: int) -> tuple[proofs.Statement, proofs.Seal | None]:
    rows = db.rows(_READ, (name, version))
    if not rows:
        raise RegistryError(f"There is no model {name} with a version {version}: see pymlsql model list.")
    (row,) = rows
    statement = proofs.Statement(
        model=row.name, sha256=bytes(row.sha256), format=row.format, python_version=row.python_version,
        packages=row.packages, signature=row.signature, sample=row.sample or "",
    )  # fmt: skip
    return statement, proofs.Seal(bytes(row.seal_key), bytes(row.seal)) if row.seal is not None else None
