"""Aliases: names that point at one version of a model; procedures load by them."""

from __future__ import annotations

from pymlsql.database import Database
from pymlsql.registry.listing import ModelVersion, show
from pymlsql.registry.names import check_name
from pymlsql.registry.statements import LOCK

_PROMOTE = f"""\
SET NOCOUNT ON;
SET XACT_ABORT ON;
DECLARE @name nvarchar(128) = ?, @version int = ?, @alias nvarchar(128) = ?, @model_id int, @locked int;
SELECT @model_id = model_id FROM ml.models WHERE name = @name;
BEGIN TRANSACTION;
{LOCK}UPDATE ml.model_aliases
SET version = @version, changed_at = GETUTCDATE(), changed_by = SUSER_SNAME()
WHERE model_id = @model_id AND alias = @alias;
IF @@ROWCOUNT = 0
    INSERT INTO ml.model_aliases (model_id, alias, version) VALUES (@model_id, @alias, @version);
COMMIT TRANSACTION;
"""


def promote(db: Database, name: str, version: int, *, alias: str = "champion") -> ModelVersion:
    """Point an alias of a model at one of its versions; procedures that load by that alias use it from then on."""
    check_name(alias, "alias")
    show(db, name, version)
    db.execute(_PROMOTE, (name, version, alias))
    return show(db, name, version)
