"""Who may import whom; setup.cfg holds the contracts, this runs them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.meta.sources import PACKAGE, ROOT, name_of, package_files, tree

# A satellite binds the libraries that it will load by the environment of its own process.
MAY_READ_THE_ENVIRONMENT = {"pymlsql/settings.py", "pymlsql/embedded/satellite/models.py",
                            "pymlsql/embedded/satellite/sandbox.py", "pymlsql/embedded/satellite/script.py",
                            "pymlsql/embedded/satellite/worker.py"}  # fmt: skip


def test_import_contracts_are_kept() -> None:
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}


def _reads_of_the_environment(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            if node.attr in _ENVIRONMENT:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and _ENVIRONMENT & {a.name for a in node.names}:
            yield node.lineno


@pytest.mark.parametrize("path", package_files(), ids=name_of)
def test_environment_is_read_in_settings_only(path: Path) -> None:
    if name_of(path) in MAY_READ_THE_ENVIRONMENT:
        return
    assert list(_reads_of_the_environment(tree(path))) == []


def test_third_party_libraries_stay_in_their_folders() -> None:
    """duckdb in the engine, sqlglot in the language, ssl and asyncio in the glue; nothing else names them."""
    homes = {"duckdb": ("pymlsql/embedded/engine/",), "sqlglot": ("pymlsql/embedded/tsql/", "pymlsql/embedded/engine/")}
    strays = []
    for path in package_files():
        for node in ast.walk(tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names = [node.module]
            for library, folders in homes.items():
                if any(name.split(".")[0] == library for name in names) and not name_of(path).startswith(folders):
                    strays.append(f"{name_of(path)}:{node.lineno} imports {library}")
    assert strays == []


def test_python_that_runs_on_other_interpreters_is_valid_there() -> None:
    """The scripts inside procedures and the satellites' own files: Python 3.7 grammar, ASCII in sql/scripts."""
    servers_own = {"__init__", "calls", "channel", "isolation", "launchpad", "pool"}
    satellites = [path for path in (PACKAGE / "embedded/satellite").glob("*.py") if path.stem not in servers_own]
    shims = (PACKAGE / "embedded/satellite/shim").rglob("*.py")
    others = [*sorted((ROOT / "sql/scripts").glob("*.py")), *satellites, *shims]
    assert len(others) >= 3
    for path in others:
        text = path.read_text(encoding="utf-8")
        ast.parse(text, filename=str(path), feature_version=(3, 7))
        assert path.parent.name != "scripts" or text.isascii(), f"{name_of(path)} is not ASCII"
