"""LIKE patterns as regular expressions, and strings as dates."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from pymlsql.embedded.tsql.patterns import like_regex
from pymlsql.embedded.tsql.timetexts import read_time

PATTERNS = [
    ("a%", "", "abc", True),
    ("a_c", "", "abc", True),
    ("a_c", "", "abbc", False),
    ("[a-c]x", "", "bx", True),
    ("[^a-c]x", "", "bx", False),
    ("[c-a]", "", "b", False),
    ("[-a]", "", "-", True),
    ("a[_]c", "", "abc", False),
    ("a[%]", "", "a%", True),
    ("a!%c", "!", "a%c", True),
    ("a!%c", "!", "abc", False),
    ("a!!c", "!", "a!c", True),
    ("[", "", "[", False),
    ("[[]", "", "[", True),
    ("]", "", "]", True),
    ("a.c", "", "abc", False),
    ("a\\d", "", "a1", False),
    ("%", "", "two\nlines", True),
]

TIMES = [
    ("2020-01-31", None, dt.datetime(2020, 1, 31)),
    ("20200131", None, dt.datetime(2020, 1, 31)),
    ("200131", None, dt.datetime(2020, 1, 31)),
    ("1/31/2020", None, dt.datetime(2020, 1, 31)),
    ("1/31/50", None, dt.datetime(1950, 1, 31)),
    ("1/31/49", None, dt.datetime(2049, 1, 31)),
    ("31/01/2020", 103, dt.datetime(2020, 1, 31)),
    ("31.01.2020", 104, dt.datetime(2020, 1, 31)),
    ("Jan 31 2020", None, dt.datetime(2020, 1, 31)),
    ("31 January, 2020", None, dt.datetime(2020, 1, 31)),
    ("2020-01-31T10:11:12.123", None, dt.datetime(2020, 1, 31, 10, 11, 12, 123000)),
    ("2020-01-31 10:11:12:123", None, dt.datetime(2020, 1, 31, 10, 11, 12, 123000)),
    ("10:11 PM", None, dt.datetime(1900, 1, 1, 22, 11)),
    ("2020-01-31 12 AM", None, dt.datetime(2020, 1, 31)),
    ("", None, dt.datetime(1900, 1, 1)),
    ("31/01/2020", None, 242),
    ("2020-02-30", None, 242),
    ("2020-01-31 25:00", None, 242),
    ("abc", None, 241),
    ("2020-01-31x", None, 241),
    ("2020-01/31", None, 241),
]


@pytest.mark.parametrize(("pattern", "escape", "text", "found"), PATTERNS, ids=[f"{p} {t}" for p, _, t, _ in PATTERNS])
def test_pattern_matches_whole_text(pattern: str, escape: str, text: str, found: bool) -> None:
    assert (re.fullmatch(like_regex(pattern, escape), text, re.DOTALL) is not None) is found


@pytest.mark.parametrize(("text", "style", "expected"), TIMES, ids=[f"{t} {s}" for t, s, _ in TIMES])
def test_string_is_read_as_time(text: str, style: int | None, expected: dt.datetime | int) -> None:
    found = read_time(text, "datetime", style)
    assert (found if isinstance(found, int) else found.stamp) == expected
