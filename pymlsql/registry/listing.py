"""What the registry holds: models, versions and aliases, read."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Any

from pymlsql.database import Database
from pymlsql.errors import RegistryError
from pymlsql.models import Signature

_VERSIONS = """\
SELECT m.name, v.version, v.sha256, b.size_bytes, v.format, v.signature, v.python_version, v.packages, v.metrics,
    v.created_at, v.created_by, v.comment
FROM ml.model_versions AS v
JOIN ml.models AS m ON m.model_id = v.model_id
JOIN ml.blobs AS b ON b.sha256 = v.sha256
WHERE m.name = ? AND v.version = ?
"""

_LATEST = """\
SELECT m.name, COUNT(v.version) AS n_versions, MAX(v.version) AS latest_version
FROM ml.models AS m
LEFT JOIN ml.model_versions AS v ON v.model_id = m.model_id
GROUP BY m.name
ORDER BY m.name
"""

_ALIASES = """\
SELECT m.name, a.alias, a.version
FROM ml.model_aliases AS a
JOIN ml.models AS m ON m.model_id = a.model_id
ORDER BY m.name, a.alias
"""


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model: how many versions it has, and which of them its aliases mean."""

    name: str
    n_versions: int
    latest_version: int | None
    aliases: dict[str, int]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model, without its bytes."""

    name: str
    version: int
    sha256: str
    size_bytes: int
    format: str
    signature: Signature
    python_version: str
    packages: dict[str, str]
    metrics: dict[str, Any]
    created_at: datetime.datetime
    created_by: str
    comment: str | None
    aliases: tuple[str, ...]


def list_models(db: Database) -> list[Model]:
    """All models by name."""
    check_migrated(db)
    aliases: dict[str, dict[str, int]] = {}
    for row in db.rows(_ALIASES):
        aliases.setdefault(row.name, {})[row.alias] = int(row.version)
    return [
        Model(
            name=row.name,
            n_versions=int(row.n_versions),
            latest_version=int(row.latest_version) if row.n_versions else None,
            aliases=aliases.get(row.name, {}),
        )
        for row in db.rows(_LATEST)
    ]


def get_alias(db: Database, name: str, alias: str) -> int:
    """The version that an alias of model `name` means. Raises RegistryError where there is none."""
    model = find_model(db, name)
    found = {key.lower(): version for key, version in model.aliases.items()}.get(alias.lower())
    if found is None:
        known = ", ".join(model.aliases) or "none"
        raise RegistryError(f"Model {name} has no alias {alias} (it has: {known}): run pymlsql model promote.")
    return found


def show(db: Database, name: str, version: int | None = None, *, alias: str | None = None) -> ModelVersion:
    """One version: by number, by alias, or the latest. Raises RegistryError where it does not exist."""
    model = find_model(db, name)
    if alias is not None:
        version = get_alias(db, name, alias)
    version = model.latest_version if version is None else version
    rows = db.rows(_VERSIONS, (name, version if version is not None else 0))
    if not rows:
        raise RegistryError(
            f"Model {model.name} has no version {version}: its latest is {model.latest_version or 'none at all'}."
        )
    row = rows[0]
    return ModelVersion(
        name=row.name,
        version=int(row.version),
        sha256=bytes(row.sha256).hex(),
        size_bytes=int(row.size_bytes),
        format=row.format,
        signature=Signature.from_json(row.signature),
        python_version=row.python_version,
        packages=json.loads(row.packages),
        metrics=json.loads(row.metrics) if row.metrics else {},
        created_at=row.created_at,
        created_by=row.created_by,
        comment=row.comment,
        aliases=tuple(key for key, value in model.aliases.items() if value == int(row.version)),
    )


def find_model(db: Database, name: str) -> Model:
    """The model of this name, in whatever case. Raises RegistryError where there is none."""
    models = list_models(db)
    for model in models:
        if model.name.lower() == name.lower():  # the database's collation ignores case
            return model
    known = ", ".join(model.name for model in models) or "none yet"
    raise RegistryError(f"There is no model {name} (there are: {known}): push one with pymlsql model push.")


def check_migrated(db: Database) -> None:
    """Raises RegistryError where the tables of the registry are not there."""
    if db.scalar("SELECT OBJECT_ID(N'ml.model_versions', N'U')") is None:
        raise RegistryError("This database has no model registry: run pymlsql db upgrade.")
