"""Runs through Python and through T-SQL alone: what is recorded, what is read back, what is refused."""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyodbc
import pytest

import pymlsql
from pymlsql import tracking
from pymlsql.errors import DatabaseError, RunError
from pymlsql.toolkit import Toolkit
from pymlsql.tracking.checksum import checksum
from tests import servers
from tests.contract.people import People, people, values

ODD = "O'Brien's \"run\" [x]] 😀 --;"


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.running() as found:
        yield found


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    with pymlsql.connect(target.sqlalchemy_url) as found:
        found.upgrade()
        found.apply()
        yield found


@pytest.fixture(scope="module")
def cursor(target: servers.Target, db: Toolkit) -> Iterator[Any]:
    connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
    yield connection.cursor()
    connection.close()


def number_of(raised: pytest.ExceptionInfo[DatabaseError]) -> int | None:
    return raised.value.number


# --- from Python -----------------------------------------------------------------------------------------------------


def test_a_run_is_recorded_and_read_back(db: Toolkit) -> None:
    frame = pd.DataFrame({"a": [1.5, None], "b": ["x", "y"]})
    with db.start_run("recorded", name="first", tags={"team": "süd"}) as run:
        run.log_param("depth", 3)
        run.log_params({"columns": ["a", "b"], "none": None, "empty": ""})
        run.log_metric("loss", 0.5)
        run.log_metrics({"loss": 0.25, "f1": 1})
        run.log_metric("lr", 1e-300, step=-7)
        run.describe_training(frame, query="SELECT a, b FROM t", view="dbo.FeaturesAndLabels")
        assert run.read().run.status == "running"
    found = db.run(run.run_id)
    assert (found.run.experiment, found.run.name, found.run.status) == ("recorded", "first", "finished")
    assert found.run.params == {"columns": "['a', 'b']", "depth": "3", "empty": "", "none": "None"}
    assert found.run.metrics == {"f1": 1.0, "loss": 0.25, "lr": 1e-300}
    assert found.run.tags == {"team": "süd"}
    assert [(m.name, m.step, m.value) for m in found.history] == [
        ("f1", 0, 1.0), ("loss", 0, 0.5), ("loss", 1, 0.25), ("lr", -7, 1e-300),
    ]  # fmt: skip
    training = found.training
    assert (training.query, training.n_rows, training.view_name) == ("SELECT a, b FROM t", 2, "dbo.FeaturesAndLabels")
    assert training.data_sha256 == checksum(frame).hex()
    assert found.run.ended_at is not None
    assert found.run.ended_at >= found.run.started_at
    assert found.run.error is None
    assert isinstance(found.run.started_at, datetime.datetime)


def test_the_view_s_text_is_that_of_the_time_and_of_what_it_names(db: Toolkit) -> None:
    db.execute("CREATE TABLE dbo.run_source (a int)")
    db.execute("CREATE FUNCTION dbo.run_rows () RETURNS TABLE AS RETURN SELECT a FROM dbo.run_source")
    db.execute("CREATE VIEW dbo.run_view AS SELECT a FROM [dbo].[run_rows]()")
    with db.start_run("texts") as run:
        run.describe_training(view="dbo.run_view", n_rows=0)
    db.execute("ALTER VIEW dbo.run_view AS SELECT a + 1 AS a FROM dbo.run_rows()")
    text = run.read().training.view_definition or ""
    function, _, view = text.partition("\nGO\n")
    assert "CREATE FUNCTION dbo.run_rows" in function
    assert "SELECT a FROM [dbo].[run_rows]()" in view
    with db.start_run("texts") as run:
        run.describe_training(view="dbo.run_source", n_rows=0)
    assert run.read().training.view_definition is None  # a table has none


def test_a_run_fails_with_what_left_its_block_and_children_are_runs(db: Toolkit) -> None:
    with pytest.raises(ZeroDivisionError), db.start_run("failing") as run:
        with run.child("fold 1") as fold:
            fold.log_metric("f1", 0.5)
        with run.child("fold 2") as second:
            assert tracking.current_run() is second
            raise ZeroDivisionError("PWD=secret;")
    assert tracking.current_run() is None
    found = db.run(run.run_id)
    assert found.run.status == "failed"
    assert "ZeroDivisionError" in str(found.run.error)
    assert "secret" not in str(found.run.error)
    assert found.children == (fold.run_id, second.run_id)
    children = [db.run(child).run for child in found.children]
    assert [(child.status, child.parent_run_id, child.experiment) for child in children] == [
        ("finished", run.run_id, "failing"), ("failed", run.run_id, "failing"),
    ]  # fmt: skip


def test_ctrl_c_kills_a_run(db: Toolkit) -> None:
    with pytest.raises(KeyboardInterrupt), db.start_run("interrupted") as run:
        raise KeyboardInterrupt
    assert db.run(run.run_id).run.status == "killed"


def test_a_run_never_ended_is_running_with_its_age_until_it_is_ended(db: Toolkit) -> None:
    run = db.start_run("abandoned", name="gone")
    db.execute("UPDATE ml.runs SET started_at = DATEADD(day, -40, started_at) WHERE run_id = ?", (run.run_id,))
    (listed,) = db.runs("abandoned")
    assert listed.status == "running"
    assert 40 * 86_400 <= listed.duration_s < 41 * 86_400
    assert "running for 40 d" in db.runs("abandoned")._repr_html_()
    assert db.end_run(run.run_id).status == "killed"
    with pytest.raises(DatabaseError, match="has ended") as raised:
        run.log_metric("f1", 1.0)
    assert number_of(raised) == 51023
    with pytest.raises(DatabaseError) as raised:
        db.end_run(run.run_id)
    assert number_of(raised) == 51023
    run.set_tag("why", "the machine went away")
    assert db.run(run.run_id).run.tags == {"why": "the machine went away"}


def test_an_end_by_somebody_else_does_not_hide_the_error(db: Toolkit) -> None:
    with pytest.raises(ValueError, match="my own") as raised, db.start_run("ended elsewhere") as run:
        db.end_run(run.run_id)
        raise ValueError("my own")
    assert "has ended" in raised.value.__notes__[0]


def test_values_do_not_change_but_may_come_again(db: Toolkit) -> None:
    with db.start_run("again") as run:
        run.log_param("a", 1)
        run.log_param("a", 1)
        run.log_metric("m", 0.5, step=3)
        run.log_metric("m", 0.5, step=3)
        run.log_artifact(b"x", "f")
        run.log_artifact(b"x", "f")
        for wrong in (
            lambda: run.log_param("a", 2),
            lambda: run.log_param("A", 1),
            lambda: run.log_metric("m", 0.75, step=3),
            lambda: run.log_artifact(b"y", "f"),
        ):
            with pytest.raises(DatabaseError) as raised:
                wrong()
            assert number_of(raised) == 51024
        with pytest.raises(DatabaseError):
            run.log_params({"b": 1, "a": 2})
        run.set_tag("t", 1)
        run.set_tag("t", 2)
    found = db.run(run.run_id)
    assert (found.run.params, found.run.tags, len(found.history), len(found.artifacts)) == (
        {"a": "1"},
        {"t": "2"},
        1,
        1,
    )


def test_odd_names_come_back_as_they_went(db: Toolkit) -> None:
    name = ODD + "x" * (250 - len(ODD) - 1)
    with db.start_run(ODD, name=ODD) as run:
        run.log_params({ODD: ODD, name: "long"})
        run.log_metrics({ODD: 1, name: 2})
        run.set_tags({ODD: ODD, name: "long"})
        run.log_artifact(b"1", "O'Brien's [x]]/😀.bin")
    found = db.run(run.run_id)
    assert (found.run.experiment, found.run.name) == (ODD, ODD)
    assert found.run.params == found.run.tags == {ODD: ODD, name: "long"}
    assert found.run.metrics == {ODD: 1.0, name: 2.0}
    assert db.read_artifact(run.run_id, found.artifacts[0].path) == b"1"
    assert [listed.run_id for listed in db.runs(ODD)] == [run.run_id]


@pytest.mark.parametrize("name", ["", "a" * 129, "a\n", " a"])
def test_a_name_that_cannot_be_starts_no_run(db: Toolkit, name: str) -> None:
    n_before = db.scalar("SELECT COUNT(*) FROM ml.runs")
    with pytest.raises(RunError, match="cannot be the name of an experiment"):
        db.start_run(name)
    with pytest.raises(RunError, match="cannot be the name of a run"):
        db.start_run("fine", name=name)
    assert db.scalar("SELECT COUNT(*) FROM ml.runs") == n_before


def test_nan_is_a_sentence_and_nothing_is_recorded(db: Toolkit) -> None:
    with db.start_run("nan") as run, pytest.raises(RunError, match="The metric loss is NaN"):
        run.log_metrics({"f1": 1.0, "loss": float("nan")})
    assert db.run(run.run_id).history == ()


def test_artifacts_are_stored_once_and_verified(db: Toolkit, tmp_path: Path) -> None:
    data = bytes(range(256)) * 80_000  # more than one piece
    (tmp_path / "big.bin").write_bytes(data)
    with db.start_run("files") as run, run.child() as child:
        run.log_artifact(tmp_path / "big.bin")
        run.log_artifact(b"", "folder/empty.txt")
        child.log_artifact(data, "same.bin")
        with pytest.raises(RunError, match="have no name"):
            run.log_artifact(b"x")
        with pytest.raises(RunError, match="cannot be read"):
            run.log_artifact(tmp_path / "nothing")
    sha256 = hashlib.sha256(data)
    assert db.scalar("SELECT COUNT(*) FROM ml.blobs WHERE sha256 = ?", (sha256.digest(),)) == 1
    assert [(a.path, a.size_bytes) for a in db.run(run.run_id).artifacts] == [
        ("big.bin", len(data)), ("folder/empty.txt", 0),
    ]  # fmt: skip
    assert db.read_artifact(child.run_id, "same.bin") == data
    assert db.read_artifact(run.run_id, "folder/empty.txt") == b""
    tracking.save_artifact(db, run.run_id, "big.bin", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    with pytest.raises(RunError, match=r"no artifact other \(it has: big\.bin"):
        db.read_artifact(run.run_id, "other")
    db.execute("UPDATE ml.blobs SET data = 0x00 WHERE sha256 = ?", (sha256.digest(),))
    with pytest.raises(RunError, match="sha256 differs"):
        tracking.save_artifact(db, run.run_id, "big.bin", tmp_path / "third")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.bin", "copy"]


def test_unknown_runs_and_experiments_are_named(db: Toolkit) -> None:
    with pytest.raises(RunError, match="no run 999999"):
        db.run(999_999)
    with pytest.raises(RunError, match="no experiment nothing"):
        db.runs("nothing")
    with pytest.raises(DatabaseError) as raised:
        db.start_run(parent=999_999)
    assert number_of(raised) == 51021
    with db.start_run("mine") as run, pytest.raises(DatabaseError) as raised:
        db.start_run("other", parent=run)
    assert number_of(raised) == 51022


def test_runs_of_many_threads_lose_nothing(db: Toolkit) -> None:
    def work(place: int) -> None:
        with db.start_run("threads", name=str(place)) as run:
            for step in range(10):
                run.log_metric("m", place * 100 + step)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = db.runs("threads")
    assert sorted((run.name, run.metrics["m"], run.status) for run in found) == [
        (str(place), place * 100 + 9.0, "finished") for place in range(6)
    ]
    assert all(len(db.run(run.run_id).history) == 10 for run in found)


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
        made.make("run_publisher", "run_other", "run_admin", "run_reader")
        made.run(
            "ALTER ROLE ml_publisher ADD MEMBER run_publisher", "ALTER ROLE ml_publisher ADD MEMBER run_other",
            "ALTER ROLE ml_admin ADD MEMBER run_admin", "ALTER ROLE ml_reader ADD MEMBER run_reader",
        )  # fmt: skip
        yield made


def attempt(crew: People, name: str, batch: str) -> int:
    """The number of the error, 0 where there is none."""
    connection = crew.connect(name)
    try:
        values(connection, f"SET NOCOUNT ON; {batch}; SELECT 1")
    except pyodbc.Error as error:
        from tests.contract.cases import error_number

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
    assert attempt(crew, "run_reader", f"EXEC ml.ReadArtifact {run_id}, N'f'") == 0
    assert attempt(crew, "run_reader", "SELECT data FROM ml.blobs") in (229, 230)
    assert attempt(crew, "run_admin", f"EXEC ml.EndRun {run_id}, N'killed'") == 0


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
    assert attempt(crew, "run_reader", f"EXEC ml.ReadArtifact {run_id}, N'own'") == 51028
    assert attempt(crew, "run_admin", f"EXEC ml.ReadArtifact {run_id}, N'own'") == 0
