"""The procedures of schema ml, through which everything in the registry is changed, and its view for reports.

Nobody but their owner has a right to write to the tables: a role has EXECUTE on the procedures that it needs, and what
these do is recorded in ml.events. They come after the migrations, in one transaction, and again after each upgrade.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pymlsql import deployment, migrate, pinning, scripts, templates
from pymlsql.features.meanings import Described
from pymlsql.modules import Module
from pymlsql.signing import Signing

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from pymlsql.deployment.planning import Step

ADMIN = "ml_admin"
APPROVER = "ml_approver"
PUBLISHER = "ml_publisher"
READER = "ml_reader"

TEMPLATES: dict[str, tuple[str, ...]] = {
    "ml.SetPolicy": (ADMIN,),
    "ml.BeginUpload": (PUBLISHER, ADMIN),
    "ml.PutChunk": (PUBLISHER, ADMIN),
    "ml.FinishUpload": (PUBLISHER, ADMIN),
    "ml.AbandonUpload": (PUBLISHER, ADMIN),
    "ml.RegisterVersion": (PUBLISHER, ADMIN),
    "ml.PromoteModel": (PUBLISHER, APPROVER, ADMIN),
    "ml.RollbackModel": (PUBLISHER, APPROVER, ADMIN),
    "ml.RemoveAlias": (PUBLISHER, APPROVER, ADMIN),
    "ml.ArchiveVersion": (PUBLISHER, ADMIN),
    "ml.DescribeModel": (PUBLISHER, ADMIN),
    "ml.SetModelTag": (PUBLISHER, ADMIN),
    "ml.SetVersionTag": (PUBLISHER, ADMIN),
    "ml.DeleteVersion": (ADMIN,),
    "ml.DeleteModel": (ADMIN,),
    "ml.PurgeModels": (ADMIN,),
    "ml.ReadBlob": (ADMIN,),
    "ml.CreateExperiment": (ADMIN, PUBLISHER),
    "ml.StartRun": (ADMIN, PUBLISHER),
    "ml.EndRun": (ADMIN, PUBLISHER),
    "ml.LogParam": (ADMIN, PUBLISHER),
    "ml.LogMetric": (ADMIN, PUBLISHER),
    "ml.SetRunTag": (ADMIN, PUBLISHER),
    "ml.LogArtifact": (ADMIN, PUBLISHER),
    "ml.DescribeTraining": (ADMIN, PUBLISHER),
    "ml.ReadArtifact": (PUBLISHER, APPROVER, ADMIN),
    "ml.CheckModel": (PUBLISHER, APPROVER, ADMIN),
    "ml.SealVersion": (PUBLISHER, ADMIN),
    "ml.SetRoute": (APPROVER, ADMIN),
    "ml.RemoveRoute": (APPROVER, ADMIN),
}
"""Each procedure with the roles that may execute it; the template of ml.SetPolicy is sql/registry/set_policy.sql.j2."""

VIEWS: dict[str, tuple[str, ...]] = {"ml.scoring_history": (READER, ADMIN)}
"""Each view with the roles that may read it: plain ones, for reports."""

HISTORY_MEANING = "Scoring runs that have ended, a row each; what a shadow scored is left out."
HISTORY_COLUMNS = {
    "run_id": "The number of the run, as prediction tables have it.",
    "procedure_name": "The procedure that scored.",
    "model": "The model.",
    "model_version": "Its version.",
    "started_at": "When it began, UTC.",
    "finished_at": "When it ended, UTC; NULL where that is not known.",
    "duration_s": "How long it took, in seconds.",
    "n_rows": "How many rows it stored; NULL where it failed.",
    "status": "succeeded or failed.",
    "is_failed": "1 where it failed, else 0: the sum counts failures.",
    "error": "Why it failed: the first 400 characters.",
}
"""What the view and its columns mean."""

SCRIPTS = {
    "ml.RegisterVersion": "check_model",
    "ml.CheckModel": "check_model",
}
"""Those that run Python, with the script that their template prints; they are signed."""


def template(name: str) -> str:
    """The template of a procedure: ``ml.SetPolicy`` lies in ``registry/set_policy.sql.j2``."""
    words = name.removeprefix("ml.")
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in words).lstrip("_")
    return f"registry/{snake}.sql.j2"


def render_all() -> tuple[Module, ...]:
    """All procedures of schema ml, in the order of TEMPLATES, and the views."""
    procedures = tuple(
        Module(name, "procedure", _render(name), Signing(name) if name in SCRIPTS else None, granted_to=roles)
        for name, roles in TEMPLATES.items()
    )
    described = Described("ml.scoring_history", "VIEW", HISTORY_MEANING, tuple(HISTORY_COLUMNS.items())).render()
    views = tuple(
        Module(name, "view", _render(name), granted_to=roles, extras=(described,)) for name, roles in VIEWS.items()
    )
    return (*procedures, *views)


def pinnable(trusted: Iterable[bytes]) -> tuple[Module, ...]:
    """The procedures that load models, with these public keys: what changes where a database is to trust others."""
    return deployment.pinned([module for module in render_all() if pinning.can_pin(module.text)], trusted)


def _render(name: str) -> str:
    return templates.render(template(name), **({"script": scripts.read(SCRIPTS[name])} if name in SCRIPTS else {}))


def deploy(engine: Engine, *, trusted: Iterable[bytes] | None = None) -> list[Step]:
    """Create or alter the procedures in one transaction; nothing where the tables are not at their newest revision.

    `trusted` are the public keys whose seals count; None keeps those that the database trusts already.
    """
    if not set(migrate.heads("pymlsql")) <= set(migrate.current(engine)):
        return []
    with engine.begin() as connection:
        return deployment.deploy(connection, render_all(), trusted=trusted)
