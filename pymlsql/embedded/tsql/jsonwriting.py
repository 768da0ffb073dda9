"""JSON texts as SQL Server writes them: strings, JSON_MODIFY, and the objects of FOR JSON AUTO.

JSON_MODIFY replaces one span of the text; all else stays as it is written. Source: "JSON_MODIFY", "How FOR JSON escapes
special characters and control characters" of sql-docs.
"""

from __future__ import annotations

import json
import re

from pymlsql.embedded.tsql.jsontext import Found, Path, absent, check, locate, members, parse_path, skip_blanks
from pymlsql.embedded.tsql.messages import sql_error


def json_modify(text: str, path: str, value: str | None) -> str:
    """JSON_MODIFY; ``value`` is the new value as JSON, None for NULL. Raises 13608, 13619, 13621."""
    wanted = parse_path(path, append=True)
    if not wanted.steps and not wanted.append:
        raise sql_error(13619, 2)
    found = locate(text, wanted.steps)
    parent = locate(text, wanted.steps[:-1])
    if parent is None or not isinstance(parent.value, dict | list):
        absent(wanted, 13608)
        return text
    check(text)
    if found is None:
        return _inserted(text, parent, wanted, value)
    if wanted.append:
        return _appended(text, wanted, found, value)
    if value is None and not wanted.strict and isinstance(wanted.steps[-1], str):
        return _deleted(text, parent.start, wanted.steps[-1])
    return text[: found.start] + ("null" if value is None else value) + text[found.end :]


def _appended(text: str, path: Path, found: Found, value: str | None) -> str:
    """Behind the last element; what is no array stays as it is."""
    if not isinstance(found.value, list):
        absent(path, 13621)
        return text
    close = found.end - 1
    return f"{text[:close]}{',' if found.value else ''}{'null' if value is None else value}{text[close:]}"


def _inserted(text: str, parent: Found, path: Path, value: str | None) -> str:
    """A new property behind the others, named as the path writes it; nothing else can be inserted."""
    absent(path, 13608)
    step = path.steps[-1]
    if isinstance(step, int) or not isinstance(parent.value, dict) or (value is None and not path.append):
        return text
    written = f"[{'null' if value is None else value}]" if path.append else value
    close = parent.end - 1
    return f"{text[:close]}{',' if parent.value else ''}{json.dumps(step, ensure_ascii=False)}:{written}{text[close:]}"


def _deleted(text: str, start: int, name: str) -> str:
    """Without the property, and without the comma before it, or behind it where it is the first."""
    last: int | None = None
    for member in members(text, start):
        if member.key == name:
            if last is not None:
                return text[: skip_blanks(text, last)] + text[member.end :]
            after = skip_blanks(text, member.end)
            return text[: member.begin] + (text[after + 1 :] if text[after] == "," else text[member.end :])
        last = member.end
    return text


_ESCAPES = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile(r'["\\/\x00-\x1f]')


def encode_string(text: str) -> str:
    """``text`` as a JSON string, as FOR JSON writes it."""
    escaped = _SPECIAL.sub(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}", text)
    return f'"{escaped}"'


def merge_levels(rows: list[list[str]], names: list[str]) -> str:
    """The objects of FOR JSON AUTO: ``rows`` have the properties of each table as text, from the outermost to the
    innermost. Rows that follow each other and are equal in a table share its object; the inner ones are arrays."""
    if len(names) == 0:
        return ",".join(f"{{{row[0]}}}" for row in rows)
    pieces: list[str] = []
    position = 0
    while position < len(rows):
        end = position + 1
        while end < len(rows) and rows[end][0] == rows[position][0]:
            end += 1
        inner = merge_levels([row[1:] for row in rows[position:end]], names[1:])
        own = rows[position][0]
        pieces.append(f"{{{own}{',' if own else ''}{encode_string(names[0])}:[{inner}]}}")
        position = end
    return ",".join(pieces)
