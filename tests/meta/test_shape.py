"""Sizes, docstrings and words: what the project asks of its own files."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.meta.sources import ROOT, files, name_of, package_files, tree

MAX_LINES = 400
BANNED_MODULES = {"utils", "util", "helpers", "common", "base", "manager", "misc"}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("path", files(".py"), ids=name_of)
def test_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", package_files(), ids=name_of)
def test_module_is_one_noun(path: Path) -> None:
    assert path.stem.strip("_") not in BANNED_MODULES


def _says_it_all(node: ast.AST) -> bool:
    """A function of one statement, or an override of Python's own protocol, needs no sentence."""
    return isinstance(node, FUNCTION) and (len(node.body) == 1 or node.name.startswith("__"))


def _public(module: ast.Module) -> list[ast.AST]:
    top = [node for node in module.body if isinstance(node, (ast.ClassDef, *FUNCTION))]
    return [node for node in top if not node.name.startswith("_")]


@pytest.mark.parametrize("path", package_files(), ids=name_of)
def test_public_names_have_docstrings(path: Path) -> None:
    module = tree(path)
    bare = [] if ast.get_docstring(module) else ["the module"]
    for node in _public(module):
        assert isinstance(node, (ast.ClassDef, *FUNCTION))
        if not ast.get_docstring(node) and not _says_it_all(node):
            bare.append(f"{node.name} (line {node.lineno})")
    assert bare == []


def test_functions_are_short() -> None:
    """The 90th percentile of the package's functions is at most 40 lines, the median at most 15."""
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in package_files()
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTION)
    )
    assert lengths[len(lengths) // 2] <= 15
    assert lengths[len(lengths) * 9 // 10] <= 40


# Written in two halves, so that this file passes its own test.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.~-])/(work|root)" + r"/|/home" + r"/[a-z]|/tmp" + r"/bash"),
    "an unfinished spot": re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    "the number of an issue": re.compile(r"\b[Ii]ssues? #?\d+\b(?<!issue 863)"),
    "a registry's host": re.compile(
        r"(pypi|pythonhosted|npmjs)\.(org|com)" + r"|(deb|archive|security)\.(debian|ubuntu)\." + r"(org|com)"
    ),
}
TEXT = {".py", ".md", ".sql", ".j2", ".cfg", ".toml", ".ini", ".sh", ".yaml", ".yml", ".ipynb", ".mako", ".txt", ""}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = []
    for path in files():
        if path.suffix not in TEXT:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if FORBIDDEN[what].search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_only_the_makefile_knows_where_the_real_data_may_lie() -> None:
    word = "../" + "shared"
    holders = {name_of(path) for path in files() if path.suffix in TEXT and word in path.read_text(encoding="utf-8")}
    assert holders <= {"Makefile"}


def test_names_of_tests_are_sentences() -> None:
    short = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, FUNCTION) and node.name.startswith("test_") and node.name.count("_") < 2:
                short.append(f"{name_of(path)}: {node.name}")
    assert short == []
