"""The procedures of schema ml, through which everything in the registry is changed.

Nobody but their owner has a right to write to the tables: a role has EXECUTE on the procedures that it needs, and what
these do is recorded in ml.events. They come after the migrations, in one transaction, and again after each upgrade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql import migrate, procedures, templates
from pymlsql.procedures import Deployment, Module

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

ADMIN = "ml_admin"
APPROVER = "ml_approver"
PUBLISHER = "ml_publisher"
READER = "ml_reader"

TEMPLATES: dict[str, tuple[str, ...]] = {
    "ml.SetPolicy": (ADMIN,),
    "ml.CreateExperiment": (ADMIN, PUBLISHER),
    "ml.StartRun": (ADMIN, PUBLISHER),
    "ml.EndRun": (ADMIN, PUBLISHER),
    "ml.LogParam": (ADMIN, PUBLISHER),
    "ml.LogMetric": (ADMIN, PUBLISHER),
    "ml.SetRunTag": (ADMIN, PUBLISHER),
    "ml.LogArtifact": (ADMIN, PUBLISHER),
    "ml.DescribeTraining": (ADMIN, PUBLISHER),
    "ml.ReadArtifact": (READER,),
}
"""Each procedure with the roles that may execute it; the template of ml.SetPolicy is sql/registry/set_policy.sql.j2."""


def template(name: str) -> str:
    """The template of a procedure: ``ml.SetPolicy`` lies in ``registry/set_policy.sql.j2``."""
    words = name.removeprefix("ml.")
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in words).lstrip("_")
    return f"registry/{snake}.sql.j2"


def render_all() -> tuple[Module, ...]:
    """All procedures of schema ml, in the order of TEMPLATES."""
    return tuple(
        Module(name, "procedure", templates.render(template(name)), granted_to=roles)
        for name, roles in TEMPLATES.items()
    )


def deploy(engine: Engine) -> list[Deployment]:
    """Create or alter the procedures in one transaction; nothing where the tables are not at their newest revision."""
    if not set(migrate.heads("pymlsql")) <= set(migrate.current(engine)):
        return []
    with engine.begin() as connection:
        return procedures.deploy(connection, render_all())
