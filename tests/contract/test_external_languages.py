"""@language = another interpreter: a real Python 3.7 with the pandas and scikit-learn of SQL Server 2019."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pyodbc
import pytest

from tests import servers
from tests.contract.cases import error_number, fetch
from tests.contract.test_scripts import call
from tests.interpreters import require_python37
from tests.servers import Target

TRAIN = """
import pickle, numpy
from sklearn.linear_model import LogisticRegression
x = InputDataSet[['a']]
model = pickle.dumps(LogisticRegression(solver='liblinear').fit(x, InputDataSet['b']), 4)
"""
SCORE = """
import pickle, sklearn, sys
OutputDataSet = InputDataSet[['a']].copy()
OutputDataSet['p'] = pickle.loads(model).predict(InputDataSet[['a']])
OutputDataSet['v'] = sklearn.__version__ + ' on ' + '.'.join(map(str, sys.version_info[:2]))
"""
ROWS = "SELECT * FROM (VALUES (0.0, 0), (1.0, 0), (2.0, 0), (8.0, 1), (9.0, 1), (10.0, 1)) AS t(a, b)"


@pytest.fixture(scope="module")
def home() -> Path:
    """The virtual environment of Python 3.7."""
    return require_python37().parent.parent


@pytest.fixture(scope="module")
def server37(home: Path) -> Iterator[Target]:
    """An embedded server that may use Python 3.7."""
    if os.environ.get("PYMLSQL_TEST_URL"):
        pytest.skip("PYMLSQL_TEST_URL names a real server; this test starts one of its own")
    with servers.running(options=("--python", str(home))) as target:
        yield target


@pytest.fixture(scope="module")
def connection(server37: Target, home: Path) -> Iterator[Any]:
    made = pyodbc.connect(server37.odbc, autocommit=True, timeout=20)
    made.execute("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")
    variables = json.dumps({"PYTHONHOME": str(home), "MY_WORD": "one two"})
    made.execute(f"CREATE EXTERNAL LANGUAGE Python37 FROM (CONTENT = 0xAB, FILE_NAME = 'libPythonExtension.so.1.2', "
                 f"ENVIRONMENT_VARIABLES = N'{variables}')")  # fmt: skip
    yield made
    made.close()


def in37(script: str, rest: str = "") -> str:
    """A call in the other interpreter."""
    return call(script, rest).replace("N'Python'", "N'Python37'", 1)


def test_a_model_is_trained_and_scored_with_the_versions_of_the_target(connection: Any) -> None:
    given = ", @params = N'@model varbinary(max){}', @model = @model{}"
    data = f", @input_data_1 = N'{ROWS}'"
    train = in37(TRAIN, data + given.format(" OUTPUT", " OUTPUT"))
    score = in37(SCORE, data + given.format("", "") + " WITH RESULT SETS ((a float, p int, v nvarchar(50)))")
    (got,) = fetch(connection.cursor(), f"DECLARE @model varbinary(max); {train}; {score}")
    assert got == [(a, int(a > 5), "0.20.2 on 3.7") for a in (0.0, 1.0, 2.0, 8.0, 9.0, 10.0)]
    own = call(SCORE, data + given.format("", ""))
    with pytest.raises(pyodbc.Error) as caught:
        connection.execute(f"DECLARE @model varbinary(max); {train}; {own}")
    assert error_number(caught.value) in (39004, 39019)


def test_variables_reach_this_language_s_scripts_only(connection: Any) -> None:
    script = "import os\nw = str(os.environ.get('MY_WORD')) + str('PYTHONHOME' in os.environ)"
    rest = ", @params = N'@w nvarchar(40) OUTPUT', @w = @w OUTPUT"
    sql = f"DECLARE @w nvarchar(40), @v nvarchar(40); {in37(script, rest)}; SET @v = @w; {call(script, rest)}; "
    assert fetch(connection.cursor(), sql + "SELECT @v, @w") == [[("one twoFalse", "NoneFalse")]]


def test_errors_name_the_language_and_leave_it_usable(connection: Any) -> None:
    with pytest.raises(pyodbc.Error, match="A 'Python37' script error occurred"):
        connection.execute(in37("raise ValueError('my words')"))
    with pytest.raises(pyodbc.Error, match=r"does not exist|not supported"):
        connection.execute(call("x = 1").replace("N'Python'", "N'Python38'"))
    (got,) = fetch(connection.cursor(), in37("OutputDataSet = InputDataSet", ", @input_data_1 = N'SELECT 7 AS a'"))
    assert got == [(7,)]


def test_an_extension_that_is_not_python_s_is_kept_and_not_run(connection: Any) -> None:
    connection.execute("CREATE EXTERNAL LANGUAGE Java FROM (CONTENT = 0xAB, FILE_NAME = 'javaextension.dll')")
    with pytest.raises(pyodbc.Error, match=r"39021|39029"):
        connection.execute(call("x").replace("N'Python'", "N'Java'"))
    connection.execute("DROP EXTERNAL LANGUAGE Java")


def test_processes_end_with_their_language(server37: Target, connection: Any, home: Path) -> None:
    def processes() -> list[psutil.Process]:
        found = []
        for one in psutil.Process(server37.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # a satellite that has just ended
                if str(home.resolve()) in " ".join(one.cmdline()) or one.exe() == "":
                    found.append(one)
        return found

    variables = json.dumps({"PYTHONHOME": str(home)})
    connection.execute(in37("x = 1"))
    before = processes()
    assert before
    connection.execute("DROP EXTERNAL LANGUAGE Python37")
    _, alive = psutil.wait_procs(before, timeout=20)
    assert alive == []
    connection.execute(f"CREATE EXTERNAL LANGUAGE Python37 FROM (CONTENT = 0xAB, FILE_NAME = 'pythonextension.dll', "
                       f"ENVIRONMENT_VARIABLES = N'{variables}')")  # fmt: skip
    connection.execute(in37("x = 1"))
