"""The database's history: upgrade, downgrade, where it stands, and the whole of it as T-SQL for sqlcmd.

A history of two branches from one root: `pymlsql` (schema ml) and `pdm` (the example's tables). Targets are
alembic's: "heads" is everything, "pymlsql@head" the package's own tables, "base" nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pymlsql import _resources, batches
from pymlsql.errors import MigrationError
from pymlsql.schema import ML, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.engine import Engine

HEADS = "heads"
BASE = "base"

SCRIPT_HEAD = """\
-- {title}
-- Run it with sqlcmd, or in SSMS with SQLCMD Mode on. It stops at the first error and then has changed nothing.
:on error exit
SET QUOTED_IDENTIFIER ON;
SET ANSI_NULLS ON;
SET XACT_ABORT ON;
SET NOCOUNT ON;
GO
"""

GUARD = "IF @@TRANCOUNT = 0 SET NOEXEC ON;"
"""After an error that rolled the transaction back, the batches that follow must not run on their own."""

SCRIPT_TAIL = "SET NOEXEC OFF;\nGO\n"


def upgrade(engine: Engine, target: str = HEADS) -> None:
    """Bring the database to `target`, in one transaction. Raises MigrationError for a target that there is not."""
    _run(engine, lambda command, config: command.upgrade(config, target))


def downgrade(engine: Engine, target: str = BASE) -> None:
    """Take the database back to `target`, in one transaction. Drops tables with their data."""
    _run(engine, lambda command, config: command.downgrade(config, target))


def current(engine: Engine) -> tuple[str, ...]:
    """The revisions that the database is at, sorted; empty before the first upgrade."""
    from alembic.runtime.migration import MigrationContext

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "version_table_schema": ML}
        )
        return tuple(sorted(context.get_current_heads()))


def heads(branch: str | None = None) -> tuple[str, ...]:
    """The newest revision of each branch, or of one, sorted: what `current` gives after an upgrade."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config())
    revisions = scripts.get_revisions(HEADS if branch is None else f"{branch}@head")
    return tuple(sorted(revision.revision for revision in revisions))


def render_sql(target: str = HEADS) -> str:
    """The history from nothing up to `target` as T-SQL with GO; needs neither driver nor server.

    The script is for sqlcmd: it stops at the first error, and no batch runs once the transaction is gone.
    """
    from alembic import command

    buffer = io.StringIO()
    with _translated_errors():
        command.upgrade(_config(output_buffer=buffer), target, sql=True)
    return SCRIPT_HEAD.format(title=f"pymlsql: upgrade to {target}") + _guarded(buffer.getvalue()) + SCRIPT_TAIL


def _guarded(script: str) -> str:
    """Alembic's script with the guard in front of every batch of its transaction."""
    lines: list[str] = []
    in_transaction = False
    for batch in batches.split(script):
        text = batch.strip()
        if in_transaction:
            lines += [GUARD, "GO"]
        lines += [text, "GO"]
        if text.startswith("BEGIN TRANSACTION"):
            in_transaction = True
        elif text.startswith("COMMIT"):
            in_transaction = False
    return "\n".join(lines) + "\n"


def _config(**options: Any) -> Config:
    """Alembic's configuration without a file; `%` would begin an interpolation in it."""
    from alembic.config import Config

    config = Config(**options)
    config.set_main_option("script_location", str(_resources.folder("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(engine: Engine, step: Callable[[Any, Config], None]) -> None:
    from alembic import command

    config = _config()
    with _translated_errors(), engine.connect() as connection:
        config.attributes["connection"] = connection
        step(command, config)


@contextmanager
def _translated_errors() -> Iterator[None]:
    from alembic.util import CommandError

    try:
        yield
    except CommandError as error:
        raise MigrationError(f"{error}: the targets are heads, base, a revision, or branch@head.") from None
