"""Check everything between this machine and a prediction, and say what to do about what is missing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pymlsql import drivers, migrate, models, project, registry, runtime, settings, signing
from pymlsql.database import Database
from pymlsql.deployment import members, state
from pymlsql.errors import PymlsqlError, RuntimeMismatch
from pymlsql.modules import Module

_SANDBOX = "sys.dm_pymlsql_sandbox"
"""Of servers that have it: what is laid around external scripts, a row for each layer."""

State = Literal["ok", "warn", "fail"]

OLDEST_PYTHON = (3, 11)
OLDEST_SERVER = 15
"""SQL Server 2019, whose level 150 all generated T-SQL keeps to."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it is, what was found, and what to do where it is not ok.

    `exit_code` is what `pymlsql doctor` ends with where this fails.
    """

    name: str
    state: State
    detail: str
    advice: str = ""
    exit_code: int = 1


def examine(url: str | None = None) -> list[Finding]:
    """All checks in order; those that need the server stop where it cannot be reached."""
    findings = [_check(name, check) for name, check in _LOCAL]
    try:
        database = Database(settings.resolve_target(url))
    except PymlsqlError as error:
        return [*findings, Finding("target", "fail", str(error), "see the message", error.exit_code)]
    with database:
        findings.append(Finding("target", "ok", f"{database.target.display} (from {database.target.source})"))
        reached = _check("server", lambda: _find_server(database))
        findings.append(reached)
        if reached.state != "fail":
            findings += [_check(name, _bind(check, database)) for name, check in _REMOTE]
            if database.scalar("SELECT OBJECT_ID(?)", (_SANDBOX,)) is not None:
                findings.append(_check("sandbox", lambda: _find_sandbox(database)))
    return findings


def _bind(check: Callable[[Database], Finding], database: Database) -> Callable[[], Finding]:
    return lambda: check(database)


def _check(name: str, check: Callable[[], Finding]) -> Finding:
    """A check's finding; what it raises is a finding too: doctor reports, it does not stop."""
    try:
        return check()
    except PymlsqlError as error:
        return Finding(name, "fail", str(error), "see the message", error.exit_code)


def _find_python() -> Finding:
    detail = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("python", "fail", detail, "use Python 3.11 or newer")
    return Finding("python", "ok", detail)


def _find_packages() -> Finding:
    versions = models.client_versions()
    missing = [name for name in models.PACKAGES if name not in versions]
    detail = ", ".join(f"{name} {version}" for name, version in versions.items())
    if missing:
        return Finding("packages", "fail", detail or "none", f"pip install {' '.join(missing)}")
    return Finding("packages", "ok", detail)


def _find_libodbc() -> Finding:
    problem = drivers.load_pyodbc()
    if problem is None:
        return Finding("libodbc", "ok", "pyodbc loads")
    if drivers.find_mssql_python():
        return Finding("libodbc", "warn", problem, "apt-get install unixodbc; mssql-python is used until then")
    return Finding("libodbc", "fail", problem, "apt-get install unixodbc, or pip install 'pymlsql[mssql-python]'")


def _find_driver() -> Finding:
    driver = drivers.find_driver()
    return Finding("driver", "ok", f"mssql+{driver.dialect}" + (f" with {driver.odbc}" if driver.odbc else ""))


def _find_server(database: Database) -> Finding:
    database.ping()
    version = str(database.scalar("SELECT CAST(SERVERPROPERTY(N'ProductVersion') AS nvarchar(128))"))
    detail = f"SQL Server {version}"
    if int(version.split(".", 1)[0]) < OLDEST_SERVER:
        return Finding("server", "warn", detail, "generated T-SQL needs SQL Server 2019 (15) or newer")
    return Finding("server", "ok", detail)


def _find_runtime(database: Database) -> Finding:
    try:
        found = runtime.read_runtime(database)
    except RuntimeMismatch as error:
        return Finding("server python", "fail", str(error), "run pymlsql doctor --enable-scripts")
    packages = ", ".join(f"{name} {version}" for name, version in found.packages.items())
    detail = f"Python {found.python_version}, {packages or 'none of the packages'}"
    mismatch = runtime.find_mismatch(models.client_versions(), found)
    if mismatch is not None:
        return Finding("server python", "warn", detail, f"a model trained here is refused there. {mismatch}")
    return Finding("server python", "ok", detail)


def _find_sandbox(database: Database) -> Finding:
    try:
        layers = database.rows(f"SELECT layer, active, reason, level FROM {_SANDBOX}")
    except PymlsqlError as error:
        return Finding("sandbox", "warn", str(error), "ask with a login that has VIEW SERVER STATE")
    level = layers[0][3] if layers else "none"
    missing = [f"{layer} ({reason})" for layer, active, reason, _ in layers if not active]
    detail = level + (f", without {', '.join(missing)}" if missing else "")
    if level == "full":
        return Finding("sandbox", "ok", detail)
    return Finding("sandbox", "warn", detail, "let in only who may do what external scripts can; see docs/security.md")


def _find_migrations(database: Database) -> Finding:
    current, newest = migrate.current(database.engine), migrate.wanted(project.find())
    if set(newest) <= set(current):
        return Finding("tables", "ok", ", ".join(current))
    return Finding("tables", "fail", ", ".join(current) or "none", "run pymlsql db upgrade")


def _modules() -> tuple[Module, ...]:
    """Those of the project in this folder, else the example's."""
    return (project.find() or project.example("pdm")).modules


def _find_objects(database: Database) -> Finding:
    names = [module.name for module in _modules()]
    with database.connect(autocommit=True) as connection:
        found = state.read_objects(connection, names)
    missing = [name for name in names if state.key(name) not in found]
    if missing:
        return Finding("objects", "fail", f"missing: {', '.join(missing)}", "run pymlsql apply")
    return Finding("objects", "ok", ", ".join(names))


def _find_members(database: Database) -> Finding:
    """Whether those are in roles who are declared to be."""
    found = project.find()
    if found is None or not found.grants:
        return Finding("members", "ok", "none are declared")
    with database.connect(autocommit=True) as connection:
        changes = members.plan_members(connection, found.required_name, found.grants)
    refused = [change.conflict for change in changes if change.conflict is not None]
    missing = [f"{change.member} is not in {change.role}" for change in changes if change.action == "create"]
    if refused or missing:
        advice = "run pymlsql apply" if missing else "see there"
        return Finding("members", "fail", "; ".join([*refused, *missing]), advice)
    return Finding("members", "ok", ", ".join(change.name for change in changes if change.action == "same"))


_SIGNATURES: dict[signing.State, str] = {
    "unsigned": "is not signed, as far as this login can see: its callers need EXECUTE ANY EXTERNAL SCRIPT themselves",
    "invalid": "has a signature that is not valid for its text",
    "open": "is signed, and the private key of its certificate is still in the database",
    "powerless": "is signed by a certificate whose user may not run external scripts",
}


def _find_signatures(database: Database) -> Finding:
    """An unsigned procedure works for those who may run external scripts; a signature that is wrong does not."""
    wanted = {module.name: module.signing for module in _modules() if module.signing is not None}
    with database.connect(autocommit=True) as connection:
        there = state.read_objects(connection, wanted)
        states = signing.read_states(connection, [one for name, one in wanted.items() if state.key(name) in there])
    wrong = [f"{name} {_SIGNATURES[found]}" for name, found in states.items() if found != "signed"]
    if not wrong:
        return Finding("signatures", "ok", ", ".join(states) or "there is no procedure that is to be signed")
    unsafe = any(found in ("invalid", "open") for found in states.values())
    return Finding("signatures", "fail" if unsafe else "warn", "; ".join(wrong), "run pymlsql apply")


def _find_models(database: Database) -> Finding:
    found = registry.list_models(database)
    promoted = [f"{model.name} {alias} = {n}" for model in found for alias, n in model.aliases.items()]
    if not promoted:
        return Finding("models", "warn", f"{len(found)} models, no alias", "run pymlsql train --push --alias champion")
    return Finding("models", "ok", ", ".join(promoted))


_LOST = """\
SELECT m.name, g.alias
FROM ml.routes AS r
JOIN ml.models AS m ON m.model_id = r.model_id
JOIN ml.route_ranges AS g ON g.route_id = r.route_id
WHERE r.active = 1 AND r.route_id = (SELECT MAX(o.route_id) FROM ml.routes AS o WHERE o.model_id = r.model_id)
    AND NOT EXISTS (SELECT 1 FROM ml.model_aliases AS a WHERE a.model_id = r.model_id AND a.alias = g.alias)
GROUP BY m.name, g.alias
ORDER BY m.name, g.alias"""


def _find_routes(database: Database) -> Finding:
    """A route that gives a share to nobody: nothing is scored by it."""
    registry.list_models(database)  # says so where there is no registry
    lost = [f"{row.name} gives a share to {row.alias}, which no version has" for row in database.rows(_LOST)]
    if lost:
        return Finding("routes", "fail", "; ".join(lost), "run pymlsql model promote, or pymlsql route set")
    return Finding("routes", "ok", "all aliases have versions")


_LOCAL: tuple[tuple[str, Callable[[], Finding]], ...] = (
    ("python", _find_python),
    ("packages", _find_packages),
    ("libodbc", _find_libodbc),
    ("driver", _find_driver),
)

_REMOTE: tuple[tuple[str, Callable[[Database], Finding]], ...] = (
    ("server python", _find_runtime),
    ("tables", _find_migrations),
    ("objects", _find_objects),
    ("signatures", _find_signatures),
    ("members", _find_members),
    ("models", _find_models),
    ("routes", _find_routes),
)
