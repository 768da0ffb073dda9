"""The wheel, built from the sdist, in a clean environment outside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql import deployment, migrate
from pymlsql.examples.pdm.declaration import PROJECT
from pymlsql.registry import modules

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pymlsql", "sql", "migrations", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")

pytestmark = pytest.mark.timeout(300)


def run(*line: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command without this checkout on its path."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYMLSQL_URL"}}
    return subprocess.run(
        [str(word) for word in line],
        cwd=cwd,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy: a build/ left in the checkout would find its way into the next wheel."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    done = run(sys.executable, "-m", "build", "--outdir", source / "dist", source, cwd=source)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next((source / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The bin folder of a venv with the wheel; its dependencies come from the environment that runs the tests."""
    place = tmp_path_factory.mktemp("clean")
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    done = run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=place
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    inside = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).stdout.strip()
    # A line in a .pth adds the folder but not the .pth files in it: the editable checkout stays out.
    (Path(inside) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    yield place / "bin"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path


def test_the_wheel_itself_is_what_runs(clean: Path, outside: Path) -> None:
    done = run(clean / "python", "-c", "import pymlsql; print(pymlsql.__file__)", cwd=outside)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(clean.parent)


def test_help_and_version(clean: Path, outside: Path) -> None:
    done = run(clean / "pymlsql", "--help", cwd=outside)
    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout
    assert run(clean / "pymlsql", "--version", cwd=outside).stdout.startswith("pymlsql ")


def test_templates_and_migrations_are_in_the_wheel(clean: Path, outside: Path) -> None:
    rendered = run(clean / "pymlsql", "render", "--example", "pdm", cwd=outside)
    assert rendered.returncode == 0, rendered.stderr
    assert rendered.stdout == deployment.render_script(PROJECT.modules)
    history = run(clean / "pymlsql", "db", "sql", cwd=outside)
    assert history.returncode == 0, history.stderr
    assert history.stdout == migrate.render_sql() + deployment.render_script(modules.render_all())


@pytest.mark.parametrize(
    ("line", "code"),
    [("nonsense", 2), ("train --url nonsense", 2), ("model push no.pkl", 1), ("db current", 3), ("server status", 3)],
)
def test_a_wrong_line_gives_one_line_and_its_code(clean: Path, outside: Path, line: str, code: int) -> None:
    done = run(clean / "pymlsql", *line.split(), cwd=outside, XDG_DATA_HOME=str(outside))
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("pymlsql: ")
    assert done.stderr.count("\n") == 1


def test_the_servers_python_scripts_are_in_the_wheel(clean: Path, outside: Path) -> None:
    code = "from pymlsql import _resources; print(len(_resources.read_text('sql', 'scripts/score.py')) > 100)"
    done = run(clean / "python", "-c", code, cwd=outside)
    assert done.stdout.strip() == "True", done.stderr


def test_a_server_starts_from_the_wheel(clean: Path, outside: Path) -> None:
    demo = run(
        clean / "pymlsql", "demo", "--machines", "20", "--days", "30", cwd=outside, XDG_DATA_HOME=str(outside)
    )  # fmt: skip
    assert demo.returncode == 0, demo.stderr
    assert "macro-F1" in demo.stdout
