"""Other Pythons that tests run code in: a real 3.7 with the packages that SQL Server 2017 and 2019 ship, and today's
with older releases of scikit-learn."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PYTHON37_PACKAGES = ("numpy==1.21.6", "pandas==0.24.2", "scikit-learn==0.20.2", "pyarrow==12.*")
"""Of these SQL Server has pandas 0.24 and scikit-learn 0.20; pyarrow is what our satellites need beside them."""

RELEASES = {
    "1.2": ("scikit-learn==1.2.2", "numpy==1.26.4", "pandas==2.1.4", "pyarrow==16.1.0"),
    "1.4": ("scikit-learn==1.4.2", "numpy==1.26.4", "pandas==2.2.3", "pyarrow==16.1.0"),
}
"""Releases of scikit-learn that run on Python 3.11, with what was current beside them."""

_CACHE = Path(__file__).resolve().parent.parent / ".cache"


def require_python37() -> Path:
    """The interpreter of a 3.7 venv with PYTHON37_PACKAGES, made once and kept in .cache; skips where there is none."""
    python, why_not = _python37()
    if python is None:
        pytest.skip(why_not)
    return python


def require_release(release: str) -> Path:
    """The interpreter of a Python 3.11 venv with a scikit-learn of RELEASES, made once; skips where it cannot be."""
    python, why_not = _python311(release)
    if python is None:
        pytest.skip(why_not)
    return python


@functools.cache
def _python37() -> tuple[Path | None, str]:
    system = next(filter(_runs, _candidates()), None)
    if system is None:
        return None, "no Python 3.7 on this machine"
    return _installed("py37", system, PYTHON37_PACKAGES)


@functools.cache
def _python311(release: str) -> tuple[Path | None, str]:
    if sys.version_info[:2] != (3, 11):
        return None, f"scikit-learn {release} is tried on Python 3.11, and this is another"
    return _installed(f"sklearn{release}", Path(sys.executable).resolve(), RELEASES[release])


def _installed(name: str, system: Path, packages: tuple[str, ...]) -> tuple[Path | None, str]:
    """The interpreter of a venv of `system` with `packages`, or why there is none."""
    digest = hashlib.sha256("\n".join((str(system), *packages)).encode()).hexdigest()[:8]
    folder = _CACHE / f"{name}-{digest}"
    python = folder / "bin" / "python"
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "complete").exists():
            return python, ""
        shutil.rmtree(folder, ignore_errors=True)
        for command in (
            [system, "-m", "venv", folder],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
        ):
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=110)
            if done.returncode != 0:
                last = (done.stderr.strip() or "no message").splitlines()[-1]
                return None, f"the packages of {name} cannot be installed here: {last}"
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
