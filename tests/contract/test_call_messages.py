"""What a call of sp_execute_external_script says and how it fails: texts, order, and what lives on after it."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import error_number, fetch
from tests.contract.external import PANDAS, Heard, call, dblib, frame, listen, query
from tests.servers import Target

pytestmark = pytest.mark.usefixtures("scripts_enabled")

OUT = "STDOUT message(s) from external script: \r\n"
ERR = "STDERR message(s) from external script: \r\n"


def _printed(heard: list[Heard], number: int = 39005) -> str:
    start = OUT if number == 39005 else ERR
    return "".join(one.text.removeprefix(start) for one in heard if one.number == number)


def test_print_is_39005_and_stderr_39022_at_the_line_of_the_call(server: Target) -> None:
    script = (
        "import sys, time\nprint('one')\ntime.sleep(0.2)\nprint('two', file=sys.stderr)\ntime.sleep(0.2)\nprint('3')"
    )
    heard = listen(server, "\n\n" + call(script))
    assert [(one.number, one.severity, one.line, one.text) for one in heard] == [
        (39005, 10, 3, OUT + "one\n"), (39022, 10, 3, ERR + "two\n"), (39005, 10, 3, OUT + "3\n")
    ]  # fmt: skip


def test_what_is_printed_below_python_arrives_too(server: Target) -> None:
    heard = listen(server, call("import os\nos.write(1, b'native\\n')\nos.system('echo child')"))
    assert _printed(heard) == "native\nchild\n"


def test_a_long_print_arrives_whole(server: Target) -> None:
    heard = listen(server, call("print('x' * 100_000 + 'end')"))
    assert _printed(heard) == "x" * 100_000 + "end\n"


def test_a_message_is_read_while_the_script_runs(server: Target) -> None:
    """The script never ends by itself: what it printed can only have come before its end."""
    heard = threading.Event()
    connection = dblib(server)
    connection.set_msghandler(lambda *message: heard.set() if b"begun" in message[-1] else None)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            connection.execute_non_query(call("print('begun')\nwhile True:\n    pass"))
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert heard.wait(60)
    assert thread.is_alive()
    for _ in range(120):
        _kill_scripts(server)
        thread.join(0.5)
        if failed:
            break
    assert "Unable to communicate with the runtime" in str(failed)


def _kill_scripts(server: Target) -> None:
    """End the scripts of the server that use the processor, as an administrator might."""
    import psutil

    for process in psutil.Process(server.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if not process.children() and process.cpu_times().user > 0.2:
                process.kill()


def test_raiserror_with_nowait_is_read_before_the_batch_ends(server: Target) -> None:
    """So is a script's print: both are sent in a packet that is not full."""
    times: list[float] = []
    listen(server, "RAISERROR(N'now', 0, 1) WITH NOWAIT; WAITFOR DELAY '00:00:01'; PRINT N'later'",
           lambda _: times.append(time.monotonic()))  # fmt: skip
    assert len(times) == 2
    assert times[1] - times[0] > 0.5


def test_messages_keep_their_order_within_insert_exec(server: Target) -> None:
    batch = (
        "CREATE TABLE #r (a int); PRINT N'a'; INSERT #r " + call("print('b')\n" + frame("'a': [1]")) + "; PRINT N'c'"
    )
    assert [one.text for one in listen(server, batch)] == ["a", OUT + "b\n", "c"]


def test_a_script_that_raises(server: Target) -> None:
    """39004 and 39019 as SQL Server words them; lines are those of @script's text."""
    heard = listen(server, "\n" + call("\ndef f(x):\n    return 1 / x\n\nprint('before')\nf(0)\n"))
    assert [(one.number, one.severity, one.state, one.line) for one in heard] == [
        (39005, 10, 1, 2), (39004, 16, 20, 2), (39019, 16, 2, 2)
    ]  # fmt: skip
    assert re.fullmatch(
        r"A 'Python' script error occurred during execution of 'sp_execute_external_script' with HRESULT 0x80004004\."
        r"( External script request id is [0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\.)?", heard[1].text
    )  # fmt: skip
    lines = [line.rstrip("\r") for line in heard[2].text.split("\n") if line.strip() and "~" not in line]
    assert lines == [
        "An external script error occurred: ",
        "Error in execution.  Check the output for more information.",
        "Traceback (most recent call last):",
        '  File "<string>", line 6, in <module>',
        "    f(0)",
        '  File "<string>", line 3, in f',
        "    return 1 / x",
        "ZeroDivisionError: division by zero",
        "SqlSatelliteCall error: Error in execution.  Check the output for more information.",
    ]


# (name, script, number, words of 39019)
FAILURES: list[tuple[str, str, int, str]] = [
    ("syntax", "x = 1\ny = = 2", 39004, r'File "<string>", line 2(.|\s)*SyntaxError: invalid syntax'),
    ("indentation", "x = 1\n  y = 2", 39004, r"line 2(.|\s)*IndentationError: unexpected indent"),
    ("a name that is not there", "x = nope", 39004, "NameError: name 'nope' is not defined"),
    ("a module that is not there", "import no_such_module", 39004, "ModuleNotFoundError: No module named"),
    ("sys.exit", "import sys\nsys.exit(3)", 39004, r"line 2, in <module>(.|\s)*SystemExit: 3"),
    ("sys.exit of nothing", "import sys\nsys.exit()", 39004, "SystemExit"),
    ("a model that is no pickle", "import pickle\npickle.loads(b'nothing')", 39004, "UnpicklingError"),
    (
        "a model of a class that is not there",
        "import pickle\npickle.loads(b'csklearn.old\\nModel\\n.')",
        39004,
        "No module named 'sklearn.old'",
    ),
    ("a model of a newer pickle", "import pickle\npickle.loads(b'\\x80\\x63.')", 39004, "unsupported pickle protocol"),
    ("not enough memory", "x = bytearray(1 << 60)", 39004, "MemoryError"),
    ("no end of recursion", "def f():\n    f()\nf()", 39004, "RecursionError"),
    ("a long traceback", "raise ValueError('x' * 50000 + 'the end')", 39004, r"Traceback(.|\s)*the end"),
    ("the process ends", "import os\nos._exit(3)", 39012, "exit code 3"),
    ("the process is killed", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", 39012, "SIGKILL"),
    ("native code crashes", "import ctypes\nctypes.string_at(0)", 39012, "SIGSEGV"),
]


@pytest.mark.parametrize(("script", "number", "words"), [r[1:] for r in FAILURES], ids=[r[0] for r in FAILURES])
def test_a_failure_says_why_and_the_session_goes_on(server: Target, script: str, number: int, words: str) -> None:
    alive = "print('alive')"
    heard = listen(server, f"{call(script)};\n{call(alive)}")
    assert [one.number for one in heard[:2]] == [number, 39019]
    assert re.search(words, heard[1].text), heard[1].text
    assert [one.text for one in heard[2:]] == [OUT + "alive\n"]


ALIVE = "print('alive')"
RAISES = call("raise ValueError(1)")
DIES = call("import os\nos._exit(1)")
CAUGHT = "BEGIN TRY {} END TRY BEGIN CATCH SELECT {} END CATCH"


@pytest.mark.parametrize(("statement", "number"), [(RAISES, 39004), (DIES, 39012)], ids=["raises", "dies"])
def test_a_failure_ends_its_statement_only(connect: Callable[..., Any], statement: str, number: int) -> None:
    cursor = connect().cursor()
    cursor.execute("CREATE TABLE #t (a int); BEGIN TRAN; INSERT #t VALUES (1)")
    with pytest.raises(pyodbc.Error, match=str(number)):
        cursor.execute(statement + "; INSERT #t VALUES (2)")
    assert tuple(cursor.execute("SELECT @@TRANCOUNT, count(*) FROM #t").fetchone()) == (1, 2)
    cursor.execute("COMMIT")


# (batch, what it selects)
CATCHES: list[tuple[str, tuple[Any, ...]]] = [
    (CAUGHT.format(RAISES, "ERROR_NUMBER(), ERROR_SEVERITY(), ERROR_STATE(), ERROR_LINE(), ERROR_PROCEDURE()"),
     (39004, 16, 20, 1, None)),
    (CAUGHT.format(DIES, "ERROR_NUMBER(), ERROR_SEVERITY()"), (39012, 16)),
    ("BEGIN TRAN; " + CAUGHT.format(RAISES, "XACT_STATE(), @@TRANCOUNT") + "; ROLLBACK", (1, 1)),
    ("SET XACT_ABORT ON; BEGIN TRAN; " + CAUGHT.format(RAISES, "XACT_STATE(), @@TRANCOUNT") + "; ROLLBACK", (-1, 1)),
    (CAUGHT.format("EXEC (N'" + RAISES.replace("'", "''") + "')", "LEFT(ERROR_MESSAGE(), 32)"),
     ("A 'Python' script error occurred",)),
]  # fmt: skip


@pytest.mark.parametrize(("batch", "expected"), CATCHES)
def test_catch_sees_the_error_and_the_transaction(
    connect: Callable[..., Any], batch: str, expected: tuple[Any, ...]
) -> None:
    assert fetch(connect().cursor(), f"SET NOCOUNT ON; {batch}") == [[expected]]


def test_with_xact_abort_a_failure_ends_batch_and_transaction(connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()
    cursor.execute("CREATE TABLE #t (a int)")
    with pytest.raises(pyodbc.Error, match="39004"):
        fetch(cursor, f"SET XACT_ABORT ON; BEGIN TRAN; INSERT #t VALUES (1); {RAISES}; INSERT #t VALUES (2)")
    assert tuple(cursor.execute("SELECT @@TRANCOUNT, count(*) FROM #t").fetchone()) == (0, 0)


def test_inside_try_the_traceback_is_a_message(server: Target) -> None:
    heard = listen(server, f"BEGIN TRY {RAISES} END TRY BEGIN CATCH PRINT CAST(ERROR_NUMBER() AS varchar(9)) END CATCH")
    assert [(one.number, one.severity) for one in heard] == [(39019, 10), (0, 0)]
    assert "ValueError: 1" in heard[0].text
    assert heard[1].text == "39004"


def test_a_cancelled_script_ends_within_a_second_and_the_session_goes_on(connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()
    cursor.execute("CREATE TABLE #t (a int); BEGIN TRAN; INSERT #t VALUES (1)")
    ended: list[float] = []
    timer = threading.Timer(1.5, lambda: (ended.append(time.monotonic()), cursor.cancel()))
    timer.start()
    with pytest.raises(pyodbc.Error, match="cancel"):
        cursor.execute(call("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    pass"))
    taken = time.monotonic() - ended[0]
    timer.join()
    assert tuple(cursor.execute("SELECT @@TRANCOUNT, count(*) FROM #t").fetchone()) == (1, 1)
    assert fetch(cursor, call(frame("'a': [7]"))) == [[(7,)]]
    assert taken < 5  # a second where the machine is idle


def test_a_large_output_arrives_whole(connect: Callable[..., Any]) -> None:
    script = PANDAS + "OutputDataSet = pd.DataFrame({'n': np.arange(300_000), 's': 'x' * 40, 't': pd.Timestamp(0)})"
    cursor = connect().cursor()
    cursor.execute("CREATE TABLE #t (n bigint, s varchar(40), t datetime); INSERT #t " + call(script))
    found = cursor.execute("SELECT count(*), sum(n), min(len(s)), max(t) FROM #t").fetchone()
    assert (found[0], int(found[1]), found[2], found[3].year) == (300_000, 44_999_850_000, 40, 1970)


def test_wide_values_arrive_whole(connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()
    cursor.execute(call(frame("'b': [bytes([n]) * 3_000_000 for n in range(8)]")))
    assert [(len(value), value[0]) for (value,) in cursor.fetchall()] == [(3_000_000, n) for n in range(8)]


def test_nothing_runs_until_scripts_are_enabled(connect: Callable[..., Any], embedded: Target) -> None:
    """`value` and `value_in_use` differ between sp_configure and RECONFIGURE; both directions."""
    cursor = connect().cursor()
    shown = "SELECT CAST(value AS int), CAST(value_in_use AS int) FROM sys.configurations WHERE name = N'external " \
        "scripts enabled'"  # fmt: skip
    try:
        cursor.execute("EXEC sp_configure 'external scripts enabled', 0")
        assert "changed from 1 to 0. Run the RECONFIGURE statement to install." in cursor.messages[0][1]
        assert tuple(cursor.execute(shown).fetchone()) == (0, 1)
        assert fetch(cursor, "EXEC sp_configure 'external scripts'") == [[("external scripts enabled", 0, 1, 0, 1)]]
        assert fetch(cursor, call(frame("'a': [7]"))) == [[(7,)]]
        cursor.execute("RECONFIGURE")
        assert tuple(cursor.execute(shown).fetchone()) == (0, 0)
        with pytest.raises(pyodbc.Error) as caught:
            cursor.execute(call("x = 1", query("SELECT 1 / 0 AS a")))
        assert error_number(caught.value) == 39023
        cursor.execute("EXEC sp_configure N'external scripts enabled', N'1'")
        assert tuple(cursor.execute(shown).fetchone()) == (1, 0)
    finally:
        cursor.execute("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE WITH OVERRIDE")
    assert tuple(cursor.execute(shown).fetchone()) == (1, 1)


CONFIGURE: list[tuple[str, str, int]] = [
    ("no such option", "EXEC sp_configure 'no such option'", 15123),
    ("a part of several names", "EXEC sp_configure 'en'", 15124),
    ("an advanced option", "EXEC sp_configure 'max degree of parallelism'", 15123),
    ("a value that is too large", "EXEC sp_configure 'external scripts enabled', 2", 15129),
    ("a value that is no number", "EXEC sp_configure 'external scripts enabled', 'on'", 8114),
    ("in a transaction", "BEGIN TRAN; EXEC sp_configure 'external scripts enabled', 1", 15002),
    ("reconfigure in a transaction", "BEGIN TRAN; RECONFIGURE", 574),
]


@pytest.mark.parametrize(("batch", "number"), [row[1:] for row in CONFIGURE], ids=[row[0] for row in CONFIGURE])
def test_configuration_is_refused(connect: Callable[..., Any], embedded: Target, batch: str, number: int) -> None:
    cursor = connect().cursor()
    with pytest.raises(pyodbc.Error) as caught:
        fetch(cursor, batch)
    assert error_number(caught.value) == number
    cursor.execute("IF @@TRANCOUNT > 0 ROLLBACK")


def test_advanced_options_are_shown_when_that_is_configured(connect: Callable[..., Any], embedded: Target) -> None:
    cursor = connect().cursor()
    before = [row[0] for row in fetch(cursor, "EXEC sp_configure")[0]]
    try:
        cursor.execute("EXEC sp_configure 'show advanced', 1; RECONFIGURE")
        after = [row[0] for row in fetch(cursor, "EXEC sp_configure")[0]]
    finally:
        cursor.execute("EXEC sp_configure 'show advanced options', 0; RECONFIGURE")
    assert "max degree of parallelism" in set(after) - set(before)
    assert set(before) < set(after)
    assert after == sorted(after, key=str.lower)
