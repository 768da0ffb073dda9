"""Which ODBC driver this machine has, and how SQLAlchemy reaches it.

Microsoft's driver comes installed (a name known to the driver manager) or inside the `mssql-python-odbc` wheel (a
path). pyodbc needs the system's libodbc; where that is missing, mssql-python loads the driver without it.
"""

from __future__ import annotations

import importlib
import importlib.util
import platform
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from pymlsql.errors import DriverError, SettingsError

INSTALLED_NAMES = ("ODBC Driver 18 for SQL Server", "ODBC Driver 17 for SQL Server")

_ODBC_PAIR = re.compile(r"\s*([^=;{}]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)\s*(?:;|$)")


@dataclass(frozen=True, slots=True)
class Driver:
    """A way to SQL Server: the SQLAlchemy driver name and, for pyodbc, what DRIVER= must say."""

    dialect: Literal["pyodbc", "mssqlpython"]
    odbc: str | None


def load_pyodbc() -> str | None:
    """None where pyodbc can be imported; else why not (most often: libodbc is missing)."""
    try:
        pyodbc: Any = importlib.import_module("pyodbc")
    except ImportError as error:
        return str(error)
    pyodbc.pooling = False  # SQLAlchemy pools; a second pool would hand out connections with stale session state
    return None


def installed_drivers() -> list[str]:
    """Microsoft's drivers that the driver manager knows by name, newest first; empty where libodbc is missing."""
    if load_pyodbc() is not None:
        return []
    known = set(importlib.import_module("pyodbc").drivers())
    return [name for name in INSTALLED_NAMES if name in known]


def bundled_driver() -> Path | None:
    """The driver library inside the mssql-python-odbc wheel that fits this platform, if the wheel is installed."""
    spec = importlib.util.find_spec("mssql_python_odbc")
    if spec is None or not spec.submodule_search_locations:
        return None
    libs = Path(next(iter(spec.submodule_search_locations))) / "libs"
    system = platform.system()
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    if system == "Linux":
        pattern = f"linux/{_linux_family()}/{machine}/lib/libmsodbcsql*"
    elif system == "Darwin":
        pattern = f"macos/{machine}/lib/libmsodbcsql*.dylib"
    else:
        return None
    return next(iter(sorted(libs.glob(pattern), reverse=True)), None)


def _linux_family() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "debian_ubuntu"
    names = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    for family, members in (
        ("alpine", {"alpine"}),
        ("rhel", {"rhel", "fedora", "centos"}),
        ("suse", {"suse", "opensuse", "sles"}),
    ):
        if names & members:
            return family
    return "debian_ubuntu"


def find_mssql_python() -> bool:
    """Whether Microsoft's mssql-python package is installed (it is not imported)."""
    return importlib.util.find_spec("mssql_python") is not None


@lru_cache(maxsize=1)
def find_driver() -> Driver:
    """The driver to use where the URL names none.

    Order: pyodbc with an installed driver, pyodbc with the bundled driver, mssql-python. Raises DriverError with
    the install line where there is none.
    """
    problem = load_pyodbc()
    if problem is None:
        installed = installed_drivers()
        if installed:
            return Driver("pyodbc", installed[0])
        bundled = bundled_driver()
        if bundled is not None:
            return Driver("pyodbc", str(bundled))
        raise DriverError(
            "No ODBC driver for SQL Server: pip install 'pymlsql[mssql-python]', or install Microsoft's msodbcsql18."
        )
    if find_mssql_python():
        return Driver("mssqlpython", None)
    raise DriverError(
        f"pyodbc cannot be loaded ({problem}): apt-get install unixodbc, or pip install 'pymlsql[mssql-python]'."
    )


def parse_odbc(text: str) -> dict[str, str]:
    """The keywords of an ODBC connection string in lower case, values without their braces.

    Raises SettingsError where the text is not a list of `KEY=value;`.
    """
    values: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _ODBC_PAIR.match(text, position)
        if match is None:
            if not text[position:].strip(" ;"):
                break
            raise SettingsError("The ODBC connection string must be KEY=value pairs joined by semicolons.")
        value = match[2].strip()
        if value.startswith("{") and value.endswith("}"):
            value = value[1:-1].replace("}}", "}")
        values.setdefault(match[1].lower(), value)  # ODBC: the first of two equal keywords counts
        position = match.end()
    return values


def render_odbc(values: dict[str, str]) -> str:
    """The connection string of `values`, braced where a value needs it."""
    parts = []
    for key, value in values.items():
        needs_braces = any(mark in value for mark in ";{}") or value != value.strip() or key == "driver"
        parts.append(f"{key.upper()}={'{' + value.replace('}', '}}') + '}' if needs_braces else value}")
    return ";".join(parts)


def describe_server(host: str, port: int, database: str, user: str, password: str) -> dict[str, str]:
    """Connection strings to a server with a certificate of its own, as this machine can use them.

    `odbc` works as it is in pyodbc.connect (without libodbc: in mssql_python.connect), `sqlalchemy_url` in
    create_engine. Where there is no driver at all they name the one to install.
    """
    try:
        driver = find_driver()
    except DriverError:
        driver = Driver("pyodbc", INSTALLED_NAMES[0])
    options = {"Encrypt": "yes", "TrustServerCertificate": "yes"}
    values = {"server": f"tcp:{host},{port}", "database": database, "uid": user, "pwd": password, **options}
    if driver.odbc is not None:
        values = {"driver": driver.odbc, **values}
        options["driver"] = driver.odbc
    url = URL.create(f"mssql+{driver.dialect}", user, password, host, port, database, query=options)
    return {"odbc": render_odbc(values), "sqlalchemy_url": url.render_as_string(hide_password=False)}


def parse_url(text: str) -> URL:
    """The SQLAlchemy URL of a target: a URL (`mssql+pyodbc://...`) or a plain ODBC connection string.

    A URL or string that names no driver gets the one this machine has. Raises SettingsError for other databases.
    """
    if "://" not in text.split(";", 1)[0]:
        if "=" not in text:
            raise SettingsError("The target must be 'embedded', an mssql+pyodbc:// URL or an ODBC connection string.")
        return _odbc_url(parse_odbc(text))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError("The URL cannot be read: mssql+pyodbc://USER:PASSWORD@HOST:PORT/DATABASE.") from None
    if url.get_backend_name() != "mssql":
        raise SettingsError(f"'{url.get_backend_name()}' is not SQL Server: the URL must begin with mssql+pyodbc://.")
    if url.drivername == "mssql":
        url = url.set(drivername=f"mssql+{find_driver().dialect}")
    if url.get_driver_name() not in ("pyodbc", "mssqlpython"):
        raise SettingsError(f"The driver {url.get_driver_name()} is not one of pymlsql's: use mssql+pyodbc:// or "
                            "mssql+mssqlpython://.")  # fmt: skip
    if url.get_driver_name() == "pyodbc" and not {"driver", "odbc_connect", "dsn"} & {key.lower() for key in url.query}:
        driver = find_driver()
        if driver.odbc is None:
            return url.set(drivername="mssql+mssqlpython")
        if url.host:
            url = url.update_query_dict({"driver": driver.odbc})
    return url


def _odbc_url(values: dict[str, str]) -> URL:
    if not values.keys() & {"server", "address", "addr", "dsn", "data source"}:
        raise SettingsError("The ODBC connection string names no SERVER.")
    if "driver" not in values and "dsn" not in values:
        driver = find_driver()
        if driver.odbc is None:
            return URL.create("mssql+mssqlpython", query={"odbc_connect": render_odbc(values)})
        values = {"driver": driver.odbc, **values}
    if load_pyodbc() is not None and find_mssql_python() and "dsn" not in values:
        rest = {key: value for key, value in values.items() if key != "driver"}
        return URL.create("mssql+mssqlpython", query={"odbc_connect": render_odbc(rest)})
    return URL.create("mssql+pyodbc", query={"odbc_connect": render_odbc(values)})


def parse_endpoint(url: URL) -> tuple[str, int] | None:
    """Host and TCP port of a URL, or None where the driver finds them out itself (a named instance, a DSN)."""
    connect = url.query.get("odbc_connect")
    if connect is None:
        return (url.host, url.port or 1433) if url.host and "\\" not in url.host else None
    if not isinstance(connect, str):
        return None
    server = parse_odbc(connect).get("server", "")
    match = re.fullmatch(r"(?:tcp:)?([\w.-]+)(?:,(\d+))?", server)
    return (match[1], int(match[2] or 1433)) if match else None
