"""Where the package's data folders lie: in the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from pymlsql.errors import PymlsqlError

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `sql` or `migrations`.

    setup.cfg maps the top-level folders into the package, so an installed copy has them in the package and an
    editable one beside it. Raises PymlsqlError where neither is there.
    """
    for candidate in (_PACKAGE / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise PymlsqlError(f"pymlsql was installed without its folder {name}: install it again from a wheel.")


def read_text(name: str, path: str) -> str:
    """The text of a file in one of the folders, e.g. `read_text("sql", "scripts/score.py")`."""
    try:
        return (folder(name) / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PymlsqlError(f"pymlsql was installed without {name}/{path}: install it again from a wheel.") from None
