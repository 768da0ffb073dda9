"""What was committed is there after a restart, also after kill -9; what was not is gone."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
from pathlib import Path

import pyodbc
import pytest

from tests import servers

LARGE = bytes(range(251)) * 9000
DIGEST = hashlib.sha256(LARGE + b"\0").digest()


def _connect(target: servers.Target, *, autocommit: bool = True) -> pyodbc.Connection:
    return pyodbc.connect(target.odbc, autocommit=autocommit, timeout=20)


def _fill(target: servers.Target) -> None:
    with _connect(target) as connection:
        connection.execute("CREATE TABLE dbo.kept (id int IDENTITY(1, 1) CONSTRAINT PK_kept PRIMARY KEY, "
                           "s nvarchar(20), b varbinary(max), "
                           "d datetime NOT NULL CONSTRAINT DF_kept DEFAULT '2020-01-01')")
        connection.execute("CREATE UNIQUE INDEX UX_kept ON dbo.kept (s)")
        connection.execute("CREATE VIEW dbo.kept_view AS SELECT s FROM dbo.kept")
        connection.execute("CREATE PROCEDURE dbo.kept_count @n int OUTPUT AS SELECT @n = COUNT(*) FROM dbo.kept_view")
        connection.execute("INSERT dbo.kept (s, b) VALUES (N'Grüße', ?), (N'second', NULL)", bytes(range(256)) * 1000)
        connection.execute("CREATE TABLE dbo.large (id int, b varbinary(max))")
        connection.execute("INSERT dbo.large VALUES (1, ?)", LARGE)
        connection.execute("UPDATE dbo.large SET b.WRITE(0x00, NULL, 0)")
        _fill_definitions(connection)


def _fill_definitions(connection: pyodbc.Connection) -> None:
    for batch in (
        "CREATE SEQUENCE dbo.kept_numbers START WITH 5 NO CACHE",
        "CREATE TABLE dbo.kept_more (id int PRIMARY KEY, a int, c AS a * 2, d AS a * 3 PERSISTED, v rowversion, "
        "f datetime2 GENERATED ALWAYS AS ROW START HIDDEN, t datetime2 GENERATED ALWAYS AS ROW END HIDDEN, "
        "PERIOD FOR SYSTEM_TIME (f, t)) WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.kept_history))",
        "INSERT dbo.kept_more (id, a) VALUES (NEXT VALUE FOR dbo.kept_numbers, 1)",
        "BEGIN TRAN; ALTER TABLE dbo.kept_more ADD e int NULL; UPDATE dbo.kept_more SET a = 2; COMMIT",
        "EXEC sp_addextendedproperty 'MS_Description', 'what it is', 'schema', dbo, 'table', kept_more",
        "EXEC sp_rename 'dbo.kept_more.e', 'ee', 'COLUMN'",
    ):
        connection.execute(batch)


def _check_definitions(connection: pyodbc.Connection) -> None:
    row = connection.execute("SELECT id, a, c, d, ee FROM dbo.kept_more").fetchone()
    assert tuple(row) == (5, 2, 4, 6, None)
    former = connection.execute("SELECT a FROM dbo.kept_more FOR SYSTEM_TIME ALL WHERE a = 1").fetchall()
    assert [tuple(one) for one in former] == [(1,)]
    assert connection.execute("SELECT NEXT VALUE FOR dbo.kept_numbers").fetchval() == 6
    sql = "SELECT CAST(value AS nvarchar(20)) FROM sys.extended_properties WHERE name = 'MS_Description'"
    assert connection.execute(sql).fetchval() == "what it is"
    sql = "DECLARE @v binary(8) = (SELECT v FROM dbo.kept_more); UPDATE dbo.kept_more SET a = 2; " \
          "SELECT CASE WHEN v > @v THEN 1 ELSE 0 END FROM dbo.kept_more"
    assert connection.execute("SET NOCOUNT ON; " + sql).fetchval() == 1


def _check(target: servers.Target) -> None:
    with _connect(target) as connection:
        rows = connection.execute("SELECT id, s, b, YEAR(d) FROM dbo.kept ORDER BY id").fetchall()
        assert [tuple(row) for row in rows] == [(1, "Grüße", bytes(range(256)) * 1000, 2020), (2, "second", None, 2020)]
        assert connection.execute("SELECT b FROM dbo.large").fetchval() == LARGE + b"\0"
        assert connection.execute("SELECT HASHBYTES('SHA2_256', b) FROM dbo.large").fetchval() == DIGEST
        sql = "DECLARE @n int; EXEC dbo.kept_count @n OUTPUT; SELECT @n"
        assert connection.execute(sql).fetchval() == 2
        with pytest.raises(pyodbc.IntegrityError, match="2601"):
            connection.execute("INSERT dbo.kept (s) VALUES (N'SECOND')")
        connection.execute("INSERT dbo.kept (s) VALUES (N'third')")
        assert connection.execute("SELECT MAX(id) FROM dbo.kept").fetchval() >= 3
        connection.execute("DELETE dbo.kept WHERE s = N'third'")
        _check_definitions(connection)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_committed_rows_and_modules_survive(data_dir: Path, tmp_path: Path, how: signal.Signals) -> None:
    first = servers.start(data_dir, scratch=tmp_path)
    try:
        _fill(first)
        open_work = _connect(first, autocommit=False)
        open_work.execute("INSERT dbo.kept (s) VALUES (N'not committed')")
        open_work.execute("INSERT dbo.large VALUES (2, ?)", LARGE[1:])
        status = first.stop(how=how)
    finally:
        if first.is_running():
            first.stop(how=signal.SIGKILL)
    assert status == (-9 if how == signal.SIGKILL else 0), first.stderr()
    second = servers.start(data_dir, scratch=tmp_path)
    try:
        assert second.password == first.password
        assert [path.name for path in (data_dir / "values").iterdir()] == [DIGEST.hex()]
        _check(second)
    finally:
        second.stop()


def test_ready_file_and_server_json_hold_what_is_promised(data_dir: Path, tmp_path: Path) -> None:
    target = servers.start(data_dir, scratch=tmp_path)
    try:
        ready = next(tmp_path.glob("ready-*.json"))
        beside = data_dir / "server.json"
        facts = json.loads(ready.read_text())
        assert {"host", "port", "database", "user", "password", "odbc", "sqlalchemy_url", "pid"} <= set(facts)
        assert (facts["database"], facts["user"], facts["host"]) == ("pymlsql", "sa", "127.0.0.1")
        assert facts["pid"] == target.process.pid if target.process else False
        assert json.loads(beside.read_text()) == facts
        for path in (ready, beside):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        target.stop()


def test_second_server_over_the_same_directory_is_refused(data_dir: Path, tmp_path: Path) -> None:
    target = servers.start(data_dir, scratch=tmp_path)
    try:
        with pytest.raises(servers.ServerFailed) as caught:
            servers.start(data_dir, scratch=tmp_path)
        assert "Traceback" not in str(caught.value)
        with _connect(target) as connection:
            assert connection.execute("SELECT 1").fetchval() == 1
    finally:
        target.stop()


def test_stopped_server_leaves_no_process_and_no_port(tmp_path: Path) -> None:
    import psutil

    target = servers.start(scratch=tmp_path)
    assert target.process is not None
    children = psutil.Process(target.process.pid).children(recursive=True)
    with _connect(target) as connection:
        connection.execute("SELECT 1")
    target.stop()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    with pytest.raises(pyodbc.Error):
        pyodbc.connect(target.odbc, timeout=2)


def test_killed_server_takes_its_satellites_with_it(tmp_path: Path) -> None:
    import psutil

    target = servers.start(scratch=tmp_path)
    assert target.process is not None
    with _connect(target) as connection:
        connection.execute("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")
        connection.execute("EXEC sp_execute_external_script @language = N'Python', @script = N'x = 1'")
    children = psutil.Process(target.process.pid).children(recursive=True)
    os.kill(target.process.pid, signal.SIGKILL)
    target.process.wait(10)
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
