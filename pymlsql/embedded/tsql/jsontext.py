"""JSON texts as SQL Server reads them: paths, what a path finds, the rows of OPENJSON, and JSON_MODIFY.

A part of a text is given as it is written there, blanks and digits included; so a text is walked, not turned into
objects and back. Source: "JSON Path Expressions", "OPENJSON", "JSON_MODIFY" of sql-docs.
"""

from __future__ import annotations

import json
import json.decoder
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported

MAX_DEPTH = 128
_BLANK = re.compile(r"[ \t\r\n]*")
_STEP = re.compile(r'''\.\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*))\s*|\[\s*(\d{1,11})\s*\]\s*''', re.ASCII)
_MODE = re.compile(r"\s*(append\s+)?(?:(lax|strict)\s*)?\$\s*", re.ASCII)
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')


class _Number(str):
    """A number as it is written."""


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


# Of properties with equal names the first counts.
_DECODER = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_no_constant,
                            object_pairs_hook=lambda pairs: dict(reversed(pairs)))  # fmt: skip
_SCAN: Callable[[str, int], tuple[Any, int]] = vars(_DECODER)["scan_once"]
_SCAN_STRING: Callable[[str, int, bool], tuple[str, int]] = vars(json.decoder)["scanstring"]


@dataclass(frozen=True, slots=True)
class Path:
    """A JSON path: its steps are the names of properties and the numbers of elements."""

    steps: tuple[str | int, ...]
    strict: bool = False
    append: bool = False


@lru_cache(maxsize=1024)
def parse_path(text: str, *, append: bool = False) -> Path:
    """The path that ``text`` writes; ``append`` where that word is allowed. Raises 13607."""
    mode = _MODE.match(text)
    if mode is None or (mode[1] and not append):
        raise _bad_path(text, len(text) - len(text.lstrip()))
    position = mode.end()
    steps: list[str | int] = []
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise _bad_path(text, position)
        quoted, name, index = step.groups()
        if index is not None:
            steps.append(int(index))
        else:
            steps.append(name if name is not None else json.loads(f'"{quoted}"', strict=False))
        position = step.end()
    return Path(tuple(steps), (mode[2] or "").lower() == "strict", bool(mode[1]))


def _bad_path(text: str, position: int) -> SqlError:
    return sql_error(13607, text[position : position + 1] or ".", position)


def _bad_text(text: str, position: int) -> SqlError:
    return sql_error(13609, text[position : position + 1] or ".", position)


# Walking a text ---------------------------------------------------------------------------------------------------


def skip_blanks(text: str, position: int) -> int:
    return _BLANK.match(text, position).end()  # type: ignore[union-attr]


def _scan(text: str, position: int) -> tuple[Any, int]:
    """The value that begins at ``position``, and its end. Raises 13609."""
    try:
        return _SCAN(text, position)
    except StopIteration as error:
        raise _bad_text(text, error.value) from None
    except json.JSONDecodeError as error:
        raise _bad_text(text, error.pos) from None
    except (ValueError, RecursionError):
        raise _bad_text(text, position) from None


def _begin(text: str) -> int:
    """Where the document begins: an object or an array. Raises 13606, 13609."""
    start = skip_blanks(text, 0)
    if text[start : start + 1] not in ("{", "["):
        raise _bad_text(text, start)
    if text.count("{") + text.count("[") > MAX_DEPTH:
        depth = 0
        for bracket in _BRACKETS.finditer(text):
            depth += (bracket[0] in "[{") - (bracket[0] in "]}")
            if depth > MAX_DEPTH:
                raise sql_error(13606)
    return start


def check(text: str) -> Any:
    """The whole document as Python values, numbers as texts. Raises 13606, 13609."""
    start = _begin(text)
    value, end = _scan(text, start)
    rest = skip_blanks(text, end)
    if rest < len(text):
        raise _bad_text(text, rest)
    return value


@dataclass(frozen=True, slots=True)
class _Member:
    """An element of an array or a property of an object: its key, the places of key and value, and the value."""

    key: str | int
    begin: int
    start: int
    end: int
    value: Any


def members(text: str, start: int) -> Iterator[_Member]:
    """The members of the array or object that begins at ``start``, as far as the caller asks. Raises 13609."""
    is_object, closing = text[start] == "{", "}" if text[start] == "{" else "]"
    position, index = skip_blanks(text, start + 1), 0
    if text[position : position + 1] == closing:
        return
    while True:
        begin, key = position, index
        if is_object:
            if text[position : position + 1] != '"':
                raise _bad_text(text, position)
            try:
                name, position = _SCAN_STRING(text, position + 1, True)
            except json.JSONDecodeError as error:
                raise _bad_text(text, error.pos) from None
            position = skip_blanks(text, position)
            if text[position : position + 1] != ":":
                raise _bad_text(text, position)
            position = skip_blanks(text, position + 1)
        value, end = _scan(text, position)
        yield _Member(name if is_object else key, begin, position, end, value)
        position, index = skip_blanks(text, end), index + 1
        after = text[position : position + 1]
        if after == closing:
            return
        if after != ",":
            raise _bad_text(text, position)
        position = skip_blanks(text, position + 1)


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text: where it stands, and what it is."""

    start: int
    end: int
    value: Any


def locate(text: str, steps: tuple[str | int, ...]) -> Found | None:
    """What a path finds: the first of equal names. A text is read only as far as needed; all of it, when nothing is
    found. Raises 13606, 13609."""
    start = _begin(text)
    if not steps:
        value, end = _scan(text, start)
        return Found(start, end, value)
    found: Found | None = None
    for step in steps:
        if text[start] in "{[" and text[start] != ("[" if isinstance(step, int) else "{"):
            # The kind of the container settles it, once it has a member.
            if next(members(text, start), None) is None:
                check(text)
            return None
        member = _member(text, start, step) if text[start] in "{[" else None
        if member is None:
            check(text)
            return None
        start, found = member.start, Found(member.start, member.end, member.value)
    return found


def _member(text: str, start: int, step: str | int) -> _Member | None:
    return next((member for member in members(text, start) if member.key == step), None)


def _written(value: Any) -> str | None:
    """A scalar as T-SQL shows it."""
    if value is None:
        return None
    if value is True or value is False:
        return "true" if value else "false"
    return _whole(value)


def _whole(value: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise unsupported("half of a surrogate pair in a JSON text")
    return str(value)


# The functions ----------------------------------------------------------------------------------------------------


def json_value(text: str, path: str) -> str | None:
    """JSON_VALUE. Raises 13608, 13623, 13625 in strict mode."""
    wanted = parse_path(path)
    found = locate(text, wanted.steps)
    if found is None:
        return absent(wanted, 13608)
    if isinstance(found.value, dict | list):
        return absent(wanted, 13623)
    value = _written(found.value)
    return absent(wanted, 13625) if value is not None and len(value) > 4000 else value


def json_query(text: str, path: str) -> str | None:
    """JSON_QUERY. Raises 13608, 13624 in strict mode."""
    wanted = parse_path(path)
    found = locate(text, wanted.steps)
    if found is None:
        return absent(wanted, 13608)
    if not isinstance(found.value, dict | list):
        return absent(wanted, 13624)
    return text[found.start : found.end]


_NOTHING = object()


def absent(path: Path, number: int) -> str | None:
    """What is not there is NULL in lax mode."""
    if path.strict:
        raise sql_error(number)
    return None


def json_path_exists(text: str, path: str) -> bool:
    """JSON_PATH_EXISTS; what is no JSON has no paths."""
    wanted = parse_path(path)
    try:
        check(text)
        return locate(text, wanted.steps) is not None
    except SqlError:
        return False


def is_json(text: str, kind: str) -> bool:
    """ISJSON with its second argument: '' (object or array), VALUE, ARRAY, OBJECT or SCALAR."""
    start = skip_blanks(text, 0)
    first = text[start : start + 1]
    if first in ("{", "[") and first:
        if kind == "SCALAR" or (kind == "ARRAY" and first == "{") or (kind == "OBJECT" and first == "["):
            return False
    elif kind not in ("VALUE", "SCALAR") or (kind == "SCALAR" and first in ("t", "f", "n")):
        return False
    try:
        if first in ("{", "["):
            check(text)
            return True
        _, end = _scan(text, start)
    except SqlError:
        return False
    return skip_blanks(text, end) == len(text)


_KINDS: dict[type, int] = {type(None): 0, str: 1, _Number: 2, bool: 3, list: 4, dict: 5}


def open_json(text: str, path: str) -> list[dict[str, Any]]:
    """The rows of OPENJSON without WITH: key, value and type. Raises 13608, 13611 in strict mode."""
    found = _opened(text, parse_path(path))
    if found is None:
        return []
    rows = []
    for member in members(text, found.start):
        inner = isinstance(member.value, dict | list)
        value = text[member.start : member.end] if inner else _written(member.value)
        rows.append({"k": _whole(str(member.key)), "v": value, "t": _KINDS[type(member.value)]})
    return rows


def _opened(text: str, path: Path) -> Found | None:
    """The array or object that OPENJSON opens; None where there is none."""
    found = locate(text, path.steps)
    if found is None:
        absent(path, 13608)
        return None
    if not isinstance(found.value, dict | list):
        absent(path, 13611)
        return None
    return found


def open_json_with(text: str, path: str, columns: tuple[tuple[str, bool], ...]) -> list[list[str | None]]:
    """The rows of OPENJSON WITH: for each object or element what the ``columns``' (path, AS JSON) find, as texts.
    Raises 13608, 13623, 13624 for strict paths."""
    found = _opened(text, parse_path(path))
    if found is None:
        return []
    rows = [found] if isinstance(found.value, dict) else \
        [Found(m.start, m.end, m.value) for m in members(text, found.start)]  # fmt: skip
    wanted = [(parse_path(column), as_json) for column, as_json in columns]
    return [[_column(text, row, path, as_json) for path, as_json in wanted] for row in rows]


def _inner(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else _NOTHING
    return value.get(step, _NOTHING) if isinstance(value, dict) else _NOTHING


def _column(text: str, row: Found, path: Path, as_json: bool) -> str | None:
    """What one column's path finds in the object or element ``row``; only for AS JSON its place is looked for."""
    value = row.value
    for step in path.steps:
        value = _inner(value, step)
        if value is _NOTHING:
            return absent(path, 13608)
    if isinstance(value, dict | list) is not as_json:
        return absent(path, 13624 if as_json else 13623)
    if not as_json:
        return _written(value)
    begin, end = row.start, row.end
    for step in path.steps:
        member = _member(text, begin, step)
        assert member is not None
        begin, end = member.start, member.end
    return text[begin:end]
