"""Types of sp_execute_external_script both ways: columns and parameters into a script, and out of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import Case, compare, error_number, fails, fetch, rows
from tests.contract.external import PANDAS, SAME, call, frame, listen, query
from tests.servers import Target

pytestmark = pytest.mark.usefixtures("scripts_enabled")

SEEN = (
    "import pandas as pd\nv = InputDataSet.iloc[0, 0] if len(InputDataSet) else None\n"
    "d = InputDataSet.dtypes.iloc[0]\n"
    "OutputDataSet = pd.DataFrame({'d': ['object' if str(d) == 'str' else str(d)], "
    "'v': ['None' if v is None or v is pd.NaT or v != v else str(v)]})"
)
SEEN_SHAPE = " WITH RESULT SETS ((d nvarchar(20), v nvarchar(50)))"
DATE = "datetime64[ns]"
# (expression of @input_data_1, dtype, its value as text)
ARRIVING: list[tuple[str, str, str]] = [
    ("CAST(1 AS bit)", "bool", "True"),
    ("CAST(200 AS tinyint)", "int32", "200"),
    ("CAST(-3 AS smallint)", "int32", "-3"),
    ("CAST(-2147483648 AS int)", "int32", "-2147483648"),
    ("CAST(9007199254740993 AS bigint)", "float64", "9007199254740992.0"),
    ("CAST(NULL AS bigint)", "float64", "None"),
    ("CAST(0.1 AS float)", "float64", "0.1"),
    ("CAST(0.1 AS real)", "float64", "0.10000000149011612"),
    ("CAST(NULL AS real)", "float64", "None"),
    ("CAST(1.25 AS decimal(9, 2))", "float64", "1.25"),
    ("CAST(1.25 AS money)", "float64", "1.25"),
    ("CAST('ab' AS char(4))", "object", "ab  "),
    ("CAST('ab' AS varchar(max))", "object", "ab"),
    ("CAST(N'€' AS nchar(2))", "object", "€ "),
    ("N'😀'", "object", "😀"),
    ("CAST(NULL AS nvarchar(5))", "object", "None"),
    ("CAST('0e984725-c51c-4bf4-9960-e1c80e27aba0' AS uniqueidentifier)", "object",
     "0E984725-C51C-4BF4-9960-E1C80E27ABA0"),
    ("CAST('2020-02-29' AS date)", DATE, "2020-02-29 00:00:00"),
    ("CAST(NULL AS date)", DATE, "None"),
    ("CAST('2020-02-29T01:02:03.337' AS datetime)", DATE, "2020-02-29 01:02:03.337000"),
    ("CAST('2020-02-29T01:02:00' AS smalldatetime)", DATE, "2020-02-29 01:02:00"),
]  # fmt: skip

FORBIDDEN = ("binary(2)", "varbinary(max)", "timestamp", "datetime2", "time", "sql_variant")
"""As columns; binary and varbinary may be parameters."""

PARAMETERS: list[Case] = [
    rows(f"parameter of type {declared}", call(f"{PANDAS}OutputDataSet = pd.DataFrame({{'d': [type(p).__name__], 'v': "
         "[repr(p)]})", f", @params = N'@p {declared}', @p = {value} WITH RESULT SETS ((d nvarchar(20), v "
         "nvarchar(60)))"), expected)
    for declared, value, expected in [
        ("bit", "1", ("bool", "True")), ("tinyint", "255", ("int", "255")), ("int", "-5", ("int", "-5")),
        ("int", "NULL", ("NoneType", "None")), ("bigint", "5", ("float", "5.0")), ("float", "0.1", ("float", "0.1")),
        ("real", "0.5", ("float", "0.5")), ("nchar(3)", "N'é'", ("str", "'é  '")), ("varchar(2)", "'abc'",
        ("str", "'ab'")), ("nvarchar(max)", "N''", ("str", "''")), ("binary(3)", "0x01", ("bytes",
        r"b'\x01\x00\x00'")), ("varbinary(max)", "0x", ("bytes", "b''")), ("date", "'2020-02-29'", ("datetime",
        "datetime.datetime(2020, 2, 29, 0, 0)")), ("datetime", "'1753-01-01'", ("datetime",
        "datetime.datetime(1753, 1, 1, 0, 0)")), ("uniqueidentifier", "'0e984725-c51c-4bf4-9960-e1c80e27aba0'",
        ("str", "'0E984725-C51C-4BF4-9960-E1C80E27ABA0'")),
    ]
]  # fmt: skip

D1 = dt.datetime(2020, 2, 29, 1, 2, 3, 337000)
# (inside of the frame's dict, declared type or "" for none, values that come back)
LEAVING: list[tuple[str, str, list[Any]]] = [
    ("[True, False]", "", [True, False]),
    ("pd.array([True, None], dtype='boolean')", "", [True, None]),
    ("np.array([1, 2], 'i1')", "", [1, 2]),
    ("np.array([1, 2], 'u4')", "", [1, 2]),
    ("pd.array([2 ** 62, None], dtype='Int64')", "", [2**62, None]),
    ("np.array([0.5, np.nan], 'f4')", "", [0.5, None]),
    ("[1.5, np.inf, -np.inf, np.nan, None]", "", [1.5, None, None, None, None]),
    ("pd.array([1.5, None], dtype='Float64')", "", [1.5, None]),
    ("['ä€😀', None, np.nan, '']", "", ["ä€😀", None, None, ""]),
    ("pd.array(['x', None], dtype='string')", "", ["x", None]),
    ("pd.array(['x', None], dtype='string[pyarrow]')", "", ["x", None]),
    ("pd.array([1, None], dtype='int64[pyarrow]')", "", [1, None]),
    ("pd.Categorical(['x', 'y', None])", "", ["x", "y", None]),
    ("pd.Categorical([2, 1, 2])", "int", [2, 1, 2]),
    ("[b'x\\x00', None, b'']", "", [b"x\x00", None, b""]),
    ("np.array([np.int64(1), 2, None], object)", "", [1, 2, None]),
    ("np.array([np.float64(1.5), 2, None], object)", "", [1.5, 2.0, None]),
    ("pd.to_datetime(['2020-02-29 01:02:03.3361', None])", "", [D1, None]),
    ("[datetime.date(9999, 12, 31), None, pd.NaT]", "date", [dt.date(9999, 12, 31), None, None]),
    ("[datetime.datetime(1753, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 997000)]", "",
     [dt.datetime(1753, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 997000)]),
    ("np.array(['2020-02-29'], 'datetime64[s]')", "datetime2(3)", [dt.datetime(2020, 2, 29)]),
    ("['0e984725-c51c-4bf4-9960-e1c80e27aba0']", "uniqueidentifier", ["0E984725-C51C-4BF4-9960-E1C80E27ABA0"]),
    ("['2020-02-29']", "date", [dt.date(2020, 2, 29)]),
    ("[1.005]", "varchar(8)", ["1.005"]),
]  # fmt: skip

# (inside of the frame's dict, words of the sentence)
REFUSED: list[tuple[str, str]] = [
    ("[1, 'x']", "Column 'c' of OutputDataSet cannot be returned: .* Give it values of one type"),
    ("['x', b'x']", "Column 'c' of OutputDataSet cannot be returned: it holds str and bytes"),
    ("[b'x', 'x']", "Column 'c' of OutputDataSet cannot be returned: it holds str and bytes"),
    ("[1.5, True]", "Column 'c' of OutputDataSet cannot be returned: it holds numbers and bool"),
    ("[True, 1]", "Column 'c' of OutputDataSet cannot be returned"),
    ("[datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, 5)]", "Column 'c' .* it holds date and datetime"),
    ("[decimal.Decimal('1.5')]", "holds Decimal values, which cannot be returned"),
    ("pd.to_timedelta(['1 day'])", "is of type duration"),
    ("[1 + 2j]", "cannot be returned"),
    ("pd.to_datetime(['2020-02-29']).tz_localize('UTC')", "has a time zone"),
    ("[[1], [2]]", "is of type list"),
    ("[{'a': 1}]", "is of type struct"),
    ("[2 ** 64]", "cannot be returned"),
    ("pd.period_range('2020', periods=1, freq='M')", "cannot be returned|is of type"),
    ("[datetime.datetime(1752, 12, 31)]", "holds a date before 1753"),
    ("[datetime.time(1)]", "is of type time"),
]  # fmt: skip

# (declared type, what the script assigns, the value that comes back)
OUTPUTS: list[tuple[str, str, Any]] = [
    ("bit", "np.bool_(True)", True),
    ("tinyint", "255", 255),
    ("int", "np.int32(7)", 7),
    ("int", "None", None),
    ("bigint", "2 ** 53", 2**53),
    ("float", "np.nan", None),
    ("real", "0.1", 0.10000000149011612),
    ("nvarchar(4)", "'é€😀'", "é€😀"),
    ("varchar(2)", "'abc'", "ab"),
    ("char(3)", "'a'", "a  "),
    ("varbinary(max)", "bytes(range(256)) * 100", bytes(range(256)) * 100),
    ("varbinary(2)", "b'abc'", b"ab"),
    ("binary(3)", "b'a'", b"a\0\0"),
    ("datetime", "datetime.datetime(2020, 2, 29, 1, 2, 3, 336100)", D1),
    ("datetime", "pd.NaT", None),
    ("date", "pd.Timestamp('2020-02-29 05:00')", dt.date(2020, 2, 29)),
    ("smalldatetime", "np.datetime64('2020-02-29T01:02:40')", dt.datetime(2020, 2, 29, 1, 3)),
    ("uniqueidentifier", "'0e984725-c51c-4bf4-9960-e1c80e27aba0'", "0E984725-C51C-4BF4-9960-E1C80E27ABA0"),
]  # fmt: skip

ERRORS: list[Case] = [
    *(fails(f"column of type {name}", call(SAME, query(f"SELECT CAST(NULL AS {name}) AS a")), 39017)
      for name in FORBIDDEN),
    *(fails(f"parameter of type {name}", call("pass", f", @params = N'@p {name}', @p = NULL"), 39018)
      for name in ("datetime2", "time", "decimal(9, 2)", "money", "timestamp", "sql_variant")),
    *(fails(f"NULL in a column of type {name}", call(SAME, query(f"SELECT CAST(NULL AS {name}) AS a")), 39004)
      for name in ("bit", "tinyint", "smallint", "int")),
    fails("NULL without a type", call(SAME, query("SELECT NULL AS a")), 39004),
    fails("a date before pandas' first", call(SAME, query("SELECT CAST('1600-01-01' AS date) AS a")), 39004),
    fails("output of a wrong kind", "DECLARE @o int; " + call("o = 'x'", ", @params = N'@o int OUTPUT', @o = @o "
          "OUTPUT"), 39004),
    fails("output that is too large", "DECLARE @o tinyint; " + call("o = 256", ", @params = N'@o tinyint OUTPUT', @o = "
          "@o OUTPUT"), 220),
    fails("output that would lose digits", "DECLARE @o bigint; " + call("o = 2 ** 53 + 1", ", @params = N'@o bigint "
          "OUTPUT', @o = @o OUTPUT"), 39004),
    fails("output before 1753", "DECLARE @o datetime; " + call("import datetime; o = datetime.datetime(1600, 1, 1)",
          ", @params = N'@o datetime OUTPUT', @o = @o OUTPUT"), 39004),
    fails("output that is deleted", "DECLARE @o int; " + call("del o", ", @params = N'@o int OUTPUT', @o = @o OUTPUT"),
          39004),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "dtype", "value"), ARRIVING, ids=[row[0] for row in ARRIVING])
def test_a_column_arrives_as(connection: Any, expression: str, dtype: str, value: str) -> None:
    sql = call(SEEN, query(f"SELECT {expression} AS a") + SEEN_SHAPE)
    assert fetch(connection.cursor(), sql) == [[(dtype, value)]]
    empty = call(SEEN, query(f"SELECT {expression} AS a WHERE 1 = 0") + SEEN_SHAPE)
    assert fetch(connection.cursor(), empty) == [[(dtype, "None")]]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in (*PARAMETERS, *ERRORS)])
def test_types_of_a_call(connect: Callable[..., Any], case: Case) -> None:
    cursor = connect().cursor()
    if case.error is None:
        compare(fetch(cursor, case.sql), case)
        return
    with pytest.raises(pyodbc.Error) as caught:
        fetch(cursor, case.sql)
    assert error_number(caught.value) == case.error, caught.value


@pytest.mark.parametrize(("values", "declared", "expected"), LEAVING, ids=[row[0] for row in LEAVING])
def test_a_column_leaves_as(connection: Any, values: str, declared: str, expected: list[Any]) -> None:
    shape = f" WITH RESULT SETS ((c {declared}))" if declared else ""
    (got,) = fetch(connection.cursor(), call(frame(f"'c': {values}"), shape))
    assert [(value, type(value)) for (value,) in got] == [(value, type(value)) for value in expected]


@pytest.mark.parametrize(("values", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_column_that_sql_server_has_no_type_for_is_refused(server: Target, values: str, words: str) -> None:
    error, reason = listen(server, call(frame(f"'c': {values}")))
    assert (error.number, reason.number) == (39004, 39019)
    assert re.search(words, reason.text), reason.text


@pytest.mark.parametrize("left", ["1", "None", "[1]", "{'a': [1]}", "pd.Series([1])", "np.array([1])"])
def test_an_output_that_is_no_frame_is_refused_in_sql_server_s_words(server: Target, left: str) -> None:
    error, reason = listen(server, call(f"{PANDAS}OutputDataSet = {left}"))
    assert (error.number, reason.number) == (39004, 39019)
    assert "TypeError: OutputDataSet should be of type pandas.DataFrame" in reason.text


@pytest.mark.parametrize(("declared", "expression", "expected"), OUTPUTS, ids=[f"{r[0]} {r[1]}" for r in OUTPUTS])
def test_an_output_parameter_comes_back_as(connection: Any, declared: str, expression: str, expected: Any) -> None:
    rest = f", @params = N'@o {declared} OUTPUT', @o = @o OUTPUT"
    sql = f"DECLARE @o {declared}; {call(f'{PANDAS}o = {expression}', rest)}; SELECT @o"
    ((got,),) = fetch(connection.cursor(), sql)[-1]
    assert (got, type(got)) == (expected, type(expected))


def test_every_type_comes_back_as_it_went(connection: Any) -> None:
    """In the order of the table in docs/external-scripts.md, with a NULL where a NULL may be."""
    text = (
        "SELECT CAST(1 AS bit) AS a, CAST(2 AS tinyint) AS b, CAST(3 AS smallint) AS c, 4 AS d, CAST(5 AS bigint) AS e,"
        " 0.5e0 AS f, CAST(0.25 AS real) AS g, N'x' AS h, CAST('2020-02-29' AS datetime) AS i UNION ALL "
        "SELECT 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL"
    )
    shape = "a bit, b tinyint, c smallint, d int, e bigint, f float, g real, h nvarchar(5), i datetime"
    got = fetch(connection.cursor(), call(SAME, query(text) + f" WITH RESULT SETS (({shape}))"))
    assert got == [[(True, 2, 3, 4, 5, 0.5, 0.25, "x", dt.datetime(2020, 2, 29)), (False, 0, 0, 0, *[None] * 5)]]


def test_columns_of_the_output_need_no_names_of_their_own(connection: Any) -> None:
    script = PANDAS + "OutputDataSet = pd.DataFrame([[1, 2, 3]], columns=pd.MultiIndex.from_tuples([('a', 'b'), ('a', "\
        "'c'), ('a', 'c')]), index=pd.MultiIndex.from_tuples([(1, 2)]))"  # fmt: skip
    assert fetch(connection.cursor(), call(script)) == [[(1, 2, 3)]]
