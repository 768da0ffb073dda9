"""The whole way through the command line, against one server; each command as a user types it."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import pymlsql
from pymlsql import models, runtime
from pymlsql.cli import main as cli
from pymlsql.errors import DatabaseError, LoadError, RegistryError, RuntimeMismatch, TrainingError
from pymlsql.examples.pdm.declaration import PROJECT
from pymlsql.models import Input, Output, Signature
from pymlsql.toolkit import Toolkit
from pymlsql.tracking.checksum import checksum
from tests import servers
from tests.conftest import PdmData

pytestmark = pytest.mark.timeout(300)

Run = Callable[..., "Outcome"]


class Outcome:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.running() as found:
        yield found


@pytest.fixture(autouse=True)
def home(target: servers.Target, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYMLSQL_URL", target.sqlalchemy_url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "home"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(line: str, *more: str) -> Outcome:
        capsys.readouterr()
        code = cli.main([*line.split(), *more])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="module")
def db(target: servers.Target, pdm_data: PdmData) -> Iterator[Toolkit]:
    """A database with everything in it: tables, data, view, procedure, and version 1 as champion."""
    with pymlsql.connect(target.sqlalchemy_url) as found:
        found.execute_batches(runtime.ENABLE_SCRIPTS)
        found.upgrade()
        found.load(pdm_data.directory)
        found.apply(PROJECT)
        trained = found.train()
        found.push(trained, alias="champion")
        yield found


# --- tables and data -------------------------------------------------------------------------------------------------


def test_the_tables_are_current(db: Toolkit, run: Run) -> None:
    assert run("db current --json").json()["is_current"] is True
    assert run("db upgrade").code == 0


def test_data_is_not_loaded_twice_unless_told(db: Toolkit, run: Run, pdm_data: PdmData) -> None:
    before = db.scalar("SELECT COUNT(*) FROM dbo.PdM_telemetry")
    again = run("data load --data", str(pdm_data.directory))
    assert again.code == 1
    assert "already holds" in again.err
    assert "--replace" in again.err
    replaced = run("data load --replace --json --data", str(pdm_data.directory)).json()
    assert replaced["n_rows"]["telemetry"] == before == db.scalar("SELECT COUNT(*) FROM dbo.PdM_telemetry")


def test_a_load_that_fails_half_way_changes_nothing(db: Toolkit, pdm_data: PdmData) -> None:
    from pymlsql import loading

    before = db.scalar("SELECT COUNT(*) FROM dbo.PdM_telemetry")
    frames = loading.read_folder(pdm_data.directory)
    frames["failures"] = pd.concat([frames["failures"], frames["failures"].head(1)])
    with pytest.raises(DatabaseError) as caught:
        db.load(frames, replace=True)
    assert caught.value.number == 2627
    assert db.scalar("SELECT COUNT(*) FROM dbo.PdM_telemetry") == before
    with pytest.raises(LoadError, match="already holds"):
        db.load(frames)


# --- training and the registry ---------------------------------------------------------------------------------------


def test_the_model_is_good_enough(db: Toolkit, pdm_data: PdmData) -> None:
    metrics = db.show("failures", 1).metrics
    assert metrics["macro_f1"] >= 0.85
    if pdm_data.is_real:
        assert metrics["test"]["since"].startswith("2015-03-01")


def test_training_repeats_itself(db: Toolkit) -> None:
    """Not to the last bit: parallel sums in the view may differ in their last digit from call to call."""
    again, first = db.train().metrics, db.show("failures", 1).metrics
    assert again.macro_f1 == pytest.approx(first["macro_f1"], abs=0.02)
    assert (again.n_train, again.n_test) == (first["train"]["rows"], first["test"]["rows"])


def test_training_is_recorded_in_a_run(db: Toolkit) -> None:
    trained = db.train(seed=5, experiment="recorded")
    found = db.run(trained.run_id or 0)
    rows = db.read(found.training.query or "")
    assert (found.run.experiment, found.run.status) == ("recorded", "finished")
    assert found.training.n_rows == len(rows) == trained.metrics.n_train
    assert found.training.data_sha256 == checksum(rows).hex()
    assert "CREATE VIEW [dbo].[FeaturesAndLabels]" in (found.training.view_definition or "")
    assert "CREATE FUNCTION [dbo].[FeaturesAndLabelsFor]" in (found.training.view_definition or "")
    assert found.run.params["trees__random_state"] == "5"
    assert found.run.metrics["test_macro_f1"] == trained.metrics.macro_f1
    assert "test_confusion_matrix.png" in {artifact.path for artifact in found.artifacts}
    with pytest.raises(TrainingError):
        db.train(test_from=datetime.datetime(2100, 1, 1), experiment="recorded")
    assert db.runs("recorded")[0].status == "failed"
    assert db.train(seed=5, experiment=None).run_id is None


def test_a_run_of_another_database_is_not_taken_for_ours(db: Toolkit) -> None:
    trained = db.train()
    assert trained.packed.run is not None
    other = dataclasses.replace(trained.packed.run, started_at=datetime.datetime(2020, 1, 2, 3, 4, 5))
    assert db.push(dataclasses.replace(trained.packed, run=other), "elsewhere").run_id is None
    assert db.push(trained, "elsewhere").run_id == trained.run_id
    with db.start_run("pushing") as run:
        assert db.push(dataclasses.replace(trained.packed, run=None), "elsewhere").run_id == run.run_id
        assert db.push(trained, "elsewhere").run_id == trained.run_id
    found = db.compare("elsewhere", 2, 3)
    values = {(value.section, value.name): value.values for value in found.values}
    assert values["version", "run"] == (f"run {trained.run_id}", f"run {run.run_id}")
    assert values["parameters", "label"] == ("failure", None)


def test_train_writes_a_file_that_push_takes(db: Toolkit, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    trained = run(f"train --json --seed 3 --out {path}").json()
    assert trained["version"] is None
    assert 0 < trained["metrics"]["macro_f1"] <= 1
    pushed = run(f"model push {path} --name other --alias champion --json --comment", "it's a test").json()
    assert (pushed["version"], pushed["aliases"], pushed["comment"]) == (1, ["champion"], "it's a test")
    assert pushed["run_id"] == trained["run"]
    assert ("other", 1) in db.run(trained["run"]).versions
    n_blobs = db.scalar("SELECT COUNT(*) FROM ml.blobs")
    again = run(f"model push {path} --name other --json").json()
    assert again["version"] == 2
    assert again["sha256"] == pushed["sha256"]
    assert db.scalar("SELECT COUNT(*) FROM ml.blobs") == n_blobs
    assert (
        db.scalar("SELECT data FROM ml.blobs WHERE sha256 = ?", (bytes.fromhex(again["sha256"]),)) == path.read_bytes()
    )


def test_models_are_listed_shown_and_promoted(db: Toolkit, run: Run) -> None:
    listed = {model["name"]: model for model in run("model list --json").json()}
    assert listed["failures"]["aliases"] == {"champion": 1}
    assert "failures" in run("model list").out
    shown = run("model show failures --alias champion --json").json()
    names = [column["name"] for column in shown["signature"]["inputs"]]
    assert len(names) == 30
    assert {"machineID", "datetime", "failure"}.isdisjoint(names)
    assert shown["signature"]["output"]["classes"] == sorted(shown["signature"]["output"]["classes"])
    assert run("model promote failures 1 --alias challenger --json").json()["aliases"] == ["challenger", "champion"]
    assert run("model show failures 1").code == 0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("model show nothing", "There is no model nothing"),
        ("model show failures 99", "has no version 99"),
        ("model show failures --alias nobody", "has no alias nobody"),
        ("model promote failures 99", "has no version 99"),
    ],
)
def test_what_is_not_registered_is_refused(db: Toolkit, run: Run, line: str, sentence: str) -> None:
    outcome = run(line)
    assert outcome.code == 1
    assert sentence in outcome.err


def small_model() -> tuple[Any, Signature]:
    features = pd.DataFrame({"voltmean_3h": np.arange(10.0), "age": np.arange(10.0)})
    estimator = LogisticRegression().fit(features, ["none"] * 5 + ["comp1"] * 5)
    inputs = tuple(Input(name=n, sql_type=t, dtype="float64") for n, t in (("voltmean_3h", "float"), ("age", "int")))
    return estimator, Signature(inputs=inputs, output=Output(classes=("comp1", "none")))


def test_a_foreign_file_needs_trust(db: Toolkit, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "foreign.pkl"
    path.write_bytes(pickle.dumps(small_model()[0], protocol=4))
    refused = run(f"model push {path} --name foreign")
    assert refused.code == 1
    assert "--trust" in refused.err
    assert run(f"model push {path} --name foreign --trust --json").json()["version"] == 1


def replaced(packed: models.PackedModel, data: bytes) -> models.PackedModel:
    import dataclasses
    import hashlib

    return dataclasses.replace(packed, data=data, sha256=hashlib.sha256(data).digest())


def test_bytes_that_the_server_cannot_load_leave_nothing_behind(db: Toolkit) -> None:
    packed = models.pack(*small_model())
    before = db.scalar("SELECT COUNT(*) FROM ml.blobs"), len(db.models())
    broken = packed.data.replace(b"sklearn.linear_model._logistic", b"sklearn.linear_model._no_such_")
    with pytest.raises(RuntimeMismatch, match="ModuleNotFoundError"):
        db.push(replaced(packed, broken), "broken")
    assert (db.scalar("SELECT COUNT(*) FROM ml.blobs"), len(db.models())) == before


def test_pushes_at_the_same_time_get_versions_of_their_own(db: Toolkit, target: servers.Target) -> None:
    packed = models.pack(*small_model())

    def push(number: int) -> int:
        with pymlsql.connect(target.sqlalchemy_url) as own:
            return own.push(packed, "raced", comment=str(number)).version

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(push, range(8))) == list(range(1, 9))
    assert db.show("raced").version == 8


def test_other_versions_are_refused_before_anything_is_sent(db: Toolkit) -> None:
    import dataclasses

    packed = dataclasses.replace(models.pack(*small_model()), packages={"scikit-learn": "0.20.2"})
    with pytest.raises(RuntimeMismatch, match=r"made with scikit-learn 0\.20\.2 and the server has"):
        db.push(packed, "old")
    with pytest.raises(RegistryError):
        db.show("old")


# --- predictions -----------------------------------------------------------------------------------------------------


def test_predictions_come_most_urgent_first_and_are_stored(db: Toolkit, run: Run) -> None:
    rows = run("predict --json").json()
    assert [row["p_none"] for row in rows] == sorted(row["p_none"] for row in rows)
    assert len(rows) == db.scalar("SELECT COUNT(*) FROM dbo.PdM_machines")
    for row in rows:
        assert sum(row[f"p_{name}"] for name in ("none", "comp1", "comp2", "comp3", "comp4")) == pytest.approx(1)
    stored = db.scalar(
        "SELECT COUNT(*) FROM dbo.FailurePredictions WHERE run_id = (SELECT MAX(run_id) FROM ml.scoring_runs)"
    )
    assert stored == len(rows)
    assert "rows" in run("predict --machine 3 --no-persist").out


def test_the_server_predicts_what_the_client_predicts(db: Toolkit) -> None:
    since, until = db.rows("SELECT DATEADD(day, -3, MAX(datetime)), MAX(datetime) FROM dbo.FeaturesAndLabels")[0]
    said = db.predict(since=since, until=until, persist=False).sort_values(["datetime", "machineID"])
    frame = db.read(
        "SELECT * FROM dbo.FeaturesAndLabels WHERE datetime BETWEEN ? AND ? ORDER BY datetime, machineID",
        (since, until),
    )
    estimator = pickle.loads(db.scalar("SELECT data FROM ml.blobs WHERE sha256 = ?", (champion_sha256(db),)))
    expected = estimator.predict_proba(frame[list(estimator.feature_names_in_)].astype(float))
    names = [f"p_{name}" for name in estimator.classes_]
    np.testing.assert_allclose(said[names].to_numpy(), expected, rtol=0, atol=1e-12)
    assert (said["predicted"].to_numpy() == estimator.classes_[expected.argmax(axis=1)]).all()


def test_without_libodbc_mssql_python_gives_the_same(db: Toolkit, target: servers.Target, run: Run) -> None:
    url = f"mssql+mssqlpython://{target.user}:{target.password}@{target.host}:{target.port}/{target.database}"
    with pymlsql.connect(f"{url}?Encrypt=yes&TrustServerCertificate=yes") as other:
        sql = "SELECT * FROM dbo.FeaturesAndLabels WHERE machineID = ? ORDER BY datetime"
        pd.testing.assert_frame_equal(other.read(sql, (3,)), db.read(sql, (3,)), rtol=1e-12)
        said, expected = other.predict(machine_id=3, persist=False), db.predict(machine_id=3, persist=False)
        pd.testing.assert_frame_equal(said, expected, rtol=1e-12)
        n_rows = other.insert(
            "dbo.PdM_maint",
            pd.DataFrame({"machineID": [3], "datetime": [pd.Timestamp("2014-01-01")], "comp": ["comp1"]}),
        )
        assert n_rows == 1
        other.execute("DELETE FROM dbo.PdM_maint WHERE datetime = ?", (pd.Timestamp("2014-01-01").to_pydatetime(),))
        with pytest.raises(DatabaseError, match="has the alias 'nobody'"):
            other.predict(alias="nobody")


def champion_sha256(db: Toolkit) -> bytes:
    return bytes.fromhex(db.show("failures", alias="champion").sha256)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("predict --alias nobody", 51001),
        ("predict --model nothing", 51001),
        ("predict --since 1999-01-01 --until 1999-01-02", 51004),
        ("predict --machine 99999", 51004),
    ],
)
def test_a_refusal_of_the_procedure_is_one_line_with_its_number(db: Toolkit, run: Run, line: str, number: int) -> None:
    outcome = run(line)
    assert outcome.code == 1
    assert outcome.err.startswith(f"pymlsql: Msg {number}: ")
    assert outcome.err.count("\n") == 1


def test_a_model_of_other_columns_is_refused_by_the_procedure(db: Toolkit) -> None:
    estimator, signature = small_model()
    mistyped = signature.inputs[1].model_copy(update={"sql_type": "nvarchar(20)", "dtype": "str"})
    wrong = signature.model_copy(update={"inputs": (signature.inputs[0], mistyped)})
    db.push(models.pack(estimator, wrong), "mistyped", alias="champion")
    with pytest.raises(DatabaseError, match="age") as caught:
        db.predict(model="mistyped")
    assert caught.value.number == 51003


def test_doctor_finds_all_well(db: Toolkit, run: Run) -> None:
    findings = {finding["name"]: finding for finding in run("doctor --json").json()}
    assert {name: finding["state"] for name, finding in findings.items() if finding["state"] == "fail"} == {}
    assert findings["models"]["state"] == "ok"
    assert "s3cret" not in run("doctor").out


def test_doctor_says_what_to_do_where_something_is_missing(run: Run) -> None:
    with servers.running() as empty:
        outcome = run(f"doctor --json --url {empty.sqlalchemy_url}")
        enabled = run(f"doctor --enable-scripts --json --url {empty.sqlalchemy_url}")
        after = {finding["name"]: finding for finding in json.loads(enabled.out)}
    findings = {finding["name"]: finding for finding in json.loads(outcome.out)}
    assert outcome.code == 1
    assert findings["tables"]["advice"] == "run pymlsql db upgrade"
    assert findings["objects"]["advice"] == "run pymlsql apply"
    assert empty.password not in outcome.out + outcome.err
    assert after["server python"]["state"] == "ok"
    unreachable = run("doctor --json --url mssql+pyodbc://sa:x@127.0.0.1:1/x")
    assert unreachable.code == 3
    assert json.loads(unreachable.out)[-1]["name"] == "server"


def test_the_wrong_password_is_said_so(target: servers.Target, run: Run) -> None:
    outcome = run(f"db current --url {target.sqlalchemy_url.replace(target.password, 'wrong')}")
    assert outcome.code == 1
    assert outcome.err.startswith("pymlsql: Msg 18456: ")


def test_before_the_upgrade_every_command_says_so(run: Run) -> None:
    with servers.running() as empty:
        assert "run pymlsql db upgrade" in run(f"model list --url {empty.sqlalchemy_url}").err
        assert "run pymlsql db upgrade" in run(f"train --url {empty.sqlalchemy_url}").err
        assert "run pymlsql apply" in run(f"train --experiment= --url {empty.sqlalchemy_url}").err
