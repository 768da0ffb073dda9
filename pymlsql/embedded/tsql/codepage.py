"""What code page 1252 has of Unicode: the way of strings from nvarchar to varchar, and to bytes and back.

Source: "char and varchar", "Collation and Unicode support" of sql-docs; MS-UCODEREF for the code page.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.typed import bound, quote_text, raise_sql

NARROW = "pymlsql_narrow"
TEXT_OF_BYTES = "pymlsql_text"
BYTES_OF_TEXT = "pymlsql_bytes"
"""Functions that DuckDB is given; see engine/scalars.py."""

# Windows maps the five bytes that cp1252 leaves open to the C1 control of the same number.
CHARACTERS = "".join(
    bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte) for byte in range(256)
)
"""The characters of code page 1252, by their byte."""
_TO_BYTES = codecs.charmap_build(CHARACTERS)
_KNOWN = frozenset(CHARACTERS)
_WITHOUT_LIKENESS = re.compile("[\u0410-\u044f\u05d0-\u05ea\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]")
"""Letters that nothing in the code page is like: Cyrillic, Hebrew, Kana, Han, Hangul."""
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def narrowed(text: str) -> str:
    """``text`` as varchar keeps it: what the code page lacks becomes ``?``, twice where UTF-16 needs two units.

    Windows puts a like letter in the place of some (A for Ā); which ones is not known here: Raises 40510.
    """
    if text.isascii():
        return text
    replaced = _WITHOUT_LIKENESS.sub("?", _ASTRAL.sub("??", text))
    unsure = next((char for char in replaced if char not in _KNOWN), None)
    if unsure is not None:
        raise unsupported(f"conversion of character U+{ord(unsure):04X} to varchar")
    return replaced


def to_bytes(text: str, unicode: bool) -> bytes:
    """The bytes that nvarchar (``unicode``) or varchar keep for ``text``."""
    return text.encode("utf-16-le") if unicode else codecs.charmap_encode(narrowed(text), "strict", _TO_BYTES)[0]


def to_text(data: bytes, unicode: bool) -> str:
    """Bytes as the characters of nvarchar (an odd last byte gets a zero) or varchar. Raises 40510."""
    if not unicode:
        return codecs.charmap_decode(data, "strict", CHARACTERS)[0]
    try:
        return (data + b"\0" * (len(data) % 2)).decode("utf-16-le")
    except UnicodeDecodeError:
        raise unsupported("text with half a surrogate pair") from None


def astral_sql(sql: str) -> str:
    """Whether a string has characters that SQL Server counts as two, as a DuckDB condition."""
    return f"(strlen({sql}) <> length({sql}) AND regexp_matches({sql}, '[\\x{{10000}}-\\x{{10FFFF}}]'))"


_PAIR = "[\\x{10000}-\\x{10FFFF}]"
_LOW = "\\x{FFFF}"


def _marked(sql: str) -> str:
    return f"regexp_replace({sql}, '({_PAIR})', '\\1' || chr(65535), 'g')"


def marked_units(sql: str) -> str:
    """A string in which a mark follows each character beyond U+FFFF, so that each has as many places as SQL Server
    counts."""
    return bound(sql, lambda v: f"CASE WHEN {astral_sql(v)} THEN {_marked(v)} ELSE {v} END")


def in_units(sql: str, cut: Callable[[str], str]) -> str:
    """``cut`` of a string, a DuckDB expression that counts characters, with characters beyond U+FFFF counted as two.

    Behind each of those stands a mark for its second half while it is cut. What would leave half of one is refused.
    """

    def body(v: str) -> str:
        return f"CASE WHEN {astral_sql(v)} THEN {_joined(cut(_marked(v)), v)} ELSE {cut(v)} END"

    return bound(sql, body)


def _joined(sql: str, source: str) -> str:
    half = f"(^|[^\\x{{10000}}-\\x{{10FFFF}}]){_LOW}|{_PAIR}([^{_LOW}]|$)"
    refused = raise_sql(40510, quote_text("half a surrogate pair"))
    return bound(sql, lambda v: f"CASE WHEN regexp_matches({v}, '{half}') OR contains({source}, chr(65535)) "
                                f"THEN {refused} ELSE replace({v}, chr(65535), '') END")  # fmt: skip


def length_sql(sql: str) -> str:
    """How many characters SQL Server counts in a string, as a DuckDB expression."""
    rest = f"regexp_replace({sql}, '[\\x{{10000}}-\\x{{10FFFF}}]', '', 'g')"
    return f"CASE WHEN strlen({sql}) = length({sql}) THEN length({sql}) ELSE 2 * length({sql}) - length({rest}) END"


def length_in_units(text: str) -> int:
    """How many characters SQL Server counts: those beyond U+FFFF are two."""
    return len(text) if text.isascii() else len(text) + len(_ASTRAL.findall(text))
