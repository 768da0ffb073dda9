"""What setup.cfg says of the package is what lies on the disk."""

from __future__ import annotations

import configparser
import subprocess
import sys

import pytest

from tests.meta.sources import PACKAGE, ROOT, name_of, package_files

TEMPLATE_ROOTS = {"pymlsql.sql", "pymlsql.migrations"}


@pytest.fixture(scope="module")
def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_packages_in_setup_cfg_are_those_on_disk(setup_cfg: configparser.ConfigParser) -> None:
    """A package missing from the list is dropped from the wheel silently."""
    listed = set(setup_cfg["options"]["packages"].split())
    on_disk = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in package_files() if path.name == "__init__.py"
    }
    assert listed == on_disk | TEMPLATE_ROOTS


def test_every_folder_with_python_files_is_a_package() -> None:
    folders = {path.parent for path in package_files()}
    assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_top_level_folders_of_the_package_exist(setup_cfg: configparser.ConfigParser) -> None:
    mapping = dict(line.split(" = ") for line in setup_cfg["options"]["package_dir"].strip().splitlines())
    assert set(mapping) == {PACKAGE.name, *TEMPLATE_ROOTS}
    assert [folder for folder in mapping.values() if not (ROOT / folder).is_dir()] == []


def test_package_data_patterns_reach_every_data_file(setup_cfg: configparser.ConfigParser) -> None:
    """Each file of sql/ and migrations/ that is no byte code is covered by a pattern, so it is in the wheel."""
    patterns = setup_cfg["options.package_data"]
    for package, folder in (("pymlsql.sql", "sql"), ("pymlsql.migrations", "migrations")):
        root = ROOT / folder
        covered = {path for pattern in patterns[package].split(",") for path in root.glob(pattern.strip())}
        there = {path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        assert sorted(map(name_of, there - covered)) == []


def test_import_of_the_package_stays_light() -> None:
    """`import pymlsql` and the command line's first line load no database, query or learning library."""
    heavy = ("duckdb", "sqlglot", "sklearn", "pandas", "numpy", "sqlalchemy", "alembic", "pyodbc", "pyarrow")
    program = f"import sys, pymlsql; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
