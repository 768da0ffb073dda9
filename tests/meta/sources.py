"""The project's own files, as the meta tests look at them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pymlsql"

_NOT_OURS = {".git", ".venv", ".cache", ".setup", ".hypothesis", "build", "dist", "out", "__pycache__",
             ".ipynb_checkpoints"}  # fmt: skip


def _is_ours(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return not any(part in _NOT_OURS or part.endswith((".egg-info", "_cache")) for part in parts)


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Every file of the project with one of ``suffixes`` (all files when none is given), in a fixed order."""
    found = (path for path in ROOT.rglob("*") if path.is_file() and _is_ours(path))
    return tuple(sorted(path for path in found if not suffixes or path.suffix in suffixes))


@cache
def package_files() -> tuple[Path, ...]:
    """The Python files that are installed."""
    return tuple(sorted(path for path in PACKAGE.rglob("*.py") if _is_ours(path)))


def name_of(path: Path) -> str:
    """A path as test ids and messages show it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
