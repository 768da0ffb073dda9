"""SQLAlchemy's own test suite for dialects, in a process of its own against a server of its own.

tests/sqla holds what it is asked with: ``requirements.py`` says what is left out, and why.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyodbc
import pytest
from sqlalchemy import create_engine, text

from tests import servers

SUITE = Path(__file__).resolve().parents[1] / "sqla"
SLOWER = "not get_multi and not get_table_options and not Bizarro and not JSONTest and not TableViaSelect"


def run_suite(*options: str, within_s: float) -> str:
    """The last lines of the suite's run. Fails with all of it where a test failed."""
    with servers.running() as own:
        with pyodbc.connect(own.odbc, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA test_schema")
        command = [
            sys.executable, "-m", "pytest", "-c", str(SUITE / "pytest.ini"), str(SUITE / "suite.py"), "-q",
            "--dburi", own.sqlalchemy_url, *options,
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=within_s, check=False, env=servers.clean_environment()
        )
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
        assert "Traceback" not in own.stderr(), own.stderr()[-5000:]
    return done.stdout[-500:]


def n_passed(told: str) -> int:
    """How many tests passed, by pytest's last line."""
    words = told.split()
    return int(words[words.index("passed,") - 1])


@pytest.mark.timeout(200)
def test_suite_passes() -> None:
    assert n_passed(run_suite("-k", SLOWER, within_s=180)) > 500


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_whole_suite_passes() -> None:
    assert n_passed(run_suite(within_s=1200)) > 1200


def test_nothing_is_left_out_without_a_reason() -> None:
    code = "from tests.sqla.requirements import closed_without_reason; print(closed_without_reason())"
    root = SUITE.parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("level", ["READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_isolation_level_is_what_was_set(server: servers.Target, level: str) -> None:
    engine = create_engine(server.sqlalchemy_url)
    with engine.connect().execution_options(isolation_level=level) as connection:
        assert connection.scalar(text("SELECT 1")) == 1
        assert connection.get_isolation_level() == level
    engine.dispose()
