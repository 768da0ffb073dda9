"""The benchmarks stand apart from the tests, and each promise has one that measures it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Literal

import promises
import pytest
import run

from tests.meta.sources import ROOT, name_of, tree

FOLDER = ROOT / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("*.py"))
SHARED = {"run", "measure", "promises", "rows"}


def _imported(module: ast.Module) -> set[str]:
    found = {alias.name for node in ast.walk(module) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_benchmark_never_imports_tests(path: Path) -> None:
    assert [name for name in _imported(tree(path)) if name.split(".")[0] == "tests"] == []


def test_every_promise_has_a_script_and_every_script_a_promise() -> None:
    assert {path.stem for path in SCRIPTS} - SHARED == set(promises.BENCHMARKS)


@pytest.mark.parametrize("path", [path for path in SCRIPTS if path.stem not in SHARED], ids=name_of)
def test_script_judges_each_of_its_promises(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    missing = [key for key in promises.promises_of(path.stem) if not _names(text, key)]
    assert missing == []


def _names(text: str, key: str) -> bool:
    """Whether ``text`` names a promise, in full or by its parts."""
    benchmark, _, part = key.partition(".")
    return f'"{key}"' in text or (f'f"{benchmark}.{{name}}' in text and f'"{part.removesuffix("_p99")}"' in text)


@pytest.mark.parametrize(
    ("bound", "value", "kept"),
    [("at most", 2.0, True), ("at most", 2.1, False), ("at least", 2.0, True), ("at least", 1.9, False)],
)
def test_promise_is_kept_on_the_right_side_of_its_floor(
    bound: Literal["at most", "at least"], value: float, kept: bool
) -> None:
    assert promises.Promise("", bound, 2, "x").kept_by(value) == kept


@pytest.mark.parametrize("name", ["single", "large"])
def test_a_benchmark_that_fails_is_rows_without_values(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "HERE", ROOT / "no such folder")
    assert run.run(name) == [
        {
            "name": promise.title,
            "value": None,
            "unit": promise.unit,
            "bound": promise.bound,
            "floor": promise.floor,
            "ok": False,
        }
        for promise in promises.promises_of(name).values()
    ]


def test_a_benchmark_is_ended_with_what_it_has_started() -> None:
    text = "import subprocess; p = subprocess.Popen(['sleep', '600']); print('started', flush=True); p.wait()"
    line = [sys.executable, "-c", text]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        run.end(process)
        assert process.stdout.read() == ""  # comes when nobody holds the other end any more
