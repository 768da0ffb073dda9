"""The split in time, the pipeline and the metrics, without a server."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pymlsql import training
from pymlsql.errors import TrainingError
from pymlsql.models import Input
from pymlsql.training import TrainingTask

TASK = TrainingTask()
INPUTS = (
    Input(name="x", sql_type="float", dtype="float64"),
    Input(name="model", sql_type="nvarchar(20)", dtype="str"),
)


def make_frame(n_days: int = 30, *, first: str = "2015-01-01 09:00") -> pd.DataFrame:
    """Two machines, a slot each three hours; x above 0 means comp1."""
    times = pd.date_range(first, periods=n_days * 8, freq="3h")
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"datetime": times.repeat(2), "machineID": [1, 2] * len(times)})
    frame["x"] = rng.normal(size=len(frame))
    frame["model"] = np.where(frame["machineID"] == 1, "model1", "model2")
    frame["failure"] = np.where(frame["x"] > 1, "comp1", "none")
    return frame


def test_training_ends_a_gap_before_the_test_begins() -> None:
    train_rows, test_rows = training.split_in_time(make_frame(), TASK, datetime.datetime(2015, 1, 20))
    assert test_rows["datetime"].min() == pd.Timestamp("2015-01-20 00:00")
    assert train_rows["datetime"].max() == pd.Timestamp("2015-01-19 00:00")


@pytest.mark.parametrize(
    ("first", "n_days", "expected"),
    [("2015-01-01 09:00", 89, "2015-03-01"), ("2015-01-02 06:00", 88, "2015-03-01"), ("2020-01-01", 9, "2020-01-06")],
)
def test_by_default_the_last_third_of_the_days_is_the_test(first: str, n_days: int, expected: str) -> None:
    _, test_rows = training.split_in_time(make_frame(n_days, first=first), TASK)
    assert test_rows["datetime"].min().floor("D") == pd.Timestamp(expected)


@pytest.mark.parametrize(
    ("test_from", "sentence"),
    [("2014-01-01", "nothing is left to train on"), ("2016-01-01", "nothing is left to test on")],
)
def test_an_empty_side_is_refused(test_from: str, sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        training.split_in_time(make_frame(), TASK, datetime.datetime.fromisoformat(test_from))


def test_one_class_is_not_enough() -> None:
    with pytest.raises(TrainingError, match="every label is 'none'"):
        training.split_in_time(make_frame().assign(failure="none"), TASK)


def fit(frame: pd.DataFrame) -> Any:
    return training.fit(frame[["x", "model"]], frame["failure"], INPUTS, seed=1)


def test_the_pipeline_takes_columns_by_name_and_repeats_itself() -> None:
    frame = make_frame()
    first, second = fit(frame), fit(frame)
    assert list(first.feature_names_in_) == ["x", "model"]
    swapped = frame[["model", "x"]]
    np.testing.assert_array_equal(first.predict_proba(frame[["x", "model"]]), second.predict_proba(swapped))


def test_a_string_that_training_did_not_see_is_an_error() -> None:
    frame = make_frame()
    with pytest.raises(ValueError, match="unknown categories"):
        fit(frame).predict_proba(frame[["x", "model"]].assign(model="model9"))


def test_a_time_among_the_inputs_is_refused() -> None:
    inputs = (*INPUTS, Input(name="since", sql_type="datetime", dtype="datetime64[ns]"))
    with pytest.raises(TrainingError, match="since is a time"):
        training.build_pipeline(inputs, seed=1)


def test_metrics_count_what_was_predicted() -> None:
    frame = make_frame()
    train_rows, test_rows = training.split_in_time(frame, TASK)
    test_rows = test_rows.copy()
    test_rows.iloc[0, test_rows.columns.get_loc("failure")] = "comp9"
    metrics = training.evaluate(fit(train_rows), train_rows, test_rows, ["x", "model"], TASK)
    names = [c.name for c in metrics.classes]
    assert names == ["comp1", "none", "comp9"]
    assert [sum(row) for row in metrics.confusion] == [c.n_support for c in metrics.classes]
    assert sum(map(sum, metrics.confusion)) == metrics.n_test == len(test_rows)
    unseen = metrics.classes[2]
    assert (unseen.recall, unseen.n_support) == (0.0, 1)
    assert metrics.macro_f1 == pytest.approx(sum(c.f1 for c in metrics.classes) / 3)
    for position, c in enumerate(metrics.classes[:2]):
        column = sum(row[position] for row in metrics.confusion)
        assert c.precision == pytest.approx(metrics.confusion[position][position] / column)
        assert c.recall == pytest.approx(metrics.confusion[position][position] / c.n_support)


def test_macro_f1_leaves_out_classes_that_do_not_occur_in_the_test() -> None:
    frame = make_frame()
    train_rows, test_rows = training.split_in_time(frame, TASK)
    only_none = test_rows[test_rows["failure"] == "none"]
    metrics = training.evaluate(fit(train_rows), train_rows, only_none, ["x", "model"], TASK)
    present = [c for c in metrics.classes if c.n_support]
    assert [c.name for c in present] == ["none"]
    assert metrics.macro_f1 == pytest.approx(present[0].f1)
