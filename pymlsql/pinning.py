"""The public keys that procedures trust: they stand in a procedure's text, in the one line that is filled here.

Whoever may change tables cannot change that line; whoever alters the procedure takes its signature, and with it the
right to run Python. ml.CheckModel says what a database trusts: what is deployed without other word trusts the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LINE = re.compile(r"^DECLARE @trusted nvarchar\(max\) = N'([0-9a-f ]*)';", re.MULTILINE)

AUTHORITY = "ml.CheckModel"
"""The procedure whose text says which keys the database trusts."""


def pin(text: str, keys: Iterable[bytes]) -> str:
    """A procedure's text with these keys; without keys it trusts none and asks for none. Other texts as they are."""
    texts = " ".join(sorted({key.hex() for key in keys}))
    return _LINE.sub(f"DECLARE @trusted nvarchar(max) = N'{texts}';", text)


def can_pin(text: str) -> bool:
    """Whether a text has the line."""
    return _LINE.search(text) is not None


def pinned(text: str) -> frozenset[bytes]:
    """The keys that a procedure's text trusts."""
    found = _LINE.search(text.replace("\r\n", "\n"))
    return frozenset(bytes.fromhex(key) for key in found.group(1).split()) if found else frozenset()
