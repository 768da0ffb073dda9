"""The database's history: upgrade, downgrade, where it stands, and the whole of it as T-SQL for sqlcmd.

A history of two branches from one root: `pymlsql` (schema ml) and `pdm` (the example's tables). Targets are
alembic's: "heads" is everything, "pymlsql@head" the package's own tables, "base" nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymlsql import _resources, batches
from pymlsql.errors import MigrationError
from pymlsql.schema import ML, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import MetaData
    from sqlalchemy.engine import Connection, Engine

    from pymlsql.project import Project

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


def upgrade(engine: Engine, target: str = HEADS, *, folder: Path | None = None) -> None:
    """Bring the database to `target`, in one transaction. Raises MigrationError for a target that there is not.

    `folder` are the migrations of a project, with a history of their own; by default this package's.
    """
    _run(engine, lambda command, config: command.upgrade(config, target), folder)


def downgrade(engine: Engine, target: str = BASE, *, folder: Path | None = None) -> None:
    """Take the database back to `target`, in one transaction. Drops tables with their data."""
    _run(engine, lambda command, config: command.downgrade(config, target), folder)


def current(engine: Engine, *, folder: Path | None = None) -> tuple[str, ...]:
    """The revisions that the database is at, sorted; empty before the first upgrade."""
    from alembic.runtime.migration import MigrationContext

    ours = {"version_table": VERSION_TABLE, "version_table_schema": ML}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=ours if folder is None else PROJECT_OPTIONS)
        return tuple(sorted(context.get_current_heads()))


def heads(branch: str | None = None, *, folder: Path | None = None) -> tuple[str, ...]:
    """The newest revision of each branch, or of one, sorted: what `current` gives after an upgrade."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config(folder))
    revisions = scripts.get_revisions(HEADS if branch is None else f"{branch}@head")
    return tuple(sorted(revision.revision for revision in revisions))


def wanted(declared: Project | None = None) -> tuple[str, ...]:
    """What `current` is to be: without a project all of this package's, with one what it uses of them."""
    if declared is None:
        return heads()
    branches = ["pymlsql", *([declared.tables] if declared.tables else [])]
    return tuple(sorted(revision for branch in branches for revision in heads(branch)))


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


PROJECT_OPTIONS: dict[str, Any] = {"version_table": "alembic_version", "version_table_schema": "dbo"}
"""Where a project's own history stands: apart from this package's."""


def run_environment(context: Any, metadata: MetaData | None = None) -> None:
    """What the env.py of a project's migrations runs: on the connection that it is given, or on the project's server.

    Offline it writes T-SQL with GO. `metadata` is what --autogenerate compares with the database, schema ml left out.
    """
    options = {**PROJECT_OPTIONS, "target_metadata": metadata, "include_name": _is_of_project}
    if context.is_offline_mode():
        context.configure(dialect_name="mssql", literal_binds=True, mssql_batch_separator="GO", **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    given = context.config.attributes.get("connection")
    if given is not None:
        _run_on(context, given, options)
        return
    from pymlsql import connect

    with connect() as db, db.engine.connect() as connection:
        _run_on(context, connection, options)


def _run_on(context: Any, connection: Connection, options: dict[str, Any]) -> None:
    context.configure(connection=connection, **options)
    with context.begin_transaction():
        context.run_migrations()


def _is_of_project(name: str | None, kind: str, parents: Any) -> bool:
    return kind != "schema" or name != ML


def _config(folder: Path | None = None, **options: Any) -> Config:
    """Alembic's configuration without a file; `%` would begin an interpolation in it."""
    from alembic.config import Config

    config = Config(**options)
    place = _resources.folder("migrations") if folder is None else folder
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(engine: Engine, step: Callable[[Any, Config], None], folder: Path | None = None) -> None:
    from alembic import command

    config = _config(folder)
    with _translated_errors(), engine.connect() as connection:
        connection.exec_driver_sql("SET NOCOUNT OFF")  # alembic counts rows; a pooled session may have it on
        connection.commit()
        config.attributes["connection"] = connection
        step(command, config)


@contextmanager
def _translated_errors() -> Iterator[None]:
    from alembic.util import CommandError

    try:
        yield
    except CommandError as error:
        raise MigrationError(f"{error}: the targets are heads, base, a revision, or branch@head.") from None
