"""Aliases: names that point at one version of a model; procedures load by them."""

from __future__ import annotations

from pymlsql.database import Database
from pymlsql.registry.listing import ModelVersion, find_model, show
from pymlsql.registry.names import check_name
from pymlsql.registry.statements import call, check_migrated
from pymlsql.runtime import require_check

_PROMOTE = "SET NOCOUNT ON; EXEC ml.PromoteModel @model = ?, @version = ?, @alias = ?, @expected_version = ?;"
_POLICIES = "SELECT name, value FROM ml.policies WHERE name IN (N'require_check', N'require_signature')"
_ROLLBACK = """\
SET NOCOUNT ON;
DECLARE @version int;
EXEC ml.RollbackModel @model = ?, @alias = ?, @steps = ?, @expected_version = ?, @version = @version OUTPUT;
SELECT @version AS version;
"""
_REMOVE = "SET NOCOUNT ON; EXEC ml.RemoveAlias @model = ?, @alias = ?, @expected_version = ?;"


def promote(
    db: Database,
    name: str,
    version: int,
    *,
    alias: str = "champion",
    expected: int | None = None,
    check: bool = True,
) -> ModelVersion:
    """Point an alias of a model at one of its versions; procedures that load by that alias use it from then on.

    Before that, unless `check` is False or the policy require_check is 0, the server's Python checks the version
    (ml.CheckModel); RuntimeMismatch says why it does not pass. With the policy require_signature it always does.
    `expected` is the version that the alias is believed to mean (0: there is none); by default
    what it means when this call begins. Of two who promote at once the second gets a RegistryError, which says what the
    alias means now.
    """
    check_name(alias, "alias")
    check_migrated(db)
    if expected is None:
        expected = find_model(db, name).find_alias(alias) or 0
    policies = {row.name: row.value for row in db.rows(_POLICIES)}
    is_wanted = check and policies.get("require_check") != "0"
    if is_wanted or policies.get("require_signature") == "1":
        show(db, name, version)
        require_check(db, name, version)
    call(db, _PROMOTE, (name, version, alias, expected))
    return show(db, name, version)


def rollback(
    db: Database, name: str, *, alias: str = "champion", steps: int = 1, expected: int | None = None
) -> ModelVersion:
    """Take an alias back to the version that it meant `steps` changes ago, by what ml.events says.

    Raises RegistryError where it has no such past, and where the version has been deleted or archived.
    """
    check_migrated(db)
    rows = call(db, _ROLLBACK, (name, alias, steps, expected))
    return show(db, name, int(rows[0].version))


def remove_alias(db: Database, name: str, alias: str, *, expected: int | None = None) -> None:
    """Take an alias away: procedures that load by it fail from then on. Raises RegistryError where there is none."""
    check_migrated(db)
    call(db, _REMOVE, (name, alias, expected))
