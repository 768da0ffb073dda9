"""The embedded server's grammar before Microsoft's parser, both ways, over the test corpus and mutations of it.

What Microsoft's parser rejects the embedded server rejects, with whatever number; what it accepts the embedded server
accepts or refuses with Msg 40510, and never calls it no T-SQL. Both divide a batch into the same statements.
"""

from __future__ import annotations

import itertools
import random
import re
import zlib
from collections.abc import Iterable, Iterator

import pytest

from tests import tsqlcheck
from tests.syntax import known, texts, verdicts
from tests.syntax.families import family
from tests.unit.tsql.test_statements import STATEMENTS

N_AT_ONCE = 3000
GO = re.compile(r"^\s*GO\b", re.MULTILINE | re.IGNORECASE)
"""Microsoft's parser takes GO for the end of a batch; a server never sees it."""


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    why_not = tsqlcheck.unavailable()
    if why_not:
        pytest.skip(why_not)


def disagreements(batches: Iterable[str]) -> list[str]:
    """What is judged differently and not known; each batch is asked once."""
    asked = [batch for batch in dict.fromkeys(batches) if not GO.search(batch)]
    found = []
    for start in range(0, len(asked), N_AT_ONCE):
        part = asked[start : start + N_AT_ONCE]
        for batch, theirs in zip(part, tsqlcheck.outlines(part), strict=True):
            told = _disagreement(batch, theirs)
            if told:
                found.append(f"{told}\n{batch[:2000]}")
    return found


def _disagreement(batch: str, theirs: list[str] | None) -> str:
    error = verdicts.error_of(batch)
    if theirs is None:
        wrong = error is None and not any(one.fits(batch) for one in known.OURS_ACCEPTS)
        return "accepted, though it is no T-SQL:" if wrong else ""
    if error is not None:
        wrong = error.number in verdicts.SYNTAX and not any(one.fits(batch) for one in known.OURS_REJECTS)
        return f"{error}, though it is T-SQL:" if wrong else ""
    ours, expected = [family(name) for name in verdicts.outline(batch)], [family(name) for name in theirs]
    return f"divided into {ours} instead of {expected}:" if ours != expected else ""


def mutated(n: int, seed: int) -> Iterator[str]:
    """``n`` mutations of each batch; what becomes of one does not depend on the others."""
    for batch in texts.corpus():
        yield from texts.mutants(batch, random.Random(seed ^ zlib.crc32(batch.encode())), n)


def pairs(n: int, seed: int) -> list[str]:
    """Two statements with only a blank between them, ``n`` such."""
    every = [f"{a} {b}" for a, b in itertools.product(STATEMENTS, STATEMENTS)]
    return random.Random(seed).sample(every, min(n, len(every)))


def test_the_corpus_is_judged_alike() -> None:
    assert len(texts.corpus()) > 1000
    assert disagreements(texts.corpus()) == []


def test_statements_without_semicolons_are_divided_alike() -> None:
    assert disagreements(pairs(1500, seed=1)) == []


def test_mutations_are_judged_alike() -> None:
    assert disagreements(mutated(2, seed=1)) == []


def test_what_is_known_to_differ_still_does() -> None:
    every = [*known.OURS_ACCEPTS, *known.OURS_REJECTS]
    theirs = tsqlcheck.outlines([one.example for one in every])
    for one, outline in zip(every, theirs, strict=True):
        assert one.fits(one.example)
        ours = verdicts.number_of(one.example)
        if one in known.OURS_ACCEPTS:
            assert outline is None, one
            assert ours in (0, verdicts.REFUSED), one
        else:
            assert outline is not None, one
            assert ours in verdicts.SYNTAX, one
