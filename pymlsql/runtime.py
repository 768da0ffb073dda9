"""The server's own Python, asked through sp_execute_external_script.

What decides whether a model works is the Python that SQL Server starts, not the one here: its versions are asked
for, and the very bytes are loaded there, before anything is registered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pymlsql._resources import read_text
from pymlsql.database import Database, fetch
from pymlsql.errors import DatabaseError, RuntimeMismatch, SetupError
from pymlsql.models import PACKAGES, PackedModel

VERSIONS_SCRIPT = "scripts/runtime_versions.py"

MSG_SCRIPTS_DISABLED = 39023

_IMPORT_NAMES = {"scikit-learn": "sklearn", "numpy": "numpy", "pandas": "pandas"}

_ASK_VERSIONS = """\
SET NOCOUNT ON;
DECLARE @versions nvarchar(max), @script nvarchar(max) = ?, @names nvarchar(400) = ?;
EXEC sp_execute_external_script @language = N'Python', @script = @script,
    @params = N'@names nvarchar(400), @versions nvarchar(max) OUTPUT',
    @names = @names, @versions = @versions OUTPUT
    WITH RESULT SETS NONE;
SELECT @versions AS versions;
"""


ENABLE_SCRIPTS = """\
EXEC sp_configure 'external scripts enabled', 1;
GO
RECONFIGURE;
"""
"""What an administrator runs once per server; RECONFIGURE cannot be part of a transaction (Msg 574)."""


_IN_USE = """\
SELECT CAST(value AS int) AS configured, CAST(value_in_use AS int) AS in_use
FROM sys.configurations WHERE name = N'external scripts enabled'
"""
_NOT_PERMITTED = frozenset({229, 5812, 15247})


def enable_scripts(db: Database) -> bool:
    """Switch external scripts on where they are off; whether that was so.

    Raises SetupError where the server has none, where the login lacks ALTER SETTINGS, and where a restart is needed.
    """
    _, in_use = _configured(db)
    if in_use:
        return False
    try:
        db.execute_batches(ENABLE_SCRIPTS)
    except DatabaseError as error:
        if error.number not in _NOT_PERMITTED:
            raise
        statements = " ".join(ENABLE_SCRIPTS.replace("GO\n", "").split("\n")).strip()
        raise SetupError(
            "External scripts are off, and this login lacks the permission ALTER SETTINGS to switch them on: "
            f"an administrator runs {statements}"
        ) from error
    if not _configured(db)[1]:
        raise SetupError("External scripts are configured and not in use yet: restart SQL Server and its Launchpad.")
    return True


def _configured(db: Database) -> tuple[int, int]:
    """Value and value in use of the option. Raises SetupError where the server does not have it."""
    rows = db.rows(_IN_USE)
    if not rows:
        raise SetupError("This server is older than external scripts: they came with SQL Server 2016.")
    return rows[0][0], rows[0][1]


@dataclass(frozen=True, slots=True)
class ServerRuntime:
    """Python and package versions on the server; a package that is not there is absent from `packages`."""

    python_version: str
    packages: dict[str, str]


def read_runtime(db: Database) -> ServerRuntime:
    """Ask the server's Python for its versions.

    Raises RuntimeMismatch where external scripts are switched off (Msg 39023), DatabaseError where they fail.
    """
    names = ",".join(_IMPORT_NAMES[name] for name in PACKAGES)
    try:
        found = json.loads(db.scalar(_ASK_VERSIONS, (read_text("sql", VERSIONS_SCRIPT), names)))
    except DatabaseError as error:
        if error.number == MSG_SCRIPTS_DISABLED:
            raise RuntimeMismatch(
                "External scripts are switched off on this server: an administrator runs pymlsql doctor "
                "--enable-scripts, or EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE."
            ) from None
        raise
    packages = {name: found[_IMPORT_NAMES[name]] for name in PACKAGES if _IMPORT_NAMES[name] in found}
    return ServerRuntime(python_version=found["python"], packages=packages)


def find_mismatch(model_packages: dict[str, str], runtime: ServerRuntime) -> str | None:
    """Why the server cannot be expected to run a model made with `model_packages`, or None.

    scikit-learn promises nothing across its releases (some estimators load and predict differently) and the scoring
    script refuses any difference, so the version must be equal; numpy's pickles do not cross a major version.
    """
    for name, digits in (("scikit-learn", None), ("numpy", 1)):
        made_with = model_packages.get(name)
        if made_with is None:
            continue
        there = runtime.packages.get(name)
        wanted = f"pip install {name}=={made_with} for the server's Python {runtime.python_version}"
        if there is None:
            return f"The server's Python has no {name}: {wanted}."
        if made_with.split(".")[:digits] != there.split(".")[:digits]:
            return (
                f"The model was made with {name} {made_with} and the server has {there}: train with {name} {there}, "
                f"or {wanted}."
            )
    return None


def check_versions(db: Database, model: PackedModel) -> ServerRuntime:
    """The server's runtime. Raises RuntimeMismatch where it does not fit the model."""
    runtime = read_runtime(db)
    mismatch = find_mismatch(model.packages, runtime)
    if mismatch is not None:
        raise RuntimeMismatch(mismatch)
    return runtime


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the server's Python of one language said of a version; `reason` is None where it has passed."""

    name: str
    version: int
    language: str
    passed: bool
    python_version: str | None
    packages: dict[str, str]
    reason: str | None


_CHECK = "EXEC ml.CheckModel @model = ?, @version = ?, @language = ?"
_NO_PROCEDURE = 2812


def check_model(db: Database, name: str, version: int, *, language: str | None = None) -> CheckResult:
    """Let the server's Python load a version and predict its stored sample; recorded in ml.model_checks.

    `language` is an external language of the server, by default the one that the version was registered for. What
    the check finds is in the result; DatabaseError is for what kept it from being made (51053: no such version).
    """
    try:
        with db.connect(autocommit=True) as connection:
            (row,) = fetch(connection, _CHECK, (name, version, language)).rows
    except DatabaseError as error:
        if error.number == _NO_PROCEDURE:
            raise SetupError("This database has no procedure ml.CheckModel that this login may run: run pymlsql db "
                             "upgrade, or have the role ml_publisher granted.") from None  # fmt: skip
        raise
    packages = {key: str(value) for key, value in json.loads(row.packages or "{}").items() if key != "python"}
    return CheckResult(
        name, version, row.language, bool(row.passed), row.python_version, packages, row.reason
    )


def require_check(db: Database, name: str, version: int, *, language: str | None = None) -> CheckResult:
    """`check_model`. Raises RuntimeMismatch, with the reason and the ways out, where it has not passed."""
    found = check_model(db, name, version, language=language)
    if not found.passed:
        raise RuntimeMismatch(f"Version {version} of {name} cannot serve here. {found.reason}")
    return found
