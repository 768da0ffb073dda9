"""`pymlsql init`: the files of a new project, made from an example."""

from __future__ import annotations

import re
from pathlib import Path

from pymlsql import batches
from pymlsql.errors import UsageError
from pymlsql.project import EXAMPLES, PROJECT_NAME, example_folder
from pymlsql.settings import CONFIG_FILE


def initialise(folder: Path, name: str) -> list[Path]:
    """Write a project of an example into a folder, which is made: pymlsql.toml, README.md, alembic.ini, migrations.

    Raises UsageError for an unknown example, and where one of the files is there already; then nothing is written.
    """
    place = example_folder(name)
    own = folder.resolve().name if PROJECT_NAME.fullmatch(folder.resolve().name) else name
    texts = {
        CONFIG_FILE: (place / "project.toml").read_text(encoding="utf-8").replace(
            f'[project]\nname = "{name}"', f'[project]\nname = "{own}"'
        ),
        "README.md": _README.format(name=own, steps=EXAMPLES[name], uses=USES[name]),
        "alembic.ini": _ALEMBIC,
        "migrations/env.py": _ENVIRONMENT,
        "migrations/script.py.mako": _REVISION,
    }
    tables = place / "tables.sql"
    if tables.is_file():
        texts["migrations/versions/0001_tables.py"] = _first_revision(tables.read_text(encoding="utf-8"))
    there = [folder / path for path in texts if (folder / path).exists()]
    if there:
        raise UsageError(f"{there[0]} is there already: name another folder, or remove it.")
    try:
        (folder / "migrations" / "versions").mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from None
    return [folder / path for path in texts]


def _first_revision(script: str) -> str:
    """The tables of an example as the first migration of the project."""
    made = [batch.strip() for batch in batches.split(script)]
    tables = re.findall(r"CREATE TABLE (\S+)", script)
    up = "\n".join(f'    op.execute("""\\\n{batch}\n""")' for batch in made)
    down = "\n".join(f'    op.execute("DROP TABLE {table}")' for table in reversed(tables))
    return _FIRST.format(up=up, down=down)


_FIRST = '''\
"""The tables."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
{up}


def downgrade() -> None:
    """Drop them with what they hold."""
{down}
'''

_ENVIRONMENT = '''\
"""How alembic reaches the database for this project's tables; `pymlsql db upgrade` runs it too."""

from alembic import context

from pymlsql import migrate

TARGET_METADATA = None
"""Your SQLAlchemy metadata, where you have it: `alembic revision --autogenerate` compares it with the database."""

migrate.run_environment(context, TARGET_METADATA)
'''

_REVISION = '''\
"""${message}."""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take back."""
    ${downgrades if downgrades else "pass"}
'''

_ALEMBIC = """\
# `pymlsql db upgrade` brings these migrations into the database; new ones: alembic revision -m "what changes"
[alembic]
script_location = %(here)s/migrations
path_separator = os
"""

USES = {
    "pdm": """\
pymlsql train --push --alias champion
    pymlsql predict                  # EXEC dbo.PredictFailures""",
    "bank": """\
pymlsql exec train promote=1     # EXEC dbo.TrainDeposits @promote = 1
    pymlsql exec score unscored=1    # EXEC dbo.ScoreCalls @unscored = 1""",
    "demand": """\
pymlsql exec train promote=1     # EXEC dbo.TrainDemand @promote = 1
    pymlsql exec forecast unscored=1 # EXEC dbo.ForecastDemand @unscored = 1""",
}
"""What one does with each example once it is applied."""

_README = """\
# {name}: a pymlsql project

`pymlsql.toml` declares feature views and procedures, `migrations/` makes the tables. The server is that of `--url` or
`PYMLSQL_URL`, else the embedded one; passwords belong into neither file. In this folder:

    pymlsql server start &           # if there is no SQL Server
    pymlsql doctor --enable-scripts  # external scripts are off until somebody says so
    {steps}
    pymlsql plan                     # what would be changed
    pymlsql apply                    # functions, views and procedures, all or none
    pymlsql features check           # do the views give what pandas gives?
    {uses}
    pymlsql undo                     # the last apply, taken back

`pymlsql render --out DIR` writes the T-SQL for those who run it themselves.

Development, test and production differ by the URL alone. Name the variable that holds it, and then the environment:

    [environments]
    prod = "PROD_SQL_URL"

    pymlsql plan --url prod
"""
