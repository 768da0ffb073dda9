"""SQL_Latin1_General_CP1_CI_AS on the wire: the five bytes, and code page 1252 as Windows has it.

Source: MS-TDS 2.2.5.1.2 (LCID, flags, version, sort id) and MS-UCODEREF for the code page.
"""

from __future__ import annotations

import codecs
import re

from pymlsql.embedded.tsql.codepage import CHARACTERS
from pymlsql.embedded.tsql.messages import unsupported

COLLATION = bytes.fromhex("0904d00034")
"""LCID 0x0409, flags IgnoreCase + IgnoreKana + IgnoreWidth (0x0D0), version 0, sort id 52."""

_RAW = b"\0\0\0\0\0"
_LATIN_1_LCIDS = frozenset({0x0407, 0x0409, 0x040A, 0x040C, 0x0410, 0x0413, 0x0416, 0x0809, 0x0C0A, 0x0C0C})
_UTF8 = 0x04000000

_TO_BYTES = codecs.charmap_build(CHARACTERS)
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def encode_char(text: str) -> bytes:
    """``text`` in code page 1252; what it lacks becomes ``?``, twice where UTF-16 needs two units."""
    if text.isascii():
        return text.encode("ascii")
    return codecs.charmap_encode(_ASTRAL.sub("??", text), "replace", _TO_BYTES)[0]


def decode_char(data: bytes, collation: bytes = COLLATION) -> str:
    """Text of a char, varchar or text value. Raises SqlError 40510 for collations other than Latin-1 and UTF-8."""
    if data.isascii():
        return data.decode("ascii")
    flags = int.from_bytes(collation[:4], "little")
    if flags & _UTF8:
        return data.decode("utf-8", "replace")
    if collation != _RAW and flags & 0xFFFF not in _LATIN_1_LCIDS:
        raise unsupported(f"a string of collation {collation.hex()}")
    return codecs.charmap_decode(data, "strict", CHARACTERS)[0]
