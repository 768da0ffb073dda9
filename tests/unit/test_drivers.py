"""Targets as people write them, and the driver they end at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql import drivers
from pymlsql.drivers import Driver
from pymlsql.errors import DriverError, SettingsError


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose only driver lies at a path."""
    monkeypatch.setattr(drivers, "find_driver", lambda: Driver("pyodbc", "/opt/libmsodbcsql.so"))
    monkeypatch.setattr(drivers, "load_pyodbc", lambda: None)
    yield


@pytest.fixture
def no_libodbc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without libodbc, but with mssql-python."""
    monkeypatch.setattr(drivers, "find_driver", lambda: Driver("mssqlpython", None))
    monkeypatch.setattr(drivers, "load_pyodbc", lambda: "libodbc.so.2 is missing")
    monkeypatch.setattr(drivers, "find_mssql_python", lambda: True)
    yield


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("SERVER=h;UID=sa", {"server": "h", "uid": "sa"}),
        ("Driver={ODBC Driver 18 for SQL Server};Pwd={a;b}}c}; ", {
            "driver": "ODBC Driver 18 for SQL Server", "pwd": "a;b}c",
        }),
        ("SERVER=first;server=second", {"server": "first"}),
        ("PWD=;SERVER=h;", {"pwd": "", "server": "h"}),
    ],
    ids=["plain", "braces", "first of two counts", "empty value"],
)  # fmt: skip
def test_odbc_strings_are_read_as_odbc_reads_them(text: str, values: dict[str, str]) -> None:
    assert drivers.parse_odbc(text) == values
    assert drivers.parse_odbc(drivers.render_odbc(values)) == values


@pytest.mark.parametrize("text", ["SERVER", "SERVER=h;nonsense", "=x", "PWD={open"])
def test_what_is_no_odbc_string_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        drivers.parse_url(text)


@pytest.mark.usefixtures("bundled")
def test_a_target_without_driver_gets_the_machines() -> None:
    url = drivers.parse_url("mssql+pyodbc://sa:x@h:1433/db")
    assert url.query["driver"] == "/opt/libmsodbcsql.so"
    assert drivers.parse_url("mssql://sa:x@h:1433/db").drivername == "mssql+pyodbc"
    connect = drivers.parse_url("SERVER=h;UID=sa;PWD=x").query["odbc_connect"]
    assert connect == "DRIVER={/opt/libmsodbcsql.so};SERVER=h;UID=sa;PWD=x"


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize(
    "text",
    [
        "mssql+pyodbc://sa:x@h:1433/db?driver=Mine",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3DMine%3BSERVER%3Dh",
        "DRIVER={Mine};SERVER=h",
        "mssql+pyodbc://mydsn",
    ],
)
def test_a_named_driver_stays(text: str) -> None:
    url = drivers.parse_url(text)
    shown = str(url.query.get("driver") or url.query.get("odbc_connect"))
    assert "Mine" in shown or "mydsn" in text


@pytest.mark.usefixtures("no_libodbc")
@pytest.mark.parametrize(
    "text", ["mssql+pyodbc://sa:x@h:1433/db", "mssql://sa:x@h/db", "SERVER=h;UID=sa", "DRIVER={x};SERVER=h;UID=sa"]
)
def test_without_libodbc_mssql_python_is_used(text: str) -> None:
    url = drivers.parse_url(text)
    assert url.drivername == "mssql+mssqlpython"
    assert "driver" not in str(url.query.get("odbc_connect", "")).lower()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("somewhere", "must be 'embedded'"),
        ("postgresql://h/db", "is not SQL Server"),
        ("mssql+pyodbc://h:port/db", "cannot be read"),
        ("UID=sa;PWD=s3cret", "names no SERVER"),
    ],
)
def test_a_target_that_is_none_is_refused_without_its_password(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        drivers.parse_url(text)
    assert "s3cret" not in str(caught.value)


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("mssql+pyodbc://sa:x@h:14330/db", ("h", 14330)),
        ("mssql+pyodbc://sa:x@h/db", ("h", 1433)),
        ("SERVER=tcp:127.0.0.1,14330;UID=sa", ("127.0.0.1", 14330)),
        ("SERVER=h;UID=sa", ("h", 1433)),
        ("SERVER=h\\instance;UID=sa", None),
        ("SERVER=np:h;UID=sa;", None),
        ("DSN=mine", None),
    ],
)
def test_the_port_is_known_where_the_target_says_it(text: str, endpoint: tuple[str, int] | None) -> None:
    assert drivers.parse_endpoint(drivers.parse_url(text)) == endpoint


def test_no_driver_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    drivers.find_driver.cache_clear()
    monkeypatch.setattr(drivers, "load_pyodbc", lambda: "libodbc.so.2: cannot open")
    monkeypatch.setattr(drivers, "find_mssql_python", lambda: False)
    with pytest.raises(DriverError, match="apt-get install unixodbc"):
        drivers.find_driver()
    monkeypatch.setattr(drivers, "load_pyodbc", lambda: None)
    monkeypatch.setattr(drivers, "installed_drivers", list)
    monkeypatch.setattr(drivers, "bundled_driver", lambda: None)
    with pytest.raises(DriverError, match="No ODBC driver"):
        drivers.find_driver()
    monkeypatch.setattr(drivers, "bundled_driver", lambda: Path("/opt/lib.so"))
    assert drivers.find_driver() == Driver("pyodbc", "/opt/lib.so")
    monkeypatch.setattr(drivers, "installed_drivers", lambda: ["ODBC Driver 18 for SQL Server"])
    drivers.find_driver.cache_clear()
    assert drivers.find_driver() == Driver("pyodbc", "ODBC Driver 18 for SQL Server")
    drivers.find_driver.cache_clear()


def test_the_bundled_driver_is_a_file() -> None:
    path = drivers.bundled_driver()
    if path is None:
        pytest.skip("the mssql-python-odbc wheel is not installed")
    assert path.is_file()
