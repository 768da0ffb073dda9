"""The commit and the program that a run comes from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pymlsql.tracking import origin


def git(folder: Path, *arguments: str) -> str:
    line = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("x = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_the_commit_is_that_of_the_folder(repository: Path) -> None:
    assert origin.find_commit(repository) == git(repository, "rev-parse", "HEAD")


def test_a_changed_file_makes_it_dirty(repository: Path) -> None:
    (repository / "a.py").write_text("x = 2\n")
    assert origin.find_commit(repository) == git(repository, "rev-parse", "HEAD") + "-dirty"


def test_a_file_that_git_does_not_know_does_not(repository: Path) -> None:
    (repository / "new.txt").write_text("x")
    assert origin.find_commit(repository) == git(repository, "rev-parse", "HEAD")


def test_without_a_repository_or_a_commit_there_is_none(tmp_path: Path) -> None:
    assert origin.find_commit(tmp_path / "nowhere") is None
    git(tmp_path, "init", "-q")
    assert origin.find_commit(tmp_path) is None


@pytest.mark.parametrize(
    ("argv", "source"),
    [
        (["/x/bin/pymlsql", "train", "--push"], "pymlsql train"), (["jobs/train.py", "1"], "jobs/train.py"),
        ([""], "interactive"), (["-c"], "interactive"),
    ],
)  # fmt: skip
def test_the_source_is_the_program(argv: list[str], source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert origin.find_source() == source
