"""The batches of the test corpus, and what becomes of them when a token is dropped, doubled, swapped or replaced."""

from __future__ import annotations

import ast
import importlib
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pymlsql import batches, migrate, templates
from pymlsql.deployment import render_script
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.errors import PymlsqlError
from pymlsql.examples.pdm.declaration import PROJECT
from tests.conformance.tables import AREAS
from tests.contract.cases import Case
from tests.golden.cases import CASES

TESTS = Path(__file__).resolve().parents[1]
_BEGINNING = re.compile(
    r"\s*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|DECLARE|SET|CREATE|ALTER|DROP|EXEC|EXECUTE|IF|WHILE|BEGIN|WITH|TRUNCATE"
    r"|PRINT|RAISERROR|THROW|GRANT|REVOKE|DENY|COMMIT|ROLLBACK|SAVE|USE|WAITFOR)\s+[\w@\[#(*'\"-]"
)


def _of_cases(cases: list[Case]) -> Iterator[str]:
    for case in cases:
        yield from (case.sql, *case.before, *case.after)


def _of_contract() -> Iterator[str]:
    """The cases, and what else is a constant in a test module and begins like a statement."""
    for path in sorted((TESTS / "contract").glob("*.py")):
        if path.stem.startswith("cases"):
            module = importlib.import_module(f"tests.contract.{path.stem}")
            for value in vars(module).values():
                if isinstance(value, list) and value and isinstance(value[0], Case):
                    yield from _of_cases(value)
    for path in sorted([*(TESTS / "contract").glob("*.py"), *(TESTS / "unit" / "engine").glob("*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        pieces = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and node not in pieces else None
            if isinstance(text, str) and _BEGINNING.match(text):
                yield text


def _of_templates() -> Iterator[str]:
    for template, variables in CASES.values():
        yield templates.render(template, **variables)
    yield migrate.render_sql()
    yield render_script(PROJECT.modules)


@cache
def corpus() -> tuple[str, ...]:
    """Every batch, each once."""
    found = [text for pages in AREAS.values() for one in pages for text in _of_cases(list(one.cases))]
    found += _of_contract()
    found += [path.read_text(encoding="utf-8") for path in sorted((TESTS / "corpus").glob("*.sql"))]
    found += _of_templates()
    separate = [re.sub(r"^:.*$", "", batch, flags=re.MULTILINE) for text in found for batch in _split(text)]
    return tuple(dict.fromkeys(batch for batch in separate if batch.strip()))


def _split(text: str) -> list[str]:
    try:
        return list(batches.split(text))
    except PymlsqlError:  # a text whose quotes never close is one batch
        return [text]


_ANY_TOKENS = """
( ) , ; = . * - AS SELECT FROM WHERE AND OR NOT NULL IN END BEGIN ELSE CASE WHEN ON JOIN BY SET INTO VALUES a 1 'x' @x
TOP ORDER OVER EXEC WITH IS LIKE TABLE INT
""".split()
"""What is put in the place of a token, besides the tokens of the batch itself."""


def mutants(batch: str, rng: random.Random, n: int) -> Iterator[str]:
    """``n`` texts that differ from the batch in one token: dropped, doubled, swapped with the next, or replaced."""
    try:
        tokens = tokenize(batch)[:-1]
    except SqlError:
        return
    if len(tokens) < 2:
        return
    for _ in range(n):
        index, kind = rng.randrange(len(tokens)), rng.randrange(4)
        token = tokens[index]
        before, after = batch[: token.start], batch[token.end :]
        if kind == 0:
            yield f"{before} {after}"
        elif kind == 1:
            yield f"{before} {token.text} {token.text} {after}"
        elif kind == 2 and index + 1 < len(tokens):
            other = tokens[index + 1]
            between = batch[token.end : other.start]
            yield f"{before} {other.text} {between} {token.text} {batch[other.end :]}"
        else:
            other_text = rng.choice(_ANY_TOKENS) if rng.random() < 0.5 else rng.choice(tokens).text
            yield f"{before} {other_text} {after}"
