"""Other Pythons that tests run code in: a real 3.7 with the packages that SQL Server 2017 and 2019 ship."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PYTHON37_PACKAGES = ("numpy==1.21.6", "pandas==0.24.2", "scikit-learn==0.20.2", "pyarrow==12.*")
"""Of these SQL Server has pandas 0.24 and scikit-learn 0.20; pyarrow is what our satellites need beside them."""

_CACHE = Path(__file__).resolve().parent.parent / ".cache"


def require_python37() -> Path:
    """The interpreter of a 3.7 venv with PYTHON37_PACKAGES, made once and kept in .cache; skips where there is none."""
    python, why_not = _python37()
    if python is None:
        pytest.skip(why_not)
    return python


@functools.cache
def _python37() -> tuple[Path | None, str]:
    system = next(filter(_runs, _candidates()), None)
    if system is None:
        return None, "no Python 3.7 on this machine"
    digest = hashlib.sha256("\n".join((str(system), *PYTHON37_PACKAGES)).encode()).hexdigest()[:8]
    folder = _CACHE / f"py37-{digest}"
    python = folder / "bin" / "python"
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / "py37.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "complete").exists() and _runs(python):
            return python, ""
        shutil.rmtree(folder, ignore_errors=True)
        for command in (
            [system, "-m", "venv", folder],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON37_PACKAGES],
        ):
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=110)
            if done.returncode != 0:
                last = (done.stderr.strip() or "no message").splitlines()[-1]
                return None, f"the Python 3.7 packages cannot be installed here: {last}"
        (folder / "complete").touch()
    return python, ""


def _candidates() -> Iterator[Path]:
    """Every place where a 3.7 may be; a pyenv shim on the PATH may exist without running."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(root.glob("versions/3.7*/bin/python3.7"))
    found = shutil.which("python3.7")
    if found:
        yield Path(found)


def _runs(python: Path) -> bool:
    check = "import sys; sys.exit(sys.version_info[:2] != (3, 7))"
    try:
        return subprocess.run([str(python), "-c", check], capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False
