"""Models in the database: push, list, show, promote.

A version's bytes lie in ml.blobs under their sha256, stored once however many versions share them, and never change.
An alias ("champion") points at one version of its model; procedures load by alias.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from typing import Any

from pymlsql.database import Database, fetch
from pymlsql.errors import DatabaseError, RegistryError, RuntimeMismatch
from pymlsql.models import PackedModel, Signature
from pymlsql.runtime import check_versions, read_load_script

MAX_NAME = 128
MAX_COMMENT = 4000
MSG_NOT_LOADABLE = 51010

# One change of the registry at a time: MAX(version) + 1 and "insert where missing" must not meet another's. An
# application lock holds under every isolation level, and waits no longer than a minute.
_LOCK = """\
EXEC @locked = sp_getapplock @Resource = N'pymlsql.registry', @LockMode = N'Exclusive', @LockOwner = N'Transaction',
    @LockTimeout = 60000;
IF @locked < 0
BEGIN;
    THROW 51012, N'Another session has been changing the model registry for more than a minute: try again.', 1;
END;
"""

# The bytes travel once, as the parameter @data of one batch: the server's Python loads them, and only then are blob
# and version written, in one transaction. Where the blob is there already nothing travels (@data is empty).
_PUSH = f"""\
SET NOCOUNT ON;
SET XACT_ABORT ON;
DECLARE @data varbinary(max) = ?, @sha256 binary(32) = ?, @name nvarchar(128) = ?, @format nvarchar(20) = ?,
    @signature nvarchar(max) = ?, @python_version nvarchar(20) = ?, @packages nvarchar(max) = ?,
    @metrics nvarchar(max) = ?, @comment nvarchar(4000) = ?, @script nvarchar(max) = ?;
DECLARE @problem nvarchar(2000), @model_id int, @version int, @locked int;
IF DATALENGTH(@data) = 0
    SELECT @data = data FROM ml.blobs WHERE sha256 = @sha256;
EXEC sp_execute_external_script @language = N'Python', @script = @script,
    @params = N'@model varbinary(max), @signature nvarchar(max), @problem nvarchar(2000) OUTPUT',
    @model = @data, @signature = @signature, @problem = @problem OUTPUT
    WITH RESULT SETS NONE;
IF @problem <> N''
BEGIN;
    THROW 51010, @problem, 1;
END;
BEGIN TRANSACTION;
{_LOCK}SELECT @model_id = model_id FROM ml.models WHERE name = @name;
IF @model_id IS NULL
BEGIN
    INSERT INTO ml.models (name) VALUES (@name);
    SELECT @model_id = model_id FROM ml.models WHERE name = @name;
END;
INSERT INTO ml.blobs (sha256, data, size_bytes)
SELECT @sha256, @data, DATALENGTH(@data)
WHERE NOT EXISTS (SELECT 1 FROM ml.blobs WHERE sha256 = @sha256);
SELECT @version = COALESCE(MAX(version), 0) + 1
FROM ml.model_versions WHERE model_id = @model_id;
INSERT INTO ml.model_versions
    (model_id, version, sha256, format, signature, python_version, packages, metrics, comment)
VALUES (@model_id, @version, @sha256, @format, @signature, @python_version, @packages, @metrics,
    NULLIF(@comment, N''));
COMMIT TRANSACTION;
SELECT @version AS version;
"""

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

_PROMOTE = f"""\
SET NOCOUNT ON;
SET XACT_ABORT ON;
DECLARE @name nvarchar(128) = ?, @version int = ?, @alias nvarchar(128) = ?, @model_id int, @locked int;
SELECT @model_id = model_id FROM ml.models WHERE name = @name;
BEGIN TRANSACTION;
{_LOCK}UPDATE ml.model_aliases
SET version = @version, changed_at = GETUTCDATE(), changed_by = SUSER_SNAME()
WHERE model_id = @model_id AND alias = @alias;
IF @@ROWCOUNT = 0
    INSERT INTO ml.model_aliases (model_id, alias, version) VALUES (@model_id, @alias, @version);
COMMIT TRANSACTION;
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


def push(db: Database, model: PackedModel, name: str, *, comment: str = "", alias: str | None = None) -> ModelVersion:
    """Register a model as the next version of `name`, and point `alias` at it if one is given.

    Before the version exists, the server's Python must have the model's packages and must have loaded these very
    bytes: else RuntimeMismatch, and nothing is stored. `comment` is at most 4000 characters.
    """
    check_name(name, "model")
    if alias is not None:
        check_name(alias, "alias")
    if len(comment) > MAX_COMMENT:
        raise RegistryError(f"The comment has {len(comment)} characters, {MAX_COMMENT} fit.")
    _check_migrated(db)
    check_versions(db, model)
    stored = db.scalar("SELECT size_bytes FROM ml.blobs WHERE sha256 = ?", (model.sha256,))
    values = (
        b"" if stored is not None else model.data,
        model.sha256,
        name,
        model.format,
        model.signature.to_json(),
        model.python_version,
        json.dumps(model.packages),
        json.dumps(model.metrics),
        comment,
        read_load_script(),
    )
    try:
        with db.connect(autocommit=True) as connection:
            version = int(fetch(connection, _PUSH, values).rows[0][0])
    except DatabaseError as error:
        if error.number == MSG_NOT_LOADABLE:
            raise RuntimeMismatch(
                f"The server's Python cannot use this model ({error.message}): train it with the server's versions."
            ) from None
        raise
    if alias is not None:
        promote(db, name, version, alias=alias)
    return show(db, name, version)


def list_models(db: Database) -> list[Model]:
    """All models by name."""
    _check_migrated(db)
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
    model = _find(db, name)
    found = {key.lower(): version for key, version in model.aliases.items()}.get(alias.lower())
    if found is None:
        known = ", ".join(model.aliases) or "none"
        raise RegistryError(f"Model {name} has no alias {alias} (it has: {known}): run pymlsql model promote.")
    return found


def show(db: Database, name: str, version: int | None = None, *, alias: str | None = None) -> ModelVersion:
    """One version: by number, by alias, or the latest. Raises RegistryError where it does not exist."""
    model = _find(db, name)
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


def promote(db: Database, name: str, version: int, *, alias: str = "champion") -> ModelVersion:
    """Point an alias of a model at one of its versions; procedures that load by that alias use it from then on."""
    check_name(alias, "alias")
    show(db, name, version)
    db.execute(_PROMOTE, (name, version, alias))
    return show(db, name, version)


def check_name(name: str, what: str) -> None:
    """Raises RegistryError where a model's or alias's name cannot be one."""
    if not 1 <= len(name) <= MAX_NAME or name != name.strip() or re.search(r"[\x00-\x1f]", name):
        article = "an" if what == "alias" else "a"
        raise RegistryError(
            f"{name!r} cannot be the name of {article} {what}: 1 to {MAX_NAME} characters, no blanks at the ends."
        )


def _find(db: Database, name: str) -> Model:
    models = list_models(db)
    for model in models:
        if model.name.lower() == name.lower():  # the database's collation ignores case
            return model
    known = ", ".join(model.name for model in models) or "none yet"
    raise RegistryError(f"There is no model {name} (there are: {known}): push one with pymlsql model push.")


def _check_migrated(db: Database) -> None:
    if db.scalar("SELECT OBJECT_ID(N'ml.model_versions', N'U')") is None:
        raise RegistryError("This database has no model registry: run pymlsql db upgrade.")
