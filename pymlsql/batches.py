"""GO: splitting a script into the batches that a client sends one by one.

GO is not T-SQL but a word of sqlcmd and SSMS: alone on its line, with an optional count (sql-docs, "GO"). It separates
nothing inside a string, a bracketed or quoted name, or a comment; block comments nest.
"""

from __future__ import annotations

import re

from pymlsql.errors import PymlsqlError

_GO = re.compile(r"[ \t]*GO(?:[ \t]+(\d+))?[ \t]*(?:--[^\r\n]*)?(?:\r?\n|\Z)", re.IGNORECASE)
_PLAIN = re.compile(r"[^-/'\"\[\n]+|\n")
_CLOSED = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\[(?:[^\]]|\]\])*\]")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_MAX_COUNT = 1_000_000


def split(text: str) -> list[str]:
    """The batches of a script, in order, without the empty ones; `GO n` gives its batch n times."""
    found: list[str] = []
    start = position = 0
    at_line_start = True
    while position < len(text):
        go = _GO.match(text, position) if at_line_start else None
        if go is not None:
            _append(found, text[start:position], go.group(1))
            start = position = go.end()
            continue
        end = _end_of_token(text, position)
        at_line_start = text[end - 1] == "\n"
        position = end
    _append(found, text[start:], None)
    return found


def _append(found: list[str], batch: str, count: str | None) -> None:
    n_times = 1 if count is None else int(count)
    if n_times > _MAX_COUNT:
        raise PymlsqlError(f"GO {count} repeats a batch more than {_MAX_COUNT} times: lower the count.")
    if batch.strip():
        found.extend([batch.strip("\r\n")] * n_times)


def _end_of_token(text: str, position: int) -> int:
    """Where the comment, literal, name, line end or run of plain text that starts at `position` ends."""
    plain = _PLAIN.match(text, position)
    if plain is not None:
        return _up_to_line_end(text, position, plain.end())
    if text.startswith("/*", position):
        return _end_of_comment(text, position)
    closed = _CLOSED.match(text, position)
    if closed is not None:
        return closed.end()
    if text[position] in "'\"[":
        line = text.count("\n", 0, position) + 1
        raise PymlsqlError(f"The {text[position]} in line {line} of the script is never closed.")
    return position + 1


def _up_to_line_end(text: str, position: int, end: int) -> int:
    """A run of plain text stops behind its line end, so that every line start is looked at."""
    line_end = text.find("\n", position, end)
    return end if line_end < 0 else line_end + 1


def _end_of_comment(text: str, position: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, position):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    line = text.count("\n", 0, position) + 1
    raise PymlsqlError(f"The comment that begins in line {line} of the script is never closed.")
