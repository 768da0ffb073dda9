"""Training in the database: the same model as in Python, a version, a run, and what is refused."""

from __future__ import annotations

import datetime
import json
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pymlsql import deployment, project, training
from pymlsql.errors import DatabaseError
from pymlsql.examples.bank import generator as bank
from pymlsql.examples.demand import generator as demand
from pymlsql.examples.filling import fill
from pymlsql.features import FeatureSet
from pymlsql.procedures.train import Train
from pymlsql.signature import Signature
from pymlsql.toolkit import Toolkit
from tests.contract.people import People, outcome, people
from tests.contract.registries import prepared
from tests.contract.test_ondemand import drop
from tests.servers import Target

BANK, DEMAND = project.example("bank"), project.example("demand")
CALLS, SALES = BANK.features["calls"], DEMAND.features["demand"]
TRAIN = BANK.procedures["train"]


@pytest.fixture(scope="module")
def db(server: Target) -> Iterator[Toolkit]:
    """Both examples with their procedures."""
    with prepared(server) as made:
        fill(made, "bank", bank.generate(n_calls=600))
        fill(made, "demand", demand.generate(n_shops=2, n_items=3, n_days=60))
        for declared in (BANK, DEMAND):
            with made.transaction() as connection:
                deployment.deploy(connection, declared.modules)
        yield made
        for declared in (BANK, DEMAND):
            drop(made, declared)


def deploy(db: Toolkit, features: FeatureSet, **values: Any) -> None:
    """dbo.TrainOther, a procedure of its own."""
    given = {"kind": "train", "name": "dbo.TrainOther", "features": "f", "model": "other", **values}
    with db.transaction() as connection:
        deployment.deploy(connection, Train.model_validate(given).render(features))


def train(db: Toolkit, procedure: str = "dbo.TrainDeposits", arguments: str = "") -> Any:
    (found,) = db.rows(f"EXEC {procedure} {arguments}")
    return found


def refused(db: Toolkit, number: int, message: str, *call: str) -> str:
    """The call fails with that error, and its run says so; the run's error."""
    with pytest.raises(DatabaseError, match=message) as raised:
        train(db, *call)
    assert raised.value.number == number
    run = db.rows("SELECT TOP (1) status, error FROM ml.runs ORDER BY run_id DESC")[0]
    assert run.status == "failed"
    return str(run.error)


def test_it_is_what_python_trains_on_the_same_rows(db: Toolkit) -> None:
    found = train(db)
    version = db.show("bank", found.version)
    task = training.TrainingTask("dbo.BankFeatures", "callID", "called_at", "y", gap=datetime.timedelta(0))
    there = training.train(db, task=task)
    stored = db.rows("SELECT signature, sample, metrics, packages, python_version, format FROM ml.model_versions"
                     " WHERE model_version_id = (SELECT MAX(model_version_id) FROM ml.model_versions)")[0]  # fmt: skip
    assert stored.signature == there.packed.signature.to_json()
    assert version.signature == there.packed.signature
    assert stored.packages == there.packed.packages_json
    assert (stored.python_version, stored.format) == (there.packed.python_version, "pickle")
    here, expected = json.loads(stored.sample), json.loads(there.packed.sample)
    np.testing.assert_allclose(here.pop("expected"), expected.pop("expected"), rtol=1e-9)
    assert here == expected
    metrics, wanted = json.loads(stored.metrics), there.metrics.to_dict()
    assert metrics.pop("macro_f1") == pytest.approx(wanted.pop("macro_f1"), rel=1e-12)
    for one, other in zip(metrics.pop("classes"), wanted.pop("classes"), strict=True):
        assert one.pop("name") == other.pop("name")
        assert one == pytest.approx(other, rel=1e-12)
    assert metrics == wanted


def test_run_says_what_was_done(db: Toolkit) -> None:
    arguments = "@since = '2023-05-01T12:00:00', @test_from = '2023-05-03T00:00:00', @comment = N'noon'"
    found = train(db, arguments=arguments)
    run = db.run(found.run_id)
    assert (run.run.status, run.run.experiment, run.run.name) == ("finished", "bank", "dbo.TrainDeposits")
    params, metrics = run.run.params, run.run.metrics
    assert params["model__max_iter"] == "100"
    assert params["model__class_weight"] == "balanced"
    assert (params["view"], params["label"], params["gap_h"]) == ("dbo.BankFeatures", "y", "0")
    stored = json.loads(found.metrics)
    assert metrics["test_macro_f1"] == stored["macro_f1"]
    assert metrics["train_rows"] == stored["train"]["rows"] == run.training.n_rows
    assert stored["train"]["since"] == "2023-05-01T12:02:00"
    assert stored["test"]["since"] == "2023-05-03T00:05:00"
    assert len(db.rows(run.training.query)) == run.training.n_rows
    assert "CREATE" in run.training.view_definition and "[BankFeaturesFor]" in run.training.view_definition
    confusion = json.loads(db.read_artifact(found.run_id, "test_confusion_matrix.json"))
    assert confusion["counts"] == stored["confusion"]
    version = db.show("bank", found.version)
    assert (version.run_id, version.comment) == (found.run_id, "noon")


def test_promoted_version_scores_what_the_database_trained(db: Toolkit) -> None:
    found = train(db, arguments="@promote = 1")
    assert db.show("bank", alias="champion").version == found.version
    rows = db.rows("EXEC dbo.ScoreCallsJson @rows = N'{\"age\": 41, \"job\": \"student\", \"marital\": \"single\","
                   " \"education\": \"primary\", \"balance\": 2.5, \"campaign\": 1, \"contact_cellular\": 1,"
                   " \"contact_telephone\": 0}'")  # fmt: skip
    assert [row.model_version for row in rows] == [found.version]
    assert rows[0].p_no + rows[0].p_yes == pytest.approx(1)


def test_numbers_are_learnt_with_the_gap_of_the_label(db: Toolkit) -> None:
    found = train(db, "dbo.TrainDemand")
    metrics = json.loads(found.metrics)
    train_until, test_since = (
        datetime.datetime.fromisoformat(metrics[part][end]) for part, end in (("train", "until"), ("test", "since"))
    )
    assert test_since - train_until >= datetime.timedelta(days=7)
    assert metrics["rmse"] >= metrics["mae"] > 0
    stored = db.show("demand", found.version)
    assert stored.signature.output.kind == "regression"
    assert [one.name for one in stored.signature.inputs] == [column.name for column in SALES.features]


UNLABELLED = {
    "KMeans": ({"n_clusters": 3, "n_init": 3}, "clustering", "clusters"),
    "IsolationForest": ({"n_estimators": 20}, "anomaly", "anomalies"),
}


@pytest.mark.parametrize(("estimator", "made"), UNLABELLED.items(), ids=UNLABELLED)
def test_clusters_and_anomalies_need_no_label(db: Toolkit, estimator: str, made: tuple[Any, str, str]) -> None:
    parameters, kind, score = made
    features = CALLS.model_copy(update={"label": None})
    deploy(db, features, estimator=estimator, parameters=parameters, impute="median", scale=True)
    found = train(db, "dbo.TrainOther")
    assert score in json.loads(found.metrics)
    assert db.show("other", found.version).signature.output.kind == kind


LABELLED = {
    "LogisticRegression": {"impute": "median", "scale": True, "parameters": {"C": 0.5, "max_iter": 300}},
    "RandomForestClassifier": {"impute": "mean", "parameters": {"n_estimators": 10, "max_depth": 4}},
}


@pytest.mark.parametrize(("estimator", "values"), LABELLED.items(), ids=LABELLED)
def test_other_estimators_are_trained_too(db: Toolkit, estimator: str, values: dict[str, Any]) -> None:
    deploy(db, CALLS, estimator=estimator, **values)
    found = train(db, "dbo.TrainOther")
    assert db.show("other", found.version).signature.output == Signature.from_json(
        db.scalar("SELECT TOP (1) signature FROM ml.model_versions ORDER BY model_version_id DESC")
    ).output


# Refused ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("@since = '2030-01-01T00:00:00'", "has no row in this range whose label is known"),
        ("@test_from = '2023-05-01T00:00:00'", "nothing is left to train on"),
        ("@test_from = '2030-05-01T00:00:00'", "nothing is left to test on"),
        ("@until = '2023-05-01T10:00:00', @test_from = '2023-05-01T09:21:00'", "every label is"),
    ],
)  # fmt: skip
def test_rows_that_teach_nothing_are_51007(db: Toolkit, arguments: str, message: str) -> None:
    before = db.scalar("SELECT COUNT(*) FROM ml.model_versions")
    assert message in refused(db, 51007, message, "dbo.TrainDeposits", arguments)
    assert db.scalar("SELECT COUNT(*) FROM ml.model_versions") == before


def test_parameter_that_the_estimator_does_not_have_is_51007(db: Toolkit) -> None:
    deploy(db, CALLS, estimator="HistGradientBoostingClassifier", parameters={"depth": 3})
    assert "depth" in refused(db, 51007, "HistGradientBoostingClassifier does not take", "dbo.TrainOther")


def test_failure_of_the_fit_is_51005_with_its_traceback_in_the_run(db: Toolkit) -> None:
    deploy(db, CALLS, estimator="HistGradientBoostingClassifier", parameters={"learning_rate": "fast"})
    assert "Traceback" in refused(db, 51005, "learning_rate", "dbo.TrainOther")


def test_version_that_may_not_be_registered_fails_the_run(db: Toolkit) -> None:
    db.execute_batches("EXEC ml.SetPolicy N'scan', N'refuse'")
    try:
        assert "51055" in refused(db, 51055, "they come without a scan", "dbo.TrainDeposits")
    finally:
        db.execute_batches("EXEC ml.SetPolicy N'scan', N'report'")


def test_failure_in_a_transaction_leaves_a_failed_run(db: Toolkit) -> None:
    with db.engine.connect() as connection:
        with pytest.raises(Exception, match="has no row in this range"):
            connection.exec_driver_sql("EXEC dbo.TrainDeposits @since = '2030-01-01T00:00:00'")
        connection.commit()
    assert db.rows("SELECT TOP (1) status FROM ml.runs ORDER BY run_id DESC")[0].status == "failed"


# Rights -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def somebody(server: Target, db: Toolkit) -> Iterator[People]:
    with people(server) as made:
        made.make("tr_user")
        made.run("GRANT EXECUTE ON dbo.TrainDeposits TO tr_user")
        yield made


def test_execute_is_all_that_a_caller_needs(somebody: People, db: Toolkit) -> None:
    user = somebody.connect("tr_user")
    assert outcome(user, "SELECT * FROM dbo.BankFeatures") == 229
    found = user.execute("EXEC dbo.TrainDeposits").fetchone()
    run = db.run(found.run_id)
    assert run.run.login == "tr_user"
    assert "[BankFeaturesFor]" in run.training.view_definition
    assert db.show("bank", found.version).created_by == "tr_user"


def test_bytes_are_those_of_the_estimator(db: Toolkit) -> None:
    found = train(db)
    data = db.scalar("SELECT b.data FROM ml.blobs AS b JOIN ml.model_versions AS v ON v.sha256 = b.sha256"
                     " JOIN ml.models AS m ON m.model_id = v.model_id WHERE m.name = N'bank' AND v.version = ?",
                     (found.version,))  # fmt: skip
    assert type(pickle.loads(data).steps[-1][1]).__name__ == "HistGradientBoostingClassifier"
