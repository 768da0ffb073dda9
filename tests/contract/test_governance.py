"""Resource Governor: what limits scripts, when it begins to, and how it is refused."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests import servers
from tests.contract.cases import error_number, fetch
from tests.contract.test_scripts import call
from tests.servers import Target
from tests.tsqlcheck import judge, unavailable

RECONFIGURE = "ALTER RESOURCE GOVERNOR RECONFIGURE"
RESET = (
    'ALTER EXTERNAL RESOURCE POOL "default" WITH (MAX_CPU_PERCENT = 100, AFFINITY CPU = AUTO, '
    "MAX_MEMORY_PERCENT = 20, MAX_PROCESSES = 0)"
)
FORMS = [
    "CREATE EXTERNAL RESOURCE POOL p",
    "CREATE EXTERNAL RESOURCE POOL p WITH (MAX_CPU_PERCENT = 50, AFFINITY CPU = (0 TO 1), MAX_MEMORY_PERCENT = 5)",
    'ALTER EXTERNAL RESOURCE POOL "default" WITH (AFFINITY CPU = AUTO, MAX_PROCESSES = 2)',
    "DROP EXTERNAL RESOURCE POOL p",
    'CREATE WORKLOAD GROUP g USING "default", EXTERNAL p',
    "CREATE WORKLOAD GROUP g",
    'ALTER WORKLOAD GROUP g USING EXTERNAL "default"',
    "DROP WORKLOAD GROUP g",
    "ALTER RESOURCE GOVERNOR RECONFIGURE",
    "ALTER RESOURCE GOVERNOR DISABLE",
    "ALTER RESOURCE GOVERNOR RESET STATISTICS",
    "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = NULL)",
]
REFUSALS = [
    ("CREATE EXTERNAL RESOURCE POOL p WITH (MAX_CPU_PERCENT = 0)", 102),
    ("CREATE EXTERNAL RESOURCE POOL p WITH (MAX_MEMORY_PERCENT = 101)", 102),
    ("CREATE EXTERNAL RESOURCE POOL p WITH ()", 102),
    ("CREATE EXTERNAL RESOURCE POOL p WITH (MAX_IOPS = 1)", 102),
    ("CREATE EXTERNAL RESOURCE POOL [#p]", 10914),
    ('CREATE EXTERNAL RESOURCE POOL "default"', 10918),
    ("CREATE EXTERNAL RESOURCE POOL p WITH (AFFINITY CPU = (900))", 40510),
    ("CREATE EXTERNAL RESOURCE POOL p WITH (AFFINITY NUMANODE = (0))", 40510),
    ("ALTER EXTERNAL RESOURCE POOL nobody WITH (MAX_PROCESSES = 1)", 10911),
    ("DROP EXTERNAL RESOURCE POOL nobody", 10911),
    ('DROP EXTERNAL RESOURCE POOL "default"', 10912),
    ("CREATE WORKLOAD GROUP g USING nobody", 10911),
    ("CREATE WORKLOAD GROUP g USING EXTERNAL nobody", 10911),
    ("CREATE WORKLOAD GROUP g WITH (MAX_DOP = 1)", 40510),
    ("ALTER WORKLOAD GROUP g", 10917),
    ("ALTER WORKLOAD GROUP internal USING EXTERNAL [default]", 10915),
    ("DROP WORKLOAD GROUP nobody", 15151),
    ('DROP WORKLOAD GROUP "default"', 10912),
    ("CREATE RESOURCE POOL p", 40510),
    ("ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.nobody)", 10902),
    ("CREATE FUNCTION dbo.gv_f() RETURNS sysname WITH SCHEMABINDING AS BEGIN DECLARE @a int = 1 END", 455),
    ("CREATE FUNCTION dbo.gv_f() RETURNS sysname WITH SCHEMABINDING AS BEGIN SELECT 1; RETURN N'x' END", 444),
    ("CREATE FUNCTION dbo.gv_f() RETURNS sysname WITH SCHEMABINDING AS BEGIN PRINT 1; RETURN N'x' END", 443),
    ("BEGIN TRAN; CREATE EXTERNAL RESOURCE POOL p; COMMIT", 574),
]


@pytest.fixture(scope="module")
def own_server() -> Iterator[Target]:
    """A server of its own: pools belong to a server as a whole."""
    if os.environ.get("PYMLSQL_TEST_URL"):
        pytest.skip("PYMLSQL_TEST_URL names a real server; this test starts one of its own")
    with servers.running() as target:
        yield target


@pytest.fixture
def connection(own_server: Target) -> Iterator[Any]:
    made = pyodbc.connect(own_server.odbc, autocommit=True, timeout=20)
    made.execute("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")
    yield made
    made.execute("IF @@TRANCOUNT > 0 ROLLBACK")
    made.execute(RESET)
    made.execute(RECONFIGURE)
    made.close()


def test_microsofts_parser_reads_them_too() -> None:
    reason = unavailable()
    if reason is not None:
        pytest.skip(reason)
    assert judge(FORMS) == []


@pytest.mark.parametrize(("statement", "number"), REFUSALS)
def test_a_statement_is_refused_with_its_number(connection: Any, statement: str, number: int) -> None:
    with pytest.raises(pyodbc.Error) as caught:
        connection.execute(statement)
    assert error_number(caught.value) == number


def limits(connection: Any, view: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT name, max_cpu_percent, max_memory_percent, max_processes FROM sys.{view} ORDER BY external_pool_id"
    return [tuple(row) for row in connection.execute(sql).fetchall()]


DECLARED, IN_FORCE = "resource_governor_external_resource_pools", "dm_resource_governor_external_resource_pools"


def test_a_declaration_is_in_force_after_reconfigure(connection: Any) -> None:
    assert limits(connection, IN_FORCE) == [("default", 100, 20, 0)]
    connection.execute("CREATE EXTERNAL RESOURCE POOL small WITH (MAX_MEMORY_PERCENT = 2)")
    connection.execute("CREATE WORKLOAD GROUP scoring USING EXTERNAL small")
    assert limits(connection, DECLARED) == [("default", 100, 20, 0), ("small", 100, 2, 0)]
    pending = "SELECT is_reconfiguration_pending FROM sys.dm_resource_governor_configuration"
    connection.execute(RECONFIGURE)
    assert limits(connection, IN_FORCE) == [("default", 100, 20, 0), ("small", 100, 2, 0)]
    connection.execute("ALTER EXTERNAL RESOURCE POOL small WITH (MAX_PROCESSES = 3)")
    assert connection.execute(pending).fetchval() is True
    assert limits(connection, IN_FORCE)[1] == ("small", 100, 2, 0)
    with pytest.raises(pyodbc.Error, match="contains workload group 'scoring'"):
        connection.execute("DROP EXTERNAL RESOURCE POOL small")
    groups = connection.execute("SELECT name FROM sys.dm_resource_governor_workload_groups ORDER BY group_id")
    assert [row[0] for row in groups.fetchall()] == ["internal", "default", "scoring"]
    connection.execute("DROP WORKLOAD GROUP scoring; DROP EXTERNAL RESOURCE POOL small")
    connection.execute("ALTER RESOURCE GOVERNOR DISABLE")
    assert limits(connection, IN_FORCE) == [("default", 100, 20, 0)]


CLASSIFIER = """CREATE FUNCTION dbo.gv_classifier() RETURNS sysname WITH SCHEMABINDING AS
BEGIN
    DECLARE @group sysname = N'default';
    IF APP_NAME() = N'slow' WHILE 1 = 1 SET @group = N'gv_group';
    IF APP_NAME() = N'broken' SET @group = CAST(1 / (LEN(@group) - 7) AS nvarchar(9));
    IF APP_NAME() = N'scoring' SET @group = N'gv_group'
    ELSE IF APP_NAME() = N'lost' SET @group = N'no such group';
    RETURN @group;
END"""


def processors(server: Target, application: str) -> int:
    """How many processors a script of a new session may use."""
    connection = pyodbc.connect(server.odbc + f";APP={application}", autocommit=True, timeout=30)
    script = "import os, pandas\nOutputDataSet = pandas.DataFrame({'n': [len(os.sched_getaffinity(0))]})"
    [[(found,)]] = fetch(connection.cursor(), call(script))
    connection.close()
    return int(found)


def test_a_classifier_chooses_the_group_of_a_session(own_server: Target, connection: Any) -> None:
    everything = len(os.sched_getaffinity(0))
    for statement in (
        "CREATE EXTERNAL RESOURCE POOL gv_pool WITH (MAX_CPU_PERCENT = 1)",
        "CREATE WORKLOAD GROUP gv_group USING EXTERNAL gv_pool",
        CLASSIFIER,
        "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.gv_classifier)",
    ):
        connection.execute(statement)
    assert processors(own_server, "scoring") == everything
    connection.execute(RECONFIGURE)
    found = [processors(own_server, name) for name in ("scoring", "other", "lost", "broken", "slow")]
    assert found == [1, everything, everything, everything, everything]
    for action in ("DROP FUNCTION dbo.gv_classifier", CLASSIFIER.replace("CREATE", "ALTER", 1)):
        with pytest.raises(pyodbc.Error) as caught:
            connection.execute(action)
        assert error_number(caught.value) == 10920
    connection.execute("ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = NULL)")
    connection.execute(RECONFIGURE)
    assert processors(own_server, "scoring") == everything
    connection.execute("DROP FUNCTION dbo.gv_classifier; DROP WORKLOAD GROUP gv_group")
    connection.execute("DROP EXTERNAL RESOURCE POOL gv_pool")


def share(connection: Any, **limits: int) -> None:
    options = ", ".join(f"{name} = {value}" for name, value in limits.items())
    connection.execute(f'ALTER EXTERNAL RESOURCE POOL "default" WITH ({options})')
    connection.execute(RECONFIGURE)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT d.name, p.s FROM PREDICT(MODEL = 0x00, DATA = sys.objects AS d) WITH (s float) AS p",
        "EXEC sp_rxPredict @model = 0x00, @inputData = N'SELECT 1 AS a'",
    ],
)
def test_native_scoring_is_refused_with_the_way_to_take(connection: Any, statement: str) -> None:
    with pytest.raises(pyodbc.Error, match="score in a script of sp_execute_external_script") as caught:
        connection.execute(statement)
    assert error_number(caught.value) == 40510


def scores(connection: Any) -> bool:
    cursor = connection.cursor()
    return fetch(cursor, call("import pandas\nOutputDataSet = pandas.DataFrame({'a': [1]})")) == [[(1,)]]


def test_memory_beyond_the_pools_share_is_an_error_of_the_script(connection: Any) -> None:
    share(connection, MAX_MEMORY_PERCENT=1)
    with pytest.raises(pyodbc.Error) as caught:
        fetch(connection.cursor(), call("x = bytearray(700 * 2**20)"))
    assert error_number(caught.value) == 39004
    assert scores(connection)


def test_the_processes_of_a_script_share_the_pools_memory(connection: Any) -> None:
    share(connection, MAX_MEMORY_PERCENT=1)
    script = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        x = b'x' * (100 * 2**20)
        time.sleep(20)
        os._exit(0)
time.sleep(20)
"""
    began = time.monotonic()
    with pytest.raises(pyodbc.Error) as caught:
        fetch(connection.cursor(), call(script))
    assert error_number(caught.value) == 39012
    assert time.monotonic() - began < 15


def test_a_script_is_bound_to_processors(connection: Any) -> None:
    share(connection, MAX_CPU_PERCENT=1)
    script = "import os, pandas\nOutputDataSet = pandas.DataFrame({'n': [len(os.sched_getaffinity(0))]})"
    assert fetch(connection.cursor(), call(script)) == [[(1,)]]


def test_one_script_more_than_max_processes_waits(own_server: Target, connection: Any) -> None:
    share(connection, MAX_PROCESSES=1)
    busy = "SELECT COUNT(*) FROM sys.dm_external_script_requests WHERE [language] = 'Python'"
    active = f"SELECT active_processes_count FROM sys.{IN_FORCE} WHERE name = 'default'"
    other = pyodbc.connect(own_server.odbc, autocommit=True, timeout=20)
    slow = threading.Thread(target=lambda: fetch(other.cursor(), call("import time; time.sleep(3)")))
    slow.start()
    try:
        until = time.monotonic() + 20
        while connection.execute(busy).fetchval() == 0 and time.monotonic() < until:
            time.sleep(0.02)
        assert connection.execute(active).fetchval() == 1
        fetch(connection.cursor(), call("pass"))
        assert not slow.is_alive() or connection.execute(busy).fetchval() == 0
    finally:
        slow.join()
        other.close()
    assert connection.execute(busy).fetchval() == 0


def test_what_is_declared_is_there_after_a_restart(tmp_path: Any) -> None:
    if os.environ.get("PYMLSQL_TEST_URL"):
        pytest.skip("PYMLSQL_TEST_URL names a real server; this test starts one of its own")
    for turn in range(2):
        with servers.running(data_dir=tmp_path) as target:
            connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
            if turn == 0:
                connection.execute("CREATE EXTERNAL RESOURCE POOL kept WITH (MAX_PROCESSES = 7)")
                connection.execute(RECONFIGURE)
            assert limits(connection, IN_FORCE)[1] == ("kept", 100, 20, 7)
            connection.close()
