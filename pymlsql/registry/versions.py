"""Versions: pushing a packed model as the next one of its name; archiving, describing, tagging and deleting.

A version's bytes lie in ml.blobs under their sha256, stored once however many versions share them, and never change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pymlsql.database import Database
from pymlsql.errors import DatabaseError, RegistryError
from pymlsql.models import PackedModel
from pymlsql.registry.aliases import promote
from pymlsql.registry.listing import Model, ModelVersion, find_model, show
from pymlsql.registry.names import check_name
from pymlsql.registry.seals import seal_pushed
from pymlsql.registry.statements import MSG_NO_BYTES, call, check_migrated
from pymlsql.registry.uploads import CHUNK_BYTES, Progress, upload
from pymlsql.runtime import check_versions

MAX_TEXT = 4000
_NO_SCRIPTS_FOR_ONE = 262

# Few bytes travel with the call; of what is stored already, or was uploaded, nothing travels (@data is empty).
_PUSH = """\
SET NOCOUNT ON;
DECLARE @version int;
EXEC ml.RegisterVersion @model = ?, @sha256 = ?, @format = ?, @signature = ?, @python_version = ?, @packages = ?,
    @metrics = ?, @comment = ?, @description = ?, @run_id = ?, @tags = ?, @scan = ?,
    @sample = ?, @data = ?, @version = @version OUTPUT;
SELECT @version AS version;
"""

_STORED = "SELECT size_bytes FROM ml.blobs WHERE sha256 = ?"
_RUN = "SELECT run_id FROM ml.runs WHERE run_id = ? AND started_at = CAST(? AS datetime)"
_ARCHIVE = "SET NOCOUNT ON; EXEC ml.ArchiveVersion @model = ?, @version = ?, @archived = ?;"
_DELETE_VERSION = "SET NOCOUNT ON; EXEC ml.DeleteVersion @model = ?, @version = ?, @with_scoring_runs = ?;"
_DELETE_MODEL = "SET NOCOUNT ON; EXEC ml.DeleteModel @model = ?, @with_scoring_runs = ?;"
_DESCRIBE = "SET NOCOUNT ON; EXEC ml.DescribeModel @model = ?, @version = ?, @description = ?;"
_TAG_MODEL = "SET NOCOUNT ON; EXEC ml.SetModelTag @model = ?, @name = ?, @value = ?;"
_TAG_VERSION = "SET NOCOUNT ON; EXEC ml.SetVersionTag @model = ?, @version = ?, @name = ?, @value = ?;"


def push(
    db: Database,
    model: PackedModel,
    name: str,
    *,
    comment: str = "",
    alias: str | None = None,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    run_id: int | None = None,
    progress: Progress | None = None,
) -> ModelVersion:
    """Register a model as the next version of `name`, and point `alias` at it if one is given.

    Before the version exists, the server's Python must have the model's packages and must have loaded these very
    bytes: else RuntimeMismatch, and no version is stored. Bytes that the server has are not sent; more than
    CHUNK_BYTES go in chunks, which `progress` is told of, and the next push goes on where one was broken off.
    `comment` and `description` have at most 4000 characters. `run_id` is the run in ml.runs that made the model;
    without it the one that the model itself names, where that is a run of this database.
    """
    check_name(name, "model")
    if alias is not None:
        check_name(alias, "alias")
    _check_text(comment, "comment")
    _check_text(description, "description")
    check_migrated(db)
    _compare_versions(db, model)
    values = (
        model.format,
        model.signature.to_json(),
        model.python_version,
        model.packages_json,
        json.dumps(model.metrics),
        comment,
        description,
        _find_run(db, model) if run_id is None else run_id,
        json.dumps(dict(tags or {})),
        model.scan.to_json() if model.scan is not None else None,
        model.sample or None,
    )
    version = _register(db, model, name, values, progress)
    seal_pushed(db, model, show(db, name, version).name, version)
    if alias is not None:
        return promote(db, name, version, alias=alias, check=False)
    return show(db, name, version)


def _find_run(db: Database, model: PackedModel) -> int | None:
    """The run that the model names, where this database has it: the same number elsewhere is another run."""
    if model.run is None:
        return None
    found = db.scalar(_RUN, (model.run.run_id, model.run.started_at))
    return None if found is None else int(found)


def _compare_versions(db: Database, model: PackedModel) -> None:
    """Tell before anything is sent, and in which words a mismatch is told best; who may not run scripts is told by
    ml.RegisterVersion, which may."""
    try:
        check_versions(db, model)
    except DatabaseError as error:
        if error.number != _NO_SCRIPTS_FOR_ONE:
            raise


def _register(
    db: Database, model: PackedModel, name: str, values: tuple[object, ...], progress: Progress | None
) -> int:
    data = b""
    if isinstance(model.data, bytes) and len(model.data) <= CHUNK_BYTES:
        if db.scalar(_STORED, (model.sha256,)) is None:
            data = model.data
    else:
        upload(db, model.data, model.sha256, progress=progress)
    try:
        return int(call(db, _PUSH, (name, model.sha256, *values, data))[0].version)
    except RegistryError as error:
        if error.number != MSG_NO_BYTES or len(data):
            raise
    # They were stored, and purged before the version came: now they are new.
    upload(db, model.data, model.sha256, progress=progress)
    return int(call(db, _PUSH, (name, model.sha256, *values, b""))[0].version)


def archive(db: Database, name: str, version: int | None = None, *, undo: bool = False) -> None:
    """Archive a version, or the model as a whole, or bring it back. Raises RegistryError while an alias points there.

    What is archived stays; it is not promoted and not listed, and `purge` may take it later.
    """
    call(db, _ARCHIVE, (name, version, int(not undo)))


def delete(db: Database, name: str, version: int | None = None, *, with_scoring_runs: bool = False) -> None:
    """Delete a version, or the model with all of them; for members of ml_admin.

    Raises RegistryError while an alias points there, and where scoring runs refer to it: they say which predictions it
    made, and go with it only `with_scoring_runs`. The bytes stay until `purge`.
    """
    if version is None:
        call(db, _DELETE_MODEL, (name, int(with_scoring_runs)))
    else:
        call(db, _DELETE_VERSION, (name, version, int(with_scoring_runs)))


def describe(db: Database, name: str, description: str, *, version: int | None = None) -> None:
    """Say what a model, or one of its versions, is for; an empty text takes the description away."""
    _check_text(description, "description")
    call(db, _DESCRIBE, (name, version, description))


def set_tag(db: Database, name: str, tag: str, value: str | None, *, version: int | None = None) -> None:
    """Set a tag of a model, or of one of its versions; None takes it away."""
    check_name(tag, "tag")
    _check_text(value or "", "value")
    if version is None:
        call(db, _TAG_MODEL, (name, tag, value))
    else:
        call(db, _TAG_VERSION, (name, version, tag, value))


def show_model(db: Database, name: str) -> Model:
    """A model with its aliases, tags and description. Raises RegistryError where there is none of that name."""
    check_migrated(db)
    return find_model(db, name)


def _check_text(text: str, what: str) -> None:
    if len(text.encode("utf-16-le")) > 2 * MAX_TEXT:
        raise RegistryError(f"The {what} has {len(text)} characters, {MAX_TEXT} fit.")
