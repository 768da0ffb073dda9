"""The conformance table leaves no function out."""

from __future__ import annotations

import re
from collections import Counter

from pymlsql.embedded.tsql.functions import FUNCTIONS
from pymlsql.embedded.tsql.functions.windows import WINDOW_FUNCTIONS
from tests.conformance.tables import AREAS

ELSEWHERE = {
    **dict.fromkeys(
        ("CERTENCODED", "CERTPRIVATEKEY", "CERTPROPERTY", "CERT_ID", "IS_OBJECTSIGNED"),
        "tests/contract/test_signing.py makes the certificates that they are asked about",
    ),
    "CRYPT_GEN_RANDOM": "tests/contract/test_signing.py; what it gives is random",
}
"""Functions whose tests stand elsewhere, and why."""
ROWS_EACH = 2


def _calls() -> Counter[str]:
    """In how many rows each name stands before a parenthesis."""
    counts: Counter[str] = Counter()
    for pages in AREAS.values():
        for one in pages:
            for case in one.cases:
                text = " ".join((*case.before, case.sql))
                counts.update({name.upper() for name in re.findall(r"([A-Za-z_0-9]+)\s*\(", text)})
    return counts


def test_every_function_has_two_rows() -> None:
    calls = _calls()
    names = (set(FUNCTIONS) | set(WINDOW_FUNCTIONS)) - set(ELSEWHERE)
    assert sorted(name for name in names if calls[name] < ROWS_EACH) == []


def test_exceptions_are_functions() -> None:
    assert set(ELSEWHERE) <= set(FUNCTIONS)
