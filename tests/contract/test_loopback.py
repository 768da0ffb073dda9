"""The loopback connection of a script: to this server, in the caller's name, while the call runs, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import error_number, fetch
from tests.contract.external import call
from tests.contract.people import People, people
from tests.servers import Target

pytestmark = pytest.mark.usefixtures("scripts_enabled")

BACK = """
import pandas, pyodbc
from revoscalepy import rx_get_sql_loopback_connection_string

def back(autocommit=True, database={database!r}, odbc_driver='ODBC Driver 17 for SQL Server'):
    text = rx_get_sql_loopback_connection_string(name_of_database=database, odbc_driver=odbc_driver)
    return pyodbc.connect(text, autocommit=autocommit, timeout=20)

def say(value):
    global OutputDataSet
    OutputDataSet = pandas.DataFrame({{'said': [str(value)]}})
"""
SAID = " WITH RESULT SETS ((said nvarchar(max)))"


@pytest.fixture(scope="module")
def caller(embedded: Target) -> Iterator[People]:
    """lb_user may run scripts, read lb.open and write there, and nothing of lb.closed; lb_other may be impersonated."""
    with people(embedded) as made:
        made.run("CREATE SCHEMA lb", "CREATE TABLE lb.[open] (a int); INSERT lb.[open] VALUES (1), (2)",
                 "CREATE TABLE lb.closed (a int)", "CREATE USER lb_other WITHOUT LOGIN")  # fmt: skip
        made.make("lb_user")
        made.run("GRANT EXECUTE ANY EXTERNAL SCRIPT TO lb_user", "GRANT EXECUTE ANY EXTERNAL SCRIPT TO lb_other",
                 "GRANT SELECT, INSERT ON lb.[open] TO lb_user",
                 "GRANT IMPERSONATE ON USER::lb_other TO lb_user")  # fmt: skip
        yield made
        made.run("DROP USER lb_other", "DROP TABLE lb.[open]", "DROP TABLE lb.closed", "DROP SCHEMA lb")


@pytest.fixture
def user(caller: People) -> Any:
    """A connection of lb_user."""
    return caller.connect("lb_user")


def said(connection: Any, script: str, database: str = "pymlsql") -> str:
    """What a script says that begins with BACK."""
    cursor = connection.cursor()
    try:
        return str(fetch(cursor, call(BACK.format(database=database) + script, SAID))[0][0][0])
    finally:
        cursor.close()


SAYINGS = [
    ("the caller", "say(back().execute('SELECT SUSER_SNAME(), USER_NAME(), ORIGINAL_LOGIN(), DB_NAME()').fetchone())",
     "('lb_user', 'lb_user', 'lb_user', 'pymlsql')"),
    ("a session of its own", "say(len({row[0] for row in (back().execute('SELECT @@SPID').fetchone(),"
     " back().execute('SELECT @@SPID').fetchone())}))", "2"),
    ("rows", "say(back().execute('SELECT a FROM lb.[open] ORDER BY a').fetchall())", "[(1,), (2,)]"),
    ("no right", "try:\n    back().execute('SELECT a FROM lb.closed')\nexcept pyodbc.Error as error:\n    "
     "say('(229)' in str(error))", "True"),
    ("another database", "say(back(database='tempdb').execute('SELECT DB_NAME()').fetchone()[0])", "tempdb"),
    ("no such database", "try:\n    back(database='nowhere')\nexcept pyodbc.Error as error:\n    "
     "say('(4060)' in str(error))", "True"),
    ("a driver by its path", "driver = rx_get_sql_loopback_connection_string('pymlsql', 'SQL Server').split(';')[0]\n"
     "say(back(odbc_driver=driver.split('=')[1].strip('{}')).execute('SELECT 1').fetchone()[0])", "1"),
    ("another password", "text = rx_get_sql_loopback_connection_string('pymlsql', 'SQL Server')\n"
     "try:\n    pyodbc.connect(text.replace('PWD=', 'PWD=x'))\nexcept pyodbc.Error as error:\n    "
     "say('(18456)' in str(error))", "True"),
    ("the same secret at every ask", "ask = lambda: rx_get_sql_loopback_connection_string('pymlsql', 'SQL Server')\n"
     "say(ask() == ask())", "True"),
    ("pymssql", "import pymssql, re\nparts = dict(part.split('=', 1) for part in rx_get_sql_loopback_connection_string("
     "'pymlsql', 'SQL Server').split(';'))\nhost, port = parts['Server'][4:].split(',')\nconnection = pymssql.connect("
     "server=host, port=port, user=parts['UID'], password=parts['PWD'], database='pymlsql')\n"
     "cursor = connection.cursor()\ncursor.execute('SELECT SUSER_SNAME()')\nsay(cursor.fetchone()[0])", "lb_user"),
    ("from a process of the script's", "import os\nreading, writing = os.pipe()\nif os.fork() == 0:\n"
     "    os.write(writing, str(back().execute('SELECT 7').fetchone()[0]).encode())\n    os._exit(0)\n"
     "os.wait()\nsay(os.read(reading, 9).decode())", "7"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), [row[1:] for row in SAYINGS], ids=[row[0] for row in SAYINGS])
def test_a_script_connects_back(user: Any, script: str, expected: str) -> None:
    assert said(user, script) == expected


def test_the_documented_way_to_read_a_query(user: Any) -> None:
    script = """
from revoscalepy import rx_get_sql_loopback_connection_string, RxSqlServerData, rx_data_step
loopback_connection_string = rx_get_sql_loopback_connection_string(odbc_driver="ODBC Driver 17 for SQL Server",
                                                                   name_of_database="pymlsql")
data_set = RxSqlServerData(sql_query = "select a, cast(a as bigint) as b, N'x' as c, cast(1 as bit) as d, "
                           "cast(null as float) as e, cast('2020-02-29' as datetime) as f from lb.[open]",
                           connection_string = loopback_connection_string)
data = rx_data_step(data_set)
print(' '.join(str(kind)[:7] for kind in data.dtypes))
OutputDataSet = data
"""
    results = " WITH RESULT SETS ((a int, b float, c nvarchar(5), d bit, e float, f datetime))"
    cursor = user.cursor()
    rows = fetch(cursor, call(script, results))[0]
    assert [tuple(row)[:5] for row in rows] == [(1, 1.0, "x", True, None), (2, 2.0, "x", True, None)]
    kinds = [str(message) for message in cursor.messages]
    cursor.close()
    assert not kinds or "int32 float64 object bool float64 datetim" in kinds[0]


def test_reads_of_what_the_stand_in_cannot_do_exactly_are_refused(user: Any) -> None:
    script = """
from revoscalepy import RxSqlServerData, rx_data_step, rx_import
import revoscalepy
text = rx_get_sql_loopback_connection_string('pymlsql', 'SQL Server')
attempts = [
    lambda: rx_import(RxSqlServerData(text, sql_query='SELECT CAST(NULL AS int) AS a')),
    lambda: rx_data_step(RxSqlServerData(text, table='lb.[open]'), vars_to_keep=['a']),
    lambda: RxSqlServerData(text, table='lb.[open]', string_as_factors=True),
    lambda: RxSqlServerData(text),
    lambda: revoscalepy.rx_lin_mod,
    lambda: exec('from revoscalepy import rx_dforest'),
    lambda: exec('from revoscalepy.functions.RxLinMod import rx_lin_mod'),
]
found = []
for attempt in attempts:
    try:
        found.append(str(attempt()))
    except Exception as problem:
        found.append(type(problem).__name__ + ' ' + str(problem))
say('|'.join(found))
"""
    answers = said(user, script).split("|")
    kinds = ["ValueError", "NotImplementedError", "NotImplementedError", "ValueError"]
    assert [answer.split()[0] for answer in answers] == [*kinds, "AttributeError", "ImportError", "ImportError"]
    words = ["holds NULL", "without further arguments", "not string_as_factors", "one of table and sql_query"]
    absent = ["no rx_lin_mod yet", "no rx_dforest yet", "no functions yet"]
    for answer, expected in zip(answers, [*words, *absent], strict=True):
        assert expected in answer


def test_it_acts_in_the_name_in_which_the_statement_runs(user: Any) -> None:
    name = "say(back().execute('SELECT USER_NAME()').fetchone()[0])"
    assert said(user, name) == "lb_user"
    user.execute("EXECUTE AS USER = 'lb_other'")
    try:
        assert said(user, name) == "lb_other"
        denied = "try:\n    back().execute('SELECT a FROM lb.[open]')\nexcept pyodbc.Error as error:\n    say('229')"
        assert said(user, denied) == "229"
    finally:
        user.execute("REVERT")


# Transactions -----------------------------------------------------------------------------------------------------


def test_what_it_commits_stays_and_what_it_does_not_is_rolled_back(user: Any, caller: People) -> None:
    said(user, "back().execute('INSERT lb.[open] VALUES (10)')\n"
               "left = back(autocommit=False)\nleft.execute('INSERT lb.[open] VALUES (20)')\nsay(1)")  # fmt: skip
    cursor = caller.administrator.cursor()
    assert fetch(cursor, "SELECT a FROM lb.[open] WHERE a >= 10") == [[(10,)]]
    caller.run("DELETE lb.[open] WHERE a >= 10")


def test_sessions_end_with_the_call(user: Any, caller: People) -> None:
    script = "left = [back() for _ in range(3)]\nsay(left[0].execute('SELECT @@SPID').fetchone()[0])"
    spid = int(said(user, script))
    cursor = caller.administrator.cursor()
    assert fetch(cursor, f"SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE session_id = {spid}") == [[(0,)]]


def test_a_secret_is_good_for_its_own_call_only(user: Any) -> None:
    """Nor is there anything to connect to from outside of the call."""
    text = said(user, "say(rx_get_sql_loopback_connection_string('pymlsql', 'SQL Server'))")
    again = f"""
ours = dict(part.split('=', 1) for part in rx_get_sql_loopback_connection_string('pymlsql', 'SQL Server').split(';'))
old = dict(part.split('=', 1) for part in {text!r}.split(';'))
try:
    pyodbc.connect(';'.join('%s=%s' % pair for pair in dict(ours, PWD=old['PWD']).items()), timeout=20)
except pyodbc.Error as error:
    say('(18456)' in str(error))
"""
    assert said(user, again) == "True"
    with pytest.raises(pyodbc.Error):
        pyodbc.connect(text, timeout=5)


def test_a_change_that_its_own_caller_holds_up_is_a_deadlock(caller: People) -> None:
    """The call waits for the script, and the script would wait for the caller's transaction, for ever."""
    connection = caller.connect("lb_user", autocommit=False)
    connection.execute("INSERT lb.[open] VALUES (30)")
    script = """
reader = back()
seen = reader.execute('SELECT COUNT(*) FROM lb.[open] WHERE a = 30').fetchone()[0]
try:
    reader.execute('INSERT lb.[open] VALUES (40)')
except pyodbc.Error as error:
    say((seen, error.args[0], '(1205)' in str(error)))
"""
    assert said(connection, script) == "(0, '40001', True)"
    connection.commit()
    cursor = caller.administrator.cursor()
    assert fetch(cursor, "SELECT a FROM lb.[open] WHERE a >= 30") == [[(30,)]]
    caller.run("DELETE lb.[open] WHERE a >= 30")


def test_an_application_lock_of_its_own_caller_is_a_deadlock(user: Any) -> None:
    user.execute("EXEC sp_getapplock 'lb', 'Exclusive', 'Session'")
    try:
        script = (
            "say(back().execute(\"DECLARE @r int; EXEC @r = sp_getapplock 'lb', 'Exclusive', 'Session'; SELECT @r\""
        )
        assert said(user, script + ").fetchone()[0])") == "-3"
    finally:
        user.execute("EXEC sp_releaseapplock 'lb', 'Session'")


def test_a_script_that_is_called_through_it_knows_all_its_callers(caller: People) -> None:
    connection = caller.connect("lb_user", autocommit=False)
    connection.execute("INSERT lb.[open] VALUES (50)")
    inner = BACK.format(database="pymlsql") + "back().execute('INSERT lb.[open] VALUES (60)')"
    script = f"""
inner = {inner!r}
try:
    back().execute("EXEC sp_execute_external_script @language = N'Python', @script = ?", inner)
except pyodbc.Error as error:
    say('(39004)' in str(error))
"""
    assert said(connection, script) == "True"
    connection.rollback()


def test_a_call_that_is_cancelled_takes_its_connections_along(caller: People) -> None:
    count = "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE login_name = 'lb_user'"
    connection = caller.connect("lb_user")
    before = fetch(caller.administrator.cursor(), count)
    connection.timeout = 3
    script = BACK.format(database="pymlsql") + f"left = back()\nleft.execute({count!r})\nimport time\ntime.sleep(60)"
    with pytest.raises(pyodbc.Error) as caught:
        connection.execute(call(script))
    assert caught.value.args[0] == "HYT00"
    assert fetch(caller.administrator.cursor(), count) == before


def test_without_a_satellite_there_is_no_way_back(user: Any) -> None:
    """The one socket that leads to the server is closed in a process that a script starts by exec."""
    script = """
import subprocess, sys
program = '''
import sys
sys.path.insert(0, sys.argv[1])
from revoscalepy import rx_get_sql_loopback_connection_string
try:
    rx_get_sql_loopback_connection_string('pymlsql', 'SQL Server')
except RuntimeError as problem:
    print(problem)
'''
import revoscalepy, os
shim = os.path.dirname(os.path.dirname(revoscalepy.__file__))
say(subprocess.run([sys.executable, '-c', program, shim], stdout=subprocess.PIPE).stdout.decode())
"""
    assert "sp_execute_external_script only" in said(user, script)


def test_an_error_of_a_login_is_the_scripts_own(user: Any) -> None:
    with pytest.raises(pyodbc.Error) as caught:
        said(user, "back(database='nowhere')")
    assert error_number(caught.value) == 39004
