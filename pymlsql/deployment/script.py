"""Modules as a script with GO, for those who run T-SQL themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pymlsql import quoting, signing
from pymlsql.errors import DeploymentError
from pymlsql.modules import KEPT, Module

_HEAD = "SET QUOTED_IDENTIFIER ON;\nSET ANSI_NULLS ON;\nGO\n"
_SQLCMD = re.compile(r"^\s*(?:GO(?:\s+\d+)?\s*$|:[A-Za-z]|!!|(?:ED|EXIT|LIST|QUIT|RESET)\s*(?:\(.*)?$)", re.I | re.M)
"""Lines that sqlcmd takes for its own: with a colon, or as osql had them."""

_SIGN_HEAD = "SET XACT_ABORT ON;\nBEGIN TRANSACTION;\nGO\n"
_SIGN_TAIL = "COMMIT TRANSACTION;\nSET XACT_ABORT OFF;\nGO\n"


def render_script(modules: Sequence[Module], *, sign: bool = True) -> str:
    """The modules as one script with GO, for sqlcmd and SSMS; behind them, unless told otherwise, their signatures."""
    script = ":on error exit\n" + _HEAD + "".join(f"{text}\nGO\n" for module in modules for text in _texts(module))
    script += "".join(f"{module.grants}\nGO\n" for module in modules if module.grants)
    batches = [signing.render(found) for found in signings(modules)] if sign else []
    return script + "".join(f"{_SIGN_HEAD}{batch.rstrip()}\nGO\n{_SIGN_TAIL}" for batch in batches)


def signings(modules: Sequence[Module]) -> list[signing.Signing]:
    """How those of the modules that are to be signed are to be."""
    return [module.signing for module in modules if module.signing is not None]


def write_scripts(folder: Path, modules: Sequence[Module], *, sign: bool = True) -> list[Path]:
    """The same as files, one a module with its grants and signature, numbered in the order in which to run them.

    Raises DeploymentError where the folder holds other scripts: they would be run too, and be out of order.
    """
    texts = {
        f"{10 * number:03d}_{_file_name(module.name)}.sql": render_script([module], sign=sign)
        for number, module in enumerate(modules, start=1)
    }
    strangers = [path.name for path in sorted(folder.glob("*.sql")) if path.name not in texts]
    if strangers:
        raise DeploymentError(f"{folder} holds {strangers[0]}, which this project does not make: remove it first.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _texts(module: Module) -> list[str]:
    """A module's batches, which can be run again, and which sqlcmd sends as they are."""
    text, *extras = (text.rstrip() for text in (module.text, *module.extras))
    if any("$(" in batch or _SQLCMD.search(batch) for batch in (text, *extras)):
        raise DeploymentError(
            f"{module.name} holds $( or a line that sqlcmd takes for a command of its own: apply it with pymlsql apply."
        )
    if module.type in KEPT:
        find = "TYPE_ID" if module.type == "type" else "OBJECT_ID"
        text = f"IF {find}({quoting.string(quoting.qualified(module.name))}) IS NULL\n{text}"
    return [text, *extras]


def _file_name(name: str) -> str:
    """A name that any file system takes."""
    return re.sub(r"[^\w.-]+", "_", ".".join(quoting.parse_name(name)))[:100]
