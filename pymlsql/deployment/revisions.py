"""Deployments inside alembic's history: a revision carries the texts, so that upgrade and downgrade take them along.

The texts are frozen in the revision's file: a later pymlsql renders otherwise, history does not change.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymlsql import batches, migrate
from pymlsql.deployment import applying, planning, undoing
from pymlsql.deployment.script import render_script
from pymlsql.errors import DeploymentError, UsageError
from pymlsql.modules import Module, TableColumn
from pymlsql.signing import Signing

if TYPE_CHECKING:
    from pymlsql.project import Project


def write_revision(project: Project, modules: Sequence[Module], message: str) -> Path:
    """Write the project's modules as the next revision of its migrations; the file.

    Raises UsageError where it has no migrations, DeploymentError where they have several heads.
    """
    if not message.strip():
        raise UsageError("A revision says what it changes: --revision 'two more windows'.")
    folder = project.migrations
    if folder is None:
        raise UsageError(f"{project.path.parent} has no migrations/env.py: pymlsql init makes a project that has.")
    heads = migrate.heads(folder=folder)
    if len(heads) > 1:
        raise DeploymentError(f"The migrations have the heads {', '.join(heads)}: alembic merge makes one of them.")
    number = f"{datetime.datetime.now(datetime.UTC):%Y%m%d%H%M%S}"
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")[:40] or "deployment"
    path = folder / "versions" / f"{number}_{slug}.py"
    texts = "\n".join(_literal(module) for module in modules)
    path.write_text(
        _FILE.format(
            message=message.replace("\\", " ").replace('"', "'"),
            revision=number,
            former=heads[0] if heads else None,
            project=project.required_name,
            modules=texts,
        ),
        encoding="utf-8",
    )
    return path


def _literal(module: Module) -> str:
    facts = [f"name={module.name!r}", f"type={module.type!r}"]
    if module.signing is not None:
        facts.append(f"signing={module.signing!r}")
    if module.granted_to:
        facts.append(f"granted_to={module.granted_to!r}")
    if module.columns:
        facts.append(f"columns={module.columns!r}")
    if module.extras:
        facts.append(f"extras=({', '.join(map(_text, module.extras))},)")
    return f"    Module(\n        {', '.join(facts)},\n        text={_text(module.text)},\n    ),"


def _text(text: str) -> str:
    """A Python literal that a reviewer can read, where the text allows it."""
    if "'''" in text or text.endswith(("'", "\\")) or "\r" in text:
        return repr(text)
    return f"r'''{text}'''"


_FILE = '''\
"""{message}."""

from __future__ import annotations

from pymlsql.deployment import revisions
from pymlsql.deployment.revisions import Module, Signing, TableColumn

revision = {revision!r}
down_revision = {former!r}
branch_labels = None
depends_on = None

MODULES = (
{modules}
)


def upgrade() -> None:
    """Deploy the modules as they were when this was written."""
    revisions.upgrade({project!r}, MODULES, revision)


def downgrade() -> None:
    """Bring back what they replaced."""
    revisions.downgrade({project!r}, revision)
'''


def upgrade(project: str, modules: Sequence[Module], revision: str) -> None:
    """What a revision's upgrade does: the modules, their grants and signatures, in alembic's transaction.

    Offline it writes them as T-SQL. Raises DeploymentError where somebody has edited on the server what is replaced.
    """
    context = _context()
    if context.as_sql:
        for batch in _batches(modules):
            context.impl.static_output(f"{batch}\nGO\n")
        return
    with applying.locked(context.bind):
        plan = planning.make_plan(context.bind, project, modules)
        applying.require_free(plan, overwrite=False)
        applying.execute(context.bind, plan, label=revision)


def downgrade(project: str, revision: str) -> None:
    """What a revision's downgrade does: what its upgrade replaced. Raises DeploymentError where that cannot be."""
    context = _context()
    if context.as_sql:
        raise DeploymentError("What a deployment replaced stands in the database: downgrade it online.")
    with applying.locked(context.bind):
        undoing.execute(context.bind, undoing.make_undo(context.bind, project, label=revision))


def _batches(modules: Sequence[Module]) -> list[str]:
    script = render_script(modules)
    return batches.split("\n".join(line for line in script.splitlines() if not line.startswith(":")))


def _context() -> Any:
    from alembic import op

    return op.get_context()


__all__ = ["Module", "Signing", "TableColumn", "downgrade", "upgrade", "write_revision"]
