"""Where a run comes from: the program and the commit it was at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pymlsql.tracking.values import MAX_PATH

DIRTY = "-dirty"
MAX_COMMIT = 64
GIT_TIMEOUT_S = 10.0


def find_source() -> str:
    """The program that runs: the script, `pymlsql` itself, or "notebook" and "interactive" where there is none."""
    if "ipykernel" in sys.modules:
        return "notebook"
    script = sys.argv[0] if sys.argv else ""
    if script in ("", "-", "-c"):
        return "interactive"
    path = Path(script)
    words = [path.name, *sys.argv[1:2]] if path.stem == "pymlsql" else [str(path)]
    return " ".join(words).encode("utf-8", "replace").decode()[:MAX_PATH]


def find_commit(folder: Path | None = None) -> str | None:
    """The commit of the repository around the running script, else around the current folder, or `folder`.

    Ends in "-dirty" where tracked files differ from it. None where there is no repository or no git.
    """
    folder = _place() if folder is None else folder
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return commit[: MAX_COMMIT - len(DIRTY)] + DIRTY if changed is None or changed else commit[:MAX_COMMIT]


def _place() -> Path:
    script = Path(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-", "-c") else None
    if script is not None and script.suffix == ".py" and script.is_file():
        return script.resolve().parent
    return Path.cwd()


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, or None where it fails, is not there, or takes too long."""
    line = ["git", "-C", str(folder), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(
            line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
