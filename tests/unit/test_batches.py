"""GO."""

from __future__ import annotations

import pytest

from pymlsql import batches
from pymlsql.errors import PymlsqlError

CASES = {
    "nothing": ("", []),
    "one batch": ("SELECT 1", ["SELECT 1"]),
    "two": ("SELECT 1\nGO\nSELECT 2\nGO\n", ["SELECT 1", "SELECT 2"]),
    "any case and blanks": ("a\n  go \t\nb\nGo", ["a", "b"]),
    "windows line ends": ("a\r\nGO\r\nb\r\n", ["a", "b"]),
    "empty batches are dropped": ("GO\nGO\n\nGO\na\nGO", ["a"]),
    "count": ("a\nGO 3\nb", ["a", "a", "a", "b"]),
    "count zero": ("a\nGO 0\nb", ["b"]),
    "comment behind it": ("a\nGO -- next\nb", ["a", "b"]),
    "not alone on its line": ("SELECT 1 GO\nGOTO x\nGO;\ngoing", ["SELECT 1 GO\nGOTO x\nGO;\ngoing"]),
    "in a string": ("SELECT 'a\nGO\nb'\nGO\nc", ["SELECT 'a\nGO\nb'", "c"]),
    "string with doubled quotes": ("SELECT 'it''s\nGO\n'''\nGO\nc", ["SELECT 'it''s\nGO\n'''", "c"]),
    "in brackets": ("SELECT [a\nGO\n]] b]\nGO\nc", ["SELECT [a\nGO\n]] b]", "c"]),
    "in double quotes": ('SELECT "a\nGO\n"\nGO\nc', ['SELECT "a\nGO\n"', "c"]),
    "in a comment": ("/* a\nGO\n*/ b\nGO\nc", ["/* a\nGO\n*/ b", "c"]),
    "in a nested comment": ("/* /* \nGO\n */ \nGO\n*/ b", ["/* /* \nGO\n */ \nGO\n*/ b"]),
    "quote in a line comment": ("-- it's\nGO\nb", ["-- it's", "b"]),
    "line comment inside a string": ("SELECT '--'\nGO\nb", ["SELECT '--'", "b"]),
    "comment start inside a line comment": ("-- /*\nGO\nb", ["-- /*", "b"]),
    "minus and slash": ("SELECT 4 - 2 / 1\nGO\nb", ["SELECT 4 - 2 / 1", "b"]),
    "directly behind a block comment on its own line": ("a\n/* x */\nGO\nb", ["a\n/* x */", "b"]),
}


@pytest.mark.parametrize(("script", "expected"), CASES.values(), ids=CASES)
def test_script_is_split_at_go(script: str, expected: list[str]) -> None:
    assert batches.split(script) == expected


@pytest.mark.parametrize("script", ["a\n'b", "a\n[b", 'a\n"b', "a\n/* b /* */"])
def test_what_is_never_closed_is_named_with_its_line(script: str) -> None:
    with pytest.raises(PymlsqlError, match="line 2"):
        batches.split(script)


def test_count_beyond_reason_is_refused() -> None:
    with pytest.raises(PymlsqlError, match="lower the count"):
        batches.split("a\nGO 1000001")
