"""What the embedded server is known not to do yet: case name -> reason. Closing a gap deletes its row."""

from __future__ import annotations

EXPRESSIONS: dict[str, str] = {}

QUERIES: dict[str, str] = {}

STATEMENTS: dict[str, str] = {}
