"""Scores and confusion matrices of fitted estimators, and what their parameters look like as text."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from pymlsql.tracking import autolog, scores

X = np.arange(24.0).reshape(12, 2)
TWO = np.array(["b", "a"] * 6)
THREE = np.array(["b", "a", "c"] * 4)


def test_a_classifier_that_is_always_right_scores_one() -> None:
    found = scores.score(LogisticRegression().fit(X, X[:, 0] > 10), X, X[:, 0] > 10)
    assert {name: found[name] for name in ("accuracy", "precision", "recall", "f1", "roc_auc")} == dict.fromkeys(
        ("accuracy", "precision", "recall", "f1", "roc_auc"), 1.0
    )
    assert 0 < found["log_loss"] < 0.5


def test_scores_are_those_of_the_definition() -> None:
    always_a = DummyClassifier(strategy="constant", constant="a").fit(X, THREE)
    found = scores.score(always_a, X, THREE)
    assert found["accuracy"] == found["recall"] == pytest.approx(1 / 3)
    assert found["precision"] == pytest.approx(1 / 9)
    assert found["f1"] == pytest.approx(0.5 / 3)
    assert found["roc_auc"] == 0.5


def test_without_probabilities_or_with_unknown_classes_there_is_no_log_loss() -> None:
    assert set(scores.score(LinearSVC().fit(X, TWO), X, TWO)) == {"accuracy", "precision", "recall", "f1"}
    assert "log_loss" not in scores.score(LogisticRegression().fit(X, TWO), X, THREE)
    missing = scores.score(DummyClassifier(strategy="prior").fit(X, THREE), X[:2], THREE[:2])
    assert "roc_auc" not in missing
    assert "log_loss" in missing


def test_a_regressor_has_errors_in_the_target_s_units() -> None:
    target = X[:, 0] * 3
    found = scores.score(LinearRegression().fit(X, target), X, target + np.tile([1.0, -1.0], 6))
    assert (found["rmse"], found["mae"]) == (pytest.approx(1.0), pytest.approx(1.0))
    assert 0.99 < found["r2"] < 1
    assert set(scores.score(LinearRegression().fit(X, target), X[:1], target[:1])) == {"rmse", "mae"}


def test_what_has_no_target_has_no_scores() -> None:
    assert scores.score(KMeans(n_clusters=2, n_init=1).fit(X), X, None) == {}
    assert scores.find_confusion(LinearRegression().fit(X, X[:, 0]), X, X[:, 0]) is None


def test_the_confusion_matrix_has_a_row_per_true_class_and_is_a_png() -> None:
    always_a = DummyClassifier(strategy="constant", constant="a").fit(X, TWO)
    confusion = scores.find_confusion(always_a, X, THREE)
    assert confusion == scores.Confusion(("a", "b", "c"), ((4, 0, 0), (4, 0, 0), (4, 0, 0)))
    from PIL import Image

    picture = scores.render_confusion(confusion, "a <title>")
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "PNG"
        assert min(image.size) > 200
    assert scores.render_confusion(confusion, "a <title>") == picture


def test_parameters_of_a_pipeline_are_text_without_addresses() -> None:
    scaled = ColumnTransformer([("scale", StandardScaler(), [0, 1])])
    pipeline = Pipeline(
        [("f", FunctionTransformer(np.log1p)), ("columns", scaled), ("last", LogisticRegression(C=0.5))]
    )
    found = autolog.find_params(pipeline)
    assert found["last__C"] == "0.5"
    assert found["last"] == "LogisticRegression"
    assert found["steps"] == "[[f, FunctionTransformer], [columns, ColumnTransformer], [last, LogisticRegression]]"
    assert found["columns__scale__with_mean"] == "True"
    assert not any("0x" in value for value in found.values())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"), (0.1, "0.1"), ("l2", "l2"), (np.float64, "float64"), (len, "len"), ([1, "a"], "[1, a]"),
        (object(), "<object object>"), ("x" * 1001, "x" * 997 + "..."), ("a\x00", "a"),
    ],
)  # fmt: skip
def test_a_parameter_is_short_text(value: Any, text: str) -> None:
    assert autolog.render_param(value) == text
