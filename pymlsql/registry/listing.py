"""What the registry holds: models, versions and aliases, read."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from typing import Any

from pymlsql.database import Database
from pymlsql.display import Listing, render_fields
from pymlsql.errors import RegistryError
from pymlsql.models import Signature
from pymlsql.registry.statements import check_migrated

_VERSIONS = """\
SELECT v.model_version_id, v.version, v.sha256, b.size_bytes, v.format, v.signature, v.python_version, v.packages,
    v.metrics, v.created_at, v.created_by, v.comment, v.description, v.archived_at, v.run_id, v.language, v.seal_key
FROM ml.model_versions AS v
JOIN ml.models AS m ON m.model_id = v.model_id
JOIN ml.blobs AS b ON b.sha256 = v.sha256
WHERE m.name = ? AND v.version = ?
"""

_MODELS = """\
SELECT m.name, m.description, m.archived_at, COUNT(v.version) AS n_versions, MAX(v.version) AS latest_version
FROM ml.models AS m
LEFT JOIN ml.model_versions AS v ON v.model_id = m.model_id
GROUP BY m.name, m.description, m.archived_at
ORDER BY m.name
"""

_ALIASES = """\
SELECT m.name, a.alias, a.version
FROM ml.model_aliases AS a
JOIN ml.models AS m ON m.model_id = a.model_id
ORDER BY m.name, a.alias
"""

_TAGS = """\
SELECT m.name AS model, t.name, t.value
FROM ml.model_tags AS t
JOIN ml.models AS m ON m.model_id = t.model_id
ORDER BY m.name, t.name
"""

_VERSION_TAGS = "SELECT name, value FROM ml.model_version_tags WHERE model_version_id = ? ORDER BY name"


def _of_one(sql: str) -> str:
    """The query for one model instead of all."""
    head, order, tail = sql.rpartition("ORDER BY")
    where, group, columns = head.partition("GROUP BY")
    return f"{where}WHERE m.name = ?\n{group}{columns}{order}{tail}"


_MODEL, _MODEL_ALIASES, _MODEL_TAGS = _of_one(_MODELS), _of_one(_ALIASES), _of_one(_TAGS)


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model: how many versions it has, and which of them its aliases mean."""

    name: str
    n_versions: int
    latest_version: int | None
    aliases: dict[str, int]
    description: str | None = None
    archived_at: datetime.datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def find_alias(self, alias: str) -> int | None:
        """The version that an alias means, or None; the database's collation ignores case."""
        return {key.lower(): version for key, version in self.aliases.items()}.get(alias.lower())

    def _repr_html_(self) -> str:
        return render_fields(self)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model, without its bytes. `sealed_by` is the public key of its signature in hexadecimal."""

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
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    archived_at: datetime.datetime | None = None
    run_id: int | None = None
    language: str = "Python"
    sealed_by: str | None = None

    def _repr_html_(self) -> str:
        return render_fields(self)


def list_models(db: Database, *, archived: bool = False) -> list[Model]:
    """All models by name; those that are archived too where `archived` says so."""
    check_migrated(db)
    found = _models(db.rows(_MODELS), db.rows(_ALIASES), db.rows(_TAGS))
    return Listing(model for model in found if archived or model.archived_at is None)


def _models(models: list[Any], aliases: list[Any], tags: list[Any]) -> list[Model]:
    by_name: dict[str, dict[str, int]] = {}
    for row in aliases:
        by_name.setdefault(row.name, {})[row.alias] = int(row.version)
    tagged: dict[str, dict[str, str]] = {}
    for row in tags:
        tagged.setdefault(row.model, {})[row.name] = row.value
    return [
        Model(
            name=row.name,
            n_versions=int(row.n_versions),
            latest_version=int(row.latest_version) if row.n_versions else None,
            aliases=by_name.get(row.name, {}),
            description=row.description,
            archived_at=row.archived_at,
            tags=tagged.get(row.name, {}),
        )
        for row in models
    ]


def get_alias(db: Database, name: str, alias: str) -> int:
    """The version that an alias of model `name` means. Raises RegistryError where there is none."""
    return _meant(find_model(db, name), alias)


def _meant(model: Model, alias: str) -> int:
    found = model.find_alias(alias)
    if found is None:
        known = ", ".join(model.aliases) or "none"
        raise RegistryError(f"Model {model.name} has no alias {alias} (it has: {known}): run pymlsql model promote.")
    return found


def show(db: Database, name: str, version: int | None = None, *, alias: str | None = None) -> ModelVersion:
    """One version: by number, by alias, or the latest. Raises RegistryError where it does not exist."""
    check_migrated(db)
    model = find_model(db, name)
    if alias is not None:
        version = _meant(model, alias)
    version = model.latest_version if version is None else version
    rows = db.rows(_VERSIONS, (name, version if version is not None else 0))
    if not rows:
        raise RegistryError(
            f"Model {model.name} has no version {version}: its latest is {model.latest_version or 'none at all'}."
        )
    tags = db.rows(_VERSION_TAGS, (rows[0].model_version_id,))
    return _version(model, rows[0], {row.name: row.value for row in tags})


def _version(model: Model, row: Any, tags: dict[str, str]) -> ModelVersion:
    return ModelVersion(
        name=model.name,
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
        description=row.description,
        tags=tags,
        archived_at=row.archived_at,
        run_id=None if row.run_id is None else int(row.run_id),
        language=row.language,
        sealed_by=None if row.seal_key is None else bytes(row.seal_key).hex(),
    )


def find_model(db: Database, name: str) -> Model:
    """The model of this name, in whatever case. Raises RegistryError where there is none."""
    rows = db.rows(_MODEL, (name,))
    if not rows:
        known = ", ".join(model.name for model in list_models(db)[:10]) or "none yet"
        raise RegistryError(f"There is no model {name} (there are: {known}): push one with pymlsql model push.")
    return _models(rows, db.rows(_MODEL_ALIASES, (name,)), db.rows(_MODEL_TAGS, (name,)))[0]
