"""Batch procedures of every kind on a small flat table: what they store, what they take up again, what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pyodbc
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression

from pymlsql import connect, database, deployment, models, signature
from pymlsql.errors import DatabaseError
from pymlsql.features import Attributes, Column, Entity, FeatureSet, OwnLabel, Source
from pymlsql.features.modules import render_features
from pymlsql.procedures import Batch
from pymlsql.runtime import ENABLE_SCRIPTS
from pymlsql.toolkit import Toolkit
from tests import servers

CLASSES = ("a", "b", "]'ü")
ROWS = pd.DataFrame(
    {
        "id": np.arange(1, 41),
        "name": ["it's", "ü]"] * 20,
        "x": np.linspace(-2, 2, 40),
        "y": np.cos(np.arange(40) * 1.7),
        "kind": [CLASSES[number % 3] for number in range(40)],
        "size": np.linspace(-2, 2, 40) * 3 + 1,
        "flag": [number % 5 // 3 for number in range(40)],
    }
)
INPUTS = ROWS[["x", "y"]]
NUMBERS = tuple(Column(name=name, sql_type="float") for name in INPUTS)
KEYS = (
    Entity(name="id", sql_type="int", parameter="id"),
    Entity(name="na]me", sql_type="nvarchar(20)", parameter="nickname"),
)


def features(label: str | None = None) -> FeatureSet:
    """A view without a time over the flat table, with two keys of which one has an odd name."""
    kinds = {
        "kind": OwnLabel(kind="column", column="kind", name="kind", sql_type="nvarchar(5)", values=CLASSES),
        "size": OwnLabel(kind="column", column="size", name="size", sql_type="float"),
        "flag": OwnLabel(kind="column", column="flag", name="flag", sql_type="int", values=("0", "1")),
        None: None,
    }
    return FeatureSet(
        view=f"dbo.[flat {label} it's]",
        entity=KEYS,
        rows="flat",
        sources={"flat": Source(table="dbo.Flat", static=True)},
        attributes=(Attributes(source="flat", columns=NUMBERS),),
        label=kinds[label],
    )


def declare(name: str, **words: Any) -> Batch:
    """A batch procedure with small chunks; table and view have odd names."""
    values = {
        "kind": "batch", "name": f"dbo.Score{name}", "features": "x", "model": name, "chunk_rows": 7,
        "predictions": f"dbo.[{name} ü]]s]", "served": f"dbo.[{name} 'served']",
    }  # fmt: skip
    return Batch.model_validate({**values, **words})


class Scored:
    """A procedure that is deployed, and its model pushed."""

    def __init__(self, db: Toolkit, declared: Batch, label: str | None, estimator: Any, **options: Any) -> None:
        self.db, self.declared = db, declared
        view = features(label)
        with db.transaction() as connection:
            deployment.deploy(connection, (*render_features(view), *declared.render(view)))
        made = signature.infer(INPUTS, estimator, sql_types=dict.fromkeys(INPUTS, "float"))
        db.push(models.pack(estimator, made, sample=INPUTS, **options), declared.model, alias="champion")

    def run(self, arguments: str = "") -> pd.DataFrame:
        """Execute it."""
        return self.db.read(f"EXEC {self.declared.name} {arguments}")

    def stored(self) -> pd.DataFrame:
        """What is served, by id."""
        return self.db.read(f"SELECT * FROM {self.declared.served} ORDER BY id")

    def clear(self) -> None:
        """Without predictions and runs."""
        self.db.execute(f"DELETE FROM {self.declared.predictions}")
        self.db.execute(f"DELETE FROM ml.scoring_runs WHERE procedure_name = N'{self.declared.name}'")


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.under_test() as target:
        yield target


@contextmanager
def flat_server(target: servers.Target) -> Iterator[Toolkit]:
    """A server with the flat table in it."""
    with connect(target.sqlalchemy_url) as made:
        made.upgrade()
        made.execute_batches(ENABLE_SCRIPTS)
        made.execute(
            "CREATE TABLE dbo.Flat (id int NOT NULL, [na]]me] nvarchar(20) NOT NULL, x float NULL, y float NULL,"
            " kind nvarchar(5) NULL, size float NULL, flag int NULL)"
        )
        with made.transaction() as connection:
            database.insert_frame(connection, "dbo.Flat", ROWS.rename(columns={"name": "na]me"}))
        yield made


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    with flat_server(target) as made:
        yield made


@pytest.fixture(scope="module")
def classifier() -> Any:
    return LogisticRegression().fit(INPUTS, ROWS["kind"])


@pytest.fixture(scope="module")
def plain(db: Toolkit, classifier: Any) -> Scored:
    return Scored(db, declare("Plain"), "kind", classifier)


@pytest.fixture
def fresh(plain: Scored) -> Scored:
    plain.clear()
    return plain


def test_all_rows_of_a_flat_view_are_stored_with_their_classes(fresh: Scored, classifier: Any) -> None:
    returned = fresh.run()
    stored = fresh.stored()
    names = "id na]me predicted p_a p_b p_]'ü model_version run_id scored_at"
    assert list(stored.columns) == names.split()
    assert stored["predicted"].tolist() == classifier.predict(INPUTS).tolist()
    chances = classifier.predict_proba(INPUTS)[:, [list(classifier.classes_).index(name) for name in CLASSES]]
    np.testing.assert_allclose(stored[["p_a", "p_b", "p_]'ü"]], chances, rtol=1e-9)
    assert stored["na]me"].tolist() == ROWS["name"].tolist()
    assert returned["p_a"].is_monotonic_increasing
    assert fresh.run("@id = 3, @nickname = N'it''s', @persist = 0")["id"].tolist() == [3]


def test_thresholds_choose_the_class_and_top_k_shows_the_likeliest(db: Toolkit, classifier: Any) -> None:
    declared = declare("Bounds", probabilities=False, top_k=2, thresholds={"b": 0.3, "]'ü": 0.35})
    Scored(db, declared, "kind", classifier).run("@return_rows = 0")
    stored = db.read(f"SELECT * FROM {declared.served} ORDER BY id")
    chances = classifier.predict_proba(INPUTS)[:, [list(classifier.classes_).index(name) for name in CLASSES]]
    for row, (a, b, c) in zip(stored.itertuples(), chances, strict=True):
        wanted = "a" if b < 0.3 and c < 0.35 else "b" if b / 0.3 * (b >= 0.3) >= c / 0.35 * (c >= 0.35) else CLASSES[2]
        order = sorted(range(3), key=lambda number, found=(a, b, c): -found[number])
        assert (row.predicted, row.top_1, row.top_2) == (wanted, CLASSES[order[0]], CLASSES[order[1]])
        assert (row.top_1_p, row.urgency) == pytest.approx((max(a, b, c), 1 - a))
    assert stored["predicted"].nunique() > 1
    assert not [name for name in stored if name.startswith("p_")]


def test_numbers_are_stored_from_onnx_too(db: Toolkit) -> None:
    estimator = LinearRegression().fit(INPUTS, ROWS["size"])
    scored = Scored(db, declare("Sizes", alerts_per_period=4), "size", estimator, format="onnx")
    returned = scored.run()
    stored = scored.stored()
    np.testing.assert_allclose(stored["predicted"], estimator.predict(INPUTS), rtol=1e-5)
    assert returned["predicted"].is_monotonic_decreasing
    assert returned["alert"].tolist() == [True] * 4 + [False] * 36
    assert not scored.run("@persist = 0")["alert"].any()  # the day has had its alerts
    assert not scored.run()["alert"].any()
    scored.clear()
    assert scored.run("@persist = 0")["alert"].tolist() == [True] * 4 + [False] * 36
    assert len(scored.stored()) == 0


def test_clusters_are_stored_by_several_processes_too(db: Toolkit) -> None:
    estimator = KMeans(n_clusters=3, n_init=1, random_state=0).fit(INPUTS)
    scored = Scored(db, declare("Groups", output="cluster", parallel=True), None, estimator)
    scored.run()
    assert scored.stored()["predicted"].tolist() == estimator.predict(INPUTS).tolist()


@pytest.mark.parametrize("format", ["pickle", "onnx"])
def test_anomalies_are_stored_with_their_score(db: Toolkit, format: str) -> None:
    estimator = IsolationForest(n_estimators=20, random_state=0, contamination=0.1).fit(INPUTS)
    scored = Scored(db, declare(f"Odd{format}", output="anomaly", alerts_per_period=2), None, estimator, format=format)
    returned = scored.run()
    stored = scored.stored()
    loose = 1e-5 if format == "onnx" else 1e-12
    np.testing.assert_allclose(stored["score"], -estimator.decision_function(INPUTS), atol=loose)
    assert stored["is_anomaly"].tolist() == (estimator.predict(INPUTS) < 0).tolist()
    assert 2 < stored["is_anomaly"].sum() < 10
    assert returned["score"].is_monotonic_decreasing
    assert returned["alert"].tolist() == [True] * 2 + [False] * 38


def test_failure_of_one_of_several_processes_fails_the_run(db: Toolkit) -> None:
    estimator = LinearRegression().fit(INPUTS, ROWS["size"])
    scored = Scored(db, declare("Parallel", parallel=True), "size", estimator)
    with missing(db, 30), pytest.raises(DatabaseError, match="39004") as caught:
        scored.run()
    assert caught.value.number == 51005
    assert scored.db.scalar(f"SELECT COUNT(*) FROM {scored.declared.predictions}") == 0


@contextmanager
def missing(db: Toolkit, number: int) -> Iterator[None]:
    """A row without its x."""
    db.execute("UPDATE dbo.Flat SET x = NULL WHERE id = ?", (number,))
    try:
        yield
    finally:
        db.execute("UPDATE dbo.Flat SET x = ? WHERE id = ?", (float(ROWS["x"][number - 1]), number))


def cut_off(scored: Scored, n_left: int) -> int:
    """The state that a server leaves which is killed after some chunks; the run."""
    scored.run("@return_rows = 0")
    table = scored.declared.predictions
    run_id = int(scored.db.scalar(f"SELECT MAX(run_id) FROM {table}"))
    scored.db.execute(f"DELETE FROM {table} WHERE id > {n_left} AND run_id = {run_id}")
    scored.db.execute(f"UPDATE ml.scoring_runs SET status = N'running', rows = NULL WHERE run_id = {run_id}")
    return run_id


@pytest.mark.parametrize("n_left", [0, 14, 40])
def test_run_that_was_cut_off_is_taken_up(fresh: Scored, n_left: int) -> None:
    run_id = cut_off(fresh, n_left)
    assert len(fresh.stored()) == 0
    returned = fresh.run("@unscored = 1")
    assert sorted(returned["id"]) == ROWS["id"].tolist()
    stored = fresh.stored()
    assert stored["id"].tolist() == ROWS["id"].tolist()
    assert set(stored["run_id"]) == {run_id}
    found = fresh.db.rows(f"SELECT status, rows FROM ml.scoring_runs WHERE run_id = {run_id}")[0]
    assert (found.status, found.rows) == ("succeeded", 40)
    with pytest.raises(DatabaseError, match="51004"):
        fresh.run("@unscored = 1")


def test_run_that_is_under_way_is_left_alone_and_so_is_who_scores_the_rest(
    fresh: Scored, target: servers.Target
) -> None:
    run_id = cut_off(fresh, 14)
    with closing(pyodbc.connect(target.odbc, autocommit=True)) as other:
        take = "SET NOCOUNT ON; DECLARE @r int; EXEC @r = sp_getapplock ?, 'Exclusive', 'Session', 0; SELECT @r"
        assert other.execute(take, f"pymlsql.run {run_id}").fetchval() == 0
        fresh.run("@unscored = 1")
        stored = fresh.stored()
        assert stored["id"].tolist() == ROWS["id"].tolist()
        assert run_id not in set(stored["run_id"])
        assert other.execute(take, f"pymlsql.unscored {fresh.declared.predictions}").fetchval() == 0
        with pytest.raises(DatabaseError, match="Another session is scoring") as caught:
            fresh.run("@unscored = 1")
        assert caught.value.number == 51006


def test_locks_are_given_back_by_runs_that_fail_and_runs_that_do_not(fresh: Scored, target: servers.Target) -> None:
    own, other = (pyodbc.connect(target.odbc, autocommit=True) for _ in range(2))
    with closing(own), closing(other):
        own.execute(f"EXEC {fresh.declared.name} @unscored = 1, @return_rows = 0")
        with pytest.raises(pyodbc.Error, match="51004"):
            own.execute(f"EXEC {fresh.declared.name} @unscored = 1, @return_rows = 0")
        fresh.clear()
        other.execute(f"EXEC {fresh.declared.name} @unscored = 1, @return_rows = 0")
    assert len(fresh.stored()) == 40


def test_failed_run_leaves_no_rows_and_its_traceback(fresh: Scored) -> None:
    with missing(fresh.db, 30), pytest.raises(DatabaseError, match="NaN") as caught:
        fresh.run()
    assert caught.value.number == 51005
    assert fresh.db.scalar(f"SELECT COUNT(*) FROM {fresh.declared.predictions}") == 0
    (run,) = fresh.db.rows(f"SELECT * FROM ml.scoring_runs WHERE procedure_name = N'{fresh.declared.name}'")
    assert (run.status, run.rows) == ("failed", 0)
    assert "Traceback" in run.error


def test_two_rows_of_one_key_are_refused(fresh: Scored) -> None:
    fresh.db.execute("INSERT INTO dbo.Flat SELECT TOP (1) * FROM dbo.Flat WHERE id = 5")
    try:
        with pytest.raises(DatabaseError, match="two rows of one key") as caught:
            fresh.run()
    finally:
        fresh.db.execute("WITH twice AS (SELECT TOP (1) * FROM dbo.Flat WHERE id = 5) DELETE FROM twice")
    assert caught.value.number == 51003


def test_model_of_another_kind_is_refused(db: Toolkit, plain: Scored) -> None:
    estimator = LinearRegression().fit(INPUTS, ROWS["size"])
    made = signature.infer(INPUTS, estimator, sql_types=dict.fromkeys(INPUTS, "float"))
    db.push(models.pack(estimator, made), "another", alias="champion")
    with pytest.raises(DatabaseError, match="gives regression, and this procedure classification") as caught:
        plain.run("@model = N'another'")
    assert caught.value.number == 51003
