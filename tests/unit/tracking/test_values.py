"""What a run takes and what it refuses, before anything travels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pymlsql.errors import RunError
from pymlsql.tracking import values
from pymlsql.tracking.facts import render_duration


@pytest.mark.parametrize("name", ["a", "it's", 'a "b" [c]', "größe 😀", "a" * 250, "😀" * 125, "x]]--;"])
def test_a_name_may_be_any_line_of_text(name: str) -> None:
    assert values.check_name(name, "a metric") == name


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a\x00", "a" * 251, "😀" * 126, 5, None])
def test_a_name_that_cannot_be_one_is_refused(name: Any) -> None:
    with pytest.raises(RunError, match="cannot be the name of a metric"):
        values.check_name(name, "a metric")


def test_half_a_surrogate_pair_is_refused_by_its_name() -> None:
    with pytest.raises(RunError, match="surrogate"):
        values.check_name("a\ud83d", "a tag")


@pytest.mark.parametrize("path", ["a", "a/b.png", ".hidden", "a b/c", "a" * 400, "ü/😀"])
def test_a_path_is_relative_with_slashes(path: str) -> None:
    assert values.check_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", "..", "a/../b", "a\\b", "c:a", "a.", "a /b", " a", "a\x01", "a" * 401]
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(RunError, match="cannot be the path"):
        values.check_path(path)


@pytest.mark.parametrize(("value", "number"), [(1, 1.0), (True, 1.0), (np.float32(0.5), 0.5), ("2.5", 2.5)])
def test_a_metric_is_anything_that_is_a_number(value: Any, number: float) -> None:
    assert values.check_metric("loss", value) == number


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (math.nan, "The metric loss is NaN, which SQL Server's float cannot hold"),
        (math.inf, "is infinite"),
        (np.float64("-inf"), "is infinite"),
        ("high", "a metric is a number"),
        (None, "a metric is a number"),
        (10**400, "beyond 1.8E308"),
    ],
)
def test_a_metric_that_no_float_column_holds_is_a_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(RunError, match=sentence):
        values.check_metric("loss", value)


@pytest.mark.parametrize("step", [1.0, "1", True, 2**63, None])
def test_a_step_is_a_whole_number(step: Any) -> None:
    with pytest.raises(RunError, match="no whole number"):
        values.check_step("loss", step)


def test_steps_of_numpy_are_whole_numbers() -> None:
    assert values.check_step("loss", np.int64(3)) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1 min"), (725, "12 min 5 s"), (3_600, "1 h"), (273_600, "3 d 4 h")],
)
def test_a_duration_is_two_units(seconds: float, text: str) -> None:
    assert render_duration(seconds) == text
