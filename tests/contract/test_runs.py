"""Runs from Python: what is recorded, what is read back, what is refused."""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import pymlsql
from pymlsql import tracking
from pymlsql.errors import DatabaseError, RunError
from pymlsql.examples.pdm.declaration import PROJECT
from pymlsql.toolkit import Toolkit
from pymlsql.tracking.checksum import checksum
from tests import servers

ODD = "O'Brien's \"run\" [x]] 😀 --;"


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


def number_of(raised: pytest.ExceptionInfo[DatabaseError]) -> int | None:
    return raised.value.number


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
    db.execute("DROP VIEW IF EXISTS dbo.run_view")
    db.execute("DROP FUNCTION IF EXISTS dbo.run_rows")
    db.execute("DROP TABLE IF EXISTS dbo.run_source")
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


def test_tags_that_cannot_be_fail_the_run_they_were_for(db: Toolkit) -> None:
    with pytest.raises(RunError, match="the name of a tag"):
        db.start_run("bad tags", tags={"": 1})
    (found,) = db.runs("bad tags")
    assert (found.status, found.tags) == ("failed", {})
    assert "the name of a tag" in str(found.error)


def test_an_experiment_can_have_a_description(db: Toolkit) -> None:
    made = db.create_experiment("described", "What it is for 😀")
    assert (made.description, made.n_runs) == ("What it is for 😀", 0)
    with pytest.raises(DatabaseError) as raised:
        db.create_experiment("described")
    assert number_of(raised) == 51022
    with pytest.raises(RunError, match="4000 fit"):
        db.create_experiment("longer", "x" * 4001)


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
