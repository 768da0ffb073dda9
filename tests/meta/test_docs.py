"""The documents: links lead somewhere, code blocks parse, options named exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import tsqlcheck
from tests.meta.sources import ROOT, files, name_of

PAGES = [path for path in files(".md") if path.name != "LICENSE.md"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)(#[^)\s]*)?\)")


def _blocks(*languages: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for number, (language, text) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")), start=1):
            if language in languages:
                yield f"{name_of(page)} block {number}", text


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target, _ in LINK.findall(text) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_python_blocks_parse() -> None:
    for where, text in _blocks("python", "py"):
        ast.parse(text, filename=where)


def test_sql_blocks_parse_with_microsoft_s_parser() -> None:
    missing = tsqlcheck.unavailable()
    if missing:
        pytest.skip(missing)
    blocks = dict(_blocks("sql", "tsql"))
    found = tsqlcheck.judge([text.replace("\nGO\n", "\n;\n") for text in blocks.values()])
    names = list(blocks)
    assert [(names[finding.script or 0], finding.line, finding.message) for finding in found] == []


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "docs/architecture.md", "docs/embedded-server.md",
                                  "docs/development.md", "docs/features.md", "docs/cli.md"])  # fmt: skip
def test_promised_page_is_there_and_says_something(name: str) -> None:
    assert len((ROOT / name).read_text(encoding="utf-8")) > 300


def test_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_make_targets_in_the_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = {word for page in PAGES for word in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}
    assert named <= targets
