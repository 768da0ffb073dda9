"""Fits of scikit-learn estimators, recorded in runs."""

from __future__ import annotations

import builtins
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler

import pymlsql
from pymlsql.toolkit import Toolkit
from pymlsql.tracking.autolog import NotRecorded
from pymlsql.tracking.checksum import checksum
from tests import servers

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def db() -> Iterator[Toolkit]:
    with servers.under_test() as target, pymlsql.connect(target.sqlalchemy_url) as found:
        found.downgrade("base")
        found.upgrade()
        yield found


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    return frame.assign(label=np.where(frame["a"] + frame["b"] > 0, "yes", "no"))


def test_a_fit_records_parameters_scores_rows_and_the_confusion_matrix(db: Toolkit, rows: pd.DataFrame) -> None:
    train, test = rows[:40], rows[40:]
    with db.start_run("fits") as run:
        fitted = run.fit(
            make_pipeline(StandardScaler(), LogisticRegression(C=0.5)), train[["a", "b"]], train["label"],
            test=(test[["a", "b"]], test["label"]), logisticregression__sample_weight=np.ones(40),
        )  # fmt: skip
    found = db.run(run.run_id)
    assert found.run.params["logisticregression__C"] == "0.5"
    assert found.run.tags["estimator"] == "Pipeline"
    assert found.run.metrics["test_accuracy"] == pytest.approx(fitted.score(test[["a", "b"]], test["label"]))
    assert {"train_f1", "train_roc_auc", "test_log_loss"} <= set(found.run.metrics)
    described = train.rename(columns={"label": "target 0"})
    assert (found.training.n_rows, found.training.data_sha256) == (40, checksum(described).hex())
    assert [a.path for a in found.artifacts] == ["test_confusion_matrix.json", "test_confusion_matrix.png"]
    assert db.read_artifact(run.run_id, "test_confusion_matrix.png").startswith(PNG)
    matrix = json.loads(db.read_artifact(run.run_id, "test_confusion_matrix.json"))
    assert matrix["classes"] == ["no", "yes"]
    assert sum(map(sum, matrix["counts"])) == 20


def test_a_search_records_its_candidates(db: Toolkit, rows: pd.DataFrame) -> None:
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3)
    with db.start_run("searches") as run:
        run.fit(search, rows[["a", "b"]], rows["label"])
    found = db.run(run.run_id)
    assert found.run.params["best_C"] == str(search.best_params_["C"])
    assert found.run.metrics["best_cv_score"] == pytest.approx(search.best_score_)
    curve = [m.value for m in found.history if m.name == "cv_mean_test_score"]
    assert curve == pytest.approx(list(search.cv_results_["mean_test_score"]))
    table = pd.read_csv(io.BytesIO(db.read_artifact(run.run_id, "cv_results.csv")))
    assert table["param_C"].tolist() == [0.1, 1.0, 10.0]
    assert json.loads(table["params"][2]) == {"C": "10.0"}


def test_further_fits_are_child_runs(db: Toolkit, rows: pd.DataFrame) -> None:
    with db.start_run("several") as run:
        for alpha in (0.1, 1.0):
            run.fit(Ridge(alpha=alpha), rows[["a"]], rows["b"])
    found = db.run(run.run_id)
    (child,) = (db.run(number) for number in found.children)
    assert (found.run.params["alpha"], child.run.params["alpha"], child.run.name) == ("0.1", "1.0", "Ridge")
    assert {"train_r2", "train_rmse", "train_mae"} <= set(child.run.metrics)


def test_an_error_of_the_fit_fails_the_run(db: Toolkit, rows: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="could not convert"), db.start_run("broken") as run:
        run.fit(LogisticRegression(), rows, rows["label"])
    assert "could not convert" in str(db.run(run.run_id).run.error)


def test_autolog_records_plain_fits_and_takes_itself_back(db: Toolkit, rows: pd.DataFrame) -> None:
    before = {kind: kind.fit for kind in (LogisticRegression, GridSearchCV, LabelEncoder)}
    search = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [1.0]}, cv=2)
    with db.autolog():
        Ridge().fit(rows[["a"]], rows["b"])  # outside of a run
        with db.autolog(), db.start_run("plain") as run:
            LabelEncoder().fit(rows["label"])  # predicts nothing
            LabelEncoder().fit(y=rows["label"])
            search.fit(rows[["a", "b"]], y=rows["label"])
            LogisticRegression(C=7).fit(rows[["a", "b"]], rows["label"], sample_weight=None)
        assert LogisticRegression.fit is not before[LogisticRegression]
    assert {kind: kind.fit for kind in before} == before
    with db.start_run("plain"):
        LogisticRegression().fit(rows[["a", "b"]], rows["label"])
    listed = db.runs("plain")
    assert [(found.name, found.tags.get("estimator")) for found in listed] == [
        (None, None), ("LogisticRegression", "LogisticRegression"), (None, "GridSearchCV"),
    ]  # fmt: skip
    assert listed[1].parent_run_id == run.run_id
    assert listed[1].params["C"] == "7"


def test_autolog_takes_itself_back_after_an_error(db: Toolkit, rows: pd.DataFrame) -> None:
    before = Ridge.fit
    with pytest.raises(ZeroDivisionError), db.autolog():
        raise ZeroDivisionError
    assert Ridge.fit is before


def test_autolog_never_costs_a_fit(db: Toolkit, rows: pd.DataFrame) -> None:
    with db.autolog(), db.start_run("unrecorded") as run:
        run.log_param("alpha", "mine")
        with pytest.warns(NotRecorded, match="alpha"):
            ridge = Ridge().fit(rows[["a"]], rows["b"])
    assert ridge.coef_.shape == (1,)
    assert db.run(run.run_id).run.status == "finished"


def test_without_matplotlib_the_picture_is_missing_and_that_is_said(
    db: Toolkit, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = builtins.__import__

    def refuse(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return importing(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with db.start_run("plain text") as run, pytest.warns(NotRecorded, match="pip install"):
        run.fit(LogisticRegression(), rows[["a", "b"]], rows["label"])
    found = db.run(run.run_id)
    assert [a.path for a in found.artifacts] == ["train_confusion_matrix.json"]
    assert "matplotlib" in found.run.tags["not recorded"]


def test_a_figure_is_kept_in_the_format_of_its_name(db: Toolkit) -> None:
    from matplotlib.figure import Figure

    from pymlsql.errors import RunError

    figure = Figure()
    figure.subplots().plot([1, 2])
    with db.start_run("figures") as run:
        run.log_figure(figure, "lines/plot.png")
        run.log_figure(figure, "plot.svg")
        for name in ("plot", "plot.nonsense"):
            with pytest.raises(RunError):
                run.log_figure(figure, name)
    assert db.read_artifact(run.run_id, "lines/plot.png").startswith(PNG)
    assert b"<svg" in db.read_artifact(run.run_id, "plot.svg")
