"""The wire as real clients see it: every promised driver against a server that echoes."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import mssql_python
import mssql_python_odbc
import pymssql
import pyodbc
import pytest

from tests.unit.tds.echo_engine import PASSWORD, EchoEngine
from tests.unit.tds.serving import serving_in_a_child, wait_until

FREETDS = Path("/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so")
Served = tuple[EchoEngine, int]

mssql_python.pooling(enabled=False)


def _microsoft_driver() -> str:
    places = Path(mssql_python_odbc.__file__).parent.glob("libs/linux/debian_ubuntu/*/lib/libmsodbcsql-18*")
    return str(next(iter(places)))


def _pyodbc(encrypt: str) -> Callable[..., Any]:
    def connect(port: int, password: str = PASSWORD, database: str = "pymlsql", **options: Any) -> Any:
        return pyodbc.connect(
            f"DRIVER={_microsoft_driver()};SERVER=tcp:127.0.0.1,{port};UID=sa;PWD={password};DATABASE={database};"
            f"Encrypt={encrypt};TrustServerCertificate=yes",
            **{"autocommit": True, "timeout": 10, **options},
        )

    return connect


def _mssql_python(encrypt: str) -> Callable[..., Any]:
    def connect(port: int, password: str = PASSWORD, database: str = "pymlsql", **options: Any) -> Any:
        return mssql_python.connect(
            f"SERVER=127.0.0.1,{port};UID=sa;PWD={password};DATABASE={database};"
            f"Encrypt={encrypt};TrustServerCertificate=yes",
            **{"autocommit": True, **options},
        )

    return connect


def _freetds(port: int, password: str = PASSWORD, database: str = "pymlsql", **options: Any) -> Any:
    return pyodbc.connect(
        f"DRIVER={FREETDS};SERVER=127.0.0.1;PORT={port};UID=sa;PWD={password};DATABASE={database};TDS_Version=7.4;"
        "ClientCharset=UTF-8",
        **{"autocommit": True, **options},
    )


def _pymssql(tds_version: str) -> Callable[..., Any]:
    def connect(port: int, password: str = PASSWORD, database: str = "pymlsql", **options: Any) -> Any:
        return pymssql.connect(
            server="127.0.0.1", port=str(port), user="sa", password=password, database=database,
            tds_version=tds_version, **{"autocommit": True, **options},
        )  # fmt: skip

    return connect


needs_freetds = pytest.mark.skipif(not FREETDS.exists(), reason="FreeTDS's ODBC driver is not installed (tdsodbc)")
CLIENTS = {
    "msodbcsql18-plain": pytest.param(_pyodbc("no"), id="msodbcsql18-plain"),
    "msodbcsql18-tls": pytest.param(_pyodbc("yes"), id="msodbcsql18-tls"),
    "msodbcsql18-login-tls": pytest.param(_pyodbc("optional"), id="msodbcsql18-login-tls"),
    "mssql-python-plain": pytest.param(_mssql_python("no"), id="mssql-python-plain"),
    "mssql-python-tls": pytest.param(_mssql_python("yes"), id="mssql-python-tls"),
    "freetds": pytest.param(_freetds, id="freetds", marks=needs_freetds),
    "pymssql-7.4": pytest.param(_pymssql("7.4"), id="pymssql-7.4"),
    "pymssql-7.1": pytest.param(_pymssql("7.1"), id="pymssql-7.1"),
}
every_client = pytest.mark.parametrize("connect", CLIENTS.values())
odbc_clients = pytest.mark.parametrize("connect", [v for k, v in CLIENTS.items() if not k.startswith("pymssql")])


@pytest.fixture
def closing() -> Iterator[list[Any]]:
    """Connections put here are closed after the test."""
    opened: list[Any] = []
    yield opened
    for connection in opened:
        connection.close()


def rows_of(connection: Any, text: str, *parameters: Any) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(text, *parameters)
    return [tuple(row) for row in cursor.fetchall()]


@every_client
def test_a_client_logs_in_and_reads_a_row(connect: Any, echo_server: Served, closing: list[Any]) -> None:
    engine, port = echo_server
    connection = connect(port)
    closing.append(connection)
    assert rows_of(connection, "SELECT 1") == [(1,)]
    assert (engine.logins[-1].user, engine.logins[-1].database) == ("sa", "pymlsql")


@every_client
def test_a_result_without_rows_has_columns(connect: Any, echo_server: Served, closing: list[Any]) -> None:
    connection = connect(echo_server[1])
    closing.append(connection)
    cursor = connection.cursor()
    cursor.execute("SELECT nothing_at_all")
    assert [column[0] for column in cursor.description] == ["a", "b"]
    assert cursor.fetchall() == []


@every_client
def test_all_result_sets_of_a_batch_arrive(connect: Any, echo_server: Served, closing: list[Any]) -> None:
    connection = connect(echo_server[1])
    closing.append(connection)
    cursor = connection.cursor()
    cursor.execute("SELECT two sets")
    assert [tuple(row) for row in cursor.fetchall()] == [(1,), (2,)]
    assert cursor.nextset()
    assert [tuple(row) for row in cursor.fetchall()] == [("x", None)]
    assert not cursor.nextset()


@every_client
def test_an_error_is_raised_and_the_connection_lives_on(connect: Any, echo_server: Served, closing: list[Any]) -> None:
    connection = connect(echo_server[1])
    closing.append(connection)
    with pytest.raises(Exception, match="Invalid object name 'nothing'"):
        connection.cursor().execute("SELECT * FROM nothing")
    with pytest.raises(Exception, match="would be truncated"):
        rows_of(connection, "SELECT too long")
    assert rows_of(connection, "SELECT 1") == [(1,)]


@every_client
def test_a_wrong_password_is_18456_and_waits(connect: Any, echo_server: Served) -> None:
    start = time.monotonic()
    with pytest.raises(Exception, match=r"Login failed for user 'sa'|18456"):
        connect(echo_server[1], password="wrong")
    assert time.monotonic() - start >= 0.2


@every_client
def test_many_rows_arrive_in_order(connect: Any, echo_server: Served, closing: list[Any]) -> None:
    connection = connect(echo_server[1])
    closing.append(connection)
    rows = rows_of(connection, "SELECT rows 40000")
    assert len(rows) == 40_000
    assert [row[0] for row in rows] == list(range(40_000))
    assert {row[3] for row in rows} == {f"model{k}" for k in range(7)}


VALUES = {
    "int": 7,
    "negative": -(2**31),
    "bigint": 2**62,
    "float": -1.5e300,
    "bool": True,
    "empty": "",
    "ascii": "abc",
    "unicode": "Grüße, 世界 \U0001f600",
    "long": "ß" * 9_000,
    "bytes": bytes(range(256)),
    "no bytes": b"",
    "long bytes": bytes(range(256)) * 40,
    "decimal": D("-12345678901234567890.0123456789"),
    "decimal of 38": D("12345678901234567890123456789012345678"),
    "date": dt.date(9999, 12, 31),
    "early date": dt.date(1753, 1, 1),
    "datetime": dt.datetime(2015, 1, 1, 6, 0, 0, 123_456),
    "last datetime": dt.datetime(9999, 12, 31, 23, 59, 59, 999_999),
}


@odbc_clients
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_parameter_comes_back(connect: Any, echo_server: Served, closing: list[Any], value: Any) -> None:
    connection = connect(echo_server[1])
    closing.append(connection)
    [(found, other)] = rows_of(connection, "SELECT ?, ?", value, 1)
    assert (found, other) == (value, 1)
    if isinstance(value, (str, bytes, D)):
        assert type(found) is type(value)


@pytest.mark.parametrize("connect", [CLIENTS["msodbcsql18-tls"], CLIENTS["mssql-python-tls"]])
def test_times_and_guids_come_back(connect: Any, echo_server: Served, closing: list[Any]) -> None:
    connection = connect(echo_server[1])
    closing.append(connection)
    key, at = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef"), dt.time(23, 59, 59)
    [(guid, moment)] = rows_of(connection, "SELECT ?, ?", key, at)
    assert (uuid.UUID(str(guid)), moment) == (key, at)


@odbc_clients
def test_null_parameters_come_back(connect: Any, echo_server: Served, closing: list[Any]) -> None:
    connection = connect(echo_server[1])
    closing.append(connection)
    assert rows_of(connection, "SELECT ?, ?, ?", None, 3, None) == [(None, 3, None)]


def test_a_printed_message_reaches_the_cursor(echo_server: Served, closing: list[Any]) -> None:
    connection = _pyodbc("yes")(echo_server[1])
    closing.append(connection)
    cursor = connection.execute("PRINT 'Grüße'")
    assert "Grüße" in cursor.messages[0][1]


def test_an_error_keeps_its_number_and_sqlstate(echo_server: Served, closing: list[Any]) -> None:
    connection = _pyodbc("no")(echo_server[1])
    closing.append(connection)
    with pytest.raises(pyodbc.ProgrammingError) as caught:
        connection.execute("SELECT * FROM nothing")
    assert caught.value.args[0] == "42S02"
    assert "(208)" in caught.value.args[1]


@pytest.mark.parametrize("encrypt", ["no", "yes"])
def test_cancel_from_a_thread_ends_a_query(encrypt: str, echo_server: Served, closing: list[Any]) -> None:
    connection = _pyodbc(encrypt)(echo_server[1])
    closing.append(connection)
    cursor = connection.cursor()
    threading.Timer(0.2, cursor.cancel).start()
    start = time.monotonic()
    with pytest.raises(pyodbc.Error, match="cancel"):
        cursor.execute("WAIT 30")
    assert time.monotonic() - start < 5
    assert rows_of(connection, "SELECT 1") == [(1,)]


def test_a_query_timeout_ends_a_query(echo_server: Served, closing: list[Any]) -> None:
    connection = _pyodbc("yes")(echo_server[1])
    closing.append(connection)
    connection.timeout = 1
    with pytest.raises(pyodbc.OperationalError, match="timeout"):
        connection.execute("WAIT 30")
    assert rows_of(connection, "SELECT 1") == [(1,)]


def test_a_cursor_left_half_read_is_cancelled(echo_server: Served, closing: list[Any]) -> None:
    engine, port = echo_server
    connection = _pyodbc("yes")(port)
    closing.append(connection)
    cursor = connection.execute("SELECT rows 3000000")
    assert cursor.fetchone()[0] == 0
    cursor.close()
    assert rows_of(connection, "SELECT 1") == [(1,)]
    assert engine.sessions[-1].n_cancels > 0


def test_a_client_that_vanishes_ends_its_request_and_session(echo_server: Served) -> None:
    engine, port = echo_server
    connection = _pyodbc("no")(port)
    cursor = connection.cursor()
    worker = threading.Thread(target=lambda: _ignore(lambda: cursor.execute("WAIT 30")))
    worker.start()
    session = engine.sessions[-1]
    assert wait_until(lambda: len(session.requests) >= 1)
    time.sleep(0.1)
    _shut_sockets_to(port)
    assert wait_until(lambda: session.is_closed)
    worker.join(10)
    assert not worker.is_alive()


def _ignore(action: Callable[[], Any]) -> None:
    with pytest.raises(pyodbc.Error):
        action()


def _shut_sockets_to(port: int) -> None:
    """Shut this process's client sockets to ``port``, as a dying network would."""
    import socket

    for name in os.listdir("/proc/self/fd"):
        try:
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                continue
            copy = socket.socket(fileno=os.dup(int(name)))
        except OSError:  # another thread has closed it
            continue
        try:
            if copy.family == socket.AF_INET and copy.getpeername()[1] == port:
                copy.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        finally:
            copy.close()


def test_transactions_begin_and_end_with_descriptors(echo_server: Served, closing: list[Any]) -> None:
    engine, port = echo_server
    connection = _pyodbc("yes")(port, autocommit=False)
    closing.append(connection)
    assert rows_of(connection, "SELECT 1") == [(1,)]
    connection.commit()
    assert rows_of(connection, "SELECT 1") == [(1,)]
    connection.rollback()
    actions = [r for r in engine.sessions[-1].requests if hasattr(r, "action")]
    assert actions[0].action == "begin"
    assert [(a.action, a.begin_next) for a in actions if a.action != "begin"] == [("commit", True), ("rollback", True)]


def test_fast_executemany_is_one_message_of_many_calls() -> None:
    """pyodbc asks sp_describe_undeclared_parameters while it holds the GIL: the server must be another process."""
    rows = [(i, i / 4, f"zeile {i} ü", dt.datetime(2015, 1, 1) + dt.timedelta(hours=i)) for i in range(5_000)]
    rows[7] = (7, None, None, None)  # type: ignore[assignment]
    with serving_in_a_child() as port:
        connection = _pyodbc("no")(port)
        cursor = connection.cursor()
        cursor.fast_executemany = True
        cursor.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
        assert rows_of(connection, "SELECT executed") == rows
        assert rows_of(connection, "SELECT most calls")[0][0] > 1_000
        connection.close()


def test_a_reset_connection_resets_the_session_first(echo_server: Served) -> None:
    """The driver sets RESETCONNECTION on the first request after a connection came out of its pool."""
    engine, port = echo_server
    mssql_python.pooling(max_size=2, idle_timeout=60, enabled=True)
    try:
        text = f"SERVER=127.0.0.1,{port};UID=sa;PWD={PASSWORD};Encrypt=no;TrustServerCertificate=yes"
        first = mssql_python.connect(text, autocommit=True)
        assert rows_of(first, "SELECT 1") == [(1,)]
        session = engine.sessions[-1]
        first.close()
        second = mssql_python.connect(text, autocommit=True)
        assert rows_of(second, "SELECT 1") == [(1,)]
        second.close()
        assert engine.sessions[-1] is session
        assert session.resets == [False]
    finally:
        mssql_python.pooling(enabled=False)


def test_a_failure_in_the_engine_closes_the_connection_only(echo_server: Served, closing: list[Any]) -> None:
    port = echo_server[1]
    connection = _pyodbc("no")(port)
    with pytest.raises(pyodbc.Error, match="error of its own"):
        connection.execute("CRASH")
    other = _pyodbc("no")(port)
    closing.append(other)
    assert rows_of(other, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("encrypt", ["no", "yes"])
def test_large_binaries_pass_both_ways(encrypt: str, echo_server: Served, closing: list[Any]) -> None:
    connection = _pyodbc(encrypt)(echo_server[1])
    closing.append(connection)
    value = bytes(range(256)) * 80_000  # 20 MB
    cursor = connection.cursor()
    cursor.setinputsizes([(pyodbc.SQL_VARBINARY, 0, 0)])
    [(found,)] = cursor.execute("SELECT ?", value).fetchall()
    assert found == value
