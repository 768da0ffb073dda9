"""What the embedded server is known not to do yet: case name -> reason. Closing a gap deletes its row."""

from __future__ import annotations

REFUSED = "refused with Msg 40510"
"""The reason of a gap that is a refusal; any other number, or a wrong answer, is then a failure."""

EXPRESSIONS: dict[str, str] = {}

QUERIES: dict[str, str] = {}

STATEMENTS: dict[str, str] = {}
