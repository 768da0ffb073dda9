"""SOUNDEX and DIFFERENCE (sql-docs, "SOUNDEX" and "DIFFERENCE (Transact-SQL)")."""

from __future__ import annotations

SOUNDEX = "pymlsql_soundex"
DIFFERENCE = "pymlsql_difference"

_CODES = {letter: code for letters, code in (
    ("BFPV", "1"), ("CGJKQSXZ", "2"), ("DT", "3"), ("L", "4"), ("MN", "5"), ("R", "6"), ("AEIOUHWY", "")
) for letter in letters}  # fmt: skip


def soundex(text: str) -> str:
    """The first letter and three digits. What is no letter ends the word; equal codes side by side count once."""
    text = text.lstrip(" ").upper()
    if not text or text[0] not in _CODES:
        return "0000"
    result, last = text[0], _CODES[text[0]]
    for letter in text[1:]:
        if letter not in _CODES or len(result) == 4:
            break
        code = _CODES[letter]
        if code and code != last:
            result += code
        last = code
    return result.ljust(4, "0")


def difference(one: str, other: str) -> int:
    """In how many places of four their codes agree."""
    return sum(a == b for a, b in zip(soundex(one), soundex(other), strict=True))
