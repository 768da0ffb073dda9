"""Pushing: a packed model becomes the next version of its name.

A version's bytes lie in ml.blobs under their sha256, stored once however many versions share them, and never change.
"""

from __future__ import annotations

import json

from pymlsql.database import Database, fetch
from pymlsql.errors import DatabaseError, RegistryError, RuntimeMismatch
from pymlsql.models import PackedModel
from pymlsql.registry.aliases import promote
from pymlsql.registry.listing import ModelVersion, check_migrated, show
from pymlsql.registry.names import check_name
from pymlsql.registry.statements import LOCK
from pymlsql.runtime import check_versions, read_load_script

MAX_COMMENT = 4000
MSG_NOT_LOADABLE = 51010

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
{LOCK}SELECT @model_id = model_id FROM ml.models WHERE name = @name;
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
    check_migrated(db)
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
