"""In which order SQL_Latin1_General_CP1_CI_AS has strings: keys whose code points compare as the collation compares.

There are two orders. nvarchar goes by the weights of Windows: letters first, then accents; hyphens, dashes and the
apostrophe count only where nothing else differs. varchar goes by sort order 52: characters by their place in the code
page, digits and letters behind all others. The order of characters is as DENSE_RANK over CHAR(n) and NCHAR(n) has been
measured on SQL Server, and published; the rules are those of "Collation and Unicode support" of sql-docs and of KB
322112. Characters that code page 1252 has not come by their code points, behind the letters.

A key is: the letters, then behind SEPARATOR the accents, then the minimal characters by their places, then for what is
equal to SQL Server and not to us the text itself. What is empty at the end is left out. Keys are equal exactly when the
folded strings are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pymlsql.embedded.tsql.typed import Typed, quote_text

SORT_NARROW, SORT_WIDE = "pymlsql_sort_narrow", "pymlsql_sort_wide"
"""Functions that DuckDB is given; see engine/sorting.py."""

SEPARATOR = "\x01"
_SHORT = 120
_PLAIN = "[0-9a-z ]*"
_LAST = "\U0010fffd"
"""Behind a letter: greater than whatever begins with that letter."""
_NONE, _LIGATURE = "\x02", "\x7f"
"""No accent; that of the last letter of a ligature in varchar, above all accents."""
MARKS = "'-"
"""The minimal characters of ASCII that can be seen."""
_WEIGHTY = "h"
"""A character that is not minimal, where the places of those that are get compared."""


@dataclass(frozen=True, slots=True)
class Order:
    """One of the two orders. ``letters`` has what a character becomes where that is not itself, ``accents`` a letter
    with the character of its accent, ``minimal`` the characters that count last, ``space`` the blank."""

    space: str
    letters: Mapping[str, str]
    accents: Mapping[str, tuple[str, str]]
    expansions: Mapping[str, str]
    minimal: Mapping[str, str]
    ligatures: bool
    """Whether a ligature comes behind its letters, as if they had an accent of their own."""

    @property
    def table(self) -> tuple[int, ...]:
        """For each byte of a text the one byte that is all its key has for it, 0 where there is none."""
        made = [self.letters.get(chr(b), chr(b)) if chr(b) not in self.minimal else "" for b in range(128)]
        return (0, *(ord(key) if len(key) == 1 else 0 for key in made[1:]), *[0] * 128)


def _accents(*rows: str) -> dict[str, tuple[str, str]]:
    """Rows of a letter and its accented forms in their order."""
    return {char: (row[0], chr(place + 2)) for row in rows for place, char in enumerate(row[1:], 1)}


def _by_rank(first: int, characters: str) -> dict[str, str]:
    return {char: chr(first + place) for place, char in enumerate(characters)}


def _narrow() -> Order:
    page = [bytes([b]).decode("cp1252", "replace") for b in range(256)]
    letters = {chr(b): "\x02" + chr(b + 32) for b in range(1, 32)}
    letters |= _by_rank(3, " " + "".join(page[33:48] + page[58:65] + page[91:97] + page[123:127]))
    symbols = [127, *range(128, 192), 0xD7, 0xF7]
    letters |= {page[b]: "\x2f" + chr(b) for b in symbols if page[b] != "\ufffd"}
    letters |= {chr(b): "\x2f" + chr(b) for b in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
    accents = _accents("aàáâãäå", "cç", "eèéêë", "iìíîï", "nñ", "oòóôõöø", "uùúûü", "yýÿ")
    return Order("\x03", letters, accents, {"æ": "ae", "ß": "ss"}, {}, True)


def _wide() -> Order:
    letters = _by_rank(2, " \xa0\t\n\v\f\r!\"#$%&()*,./:;?@[\\]^_`{|}~")
    first = 2 + len(letters)
    letters |= {char: chr(first) + chr(32 + i) for i, char in enumerate("¡¦¨¯´¸¿˜‘’‚“”„‹›")}
    letters |= _by_rank(first + 1, "+<=>")
    letters |= {char: chr(first + 5) + chr(32 + i) for i, char in enumerate("±«»×÷¢£¤¥§©¬®°µ¶·†‡•…‰€")}
    letters |= {char: "0" + _LAST + chr(32 + i) for i, char in enumerate("¼½¾")}
    letters |= {"™": "t" + _LAST, "¹": "1", "²": "2", "³": "3"}
    accents = _accents("aªáàâäãå", "cç", "dð", "eéèêë", "fƒ", "iíìîï", "nñ", "oºóòôöõø", "sš", "uúùûü", "yýÿ", "zž")
    accents |= {"ˆ": (letters["^"], "\x03")}
    minimal = {"'": "\x03", "-": "\x04", "\xad": "\x05", "–": "\x06", "—": "\x07"}
    minimal |= {chr(b): "\x02" for b in (*range(1, 9), *range(14, 32), 0x7F, 0x81, 0x8D, 0x8F, 0x90, 0x9D)}
    return Order("\x02", letters, accents, {"æ": "ae", "œ": "oe", "ß": "ss", "þ": "th"}, minimal, False)


NARROW, WIDE = _narrow(), _wide()


def sort_key(text: str, order: Order) -> str:
    """The key of a text that is folded already: in lower case, without blanks at its end."""
    letters, accents, marks = [], [], []
    for char in text:
        if char in order.minimal:
            marks.append(order.minimal[char])
            continue
        if char in order.expansions:
            letters.append(order.expansions[char])
            accents.append(_NONE + (_LIGATURE if order.ligatures else _NONE))
            marks.append(_WEIGHTY * 2)
            continue
        base, accent = order.accents.get(char, (order.letters.get(char, char), _NONE))
        letters.append(base)
        accents.append(accent)
        marks.append(_WEIGHTY)
    last = "" if text.isascii() and not any(mark == "\x02" for mark in marks) else text
    levels = ("".join(letters).rstrip(order.space), "".join(accents).rstrip(_NONE), "".join(marks).rstrip(_WEIGHTY))
    return SEPARATOR.join((*levels, last)).rstrip(SEPARATOR)


def sort_sql(value: Typed, wide: bool) -> str:
    """The key of a string as a DuckDB expression."""
    order = WIDE if wide else NARROW
    if isinstance(value.constant, str):
        return quote_text(sort_key(value.constant.rstrip(" ").lower(), order))
    folded, function = f"lower(rtrim({value.sql}, ' '))", SORT_WIDE if wide else SORT_NARROW
    # What a function of Arrow gives lives for the expression above it: concatenated it is a text of DuckDB's own.
    made = f"({function}({folded}) || '')"
    if len(folded) > _SHORT:
        return made
    plain = f"replace({folded}, ' ', chr({ord(order.space)}))"
    return f"CASE WHEN regexp_full_match({folded}, '{_PLAIN}') THEN {plain} ELSE {made} END"
