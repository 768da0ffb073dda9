"""Comparing the variants of a route by their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from pymlsql.routes.comparing import judge, summarise

CLASSES = ("no", "yes")


def rows(n_entities: int, right: float, *, first: int = 0, n_each: int = 4, seed: int = 0) -> pd.DataFrame:
    """Rows of so many entities, each predicted rightly with this probability."""
    random = np.random.default_rng(seed)
    entity = np.repeat(np.arange(first, first + n_entities), n_each)
    actual = random.random(len(entity)) < 0.5
    predicted = np.where(random.random(len(entity)) < right, actual, ~actual)
    names = np.array(CLASSES, dtype=object)
    return pd.DataFrame({"entity": entity, "actual": names[actual * 1], "predicted": names[predicted * 1]})


def numbers(n_entities: int, spread: float, *, first: int = 0, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    actual = random.normal(size=n_entities)
    predicted = actual + spread * random.normal(size=n_entities)
    return pd.DataFrame({"entity": np.arange(first, first + n_entities), "actual": actual, "predicted": predicted})


def test_figures_are_those_of_scikit_learn_within_their_intervals() -> None:
    frame = rows(200, 0.8)
    found = summarise("classification", frame, CLASSES)
    assert found["accuracy"].value == pytest.approx(accuracy_score(frame["actual"], frame["predicted"]))
    assert found["macro_f1"].value == pytest.approx(f1_score(frame["actual"], frame["predicted"], average="macro"))
    for one in found.values():
        assert one.low < one.value < one.high
    assert found["accuracy"].half_width == pytest.approx(1.96 * np.sqrt(0.8 * 0.2 / 800), rel=0.2)
    assert summarise("classification", frame, CLASSES) == found
    error = numbers(500, 0.5)
    found = summarise("regression", error)
    apart = error["predicted"] - error["actual"]
    wanted = {"mae": apart.abs().mean(), "rmse": np.sqrt((apart**2).mean()), "bias": apart.mean()}
    assert {name: one.value for name, one in found.items()} == pytest.approx(wanted)


def test_rows_of_one_entity_do_not_count_as_many() -> None:
    """An entity whose rows are all alike tells no more than one of them."""
    frame = rows(100, 0.7, n_each=1)
    many = frame.loc[frame.index.repeat(50)]
    one, fifty = (summarise("classification", each, CLASSES)["accuracy"] for each in (frame, many))
    assert fifty.half_width == pytest.approx(one.half_width)


WRONG_TYPES = {"bit": ([True, False], ("0", "1")), "int": ([1, 0], ("0", "1")), "padded": (["YES  ", "no   "], CLASSES)}


@pytest.mark.parametrize(("values", "classes"), WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_classes_are_compared_as_the_server_does(values: list[Any], classes: tuple[str, ...]) -> None:
    frame = pd.DataFrame({"entity": [1, 2], "actual": values, "predicted": values})
    assert summarise("classification", frame, classes)["macro_f1"].value == 1


CASES = {
    "better": ((1000, 0.9), (1000, 0.8), "better"),
    "worse": ((1000, 0.75), (1000, 0.85), "worse"),
    "alike": ((20_000, 0.8), (20_000, 0.8), "no difference shown"),
    "too few": ((10, 0.99), (1000, 0.6), "the data do not suffice"),
    "too wide": ((60, 0.8), (60, 0.8), "the data do not suffice"),
}


@pytest.mark.parametrize(("one", "other", "verdict"), CASES.values(), ids=CASES)
def test_a_verdict_follows_from_the_interval(one: tuple[int, float], other: tuple[int, float], verdict: str) -> None:
    sides = rows(*one, n_each=1, seed=1), rows(*other, first=10**6, n_each=1, seed=2)
    found = judge("classification", *sides, 0.02, paired=False, classes=CLASSES)
    assert found.verdict == verdict
    assert (found.n_needed is None) == (verdict != "the data do not suffice")
    if verdict == "too wide":
        assert found.n_needed is not None
        assert 500 < found.n_needed < 10_000


def test_less_error_is_better() -> None:
    found = judge("regression", numbers(500, 0.3, seed=1), numbers(500, 0.5, first=1000, seed=2), 0.02, paired=False)
    assert (found.verdict, found.difference["mae"].value < 0) == ("better", True)


def test_pairs_on_the_same_rows_show_what_two_samples_do_not() -> None:
    base = numbers(300, 1.0)
    shadow = base.assign(predicted=base["actual"] + 0.97 * (base["predicted"] - base["actual"]))
    paired = judge("regression", shadow, base, 0.05, paired=True)
    assert paired.verdict == "better"
    assert judge("regression", shadow, base, 0.05, paired=False).verdict != "better"


def test_no_row_is_no_figure() -> None:
    none = rows(1, 1.0).head(0)
    assert summarise("classification", none, CLASSES) == {}
    assert judge("classification", none, rows(50, 0.9), 0.02, paired=False, classes=CLASSES).n_needed == 30
