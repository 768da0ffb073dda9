"""Runs from T-SQL alone: the procedures, their numbers, and who may execute them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

import pymlsql
from pymlsql.errors import DatabaseError, RunError
from pymlsql.examples.pdm.declaration import PROJECT
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.cases import error_number
from tests.contract.people import People, people, values


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.under_test() as found:
        yield found


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    with pymlsql.connect(target.sqlalchemy_url) as found:
        found.downgrade("base")
        found.upgrade()
        found.apply(PROJECT)
        yield found


@pytest.fixture(scope="module")
def cursor(target: servers.Target, db: Toolkit) -> Iterator[Any]:
    connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
    yield connection.cursor()
    connection.close()


def number_of(raised: pytest.ExceptionInfo[DatabaseError]) -> int | None:
    return raised.value.number


# --- from T-SQL alone ------------------------------------------------------------------------------------------------

WHOLE = """\
SET NOCOUNT ON;
DECLARE @run bigint, @child bigint, @sha256 binary(32);
EXEC ml.CreateExperiment @name = N'tsql', @description = N'By hand';
EXEC ml.StartRun @experiment = N'tsql', @name = N'by hand', @git_commit = N'abc', @run_id = @run OUTPUT;
EXEC ml.StartRun @parent_run_id = @run, @run_id = @child OUTPUT;
EXEC ml.LogParam @run, N'depth', N'3';
EXEC ml.LogMetric @run, N'f1', 0.5;
EXEC ml.LogMetric @run, N'f1', 0.75;
EXEC ml.SetRunTag @run, N'a', N'1';
EXEC ml.SetRunTag @run, N'b', N'2';
EXEC ml.SetRunTag @run, N'a', NULL;
EXEC ml.LogArtifact @run, N'notes.txt', 0x6869, @sha256 OUTPUT;
EXEC ml.DescribeTraining @run, N'SELECT 1', 1, 0x01, NULL;
EXEC ml.EndRun @child, N'failed', N'out of memory';
EXEC ml.EndRun @run;
SELECT @run, @child, @sha256;
"""


def test_a_run_needs_no_python(cursor: Any, db: Toolkit) -> None:
    run_id, child, sha256 = cursor.execute(WHOLE).fetchone()
    found = db.run(run_id)
    assert (found.run.experiment, found.run.name, found.run.git_commit) == ("tsql", "by hand", "abc")
    assert (found.run.params, found.run.metrics, found.run.tags) == ({"depth": "3"}, {"f1": 0.75}, {"b": "2"})
    assert found.artifacts[0].sha256 == sha256.hex() == hashlib.sha256(b"hi").hexdigest()
    assert found.children == (child,)
    assert (db.run(child).run.status, db.run(child).run.error) == ("failed", "out of memory")
    (experiment,) = (e for e in db.experiments() if e.name == "tsql")
    assert (experiment.description, experiment.n_runs) == ("By hand", 2)
    actions = db.rows(
        "SELECT action FROM ml.events WHERE JSON_VALUE(detail, '$.run_id') = ? ORDER BY event_id", (str(run_id),)
    )
    assert [row.action for row in actions] == ["start run", "end run"]


REFUSED = [
    ("EXEC ml.CreateExperiment N'tsql'", 51022),
    ("EXEC ml.CreateExperiment N''", 51020),
    ("EXEC ml.CreateExperiment NULL", 51020),
    ("DECLARE @n nvarchar(max) = REPLICATE(N'x', 129); EXEC ml.CreateExperiment @n", 51020),
    ("EXEC ml.StartRun", 51020),
    ("EXEC ml.StartRun N'TSQL'", 51022),
    ("EXEC ml.StartRun @parent_run_id = 999999", 51021),
    ("EXEC ml.LogParam 999999, N'a', N'1'", 51021),
    ("EXEC ml.LogParam {run}, N'a ', N'1'", 51020),
    ("DECLARE @n nvarchar(max) = REPLICATE(N'x', 251); EXEC ml.LogMetric {run}, @n, 1", 51020),
    ("DECLARE @n nvarchar(max) = REPLICATE(N'x😀', 150); EXEC ml.LogParam {run}, @n, N'1'", 51020),
    ("EXEC ml.LogParam {run}, N'a', NULL", 51020),
    ("EXEC ml.LogMetric {run}, N'a', NULL", 51020),
    ("DECLARE @v nvarchar(max) = SPACE(4000); SET @v += N'x'; EXEC ml.SetRunTag {run}, N'a', @v", 51020),
    ("EXEC ml.LogArtifact {run}, N'../a', 0x00", 51020),
    ("EXEC ml.LogArtifact {run}, N'a'", 51020),
    ("EXEC ml.LogArtifact {run}, N'a', @sha256 = 0x01", 51027),
    ("EXEC ml.DescribeTraining {run}, @view_name = N'dbo.nothing'", 51026),
    ("EXEC ml.EndRun {run}, N'done'", 51020),
    ("EXEC ml.EndRun {run}, N'running'", 51020),
    ("EXEC ml.ReadArtifact {run}, N'a'", 51021),
]  # fmt: skip


@pytest.mark.parametrize(("batch", "number"), REFUSED, ids=[batch for batch, _ in REFUSED])
def test_what_cannot_be_is_refused_with_its_number(db: Toolkit, batch: str, number: int) -> None:
    if db.scalar("SELECT COUNT(*) FROM ml.experiments WHERE name = N'tsql'") == 0:
        db.execute("EXEC ml.CreateExperiment N'tsql'")
    with db.start_run("refusals") as run:
        with pytest.raises(DatabaseError) as raised:
            db.execute(batch.format(run=run.run_id))
        assert number_of(raised) == number
        found = run.read()
    assert (found.run.params, found.run.tags, found.history, found.artifacts) == ({}, {}, (), ())


def test_a_rollback_takes_all_of_it_back(db: Toolkit) -> None:
    n_before = db.rows("SELECT (SELECT COUNT(*) FROM ml.runs), (SELECT COUNT(*) FROM ml.events)")
    with db.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("EXEC ml.StartRun N'rolled back'")
        transaction.rollback()
    assert db.rows("SELECT (SELECT COUNT(*) FROM ml.runs), (SELECT COUNT(*) FROM ml.events)") == n_before


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crew(target: servers.Target, db: Toolkit) -> Iterator[People]:
    with people(target) as made:
        made.make("run_publisher", "run_other", "run_admin", "run_approver", "run_reader")
        made.run(
            "ALTER ROLE ml_publisher ADD MEMBER run_publisher", "ALTER ROLE ml_publisher ADD MEMBER run_other",
            "ALTER ROLE ml_admin ADD MEMBER run_admin", "ALTER ROLE ml_reader ADD MEMBER run_reader",
            "ALTER ROLE ml_approver ADD MEMBER run_approver",
        )  # fmt: skip
        yield made


def attempt(crew: People, name: str, batch: str) -> int:
    """The number of the error, 0 where there is none."""
    connection = crew.connect(name)
    try:
        values(connection, f"SET NOCOUNT ON; {batch}; SELECT 1")
    except pyodbc.Error as error:
        return error_number(error)
    finally:
        connection.close()
    return 0


def test_a_run_is_written_by_who_started_it_and_by_administrators(crew: People, db: Toolkit) -> None:
    batch = "SET NOCOUNT ON; DECLARE @r bigint; EXEC ml.StartRun N'rights', @run_id = @r OUTPUT; SELECT @r"
    ((run_id,),) = values(crew.connect("run_publisher"), batch)
    assert db.run(run_id).run.login == "run_publisher"
    assert attempt(crew, "run_publisher", f"EXEC ml.LogParam {run_id}, N'a', N'1'") == 0
    assert attempt(crew, "run_other", f"EXEC ml.LogParam {run_id}, N'b', N'1'") == 51025
    assert attempt(crew, "run_other", f"EXEC ml.EndRun {run_id}") == 51025
    assert attempt(crew, "run_reader", f"EXEC ml.LogParam {run_id}, N'b', N'1'") == 229
    assert attempt(crew, "run_reader", "EXEC ml.StartRun N'rights'") == 229
    assert attempt(crew, "run_publisher", "UPDATE ml.run_params SET value = N'2'") == 229
    assert attempt(crew, "run_publisher", "DELETE FROM ml.events") == 229
    assert attempt(crew, "run_publisher", f"EXEC ml.LogArtifact {run_id}, N'f', 0x0102") == 0
    assert attempt(crew, "run_approver", f"EXEC ml.ReadArtifact {run_id}, N'f'") == 0
    assert attempt(crew, "run_reader", f"EXEC ml.ReadArtifact {run_id}, N'f'") == 229
    assert attempt(crew, "run_reader", "SELECT data FROM ml.blobs") in (229, 230)
    assert attempt(crew, "run_admin", f"EXEC ml.EndRun {run_id}, N'killed'") == 0


def test_an_approver_reads_runs_and_is_told_why_he_records_none(crew: People, db: Toolkit) -> None:
    with db.start_run("to be read") as run:
        run.log_artifact(b"x", "f")
    with pymlsql.connect(crew.odbc("run_approver", crew.server.database)) as theirs:
        assert theirs.runs("to be read")[0].run_id == run.run_id
        assert theirs.read_artifact(run.run_id, "f") == b"x"
        with pytest.raises(RunError, match="made a member of ml_publisher"):
            theirs.start_run("to be read")
    with pymlsql.connect(crew.odbc("run_publisher", crew.server.database)) as theirs:
        with theirs.start_run("theirs") as run, run.child("small") as child:
            child.log_metrics({"f1": 0.5})
        assert theirs.run(run.run_id).run.login == "run_publisher"


def test_bytes_of_a_model_are_not_read_as_an_artifact(crew: People, db: Toolkit) -> None:
    data = b"the bytes of a model"
    sha256 = hashlib.sha256(data).digest()
    db.execute("INSERT INTO ml.blobs (sha256, data, size_bytes) VALUES (?, ?, ?)", (sha256, data, len(data)))
    batch = "SET NOCOUNT ON; DECLARE @r bigint; EXEC ml.StartRun N'rights', @run_id = @r OUTPUT; SELECT @r"
    ((run_id,),) = values(crew.connect("run_publisher"), batch)
    by_sha256 = f"EXEC ml.LogArtifact {run_id}, N'stolen', @sha256 = 0x{sha256.hex()}"
    assert attempt(crew, "run_publisher", by_sha256) == 51027
    assert attempt(crew, "run_publisher", f"EXEC ml.LogArtifact {run_id}, N'own', 0x{data.hex()}") == 0
    db.execute("INSERT INTO ml.models (name) VALUES (N'of a run')")
    db.execute(
        "INSERT INTO ml.model_versions (model_id, version, sha256, format, signature, python_version, packages,"
        " metrics, run_id) SELECT model_id, 1, ?, N'pickle', N'{}', N'3', N'{}', N'{}', ? FROM ml.models"
        " WHERE name = N'of a run'",
        (sha256, run_id),
    )
    assert db.run(run_id).versions == (("of a run", 1),)
    assert attempt(crew, "run_approver", f"EXEC ml.ReadArtifact {run_id}, N'own'") == 51028
    assert attempt(crew, "run_admin", f"EXEC ml.ReadArtifact {run_id}, N'own'") == 0
