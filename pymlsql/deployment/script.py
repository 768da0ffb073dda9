"""Modules as a script with GO, for those who run T-SQL themselves."""

from __future__ import annotations

from collections.abc import Sequence

from pymlsql import signing
from pymlsql.modules import Module

_SIGN_HEAD = "SET XACT_ABORT ON;\nBEGIN TRANSACTION;\nGO\n"
_SIGN_TAIL = "COMMIT TRANSACTION;\nSET XACT_ABORT OFF;\nGO\n"


def render_script(modules: Sequence[Module], *, sign: bool = True) -> str:
    """The modules as one script with GO, for sqlcmd and SSMS; behind them, unless told otherwise, their signatures."""
    head = "SET QUOTED_IDENTIFIER ON;\nSET ANSI_NULLS ON;\nGO\n"
    script = ":on error exit\n" + head + "".join(f"{module.text.rstrip()}\nGO\n" for module in modules)
    script += "".join(f"{module.grants}\nGO\n" for module in modules if module.grants)
    batches = [signing.render(found) for found in signings(modules)] if sign else []
    return script + "".join(f"{_SIGN_HEAD}{batch.rstrip()}\nGO\n{_SIGN_TAIL}" for batch in batches)


def signings(modules: Sequence[Module]) -> list[signing.Signing]:
    """How those of the modules that are to be signed are to be."""
    return [module.signing for module in modules if module.signing is not None]
