"""What a session remembers of an EXECUTE AS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switch:
    """What an EXECUTE AS statement set: at which depth of the session's contexts, in which database, and what REVERT
    needs to know."""

    depth: int
    database: str
    no_revert: bool = False
    cookie: bytes = b""
