"""Driver errors become one line with the server's number; DataFrames become plain rows."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from pymlsql import database
from pymlsql.errors import DatabaseError, DriverError, PymlsqlError, ServerNotRunning

MS = "[Microsoft][ODBC Driver 18 for SQL Server]"


class PyodbcError(Exception):
    """Shaped like pyodbc's: SQLSTATE, then everything the driver said."""


@pytest.mark.parametrize(
    ("state", "text", "kind", "number", "message"),
    [
        ("42S02", f"[42S02] {MS}[SQL Server]Invalid object name 'x'. (208) (SQLExecDirectW)",
         DatabaseError, 208, "Invalid object name 'x'."),
        ("42000", f"[42000] {MS}[SQL Server]A 'Python' script error occurred. (39004) (SQLExecDirectW); "
         f"[42000] {MS}[SQL Server]The script failed on rows 1 to 3. (51005)",
         DatabaseError, 51005, "The script failed on rows 1 to 3."),
        ("42000", f"[42000] {MS}[SQL Server]first (102) (SQLExecDirectW); [42000] {MS}[SQL Server]second (319)",
         DatabaseError, 102, "first"),
        ("42000", f"[42000] {MS}[SQL Server]two\nlines (50000) (SQLFetch)", DatabaseError, 50000, "two lines"),
        ("42000", f"[42000] {MS}[SQL Server]'age' is nvarchar(20) (not int) here. (51003) (SQLExecDirectW)",
         DatabaseError, 51003, "'age' is nvarchar(20) (not int) here."),
        ("28000", f"[28000] {MS}[SQL Server]Login failed for user 'sa'. (18456) (SQLDriverConnect)",
         DatabaseError, 18456, "Login failed for user 'sa'."),
        ("HYT00", f"[HYT00] {MS}Login timeout expired (0) (SQLDriverConnect)",
         ServerNotRunning, None, "Login timeout expired"),
        ("08S01", f"[08S01] {MS}TCP Provider: Error code 0x68 (104) (SQLExecDirectW)",
         ServerNotRunning, None, "TCP Provider"),
        ("01000", "[01000] [unixODBC][Driver Manager]Can't open lib '/x.so' : file not found (0) (SQLDriverConnect)",
         DriverError, None, "Can't open lib"),
        ("08001", f"[08001] {MS}SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed "
         "certificate] (-1) (SQLDriverConnect)", DatabaseError, None, "add TrustServerCertificate=yes"),
        ("22003", f"[22003] {MS}Numeric value out of range (0) (SQLExecute)",
         DatabaseError, None, "Numeric value out of range"),
    ],
    ids=["number", "thrown wins", "else the first", "one line", "numbers in the text", "login", "timeout", "lost",
         "no driver", "certificate", "client"],
)  # fmt: skip
def test_what_a_driver_says_becomes_one_line(
    state: str, text: str, kind: type[PymlsqlError], number: int | None, message: str
) -> None:
    error = database.translate(PyodbcError(state, text))
    assert type(error) is kind
    assert message in str(error)
    assert "\n" not in str(error)
    assert "Microsoft" not in str(error)
    if isinstance(error, DatabaseError):
        assert error.number == number


def test_an_error_text_loses_its_password() -> None:
    text = f"[HY000] {MS}bad string PWD=s3cret;UID=sa (0) (SQLDriverConnect)"
    assert "s3cret" not in str(database.translate(PyodbcError("HY000", text)))


def test_rows_are_plain_python_values() -> None:
    frame = pd.DataFrame(
        {
            "n": np.array([1, 2], dtype="int32"),
            "x": [1.5, np.nan],
            "at": pd.to_datetime(["2015-01-01 06:00:00", None]),
            "text": ["a", None],
            "yes": [True, False],
            "bytes": [b"1", None],
        }
    )
    rows = list(database._python_rows(frame))
    assert rows == [
        (1, 1.5, datetime.datetime(2015, 1, 1, 6), "a", True, b"1"),
        (2, None, None, None, False, None),
    ]
    assert [type(value) for value in rows[0]] == [int, float, datetime.datetime, str, bool, bytes]


@pytest.mark.parametrize(
    ("values", "kind", "dtype"),
    [
        ((1, 2), int, "int64"),
        ((1, None), int, "float64"),
        ((), int, "int64"),
        ((1.5, None), float, "float64"),
        ((), float, "float64"),
        ((True, False), bool, "bool"),
        ((datetime.datetime(2015, 1, 1), None), datetime.datetime, "datetime64[us]"),
        ((), datetime.datetime, "datetime64[us]"),
        (("a", None), str, "object"),
        ((b"a",), bytearray, "object"),
    ],
)
def test_a_columns_dtype_hangs_on_its_type_not_on_its_rows(values: tuple[object, ...], kind: type, dtype: str) -> None:
    assert str(database._series(values, kind).dtype) == dtype
