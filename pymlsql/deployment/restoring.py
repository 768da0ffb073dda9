"""The text that sys.sql_modules keeps, as one that can be sent again."""

from __future__ import annotations

import re

from pymlsql.errors import DeclarationError

_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$))*")
_CREATE = re.compile(r"(?:CREATE(?:\s+OR\s+ALTER)?|ALTER)\b", re.IGNORECASE)


def as_create_or_alter(text: str) -> str:
    """A module's text that begins, behind its comments, with CREATE OR ALTER, whatever of that it began with."""
    start = _skip(text)
    found = _CREATE.match(text, start)
    if found is None:
        raise DeclarationError("A module's text does not begin with CREATE: it cannot be compared or restored.")
    return f"{text[:start]}CREATE OR ALTER {text[found.end() :].lstrip()}"


def normal(text: str) -> str:
    """The same for comparing: line ends are \\n, with none around it.

    SQL Server keeps CREATE of what was sent, with blanks where the other words stood.
    """
    return as_create_or_alter(text.replace("\r\n", "\n").strip())


def _skip(text: str) -> int:
    """Behind blanks and comments; comments of the second kind nest."""
    at = 0
    while True:
        found = _BLANK.match(text, at)
        at = found.end() if found else at
        if not text.startswith("/*", at):
            return at
        depth = 0
        while at < len(text):
            if text.startswith("/*", at):
                depth, at = depth + 1, at + 2
            elif text.startswith("*/", at):
                depth, at = depth - 1, at + 2
                if depth == 0:
                    break
            else:
                at += 1
