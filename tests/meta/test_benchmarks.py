"""The benchmarks stand apart from the tests, and each promise has one that measures it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import run

from tests.meta.sources import ROOT, name_of, tree

FOLDER = ROOT / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("*.py"))


def _imported(module: ast.Module) -> set[str]:
    found = {alias.name for node in ast.walk(module) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_benchmark_never_imports_tests(path: Path) -> None:
    assert [name for name in _imported(tree(path)) if name.split(".")[0] == "tests"] == []


def test_every_promise_has_a_script_and_every_script_a_promise() -> None:
    assert {path.stem for path in SCRIPTS} - {"run", "measure"} == set(run.BENCHMARKS)


def test_a_benchmark_that_fails_is_a_row_without_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "HERE", ROOT / "no such folder")
    (row,) = run.run("single")
    assert row == {"name": run.BENCHMARKS["single"][0], "value": None, "unit": "ms", "floor": 40.0, "ok": False}
