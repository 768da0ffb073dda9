"""What scripts written for SQL Server's revoscalepy find here: the loopback connection, and reading through it.

It is not Microsoft's revoscalepy and has none of its algorithms. Valid for Python 3.7.
"""

from __future__ import annotations

import glob
import importlib
import importlib.util
import os
import platform
import sys
from typing import Any

__all__ = ["RxSqlServerData", "rx_data_step", "rx_get_sql_loopback_connection_string", "rx_import"]

_MAX_VALUES = 3000000
_INT_DIGITS = 10
_MICROSOFTS = ("SQL Server", "ODBC Driver 11 for SQL Server", "ODBC Driver 13 for SQL Server",
               "ODBC Driver 17 for SQL Server", "ODBC Driver 18 for SQL Server")  # fmt: skip


def _absence(name: str) -> str:
    return "pymlsql's stand-in for revoscalepy has no {} yet; it has {}.".format(name, ", ".join(__all__))


def __getattr__(name: str) -> Any:
    raise AttributeError(name if name.startswith("__") else _absence(name))


class _Absent:
    """Python asks for a submodule of each name that a script imports from here and that is not here."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        if name.startswith(__name__ + "."):
            raise ImportError(_absence(name[len(__name__) + 1 :]))


sys.meta_path.insert(0, _Absent)


def rx_get_sql_loopback_connection_string(name_of_database: str, odbc_driver: str) -> str:
    """A connection string to the server that runs this script, as the user who called it; valid while it runs.

    ``odbc_driver`` is a name or a path. Where one of Microsoft's names is not known on this machine, another of
    Microsoft's drivers stands in for it.
    """
    satellite = sys.modules.get("_pymlsql_satellite")
    if satellite is None:
        raise RuntimeError("There is a loopback connection in the scripts of sp_execute_external_script only.")
    server = satellite.loopback.ask()
    parts = [
        ("Driver", _quoted(_find_driver(odbc_driver))),
        ("Server", f"tcp:127.0.0.1,{server['port']}"),
        ("Database", _quoted(name_of_database)),
        ("UID", _quoted(server["user"])),
        ("PWD", _quoted(server["password"])),
        ("TrustServerCertificate", "Yes"),
        ("Encrypt", "Yes"),
    ]
    return ";".join("{}={}".format(*part) for part in parts)


def _quoted(value: str) -> str:
    plain = value.replace(" ", "").replace("_", "").replace("-", "").isalnum()
    return value if plain else "{{{}}}".format(value.replace("}", "}}"))


def _find_driver(name: str) -> str:
    if name not in _MICROSOFTS:
        return name
    try:
        known = importlib.import_module("pyodbc").drivers()
    except ImportError:
        known = []
    if name in known:
        return name
    newest = sorted(set(_MICROSOFTS[1:]) & set(known), reverse=True)
    return newest[0] if newest else (_bundled_driver() or name)


def _bundled_driver() -> str:
    """Microsoft's driver inside the wheel mssql-python-odbc, or ""."""
    spec = importlib.util.find_spec("mssql_python_odbc")
    places = list(spec.submodule_search_locations or []) if spec is not None else []
    if not places:
        return ""
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    family = "alpine" if os.path.exists("/etc/alpine-release") else "debian_ubuntu"
    if os.path.exists("/etc/redhat-release"):
        family = "rhel"
    pattern = os.path.join(places[0], "libs", "linux", family, machine, "lib", "libmsodbcsql*")
    return max(glob.glob(pattern), default="")


class RxSqlServerData:
    """A table or a query to read with rx_data_step or rx_import."""

    def __init__(self, connection_string: Any = None, table: Any = None, sql_query: Any = None, **options: Any) -> None:
        if options:
            raise NotImplementedError(
                "pymlsql's stand-in for revoscalepy takes connection_string, table and sql_query of RxSqlServerData; "
                "not {}.".format(", ".join(sorted(options)))
            )
        if connection_string is None or (table is None) == (sql_query is None):
            raise ValueError("RxSqlServerData needs a connection_string, and one of table and sql_query.")
        self.connection_string = connection_string
        self.query = sql_query if sql_query is not None else f"SELECT * FROM {table}"


def rx_data_step(input_data: Any = None, **options: Any) -> Any:
    """The rows of a RxSqlServerData as a DataFrame, typed as the columns of InputDataSet are."""
    return _read("rx_data_step", input_data, options)


def rx_import(input_data: Any = None, **options: Any) -> Any:
    """The rows of a RxSqlServerData as a DataFrame, typed as the columns of InputDataSet are."""
    return _read("rx_import", input_data, options)


def _read(function: str, source: Any, options: Any) -> Any:
    if options or not isinstance(source, RxSqlServerData):
        raise NotImplementedError(
            f"pymlsql's stand-in for revoscalepy has {function}(RxSqlServerData(...)) without further arguments."
        )
    try:
        pyodbc = importlib.import_module("pyodbc")
    except ImportError as problem:
        raise ImportError(f"Reading a RxSqlServerData needs pyodbc in {sys.executable}: {problem}") from None
    connection = pyodbc.connect(source.connection_string, autocommit=True)
    try:
        cursor = connection.cursor()
        cursor.execute(source.query)
        if cursor.description is None:
            raise ValueError("The query of the RxSqlServerData gives no rows.")
        rows = cursor.fetchmany(_MAX_VALUES // len(cursor.description) + 1)
        if len(rows) * len(cursor.description) > _MAX_VALUES:
            raise NotImplementedError(
                f"The result has more than {_MAX_VALUES:,} values, of which revoscalepy would leave out some. Read it "
                "with pyodbc."
            )
        return _frame(cursor.description, rows)
    finally:
        connection.close()


def _frame(description: Any, rows: Any) -> Any:
    pandas = importlib.import_module("pandas")
    columns = [_series(pandas, column, [row[place] for row in rows]) for place, column in enumerate(description)]
    frame = pandas.concat(columns, axis=1) if columns else pandas.DataFrame()
    frame.columns = [column[0] for column in description]
    return frame


def _series(pandas: Any, column: Any, values: Any) -> Any:
    name, kind, digits = column[0], column[1].__name__, column[4]
    if (kind == "int" and digits > _INT_DIGITS) or kind in ("float", "Decimal"):
        return pandas.Series([None if value is None else float(value) for value in values], dtype="float64")
    if kind in ("int", "bool"):
        if None in values:
            raise ValueError(
                f"Column '{name}' holds NULL, which has no place in an int or bit column of a script; CAST it to float."
            )
        return pandas.Series(values, dtype="int32" if kind == "int" else "bool")
    if kind in ("datetime", "date"):
        return pandas.to_datetime(pandas.Series(values, dtype="object"))
    if kind in ("str", "bytes", "bytearray"):
        return pandas.Series([bytes(value) if kind == "bytearray" and value is not None else value for value in values],
                             dtype="object")  # fmt: skip
    raise ValueError(f"Column '{name}' is of a type that a script cannot be given; CAST it.")
