"""sp_execute_external_script, @language = N'Python': data in and out, parameters, errors, crashes, cancellation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pyodbc
import pytest
from pymssql import _mssql

from tests.contract.cases import Case, compare, error_number, fetch, rows
from tests.contract.external import SAME, call
from tests.servers import Target

pytestmark = pytest.mark.usefixtures("scripts_enabled")

TYPED = """SELECT CAST(1 AS int) AS i, CAST(2 AS bigint) AS b, CAST(1.5 AS float) AS f, CAST(0.5 AS real) AS r,
CAST(1 AS bit) AS t, CAST(''2020-02-29T01:02:03'' AS datetime) AS d, CAST(3 AS smallint) AS s"""
DTYPES = """
import pandas
OutputDataSet = pandas.DataFrame({'name': list(InputDataSet.columns), 'kind': [str(t) for t in InputDataSet.dtypes]})
"""

CASES: list[Case] = [
    rows("data passes through", call(SAME, ", @input_data_1 = N'SELECT 1 AS a, N''x'' AS b' WITH RESULT SETS "
         "((a int, b nvarchar(5)))"), (1, "x")),
    rows("result without names", call(SAME, ", @input_data_1 = N'SELECT 7 AS a'"), (7,)),
    rows("result sets undefined", call(SAME, ", @input_data_1 = N'SELECT 7 AS a' WITH RESULT SETS UNDEFINED"), (7,)),
    Case("script without a result", call("print(1)"), results=()),
    Case("result sets none", call("x = 1", " WITH RESULT SETS NONE"), results=()),
    rows("names of the data sets", call("after = before", ", @input_data_1 = N'SELECT 3 AS a', @input_data_1_name = "
         "N'before', @output_data_1_name = N'after' WITH RESULT SETS ((a int))"), (3,)),
    rows("null becomes None and NaN and comes back", call(SAME, ", @input_data_1 = N'SELECT CAST(NULL AS float) AS f, "
         "CAST(NULL AS nvarchar(5)) AS s UNION ALL SELECT 1, N''x''' WITH RESULT SETS ((f float, s nvarchar(5)))"),
         (None, None), (1.0, "x")),
    rows("no rows in, no rows out", call(SAME, ", @input_data_1 = N'SELECT 1 AS a WHERE 1 = 0' WITH RESULT SETS "
         "((a int))")),
    rows("nan becomes null", call("import pandas\nOutputDataSet = pandas.DataFrame({'a': [1.0, float('nan')]})",
         " WITH RESULT SETS ((a float))"), (1.0,), (None,)),
    rows("kinds of input columns", call(DTYPES, f", @input_data_1 = N'{TYPED}' WITH RESULT SETS ((name nvarchar(5), "
         "kind nvarchar(30)))"),
         ("i", "int32"), ("b", "float64"), ("f", "float64"), ("r", "float64"), ("t", "bool"),
         ("d", "datetime64[ns]"), ("s", "int32")),
    rows("input parameters", call("import pandas\nOutputDataSet = pandas.DataFrame({'x': [a + 1], 'y': [s * 2]})", ", "
         "@params = N'@a int, @s nvarchar(10)', @a = 4, @s = N'é' WITH RESULT SETS ((x int, y nvarchar(20)))"),
         (5, "éé")),
    rows("output parameters", "DECLARE @o float, @t nvarchar(max), @b varbinary(max); "
         + call("o = a / 2\nt = 'x' * 9000\nb = b'\\x00\\x01'", ", @params = N'@a int, @o float OUTPUT, @t "
         "nvarchar(max) "
         "OUTPUT, @b varbinary(max) OUTPUT', @a = 5, @o = @o OUTPUT, @t = @t OUTPUT, @b = @b OUTPUT")
         + "; SELECT @o, LEN(@t), @b", (2.5, 9000, b"\x00\x01")),
    rows("bytes pass", "DECLARE @m varbinary(max) = 0x0001FF; " + call("import pandas\nOutputDataSet = "
         "pandas.DataFrame({'n': [len(m)], 'last': [m[2]]})", ", @params = N'@m varbinary(max)', @m = @m "
         "WITH RESULT SETS ((n int, last int))"), (3, 255)),
    rows("insert exec of a script", "CREATE TABLE #r (a int); INSERT #r " + call(SAME, ", @input_data_1 = N'SELECT 1 "
         "AS "
         "a UNION ALL SELECT 2'") + "; SELECT SUM(a) FROM #r", (3,)),
    rows("script text in a variable", "DECLARE @s nvarchar(max) = N'OutputDataSet = InputDataSet', @q nvarchar(max) = "
         "N'SELECT 9 AS a'; EXEC sp_execute_external_script N'Python', @s, @q WITH RESULT SETS ((a int))", (9,)),
    rows("nothing of a call stays for the next", call("import builtins\nbuiltins.left = 1")
         + "; " + call("import builtins, pandas\nOutputDataSet = pandas.DataFrame({'a': [int(hasattr(builtins, "
         "'left'))]})",
                       " WITH RESULT SETS ((a int))"), (0,)),
    Case("script raises", call("raise ValueError('my words')"), error=39004),
    Case("script does not parse", call("def"), error=39004),
    Case("unknown language", "EXEC sp_execute_external_script @language = N'Cobol', @script = N'x'", error=39007),
    Case("input is no select", call(SAME, ", @input_data_1 = N'DELETE FROM dbo.x'"), error=39001),
    Case("input has datetime2", call(SAME, ", @input_data_1 = N'SELECT CAST(''2020-01-01'' AS datetime2) AS a'"),
         error=39017),
    Case("parameter is datetime2", "DECLARE @d datetime2 = '2020-01-01'; " + call("x = d", ", @params = N'@d "
         "datetime2', "
         "@d = @d"), error=39018),
    Case("parameter is not supplied", call("x = a", ", @params = N'@a int'"), error=39016),
    Case("more columns than promised", call(SAME, ", @input_data_1 = N'SELECT 1 AS a, 2 AS b' WITH RESULT SETS "
         "((a int))"), error=11537),
]  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_script_gives(connect: Callable[..., Any], case: Case) -> None:
    connection = connect()
    try:
        cursor = connection.cursor()
        if case.error is None:
            compare(fetch(cursor, case.sql), case)
            return
        with pytest.raises(pyodbc.Error) as caught:
            fetch(cursor, case.sql)
        numbers = [case.error] if case.error != 39004 else [39004, 39019]
        assert error_number(caught.value) in numbers, caught.value
    finally:
        connection.close()


def test_traceback_reaches_the_client_with_the_script_s_line(server: Target, connection: Any) -> None:
    """As message 39019 beside error 39004; a driver may keep it among the messages."""
    with pytest.raises(pyodbc.Error, match="39004"):
        connection.execute(call("a = 1\n\nraise ValueError('my words')"))
    heard: list[str] = []
    other = _mssql.connect(
        server=server.host, port=str(server.port), user=server.user, password=server.password, database=server.database
    )
    other.set_msghandler(lambda state, severity, server, procedure, line, text: heard.append(text.decode()))
    with pytest.raises(_mssql.MSSQLDatabaseException):
        other.execute_non_query(call("a = 1\n\nraise ValueError('my words')"))
    other.close()
    (words,) = [text for text in heard if "Traceback" in text]
    assert "ValueError: my words" in words
    assert "line 3" in words


def test_print_of_a_script_reaches_the_client(connection: Any) -> None:
    cursor = connection.execute(call("print('from the script')"))
    assert any("from the script" in message for _, message in cursor.messages)


def test_catch_sees_39004_and_the_transaction_can_go_on(connect: Callable[..., Any]) -> None:
    connection = connect()
    sql = f"BEGIN TRY {call('raise ValueError(1)')} END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH"
    assert fetch(connection.cursor(), sql)[-1] == [(39004,)]


@pytest.mark.parametrize("script", ["import os\nos._exit(3)", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
                                    "import ctypes\nctypes.string_at(0)"], ids=["exit", "kill", "segmentation fault"])
def test_dying_script_gives_an_error_and_the_server_lives_on(embedded: Target, connection: Any, script: str) -> None:
    with pytest.raises(pyodbc.Error):
        connection.execute(call(script))
    assert connection.execute("SELECT 1").fetchval() == 1
    compare(fetch(connection.cursor(), CASES[0].sql), CASES[0])
    assert embedded.is_running()


def test_cancel_ends_an_endless_script_and_the_connection_lives(embedded: Target, connect: Callable[..., Any]) -> None:
    connection = connect()
    cursor = connection.cursor()
    timer = threading.Timer(0.7, cursor.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(pyodbc.Error, match="cancel"):
        cursor.execute(call("while True:\n    pass"))
    timer.join()
    assert time.monotonic() - started < 5
    assert connection.execute("SELECT 1").fetchval() == 1
    compare(fetch(connection.cursor(), CASES[0].sql), CASES[0])


def test_timeout_of_the_client_ends_an_endless_script(embedded: Target, connect: Callable[..., Any]) -> None:
    connection = connect()
    connection.timeout = 1
    started = time.monotonic()
    with pytest.raises(pyodbc.Error, match=r"HYT00|timeout"):
        connection.execute(call("import time\nwhile True:\n    time.sleep(0.1)"))
    assert time.monotonic() - started < 5


def test_many_rows_pass_unchanged(connection: Any) -> None:
    numbers = ("SELECT a.v + 10 * b.v + 100 * c.v + 1000 * d.v AS n FROM (VALUES "
         "(0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) "
               "AS a(v) CROSS JOIN (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS b(v) CROSS JOIN (VALUES (0),(1),"
               "(2),(3),(4),(5),(6),(7),(8),(9)) AS c(v) CROSS JOIN (VALUES (0),(1),(2),(3),(4)) AS d(v)")  # fmt: skip
    sql = call(SAME, f", @input_data_1 = N'{numbers}' WITH RESULT SETS ((n int))")
    got = connection.execute(sql).fetchall()
    assert sorted(row.n for row in got) == list(range(5000))
