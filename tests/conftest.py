"""What every test may ask for: a server, connections to it, data; and the closing lines of a run."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import servers

pyodbc = pytest.importorskip("pyodbc", exc_type=ImportError)
pyodbc.pooling = False

LOCK_TIMEOUT_MS = 10_000
"""A test that left a transaction open is to make the next one fail, not wait for ever."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--soak-s=N``: run the tests marked soak, and only them, N seconds in all."""
    parser.addoption("--soak-s", type=float, default=None, metavar="N", help="run only soak tests, N seconds in all")


def pytest_configure(config: pytest.Config) -> None:
    """`make test` asks Hypothesis for the same examples each time; `make soak` looks for new ones."""
    if config.getoption("--soak-s") is None:
        hypothesis.settings.register_profile("same", derandomize=True)
        hypothesis.settings.load_profile("same")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Soak tests run in `make soak` only, everything else in `make test` only."""
    soaking = config.getoption("--soak-s") is not None
    kept = [item for item in items if (item.get_closest_marker("soak") is not None) == soaking]
    left = [item for item in items if item not in kept] if len(kept) < len(items) else []
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.fixture
def soak_s(request: pytest.FixtureRequest) -> float:
    """This test's share of the soak budget in seconds; it is to stop by itself when that is over."""
    budget: float = request.config.getoption("--soak-s")
    n_tests = sum(item.get_closest_marker("soak") is not None for item in request.session.items)
    return max(1.0, 0.9 * budget / n_tests)


# --- servers ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server() -> Iterator[servers.Target]:
    """The server under test: PYMLSQL_TEST_URL's, else one embedded server for the whole run, in memory."""
    url = os.environ.get("PYMLSQL_TEST_URL")
    if url:
        yield servers.real(url)
        return
    with servers.running() as target:
        yield target


@pytest.fixture(scope="session")
def embedded(server: servers.Target) -> servers.Target:
    """The same, for tests of what only the embedded server does."""
    if not server.embedded:
        pytest.skip("PYMLSQL_TEST_URL names a real server; this test is about the embedded one")
    return server


@pytest.fixture
def connect(server: servers.Target) -> Iterator[Callable[..., Any]]:
    """Opens pyodbc connections (autocommit unless told otherwise), closed when the test is over."""
    opened: list[Any] = []

    def open_one(**options: Any) -> Any:
        connection = pyodbc.connect(server.odbc, **{"autocommit": True, "timeout": 20, **options})
        connection.execute(f"SET LOCK_TIMEOUT {LOCK_TIMEOUT_MS}")
        if options.get("autocommit") is False:
            connection.rollback()
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        with contextlib.suppress(pyodbc.ProgrammingError):
            connection.close()


@pytest.fixture(scope="module")
def connection(server: servers.Target) -> Iterator[Any]:
    """One pyodbc connection in autocommit mode, shared by the tests of a module."""
    made = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    made.execute(f"SET LOCK_TIMEOUT {LOCK_TIMEOUT_MS}")
    yield made
    made.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory of a test's own."""
    return tmp_path / "data"


# --- data ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PdmData:
    """Predictive maintenance data as five CSV files; ``is_real`` tells the published data from generated data."""

    directory: Path
    is_real: bool


def _real_data() -> Path | None:
    named = os.environ.get("PYMLSQL_PDM_DATA")
    if not named:
        return None
    directory = Path(named)
    if not (directory / "telemetry.csv").is_file():
        raise pytest.UsageError(f"PYMLSQL_PDM_DATA names {directory}, where there is no telemetry.csv")
    return directory


@pytest.fixture(scope="session")
def pdm_data(tmp_path_factory: pytest.TempPathFactory) -> PdmData:
    """The real CSV files where PYMLSQL_PDM_DATA names them, else files made by the seeded generator."""
    real = _real_data()
    if real is not None:
        return PdmData(real, is_real=True)
    from pymlsql.examples.pdm import generator

    directory = tmp_path_factory.mktemp("pdm")
    for name, frame in generator.generate(n_machines=20, n_days=90, seed=1).items():
        frame.to_csv(directory / f"{name}.csv", index=False)
    return PdmData(directory, is_real=False)


# --- the closing lines -----------------------------------------------------------------------------------------------



def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which data and which server were used, and why tests were skipped, before pytest's own last line."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    real_server = os.environ.get("PYMLSQL_TEST_URL")
    write = terminalreporter.write_line
    terminalreporter.write_sep("-", "what was tested")
    write("server: " + ("a real SQL Server (PYMLSQL_TEST_URL)" if real_server else "embedded"))
    if os.environ.get("PYMLSQL_PDM_DATA"):
        write("data: real (PYMLSQL_PDM_DATA)")
    else:
        write("data: generated; PYMLSQL_PDM_DATA names no real data")
    for reason, count in reasons.most_common():
        write(f"skipped {count}: {reason}")
